"""`governance audit`: entries out of a folder of records, as a table, CSV and JSON."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from cli.main import run

RECORD = {
    "schema": "governance.decision/2",
    "decision": "Approved",
    "thresholds": None,
    "evidence": [],
    "findings": [],
    "waivers": [
        {
            "check": "=HYPERLINK(1)",
            "facet": None,
            "reason": "a known\u202e gap",
            "approved_by": "@risk",
            "expires": "2026-03-31",
            "use": "used",
        }
    ],
    "engine": {"name": "sagemaker-model-governance", "version": "0.1.0"},
    "decided_at": "2026-03-01T12:00:00Z",
}


@pytest.fixture
def decisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GOVERNANCE_DECISIONS_BUCKET", "GOVERNANCE_THRESHOLDS_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("churn/7/abc.json", "other/1/def.json"):
        path = tmp_path / "decisions" / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(RECORD))
    return tmp_path / "decisions"


AUDIT = ["audit", "--decisions", "decisions", "--group", "churn"]


def test_the_table_has_a_line_for_each_decision_and_waiver(
    decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(AUDIT) == 0
    captured = capsys.readouterr()
    assert captured.err == (
        "note: whether thresholds were loosened since is not looked at: set GOVERNANCE_THRESHOLDS_BUCKET, or give "
        "--thresholds-bucket\nchurn: reading the records\n"
    )
    assert captured.out.splitlines() == [
        "Version  At                    Kind         What                                          By",
        "churn/7  2026-03-01T12:00:00Z  decision     Approved by no thresholds                     -",
        "churn/7  2026-03-01T12:00:00Z  waiver used  =HYPERLINK(1), until 2026-03-31: a known gap  @risk",
    ]


def test_no_cell_of_the_csv_is_a_formula(decisions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*AUDIT, "--format", "csv"]) == 0
    decision, waiver = csv.DictReader(StringIO(capsys.readouterr().out))
    assert (decision["kind"], decision["by"]) == ("decision", "")
    assert (waiver["what"], waiver["by"]) == ("'=HYPERLINK(1), until 2026-03-31: a known gap", "'@risk")


def test_the_json_has_all_groups_and_every_field(decisions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--decisions", "decisions", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(one["group"], one["version"], one["kind"]) for one in document["entries"]] == [
        ("churn", 7, "decision"),
        ("churn", 7, "waiver used"),
        ("other", 1, "decision"),
        ("other", 1, "waiver used"),
    ]
    assert document["entries"][0]["record"].endswith("decisions/churn/7/abc.json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "May"], "error: --since May: there is no such day; write it as 2026-01-31\n"),
        (
            ["--since", "2026-02-30"],
            "error: --since 2026-02-30: there is no such day; write it as 2026-01-31\n",
        ),
        (["--decisions", "nowhere"], "there is no such folder"),
    ],
    ids=["no day", "a day that no month has", "no folder"],
)
def test_what_cannot_be_looked_at_is_an_error(
    decisions: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run([*AUDIT, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_nothing_since_a_day_to_come_is_said(decisions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*AUDIT, "--since", "2999-01-01"]) == 0
    out, told = capsys.readouterr()
    assert out == "nothing was found\n"
    assert "look at its spelling" not in told


def test_a_group_that_nothing_is_recorded_of_is_named(
    decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for group, is_warned_of in (("chrun", True), ("churn", False)):
        assert run([*AUDIT, "--group", group]) == 0
        told = capsys.readouterr().err
        assert (
            f"warning: {group}: nothing was ever recorded about a version of this group" in told
        ) is is_warned_of


def test_without_a_place_of_records_the_way_out_is_told(
    decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit"]) == 2
    assert "GOVERNANCE_DECISIONS_BUCKET" in capsys.readouterr().err
