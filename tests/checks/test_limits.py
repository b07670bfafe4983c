"""Limits: how each kind is read, held and said, and that a further kind is one class and one field."""

import ast
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from checks import limits, threshold_file
from checks.decision_record import DecisionRecord, parse_record
from checks.evidence import Evidence, Report
from checks.exact import number_text, written
from checks.finding_text import format_limit
from checks.judge import judge
from checks.limits import AtLeast, AtMost, Between, Limit, NoWorse, Target, Zone, read_limit
from checks.measurements import Interval, Measured, Source, Support
from checks.ranges import Range
from checks.threshold_file import ThresholdFileError
from checks.thresholds import Check, Number, ThresholdContent
from cli.display.checked_figures import recorded_bounds
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import examine_thresholds, parse_thresholds

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Said:
    """All that a kind of limit says."""

    written: dict[str, object]
    line: str
    symbols: str
    holds: str
    misses: str
    bounds: tuple[float | None, float | None]
    meant_in_percent: str


EACH = {
    "at_least": (
        AtLeast(80.5),
        Said(
            {"at_least": 80.5}, "at_least: 80.5", ">= 80.5", "at least 80.5", "below 80.5", (80.5, None),
            "0.805, which is 80.5 %",
        ),
    ),
    "at_most": (
        AtMost(3.0),
        Said(
            {"at_most": 3.0}, "at_most: 3", "<= 3", "at most 3", "above 3", (None, 3.0), "0.03, which is 3 %"
        ),
    ),
    "between": (
        Between(-0.0, 20.0),
        Said(
            {"between": [-0.0, 20.0]}, "between: [0, 20]", "[-0, 20]", "between -0 and 20", "not between -0 and 20",
            (0.0, 20.0), "between: [0, 0.2], which is 0 % to 20 %",
        ),
    ),
    "target": (
        Target(80.0, 0.1),
        Said(
            {"target": 80.0, "tolerance": 0.1}, "target: 80 with tolerance: 0.1", "80 +- 0.1", "within 0.1 of 80",
            "not within 0.1 of 80", (79.9, 80.1), "target: 0.8 with tolerance: 0.1",
        ),
    ),
    "no_worse": (
        NoWorse(absolute=1.5),
        Said(
            {"no_worse_than_baseline": {"absolute": 1.5}}, "no_worse_than_baseline: {absolute: 1.5}",
            "no worse by 1.5", "no worse than the baseline by 1.5", "worse than the baseline by 1.5", (None, None),
            "no_worse_than_baseline: {absolute: 0.015}",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("limit", "said"), EACH.values(), ids=EACH)
def test_each_kind_says_everything_about_itself(limit: Limit, said: Said) -> None:
    assert said == Said(
        limit.as_written,
        str(limit),
        limit.symbols,
        limit.relation(holds=True),
        limit.relation(holds=False),
        limit.bounds,
        limit.as_shares()[1],
    )
    assert read_limit(limit.as_written) == limit
    assert read_limit(json.loads(json.dumps(limit.as_written))) == limit


def test_every_kind_is_shown_here() -> None:
    assert [type(limit) for limit, _ in EACH.values()] == list(limits.KINDS)
    fields = [key for key in Check.model_fields if key in {key for kind in limits.KINDS for key in kind.keys}]
    assert fields == [key for kind in limits.KINDS for key in kind.keys]


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"at_least": [0.5]} | {"at_most": 1.0},
        {"at_least": "0.5"},
        {"between": [0.1]},
        {"between": [0.1, 0.2, 0.3]},
        {"target": 0.5},
        {"near": 0.5},
        {"no_worse_than_baseline": False},
        {"no_worse_than_baseline": {"absolute": 0.1, "relative": 0.1}},
    ],
    ids=str,
)
def test_what_is_no_limit_is_none(written: dict[str, object]) -> None:
    assert read_limit(written) is None


@pytest.mark.parametrize(
    ("limit", "low", "high", "zone"),
    [
        (AtLeast(0.5), 0.5, 0.6, Zone.INSIDE),
        (AtLeast(0.5), 0.4, 0.5, Zone.ACROSS),
        (AtLeast(0.5), 0.3, 0.4, Zone.OUTSIDE),
        (AtMost(0.5), 0.4, 0.5, Zone.INSIDE),
        (AtMost(0.5), 0.5, 0.6, Zone.ACROSS),
        (AtMost(0.5), 0.6, 0.7, Zone.OUTSIDE),
        (Between(0.4, 0.6), 0.4, 0.6, Zone.INSIDE),
        (Between(0.4, 0.6), 0.3, 0.7, Zone.ACROSS),
        (Between(0.4, 0.6), 0.7, 0.8, Zone.OUTSIDE),
        (Target(0.8, 0.1), 0.7, 0.9, Zone.INSIDE),
        (Target(0.8, 0.1), 0.6, 0.7, Zone.ACROSS),
        (Target(0.8, 0.1), 0.5, 0.6, Zone.OUTSIDE),
    ],
    ids=str,
)
def test_an_interval_lies_inside_outside_or_across(limit: Limit, low: float, high: float, zone: Zone) -> None:
    assert limit.zone(low, high) is zone


NUMBERS = st.integers(-20, 20).map(lambda number: number / 10)
LIMITS = (
    st.builds(AtLeast, NUMBERS)
    | st.builds(AtMost, NUMBERS)
    | st.builds(lambda low, width: Between(low, low + abs(width)), NUMBERS, NUMBERS)
    | st.builds(lambda target, tolerance: Target(target, abs(tolerance)), NUMBERS, NUMBERS)
)


@given(LIMITS, NUMBERS, NUMBERS)
def test_the_zone_of_an_interval_is_that_of_the_values_in_it(limit: Limit, one: float, other: float) -> None:
    low, high = sorted((one, other))
    points = [point for point in limit.turning_points if low <= point <= high]
    steps = sorted({low, high, *points})
    between = [(left + right) / 2 for left, right in pairwise(steps)]
    passing = {limit.passes(value) for value in [*steps, *between]}
    expected = {True: Zone.INSIDE, False: Zone.OUTSIDE}
    assert limit.zone(low, high) is (expected[passing.pop()] if len(passing) == 1 else Zone.ACROSS)


def test_no_other_module_tells_the_kinds_apart() -> None:
    keys = {key for kind in limits.KINDS for key in kind.keys}
    rooms = ["aws", "checks", "cli", "lambdas", "model_governance", "pipelines"]
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")] + [
        ROOT / "docs" / "reference.py"
    ]
    named = {
        file.relative_to(ROOT).as_posix()
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in keys - {"target"}
    }
    assert named == {"checks/limits.py"}


# A further kind, as somebody would add it: one class, and one field of a check.


class NotBetween(Limit, frozen=True):
    """A value below `low` or above `high`."""

    low: float
    high: float
    keys = ("not_between",)

    @property
    def ranges(self) -> tuple[Range, ...]:
        return Range(None, self.low, high_open=True), Range(self.high, None, low_open=True)

    @property
    def as_written(self) -> dict[str, object]:
        return {self.keys[0]: [self.low, self.high]}

    @property
    def symbols(self) -> str:
        return f"not [{self.low:.6g}, {self.high:.6g}]"

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        return self.low, self.high

    def relation(self, *, holds: bool) -> str:
        return f"{'outside of' if holds else 'within'} {number_text(self.low)} to {number_text(self.high)}"

    def as_shares(self) -> tuple[Limit, str]:
        shares = NotBetween(self.low / 100, self.high / 100)
        return shares, str(shares)


class _Check(Check):
    not_between: Annotated[tuple[Number, Number], Field(strict=False)] | None = None


class _Content(ThresholdContent):
    checks: Annotated[tuple[_Check, ...], Field(strict=False, min_length=1)]


@pytest.fixture
def with_not_between(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "KINDS", (*limits.KINDS, NotBetween))
    monkeypatch.setattr(threshold_file, "ThresholdContent", _Content)
    monkeypatch.setattr(threshold_file, "Check", _Check)
    monkeypatch.setitem(threshold_file._KEYS, ("checks",), tuple(_Check.model_fields))
    yield


def _file(*checks: str) -> bytes:
    items = ", ".join(f"{{name: c{number}, why: w, {check}}}" for number, check in enumerate(checks))
    return f"name: n\napplies_to: {{model_package_groups: [g]}}\nchecks: [{items}]\n".encode()


def _judged(check: str, measured: Measured) -> tuple[str, str, dict[str, object]]:
    file = parse_thresholds(_file(check), "t.yaml")
    evidence = Evidence((Report("e.json", None, "0" * 64, "f", (measured,)),))
    decision = judge(file, evidence, decided_at=DECIDED_AT)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    record = parse_record(
        DecisionRecord.of(decision, thresholds=file, evidence=evidence, decided_at=at).to_bytes()
    )
    finding = record.findings[0]
    assert format_limit(finding.limit) == "not [0.4, 0.6]"
    assert recorded_bounds(finding.limit) == (0.4, 0.6)
    return finding.outcome, finding.reason, dict(finding.limit)


@pytest.mark.usefixtures("with_not_between")
@pytest.mark.parametrize(
    ("value", "half", "outcome", "reason"),
    [
        (0.3, None, "passed", "0.3 is outside of 0.4 to 0.6"),
        (0.4, None, "failed", "0.4 is within 0.4 to 0.6"),
        (0.6, None, "failed", "0.6 is within 0.4 to 0.6"),
        (0.7, 0.05, "passed", "[0.65, 0.75] at one-sided 95 % around 0.7 is outside of 0.4 to 0.6"),
        (0.5, 0.05, "failed", "[0.45, 0.55] at one-sided 95 % around 0.5 is within 0.4 to 0.6"),
        (
            0.5, 0.2, "inconclusive",
            "[0.3, 0.7] at one-sided 95 % around 0.5 reaches across the limit: outside of 0.4 to 0.6 is not certain",
        ),
    ],
    ids=str,
)  # fmt: skip
def test_a_further_kind_is_judged_recorded_and_shown(
    value: float, half: float | None, outcome: str, reason: str
) -> None:
    interval = None if half is None else Interval(value - half, value + half, 0.9)
    measured = Measured("g.m", value, Source("e.json"), support=Support(interval=interval))
    confidence = "" if half is None else ", confidence: 0.95"
    check = f"metric: g.m, not_between: [0.4, 0.6]{confidence}"
    assert _judged(check, measured) == (outcome, reason, {"not_between": [0.4, 0.6]})


@pytest.mark.usefixtures("with_not_between")
def test_a_further_kind_is_examined() -> None:
    with pytest.raises(ThresholdFileError) as told:
        examine_thresholds(_file("metric: g.m, not_between: [1, 2], at_most: 1", "metric: g.m"), "t.yaml")
    choice = "exactly one of at_least, at_most, between, target with tolerance, no_worse_than_baseline, not_between"
    assert told.value.problems == [
        f"t.yaml:3:10: checks[0]: at_most and not_between are two limits; a check has {choice} (write two checks)",
        f"t.yaml:3:76: checks[1]: a check needs a limit: {choice}",
    ]
    unsafe = "metric: text_to_sql.unsafe_sql_rate"
    with pytest.raises(ThresholdFileError) as told:
        examine_thresholds(_file(f"{unsafe}, not_between: [40, 60]"), "t.yaml")
    assert told.value.problems == [
        "t.yaml:3:79: checks[0].not_between: no value of text_to_sql.unsafe_sql_rate can miss this, for it is in "
        "[0, 1]; did you mean not_between: [0.4, 0.6]?"
    ]
    pair = _file("metric: g.m, not_between: [1, 2]", "metric: g.m, at_least: 3")
    (warning,) = examine_thresholds(pair, "t.yaml").warnings
    assert warning == (
        't.yaml:3:10: warning: checks[0]: the limit of checks[1], "c1", is as strict or stricter, so this check '
        "decides nothing; remove it, or make its limit stricter"
    )


_decimals = st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value=-2, max_value=2).map(
    lambda decimal: written(str(decimal))
)
_any_number = (
    _decimals | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([5e-324, -0.0, 0.0])
)


@given(_any_number, _any_number, st.data())
def test_a_value_passes_where_the_ranges_of_the_limit_hold_it(
    first: float, second: float, data: st.DataObject
) -> None:
    low, high = sorted((first, second))
    around = [first, second, math.nextafter(float(first), -3.0), math.nextafter(float(second), 3.0)]
    value = data.draw(_any_number | st.sampled_from(around))
    for limit in (AtLeast(low), AtMost(high), Between(low, high)):
        assert limit.passes(value) == limit.passes_at((value, 0)), limit
