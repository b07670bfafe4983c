"""What the commands that show decisions say of the baseline: which version, its value, and the difference."""

import json
from pathlib import Path

import pytest

from cli.main import run
from tests.page_records import ARN, PAIRED, compared_record

BASELINE = f"version 2 ({ARN}/2), approved by s3://decisions/decisions/churn/2/e2.json"
COMPARED = "accuracy: 0.85 beside 0.875 (-0.025)"


@pytest.fixture
def decisions(tmp_path: Path) -> Path:
    """A folder of decision records, with one that compares with a baseline."""
    record = compared_record()
    assert record.model_package is not None
    file = tmp_path / record.model_package.group / str(record.model_package.version) / "e3.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(record.to_bytes())
    return file


def test_explain_and_status_say_what_a_version_was_compared_with(
    decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(decisions.parents[2])
    for line in (["explain", str(decisions)], ["status", "churn", "--decisions", place]):
        assert run(line) == 0
        facts = dict(one.split(maxsplit=1) for one in capsys.readouterr().out.splitlines() if " " in one)
        assert (line[0], facts["baseline"], facts["compared"]) == (line[0], BASELINE, COMPARED)


def test_history_has_the_difference_beside_each_value_that_was_compared(
    decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["history", "churn", "--decisions", str(decisions.parents[2])]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "0.85 (-0.025) failed" in out
    assert f"Beside the baseline: version 3, quality.accuracy: {PAIRED}" in out


def test_programs_read_what_a_version_was_compared_with(
    decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--decisions", str(decisions.parents[2]), "--format", "json"]
    assert run(["history", "churn", *place]) == 0
    (version,) = json.loads(capsys.readouterr().out)["versions"]
    assert version["baseline"] == f"{ARN}/2"
    assert [one.get("baseline") for one in version["values"]] == [{"value": 0.875, "samples": 400}, None]
    assert [one.get("pairing") for one in version["values"]] == [PAIRED, None]
    assert run(["status", "churn", *place]) == 0
    decision = json.loads(capsys.readouterr().out)["versions"][0]["decision"]
    assert decision["baseline"] == f"{ARN}/2"
    assert [one["baseline"]["value"] for one in decision["compared"]] == [0.875]
