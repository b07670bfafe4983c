"""`family: holm`: a failure that one of many groups has by chance is none."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.decision import Outcome
from checks.families import holm_survivors
from checks.thresholds import Check
from tests.checks.test_baseline import decide, measured

chances = st.lists(st.floats(1e-6, 0.2), min_size=1, max_size=6)


def survivors(chances: list[float], members: int | None = None) -> list[bool]:
    """Return what stays of failures whose p-values are `chances`."""
    failures = [lambda level, chance=chance: chance <= 1 - level for chance in chances]
    return holm_survivors(members or len(chances), failures, 0.95)


def survive_closed_testing(chances: list[float]) -> list[bool]:
    """Return what is rejected where each set that it is in is, by Bonferroni: Holm's procedure is the short cut."""
    places = range(len(chances))
    sets = [one for size in range(1, len(chances) + 1) for one in combinations(places, size)]
    rejected = {one for one in sets if min(chances[place] for place in one) <= (1 - 0.95) / len(one)}
    return [all(one in rejected for one in sets if place in one) for place in places]


@settings(max_examples=60)
@given(chances)
def test_what_stays_is_what_closed_testing_rejects(chances: list[float]) -> None:
    assert survivors(chances) == survive_closed_testing(chances)


@settings(max_examples=40)
@given(chances, st.randoms())
def test_order_is_nothing_and_more_members_keep_no_more(chances: list[float], random: Any) -> None:
    kept = dict(zip(chances, survivors(chances), strict=True))
    shuffled = random.sample(chances, len(chances))
    assert dict(zip(shuffled, survivors(shuffled), strict=True)) == kept
    more = survivors(chances, len(chances) + 3)
    assert all(kept[chance] or not stays for chance, stays in zip(chances, more, strict=True))


def held(family: str | None, *right: int, confidence: float = 0.95) -> list[tuple[str | None, Outcome]]:
    keys = {} if family is None else {"family": family}
    given_ = {"name": "c", "why": "w", "metric": "g.m", "facet": "*", "at_least": 0.8}
    asked = Check.model_validate({**given_, "confidence": confidence, **keys})
    found = tuple(measured(one / 100, facet=f"g={place}", samples=100) for place, one in enumerate(right))
    return [(one.facet, one.outcome) for one in decide(asked, found, None)[1]]


def test_a_failure_by_chance_is_inconclusive_and_nothing_else_changes() -> None:
    alone = held(None, 72, 60, 80, 95)
    together = held("holm", 72, 60, 80, 95)
    assert [outcome for _, outcome in alone] == ["failed", "failed", "inconclusive", "passed"]
    assert [outcome for _, outcome in together] == ["inconclusive", "failed", "inconclusive", "passed"]


def test_among_more_groups_than_steps_all_are_held_at_the_first_step() -> None:
    """Which keeps no failure that Holm's procedure would not: 1,100 groups pass, and two are below the limit."""
    alone = [outcome for _, outcome in held(None, 60, 66)]
    at_first_step = [outcome for _, outcome in held(None, 60, 66, confidence=1 - 0.05 / 1_102)]
    together = [outcome for _, outcome in held("holm", 60, 66, *[90] * 1_100)]
    assert (alone, at_first_step) == (["failed", "failed"], ["failed", "inconclusive"])
    assert together == [*at_first_step, *["passed"] * 1_100]


@pytest.mark.parametrize(
    "keys",
    [{"facet": None}, {"facet": "region"}, {"confidence": None}, {"family": "bonferroni"}],
    ids=str,
)
def test_a_family_belongs_to_all_groups_with_confidence(keys: dict[str, object]) -> None:
    given_ = {"name": "c", "why": "w", "metric": "g.m", "at_least": 0.8, "facet": "*", "confidence": 0.95}
    with pytest.raises(ValidationError):
        Check.model_validate({**given_, "family": "holm", **keys})
