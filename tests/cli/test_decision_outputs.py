"""`--output` of check, explain and wait: several formats of one decision in one call."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.exit_codes import ExitCode
from cli.lookup.waiting import Result, Waited
from cli.main import run
from cli.options.decision_outputs import DecisionOutputs
from cli.options.output_format import DecisionFormat
from cli.work import wait

THRESHOLDS = """\
name: churn
applies_to: {model_package_groups: [churn]}
checks: [{name: accuracy, why: It pays., metric: binary_classification.accuracy, at_least: 0.8}]
"""
REPORT = '{"binary_classification_metrics": {"accuracy": {"value": 0.7}}}'
ANNOTATION = "::error title=accuracy%3A Rejected,file=churn.yaml,line=3::churn: accuracy: 0.7 is below 0.8\n"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
ALL = ["-o", "markdown=comment.md", "-o", "junit=report.xml", "-o", "sarif=scan.sarif", "-o", "json=d.json"]
CHECK = ["check", "churn.yaml", "-e", "evidence"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("churn.yaml").write_text(THRESHOLDS)
    Path("evidence").mkdir()
    Path("evidence/evaluation.json").write_text(REPORT)
    return tmp_path


def _read_all(kind: str) -> None:
    """Each file is there, in its format, and tells the rejection."""
    assert "0.7 is below 0.8" in Path("comment.md").read_text()
    suites = ElementTree.fromstring(Path("report.xml").read_bytes())
    assert (suites.tag, suites.get("failures")) == ("testsuites", "1")
    assert json.loads(Path("scan.sarif").read_text())["version"] == "2.1.0"
    assert json.loads(Path("d.json").read_text())["schema"].startswith(f"governance.{kind}/")


def test_one_check_writes_every_format_beside_what_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*CHECK, "--format", "github", *ALL]) == 1
    said = capsys.readouterr()
    assert said.out == ANNOTATION
    assert said.err.splitlines() == [
        f"Rejected: written to {name}" for name in ("comment.md", "report.xml", "scan.sarif", "d.json")
    ]
    _read_all("decision")


def test_one_explain_does_too(capsys: pytest.CaptureFixture[str]) -> None:
    run([*CHECK, "-o", "json=record.json"])
    assert capsys.readouterr().out.startswith("Rejected\n")
    assert run(["explain", "record.json", "--annotate", "churn.yaml", "--format", "github", *ALL]) == 0
    assert capsys.readouterr().out.startswith("::error title=accuracy%3A Rejected,file=churn.yaml,line=3::")
    _read_all("decision")
    assert Path("d.json").read_bytes() == Path("record.json").read_bytes()


def test_one_wait_does_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    waited = (Waited(ARN, Result.NOTHING_STARTED, ExitCode.COULD_NOT_TRY, 1.0, reasons=("no execution",)),)
    monkeypatch.setattr(wait, "wait_for", lambda arns, **_: waited)
    assert run(["wait", ARN, "-o", "junit=report.xml", "-o", "json=w.json", "-o", "text=w.txt"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == f"error: {waited[0].sentence}"
    assert ElementTree.fromstring(Path("report.xml").read_bytes()).get("errors") == "1"
    assert json.loads(Path("w.json").read_text())["exit_code"] == 2
    assert waited[0].sentence in Path("w.txt").read_text()


def test_a_file_without_a_format_has_that_of_stdout_and_takes_its_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*CHECK, "--format", "github", "-o", "annotations", "-o", "text=t", "-o", "./text=x"]) == 2
    assert run([*CHECK, "--format", "github", "-o", "./text=x", "-o", "text=t"]) == 1
    assert capsys.readouterr().out == ""
    assert Path("text=x").read_text() == ANNOTATION
    assert Path("t").read_text().startswith("Rejected\n")


@pytest.mark.parametrize(
    ("named", "message"),
    [
        pytest.param(
            ["junitt=report.xml"],
            "error: --output: junitt=report.xml: 'junitt' is no format; write one of text, json, markdown, junit, "
            "sarif, github, or ./junitt=report.xml for a file of that name",
            id="unknown format",
        ),
        pytest.param(
            ["=report.xml"],
            "error: --output: =report.xml: '' is no format; write one of text, json, markdown, junit, sarif, github, "
            "or ./=report.xml for a file of that name",
            id="no format",
        ),
        pytest.param(
            ["junit="], "error: --output: junit= names no file; write it like junit=FILE", id="no file"
        ),
        pytest.param(
            ["junit=a", "markdown=./a"],
            "error: --output: a is given twice; leave one out",
            id="the same file",
        ),
        pytest.param(
            ["a", "b"],
            "error: --output: b is a second file without a format; say which it gets, as in markdown=b",
            id="two without a format",
        ),
    ],
)
@pytest.mark.parametrize(
    "command", [CHECK, ["explain", "no.json"], ["wait", ARN]], ids=lambda words: words[0]
)
def test_what_cannot_be_meant_is_refused_before_anything_is_looked_at(
    command: list[str], named: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    options = [word for text in named for word in ("-o", text)]
    assert run([*command, *options]) == 2
    assert capsys.readouterr() == ("", f"{message}\n")
    assert sorted(folder.iterdir()) == before


def test_a_format_that_cannot_be_made_leaves_the_other_files_as_they_were() -> None:
    Path("comment.md").write_text("old")
    outputs = DecisionOutputs.of(DecisionFormat.TEXT, ["markdown=comment.md", "json=d.json"])

    def write(output_format: DecisionFormat, stream: object) -> None:
        if output_format is DecisionFormat.JSON:
            raise ValueError("no record")

    with pytest.raises(ValueError, match="no record"):
        outputs.deliver(write)
    assert Path("comment.md").read_text() == "old"
