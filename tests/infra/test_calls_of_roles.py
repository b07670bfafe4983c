"""Each call that is made under a role of the stack is allowed by its policy, and each right is needed by a call.

The handlers and the job run here as they are deployed, with the environments of the template; every call of theirs is
noted. What AWS itself calls under a role is a table. Both are held against the role's own statements, both ways, for
each of the settings that `synthesised` has: with networks, keys, buckets and groups of an organisation, and with model
accounts.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.s3.models import s3_backends
from moto.sagemaker.models import ModelPackage, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from msgspec.structs import replace

from aws import clients
from aws.account_copies import ModelBucket, Provenance
from aws.s3_uris import S3Uri
from checks.errors import GovernanceError
from checks.threshold_bundle import write_bundle
from lambdas import (
    handle_announcement,
    handle_approvals,
    handle_evaluate,
    handle_reconcile,
    handle_report_page,
    handle_update,
    start_pipeline,
)
from pipelines import processing_job
from sandbox.iam.access import AccessRequest
from sandbox.networks import FOR_A_FUNCTION, FOR_A_JOB
from tests.forgotten_bundle import forget_bundle
from tests.infra.synthesised import ACCOUNT, GOVERNING, REGION, Synthesised, synthesise_choice
from tests.mocked_aws import mocked_aws
from tests.noted_calls import NotedCalls, asked, find_needless, is_allowed

GROUP, PIPELINE = "askdata-sql", "model-governance"
PENDING = "PendingManualApproval"
THRESHOLDS = b"""
name: published
applies_to: {model_package_groups: ["askdata-sql"]}
checks:
  - {name: accuracy, why: Analysts run the SQL as it comes., metric: text_to_sql.accuracy, at_least: 0.8}
  - {name: latency, why: People wait., metric: latency.p95_seconds, at_most: 2.5, on_failure: review}
  - {name: kept, why: People got used to it., metric: latency.p95_seconds, better: lower,
     no_worse_than_baseline: {absolute: 100}, on_first_version: warn}
"""
# The code that runs under each role, by the beginning of the role's logical id.
HANDLERS = {
    "StartPipeline": start_pipeline.handler,
    "Reconcile": handle_reconcile.handler,
    "WatchApprovals": handle_approvals.handler,
    "EvaluateModelPackage": handle_evaluate.handler,
    "UpdateModelStatus": handle_update.handler,
    "WriteReportPage": handle_report_page.handler,
    "AnnounceDecision": handle_announcement.handler,
}
JOB, PIPELINE_ROLE, PAGES = "EvaluationJob", "Pipeline", "WriteReportPage"
ANNOUNCER = "AnnounceDecision"
# The functions whose failed events Lambda sends to a queue, and the beginning of the queue's logical id.
QUEUES = {"StartPipeline": "Trigger", PAGES: "ReportPages", ANNOUNCER: "DecisionAnnouncements"}
PURPOSES = ("Evidence", "Thresholds", "Decisions")
READING = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket")
# What an object's key is asked for, by what the object is.
ON_KEYS = {
    "s3:GetObject": "kms:Decrypt",
    "s3:GetObjectVersion": "kms:Decrypt",
    "s3:PutObject": "kms:GenerateDataKey",
}
# The clients of the deployed code.
CLIENTS = (
    clients.s3_client,
    clients.sagemaker_client,
    clients.kms_client,
    clients.events_client,
    clients.sns_client,
)
# What AWS itself does under a role: the code that runs under it makes no such call.
LOGS_OF_FUNCTIONS = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"
UNDELIVERED = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"
ABSENT_OBJECTS = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, Permissions: 404 or 403"
STEPS = "https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-access.html"
NETWORKS = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html; sagemaker-roles.html"
VOLUMES = (
    "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html, CreateProcessingJob with a key"
)
KEYS_OF_QUEUES = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"
)
KEYS_OF_TOPICS = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
JOBS = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html, CreateProcessingJob"


@dataclass
class Deployed:
    """The stack's roles, the code that runs under them, and everything that it asked for."""

    stack: Synthesised
    settings: Mapping[str, Any]
    noted: NotedCalls
    seal_key: str
    folder: Path

    def role_named(self, role: str) -> str | None:
        """The logical id of a role, by its beginning."""
        found = [name for name in self.stack.of_type("AWS::IAM::Role") if name.startswith(f"{role}Role")]
        return found[0] if found else None

    def invoke(self, role: str, event: Mapping[str, Any]) -> Any:
        """Run the handler under a role in its deployed environment."""
        (function,) = self.functions(role)
        with self._environment(function["Environment"]["Variables"]), self.noted.of(role):
            return HANDLERS[role](event, None)

    def functions(self, beginning: str = "") -> list[dict[str, Any]]:
        """The functions of the template whose logical id begins so."""
        found = self.stack.of_type("AWS::Lambda::Function")
        return [one for name, one in found.items() if name.startswith(beginning)]

    def evaluate(self, request: Mapping[str, str]) -> dict[str, str] | None:
        """Run step one, as a function or as the job; `None` where it may not decide."""
        if not self.role_named(JOB):
            try:
                return dict(self.invoke("EvaluateModelPackage", request))
            except GovernanceError:
                return None
        (step,) = [one for one in self.stack.definition()["Steps"] if one["Type"] == "Processing"]
        given = {**request, "result_folder": str(self.folder)}
        words = [word for name, value in given.items() for word in (f"--{name}", value)]
        with self._environment(step["Arguments"]["Environment"]), self.noted.of(JOB):
            if processing_job.main(words) != 0:
                return None
        return dict(json.loads((self.folder / "result.json").read_text()))

    @contextmanager
    def _environment(self, variables: Mapping[str, str]) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, self.seal_key if ":key/sealkey" in value else value)
            yield

    def statements(self, role: str) -> list[dict[str, Any]]:
        """The statements of a role, about the seal's key that is there."""
        resources, own = self.stack.resources, self.role_named(role)
        named = {
            name
            for name, resource in resources.items()
            if resource["Type"] == "AWS::IAM::Policy" and resource["Properties"]["Roles"] == [{"Ref": own}]
        }
        text = json.dumps([statement for name, statement in self.stack.statements() if name in named])
        key = next(iter(name for name in resources if name.startswith("SealKey")))
        synthesised = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key.lower()}"
        return list(json.loads(text.replace(synthesised, self.seal_key)))

    def requests(self, role: str) -> list[AccessRequest]:
        """What is asked for under a role, by code and by AWS."""
        by_code = [one for one in self.noted.by_caller.get(role, []) if one.action != "sts:GetCallerIdentity"]
        asked = [*by_code, *(request for request, _ in self.requests_of_aws(role))]
        # Until something is published, S3 says that it is absent only to those who may list.
        thresholds = f"arn:aws:s3:::{bucket(self.stack, self.settings, 'Thresholds')}"
        if any(one.resource.startswith(f"{thresholds}/") for one in asked):
            asked.append(_asked("s3:ListBucket", thresholds))
        asked += [one for request in asked for one in self._requests_alike(request)]
        return [*asked, *self._requests_about_keys(asked)]

    def _requests_alike(self, request: AccessRequest) -> Iterator[AccessRequest]:
        """What is asked about one group or evidence bucket is asked about each that the settings name."""
        if f":model-package/{GROUP}/" in request.resource:
            suffix = ["churn-0a1b2c"] if self.settings.get("mlflow_suffix") else []
            for group in [*self.settings.get("model_package_groups", []), *suffix]:
                resource = request.resource.replace(f"/{GROUP}/", f"/{group.replace('*', 'other')}/")
                yield replace(request, resource=resource)
            for account in self.settings.get("model_accounts", []):
                # What is in its own registry is asked about there as the versions of this account are here.
                for group in account["model_package_groups"] if account.get("registry") == "own" else []:
                    there = request.resource.replace(f":{ACCOUNT}:", f":{account['account']}:")
                    yield replace(request, resource=there.replace(f"/{GROUP}/", f"/{group}/"))
        evidence = f"arn:aws:s3:::{bucket(self.stack, self.settings, 'Evidence')}"
        if request.resource.startswith(evidence) and request.action in READING:
            for other in self.settings.get("evidence_buckets", []):
                yield replace(
                    request,
                    resource=request.resource.replace(evidence, f"arn:aws:s3:::{other['name']}"),
                    context={**request.context, "s3:resourceaccount": [other.get("account", ACCOUNT)]},
                )

    def _requests_about_keys(self, asked: Iterable[AccessRequest]) -> Iterator[AccessRequest]:
        """What S3 asks of KMS in the name of who reads or writes an object that is encrypted."""
        by_s3 = {"kms:viaservice": [f"s3.{REGION}.amazonaws.com"]}
        keys = self._keys_of_buckets()
        for request in asked:
            key = keys.get(request.resource.removeprefix("arn:aws:s3:::").partition("/")[0])
            if key is not None and request.action in ON_KEYS:
                yield _asked(ON_KEYS[request.action], key, **by_s3)

    def _keys_of_buckets(self) -> dict[str, str]:
        keys = {}
        for name, made in self.stack.of_type("AWS::S3::Bucket").items():
            for rule in made.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", []):
                if key := rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID"):
                    keys[name.lower()] = key
        named = [self.settings.get(f"{purpose.lower()}_bucket") for purpose in PURPOSES]
        for entry in [*named, *self.settings.get("evidence_buckets", [])]:
            if isinstance(entry, Mapping) and "kms_key_arn" in entry:
                keys[entry["name"]] = entry["kms_key_arn"]
        return keys

    def requests_of_aws(self, role: str) -> Iterator[tuple[AccessRequest, str]]:
        """What AWS itself asks for under a role, and where it says so."""
        decisions = f"arn:aws:s3:::{bucket(self.stack, self.settings, 'Decisions')}"
        results = f"{decisions}/step-results/execution/result.json"
        yield from self._requests_about_networks(role)
        if role in HANDLERS:
            yield from self._requests_of_functions(role, decisions)
        if role == PIPELINE_ROLE:
            for name in self.stack.of_type("AWS::Lambda::Function"):
                if name.startswith(("EvaluateModelPackage", "UpdateModelStatus")):
                    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name.lower()}"
                    yield _asked("lambda:InvokeFunction", function), STEPS
            if job_role := self.role_named(JOB):
                yield from self._requests_about_jobs(job_role, results)
        if role in (PIPELINE_ROLE, JOB) and self.role_named(JOB):
            yield from self._requests_about_volumes()
        if role == JOB:
            yield from self._requests_of_jobs(results)

    def _requests_about_networks(self, role: str) -> Iterator[tuple[AccessRequest, str]]:
        if "vpc" in self.settings and role != PIPELINE_ROLE:
            for action in FOR_A_JOB if role == JOB else FOR_A_FUNCTION:
                yield _asked(f"ec2:{action}", "*"), NETWORKS

    def _requests_of_functions(self, role: str, decisions: str) -> Iterator[tuple[AccessRequest, str]]:
        (log_group,) = [name for name in self.stack.of_type("AWS::Logs::LogGroup") if name.startswith(role)]
        stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{log_group.lower()}:log-stream:one"
        yield _asked("logs:CreateLogStream", stream), LOGS_OF_FUNCTIONS
        yield _asked("logs:PutLogEvents", stream), LOGS_OF_FUNCTIONS
        if role in ("StartPipeline", "Reconcile"):
            yield _asked("s3:ListBucket", decisions), ABSENT_OBJECTS
        if role == ANNOUNCER:
            yield from self._requests_about_topics()
        if role in QUEUES:
            queues = self.stack.of_type("AWS::SQS::Queue").items()
            ((queue, made),) = [(name, one) for name, one in queues if name.startswith(QUEUES[role])]
            yield _asked("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.lower()}"), UNDELIVERED
            if key := made.get("KmsMasterKeyId"):
                for action in ("GenerateDataKey", "Decrypt"):
                    yield _asked(f"kms:{action}", key), KEYS_OF_QUEUES

    def _requests_about_topics(self) -> Iterator[tuple[AccessRequest, str]]:
        """What SNS asks of KMS in the name of who publishes to a topic that is encrypted."""
        named = self.settings.get("decisions_topic", {}).get("kms_key_arn")
        topics = self.stack.of_type("AWS::SNS::Topic").items()
        made = [one.get("KmsMasterKeyId") for name, one in topics if name.startswith("DecisionPlaces")]
        for key in [one for one in (named, *made) if one]:
            for action in ("GenerateDataKey", "Decrypt"):
                yield _asked(f"kms:{action}", key), KEYS_OF_TOPICS

    def _requests_about_jobs(self, job_role: str, results: str) -> Iterator[tuple[AccessRequest, str]]:
        job = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/pipelines-x-evaluatemodelpackage-y"
        for operation in ("CreateProcessingJob", "DescribeProcessingJob", "StopProcessingJob", "AddTags"):
            yield _asked(f"sagemaker:{operation}", job), STEPS
        passed = {"iam:passedtoservice": ["sagemaker.amazonaws.com"]}
        yield _asked("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{job_role.lower()}", **passed), STEPS
        # Step two's arguments are read out of the property file that the job leaves.
        yield _asked("s3:GetObject", results), STEPS
        yield _asked("s3:ListBucket", results.partition("/")[0]), ABSENT_OBJECTS

    def _requests_about_volumes(self) -> Iterator[tuple[AccessRequest, str]]:
        (step,) = [one for one in self.stack.definition()["Steps"] if one["Type"] == "Processing"]
        if key := step["Arguments"]["ProcessingResources"]["ClusterConfig"].get("VolumeKmsKeyId"):
            yield _asked("kms:DescribeKey", key), VOLUMES
            yield _asked("kms:CreateGrant", key, **{"kms:grantisforawsresource": ["true"]}), VOLUMES

    def _requests_of_jobs(self, results: str) -> Iterator[tuple[AccessRequest, str]]:
        (step,) = [one for one in self.stack.definition()["Steps"] if one["Type"] == "Processing"]
        (source,) = [one["S3Input"]["S3Uri"] for one in step["Arguments"]["ProcessingInputs"]]
        bundle = "".join(source["Std:Join"]["Values"])
        assets, _, key = bundle.removeprefix("s3://").partition("/")
        yield _asked("s3:GetObject", f"arn:aws:s3:::{assets}/{key}"), JOBS
        yield _asked("s3:ListBucket", f"arn:aws:s3:::{assets}", **{"s3:prefix": [key]}), JOBS
        yield _asked("s3:PutObject", results), JOBS
        owner, _, name = step["Arguments"]["AppSpecification"]["ImageUri"].partition("/")
        image = f"arn:aws:ecr:{REGION}:{owner.partition('.')[0]}:repository/{name.partition(':')[0]}"
        yield _asked("ecr:GetAuthorizationToken", "*"), JOBS
        for operation in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
            yield _asked(f"ecr:{operation}", image), JOBS
        stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/ProcessingJobs:log-stream:one"
        for operation in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents"):
            yield _asked(f"logs:{operation}", stream), JOBS
        namespace = {"cloudwatch:namespace": ["/aws/sagemaker/ProcessingJobs"]}
        yield _asked("cloudwatch:PutMetricData", "*", **namespace), JOBS


def _asked(action: str, resource: str, **context: list[str]) -> AccessRequest:
    return asked(action, resource, ACCOUNT, **context)


@pytest.fixture(scope="module", params=GOVERNING)
def deployed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The roles after versions of every kind went the whole way."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }
    with pytest.MonkeyPatch.context() as patch, mocked_aws():
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        session = boto3.Session(region_name=REGION)
        patch.setattr(clients, "_session", lambda _region=None: session)
        noted = NotedCalls(session, ACCOUNT, REGION)
        complete_moto(patch)
        for client in CLIENTS:  # a client takes the session's hooks when it is made
            client.cache_clear()
        kms: Any = clients.kms_client()
        key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
        made = Deployed(
            synthesise_choice(request.param),
            GOVERNING[request.param],
            noted,
            key,
            tmp_path_factory.mktemp("result"),
        )
        Registry(made).go_through_all()
        yield made
        for client in CLIENTS:
            client.cache_clear()


def complete_moto(patch: pytest.MonkeyPatch) -> None:
    """Add what moto does not do: steps and retries of executions, and updates that keep a status."""
    steps = {"PipelineExecutionSteps": [{"StepName": "UpdateModelStatus", "StepStatus": "Failed"}]}
    for operation, answer in (("list_pipeline_execution_steps", steps), ("retry_pipeline_execution", {})):
        text = json.dumps(answer)
        patch.setattr(SageMakerResponse, operation, lambda _self, text=text: text, raising=False)
    set_status = ModelPackage.set_model_approval_status

    def keep_status(package: Any, status: str | None) -> None:
        set_status(package, status or getattr(package, "model_approval_status", None))

    patch.setattr(ModelPackage, "set_model_approval_status", keep_status)


def bucket(stack: Synthesised, settings: Mapping[str, Any], purpose: str) -> str:
    """The name of a bucket of the stack, or of the one that its settings name."""
    existing = settings.get(f"{purpose.lower()}_bucket")
    if existing is not None:
        return str(existing if isinstance(existing, str) else existing["name"])
    (name,) = [name for name in stack.of_type("AWS::S3::Bucket") if name.startswith(f"Buckets{purpose}")]
    return name.lower()


class Registry:
    """The account around the roles: what teams register and what people do, by plain boto3."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._pipeline = deployed.settings.get("pipeline_name", PIPELINE)
        self._s3: Any = clients.s3_client()  # its types want a literal name of a region
        self._sagemaker: Any = clients.sagemaker_client()
        self._buckets = {name: bucket(deployed.stack, deployed.settings, name) for name in PURPOSES}

    def go_through_all(self) -> None:
        """Take versions through everything that the code does under each role."""
        published = self._prepare()
        # One to approve, one to reject, one to review.
        approved, rejected, _ = [
            self._decide(number, *figures)
            for number, figures in enumerate(((0.9, 1.0), (0.5, 1.0), (0.9, 9.0)), start=1)
        ]
        # Older thresholds decide on trial; a digest that does not match decides nothing.
        for number, more in ((4, {"thresholds_uri": f"{published}"}), (5, {})):
            arn = self._register(number, 0.9, 1.0, digest="0" * 64 if number == 5 else None)
            assert (self._deployed.evaluate(self._inputs(arn, f"execution-{number}", **more)) is None) == (
                not more
            )
        self._judge_by_a_bundle(rejected)
        self._reconcile()
        self._watch(approved)
        for account in self._deployed.settings.get("model_accounts", []):
            self._wait_for_copies(account)

    def _wait_for_copies(self, entry: Mapping[str, Any]) -> None:
        """Register a version whose reports are in a model account; it waits, and is judged when their copies arrive."""
        bucket, evidence = entry["artifact_bucket"], self._buckets["Evidence"]
        team = ModelBucket(entry["account"], bucket if isinstance(bucket, str) else bucket["name"], evidence)
        answer = self._sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus=PENDING,
            ModelMetrics={
                "ModelQuality": {"Statistics": _source(f"s3://{team.name}/evaluation/report.json")}
            },
            CustomerMetadataProperties={"governance:evidence": f"s3://{team.name}/evaluation/more/"},
        )
        arn = str(answer["ModelPackageArn"])
        assert self._deployed.invoke("StartPipeline", _event(arn, PENDING))["outcome"] == "left"
        self._deployed.invoke("Reconcile", {})
        assert (
            "Waiting for evidence"
            in self._sagemaker.describe_model_package(ModelPackageName=arn)["ApprovalDescription"]
        )
        started = [
            self._arrive(team, key) for key in ("evaluation/more/usage.json", "evaluation/report.json")
        ]
        assert started == [0, 1]
        assert self._deployed.evaluate(self._inputs(arn, f"execution-of-{entry['account']}")) is not None

    def _arrive(self, team: ModelBucket, key: str) -> int:
        """Write the copy of a report, and return how many versions its event starts."""
        content = json.dumps({"text_to_sql_metrics": {"accuracy": {"value": 0.9}}}).encode()
        now = datetime.now(UTC)
        digest = hashlib.sha256(content).hexdigest()
        origin = Provenance(team.account, team.name, "v1", "0A", digest, now, now)
        copy = team.locate_copy(S3Uri(team.name, key))
        self._s3.put_object(Bucket=copy.bucket, Key=copy.key, Body=content, Metadata=origin.to_metadata())
        place = {"source": "aws.s3", "detail-type": "Object Created", "account": ACCOUNT, "region": REGION}
        detail = {"bucket": {"name": copy.bucket}, "object": {"key": copy.key}}
        return int(self._deployed.invoke("Reconcile", {**place, "detail": detail})["started"])

    def _judge_by_a_bundle(self, arn: str) -> None:
        """Judge a version by a bundle that is newer than all evidence: the one of that time is looked for."""
        bundle = {"Bucket": self._buckets["Thresholds"], "Key": "thresholds/bundle.json"}
        self._s3.put_object(**bundle, Body=write_bundle({"askdata.yaml": THRESHOLDS}))
        key: Any = s3_backends[ACCOUNT]["aws"].get_object(*bundle.values())
        key.last_modified += timedelta(hours=1)
        assert self._deployed.evaluate(self._inputs(arn, "execution-6")) is not None
        forget_bundle(self._s3, bundle["Bucket"])

    def _prepare(self) -> str:
        """Make what the stack has; return the URI of the published thresholds by their version."""
        for name in self._buckets.values():
            self._s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
            self._s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        thresholds = {"Bucket": self._buckets["Thresholds"], "Key": "thresholds/askdata.yaml"}
        version = self._s3.put_object(**thresholds, Body=THRESHOLDS)["VersionId"]
        self._sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
        (announcer,) = self._deployed.functions(ANNOUNCER)
        topic, bus = (
            announcer["Environment"]["Variables"][f"GOVERNANCE_{name}"]
            for name in ("DECISIONS_TOPIC", "DECISION_BUS")
        )
        if not bus.endswith("/default"):  # moto looks for it in this account
            clients.events_client().create_event_bus(Name=bus.rpartition("/")[2])
        sns: Any = clients.sns_client()  # the deployed code only publishes
        sns.create_topic(Name=topic.rpartition(":")[2])
        self._sagemaker.create_pipeline(
            PipelineName=self._pipeline,
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/pipeline",
            PipelineDefinition='{"Steps":[]}',
            ClientRequestToken="x" * 32,
        )
        return f"s3://{thresholds['Bucket']}/{thresholds['Key']}?versionId={version}"

    def _register(self, number: int, accuracy: float, latency: float, digest: str | None = None) -> str:
        report = {
            "text_to_sql_metrics": {"accuracy": {"value": accuracy}},
            "latency_metrics": {"p95_seconds": {"value": latency}},
        }
        evidence = self._buckets["Evidence"]
        place = {"Bucket": evidence, "Key": f"{number}/report.json"}
        version_id = self._s3.put_object(**place, Body=json.dumps(report).encode())["VersionId"]
        more = b'{"usage_metrics": {"questions": {"value": 1000}}}'
        self._s3.put_object(Bucket=evidence, Key=f"{number}/more/usage.json", Body=more)
        source = _source(f"s3://{evidence}/{number}/report.json?versionId={version_id}")
        source |= {"ContentDigest": f"sha256:{digest}"} if digest else {}
        answer = self._sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus=PENDING,
            ModelMetrics={"ModelQuality": {"Statistics": source}},
            CustomerMetadataProperties={"governance:evidence": f"s3://{evidence}/{number}/more/"},
        )
        return str(answer["ModelPackageArn"])

    def _inputs(self, arn: str, execution: str, **more: str) -> dict[str, str]:
        if not execution.startswith("arn:"):
            execution = (
                f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/{self._pipeline}/execution/{execution}"
            )
        return {
            "model_package_arn": arn,
            "thresholds_uri": f"s3://{self._buckets['Thresholds']}/thresholds/",
            "decisions_uri": f"s3://{self._buckets['Decisions']}/decisions/",
            "execution_arn": execution,
        } | more

    def _decide(self, number: int, accuracy: float, latency: float) -> str:
        """Register a version and have it judged, each step twice, as a retried execution does."""
        arn = self._register(number, accuracy, latency)
        event = _event(arn, PENDING)
        started = self._deployed.invoke("StartPipeline", event)
        assert started["execution_arn"], started
        request = self._inputs(arn, started["execution_arn"])
        for _ in range(2):
            answer = self._deployed.evaluate(request)
        assert answer is not None
        for _ in range(2):
            self._deployed.invoke("UpdateModelStatus", request | answer)
        if self._deployed.role_named(PAGES):
            written = _arrival(answer["decision_uri"])
            outcomes = [self._deployed.invoke(PAGES, written)["outcome"] for _ in range(2)]
            assert outcomes == ["written", "there already"]
        announced = self._deployed.invoke(ANNOUNCER, _arrival(_outcome_of(answer["decision_uri"])))
        assert announced["outcome"].startswith("announced"), announced
        self._deployed.invoke("StartPipeline", event)  # that of the gate's own update
        return arn

    def _reconcile(self) -> None:
        """Start what is due, try again what failed, and give it up; the version for review is there all the time."""
        arn = self._register(6, 0.9, 1.0)

        def reconcile(**figures: int) -> None:
            found = self._deployed.invoke("Reconcile", {})
            assert {name: found[name] for name in figures} == figures, found

        reconcile(started=2, failed=0)
        backend = sagemaker_backends[ACCOUNT][REGION]
        (execution,) = [
            one
            for one in backend.pipelines[self._pipeline].pipeline_executions.values()
            if one.pipeline_execution_description == arn
        ]
        execution.pipeline_execution_status = "Failed"
        reconcile(retried=1, failed=0)
        # Two hours later: the version was registered, and its execution began, so long ago.
        (package,) = [one for one in backend.model_packages.values() if one.arn == arn]
        execution.start_time -= timedelta(hours=2)
        execution.creation_time -= timedelta(hours=2)
        package.creation_time -= timedelta(hours=2)
        reconcile(given_up=1, failed=0)
        reconcile(given_up=0, failed=0)
        # What is given up is told by an event of its own, and starts nothing.
        self._deployed.invoke("StartPipeline", _event(arn, PENDING))

    def _watch(self, approved: str) -> None:
        """Look at an approval of the gate, and at one whose outcome is not recorded yet."""
        assert self._deployed.invoke("WatchApprovals", _event(approved, "Approved")) == {"unrecorded": 0}
        decisions = self._buckets["Decisions"]
        listed = self._s3.list_objects_v2(Bucket=decisions, Prefix=f"decisions/{GROUP}/1/")["Contents"]
        for entry in listed:
            if entry["Key"].endswith(".outcome.json"):
                self._s3.delete_object(Bucket=decisions, Key=entry["Key"])
        assert self._deployed.invoke("WatchApprovals", _event(approved, "Approved")) == {"unrecorded": 0}
        assert self._deployed.invoke("WatchApprovals", {"source": "aws.events"}) == {"unrecorded": 0}


def _outcome_of(decision_uri: str) -> str:
    return decision_uri.removesuffix(".json") + ".outcome.json"


def _source(uri: str) -> dict[str, str]:
    return {"ContentType": "application/json", "S3Uri": uri}


def _event(arn: str, status: str) -> dict[str, Any]:
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": {"ModelPackageArn": arn, "ModelApprovalStatus": status},
    }


def _arrival(uri: str) -> dict[str, Any]:
    """The event that S3 sends of an object."""
    name, _, key = uri.removeprefix("s3://").partition("/")
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": ACCOUNT,
        "region": REGION,
        "detail": {"bucket": {"name": name}, "object": {"key": key, "etag": "0", "sequencer": "0A"}},
    }


ROLES = (
    "StartPipeline",
    "Reconcile",
    "WatchApprovals",
    "UpdateModelStatus",
    "Evaluation",
    PIPELINE_ROLE,
    PAGES,
    ANNOUNCER,
)


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest, deployed: Deployed) -> str:
    """The beginning of a role's logical id; the evaluation's has another name in each compute."""
    if request.param == PAGES and not deployed.role_named(PAGES):
        pytest.skip("these settings say that no pages are written")
    if request.param != "Evaluation":
        return str(request.param)
    return JOB if deployed.role_named(JOB) else "EvaluateModelPackage"


def test_every_request_is_allowed_by_the_role(deployed: Deployed, role: str) -> None:
    statements, requests = deployed.statements(role), deployed.requests(role)
    assert requests
    refused = {(one.action, one.resource) for one in requests if not is_allowed(one, statements)}
    assert refused == set()


def test_every_right_of_the_role_is_needed(deployed: Deployed, role: str) -> None:
    """A right that is added fails here until something needs it, and so does one that another covers."""
    assert find_needless(deployed.statements(role), deployed.requests(role)) == set()


def test_the_roles_are_all_that_the_stack_has(deployed: Deployed) -> None:
    own = {JOB if deployed.role_named(JOB) else "EvaluateModelPackage"}
    expected = own | {name for name in ROLES if name != "Evaluation"}
    if not deployed.settings.get("report_pages", True):
        expected.remove(PAGES)
    found = {name.partition("Role")[0] for name in deployed.stack.of_type("AWS::IAM::Role")}
    assert found == expected
