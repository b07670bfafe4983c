"""`governance thresholds validate`: every problem in threshold files."""

from typing import Annotated

import typer

from cli.options.strict import Strict


def command(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Threshold files (- is stdin), or folders: every *.yaml and *.yml below; s3:// too."
        ),
    ],
    *,
    strict: Strict = False,
) -> None:
    """List every problem in threshold files, each with file:line:column.

    A problem is also a limit that no value of its metric can miss or meet, and a pattern that matches nothing. What
    probably says other than was meant is a warning. Files given together must agree which of them applies to a group.
    Exits with 2 when there is a problem.
    """
    from cli.lookup.threshold_sets import examine_together, read_threshold_files

    for file in examine_together(read_threshold_files(paths), strict=strict).files:
        count = len(file.checks)
        groups = (", ".join(file.applies_to) or "no group: others extend it") + (
            ", and with the suffix of MLflow" if file.mlflow_suffix else ""
        )
        print(f"{file.source}: {file.name}: {count} check{'s'[: count != 1]}, for {groups}")
