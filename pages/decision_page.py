"""The page of one decision: the decision, its reasons, each check with its charts, the evidence, how to repeat it."""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup
from msgspec import Struct

from checks.decision import Consequence, Outcome
from checks.decision_record import DecisionRecord, RecordedFinding
from checks.finding_text import find_pairing, format_limit
from checks.review_record import ReviewRecord
from pages.charts import (
    MOST_LINES,
    MOST_ROWS,
    VersionFindings,
    draw_trend,
    draw_values,
    list_trend_names,
)
from pages.repeat_commands import list_repeat_commands
from pages.template_environment import template_environment

MOST_CHECKS_CHARTED = 40
MOST_FINDINGS_SHOWN = 300  # of all checks together; the record has all
MOST_REASONS = 100
HEAVIEST_FIRST = (Consequence.REJECT, Consequence.REVIEW, Consequence.WARN, None)


class _Chart(Struct, frozen=True):
    """A drawing, and the sentence below it."""

    svg: Markup
    caption: str
    lines: Sequence[str] = ()


class _CheckSection(Struct, frozen=True):
    """One check on the page: its findings, heaviest first, as many as are shown, and its charts."""

    name: str
    metric: str
    why: str
    limit: str
    origin: str | None
    findings: Sequence[RecordedFinding]
    more: int
    charts: Sequence[_Chart]

    @property
    def has_baseline(self) -> bool:
        """Whether a finding is held against a figure of the baseline."""
        return any(finding.baseline is not None for finding in self.findings)

    @property
    def has_pairing(self) -> bool:
        """Whether a finding says if it was compared with the baseline item by item."""
        return any(find_pairing(finding) is not None for finding in self.findings)

    @property
    def has_reported(self) -> bool:
        """Whether a value was computed again beside the one in its report."""
        return any(finding.reported is not None for finding in self.findings)

    @property
    def outcome(self) -> Outcome:
        """What its heaviest finding came to."""
        return self.findings[0].outcome


def write_decision_page(
    record: DecisionRecord,
    earlier: Sequence[DecisionRecord] = (),
    place: str | None = None,
    reviews: Sequence[ReviewRecord] = (),
) -> str:
    """Return the page about `record` as HTML: one file, without scripts and without anything from the network.

    `earlier` are the decisions about earlier versions of the same group, oldest first, for the trends. `place` is where
    the record is: a file, an `s3://` URI or the version's ARN. `reviews` are what people did with the version, oldest
    first. Texts out of reports, reviews and threshold files are escaped, and marks that turn or hide text are left out
    of them.
    """
    earlier = [one for one in earlier if one.model_package is not None]
    reasons = [finding for finding in _heaviest_first(record.findings) if finding.consequence is not None]
    template = template_environment().get_template("decision.html")
    return template.render(
        record=record,
        title=_title(record),
        reasons=reasons[:MOST_REASONS],
        reasons_left=max(0, len(reasons) - MOST_REASONS),
        sections=list(_list_sections(record, earlier)),
        earlier=earlier,
        place=place,
        reviews=reviews,
        commands=list_repeat_commands(record, place),
        passed=sum(finding.outcome is Outcome.PASSED for finding in record.findings),
    )


def _title(record: DecisionRecord) -> str:
    package = record.model_package
    about = "evidence without a version" if package is None else f"{package.group}, version {package.version}"
    return f"{record.headline}: {about}"


def _heaviest_first(findings: Sequence[RecordedFinding]) -> list[RecordedFinding]:
    return sorted(findings, key=lambda finding: HEAVIEST_FIRST.index(finding.consequence))


def _list_sections(record: DecisionRecord, earlier: Sequence[DecisionRecord]) -> Iterator[_CheckSection]:
    """Yield the checks in the order of the threshold file, within what a page holds."""
    by_check = _group_by_check(record)
    history = [(one, _group_by_check(one)) for one in earlier]
    room = MOST_FINDINGS_SHOWN
    for place, (name, of_check) in enumerate(by_check.items()):
        findings = _heaviest_first(of_check)
        # At least one: no check is without its heaviest finding, however many came before.
        shown = findings[: max(1, min(MOST_ROWS, room))]
        room -= len(shown)
        first = findings[0]
        charts: list[_Chart] = []
        if place < MOST_CHECKS_CHARTED:
            versions = _list_versions(record, findings, history, name)
            charts = list(_list_charts(name, findings, versions))
        yield _CheckSection(
            name=name,
            metric=first.metric,
            why=first.why,
            limit=format_limit(first.limit),
            origin=first.origin,
            findings=shown,
            more=len(findings) - len(shown),
            charts=charts,
        )


def _group_by_check(record: DecisionRecord) -> Mapping[str, Sequence[RecordedFinding]]:
    grouped: dict[str, list[RecordedFinding]] = {}
    for finding in record.findings:
        grouped.setdefault(finding.check, []).append(finding)
    return grouped


def _list_versions(
    record: DecisionRecord,
    findings: Sequence[RecordedFinding],
    history: Sequence[tuple[DecisionRecord, Mapping[str, Sequence[RecordedFinding]]]],
    name: str,
) -> list[VersionFindings]:
    """Return what was found of a check, oldest version first, the one that the page is about last."""
    metric = findings[0].metric
    versions: list[VersionFindings] = []
    for one, by_check in history:
        # A check of the same name on another metric is another one.
        same = [finding for finding in by_check.get(name, ()) if finding.metric == metric]
        if one.model_package is not None and same:
            versions.append(VersionFindings(one.model_package.version, same))
    number = 0 if record.model_package is None else record.model_package.version
    return [*versions, VersionFindings(number, findings)]


def _list_charts(
    name: str, findings: Sequence[RecordedFinding], versions: Sequence[VersionFindings]
) -> Iterator[_Chart]:
    values = draw_values(name, findings)
    if values is not None:
        with_value = sum(finding.value is not None for finding in findings)
        some = f"; the {MOST_ROWS} of {with_value:,} that ask for most" if with_value > MOST_ROWS else ""
        limit = format_limit(findings[0].limit)
        ring = "Ring: the baseline. " if any(finding.baseline for finding in findings) else ""
        yield _Chart(
            Markup(values),  # noqa: S704 - written by an XML serialiser, which escapes
            f"Dot: value. Bar: its interval. {ring}Dashed: the limit, {limit}{some}.",
        )
    trend = draw_trend(name, versions)
    if trend is not None:
        names = list_trend_names(findings)
        facets = len({finding.facet for finding in findings})
        some = f" of {MOST_LINES} of {facets:,} facets" if facets > MOST_LINES else ""
        yield _Chart(
            Markup(trend),  # noqa: S704 - as above
            f"Values{some} from version to version, this one last. Dashed: the limit of each decision.",
            names if len(names) > 1 else (),
        )
