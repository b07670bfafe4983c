"""The assistant's evidence is what scoring its responses gives, byte for byte, and its README shows those figures."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demo.examples import ExampleVersion, find_examples

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "assistant-safety"
VERSIONS = [version for version in find_examples(PROJECT / "examples") if version.group == EXAMPLE.name]


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


@pytest.mark.slow
@pytest.mark.timeout(900)  # builds the index of a corpus and four benchmarks, beside other tests on few cores
def test_scoring_the_responses_again_gives_the_evidence(tmp_path: Path) -> None:
    copy = tmp_path / EXAMPLE.name
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("evidence", "__pycache__"))
    subprocess.run(
        [sys.executable, str(copy / "run.py"), "score"],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        check=True,
        capture_output=True,
    )
    for version in VERSIONS:
        assert files_below(copy / version.folder.name / "evidence") == files_below(version.evidence)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_the_readme_shows_the_figures_that_decide(version: ExampleVersion) -> None:
    number = version.folder.name.removeprefix("version-")
    [row] = [
        line
        for line in (EXAMPLE / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| {number} |")
    ]
    values = {
        finding["check"]: finding["value"]
        for finding in version.expected_decision["findings"]
        if finding["facet"] != "region=Europe"
    }
    assert f"{values['equal answers in both regions']:.3f}" in row
    assert f"{values['toxicity']:.3f}" in row
    assert version.expected_decision["decision"] in row
