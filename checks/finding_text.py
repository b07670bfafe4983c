"""Findings of decision records in words: the limit in symbols, and a sentence for what a finding asks for."""

from collections.abc import Iterator, Mapping, Sequence

from checks.decision import Consequence, Outcome
from checks.decision_record import RecordedFinding
from checks.limits import read_limit
from checks.pairing_text import read_pairing

ASKS = {Consequence.REJECT: "rejects", Consequence.REVIEW: "asks for review", Consequence.WARN: "warns"}
_NOT_COMPARED = (Outcome.MISSING, Outcome.INVALID)


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


def write_difference(finding: RecordedFinding) -> str:
    """Return by how much the value differs from the baseline's, with its sign; `-` where it is not beside one."""
    if finding.value is None or finding.baseline is None:
        return "-"
    return f"{finding.value - finding.baseline.value:+.4g}"


def find_pairing(finding: RecordedFinding) -> str | None:
    """Return whether the value and the baseline's were compared item by item, by which method or why not.

    `None` where nothing was compared: what is said then may be the words of a report.
    """
    if finding.baseline is None or finding.outcome in _NOT_COMPARED:
        return None
    return read_pairing(finding.reason)


def write_pairing(finding: RecordedFinding) -> str:
    """Return the same, and `-` where there is nothing to say."""
    return find_pairing(finding) or "-"


def write_comparison(finding: RecordedFinding) -> str:
    """Return the value beside the baseline's, and what was found, where no other sentence on the finding says that.

    What was found says whether the comparison was paired, and why not.
    """
    value = "-" if finding.value is None else f"{finding.value:.6g}"
    before = "-" if finding.baseline is None else f"{finding.baseline.value:.6g}"
    compared = f"{name_of(finding)}: {value} beside {before} ({write_difference(finding)})"
    return f"{compared}: {write_reason(finding)}" if finding.consequence is None else compared


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
