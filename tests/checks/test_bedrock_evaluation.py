"""What Bedrock Evaluations writes: one line a prompt, summed up to means with their gaps."""

import json

import pytest

from checks.evidence import Document, Report
from checks.measurements import Measured, Unmeasured
from checks.report_files import is_report_file
from checks.reports import read_report

CORRECTNESS = "bedrock_evaluation.Builtin.Correctness"


def line(*results: object, name: str = "Builtin.Correctness") -> dict[str, object]:
    scores = [{"metricName": name, "result": result, "evaluatorDetails": [{}]} for result in results]
    return {
        "automatedEvaluationResult": {"scores": scores},
        "inputRecord": {"prompt": "q"},
        "modelResponses": [],
    }


def turn(*results: object) -> dict[str, object]:
    scores = [{"metricName": "Builtin.Correctness", "result": result} for result in results]
    return {"inputRecord": {}, "results": scores}


def read(*lines: object, newline: str = "\n") -> Report:
    texts = (one if isinstance(one, str) else json.dumps(one) for one in lines)
    return read_report(Document("s3://b/1_output.jsonl", (newline.join(texts) + newline).encode()))


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n"], ids=["unix", "windows", "blank lines"])
def test_scores_give_means_with_their_number_and_spread(newline: str) -> None:
    report = read(line(1.0), line(0.5), line(0.0), newline=newline)
    assert (report.format, report.problem) == ("bedrock_evaluation", None)
    mean, coverage = report.measurements
    assert isinstance(mean, Measured) and isinstance(coverage, Measured)
    assert (mean.metric, mean.value, mean.samples, mean.support.standard_deviation) == (
        CORRECTNESS,
        0.5,
        3,
        0.5,
    )
    assert (coverage.metric, coverage.value, coverage.samples) == (f"{CORRECTNESS}.coverage", 1.0, 3)


def test_turns_of_an_evaluation_of_retrieval_are_read_as_lines_are() -> None:
    report = read({"conversationTurns": [turn(1.0)]}, {"conversationTurns": [turn(0.5)]})
    found = {m.metric: m.value for m in report.measurements if isinstance(m, Measured)}
    assert found == {CORRECTNESS: 0.75, f"{CORRECTNESS}.coverage": 1.0}


def test_one_line_is_a_report_too() -> None:
    report = read(line(1.0))
    assert [m.metric for m in report.measurements] == [CORRECTNESS, f"{CORRECTNESS}.coverage"]
    assert isinstance(report.measurements[0], Measured) and report.measurements[0].samples == 1


UNSCORED: dict[str, tuple[object, str]] = {
    "null": (line(None), "null, without a reason"),
    "NaN": (json.dumps(line(float("nan"))), '"NaN" is not a finite number'),
    "text": (line("n/a"), 'the text "n/a" where'),
    "another metric only": (line(1.0, name="Builtin.Harm"), "null, without a reason"),
    "no scores": ({"automatedEvaluationResult": {}}, "the list of scores is missing"),
    "scores that are text": ({"automatedEvaluationResult": {"scores": "failed"}}, 'the text "failed" where'),
    "a score without a name": (
        {"automatedEvaluationResult": {"scores": [{"result": 1}]}},
        "a score without metricName",
    ),
    "a turn that is null": ({"conversationTurns": [None]}, "the list of scores is missing"),
    "no turn": ({"conversationTurns": []}, 'neither "automatedEvaluationResult" nor'),
    "two scores": (line(1.0, 0.0), 'the text "[1.0, 0.0]" where'),
    "something else": ({"error": "throttled"}, 'neither "automatedEvaluationResult" nor'),
    "a number": (3, "a number where an object belongs"),
    "half a line": ('{"automatedEvaluationResult": ', "not JSON: "),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSCORED)
def test_a_line_without_a_score_is_a_gap_that_counts(name: str) -> None:
    spoilt, reason = UNSCORED[name]
    report = read(line(1.0), line(0.5), spoilt)
    assert report.problem is None
    (gap,) = [m for m in report.measurements if m.metric == CORRECTNESS and isinstance(m, Unmeasured)]
    assert gap.reason.startswith(f"1 of 3 lines have no score (line 3: {reason}")
    found = {m.metric: m.value for m in report.measurements if isinstance(m, Measured)}
    assert found[CORRECTNESS] == 0.75
    assert found[f"{CORRECTNESS}.coverage"] == pytest.approx(2 / 3)


def test_a_file_without_any_score_says_so() -> None:
    (gap,) = read({"conversationTurns": [{"prompt": "q"}]}).measurements
    assert gap == Unmeasured(
        "bedrock_evaluation", "no line has a score (the list of scores is missing)", gap.source
    )


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("evaluation.json", True),
        ("RUN.EVAL", True),
        ("6f1_output.jsonl", True),
        ("results.jsonl", False),
        ("responses.jsonl", False),
        ("output.jsonl", False),
        ("notes.txt", False),
    ],
)
def test_of_files_with_lines_only_those_of_bedrock_are_reports(name: str, is_one: bool) -> None:
    assert is_report_file(name) is is_one
