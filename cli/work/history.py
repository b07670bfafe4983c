"""`governance history`: a group's versions with the values that were checked, and a chart of one of them."""

import sys
from collections.abc import Iterator, Mapping, Sequence

from msgspec import to_builtins
from rich.console import Console
from rich.table import Table
from rich.text import Text

from checks.decision_record import DecisionRecord, RecordedFinding
from checks.finding_text import find_pairing, format_limit
from cli.display.checked_figures import (
    CheckedFigure,
    chart_of,
    chosen,
    figures_of,
    finding_about,
    findings_of,
    headings,
    value_text,
)
from cli.display.decision_text import OUTCOME_STYLES
from cli.display.terminal import clean_text, console_for
from cli.display.version_status import NOT_LOOKED
from cli.lookup.decisions_place import log_at, log_of
from cli.lookup.group_versions import (
    GroupVersion,
    list_registered,
    oldest_first,
    require_recorded,
    require_registered,
    status_text,
)
from cli.options.output_format import (
    Format,
    columns,
    is_ascii_only,
    print_json,
    wants_chart,
)

SCHEMA = "governance.history/1"
LOOKED_AT_FOR_A_LOG = 5  # versions whose metadata may say where records are
MOST_FIGURES = 50  # columns: a facet may have hundreds of groups


def show_history(
    *,
    group: str,
    metric: list[str] | None,
    newest: int,
    decisions: str | None,
    decisions_bucket: str | None,
    output_format: Format,
    chart: bool | None,
) -> None:
    """Carry out `governance history`, whose arguments these are."""
    if decisions is not None:
        versions = require_recorded(group, log_at(decisions), decisions, most=newest)
    else:
        versions = _registered(group, newest, decisions_bucket)
    versions = oldest_first(versions)
    figures = chosen(figures_of(versions), metric or ())
    if output_format is Format.JSON:
        print_json(
            {"schema": SCHEMA, "group": group, "versions": [_json(version, figures) for version in versions]}
        )
        return
    with console_for(sys.stdout) as console:
        _print(console, versions, figures)
    if wants_chart(chart):
        print()
        print(chart_of(versions, figures, columns=columns(), ascii_only=is_ascii_only()))


def _registered(group: str, newest: int, bucket: str | None) -> list[GroupVersion]:
    from aws.clients import s3_client, sagemaker_client  # noqa: PLC0415
    from aws.model_registry import SageMakerModelRegistry  # noqa: PLC0415

    registry = SageMakerModelRegistry(sagemaker_client())
    log = log_of([], s3_client(), bucket)
    summaries = require_registered(group, registry, log, most=newest)
    if not summaries and log is not None:
        return require_recorded(group, log, str(bucket), most=newest)
    if log is None:
        packages = (registry.describe(one.arn) for one in summaries[:LOOKED_AT_FOR_A_LOG])
        log = log_of(packages, s3_client(), None)
    if log is None:
        print(f"no values: {NOT_LOOKED}, or give --decisions", file=sys.stderr)
    return list_registered(summaries, log)


def _print(console: Console, versions: Sequence[GroupVersion], figures: Sequence[CheckedFigure]) -> None:
    shown = _fitting(console, versions, figures[:MOST_FIGURES])
    console.print(_table(versions, shown))
    if left := figures[len(shown) :]:
        names = ", ".join(str(figure) for figure in left[:MOST_FIGURES])
        console.print()
        console.print(clean_text(f"checked too: {names}; --metric shows one"))
    compared = list(_list_comparisons(versions, shown))
    if compared:
        console.print()
        console.print("Beside the baseline:")
    for line in compared:
        console.print(clean_text(line))


def _list_comparisons(versions: Sequence[GroupVersion], figures: Sequence[CheckedFigure]) -> Iterator[str]:
    """Yield of each shown value how it was compared with the baseline's: item by item, or not, and why not."""
    for version in versions:
        for figure in figures:
            finding = finding_about(version, figure)
            pairing = None if finding is None else find_pairing(finding)
            if pairing is not None:
                yield f"  version {version.version}, {figure}: {pairing}"


def _fitting(
    console: Console, versions: Sequence[GroupVersion], figures: Sequence[CheckedFigure]
) -> Sequence[CheckedFigure]:
    """Return as many of the first figures as the width has room for, at least one."""
    for count in range(len(figures), 1, -1):
        wide = console.options.update(width=100_000)
        if console.measure(_table(versions, figures[:count]), options=wide).maximum <= console.width:
            return figures[:count]
    return figures[:1]


def _table(versions: Sequence[GroupVersion], figures: Sequence[CheckedFigure]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("Version", "Decision", "Status", "Decided"):
        table.add_column(name, no_wrap=True)
    for heading in headings(figures):
        table.add_column(Text(heading), overflow="fold")
    for version in versions:
        table.add_row(
            str(version.version), *_decision_cells(version), *(_value(version, figure) for figure in figures)
        )
    newest = [_newest_limit(versions, figure) for figure in figures]
    table.add_row("", "", "", "limit", *newest, style="dim")
    return table


def _decision_cells(version: GroupVersion) -> tuple[Text, Text, Text]:
    status = clean_text(status_text(version.status))
    if version.judgement is None:
        return Text("-"), status, Text("-")
    record = version.judgement.record
    return Text(record.headline), status, Text(record.decided_at[:10])


def _value(version: GroupVersion, figure: CheckedFigure) -> Text:
    finding = finding_about(version, figure)
    return Text(value_text(finding), "" if finding is None else OUTCOME_STYLES[finding.outcome])


def _newest_limit(versions: Sequence[GroupVersion], figure: CheckedFigure) -> Text:
    found = (finding_about(version, figure) for version in reversed(versions))
    finding = next((one for one in found if one is not None), None)
    return Text("-") if finding is None else clean_text(format_limit(finding.limit))


def _json(version: GroupVersion, figures: Sequence[CheckedFigure]) -> Mapping[str, object]:
    judgement = version.judgement
    wanted = set(figures)
    return {
        "version": version.version,
        "arn": version.arn,
        "status": version.status,
        "decision": None if judgement is None else judgement.record.decision,
        "decided_at": None if judgement is None else judgement.record.decided_at,
        "record": None if judgement is None else judgement.uri,
        **({} if judgement is None else _baseline_json(judgement.record)),
        "values": [
            _value_json(finding)
            for finding in findings_of(version)
            if CheckedFigure(finding.metric, finding.facet) in wanted
        ],
    }


def _baseline_json(record: DecisionRecord) -> Mapping[str, str]:
    """Return the version that the decision compares with, where it does with one."""
    if record.baseline is None or record.baseline.model_package_arn is None:
        return {}
    return {"baseline": record.baseline.model_package_arn}


def _value_json(finding: RecordedFinding) -> Mapping[str, object]:
    named = {"check", "metric", "facet", "outcome", "value", "limit", "baseline"}
    value = {key: said for key, said in to_builtins(finding).items() if key in named}
    pairing = find_pairing(finding)
    return value if pairing is None else {**value, "pairing": pairing}
