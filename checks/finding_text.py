"""Findings of decision records in words: the limit in symbols, and a sentence for what a finding asks for."""

from collections.abc import Iterator, Mapping, Sequence

from checks.decision import Consequence
from checks.decision_record import RecordedFinding
from checks.limits import read_limit

ASKS = {Consequence.REJECT: "rejects", Consequence.REVIEW: "asks for review", Consequence.WARN: "warns"}


def format_limit(limit: Mapping[str, object]) -> str:
    """Return a limit of a record as the eye takes it in: `>= 0.8`, `<= 2.5`, `[-0.8, 0.8]`, `1 +- 0.2`.

    One of a kind that is not known here is shown as it is recorded.
    """
    known = read_limit(limit)
    if known is not None:
        return known.symbols
    return ", ".join(f"{name} {value}" for name, value in limit.items()) or "-"


def name_of(finding: RecordedFinding) -> str:
    """Return the check with the facet, if the finding is about one."""
    return f"{finding.check} ({finding.facet})" if finding.facet else finding.check


def write_reason(finding: RecordedFinding) -> str:
    """Return what was found, as a sentence without the name of the check, and where the check is inherited from."""
    inherited = f" (the check is in {finding.origin})" if finding.origin else ""
    return f"{finding.reason}{inherited}"


def write_finding(finding: RecordedFinding, consequence: Consequence) -> str:
    """Return a sentence on a finding that asks for `consequence`: what for, which check, and what was found."""
    found = f"{name_of(finding)}: {write_reason(finding)}"
    if finding.waiver is None:
        return f"{ASKS[consequence]}: {found}"
    waiver = finding.waiver
    return (
        f"waived until {waiver.expires} by {waiver.approved_by} ({waiver.reason}), else {ASKS[waiver.otherwise]}: "
        f"{found}"
    )


def reason_lines(findings: Sequence[RecordedFinding]) -> Iterator[str]:
    """Yield a sentence for each finding that asks for something (see `write_finding`)."""
    return (
        write_finding(finding, finding.consequence) for finding in findings if finding.consequence is not None
    )
