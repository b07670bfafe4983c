"""`governance register`: look at how the gate would decide, upload the evidence, register the version as pending."""

from pathlib import Path
from typing import Annotated, Any

import typer

from checks.report_files import REPORT_PATTERNS
from cli.options.bucket_name import check_bucket_name
from cli.options.decisions_bucket import DecisionsBucket
from cli.options.durations import DEFAULT_TIMEOUT
from cli.options.thresholds_bucket import ThresholdsBucket
from pipelines.only_if import OnlyIf


def _option(name: str, metavar: str, what: str) -> Any:  # as Typer types its own
    """An option that takes a value."""
    return typer.Option(name, metavar=metavar, help=what)


def command(
    *,
    group: Annotated[
        str, typer.Option("--group", metavar="NAME", help="Model package group; made if absent.")
    ],
    evidence: Annotated[
        str,
        typer.Option(
            "--evidence",
            metavar="DIR",
            help=f"Folder of reports, or s3://bucket/prefix/: every {REPORT_PATTERNS} below.",
        ),
    ],
    registry_account: Annotated[
        str | None,
        _option("--registry-account", "ID", "The group's account, if another one, which shares it."),
    ] = None,
    image: Annotated[
        list[str] | None,
        _option("--image", "URI", "Inference image; repeat for several containers, leave out for none."),
    ] = None,
    model_data: Annotated[
        list[str] | None,
        _option("--model-data", "URI", "S3 URI of the model archive, one for each container."),
    ] = None,
    about: Annotated[
        str | None,
        _option("--about", "NAME", "The model's name as scoring said it, if not the group's."),
    ] = None,
    description: Annotated[
        str | None, _option("--description", "TEXT", "One line about the version.")
    ] = None,
    tag: Annotated[
        list[str] | None,
        _option("--tag", "KEY=VALUE", "A tag of the group, which versions share; may be repeated."),
    ] = None,
    metadata: Annotated[
        list[str] | None,
        _option("--metadata", "KEY=VALUE", "A metadata property; may be repeated."),
    ] = None,
    task: Annotated[
        str | None, _option("--task", "NAME", "Such as CLASSIFICATION or TEXT_GENERATION.")
    ] = None,
    domain: Annotated[str | None, _option("--domain", "NAME", "Such as MACHINE_LEARNING.")] = None,
    content_type: Annotated[
        list[str] | None,
        _option("--content-type", "MIME", "What the model takes; may be repeated."),
    ] = None,
    response_type: Annotated[
        list[str] | None,
        _option("--response-type", "MIME", "What the model answers; may be repeated."),
    ] = None,
    specification: Annotated[
        Path | None,
        _option("--specification", "FILE", "JSON with further fields of CreateModelPackage."),
    ] = None,
    from_package: Annotated[
        str | None,
        _option("--from-package", "ARN", "Take over the specification of this version."),
    ] = None,
    thresholds: Annotated[
        str | None,
        _option("--thresholds", "PATH", "File, folder or s3:// URI to check by, not those in force."),
    ] = None,
    only_if: Annotated[
        OnlyIf | None,
        typer.Option("--only-if", help="Register only what would be approved, or at worst reviewed."),
    ] = None,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Register without a look at the likely decision.")
    ] = False,
    ungoverned: Annotated[
        bool, typer.Option("--ungoverned", help="Also into a group that no threshold file applies to.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="A new version even where the same inputs are registered.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Then wait for the decision, as `governance wait` does.")
    ] = False,
    timeout: Annotated[
        str | None,
        typer.Option("--timeout", metavar="TIME", help=f"With --wait: at most so long [{DEFAULT_TIMEOUT}]."),
    ] = None,
    evidence_bucket: Annotated[
        str,
        typer.Option(
            "--evidence-bucket",
            metavar="NAME",
            envvar="GOVERNANCE_EVIDENCE_BUCKET",
            callback=check_bucket_name,
            help="The stack's output EvidenceBucket.",
        ),
    ],
    thresholds_bucket: ThresholdsBucket = None,
    decisions_bucket: DecisionsBucket = None,
) -> None:
    """Show how the gate would decide, upload the evidence, and register the version as pending.

    The ARN of the version is all that is printed on stdout. Whatever would be refused is refused before anything is
    uploaded. The same command again finds the version that it registered, or goes on where it was interrupted.
    Exits with 0 when the version is registered; when --only-if stops it with 1 (it would be rejected) or 3 (it would
    need review); with --wait as `governance wait` does.
    """
    from cli.work.register import register

    register(
        group=group,
        evidence=evidence,
        registry_account=registry_account,
        image=image,
        model_data=model_data,
        about=about,
        description=description,
        tag=tag,
        metadata=metadata,
        task=task,
        domain=domain,
        content_type=content_type,
        response_type=response_type,
        specification=specification,
        from_package=from_package,
        thresholds=thresholds,
        only_if=only_if,
        no_check=no_check,
        ungoverned=ungoverned,
        again=again,
        wait=wait,
        timeout=timeout,
        evidence_bucket=evidence_bucket,
        thresholds_bucket=thresholds_bucket,
        decisions_bucket=decisions_bucket,
    )
