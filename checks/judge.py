"""Judging: every check held against the evidence, and the findings summed up to a decision."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import chain

from msgspec import Struct

from checks.ages import ReportAges
from checks.baseline import Baseline
from checks.decision import (
    Consequence,
    Decision,
    Finding,
    Outcome,
    Verdict,
)
from checks.evidence import Evidence
from checks.evidence_as_such import findings_on_evidence
from checks.facets import EVERY
from checks.findings import keep_within_bounds
from checks.garbage import pause_collecting
from checks.held_checks import Judging, hold_checks
from checks.index import MeasurementIndex
from checks.own_findings import (
    find_discrepancies,
    find_late_bar,
    find_overdue,
    find_unreadable,
    miss_proof,
    miss_thresholds,
    miss_verification,
)
from checks.thresholds import ThresholdFile, Waiver
from checks.verification import (
    NotVerified,
    Verification,
    VerifiedEvidence,
    verify_evidence,
)


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
        return _sum_up(_find_all(thresholds, judged, hold_checks))


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

    def judge_old(judging: Judging) -> Iterator[Sequence[Finding]]:
        for place, findings in enumerate(hold_checks(judging)):
            if place in wanted:
                found[place] = findings
            yield findings

    def judge_new(judging: Judging) -> Iterator[Sequence[Finding]]:
        return hold_checks(judging, {place: found[before] for place, before in shared.items()})

    with pause_collecting():
        before = _sum_up(_find_all(old, judged, judge_old))
        return before, _sum_up(_find_all(new, judged, judge_new))


class _Judged(Struct, frozen=True, dict=True):
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
        findings.append(miss_proof())
    return Decision(verdict, tuple(findings))


def _find_all(thresholds: ThresholdFile | None, judged: _Judged, hold: "_HoldChecks") -> list[Finding]:
    """Return every finding, within the bounds of a record; `hold` yields those of each check."""
    evidence, verification = judged.evidence, judged.verification
    unreadable = list(find_unreadable(evidence))
    groups: Iterable[Sequence[Finding]]
    if thresholds is None:
        groups, count = [unreadable, [miss_thresholds()]], 2
    else:
        today = judged.decided_at.astimezone(UTC).date()
        verified = VerifiedEvidence(evidence)
        if thresholds.verify is not None and isinstance(verification, Verification):
            verified = verify_evidence(evidence, verification)
        judging = Judging(
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
        of_evidence: list[Sequence[Finding]] = [unreadable, list(find_discrepancies(verified))]
        if thresholds.verify is not None and not isinstance(verification, Verification):
            of_evidence.append([miss_verification(verification)])
        # Each check's findings are made when their turn comes: of many checks on many groups few are kept.
        of_checks = hold(judging)
        of_file = list(find_overdue(thresholds, today)), list(find_late_bar(thresholds, evidence))
        groups = chain(of_evidence, of_checks, of_file)
        count = len(of_evidence) + len(thresholds.checks) + len(of_file)
    on_evidence = list(findings_on_evidence(thresholds, evidence))
    return keep_within_bounds(chain(groups, (on_evidence,)), count + 1)


def _decide(findings: Sequence[Finding]) -> Verdict:
    asked = {finding.consequence for finding in findings}
    if Consequence.REJECT in asked:
        return Verdict.REJECTED
    if Consequence.REVIEW in asked:
        return Verdict.NEEDS_REVIEW
    proven = any(finding.outcome is Outcome.PASSED for finding in findings)
    return Verdict.APPROVED if proven else Verdict.NEEDS_REVIEW


_HoldChecks = Callable[[Judging], Iterable[Sequence[Finding]]]


def _list_waivers(thresholds: ThresholdFile, today: date) -> Mapping[str, Sequence[Waiver]]:
    """Return the waivers that still count, by the name of their check."""
    by_check: dict[str, list[Waiver]] = {}
    # The waiver of a group goes before that of every group, whatever their order in the file.
    for waiver in sorted(thresholds.waivers, key=lambda one: (one.facet == EVERY, one.facet or "")):
        if waiver.is_in_force(today):
            by_check.setdefault(waiver.check, []).append(waiver)
    return by_check
