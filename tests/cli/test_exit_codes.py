"""One table of exit codes, followed by every command: each row is a way in which a command ends."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from aws import clients
from checks.decision import Verdict
from cli.command_table import COMMANDS
from cli.exit_codes import MEANINGS, ExitCode, exit_code_of, exit_code_of_status
from cli.lazy import LazyCommand
from cli.main import run
from tests.forgotten_bundle import forget_bundle

REGION, BUCKET, PIPELINE = "eu-west-1", "bucket-of-the-exit-codes-test", "model-governance"
EVIDENCE = "evidence-of-the-exit-codes-test"  # in the region of the environment
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/{}/1"
THRESHOLDS = """
name: churn
applies_to: {model_package_groups: [churn]}
checks:
  - {name: accuracy, why: Because., metric: a.b, at_least: 0.8}
  - {name: latency, why: Because., metric: a.seconds, at_most: 2, on_failure: review}
"""
PAST_REPORT = '{"a_metrics": {"b": {"value": 0.75}, "seconds": {"value": 1}}}'
PAST_DIGEST = hashlib.sha256(PAST_REPORT.encode()).hexdigest()
PAST_DECISION = {
    "schema": "governance.decision/1",
    "decision": "Rejected",
    "model_package": {"arn": ARN.format("churn"), "group": "churn", "version": 1},
    "thresholds": None,
    "evidence": [
        {
            "uri": "evaluation.json",
            "version_id": None,
            "sha256": PAST_DIGEST,
            "format": "sagemaker_evaluation",
            "copy_uri": f"judged-evidence/{PAST_DIGEST}",
        }
    ],
    "findings": [],
    "engine": {"name": "sagemaker-model-governance", "version": "0.1.0"},
    "decided_at": "2026-11-22T00:00:00Z",
}
FILES = {
    "churn.yaml": THRESHOLDS,
    "looser.yaml": THRESHOLDS.replace("at_least: 0.8", "at_least: 0.7"),
    "past/decisions/churn/1/e1.json": json.dumps(PAST_DECISION),
    f"past/judged-evidence/{PAST_DIGEST}": PAST_REPORT,
    "wrong.yaml": "name: churn",
    "good/evaluation.json": '{"a_metrics": {"b": {"value": 0.9}, "seconds": {"value": 1}}}',
    "bad/evaluation.json": '{"a_metrics": {"b": {"value": 0.7}, "seconds": {"value": 1}}}',
    "slow/evaluation.json": '{"a_metrics": {"b": {"value": 0.9}, "seconds": {"value": 9}}}',
    "cut/evaluation.json": '{"a_metrics": ',
    "empty/notes.txt": "",
    "ratings.csv": "rating\n5\n4\n1\n",
    "people.csv": "label,sex\n1,F\n0,F\n1,M\n0,M\n",
}
# Versions by their group: how each is registered, and the outcome that the gate recorded, if any.
VERSIONS: dict[str, tuple[str, str | None]] = {
    "approved": ("Approved", "updated"),
    "rejected": ("Rejected", "updated"),
    "review": ("PendingManualApproval", "left_pending"),
    "registered-approved": ("Approved", None),
    "registered-rejected": ("Rejected", None),
    "unjudged": ("PendingManualApproval", None),
    "to-review": ("PendingManualApproval", "left_pending"),
    "to-rejudge": ("Rejected", "updated"),
}
DECIDE = "--yes --reason agreed"


@pytest.fixture(scope="module")
def endpoint(moto_url: str) -> str:
    """An AWS with one version of each kind, and the records of those that were judged."""
    make: Callable[..., Any] = boto3.client  # its types want a literal name of a service
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
    sagemaker, s3 = (make(name, endpoint_url=moto_url, **keys) for name in ("sagemaker", "s3"))
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    make("s3", endpoint_url=moto_url, **keys | {"region_name": "us-east-1"}).create_bucket(Bucket=EVIDENCE)
    sagemaker.create_pipeline(
        PipelineName=PIPELINE, PipelineDefinition="{}", RoleArn="arn:aws:iam::123456789012:role/pipeline"
    )
    for group, (status, outcome) in VERSIONS.items():
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
        sagemaker.create_model_package(ModelPackageGroupName=group, ModelApprovalStatus=status)
        if outcome is not None:
            _record(s3, group, status, outcome)
    return moto_url


def _record(s3: Any, group: str, status: str, outcome: str) -> None:
    verdict = "NeedsReview" if outcome == "left_pending" else status
    now = datetime.now(UTC)
    decision: dict[str, object] = {
        "schema": "governance.decision/1",
        "decision": verdict,
        "thresholds": None,
        "evidence": [],
        "findings": [],
        "engine": {"name": "sagemaker-model-governance", "version": "0.1.0"},
        "decided_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    content = json.dumps(decision).encode()
    uri = f"s3://{BUCKET}/decisions/{group}/1/e1.json"
    became = {
        "schema": "governance.outcome/2",
        "outcome": outcome,
        "approval_status": status,
        "status_given_by": None,
        "decision": verdict,
        "decision_uri": uri,
        "decision_digest": hashlib.sha256(content).hexdigest(),
        "model_package": ARN.format(group),
        "recorded_at": now.isoformat(),
    }
    s3.put_object(Bucket=BUCKET, Key=f"decisions/{group}/1/e1.json", Body=content)
    s3.put_object(Bucket=BUCKET, Key=f"decisions/{group}/1/e1.outcome.json", Body=json.dumps(became).encode())


@pytest.fixture
def aws(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files and the AWS that the rows speak of; the region of the environment is another than the versions'."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "GOVERNANCE_EVIDENCE_BUCKET": EVIDENCE,
        "GOVERNANCE_THRESHOLDS_BUCKET": BUCKET,
        "GOVERNANCE_DECISIONS_BUCKET": BUCKET,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    for file, content in FILES.items():
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(content)
    for client in (clients.s3_client, clients.sagemaker_client, clients.sts_client):
        client.cache_clear()
    forget_bundle(clients.s3_client(), BUCKET)  # what another row published
    yield
    for client in (clients.s3_client, clients.sagemaker_client, clients.sts_client):
        client.cache_clear()


REGISTER = f"register --image repo/image:1 --evidence-bucket {EVIDENCE} --thresholds churn.yaml"
ROLE = "arn:aws:iam::123456789012:role"
# Rows that ask for a file in force; the others find none.
IN_FORCE: list[tuple[str, int]] = [
    ("thresholds get -o fetched", 0),
    ("thresholds diff LIVE churn.yaml", 0),
    ("check --in-force --group churn -e good", 0),
    ("check --in-force --group churn -e bad", 1),
    ("thresholds withdraw churn --yes", 0),
]
ROWS: list[tuple[str, int]] = [
    ("check churn.yaml -e good", 0),
    ("check churn.yaml -e bad", 1),
    ("check churn.yaml -e slow", 3),
    ("check churn.yaml -e good -e cut", 3),
    ("check churn.yaml -e good --group other", 3),
    ("check churn.yaml -e good -o /dev/null", 0),
    ("check churn.yaml -e bad -o bad.json --format json", 1),
    ("check churn.yaml", 2),
    ("check churn.yaml -e ''", 2),
    ("check churn.yaml --evidence=", 2),
    ("check churn.yaml -e nowhere", 2),
    ("check churn.yaml -e empty", 2),
    ("check churn.yaml -e good -o good", 2),
    ("check wrong.yaml -e good", 2),
    ("explain nowhere.json", 2),
    ("explain churn.yaml", 2),
    (f"explain s3://{BUCKET}/decisions/rejected/1/e1.json", 0),
    (f"explain s3://{BUCKET}/decisions/nowhere/1/e1.json", 2),
    *((f"explain {ARN.format(group)}", 0) for group in ("approved", "rejected", "review")),
    *(
        (f"explain {ARN.format(group)}", 3)
        for group in ("registered-approved", "registered-rejected", "unjudged")
    ),
    (f"explain {ARN.format('nowhere')}", 2),
    ("explain arn:aws:sagemaker:eu-west-1:123456789012:model-package/unversioned", 2),
    ("audit", 0),
    ("audit --decisions nowhere", 2),
    ("replay nowhere.json", 2),
    ("replay churn.yaml", 2),
    # These records were made by hand: no engine decides without thresholds or findings.
    *((f"replay {ARN.format(group)}", 1) for group in ("approved", "rejected", "review")),
    (f"replay {ARN.format('unjudged')}", 2),
    (f"replay {ARN.format('nowhere')}", 2),
    ("report nowhere.json -o page.html", 2),
    ("report churn.yaml -o page.html", 2),
    (f"report s3://{BUCKET}/decisions/rejected/1/e1.json -o page.html", 0),
    (f"report s3://{BUCKET}/decisions/rejected/1/e1.json --history s3://{BUCKET}/decisions/", 2),
    (f"report {ARN.format('rejected')} -o page.html --versions 0", 0),
    (f"report {ARN.format('unjudged')} -o page.html", 3),
    (f"report {ARN.format('nowhere')} -o page.html", 2),
    (f"review --reject {DECIDE} {ARN.format('to-review')}", 0),
    (f"review --reject --reason agreed {ARN.format('review')}", 2),
    (f"review --approve --reject {DECIDE} {ARN.format('review')}", 2),
    (f"review --approve {DECIDE} {ARN.format('rejected')}", 2),
    (f"review --approve {DECIDE} {ARN.format('unjudged')}", 2),
    (f"review --reject --yes --reason '' {ARN.format('review')}", 2),
    (f"review --reject {DECIDE} {ARN.format('nowhere')}", 2),
    (f"rejudge {DECIDE} {ARN.format('to-rejudge')}", 0),
    (f"rejudge {DECIDE} {ARN.format('unjudged')}", 2),
    (f"rejudge {DECIDE} churn", 2),
    (f"wait {ARN.format('approved')}", 0),
    (f"wait {ARN.format('rejected')}", 1),
    (f"wait {ARN.format('registered-approved')}", 3),
    (f"wait {ARN.format('registered-rejected')}", 1),
    (f"wait {ARN.format('unjudged')} --timeout 0", 2),
    (f"wait {ARN.format('nowhere')}", 2),
    (f"wait {ARN.format('approved')} --timeout soon", 2),
    (f"wait {ARN.format('unjudged')} --pipeline other", 2),
    (f"{REGISTER} --group churn --evidence good", 0),
    (f"{REGISTER} --group churn --evidence bad", 0),
    (f"{REGISTER} --group churn --evidence good --only-if approved", 0),
    (f"{REGISTER} --group churn --evidence slow --only-if approved", 3),
    (f"{REGISTER} --group churn --evidence slow --only-if review", 0),
    (f"{REGISTER} --group churn --evidence bad --only-if approved", 1),
    (f"{REGISTER} --group churn --evidence bad --only-if review", 1),
    (f"{REGISTER} --group churn --evidence good --only-if review --no-check", 2),
    (f"{REGISTER} --group churn --evidence good --evidence-bucket {BUCKET}", 2),
    (f"{REGISTER} --group churn --evidence good --timeout 5m", 2),
    (f"{REGISTER} --group new --evidence good", 2),
    (f"{REGISTER} --group new --evidence good --ungoverned", 0),
    (f"{REGISTER} --group new --evidence good --no-check", 0),
    (f"{REGISTER} --group churn --evidence cut", 2),
    (f"{REGISTER} --group churn --evidence empty", 2),
    (f"{REGISTER} --group new_ --evidence good", 2),
    (f"{REGISTER} --group churn --evidence ''", 2),
    *((f"status {ARN.format(group)}", 0) for group in ("approved", "registered-approved", "unjudged")),
    ("status approved --decisions nowhere", 2),
    ("status nowhere", 2),
    ("list", 0),
    ("list --group nowhere", 2),
    ("history approved", 0),
    (f"iam bypass-guard --updating-role {ROLE}/gate --gate-role {ROLE}/other", 0),
    ("iam bypass-guard --gate-role nobody", 2),
    (f"iam policy auditor --account 123456789012 --decisions-bucket {BUCKET}", 0),
    ("iam policy auditor --account mine", 2),
    ("stack empty nowhere", 2),
    ("redrive nowhere", 2),
    ("redrive --most none", 2),
    ("history nowhere", 2),
    ("thresholds init --task classifier --group churn -o new.yaml", 0),
    ("thresholds init --task classifier --group churn -o churn.yaml", 2),
    ("thresholds init --task classifier --group new_", 2),
    ("thresholds validate churn.yaml", 0),
    ("thresholds validate wrong.yaml", 2),
    ("thresholds validate churn.yaml churn.yaml wrong.yaml", 2),
    ("thresholds validate empty", 2),
    ("thresholds validate ''", 2),
    ("thresholds show churn.yaml", 0),
    ("thresholds show churn --thresholds churn.yaml", 0),
    ("thresholds show other --thresholds churn.yaml", 2),
    ("thresholds show wrong.yaml", 2),
    ("thresholds show nowhere.yaml", 2),
    (f"thresholds impact churn.yaml churn.yaml --history s3://{BUCKET}", 0),
    ("thresholds impact churn.yaml wrong.yaml --history past", 2),
    ("thresholds impact churn.yaml churn.yaml --history empty", 2),
    ("thresholds impact churn.yaml churn.yaml --history nowhere", 2),
    ("thresholds impact churn.yaml looser.yaml --history past --fail-on-flip --fail-on-loosened", 4),
    ("thresholds impact churn.yaml looser.yaml --history past --fail-on-loosened", 5),
    ("thresholds impact churn.yaml looser.yaml --history past --fail-on-loosened --reason bought", 0),
    ("thresholds impact churn.yaml looser.yaml --history past --reason ''", 2),
    ("thresholds impact looser.yaml churn.yaml --history past --fail-on-loosened", 0),
    ("thresholds schema", 0),
    ("thresholds schema more", 2),
    ("thresholds list", 0),
    ("thresholds list --thresholds-bucket nowhere-at-all", 2),
    ("thresholds get -o fetched", 2),
    ("thresholds publish churn.yaml", 2),
    ("thresholds publish churn.yaml --yes", 0),
    ("thresholds publish wrong.yaml --yes", 2),
    ("thresholds publish churn.yaml --yes --thresholds-bucket nowhere-at-all", 2),
    ("thresholds diff LIVE nowhere.yaml", 2),
    ("check --in-force --group other -e good", 3),
    ("check --in-force -e good", 2),
    ("check -e good", 2),
    ("thresholds rollback nothing --yes", 2),
    ("thresholds withdraw nobody --yes", 2),
    ("score feedback ratings.csv -o out", 0),
    ("score feedback nowhere.csv -o out", 2),
    ("score bias people.csv --label label --positive 1 --facet sex=F -o out", 0),
    ("score bias nowhere.csv --label label --positive 1 --facet sex=F -o out", 2),
    ("score text-to-sql nowhere.jsonl --databases nowhere -o out", 2),
    ("score rag nowhere.jsonl --judge none --embeddings none -o out", 2),
    ("score safety bbq nowhere.jsonl -o out", 2),
    ("score safety toxicity nowhere.jsonl -o out", 2),
    ("score safety memorization nowhere.jsonl -o out", 2),
    ("score safety disinformation nowhere.jsonl -o out", 2),
    ("collect bbq --endpoint http://127.0.0.1:9 --model m --prompts nowhere.jsonl -o out.jsonl", 2),
    ("workbench --thresholds wrong.yaml --no-open", 2),
    ("workbench --thresholds churn.yaml --history nowhere --no-open", 2),
    ("workbench --no-open", 2),
    ("workbench --thresholds churn.yaml --port 70000 --no-open", 2),
    ("sandbox up -c wrong", 2),
    ("sandbox up -o ''", 2),
    ("sandbox demo --examples empty", 2),
    ("--version", 0),
    ("nothing", 2),
    ("check --no-such-option", 2),
]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("line", "code"), IN_FORCE, ids=[line for line, _ in IN_FORCE])
def test_a_command_about_what_is_in_force_ends_as_the_table_says(line: str, code: int) -> None:
    assert run(["thresholds", "publish", "churn.yaml", "--yes"]) == 0
    assert run(line.split()) == code


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("line", "code"), ROWS, ids=[line.replace("''", "EMPTY") for line, _ in ROWS])
def test_every_command_ends_as_the_table_says(
    line: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["" if word == "''" else word for word in line.split()]
    assert run(arguments) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert bool(captured.err) or code != ExitCode.COULD_NOT_TRY


def test_every_command_has_rows_in_the_table() -> None:
    paths: set[str] = set()
    for entry in COMMANDS:
        names = getattr(LazyCommand(entry).loaded, "commands", {})
        paths |= {f"{entry.path} {name}" for name in names} or {entry.path}
    shown = {path for path in paths if any(line.startswith(f"{path} ") or line == path for line, _ in ROWS)}
    assert shown == paths


def test_the_table_has_every_code_once() -> None:
    assert set(MEANINGS) == set(ExitCode)


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.APPROVED, 0), (Verdict.REJECTED, 1), (Verdict.NEEDS_REVIEW, 3)]
)
def test_a_verdict_has_its_code(verdict: Verdict, code: int) -> None:
    assert exit_code_of(verdict) == code


@pytest.mark.parametrize(
    ("status", "decided", "code"),
    [
        ("Approved", True, 0),
        ("Approved", False, 3),
        ("Rejected", True, 1),
        ("Rejected", False, 1),
        ("PendingManualApproval", True, 3),
        ("PendingManualApproval", False, 3),
        ("SomethingNew", True, 3),
    ],
)
def test_a_status_has_its_code(status: str, decided: bool, code: int) -> None:
    assert exit_code_of_status(status, decided=decided) == code
