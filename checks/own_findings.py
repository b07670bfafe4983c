"""Findings that no check of the file makes: about the file itself, the evidence as such, and what is missing."""

from collections.abc import Iterator
from datetime import date

from msgspec.structs import replace

from checks.bar_order import tell_bar_order
from checks.decision import Asked, Consequence, Finding, Outcome
from checks.evidence import Evidence
from checks.findings import LONGEST_NAME, LONGEST_REASON
from checks.text import shortened
from checks.thresholds import BarRule, ThresholdFile, explain_overdue
from checks.verification import (
    Discrepancy,
    NotVerified,
    VerifiedEvidence,
)

READABLE_EVIDENCE = "readable evidence"
THRESHOLD_FILE = "threshold file"
REVIEWED_THRESHOLDS = "reviewed threshold file"
BAR_FIRST = "thresholds before evidence"
PROOF = "approval on proof"
REPRODUCES = "evidence does not reproduce"
VERIFIED = "verified evidence"


def make_own_finding(
    name: str, outcome: Outcome, why: str, reason: str, *, consequence: Consequence = Consequence.REVIEW
) -> Finding:
    """Return a finding that no check of the threshold file made; most of them a person must look at."""
    asked = Asked(name, "", None, why)
    return Finding(asked, None, outcome, consequence, None, None, None, shortened(reason, LONGEST_REASON))


def find_unreadable(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each report that cannot be read."""
    why = "What cannot be read cannot be judged, and may hold what would stop the version."
    for report in evidence.reports:
        if report.problem is not None:
            yield make_own_finding(READABLE_EVIDENCE, Outcome.INVALID, why, f"{report.uri}: {report.problem}")


def find_overdue(thresholds: ThresholdFile, today: date) -> Iterator[Finding]:
    """Yield a warning where the review date of the file is over."""
    if thresholds.review_by is not None and thresholds.review_by < today:
        yield make_own_finding(
            REVIEWED_THRESHOLDS,
            Outcome.FAILED,
            "Limits that nobody looks at any more may no longer say what the users need.",
            explain_overdue(thresholds.review_by, today),
            consequence=Consequence.WARN,
        )


def find_late_bar(thresholds: ThresholdFile, evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding where the file demands that it was in force first, and it was not, or nobody knows.

    A file that was not published, as one on a laptop, is held to nothing here.
    """
    if thresholds.publication is None or thresholds.bar_predates_evidence is BarRule.RECORD:
        return
    order = tell_bar_order(thresholds.publication, evidence)
    why = "Limits that are chosen with the figures in sight prove nothing."
    if order.predates is None:
        yield make_own_finding(BAR_FIRST, Outcome.MISSING, why, order.reason)
    elif not order.predates:
        yield make_own_finding(BAR_FIRST, Outcome.FAILED, why, order.reason, consequence=Consequence.REJECT)


def find_discrepancies(verified: VerifiedEvidence) -> Iterator[Finding]:
    """Yield a rejection for each figure that did not come out when it was computed again."""
    for one in verified.discrepancies:
        yield _make_discrepancy_finding(one)


def _make_discrepancy_finding(one: Discrepancy) -> Finding:
    finding = make_own_finding(
        REPRODUCES,
        Outcome.FAILED,
        "A figure that its own items do not come to is no evidence, and neither is what is beside it.",
        one.reason,
        consequence=Consequence.REJECT,
    )
    return replace(
        finding,
        asked=replace(finding.asked, metric=one.metric),
        facet=None if one.facet is None else shortened(one.facet, LONGEST_NAME),
        value=one.recomputed,
        reported=one.reported,
    )


def miss_verification(verification: NotVerified | None) -> Finding:
    """Return the finding that nothing was computed again, though the file asks for it."""
    reason = "nothing was computed again" if verification is None else verification.reason
    why = "The threshold file asks that figures are computed again before they count."
    return make_own_finding(VERIFIED, Outcome.MISSING, why, reason)


def miss_thresholds() -> Finding:
    """Return the finding that no threshold file applies to the group."""
    reason = "no threshold file applies to this model package group; add its name to applies_to of one"
    return make_own_finding(
        THRESHOLD_FILE, Outcome.MISSING, "Without thresholds there is nothing to judge by.", reason
    )


def miss_proof() -> Finding:
    """Return the finding that no check passed, where nothing else says what is missing."""
    return make_own_finding(PROOF, Outcome.MISSING, "A version is approved only on proof.", "no check passed")
