"""The pipeline's definition against AWS's own schema of definitions, and its job against the service's limits."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from jsonschema import Draft7Validator

from aws.registry_limits import RegistryLimitError
from aws.request_limits import check_request
from tests.infra.synthesised import ACCOUNT, COMPUTES, synthesise

SCHEMA = Path(__file__).resolve().parents[3] / "shared/data/aws/pipeline-definition.schema.json"
needs_schema = pytest.mark.skipif(
    not SCHEMA.exists(), reason="AWS's schema of definitions (pipeline-definition.schema.json) is not here"
)
Definitions = dict[str, Any]


def _join_is_a_function(definitions: Definitions) -> None:
    """The schema gives `Values` as a keyword of JSON Schema, not as a property, and refers to it nowhere.

    https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-properties.html has `Std:Join` with `On`.
    """
    values = {"type": "array", "items": {"$ref": "#/definitions/StringArgumentValue"}}
    join = {
        "type": "object",
        "properties": {"On": {"type": "string"}, "Values": values},
        "required": ["Values"],
        "additionalProperties": False,
    }
    definitions["JoinFunction"] = {
        "type": "object",
        "properties": {"Std:Join": join},
        "required": ["Std:Join"],
        "additionalProperties": False,
    }
    definitions["StringArgumentValue"]["oneOf"].append({"$ref": "#/definitions/JoinFunction"})


def _steps_have_property_files(definitions: Definitions) -> None:
    """The schema is older than the files through which a Processing step hands on what it found.

    https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-propertyfile.html
    """
    text = {"type": "string"}
    names = ("PropertyFileName", "OutputName", "FilePath")
    file = {
        "type": "object",
        "properties": dict.fromkeys(names, text),
        "required": list(names),
        "additionalProperties": False,
    }
    definitions["ProcessingStep"]["properties"]["PropertyFiles"] = {"type": "array", "items": file}


def _retries_name_several_exceptions(definitions: Definitions) -> None:
    """A retry policy names a list of exceptions, where the schema has a single one.

    https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html, "JSON schema for the retry policy".
    """
    kinds = definitions["RetryPolicy"]["properties"]["ExceptionType"]
    definitions["RetryPolicy"]["properties"]["ExceptionType"] = {
        "oneOf": [kinds, {"type": "array", "items": kinds, "minItems": 1}]
    }


PATCHES: Mapping[str, Callable[[Definitions], None]] = {
    "join": _join_is_a_function,
    "property-files": _steps_have_property_files,
    "retries": _retries_name_several_exceptions,
}


def patched(*patches: Callable[[Definitions], None]) -> dict[str, Any]:
    """AWS's schema with the patches."""
    schema: dict[str, Any] = copy.deepcopy(json.loads(SCHEMA.read_text()))
    for patch in patches:
        patch(schema["definitions"])
    # One of many kinds of step: a step that fits none is told as all of them; by its type it is told as one.
    by_type = {f"{kind}Step" for kind in ("Lambda", "Processing")}
    steps = schema["properties"]["Steps"]["items"]["oneOf"]
    schema["properties"]["Steps"]["items"]["oneOf"] = [
        step for step in steps if step["$ref"].rpartition("/")[2] in by_type
    ]
    return schema


def problems(definition: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """What the schema says against a definition."""
    found = Draft7Validator(schema).iter_errors(definition)
    return [f"{error.json_path}: {cause.message}" for error in found for cause in (error.context or [error])]


@needs_schema
@pytest.mark.parametrize("compute", COMPUTES)
def test_the_definition_is_as_the_published_schema_has_it(compute: str) -> None:
    assert problems(synthesise(compute).definition(), patched(*PATCHES.values())) == []


@needs_schema
def test_the_schema_refuses_a_step_of_another_form() -> None:
    definition = synthesise("lambda").definition()
    definition["Steps"][0]["RetryPolicies"] = []
    assert problems(definition, patched(*PATCHES.values()))


@needs_schema
@pytest.mark.parametrize("left_out", PATCHES)
def test_each_patch_of_the_schema_is_needed(left_out: str) -> None:
    others = [patch for name, patch in PATCHES.items() if name != left_out]
    assert problems(synthesise("processing").definition(), patched(*others))


# The longest that each value of an execution can be: names as long as SageMaker, S3 and the settings have them.
REGION = "ap-southeast-99"
PIPELINE = "p" * 128
BUCKET = "b" * 63
VALUES = {
    "Parameters.ModelPackageArn": f"arn:aws-us-gov:sagemaker:{REGION}:{ACCOUNT}:model-package/{'g' * 63}/2147483647",
    "Parameters.ThresholdsUri": f"s3://{BUCKET}/thresholds/",
    "Parameters.DecisionsUri": f"s3://{BUCKET}/decisions/",
    "Execution.PipelineExecutionArn": (
        f"arn:aws-us-gov:sagemaker:{REGION}:{ACCOUNT}:pipeline/{PIPELINE}/execution/{'e' * 12}"
    ),
    "Execution.PipelineExecutionId": "e" * 12,
}


def fill(value: Any) -> Any:
    """Return a part of a definition as an execution fills it in."""
    match value:
        case {"Get": str(name)}:
            return VALUES[name]
        case {"Std:Join": {"On": str(separator), "Values": parts}}:
            return separator.join(fill(part) for part in parts)
        case dict():
            return {name: fill(entry) for name, entry in value.items()}
        case list():
            return [fill(entry) for entry in value]
    return value


@cache
def sagemaker_model() -> Any:
    """AWS's own model of SageMaker, as botocore has it."""
    return botocore.session.get_session().get_service_model("sagemaker")


def jobs() -> Iterator[dict[str, Any]]:
    """The requests of the jobs that the definition has SageMaker create."""
    for step in synthesise("processing").definition()["Steps"]:
        if step["Type"] == "Processing":
            yield {
                **fill(step["Arguments"]),
                "ProcessingJobName": "pipelines-eeeeeeeeeeee-EvaluateModelPackage-abc",
            }


def test_the_job_is_within_the_limits_of_create_processing_job() -> None:
    """256 characters for each argument, for the entry point's parts and for each value of the environment."""
    operation = sagemaker_model().operation_model("CreateProcessingJob")
    (job,) = jobs()
    check_request(job, operation)
    job["AppSpecification"]["ContainerArguments"].append("a" * 257)
    with pytest.raises(RegistryLimitError, match=r"ContainerArguments\[\d+\]: 257 characters"):
        check_request(job, operation)
