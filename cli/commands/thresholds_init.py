"""`governance thresholds init`: a commented threshold file to start from."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checks.errors import GovernanceError
from checks.tasks import Task
from disk.writing import write_whole

if TYPE_CHECKING:
    from checks.evidence import Evidence


def command(
    *,
    task: Annotated[Task, typer.Option("--task", help="What kind of model it is.")],
    group: Annotated[
        str, typer.Option("--group", metavar="NAME", help="The model package group that the file is for.")
    ],
    evidence: Annotated[
        list[str] | None,
        typer.Option(
            "--evidence",
            "-e",
            metavar="PATH",
            help="What scoring wrote: reports, folders, s3:// URIs; may be repeated.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there, and nothing on stdout."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it is there.")] = False,
) -> None:
    """Write a threshold file to start from, with a comment on each limit.

    With --evidence, only what it has measured is checked. Limits of quality are what it shows today, rounded; limits
    of principle, as on unsafe SQL or on bias, stay. Confidence is asked for where there are samples enough.
    """
    from aws.arns import validate_group_name
    from checks.starter_file import starter_file

    validate_group_name(group)
    text = starter_file(task, group, _readable_evidence(evidence) if evidence else None)
    if output is None:
        sys.stdout.write(text)
        return
    if not force and (output.exists() or output.is_symlink()):
        raise GovernanceError(f"{output}: is there already; give --force to replace it, or another name")
    write_whole(output, text.encode())
    print(f"written to {output}; check it with: governance thresholds validate {output}", file=sys.stderr)


def _readable_evidence(places: list[str]) -> "Evidence":
    """Read the evidence, saying which reports are none.

    Raises:
        GovernanceError: there is nothing to read, or no report can be read.
    """
    from cli.lookup.inputs import read_evidence

    evidence = read_evidence(places)
    problems = [
        f"{report.uri}: {report.problem}" for report in evidence.reports if report.problem is not None
    ]
    if len(problems) == len(evidence.reports):
        raise GovernanceError(
            "\n".join([*problems, "no report can be read: name the folder that scoring wrote to"])
        )
    for problem in problems:
        print(f"warning: {problem}", file=sys.stderr)
    return evidence
