"""A governance account and two model accounts: one registers into its groups, one keeps a registry of its own.

All of it under the deployed roles, with the policies of both sides enforced.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from aws import clients
from cli.lookup.waiting import OF_A_MODEL_ACCOUNT
from cli.main import run
from sandbox.server import ACCOUNT
from tests.e2e.conftest import Governance, bias, evaluation
from tests.e2e.test_who_may_do_what import commands_of
from tests.noted_calls import NotedCalls, find_needless

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

REGISTERS, FORWARDS = "222222222222", "333333333333"
GROUPS = {REGISTERS: "e2e-credit", FORWARDS: "e2e-fraud"}
PENDING = "PendingManualApproval"


class Team:
    """A model account, for an administrator of it: its artifact bucket and its model package group."""

    def __init__(self, governance: Governance, account: str, *, registry: str) -> None:
        self._governance = governance
        self.account = account
        self.registry = registry
        self.bucket = f"e2e-artifacts-{account}"
        self.key: str | None = None
        owner = ACCOUNT if registry == "governance" else account
        self.group = (
            f"arn:aws:sagemaker:{governance.sandbox.region}:{owner}:model-package-group/{GROUPS[account]}"
        )

    def client(self, service: str) -> Any:
        make: Callable[..., Any] = boto3.client  # its types want a literal name of a service
        return make(
            service,
            endpoint_url=self._governance.sandbox.endpoint,
            region_name=self._governance.sandbox.region,
            aws_access_key_id=self.account,
            aws_secret_access_key="administrator",
        )

    def settings(self) -> dict[str, Any]:
        """What the deployment is told of the account."""
        return {
            "account": self.account,
            "artifact_bucket": {"name": self.bucket, "kms_key_arn": self.key},
            "model_package_groups": [GROUPS[self.account]],
            "registry": self.registry,
        }

    def create_bucket(self) -> None:
        """The artifact bucket as a team has it: with versions, and with events to EventBridge."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=self.bucket)
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )

    def encrypt_bucket(self) -> None:
        """Encrypt what is written into the bucket from now on with a key of the account."""
        self.key = str(self.client("kms").create_key()["KeyMetadata"]["Arn"])
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.key}
        self.client("s3").put_bucket_encryption(
            Bucket=self.bucket,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
        )

    def write(self, key: str, content: bytes, **settings: Any) -> None:
        """Write an object into the artifact bucket, and wait for what follows from it."""
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=content, **settings)
        self._governance.settle()

    def evaluation(self, run: str, accuracy: float = 0.9) -> bytes:
        """The evaluation report of a training run; no two runs come to the same figures."""
        return evaluation(accuracy=accuracy, latency=1 + self._share(run))

    def bias(self, run: str) -> bytes:
        """The bias report of a training run."""
        return bias(self._share(run) / 10)

    def _share(self, run: str) -> float:
        """A number between 0 and 1 of the account's run."""
        return zlib.crc32(f"{self.account}/{run}".encode()) % 1000 / 1000

    def register(self, run: str, accuracy: float = 0.9) -> str:
        """Register the model of a run, with the digest of the evaluation that it has or will have; returns the ARN."""
        digest = hashlib.sha256(self.evaluation(run, accuracy)).hexdigest()
        statistics = self._source(f"{run}/evaluation.json") | {"ContentDigest": f"sha256:{digest}"}
        answer = self.client("sagemaker").create_model_package(
            ModelPackageGroupName=self.group,
            ModelApprovalStatus=PENDING,
            ModelMetrics={
                "ModelQuality": {"Statistics": statistics},
                "Bias": {"Report": self._source(f"{run}/bias.json")},
            },
            InferenceSpecification={
                "Containers": [{"Image": f"{self.account}.dkr.ecr.us-east-1.amazonaws.com/model:1"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )
        self._governance.settle()
        return str(answer["ModelPackageArn"])

    def _source(self, key: str) -> dict[str, str]:
        return {"ContentType": "application/json", "S3Uri": f"s3://{self.bucket}/{key}"}

    def describe(self, arn: str) -> dict[str, Any]:
        return dict(self.client("sagemaker").describe_model_package(ModelPackageName=arn))


@pytest.fixture(scope="module")
def teams(_deployed: Governance) -> tuple[Team, Team]:
    """The two model accounts: the stack that governs is deployed first, and then again with theirs."""
    _deployed.require("lambda")
    both = (
        Team(_deployed, REGISTERS, registry="governance"),
        Team(_deployed, FORWARDS, registry="own"),
    )
    for team in both:
        team.create_bucket()
    both[1].encrypt_bucket()
    governance = {"account": ACCOUNT, "evidence_bucket": _deployed.outputs["EvidenceBucket"]}
    deployments = _deployed.deploy(
        governance_account=governance, model_accounts=[team.settings() for team in both]
    )
    _deployed.quieten()
    places = {deployment.stack: deployment.account for deployment in deployments}
    assert places == {
        "ModelGovernance": ACCOUNT,
        f"ModelGovernance-{REGISTERS}": REGISTERS,
        f"ModelGovernance-{FORWARDS}": FORWARDS,
    }
    return both


@pytest.fixture
def registering(teams: tuple[Team, Team]) -> Team:
    """The account whose teams register into the governance account's group."""
    return teams[0]


@pytest.fixture
def forwarding(teams: tuple[Team, Team]) -> Team:
    """The account with a registry of its own, whose events are forwarded."""
    return teams[1]


@pytest.fixture
def governance(_deployed: Governance) -> Governance:
    """The account that governs."""
    return _deployed


def copies(governance: Governance, team: Team, key: str) -> list[dict[str, Any]]:
    """The versions of the copy of an object, the newest first."""
    place = {"Bucket": governance.outputs["EvidenceBucket"], "Prefix": copy_key(team, key)}
    return list(governance.client("s3").list_object_versions(**place).get("Versions", []))


def copy_key(team: Team, key: str) -> str:
    return f"accounts/{team.account}/{team.bucket}/{key}"


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    """By which kind of policy the call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    message = str(caught.value.response["Error"]["Message"])
    assert "is not authorized to perform" in message
    return message.rpartition("because ")[2]


def test_a_report_is_copied_once_with_its_digest_and_stays_when_the_team_deletes_it(
    governance: Governance, registering: Team
) -> None:
    content = registering.evaluation("run-1")
    registering.write("run-1/evaluation.json", content, Tagging="team=risk")
    (copied,) = copies(governance, registering, "run-1/evaluation.json")
    place = {"Bucket": governance.outputs["EvidenceBucket"], "Key": copied["Key"]}
    found = governance.client("s3").get_object(**place)
    assert found["Body"].read() == content
    metadata = found["Metadata"]
    assert metadata["source-sha256"] == hashlib.sha256(content).hexdigest()
    assert (metadata["source-account"], metadata["source-bucket"]) == (REGISTERS, registering.bucket)
    tags = governance.client("s3").get_object_tagging(**place)["TagSet"]
    assert tags == [{"Key": "team", "Value": "risk"}]
    (event,) = [
        event
        for event in governance.sandbox.events("Object Created")
        if event["detail"]["object"]["key"] == "run-1/evaluation.json"
    ]
    governance.sandbox.redeliver(event, times=2)
    registering.client("s3").delete_object(Bucket=registering.bucket, Key="run-1/evaluation.json")
    governance.settle()
    assert copies(governance, registering, "run-1/evaluation.json") == [copied]


def test_what_is_no_report_and_no_model_is_left_alone(governance: Governance, registering: Team) -> None:
    registering.write("run-1/notes.docx", b"notes")
    registering.write("run-1/model.tar.gz", b"model")
    assert copies(governance, registering, "run-1/notes.docx") == []
    assert len(copies(governance, registering, "run-1/model.tar.gz")) == 1


def reconcile(governance: Governance) -> None:
    """Let the reconciler run, as its schedule does."""
    assert len(governance.sandbox.run_schedules("-ReconcilerRule")) == 1
    governance.settle()


def test_a_version_waits_for_its_report_and_is_judged_when_it_comes(
    governance: Governance, registering: Team
) -> None:
    registering.write("late/bias.json", registering.bias("late"))
    arn = registering.register("late")
    assert arn.split(":")[4] == ACCOUNT
    reconcile(governance)
    waiting = registering.describe(arn)
    assert waiting["ModelApprovalStatus"] == PENDING
    expected = f"Waiting for evidence: s3://{registering.bucket}/late/evaluation.json"
    assert expected in waiting["ApprovalDescription"]
    assert "bias.json" not in waiting["ApprovalDescription"]
    # Looking again changes nothing, and starts nothing.
    reconcile(governance)
    assert registering.describe(arn)["LastModifiedTime"] == waiting["LastModifiedTime"]
    assert governance.executions(arn) == []
    # The copy of the last report has it judged; no run of the schedule is needed, and the next one starts nothing more.
    registering.write("late/evaluation.json", registering.evaluation("late"))
    decided = registering.describe(arn)
    assert decided["ModelApprovalStatus"] == "Approved", decided["ApprovalDescription"]
    assert governance.decision(arn)["decision"] == "Approved"
    reconcile(governance)
    assert len(governance.executions(arn)) == 1


def test_a_report_that_never_comes_is_missing_when_the_deadline_is_over(
    governance: Governance, forwarding: Team
) -> None:
    forwarding.write("never/bias.json", forwarding.bias("never"))
    arn = forwarding.register("never")
    reconcile(governance)
    assert "Waiting for evidence" in forwarding.describe(arn)["ApprovalDescription"]
    governance.sandbox.age(arn, seconds=25 * 3600)
    reconcile(governance)
    undecided = forwarding.describe(arn)
    assert undecided["ModelApprovalStatus"] == PENDING
    assert undecided["ApprovalDescription"].startswith("NeedsReview")
    assert f"s3://{forwarding.bucket}/never/evaluation.json" in undecided["ApprovalDescription"]


@pytest.mark.parametrize(
    ("accuracy", "status"),
    [pytest.param(0.9, "Approved", id="good"), pytest.param(0.5, "Rejected", id="bad")],
)
def test_a_version_in_the_registry_of_another_account_is_decided_there(
    governance: Governance, forwarding: Team, accuracy: float, status: str
) -> None:
    forwarding.write(f"{status}/evaluation.json", forwarding.evaluation(status, accuracy))
    forwarding.write(f"{status}/bias.json", forwarding.bias(status))
    arn = forwarding.register(status, accuracy)
    assert arn.split(":")[4] == FORWARDS
    report = forwarding.client("s3").head_object(Bucket=forwarding.bucket, Key=f"{status}/evaluation.json")
    assert report["SSEKMSKeyId"] == forwarding.key
    decided = forwarding.describe(arn)
    assert decided["ModelApprovalStatus"] == status, decided.get("ApprovalDescription")
    by = decided["LastModifiedBy"]["IamIdentity"]["Arn"]
    assert by.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/ModelGovernance-UpdateModelStatus")
    metadata = decided["CustomerMetadataProperties"]
    record = governance.read(metadata["governance:decision-uri"])
    assert hashlib.sha256(record).hexdigest() == metadata["governance:decision-digest"]
    assert json.loads(record)["decision"] == status
    assert len(governance.executions(arn)) == 1


def test_an_account_writes_nothing_but_copies_and_those_under_its_own_prefix(
    governance: Governance, registering: Team, forwarding: Team
) -> None:
    """Not even its administrator: the copying role alone may write."""
    bucket = governance.outputs["EvidenceBucket"]
    denied = "an explicit deny in the resource-based policy"
    nothing = "no resource-based policy allows it"
    own, other = copy_key(registering, "forged.json"), copy_key(forwarding, "forged.json")
    for key, reason in ((own, denied), (other, denied), ("evidence/forged.json", nothing)):
        put = registering.client("s3").put_object
        assert refusal(put, Bucket=bucket, Key=key, Body=b"{}") == reason
    # The copying role of one account, below the prefix of the other.
    role = f"arn:aws:iam::{REGISTERS}:role/ModelGovernance-copies-{governance.sandbox.region}"
    iam = registering.client("iam")
    anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [anything]})
    name = role.rpartition("/")[2]
    iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=document)
    try:
        s3 = client_of(registering, role)("s3")
        assert refusal(s3.put_object, Bucket=bucket, Key=other, Body=b"{}") == nothing
        assert refusal(s3.get_object, Bucket=bucket, Key=other) == nothing
        assert refusal(s3.delete_object, Bucket=bucket, Key=own) == denied
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="more")


def client_of(team: Team, role: str) -> Callable[[str], Any]:
    """Clients of a session of a role, by service, as Lambda has one."""
    trust = {"Effect": "Allow", "Principal": {"AWS": team.account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = team.client("iam")
    before = iam.get_role(RoleName=role.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=role.rpartition("/")[2], PolicyDocument=document)
    session = team.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    iam.update_assume_role_policy(RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps(before))
    make: Callable[..., Any] = boto3.client

    def client(service: str) -> Any:
        return make(
            service,
            endpoint_url=team.client("sts").meta.endpoint_url,
            region_name=team.client("sts").meta.region_name,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    return client


def test_an_account_registers_versions_and_does_nothing_else_to_them(
    governance: Governance, registering: Team, forwarding: Team
) -> None:
    nothing = "no resource-based policy allows it"
    arn = registering.register("absent")
    approval: Mapping[str, str] = {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"}
    for team in (registering, forwarding):
        sagemaker = team.client("sagemaker")
        assert refusal(sagemaker.update_model_package, **approval) == nothing
        assert refusal(sagemaker.delete_model_package, ModelPackageName=arn) == nothing
        approved = {"ModelPackageGroupName": registering.group, "ModelApprovalStatus": "Approved"}
        assert refusal(sagemaker.create_model_package, **approved) == nothing
    outsider = forwarding.client("sagemaker")
    assert refusal(outsider.describe_model_package, ModelPackageName=arn) == nothing
    assert refusal(outsider.create_model_package, ModelPackageGroupName=registering.group) == nothing
    # Nor may one account of an organisation use the registry of the other.
    assert (
        refusal(registering.client("sagemaker").list_model_packages, ModelPackageGroupName=forwarding.group)
        == nothing
    )
    assert governance.describe(arn)["ModelApprovalStatus"] == PENDING


def test_an_engineer_of_a_model_account_registers_and_looks_and_has_no_other_right(
    governance: Governance,
    registering: Team,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the policy that the command prints; where the gate is, the engineer sees nothing but the versions."""
    group = GROUPS[REGISTERS]
    for name in ("THRESHOLDS_BUCKET", "DECISIONS_BUCKET", "PIPELINE_NAME"):
        monkeypatch.delenv(f"GOVERNANCE_{name}", raising=False)
    monkeypatch.setenv("GOVERNANCE_EVIDENCE_BUCKET", registering.bucket)
    monkeypatch.setenv("AWS_ENDPOINT_URL", governance.sandbox.endpoint)
    monkeypatch.setenv("AWS_REGION", governance.sandbox.region)
    assert run(["iam", "policy", "model-account", "--account", ACCOUNT, "--group", group]) == 0
    policy = json.loads(capsys.readouterr().out)
    iam, anybody = registering.client("iam"), {"AWS": f"arn:aws:iam::{REGISTERS}:root"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": anybody, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName="e2e-engineer", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="e2e-engineer", PolicyName="own", PolicyDocument=json.dumps(policy))
    given = registering.client("sts").assume_role(RoleArn=role, RoleSessionName="engineer")["Credentials"]
    session = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], governance.sandbox.region
    )
    (tmp_path / "evaluation.json").write_bytes(registering.evaluation("engineer"))
    (tmp_path / "bias.json").write_bytes(registering.bias("engineer"))
    noted = NotedCalls(session, REGISTERS, governance.sandbox.region)
    with commands_of(session), noted.of("engineer"):
        register = ["register", "--registry-account", ACCOUNT, "--group", group, "--image", "repo/image:1"]
        assert run([*register, "--evidence", str(tmp_path)]) == 0, capsys.readouterr().err
        arn = capsys.readouterr().out.split()[0]
        governance.settle()
        assert run(["wait", arn]) == 2
        assert OF_A_MODEL_ACCOUNT in capsys.readouterr().err
        # As people look with the AWS CLI.
        seen = clients.sagemaker_client().describe_model_package(ModelPackageName=arn)
        listed = clients.sagemaker_client().list_model_packages(ModelPackageGroupName=registering.group)
        assert arn in [one["ModelPackageArn"] for one in listed["ModelPackageSummaryList"]]
        key = registering.client("s3").list_objects_v2(Bucket=registering.bucket, Prefix=f"{group}/")
        clients.s3_client().get_object(Bucket=registering.bucket, Key=key["Contents"][0]["Key"])
    assert seen["ModelApprovalStatus"] == "Approved", seen.get("ApprovalDescription")
    assert find_needless(policy["Statement"], noted.by_caller["engineer"]) == set()
