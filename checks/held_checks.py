"""One check held against the evidence: at each facet, beside the baseline, as one of a family, with its waivers."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from checks.ages import ReportAges
from checks.baseline import Baseline, find_figure
from checks.beside_baseline import limit_beside
from checks.comparison import MOST_SAMPLES, Result, ValueCompared, find_unusable, hold_against, hold_alone
from checks.decision import (
    AppliedWaiver,
    BaselineFigure,
    Consequence,
    Finding,
    Outcome,
    Reason,
)
from checks.evidence import Evidence
from checks.exact import number_text
from checks.families import holm_survivors
from checks.findings import LONGEST_NAME, LONGEST_REASON, rank, severity
from checks.index import MeasurementIndex
from checks.limits import NoWorse
from checks.measurements import Interval, Measured, Measurement, Unmeasured
from checks.pairing import Behind
from checks.pairing_text import add_beside, add_gap
from checks.text import shortened
from checks.thresholds import Check, FirstVersion, ThresholdFile, Waiver

Hold = Callable[[Measured], Result]
_Held = tuple[Finding, Sequence[Measurement]]

_COMPARED = (Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE)
_PASSED, _FAILED = Outcome.PASSED, Outcome.FAILED  # Python 3.11 calls a function to look such a name up
_NOTHING: Mapping[int, Sequence[Finding]] = {}
_MOST_STEPS = 1_000  # of Holm's procedure
_MOST_LISTED = 5  # sources named in one reason


class Judging(Struct, frozen=True):
    """What all checks of one decision are held against. `today` is its day in UTC."""

    thresholds: ThresholdFile
    evidence: Evidence
    index: MeasurementIndex
    ages: ReportAges
    beside_unreadable: bool
    baseline: Baseline | None
    baseline_index: MeasurementIndex | None
    today: date
    waivers: Mapping[str, Sequence[Waiver]]
    reported: Mapping[tuple[str, str | None], float]


def hold_checks(
    judging: Judging, known: Mapping[int, Sequence[Finding]] = _NOTHING
) -> Iterator[Sequence[Finding]]:
    """Yield what each check of the file finds, in their order; `known` has what is known already, by a check's place.

    Nearly every check is plain, and the one value that it is about can be used: that is found right here, where a
    hundred thousand of them need few calls each. It is what `_hold_all` finds of such a check.
    """
    thresholds = judging.thresholds
    # Reports that are too old do not count, and how old they are the value alone does not tell.
    only = judging.index.only if thresholds.max_age_days is None else {}
    is_inherited = any(origin.source != thresholds.source for origin in thresholds.origins)
    adds = judging.beside_unreadable or judging.reported or judging.waivers or is_inherited
    for place, check in enumerate(thresholds.checks):
        if place in known:
            yield known[place]
            continue
        plain = check.plain
        measured = None if plain is None else only.get(plain.form)
        findings: Sequence[Finding]
        if plain is None or not isinstance(measured, Measured):
            findings = _hold_all(check, judging)
        else:
            value, samples, support = measured.value, measured.samples, measured.support
            # A share of one item or more can be used, as nearly every value can, and is not asked about by a call.
            is_share = 0 <= value <= 1 and (samples is None or 1 <= samples <= MOST_SAMPLES)
            is_usable = (is_share and support.samples_problem is None) or find_unusable(measured) is None
            if plain.value_alone and is_usable:
                holds = plain.limit.passes(value)
                finding = Finding(
                    plain.asked,
                    None,
                    _PASSED if holds else _FAILED,
                    None if holds else plain.on_failure,
                    float(value),
                    samples,
                    None if support.interval is None else _keep_finite(support.interval),
                    ValueCompared(value, plain.limit, holds),
                )
            else:
                finding = _judge_measured(check, None, measured, None)
            findings = (finding,)
        yield _add_to(findings, judging, place) if adds else findings


def _add_to(findings: Sequence[Finding], judging: Judging, place: int) -> Sequence[Finding]:
    """Return the findings of the check at `place` with what of them is waived, and where the check is from."""
    thresholds, added = judging.thresholds, iter(findings)
    if judging.beside_unreadable:
        added = _doubt_what_is_missing(added)
    if judging.reported:
        added = (_tell_reported(finding, judging.reported) for finding in added)
    waivers = judging.waivers.get(thresholds.checks[place].name)
    if waivers:
        added = (_waive(finding, waivers) for finding in added)
    if thresholds.origins:
        origin = thresholds.origins[place]
        if origin.source != thresholds.source:
            added = (replace(finding, origin=str(origin)) for finding in added)
    return tuple(added)


def _hold_all(check: Check, judging: Judging) -> Sequence[Finding]:
    """Return what the check finds at each facet, of reports that are young enough where it asks for that."""
    held = _hold_each(check, judging)
    most_days = judging.thresholds.max_age_of(check)
    if most_days is not None:
        return list(_hold_against_recent(check, judging, most_days, held))
    return [finding for finding, _ in held]


def _tell_reported(finding: Finding, reported: Mapping[tuple[str, str | None], float]) -> Finding:
    return replace(finding, reported=reported.get((finding.metric, finding.facet)))


def _waive(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    """Return the finding as a warning, where one of its check's waivers is about its facet."""
    if finding.consequence in (None, Consequence.WARN):
        return finding
    waiver = next((one for one in waivers if one.asked_facet.concerns(finding.facet)), None)
    if waiver is None or finding.consequence is None:
        return finding
    applied = AppliedWaiver(
        facet=waiver.facet,
        reason=waiver.reason,
        approved_by=waiver.approved_by,
        expires=waiver.expires,
        otherwise=finding.consequence,
    )
    return replace(finding, consequence=Consequence.WARN, waiver=applied)


def _doubt_what_is_missing(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        if finding.outcome is Outcome.MISSING:
            reason = f"{finding.reason}; a report of this version could not be read, and it may be there"
            yield replace(finding, consequence=Consequence.REVIEW, because=reason)
        else:
            yield finding


def _hold_against_recent(
    check: Check, judging: Judging, most_days: int, held: Iterable[_Held]
) -> Iterator[Finding]:
    """Hold a check against reports of which none may be older than so many days: beside an old one nothing counts."""
    for finding, found in held:
        if too_old := judging.ages.explain_unusable(found, most_days):
            yield _make_finding(check, finding.facet, Outcome.INVALID, too_old)
        elif age := judging.ages.describe(found, most_days):
            reason = f"{finding.reason}; the report is {age}"
            yield replace(finding, because=shortened(reason, LONGEST_REASON))
        else:
            yield finding


def _hold_each(check: Check, judging: Judging) -> Sequence[_Held]:
    """Return what the check comes to at each facet, with the measurements that are there."""
    held = _hold_each_alone(check, judging)
    if check.family is None or check.confidence is None:
        return held
    return list(_hold_family(check, check.confidence, judging, held))


def _hold_family(check: Check, confidence: float, judging: Judging, held: Sequence[_Held]) -> Iterator[_Held]:
    """Yield the same, where a facet that fails only as one of many does by chance is inconclusive."""
    members = sum(finding.value is not None and finding.outcome in _COMPARED for finding, _ in held)
    failed = [finding.facet for finding, _ in held if finding.outcome is Outcome.FAILED]
    by_level: dict[float, set[str | None]] = {}

    def fails(facet: str | None, level: float) -> bool:
        if level not in by_level:
            stricter = _hold_each_alone(check.model_copy(update={"confidence": level}), judging)
            by_level[level] = {one.facet for one, _ in stricter if one.outcome is Outcome.FAILED}
        return facet in by_level[level]

    if members > _MOST_STEPS:
        # Holding so many at so many levels would take minutes: all are held at the first step's, which keeps fewer.
        kept = [fails(facet, 1 - (1 - confidence) / members) for facet in failed]
    else:
        kept = holm_survivors(members, [partial(fails, facet) for facet in failed], confidence)
    survivors = {facet for facet, stays in zip(failed, kept, strict=True) if stays}
    for finding, found in held:
        if finding.outcome is not Outcome.FAILED:
            yield finding, found
        elif finding.facet in survivors:
            reason = f"{finding.reason}; so it is by Holm's procedure among {members:,} groups"
            yield replace(finding, because=shortened(reason, LONGEST_REASON)), found
        else:
            reason = f"{finding.reason}; among {members:,} groups that may be by chance (Holm's procedure)"
            yield (
                replace(
                    finding,
                    outcome=Outcome.INCONCLUSIVE,
                    consequence=check.on_inconclusive,
                    because=shortened(reason, LONGEST_REASON),
                ),
                found,
            )


def _hold_each_alone(check: Check, judging: Judging) -> Sequence[_Held]:
    limit = check.limit
    if not limit.is_fixed and isinstance(limit, NoWorse):
        return list(_hold_each_beside_baseline(check, limit, judging))
    concerned = judging.index.find_concerned(check)
    if not concerned:
        reason = _explain_missing(check, judging.index)
        return [(_make_finding(check, check.facet, Outcome.MISSING, reason), ())]
    return [(_judge_measurements(check, facet, found), found) for facet, found in concerned]


def _hold_each_beside_baseline(check: Check, limit: NoWorse, judging: Judging) -> Iterator[_Held]:
    """Yield the same for a check against the baseline: also of the facets that only the baseline has."""
    name = "" if judging.baseline is None else judging.baseline.name
    there = dict(judging.index.find_concerned(check))
    before = {} if judging.baseline_index is None else dict(judging.baseline_index.find_concerned(check))
    if not there:
        yield _make_finding(check, check.facet, Outcome.MISSING, _explain_missing(check, judging.index)), ()
        return
    for facet in sorted(there.keys() | before.keys(), key=lambda facet: facet or ""):
        found = there.get(facet, ())
        if found:
            yield _judge_beside_baseline(check, limit, (facet, found, before.get(facet, ())), judging), found
        else:
            # A group that does badly must not pass by being left out.
            reason = f"{name} has it for this facet, and the evidence does not"
            yield _make_finding(check, facet, Outcome.MISSING, reason), ()


def _judge_beside_baseline(
    check: Check,
    limit: NoWorse,
    figures: tuple[str | None, Sequence[Measurement], Sequence[Measurement]],
    judging: Judging,
) -> Finding:
    baseline, (facet, found, before) = judging.baseline, figures
    figure = None if baseline is None else find_figure(baseline, before)
    if baseline is None or figure is None:
        return _judge_first(check, facet, found, baseline)
    beside = limit_beside(check, limit, figure) if isinstance(figure, Measured) else figure
    if not isinstance(beside, str) and not all(map(math.isfinite, beside.limit.turning_points)):
        beside = "what is allowed beside its figure is too large a number"
    if isinstance(beside, str):
        reason = f"it cannot be compared with {baseline.name}: {beside}"
        finding = _judge_measurements(check, facet, found, partial(hold_alone, check, reason))
        if finding.outcome is Outcome.PASSED:
            return replace(finding, outcome=Outcome.INCONCLUSIVE, consequence=check.on_inconclusive)
        return finding

    def hold(measured: Measured) -> Result:
        if check.confidence is None:
            return hold_against(check, measured, beside)
        mine = Behind("this version", measured, judging.evidence.items_behind(measured.source))
        theirs = Behind(
            baseline.name, beside.baseline, baseline.evidence.items_behind(beside.baseline.source)
        )
        return hold_against(check, measured, beside.pair(mine, theirs))

    finding = _judge_measurements(check, facet, found, hold)
    has = f"{baseline.name} has {number_text(beside.baseline.value)}"
    reason = add_beside(finding.reason, has, limit.relation(holds=True))
    return replace(
        finding,
        asked=replace(check.asked, limit=beside.limit),
        baseline=BaselineFigure(float(beside.baseline.value), beside.baseline.samples),
        because=shortened(reason, LONGEST_REASON),
    )


def _judge_first(
    check: Check, facet: str | None, found: Sequence[Measurement], baseline: Baseline | None
) -> Finding:
    """Judge a value that nothing can be compared with; one that cannot be used at all is no better for that."""
    reason = (
        "there is no baseline: no version below this one was approved by a record"
        if baseline is None
        else f"{baseline.name}, the baseline, does not have it"
    )
    reaction = check.on_first_version or FirstVersion.REVIEW
    finding = _judge_measurements(
        check, facet, found, partial(hold_alone, check, f"{reason} (on_first_version: {reaction})")
    )
    if finding.outcome is Outcome.PASSED and reaction is not FirstVersion.PASS:
        finding = replace(finding, outcome=Outcome.INCONCLUSIVE)
    if reaction.consequence is None or severity(finding) >= rank(reaction.consequence):
        return finding
    return replace(finding, consequence=reaction.consequence)


def _explain_missing(check: Check, index: MeasurementIndex) -> str:
    facets = index.list_some_facets(check.metric)
    if facets is not None:
        known = ", ".join(facets)
        if check.facet is None:
            return f'the evidence has {check.metric} by facet only ({known}); say which one with facet, or "*" for all'
        return f"the evidence has {check.metric}, but not for this facet" + (
            f"; it has {known}" if known else ""
        )
    reason = f"the evidence does not have {check.metric}"
    bare = check.metric.rpartition(".")[2]
    if bare != check.metric and index.list_some_facets(bare) is not None:
        return f"{reason}; a figure named {bare} is outside of that group, at the address {bare}"
    near = index.find_nearest(check.metric)
    return f"{reason}; nearest are {', '.join(near)}" if near else reason


def _judge_measurements(
    check: Check, facet: str | None, found: Sequence[Measurement], hold: Hold | None = None
) -> Finding:
    """Return what is found of one facet; `hold` compares a value where the check's own limit does not say how."""
    if len(found) == 1 and isinstance(found[0], Measured):
        return _judge_measured(check, facet, found[0], hold)
    measured = sorted((m for m in found if isinstance(m, Measured)), key=lambda m: (str(m.source), repr(m)))
    undefined = sorted({f"{m.reason} ({m.source})" for m in found if isinstance(m, Unmeasured)})
    if not measured:
        return _make_finding(
            check, facet, Outcome.MISSING, f"it could not be measured: {_list_first(undefined)}"
        )
    if len({m.value for m in measured}) > 1:
        given = _list_first([f"{number_text(m.value)} in {m.source}" for m in measured])
        return _make_finding(check, facet, Outcome.INVALID, f"the reports give different values: {given}")
    findings = [_judge_measured(check, facet, m, hold) for m in measured]
    if undefined:
        reason = add_gap(findings[0].reason, _list_first(undefined))
        # A gap is uncertainty beside a value; but where uncertainty only warns, a gap still asks for what gaps ask for.
        only_warns = check.on_inconclusive is Consequence.WARN
        consequence = check.on_missing if only_warns else check.on_inconclusive
        findings.append(
            replace(findings[0], outcome=Outcome.INCONCLUSIVE, consequence=consequence, because=reason)
        )
    # Equal values with different support behind them: the one that proves least counts.
    return max(findings, key=severity)


def _judge_measured(check: Check, facet: str | None, measured: Measured, hold: Hold | None) -> Finding:
    outcome, because, interval = hold_against(check, measured) if hold is None else hold(measured)
    value, samples = measured.value, measured.samples
    return _make_finding(
        check,
        facet,
        outcome,
        because,
        float(value) if math.isfinite(value) else None,
        None if samples is None or abs(samples) > MOST_SAMPLES else samples,
        None if interval is None else _keep_finite(interval),
    )


def _keep_finite(interval: Interval) -> Interval | None:
    """Return the interval if a record can hold it."""
    low, high, confidence = float(interval.low), float(interval.high), float(interval.confidence)
    is_finite = math.isfinite(low) and math.isfinite(high) and math.isfinite(confidence)
    return Interval(low, high, confidence) if is_finite else None


def _list_first(parts: Sequence[str]) -> str:
    rest = len(parts) - _MOST_LISTED
    return "; ".join(parts[:_MOST_LISTED]) + (f"; and {rest} more" if rest > 0 else "")


def _consequence_of(check: Check, outcome: Outcome) -> Consequence | None:
    match outcome:
        case Outcome.PASSED:
            return None
        case Outcome.FAILED:
            return check.on_failure
        case Outcome.INCONCLUSIVE:
            return check.on_inconclusive
        case Outcome.MISSING:
            return check.on_missing
        case Outcome.INVALID:
            return max(check.on_missing, check.on_failure, key=rank)
        case _:
            assert_never(outcome)


def _make_finding(  # noqa: PLR0917 - it is made for every check, and names take half as long again
    check: Check,
    facet: str | None,
    outcome: Outcome,
    because: str | Reason,
    value: float | None = None,
    samples: int | None = None,
    interval: Interval | None = None,
) -> Finding:
    return Finding(
        check.asked,
        None if facet is None else shortened(facet, LONGEST_NAME),
        outcome,
        _consequence_of(check, outcome),
        value,
        samples,
        interval,
        shortened(because, LONGEST_REASON) if isinstance(because, str) else because,
    )
