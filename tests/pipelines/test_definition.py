import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipelines.step_messages import (
    EvaluateRequest,
    EvaluateResponse,
    UpdateRequest,
    UpdateResponse,
    field_names,
)

ROOT = Path(__file__).resolve().parents[2]
EVALUATE_DESCRIPTION = (
    "Holds the version's own evidence against the thresholds and writes the decision record."
)
TOKEN = "${Token[TOKEN.17]}"
PROGRAM = """
import gc, json, socket, sys
collected = []
gc.callbacks.append(lambda phase, about: collected.append(phase))
def refuse(*args, **kwargs): raise AssertionError("the definition reached for the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from pipelines.definition import LambdaCompute, ProcessingCompute, managed_image_uri, pipeline_definition
token = sys.argv[1]
shared = dict(update_function_arn=token + ":update", thresholds_uri=f"s3://{token}/thresholds/",
              decisions_uri=f"s3://{token}/decisions/")
computes = {
    "lambda": LambdaCompute(token + ":evaluate"),
    "processing": ProcessingCompute(image_uri="i", role_arn=token, bundle_uri=f"s3://{token}/b.zip",
                                    results_uri=f"s3://{token}/results", environment={"A": token}),
}
made = {name: pipeline_definition(evaluation=compute, **shared) for name, compute in computes.items()}
images = {region: managed_image_uri(region) for region in ("eu-central-1", "us-east-1")}
print(json.dumps({"definitions": made, "images": images, "collected": collected.count("start")}))
"""


@pytest.fixture(scope="module")
def built() -> dict[str, Any]:
    """Definitions and images, built without credentials, configuration or network; and how often Python collected."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, TOKEN],
        cwd=ROOT,
        env=environment | {"HOME": "/nonexistent", "AWS_PROFILE": "nobody", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    result: dict[str, Any] = json.loads(answer.stdout)
    return result


def parameter(name: str) -> dict[str, str]:
    return {"Get": f"Parameters.{name}"}


EXECUTION = {"Get": "Execution.PipelineExecutionArn"}
EVALUATE_INPUTS = {
    "model_package_arn": parameter("ModelPackageArn"),
    "thresholds_uri": parameter("ThresholdsUri"),
    "decisions_uri": parameter("DecisionsUri"),
    "execution_arn": EXECUTION,
}


def outputs(model: type) -> list[dict[str, str]]:
    return [{"OutputName": name, "OutputType": "String"} for name in field_names(model)]


def update_step(answer: Mapping[str, object]) -> dict[str, object]:
    return {
        "Name": "UpdateModelStatus",
        "Type": "Lambda",
        "Description": "Sets the version's approval status to what the decision record says.",
        "FunctionArn": f"{TOKEN}:update",
        "Arguments": {
            "model_package_arn": parameter("ModelPackageArn"),
            "decisions_uri": parameter("DecisionsUri"),
            "execution_arn": EXECUTION,
            **answer,
        },
        "OutputParameters": outputs(UpdateResponse),
    }


PARAMETERS = [
    {"Name": "ModelPackageArn", "Type": "String"},
    {"Name": "ThresholdsUri", "Type": "String", "DefaultValue": f"s3://{TOKEN}/thresholds/"},
    {"Name": "DecisionsUri", "Type": "String", "DefaultValue": f"s3://{TOKEN}/decisions/"},
]


def test_the_definition_with_evaluation_as_a_lambda_step(built: dict[str, Any]) -> None:
    answer = {
        name: {"Get": f"Steps.EvaluateModelPackage.OutputParameters['{name}']"}
        for name in field_names(EvaluateResponse)
    }
    assert json.loads(built["definitions"]["lambda"]) == {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": PARAMETERS,
        "Steps": [
            {
                "Name": "EvaluateModelPackage",
                "Type": "Lambda",
                "Description": EVALUATE_DESCRIPTION,
                "FunctionArn": f"{TOKEN}:evaluate",
                "Arguments": EVALUATE_INPUTS,
                "OutputParameters": outputs(EvaluateResponse),
            },
            update_step(answer),
        ],
    }


def test_the_definition_with_evaluation_as_a_processing_job(built: dict[str, Any]) -> None:
    definition = json.loads(built["definitions"]["processing"])
    evaluate, update = definition["Steps"]
    entrypoint = evaluate["Arguments"]["AppSpecification"].pop("ContainerEntrypoint")
    assert [*entrypoint[:2], *entrypoint[3:]] == ["python3", "-c", "/opt/ml/processing/input/bundle"]
    assert evaluate == {
        "Name": "EvaluateModelPackage",
        "Type": "Processing",
        "Description": EVALUATE_DESCRIPTION,
        "Arguments": {
            "AppSpecification": {
                "ImageUri": "i",
                "ContainerArguments": [
                    "--result_folder",
                    "/opt/ml/processing/output/result",
                    *(part for name, value in EVALUATE_INPUTS.items() for part in (f"--{name}", value)),
                ],
            },
            "Environment": {"A": TOKEN},
            "ProcessingInputs": [
                {
                    "InputName": "bundle",
                    "S3Input": {
                        "S3Uri": {"Std:Join": {"On": "", "Values": [f"s3://{TOKEN}/b.zip"]}},
                        "LocalPath": "/opt/ml/processing/input/bundle",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                        "S3DataDistributionType": "FullyReplicated",
                        "S3CompressionType": "None",
                    },
                }
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": "result",
                        "S3Output": {
                            "S3Uri": {
                                "Std:Join": {
                                    "On": "/",
                                    "Values": [
                                        f"s3://{TOKEN}/results",
                                        {"Get": "Execution.PipelineExecutionId"},
                                    ],
                                }
                            },
                            "LocalPath": "/opt/ml/processing/output/result",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 5}
            },
            "RoleArn": {"Std:Join": {"On": "", "Values": [TOKEN]}},
            "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
        },
        "PropertyFiles": [
            {
                "PropertyFileName": "EvaluateModelPackageResult",
                "OutputName": "result",
                "FilePath": "result.json",
            }
        ],
        "RetryPolicies": [
            {
                "ExceptionType": ["SageMaker.RESOURCE_LIMIT", "SageMaker.CAPACITY_ERROR"],
                "IntervalSeconds": 60,
                "BackoffRate": 1.5,
                "ExpireAfterMin": 120,
            }
        ],
    }
    file = {"Get": "Steps.EvaluateModelPackage.PropertyFiles.EvaluateModelPackageResult"}
    answer = {
        name: {"Std:JsonGet": {"PropertyFile": file, "Path": name}} for name in field_names(EvaluateResponse)
    }
    assert update == update_step(answer)


def test_texts_of_the_job_fit_what_sagemaker_takes(built: dict[str, Any]) -> None:
    specification = json.loads(built["definitions"]["processing"])["Steps"][0]["Arguments"][
        "AppSpecification"
    ]
    texts = [*specification["ContainerEntrypoint"], *specification["ContainerArguments"]]
    assert max(len(text) for text in texts if isinstance(text, str)) <= 256


def test_both_steps_are_given_what_their_programs_read(built: dict[str, Any]) -> None:
    for definition in map(json.loads, built["definitions"].values()):
        evaluate, update = definition["Steps"]
        if evaluate["Type"] == "Lambda":
            assert tuple(evaluate["Arguments"]) == field_names(EvaluateRequest)
        assert set(update["Arguments"]) == set(field_names(UpdateRequest))


def test_the_image_is_the_managed_one_of_the_region(built: dict[str, Any]) -> None:
    repository = "sagemaker-scikit-learn:1.4-2-py312-cpu-py3"
    assert built["images"] == {
        "eu-central-1": f"492215442770.dkr.ecr.eu-central-1.amazonaws.com/{repository}",
        "us-east-1": f"683313688378.dkr.ecr.us-east-1.amazonaws.com/{repository}",
    }


def test_no_garbage_is_looked_for_in_what_the_sdk_imports(built: dict[str, Any]) -> None:
    """Python would collect some 950 times; what is left is before and between the three uses of the SDK."""
    assert built["collected"] < 50
