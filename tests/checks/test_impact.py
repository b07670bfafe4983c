"""Margins, and what a change of thresholds comes to over versions of the past."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from checks.decision import Asked, Finding, Outcome, Verdict
from checks.evidence import Evidence, Report
from checks.impact import Impact, LeftOut, PastVersion, Side, measure_impact
from checks.limits import AtLeast, AtMost, Between, Limit, NoWorse
from checks.margins import Ruler, list_near
from checks.measurements import Interval, Measured, Source
from checks.threshold_set import compile_thresholds
from checks.thresholds import Check, Direction, ThresholdFile


def found(value: float | None, interval: Interval | None = None) -> Finding:
    return Finding(
        Asked("c", "g.a", None, "w"),
        facet=None,
        outcome=Outcome.PASSED,
        consequence=None,
        value=value,
        samples=None,
        interval=interval,
        because="r",
    )


@pytest.mark.parametrize(
    ("limit", "value", "interval", "distance", "is_near"),
    [
        ({"at_least": 0.8}, 0.85, None, 0.05, True),
        ({"at_least": 0.8}, 0.87, None, 0.07, True),
        ({"at_least": 0.8}, 0.89, None, 0.09, False),
        ({"at_least": 0.8}, 0.75, None, -0.05, True),
        ({"at_most": 2}, 1.5, None, 0.5, False),
        ({"at_most": 0}, 0.0, None, 0.0, True),
        ({"at_most": 0}, 0.001, None, -0.001, False),
        ({"between": (-0.8, 0.8)}, 0.75, None, 0.05, True),
        ({"between": (-0.8, 0.8)}, 0.1, None, 0.7, False),
        ({"between": (1, 1)}, 1.05, None, -0.05, True),
        ({"target": 1, "tolerance": 0.1}, 0.95, None, 0.05, False),
        ({"at_least": 0.8, "confidence": 0.95}, 0.9, (0.82, 0.95), 0.02, True),
        ({"at_least": 0.8}, 0.9, (0.82, 0.95), 0.1, False),
        ({"at_most": 0.8, "confidence": 0.95}, 0.7, (0.6, 0.85), -0.05, True),
    ],
    ids=["inside", "within a tenth", "beyond a tenth", "missed", "far", "at zero", "beside zero", "of two ends",
         "in the middle", "ends alike", "target", "the worse end", "the value alone", "across"],
)  # fmt: skip
def test_the_margin_of_a_finding(
    limit: dict[str, Any], value: float, interval: tuple[float, float] | None, distance: float, is_near: bool
) -> None:
    check = Check(name="c", why="w", metric="g.a", **limit)
    margin = Ruler.of(check).measure(found(value, None if interval is None else Interval(*interval, 0.9)))
    assert margin is not None
    assert margin.distance == pytest.approx(distance)
    assert margin.is_near == is_near


def test_what_has_no_value_has_no_margin() -> None:
    assert Ruler.of(Check(name="c", why="w", metric="g.a", at_least=1)).measure(found(None)) is None


def test_beside_a_baseline_the_margin_is_that_of_the_limit_there() -> None:
    check = Check(name="c", why="w", metric="g.a", no_worse_than_baseline=True, better=Direction.HIGHER)
    assert Ruler.of(check).measure(replace(found(0.9), asked=check.asked)) is None
    margin = Ruler.of(check).measure(replace(found(0.9), asked=replace(check.asked, limit=AtLeast(0.8))))
    assert margin is not None
    assert margin.distance == pytest.approx(0.1)
    assert not margin.is_near


@pytest.mark.parametrize(
    ("limit", "near"),
    [
        pytest.param(AtLeast(0.5), [(0.45, 0.55)], id="one end"),
        pytest.param(Between(-1, 1), [(-1.1, -0.9), (0.9, 1.1)], id="two ends"),
        pytest.param(AtMost(0), [], id="zero"),
        pytest.param(NoWorse(), [], id="beside a baseline"),
    ],
)
def test_what_is_near_a_limit(limit: Limit, near: list[tuple[float, float]]) -> None:
    assert [(values.low, values.high) for values in list_near(limit)] == [
        pytest.approx(ends) for ends in near
    ]


def compiled(name: str, *checks: str, groups: str = "g") -> ThresholdFile:
    lines = "".join(f"  - {{{check}}}\n" for check in checks)
    text = f"name: {name}\napplies_to: {{model_package_groups: [{groups}]}}\nchecks:\n{lines}"
    (file,) = compile_thresholds({f"{name}.yaml": text.encode()})
    return file


def version(number: int, value: float, group: str = "g") -> PastVersion:
    measured = Measured("g.a", value, Source("r.json", "/0"))
    report = Report("r.json", None, "0" * 64, "sagemaker_evaluation", (measured,))
    return PastVersion(
        group, number, f"{number}.json", Evidence((report,)), datetime(2026, 11, 1, tzinfo=UTC)
    )


HISTORY: list[PastVersion | LeftOut] = [
    version(1, 0.75),
    version(2, 0.81),
    version(3, 0.99),
    LeftOut("4.json", "gone"),
    version(1, 0.9, "h"),
]
OLD = compiled("old", "name: a, why: w, metric: g.a, at_least: 0.7")


def measure(*new: ThresholdFile) -> Impact:
    return measure_impact([OLD], new, HISTORY)


def test_what_flips_by_which_check_and_what_margins_shrink() -> None:
    impact = measure(compiled("new", "name: a, why: w, metric: g.a, at_least: 0.8"))
    assert (impact.versions, impact.left_out) == (4, (LeftOut("4.json", "gone"),))
    (flip,) = impact.flips
    assert (flip.group, flip.version, flip.old, flip.new) == ("g", 1, Verdict.APPROVED, Verdict.REJECTED)
    assert [finding.check for finding in flip.by] == ["a"]
    (one,) = impact.checks
    assert (one.group, one.check, one.shrunk) == ("g", "a", 3)
    assert one.old == Side(">= 0.7", 3, 1, 0.75 - 0.7)
    assert one.new == Side(">= 0.8", 3, 2, 0.75 - 0.8)
    assert impact.loosened == ()


def test_a_flip_to_approved_names_what_stopped_it_before() -> None:
    stricter = compiled("old", "name: a, why: w, metric: g.a, at_least: 0.8, on_failure: review")
    impact = measure_impact([stricter], [OLD], HISTORY)
    assert [(flip.old, flip.new, [one.check for one in flip.by]) for flip in impact.flips] == [
        (Verdict.NEEDS_REVIEW, Verdict.APPROVED, ["a"])
    ]
    assert [one.what for part in impact.loosened for one in part.loosenings] == [
        "must be at least 0.7, had to be at least 0.8"
    ]


def test_without_a_file_the_versions_of_its_group_need_review() -> None:
    impact = measure()
    assert [(flip.new, [one.check for one in flip.by]) for flip in impact.flips] == 3 * [
        (Verdict.NEEDS_REVIEW, ["threshold file"])
    ]
    assert [(one.old is None, one.new is None) for one in impact.checks] == [(False, True)]
    assert [part.groups for part in impact.loosened] == [("g",)]


def test_waivers_count_as_of_the_day_of_each_decision() -> None:
    waived = compile_thresholds(
        {
            "new.yaml": b"name: new\nowners: [me]\napplies_to: {model_package_groups: [g]}\n"
            b"waivers:\n  - {check: b, reason: r, approved_by: me, expires: 2026-11-01}\n"
            b"checks:\n  - {name: a, why: w, metric: g.a, at_least: 0.7}\n"
            b"  - {name: b, why: w, metric: g.b, at_least: 0.7}\n"
        }
    )
    later = PastVersion("g", 9, "9.json", version(9, 0.9).evidence, datetime(2026, 11, 2, tzinfo=UTC))
    impact = measure_impact([OLD], waived, [version(1, 0.9), later])
    assert [flip.version for flip in impact.flips] == [9]
