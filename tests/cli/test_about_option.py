"""`--about` of every `governance score` command: what the evidence says that it is about."""

import json
from pathlib import Path

import pytest

from checks.errors import GovernanceError
from checks.subject import Subject
from cli.command_table import COMMANDS
from cli.lazy import LazyCommand
from cli.main import run
from cli.options.about import parse_about


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        ([], None),
        (["askdata"], Subject(name="askdata")),
        (["name=a=b"], Subject(name="a=b")),
        (["group=g", "image=i:1", "model_data=s3://m"], Subject(group="g", image="i:1", model_data="s3://m")),
    ],
    ids=["nothing", "a name", "a name with =", "several"],
)
def test_it_is_a_name_or_what_the_version_is_registered_with(
    given: list[str], subject: Subject | None
) -> None:
    assert parse_about(given) == subject


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["imgae=x"], "give a name, or KEY=VALUE with one of name, group, image, model_data"),
        (["image="], "give a name, or KEY=VALUE"),
        ([""], "give a name, or KEY=VALUE"),
        (["a", "b"], "--about name: given twice"),
    ],
    ids=["unknown key", "no value", "empty", "twice"],
)
def test_anything_else_is_refused(given: list[str], says: str) -> None:
    with pytest.raises(GovernanceError, match=says):
        parse_about(given)


def test_every_command_that_scores_takes_it() -> None:
    scoring = [entry for entry in COMMANDS if entry.path.startswith("score ")]
    assert scoring
    for entry in scoring:
        made = LazyCommand(entry).loaded
        for command in getattr(made, "commands", {"": made}).values():
            assert "--about" in [option for parameter in command.params for option in parameter.opts]


def test_the_evidence_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ratings.csv").write_text("rating\n5\n4\n1\n")
    command = ["score", "feedback", "ratings.csv", "-o", "out"]
    assert run([*command, "--about", "askdata", "--about", "image=i:1"]) == 0
    written = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert written["provenance"]["subject"] == {"name": "askdata", "image": "i:1"}
    assert run([*command, "--about", "nope=1"]) == 2
    assert run(command) == 0
    assert "subject" not in json.loads((tmp_path / "out" / "evaluation.json").read_text())["provenance"]


def test_a_bias_report_says_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{'FM'[i % 2]},{i % 3 == 0:d},{i % 2:d}" for i in range(12)]
    (tmp_path / "t.csv").write_text("\n".join(["sex,label,predicted", *rows, ""]))
    arguments = ["--facet", "sex=F", "--label", "label", "--positive", "1", "--predicted", "predicted"]
    assert run(["score", "bias", "t.csv", *arguments, "-o", "out", "--about", "group=credit"]) == 0
    written = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert written["provenance"]["subject"] == {"group": "credit"}
