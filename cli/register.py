"""`governance register`: upload evidence, and register the version that it speaks for as pending."""

import hashlib
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from aws.arns import validate_group_name
from aws.clients import s3_client, sagemaker_client
from aws.evidence_store import S3EvidenceStore
from aws.model_packages import (
    ABOUT_PROPERTY,
    EVIDENCE_DIGEST_PROPERTY,
    EVIDENCE_PROPERTY,
    Registration,
)
from aws.model_registry import SageMakerModelRegistry
from aws.report_references import ReportReference, ReportSlot
from checks.errors import GovernanceError
from checks.evidence import Report
from checks.manifest import Manifest
from checks.reports import REPORT_PATTERNS
from checks.subject import JudgedModel, Subject
from cli.inputs import read_evidence

# Where a report of each format is attached; of several for one slot the first is, and the others are found under
# the evidence prefix.
SLOTS: Mapping[str, ReportSlot] = {
    "sagemaker_evaluation": ReportSlot.MODEL_QUALITY_STATISTICS,
    "sagemaker_model_card": ReportSlot.MODEL_QUALITY_STATISTICS,
    "ragas": ReportSlot.MODEL_QUALITY_STATISTICS,
    "fmeval": ReportSlot.MODEL_QUALITY_STATISTICS,
    "lm_eval": ReportSlot.MODEL_QUALITY_STATISTICS,
    "inspect_log": ReportSlot.MODEL_QUALITY_STATISTICS,
    "bedrock_evaluation": ReportSlot.MODEL_QUALITY_STATISTICS,
    "sagemaker_evaluators": ReportSlot.MODEL_QUALITY_STATISTICS,
    "trainer_state": ReportSlot.MODEL_QUALITY_STATISTICS,
    "figures": ReportSlot.MODEL_QUALITY_STATISTICS,
    "clarify_bias": ReportSlot.BIAS_REPORT,
    "clarify_explainability": ReportSlot.EXPLAINABILITY_REPORT,
    "model_monitor_statistics": ReportSlot.MODEL_DATA_QUALITY_STATISTICS,
    "model_monitor_constraints": ReportSlot.MODEL_DATA_QUALITY_CONSTRAINTS,
}


def command(
    *,
    group: Annotated[
        str, typer.Option("--group", metavar="NAME", help="Model package group; made if absent.")
    ],
    evidence: Annotated[
        Path,
        typer.Option("--evidence", metavar="DIR", help=f"Folder of reports: every {REPORT_PATTERNS} below."),
    ],
    image: Annotated[str, typer.Option("--image", metavar="URI", help="Inference image of the version.")],
    model_data: Annotated[
        str | None, typer.Option("--model-data", metavar="URI", help="S3 URI of the model archive.")
    ] = None,
    about: Annotated[
        str | None,
        typer.Option(
            "--about", metavar="NAME", help="The model's name as scoring said it, if not the group's."
        ),
    ] = None,
    evidence_bucket: Annotated[
        str,
        typer.Option(
            "--evidence-bucket",
            metavar="NAME",
            envvar="GOVERNANCE_EVIDENCE_BUCKET",
            help="The stack's output EvidenceBucket.",
        ),
    ],
) -> None:
    """Upload evidence and register a version that waits for the gate's decision.

    The ARN of the version is all that is printed on stdout. Evidence that cannot be read is refused before anything
    is uploaded: the gate would not approve it either.
    """
    validate_group_name(group)
    reports = readable_reports(evidence)
    prefix = f"s3://{evidence_bucket}/{group}/{_unique_name(datetime.now(UTC))}/"
    store = S3EvidenceStore(s3_client(), [evidence_bucket])
    subject = Subject(name=about, group=group, image=image, model_data=model_data)
    for doubt in doubts_about(reports, subject):
        print(f"warning: {doubt}", file=sys.stderr)
    uploaded = store.upload(evidence, prefix)
    manifest = manifest_of(uploaded, prefix, subject)
    store.add_manifest(prefix, manifest)
    attached = list(attach(uploaded, formats_by_name(reports, evidence)))
    registration = Registration(
        group=group,
        image=image,
        model_data=model_data,
        reports=[reference for reference in attached if reference.slot is not None],
        metadata={
            EVIDENCE_PROPERTY: prefix,
            EVIDENCE_DIGEST_PROPERTY: f"sha256:{hashlib.sha256(manifest).hexdigest()}",
            **({} if about is None else {ABOUT_PROPERTY: about}),
        },
    )
    arn = SageMakerModelRegistry(sagemaker_client()).register(registration)
    for reference in attached:
        print(f"{reference.slot or 'under the evidence prefix'}: {reference.uri}", file=sys.stderr)
    print(arn)


def readable_reports(folder: Path) -> tuple[Report, ...]:
    """Return the reports of `folder` as the gate would read them.

    Raises:
        GovernanceError: it is no folder, or one of them cannot be read; all of these are named.
    """
    if not folder.is_dir():
        raise GovernanceError(f"{folder}: not a folder; --evidence is the folder that scoring wrote to")
    reports = read_evidence([folder]).reports
    problems = [f"{report.uri}: {report.problem}" for report in reports if report.problem is not None]
    if problems:
        raise GovernanceError(
            "\n".join([*problems, "nothing was uploaded: mend these reports, or take them out of the folder"])
        )
    return reports


def doubts_about(reports: Iterable[Report], subject: Subject) -> Iterator[str]:
    """Yield for each report that says it is about another model what the gate will say."""
    model = JudgedModel(subject.name or str(subject.group), str(subject.group), [subject])
    for report in reports:
        if report.subject is not None and (otherwise := model.disagreements(report.subject)):
            yield (
                f"{report.uri}: it is about another model: it says {', '.join(otherwise)}; "
                "the gate asks for review, unless the thresholds say otherwise"
            )


def manifest_of(uploaded: Iterable[ReportReference], prefix: str, subject: Subject) -> bytes:
    """Return the manifest of the uploaded reports, whose digest is registered with the version."""
    digests = {ref.uri.removeprefix(prefix): str(ref.content_digest) for ref in uploaded}
    return Manifest(
        subject, {path: digest.removeprefix("sha256:") for path, digest in digests.items()}
    ).to_bytes()


def formats_by_name(reports: Iterable[Report], folder: Path) -> dict[str, list[str]]:
    """Return the formats of each report by its path below `folder`."""
    return {Path(report.uri).relative_to(folder).as_posix(): report.format.split("+") for report in reports}


def attach(
    uploaded: Iterable[ReportReference], formats: Mapping[str, list[str]]
) -> Iterator[ReportReference]:
    """Give each uploaded report the slot of its format, as long as that slot is free."""
    taken: set[ReportSlot] = set()
    for reference in uploaded:
        name = next(name for name in formats if reference.uri.endswith(f"/{name}"))
        free = (slot for form in formats[name] if (slot := SLOTS.get(form)) and slot not in taken)
        slot = next(free, None)
        if slot is not None:
            taken.add(slot)
        yield replace(reference, slot=slot)


def _unique_name(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
