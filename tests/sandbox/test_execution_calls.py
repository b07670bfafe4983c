"""Executions are listed by time, in order and by pages, and a failed one is tried again from the step that failed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.faults import Faults

Step = Callable[..., dict[str, Any]]
ANSWERS = """
    def handler(event, context):
        print("ATTEMPT")
        return {"word": "first"}
"""
# What the second step needs is not there until the test says so.
FAILS_AT_FIRST = """
    import os

    def handler(event, context):
        print("ATTEMPT", event["word"])
        return {"word": os.environ["WORD"]}
"""


def attempts(account: Any, function: str) -> list[str]:
    return [line for line in account.log(function) if line.startswith("ATTEMPT")]


def test_a_retry_goes_on_with_the_step_that_failed(account: Any, lambda_step: Step) -> None:
    first, second = account.function(ANSWERS), account.function(FAILS_AT_FIRST)
    word = {"word": {"Get": "Steps.First.OutputParameters['word']"}}
    pipeline = account.pipeline(
        [lambda_step("First", first, {}, ("word",)), lambda_step("Second", second, word, ("word",))]
    )
    failed, steps = account.run(pipeline)
    assert failed["PipelineExecutionStatus"] == "Failed"
    assert [(step["StepStatus"], step["AttemptCount"]) for step in steps] == [("Succeeded", 1), ("Failed", 1)]

    account.client("lambda").update_function_configuration(
        FunctionName=second, Environment={"Variables": {"WORD": "second"}}
    )
    arn = failed["PipelineExecutionArn"]
    sagemaker = account.client("sagemaker")
    answer = sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="r" * 32)
    assert answer["PipelineExecutionArn"] == arn
    account.sandbox.wait_idle()
    done = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
    assert (done["PipelineExecutionStatus"], "FailureReason" in done) == ("Succeeded", False)
    assert [(step["StepStatus"], step["AttemptCount"]) for step in steps["PipelineExecutionSteps"]] == [
        ("Succeeded", 1),
        ("Succeeded", 2),
    ]
    # The step that had succeeded is not run again, and its output is still there.
    assert attempts(account, first) == ["ATTEMPT"]
    assert attempts(account, second) == ["ATTEMPT first"] * 2


def test_only_what_failed_is_tried_again(account: Any, lambda_step: Step) -> None:
    pipeline = account.pipeline([lambda_step("Only", account.function(ANSWERS))])
    done, _ = account.run(pipeline)
    with pytest.raises(ClientError, match="is Succeeded"):
        account.client("sagemaker").retry_pipeline_execution(
            PipelineExecutionArn=done["PipelineExecutionArn"], ClientRequestToken="r" * 32
        )


def test_a_retry_counts_for_the_quota(account: Any, lambda_step: Step) -> None:
    fails = account.pipeline([lambda_step("Only", account.function(FAILS_AT_FIRST))])
    failed, _ = account.run(fails)
    waits = "import time\ndef handler(event, context):\n    time.sleep(2)\n    return {}"
    account.start(account.pipeline([lambda_step("Only", account.function(waits))]))
    with account.sandbox.faults(Faults(concurrent_executions=1)):
        with pytest.raises(ClientError, match="ResourceLimitExceeded"):
            account.client("sagemaker").retry_pipeline_execution(
                PipelineExecutionArn=failed["PipelineExecutionArn"], ClientRequestToken="r" * 32
            )
        account.sandbox.wait_idle()


def test_executions_are_listed_by_time_in_order_and_by_pages(account: Any, lambda_step: Step) -> None:
    pipeline = account.pipeline([lambda_step("Only", account.function(ANSWERS))])
    started = [account.start(pipeline) for _ in range(12)]
    account.sandbox.wait_idle()
    sagemaker = account.client("sagemaker")

    def listed(**asked: Any) -> list[str]:
        answer = sagemaker.list_pipeline_executions(PipelineName=pipeline, **asked)
        return [one["PipelineExecutionArn"] for one in answer["PipelineExecutionSummaries"]]

    pages = sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=pipeline)
    sizes = [len(page["PipelineExecutionSummaries"]) for page in pages]
    assert sizes == [10, 2]
    assert listed(MaxResults=100, SortOrder="Ascending") == started
    assert listed(MaxResults=100) == started[::-1]
    sixth = sagemaker.describe_pipeline_execution(PipelineExecutionArn=started[5])["CreationTime"]
    moment = timedelta(microseconds=1000)  # a client sends times in milliseconds
    after = listed(CreatedAfter=sixth + moment, MaxResults=100)
    before = listed(CreatedBefore=sixth - moment, MaxResults=100)
    assert (set(after) <= set(started[6:]), set(before) <= set(started[:5])) == (True, True)
    assert started[-1] in after
    assert started[0] in before


@pytest.mark.parametrize("registry", ["123456789012", "222222222222"], ids=["own-account", "another-account"])
def test_a_version_and_its_executions_can_have_been_made_earlier(
    account: Any, lambda_step: Step, registry: str
) -> None:
    owner = account.elsewhere(registry)
    pipeline = account.pipeline([lambda_step("Only", account.function(ANSWERS))])
    sagemaker = account.client("sagemaker")
    aged, other = owner.package(), owner.package()
    arns = {
        arn: sagemaker.start_pipeline_execution(
            PipelineName=pipeline,
            PipelineExecutionDescription=arn,
            ClientRequestToken=arn[-32:].rjust(32, "t"),
        )["PipelineExecutionArn"]
        for arn in (aged, other)
    }
    account.sandbox.wait_idle()

    def times(arn: str) -> list[Any]:
        version = owner.describe(arn)
        execution = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arns[arn])
        listed = sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"]
        (summary,) = [one for one in listed if one["PipelineExecutionArn"] == arns[arn]]
        return [version["CreationTime"], execution["CreationTime"], summary["StartTime"]]

    before = {arn: times(arn) for arn in arns}
    account.sandbox.age(aged, 7200)
    assert times(aged) == [moment - timedelta(hours=2) for moment in before[aged]]
    assert times(other) == before[other]
