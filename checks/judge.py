"""Judging: every check held against the evidence, and the findings summed up to a decision."""

import difflib
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import assert_never

from checks.decision import Consequence, Decision, Finding, Outcome, Verdict
from checks.evidence import Evidence
from checks.evidence_as_such import findings_on_evidence
from checks.exact import number_text
from checks.gaps import concerns, with_gaps
from checks.limits import hold_against
from checks.measurements import Interval, Measured, Measurement, Unmeasured
from checks.sensitive_share import Index, sensitive_shares
from checks.thresholds import Check, ThresholdFile

READABLE_EVIDENCE = "readable evidence"
THRESHOLD_FILE = "threshold file"
PROOF = "approval on proof"

_SEVERITY = (Consequence.WARN, Consequence.REVIEW, Consequence.REJECT)
_MOST_LISTED = 5  # sources named in one reason
_MOST_COMPARED = 2000  # names compared for a hint; beyond that it would take longer than the judging


def judge(
    thresholds: ThresholdFile | None,
    evidence: Evidence,
    *,
    today: date,  # noqa: ARG001 -- the day on which waivers are held against their expiry
    baseline: Evidence | None = None,  # noqa: ARG001 -- the evidence that regression checks compare with
) -> Decision:
    """Hold `evidence` against `thresholds` and decide; the same values always give the same decision.

    `thresholds` is `None` for a group that no threshold file applies to, which is for a person to review. Numbers
    are compared exactly, as the decimals that their shortest notation shows: there is no rounding and no tolerance.
    """
    if thresholds is None:
        findings = [_no_thresholds()]
    else:
        index = _by_address(evidence)
        findings = [finding for check in thresholds.checks for finding in _held(check, index)]
    findings += _unreadable(evidence)
    findings += findings_on_evidence(thresholds, evidence)
    verdict = _verdict(findings)
    if verdict is Verdict.NEEDS_REVIEW and all(
        finding.consequence is not Consequence.REVIEW for finding in findings
    ):
        findings.append(_nothing_passed())
    return Decision(verdict, tuple(findings))


def _verdict(findings: Sequence[Finding]) -> Verdict:
    asked = {finding.consequence for finding in findings}
    if Consequence.REJECT in asked:
        return Verdict.REJECTED
    if Consequence.REVIEW in asked:
        return Verdict.NEEDS_REVIEW
    proven = any(finding.outcome is Outcome.PASSED for finding in findings)
    return Verdict.APPROVED if proven else Verdict.NEEDS_REVIEW


def _by_address(evidence: Evidence) -> Index:
    index: defaultdict[str, defaultdict[str | None, list[Measurement]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for measurement in evidence.measurements:
        index[measurement.metric][measurement.facet].append(measurement)
    return index


def _held(check: Check, index: Index) -> Iterator[Finding]:
    by_facet = with_gaps(check.metric, check.facet, _found_for(check, index), index)
    facets = sorted(
        (facet for facet in by_facet if concerns(check.facet, facet)), key=lambda facet: facet or ""
    )
    if not facets:
        yield _finding(check, check.facet, Outcome.MISSING, _why_missing(check, index))
    for facet in facets:
        yield _about(check, facet, by_facet[facet])


def _found_for(check: Check, index: Index) -> Mapping[str | None, Sequence[Measurement]]:
    """Return what the evidence has of the check's metric, by facet."""
    if check.sensitive_features is not None:
        return sensitive_shares(check.metric, check.sensitive_features, index)
    return index.get(check.metric, {})


def _why_missing(check: Check, index: Index) -> str:
    if facets := index.get(check.metric):
        known = ", ".join(sorted(facet for facet in facets if facet is not None)[:5])
        if check.facet is None:
            return f'the evidence has {check.metric} by facet only ({known}); say which one with facet, or "*" for all'
        return f"the evidence has {check.metric}, but not for this facet" + (
            f"; it has {known}" if known else ""
        )
    reason = f"the evidence does not have {check.metric}"
    bare = check.metric.rpartition(".")[2]
    if bare != check.metric and bare in index:
        return f"{reason}; a figure named {bare} stands outside of that group, at the address {bare}"
    near = difflib.get_close_matches(check.metric, sorted(index)[:_MOST_COMPARED], n=3)
    return f"{reason}; nearest are {', '.join(near)}" if near else reason


def _about(check: Check, facet: str | None, found: Sequence[Measurement]) -> Finding:
    measured = sorted((m for m in found if isinstance(m, Measured)), key=lambda m: (str(m.source), repr(m)))
    undefined = sorted({f"{m.reason} ({m.source})" for m in found if isinstance(m, Unmeasured)})
    if not measured:
        return _finding(check, facet, Outcome.MISSING, f"it could not be measured: {_listed(undefined)}")
    if len({m.value for m in measured}) > 1:
        given = _listed([f"{number_text(m.value)} in {m.source}" for m in measured])
        return _finding(check, facet, Outcome.INVALID, f"the reports give different values: {given}")
    findings = [_measured_finding(check, facet, m) for m in measured]
    if undefined:
        reason = f"{findings[0].reason}; but it could not be measured everywhere: {_listed(undefined)}"
        # A gap is uncertainty beside a value; but where uncertainty only warns, a gap still asks for what gaps ask for.
        only_warns = check.on_inconclusive is Consequence.WARN
        consequence = check.on_missing if only_warns else check.on_inconclusive
        findings.append(
            replace(findings[0], outcome=Outcome.INCONCLUSIVE, consequence=consequence, reason=reason)
        )
    # Equal values with different support behind them: the one that proves least counts.
    return max(findings, key=_severity)


def _measured_finding(check: Check, facet: str | None, measured: Measured) -> Finding:
    outcome, reason, interval = hold_against(check, measured)
    finding = _finding(check, facet, outcome, reason)
    value = measured.value if math.isfinite(measured.value) else None
    return replace(finding, value=value, samples=measured.samples, interval=_finite(interval))


def _finite(interval: Interval | None) -> Interval | None:
    """Return the interval if a record can hold it."""
    numbers = () if interval is None else (interval.low, interval.high, interval.confidence)
    return interval if all(map(math.isfinite, numbers)) else None


def _listed(parts: Sequence[str]) -> str:
    rest = len(parts) - _MOST_LISTED
    return "; ".join(parts[:_MOST_LISTED]) + (f"; and {rest} more" if rest > 0 else "")


def _severity(finding: Finding) -> int:
    return 0 if finding.consequence is None else 1 + _SEVERITY.index(finding.consequence)


def _consequence(check: Check, outcome: Outcome) -> Consequence | None:
    match outcome:
        case Outcome.PASSED | Outcome.NOT_APPLICABLE | Outcome.WAIVED:
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


def _finding(check: Check, facet: str | None, outcome: Outcome, reason: str) -> Finding:
    return Finding(
        check=check.name,
        metric=check.metric,
        facet=facet,
        outcome=outcome,
        consequence=_consequence(check, outcome),
        value=None,
        samples=None,
        interval=None,
        limit=check.limit,
        why=check.why,
        reason=reason,
    )


def _review(name: str, outcome: Outcome, why: str, reason: str) -> Finding:
    """Return a finding that no check of the threshold file made, and that a person must look at."""
    return Finding(
        check=name,
        metric="",
        facet=None,
        outcome=outcome,
        consequence=Consequence.REVIEW,
        value=None,
        samples=None,
        interval=None,
        limit={},
        why=why,
        reason=reason,
    )


def _unreadable(evidence: Evidence) -> Iterator[Finding]:
    why = "What cannot be read cannot be judged, and may hold what would stop the version."
    for report in evidence.reports:
        if report.problem is not None:
            yield _review(READABLE_EVIDENCE, Outcome.INVALID, why, f"{report.uri}: {report.problem}")


def _no_thresholds() -> Finding:
    reason = "no threshold file applies to this model package group; add its name to applies_to of one"
    return _review(
        THRESHOLD_FILE, Outcome.MISSING, "Without thresholds there is nothing to judge by.", reason
    )


def _nothing_passed() -> Finding:
    return _review(PROOF, Outcome.MISSING, "A version is approved only on proof.", "no check passed")
