"""Attacks on the deployed path, through the handlers: what somebody with one permission too many could try."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, Literal

import pytest

from aws import clients
from checks.errors import GovernanceError
from lambdas import start_pipeline
from tests.lambdas.conftest import Account

PENDING: Literal["PendingManualApproval"] = "PendingManualApproval"


def put(key: str, content: bytes, **more: Any) -> str:
    clients.s3_client().put_object(Bucket="decisions", Key=key, Body=content, **more)
    return f"s3://decisions/{key}"


def forged(content: bytes) -> bytes:
    """The record with another verdict."""
    record = json.loads(content)
    record["decision"] = "Approved"
    for finding in record["findings"]:
        finding |= {"outcome": "passed", "consequence": None}
    return json.dumps(record, indent=2).encode() + b"\n"


@pytest.fixture
def bad(account: Account) -> Account:
    """The account, where the version's report says that its accuracy is 0.5."""
    account.put_report("askdata/report.json", 0.5)
    return account


def answer_for(uri: str, content: bytes) -> dict[str, str]:
    """What step one would have answered, had it written the record."""
    digest = hashlib.sha256(content).hexdigest()
    return {"decision_uri": uri, "decision_digest": digest, "decision": json.loads(content)["decision"]}


@pytest.mark.parametrize("seal", [None, "made up", "A" * 44], ids=["no seal", "no base64", "another's"])
def test_a_forged_record_that_lies_at_the_key_first_is_not_answered_with(
    bad: Account, seal: str | None
) -> None:
    honest = bad.stored(bad.evaluate("model")["decision_uri"])
    content = forged(honest).replace(b"execution/model", b"execution/one")
    metadata = {} if seal is None else {"Metadata": {"seal": seal}}
    uri = put("decisions/askdata/1/one.json", content, **metadata)
    with pytest.raises(GovernanceError, match="the evaluation step did not write it"):
        bad.evaluate("one")
    with pytest.raises(GovernanceError, match="the evaluation step did not write it"):
        bad.update(answer_for(uri, content))
    assert bad.status() == PENDING


def test_a_record_with_the_seal_of_another_one_is_not_carried_out(bad: Account) -> None:
    answer = bad.evaluate()
    head = clients.s3_client().head_object(Bucket="decisions", Key="decisions/askdata/1/one.json")
    content = forged(bad.stored(answer["decision_uri"]))
    uri = put("decisions/askdata/1/one.json", content, Metadata={"seal": head["Metadata"]["seal"]})
    with pytest.raises(GovernanceError, match="has a seal that was not made for it"):
        bad.update(answer_for(uri, content))
    assert bad.status() == PENDING


def test_an_older_approval_is_not_carried_out_after_the_thresholds_were_tightened(account: Account) -> None:
    answer = account.evaluate("old")
    strict = account.stored("s3://thresholds/thresholds/askdata.yaml").replace(b"0.8", b"0.95")
    clients.s3_client().put_object(Bucket="thresholds", Key="thresholds/askdata.yaml", Body=strict)
    with pytest.raises(GovernanceError, match="the thresholds were changed since"):
        account.update(answer, "old")
    assert account.status() == PENDING
    assert account.judge(account.arn, "new")["decision"] == "Rejected"


def test_an_approval_is_not_carried_out_while_the_published_thresholds_are_wrong(account: Account) -> None:
    answer = account.evaluate()
    clients.s3_client().put_object(Bucket="thresholds", Key="thresholds/other.yaml", Body=b"name: other\n")
    with pytest.raises(GovernanceError, match=r"other\.yaml"):
        account.update(answer)
    assert account.status() == PENDING


def set_back(account: Account) -> None:
    clients.sagemaker_client().update_model_package(
        ModelPackageArn=account.arn,
        ModelApprovalStatus=PENDING,
        CustomerMetadataProperties={"team": "search"},
    )


def test_an_older_approval_is_not_carried_out_after_a_newer_outcome(
    account: Account, wait_a_second: Callable[[], None]
) -> None:
    old = account.evaluate("old")
    wait_a_second()
    account.put_report("askdata/report.json", 0.5)
    assert account.judge(account.arn, "new")["decision"] == "Rejected"
    set_back(account)
    with pytest.raises(GovernanceError, match=r"new\.outcome\.json is newer"):
        account.update(old, "old")
    assert account.status() == PENDING


def test_a_dry_run_by_hand_does_not_outdate_a_decision(
    account: Account, wait_a_second: Callable[[], None]
) -> None:
    draft = account.stored("s3://thresholds/thresholds/askdata.yaml").replace(b"0.8", b"0.99")
    clients.s3_client().put_object(Bucket="thresholds", Key="drafts/strict.yaml", Body=draft)
    answer = account.evaluate("one")
    wait_a_second()
    by_hand = account.evaluate("two", thresholds_uri="s3://thresholds/drafts/")
    assert account.update(by_hand, "two")["outcome"] == "dry_run"
    assert account.update(answer, "one")["approval_status"] == "Approved"


def test_an_outcome_without_a_decision_of_the_gate_is_no_dry_run(
    account: Account, wait_a_second: Callable[[], None]
) -> None:
    answer = account.evaluate("one")
    wait_a_second()
    dry = json.loads(account.stored(answer["decision_uri"])) | {"decided_at": "2026-01-01T00:00:00Z"}
    dry["thresholds"]["mode"] = "dry_run"
    put("decisions/askdata/1/two.json", json.dumps(dry).encode())
    put("decisions/askdata/1/two.outcome.json", b'{"outcome": "dry_run"}')
    with pytest.raises(GovernanceError, match=r"two\.outcome\.json is newer"):
        account.update(answer, "one")


def test_an_approval_is_not_carried_out_again_after_somebody_set_the_version_back(account: Account) -> None:
    answer = account.evaluate()
    account.update(answer)
    set_back(account)
    with pytest.raises(GovernanceError, match="is recorded already, and the version does not show it"):
        account.update(answer)
    assert account.status() == PENDING


def test_an_outcome_that_was_written_before_the_step_stops_it_and_is_not_believed(account: Account) -> None:
    answer = account.evaluate()
    put("decisions/askdata/1/one.outcome.json", b'{"outcome": "updated"}')
    with pytest.raises(GovernanceError, match="somebody else wrote that"):
        account.update(answer)
    assert account.status() == PENDING


def test_a_decision_about_a_version_that_was_deleted_is_not_carried_out_on_its_successor(
    account: Account, delete: Callable[[str], None]
) -> None:
    answer = account.evaluate()
    delete(account.arn)
    assert account.register(account.put_report("askdata/other.json", 0.5)) == account.arn
    with pytest.raises(GovernanceError, match=r"about another package .* \(other: created\)"):
        account.update(answer)
    assert account.status() == PENDING


def test_a_decision_about_another_model_under_the_same_arn_is_not_carried_out(
    account: Account, delete: Callable[[str], None]
) -> None:
    answer = account.evaluate()
    delete(account.arn)
    account.register(account.put_report("askdata/other.json", 0.5), image="1.dkr.ecr/askdata:2")
    with pytest.raises(GovernanceError, match=r"\(other: created, containers\)"):
        account.update(answer)
    assert account.status() == PENDING


@pytest.fixture
def delete() -> Callable[[str], None]:
    """A function that deletes a version, as moto's own API cannot."""
    from moto.sagemaker.models import sagemaker_backends  # noqa: PLC0415 - where moto keeps them

    def forget(arn: str) -> None:
        del sagemaker_backends["123456789012"]["eu-west-1"].model_packages[arn]

    return forget


@pytest.fixture
def wait_a_second(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function after which S3's clock, which counts in seconds, shows a later one."""
    import moto.s3.models  # noqa: PLC0415 - whose clock is moved

    def wait() -> None:
        from datetime import timedelta  # noqa: PLC0415

        now = moto.s3.models.utcnow
        monkeypatch.setattr(moto.s3.models, "utcnow", lambda: now() + timedelta(seconds=2))

    return wait


@pytest.mark.parametrize(
    "name",
    ["e1.outcome", "e1.json", "..", "a/b", "", "e1?", "e1 ", "é", "e" * 129],
)
def test_an_execution_whose_name_could_collide_with_anothers_objects_is_refused(
    account: Account, name: str
) -> None:
    with pytest.raises(GovernanceError, match="is not the ARN of a pipeline execution"):
        account.evaluate(name)
    assert "Contents" not in clients.s3_client().list_objects_v2(Bucket="decisions")


@pytest.mark.parametrize(
    "uri",
    [
        "s3://decisions/step-results/",
        "s3://decisions/evidence-claims",
        "s3://decisions/decisions/askdata/",
        "s3://decisions/decisions/../x/",
        "s3://decisions/Decisions/",
    ],
)
def test_decisions_are_kept_in_one_folder(account: Account, uri: str) -> None:
    with pytest.raises(GovernanceError, match="decisions are kept in s3://decisions/decisions/ alone"):
        account.evaluate(decisions_uri=uri)
    answer = account.evaluate()
    with pytest.raises(GovernanceError, match="decisions are kept in s3://decisions/decisions/ alone"):
        account.update(answer, decisions_uri=uri)
    assert account.status() == PENDING


def test_metadata_written_at_registration_do_not_pass_for_the_gates_mark(account: Account) -> None:
    clients.sagemaker_client().create_pipeline(
        PipelineName="model-governance",
        RoleArn="arn:aws:iam::123456789012:role/pipeline",
        PipelineDefinition='{"Steps":[]}',
        ClientRequestToken="x" * 32,
    )
    mark = {
        "governance:decision-uri": "s3://decisions/decisions/askdata/2/x.json",
        "governance:decision-digest": "0" * 64,
        "governance:status": PENDING,
    }
    arn = account.register(account.put_report("askdata/bad.json", 0.5), metadata=mark)
    assert start_pipeline.handler(event(arn), None)["outcome"] == "started"


def test_the_gates_own_mark_starts_nothing(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same from the gate itself: a version that it left pending."""
    monkeypatch.setenv("GOVERNANCE_UNGOVERNED_GROUPS", "review")
    clients.s3_client().delete_object(Bucket="thresholds", Key="thresholds/askdata.yaml")
    arn = account.register(account.put_report("askdata/other.json", 0.9), group=new_group("unknown"))
    assert account.judge(arn, "one")["decision"] == "NeedsReview"
    update: Callable[..., Any] = (
        clients.sagemaker_client().update_model_package
    )  # a mapping has no typed keys
    update(ModelPackageArn=arn, ModelApprovalStatus=PENDING, **kept(arn))
    assert start_pipeline.handler(event(arn), None)["outcome"] == "ignored"


def kept(arn: str) -> dict[str, object]:
    """What moto forgets when an update leaves it out."""
    found = clients.sagemaker_client().describe_model_package(ModelPackageName=arn)
    return {name: found[name] for name in ("CustomerMetadataProperties", "ApprovalDescription")}


def new_group(name: str) -> str:
    clients.sagemaker_client().create_model_package_group(ModelPackageGroupName=name)
    return name


def event(arn: str) -> dict[str, object]:
    detail = {
        "ModelPackageArn": arn,
        "CreationTime": 1583862316266,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": PENDING,
    }
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": detail,
    }
