"""Findings about the evidence as such: reports about another version, and reports that no digest protects."""

from collections.abc import Iterator

from checks.decision import Finding, Outcome
from checks.evidence import Evidence
from checks.own_findings import make_own_finding
from checks.thresholds import Reaction, ThresholdFile

ABOUT_THIS_VERSION = "evidence about this version"
PROTECTED = "protected evidence"

_WHY_ABOUT = "Only what was measured on this very version speaks for it."
_WHY_PROTECTED = "What nothing protects may have been exchanged since the version was registered."


def findings_on_evidence(thresholds: ThresholdFile | None, evidence: Evidence) -> Iterator[Finding]:
    """Yield what the threshold file asks for about reports as such; without a file, what its defaults ask for."""
    on_foreign = Reaction.REVIEW if thresholds is None else thresholds.on_foreign_evidence
    on_unprotected = Reaction.IGNORE if thresholds is None else thresholds.on_unprotected_evidence
    for report in evidence.reports:
        if report.foreign is not None and (consequence := on_foreign.consequence):
            reason = f"{report.uri}: {report.foreign}"
            yield make_own_finding(
                ABOUT_THIS_VERSION, Outcome.INVALID, _WHY_ABOUT, reason, consequence=consequence
            )
        if report.digest_verified is False and (consequence := on_unprotected.consequence):
            reason = (
                f"{report.uri}: no digest was registered for it; attach it with its ContentDigest, or register with "
                "governance register"
            )
            yield make_own_finding(
                PROTECTED, Outcome.INVALID, _WHY_PROTECTED, reason, consequence=consequence
            )
