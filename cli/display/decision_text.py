"""Decisions as people read them: a table of findings, in colour on a terminal, plain and unbroken in a pipe.

Of many findings the heaviest are shown and all are counted; the decision record has them all.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from checks.decision import Consequence, Outcome, Verdict
from checks.decision_record import DecisionRecord, RecordedFinding, RecordedPublication, RecordedVerification
from checks.finding_text import ASKS, format_limit, write_comparison, write_finding
from cli.display.terminal import UNBOUNDED, clean_text, console_for, number_text

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
NARROWEST_WHY = 40  # columns: prose in a narrower one is hard to read
MOST_FINDINGS = 300  # with more, nobody reads all of them, and a table takes long to lay out
SHOWN_OF_MANY = 100
MOST_REPORTS = 100
WIDEST_NUMBER = 24  # columns: a limit of two numbers is never wider, and what is may wrap
LONGEST_WORD = 10  # columns, of the word before a fact

Fact = tuple[str, str]


def _cells(finding: RecordedFinding) -> tuple[Text, ...]:
    style = OUTCOME_STYLES[finding.outcome]
    if finding.outcome is Outcome.FAILED and finding.consequence is not Consequence.REJECT:
        style = "yellow"
    return (
        Text(finding.outcome, style),
        clean_text(finding.check),
        clean_text(finding.metric or "-"),
        clean_text(finding.facet or "-"),
        Text("-" if finding.value is None else number_text(finding.value), style),
        clean_text(format_limit(finding.limit)),
        clean_text(finding.why, "dim"),
    )


def _table(findings: Sequence[RecordedFinding]) -> Table:
    """One line a finding: all that is known of it, side by side."""
    rows = [_cells(finding) for finding in findings]
    table = _columns(("Verdict", "Check", "Metric", "Facet", "Value", "Limit", "Why"), rows)
    for row in rows:
        table.add_row(*row)
    return table


def _stacked_table(findings: Sequence[RecordedFinding]) -> Table:
    """Return the same for a narrow terminal: check, metric with facet, and why are below each other."""
    rows = []
    for finding in findings:
        outcome, check, metric, facet, value, limit, why = _cells(finding)
        address = Text.assemble(metric, "  ", facet) if finding.facet else metric
        rows.append((outcome, Text("\n").join((check, address, why, Text())), value, limit))
    table = _columns(("Verdict", "Check, metric, facet, why", "Value", "Limit"), rows)
    for row in rows:
        table.add_row(*row)
    return table


def _columns(names: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, name in enumerate(names):
        widest = max((row[index].cell_len for row in rows), default=0)
        is_number = name in ("Verdict", "Value", "Limit") and widest <= WIDEST_NUMBER
        table.add_column(name, overflow="fold", no_wrap=is_number)
    return table


def _fitting_table(console: Console, findings: Sequence[RecordedFinding]) -> Table:
    table = _table(findings)
    whole = console.measure(table, options=console.options.update(width=UNBOUNDED)).maximum
    longest_why = max((cell_len(finding.why) for finding in findings), default=0)
    at_least = whole - longest_why + min(longest_why, NARROWEST_WHY)
    return table if at_least <= console.width else _stacked_table(findings)


def _reasons(findings: Sequence[RecordedFinding]) -> Iterator[Text]:
    """Yield the sentences of those that ask for something: first what rejects, then what asks for review."""
    for wanted in ASKS:
        style = "red" if wanted is Consequence.REJECT else "yellow"
        for finding in findings:
            if finding.consequence is wanted:
                yield clean_text(write_finding(finding, wanted), style)


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


def print_facts(console: Console, facts: Iterable[Fact]) -> None:
    """Print each fact as a word and, beside it, what it is; a long one goes on below its beginning."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(min_width=LONGEST_WORD, no_wrap=True)
    grid.add_column(overflow="fold")
    for word, what in facts:
        grid.add_row(Text(word), clean_text(what))
    console.print(grid)


def _select_heaviest(findings: Sequence[RecordedFinding]) -> Sequence[RecordedFinding]:
    """Return all findings, or of many those that ask for most, in their order."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    severities = (None, *reversed(ASKS))
    heaviest = sorted(range(len(findings)), key=lambda index: -severities.index(findings[index].consequence))
    return [findings[index] for index in sorted(heaviest[:SHOWN_OF_MANY])]


def _counts(findings: Sequence[RecordedFinding]) -> Text:
    counted = Counter((f.outcome, f.consequence) for f in findings)
    counts = ", ".join(
        f"{count:,} {outcome}" + ("" if consequence is None else f" ({ASKS[consequence]})")
        for (outcome, consequence), count in counted.most_common()
    )
    return Text(
        f"{len(findings):,} findings: {counts}. Shown are the {SHOWN_OF_MANY} that ask for most; "
        "--format json shows all."
    )


def _print(console: Console, record: DecisionRecord, *, failures_only: bool) -> None:
    passed = [finding for finding in record.findings if finding.outcome is Outcome.PASSED]
    wanted = [f for f in record.findings if not failures_only or f.outcome is not Outcome.PASSED]
    findings = _select_heaviest(wanted)
    console.print(Text(record.headline, VERDICT_STYLES[record.decision]))
    reasons = list(_reasons(findings))
    for reason in reasons:
        console.print(reason)
    if reasons:
        console.print()
    print_facts(console, _facts(record))
    console.print()
    if len(findings) < len(wanted):
        console.print(_counts(wanted))
        console.print()
    if findings or not failures_only:
        console.print(_fitting_table(console, findings))
    if failures_only:
        console.print(Text(f"{len(passed):,} of {len(record.findings):,} passed and are not shown", "dim"))


def show_record(record: DecisionRecord, stream: TextIO, *, failures_only: bool = False) -> None:
    """Print the verdict, in full each reason that asks for something, what it rests on, and the table of findings.

    With `failures_only` the findings that passed are counted and not listed. On a terminal the text is in colour,
    unless `NO_COLOR` is set.
    """
    with console_for(stream) as console:
        _print(console, record, failures_only=failures_only)
