"""What two files have in common is judged once, and comes to what each file alone comes to."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.evidence import Document, Evidence
from checks.impact import PastVersion, measure_impact
from checks.judge import judge, judge_by_both
from checks.reports import read_report
from checks.shared_checks import find_shared_checks
from checks.thresholds import Check, Mode, Origin, ThresholdFile, Waiver
from checks.verify_rule import RECOMPUTE
from tests.checks.test_law import evidences
from tests.checks.test_tightening import TIGHTENINGS, files
from tests.counted_work import count_calls
from tests.fixed_times import DECIDED_AT

WAIVER = Waiver.model_validate({"check": "b", "reason": "r", "approved_by": "me", "expires": "2026-12-01"})


def file_of(*checks: Check, **keys: Any) -> ThresholdFile:
    return replace(ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, checks), **keys)


def check(name: str, **keys: Any) -> Check:
    said: dict[str, Any] = {"name": name, "why": "w", "metric": f"team.{name}", "at_least": 0.5, **keys}
    return Check(**said)


OLD = file_of(check("a"), check("b"))


@settings(max_examples=40)
@given(files(), evidences(), st.data())
def test_both_decisions_are_those_of_each_file_alone(
    old: ThresholdFile, evidence: Evidence, data: st.DataObject
) -> None:
    new = old
    for _ in range(data.draw(st.integers(0, 2))):
        tighten = data.draw(st.sampled_from(TIGHTENINGS))
        new = tighten(new, data.draw(st.sampled_from(new.checks)), data.draw(st.floats(0, 1)))
    new = replace(new, checks=tuple(data.draw(st.permutations(new.checks))))
    shared = find_shared_checks(old, new)
    assert judge_by_both(old, new, shared, evidence, decided_at=DECIDED_AT) == (
        judge(old, evidence, decided_at=DECIDED_AT),
        judge(new, evidence, decided_at=DECIDED_AT),
    )


@pytest.mark.parametrize(
    ("new", "shared"),
    [
        (file_of(check("b"), check("c"), check("a")), {0: 1, 2: 0}),
        (file_of(check("a", at_least=0.6), check("b")), {1: 1}),
        (file_of(check("a", why="another"), check("b")), {1: 1}),
        (file_of(check("a", max_age_days=3), check("b")), {1: 1}),
        (replace(OLD, max_age_days=3), {}),
        (replace(OLD, waivers=(WAIVER,)), {0: 0}),
        (replace(OLD, verify=RECOMPUTE), {}),
        (replace(OLD, origins=(Origin("base.yaml", 1, 0), Origin("t.yaml", 2, 0))), {1: 1}),
    ],
    ids=["order", "limit", "why", "age", "age of the file", "waiver", "verified", "inherited"],
)
def test_what_makes_a_check_another_one(new: ThresholdFile, shared: dict[int, int]) -> None:
    assert find_shared_checks(OLD, new) == shared


def test_of_each_version_only_what_an_edit_changes_is_judged_again() -> None:
    report = read_report(Document("r.json", b'{"team_metrics": {"a": 0.9, "b": 0.9}}'))
    when = datetime(2026, 11, 1, tzinfo=UTC)
    history = [PastVersion("g", number, f"{number}.json", Evidence((report,)), when) for number in range(10)]
    edited = file_of(check("a", at_least=0.95), check("b"))
    calls = count_calls(lambda: measure_impact([OLD], [edited], history))
    counted = {name: calls[name] for name in ("AtLeast.passes", "MeasurementIndex.__init__", "Ruler.measure")}
    assert counted == {"AtLeast.passes": 30, "MeasurementIndex.__init__": 10, "Ruler.measure": 30}
