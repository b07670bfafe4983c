"""Asks an AWS account what no published text says, and writes down the answers: `python -m infra.contract.record`.

It makes a model package group with two versions, a pipeline that only fails, its role without rights, a queue and a
rule; changes the versions, starts the pipeline with repeated tokens, and deletes everything again, also when it is
interrupted. It costs less than a cent and takes some five minutes. What it writes holds no account id, no names of
people and no keys; look it through before you commit it. `docs/aws-assumptions.md` says what the answers settle.

It talks to AWS by boto3 itself: what the gate's own door to AWS makes of an answer is not what is asked here.
"""

import argparse
import json
import signal
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import botocore
from botocore.exceptions import BotoCoreError, ClientError

from infra.contract.redaction import Redaction

SCHEMA = "governance.contract/1"
RECORDED = Path(__file__).with_name("recorded.json")
NOT_RECORDED = "not recorded"
_PENDING = "PendingManualApproval"
_ENDED = ("Failed", "Succeeded", "Stopped")
_DEFINITION = {
    "Version": "2020-12-01",
    "Steps": [{"Name": "Refuse", "Type": "Fail", "Arguments": {"ErrorMessage": "This pipeline only fails."}}],
}


class Recorder:
    """Makes calls, keeps what was asked and answered, and deletes what it made when its `with` block ends.

    Args:
        make_client: returns the client of a service.
        quiet_seconds: how long no event may come until all are taken to be here, and the pause between changes.
        report: is told what could not be deleted.
    """

    def __init__(
        self, make_client: Callable[[str], Any], *, quiet_seconds: float, report: Callable[[str], None]
    ) -> None:
        self._client = make_client
        self._quiet_seconds = quiet_seconds
        self._report = report
        self._suffix = uuid.uuid4().hex[:12]
        self._clean_up = ExitStack()
        self._calls: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_error: object) -> None:
        self._clean_up.close()

    def name(self, what: str) -> str:
        """Return a name of this recording; the capitals show how ARNs spell them."""
        return f"Governance-Contract-{what}-{self._suffix}"

    def make(self, service: str, operation: str, **request: Any) -> Mapping[str, Any]:
        """Call an operation without keeping its answer; raises what AWS raises."""
        answer: Mapping[str, Any] = getattr(self._client(service), operation)(**request)
        return answer

    def delete_later(self, service: str, operation: str, **request: Any) -> None:
        """Have something deleted in the end, before all that was made earlier."""
        self._clean_up.callback(self._delete, service, operation, request)

    def _delete(self, service: str, operation: str, request: Mapping[str, Any]) -> None:
        try:
            self.make(service, operation, **request)
        except (ClientError, BotoCoreError) as error:
            self._report(f"left behind, delete it by hand: {operation} {dict(request)}: {error}")

    def ask(self, step: str, operation: str, **request: Any) -> Mapping[str, Any]:
        """Call an operation of SageMaker and keep its answer, or its error, under the name of the step."""
        call: dict[str, Any] = {"step": step, "operation": operation, "request": request}
        answer: dict[str, Any] = {}
        try:
            answer = dict(getattr(self._client("sagemaker"), operation)(**request))
            call["answer"] = answer
        except ClientError as error:
            call["error"] = dict(error.response["Error"])
        self._calls.append(call)
        return answer

    def pause(self) -> None:
        """Wait, so that the events of one change come before those of the next."""
        time.sleep(self._quiet_seconds / 4)

    def collect_events(self, queue_url: str) -> None:
        """Keep every event that comes until none came for `quiet_seconds`."""
        last = time.monotonic()
        while time.monotonic() - last < self._quiet_seconds:
            wait = min(int(self._quiet_seconds), 10)
            found = self._client("sqs").receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait
            )
            for message in found.get("Messages", []):
                last = time.monotonic()
                self._events.append(json.loads(message["Body"]))
                self._client("sqs").delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])

    def await_end(self, execution: str) -> None:
        """Wait until an execution has ended, for at most ten times the quiet seconds."""
        deadline = time.monotonic() + 10 * self._quiet_seconds
        while time.monotonic() < deadline:
            found = self.make("sagemaker", "describe_pipeline_execution", PipelineExecutionArn=execution)
            if found["PipelineExecutionStatus"] in _ENDED:
                return
            self.pause()

    def recording(self) -> dict[str, Any]:
        """Return what was asked and answered, redacted."""
        redaction = Redaction(self._suffix)
        calls = redaction.redact(self._calls)
        # By the time at which SageMaker sent them; a queue keeps no order.
        events = sorted(self._events, key=lambda event: str(event["time"]))
        details = [{name: event[name] for name in ("source", "detail-type", "detail")} for event in events]
        return {
            "schema": SCHEMA,
            "recorded": time.strftime("%Y-%m-%d", time.gmtime()),
            "botocore": botocore.__version__,
            "calls": calls,
            "events": redaction.redact(details),
        }


def record(recorder: Recorder) -> dict[str, Any]:
    """Ask everything, and return the recording.

    Raises:
        ClientError: AWS refuses what the recording needs.
    """
    with recorder:
        group = recorder.name("Group")
        queue_url = _listen(recorder, group)
        _change_versions(recorder, group)
        _repeat_tokens(recorder)
        recorder.collect_events(queue_url)
        return recorder.recording()


def _listen(recorder: Recorder, group: str) -> str:
    """Send the events about the group to a queue; return its URL."""
    queue_url = recorder.make("sqs", "create_queue", QueueName=recorder.name("Events"))["QueueUrl"]
    recorder.delete_later("sqs", "delete_queue", QueueUrl=queue_url)
    asked = {"QueueUrl": queue_url, "AttributeNames": ["QueueArn"]}
    queue = recorder.make("sqs", "get_queue_attributes", **asked)["Attributes"]["QueueArn"]

    rule = recorder.name("Rule")
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [group]},
    }
    made = recorder.make("events", "put_rule", Name=rule, EventPattern=json.dumps(pattern))
    recorder.delete_later("events", "delete_rule", Name=rule)

    # The rule may send before it has somewhere to send to.
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": made["RuleArn"]}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    recorder.make("sqs", "set_queue_attributes", QueueUrl=queue_url, Attributes={"Policy": policy})
    recorder.make("events", "put_targets", Rule=rule, Targets=[{"Id": "queue", "Arn": queue}])
    recorder.delete_later("events", "remove_targets", Rule=rule, Ids=["queue"])
    return str(queue_url)


def _change_versions(recorder: Recorder, group: str) -> None:
    """Register two versions, one without a status, and change the first in each way that the gate does."""
    recorder.ask("make the group", "create_model_package_group", ModelPackageGroupName=group)
    recorder.delete_later("sagemaker", "delete_model_package_group", ModelPackageGroupName=group)

    first = _register(recorder, "register", group, ModelApprovalStatus=_PENDING)
    _register(recorder, "register without a status", group)

    changes: Mapping[str, Mapping[str, Any]] = {
        "change a description": {"ApprovalDescription": "Why it waits."},
        "change metadata": {"CustomerMetadataProperties": {"governance:contract": "changed"}},
        "remove metadata": {"CustomerMetadataPropertiesToRemove": ["governance:contract"]},
        "change a description to two lines": {"ApprovalDescription": "One line.\nAnother."},
        "reject": {"ModelApprovalStatus": "Rejected"},
        "reject again": {"ModelApprovalStatus": "Rejected"},
        "set back": {"ModelApprovalStatus": _PENDING},
    }
    for step, change in changes.items():
        recorder.pause()
        recorder.ask(step, "update_model_package", ModelPackageArn=first, **change)
        recorder.ask(f"{step}: look", "describe_model_package", ModelPackageName=first)


def _register(recorder: Recorder, step: str, group: str, **further: Any) -> str:
    arn = recorder.ask(
        step,
        "create_model_package",
        ModelPackageGroupName=group,
        ModelPackageDescription="Asks what SageMaker does; made by infra/contract/record.py.",
        CustomerMetadataProperties={"team": "contract"},
        **further,
    )["ModelPackageArn"]
    recorder.delete_later("sagemaker", "delete_model_package", ModelPackageName=arn)
    recorder.ask(f"{step}: look", "describe_model_package", ModelPackageName=arn)
    recorder.pause()
    return str(arn)


def _repeat_tokens(recorder: Recorder) -> None:
    """Start a pipeline with one token: again, with another request, and after the execution has ended."""
    role, pipeline = recorder.name("Role"), recorder.name("Pipeline")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = recorder.make("iam", "create_role", RoleName=role, AssumeRolePolicyDocument=document)
    recorder.delete_later("iam", "delete_role", RoleName=role)
    recorder.pause()  # a role is not known everywhere at once
    recorder.make(
        "sagemaker",
        "create_pipeline",
        PipelineName=pipeline,
        PipelineDefinition=json.dumps(_DEFINITION),
        RoleArn=made["Role"]["Arn"],
        ClientRequestToken=uuid.uuid4().hex,
    )
    recorder.delete_later(
        "sagemaker", "delete_pipeline", PipelineName=pipeline, ClientRequestToken=uuid.uuid4().hex
    )

    start = {"PipelineName": pipeline, "ClientRequestToken": "governance-contract-" + "t" * 44}
    execution = recorder.ask("start", "start_pipeline_execution", **start)["PipelineExecutionArn"]
    recorder.ask("start again", "start_pipeline_execution", **start)
    other = {**start, "PipelineExecutionDescription": "another request"}
    recorder.ask("start another with the token", "start_pipeline_execution", **other)
    recorder.await_end(execution)
    recorder.ask("start again after the end", "start_pipeline_execution", **start)


def main(arguments: list[str]) -> int:
    """Record, and write the recording."""
    parser = argparse.ArgumentParser(prog="python -m infra.contract.record", description=__doc__)
    parser.add_argument(
        "--profile", help="the profile of the AWS configuration; the default one where left out"
    )
    parser.add_argument("--region", help="the region; that of the profile where left out")
    parser.add_argument("--output", type=Path, default=RECORDED, help="the file; %(default)s where left out")
    parser.add_argument("--quiet-seconds", type=float, default=60, help="how long to wait for a last event")
    given = parser.parse_args(arguments)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it is cleaned up as after Ctrl-C
    session = boto3.Session(profile_name=given.profile, region_name=given.region)
    clients: dict[str, Any] = {}

    def make_client(service: str) -> Any:
        if service not in clients:
            make: Any = session.client  # its types want a literal name of a service
            clients[service] = make(service)
        return clients[service]

    def report(problem: str) -> None:
        print(problem, file=sys.stderr)

    try:
        recording = record(Recorder(make_client, quiet_seconds=given.quiet_seconds, report=report))
    except KeyboardInterrupt:
        report("interrupted: nothing was recorded, and what was made is deleted")
        return 130
    except (ClientError, BotoCoreError) as error:
        report(f"nothing was recorded, and what was made is deleted: {error}")
        return 2
    given.output.write_text(json.dumps(recording, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    report(f"{given.output} is written: look it through before you commit it")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
