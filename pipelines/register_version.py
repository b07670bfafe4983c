"""Register a version with its evidence, pending, after a look at how the gate would decide.

    >>> registered = register_version(
    ...     NewVersion(group="churn", evidence=Path("evidence"), images=["123…/churn:7"]),
    ...     evidence_bucket="…", thresholds_bucket="…", only_if=OnlyIf.APPROVED,
    ... )  # doctest: +SKIP
    >>> registered.arn  # doctest: +SKIP
    'arn:aws:sagemaker:eu-central-1:123456789012:model-package/churn/7'

What goes wrong is a `GovernanceError`; its notes (`__notes__`), and those of a `KeyboardInterrupt`, say what exists by
then and how to go on. The evidence is under a prefix that is made from its digests and from all else that is
registered. So the same inputs come to the same place: a second call finds the version, and one after an interruption
goes on where the first one stopped.
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aws.arns import ModelPackageArn, validate_group_name
from aws.aws_errors import AwsError, AwsNotFoundError, AwsUnreachableError
from aws.callers import Caller, caller_of
from aws.clients import s3_client, sagemaker_client, sts_client
from aws.evidence_store import S3EvidenceStore
from aws.local_evidence import evidence_files, sha256_of
from aws.model_packages import ModelPackage, Registration
from aws.model_registry import SageMakerModelRegistry
from aws.s3_objects import bucket_region
from aws.s3_uris import S3Uri
from checks.decision import Verdict
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.evidence import Document, Report
from checks.report_files import is_report_file
from checks.reports import MAX_REPORT_BYTES, EvidenceReader
from checks.subject import JudgedModel
from disk.reading import read_bounded
from pipelines.evidence_claims import KnownClaims
from pipelines.foreign_reports import foresee_foreign
from pipelines.likely_decision import predict_decision
from pipelines.new_version import NewVersion, further_fields, own_metadata, refuse_aws_tags
from pipelines.only_if import OnlyIf
from pipelines.registration_plan import RegisteredVersion, RegistrationPlan, derive_identity, note_on_failure

_ACCOUNT_DIGITS = 12
_S3 = "s3://"

UNTOUCHED = "nothing was uploaded and nothing was registered"


class WouldBeWorseError(GovernanceError):
    """The gate would decide worse than was asked for; `record` is its likely decision. Nothing was uploaded."""

    def __init__(self, message: str, *, record: DecisionRecord) -> None:
        super().__init__(message)
        self.record = record


def _say_nothing(_: object) -> None:
    """Take what happens, and tell nobody."""


def register_version(
    version: NewVersion,
    *,
    evidence_bucket: str,
    thresholds: str | Path | None = None,
    thresholds_bucket: str | None = None,
    decisions_bucket: str | None = None,
    check: bool = True,
    only_if: OnlyIf | None = None,
    ungoverned: bool = False,
    again: bool = False,
    region: str | None = None,
    registry_account: str | None = None,
    say: Callable[[str], None] = _say_nothing,
    show: Callable[[DecisionRecord], None] = _say_nothing,
) -> RegisteredVersion:
    """Upload the evidence of `version` and register it as `PendingManualApproval`; return its ARN and all about it.

    Args:
        version: what is registered.
        evidence_bucket: the stack's output `EvidenceBucket`.
        thresholds: a threshold file, a folder of them or an `s3://` URI that the likely decision is made by.
        thresholds_bucket: the stack's output `ThresholdsBucket`, whose thresholds are in force, where `thresholds`
            names none. Without either no likely decision is made.
        decisions_bucket: the stack's output `DecisionsBucket`, where it is said which reports were judged for other
            versions before, and which version is the baseline; without it neither is looked at.
        check: whether a likely decision is made at all.
        only_if: refuse to register what would be decided worse.
        ungoverned: register into a group that no threshold file applies to, too.
        again: register a new version even where the same inputs were registered before.
        region: of the registry and the buckets; by default that of boto3's settings.
        registry_account: the account that the group is in, where that is another one, which shares the group.
        say: called with each line that a person may want to read meanwhile.
        show: called with the likely decision, before anything is uploaded; not where no threshold file applies.

    Raises:
        WouldBeWorseError: the likely decision is worse than `only_if`.
        GovernanceError: the evidence, the version or the thresholds cannot be used.
        AwsError: AWS refused something or could not be asked.
    """
    with note_on_failure(UNTOUCHED):
        plan = _make_plan(version, evidence_bucket, _Place(region, registry_account), again, say)
        earlier = plan.registered_before()
        claims = None
        if check and decisions_bucket is not None:
            claims = KnownClaims(s3_client(region), decisions_bucket, say)
        plan = replace(plan, reports=_name_foreign_reports(plan, claims, earlier, say))
        likely = None
        if check:
            likely = predict_decision(
                plan,
                thresholds,
                thresholds_bucket=thresholds_bucket,
                decisions_bucket=decisions_bucket,
                say=say,
            )
        if likely is not None:
            _show_likely(likely, version.group, ungoverned, show, say)
        _require_at_least(only_if, likely, version.group)
    if earlier is not None:
        say(
            f"{earlier.arn} was registered with the same inputs before and is {earlier.approval_status}; nothing "
            "was uploaded. To register them as a new version, say so (--again)"
        )
        return plan.result(earlier.arn, likely, is_new=False, approval_status=earlier.approval_status)
    return plan.carry_out(likely, say)


class _Place(Struct, frozen=True):
    """The region and the account of the registry, where they are said."""

    region: str | None
    account: str | None

    def check(self, version: NewVersion) -> None:
        """Refuse an account that is none, and what only the account of a group may do there."""
        if self.account is None:
            return
        if not (self.account.isascii() and self.account.isdecimal() and len(self.account) == _ACCOUNT_DIGITS):
            raise GovernanceError(
                f"{self.account!r} is no account; give its {_ACCOUNT_DIGITS} digits (--registry-account)"
            )
        if version.tags:
            raise GovernanceError(
                f"{version.group}: tags are the group's, which is in account {self.account}; leave them out (--tag)"
            )


def _make_plan(
    version: NewVersion, bucket: str, place: _Place, again: bool, say: Callable[[str], None]
) -> RegistrationPlan:
    """Look at everything that could be wrong, the cheapest first, and say where the evidence will be."""
    # First what needs no network: a wrong folder or tag is said at once.
    validate_group_name(version.group)
    place.check(version)
    region = place.region
    reports, files = _read_evidence(version.evidence)
    metadata = own_metadata(version)
    refuse_aws_tags(version)
    # Then whose credentials these are, and what is taken over from a version that is there.
    sagemaker = sagemaker_client(region)
    where = sagemaker.meta.region_name
    caller = _find_caller(where, say)
    registry = SageMakerModelRegistry(sagemaker, owner=place.account)
    taken_over = _take_over(version.from_package, registry, where, caller)
    fields = further_fields(version, taken_over)
    registration = Registration(version.group, metadata=metadata, fields=fields, tags=version.tags)
    # All that is registered is known now, and with it the place of the evidence.
    identity = derive_identity(version, registration, files, salt=secrets.token_hex() if again else "")
    plan = RegistrationPlan(
        version=version,
        registration=registration,
        files=files,
        reports=reports,
        registry=registry,
        store=S3EvidenceStore(s3_client(region), [bucket]),
        prefix=f"{_S3}{bucket}/{version.group}/{identity}/",
        token=identity,
    )
    # Last what AWS would refuse only after the upload.
    registry.check(plan.complete())
    _refuse_other_tags(version, registry)
    _refuse_other_regions(plan, bucket, where, say)
    return plan


def _read_evidence(folder: Path) -> tuple[tuple[Report, ...], dict[str, str]]:
    """Read the reports of `folder` as the gate would; return them, and the SHA-256 of every file by its path.

    Raises:
        GovernanceError: it is no folder, holds no report, or one that cannot be read; all of these are named.
    """
    if not folder.is_dir():
        raise GovernanceError(f"{folder}: not a folder; the evidence is the folder that scoring wrote to")
    reader = EvidenceReader()
    reports: list[Report] = []
    digests: dict[str, str] = {}
    for name, path in evidence_files(folder).items():
        if is_report_file(name):
            report = reader.read(path.as_posix(), _make_reader(path))
            reports.append(report)
            digests[name] = report.sha256
        else:
            digests[name] = sha256_of(path)
    problems = [f"{report.uri}: {report.problem}" for report in reports if report.problem is not None]
    if problems:
        raise GovernanceError("\n".join([*problems, "fix these reports, or take them out of the folder"]))
    return tuple(reports), digests


def _make_reader(path: Path) -> Callable[[], Document]:
    return lambda: Document(path.as_posix(), read_bounded(path, max_bytes=MAX_REPORT_BYTES))


def _find_caller(region: str, say: Callable[[str], None]) -> Caller | None:
    try:
        return caller_of(sts_client(region))
    except (
        AwsUnreachableError
    ) as error:  # a network may let nobody through to STS, and S3 and SageMaker all the same
        say(f"warning: the credentials are not known to be valid: {error}")
        return None


def _take_over(
    arn: str | None, registry: SageMakerModelRegistry, region: str, caller: Caller | None
) -> dict[str, Any]:
    """Return what is taken over from the version at `arn`."""
    if arn is None:
        return {}
    source = ModelPackageArn.parse(arn)
    if source.region != region:
        raise GovernanceError(
            f"{arn}: it is in {source.region}, and the new version is registered in {region}, where its image and "
            "model data cannot be used; set AWS_REGION, or name a version in that region"
        )
    if caller is not None and source.partition != caller.partition:
        raise GovernanceError(
            f"{arn}: it is in the partition {source.partition}, and the credentials are of {caller.partition}; name "
            "a version in the same partition"
        )
    try:
        return registry.specification(arn)
    except AwsError as error:
        if caller is not None and source.account != caller.account:
            error.add_note(
                f"the version is in the account {source.account}, and the credentials are of {caller.account}: let "
                "that account share its group, or log in there"
            )
        raise


def _refuse_other_tags(version: NewVersion, registry: SageMakerModelRegistry) -> None:
    """Refuse a tag that the group has with another value: that would change it for every other version."""
    there = (registry.group_tags(version.group) or {}) if version.tags else {}
    for key, value in version.tags.items():
        if there.get(key, value) != value:
            raise GovernanceError(
                f"{version.group}: the group has the tag {key}={there[key]}, which all its versions share; change it "
                "there, or leave the tag out"
            )


def _refuse_other_regions(
    plan: RegistrationPlan, bucket: str, region: str, say: Callable[[str], None]
) -> None:
    """Refuse buckets that SageMaker would not read from; whether S3 tells a bucket's region depends on the caller."""
    client = s3_client(region)
    _refuse_other_region(f"{_S3}{bucket}", bucket_region(client, bucket), region)
    for subject in plan.subjects:
        uri = subject.model_data
        if uri is None or not uri.startswith(_S3):
            continue
        try:
            _refuse_other_region(uri, bucket_region(client, S3Uri.parse(uri).bucket), region)
        except AwsNotFoundError:
            say(f"warning: {uri}: there is no such bucket")


def _refuse_other_region(uri: str, found: str | None, region: str) -> None:
    if found not in (None, region):
        raise GovernanceError(
            f"{uri}: the bucket is in {found}, and the version is registered in {region}; name a bucket there, or "
            "set AWS_REGION"
        )


def _name_foreign_reports(
    plan: RegistrationPlan,
    claims: KnownClaims | None,
    earlier: ModelPackage | None,
    say: Callable[[str], None],
) -> tuple[Report, ...]:
    """Return the reports as the gate will see them: protected by a digest, and about another model where they are.

    That is where they say so, or where they were judged for another version than `earlier`, which has the same inputs.
    """
    group = plan.version.group
    model = JudgedModel(plan.version.about or group, group, plan.subjects)
    seen = []
    for name, report in plan.reports_by_name().items():
        claim = None if claims is None else claims.find(report.sha256)
        if claim is not None and earlier is not None and claim.package.arn == earlier.arn:
            claim = None
        foreign = foresee_foreign(replace(report, uri=plan.prefix + name), model, claim)
        if foreign is not None:
            say(
                f"warning: {report.uri}: {foreign}; the gate asks for review, unless the thresholds say otherwise"
            )
        seen.append(replace(report, foreign=foreign, digest_verified=True))
    return tuple(seen)


def _show_likely(
    likely: DecisionRecord,
    group: str,
    ungoverned: bool,
    show: Callable[[DecisionRecord], None],
    say: Callable[[str], None],
) -> None:
    """Show the likely decision; of a group that no threshold file applies to there is none, and that must be wanted."""
    if likely.thresholds is not None:
        show(likely)
        return
    if not ungoverned:
        raise GovernanceError(
            f"{group}: no threshold file applies to this group, so nobody but a person could approve the version; "
            "check the group's name, have a threshold file published, or register all the same (--ungoverned)"
        )
    say(
        f"warning: {group}: no threshold file applies to this group: the gate leaves the version alone, unless its "
        "deployment has ungoverned_groups: review; a person decides"
    )


def _require_at_least(only_if: OnlyIf | None, likely: DecisionRecord | None, group: str) -> None:
    """Refuse where the likely decision is worse than asked for, or none is there to be made."""
    if only_if is None:
        return
    if likely is None:
        raise GovernanceError(
            f"--only-if {only_if}: the likely decision is not known; name the thresholds, and check by them"
        )
    worst = [Verdict.APPROVED] if only_if is OnlyIf.APPROVED else [Verdict.APPROVED, Verdict.NEEDS_REVIEW]
    if likely.decision not in worst:
        raise WouldBeWorseError(
            f"{group}: the gate would decide {likely.decision}, and --only-if {only_if} asks for better",
            record=likely,
        )
