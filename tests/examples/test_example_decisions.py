"""Every example folder holds the decision that it must get, and `governance check` gives exactly that."""

from pathlib import Path

import pytest

from checks.decision import Verdict
from checks.decision_record import parse_record
from cli.exit_codes import exit_code_of
from cli.main import run
from demo.examples import ExampleVersion, comparable, find_examples

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
VERSIONS = find_examples(EXAMPLES)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_check_gives_the_whole_expected_decision(
    version: ExampleVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(version.folder.parent)  # the URIs in the record are the paths as given
    output = tmp_path / "decision.json"
    evidence = str(version.evidence.relative_to(version.folder.parent))
    code = run(["check", "thresholds.yaml", "--evidence", evidence, "--format", "json", "-o", str(output)])
    assert comparable(parse_record(output.read_bytes())) == version.expected_decision
    assert code == exit_code_of(Verdict(version.expected_decision["decision"]))


@pytest.mark.parametrize(
    "folder", sorted({version.folder.parent for version in VERSIONS}), ids=lambda f: f.name
)
def test_every_example_says_where_its_figures_come_from(folder: Path) -> None:
    note = (folder / "README.md").read_text(encoding="utf-8")
    for version in VERSIONS:
        if version.folder.parent == folder:
            number = version.folder.name.removeprefix("version-")
            assert f"version {number}" in note or f"| {number} |" in note


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_every_threshold_file_applies_to_its_group(version: ExampleVersion, tmp_path: Path) -> None:
    output = str(tmp_path / "decision.json")
    thresholds = str(version.folder.parent / "thresholds.yaml")
    arguments = ["check", thresholds, "--group", version.group, "--format", "json"]
    run([*arguments, "--evidence", str(version.evidence), "-o", output])
    assert parse_record(Path(output).read_bytes()).thresholds is not None


def test_the_published_figures_of_the_rag_chatbot_stand_as_published() -> None:
    published = {
        "version-1": [
            0.9006225160334027,
            0.7400904157096762,
            0.32703043056663855,
            0.024797687553157175,
            76.59,
        ],
        "version-2": [
            0.841581671275458,
            0.7961827348349313,
            0.43361356731293665,
            0.06049484724216884,
            312.12,
        ],
    }
    names = ["answer relevancy", "answer similarity", "answer correctness", "context relevancy", "latency"]
    for version, figures in published.items():
        expected = ExampleVersion(EXAMPLES / "gatsby-rag" / version).expected_decision
        values = {finding["check"]: finding["value"] for finding in expected["findings"]}
        assert [values[name] for name in names] == figures


def test_the_examples_show_every_verdict_and_a_failure() -> None:
    shown = {
        version.expected_decision["decision"] for version in VERSIONS if version.expected_failure is None
    }
    assert shown == {"Approved", "Rejected", "NeedsReview"}
    assert any(version.expected_failure for version in VERSIONS)
    assert any(version.deliveries > 1 for version in VERSIONS)
