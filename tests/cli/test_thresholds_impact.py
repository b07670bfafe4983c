"""`governance thresholds impact`: an edit of the shipped examples' thresholds, held against their versions."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from checks.decision_record import DecisionRecord, RecordedModelPackage
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.reports import read_report
from checks.threshold_set import compile_thresholds
from cli.main import run
from demo.examples import ExampleVersion, find_examples
from pipelines.step_settings import COPIES_FOLDER, DECISIONS_FOLDER
from tests.cli.conftest import REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GOLDEN = Path(__file__).with_name("golden")
# What a governance team may want of the example askdata: more of the accuracy, less of the latency.
EDIT = {
    "at_least: 0.70\n    confidence: 0.95": "at_least: 0.75\n    confidence: 0.90",
    "at_most: 2.5": "at_most: 3",
    "at_most: 0.30": "at_most: 0.20",
}


def judged(version: ExampleVersion, folder: Path) -> DecisionRecord:
    """Judge an example as the gate does, with copies of its evidence in `folder`."""
    reports = []
    for path in sorted(version.evidence.rglob("*.json")):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        copy = folder / COPIES_FOLDER / digest
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
        name = path.relative_to(version.folder).as_posix()
        report = read_report(Document(f"s3://evidence/{version.name}/{name}", content))
        reports.append(replace(report, copy_uri=f"s3://evidence/{COPIES_FOLDER}/{digest}"))
    number = int(version.folder.name.removeprefix("version-"))
    decided_at = datetime(2026, 11, number, tzinfo=UTC)
    (thresholds,) = compile_thresholds({"thresholds.yaml": version.thresholds.read_bytes()})
    evidence = Evidence(tuple(reports))
    arn = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{version.group}/{number}"
    return DecisionRecord.of(
        judge(thresholds, evidence, decided_at=decided_at),
        thresholds=thresholds,
        evidence=evidence,
        decided_at=decided_at,
        model_package=RecordedModelPackage(arn=arn, group=version.group, version=number),
    )


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the decisions bucket after all examples were judged."""
    folder = tmp_path_factory.mktemp("decisions-bucket")
    for version in find_examples(EXAMPLES):
        record = judged(version, folder)
        assert record.model_package is not None
        place = folder / DECISIONS_FOLDER / version.group / str(record.model_package.version)
        place.mkdir(parents=True)
        (place / "e1.json").write_bytes(record.to_bytes())
        (place / "e1.outcome.json").write_text("{}")
    return folder


@pytest.fixture(autouse=True)
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folders `live` and `edited` with the thresholds of all examples, one of them edited."""
    monkeypatch.chdir(tmp_path)
    for folder in ("live", "edited"):
        Path(folder).mkdir()
        for example in EXAMPLES.glob("*/thresholds.yaml"):
            text = example.read_text(encoding="utf-8")
            if (folder, example.parent.name) == ("edited", "askdata"):
                for old, new in EDIT.items():
                    assert text.count(old) == 1
                    text = text.replace(old, new)
            Path(folder, f"{example.parent.name}.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("output_format", "suffix"), [("text", "txt"), ("json", "json"), ("markdown", "md")])
def test_the_impact_of_an_edit_over_the_examples(
    output_format: str, suffix: str, past: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["thresholds", "impact", "live", "edited", "--history", str(past), "--format", output_format]
    assert run(words) == 0
    shown = capsys.readouterr().out.replace(str(past), "PAST")
    path = GOLDEN / f"impact.{suffix}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def impact(past: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert run(["thresholds", "impact", *words, "--history", str(past), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_without_an_edit_nothing_flips_and_each_version_is_judged_again(
    past: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = impact(past, capsys, "live", "live")
    assert document["versions"] == len(find_examples(EXAMPLES))
    assert (document["flips"], document["loosened"], document["left_out"]) == ([], [], [])
    assert all(check["old"] == check["new"] and check["shrunk"] == 0 for check in document["checks"])


def test_a_part_of_the_history_is_enough_and_its_copies_are_found(
    past: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = impact(past / DECISIONS_FOLDER / "askdata", capsys, "live", "live")
    assert (document["versions"], document["left_out"]) == (3, [])


def test_of_two_decisions_about_a_version_the_newer_counts_and_what_is_gone_is_named(
    past: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = past / DECISIONS_FOLDER / "askdata/1/e1.json"
    record = json.loads(source.read_bytes())
    place = tmp_path / "part" / DECISIONS_FOLDER / "askdata/1"
    place.mkdir(parents=True)
    (place / "a.json").write_text(json.dumps({**record, "decided_at": "2026-11-09T00:00:00Z"}))
    (place / "b.json").write_text(json.dumps({**record, "decided_at": "2026-11-08T00:00:00Z"}))
    (place / "c.json").write_text("{}")
    del record["model_package"]
    (place / "d.json").write_text(json.dumps(record))
    (tmp_path / "part" / COPIES_FOLDER).mkdir()
    document = impact(tmp_path / "part", capsys, "live", "edited")
    reasons = {Path(one["record"]).name: one["reason"] for one in document["left_out"]}
    assert document["versions"] == 0
    assert sorted(reasons) == ["a.json", "c.json", "d.json"]
    assert "there is no copy" in reasons["a.json"]
    assert "not a decision record" in reasons["c.json"]
    assert reasons["d.json"] == "it is about no registered version"


def test_the_history_may_be_the_bucket_itself(
    past: Path, s3: "S3Client", bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The copies are in another bucket, as a stack has them: that of the evidence, which the records name."""
    s3.create_bucket(Bucket="evidence", CreateBucketConfiguration={"LocationConstraint": REGION})
    for path in past.rglob("*"):
        key = path.relative_to(past).as_posix()
        if path.parent.name == COPIES_FOLDER:
            s3.put_object(Bucket="evidence", Key=key, Body=path.read_bytes())
        elif path.is_file() and "askdata" in key:
            s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    words = ["thresholds", "impact", "live", "edited", "--format", "json", "--history"]
    shown = []
    for place in (f"s3://{bucket}", f"s3://{bucket}/{DECISIONS_FOLDER}/askdata"):
        assert run([*words, place]) == 0
        shown.append(json.loads(capsys.readouterr().out))
    assert shown[0] == shown[1]
    assert (shown[0]["versions"], shown[0]["left_out"]) == (3, [])
    local = impact(past / DECISIONS_FOLDER / "askdata", capsys, "live", "edited")
    assert shown[0]["checks"] == local["checks"]


def test_a_record_is_no_history(past: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = past / DECISIONS_FOLDER / "askdata/1/e1.json"
    assert run(["thresholds", "impact", "live", "edited", "--history", str(record)]) == 2
    said = f"error: {record}: a file; name the folder that has it, in a copy of the decisions bucket\n"
    assert capsys.readouterr().err == said


def test_old_may_be_what_is_in_force(
    past: Path, bucket: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["LIVE", "edited", "--thresholds-bucket", bucket]
    assert run(["thresholds", "publish", "live", "--yes", "--thresholds-bucket", bucket]) == 0
    capsys.readouterr()
    assert impact(past, capsys, *words) == impact(past, capsys, "live", "edited")


def test_the_reason_for_asking_less_is_shown(past: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["thresholds", "impact", "live", "edited", "--history", str(past), "--fail-on-loosened"]
    assert run(words) == 5
    assert run([*words, "--reason", "the new region is far away"]) == 0
    assert "loosened, since: the new region is far away" in capsys.readouterr().out
    assert run([*words, "--reason", "far *away*", "--format", "markdown"]) == 0
    assert "Reason: far \\*away\\*" in capsys.readouterr().out


def test_the_page_says_what_the_table_says_with_a_chart_of_each_check(
    past: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["thresholds", "impact", "live", "edited", "--history", str(past), "--format", "html"]
    assert run([*words, "--fail-on-flip"]) == 4
    page = capsys.readouterr().out
    found = impact(past, capsys, "live", "edited")["checks"]
    # Nobody has rated a version yet: a check without a value has no chart.
    assert [one["check"] for one in found if one["new"]["versions"] == 0] == ["net promoter score"]
    charted = [one for one in found if one["new"]["versions"]]
    assert page.startswith("<!doctype html>")
    assert "<h1>1 of 13 versions would be decided otherwise</h1>" in page
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg"') == len(charted)
