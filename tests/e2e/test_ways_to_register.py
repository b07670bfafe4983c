"""Versions registered the ways people and tools register them: each ends decided or ignored, and says why."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.conftest import ENCRYPTED_BUCKET, FAR_BUCKET, STRANGE_BUCKET, TEAM_BUCKET, Governance

pytestmark = pytest.mark.e2e

GROUP, CARDS = "ways-to-register", "cards-of-mlflow"
THRESHOLDS = """
name: {0}
applies_to: {{model_package_groups: [{0}]}}
checks: [{{name: accuracy, why: The answers are used., metric: {1}, at_least: 0.8}}]
"""
# Reports at these keys, in a folder of each way: as they are, with empty folders between, and such as a job leaves.
KEYS = ("1/evaluation.json", "/2//evaluation.json", "3/evaluation.csv")
REPORT = json.dumps(
    {"binary_classification_metrics": {"accuracy": {"value": 0.95, "standard_deviation": "NaN"}}}
)
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1"
SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://models/m.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
# What JumpStartModel.register of the SageMaker SDK 2 sends (its src/sagemaker/jumpstart/factory/model.py gives the
# content types, model.py the containers): no report, model data as a folder.
JUMPSTART = {
    "Containers": [
        {
            "Image": IMAGE,
            "ModelDataSource": {
                "S3DataSource": {
                    "S3Uri": "s3://jumpstart-cache-prod-us-east-1/m/",
                    "S3DataType": "S3Prefix",
                    "CompressionType": "None",
                }
            },
        }
    ],
    "SupportedContentTypes": ["application/json"],
    "SupportedResponseMIMETypes": ["application/json"],
}  # fmt: skip
# "Model package model card schema", https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-details.html,
# with the metrics of a run as MLflow's automatic registration has them,
# https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-track-experiments-model-registration.html
METRICS = [{"name": "accuracy", "type": "number", "value": 0.93}]
CARD = {"model_overview": {"model_creator": "mlflow"}, "evaluation_details": [
    {"name": "run", "metric_groups": [{"name": "quality", "metric_data": METRICS}]}
]}  # fmt: skip


def card(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"ModelCardContent": json.dumps(content), "ModelCardStatus": "Draft"}


def statistics(uri: str, content_type: str = "application/json") -> dict[str, Any]:
    return {"ModelQuality": {"Statistics": {"ContentType": content_type, "S3Uri": uri}}}


GOOD = statistics("s3://EVIDENCE/WAY/1/evaluation.json")
# What `ModelMetrics._to_request_dict` of the SageMaker SDK 2 (its src/sagemaker/model_metrics.py) writes in some of its
# versions: sections that have nothing in them.
EMPTY_SECTIONS: dict[str, Any] = {**GOOD, "ModelDataQuality": {}, "Bias": {}, "Explainability": {}}
# The default bucket of the SDK, with the path of a ProcessingStep's output.
DEFAULT_BUCKET = "s3://sagemaker-us-east-1-123456789012/pipelines/abc/EvaluateModel/output/evaluation.json"
OWN_BIAS = {
    **GOOD,
    "Bias": {"PostTrainingReport": {"ContentType": "application/json", "S3Uri": DEFAULT_BUCKET}},
}


@dataclass(frozen=True)
class Way:
    """What is registered, the status and the decision that it ends with, and what its description says.

    A version without a decision is ignored: no execution was started for it.
    """

    name: str
    status: str
    decision: str | None
    says: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    group: str = GROUP

    @property
    def folder(self) -> str:
        return f"way-{WAYS.index(self)}"

    def request(self, bucket: str) -> dict[str, Any]:
        request = {
            "ModelPackageGroupName": self.group,
            "ModelApprovalStatus": "PendingManualApproval",
            "InferenceSpecification": SPECIFICATION,
            **self.fields,
        }
        kept = {name: value for name, value in request.items() if name not in self.without}
        text = json.dumps(kept).replace("EVIDENCE", bucket).replace("WAY", self.folder)
        return dict(json.loads(text))


def approved(name: str, **fields: Any) -> Way:
    return Way(name, "Approved", "Approved", "Approved by", fields)


def in_review(name: str, says: str, metrics: Mapping[str, Any]) -> Way:
    return Way(name, "PendingManualApproval", "NeedsReview", says, {"ModelMetrics": metrics})


WAYS = [
    approved("evidence bucket", ModelMetrics=GOOD),
    approved("double slashes", ModelMetrics=statistics("s3://EVIDENCE/WAY//2//evaluation.json")),
    approved("text/csv", ModelMetrics=statistics("s3://EVIDENCE/WAY/3/evaluation.csv", "text/csv")),
    approved("bucket of a team", ModelMetrics=statistics(f"s3://{TEAM_BUCKET}/WAY/1/evaluation.json")),
    # S3 redirects the gate there; where that is of no use, the reason names the region.
    approved("bucket in another region", ModelMetrics=statistics(f"s3://{FAR_BUCKET}/WAY/1/evaluation.json")),
    approved("ModelStep of SDK 2, empty sections", ModelMetrics=EMPTY_SECTIONS),
    # sagemaker.core.model_registry.get_create_model_package_request of the SDK 3 sends these beside.
    approved("ModelStep of SDK 3", ModelMetrics=GOOD, SkipModelValidation="None", CertifyForMarketplace=False),
    Way("no status", "Approved", "Approved", "Approved by", {"ModelMetrics": GOOD}, ("ModelApprovalStatus",)),
    Way(
        "SourceUri and no image", "Approved", "Approved", "Approved by",
        {"ModelMetrics": GOOD, "SourceUri": "arn:aws:sagemaker:us-east-1:123456789012:model/churn"},
        ("InferenceSpecification",),
    ),
    Way(
        "MLflow's automatic registration", "Approved", "Approved", "Approved by",
        {"ModelCard": card(CARD), "SourceUri": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/a"},
        ("InferenceSpecification",), CARDS,
    ),
    Way("JumpStart", "Rejected", "Rejected", "the evidence does not have", {"InferenceSpecification": JUMPSTART}),
    Way(
        "Studio, a card of words", "Rejected", "Rejected", "the evidence does not have",
        {"ModelCard": card({"model_overview": {"model_creator": "Jo"}, "evaluation_details": []})},
    ),
    in_review("folder", "a folder, and no report; name the report itself", statistics("s3://EVIDENCE/WAY/1")),
    in_review("folder and slash", "a folder, and no report", statistics("s3://EVIDENCE/WAY/1/")),
    in_review("absent", "there is no such object", statistics("s3://EVIDENCE/WAY/9.json")),
    in_review("default bucket", "the gate reads evidence only from", statistics(DEFAULT_BUCKET)),
    in_review("bias elsewhere, the rest here", "the gate reads evidence only from", OWN_BIAS),
    in_review(
        "https", "it looks like s3://", statistics("https://s3.amazonaws.com/EVIDENCE/WAY/1/evaluation.json")
    ),
    in_review("no rights", "AccessDenied", statistics(f"s3://{STRANGE_BUCKET}/WAY/1/evaluation.json")),
    in_review(
        "a key that nobody granted", "kms:Decrypt", statistics(f"s3://{ENCRYPTED_BUCKET}/WAY/1/evaluation.json")
    ),
    Way("born approved", "Approved", None, "", {"ModelMetrics": GOOD, "ModelApprovalStatus": "Approved"}),
    Way(
        "merely logged", "", None, "",
        {"ModelMetrics": GOOD, "ModelPackageRegistrationType": "Logged"}, ("ModelApprovalStatus",),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def registered(_deployed: Governance) -> dict[str, dict[str, Any]]:
    """The outcome of each way, by its name: all are registered at once."""
    _deployed.require("lambda")
    s3, sagemaker = _deployed.client("s3"), _deployed.client("sagemaker")
    evidence, thresholds = (_deployed.outputs[f"{name}Bucket"] for name in ("Evidence", "Thresholds"))
    metrics = {GROUP: "binary_classification.accuracy", CARDS: "model_card.run.quality.accuracy"}
    for group, metric in metrics.items():
        content = THRESHOLDS.format(group, metric)
        s3.put_object(Bucket=thresholds, Key=f"thresholds/{group}.yaml", Body=content)
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
    for bucket in (TEAM_BUCKET, STRANGE_BUCKET, ENCRYPTED_BUCKET):
        s3.create_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=FAR_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    key = _deployed.client("kms").create_key()["KeyMetadata"]["Arn"]
    by_key = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=ENCRYPTED_BUCKET, ServerSideEncryptionConfiguration={"Rules": [by_key]})
    for way in WAYS:
        # The bytes of each differ, as those of different runs do: what was judged for another version is foreign.
        content = REPORT + " " * WAYS.index(way)
        for bucket in (evidence, TEAM_BUCKET, STRANGE_BUCKET, ENCRYPTED_BUCKET, FAR_BUCKET):
            for key in KEYS:
                s3.put_object(Bucket=bucket, Key=f"{way.folder}/{key}", Body=content)
    requests = {way.name: way.request(evidence) for way in WAYS}
    arns = {
        name: sagemaker.create_model_package(**body)["ModelPackageArn"] for name, body in requests.items()
    }
    _deployed.settle()
    return {name: _deployed.describe(arn) for name, arn in arns.items()}


@pytest.mark.parametrize("way", [pytest.param(way, id=way.name) for way in WAYS])
def test_a_version_ends_decided_or_ignored(
    _deployed: Governance, registered: dict[str, dict[str, Any]], way: Way
) -> None:
    described = registered[way.name]
    arn = described["ModelPackageArn"]
    description = described.get("ApprovalDescription", "")
    assert described.get("ModelApprovalStatus", "") == way.status, description
    assert way.says in description
    records = [record for name, record in _deployed.records(arn).items() if name.count(".") == 1]
    assert [record["decision"] for record in records] == ([] if way.decision is None else [way.decision])


def test_what_was_judged_is_kept_and_decides_the_same_when_the_bucket_of_the_team_is_gone(
    _deployed: Governance, registered: dict[str, dict[str, Any]]
) -> None:
    record = _deployed.decision(registered["bucket of a team"]["ModelPackageArn"])
    (document,) = record["evidence"]
    evidence = _deployed.outputs["EvidenceBucket"]
    assert document["copy_uri"] == f"s3://{evidence}/judged-evidence/{document['sha256']}"
    s3 = _deployed.client("s3")
    bucket, _, key = document["uri"].removeprefix("s3://").partition("/")
    assert bucket == TEAM_BUCKET
    s3.delete_object(Bucket=bucket, Key=key)
    assert json.loads(_deployed.read(document["copy_uri"])) == json.loads(REPORT)
