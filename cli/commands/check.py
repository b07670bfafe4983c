"""`governance check`: judge local reports against a threshold file, with no AWS at all."""

from typing import Annotated

import typer

from cli.options.decision_outputs import OutputFiles
from cli.options.failures_only import FailuresOnly
from cli.options.output_format import DecisionFormat
from cli.options.thresholds_bucket import ThresholdsBucket


def command(
    thresholds: Annotated[
        str | None,
        typer.Argument(
            help="A threshold file (- is stdin), or with --group a folder; s3:// too. Left out with --in-force."
        ),
    ] = None,
    *,
    evidence: Annotated[
        list[str],
        typer.Option(
            "--evidence",
            "-e",
            metavar="PATH...",
            help="Reports, or folders: every *.json below; s3:// URIs, or - for stdin.",
        ),
    ],
    further_evidence: Annotated[list[str] | None, typer.Argument(metavar="PATH", hidden=True)] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline",
            metavar="PATH",
            help="The evidence of the version that was approved last; repeat it for more.",
        ),
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="NAME", help="Take the file that applies to this group.")
    ] = None,
    in_force: Annotated[
        bool, typer.Option("--in-force", help="Take what the gate judges the group by now; asks AWS.")
    ] = False,
    thresholds_bucket: ThresholdsBucket = None,
    output_format: Annotated[
        DecisionFormat,
        typer.Option(
            "--format", help="For people, a decision record, a comment, a test report, annotations."
        ),
    ] = DecisionFormat.TEXT,
    output: OutputFiles = None,
    failures: FailuresOnly = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Compute the figures again from results.jsonl, also where the file does not ask to.",
        ),
    ] = False,
) -> None:
    """Judge local reports against a threshold file; no AWS, unless --in-force asks for the one in force.

    Exits with 0 when the evidence would be approved, 1 rejected, 3 needs review, 2 could not try.
    """
    from cli.work.check import check

    check(
        thresholds=thresholds,
        evidence=evidence,
        further_evidence=further_evidence,
        baseline=baseline,
        group=group,
        in_force=in_force,
        thresholds_bucket=thresholds_bucket,
        output_format=output_format,
        output=output,
        failures=failures,
        verify=verify,
    )
