"""Decisions as people read them: a table of findings, in colour on a terminal, plain and unbroken in a pipe.

Of many findings the heaviest are shown and all are counted; the decision record has them all.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from msgspec import Struct

from checks.decision import Consequence, Outcome, Verdict
from checks.decision_record import DecisionRecord, RecordedFinding, RecordedPublication, RecordedVerification
from checks.finding_text import ASKS, format_limit, write_comparison, write_finding
from cli.display.plain_text import Styled, align, clean_line, number_text

VERDICT_STYLES: Mapping[Verdict, str] = {
    Verdict.APPROVED: "bold green",
    Verdict.REJECTED: "bold red",
    Verdict.NEEDS_REVIEW: "bold yellow",
}
OUTCOME_STYLES: Mapping[Outcome, str] = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.MISSING: "red",
    Outcome.INVALID: "red",
}
MOST_FINDINGS = 300  # with more, nobody reads all of them, and a table takes long to lay out
SHOWN_OF_MANY = 100
MOST_REPORTS = 100
LONGEST_WORD = 10  # columns, of the word before a fact
HEADINGS = ("Verdict", "Check", "Metric", "Facet", "Value", "Limit", "Why")

Fact = tuple[str, str]


class ToldDecision(Struct, frozen=True):
    """A decision as it is told, from top to bottom; `findings` are those of the table, `None` where there is none."""

    headline: Styled
    reasons: Sequence[Styled]
    facts: Sequence[Fact]
    counts: Styled | None
    findings: Sequence[RecordedFinding] | None
    left_out: Styled | None


def cells_of(finding: RecordedFinding) -> tuple[Styled, ...]:
    """Return what is in each column of a finding, in the order of `HEADINGS`."""
    style = OUTCOME_STYLES[finding.outcome]
    if finding.outcome is Outcome.FAILED and finding.consequence is not Consequence.REJECT:
        style = "yellow"
    return (
        Styled(finding.outcome, style),
        Styled(clean_line(finding.check)),
        Styled(clean_line(finding.metric or "-")),
        Styled(clean_line(finding.facet or "-")),
        Styled("-" if finding.value is None else number_text(finding.value), style),
        Styled(clean_line(format_limit(finding.limit))),
        Styled(clean_line(finding.why), "dim"),
    )


def _reasons(findings: Sequence[RecordedFinding]) -> Iterator[Styled]:
    """Yield the sentences of those that ask for something: first what rejects, then what asks for review."""
    for wanted in ASKS:
        style = "red" if wanted is Consequence.REJECT else "yellow"
        for finding in findings:
            if finding.consequence is wanted:
                yield Styled(clean_line(write_finding(finding, wanted)), style)


def _facts(record: DecisionRecord) -> Iterator[Fact]:
    if record.model_package is not None:
        yield "version", record.model_package.arn
    if record.thresholds is None:
        yield "thresholds", "none applies to this group"
    else:
        dry_run = ", dry run: the status is not changed" if record.is_dry_run else ""
        yield "thresholds", f"{record.thresholds.name} ({record.thresholds.source}{dry_run})"
        for part in record.thresholds.sources[1:]:
            yield "extends", part.source
        if record.thresholds.publication is not None:
            yield from _describe_publication(record.thresholds.publication)
    for waiver in record.waivers:
        about = f"{waiver.check} ({waiver.facet})" if waiver.facet else waiver.check
        use = waiver.use.replace("_", " ")
        yield "waiver", f"{use}: {about}, until {waiver.expires} by {waiver.approved_by}: {waiver.reason}"
    yield from describe_comparison(record)
    for report in record.evidence[:MOST_REPORTS]:
        yield "evidence", f"{report.uri} ({report.format})"
    if (more := len(record.evidence) - MOST_REPORTS) > 0:
        yield "evidence", f"and {more:,} more, in the decision record"
    if record.verification is not None:
        yield from _describe_verification(record.verification)
    yield "decided", f"{record.decided_at} by {record.engine.name} {record.engine.version}"


def describe_comparison(record: DecisionRecord, most: int = MOST_REPORTS) -> Iterator[Fact]:
    """Yield which version or files the decision compares with, and each value beside the one there."""
    baseline = record.baseline
    if baseline is None:
        return
    if baseline.model_package_arn is None:
        yield "baseline", ", ".join(document.uri for document in baseline.evidence)
    else:
        number = baseline.model_package_arn.rpartition("/")[2]
        yield (
            "baseline",
            f"version {number} ({baseline.model_package_arn}), approved by {baseline.record_uri}",
        )
    compared = [finding for finding in record.findings if finding.baseline is not None]
    for finding in compared[:most]:
        yield "compared", write_comparison(finding)
    if (more := len(compared) - most) > 0:
        yield "compared", f"and {more:,} more, in the decision record"


def _describe_verification(verified: RecordedVerification) -> Iterator[Fact]:
    """Yield out of which items figures were computed again, and what drawing fewer of them may have missed."""
    if verified.not_verified is not None:
        yield "verified", f"nothing: {verified.not_verified}"
    for one in verified.reports[:MOST_REPORTS]:
        if one.items is None or one.figures is None:
            yield "verified", f"not {one.report}: {one.problem or 'nothing came out'}"
            continue
        said = f"{one.report} by the {one.items.items:,} items of {one.items.uri}"
        if one.scored is not None:
            said += f", {one.scored:,} of them scored again"
        if one.share_missed is not None:
            said += f"; up to {one.share_missed:.1%} altered ones would be missed once in twenty times"
        if one.how is not None:
            said += f"; {one.how}"
        if one.gold is not None:
            said += f"; held against the gold of {one.gold.uri}"
        yield "verified", said


def _describe_publication(published: RecordedPublication) -> Iterator[Fact]:
    """Yield in which bundle the thresholds were published, and what came first: they or the evidence."""
    order = {True: "before", False: "after", None: "nobody knows whether before or after"}
    since = published.unchanged_since or published.published_at
    yield "in force", f"since {since}: {order[published.predates_evidence]} the evidence was written"
    if (bundle := published.bundle) is not None:
        by = "" if bundle.published_by is None else f" by {bundle.published_by}"
        yield "bundle", f"{bundle.uri} (SHA-256 {bundle.sha256}), published {published.published_at}{by}"


def _select_heaviest(findings: Sequence[RecordedFinding]) -> Sequence[RecordedFinding]:
    """Return all findings, or of many those that ask for most, in their order."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    severities = (None, *reversed(ASKS))
    heaviest = sorted(range(len(findings)), key=lambda index: -severities.index(findings[index].consequence))
    return [findings[index] for index in sorted(heaviest[:SHOWN_OF_MANY])]


def _counts(findings: Sequence[RecordedFinding]) -> Styled:
    counted = Counter((f.outcome, f.consequence) for f in findings)
    counts = ", ".join(
        f"{count:,} {outcome}" + ("" if consequence is None else f" ({ASKS[consequence]})")
        for (outcome, consequence), count in counted.most_common()
    )
    return Styled(
        f"{len(findings):,} findings: {counts}. Shown are the {SHOWN_OF_MANY} that ask for most; "
        "--format json shows all."
    )


def tell_decision(record: DecisionRecord, *, failures_only: bool = False) -> ToldDecision:
    """Return what is told of a decision; with `failures_only` the findings that passed are counted and not listed."""
    passed = [finding for finding in record.findings if finding.outcome is Outcome.PASSED]
    wanted = [f for f in record.findings if not failures_only or f.outcome is not Outcome.PASSED]
    findings = _select_heaviest(wanted)
    left_out = f"{len(passed):,} of {len(record.findings):,} passed and are not shown"
    return ToldDecision(
        headline=Styled(record.headline, VERDICT_STYLES[record.decision]),
        reasons=list(_reasons(findings)),
        facts=list(_facts(record)),
        counts=_counts(wanted) if len(findings) < len(wanted) else None,
        findings=findings if findings or not failures_only else None,
        left_out=Styled(left_out, "dim") if failures_only else None,
    )


def write_plainly(told: ToldDecision) -> Iterator[str]:
    """Yield the lines of a decision as a pipe or a file gets them."""
    yield told.headline.text
    yield from (reason.text for reason in told.reasons)
    if told.reasons:
        yield ""
    yield from align([(word, clean_line(what)) for word, what in told.facts], (LONGEST_WORD,))
    yield ""
    if told.counts is not None:
        yield from (told.counts.text, "")
    if told.findings is not None:
        yield from align([HEADINGS, *([cell.text for cell in cells_of(one)] for one in told.findings)])
    if told.left_out is not None:
        yield told.left_out.text


def show_record(record: DecisionRecord, stream: TextIO, *, failures_only: bool = False) -> None:
    """Print the verdict, in full each reason that asks for something, what it rests on, and the table of findings.

    With `failures_only` the findings that passed are counted and not listed. On a terminal the text is in colour,
    unless `NO_COLOR` is set.
    """
    told = tell_decision(record, failures_only=failures_only)
    if not stream.isatty():
        stream.writelines(f"{line.rstrip()}\n" for line in write_plainly(told))
        return
    from cli.display.decision_screen import draw_decision  # noqa: PLC0415 - rich is for terminals alone
    from cli.display.terminal import console_for  # noqa: PLC0415 - likewise

    with console_for(stream) as console:
        draw_decision(console, told)
