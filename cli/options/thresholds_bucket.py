"""The options that say where the files in force are, and what judges by them."""

from typing import Annotated, Literal

import typer

from cli.options.bucket_name import check_bucket_name

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
