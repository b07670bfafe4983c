"""Every metric that a scorer writes is in the catalogue of metrics, and is in the range given there.

Each scorer is run on input that brings out all its metrics; what input alone cannot bring out, a metric that a branch
names, is found in the scorers' source.
"""

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import scorers
from checks.catalogue import find_metric
from checks.catalogue.metric import LARGEST_GAP
from checks.measurements import Measured, Measurement, Unmeasured
from scorers.bias.report import POST_TRAINING_NAMES, PRE_TRAINING_NAMES
from scorers.feedback import Columns, score_feedback
from scorers.rag.items import RagItem
from scorers.rag.measuring import measurements
from scorers.rag.metrics import METRICS
from scorers.rag.scores import RunScores, ScoringPlan
from scorers.safety.bbq import score_bbq
from scorers.safety.disinformation import score_disinformation
from scorers.safety.memorization import score_memorization
from scorers.safety.toxicity import NamedRatings, score_toxicity
from scorers.text_to_sql.metrics import TextToSqlMetrics
from scorers.text_to_sql.verdicts.verdict import PairOutcome, PairVerdict

SOURCES = sorted(Path(next(iter(scorers.__path__))).rglob("*.py"))
Scored = Iterable[Measurement]


def written(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def text_to_sql(_folder: Path) -> Scored:
    given: dict[str, Any] = {
        "verdict": PairOutcome.CORRECT,
        "reason": "",
        "unknown_names": (),
        "relative_execution_time": 1.5,
    }
    told: dict[str, Any] = dict.fromkeys(PairVerdict.__struct_fields__, True) | given
    hit = PairVerdict(**told)
    gold_error = PairVerdict(PairOutcome.GOLD_ERROR, "")
    with TextToSqlMetrics(transpiled=True) as metrics:
        for group in ("region=CA", "region=NY"):
            metrics.add(hit, (group,), 0.25)
            metrics.add(gold_error, (group,), None)
        return metrics.measurements()


def rag(_folder: Path) -> Scored:
    groups = ("book=gatsby", "book=ulysses", "book=gatsby")
    items = [
        RagItem(str(number), "q", ("c",), "a", latency_seconds=0.5, groups=(group,))
        for number, group in enumerate(groups)
    ]
    scores = RunScores(ScoringPlan(tuple(METRICS.values()), {}, repeats=2), items)
    for column in scores.by_metric.values():
        for number, cell in enumerate(column):
            cell.add(0, 0.5)
            cell.add(1, number / 4)
    return measurements(scores)


def toxicity(folder: Path) -> Scored:
    lines = [
        {
            "domain": "religion",
            "group": group,
            "prompt": f"{group} is",
            "continuations": ["a", "b"],
            "toxicity": [0.1, 0.9],
        }
        for group in ("islam", "judaism")
    ]
    responses = written(folder / "r.jsonl", lines)
    return score_toxicity(responses, folder / "out", NamedRatings("raters")).measurements


def bbq(folder: Path) -> Scored:
    line = {
        "example_id": 0,
        "question_index": "1",
        "question_polarity": "neg",
        "answer_info": {"ans0": ["x", "old"], "ans1": ["y", "nonOld"], "ans2": ["z", "unknown"]},
        "additional_metadata": {"subcategory": "None", "stereotyped_groups": ["old"]},
        "context": "c",
        "question": "Who?",
        "ans0": "x",
        "ans1": "y",
        "ans2": "z",
        "label": 2,
    }
    lines = [
        {
            **line,
            "example_id": number,
            "context_condition": condition,
            "category": category,
            "prediction": said,
        }
        for number, (condition, category, said) in enumerate(
            [
                ("ambig", "Age", "x"),
                ("ambig", "Religion", "y"),
                ("disambig", "Age", "x"),
                ("disambig", "Religion", "nobody"),
                ("disambig", "Religion", "y"),
            ]
        )
    ]
    return score_bbq(written(folder / "r.jsonl", lines), folder / "out").measurements


def memorization(folder: Path) -> Scored:
    (folder / "corpus.jsonl").write_text('{"text": "once upon a time there was a king who had no land"}\n')
    lines = [
        {
            "id": str(number),
            "prompt": "once upon",
            "reference": "once upon a time there was a king",
            "response": response,
            "facets": {"part": part},
        }
        for number, (response, part) in enumerate([(" a time there was", "one"), ("something else", "two")])
    ]
    responses = written(folder / "r.jsonl", lines)
    return score_memorization(
        responses, folder / "out", folder / "corpus.jsonl", folder / "index"
    ).measurements


def disinformation(folder: Path) -> Scored:
    lines = [
        {
            "headline": headline,
            "gold_label": label,
            "response": f"{response} {topic}",
            "stance": stance,
            "type": topic,
            "logprobs": [-0.5, -1.0],
        }
        for topic in ("health", "climate")
        for headline, label, stance in (("ice burns", "misinfo", "refute"), ("ice melts", "real", "endorse"))
        for response in ("one of these", "another of those")
    ]
    return score_disinformation(written(folder / "r.jsonl", lines), folder / "out").measurements


def feedback(folder: Path) -> Scored:
    (folder / "r.csv").write_text("rating,region\n5,CA\n3,CA\n1,NY\n4,NY\n")
    return score_feedback(folder / "r.csv", folder / "out", columns=Columns(facets=["region"])).measurements


@pytest.mark.parametrize(
    "run",
    [text_to_sql, rag, toxicity, bbq, memorization, disinformation, feedback],
    ids=lambda run: run.__name__,
)
def test_every_metric_that_a_scorer_writes_is_catalogued(
    tmp_path: Path, run: Callable[[Path], Scored]
) -> None:
    found = list(run(tmp_path))
    assert found
    assert [one for one in found if isinstance(one, Unmeasured)] == []
    assert sorted({one.metric for one in found if find_metric(one.metric) is None}) == []
    for one in found:
        metric = find_metric(one.metric)
        assert isinstance(one, Measured)
        assert metric is not None
        assert one.value in metric.range, (one, metric.range)
        assert one.metric == metric.address, f"{one.metric} has no entry of its own"


def test_every_bias_metric_is_catalogued() -> None:
    names = [f"bias.pre_training.{name}" for name in PRE_TRAINING_NAMES]
    names += [f"bias.post_training.{name}" for name in POST_TRAINING_NAMES]
    assert [name for name in names if (metric := find_metric(name)) is None or metric.address != name] == []


@cache
def constants_in(path: Path) -> dict[str, object]:
    """The constants that a module names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def constants_imported(tree: ast.AST) -> dict[str, object]:
    """The constants that a module has from others of the room."""
    found: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("scorers."):
            there = SOURCES[0].parent.parent.joinpath(*str(node.module).split(".")).with_suffix(".py")
            known = constants_in(there) if there.is_file() else {}
            found |= {one.name: known[one.name] for one in node.names if one.name in known}
    return found


def named_in_source(path: Path) -> Iterator[str]:
    """Yield the metrics that a module names in full: its constant GROUP (or another one), a dot and a word."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = constants_imported(tree) | constants_in(path)
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(
                values=[ast.FormattedValue(value=ast.Name(id=name)), ast.Constant(value=str(rest))]
            ) if rest.startswith("."):
                group = constants.get(name)
                if isinstance(group, str):
                    yield group + rest


def test_every_metric_that_the_scorers_source_names_is_catalogued() -> None:
    named = {name for path in SOURCES for name in named_in_source(path)}
    assert {"disinformation.judge_agreement", "bbq.no_target_rate", "feedback.nps"} <= named
    assert sorted(name for name in named if find_metric(name) is None) == []


def test_the_largest_gap_is_called_alike_everywhere() -> None:
    assert find_metric(f"text_to_sql.execution_accuracy{LARGEST_GAP}") is not None
