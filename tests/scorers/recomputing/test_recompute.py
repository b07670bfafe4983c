"""Figures computed again from item results: the same ones for honest evidence, others for evidence that was altered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import scipy

from checks.evidence import Document, Evidence, Report
from checks.measurements import Measured, Unmeasured
from checks.reports import read_report
from checks.verification import Recomputation, Verification, VerifiedEvidence, verify_evidence
from scorers.evidence_writer import EvidenceWriter
from scorers.feedback import Columns, score_feedback
from scorers.rag.items import RagItem
from scorers.rag.measuring import measurements, results
from scorers.rag.metrics import METRICS
from scorers.rag.rag_settings import CorrectRule
from scorers.rag.scores import RunScores, ScoringPlan, Unscored
from scorers.recomputing import rag as recomputing_rag
from scorers.recomputing.item_lines import ItemsError
from scorers.recomputing.recompute import FAMILIES, recompute_report
from scorers.safety.toxicity import NamedRatings, score_toxicity
from tests.scorers.test_catalogued_metrics import bbq, disinformation, memorization, toxicity, written

EXAMPLES = Path(__file__).parents[3] / "examples"
SQL = EXAMPLES / "askdata" / "version-3" / "evidence"
SAFETY = EXAMPLES / "assistant-safety" / "version-1" / "evidence"
LABELS = EXAMPLES / "diabetes-progression" / "version-1" / "evidence"


@dataclass(frozen=True)
class Attached:
    """A report and its items, as a version has them."""

    report: bytes
    items: bytes

    def again(self, **keys: Any) -> VerifiedEvidence:
        out = recompute_report(self.report, self.items, **keys)
        figures = read_report(Document("again.json", out.content))
        assert figures.problem is None
        first = str(out.altered[0]) if out.altered else None
        once = Recomputation(figures, altered=len(out.altered), first_altered=first, scored=out.scored)
        return verify_evidence(Evidence((self.read(),)), Verification((once,)))

    def read(self) -> Report:
        return read_report(Document("r.json", self.report))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.items.splitlines()]

    def with_lines(self, lines: list[dict[str, Any]]) -> "Attached":
        return Attached(self.report, "".join(json.dumps(line) + "\n" for line in lines).encode())


def attached(report: Path, items: Path | None = None) -> Attached:
    return Attached(report.read_bytes(), (items or report.with_name("results.jsonl")).read_bytes())


def of_run(run: Callable[[Path], object], folder: Path) -> Attached:
    run(folder)
    return attached(folder / "out" / "evaluation.json")


def scored_feedback(folder: Path) -> None:
    (folder / "r.csv").write_text("rating,region,session\n5,CA,a\n3,CA,a\n1,NY,b\n4,NY,c\n5,NY,c\n")
    score_feedback(folder / "r.csv", folder / "out", columns=Columns(facets=["region"]))


def judged_answers(folder: Path) -> None:
    """Answers that a judge scored twice, one of them without success."""
    items = [
        RagItem(
            str(number),
            "q",
            ("c",),
            "" if number == 2 else "a",
            latency_seconds=0.1 * number,
            groups=(),
            facets={},
        )
        for number in range(4)
    ]
    plan = ScoringPlan(
        (METRICS["faithfulness"], METRICS["answer_similarity"]), {"chrf": "no item could be scored: x"}, 2
    )
    scores = RunScores(plan, items)
    for number in range(4):
        for repeat in (0, 1):
            missing = number == 3
            scores.by_metric["faithfulness"][number].add(
                repeat, Unscored("down") if missing else (number + repeat) / 5
            )
        scores.by_metric["answer_similarity"][number].add(0, -0.25 + number / 3)
    with EvidenceWriter(folder / "out") as writer:
        for line in results(scores, CorrectRule()):
            writer.add_result(line)
        writer.finish(measurements(scores), {"scorer": {"kind": "rag"}})


def repeated_continuations(folder: Path) -> None:
    """Two prompts under one id: what tells them apart is the number of the item."""
    lines = [
        {"id": "1", "domain": "race", "group": "x", "prompt": prompt, "continuation": "c", "toxicity": rating}
        for prompt, rating in (("a", 0.1), ("a", 0.9), ("b", 0.2))
    ]
    score_toxicity(written(folder / "r.jsonl", lines), folder / "out", NamedRatings("raters"))


HONEST: Mapping[str, Callable[[Path], Attached]] = {
    "text_to_sql": lambda _: attached(SQL / "evaluation.json"),
    "rag": lambda folder: of_run(judged_answers, folder),
    "rag, scored again": lambda _: attached(SAFETY / "answers" / "evaluation.json"),
    "toxicity": lambda folder: of_run(toxicity, folder),
    "toxicity, by a rater": lambda _: attached(SAFETY / "toxicity" / "evaluation.json"),
    "toxicity, two prompts of one id": lambda folder: of_run(repeated_continuations, folder),
    "bbq": lambda folder: of_run(bbq, folder),
    "memorization": lambda folder: of_run(memorization, folder),
    "disinformation": lambda folder: of_run(disinformation, folder),
    "feedback": lambda folder: of_run(scored_feedback, folder),
    "bias of answers": lambda _: attached(
        SAFETY / "bias" / "analysis.json", SAFETY / "answers" / "results.jsonl"
    ),
    "bias of labels": lambda _: attached(LABELS / "analysis.json"),
    "labels": lambda _: attached(LABELS / "evaluation.json"),
}
# What the items say nothing of: it is missing, and passes no check.
NOT_COMPUTED = {
    "memorization": "memorization.helm_",
    "disinformation": "disinformation.helm_",
}


@pytest.mark.parametrize("family", HONEST)
def test_every_figure_of_honest_evidence_comes_out_again(tmp_path: Path, family: str) -> None:
    honest = HONEST[family](tmp_path)
    verified = honest.again()
    assert verified.discrepancies == ()
    (report,) = verified.evidence.reports
    missing = {
        one.metric for one in report.measurements if isinstance(one, Unmeasured) and "verify" in one.reason
    }
    prefix = NOT_COMPUTED.get(family, "nothing")
    assert {metric for metric in missing if not metric.startswith(prefix)} == set()
    assert bool(missing) == (family in NOT_COMPUTED)
    # Support comes out again as well: the intervals of checks rest on it.
    reported = {
        (one.metric, one.facet): one for one in honest.read().measurements if isinstance(one, Measured)
    }
    for one in report.measurements:
        before = reported.get((one.metric, one.facet))
        if isinstance(one, Measured) and before is not None:
            assert one.samples == before.samples
            assert one.support.standard_error == pytest.approx(before.support.standard_error, rel=1e-9)
            assert one.support.standard_deviation == pytest.approx(
                before.support.standard_deviation, rel=1e-9
            )


def with_figure(report: bytes, group: str, name: str) -> bytes:
    document = json.loads(report)
    document[group][name] = {"value": 0.9}
    return json.dumps(document).encode()


def with_bias(report: bytes, metric: str, threshold: str | None = None) -> bytes:
    """Add a metric of bias to the first group of the first facet, or to a group above a number."""
    document = json.loads(report)
    facets = document["post_training_bias_metrics"]["facets"]
    (first, *_) = next(iter(facets.values()))
    added = {"name": metric, "description": metric, "value": 0.1}
    if threshold is None:
        first["metrics"].append(added)
    else:
        facets["age"] = [{"value_or_threshold": threshold, "metrics": [added]}]
    return json.dumps(document).encode()


def without_chances(folder: Path) -> Attached:
    honest = HONEST["labels"](folder)
    return honest.with_lines(
        [{key: said for key, said in line.items() if key != "probability"} for line in honest.lines()]
    )


def disinformation_with_agreement(folder: Path) -> Attached:
    honest = HONEST["disinformation"](folder)
    return replace(honest, report=with_figure(honest.report, "disinformation_metrics", "judge_agreement"))


def bias_with(metric: str, threshold: str | None = None) -> Callable[[Path], Attached]:
    def build(folder: Path) -> Attached:
        honest = HONEST["bias of labels"](folder)
        return replace(honest, report=with_bias(honest.report, metric, threshold))

    return build


# By the words of the page, evidence that has such a figure, and what it is called.
ALWAYS_MISSING: Mapping[tuple[str, str], tuple[Callable[[Path], Attached], str]] = {
    ("memorization", "HELM's metrics (`helm_…`)"): (HONEST["memorization"], "memorization.helm_"),
    ("disinformation", "HELM's metrics (`helm_…`)"): (HONEST["disinformation"], "disinformation.helm_"),
    ("disinformation", "`judge_agreement`"): (
        disinformation_with_agreement,
        "disinformation.judge_agreement",
    ),
    ("bias", "FlipTest"): (bias_with("FT"), "bias.post_training.FT"),
    ("bias", "all of a report with a group above a number"): (bias_with("DPPL", "(40, inf)"), "bias."),
    ("labels", "`auc` without `probability`"): (without_chances, "binary_classification.auc"),
}


def read_table() -> dict[str, list[str]]:
    """What the page says is always missing, by the key of the gold."""
    lines = (EXAMPLES.parent / "docs" / "thresholds.md").read_text(encoding="utf-8").splitlines()
    start = lines.index("| report | key of `gold` | what is done | always missing |") + 2
    rows = [line.strip("| ").split(" | ") for line in takewhile(lambda line: line != "", lines[start:])]
    return {
        key.strip("`"): [] if missing == "nothing" else missing.split(", ") for _, key, _, missing in rows
    }


def test_the_page_lists_what_is_always_missing() -> None:
    listed = read_table()
    assert listed.pop("none") == ["all"]
    found: dict[str, list[str]] = {family: [] for family in FAMILIES}
    for family, words in ALWAYS_MISSING:
        found[family].append(words)
    assert listed == found


@pytest.mark.parametrize(("family", "words"), ALWAYS_MISSING)
def test_what_the_page_says_is_missing_passes_no_check(tmp_path: Path, family: str, words: str) -> None:
    build, prefix = ALWAYS_MISSING[family, words]
    evidence = build(tmp_path)
    reported = {one.metric for one in evidence.read().measurements if isinstance(one, Measured)}
    assert any(one.startswith(prefix) for one in reported)
    assert {one for one in compute_again(evidence) if one.startswith(prefix)} == set()


def compute_again(evidence: Attached) -> set[str]:
    """Return the metrics that come out again; none where the items of the report come to nothing."""
    try:
        (report,) = evidence.again().evidence.reports
    except ItemsError:
        return set()
    return {one.metric for one in report.measurements if isinstance(one, Measured)}


def test_every_family_is_in_the_table() -> None:
    assert {name.split(",")[0].split(" of ")[0] for name in HONEST} == set(FAMILIES)


FABRICATED: list[tuple[str, str, Any]] = [
    # Of each: the family, a key of the first item, and what it says instead.
    ("text_to_sql", "verdict", "correct"),
    ("text_to_sql", "latency_seconds", 0.0001),
    ("rag", "scores", {"faithfulness": 1.0, "answer_similarity": 1.0}),
    ("rag, scored again", "scores", {"rouge_l": 1.0}),
    ("toxicity", "toxicity", 0.2),
    ("bbq", "answer", 2),
    ("memorization", "longest_overlap_tokens", 0),
    ("disinformation", "stance", "endorse"),
    ("feedback", "rating", 4),
    ("bias of answers", "correct", True),
    ("bias of labels", "predicted", 0),
    ("labels", "predicted", 0),
]


@pytest.mark.parametrize(("family", "key", "value"), FABRICATED, ids=lambda part: str(part)[:30])
def test_a_changed_item_does_not_come_to_the_figures(
    tmp_path: Path, family: str, key: str, value: Any
) -> None:
    honest = HONEST[family](tmp_path)
    lines = honest.lines()
    place = next(place for place, line in enumerate(lines) if line[key] != value)
    lines[place] = {**lines[place], key: value}
    assert honest.with_lines(lines).again().discrepancies != ()


@pytest.mark.parametrize("family", HONEST)
def test_a_changed_figure_does_not_come_out(tmp_path: Path, family: str) -> None:
    honest = HONEST[family](tmp_path)
    changed, metric = change_first_figure(honest.report)
    (found, *_) = Attached(changed, honest.items).again().discrepancies
    assert found.metric == metric
    assert found.reported != found.recomputed


def change_first_figure(report: bytes) -> tuple[bytes, str]:
    document = json.loads(report)
    (one,) = [
        one
        for one in read_report(Document("r.json", report)).measurements
        if isinstance(one, Measured) and "helm" not in one.metric
    ][:1]
    at: Any = document
    *way, last = one.source.pointer.removeprefix("/").split("/")
    for part in way:
        at = at[int(part)] if isinstance(at, list) else at[part]
    target = at[int(last)] if isinstance(at, list) else at[last]
    (target if isinstance(target, dict) else at)["value"] = one.value * 0.75 + 0.01
    return json.dumps(document).encode(), one.metric


_RIGHT = '"correct": true, "verdict": "correct"'
HOSTILE: list[tuple[str, str, str]] = [
    ("no json", "nope", "line 1"),
    ("a literal", '{"id": 1, "verdict": "correct", "correct": NaN}', "NaN"),
    ("a list", "[]", "not a JSON object"),
    ("nothing", "\n\n", "it has no line"),
    ("no verdict", '{"id": 1, "correct": true}', "verdict"),
    ("a verdict of its own", '{"id": 1, "correct": true, "verdict": "brilliant"}', "verdict"),
    (
        "text for a number",
        '{"id": 1, "correct": true, "verdict": "correct", "latency_seconds": "1"}',
        "latency",
    ),
    ("below 0", '{"id": 1, "correct": true, "verdict": "correct", "latency_seconds": -1}', "latency"),
    ("no facets", '{"id": 1, "correct": true, "verdict": "correct", "facets": [1]}', "facets"),
    ("twice", '{"id": 1, "correct": true, "verdict": "correct"}\n' * 2, "is there twice"),
    ("one id of two kinds", f'{{"id": 1, {_RIGHT}}}\n{{"id": "1", {_RIGHT}}}', "twice"),
    ("deep", "[" * 100_000, "line 1"),
    ("long", f'{{"id": "{"x" * 2_000_000}"}}', "longer than 1 MiB"),
    (
        "too large a number",
        '{"id": 1, "correct": true, "verdict": "correct", "latency_seconds": 1e999}',
        "too large",
    ),
]


@pytest.mark.parametrize(("items", "says"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_items_that_are_none_are_refused(items: str, says: str) -> None:
    with pytest.raises(ItemsError, match=says):
        recompute_report((SQL / "evaluation.json").read_bytes(), items.encode())


@pytest.mark.parametrize(
    "report",
    [
        b"{}",
        b"[]",
        b"nope",
        b'{"provenance": {"scorer": {"kind": "os"}}}',
        b'{"results": {"task": {"acc,none": 0.9}}}',
    ],
    ids=["empty", "list", "no json", "another kind", "another tool"],
)
def test_reports_of_others_are_not_computed(report: bytes) -> None:
    with pytest.raises(ItemsError, match=r"no scorer of this project|cannot be read"):
        recompute_report(report, b'{"id": 1}')


def test_groups_that_identify_items_are_refused() -> None:
    lines = [
        {"id": number, "correct": True, "verdict": "correct", "facets": {"customer": number}}
        for number in range(1_001)
    ]
    with pytest.raises(ItemsError, match="it does not identify"):
        attached(SQL / "evaluation.json").with_lines(lines).again()


def test_sessions_that_nobody_noted_are_asked_for(tmp_path: Path) -> None:
    scored = of_run(scored_feedback, tmp_path)
    lines = [{key: value for key, value in line.items() if key != "session"} for line in scored.lines()]
    with pytest.raises(ItemsError, match="of one session"):
        scored.with_lines(lines).again()


def test_what_is_scored_again_is_missing_without_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing_rag, "PACKAGE", "no_such_package")
    (report,) = attached(SAFETY / "answers" / "evaluation.json").again().evidence.reports
    found = {one.metric: one for one in report.measurements if one.facet is None}
    missing = found["rag.rouge_l"]
    assert isinstance(missing, Unmeasured)
    assert "install the extra rag" in missing.reason
    assert isinstance(found["rag.empty_answer_rate"], Measured)


def test_a_fabricated_answer_is_found_where_it_is_drawn() -> None:
    honest = attached(SAFETY / "answers" / "evaluation.json")
    lines = honest.lines()
    lines[1]["reference"] = "something else"
    fabricated = honest.with_lines(lines)
    found = [bool(fabricated.again(sample=20, seed=str(seed)).discrepancies) for seed in range(60)]
    # One item of sixty, twenty drawn: one time in three. Within three standard errors of that.
    expected = 1 - scipy.stats.hypergeom(len(lines), 1, 20).pmf(0)
    assert abs(sum(found) / len(found) - expected) < 3 * (expected * (1 - expected) / len(found)) ** 0.5


def test_figures_of_labels_are_those_of_scikit_learn() -> None:
    from sklearn import metrics  # noqa: PLC0415 - takes seconds, and every worker collects this file

    labels = [1, 0, 1, 1, 0, 0, 1, 0, 1, 1]
    predicted = [1, 0, 0, 1, 1, 0, 1, 0, 1, 0]
    chances = [0.9, 0.2, 0.4, 0.8, 0.6, 0.1, 0.7, 0.4, 0.9, 0.4]
    lines = [
        {"id": number, "label": label, "predicted": guess, "probability": chance}
        for number, (label, guess, chance) in enumerate(zip(labels, predicted, chances, strict=True))
    ]
    classes = [{"id": n, "label": f"c{n % 3}", "predicted": f"c{n % 4}"} for n in range(20)]
    numbers = [{"id": n, "label": n / 3, "predicted": n / 3 + (-1) ** n * n / 10} for n in range(9)]
    names = [f"c{n % 3}" for n in range(20)], [f"c{n % 4}" for n in range(20)]
    weighted = {"average": "weighted", "zero_division": 0.0}
    expected = {
        "binary_classification.f1": metrics.f1_score(labels, predicted),
        "binary_classification.f2": metrics.fbeta_score(labels, predicted, beta=2),
        "binary_classification.precision": metrics.precision_score(labels, predicted),
        "binary_classification.recall": metrics.recall_score(labels, predicted),
        "binary_classification.auc": metrics.roc_auc_score(labels, chances),
        "multiclass_classification.weighted_recall": metrics.recall_score(*names, **weighted),
        "multiclass_classification.weighted_precision": metrics.precision_score(*names, **weighted),
        "multiclass_classification.weighted_f0_5": metrics.fbeta_score(*names, beta=0.5, **weighted),
        "regression.r2": metrics.r2_score([n["label"] for n in numbers], [n["predicted"] for n in numbers]),
    }
    found: dict[str, float] = {}
    for group, of_group in (
        ("binary_classification", lines),
        ("multiclass_classification", classes),
        ("regression", numbers),
    ):
        report = json.dumps({f"{group}_metrics": {"x": {"value": 1}}}).encode()
        items = "".join(json.dumps(line) + "\n" for line in of_group).encode()
        out = read_report(Document("r.json", recompute_report(report, items).content))
        found |= {one.metric: one.value for one in out.measurements if isinstance(one, Measured)}
    assert {name: found[name] for name in expected} == pytest.approx(expected)
