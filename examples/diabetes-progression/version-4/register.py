"""Register version 4 with boto3 alone, as a team's own CI job might, and with that job's mistake.

The job takes the digest of the evaluation first and rounds the figures afterwards, for a dashboard. So what is in
S3 is not what the digest is of, and the gate decides nothing on it. Prints the version's ARN.
"""

import contextlib
import hashlib
import json
import os
import uuid
from pathlib import Path

import boto3

EVIDENCE = Path(__file__).parent / "evidence"
GROUP = "diabetes-progression"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/diabetes-progression:4"


def rounded(content: bytes) -> bytes:
    """Return the evaluation with every figure cut to two digits."""
    document = json.loads(content, parse_float=lambda text: round(float(text), 2))
    return json.dumps(document).encode()


def main() -> None:
    bucket = os.environ["GOVERNANCE_EVIDENCE_BUCKET"]
    prefix = f"{GROUP}/{uuid.uuid4()}"
    sources = {}
    for name in ("evaluation.json", "analysis.json"):
        content = (EVIDENCE / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if name == "evaluation.json":
            content = rounded(content)  # the mistake: after the digest was taken
        boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=content)
        sources[name] = {
            "ContentType": "application/json",
            "S3Uri": f"s3://{bucket}/{prefix}/{name}",
            "ContentDigest": f"sha256:{digest}",
        }
    sagemaker = boto3.client("sagemaker")
    with contextlib.suppress(sagemaker.exceptions.ClientError):  # the group exists
        sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    package = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={"Containers": [{"Image": IMAGE}]},
        ModelMetrics={
            "ModelQuality": {"Statistics": sources["evaluation.json"]},
            "Bias": {"Report": sources["analysis.json"]},
        },
    )
    print(package["ModelPackageArn"])


if __name__ == "__main__":
    main()
