"""An account in which forty teams register in their own way: all are left alone until a file names their group."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.conftest import Governance
from tests.e2e.test_reconciler import reconcile
from tests.e2e.test_ways_to_register import WAYS

pytestmark = pytest.mark.e2e

# Names that the templates of thresholds/ are written for, and others; one of them as SageMaker's MLflow makes it.
NAMES = [name.format(n) for n in range(7) for name in (
    "rag-team-{}", "team-{}-rag", "team-{}-text-to-sql", "llm-team-{}", "team-{}-assistant"
)] + ["forecast", "churn", "churn-0a1b2c", "churn-europe", "another-churn"]  # fmt: skip
GOVERNED = ["churn", "churn-0a1b2c"]
FILE = b"""
name: churn
applies_to: {model_package_groups: [churn], mlflow_suffix: true}
checks: [{name: accuracy, why: The answers are used., metric: binary_classification.accuracy, at_least: 0.8}]
"""
KEY = "thresholds/many-teams.yaml"
PENDING_WAYS = [way for way in WAYS if way.decision is not None]


@contextmanager
def published(stack: Governance) -> Iterator[None]:
    """Have the threshold file in force within the block."""
    where = {"Bucket": stack.outputs["ThresholdsBucket"], "Key": KEY}
    stack.client("s3").put_object(**where, Body=FILE)
    try:
        yield
    finally:
        stack.client("s3").delete_object(**where)


def register_all(stack: Governance) -> dict[str, str]:
    """Register a version in each group, each in the next of the ways; return their ARNs by group."""
    sagemaker = stack.client("sagemaker")
    arns = {}
    for number, group in enumerate(NAMES):
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
        way = PENDING_WAYS[number % len(PENDING_WAYS)]
        request = way.request(stack.outputs["EvidenceBucket"]) | {"ModelPackageGroupName": group}
        arns[group] = sagemaker.create_model_package(**request)["ModelPackageArn"]
    return arns


def described(stack: Governance, arns: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """All that the registry says of each version, by its group."""
    return {
        group: {name: value for name, value in stack.describe(arn).items() if name != "ResponseMetadata"}
        for group, arn in arns.items()
    }


def judged(stack: Governance) -> set[str]:
    """The versions that an execution was started for."""
    pages = stack.client("sagemaker").get_paginator("list_pipeline_executions")
    listed = pages.paginate(PipelineName=stack.outputs["PipelineName"])
    return {
        one["PipelineExecutionDescription"] for page in listed for one in page["PipelineExecutionSummaries"]
    }


def counted(stack: Governance) -> list[str]:
    """The versions that the metric `UngovernedVersions` counted, by the lines that CloudWatch takes it from."""
    logs = stack.client("logs")
    (own,) = [
        name
        for group in logs.describe_log_groups()["logGroups"]
        if "StartPipeline" in (name := group["logGroupName"])
    ]
    lines = logs.get_paginator("filter_log_events").paginate(logGroupName=own)
    said = [
        json.loads(line["message"])
        for page in lines
        for line in page["events"]
        if "UngovernedVersions" in line["message"]
    ]
    return [line["event"]["detail"]["ModelPackageArn"] for line in said if line["UngovernedVersions"] == 1]


def wait(stack: Governance, arn: str) -> tuple[int, str]:
    """Run `governance wait` as somebody who has set the variables of the outputs; return its code and what it says."""
    variables = {
        "GOVERNANCE_THRESHOLDS_BUCKET": stack.outputs["ThresholdsBucket"],
        "GOVERNANCE_UNGOVERNED_GROUPS": stack.outputs["UngovernedGroups"],
        "GOVERNANCE_MODEL_PACKAGE_GROUPS": stack.outputs["ModelPackageGroups"],
        "GOVERNANCE_PIPELINE_NAME": stack.outputs["PipelineName"],
    }
    command = [sys.executable, "-m", "model_governance", "wait", arn]
    environment = os.environ | stack.sandbox.environment() | variables
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


def test_versions_of_forty_teams_are_untouched_until_a_file_names_their_group(stack: Governance) -> None:
    assert len(NAMES) == 40
    arns = register_all(stack)
    before = described(stack, arns)
    stack.settle()
    assert described(stack, arns) == before
    assert judged(stack).isdisjoint(arns.values())
    assert sorted(arn for arn in counted(stack) if arn in arns.values()) == sorted(arns.values())
    code, said = wait(stack, arns["churn"])
    assert code == 3
    assert said.startswith(
        f"{arns['churn']}: not governed: no published threshold file applies to the group churn,"
    )

    with published(stack):
        reconcile(stack)
    after = described(stack, arns)
    governed = {arns[group] for group in GOVERNED}
    assert judged(stack) & set(arns.values()) == governed
    assert {group for group in NAMES if after[group] != before[group]} == set(GOVERNED)
    assert all(after[group]["ApprovalDescription"] for group in GOVERNED)
