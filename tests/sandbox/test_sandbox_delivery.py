"""An event reaches the functions of the rules it matches; what fails is retried and ends where AWS puts it."""

import json
from typing import Any

import pytest

FAILS = """
    def handler(event, context):
        raise RuntimeError("cannot")
"""
COUNTS = """
    def handler(event, context):
        print("ATTEMPT", event["detail"]["ModelPackageArn"], event["time"])
"""


def rule(account: Any, detail: dict[str, Any], function: str, **target: Any) -> str:
    name = account.name("rule")
    events = account.client("events")
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": detail,
    }
    arn = events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": function, **target}])
    return str(arn)


def attempts(account: Any, function: str) -> list[str]:
    return [line for line in account.log(function) if line.startswith(("ATTEMPT", "START"))]


def test_a_rule_hands_matching_events_to_its_function_and_no_others(account: Any) -> None:
    function, group = account.function(COUNTS), account.group()
    rule(
        account,
        {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["PendingManualApproval"]},
        function,
    )
    account.package()
    account.package(ModelPackageGroupName=group, ModelApprovalStatus="Approved")
    arn = account.package(ModelPackageGroupName=group)
    account.sandbox.wait_idle()
    (event,) = [
        event
        for event in account.sandbox.events()
        if event["resources"] == [arn] and event["detail"]["ModelApprovalStatus"] == "PendingManualApproval"
    ]
    seen = [line for line in attempts(account, function) if line.startswith("ATTEMPT")]
    assert seen == [f"ATTEMPT {arn} {event['time']}"]


def test_an_event_can_be_delivered_again_as_it_was(account: Any) -> None:
    function, group = account.function(COUNTS), account.group()
    rule(account, {"ModelPackageGroupName": [group]}, function)
    account.package(ModelPackageGroupName=group)
    account.sandbox.redeliver(account.sandbox.events()[-1], times=2)
    account.sandbox.wait_idle()
    seen = [line for line in attempts(account, function) if line.startswith("ATTEMPT")]
    assert len(seen) == 3
    assert len(set(seen)) == 1


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_a_failing_function_is_retried_as_its_settings_say_and_ends_at_its_destination(
    account: Any, retries: int
) -> None:
    function, group = account.function(FAILS), account.group()
    failed_url, failed_arn = account.queue()
    dead_url, dead_arn = account.queue()
    account.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=retries,
        DestinationConfig={"OnFailure": {"Destination": failed_arn}},
    )
    rule(account, {"ModelPackageGroupName": [group]}, function, DeadLetterConfig={"Arn": dead_arn})
    arn = account.package(ModelPackageGroupName=group)
    account.sandbox.wait_idle()
    assert len(attempts(account, function)) == retries + 1
    (message,) = account.messages(failed_url)
    body = message["body"]
    assert body["requestPayload"] == account.sandbox.events()[-1]
    assert body["requestPayload"]["resources"] == [arn]
    assert body["requestContext"]["approximateInvokeCount"] == retries + 1
    assert body["responsePayload"]["errorMessage"] == "cannot"
    # The event was delivered: what the function made of it is not the rule's affair.
    assert account.messages(dead_url) == []


def test_an_event_for_a_function_that_is_gone_ends_in_the_dead_letter_queue_of_the_rule(account: Any) -> None:
    function, group = account.function(COUNTS), account.group()
    dead_url, dead_arn = account.queue()
    rule_arn = rule(
        account,
        {"ModelPackageGroupName": [group]},
        function,
        DeadLetterConfig={"Arn": dead_arn},
        RetryPolicy={"MaximumRetryAttempts": 1},
    )
    account.client("lambda").delete_function(FunctionName=function)
    arn = account.package(ModelPackageGroupName=group)
    account.sandbox.wait_idle()
    (message,) = account.messages(dead_url)
    assert message["body"]["detail"]["ModelPackageArn"] == arn
    assert message["attributes"]["RULE_ARN"] == rule_arn
    assert message["attributes"]["TARGET_ARN"] == function
    assert message["attributes"]["RETRY_ATTEMPTS"] == "1"


def test_a_function_that_the_rule_may_not_invoke_is_not_invoked(account: Any) -> None:
    function, group = account.function(COUNTS), account.group()
    account.client("lambda").remove_permission(FunctionName=function, StatementId="rules")
    dead_url, dead_arn = account.queue()
    retries = {"MaximumRetryAttempts": 0}
    rule(
        account,
        {"ModelPackageGroupName": [group]},
        function,
        DeadLetterConfig={"Arn": dead_arn},
        RetryPolicy=retries,
    )
    account.package(ModelPackageGroupName=group)
    account.sandbox.wait_idle()
    assert attempts(account, function) == []
    (message,) = account.messages(dead_url)
    assert message["attributes"]["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "lambda:InvokeFunction" in message["attributes"]["ERROR_MESSAGE"]


def test_other_targets_of_a_rule_still_get_the_event(account: Any) -> None:
    function, group = account.function(COUNTS), account.group()
    url, arn = account.queue()
    name = account.name("rule")
    pattern = {"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": [group]}}
    events = account.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": function}, {"Id": "2", "Arn": arn}])
    package = account.package(ModelPackageGroupName=group)
    account.sandbox.wait_idle()
    assert [message["body"]["detail"]["ModelPackageArn"] for message in account.messages(url)] == [package]
    assert len(attempts(account, function)) == 2  # the START line and the handler's own
