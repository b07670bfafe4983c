"""The law of tightening: whatever a file is made stricter in, it approves nothing that it did not approve before."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.decision import Consequence, Verdict
from checks.evidence import Evidence
from checks.judge import judge
from checks.limits import AtLeast, AtMost, Between, Target
from checks.thresholds import Check, ThresholdFile, Waiver
from tests.checks.test_law import evidences, threshold_files
from tests.checks.test_waivers import waivers_of
from tests.fixed_times import DECIDED_AT

Tightening = Callable[[ThresholdFile, Check, float], ThresholdFile]
_SEVERITY = [Consequence.WARN, Consequence.REVIEW, Consequence.REJECT]


def _exchange(file: ThresholdFile, check: Check, **keys: Any) -> ThresholdFile:
    stricter = Check.model_validate({**check.model_dump(exclude_none=True), **keys})
    return replace(file, checks=tuple(stricter if one is check else one for one in file.checks))


def narrow_limit(file: ThresholdFile, check: Check, by: float) -> ThresholdFile:
    match check.limit:
        case AtLeast(low):
            return _exchange(file, check, at_least=low + by)
        case AtMost(high):
            return _exchange(file, check, at_most=high - by)
        case Between(low, high):
            middle = (low + high) / 2
            return _exchange(file, check, between=(min(low + by, middle), max(high - by, middle)))
        case Target(_, tolerance):
            return _exchange(file, check, tolerance=tolerance * (1 - by))
    raise AssertionError(check.limit)


def raise_severity(file: ThresholdFile, check: Check, by: float) -> ThresholdFile:
    keys = ("on_failure", "on_missing", "on_inconclusive")
    given_ = {key: _SEVERITY.index(getattr(check, key)) for key in keys}
    return _exchange(file, check, **{key: _SEVERITY[min(place + 1, 2)] for key, place in given_.items()})


def ask_for_more_samples(file: ThresholdFile, check: Check, by: float) -> ThresholdFile:
    return _exchange(file, check, min_samples=(check.min_samples or 0) + 1 + int(100 * by))


def ask_for_younger_evidence(file: ThresholdFile, check: Check, by: float) -> ThresholdFile:
    return _exchange(file, check, max_age_days=max(1, int((file.max_age_of(check) or 60) * (1 - by))))


def ask_for_younger_evidence_everywhere(file: ThresholdFile, check: Check, by: float) -> ThresholdFile:
    return replace(file, max_age_days=max(1, int((file.max_age_days or 60) * (1 - by))))


def take_a_waiver_away(file: ThresholdFile, check: Check, by: float) -> ThresholdFile:
    return replace(file, waivers=tuple(one for one in file.waivers if one.check != check.name))


def let_a_waiver_end_earlier(file: ThresholdFile, check: Check, by: float) -> ThresholdFile:
    def ended(one: Waiver) -> Waiver:
        return one.model_copy(update={"expires": one.expires - timedelta(days=1 + int(10 * by))})

    return replace(
        file, waivers=tuple(ended(one) if one.check == check.name else one for one in file.waivers)
    )


TIGHTENINGS: list[Tightening] = [
    narrow_limit,
    raise_severity,
    ask_for_more_samples,
    ask_for_younger_evidence,
    ask_for_younger_evidence_everywhere,
    take_a_waiver_away,
    let_a_waiver_end_earlier,
]


@st.composite
def files(draw: st.DrawFn) -> ThresholdFile:
    """Draw files that ask of uncertainty as much as of a failure: where it asks for less, more doubt is less strict."""
    drawn = draw(threshold_files())
    checks = tuple(one.model_copy(update={"on_inconclusive": one.on_failure}) for one in drawn.checks)
    most = draw(st.none() | st.integers(1, 60))
    return replace(drawn, checks=checks, max_age_days=most, waivers=draw(waivers_of(drawn)))


@given(files(), evidences(), st.data())
def test_tightening_never_approves_more(file: ThresholdFile, evidence: Evidence, data: st.DataObject) -> None:
    ages = data.draw(st.lists(st.none() | st.integers(0, 60), min_size=3, max_size=3))
    dated = Evidence(
        tuple(
            replace(report, written_at=None if age is None else DECIDED_AT - timedelta(days=age))
            for report, age in zip(evidence.reports, ages, strict=False)
        )
    )
    tighter = file
    for _ in range(data.draw(st.integers(1, 3))):
        tighten = data.draw(st.sampled_from(TIGHTENINGS))
        check = data.draw(st.sampled_from(tighter.checks))
        tighter = tighten(tighter, check, data.draw(st.floats(0, 1)))
    before, after = (judge(one, dated, decided_at=DECIDED_AT).verdict for one in (file, tighter))
    assert after is not Verdict.APPROVED or before is Verdict.APPROVED
