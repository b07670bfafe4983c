"""The real stack, deployed once by the real CDK, and plain boto3 around it: what a user of the account could do."""

import hashlib
import io
import json
import os
import shutil
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import pytest

from aws.s3_objects import read_object
from aws.s3_uris import S3Uri
from pipelines.definition import IMAGE_PYTHON
from pipelines.record_keys import is_decision
from pipelines.replayed_decisions import replay_decision
from sandbox.server import Deployment, Sandbox, SandboxError, this_machine
from tests.forgotten_bundle import forget_bundle

GROUP = "e2e-{}"
# A bucket of a team of this account, one that is not of the account that the settings say, one that is encrypted with a
# key that the settings do not name, and one in another region.
TEAM_BUCKET, STRANGE_BUCKET, ENCRYPTED_BUCKET, FAR_BUCKET = (
    "e2e-team-reports",
    "e2e-strange-reports",
    "e2e-encrypted-reports",
    "e2e-far-reports",
)
EVIDENCE_BUCKETS = [
    {"name": TEAM_BUCKET},
    {"name": STRANGE_BUCKET, "account": "210987654321"},
    {"name": ENCRYPTED_BUCKET},
    {"name": FAR_BUCKET},
]
# Who may overrule the gate.
REVIEWER = "arn:aws:iam::123456789012:role/e2e-reviewer-*"
THRESHOLDS = b"""
name: end-to-end
applies_to:
  model_package_groups: ["e2e-*"]
checks:
  - name: accuracy
    why: The answers are used as they come.
    metric: binary_classification.accuracy
    at_least: 0.8
  - name: latency
    why: People wait at most a few seconds.
    metric: latency.p95_seconds
    at_most: 2.5
    on_failure: review
  - name: treatment equity
    why: No group may bear the errors.
    metric: bias.post_training.TE
    facet: "*"
    between: [-0.8, 0.8]
"""
# A handler that waits until it is let go, around the deployed one: it makes a slow step out of a fast one.
HELD_HANDLER = """
import importlib, json, os, time
import boto3

def handler(event, context):
    s3 = boto3.client("s3")
    hold = json.loads(os.environ["HOLD"])
    s3.put_object(Bucket=hold["bucket"], Key=hold["key"] + "/reached")
    while not s3.list_objects_v2(Bucket=hold["bucket"], Prefix=hold["key"] + "/go").get("KeyCount"):
        time.sleep(0.05)
    module, _, name = hold["handler"].rpartition(".")
    return getattr(importlib.import_module(module), name)(event, context)
"""


def evaluation(accuracy: float = 0.9, latency: float = 1.5) -> bytes:
    """An evaluation report as SageMaker's own tools write it."""
    return json.dumps(
        {
            "binary_classification_metrics": {"accuracy": {"value": accuracy, "standard_deviation": 0.01}},
            "latency_metrics": {"p95_seconds": {"value": latency}},
        }
    ).encode()


def bias(treatment_equity: float | str = 0.1) -> bytes:
    """A bias report as Clarify writes it."""
    metric = {"name": "TE", "description": "Treatment Equity (TE)", "value": treatment_equity}
    facets = {"sex": [{"value_or_threshold": "0", "metrics": [metric]}]}
    return json.dumps(
        {"version": "1.0", "post_training_bias_metrics": {"label": "y", "facets": facets}}
    ).encode()


def _list_kept(outputs: Mapping[str, str]) -> Mapping[str, str]:
    """Return the outputs that another compute leaves as they are."""
    changed = ("EvaluationCompute", "GateRoles")
    return {name: value for name, value in outputs.items() if name not in changed}


def deploy(sandbox: Sandbox, context: Mapping[str, Any]) -> list[Deployment]:
    """Deploy the stacks that a context of the CDK describes.

    The app runs in this process: each process that loads the CDK's library takes ten times as long as the app.
    """
    from aws_cdk import App  # noqa: PLC0415 - takes a second, and not every worker deploys

    from infra.app import build_app  # noqa: PLC0415 - as above

    # The CDK's library copies no bundle twice into a folder of one name: each assembly has a new one at first.
    folder = sandbox.folder / f"assembly-{uuid.uuid4().hex[:8]}"
    kept = sandbox.folder / "cdk.out"  # where the sandbox has that of an app which it runs
    # Its validation takes each process seven seconds, which are spent where the templates are checked.
    app = App(outdir=str(folder), context=dict(context), builtin_cloud_formation_validation=False)
    build_app(app)
    app.synth()
    shutil.rmtree(kept, ignore_errors=True)
    folder.rename(kept)
    return sandbox.deploy(app=str(kept))


class Governance:
    """The deployed stack and its account, over HTTP."""

    def __init__(self, sandbox: Sandbox, interpreter: str = sys.executable) -> None:
        self.sandbox = sandbox
        self._interpreter = interpreter
        self.compute = ""
        self.outputs: Mapping[str, str] = {}
        self._clients: dict[str, Any] = {}
        self._replayed: set[str] = set()

    def require(self, compute: str) -> None:
        """Deploy the stack with this `evaluation_compute`, unless it is so already."""
        if self.compute != compute:
            (deployment,) = self.deploy(evaluation_compute=compute)
            if not self.outputs:
                bucket = deployment.outputs["ThresholdsBucket"]
                self.client("s3").put_object(Bucket=bucket, Key="thresholds/e2e.yaml", Body=THRESHOLDS)
            assert _list_kept(deployment.outputs).items() >= _list_kept(self.outputs).items()
            self.compute, self.outputs = compute, deployment.outputs
            self.quieten()

    def deploy(self, **settings: Any) -> list[Deployment]:
        """Deploy the stacks of these settings and of those that all deployments of this one have."""
        own = {"evidence_buckets": EVIDENCE_BUCKETS, "reviewer_role_arns": [REVIEWER]}
        context = {**this_machine(self._interpreter), "region": self.sandbox.region, **own, **settings}
        return deploy(self.sandbox, context)

    def quieten(self) -> None:
        """Switch off what each decision would start beside: its page, its announcement. Tests of that switch it on."""
        for construct in ("ReportPages", "DecisionAnnouncements"):
            self.client("events").disable_rule(Name=self._rule_of(construct))

    def _rule_of(self, construct: str) -> str:
        rules = self.client("events").list_rules()["Rules"]
        (name,) = [str(rule["Name"]) for rule in rules if f"-{construct}" in rule["Name"]]
        return name

    def pages(self) -> AbstractContextManager[None]:
        """Have pages written beside the records of decisions for a while."""
        return self._enabled("ReportPages")

    def announcements(self) -> AbstractContextManager[None]:
        """Have decisions announced for a while."""
        return self._enabled("DecisionAnnouncements")

    @contextmanager
    def _enabled(self, construct: str) -> Iterator[None]:
        rule = self._rule_of(construct)
        self.client("events").enable_rule(Name=rule)
        try:
            yield
        finally:
            self.settle()
            self.client("events").disable_rule(Name=rule)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            make: Callable[..., Any] = boto3.client  # its types want a literal name of a service
            self._clients[service] = make(
                service,
                endpoint_url=self.sandbox.endpoint,
                region_name=self.sandbox.region,
                aws_access_key_id="user",
                aws_secret_access_key="user",
            )
        return self._clients[service]

    def group(self) -> str:
        name = GROUP.format(uuid.uuid4().hex[:8])
        self.client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
        return name

    def source(self, content: bytes, digest: str | None = None) -> dict[str, str]:
        """Upload a report; returns its `MetricsSource` with the digest of its bytes, or the one given."""
        bucket, key = self.outputs["EvidenceBucket"], f"evidence/{uuid.uuid4().hex}/report.json"
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        sha256 = hashlib.sha256(content).hexdigest()
        return {
            "ContentType": "application/json",
            "S3Uri": f"s3://{bucket}/{key}",
            "ContentDigest": digest or f"sha256:{sha256}",
        }

    def register(
        self,
        group: str | None = None,
        *,
        quality: bytes | Mapping[str, str] | None = None,
        fairness: bytes | None = bias(),
        status: str = "PendingManualApproval",
    ) -> str:
        """Register a version with a quality and a bias report; returns its ARN."""
        given = evaluation() if quality is None else quality
        metrics: dict[str, Any] = {
            "ModelQuality": {"Statistics": self.source(given) if isinstance(given, bytes) else dict(given)}
        }
        if fairness is not None:
            metrics["Bias"] = {"Report": self.source(fairness)}
        answer = self.client("sagemaker").create_model_package(
            ModelPackageGroupName=group or self.group(),
            ModelApprovalStatus=status,
            ModelMetrics=metrics,
            CustomerMetadataProperties={"team": "risk"},
            InferenceSpecification={
                "Containers": [{"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )
        return str(answer["ModelPackageArn"])

    def settle(self) -> None:
        self.sandbox.wait_idle(timeout=240)

    def judged(self, **version: Any) -> dict[str, Any]:
        """Register a version, wait, and return its standing then."""
        arn = self.register(**version)
        self.settle()
        return self.describe(arn)

    def describe(self, arn: str) -> dict[str, Any]:
        return dict(self.client("sagemaker").describe_model_package(ModelPackageName=arn))

    def executions(self, arn: str) -> list[dict[str, Any]]:
        """The executions that the gate started for a version, oldest first."""
        sagemaker = self.client("sagemaker")
        pages = sagemaker.get_paginator("list_pipeline_executions").paginate(
            PipelineName=self.outputs["PipelineName"], SortOrder="Ascending", MaxResults=100
        )
        listed = [summary for page in pages for summary in page["PipelineExecutionSummaries"]]
        return [
            sagemaker.describe_pipeline_execution(PipelineExecutionArn=summary["PipelineExecutionArn"])
            for summary in listed
            if summary.get("PipelineExecutionDescription") == arn
        ]

    def steps(self, execution: Mapping[str, Any]) -> list[dict[str, Any]]:
        answer = self.client("sagemaker").list_pipeline_execution_steps(
            PipelineExecutionArn=execution["PipelineExecutionArn"], SortOrder="Ascending"
        )
        return list(answer["PipelineExecutionSteps"])

    def read(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return bytes(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def decision(self, arn: str) -> dict[str, Any]:
        """The record that the version's metadata point at, whose digest they hold."""
        metadata = self.describe(arn)["CustomerMetadataProperties"]
        content = self.read(metadata["governance:decision-uri"])
        assert hashlib.sha256(content).hexdigest() == metadata["governance:decision-digest"]
        return dict(json.loads(content))

    def records(self, arn: str) -> dict[str, dict[str, Any]]:
        """Everything that the decision log holds about a version, by the last part of its key."""
        group, version = arn.split("/")[1:]
        bucket = self.outputs["DecisionsBucket"]
        listed = self.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"decisions/{group}/{version}/")
        keys = [entry["Key"] for entry in listed.get("Contents", []) if entry["Key"].endswith(".json")]
        return {key.rsplit("/", 1)[-1]: json.loads(self.read(f"s3://{bucket}/{key}")) for key in keys}

    def replay_decisions(self) -> None:
        """Make every decision again that was not yet: each comes to the same bytes, whatever was exchanged since."""
        bucket = self.outputs["DecisionsBucket"]
        pages = (
            self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="decisions/")
        )
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        differing = {}
        for key in sorted(set(filter(is_decision, keys)) - self._replayed):
            replay = replay_decision(self.read(f"s3://{bucket}/{key}"), self._fetch)
            if not replay.is_same:
                differing[key] = [*replay.problems, *replay.differences]
            self._replayed.add(key)
        assert differing == {}

    def forget_bundle(self) -> None:
        """Have single files in force again, as an earlier release put them there: the other tests are about those."""
        self.replay_decisions()  # while the bundles are there that they were made by
        forget_bundle(self.client("s3"), self.outputs["ThresholdsBucket"])

    def _fetch(self, place: str, max_bytes: int) -> bytes:
        return read_object(self.client("s3"), S3Uri.parse(place), max_bytes=max_bytes).content

    def registered_event(self, arn: str) -> dict[str, Any]:
        """The event of a version's registration."""
        return next(event for event in self.sandbox.events() if event["resources"] == [arn])

    def function(self, name: str) -> str:
        """The name of a deployed function from its construct's."""
        functions = self.client("lambda").list_functions()["Functions"]
        (found,) = [entry["FunctionName"] for entry in functions if f"-{name}" in entry["FunctionName"]]
        return str(found)

    def dead_letters(self) -> list[dict[str, Any]]:
        """Take every message out of the stack's dead-letter queues."""
        sqs = self.client("sqs")
        messages = []
        for url in sqs.list_queues()["QueueUrls"]:
            while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in found:
                    messages.append(json.loads(message["Body"]))
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    @contextmanager
    def environment(self, function: str, **changes: str | None) -> Iterator[None]:
        """Change a function's environment for a while; `None` takes a variable away."""
        with self._configuration(function) as configuration:
            variables = dict(configuration["Environment"]["Variables"]) | changes
            kept = {name: value for name, value in variables.items() if value is not None}
            self._configure(function, Environment={"Variables": kept})
            yield

    @contextmanager
    def held(self, function: str) -> Iterator["Hold"]:
        """Make a function wait, each time it is invoked, until it is let go."""
        with self._configuration(function) as configuration, self._code(function) as code:
            hold = Hold(self, function)
            with zipfile.ZipFile(code, "a") as archive:
                # Of one time: functions that are held run out of one bundle, unzipped once.
                archive.writestr(zipfile.ZipInfo("held.py"), HELD_HANDLER)
            self.client("lambda").update_function_code(FunctionName=function, ZipFile=code.getvalue())
            setting = {"bucket": hold.bucket, "key": hold.key, "handler": configuration["Handler"]}
            variables = configuration["Environment"]["Variables"] | {"HOLD": json.dumps(setting)}
            self._configure(function, Handler="held.handler", Environment={"Variables": variables})
            role = {"RoleName": configuration["Role"].rpartition("/")[2], "PolicyName": "hold"}
            self.client("iam").put_role_policy(**role, PolicyDocument=json.dumps(hold.policy()))
            try:
                yield hold
            finally:
                hold.let_go()
                self.settle()
                self.client("iam").delete_role_policy(**role)

    def _configure(self, function: str, **settings: Any) -> None:
        self.client("lambda").update_function_configuration(FunctionName=function, **settings)

    @contextmanager
    def _configuration(self, function: str) -> Iterator[dict[str, Any]]:
        before = self.client("lambda").get_function_configuration(FunctionName=function)
        try:
            yield dict(before)
        finally:
            self._configure(function, Handler=before["Handler"], Environment=before["Environment"])

    @contextmanager
    def _code(self, function: str) -> Iterator[io.BytesIO]:
        """The deployed zip, as the bucket of the CDK's assets holds it; the function gets it back."""
        bucket = f"cdk-hnb659fds-assets-123456789012-{self.sandbox.region}"
        location = self.client("lambda").get_function(FunctionName=function)["Code"]["Location"]
        key = location.rsplit("/", 1)[-1]
        content = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        try:
            yield io.BytesIO(content)
        finally:
            self.client("lambda").update_function_code(FunctionName=function, S3Bucket=bucket, S3Key=key)


class Hold:
    """A function that waits."""

    def __init__(self, governance: Governance, function: str) -> None:
        self._s3 = governance.client("s3")
        self.bucket = governance.outputs["DecisionsBucket"]
        self.key = f"holds/{function}-{uuid.uuid4().hex}"

    def policy(self) -> dict[str, Any]:
        """What the function's role needs beside its own rights in order to wait."""
        bucket = f"arn:aws:s3:::{self.bucket}"
        allowed = {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:ListBucket"],
            "Resource": [bucket, f"{bucket}/*"],
        }
        return {"Version": "2012-10-17", "Statement": [allowed]}

    def reached(self) -> None:
        """Wait until the function was invoked."""
        eventually(lambda: self._exists("reached"))

    def let_go(self) -> None:
        self._s3.put_object(Bucket=self.bucket, Key=f"{self.key}/go")

    def _exists(self, name: str) -> bool:
        return bool(self._s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{self.key}/{name}").get("KeyCount"))


def eventually(condition: Callable[[], object]) -> None:
    """Wait up to two minutes until the condition holds."""
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("it did not happen within two minutes")


def python_of_aws() -> str | None:
    """A Python of the version that AWS's image and the functions have by default, where this machine has one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{IMAGE_PYTHON}"), *pyenv.glob(f"versions/{IMAGE_PYTHON}.*/bin/python")]
    for candidate in filter(None, candidates):
        with suppress(SandboxError):  # pyenv has a program for each version, which need not run
            if this_machine(str(candidate))["python_version"] == IMAGE_PYTHON:
                return str(candidate)
    return None


_DEPLOYED: list[Governance] = []  # the one stack of the session, once a test has asked for it


@pytest.fixture(scope="session")
def _deployed() -> Iterator[Governance]:
    """Under the Python of AWS where there is one; the other deployments of the tests run under this one."""
    interpreter = python_of_aws() or sys.executable
    with Sandbox(retry_interval=0.05, interpreter=interpreter) as sandbox:
        _DEPLOYED.append(Governance(sandbox, interpreter))
        yield _DEPLOYED[0]
        _DEPLOYED.clear()


@pytest.fixture(scope="module", autouse=True)
def _replayed() -> Iterator[None]:
    """At the end of a module, every decision that its tests made is made again from its record."""
    yield
    if _DEPLOYED:
        _DEPLOYED[0].replay_decisions()


@pytest.fixture
def stack(_deployed: Governance) -> Governance:
    """The stack, with evaluation as a Lambda step."""
    _deployed.require("lambda")
    return _deployed


@pytest.fixture
def processing_stack(_deployed: Governance) -> Governance:
    """The same stack deployed again, with evaluation as a Processing step."""
    _deployed.require("processing")
    return _deployed


@pytest.fixture
def reports() -> dict[str, Callable[..., bytes]]:
    """What writes the reports: `evaluation(accuracy, latency)` and `bias(treatment_equity)`."""
    return {"evaluation": evaluation, "bias": bias}
