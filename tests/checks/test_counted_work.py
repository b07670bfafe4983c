"""What reading and judging take, counted: calls of functions for each figure and check, and exact comparisons."""

import difflib
import gc
import json
import math
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.comparison import BoundsCompared, ValueCompared, hold_against
from checks.decision import Asked, Finding, Outcome
from checks.evidence import Document, Evidence, Report
from checks.exact import ExactFloat, difference, exact, total, written
from checks.findings import _bound_bytes, _count_bytes
from checks.garbage import pause_collecting
from checks.index import measure_likeness
from checks.judge import judge
from checks.limits import AtLeast, AtMost, Between, Limit, Target
from checks.measurements import Interval, Measured, Measurement, Source, Support, Unmeasured
from checks.reports import read_report
from checks.reports.evaluation import read_group, read_metric
from checks.reports.numbers import Node
from checks.strict_json import JsonValue
from checks.thresholds import Check, Mode, ThresholdFile
from tests.counted_work import count_calls
from tests.fixed_times import DECIDED_AT

FIGURES = 1_000


def document(entry: object, names: int = FIGURES) -> Document:
    group = {f"figure_{number}": entry for number in range(names)}
    return Document("r.json", json.dumps({"team_metrics": group}).encode())


def evidence_of(entry: object) -> Evidence:
    return Evidence((read_report(document(entry)),))


def file_of(metric: str = "team.figure_{}", **keys: Any) -> ThresholdFile:
    limited: dict[str, Any] = {"at_least": 0.5, **keys}
    checks = tuple(
        Check(name=f"c{number}", why="w", metric=metric.format(number), **limited)
        for number in range(FIGURES)
    )
    return ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, checks)


@pytest.mark.parametrize(
    ("entry", "most"),
    [(0.5, 8), ({"value": 0.5}, 9), ({"value": 0.5, "samples": 300}, 9), ({"value": 0.5, "standard_error": 0.1}, 40)],
    ids=["number", "value", "value and samples", "value and spread"],
)  # fmt: skip
def test_calls_for_each_figure_that_is_read(entry: object, most: int) -> None:
    one = document(entry)
    assert sum(count_calls(lambda: read_report(one)).values()) < most * FIGURES


@pytest.mark.parametrize(
    ("keys", "most"),
    [({}, 7), ({"confidence": 0.95}, 22), ({"at_least": None, "target": 0.7, "tolerance": 0.1}, 8)],
    ids=["value alone", "with confidence", "target"],
)
def test_calls_for_each_check_that_is_judged(keys: dict[str, Any], most: int) -> None:
    thresholds, evidence = file_of(**keys), evidence_of({"value": 0.6512, "samples": 300})
    calls = count_calls(lambda: judge(thresholds, evidence, decided_at=DECIDED_AT))
    assert sum(calls.values()) < most * FIGURES
    assert calls["exact"] == 0  # no decimal is made where doubles tell


@pytest.mark.parametrize("keys", [{}, {"confidence": 0.95}], ids=["value alone", "with confidence"])
def test_no_reason_is_put_into_words_that_nobody_reads(keys: dict[str, Any]) -> None:
    thresholds, evidence = file_of(**keys), evidence_of({"value": 0.6512, "samples": 300})
    calls = count_calls(lambda: judge(thresholds, evidence, decided_at=DECIDED_AT))
    assert [name for name in calls if name.endswith((".__str__", ".relation")) or name == "number_text"] == []


@given(
    st.floats() | st.floats(0, 1),
    st.none() | st.integers(-1, 2**54),
    st.sampled_from([{"at_least": 0.5}, {"between": [0, 1]}, {"at_least": 0.5, "confidence": 0.9}]),
)
@example(written("0.50000000000000000001"), 40, {"at_least": 0.5})
@example(written("0.49999999999999999999"), None, {"at_least": 0.5})
def test_a_plain_check_finds_what_any_check_finds(
    value: float, samples: int | None, limit: dict[str, Any]
) -> None:
    one = Measured("g.m", value, Source("r.json", "/g/m"), samples=samples)
    check = Check(name="c", why="w", metric="g.m", **limit)
    # The least age and sample size ask for nothing here, but they are looked at: such a check is not plain.
    asking = Check(name="c", why="w", metric="g.m", min_samples=1, **limit) if samples else None
    # Beside a gap nothing is plain, and a support that says nothing is looked at where it is not the one of all.
    gap = Unmeasured("other.m", "no data", Source("r.json", "/other/m"))
    looked_at = replace(one, support=Support())
    plain, *others = (
        judge(ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (each,)),
              Evidence((Report("r.json", None, "0" * 64, "f", found),)), decided_at=DECIDED_AT)
        for each, found in ((check, (one,)), (asking, (one,)), (check, (one, gap)), (check, (looked_at,)))
        if each is not None
    )  # fmt: skip
    held = hold_against(check, one)
    assert (plain.findings[0].outcome, plain.findings[0].reason) == (held[0], str(held[1]))
    assert all(repr(other) == repr(plain) for other in others)


REASONED_LIMITS: list[Limit] = [
    AtMost(-1.7976931348623157e308),
    Between(written("-0." + "1" * 90), written("0." + "1" * 90)),
    Target(-2.2250738585072014e-308, written("1e-400")),
]


@pytest.mark.parametrize("limit", REASONED_LIMITS, ids=["one end", "more digits than are shown", "target"])
@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE])
def test_the_words_of_a_reason_are_within_its_bound(limit: Limit, outcome: Outcome) -> None:
    value = written("-0." + "2" * 90)
    measured = Measured("g.m", value, Source("r.json"), samples=2**53)
    interval = Interval(-1.23457e-300, -1.23457e-301, 0.9)
    for reason in (
        ValueCompared(value, limit, outcome is Outcome.PASSED),
        BoundsCompared(measured, 0.999999999999, interval, limit, outcome),
    ):
        assert len(json.dumps(str(reason), ensure_ascii=False).encode()) <= reason.most_bytes


def test_a_quantile_is_found_once_for_all_checks_of_a_level() -> None:
    thresholds, evidence = file_of(confidence=0.9123), evidence_of({"value": 0.6512, "samples": 300})
    assert count_calls(lambda: judge(thresholds, evidence, decided_at=DECIDED_AT))["NormalDist.inv_cdf"] == 1


def test_the_bytes_of_a_measurement_and_of_a_finding() -> None:
    """Of what is kept: a reader or a finding that holds more per figure is noticed here."""
    one, thresholds = document({"value": 0.6512, "samples": 300}), file_of()
    tracemalloc.start()
    try:
        evidence = Evidence((read_report(one),))
        of_reading = bytes_now()
        decision = judge(thresholds, evidence, decided_at=DECIDED_AT)
        of_both = bytes_now()
    finally:
        tracemalloc.stop()
    assert len(decision.findings) == len(evidence.measurements) == FIGURES
    assert of_reading < 175 * FIGURES
    assert of_both - of_reading < 180 * FIGURES


def bytes_now() -> int:
    """Return how many bytes are traced, without those that Python keeps to make the next tuples in."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_the_limits_of_checks_are_made_when_they_are_written() -> None:
    thresholds, evidence = file_of(), evidence_of(0.5)
    assert count_calls(lambda: judge(thresholds, evidence, decided_at=DECIDED_AT))["limit_among"] == 0


def test_hints_for_missing_metrics_compare_few_names_each() -> None:
    thresholds, evidence = file_of("team.figrue_{}"), evidence_of(0.5)
    calls = count_calls(lambda: judge(thresholds, evidence, decided_at=DECIDED_AT))
    assert calls["measure_likeness"] == FIGURES
    assert sum(calls.values()) < 150 * FIGURES


def test_bytes_of_findings_are_counted_only_where_they_may_matter() -> None:
    thresholds, evidence = file_of(), evidence_of(0.5)
    assert count_calls(lambda: judge(thresholds, evidence, decided_at=DECIDED_AT))["_count_bytes"] == 0


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 0.7, 0.8]
    ),
    st.builds(
        lambda digits, places: written(f"{digits}e-{places}"),
        st.integers(-(10**21), 10**21),
        st.integers(0, 30),
    ),
    st.sampled_from(["0.80000000000000000001", "0.69999999999999999999", "1e-400", "9007199254740993"]).map(
        written
    ),
)


def neighbours(target: float, tolerance: float) -> st.SearchStrategy[float]:
    ends = [float(target) - float(tolerance), float(target) + float(tolerance)]
    near = [
        beside
        for end in ends
        for beside in (end, math.nextafter(end, -math.inf), math.nextafter(end, math.inf))
    ]
    exactly = [difference(target, tolerance), total((target, tolerance))]
    return st.sampled_from([number for number in [*near, *exactly] if math.isfinite(number)] or [0.0])


@given(st.data(), NUMBERS, NUMBERS.filter(lambda number: number >= 0))
def test_doubles_decide_about_a_target_as_decimals_do(
    data: st.DataObject, target: float, tolerance: float
) -> None:
    value = data.draw(NUMBERS | neighbours(target, tolerance))
    expected = (
        abs(exact(value) - exact(target)) <= exact(tolerance) if _fits(value, target, tolerance) else None
    )
    limit = Target(target, tolerance)
    if expected is not None:
        assert limit.passes(value) == expected
    assert limit.passes(value) == limit.passes_at((value, 0))


@given(st.data(), NUMBERS, NUMBERS)
def test_doubles_decide_about_ends_as_decimals_do(data: st.DataObject, one: float, other: float) -> None:
    low, high = sorted((one, other), key=exact)
    value = data.draw(NUMBERS | neighbours(low, 0.0) | neighbours(high, 0.0))
    from_low, to_high = exact(value) >= exact(low), exact(value) <= exact(high)
    assert AtLeast(low).passes(value) == from_low
    assert AtMost(high).passes(value) == to_high
    assert Between(low, high).passes(value) == (from_low and to_high)


def _fits(*numbers: float) -> bool:
    """Whether the default precision of decimals holds the differences of these numbers."""
    return all(number == 0 or 1e-3 < abs(number) < 1e9 for number in numbers) and not any(
        isinstance(number, ExactFloat) for number in numbers
    )


ENTRIES = st.one_of(
    st.floats(),
    st.integers(),
    st.text(max_size=3),
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "value": st.floats() | st.integers() | st.none() | st.just("NaN"),
            "samples": st.integers(-1, 9) | st.floats(0, 9) | st.just(2**60) | st.booleans() | st.none(),
            "standard_error": st.floats(-1, 1),
            "facets": st.just({"a=1": 0.5}),
            "error": st.just("why"),
            "other": st.floats(0, 1),
        },
    ),
)


@settings(max_examples=40)  # a group is drawn for longer than it is read
@given(st.dictionaries(st.text(alphabet="a~/.é ", max_size=4), ENTRIES, min_size=1, max_size=3))
@example({"a": {"value": written("0.80000000000000000001"), "samples": 5}})
@example({"a": {"value": 0.5, "samples": True}})
def test_figures_that_are_read_at_once_are_those_read_step_by_step(group: dict[str, JsonValue]) -> None:
    node = Node(group, Source("r.json", "/g_metrics"))
    step_by_step: list[Measurement] = []
    for name, entry in node.members():
        step_by_step += read_metric(f"g.{name}", entry, None)
    found = [one for one in read_group("g", node) if one.source != node.source]
    expected = [one for one in step_by_step if one.source != node.source]
    assert found == expected
    assert list(map(write_out, found)) == list(map(write_out, expected))
    lengths = [one.place.count_characters(one.metric) for one in found]
    assert lengths == [len(one.source.pointer) for one in expected]


def write_out(one: Measurement) -> str:
    """Return a measurement with its source in full, however that is kept, and with the types of its numbers."""
    return repr(replace(one, place=one.source) if isinstance(one, Measured) else one)


@given(st.text(max_size=20), st.text(max_size=20), st.none() | st.text(max_size=9))
def test_the_bound_of_a_finding_is_never_less_than_its_bytes(
    name: str, reason: str, facet: str | None
) -> None:
    finding = Finding(Asked(name, name, None, "why"), facet, Outcome.PASSED, None, None, None, None, reason)
    assert _bound_bytes(finding) >= _count_bytes(finding)


@given(st.text("abc", max_size=12), st.text("abcd", max_size=12))
def test_likeness_is_that_of_the_longest_common_subsequence(one: str, other: str) -> None:
    longest = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for row, left in enumerate(one):
        for column, right in enumerate(other):
            beside = max(longest[row][column + 1], longest[row + 1][column])
            longest[row + 1][column + 1] = longest[row][column] + 1 if left == right else beside
    if one or other:
        expected = 2 * longest[-1][-1] / (len(one) + len(other))
        assert measure_likeness(one, [other]) == {other: expected}
        assert expected >= difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


@pytest.fixture
def collector() -> Iterator[None]:
    yield
    gc.enable()


@pytest.mark.usefixtures("collector")
def test_to_end_a_pause_collects_nothing() -> None:
    collected: list[str] = []
    gc.collect()
    gc.callbacks.append(lambda phase, info: collected.append(phase))
    try:
        with pause_collecting():
            kept = [[number] for number in range(10_000)]
        at_the_end = len(collected)  # before anything is made that the collector counts
        del kept
    finally:
        gc.callbacks.pop()
    assert at_the_end == 0


@pytest.mark.usefixtures("collector")
def test_the_collector_runs_again_afterwards_if_it_ran_before() -> None:
    with pytest.raises(ZeroDivisionError), pause_collecting():
        assert not gc.isenabled()
        1 / 0  # noqa: B018 - what is tested
    assert gc.isenabled()
    gc.disable()
    with pause_collecting():
        pass
    assert not gc.isenabled()
