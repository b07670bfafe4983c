"""Queues, topics and buses as targets of rules: each gets an event only as far as the policies let the rule."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

HERE, THERE, THIRD = "123456789012", "222222222222", "333333333333"
REGION = "us-east-1"
RULES = {"Service": "events.amazonaws.com"}


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.fixture
def there(account: Any) -> Any:
    """The second account."""
    return account.elsewhere(THERE)


def add_rule(account: Any, group: str, target: Mapping[str, Any], bus: str = "default") -> str:
    """Send the events about a group's versions from a bus to the target; returns the name of the rule."""
    events, name = account.client("events"), account.name("rule")
    pattern = json.dumps({"detail": {"ModelPackageGroupName": [group]}})
    events.put_rule(Name=name, EventPattern=pattern, EventBusName=bus)
    retries = {"MaximumRetryAttempts": 0}
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "1", "RetryPolicy": retries, **target}])
    return str(name)


def event_of(account: Any, group: str) -> dict[str, Any]:
    """Register a version of the group and return its event, once all is delivered."""
    arn = account.package(ModelPackageGroupName=group)
    account.sandbox.wait_idle()
    (event,) = [event for event in account.sandbox.events() if event["resources"] == [arn]]
    return dict(event)


def received(account: Any, queue_url: str) -> list[dict[str, Any]]:
    return [message["body"] for message in account.messages(queue_url)]


def closed_queue(account: Any) -> tuple[str, str]:
    """A queue without a policy: its URL and its ARN."""
    url, arn = account.queue()
    account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    return url, arn


def forwarding_role(account: Any, bus: str, *, trusted: str = RULES["Service"]) -> str:
    """A role of the account that puts events onto a bus; returns its ARN."""
    iam, name = account.client("iam"), account.name("role")
    trust = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    iam.put_role_policy(
        RoleName=name, PolicyName="own", PolicyDocument=policy(allow("events:PutEvents", bus))
    )
    return str(arn)


def test_a_queue_gets_what_its_policy_lets_the_rule_send(account: Any) -> None:
    url, arn = closed_queue(account)
    group = account.group()
    rule = add_rule(account, group, {"Arn": arn})
    event_of(account, group)
    assert received(account, url) == []
    log = (account.sandbox.folder / "server.log").read_text()
    assert (
        f"FailedInvocations: an event of arn:aws:events:{REGION}:{HERE}:rule/{rule} for {arn} is lost" in log
    )
    rule_arn = f"arn:aws:events:{REGION}:{HERE}:rule/{rule}"
    only_rule = {"ArnEquals": {"aws:SourceArn": rule_arn}, "StringEquals": {"aws:SourceAccount": HERE}}
    document = policy(allow("sqs:SendMessage", arn, Principal=RULES, Condition=only_rule))
    account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    event = event_of(account, group)
    assert received(account, url) == [event]


def test_the_key_of_a_queue_lets_the_rule_too(account: Any) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"""
    (url, arn), group, kms = account.queue(), account.group(), account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    open_to_rules = policy(allow("sqs:SendMessage", arn, Principal=RULES))
    account.client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"KmsMasterKeyId": key, "Policy": open_to_rules}
    )
    add_rule(account, group, {"Arn": arn})
    event_of(account, group)
    assert received(account, url) == []
    root = allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{HERE}:root"})
    shared = {"Effect": "Allow", "Principal": RULES, "Action": ["kms:Decrypt", "kms:GenerateDataKey"]}
    document = policy(root, shared | {"Resource": "*"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document)
    event = event_of(account, group)
    assert received(account, url) == [event]


def test_a_topic_gets_what_its_policy_in_the_template_lets_the_rule_publish(account: Any) -> None:
    stack, group, (url, queue) = account.name("stack"), account.group(), account.queue()
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": account.name("topic")}}
    document = {"Statement": [allow("sns:Publish", "*", Principal=RULES)]}
    properties = {"Topics": [{"Ref": "Topic"}], "PolicyDocument": document}
    resources: dict[str, Any] = {"Topic": topic}
    template = {"Resources": resources, "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}}}
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    arn = account.sandbox._verify(stack).outputs["Topic"]
    account.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    add_rule(account, group, {"Arn": arn})
    event_of(account, group)
    assert received(account, url) == []
    resources["Policy"] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}
    cloudformation.update_stack(StackName=stack, TemplateBody=json.dumps(template))
    event = event_of(account, group)
    (notification,) = received(account, url)
    assert (notification["TopicArn"], json.loads(notification["Message"])) == (arn, event)
    del resources["Policy"]
    cloudformation.update_stack(StackName=stack, TemplateBody=json.dumps(template))
    event_of(account, group)
    assert received(account, url) == []


def test_what_a_rule_may_not_hand_over_goes_to_its_dead_letter_queue(account: Any) -> None:
    (_, closed), (dead_url, dead_arn), group = closed_queue(account), account.queue(), account.group()
    add_rule(account, group, {"Arn": closed, "DeadLetterConfig": {"Arn": dead_arn}})
    event = event_of(account, group)
    (message,) = account.messages(dead_url)
    assert message["body"] == event
    assert message["attributes"]["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "sqs:SendMessage" in message["attributes"]["ERROR_MESSAGE"]


@pytest.mark.parametrize("service", ["sqs", "sns", "lambda"])
def test_what_has_no_target_any_more_is_kept(account: Any, service: str) -> None:
    kind = "function:" if service == "lambda" else ""
    gone = f"arn:aws:{service}:{REGION}:{HERE}:{kind}{account.name('gone')}"
    role = account.role()
    account.client("iam").update_assume_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyDocument=policy({"Effect": "Allow", "Principal": RULES, "Action": "sts:AssumeRole"}),
    )
    (dead_url, dead_arn), group = account.queue(), account.group()
    add_rule(account, group, {"Arn": gone, "RoleArn": role, "DeadLetterConfig": {"Arn": dead_arn}})
    event_of(account, group)
    (message,) = account.messages(dead_url)
    assert message["attributes"]["ERROR_MESSAGE"].endswith(f"{gone} does not exist")


def test_a_rule_that_is_disabled_sends_nothing(account: Any) -> None:
    (url, arn), group = account.queue(), account.group()
    rule = add_rule(account, group, {"Arn": arn})
    account.client("events").disable_rule(Name=rule)
    event_of(account, group)
    assert received(account, url) == []


Role = Callable[[Any, str], str | None]
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
FORWARDING: Mapping[str, tuple[str | None, Role, bool]] = {
    "account-and-role": (THERE, forwarding_role, True),
    "account-without-role": (THERE, lambda *_: None, True),
    "another-account": (THIRD, forwarding_role, False),
    "no-policy": (None, forwarding_role, False),
    "no-policy-without-role": (None, lambda *_: None, False),
    "role-for-another-bus": (THERE, lambda there, bus: forwarding_role(there, f"{bus}-2"), False),
    "role-that-rules-may-not-take-on": (
        THERE,
        lambda there, bus: forwarding_role(there, bus, trusted="ecs.amazonaws.com"),
        False,
    ),
}


@pytest.mark.parametrize(("allowed", "role", "arrives"), FORWARDING.values(), ids=FORWARDING)
def test_an_event_goes_to_the_bus_of_another_account_as_both_allow(
    account: Any, there: Any, allowed: str | None, role: Role, arrives: bool
) -> None:
    stack, name, group = account.name("stack"), account.name("bus"), there.group()
    url, queue = account.queue()
    resources: dict[str, Any] = {"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": name}}}
    bus = f"arn:aws:events:{REGION}:{HERE}:event-bus/{name}"
    if allowed is not None:
        statement = allow("events:PutEvents", bus, Principal={"AWS": f"arn:aws:iam::{allowed}:root"})
        statement["Condition"] = {"StringEquals": {"events:source": "aws.sagemaker"}}
        resources["Policy"] = {
            "Type": "AWS::Events::EventBusPolicy",
            "Properties": {"EventBusName": {"Ref": "Bus"}, "StatementId": "one", "Statement": statement},
        }
    pattern = {"account": [THERE], "source": ["aws.sagemaker"]}
    rule = {"EventBusName": {"Ref": "Bus"}, "EventPattern": pattern, "Targets": [{"Id": "1", "Arn": queue}]}
    resources["Rule"] = {"Type": "AWS::Events::Rule", "Properties": rule}
    account.client("cloudformation").create_stack(
        StackName=stack, TemplateBody=json.dumps({"Resources": resources})
    )
    account.sandbox._verify(stack)
    role_arn = role(there, bus)
    add_rule(there, group, {"Arn": bus, **({} if role_arn is None else {"RoleArn": role_arn})})
    event = event_of(there, group)
    assert event["account"] == THERE
    # It keeps the account that it came from, and its id.
    assert received(account, url) == ([event] if arrives else [])


def test_a_forwarded_event_goes_to_no_third_account(account: Any, there: Any) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html"""
    third, group = account.elsewhere(THIRD), there.group()
    url, queue = third.queue()
    add_rule(third, group, {"Arn": queue})
    buses = {one: f"arn:aws:events:{REGION}:{one}:event-bus/default" for one in (HERE, THIRD)}
    for one in (account, third):
        one.client("events").put_permission(StatementId="all", Action="events:PutEvents", Principal="*")
    add_rule(there, group, {"Arn": buses[HERE], "RoleArn": forwarding_role(there, buses[HERE])})
    add_rule(account, group, {"Arn": buses[THIRD], "RoleArn": forwarding_role(account, buses[THIRD])})
    event_of(there, group)
    assert received(third, url) == []


def test_events_are_put_onto_the_buses_that_they_name(account: Any, there: Any) -> None:
    events, name = account.client("events"), account.name("bus")
    bus = events.create_event_bus(Name=name)["EventBusArn"]
    statement = {"Sid": "one", **allow("events:PutEvents", bus, Principal={"AWS": THERE})}
    events.put_permission(EventBusName=name, Policy=policy(statement))
    group = account.name("group")
    (url, queue), (there_url, there_queue) = account.queue(), there.queue()
    add_rule(account, group, {"Arn": queue}, bus=name)
    add_rule(there, group, {"Arn": there_queue})
    entry = {"Source": "team", "DetailType": "d", "Detail": json.dumps({"ModelPackageGroupName": group})}
    answer = there.client("events").put_events(Entries=[entry | {"EventBusName": bus}, entry])
    account.sandbox.wait_idle()
    (arrived,), (own,) = received(account, url), received(there, there_url)
    assert [one["EventId"] for one in answer["Entries"]] == [arrived["id"], own["id"]]
    assert (arrived["account"], arrived["source"], arrived["region"]) == (THERE, "team", REGION)


def test_a_bus_policy_of_the_older_kind_is_for_one_account(account: Any) -> None:
    stack, name = account.name("stack"), account.name("bus")
    older = {"StatementId": "one", "Action": "events:PutEvents", "Principal": THERE}
    resources = {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": name}},
        "Policy": {
            "Type": "AWS::Events::EventBusPolicy",
            "Properties": {"EventBusName": {"Ref": "Bus"}, **older},
        },
    }
    cloudformation, events = account.client("cloudformation"), account.client("events")
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))
    bus = f"arn:aws:events:{REGION}:{HERE}:event-bus/{name}"
    principal = {"AWS": f"arn:aws:iam::{THERE}:root"}
    statement = {"Sid": "one", **allow("events:PutEvents", bus, Principal=principal)}
    assert json.loads(events.describe_event_bus(Name=name)["Policy"])["Statement"] == [statement]
    del resources["Policy"]
    cloudformation.update_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))
    assert "Policy" not in events.describe_event_bus(Name=name)
