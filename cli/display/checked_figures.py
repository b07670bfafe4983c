"""The checked figures of versions side by side: which columns a table has, and what a chart shows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from checks.decision import Outcome
from checks.decision_record import RecordedFinding
from checks.errors import GovernanceError
from checks.finding_text import format_limit, write_difference
from checks.limits import read_limit
from checks.text import one_line
from cli.display.chart import Point, chart
from cli.lookup.group_versions import GroupVersion

MOST_NAMED = 20


class CheckedFigure(Struct, frozen=True):
    """What was checked: a metric, as a whole or of one facet."""

    metric: str
    facet: str | None

    def __str__(self) -> str:
        """The figure on one line."""
        return one_line(self.metric if self.facet is None else f"{self.metric} [{self.facet}]")


def figures_of(versions: Sequence[GroupVersion]) -> list[CheckedFigure]:
    """Return every checked figure: those that the newest version missed first, then in the order of its record."""
    newest_first = sorted(versions, key=lambda version: version.version, reverse=True)
    findings = [finding for version in newest_first for finding in findings_of(version)]
    newest = findings_of(newest_first[0]) if newest_first else ()
    missed = [finding for finding in newest if finding.consequence is not None]
    return list(dict.fromkeys(_figure(finding) for finding in [*missed, *findings] if finding.metric))


def chosen(figures: Sequence[CheckedFigure], metrics: Sequence[str]) -> list[CheckedFigure]:
    """Return the figures that `metrics` name, by the metric, its last part, or as `METRIC [FACET]`; all without any.

    Raises:
        GovernanceError: one names no figure; the message lists those that there are.
    """
    if not metrics:
        return list(figures)
    found: list[CheckedFigure] = []
    for metric in metrics:
        named = [f for f in figures if metric in (str(f), f.metric, f.metric.rpartition(".")[2])]
        if not named:
            names = ", ".join(str(figure) for figure in figures[:MOST_NAMED]) or "none"
            raise GovernanceError(f"{metric}: no decision checked such a metric; checked were {names}")
        found += named
    return list(dict.fromkeys(found))


def findings_of(version: GroupVersion) -> tuple[RecordedFinding, ...]:
    """Return the findings of the decision that is shown with a version."""
    return () if version.judgement is None else version.judgement.record.findings


def finding_about(version: GroupVersion, figure: CheckedFigure) -> RecordedFinding | None:
    """Return what a version's decision found about a figure; of several checks, one that asks for something."""
    found = [finding for finding in findings_of(version) if _figure(finding) == figure]
    return next((finding for finding in found if finding.consequence is not None), next(iter(found), None))


def headings(figures: Sequence[CheckedFigure]) -> list[str]:
    """Return what heads the column of each figure: the last part of the metric where that tells it from the others."""
    metrics = {figure.metric for figure in figures}
    times = Counter(_last_part(metric) for metric in metrics)
    heads = []
    for figure in figures:
        last = _last_part(figure.metric)
        lines = [figure.metric if times[last] > 1 else last]
        if figure.facet:
            lines.append(f"[{figure.facet}]")
        heads.append("\n".join(map(one_line, lines)))
    return heads


def _last_part(metric: str) -> str:
    return metric.rpartition(".")[2]


def chart_of(
    versions: Sequence[GroupVersion], figures: Iterable[CheckedFigure], *, columns: int, ascii_only: bool
) -> str:
    """Return a chart of the first of `figures` that has a value, oldest version first; a sentence where none has."""
    oldest_first = sorted(versions, key=lambda version: version.version)
    for figure in figures:
        found = [(version, finding_about(version, figure)) for version in oldest_first]
        points = [
            Point(version.version, finding.value, *recorded_bounds(finding.limit))
            for version, finding in found
            if finding is not None and finding.value is not None
        ]
        if points:
            with_value = [
                finding for _, finding in found if finding is not None and finding.value is not None
            ]
            newest_limit = with_value[-1].limit
            limit = f", limit {format_limit(newest_limit)}" if newest_limit else ""
            return chart(f"{figure}{limit}", points, columns=columns, ascii_only=ascii_only)
    return "no chart: no decision has a value"


def recorded_bounds(limit: Mapping[str, object]) -> tuple[float | None, float | None]:
    """Return the lower and the upper number at which a recorded limit is drawn; `None` where it has none."""
    known = read_limit(limit)
    return (None, None) if known is None else known.bounds


def value_text(finding: RecordedFinding | None) -> str:
    """Return a value for a table, by how much it differs from the baseline's, and what came of it but passing."""
    if finding is None:
        return "-"
    value = "-" if finding.value is None else f"{finding.value:.4g}"
    if finding.value is not None and finding.baseline is not None:
        value += f" ({write_difference(finding)})"
    return value if finding.outcome is Outcome.PASSED else f"{value} {finding.outcome}"


def _figure(finding: RecordedFinding) -> CheckedFigure:
    return CheckedFigure(finding.metric, finding.facet)
