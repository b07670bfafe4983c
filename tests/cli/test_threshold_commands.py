"""`governance thresholds validate` and `publish` where a file says what cannot be meant, or probably is not."""

from pathlib import Path

import pytest

from cli.main import run

DOUBTFUL = """\
name: churn
applies_to: {model_package_groups: [churn]}
checks:
  - {name: recall, why: w, metric: bias.post_training.RD, facet: "*", at_most: 0.1}
"""
WARNING = (
    "churn.yaml:4:80: warning: checks[0].at_most: this limits bias.post_training.RD on one side only: every value "
    "below 0 passes; did you mean between: [-0.1, 0.1]?\n"
)
IMPOSSIBLE = DOUBTFUL.replace(
    'bias.post_training.RD, facet: "*", at_most: 0.1', "text_to_sql.unsafe_sql_rate, at_most: 1"
)
REFUSED = (
    "no value of text_to_sql.unsafe_sql_rate can miss this, for it is in [0, 1]; "
    "did you mean 0.01, which is 1 %?"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_warning_is_shown_and_the_file_is_valid(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "churn.yaml").write_text(DOUBTFUL)
    assert run(["thresholds", "validate", "churn.yaml"]) == 0
    assert capsys.readouterr() == ("churn.yaml: churn: 1 check, for churn\n", WARNING)


def test_a_file_for_the_groups_of_mlflow_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "churn.yaml").write_text(DOUBTFUL.replace("[churn]", "[churn], mlflow_suffix: true"))
    assert run(["thresholds", "validate", "churn.yaml"]) == 0
    assert capsys.readouterr().out == "churn.yaml: churn: 1 check, for churn, and with the suffix of MLflow\n"


def test_strictly_a_warning_is_a_problem(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "churn.yaml").write_text(DOUBTFUL)
    assert run(["thresholds", "validate", "--strict", "churn.yaml"]) == 2
    assert capsys.readouterr() == ("", f"error: {WARNING.replace('warning: ', '')}")


def test_a_limit_that_means_nothing_is_refused_and_other_files_warnings_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "churn.yaml").write_text(DOUBTFUL)
    (folder / "sql.yaml").write_text(IMPOSSIBLE.replace("churn", "sql"))
    assert run(["thresholds", "validate", "."]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"error:\nsql.yaml:4:74: checks[0].at_most: {REFUSED}\n{WARNING}"


def test_the_dry_run_refuses_it_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "churn.yaml").write_text(IMPOSSIBLE)
    (folder / "evidence.json").write_text('{"text_to_sql_metrics": {"unsafe_sql_rate": {"value": 0.06}}}')
    assert run(["check", "churn.yaml", "-e", "evidence.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert REFUSED in err


@pytest.mark.parametrize(
    ("text", "arguments"), [(IMPOSSIBLE, []), (DOUBTFUL, ["--strict"])], ids=["refused", "strict"]
)
def test_nothing_of_it_is_published(
    folder: Path, text: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "churn.yaml").write_text(text)
    assert (
        run(["thresholds", "publish", "churn.yaml", "--yes", "--thresholds-bucket", "no-such", *arguments])
        == 2
    )
    assert "churn.yaml:4:" in capsys.readouterr().err


WAIVED = """\
name: churn
owners: [risk@example.com]
applies_to: {model_package_groups: [churn]}
waivers:
  - {check: quality, reason: new data in May, approved_by: risk@example.com, expires: 9999-12-31}
  - {check: speed, reason: old, approved_by: risk@example.com, expires: 2020-01-31}
checks:
  - {name: quality, why: w, metric: churn.quality, at_least: 0.9}
  - {name: speed, why: w, metric: churn.speed, at_most: 2}
"""


def test_a_decision_by_waiver_says_so_on_the_screen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "churn.yaml").write_text(WAIVED)
    (folder / "evidence.json").write_text(
        '{"churn_metrics": {"quality": {"value": 0.8}, "speed": {"value": 1}}}'
    )
    assert run(["check", "churn.yaml", "-e", "evidence.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "Approved by waiver",
        "waived until 9999-12-31 by risk@example.com (new data in May), else rejects: quality: 0.8 is below 0.9",
    ]
    assert [" ".join(line.split()) for line in lines if line.startswith("waiver ")] == [
        "waiver used: quality, until 9999-12-31 by risk@example.com: new data in May",
        "waiver expired: speed, until 2020-01-31 by risk@example.com: old",
    ]
    assert run(["thresholds", "validate", "churn.yaml"]) == 0
    assert (
        "warning: waivers[1].expires: the waiver counts no more since 2020-01-31" in capsys.readouterr().err
    )
