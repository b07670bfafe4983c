"""Evidence that is not about the version that is judged, or that something may have changed since it was registered."""

import hashlib
import json
from typing import Any

import pytest

from aws import clients
from checks.manifest import Manifest
from checks.subject import Subject
from tests.lambdas.conftest import Account

ABOUT = "evidence about this version"
NEXT_IMAGE = "1.dkr.ecr/askdata:2"


def findings(record: dict[str, Any], check: str) -> list[tuple[str, str]]:
    return [(f["consequence"], f["reason"]) for f in record["findings"] if f["check"] == check]


def with_option(account: Account, line: str) -> None:
    content = account.stored("s3://thresholds/thresholds/askdata.yaml") + f"{line}\n".encode()
    clients.s3_client().put_object(Bucket="thresholds", Key="thresholds/askdata.yaml", Body=content)


def digest_of(account: Account, uri: str) -> dict[str, str]:
    return {uri: f"sha256:{hashlib.sha256(account.stored(uri)).hexdigest()}"}


@pytest.fixture
def judged(account: Account) -> Account:
    """The account after its first version was approved on its report."""
    assert account.judge(account.arn, "first")["decision"] == "Approved"
    return account


def test_another_versions_report_with_its_true_digest_asks_for_review(judged: Account) -> None:
    uri = "s3://evidence/askdata/report.json"
    arn = judged.register(uri, image=NEXT_IMAGE, digests=digest_of(judged, uri))
    record = judged.judge(arn, "second")
    assert record["decision"] == "NeedsReview"
    ((consequence, reason),) = findings(record, ABOUT)
    assert consequence == "review"
    assert f"{uri}: these bytes were judged for another version before: {judged.arn}" in reason
    assert judged.status(arn) == "PendingManualApproval"


def test_a_copy_of_another_versions_report_asks_for_review(judged: Account) -> None:
    arn = judged.register(judged.put_report("askdata/copy.json", 0.9), image=NEXT_IMAGE)
    assert judged.judge(arn, "second")["decision"] == "NeedsReview"


def test_the_same_object_asks_for_review_though_the_image_is_the_same(judged: Account) -> None:
    """An image says little where the model is configured elsewhere."""
    assert (
        judged.judge(judged.register("s3://evidence/askdata/report.json"), "second")["decision"]
        == "NeedsReview"
    )


def test_equal_bytes_measured_on_the_very_same_model_are_its_evidence(judged: Account) -> None:
    arn = judged.register(judged.put_report("askdata/second.json", 0.9))
    assert judged.judge(arn, "second")["decision"] == "Approved"


def test_a_version_is_judged_again_on_its_own_report(judged: Account) -> None:
    clients.sagemaker_client().update_model_package(
        ModelPackageArn=judged.arn, ModelApprovalStatus="PendingManualApproval"
    )
    record = json.loads(judged.stored(judged.evaluate("again")["decision_uri"]))
    assert (record["decision"], findings(record, ABOUT)) == ("Approved", [])


@pytest.mark.parametrize(
    ("option", "decision"),
    [
        ("on_foreign_evidence: reject", "Rejected"),
        ("on_foreign_evidence: warn", "Approved"),
        ("on_foreign_evidence: ignore", "Approved"),
    ],
)
def test_the_threshold_file_may_say_otherwise(account: Account, option: str, decision: str) -> None:
    with_option(account, option)
    account.judge(account.arn, "first")
    arn = account.register("s3://evidence/askdata/report.json", image=NEXT_IMAGE)
    record = account.judge(arn, "second")
    assert record["decision"] == decision
    assert len(findings(record, ABOUT)) == (not option.endswith("ignore"))


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ({"image": "1.dkr.ecr/askdata:7"}, "the image 1.dkr.ecr/askdata:7, not 1.dkr.ecr/askdata:1"),
        ({"group": "other"}, "the group other, not askdata"),
        ({"name": "other"}, "the model other, not askdata"),
        ({"model_data": "s3://models/a.tar.gz"}, "the model data s3://models/a.tar.gz, not known here"),
    ],
    ids=["image", "group", "name", "model data"],
)
def test_a_report_that_says_it_is_about_another_model_asks_for_review(
    account: Account, subject: dict[str, str], says: str
) -> None:
    uri = account.put_report("askdata/about.json", 0.9, provenance={"subject": subject})
    record = account.judge(account.register(uri), "one")
    assert record["decision"] == "NeedsReview"
    assert findings(record, ABOUT) == [("review", f"{uri}: it is about another model: it says {says}")]


def test_a_report_that_names_the_very_model_may_be_attached_to_it_twice(account: Account) -> None:
    subject = {"group": "askdata", "image": "1.dkr.ecr/askdata:1"}
    uri = account.put_report("askdata/about.json", 0.9, provenance={"subject": subject})
    assert account.judge(account.register(uri), "one")["decision"] == "Approved"
    assert account.judge(account.register(uri), "two")["decision"] == "Approved"
    assert account.judge(account.register(uri, image=NEXT_IMAGE), "three")["decision"] == "NeedsReview"


@pytest.mark.parametrize("subject", [{}, [], "askdata", {"image": 1}, {"imgae": "x"}, {"name": ""}])
def test_a_subject_that_cannot_be_read_makes_the_report_unreadable(
    account: Account, subject: str | dict[str, Any]
) -> None:
    uri = account.put_report("askdata/about.json", 0.9, provenance={"subject": subject})
    assert account.judge(account.register(uri), "one")["decision"] != "Approved"


def test_data_reports_speak_for_no_model_and_may_be_attached_to_several(account: Account) -> None:
    """The statistics of one data set beside the reports of each model that was trained on it."""
    statistics = {
        "version": 0.0,
        "dataset": {"item_count": 10},
        "features": [
            {
                "name": "age",
                "inferred_type": "Integral",
                "numerical_statistics": {"common": {"num_present": 10, "num_missing": 0}},
            }
        ],
    }
    clients.s3_client().put_object(
        Bucket="evidence", Key="data/statistics.json", Body=json.dumps(statistics).encode()
    )
    data = "s3://evidence/data/statistics.json"
    for name, image in (("one", "1.dkr.ecr/askdata:1"), ("two", NEXT_IMAGE)):
        uri = account.put_report(f"askdata/{name}.json", 0.9 if name == "one" else 0.91)
        record = account.judge(account.register(uri, data, image=image), name)
        assert record["decision"] == "Approved", record["findings"]


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(
            {
                "version": 0.0,
                "dataset": {"item_count": 10},
                "binary_classification_metrics": {"recall": {"value": 0.9}},
            },
            id="quality of a model",
        ),
        pytest.param({"version": "1.0", "violations": []}, id="bias drift of a model"),
        pytest.param(
            {"version": 0.0, "binary_classification_constraints": {"recall": {"threshold": 0.5}}},
            id="constraints of a model's quality",
        ),
    ],
)
def test_what_model_monitor_says_of_a_model_speaks_for_that_one_alone(
    account: Account, report: dict[str, Any]
) -> None:
    clients.s3_client().put_object(Bucket="evidence", Key="monitor.json", Body=json.dumps(report).encode())
    decisions = []
    for name, image in (("one", "1.dkr.ecr/askdata:1"), ("two", NEXT_IMAGE)):
        uri = account.put_report(f"askdata/{name}.json", 0.9 if name == "one" else 0.91)
        arn = account.register(uri, "s3://evidence/monitor.json", image=image)
        decisions.append(account.judge(arn, name)["decision"])
    assert decisions == ["Approved", "NeedsReview"]


def register_folder(
    account: Account, folder: str, *, image: str = "1.dkr.ecr/askdata:1", **metadata: str
) -> str:
    """Register a version by its folder and the manifest in it, as `governance register` does."""
    uri = account.put_report(f"{folder}/evaluation.json", 0.9)
    subject = Subject(group="askdata", image=image)
    sha256 = hashlib.sha256(account.stored(uri)).hexdigest()
    manifest = Manifest(subject, {"evaluation.json": sha256}).to_bytes()
    clients.s3_client().put_object(Bucket="evidence", Key=f"{folder}/evidence.manifest.json", Body=manifest)
    return account.register(
        image=image,
        metadata={
            "governance:evidence": f"s3://evidence/{folder}/",
            "governance:evidence-digest": f"sha256:{hashlib.sha256(manifest).hexdigest()}",
            **metadata,
        },
    )


def test_reports_under_a_registered_manifest_are_protected(account: Account) -> None:
    record = account.judge(register_folder(account, "run-1"), "one")
    assert record["decision"] == "Approved"
    assert [(e["uri"], e["digest"]) for e in record["evidence"]] == [
        ("s3://evidence/run-1/evaluation.json", "verified")
    ]


def test_another_versions_folder_asks_for_review(account: Account) -> None:
    first = register_folder(account, "run-1")
    assert account.judge(first, "one")["decision"] == "Approved"
    named = clients.sagemaker_client().describe_model_package(ModelPackageName=first)
    arn = account.register(image=NEXT_IMAGE, metadata=named["CustomerMetadataProperties"])
    record = account.judge(arn, "two")
    assert record["decision"] == "NeedsReview"
    ((_, reason),) = findings(record, ABOUT)
    assert "its folder is about another model" in reason


def test_another_versions_folder_asks_for_review_where_nothing_but_its_reports_tells(judged: Account) -> None:
    arn = judged.register(image=NEXT_IMAGE, metadata={"governance:evidence": "s3://evidence/askdata/"})
    assert judged.judge(arn, "second")["decision"] == "NeedsReview"


@pytest.mark.parametrize("key", ["run-1/evaluation.json", "run-1/evidence.manifest.json"])
@pytest.mark.parametrize("change", ["overwrite", "delete"])
def test_what_the_manifest_protects_cannot_be_changed(account: Account, key: str, change: str) -> None:
    arn = register_folder(account, "run-1")
    s3 = clients.s3_client()
    if change == "overwrite":
        s3.put_object(
            Bucket="evidence", Key=key, Body=b'{"text_to_sql_metrics": {"accuracy": {"value": 1.0}}}'
        )
    else:
        s3.delete_object(Bucket="evidence", Key=key)
    if (key, change) == ("run-1/evaluation.json", "delete"):
        assert account.judge(arn, "one")["decision"] != "Approved"
    else:
        with pytest.raises(Exception, match="registered with"):
            account.judge(arn, "one")
    assert account.status(arn) != "Approved"


def test_a_report_that_is_added_under_the_prefix_is_recorded_as_unprotected_and_can_be_refused(
    account: Account,
) -> None:
    account_with_two = register_folder(account, "run-1")
    account.put_report("run-1/added.json", 0.9, latency_metrics={"p95": {"value": 1}})
    record = account.judge(account_with_two, "one")
    assert {e["uri"].rpartition("/")[2]: e["digest"] for e in record["evidence"]} == {
        "added.json": "none",
        "evaluation.json": "verified",
    }
    with_option(account, "on_unprotected_evidence: review")
    again = json.loads(
        account.stored(account.evaluate("two", model_package_arn=account_with_two)["decision_uri"])
    )
    assert again["decision"] == "NeedsReview"
    ((_, reason),) = findings(again, "protected evidence")
    assert "added.json: no digest was registered for it" in reason


@pytest.mark.parametrize(
    ("option", "decision"),
    [
        ("on_unprotected_evidence: ignore", "Approved"),
        ("on_unprotected_evidence: warn", "Approved"),
        ("on_unprotected_evidence: review", "NeedsReview"),
        ("on_unprotected_evidence: reject", "Rejected"),
    ],
)
def test_a_report_without_digest_is_recorded_as_unprotected_and_digests_can_be_demanded(
    account: Account, option: str, decision: str
) -> None:
    with_option(account, option)
    record = account.judge(account.arn, "one")
    assert (record["decision"], record["evidence"][0]["digest"]) == (decision, "none")


def test_a_report_with_its_digest_meets_the_demand(account: Account) -> None:
    with_option(account, "on_unprotected_evidence: reject")
    uri = account.put_report("askdata/protected.json", 0.9)
    record = account.judge(account.register(uri, digests=digest_of(account, uri)), "one")
    assert (record["decision"], record["evidence"][0]["digest"]) == ("Approved", "verified")


def put_version(key: str, accuracy: float, account: Account) -> str:
    """Write a version of a report and return its URI with the version."""
    uri = account.put_report(key, accuracy)
    head = clients.s3_client().head_object(Bucket="evidence", Key=key)
    return f"{uri}?versionId={head['VersionId']}"


def test_an_old_version_attached_beside_the_newest_under_the_prefix_is_two_values(account: Account) -> None:
    old = put_version("run-2/evaluation.json", 0.9, account)
    new = put_version("run-2/evaluation.json", 0.5, account)
    arn = account.register(old, metadata={"governance:evidence": "s3://evidence/run-2/"})
    record = account.judge(arn, "one")
    assert record["decision"] == "Rejected"
    (finding,) = [f for f in record["findings"] if f["check"] == "accuracy"]
    assert finding["outcome"] == "invalid"
    assert old in finding["reason"]
    assert [f"{e['uri']}?versionId={e['version_id']}" for e in record["evidence"]] == [old, new]


def test_one_object_attached_at_two_versions_is_two_values(account: Account) -> None:
    good, bad = (put_version("askdata/two.json", accuracy, account) for accuracy in (0.9, 0.5))
    record = account.judge(account.register(good, bad), "one")
    assert [f["outcome"] for f in record["findings"]] == ["invalid"]


def test_the_newest_version_attached_and_under_the_prefix_is_one_report(account: Account) -> None:
    newest = put_version("run-2/evaluation.json", 0.9, account)
    record = account.judge(
        account.register(newest, metadata={"governance:evidence": "s3://evidence/run-2/"}), "one"
    )
    assert (record["decision"], len(record["evidence"])) == ("Approved", 1)


def shares(sex: float) -> dict[str, object]:
    return {
        "version": "1.0",
        "explanations": {
            "kernel_shap": {
                "label0": {"global_shap_values": {"sex": sex, "age": 1 - sex}, "expected_value": 0.5}
            }
        },
    }


def test_a_sensitive_share_of_one_object_at_two_versions_is_two_values(account: Account) -> None:
    s3 = clients.s3_client()
    content = account.stored("s3://thresholds/thresholds/askdata.yaml").replace(
        b"metric: text_to_sql.accuracy, at_least: 0.8",
        b"metric: explainability.kernel_shap.label0.sensitive_share, sensitive_features: [sex], at_most: 0.2",
    )
    s3.put_object(Bucket="thresholds", Key="thresholds/askdata.yaml", Body=content)
    uris = []
    for sex in (0.1, 0.9):
        answer = s3.put_object(
            Bucket="evidence", Key="askdata/shap.json", Body=json.dumps(shares(sex)).encode()
        )
        uris.append(f"s3://evidence/askdata/shap.json?versionId={answer['VersionId']}")
    record = account.judge(account.register(*uris), "one")
    assert [f["outcome"] for f in record["findings"]] == ["invalid"]


def test_a_claim_that_is_none_stops_the_judging(account: Account) -> None:
    sha256 = hashlib.sha256(account.stored("s3://evidence/askdata/report.json")).hexdigest()
    clients.s3_client().put_object(Bucket="decisions", Key=f"evidence-claims/{sha256}.json", Body=b"{}")
    with pytest.raises(Exception, match="not a claim"):
        account.evaluate()


def test_a_report_counts_by_its_content_and_not_by_its_slot(account: Account) -> None:
    """A bad report in a slot that nobody looks at is evidence all the same."""
    arn = account.register(
        account.put_report("askdata/good.json", 0.9), account.put_report("askdata/bad.json", 0.5)
    )
    record = account.judge(arn, "one")
    assert [f["outcome"] for f in record["findings"]] == ["invalid"]
    assert account.status(arn) == "Rejected"


@pytest.mark.parametrize("name", [".hidden.json", "deep/.x/report.JSON", "report.json.json", "a b?.json"])
def test_a_report_under_the_prefix_counts_whatever_its_name(account: Account, name: str) -> None:
    account.put_report(f"run-3/{name}", 0.5)
    good = account.put_report("run-3/good.json", 0.9)
    arn = account.register(good, metadata={"governance:evidence": "s3://evidence/run-3/"})
    assert account.judge(arn, "one")["findings"][0]["outcome"] == "invalid"


def test_thresholds_that_were_deleted_approve_nothing(account: Account) -> None:
    clients.s3_client().delete_object(Bucket="thresholds", Key="thresholds/askdata.yaml")
    account.judge(account.arn, "one")
    assert account.status() != "Approved"
