"""All that registering a version will do, known before anything is changed, and then done in this order."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from aws.evidence_store import S3EvidenceStore
from aws.model_packages import ModelPackage, ModelPackageGoneError, Registration
from aws.model_registry import SageMakerModelRegistry
from aws.registry_names import ABOUT_PROPERTY, EVIDENCE_DIGEST_PROPERTY, EVIDENCE_PROPERTY, PENDING
from aws.report_references import ReportReference
from aws.sagemaker_shapes import containers, registration_request
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.evidence import Report
from checks.manifest import Manifest
from checks.report_files import is_report_file
from checks.subject import Subject
from pipelines.new_version import NewVersion
from pipelines.report_slots import attach

CLOCK_SKEW = timedelta(minutes=10)  # how far the clocks of S3 and SageMaker may be apart
_ID_CHARACTERS = 32  # of the prefix and the ClientToken, which has at most 36


class RegisteredVersion(Struct, frozen=True):
    """A version that waits for the gate, or that was registered before with the same inputs.

    `likely` is how the gate would decide by the thresholds that were looked at, `None` where none were; `evidence` is
    the S3 URI of the prefix that the evidence is under, `reports` are its reports with their slots. `is_new` is false
    where the version existed already; `approval_status` is the status that it has.
    """

    arn: str
    evidence: str
    reports: tuple[ReportReference, ...]
    likely: DecisionRecord | None
    is_new: bool
    approval_status: str


class RegistrationPlan(Struct, frozen=True):
    """All that is to be done, made before anything is changed.

    `files` are the SHA-256 of all files of evidence by their paths, `reports` what was read of those that are reports,
    `registration` what is registered, without the parts that depend on where the evidence is.
    """

    version: NewVersion
    registration: Registration
    files: Mapping[str, str]
    reports: tuple[Report, ...]
    registry: SageMakerModelRegistry
    store: S3EvidenceStore
    prefix: str
    token: str

    @property
    def subjects(self) -> list[Subject]:
        """What the registry will say of each container."""
        return [
            Subject(
                image=one.image,
                image_digest=one.image_digest,
                model_data=one.model_data,
                model_data_etag=one.model_data_etag,
            )
            for one in containers(registration_request(self.registration))
        ]

    def manifest(self) -> bytes:
        """Return the manifest of the reports, whose digest is registered with the version."""
        subjects = self.subjects
        subject = Subject(
            name=self.version.about,
            group=self.version.group,
            image=next((one.image for one in subjects if one.image), None),
            model_data=next((one.model_data for one in subjects if one.model_data), None),
        )
        digests = {name: digest for name, digest in self.files.items() if is_report_file(name)}
        return Manifest(subject, digests).to_bytes()

    def attached(self) -> tuple[ReportReference, ...]:
        """Return where each report will be, with its digest and its slot."""
        return tuple(attach({self.prefix + name: report for name, report in self.reports_by_name().items()}))

    def reports_by_name(self) -> dict[str, Report]:
        """Return the reports by their paths below the folder of evidence."""
        return {Path(one.uri).relative_to(self.version.evidence).as_posix(): one for one in self.reports}

    def complete(self) -> Registration:
        """Return what is registered, with its reports and the metadata that lead to them."""
        about = {} if self.version.about is None else {ABOUT_PROPERTY: self.version.about}
        own = {
            EVIDENCE_PROPERTY: self.prefix,
            EVIDENCE_DIGEST_PROPERTY: f"sha256:{hashlib.sha256(self.manifest()).hexdigest()}",
            **about,
        }
        return replace(
            self.registration,
            reports=[reference for reference in self.attached() if reference.slot is not None],
            metadata={**self.registration.metadata, **own},
            token=self.token,
        )

    def registered_before(self) -> ModelPackage | None:
        """Return the version that was registered with this very evidence and specification, if any.

        The manifest is uploaded last: without it there is no such version, and none is older than it.
        """
        written = self.store.manifest_written_at(self.prefix)
        if written is None:
            return None
        for summary in self.registry.list(self.version.group):
            if summary.created < written - CLOCK_SKEW:
                return None
            try:
                package = self.registry.describe(summary.arn)
            except ModelPackageGoneError:
                continue
            if package.evidence_prefix == self.prefix:
                return package
        return None

    def carry_out(self, likely: DecisionRecord | None, say: Callable[[str], None]) -> RegisteredVersion:
        """Upload, then register."""
        registration = self.complete()
        say(f"uploading {len(self.files)} file{'s'[: len(self.files) != 1]} to {self.prefix}")
        with note_on_failure(
            f"no version was registered; part of the evidence may be under {self.prefix} and does no harm: the same "
            "call goes on where this one stopped"
        ):
            self.store.upload(self.version.evidence, self.prefix, expected=self.files)
            self.store.add_manifest(self.prefix, self.manifest())
        with note_on_failure(
            f"the evidence is under {self.prefix}; no version is known to be registered with it: the same call "
            "finds the version, or registers it"
        ):
            arn = self.registry.register(registration)
        return self.result(arn, likely, is_new=True, approval_status=PENDING)

    def result(
        self, arn: str, likely: DecisionRecord | None, *, is_new: bool, approval_status: str
    ) -> RegisteredVersion:
        """Return the result."""
        return RegisteredVersion(arn, self.prefix, self.attached(), likely, is_new, approval_status)


def derive_identity(
    version: NewVersion, registration: Registration, files: Mapping[str, str], salt: str
) -> str:
    """Return the name of the evidence's place: equal inputs have equal ones."""
    inputs = {
        "files": dict(files),
        "request": registration_request(registration),
        "about": version.about,
        "salt": salt,
    }
    text = json.dumps(inputs, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_CHARACTERS]


@contextmanager
def note_on_failure(note: str) -> Iterator[None]:
    """Say in a note of whatever ends the block, Ctrl-C too, what exists by then."""
    try:
        yield
    except (GovernanceError, KeyboardInterrupt) as error:
        error.add_note(note)
        raise
