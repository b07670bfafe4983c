"""`governance register` against moto's server, over HTTP."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from aws import clients
from cli.main import run
from tests.kept_clients import kept_session

BUCKET = "evidence-of-the-register-test"
EVALUATION = {"binary_classification_metrics": {"accuracy": {"value": 0.9}}}
BIAS = {
    "version": "1.0",
    "post_training_bias_metrics": {
        "label": "y",
        "label_value_or_threshold": "1",
        "facets": {
            "sex": [
                {"value_or_threshold": "0", "metrics": [{"name": "DI", "description": "d", "value": 1.0}]}
            ]
        },
    },
}


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "GOVERNANCE_EVIDENCE_BUCKET": BUCKET,
        "GOVERNANCE_THRESHOLDS_BUCKET": BUCKET,
    }.items():
        monkeypatch.setenv(name, value)
    for client in (clients.s3_client, clients.sagemaker_client, clients.sts_client):
        client.cache_clear()
    kept_session().client("s3").create_bucket(Bucket=BUCKET)
    yield
    for client in (clients.s3_client, clients.sagemaker_client, clients.sts_client):
        client.cache_clear()


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "evaluation.json").write_text(json.dumps(EVALUATION))
    (folder / "analysis.json").write_text(json.dumps(BIAS))
    (folder / "results.jsonl").write_text('{"id": "1"}\n')
    return folder


def _register(evidence: Path | str, *options: str, group: str = "churn") -> int:
    image = ["--image", "repo/image:1"]
    return run(["register", "--group", group, "--evidence", str(evidence), *image, "--no-check", *options])


@pytest.mark.usefixtures("aws")
def test_a_version_is_registered_pending_with_its_reports_in_their_slots(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _register(evidence, "--model-data", "s3://models/churn.tar.gz") == 0
    arn = capsys.readouterr().out.removesuffix("\n")
    package = kept_session().client("sagemaker").describe_model_package(ModelPackageName=arn)
    prefix = package["CustomerMetadataProperties"]["governance:evidence"]
    assert prefix.startswith(f"s3://{BUCKET}/churn/")
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == "s3://models/churn.tar.gz"
    assert package["ModelMetrics"] == {
        slot: {
            field: {
                "ContentType": "application/json",
                "S3Uri": prefix + name,
                "ContentDigest": _digest(evidence / name),
            }
        }
        for slot, field, name in [
            ("ModelQuality", "Statistics", "evaluation.json"),
            ("Bias", "Report", "analysis.json"),
        ]
    }
    keys = {
        entry["Key"].rpartition("/")[2]
        for entry in kept_session().client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    }
    assert {"evaluation.json", "analysis.json", "results.jsonl"} <= keys


@pytest.mark.usefixtures("aws")
def test_the_manifest_of_the_reports_is_uploaded_and_its_digest_registered(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (evidence / "evidence.manifest.json").write_text("of an earlier registration")
    assert _register(evidence, "--model-data", "s3://models/c.tar.gz", "--about", "Churn 2") == 0
    arn = capsys.readouterr().out.strip()
    metadata = (
        kept_session()
        .client("sagemaker")
        .describe_model_package(ModelPackageName=arn)["CustomerMetadataProperties"]
    )
    key = metadata["governance:evidence"].removeprefix(f"s3://{BUCKET}/") + "evidence.manifest.json"
    content = kept_session().client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert metadata["governance:evidence-digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert metadata["governance:about"] == "Churn 2"
    assert json.loads(content) == {
        "schema": "governance.evidence-manifest/1",
        "subject": {
            "name": "Churn 2",
            "group": "churn",
            "image": "repo/image:1",
            "model_data": "s3://models/c.tar.gz",
        },
        "reports": {
            name: _digest(evidence / name).removeprefix("sha256:")
            for name in ("analysis.json", "evaluation.json")
        },
    }


@pytest.mark.usefixtures("aws")
def test_evidence_about_another_model_is_told_before_the_gate_tells_it(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = {"provenance": {"subject": {"image": "repo/image:7"}}}
    (evidence / "evaluation.json").write_text(json.dumps(EVALUATION | about))
    assert _register(evidence) == 0
    assert (
        "evaluation.json: it is about another model: it says the image repo/image:7, not repo/image:1; "
        "the gate asks for review"
    ) in capsys.readouterr().err


def _digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.mark.usefixtures("aws")
def test_the_same_inputs_are_one_version_unless_asked_for_again(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arns, messages = [], []
    for options in ([], [], ["--again"], ["--description", "another"]):
        assert _register(evidence, *options, group="twice") == 0
        captured = capsys.readouterr()
        arns.append(captured.out.strip())
        messages.append(captured.err)
    sagemaker = kept_session().client("sagemaker")
    prefixes = [
        sagemaker.describe_model_package(ModelPackageName=arn)["CustomerMetadataProperties"][
            "governance:evidence"
        ]
        for arn in arns
    ]
    assert arns[0] == arns[1]
    assert f"{arns[0]} was registered with the same inputs before and is PendingManualApproval" in messages[1]
    assert len(set(arns)) == len(set(prefixes)) == 3


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.json", '{"a":', "cut.json: not JSON"),
        (
            "twice.json",
            '{"x_metrics": {"m": 1, "m": 2}}',
            'twice.json: the key "m" is there twice in one object',
        ),
        ("other.json", '{"hello": "you"}', "other.json: not a report of a known format"),
    ],
)
def test_unreadable_evidence_is_refused_before_anything_is_uploaded(
    evidence: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, message: str
) -> None:
    (evidence / name).write_text(content)
    assert _register(evidence, group="refused") == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "nothing was uploaded" in captured.err
    assert captured.out == ""
    listed = kept_session().client("s3").list_objects_v2(Bucket=BUCKET, Prefix="refused/")
    assert listed["KeyCount"] == 0


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--group", "no group!"], "is not a model package group name"),
        (["--evidence", "nowhere"], "nowhere: not a folder"),
        (
            ["--evidence-bucket", "a-bucket-that-is-not-there"],
            "a-bucket-that-is-not-there: HeadBucket failed",
        ),
    ],
)
def test_what_cannot_be_registered_exits_with_2(
    evidence: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert _register(evidence, *arguments) == 2
    captured = capsys.readouterr()
    assert (captured.out, message in captured.err) == ("", True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tag", "team"], "--tag: 'team' is not KEY=VALUE"),
        (["--metadata", "=1"], "--metadata: '=1' is not KEY=VALUE"),
        (["--metadata", "a=1", "--metadata", "a=2"], "--metadata: a is given twice"),
        (["--specification", "nowhere.json"], "nowhere.json: there is no such file"),
        (["--specification", "list.json"], "list.json: not a JSON object"),
        (["--specification", "cut.json"], "cut.json: not JSON"),
        (["--wait", "--timeout", "soon"], "soon"),
        (["--registry-account", "governance"], "'governance' is no account; give its 12 digits"),
        (
            ["--registry-account", "999988887777", "--tag", "a=b"],
            "tags are the group's, which is in account 999988887777; leave them out (--tag)",
        ),
        (["--timeout", "5m"], "--timeout: how long --wait may take"),
        (["--only-if", "approved"], "--no-check and --only-if"),
    ],
    ids=[
        "tag",
        "no key",
        "twice",
        "no file",
        "a list",
        "cut",
        "no duration",
        "no account",
        "tag of another account",
        "no wait",
        "no check",
    ],
)
def test_options_that_cannot_be_read_are_told_before_aws_is_asked(
    evidence: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(evidence.parent)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    Path("list.json").write_text("[]")
    Path("cut.json").write_text('{"a"')
    assert _register(evidence, "--evidence-bucket", BUCKET, *options) == 2
    captured = capsys.readouterr()
    assert (captured.out, message in captured.err) == ("", True)


@pytest.mark.usefixtures("aws")
def test_a_specification_in_a_file_and_pairs_are_registered(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "specification.json"
    file.write_text('{"Task": "OTHER", "CustomerMetadataProperties": {"a": "1"}}')
    assert _register(evidence, "--specification", str(file), "--metadata", "b=c=d", "--tag", "t=") == 0
    package = (
        kept_session()
        .client("sagemaker")
        .describe_model_package(ModelPackageName=capsys.readouterr().out.strip())
    )
    metadata = package["CustomerMetadataProperties"]
    assert (package["Task"], metadata["a"], metadata["b"]) == ("OTHER", "1", "c=d")


@pytest.mark.usefixtures("aws")
def test_waiting_prints_the_arn_alone_and_ends_as_wait_does(
    evidence: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def waited(arguments: list[str]) -> int:
        asked.append(arguments)
        print("the decision")
        return 130

    monkeypatch.setattr("cli.main.run", waited)
    buckets = ["--thresholds-bucket", "rules", "--decisions-bucket", "decided"]
    assert _register(evidence, "--no-check", "--wait", "--timeout", "5m", *buckets, group="waiting") == 130
    captured = capsys.readouterr()
    arn = captured.out.removesuffix("\n")
    assert asked == [["wait", arn, "--timeout", "5m", *buckets]]
    assert "the decision\n" in captured.err
    assert f"{arn} is registered; go on with: governance wait {arn}\n" in captured.err


def test_ctrl_c_says_what_exists_and_exits_as_interrupted(
    evidence: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        interrupt = KeyboardInterrupt()
        interrupt.add_note("what exists by now")
        raise interrupt

    monkeypatch.setattr("cli.work.register.register_version", interrupted)
    assert _register(evidence, "--evidence-bucket", BUCKET) == 130
    assert "what exists by now\n" in capsys.readouterr().err


@pytest.mark.usefixtures("aws")
def test_what_would_be_worse_is_shown_with_its_reasons_and_not_registered(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    thresholds = evidence.parent / "thresholds.yaml"
    thresholds.write_text(
        "name: t\napplies_to: {model_package_groups: [worse]}\n"
        "checks: [{name: accurate, why: b, metric: binary_classification.accuracy, at_least: 0.95}]\n"
    )
    options = ["--evidence", str(evidence), "--thresholds", str(thresholds), "--only-if", "review"]
    assert run(["register", "--group", "worse", *options]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "rejects: accurate: 0.9 is below 0.95" in captured.err
    assert captured.err.endswith(
        "not registered: worse: the gate would decide Rejected, and --only-if review asks for better\n"
        "nothing was uploaded and nothing was registered\n"
    )


def test_without_a_bucket_the_message_names_option_and_variable(
    evidence: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOVERNANCE_EVIDENCE_BUCKET", raising=False)
    assert _register(evidence) == 2
    assert "--evidence-bucket" in capsys.readouterr().err


@pytest.mark.usefixtures("aws")
def test_an_archive_is_not_said_to_be_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = {"status": "success", "eval": {"task": "t"}, "results": {"scores": [
        {"name": "s", "metrics": {"accuracy": {"name": "accuracy", "value": 0.9}}}]}}  # fmt: skip
    with zipfile.ZipFile(tmp_path / "log.eval", "w") as archive:
        archive.writestr("header.json", json.dumps(log))
    assert _register(tmp_path, group="archives") == 0
    package = (
        kept_session()
        .client("sagemaker")
        .describe_model_package(ModelPackageName=capsys.readouterr().out.strip())
    )
    source = package["ModelMetrics"]["ModelQuality"]["Statistics"]
    bucket, _, key = source["S3Uri"].removeprefix("s3://").partition("/")
    stored = kept_session().client("s3").head_object(Bucket=bucket, Key=key)["ContentType"]
    assert (source["ContentType"], stored) == ("application/octet-stream", "application/octet-stream")
    assert source["ContentDigest"] == _digest(tmp_path / "log.eval")


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("groups", "absent"),
    [
        ("model_package_groups: [here]", []),
        ("model_package_groups: [here, misspelt, other-absent]", ["misspelt", "other-absent"]),
        ('model_package_groups: ["missp*"]', []),
        ("{model_package_groups: [misspelt], mlflow_suffix: true}", []),
    ],
    ids=["there", "not there", "a pattern", "names with a suffix"],
)
def test_groups_that_do_not_exist_are_named_before_the_file_is_published(
    groups: str, absent: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sagemaker = kept_session().client("sagemaker")
    with suppress(sagemaker.exceptions.ClientError):  # of the row before
        sagemaker.create_model_package_group(ModelPackageGroupName="here")
    file = tmp_path / "thresholds.yaml"
    applies_to = groups if groups.startswith("{") else f"{{{groups}}}"
    file.write_text(
        f"name: named\napplies_to: {applies_to}\nchecks: [{{name: a, why: b, metric: c.d, at_least: 0.5}}]\n"
    )
    assert run(["thresholds", "publish", str(file), "--yes"]) == 0
    captured = capsys.readouterr()
    assert f": s3://{BUCKET}/thresholds/bundle.json" in captured.out
    told = [line for line in captured.err.splitlines() if "keeps no versions" not in line]
    assert told == [
        f"warning: {file}: there is no model package group {name} yet; the file governs it once somebody registers a "
        "version in it. If the name is misspelt, correct it and publish again"
        for name in absent
    ]


@pytest.mark.usefixtures("aws")
def test_evidence_in_s3_registers_the_version_that_the_same_folder_does(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _register(evidence, group="from-s3") == 0
    first = capsys.readouterr().out
    s3 = kept_session().client("s3")
    for path in evidence.iterdir():
        s3.upload_file(str(path), BUCKET, f"team/run 1/{path.name}")
    s3.put_object(Bucket=BUCKET, Key="team/run 1/")  # what a console makes for a folder
    assert _register(f"s3://{BUCKET}/team/run 1/", group="from-s3") == 0
    assert capsys.readouterr().out == first


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("key", "said"),
    [
        pytest.param(None, "nothing is there", id="nothing"),
        pytest.param("team/../../x.json", "its key leads out of the folder", id="out of the folder"),
        pytest.param("team/notes.txt", "there is no report", id="no report"),
    ],
)
def test_evidence_in_s3_that_cannot_be_taken(
    key: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept_session().client("s3").create_bucket(Bucket=f"{BUCKET}-2")
    for entry in kept_session().client("s3").list_objects_v2(Bucket=f"{BUCKET}-2").get("Contents", []):
        kept_session().client("s3").delete_object(Bucket=f"{BUCKET}-2", Key=entry["Key"])
    if key is not None:
        kept_session().client("s3").put_object(Bucket=f"{BUCKET}-2", Key=key, Body=b"{}")
    assert _register(f"s3://{BUCKET}-2/team/") == 2
    assert said in capsys.readouterr().err
