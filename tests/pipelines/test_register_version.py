"""Registering from Python against moto over HTTP: what is registered, refused, and left by an interruption."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders

from aws import clients
from aws.aws_errors import AwsAccessDeniedError, AwsThrottledError
from aws.decision_log import S3DecisionLog
from aws.evidence_errors import EvidenceChangedError
from aws.evidence_store import S3EvidenceStore
from aws.model_registry import SageMakerModelRegistry
from aws.registry_limits import RegistryLimitError
from aws.report_references import ReportReference
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from pipelines.evidence_claims import EvidenceClaims
from pipelines.foreign_reports import name_foreign_reports
from pipelines.new_version import NewVersion
from pipelines.only_if import OnlyIf
from pipelines.read_evidence import read_evidence
from pipelines.register_version import UNTOUCHED, WouldBeWorseError, register_version
from pipelines.registration_plan import RegisteredVersion

BUCKET, ELSEWHERE = "evidence-of-register-version", "evidence-in-ireland"
BROKEN = "broken-decisions-of-register-version"
MADE = (clients.s3_client, clients.sagemaker_client, clients.sts_client)
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:7"


@pytest.fixture(scope="module", autouse=True)
def aws(moto_url: str) -> Iterator[None]:
    """One AWS in us-east-1 for all tests, and a bucket in another region."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": moto_url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }.items():
            patch.setenv(name, value)
        for made in MADE:
            made.cache_clear()
        clients.s3_client().create_bucket(Bucket=BUCKET)
        boto3.client("s3", region_name="eu-west-1").create_bucket(
            Bucket=ELSEWHERE, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield
        for made in MADE:
            made.cache_clear()


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "evaluation.json").write_text(json.dumps({"m_metrics": {"accuracy": {"value": 0.9}}}))
    (folder / "results.jsonl").write_text('{"id": "1"}\n')
    return folder


@pytest.fixture
def group(request: pytest.FixtureRequest) -> str:
    """A group of the test's own."""
    return f"g-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"


@pytest.fixture
def register(evidence: Path, group: str) -> Callable[..., RegisteredVersion]:
    def made(
        *, bucket: str = BUCKET, options: dict[str, Any] | None = None, **said: Any
    ) -> RegisteredVersion:
        content: dict[str, Any] = {"group": group, "evidence": evidence, "images": [IMAGE], **said}
        return register_version(
            NewVersion(**content), evidence_bucket=bucket, **(options or {"check": False})
        )

    return made


def described(arn: str) -> dict[str, Any]:
    return {**clients.sagemaker_client().describe_model_package(ModelPackageName=arn)}


def uploaded(group: str) -> list[str]:
    listed = clients.s3_client().list_objects_v2(Bucket=BUCKET, Prefix=f"{group}/").get("Contents", [])
    return [entry["Key"].rpartition("/")[2] for entry in listed]


def versions(group: str) -> int:
    return len(SageMakerModelRegistry(clients.sagemaker_client()).list(group))


def thresholds(folder: Path, group: str, limit: float, otherwise: str = "reject") -> Path:
    file = folder / "thresholds.yaml"
    file.write_text(
        f"name: t\napplies_to: {{model_package_groups: [{group}]}}\nchecks:\n"
        f"  - {{name: accuracy, why: b, metric: m.accuracy, at_least: {limit}, on_failure: {otherwise}}}\n"
    )
    return file


def test_all_that_is_said_of_a_version_is_registered(
    register: Callable[..., RegisteredVersion], group: str
) -> None:
    arn = register(
        images=["repo/a:1", "repo/b:1"],
        model_data=["s3://models/a.tar.gz", "s3://models/b.tar.gz"],
        description="Größer",
        tags={"team": "risk"},
        metadata={"run": "7"},
        task="CLASSIFICATION",
        domain="MACHINE_LEARNING",
        content_types=["text/csv", "application/json"],
        response_types=["text/csv"],
        specification={
            "CustomerMetadataProperties": {"run": "6", "commit": "abc"},
            "InferenceSpecification": {"SupportedTransformInstanceTypes": ["ml.m5.large"]},
            "SamplePayloadUrl": "s3://models/payload.tar.gz",
        },
    ).arn
    package = described(arn)
    assert package["InferenceSpecification"] == {
        "Containers": [
            {"Image": "repo/a:1", "ModelDataUrl": "s3://models/a.tar.gz"},
            {"Image": "repo/b:1", "ModelDataUrl": "s3://models/b.tar.gz"},
        ],
        "SupportedTransformInstanceTypes": ["ml.m5.large"],
        "SupportedContentTypes": ["text/csv", "application/json"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    names = ("ModelPackageDescription", "Task", "Domain", "SamplePayloadUrl", "ModelApprovalStatus")
    assert [package[name] for name in names] == [
        "Größer", "CLASSIFICATION", "MACHINE_LEARNING", "s3://models/payload.tar.gz", "PendingManualApproval",
    ]  # fmt: skip
    metadata = package["CustomerMetadataProperties"]
    assert (metadata["run"], metadata["commit"]) == ("7", "abc")
    registry = SageMakerModelRegistry(clients.sagemaker_client())
    assert registry.group_tags(group) == {"team": "risk"}
    register(tags={"team": "risk", "cost": "9"})
    assert registry.group_tags(group) == {"team": "risk", "cost": "9"}


def test_without_an_image_there_is_no_inference_specification(
    register: Callable[..., RegisteredVersion],
) -> None:
    assert "InferenceSpecification" not in described(register(images=[]).arn)


def test_what_is_said_goes_before_the_version_that_is_taken_over(
    register: Callable[..., RegisteredVersion],
) -> None:
    container = {"Image": "repo/a:1", "ModelDataUrl": "s3://models/1.tar.gz", "Environment": {"A": "1"}}
    first = register(
        images=[], task="OTHER", specification={"InferenceSpecification": {"Containers": [container]}}
    )
    second = register(images=[], model_data=["s3://models/2.tar.gz"], domain="OTHER", from_package=first.arn)
    package = described(second.arn)
    assert package["InferenceSpecification"]["Containers"] == [
        {**container, "ModelDataUrl": "s3://models/2.tar.gz"}
    ]
    assert (package["Task"], package["Domain"]) == ("OTHER", "OTHER")
    assert first.evidence != second.evidence


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "group": ({"group": "no_group"}, GovernanceError, "is not a model package group name"),
    "bucket elsewhere": ({"bucket": ELSEWHERE}, GovernanceError, "the bucket is in eu-west-1, and the version"),
    "no bucket": ({"bucket": "nowhere-at-all"}, GovernanceError, "nowhere-at-all: HeadBucket failed with 404"),
    "model data elsewhere": (
        {"model_data": [f"s3://{ELSEWHERE}/m.tar.gz"]}, GovernanceError, "m.tar.gz: the bucket is in eu-west-1",
    ),
    "archives": ({"model_data": ["s3://m1/a", "s3://m1/b"]}, GovernanceError, "model data: 2 for 1 container;"),
    "archive without image": ({"images": [], "model_data": ["s3://m1/a"]}, GovernanceError, "1 for 0 containers"),
    "types without image": ({"images": [], "content_types": ["a/b"]}, GovernanceError, "belong to containers"),
    "other region": (
        {"from_package": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/g/1"},
        GovernanceError, "it is in eu-west-1, and the new version is registered in us-east-1",
    ),
    "other partition": (
        {"from_package": "arn:aws-cn:sagemaker:us-east-1:123456789012:model-package/g/1"},
        GovernanceError, "it is in the partition aws-cn, and the credentials are of aws",
    ),
    "gone": (
        {"from_package": "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/99"},
        GovernanceError, "there is no such model package",
    ),
    "other type": (
        {"from_package": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/g"},
        GovernanceError, "is not a model package ARN",
    ),
    "unknown field": ({"specification": {"Nope": 1}}, RegistryLimitError, 'Unknown parameter in input: "Nope"'),
    "wrong type": ({"specification": {"SourceUri": 1}}, RegistryLimitError, "Invalid type for parameter SourceUri"),
    "status": ({"specification": {"ModelApprovalStatus": "Approved"}}, GovernanceError, "waits for the gate"),
    "metrics": ({"specification": {"ModelMetrics": {}}}, GovernanceError, "ModelMetrics: the reports"),
    "no list": ({"specification": {"InferenceSpecification": []}}, GovernanceError, "is not an object"),
    "own metadata": ({"metadata": {"governance:evidence": "s3://x"}}, GovernanceError, "are the gate's own"),
    "long description": ({"description": "d" * 1025}, RegistryLimitError, "1,025 characters, and SageMaker takes"),
    "two lines": ({"description": "a\nb"}, RegistryLimitError, "ModelPackageDescription: 'a\\nb' does not match"),
    "value": ({"specification": {"SkipModelValidation": "Some"}}, RegistryLimitError, "is none of All, None"),
    "response type": ({"response_types": ["csv"]}, RegistryLimitError, "SupportedResponseMIMETypes[0]: 'csv' does"),
    "many containers": ({"images": ["i"] * 16}, RegistryLimitError, "Containers: 16 entries, and SageMaker takes 15"),
    "image": ({"images": ["a b"]}, RegistryLimitError, "Containers[0].Image: 'a b' does not match"),
    "metadata": ({"metadata": {"a": "b" * 257}}, RegistryLimitError, "has 257 characters"),
    "tag": ({"tags": {"a": "§"}}, RegistryLimitError, "Tags[0].Value: '§' does not match"),
    "AWS's tag": ({"tags": {"aws:x": "1"}}, GovernanceError, "are AWS's own"),
    "evidence": ({"evidence": Path("nowhere")}, GovernanceError, "nowhere: not a folder"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "kind", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_registered_is_refused_before_anything_is_uploaded(
    register: Callable[..., RegisteredVersion],
    group: str,
    said: dict[str, Any],
    kind: type[RegistryLimitError] | type[GovernanceError],
    message: str,
) -> None:
    with pytest.raises(kind) as raised:
        register(**said)
    assert message in str(raised.value)
    assert UNTOUCHED in raised.value.__notes__
    assert (uploaded(group), versions(group)) == ([], 0)


def test_a_tag_that_the_group_has_otherwise_is_not_changed(
    register: Callable[..., RegisteredVersion], group: str
) -> None:
    register(tags={"team": "risk"})
    with pytest.raises(
        GovernanceError, match="the group has the tag team=risk, which all its versions share"
    ):
        register(tags={"team": "sales"})
    assert versions(group) == 1


def test_a_version_of_another_account_says_whose_it_is_and_whose_the_credentials_are(
    register: Callable[..., RegisteredVersion],
) -> None:
    arn = "arn:aws:sagemaker:us-east-1:999999999999:model-package/churn/1"
    with pytest.raises(GovernanceError) as raised:
        register(from_package=arn)
    assert any(
        "in the account 999999999999, and the credentials are of 123456789012" in note
        for note in raised.value.__notes__
    )


def test_a_folder_without_reports_says_what_it_holds_and_what_is_recognised(
    register: Callable[..., RegisteredVersion], tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "predictions.csv").write_text("a\n")
    with pytest.raises(GovernanceError, match=r"it holds predictions.csv. Name .* clarify_bias, .*ragas"):
        register(evidence=folder)


DECISIONS = [
    pytest.param((0.8, "reject", "Approved", [None, OnlyIf.APPROVED, OnlyIf.REVIEW]), id="approved"),
    pytest.param((0.95, "review", "NeedsReview", [None, OnlyIf.REVIEW]), id="review"),
    pytest.param((0.95, "reject", "Rejected", [None]), id="rejected"),
]


@pytest.mark.parametrize("case", DECISIONS)
def test_the_likely_decision_is_shown_and_stops_what_would_be_worse(
    register: Callable[..., RegisteredVersion],
    group: str,
    tmp_path: Path,
    case: tuple[float, str, str, list[OnlyIf | None]],
) -> None:
    limit, otherwise, decision, allowed = case
    file = thresholds(tmp_path, group, limit, otherwise)
    for only_if in (OnlyIf.APPROVED, OnlyIf.REVIEW, None):
        shown: list[Any] = []
        options = {"thresholds": file, "only_if": only_if, "show": shown.append}
        if only_if in allowed:
            assert register(options=options).likely == shown[0]
        else:
            with pytest.raises(WouldBeWorseError, match=f"would decide {decision}, and --only-if {only_if}"):
                register(options=options)
            assert (uploaded(group), versions(group)) == ([], 0)
        assert [record.decision for record in shown] == [decision]


@pytest.mark.parametrize(
    ("bucket", "said"),
    [
        (None, "compares with the baseline: records are not looked at; set GOVERNANCE_DECISIONS_BUCKET"),
        (BROKEN, "the baseline could not be looked at: "),
        (BUCKET, "no version is approved by a record, so a check that compares is that of a first version"),
    ],
    ids=["no bucket named", "a broken record", "no records"],
)
def test_it_is_said_where_the_likely_decision_compares_with_nothing(
    register: Callable[..., RegisteredVersion], group: str, tmp_path: Path, bucket: str | None, said: str
) -> None:
    file = thresholds(tmp_path, group, 0.8)
    file.write_text(file.read_text().replace("at_least: 0.8", "better: higher, no_worse_than_baseline: true"))
    lines: list[str] = []
    clients.s3_client().create_bucket(Bucket=BROKEN)
    key = f"decisions/{group}/1/x.outcome.json"
    clients.s3_client().put_object(Bucket=BROKEN, Key=key, Body=b"broken")
    options = {"thresholds": file, "decisions_bucket": bucket, "say": lines.append}
    likely = register(options=options).likely
    assert likely is not None
    assert (likely.decision, likely.baseline) == ("NeedsReview", None)
    assert [line for line in lines if said in line]


def test_evidence_is_as_old_as_its_upload(
    register: Callable[..., RegisteredVersion], evidence: Path, group: str, tmp_path: Path
) -> None:
    """The gate goes by the time at which S3 takes the reports, so the likely decision does too."""
    os.utime(evidence / "evaluation.json", (0, 0))
    file = thresholds(tmp_path, group, 0.8)
    file.write_text(f"max_age_days: 30\n{file.read_text()}")
    likely = register(options={"thresholds": file}).likely
    assert likely is not None
    assert likely.findings[0].reason == "0.9 is at least 0.8; the report is 0.0 days old, of at most 30"


def test_the_thresholds_in_force_are_those_that_are_published(
    register: Callable[..., RegisteredVersion], group: str, tmp_path: Path
) -> None:
    content = thresholds(tmp_path, group, 0.95).read_bytes()
    clients.s3_client().create_bucket(Bucket="thresholds-of-register-version")
    clients.s3_client().put_object(
        Bucket="thresholds-of-register-version", Key="thresholds/t.yaml", Body=content
    )
    likely = register(options={"thresholds_bucket": "thresholds-of-register-version"}).likely
    assert likely is not None
    assert likely.thresholds is not None
    assert (likely.decision, likely.thresholds.name) == ("Rejected", "t")


def test_a_group_that_no_threshold_file_names_needs_saying_so(
    register: Callable[..., RegisteredVersion], group: str, tmp_path: Path
) -> None:
    options = {"thresholds": thresholds(tmp_path, "another", 0.5)}
    with pytest.raises(GovernanceError, match="no threshold file applies to this group"):
        register(options=options)
    assert uploaded(group) == []
    said: list[str] = []
    shown: list[DecisionRecord] = []
    wanted = {"ungoverned": True, "say": said.append, "show": shown.append}
    likely = register(options=options | wanted).likely
    assert likely is not None
    assert likely.decision == "NeedsReview"
    assert any(line.startswith(f"warning: {group}: no threshold file applies to this group") for line in said)
    assert shown == []


def test_without_thresholds_the_likely_decision_is_said_to_be_unknown(
    register: Callable[..., RegisteredVersion],
) -> None:
    said: list[str] = []
    assert register(options={"say": said.append}).likely is None
    assert said[0].startswith("warning: the likely decision is not known: no thresholds are named")
    with pytest.raises(GovernanceError, match="--only-if review: the likely decision is not known"):
        register(options={"only_if": OnlyIf.REVIEW})


def test_what_changes_while_it_is_registered_is_not_registered(
    register: Callable[..., RegisteredVersion], group: str, evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = S3EvidenceStore.upload

    def rewritten(
        self: S3EvidenceStore, directory: Path, prefix: str, **given: Any
    ) -> tuple[ReportReference, ...]:
        (evidence / "results.jsonl").write_text("other\n")
        return upload(self, directory, prefix, **given)

    monkeypatch.setattr(S3EvidenceStore, "upload", rewritten)
    with pytest.raises(
        EvidenceChangedError, match=r"results.jsonl: its SHA-256 was .* and is .* now; let scoring end"
    ):
        register()
    assert versions(group) == 0


def test_a_file_that_comes_while_it_is_registered_is_told(
    register: Callable[..., RegisteredVersion], evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = S3EvidenceStore.upload

    def joined(
        self: S3EvidenceStore, directory: Path, prefix: str, **given: Any
    ) -> tuple[ReportReference, ...]:
        (evidence / "late.json").write_text("{}")
        return upload(self, directory, prefix, **given)

    monkeypatch.setattr(S3EvidenceStore, "upload", joined)
    with pytest.raises(EvidenceChangedError, match=r"late.json: came meanwhile"):
        register()


CLIENTS: dict[str, Callable[[], Any]] = {
    "STS": lambda: clients.sts_client("us-east-1"),
    "S3": lambda: clients.s3_client(None),
    "SageMaker": lambda: clients.sagemaker_client(None),
}
EVIDENCE_ONLY = "no version is known to be registered with it"
PART = "no version was registered; part of the evidence may be under"
# The client, the call that Ctrl-C comes at, what is said then, and how many files are in S3.
INTERRUPTED = {
    "before the upload": ("STS", "GetCallerIdentity:1", UNTOUCHED, 0),
    "during the upload": ("S3", "PutObject:2", PART, 1),
    "before the manifest": ("S3", "PutObject:3", PART, 2),
    "before the group": ("SageMaker", "CreateModelPackageGroup:1", EVIDENCE_ONLY, 3),
    "before the version": ("SageMaker", "CreateModelPackage:1", EVIDENCE_ONLY, 3),
    "after the version": ("SageMaker", "after CreateModelPackage:1", EVIDENCE_ONLY, 3),
}


def interrupting(client: Any, operation: str, count: int, *, after: bool) -> Callable[[], None]:
    """Raise what Ctrl-C raises at the `count`-th call of `operation`, before it is sent or after it was answered."""
    calls = []

    def interrupt(**_: object) -> None:
        calls.append(operation)
        if len(calls) == count:
            raise KeyboardInterrupt

    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    name = f"{'after-call' if after else 'before-call'}.{service}.{operation}"
    events.register(name, interrupt)
    return lambda: events.unregister(name, interrupt)


@pytest.mark.parametrize("case", INTERRUPTED.values(), ids=INTERRUPTED)
def test_an_interruption_says_what_exists_and_the_same_call_goes_on(
    register: Callable[..., RegisteredVersion], group: str, case: tuple[str, str, str, int]
) -> None:
    client, where, note, there = case
    operation, _, count = where.removeprefix("after ").partition(":")
    is_after = where.startswith("after ")
    undo = interrupting(CLIENTS[client](), operation, int(count), after=is_after)
    with pytest.raises(KeyboardInterrupt) as raised:
        register()
    undo()
    assert any(note in one for one in raised.value.__notes__)
    assert len(uploaded(group)) == there
    registered = register()
    assert versions(group) == 1
    assert sorted(uploaded(group)) == ["evaluation.json", "evidence.manifest.json", "results.jsonl"]
    assert registered.is_new is not is_after
    again = register()
    assert (again.arn, again.is_new) == (registered.arn, False)


def answering(client: Any, operation: str, code: str, status: int, times: int) -> Callable[[], None]:
    """Answer the first calls of `operation` with an error of AWS, without sending them."""
    left = [times]
    name = f"before-send.{client.meta.service_model.service_id.hyphenize()}.{operation}"

    def answer(request: AWSRequest, **_: object) -> AWSResponse | None:
        if left[0] == 0:
            return None
        left[0] -= 1
        if operation == "GetCallerIdentity":
            body = f"<ErrorResponse><Error><Code>{code}</Code><Message>m</Message></Error></ErrorResponse>".encode()
        else:
            body = json.dumps({"__type": code, "message": "m"}).encode()
        raw = type("Raw", (), {"stream": lambda self, **_: iter([body])})()
        return AWSResponse(str(request.url), status, HTTPHeaders(), raw)

    client.meta.events.register(name, answer)
    return lambda: client.meta.events.unregister(name, answer)


def test_throttling_is_waited_for_and_then_said(
    register: Callable[..., RegisteredVersion], group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    sagemaker = clients.sagemaker_client(None)
    undo = answering(sagemaker, "CreateModelPackage", "ThrottlingException", 400, 3)
    assert register().is_new
    undo()
    undo = answering(sagemaker, "CreateModelPackage", "ThrottlingException", 400, 99)
    with pytest.raises(AwsThrottledError, match="AWS asks to slow down") as raised:
        register(description="another")
    undo()
    assert "the same call finds the version, or registers it" in raised.value.__notes__[0]
    assert versions(group) == 1
    assert register(description="another").is_new


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_credentials_that_are_nobodys_are_told_before_anything_is_uploaded(
    register: Callable[..., RegisteredVersion], group: str, code: str
) -> None:
    undo = answering(clients.sts_client("us-east-1"), "GetCallerIdentity", code, 403, 1)
    with pytest.raises(
        AwsAccessDeniedError, match=rf"GetCallerIdentity failed with {code} .* renew its credentials"
    ):
        register()
    undo()
    assert uploaded(group) == []


def test_the_function_needs_nothing_of_the_command_line() -> None:
    code = (
        "import sys, pipelines.register_version; "
        "print([name for name in ('typer', 'rich', 'pandas', 'moto') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


Examine = Callable[[RegisteredVersion], dict[str, str | None]]


@pytest.fixture
def examine(group: str) -> Examine:
    """Looks at the reports of a registered version as step one does, and claims them; what is foreign, by report."""
    clients.s3_client().create_bucket(Bucket=f"decisions-{group}")
    claims = EvidenceClaims(S3DecisionLog(clients.s3_client(), f"s3://decisions-{group}/evidence-claims"))

    def found(registered: RegisteredVersion) -> dict[str, str | None]:
        package = SageMakerModelRegistry(clients.sagemaker_client()).describe(registered.arn)
        read = read_evidence(S3EvidenceStore(clients.s3_client(), [BUCKET]), package)
        reports = name_foreign_reports(read, package, claims).reports
        return {report.uri.rpartition("/")[2]: report.foreign for report in reports}

    return found


@pytest.mark.parametrize(
    ("said", "again", "is_foreign"),
    [
        pytest.param({"images": ["repo/another:1"]}, False, True, id="another model"),
        pytest.param(
            {"description": "the same model"}, False, False, id="the same model, registered otherwise"
        ),
        pytest.param({}, True, False, id="the same model, registered again"),
        pytest.param({}, False, False, id="the version itself"),
    ],
)
def test_reports_that_were_judged_before_are_foreseen_as_step_one_finds_them(
    register: Callable[..., RegisteredVersion],
    examine: Examine,
    group: str,
    tmp_path: Path,
    *,
    said: dict[str, Any],
    again: bool,
    is_foreign: bool,
) -> None:
    options = {"thresholds": thresholds(tmp_path, group, 0.5), "decisions_bucket": f"decisions-{group}"}
    first = register(options=options)
    assert examine(first) == {"evaluation.json": None}
    warned: list[str] = []
    second = register(options=options | {"again": again, "say": warned.append}, **said)
    (foreign,) = examine(second).values()
    assert (foreign is not None) is is_foreign
    assert second.likely is not None
    assert second.likely.decision == ("NeedsReview" if is_foreign else "Approved")
    assert [line for line in warned if foreign is not None and foreign in line] == warned[:is_foreign]


def test_claims_that_nobody_may_read_are_said_to_be_unknown(
    register: Callable[..., RegisteredVersion], group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> bytes:
        raise AwsAccessDeniedError("not for you")

    monkeypatch.setattr(S3DecisionLog, "read", refuse)
    said: list[str] = []
    options = {
        "thresholds": thresholds(tmp_path, group, 0.5),
        "decisions_bucket": "of-others",
        "say": said.append,
    }
    likely = register(options=options).likely
    assert said[0] == (
        "warning: whether reports were judged for another version before is not known: not for you"
    )
    assert likely is not None
    assert likely.decision == "Approved"
