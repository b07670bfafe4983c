"""The options that say which groups are governed: where the files in force are, and what is done about other groups."""

from typing import Annotated, Literal

import typer

from cli.options.bucket_name import check_bucket_name
from pipelines.step_settings import UngovernedGroups

ThresholdsBucket = Annotated[
    str | None,
    typer.Option(
        "--thresholds-bucket",
        metavar="NAME",
        envvar="GOVERNANCE_THRESHOLDS_BUCKET",
        callback=check_bucket_name,
        help="The stack's output ThresholdsBucket.",
    ),
]
OfThresholdsBucket = Annotated[
    str,
    typer.Option(
        "--thresholds-bucket",
        metavar="NAME",
        envvar="GOVERNANCE_THRESHOLDS_BUCKET",
        callback=check_bucket_name,
        help="The stack's output ThresholdsBucket.",
    ),
]
EvaluationCompute = Annotated[
    Literal["lambda", "processing"] | None,
    typer.Option(
        "--evaluation-compute",
        envvar="GOVERNANCE_EVALUATION_COMPUTE",
        help="The stack's output EvaluationCompute: a file that says verify needs processing.",
    ),
]
Ungoverned = Annotated[
    UngovernedGroups,
    typer.Option(
        "--ungoverned-groups",
        envvar="GOVERNANCE_UNGOVERNED_GROUPS",
        help="The stack's output UngovernedGroups: what it does about groups that no threshold file applies to.",
    ),
]
HeldTo = Annotated[
    str,
    typer.Option(
        "--model-package-groups",
        metavar="PATTERNS",
        envvar="GOVERNANCE_MODEL_PACKAGE_GROUPS",
        help="The stack's output ModelPackageGroups: the only groups that it reaches, with commas between them.",
    ),
]
