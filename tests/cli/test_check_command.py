"""`governance check` and `governance explain`: decisions from local files."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cli.main import run

THRESHOLDS = """\
name: churn
applies_to:
  model_package_groups: [churn]
checks:
  - name: accuracy
    why: Campaigns are paid by the head.
    metric: binary_classification.accuracy
    at_least: 0.8
  - name: latency
    why: The shop waits for the answer.
    metric: latency.p95_seconds
    at_most: 0.2
    on_failure: review
"""
GOOD = {
    "binary_classification_metrics": {"accuracy": {"value": 0.9}},
    "latency_metrics": {"p95_seconds": {"value": 0.1}},
}
SLOW = {**GOOD, "latency_metrics": {"p95_seconds": {"value": 0.3}}}
WRONG = {**GOOD, "binary_classification_metrics": {"accuracy": {"value": 0.7}}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "churn.yaml").write_text(THRESHOLDS)
    (tmp_path / "evidence").mkdir()
    return tmp_path


def _evidence(folder: Path, document: object, name: str = "evaluation.json") -> None:
    path = folder / "evidence" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("document", "verdict", "code"), [(GOOD, "Approved", 0), (WRONG, "Rejected", 1), (SLOW, "NeedsReview", 3)]
)
def test_the_exit_code_says_the_verdict(
    folder: Path, capsys: pytest.CaptureFixture[str], document: dict[str, Any], verdict: str, code: int
) -> None:
    _evidence(folder, document)
    assert run(["check", "churn.yaml", "--evidence", "evidence"]) == code
    assert capsys.readouterr().out.splitlines()[0] == verdict


def test_in_a_pipe_the_table_is_plain_and_complete(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _evidence(folder, SLOW)
    run(["check", "churn.yaml", "-e", "evidence"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[5].startswith("decided     ")
    assert lines[:5] + lines[6:] == [
        "NeedsReview",
        "asks for review: latency: 0.3 is above 0.2",
        "",
        "thresholds  churn (churn.yaml)",
        "evidence    evidence/evaluation.json (sagemaker_evaluation)",
        "",
        "Verdict  Check     Metric                          Facet  Value  Limit   Why",
        "passed   accuracy  binary_classification.accuracy  -      0.9    >= 0.8  Campaigns are paid by the head.",
        "failed   latency   latency.p95_seconds             -      0.3    <= 0.2  The shop waits for the answer.",
    ]


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def _on_terminal(monkeypatch: pytest.MonkeyPatch, *, columns: int, no_color: bool) -> str:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.delenv("NO_COLOR", raising=False)
    run(["check", "churn.yaml", "-e", "evidence"])
    return terminal.getvalue()


def test_on_a_terminal_there_is_colour_unless_it_is_not_wanted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _evidence(folder, WRONG)
    assert "\x1b[1;31mRejected\x1b[0m" in _on_terminal(monkeypatch, columns=160, no_color=False)
    assert "\x1b[31m" not in _on_terminal(monkeypatch, columns=160, no_color=True)


@pytest.mark.parametrize("columns", [80, 160])
def test_on_a_terminal_no_line_is_wider_and_no_address_is_broken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    _evidence(folder, WRONG)
    monkeypatch.setenv("TERM", "dumb")
    lines = _on_terminal(monkeypatch, columns=columns, no_color=True).replace("\x1b[0m", "").splitlines()
    text = [line.replace("\x1b[1m", "").replace("\x1b[2m", "") for line in lines]
    assert max(map(len, text)) <= columns
    assert any("binary_classification.accuracy" in line for line in text)
    assert any("Campaigns are paid by the head." in line for line in text)


@pytest.mark.parametrize("arguments", [[], ["--format", "json"]])
@pytest.mark.parametrize(("document", "code"), [(GOOD, 0), (WRONG, 1), (SLOW, 3)])
def test_a_reader_that_closes_the_pipe_early_does_not_change_the_exit_code(
    folder: Path, arguments: list[str], document: object, code: int
) -> None:
    """As in `governance check … | head -1`; here the reader is gone before anything is written."""
    _evidence(folder, document)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "model_governance", "check", "churn.yaml", "-e", "evidence", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (code, b"")


def test_json_is_a_decision_record_that_explain_reads(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _evidence(folder, GOOD)
    assert run(["check", "churn.yaml", "-e", "evidence", "--format", "json", "-o", "out/decision.json"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "Approved: written to out/decision.json\n")
    record = json.loads(Path("out/decision.json").read_bytes())
    assert record["schema"] == "governance.decision/1"
    assert "model_package" not in record
    assert [path.name for path in Path("out").iterdir()] == ["decision.json"]

    run(["check", "churn.yaml", "-e", "evidence"])
    judged = capsys.readouterr().out
    assert run(["explain", "out/decision.json"]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if not line.startswith("decided")] == [
        line for line in judged.splitlines() if not line.startswith("decided")
    ]


def test_text_can_be_written_to_a_file_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _evidence(folder, GOOD)
    run(["check", "churn.yaml", "-e", "evidence", "-o", "decision.txt"])
    assert Path("decision.txt").read_text().startswith("Approved\nthresholds  churn")
    assert capsys.readouterr().out == ""


def test_evidence_is_files_and_folders_each_report_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _evidence(folder, GOOD)
    _evidence(folder, {"more_metrics": {"a": {"value": 1}}}, "deeper/more.JSON")
    _evidence(folder, WRONG, ".scoring-x/evaluation.json")
    (folder / "evidence" / "results.jsonl").write_text("{}\n")
    assert run(["check", "churn.yaml", "-e", "evidence", "evidence/evaluation.json", "--format", "json"]) == 0
    uris = [report["uri"] for report in json.loads(capsys.readouterr().out)["evidence"]]
    assert uris == ["evidence/deeper/more.JSON", "evidence/evaluation.json"]


def test_a_folder_of_threshold_files_needs_a_group(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _evidence(folder, GOOD)
    assert run(["check", ".", "-e", "evidence"]) == 2
    assert (
        capsys.readouterr().err
        == "error: .: a folder; say which group to judge for with --group, or name one file\n"
    )
    assert run(["check", ".", "-e", "evidence", "--group", "churn"]) == 0
    assert run(["check", ".", "-e", "evidence", "--group", "fraud"]) == 3
    assert "no threshold file applies to this model package group" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.yaml", "-e", "evidence"], "error: none.yaml: there is no such file"),
        (["churn.yaml", "-e", "none"], "error: none: there is no such file"),
        (
            ["churn.yaml", "-e", "empty"],
            "error: empty: no report (*.json, *.eval and *_output.jsonl) in this folder",
        ),
        (["churn.yaml"], "Error: Missing option '--evidence' / '-e'."),
        (["churn.yaml", "-e", "evidence", "--format", "xml"], "Error: Invalid value for '--format'"),
        (
            ["empty", "-e", "evidence", "--group", "churn"],
            "error: empty: no threshold file (*.yaml or *.yml) in this folder",
        ),
    ],
)
def test_what_cannot_be_tried_exits_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    _evidence(folder, GOOD)
    (folder / "empty").mkdir()
    assert run(["check", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err


def test_every_problem_of_every_threshold_file_is_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _evidence(folder, GOOD)
    (folder / "other.yaml").write_text("nam: x\n")
    Path("churn.yaml").write_text(THRESHOLDS.replace("at_least", "at_leest"))
    assert run(["check", ".", "-e", "evidence", "--group", "churn"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error:"
    assert 'churn.yaml:8:5: checks[0].at_leest: unknown key; did you mean "at_least"?' in lines
    assert 'other.yaml:1:1: nam: unknown key; did you mean "name"?' in lines


def test_an_output_that_cannot_be_written_leaves_the_old_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _evidence(folder, GOOD)
    (folder / "decision.json").mkdir()
    assert run(["check", "churn.yaml", "-e", "evidence", "-o", "decision.json"]) == 2
    assert "decision.json: a folder, and only a file is replaced" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == ["churn.yaml", "decision.json", "evidence"]


def test_a_disk_that_fills_up_leaves_the_old_output_whole(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _evidence(folder, GOOD)
    (folder / "decision.json").write_text("old")

    def half(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    assert run(["check", "churn.yaml", "-e", "evidence", "-o", "decision.json"]) == 2
    assert "decision.json: cannot be written (No space left on device)" in capsys.readouterr().err
    assert (folder / "decision.json").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["churn.yaml", "decision.json", "evidence"]


def test_an_unreadable_report_is_a_finding_with_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _evidence(folder, GOOD)
    (folder / "evidence" / "cut.json").write_text('{"a":')
    assert run(["check", "churn.yaml", "-e", "evidence"]) == 3
    assert "evidence/cut.json: not JSON" in capsys.readouterr().out


def test_the_nearest_metric_names_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _evidence(folder, GOOD)
    Path("churn.yaml").write_text(THRESHOLDS.replace("accuracy\n    at", "acuracy\n    at"))
    assert run(["check", "churn.yaml", "-e", "evidence"]) == 1
    assert "binary_classification.accuracy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            "markdown",
            "| rejects | accuracy | 0.7 | >= 0.8 | 0.7 is below 0.8 | Campaigns are paid by the head. |",
        ),
        (
            "junit",
            '      <failure message="0.7 is below 0.8" type="rejects">Campaigns are paid by the head.</failure>',
        ),
        ("sarif", '                  "startLine": 5'),
        (
            "github",
            "::error title=accuracy%3A Rejected,file=churn.yaml,line=5::churn: accuracy: 0.7 is below 0.8",
        ),
    ],
)
def test_check_and_explain_write_for_other_tools_at_the_line_of_the_check(
    folder: Path, capsys: pytest.CaptureFixture[str], output: str, line: str
) -> None:
    _evidence(folder, WRONG)
    assert run(["check", "churn.yaml", "-e", "evidence", "--format", output]) == 1
    checked = capsys.readouterr().out
    assert line.replace(">=", "\\>=") in checked.splitlines()

    run(["check", "churn.yaml", "-e", "evidence", "--format", "json", "-o", "decision.json"])
    # The file as it is by now: it is known by its name, and the check is two lines further down.
    (folder / "here").mkdir()
    (folder / "here" / "churn.yaml").write_text(f"# one\n# two\n{THRESHOLDS}")
    explain = ["explain", "decision.json", "--annotate", "here", "--format", output, "-o", "explained"]
    assert run(explain) == 0
    explained = Path("explained").read_text()
    assert ("line=7" in explained or '"startLine": 7' in explained) is (output in ("sarif", "github"))
    assert capsys.readouterr().out == ""


def test_explain_gives_the_record_back_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _evidence(folder, GOOD)
    run(["check", "churn.yaml", "-e", "evidence", "--format", "json", "-o", "decision.json"])
    capsys.readouterr()
    assert run(["explain", "decision.json", "--format", "json"]) == 0
    assert capsys.readouterr().out == Path("decision.json").read_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("{}", "not a decision record"),
        ("[]", "not a decision record (governance.decision/2): the top: Input should be an object"),
    ],
)
def test_explain_says_what_is_no_record(
    folder: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    Path("decision.json").write_text(content)
    assert run(["explain", "decision.json"]) == 2
    assert message in capsys.readouterr().err


def test_validate_lists_problems_and_ambiguities(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["thresholds", "validate", "."]) == 0
    assert capsys.readouterr().out == "churn.yaml: churn: 2 checks, for churn\n"
    (folder / "again.yaml").write_text(THRESHOLDS)
    assert run(["thresholds", "validate", "churn.yaml", "again.yaml"]) == 2
    assert (
        'churn.yaml:3:26: applies_to.model_package_groups[0]: "churn" matches the same groups as "churn" of '
        "again.yaml, equally specifically; make one of them more specific"
    ) in capsys.readouterr().err
    (folder / "again.yaml").write_text("checks: []\n")
    assert run(["thresholds", "validate", "."]) == 2
    assert "again.yaml:1:9: checks: must not be empty; give at least one" in capsys.readouterr().err


def test_schema_is_json_schema_of_threshold_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["thresholds", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["name"]
    assert schema["anyOf"] == [{"required": ["checks"]}, {"required": ["extends"]}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"name: churn\n" + b"#" * (10 * 1024 * 1024),
            "churn.yaml: 10,485,772 bytes, and at most 1,048,576 are read",
        ),
        (b"name: \xe4\n", "churn.yaml:1:7: not UTF-8"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "churn.yaml:"),
        (THRESHOLDS.replace("0.8", ".nan").encode(), "churn.yaml:8:15"),
        (THRESHOLDS.replace("at_least: 0.8", "between: [2, 1]").encode(), "churn.yaml:8:14"),
        (b"", "churn.yaml:1:1: the file is empty"),
    ],
    ids=["10 MB", "latin-1", "aliases", "NaN", "reversed", "empty"],
)
def test_a_threshold_file_that_is_wrong_is_never_a_rejection(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    _evidence(folder, GOOD)
    Path("churn.yaml").write_bytes(content)
    assert run(["check", "churn.yaml", "-e", "evidence"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"a": 1, "a": 2}',
        b'{"binary_classification_metrics": {"accuracy": {"value": "Infinity"}}}',
        b'{"binary_classification_metrics": {"accuracy": {"value": "0.9"}}}',
        b'{"binary_classification_metrics": {"accuracy": {"value": null, "error": "no labels"}}}',
        b'{"binary_classification_metrics": {"accuracy": {"value": NaN}}}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
    ids=lambda content: repr(content[:60]),
)
def test_no_report_is_too_broken_to_be_judged_and_none_is_approved(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    _require_no_approval(folder, capsys, content)


def test_nor_is_one_too_large(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _require_no_approval(
        folder, capsys, b" " * (100 * 1024 * 1024)
    )  # not in the table, which every worker holds


def _require_no_approval(folder: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    (folder / "evidence" / "evaluation.json").write_bytes(content)
    assert run(["check", "churn.yaml", "-e", "evidence"]) in (1, 3)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines()[0] in ("Rejected", "NeedsReview")


def test_what_reports_and_thresholds_say_cannot_steer_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {"churn_metrics": {"recall": {"facets": {"region=\x1b[2J\x07": {"value": 0.1}}}}}
    _evidence(folder, document)
    Path("churn.yaml").write_text(
        "name: churn\napplies_to: {model_package_groups: [churn]}\n"
        "checks:\n- {name: recall, metric: churn.recall, facet: '*', at_least: 0.5, why: \"Two\\nlines.\"}\n"
    )
    assert run(["check", "churn.yaml", "-e", "evidence"]) == 1
    out = capsys.readouterr().out
    assert "region=\\u001b[2J\\u0007" in out
    assert "Two lines." in out
    assert "\x1b" not in out


def test_a_terminal_that_knows_ascii_only_shows_all_the_same(folder: Path) -> None:
    _evidence(folder, GOOD)
    Path("churn.yaml").write_text(THRESHOLDS.replace("Campaigns", "Kampagnen für Kündiger"), encoding="utf-8")
    program = [sys.executable, "-m", "model_governance", "check", "churn.yaml", "-e", "evidence"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[2])}
    result = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "Kampagnen f\\xfcr" in result.stdout


@pytest.mark.parametrize(
    ("before", "code", "reason"),
    [
        ([], 3, "there is no baseline"),
        (["old.json"], 1, "old.json"),
        (["slower.json"], 0, "slower.json"),
    ],
    ids=["no baseline", "worse", "better"],
)
def test_a_baseline_is_named_by_its_reports(
    folder: Path, capsys: pytest.CaptureFixture[str], before: list[str], code: int, reason: str
) -> None:
    (folder / "churn.yaml").write_text(
        THRESHOLDS.partition("checks:")[0]
        + "checks: [{name: kept, why: w, metric: latency.p95_seconds, better: lower, no_worse_than_baseline: true}]"
    )
    _evidence(folder, SLOW)
    (folder / "old.json").write_text(json.dumps(GOOD))
    (folder / "slower.json").write_text(json.dumps({"latency_metrics": {"p95_seconds": {"value": 0.4}}}))
    options = [part for path in before for part in ("--baseline", path)]
    arguments = ["check", "churn.yaml", "--evidence", "evidence", *options, "--format", "json"]
    assert run(arguments) == code
    record = json.loads(capsys.readouterr().out)
    recorded = [document["uri"] for document in record.get("baseline", {"evidence": []})["evidence"]]
    assert recorded == before
    assert reason in (*recorded, record["findings"][0]["reason"].partition(":")[0])
