"""`governance thresholds get`: the threshold files in force, fetched as they were published."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from checks.errors import GovernanceError
from cli.options.thresholds_bucket import OfThresholdsBucket
from disk.writing import write_whole


def command(
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="Write the files there, each at its path."),
    ],
    thresholds_bucket: OfThresholdsBucket,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="VERSION", help="Those of an earlier version (`list --versions`)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that say something else.")] = False,
) -> None:
    """Fetch the threshold files in force into a folder, byte for byte as they were published.

    `publish` of that folder publishes the same. Files of the folder that are not in force stay.
    """
    from aws.clients import s3_client
    from checks.threshold_bundle import is_plain_path
    from pipelines.published_thresholds import PublishedThresholds

    published = PublishedThresholds(s3_client(), thresholds_bucket)
    if version is not None:
        contents = published.read_version(version).read_sources()
    else:
        in_force = published.read()
        if in_force.problem is not None:
            raise GovernanceError(in_force.problem)
        contents = in_force.contents
    if not contents:
        raise GovernanceError("no threshold file is in force; publish one")
    if strange := [source for source in contents if not is_plain_path(source)]:
        raise GovernanceError(f"{strange[0]!r}: no path below a folder; fetch this file by other means")
    others = [source for source, content in contents.items() if _is_other(output / source, content)]
    if others and not force:
        raise GovernanceError(
            f"{output / others[0]}: says something else already; give --force to replace it, or another folder"
        )
    for source, content in contents.items():
        write_whole(output / source, content)
        print(output / source)
    print(f"{len(contents)} file{'s'[: len(contents) != 1]} in {output}", file=sys.stderr)


def _is_other(path: Path, content: bytes) -> bool:
    return path.is_symlink() or (path.exists() and not (path.is_file() and path.read_bytes() == content))
