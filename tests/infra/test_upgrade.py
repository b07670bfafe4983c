"""An upgrade from the stack as it was before settings were one model: what holds data is neither lost nor made anew."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BEFORE = Path(__file__).parents[1] / "e2e" / "before" / "stack.template.json"
# The properties whose change makes CloudFormation create another resource, by the type that holds data or is waited at.
REPLACING = {
    "AWS::S3::Bucket": ("BucketName", "ObjectLockEnabled"),
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::SageMaker::Pipeline": ("PipelineName",),
}


@pytest.mark.parametrize("kind", REPLACING)
def test_an_upgrade_keeps_every_resource_that_holds_something(
    kind: str, template: Callable[..., dict[str, Any]]
) -> None:
    before = {
        name: resource
        for name, resource in json.loads(BEFORE.read_text())["Resources"].items()
        if resource["Type"] == kind
    }
    now = template(evaluation_compute="lambda", region="eu-central-1")["Resources"]
    assert before
    for name, resource in before.items():
        assert now[name]["Type"] == kind
        for field in REPLACING[kind]:
            assert now[name]["Properties"].get(field) == resource["Properties"].get(field)


def test_the_outputs_of_before_are_still_there(template: Callable[..., dict[str, Any]]) -> None:
    now = template(evaluation_compute="lambda", region="eu-central-1")["Outputs"]
    before = json.loads(BEFORE.read_text())["Outputs"]
    assert {name: now[name] for name in before} == before
