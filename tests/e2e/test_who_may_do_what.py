"""People and CI beside the deployed gate, each held to a policy: their commands, and what nobody may do beside it."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import boto3
import pytest
from botocore.exceptions import ClientError

from aws import clients
from cli.main import run
from pipelines.role_policies import Role
from tests.e2e.conftest import REVIEWER, THRESHOLDS, Governance
from tests.noted_calls import NotedCalls, find_needless

pytestmark = pytest.mark.e2e

ACCOUNT = "123456789012"
TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    ]
}
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CLIENTS = (clients.s3_client, clients.sagemaker_client, clients.sts_client)


@dataclass(frozen=True)
class Person:
    """A session of a role that has these policies."""

    role: str
    policies: Sequence[Mapping[str, Any]]
    session: boto3.Session
    endpoint: str
    arn: str = ""

    def client(self, service: str) -> Any:
        make: Callable[..., Any] = self.session.client  # its types want a literal name of a service
        return make(service, endpoint_url=self.endpoint)


MakePerson = Callable[..., Person]


@pytest.fixture(scope="module")
def person(_deployed: Governance) -> MakePerson:
    """Make a role with policies, and a session of it."""
    _deployed.require("lambda")

    def make(*policies: Mapping[str, Any], name: str = "e2e-person") -> Person:
        iam, role_name = _deployed.client("iam"), f"{name}-{uuid.uuid4().hex[:8]}"
        made = iam.create_role(RoleName=role_name, AssumeRolePolicyDocument=json.dumps(TRUST))
        for number, policy in enumerate(policies):
            iam.put_role_policy(
                RoleName=role_name, PolicyName=f"policy-{number}", PolicyDocument=json.dumps(policy)
            )
        return assume(_deployed, made["Role"]["Arn"], policies)

    return make


def assume(stack: Governance, role: str, policies: Sequence[Mapping[str, Any]] = ()) -> Person:
    """Return a session of a role that is there."""
    # Each is a person of their own: sessions of one name are taken for one person's.
    name = f"session-{uuid.uuid4().hex[:8]}"
    answer = stack.client("sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
    session = boto3.Session(
        aws_access_key_id=answer["AccessKeyId"],
        aws_secret_access_key=answer["SecretAccessKey"],
        aws_session_token=answer["SessionToken"],
        region_name=stack.sandbox.region,
    )
    session_arn = f"{role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/{name}"
    return Person(role, policies, session, stack.sandbox.endpoint, session_arn)


@pytest.fixture
def settings(stack: Governance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The variables of the stack's outputs, as its users set them, and a folder with evidence and thresholds."""
    for name, value in {
        "AWS_ENDPOINT_URL": stack.sandbox.endpoint,
        "AWS_REGION": stack.sandbox.region,
        "GOVERNANCE_EVIDENCE_BUCKET": stack.outputs["EvidenceBucket"],
        "GOVERNANCE_THRESHOLDS_BUCKET": stack.outputs["ThresholdsBucket"],
        "GOVERNANCE_DECISIONS_BUCKET": stack.outputs["DecisionsBucket"],
        "GOVERNANCE_PIPELINE_NAME": stack.outputs["PipelineName"],
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    yield
    stack.settle()  # what is judged again is judged by the bundle, too
    stack.forget_bundle()


@contextmanager
def commands_of(session: boto3.Session) -> Iterator[None]:
    """Let commands within the block have the session's credentials."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients, "_session", lambda _region=None: session)
        for client in CLIENTS:
            client.cache_clear()
        yield
    for client in CLIENTS:
        client.cache_clear()


@pytest.fixture
def people(
    person: MakePerson, settings: None, capsys: pytest.CaptureFixture[str]
) -> Callable[[Role, str], Person]:
    """Make a person with the policy that the command prints for their role, held to one group."""

    def make(role: Role, group: str) -> Person:
        capsys.readouterr()
        assert run(["iam", "policy", role, "--account", ACCOUNT, "--group", group]) == 0
        name = "e2e-reviewer" if role is Role.REVIEWER else "e2e-person"
        return person(json.loads(capsys.readouterr().out), name=name)

    return make


class Evidence(TypedDict):
    """The reports of a version, as `Governance.register` takes them."""

    quality: bytes
    fairness: bytes


def own_evidence(reports: Any, accuracy: float, latency: float = 1) -> Evidence:
    """A quality and a bias report of bytes that no other test has: what was judged for its versions is foreign."""
    share = uuid.uuid4().int / 2**128
    quality, fairness = reports["evaluation"](accuracy, latency=latency + share), reports["bias"](share / 2)
    return {"quality": quality, "fairness": fairness}


def write_evidence(reports: Any, folder: str, accuracy: float, latency: float = 1) -> None:
    evidence = own_evidence(reports, accuracy, latency)
    Path(folder).mkdir()
    Path(folder, "evaluation.json").write_bytes(evidence["quality"])
    Path(folder, "bias.json").write_bytes(evidence["fairness"])


def look_at_inputs(stack: Governance, arn: str) -> None:
    """Look at the reports of a version and at what is in force, as people do with the AWS CLI or the console."""
    s3: Any = clients.s3_client()
    for output, prefix in (("EvidenceBucket", f"{arn.split('/')[1]}/"), ("ThresholdsBucket", "thresholds/")):
        bucket = stack.outputs[output]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        s3.get_object(Bucket=bucket, Key=listed["Contents"][0]["Key"])


def find_single_files(stack: Governance) -> None:
    """List the threshold files of an earlier release, as every command does until a bundle is published."""
    clients.s3_client().list_objects_v2(Bucket=stack.outputs["ThresholdsBucket"], Prefix="thresholds/")


def audit(stack: Governance, arn: str) -> None:
    """Read what a decision was made on, by the versions in its record and by the copies."""
    look_at_inputs(stack, arn)
    s3: Any = clients.s3_client()
    record = stack.decision(arn)
    evidence, thresholds = record["evidence"][0], record["thresholds"]["publication"]["bundle"]["uri"]
    for uri in (f"{evidence['uri']}?versionId={evidence['version_id']}", thresholds):
        place, _, version = uri.removeprefix("s3://").partition("?versionId=")
        bucket, _, key = place.partition("/")
        s3.get_object(Bucket=bucket, Key=key, VersionId=version)
    s3.get_object(Bucket=stack.outputs["EvidenceBucket"], Key=f"judged-evidence/{evidence['sha256']}")


def test_each_role_does_its_work_and_has_no_right_that_it_does_not_need(
    stack: Governance,
    people: Callable[[Role, str], Person],
    reports: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_evidence(reports, "good", 0.9)
    write_evidence(reports, "bad", 0.5)
    write_evidence(reports, "slow", 0.9, latency=9)
    group, group_of_ci = (f"e2e-{name}-{uuid.uuid4().hex[:8]}" for name in ("people", "ci"))
    own = THRESHOLDS.replace(b"e2e-*", group.encode()).replace(b"end-to-end", group.encode())
    Path("thresholds").mkdir()
    Path("thresholds/all.yaml").write_bytes(THRESHOLDS)
    Path("thresholds/own.yaml").write_bytes(own)
    register = ["register", "--image", "repo/image:1", "--evidence"]
    arn = f"arn:aws:sagemaker:{stack.sandbox.region}:{ACCOUNT}:model-package/{group}"
    reason = ["--yes", "--reason", "the risk is accepted"]
    decided = f"s3://{stack.outputs['DecisionsBucket']}/decisions/{group}"
    # Who does what in turn: commands with the codes that they end with, and what people do beside them.
    turns: Sequence[tuple[Role, str, Sequence[tuple[list[str], int]], Callable[[], None]]] = [
        (
            Role.GOVERNANCE_TEAM,
            group,
            [(["thresholds", "publish", "thresholds", "--yes"], 0), (["thresholds", "list"], 0)],
            lambda: None,
        ),
        (
            Role.ENGINEER,
            group,
            [
                ([*register, "good", "--group", group, "--wait"], 0),
                ([*register, "bad", "--group", group, "--tag", "stage=test"], 0),  # its group gets the tag
                (["wait", f"{arn}/2"], 1),
                ([*register, "slow", "--group", group, "--wait"], 3),
                (["list", "--group", group], 0),
                (["status", group], 0),
                (["history", group], 0),
                (["explain", f"{arn}/2"], 0),
            ],
            lambda: find_single_files(stack),
        ),
        (
            Role.CI,
            group_of_ci,
            [
                ([*register, "good", "--group", group_of_ci], 0),
                ([*register, "good", "--group", group_of_ci, "--again", "--tag", "by=ci", "--wait"], 0),
            ],
            lambda: find_single_files(stack),
        ),
        (
            Role.GOVERNANCE_TEAM,
            group,
            [
                (["thresholds", "impact", "LIVE", "thresholds", "--history", decided], 0),
                (["audit", "--group", group, "--live"], 0),
                (["replay", f"{arn}/1"], 0),
                (["report", f"{arn}/1", "-o", "report.html"], 0),
            ],
            lambda: None,
        ),
        (
            Role.AUDITOR,
            group,
            [
                (["history", group], 0),
                (["audit", "--group", group, "--live"], 0),
                (["replay", f"{arn}/2"], 0),
                (["explain", f"{arn}/1"], 0),
                (["thresholds", "list", "--versions"], 0),
            ],
            lambda: audit(stack, f"{arn}/1"),
        ),
        (
            Role.REVIEWER,
            group,
            [
                (["list", "--group", group], 0),
                (["explain", f"{arn}/3"], 0),
                (["review", "--approve", *reason, f"{arn}/3"], 0),
                (["rejudge", *reason, f"{arn}/2"], 0),
            ],
            lambda: look_at_inputs(stack, f"{arn}/3"),
        ),
    ]
    persons: dict[Role, Person] = {}
    noted: dict[Role, NotedCalls] = {}
    for role, held_to, lines, do_more in turns:
        if role not in persons:
            persons[role] = people(role, held_to)
            noted[role] = NotedCalls(persons[role].session, ACCOUNT, stack.sandbox.region)
        with commands_of(persons[role].session), noted[role].of(role):
            for line, code in lines:
                found = run(line)
                assert (role, line, found) == (role, line, code), capsys.readouterr().err
            do_more()
    needless = {
        role: find_needless(who.policies[0]["Statement"], noted[role].by_caller[role])
        for role, who in persons.items()
    }
    assert needless == {role: set() for role in set(Role) - {Role.MODEL_ACCOUNT}}


BASELINE_THRESHOLDS = """
name: {0}
applies_to: {{model_package_groups: [{0}]}}
checks:
  - name: no worse
    why: Users notice when answers get worse.
    metric: text_to_sql.execution_accuracy
    no_worse_than_baseline: {{absolute: 0.05}}
    confidence: 0.95
"""


def write_items(folder: str, group: str, wrong: range, *, of: int = 200) -> None:
    """Write a report and the items behind it, as scoring does; those in `wrong` are not correct."""
    Path(folder).mkdir()
    figure = {"value": (of - len(wrong)) / of, "samples": of}
    own = {"value": uuid.uuid4().int / 2**128}  # so that the bytes are the test's own
    document = {"text_to_sql_metrics": {"execution_accuracy": figure}, "usage_metrics": {"share": own}}
    Path(folder, "evaluation.json").write_text(json.dumps(document))
    items = [json.dumps({"id": f"{group}-{number}", "correct": number not in wrong}) for number in range(of)]
    Path(folder, "results.jsonl").write_text("\n".join(items))


def test_later_versions_are_compared_item_by_item_with_the_one_that_a_reviewer_approved(
    stack: Governance, people: Callable[[Role, str], Person], capsys: pytest.CaptureFixture[str]
) -> None:
    group = f"e2e-baseline-{uuid.uuid4().hex[:8]}"
    place = {"Bucket": stack.outputs["ThresholdsBucket"], "Key": f"thresholds/{group}.yaml"}
    stack.client("s3").put_object(**place, Body=BASELINE_THRESHOLDS.format(group).encode())
    engineer, reviewer = people(Role.ENGINEER, group), people(Role.REVIEWER, group)
    arn = f"arn:aws:sagemaker:{stack.sandbox.region}:{ACCOUNT}:model-package/{group}"
    for name, wrong in {"first": range(20), "worse": range(60), "like": range(19)}.items():
        write_items(name, group, wrong)

    def say(who: Person, *words: str) -> tuple[int, str]:
        capsys.readouterr()
        with commands_of(who.session):
            code = run([*words])
        said = capsys.readouterr()
        return code, said.out + said.err

    def register(folder: str) -> tuple[int, str]:
        return say(
            engineer, "register", "--image", "repo/image:1", "--group", group, "--wait", "--evidence", folder
        )

    # The first version has nothing to be compared with, and a person approves it.
    code, text = register("first")
    assert (code, "no version is approved by a record" in text) == (3, True), text
    approve = ("review", "--approve", "--yes", "--reason", "good enough to begin with")
    assert say(reviewer, *approve, f"{arn}/1")[0] == 0
    # The likely decision already names what the gate compares with.
    code, text = register("worse")
    first = stack.describe(f"{arn}/1")["CustomerMetadataProperties"]["governance:decision-uri"]
    assert code == 1, text
    assert f"version 1 ({arn}/1), approved by {first}" in text
    assert text.count("paired on the same 200 items, of which 0 went up and 40 went down") == 2
    # The rejected one is no baseline.
    code, text = register("like")
    assert code == 0, text
    rejected, approved = (stack.decision(f"{arn}/{version}") for version in (2, 3))
    for record, decision in ((rejected, "Rejected"), (approved, "Approved")):
        baseline, (finding,) = record["baseline"], record["findings"]
        assert record["decision"] == decision
        assert (baseline["model_package_arn"], baseline["record_uri"]) == (f"{arn}/1", first)
        assert finding["baseline"] == {"value": 0.9, "samples": 200}
        assert "paired on the same 200 items" in finding["reason"]
        for document in (*record["evidence"], *baseline["evidence"]):
            assert document["items"]["copy_uri"].endswith(f"/judged-evidence/{document['items']['sha256']}")


def test_a_second_person_approves_and_a_version_is_judged_again_by_a_corrected_limit(
    stack: Governance,
    person: MakePerson,
    settings: None,
    reports: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    group = f"e2e-reviewed-{uuid.uuid4().hex[:8]}"
    own = THRESHOLDS.replace(b"e2e-*", group.encode()).replace(b"end-to-end", group.encode())
    write_evidence(reports, "slow", 0.9, latency=9)
    write_evidence(reports, "bad", 0.7)
    Path("thresholds").mkdir()
    Path("thresholds/own.yaml").write_bytes(own)
    administrator = person(EVERYTHING, name="e2e-administrator")
    # Under the guard, too: a review sets a status, and writes nothing of the gate's.
    guard = print_guard(stack, capsys)
    first, second = (person(EVERYTHING, guard, name="e2e-reviewer") for _ in range(2))
    arn = f"arn:aws:sagemaker:{stack.sandbox.region}:{ACCOUNT}:model-package/{group}"

    def say(who: Person, *words: str) -> tuple[int, str]:
        capsys.readouterr()
        with commands_of(who.session):
            code = run([*words])
        said = capsys.readouterr()
        return code, said.out + said.err

    publish = ("thresholds", "publish", "thresholds", "--yes")
    register = ("register", "--image", "repo/image:1", "--group", group, "--wait", "--evidence")
    reason = ("--yes", "--reason", "agreed in the committee")
    assert say(administrator, *publish)[0] == 0
    assert say(first, *register, "slow")[0] == 3

    # Who registered it may not approve it; somebody else may; an engineer may neither write a review nor set a status.
    code, text = say(first, "review", "--approve", *reason, f"{arn}/1")
    assert (code, "registered it; somebody else has to approve it" in text) == (2, True), text
    assert stack.describe(f"{arn}/1")["ModelApprovalStatus"] == "PendingManualApproval"
    code, text = say(administrator, "review", "--approve", *reason, f"{arn}/1")
    assert (code, "reviewer_role_arns" in text) == (2, True), text
    assert say(second, "review", "--approve", *reason, f"{arn}/1")[0] == 0
    for command in ("wait", "explain", "status"):
        code, text = say(first, command, f"{arn}/1")
        assert (code, f"given by {second.arn} with a review" in text) == (0, True), text

    # A rejection, the corrected limit, the request, and the approval that names it.
    assert say(first, *register, "bad")[0] == 1
    rejection = stack.decision(f"{arn}/2")
    Path("thresholds/own.yaml").write_bytes(own.replace(b"at_least: 0.8", b"at_least: 0.6"))
    assert say(administrator, *publish)[0] == 0
    code, text = say(administrator, "rejudge", *reason, f"{arn}/2")
    assert (code, "reviewer_role_arns" in text) == (2, True), text
    assert stack.describe(f"{arn}/2")["ModelApprovalStatus"] == "Rejected"
    assert say(second, "rejudge", *reason, f"{arn}/2")[0] == 0
    code, text = say(first, "wait", f"{arn}/2")
    assert (code, "sent back to be judged again at" in text) == (0, True), text
    approval = stack.decision(f"{arn}/2")
    review = json.loads(stack.read(approval["review"]["uri"]))
    assert json.loads(stack.read(review["decision_uri"])) == rejection
    assert (rejection["decision"], review["action"], approval["decision"]) == (
        "Rejected",
        "rejudge",
        "Approved",
    )
    stack.settle()
    assert [name for name in stack.sandbox.run_schedules() if "-ApprovalWatchSchedule" in name]
    stack.settle()
    named = {line.get("model_package_arn") for line in log_lines(stack, "WatchApprovals")}
    assert not named & {f"{arn}/1", f"{arn}/2"}


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """The reason for which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException"), error
    return str(error["Message"]).rpartition(" because ")[2]


def print_guard(stack: Governance, capsys: pytest.CaptureFixture[str]) -> Mapping[str, Any]:
    """The bypass guard of the deployed stack, as the command prints it."""
    capsys.readouterr()
    roles = [word for arn in stack.outputs["GateRoles"].split() for word in ("--gate-role", arn)]
    own = ["--updating-role", stack.outputs["UpdatingRole"], *roles, "--reviewer", REVIEWER]
    assert run(["iam", "bypass-guard", *own]) == 0
    return dict(json.loads(capsys.readouterr().out))


@contextmanager
def guarded(stack: Governance, guard: Mapping[str, Any]) -> Iterator[None]:
    """Hold the gate's own roles to the guard, too."""
    arns = (stack.outputs["UpdatingRole"], *stack.outputs["GateRoles"].split())
    names = [{"RoleName": arn.rpartition("/")[2], "PolicyName": "guard"} for arn in arns]
    for name in names:
        stack.client("iam").put_role_policy(**name, PolicyDocument=json.dumps(guard))
    try:
        yield
    finally:
        for name in names:
            stack.client("iam").delete_role_policy(**name)


DENIED = "an explicit deny in the identity-based policy"


def test_under_the_guard_the_gate_and_the_reviewers_alone_decide(
    stack: Governance, person: MakePerson, reports: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everybody may do everything else: what is refused, the guard refuses."""
    guard = print_guard(stack, capsys)
    engineer, reviewer = (
        person(EVERYTHING, guard, name=name).client("sagemaker") for name in ("e2e-person", "e2e-reviewer")
    )
    group = stack.group()
    metrics = {"ModelQuality": {"Statistics": stack.source(own_evidence(reports, 0.5)["quality"])}}
    version = {"ModelPackageGroupName": group, "ModelMetrics": metrics}
    with guarded(stack, guard):
        assert refused(engineer.create_model_package, **version, ModelApprovalStatus="Approved") == DENIED
        arn = engineer.create_model_package(**version, ModelApprovalStatus="PendingManualApproval")[
            "ModelPackageArn"
        ]
        left_out = engineer.create_model_package(**version)["ModelPackageArn"]
        stack.settle()
        assert stack.describe(arn)["ModelApprovalStatus"] == "Rejected"
        assert [len(stack.executions(one)) for one in (arn, left_out)] == [1, 1]
    for status in ("Approved", "PendingManualApproval"):
        assert (
            refused(engineer.update_model_package, ModelPackageArn=arn, ModelApprovalStatus=status) == DENIED
        )
    engineer.update_model_package(ModelPackageArn=arn, ApprovalDescription="see the ticket")
    reviewer.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert stack.describe(arn)["ModelApprovalStatus"] == "Approved"


def log_lines(stack: Governance, function: str) -> list[dict[str, Any]]:
    """The lines that a function logged as JSON."""
    groups = [group["logGroupName"] for group in stack.client("logs").describe_log_groups()["logGroups"]]
    (own,) = [name for name in groups if function in name]
    lines = stack.client("logs").filter_log_events(logGroupName=own)["events"]
    return [json.loads(line["message"]) for line in lines if line["message"].startswith("{")]


def test_an_approval_beside_the_gate_is_seen_by_its_event_and_by_the_schedule(
    stack: Governance, person: MakePerson, reports: Any
) -> None:
    administrator, reviewer = (
        person(EVERYTHING, name=name).client("sagemaker") for name in ("e2e-administrator", "e2e-reviewer")
    )
    by_gate, rejected, copied, reviewed = (
        stack.register(**own_evidence(reports, accuracy)) for accuracy in (0.9, 0.5, 0.5, 0.5)
    )
    stack.settle()
    assert stack.describe(by_gate)["ModelApprovalStatus"] == "Approved"
    genuine = str(stack.describe(by_gate)["ApprovalDescription"])
    born = stack.register(**own_evidence(reports, 0.5), status="Approved")
    administrator.update_model_package(ModelPackageArn=rejected, ModelApprovalStatus="Approved")
    administrator.update_model_package(
        ModelPackageArn=copied, ModelApprovalStatus="Approved", ApprovalDescription=genuine
    )
    reviewer.update_model_package(ModelPackageArn=reviewed, ModelApprovalStatus="Approved")
    stack.settle()

    def seen() -> set[str]:
        lines = log_lines(stack, "WatchApprovals")
        named = {
            str(line.get("model_package_arn")) for line in lines if "approved without" in line["message"]
        }
        return named & {by_gate, rejected, copied, reviewed, born}

    def counted() -> list[dict[str, Any]]:
        """The looks that found all four and more, oldest first: one at an event finds one at most."""
        lines = [one for one in log_lines(stack, "WatchApprovals") if one.get("UnrecordedApprovals", 0) >= 4]
        return sorted(lines, key=lambda line: int(line["_aws"]["Timestamp"]))

    assert seen() == {rejected, copied, reviewed, born}
    before = counted()
    assert [name for name in stack.sandbox.run_schedules() if "-ApprovalWatchSchedule" in name]
    stack.settle()
    *earlier, run_of_schedule = counted()
    assert earlier == before
    # The alarm of the template is over the metric that the line carries: the sandbox has no alarms.
    (metrics,) = run_of_schedule["_aws"]["CloudWatchMetrics"]
    template = json.loads((stack.sandbox.folder / "cdk.out/ModelGovernance.template.json").read_text())
    (alarm,) = [
        one["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::CloudWatch::Alarm"
        and one["Properties"].get("MetricName") == "UnrecordedApprovals"
    ]
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert (alarm["Namespace"], alarm["Threshold"]) == (metrics["Namespace"], 1)
    assert dimensions == {name: run_of_schedule[name] for (name,) in metrics["Dimensions"]}


BY_THE_BUCKET = "an explicit deny in the resource-based policy"


def test_a_record_is_written_once_by_the_gate_alone(
    stack: Governance, person: MakePerson, reports: Any
) -> None:
    """The gate's own writes pass under the policies of its buckets, which hold for it as for everybody."""
    arn = stack.register(**own_evidence(reports, 0.9))
    stack.settle()
    record, sealed = stack.decision(arn), stack.describe(arn)["CustomerMetadataProperties"]
    decisions, evidence = stack.outputs["DecisionsBucket"], stack.outputs["EvidenceBucket"]
    own = {"Bucket": decisions, "Key": sealed["governance:decision-uri"].partition(f"{decisions}/")[2]}
    copy = {"Bucket": evidence, "Key": f"judged-evidence/{record['evidence'][0]['sha256']}"}
    written = stack.client("s3").head_object(**own)
    assert "seal" in written["Metadata"]
    assert any(name.endswith(".outcome.json") for name in stack.records(arn))
    assert stack.client("s3").list_objects_v2(Bucket=decisions, Prefix="evidence-claims/")["KeyCount"]
    assert stack.client("s3").head_object(**copy)["ContentLength"]

    evaluating = stack.outputs["GateRoles"].split()[0]
    gate = assume(stack, evaluating).client("s3")
    assert refused(gate.put_object, **own, Body=b"{}") == BY_THE_BUCKET
    with pytest.raises(ClientError, match="PreconditionFailed"):
        gate.put_object(**own, Body=b"{}", IfNoneMatch="*")
    administrator = person(EVERYTHING, name="e2e-administrator").client("s3")
    for place in (own, copy):
        assert refused(administrator.put_object, **place, Body=b"{}", IfNoneMatch="*") == BY_THE_BUCKET
        assert refused(administrator.delete_object, **place) == BY_THE_BUCKET
    assert stack.decision(arn) == record
