"""What commands take: files, folders, `s3://` URIs and standard input, each found and read; real boto3 against moto."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli.lookup.inputs import REPORTS, inputs_at
from cli.main import run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

THRESHOLDS = b"""\
name: churn
applies_to: {model_package_groups: [churn]}
checks:
  - {name: accuracy, why: Paid by the head., metric: churn.accuracy, at_least: 0.8}
"""
GOOD = json.dumps({"churn_metrics": {"accuracy": {"value": 0.9}}}).encode()
BAD = GOOD.replace(b"0.9", b"0.7")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "churn.yaml").write_bytes(THRESHOLDS)
    (tmp_path / "good.json").write_bytes(GOOD)
    return tmp_path


@pytest.fixture
def in_s3(s3: "S3Client", bucket: str) -> Callable[..., str]:
    """A bucket with what a test puts there."""

    def put(**objects: bytes) -> str:
        for key, content in objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=content)
        return bucket

    return put


def _stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_reports_are_told_by_their_suffix(tmp_path: Path) -> None:
    for name in ("a.json", "b.eval", "C.JSON", "results.jsonl", "notes.txt", ".hidden.json"):
        (tmp_path / name).write_text("{}")
    assert [Path(one.name).name for one in inputs_at([tmp_path], REPORTS)] == ["C.JSON", "a.json", "b.eval"]


@pytest.mark.parametrize(
    ("thresholds", "evidence", "code"),
    [
        ("t/churn.yaml", "e/good/", 0),
        ("t/churn.yaml", "e/good", 0),
        ("t/churn.yaml", "e/good/a.json", 0),
        ("t/churn.yaml", "e/bad/a.json", 1),
        ("t/churn.yaml", "e/noted/of-the-run", 0),
        ("t", "e/good/", 0),
    ],
)
def test_check_reads_thresholds_and_evidence_from_s3(
    in_s3: Callable[..., str], capsys: pytest.CaptureFixture[str], thresholds: str, evidence: str, code: int
) -> None:
    bucket = in_s3(
        **{"t/churn.yaml": THRESHOLDS, "e/good/a.json": GOOD, "e/bad/a.json": BAD, "e/noted/of-the-run": GOOD}
    )
    arguments = [
        "check",
        f"s3://{bucket}/{thresholds}",
        "-e",
        f"s3://{bucket}/{evidence}",
        "--format",
        "json",
    ]
    assert run(arguments) == code
    record = json.loads(capsys.readouterr().out)
    assert record["thresholds"]["source"] == f"s3://{bucket}/t/churn.yaml"
    assert record["evidence"][0]["uri"].startswith(f"s3://{bucket}/e/")
    assert record["evidence"][0]["version_id"] is not None


def test_one_version_of_an_object_is_read_as_that_one(
    s3: "S3Client", in_s3: Callable[..., str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = in_s3(**{"a.json": GOOD})
    version = s3.head_object(Bucket=bucket, Key="a.json")["VersionId"]
    in_s3(**{"a.json": BAD})
    uri = f"s3://{bucket}/a.json"
    assert run(["check", "churn.yaml", "-e", uri]) == 1
    assert run(["check", "churn.yaml", "-e", f"{uri}?versionId={version}"]) == 0


def test_standard_input_is_one_document(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _stdin(monkeypatch, GOOD)
    assert run(["check", "churn.yaml", "-e", "-", "--format", "json"]) == 0
    record = capsys.readouterr().out
    assert json.loads(record)["evidence"][0]["uri"] == "<stdin>"
    _stdin(monkeypatch, record.encode())
    assert run(["explain", "-"]) == 0
    assert "evidence    <stdin> (sagemaker_evaluation)" in capsys.readouterr().out
    _stdin(monkeypatch, THRESHOLDS)
    assert run(["check", "-", "-e", "good.json"]) == 0
    _stdin(monkeypatch, THRESHOLDS)
    assert run(["thresholds", "validate", "-"]) == 0
    assert capsys.readouterr().out.endswith("\n<stdin>: churn: 1 check, for churn\n")


def test_standard_input_cannot_be_two_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "-", "-e", "-"]) == 2
    assert (
        capsys.readouterr().err == "error: -: standard input can be only one of the files; name the others\n"
    )


@pytest.mark.parametrize(
    ("arguments", "content", "message"),
    [
        (["explain", "-"], b"", "error: <stdin>: not a decision record: not JSON"),
        (["thresholds", "validate", "-"], b"nam: x\n", "<stdin>:1:1: nam: unknown key"),
        (["thresholds", "validate", "-"], b"#" * 1_048_577, "error: <stdin>: more than 1,048,576 bytes"),
    ],
    ids=["no record", "wrong key", "too large"],
)
def test_what_is_wrong_on_standard_input_is_one_message(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    content: bytes,
    message: str,
) -> None:
    _stdin(monkeypatch, content)
    assert run(arguments) == 2
    assert message in capsys.readouterr().err


def test_what_is_published_may_be_in_s3_or_on_standard_input(
    s3: "S3Client",
    in_s3: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = in_s3(**{"mine/churn.yaml": THRESHOLDS})
    publish = ["thresholds", "publish", "--yes", "--thresholds-bucket", bucket]
    assert run([*publish, f"s3://{bucket}/mine/"]) == 0
    assert f": s3://{bucket}/thresholds/bundle.json?versionId=" in capsys.readouterr().out
    _stdin(monkeypatch, THRESHOLDS.replace(b"0.8", b"0.85"))
    assert run([*publish, "-"]) == 0
    assert b"0.85" in s3.get_object(Bucket=bucket, Key="thresholds/bundle.json")["Body"].read()


@pytest.mark.parametrize("place", ["local", "s3"])
def test_a_folder_with_nothing_recognised_says_what_is_there_and_what_would_be(
    folder: Path, in_s3: Callable[..., str], capsys: pytest.CaptureFixture[str], place: str
) -> None:
    names = [f"{letter}.csv" for letter in "abcdef"]
    if place == "local":
        where = "data"
        (folder / "data").mkdir()
        for name in names:
            (folder / "data" / name).write_text("x")
    else:
        where = f"s3://{in_s3(**{f'data/{name}': b'x' for name in names})}/data/"
    assert run(["check", "churn.yaml", "-e", where]) == 2
    assert capsys.readouterr().err == (
        f"error: {where}: no report (*.json, *.eval and *_output.jsonl) in this folder; it holds a.csv, b.csv, c.csv, "
        "d.csv, e.csv, …; name the folder that scoring wrote to, or a report itself\n"
    )
    assert run(["thresholds", "validate", where]) == 2
    assert "no threshold file (*.yaml or *.yml) in this folder; it holds a.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["check", "s3://BUCKET/none.yaml", "-e", "good.json"],
            "s3://BUCKET/none.yaml: there is no such object",
        ),
        (
            ["check", "churn.yaml", "-e", "s3://BUCKET/none.json"],
            "s3://BUCKET/none.json: there is no such object",
        ),
        (
            ["check", "churn.yaml", "-e", "s3://BUCKET/none/"],
            "s3://BUCKET/none/: no report (*.json, *.eval",
        ),
        (["check", "churn.yaml", "-e", "s3://BUCKET"], "s3://BUCKET/ is not a prefix: it looks like"),
        (["check", "s3://BUCKET/t/", "-e", "good.json"], "s3://BUCKET/t/: a folder; say which group"),
        (["check", "s3://BUCKET/t", "-e", "good.json"], "s3://BUCKET/t: a folder; say which group"),
        (["check", "churn.yaml", "-e", "s3://"], "'s3://' is not an S3 URI: it looks like s3://bucket/key"),
        (["check", "churn.yaml", "-e", "s3://no-such-bucket-here/a.json"], "failed with NoSuchBucket"),
        (["explain", "s3://"], "'s3://' is not an S3 URI"),
        (
            ["explain", "s3://BUCKET/none.json"],
            "s3://BUCKET/none.json: there is no such object; name a record",
        ),
        (["explain", "s3://BUCKET/t/"], "s3://BUCKET/t/: a folder, and there is no decision record below it"),
        (["explain", "s3://BUCKET/t/a.yaml"], "s3://BUCKET/t/a.yaml: not a decision record: not JSON"),
        (
            ["explain", "."],
            "error:\n.: a folder, with the decision records below; name one of them:\n  bad.json\n  good.json\n",
        ),
    ],
)
def test_what_cannot_be_read_is_named_once_with_the_way_out(
    folder: Path,
    in_s3: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    (folder / "bad.json").write_bytes(BAD)
    bucket = in_s3(**{"t/a.yaml": THRESHOLDS, "t/b.yaml": THRESHOLDS.replace(b"churn", b"other")})
    assert run([argument.replace("BUCKET", bucket) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message.replace("BUCKET", bucket) in captured.err
    assert captured.err.count("there is no such object") <= 1
    assert "Traceback" not in captured.err


def test_explain_lists_the_records_below_a_prefix_and_beside_an_absent_object(
    folder: Path, in_s3: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "churn.yaml", "-e", "good.json", "--format", "json"]) == 0
    record = capsys.readouterr().out.encode()
    bucket = in_s3(
        **{
            "decisions/shop/1/a.json": record,
            "decisions/shop/1/a.outcome.json": b"{}",
            "decisions/shop/2/b.json": b"",
        }
    )
    names = f":\n  s3://{bucket}/decisions/shop/1/a.json\n  s3://{bucket}/decisions/shop/2/b.json\n"
    base = f"s3://{bucket}/decisions/shop"
    for place, says in (
        (f"s3://{bucket}", ": a folder, with the decision records below; name one of them"),
        (
            base,
            ": there is no such object; it is a folder, with the decision records below; name one of them",
        ),
        (f"{base}/", ": a folder, with the decision records below; name one of them"),
        (
            f"{base}/none.json",
            f": there is no such object; there is the folder {base}/, with the decision records below; name one of "
            "them",
        ),
    ):
        assert run(["explain", place]) == 2
        assert capsys.readouterr().err == f"error:\n{place}{says}{names}"
    assert run(["explain", f"{base}/1/"]) == 0
    assert capsys.readouterr().out.startswith("Approved\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "churn.yaml", "-e", "good.json"],
        ["explain", "record.json"],
        ["thresholds", "validate", "churn.yaml"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_local_files_and_standard_input_need_no_boto3(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(["check", "churn.yaml", "-e", "good.json", "--format", "json", "-o", "record.json"]) == 0
    program = "import sys; from cli.main import run; code = run(sys.argv[1:]); sys.exit(code or 'boto3' in sys.modules)"
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={"PYTHONPATH": str(root)},
        check=False,
        capture_output=True,
    )
    assert (result.returncode, result.stderr) == (0, b"")
