"""What may go wrong in AWS goes wrong in the sandbox when it is told to, as AWS words it, and not otherwise."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.exceptions
import pytest

from sandbox.faults import ActiveFaults, Faults, FaultsError

QUIET = {
    "events lost": 0,
    "events doubled": 0,
    "events late": 0,
    "calls throttled": 0,
    "writes refused as conflicts": 0,
    "executions refused by the quota": 0,
}
COUNTING = """
    def handler(event, context):
        print("GOT", event["detail"]["ModelPackageVersion"])
"""


def refusal(call: Callable[[], object]) -> tuple[str, int]:
    """The code and the HTTP status that the call is refused with."""
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call()
    answer: Mapping[str, Any] = raised.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "expected"),
    [
        ("sagemaker", "list_models", {}, ("ThrottlingException", 400)),
        ("kms", "list_keys", {}, ("ThrottlingException", 400)),
        ("logs", "describe_log_groups", {}, ("ThrottlingException", 400)),
        ("events", "list_rules", {}, ("ThrottlingException", 400)),
        ("ssm", "describe_parameters", {}, ("ThrottlingException", 400)),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "Body": b"x" * 100_000}, ("SlowDown", 503)),
        ("lambda", "list_functions", {}, ("TooManyRequestsException", 429)),
        ("sqs", "list_queues", {}, ("RequestThrottled", 400)),
        ("sns", "list_topics", {}, ("Throttled", 429)),
        ("sts", "get_caller_identity", {}, ("Throttling", 400)),
        ("iam", "list_roles", {}, ("Throttling", 400)),
        ("cloudformation", "list_stacks", {}, ("Throttling", 400)),
    ],
)
def test_a_throttled_call_gets_the_error_of_its_service(
    account: Any, service: str, operation: str, arguments: dict[str, Any], expected: tuple[str, int]
) -> None:
    call = getattr(account.impatient(service), operation)
    with account.sandbox.faults(Faults(throttled=1.0)):
        assert refusal(lambda: call(**arguments)) == expected
        assert account.sandbox.mishaps() == QUIET | {"calls throttled": 1}


def test_what_is_throttled_for_a_while_passes_on_its_next_try(account: Any) -> None:
    with account.sandbox.faults(Faults(throttled=0.5, seed=1)):
        answers = [account.client("sts").get_caller_identity()["Account"] for _ in range(4)]
        throttled = account.sandbox.mishaps()["calls throttled"]
    assert answers == ["123456789012"] * 4
    assert throttled > 0


def test_a_conditional_write_conflicts_and_another_does_not(account: Any) -> None:
    bucket, s3 = account.bucket(), account.impatient("s3")
    with account.sandbox.faults(Faults(conflicts=1.0)):
        s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
        conditional = {"Bucket": bucket, "Key": "once", "Body": b"x", "IfNoneMatch": "*"}
        assert refusal(lambda: s3.put_object(**conditional)) == ("ConditionalRequestConflict", 409)
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [entry["Key"] for entry in listed] == ["plain"]


@pytest.fixture
def listener(account: Any) -> Iterator[Callable[[], list[int]]]:
    """A function behind a rule of all events of model packages; returns which versions it got, in their order."""
    arn = account.function(COUNTING)
    name = arn.rpartition(":")[2]
    events, rule = account.client("events"), account.name("rule")
    pattern = {"detail-type": ["SageMaker Model Package State Change"]}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    account.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])

    def got() -> list[int]:
        account.sandbox.wait_idle()
        found = account.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        lines = [event["message"].split() for event in found if event["message"].startswith("GOT")]
        return [int(line[1]) for line in lines]

    yield got
    events.remove_targets(Rule=rule, Ids=["1"])
    events.delete_rule(Name=rule)


def register(account: Any, versions: int) -> None:
    group = account.group()
    for _ in range(versions):
        account.package(ModelPackageGroupName=group)


@pytest.mark.parametrize(
    ("faults", "times", "mishaps"),
    [
        pytest.param(Faults(), [1, 1, 1, 1, 1, 1], {}, id="quiet"),
        pytest.param(Faults(lost_every=3), [0, 0, 1, 1, 1, 1], {"events lost": 2}, id="lost"),
        pytest.param(Faults(doubled_every=2), [1, 1, 1, 2, 2, 2], {"events doubled": 3}, id="doubled"),
        pytest.param(Faults(late_every=1, late_seconds=0.2), [1] * 6, {"events late": 6}, id="late"),
        pytest.param(
            Faults(lost_every=1, doubled_every=1), [0] * 6, {"events lost": 6}, id="lost, not doubled"
        ),
    ],
)
def test_events_come_as_often_as_the_faults_say(
    account: Any, listener: Callable[[], list[int]], faults: Faults, times: list[int], mishaps: dict[str, int]
) -> None:
    with account.sandbox.faults(faults):
        register(account, 6)
        got = listener()
        assert account.sandbox.mishaps() == QUIET | mishaps
    assert sorted(got.count(version) for version in range(1, 7)) == times


def test_a_late_event_comes_after_those_that_were_sent_later(
    account: Any, listener: Callable[[], list[int]]
) -> None:
    group = account.group()
    with account.sandbox.faults(Faults(late_every=1, late_seconds=1.0)):
        account.package(ModelPackageGroupName=group)
    account.package(ModelPackageGroupName=group)
    assert listener() == [2, 1]


@pytest.mark.parametrize(
    ("faults", "types"),
    [
        pytest.param(Faults(), {"CreationTime": str, "LastModifiedTime": str}, id="quiet"),
        pytest.param(Faults(without_last_modified=True), {"CreationTime": str}, id="without"),
        pytest.param(
            Faults(event_times="milliseconds"), {"CreationTime": int, "LastModifiedTime": int}, id="numbers"
        ),
    ],
)
def test_times_of_events_are_written_as_the_faults_say(
    account: Any, faults: Faults, types: dict[str, type]
) -> None:
    with account.sandbox.faults(faults):
        arn = account.package()
    (event,) = [event for event in account.sandbox.events() if event["resources"] == [arn]]
    times = {name: value for name, value in event["detail"].items() if name.endswith("Time")}
    assert {name: type(value) for name, value in times.items()} == types
    created = account.describe(arn)["CreationTime"].timestamp()
    if faults.event_times == "milliseconds":
        assert times["CreationTime"] == int(created) * 1000


WAITING = """
    import time

    def handler(event, context):
        time.sleep(float(event["seconds"]))
        return {}
"""


def test_one_execution_above_the_quota_is_refused_and_not_queued(
    account: Any, lambda_step: Callable[..., dict[str, Any]]
) -> None:
    function = account.function(WAITING)
    names = [account.pipeline([lambda_step("Wait", function, {"seconds": "1"})]) for _ in range(2)]
    with account.sandbox.faults(Faults(concurrent_executions=2)):
        for name in names:
            account.start(name)
        assert refusal(lambda: account.start(names[0])) == ("ResourceLimitExceeded", 400)
        account.sandbox.wait_idle()
        assert account.sandbox.mishaps() == QUIET | {"executions refused by the quota": 1}
        account.start(names[0])
        account.sandbox.wait_idle()
    listed = account.client("sagemaker").list_pipeline_executions(PipelineName=names[0])
    assert len(listed["PipelineExecutionSummaries"]) == 2


def test_the_quota_is_that_of_aws_where_nothing_is_said() -> None:
    assert Faults().concurrent_executions == 20


@pytest.mark.parametrize("conflict", [False, True], ids=["same", "conflict"])
def test_a_repeated_token_is_answered_as_the_faults_say(account: Any, conflict: bool) -> None:
    name = account.pipeline([])
    request = {"PipelineName": name, "ClientRequestToken": uuid.uuid4().hex}
    sagemaker = account.client("sagemaker")
    first = sagemaker.start_pipeline_execution(**request)["PipelineExecutionArn"]
    with account.sandbox.faults(Faults(repeated_token="conflict" if conflict else "same")):
        if conflict:
            answer = refusal(lambda: sagemaker.start_pipeline_execution(**request))
            assert answer == ("ConflictException", 400)
        else:
            assert sagemaker.start_pipeline_execution(**request)["PipelineExecutionArn"] == first
    listed = sagemaker.list_pipeline_executions(PipelineName=name)
    assert len(listed["PipelineExecutionSummaries"]) == 1


def test_faults_end_with_their_block(account: Any) -> None:
    with account.sandbox.faults(Faults(throttled=1.0)):
        pass
    assert account.impatient("sagemaker").list_models()["Models"] == []
    assert account.sandbox.mishaps() == QUIET


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ([], Faults()),
        (
            ["throttled=0.05", "lost_every=10", "seed=7"],
            Faults(throttled=0.05, lost_every=10, seed=7),
        ),
        (
            ["repeated_token=conflict", "without_last_modified=true", "event_times=milliseconds"],
            Faults(repeated_token="conflict", without_last_modified=True, event_times="milliseconds"),
        ),
    ],
    ids=["none", "numbers", "words"],
)
def test_settings_are_read_as_text(settings: list[str], faults: Faults) -> None:
    assert Faults.parse(settings) == faults


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("throttled", "throttled: write name=value, as in throttled=0.05"),
        ("throtled=1", "throtled: no fault of the sandbox; did you mean throttled?"),
        ("x=1", "x: no fault of the sandbox; there are seed, concurrent_executions, "),
        ("throttled=2", "throttled=2: Input should be less than or equal to 1"),
        ("lost_every=often", "lost_every=often: Input should be a valid integer"),
        ("repeated_token=no", "repeated_token=no: Input should be 'same' or 'conflict'"),
        ("concurrent_executions=0", "concurrent_executions=0: Input should be greater than or equal to 1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(setting: str, says: str) -> None:
    with pytest.raises(FaultsError) as raised:
        Faults.parse([setting])
    assert str(raised.value).startswith(says)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_seed_strikes_the_same_and_one_in_so_many_is_exact(seed: int) -> None:
    def struck() -> list[bool]:
        faults = ActiveFaults(Faults(seed=seed))
        return [faults.strikes_one_in(10, "events lost", "kind") for _ in range(100)]

    first = struck()
    assert first == struck()
    assert [sum(first[start : start + 10]) for start in range(0, 100, 10)] == [1] * 10


def test_another_seed_strikes_elsewhere() -> None:
    def struck(seed: int) -> list[bool]:
        faults = ActiveFaults(Faults(seed=seed))
        return [faults.strikes_share(0.3, "calls throttled", "s3") for _ in range(100)]

    assert struck(1) != struck(2)
    assert 15 < sum(struck(1)) < 45


def test_a_stack_with_a_bucket_that_is_not_empty_is_not_deleted_until_it_is(account: Any) -> None:
    stack, bucket, group = account.name("stack"), account.name("bucket"), account.name("group")
    versioned = {"BucketName": bucket, "VersioningConfiguration": {"Status": "Enabled"}}
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": versioned},
        "Group": {
            "Type": "AWS::SageMaker::ModelPackageGroup",
            "Properties": {"ModelPackageGroupName": group},
        },
    }
    client, s3 = account.client("cloudformation"), account.client("s3")
    made = client.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))["StackId"]
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="a")

    def deleted() -> tuple[str, str]:
        client.delete_stack(StackName=stack)
        (described,) = client.describe_stacks(StackName=made)["Stacks"]
        events = client.describe_stack_events(StackName=made)["StackEvents"]
        reason = max(events, key=lambda event: event["Timestamp"]).get("ResourceStatusReason", "")
        return described["StackStatus"], reason

    status, reason = deleted()
    assert status == "DELETE_FAILED"
    assert reason.startswith(f"{bucket}: The bucket you tried to delete is not empty.")
    groups = account.client("sagemaker").list_model_package_groups(NameContains=group)
    assert groups["ModelPackageGroupSummaryList"] == []
    versions = s3.list_object_versions(Bucket=bucket)
    for version in [*versions["Versions"], *versions["DeleteMarkers"]]:
        s3.delete_object(Bucket=bucket, Key="a", VersionId=version["VersionId"])
    assert deleted() == ("DELETE_COMPLETE", "")
    assert bucket not in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
