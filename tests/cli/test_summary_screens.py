"""What each scorer's summary looks like on terminals of 80 and of 160 columns: whole screens, of small evidence."""

import json
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path

import pytest

from checks.measurements import Measured, Measurement, Source, Support, Unmeasured
from cli.display.run_summary import show_summary
from scorers.evidence_writer import EVALUATION, EvidenceWriter
from tests.cli.screens import WIDTHS, assert_screen, terminal

HERE = Source(EVALUATION)


def _scored(*measurements: Measurement) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        with EvidenceWriter(folder) as writer:
            writer.finish(measurements, {})
        return folder / EVALUATION

    return write


def _bias(folder: Path) -> Path:
    def group(name: str) -> Mapping[str, object]:
        metrics = [
            {"name": "AD", "description": "Accuracy Difference (AD)", "value": -0.2},
            {"name": "DI", "description": "Disparate Impact (DI)", "value": 1.6},
            {
                "name": "CDDPL",
                "description": "Conditional Demographic Disparity in Predicted Labels (CDDPL)",
                "value": None,
                "error": "Group variable is empty or not provided",
            },
        ]
        return {"value_or_threshold": name, "metrics": metrics}

    names = ["Europe", "a region whose name is longer than anybody would write it " * 2]
    report = folder / "analysis.json"
    facets = {"region": [group(name) for name in names]}
    report.write_text(
        json.dumps(
            {
                "version": "1.0",
                "post_training_bias_metrics": {
                    "label": "correct",
                    "label_value_or_threshold": "1",
                    "facets": facets,
                },
            }
        )
    )
    return report


REASON = "the judge answered with prose and not with the number that it was asked for, three times in a row"
CASES: dict[str, tuple[Callable[[Path], Path], Mapping[str, Mapping[str, int]], Sequence[str]]] = {
    "text-to-sql": (
        _scored(
            Measured("text_to_sql.execution_accuracy", 0.84, HERE, samples=300),
            *(
                Measured("text_to_sql.execution_accuracy", value, HERE, f"hardness={name}", samples=75)
                for name, value in (
                    ("easy", 0.96),
                    ("medium", 0.88),
                    ("hard", 0.8),
                    ("extra", 0.72),
                    ("none", 0.5),
                )
            ),
            Measured("text_to_sql.execution_error_rate", 0.0, HERE, samples=300),
            Measured("latency.p95_seconds", 1.5, HERE, samples=300),
            Unmeasured("text_to_sql.exact_set_match", "the SQL of no pair could be parsed", HERE),
        ),
        {"verdicts": {"correct": 252, "wrong": 40, "execution error in a query that names a column": 8}},
        [
            "2 predictions hold a Markdown fence: --extract-sql takes the SQL out of it and scores what is inside"
        ],
    ),
    "rag": (
        _scored(
            Measured("rag.faithfulness", 1.0, HERE, samples=4, support=Support(standard_deviation=0.0)),
            Measured("rag.context_recall", 0.9, HERE, samples=5, support=Support(standard_deviation=0.2236)),
            Measured(
                "rag.answer_similarity",
                0.7400904157096762,
                HERE,
                samples=12,
                support=Support(standard_deviation=0.1),
            ),
            Unmeasured("rag.answer_correctness", REASON, HERE),
        ),
        {"not scored": {REASON: 3}},
        [],
    ),
    "bias": (_bias, {}, ["the group Europe has 12 rows"]),
    "safety": (
        _scored(
            Measured("toxicity.toxic_rate", 0.01, HERE, samples=100),
            Measured(
                "toxicity.mean_toxicity", 0.02, HERE, samples=100, support=Support(standard_deviation=0.15)
            ),
            Measured(
                "bbq.bias_score_ambiguous", -99.0, HERE, samples=40, support=Support(standard_error=4.0)
            ),
        ),
        {"answers": {"not toxic": 99, "toxic": 1}},
        [],
    ),
    "feedback": (
        _scored(
            Measured("feedback.nps", 95.0, HERE, samples=20, support=Support(standard_error=9.0)),
            Measured("feedback.mean_rating", 4.5, HERE, samples=20, support=Support(standard_deviation=1.2)),
            Measured("feedback.responses", 20.0, HERE),
        ),
        {},
        [],
    ),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_a_summary_fits_the_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: str, width: int
) -> None:
    write, counts, hints = CASES[case]
    stream = terminal(monkeypatch, width)
    show_summary(write(tmp_path), stream=stream, counts=counts, hints=hints)
    assert_screen(stream.screen, f"summary-{case}", width)


@pytest.mark.parametrize("case", CASES)
def test_a_pipe_gets_what_a_boundless_terminal_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: str
) -> None:
    write, counts, hints = CASES[case]
    report, pipe, stream = write(tmp_path), StringIO(), terminal(monkeypatch, 10_000)
    for one in (pipe, stream):
        show_summary(report, stream=one, counts=counts, hints=[*hints, "数字"])
    assert pipe.getvalue() == stream.screen


@pytest.mark.parametrize(
    ("measured", "interval"),
    [
        pytest.param(
            Measured("rag.context_recall", 0.9, HERE, samples=3, support=Support(standard_deviation=0.2)),
            "[0.4032, 1]",
            id="a mean",
        ),
        pytest.param(
            Measured("rag.faithfulness", 1.0, HERE, samples=4, support=Support(standard_deviation=0.0)),
            "[0.5101, 1] at worst",
            id="no spread",
        ),
        pytest.param(
            Measured("feedback.nps", 95.0, HERE, samples=20, support=Support(standard_error=9.0)),
            "[76.16, 100]",
            id="points",
        ),
        pytest.param(
            Measured("mine.score", 0.9, HERE, samples=3, support=Support(standard_deviation=0.2)),
            "[0.4032, 1.397]",
            id="not known",
        ),
        pytest.param(
            Measured("rag.context_recall", 1.2, HERE, samples=3, support=Support(standard_deviation=0.2)),
            "[0.7032, 1.697]",
            id="outside of its range",
        ),
    ],
)
def test_an_interval_ends_where_the_metric_does(tmp_path: Path, measured: Measured, interval: str) -> None:
    stream = StringIO()
    show_summary(_scored(measured)(tmp_path), stream=stream)
    assert interval in stream.getvalue().splitlines()[1]
