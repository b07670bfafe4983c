"""`governance thresholds show`: each effective check with the place where it is written."""

import json
from pathlib import Path

import pytest

from cli.main import run

ORGANISATION = """\
name: organisation
owners: [board@example.com]
max_age_days: 90
waivers:
  - {check: safety, reason: read-only database, approved_by: board@example.com, expires: 2020-01-31}
checks:
  - {name: safety, why: w, metric: text_to_sql.unsafe_sql_rate, at_most: 0}
  - {name: quality, why: w, metric: text_to_sql.execution_accuracy, at_least: 0.7, confidence: 0.95}
"""
TEAM = """\
name: shop
extends: ../organisation.yaml
applies_to: {model_package_groups: [shop]}
checks:
  - {name: quality, why: w, metric: text_to_sql.execution_accuracy, at_least: 0.8, on_failure: review}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOVERNANCE_THRESHOLDS_BUCKET", raising=False)
    (tmp_path / "organisation.yaml").write_text(ORGANISATION)
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams/shop.yaml").write_text(TEAM)
    return tmp_path


@pytest.mark.parametrize(
    "named",
    [["teams/shop.yaml"], ["shop", "--thresholds", "."], ["shop", "--thresholds", "teams/shop.yaml"]],
    ids=["a file", "a group of a folder", "a group of a file"],
)
def test_each_check_is_shown_with_the_place_where_it_is_written(
    named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["thresholds", "show", *named]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "shop"
    assert [line.split("(")[0].split() for line in lines[1:4]] == [
        ["file", "teams/shop.yaml"],
        ["itself", "teams/shop.yaml"],
        ["extends", "organisation.yaml"],
    ]
    assert [" ".join(line.split()) for line in lines[4:8]] == [
        "groups shop",
        "mode enforce",
        "owners board@example.com",
        "waiver safety, until 2020-01-31 by board@example.com: read-only database",
    ]
    assert [" ".join(line.split()) for line in lines[-2:]] == [
        "safety text_to_sql.unsafe_sql_rate - <= 0 at most 90 days old "
        "reject, missing reject, inconclusive review organisation.yaml:7",
        "quality text_to_sql.execution_accuracy - >= 0.8 at most 90 days old "
        "review, missing reject, inconclusive review teams/shop.yaml:5",
    ]


def test_as_json_it_is_what_the_file_comes_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["thresholds", "show", "teams/shop.yaml", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["source"] for one in document["sources"]] == ["teams/shop.yaml", "organisation.yaml"]
    assert document["checks"][0] == {
        "name": "safety",
        "why": "w",
        "metric": "text_to_sql.unsafe_sql_rate",
        "at_most": 0.0,
        "on_failure": "reject",
        "on_missing": "reject",
        "on_inconclusive": "review",
        "origin": "organisation.yaml:7",
    }


def test_validate_check_and_show_find_a_base_that_was_not_given(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "evidence.json").write_text(
        '{"text_to_sql_metrics": {"unsafe_sql_rate": {"value": 0.1}, "execution_accuracy": {"value": 0.9}}}'
    )
    assert run(["thresholds", "validate", "teams/shop.yaml"]) == 0
    assert run(["check", "teams/shop.yaml", "-e", "evidence.json"]) == 1
    assert "rejects: safety: 0.1 is above 0" in capsys.readouterr().out
    by_name = TEAM.replace("../organisation.yaml", "organisation")
    (folder / "teams/shop.yaml").write_text(by_name)
    assert run(["thresholds", "validate", "teams/shop.yaml"]) == 2
    assert 'shop.yaml:2:10: extends: no file is called "organisation"' in capsys.readouterr().err
    assert run(["thresholds", "validate", "."]) == 0
    (folder / "shop.yaml").write_text(by_name)
    assert run(["thresholds", "validate", "shop.yaml"]) == 0


def test_without_thresholds_a_group_cannot_be_looked_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["thresholds", "show", "shop"]) == 2
    assert "set GOVERNANCE_THRESHOLDS_BUCKET, or give --thresholds" in capsys.readouterr().err
    assert run(["thresholds", "show", "nobody", "--thresholds", "."]) == 2
    assert "nobody: no threshold file of . applies to this group" in capsys.readouterr().err
