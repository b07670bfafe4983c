"""Judging: every check held against the evidence, and the findings summed up to a decision."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property, partial
from itertools import chain
from typing import assert_never

from checks.ages import ReportAges
from checks.bar_order import tell_bar_order
from checks.baseline import Baseline, find_figure
from checks.beside_baseline import limit_beside
from checks.comparison import MOST_SAMPLES, Result, hold_against, hold_alone
from checks.decision import (
    AppliedWaiver,
    BaselineFigure,
    Consequence,
    Decision,
    Finding,
    Outcome,
    Verdict,
)
from checks.evidence import Evidence
from checks.evidence_as_such import findings_on_evidence
from checks.exact import number_text
from checks.facets import EVERY
from checks.families import holm_survivors
from checks.findings import keep_within_bounds, severity
from checks.garbage import pause_collecting
from checks.index import MeasurementIndex
from checks.limits import NoWorse
from checks.measurements import Interval, Measured, Measurement, Unmeasured
from checks.pairing import Behind
from checks.text import shortened
from checks.thresholds import BarRule, Check, FirstVersion, ThresholdFile, Waiver, explain_overdue
from checks.verification import (
    Discrepancy,
    NotVerified,
    Verification,
    VerifiedEvidence,
    verify_evidence,
)

Hold = Callable[[Measured], Result]
_Held = tuple[Finding, Sequence[Measurement]]

READABLE_EVIDENCE = "readable evidence"
THRESHOLD_FILE = "threshold file"
REVIEWED_THRESHOLDS = "reviewed threshold file"
BAR_FIRST = "thresholds before evidence"
PROOF = "approval on proof"
REPRODUCES = "evidence does not reproduce"
VERIFIED = "verified evidence"

_SEVERITY = (Consequence.WARN, Consequence.REVIEW, Consequence.REJECT)
_RANK = {consequence: place + 1 for place, consequence in enumerate(_SEVERITY)}
_COMPARED = (Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE)
_MOST_STEPS = 1_000  # of Holm's procedure
_MOST_LISTED = 5  # sources named in one reason
_LONGEST_NAME = 1000  # characters of a facet in a finding
_LONGEST_REASON = 2000


def judge(
    thresholds: ThresholdFile | None,
    evidence: Evidence,
    baseline: Baseline | None = None,
    *,
    decided_at: datetime,
    verification: Verification | NotVerified | None = None,
) -> Decision:
    """Hold `evidence` against `thresholds` and decide; the same values always give the same decision.

    `thresholds` is `None` for a group that no threshold file applies to, which is for a person to review. Numbers
    are compared exactly, as the decimals that are written: there is no rounding and no tolerance. `decided_at` is the
    time of the decision, of any time zone; days are those of UTC, and no clock is looked at.

    A report that cannot be read is the first finding, and what is missing beside it may be in it: that asks for
    review, whatever the check asks for. What the readable evidence proves wrong still rejects.

    What a waiver lets pass is found all the same, with the waiver, and warns; it is no proof.

    `baseline` is what checks against the baseline compare with; `None` where no version was approved before.

    Where the file asks to verify, the figures of `verification` are judged instead of the reported ones, and each that
    differs rejects. Without one the reported figures are judged, and a person must look at the version in any case.
    """
    judged = _Judged(evidence, baseline, decided_at, verification)
    with pause_collecting():
        return _sum_up(_find_all(thresholds, judged, _judge_place))


def judge_by_both(
    old: ThresholdFile,
    new: ThresholdFile,
    shared: Mapping[int, int],
    evidence: Evidence,
    baseline: Baseline | None = None,
    *,
    decided_at: datetime,
    verification: Verification | NotVerified | None = None,
) -> tuple[Decision, Decision]:
    """Return what `judge` decides by each of two files; each check that is in both is judged once.

    `shared` is what `checks.shared_checks.find_shared_checks` says of the two files.
    """
    judged = _Judged(evidence, baseline, decided_at, verification)
    wanted = frozenset(shared.values())
    found: dict[int, Sequence[Finding]] = {}

    def judge_old(judging: _Judging, place: int) -> Iterable[Finding]:
        findings = _judge_place(judging, place)
        if place in wanted:
            findings = found[place] = tuple(findings)
        return findings

    def judge_new(judging: _Judging, place: int) -> Iterable[Finding]:
        before = shared.get(place)
        return _judge_place(judging, place) if before is None else found[before]

    with pause_collecting():
        before = _sum_up(_find_all(old, judged, judge_old))
        return before, _sum_up(_find_all(new, judged, judge_new))


@dataclass(frozen=True)
class _Judged:
    """What is held against a threshold file, with its index, which is the same for every file."""

    evidence: Evidence
    baseline: Baseline | None
    decided_at: datetime
    verification: Verification | NotVerified | None

    @cached_property
    def index(self) -> MeasurementIndex:
        return MeasurementIndex(self.evidence)

    @cached_property
    def baseline_index(self) -> MeasurementIndex | None:
        return None if self.baseline is None else MeasurementIndex(self.baseline.evidence)


def _sum_up(findings: list[Finding]) -> Decision:
    """Return the decision that findings come to, with one more where nothing else says what is missing."""
    verdict = _decide(findings)
    if verdict is Verdict.NEEDS_REVIEW and all(
        finding.consequence is not Consequence.REVIEW for finding in findings
    ):
        findings.append(_miss_proof())
    return Decision(verdict, tuple(findings))


def _find_all(thresholds: ThresholdFile | None, judged: _Judged, judge_place: "_JudgePlace") -> list[Finding]:
    """Return every finding, within the bounds of a record; `judge_place` finds those of the check at a place."""
    evidence, verification = judged.evidence, judged.verification
    unreadable = list(_find_unreadable(evidence))
    groups: Iterable[Iterable[Finding]]
    if thresholds is None:
        groups, count = [unreadable, [_miss_thresholds()]], 2
    else:
        today = judged.decided_at.astimezone(UTC).date()
        verified = VerifiedEvidence(evidence)
        if thresholds.verify is not None and isinstance(verification, Verification):
            verified = verify_evidence(evidence, verification)
        judging = _Judging(
            thresholds=thresholds,
            evidence=verified.evidence,
            index=judged.index if verified.evidence is evidence else MeasurementIndex(verified.evidence),
            ages=ReportAges(evidence, judged.decided_at),
            beside_unreadable=bool(unreadable),
            baseline=judged.baseline,
            baseline_index=judged.baseline_index,
            today=today,
            waivers=_list_waivers(thresholds, today),
            reported=verified.reported,
        )
        of_evidence: list[Iterable[Finding]] = [unreadable, _find_discrepancies(verified)]
        if thresholds.verify is not None and not isinstance(verification, Verification):
            of_evidence.append([_miss_verification(verification)])
        # Each check's findings are made when their turn comes: of many checks on many groups few are kept.
        of_checks = map(partial(judge_place, judging), range(len(thresholds.checks)))
        of_file = (_find_overdue(thresholds, today), _find_late_bar(thresholds, evidence))
        groups = chain(of_evidence, of_checks, of_file)
        count = len(of_evidence) + len(thresholds.checks) + len(of_file)
    return keep_within_bounds(chain(groups, (findings_on_evidence(thresholds, evidence),)), count + 1)


def _decide(findings: Sequence[Finding]) -> Verdict:
    asked = {finding.consequence for finding in findings}
    if Consequence.REJECT in asked:
        return Verdict.REJECTED
    if Consequence.REVIEW in asked:
        return Verdict.NEEDS_REVIEW
    proven = any(finding.outcome is Outcome.PASSED for finding in findings)
    return Verdict.APPROVED if proven else Verdict.NEEDS_REVIEW


@dataclass(frozen=True, slots=True)
class _Judging:
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


_JudgePlace = Callable[[_Judging, int], Iterable[Finding]]


def _list_waivers(thresholds: ThresholdFile, today: date) -> Mapping[str, Sequence[Waiver]]:
    """Return the waivers that still count, by the name of their check."""
    by_check: dict[str, list[Waiver]] = {}
    # The waiver of a group goes before that of every group, whatever their order in the file.
    for waiver in sorted(thresholds.waivers, key=lambda one: (one.facet == EVERY, one.facet or "")):
        if waiver.is_in_force(today):
            by_check.setdefault(waiver.check, []).append(waiver)
    return by_check


def _judge_place(judging: _Judging, place: int) -> Iterable[Finding]:
    """Return what the check at `place` finds, with what of that is waived, and where the check is from."""
    thresholds = judging.thresholds
    check = thresholds.checks[place]
    most_days = thresholds.max_age_of(check)
    held = _hold_each(check, judging)
    findings: Iterable[Finding]
    if most_days is not None:
        findings = _hold_against_recent(check, judging, most_days, held)
    elif len(held) == 1:  # as of nearly every check
        findings = (held[0][0],)
    else:
        findings = [finding for finding, _ in held]
    if judging.beside_unreadable:
        findings = _doubt_what_is_missing(findings)
    if judging.reported:
        findings = (_tell_reported(finding, judging.reported) for finding in findings)
    waivers = judging.waivers.get(check.name)
    if waivers:
        findings = (_waive(finding, waivers) for finding in findings)
    if thresholds.origins:
        origin = thresholds.origins[place]
        if origin.source != thresholds.source:
            findings = (replace(finding, origin=str(origin)) for finding in findings)
    return findings


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
            yield replace(finding, consequence=Consequence.REVIEW, reason=reason)
        else:
            yield finding


def _hold_against_recent(
    check: Check, judging: _Judging, most_days: int, held: Iterable[_Held]
) -> Iterator[Finding]:
    """Hold a check against reports of which none may be older than so many days: beside an old one nothing counts."""
    for finding, found in held:
        if too_old := judging.ages.explain_unusable(found, most_days):
            yield _make_finding(check, finding.facet, Outcome.INVALID, too_old)
        elif age := judging.ages.describe(found, most_days):
            reason = f"{finding.reason}; the report is {age}"
            yield replace(finding, reason=shortened(reason, _LONGEST_REASON))
        else:
            yield finding


def _hold_each(check: Check, judging: _Judging) -> Sequence[_Held]:
    """Return what the check comes to at each facet, with the measurements that are there."""
    held = _hold_each_alone(check, judging)
    if check.family is None or check.confidence is None:
        return held
    return list(_hold_family(check, check.confidence, judging, held))


def _hold_family(
    check: Check, confidence: float, judging: _Judging, held: Sequence[_Held]
) -> Iterator[_Held]:
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
            yield replace(finding, reason=shortened(reason, _LONGEST_REASON)), found
        else:
            reason = f"{finding.reason}; among {members:,} groups that may be by chance (Holm's procedure)"
            yield (
                replace(
                    finding,
                    outcome=Outcome.INCONCLUSIVE,
                    consequence=check.on_inconclusive,
                    reason=shortened(reason, _LONGEST_REASON),
                ),
                found,
            )


def _hold_each_alone(check: Check, judging: _Judging) -> Sequence[_Held]:
    limit = check.limit
    if not limit.is_fixed and isinstance(limit, NoWorse):
        return list(_hold_each_beside_baseline(check, limit, judging))
    concerned = judging.index.find_concerned(check)
    if not concerned:
        reason = _explain_missing(check, judging.index)
        return [(_make_finding(check, check.facet, Outcome.MISSING, reason), ())]
    if len(concerned) == 1:
        facet, found = concerned[0]
        return ((_judge_measurements(check, facet, found), found),)
    return [(_judge_measurements(check, facet, found), found) for facet, found in concerned]


def _hold_each_beside_baseline(check: Check, limit: NoWorse, judging: _Judging) -> Iterator[_Held]:
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
    judging: _Judging,
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
    compared = f"{has}, and the check asks for {limit.relation(holds=True)}"
    return replace(
        finding,
        limit=beside.limit,
        baseline=BaselineFigure(float(beside.baseline.value), beside.baseline.samples),
        reason=shortened(f"{finding.reason}; {compared}", _LONGEST_REASON),
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
    if reaction.consequence is None or severity(finding) >= _RANK[reaction.consequence]:
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
        reason = f"{findings[0].reason}; but it could not be measured everywhere: {_list_first(undefined)}"
        # A gap is uncertainty beside a value; but where uncertainty only warns, a gap still asks for what gaps ask for.
        only_warns = check.on_inconclusive is Consequence.WARN
        consequence = check.on_missing if only_warns else check.on_inconclusive
        findings.append(
            replace(findings[0], outcome=Outcome.INCONCLUSIVE, consequence=consequence, reason=reason)
        )
    # Equal values with different support behind them: the one that proves least counts.
    return max(findings, key=severity)


def _judge_measured(check: Check, facet: str | None, measured: Measured, hold: Hold | None) -> Finding:
    outcome, reason, interval = hold_against(check, measured) if hold is None else hold(measured)
    value, samples = measured.value, measured.samples
    return _make_finding(
        check,
        facet,
        outcome,
        reason,
        float(value) if math.isfinite(value) else None,
        None if samples is None or abs(samples) > MOST_SAMPLES else samples,
        None if interval is None else _keep_finite(interval),
    )


def _keep_finite(interval: Interval) -> Interval | None:
    """Return the interval if a record can hold it."""
    low, high, confidence = float(interval.low), float(interval.high), float(interval.confidence)
    return Interval(low, high, confidence) if all(map(math.isfinite, (low, high, confidence))) else None


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
            return max(check.on_missing, check.on_failure, key=_SEVERITY.index)
        case _:
            assert_never(outcome)


def _make_finding(  # noqa: PLR0917 - it is made for every check, and names take half as long again
    check: Check,
    facet: str | None,
    outcome: Outcome,
    reason: str,
    value: float | None = None,
    samples: int | None = None,
    interval: Interval | None = None,
) -> Finding:
    return Finding(
        check.name,
        check.metric,
        None if facet is None else shortened(facet, _LONGEST_NAME),
        outcome,
        _consequence_of(check, outcome),
        value,
        samples,
        interval,
        check.limit,
        check.why,
        reason if len(reason) <= _LONGEST_REASON else shortened(reason, _LONGEST_REASON),
    )


def _make_own_finding(
    name: str, outcome: Outcome, why: str, reason: str, *, consequence: Consequence = Consequence.REVIEW
) -> Finding:
    """Return a finding that no check of the threshold file made; most of them a person must look at."""
    return Finding(
        check=name,
        metric="",
        facet=None,
        outcome=outcome,
        consequence=consequence,
        value=None,
        samples=None,
        interval=None,
        limit=None,
        why=why,
        reason=shortened(reason, _LONGEST_REASON),
    )


def _find_unreadable(evidence: Evidence) -> Iterator[Finding]:
    why = "What cannot be read cannot be judged, and may hold what would stop the version."
    for report in evidence.reports:
        if report.problem is not None:
            yield _make_own_finding(
                READABLE_EVIDENCE, Outcome.INVALID, why, f"{report.uri}: {report.problem}"
            )


def _find_overdue(thresholds: ThresholdFile, today: date) -> Iterator[Finding]:
    if thresholds.review_by is not None and thresholds.review_by < today:
        yield _make_own_finding(
            REVIEWED_THRESHOLDS,
            Outcome.FAILED,
            "Limits that nobody looks at any more may no longer say what the users need.",
            explain_overdue(thresholds.review_by, today),
            consequence=Consequence.WARN,
        )


def _find_late_bar(thresholds: ThresholdFile, evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding where the file demands that it was in force first, and it was not, or nobody knows.

    A file that was not published, as one on a laptop, is held to nothing here.
    """
    if thresholds.publication is None or thresholds.bar_predates_evidence is BarRule.RECORD:
        return
    order = tell_bar_order(thresholds.publication, evidence)
    why = "Limits that are chosen with the figures in sight prove nothing."
    if order.predates is None:
        yield _make_own_finding(BAR_FIRST, Outcome.MISSING, why, order.reason)
    elif not order.predates:
        yield _make_own_finding(BAR_FIRST, Outcome.FAILED, why, order.reason, consequence=Consequence.REJECT)


def _find_discrepancies(verified: VerifiedEvidence) -> Iterator[Finding]:
    for one in verified.discrepancies:
        yield _make_discrepancy_finding(one)


def _make_discrepancy_finding(one: Discrepancy) -> Finding:
    finding = _make_own_finding(
        REPRODUCES,
        Outcome.FAILED,
        "A figure that its own items do not come to is no evidence, and neither is what is beside it.",
        one.reason,
        consequence=Consequence.REJECT,
    )
    facet = None if one.facet is None else shortened(one.facet, _LONGEST_NAME)
    return replace(finding, metric=one.metric, facet=facet, value=one.recomputed, reported=one.reported)


def _miss_verification(verification: NotVerified | None) -> Finding:
    reason = "nothing was computed again" if verification is None else verification.reason
    why = "The threshold file asks that figures are computed again before they count."
    return _make_own_finding(VERIFIED, Outcome.MISSING, why, reason)


def _miss_thresholds() -> Finding:
    reason = "no threshold file applies to this model package group; add its name to applies_to of one"
    return _make_own_finding(
        THRESHOLD_FILE, Outcome.MISSING, "Without thresholds there is nothing to judge by.", reason
    )


def _miss_proof() -> Finding:
    return _make_own_finding(
        PROOF, Outcome.MISSING, "A version is approved only on proof.", "no check passed"
    )
