"""`governance explain`: a decision record, or the status of a version, for people."""

from typing import Annotated

import typer

from cli.options.annotated_files import AnnotatedFiles
from cli.options.decision_outputs import OutputFiles
from cli.options.decisions_bucket import DecisionsBucket
from cli.options.failures_only import FailuresOnly
from cli.options.governed_groups import HeldTo, Ungoverned
from cli.options.output_format import DecisionFormat
from cli.options.thresholds_bucket import ThresholdsBucket
from pipelines.step_settings import EVERY_GROUP, UngovernedGroups


def command(
    decision: Annotated[
        str,
        typer.Argument(help="A decision record (a file, an s3:// URI, - for stdin), or a version's ARN."),
    ],
    *,
    items: Annotated[
        int, typer.Option("--items", min=0, max=1_000, help="How many of the worst items of a failed figure.")
    ] = 5,
    decisions_bucket: DecisionsBucket = None,
    thresholds_bucket: ThresholdsBucket = None,
    ungoverned_groups: Ungoverned = UngovernedGroups.IGNORE,
    model_package_groups: HeldTo = EVERY_GROUP,
    output_format: Annotated[
        DecisionFormat,
        typer.Option(
            "--format", help="For people, the decision record, a comment, a test report, annotations."
        ),
    ] = DecisionFormat.TEXT,
    output: OutputFiles = None,
    annotate: AnnotatedFiles = None,
    failures: FailuresOnly = False,
) -> None:
    """Show a decision record for people: the verdict, every finding, and why; or, of a version, what gave its status.

    Behind a figure that failed come the items that cost it most, where the evidence still has item results.

    Exits with 0 when it could be shown, whatever was decided; 3 when no decision about the version exists, or when it
    is approved without one.
    """
    from cli.work.explain import explain

    explain(
        decision=decision,
        items=items,
        decisions_bucket=decisions_bucket,
        thresholds_bucket=thresholds_bucket,
        ungoverned_groups=ungoverned_groups,
        model_package_groups=model_package_groups,
        output_format=output_format,
        output=output,
        annotate=annotate,
        failures=failures,
    )
