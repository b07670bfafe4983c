import json
import os
from pathlib import Path

import pytest

from aws import clients
from aws.aws_errors import AwsThrottledError
from aws.executions import PipelineExecutions
from aws.threshold_store import S3ThresholdStore
from checks.errors import GovernanceError
from lambdas import handle_evaluate, handle_update, start_pipeline
from pipelines.processing_job import main
from pipelines.step_messages import (
    EvaluateRequest,
    EvaluateResponse,
    UpdateRequest,
    UpdateResponse,
    field_names,
)
from pipelines.step_services import evaluate_services
from pipelines.step_settings import EvaluateSettings, from_environment
from tests.lambdas.conftest import Account


def evaluate(account: Account, execution: str = "one", **changes: str) -> dict[str, str]:
    return handle_evaluate.handler(account.inputs(execution, **changes), None)


def update(
    account: Account, answer: dict[str, str], execution: str = "one", **changes: str
) -> dict[str, str]:
    return handle_update.handler(account.inputs(execution) | answer | changes, None)


def test_both_steps_approve_a_version_and_log_what_they_decided(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = evaluate(account)
    settled = update(account, answer)
    assert tuple(answer) == field_names(EvaluateResponse)
    assert tuple(settled) == field_names(UpdateResponse)
    assert answer["decision_uri"] == "s3://decisions/decisions/askdata/1/one.json"
    assert account.describe()["ModelApprovalStatus"] == "Approved"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["message"], line["event"]["model_package_arn"]) for line in lines] == [
        ("evaluated", account.arn),
        ("status settled", account.arn),
    ]
    assert lines[0]["decision"] == "Approved"
    assert lines[1]["outcome"] == "updated"


def test_step_one_can_look_back_at_what_was_published_and_at_nothing_on_trial(account: Account) -> None:
    settings = from_environment(EvaluateSettings, os.environ)
    published, trial = (
        evaluate_services(settings, EvaluateRequest(**account.inputs("one", thresholds_uri=uri)))
        for uri in ("s3://thresholds/thresholds/", "s3://thresholds/trials/")
    )
    assert isinstance(published.history, S3ThresholdStore)
    assert trial.history is None


def gone(account: Account) -> str:
    """The ARN of a version that does not exist (any more)."""
    return f"{account.arn.rpartition('/')[0]}/9"


def run_job(account: Account, folder: Path, execution: str, **changes: str) -> int:
    inputs = account.inputs(execution, **changes) | {"result_folder": str(folder)}
    return main([part for name, value in inputs.items() for part in (f"--{name}", value)])


def test_the_processing_job_decides_the_same_bytes_as_the_function(account: Account, tmp_path: Path) -> None:
    by_function = evaluate(account, "abc")
    assert run_job(account, tmp_path / "out", "xyz") == 0
    by_job = json.loads((tmp_path / "out" / "result.json").read_text())

    def record(answer: dict[str, str]) -> dict[str, object]:
        made: dict[str, object] = json.loads(account.stored(answer["decision_uri"]))
        del made["decided_at"], made["execution"]
        return made

    assert set(by_job) == set(field_names(EvaluateResponse))
    assert record(by_job) == record(by_function)
    assert by_job["decision"] == by_function["decision"] == "Approved"
    assert update(account, by_job, "xyz")["outcome"] == "updated"


def test_a_job_that_cannot_decide_fails_with_the_reason_and_leaves_no_result(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_job(account, tmp_path / "out", "xyz", model_package_arn=gone(account)) == 1
    output = capsys.readouterr()
    assert "there is no such model package" in output.err
    assert json.loads(output.out)["message"] == "not evaluated"
    assert not (tmp_path / "out").exists()


def test_a_step_that_cannot_decide_logs_the_reason_and_raises(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GovernanceError, match="there is no such model package"):
        evaluate(account, model_package_arn=gone(account))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["message"] == "not evaluated"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"thresholds_uri": "s3://mine/lax.yaml"},
            "ThresholdsUri is s3://mine/lax.yaml, outside the stack's bucket",
        ),
        (
            {"decisions_uri": "s3://mine/decisions/"},
            "DecisionsUri is s3://mine/decisions/, outside the stack's",
        ),
        ({"thresholds_uri": "thresholds"}, "'thresholds' is not an S3 URI"),
        ({"model_package_arn": ""}, "lacks its input model_package_arn"),
        ({"model_package_arn": "askdata"}, "'askdata' is not a model package ARN"),
    ],
)
def test_inputs_from_elsewhere_are_refused(account: Account, changes: dict[str, str], message: str) -> None:
    with pytest.raises(GovernanceError, match=message):
        evaluate(account, **changes)
    assert account.describe()["ModelApprovalStatus"] == "PendingManualApproval"


@pytest.mark.parametrize(
    ("uri", "decision"),
    [
        pytest.param("s3://thresholds/thresholds/askdata.yaml", "Rejected", id="one of the files in force"),
        pytest.param("s3://thresholds/drafts/", "Approved", id="a laxer one beside them"),
        pytest.param("s3://thresholds/drafts/lax.yaml", "Approved", id="a laxer one by its name"),
        pytest.param("s3://thresholds/nothing/", "NeedsReview", id="none"),
    ],
)
def test_thresholds_that_are_not_in_force_change_no_status(account: Account, uri: str, decision: str) -> None:
    """Whoever may start the pipeline by hand chooses its parameters, and must not choose what approves."""
    s3 = clients.s3_client()
    in_force = account.stored("s3://thresholds/thresholds/askdata.yaml")
    s3.put_object(Bucket="thresholds", Key="drafts/lax.yaml", Body=in_force)
    s3.put_object(Bucket="thresholds", Key="thresholds/askdata.yaml", Body=in_force.replace(b"0.8", b"0.99"))
    answer = evaluate(account, thresholds_uri=uri)
    assert answer["decision"] == decision
    assert update(account, answer)["approval_status"] == "PendingManualApproval"
    # moto forgets a status that an update leaves out, where SageMaker keeps it.
    assert account.describe().get("ModelApprovalStatus") not in {"Approved", "Rejected"}


def test_a_broken_published_file_stops_both_steps_though_another_applies(account: Account) -> None:
    s3, in_force = clients.s3_client(), account.stored("s3://thresholds/thresholds/askdata.yaml")
    s3.put_object(Bucket="thresholds", Key="thresholds/other.yaml", Body=b"name: other\n")
    with pytest.raises(
        GovernanceError, match=r"s3://thresholds/thresholds/other\.yaml.*checks: this key is missing"
    ):
        evaluate(account)
    s3.put_object(Bucket="thresholds", Key="thresholds/other.yaml", Body=in_force)
    with pytest.raises(GovernanceError, match="both apply to the group askdata equally specifically"):
        evaluate(account)
    assert account.status() == "PendingManualApproval"


def test_step_two_reads_its_own_log_alone(account: Account) -> None:
    answer = evaluate(account)
    with pytest.raises(GovernanceError, match="outside the stack's bucket decisions"):
        update(account, answer, decisions_uri="s3://mine/decisions/")
    with pytest.raises(GovernanceError, match=r"s3://mine/forged\.json"):
        update(account, answer, decision_uri="s3://mine/forged.json")
    with pytest.raises(GovernanceError, match=f"lacks its input {', '.join(field_names(UpdateRequest))}"):
        handle_update.handler({}, None)


@pytest.mark.parametrize("missing", ["GOVERNANCE_EVIDENCE_BUCKET", "GOVERNANCE_DECISIONS_BUCKET"])
def test_a_function_without_its_environment_says_what_is_missing(
    account: Account, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(GovernanceError, match=f"the environment lacks {missing}"):
        evaluate(account)


def test_a_hostile_event_is_refused_in_one_line(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON may hold half of a surrogate pair, which no output takes."""
    event = {"source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change"}
    detail = {"ModelPackageArn": "\ud800", "LastModifiedTime": "\udfff"}
    assert start_pipeline.handler(event | {"detail": detail}, None)["outcome"] == "refused"
    assert json.loads(capsys.readouterr().out.replace("\\u", "u"))["message"] == "refused"


def test_the_handler_of_the_rule_starts_the_pipeline_of_its_environment(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    role = "arn:aws:iam::123456789012:role/pipeline"
    clients.sagemaker_client().create_pipeline(
        PipelineName="model-governance",
        RoleArn=role,
        PipelineDefinition='{"Steps":[]}',
        ClientRequestToken="x" * 32,
    )
    event = {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": {
            "ModelPackageArn": account.arn,
            "CreationTime": 1583862316266,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": "PendingManualApproval",
        },
    }
    outcome = start_pipeline.handler(event, None)
    assert outcome["outcome"] == "started"
    execution = clients.sagemaker_client().describe_pipeline_execution(
        PipelineExecutionArn=str(outcome["execution_arn"])
    )
    assert execution["PipelineExecutionDescription"] == account.arn
    assert json.loads(capsys.readouterr().out)["message"] == "started"


def pending_event(account: Account) -> dict[str, object]:
    """The event of a version that waits for approval."""
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": {
            "ModelPackageArn": account.arn,
            "LastModifiedTime": 1583862316266,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": "PendingManualApproval",
        },
    }


def test_a_start_that_aws_refuses_for_now_is_counted(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AwsThrottledError("as many run as may", code="ResourceLimitExceeded")

    monkeypatch.setattr(PipelineExecutions, "find", lambda *_, **__: None)
    monkeypatch.setattr(PipelineExecutions, "start", refuse)
    assert start_pipeline.handler(pending_event(account), None)["outcome"] == "put off"
    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["LeftStarts"], line["Pipeline"]) == ("put off", 1, "model-governance")
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Metrics"] == [{"Name": "LeftStarts", "Unit": "Count"}]


def test_a_version_of_an_ungoverned_group_is_left_alone_and_counted(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    before = account.describe()
    clients.s3_client().delete_object(Bucket="thresholds", Key="thresholds/askdata.yaml")
    assert start_pipeline.handler(pending_event(account), None)["outcome"] == "ungoverned"
    line = json.loads(capsys.readouterr().out)
    assert line["UngovernedVersions"] == 1
    assert line["Pipeline"] == "model-governance"
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "ModelGovernance",
            "Dimensions": [["Pipeline"]],
            "Metrics": [{"Name": "UngovernedVersions", "Unit": "Count"}],
        }
    ]
    after = account.describe()
    assert {name: after[name] for name in after if name != "ResponseMetadata"} == {
        name: before[name] for name in before if name != "ResponseMetadata"
    }
