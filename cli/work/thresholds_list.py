"""`governance thresholds list`: what is in force, since when and by whom, and what was before."""

import sys
from collections.abc import Mapping, Sequence

from rich.table import Table

from aws.clients import s3_client
from checks.errors import GovernanceError
from cli.display.terminal import clean_text, console_for
from cli.lookup.publishing import list_left_over, write_time
from cli.options.output_format import Format, print_json
from pipelines.published_thresholds import PublishedThresholds, ThresholdsInForce

_Row = Mapping[str, object]


def list_in_force(
    *,
    thresholds_bucket: str,
    versions: bool,
    output_format: Format,
) -> None:
    """Carry out `governance thresholds list`, whose arguments these are."""
    published = PublishedThresholds(s3_client(), thresholds_bucket)
    if versions:
        rows = _list_versions(published)
        if output_format is Format.JSON:
            print_json({"versions": rows})
        else:
            _show(rows, "no bundle was published yet")
        return
    in_force = published.read()
    if in_force.problem is not None:
        raise GovernanceError(in_force.problem)
    rows = _list_files(published, in_force)
    if output_format is Format.JSON:
        print_json({"bundle": _describe_bundle(in_force), "files": rows})
    else:
        _show(rows, "no threshold file is in force")
        for line in list_left_over(in_force):
            print(line, file=sys.stderr)


def _list_files(published: PublishedThresholds, in_force: ThresholdsInForce) -> list[_Row]:
    starts = published.find_starts(in_force)
    return [
        {
            "name": file.name,
            "groups": list(file.applies_to),
            "checks": len(file.checks),
            "mode": file.mode,
            "since": write_time(starts[file.name].at),
            "published_by": starts[file.name].by,
            "source": file.source,
            "sha256": file.sha256,
        }
        for file in in_force.files
    ]


def _describe_bundle(in_force: ThresholdsInForce) -> _Row | None:
    bundle = in_force.bundle
    if bundle is None:
        return None
    return {
        "uri": str(bundle.uri),
        "sha256": bundle.sha256,
        "published_at": write_time(bundle.published_at),
        "published_by": bundle.published_by,
    }


def _list_versions(published: PublishedThresholds) -> list[_Row]:
    rows: list[_Row] = []
    for listed in published.list_versions():
        version = published.read_version(listed.version_id)
        rows.append(
            {
                "version": listed.version_id,
                "published_at": write_time(version.published_at),
                "published_by": version.published_by,
                "sha256": version.sha256,
            }
        )
    return rows


def _show(rows: Sequence[_Row], otherwise: str) -> None:
    if not rows:
        print(otherwise)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in rows[0]:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(clean_text(_write(value)) for value in row.values()))
    with console_for(sys.stdout) as console:
        console.print(table)


def _write(value: object) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) or "-" if isinstance(value, list) else str(value)
