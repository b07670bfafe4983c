"""`governance wait`: follow the executions that judge versions, and exit with what came of them."""

from typing import Annotated

import typer

from cli.options.annotated_files import AnnotatedFiles
from cli.options.decision_outputs import OutputFiles
from cli.options.decisions_bucket import DecisionsBucket
from cli.options.durations import DEFAULT_TIMEOUT
from cli.options.failures_only import FailuresOnly
from cli.options.governed_groups import HeldTo, Ungoverned
from cli.options.output_format import DecisionFormat
from cli.options.thresholds_bucket import ThresholdsBucket
from pipelines.step_settings import EVERY_GROUP, PIPELINE_NAME, UngovernedGroups


def command(
    arns: Annotated[
        list[str],
        typer.Argument(metavar="ARN...", help="Versions' ARNs, as `governance register` prints them."),
    ],
    *,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="Such as 90s, 30m, 1h30m or 1d, for all of them.")
    ] = DEFAULT_TIMEOUT,
    pipeline: Annotated[
        str,
        typer.Option(
            "--pipeline", metavar="NAME", envvar="GOVERNANCE_PIPELINE_NAME", help="The governance pipeline."
        ),
    ] = PIPELINE_NAME,
    decisions_bucket: DecisionsBucket = None,
    thresholds_bucket: ThresholdsBucket = None,
    ungoverned_groups: Ungoverned = UngovernedGroups.IGNORE,
    model_package_groups: HeldTo = EVERY_GROUP,
    output_format: Annotated[
        DecisionFormat,
        typer.Option(
            "--format",
            help="For people, JSON (an object, of several ARNs an array), a comment, a test report, annotations.",
        ),
    ] = DecisionFormat.TEXT,
    output: OutputFiles = None,
    annotate: AnnotatedFiles = None,
    failures: FailuresOnly = False,
) -> None:
    """Wait for the decisions about versions; print each with its reasons, and exit with the worst of their codes.

    Exits with 0 when the version is approved, 1 rejected, 3 when it asks for review, no threshold file applies to its
    group, or it is approved without any decision, 2 when the gate could not judge, nothing was started, or the time is
    over. Of several versions 1 is the worst, then 2, then 3, then 0.
    """
    from cli.work.wait import wait

    wait(
        arns=arns,
        timeout=timeout,
        pipeline=pipeline,
        decisions_bucket=decisions_bucket,
        thresholds_bucket=thresholds_bucket,
        ungoverned_groups=ungoverned_groups,
        model_package_groups=model_package_groups,
        output_format=output_format,
        output=output,
        annotate=annotate,
        failures=failures,
    )
