"""Evidence is written whole or not at all."""

import json
from pathlib import Path

import pytest

from checks.errors import GovernanceError
from checks.measurements import Interval, Measured, Measurement, Source, Support, Unmeasured
from scorers.evidence_writer import EvidenceWriter

SOURCE = Source("evaluation.json")


def write(directory: Path, measurements: list[Measurement]) -> None:
    with EvidenceWriter(directory) as evidence:
        evidence.add_result({"id": "1", "correct": True})
        evidence.add_result({"id": "2", "correct": None, "reason": "the judge wrote «prose»"})
        evidence.finish(measurements, {"scorer": "example"})


def test_all_of_it_stands_in_the_folder(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "evidence"
    write(
        directory,
        [
            Measured(
                "rag.faithfulness",
                0.5,
                SOURCE,
                samples=2,
                support=Support(standard_deviation=0.1, standard_error=0.08),
            ),
            Measured(
                "rag.faithfulness",
                0.25,
                SOURCE,
                facet="region=CA",
                support=Support(interval=Interval(0.1, 0.4, 0.9)),
            ),
            Unmeasured("rag.coverage", "no judge was given", SOURCE),
        ],
    )
    assert sorted(path.name for path in directory.iterdir()) == ["evaluation.json", "results.jsonl"]
    assert json.loads((directory / "evaluation.json").read_text(encoding="utf-8")) == {
        "rag_metrics": {
            "faithfulness": {
                "value": 0.5,
                "samples": 2,
                "standard_deviation": 0.1,
                "standard_error": 0.08,
                "facets": {
                    "region=CA": {"value": 0.25, "interval": {"low": 0.1, "high": 0.4, "confidence": 0.9}}
                },
            },
            "coverage": {"value": None, "error": "no judge was given"},
        },
        "provenance": {"scorer": "example"},
    }
    assert [json.loads(line) for line in (directory / "results.jsonl").read_text("utf-8").splitlines()] == [
        {"id": "1", "correct": True},
        {"id": "2", "correct": None, "reason": "the judge wrote «prose»"},
    ]


@pytest.mark.parametrize(
    "measurements",
    [
        pytest.param([Measured("rag.x", float("nan"), SOURCE)], id="a NaN"),
        pytest.param([Measured("rag.x", 1.0, SOURCE), Measured("rag.x", 2.0, SOURCE)], id="given twice"),
        pytest.param([Measured("nogroup", 1.0, SOURCE)], id="a metric without a group"),
    ],
)
def test_what_cannot_be_written_leaves_the_folder_as_it_was(
    tmp_path: Path, measurements: list[Measurement]
) -> None:
    write(tmp_path, [Measured("rag.x", 0.5, SOURCE)])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r"JSON|twice|named"):
        write(tmp_path, measurements)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), EvidenceWriter(tmp_path) as evidence:
        evidence.add_result({"id": "1"})
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(GovernanceError, match="cannot write evidence there"),
        EvidenceWriter(tmp_path / "file"),
    ):
        pass


@pytest.mark.parametrize("name", ["evaluation.json", "results.jsonl"])
def test_what_is_no_file_is_told_before_scoring_and_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with (
        pytest.raises(GovernanceError, match=f"{name}: a folder, and only a file is replaced"),
        EvidenceWriter(tmp_path),
    ):
        pytest.fail("scored")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_link_stays_and_its_file_gets_the_evidence(tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text("old")
    (tmp_path / "evaluation.json").symlink_to("kept.json")
    with EvidenceWriter(tmp_path) as evidence:
        evidence.finish([], {})
    assert (tmp_path / "evaluation.json").is_symlink()
    assert (tmp_path / "kept.json").read_text() != "old"


def test_evidence_of_another_run_is_not_replaced_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = Measured("rag.x", 0.5, SOURCE), Measured("rag.x", 0.75, SOURCE)
    write(tmp_path, [first])
    write(tmp_path, [first])
    assert capsys.readouterr().err == ""
    write(tmp_path, [second])
    assert capsys.readouterr().err == (
        f"note: {tmp_path}: evaluation.json of another run replaced; name another folder with -o to keep both\n"
    )
