"""The metrics are ragas' own: the same values as calling it directly, and as the recorded ones."""

import asyncio
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scorers.endpoints.cache import AnswerCache
from scorers.endpoints.requests import EmbeddingCalls, JudgeCalls, RequestLimits
from scorers.rag.items import RagItem
from scorers.rag.metrics import METRICS, find_ragas_class, score
from scorers.rag.scores import Unscored

PAIR_METRICS = {"rouge_l": "rougeL_f", "bleu": "bleu", "chrf": "chrf", "string_similarity": "lev"}


def item(**fields: Any) -> RagItem:
    return RagItem(
        **{"id": "1", "question": "q", "contexts": (), "answer": "resp", "reference": "ref", **fields}
    )


def scored(name: str, of: RagItem, judge: Any = None, embeddings: Any = None) -> float | Unscored:
    from scorers.rag.adapters import ScoringEmbeddings, ScoringJudge  # noqa: PLC0415 - takes seconds, and every worker collects this file

    async def run() -> float | Unscored:
        with AnswerCache(None) as cache:
            calls = ScoringJudge(JudgeCalls(judge, cache, RequestLimits()), 0) if judge else None
            vectors = (
                ScoringEmbeddings(EmbeddingCalls(embeddings, cache, RequestLimits())) if embeddings else None
            )
            return await score(METRICS[name], of, calls, vectors)

    return asyncio.run(run())


@pytest.mark.parametrize("metric", PAIR_METRICS)
def test_recorded_values_of_pairs(metric: str, shared_data: Callable[[str], Path]) -> None:
    recorded = json.loads((shared_data("rag") / "nonllm_values.json").read_text())["pairs"]
    found = {
        pair["case"]: scored(metric, item(answer=pair["response"], reference=pair["reference"]))
        for pair in recorded
    }
    expected = {pair["case"]: pair[PAIR_METRICS[metric]] for pair in recorded}
    assert found.pop("both_empty") == Unscored("the item has no reference")
    expected.pop("both_empty")
    assert found == pytest.approx(expected)


def test_recorded_values_of_contexts(shared_data: Callable[[str], Path]) -> None:
    for case in json.loads((shared_data("rag") / "nonllm_values.json").read_text())["context"]:
        of = item(contexts=tuple(case["retrieved"]), reference_contexts=tuple(case["reference_contexts"]))
        assert scored("non_llm_context_precision", of) == pytest.approx(case["precision"]), case["case"]
        assert scored("non_llm_context_recall", of) == pytest.approx(case["recall"]), case["case"]


WITHOUT_MODEL = (
    "rouge_l",
    "bleu",
    "chrf",
    "string_similarity",
    "non_llm_context_precision",
    "non_llm_context_recall",
)
TEXTS = [
    ("Jonah was three days in the fish.", "Jonah was in the belly of the fish three days and three nights."),
    ("", "a reference"),
    ("Straße – naïve café", "Strasse - naive cafe"),
    ("wholly other words", "nothing in common here"),
    ("The skies were dying; generously, they succeeded.", "The sky was tied to lying news; it proceeds!"),
]
CONTEXTS = (("one passage", "another passage", "a third"), ("another passages", "something else"))
PLAIN = st.text(st.sampled_from("abcdeiys gstn.,-'\n1"), min_size=1, max_size=60)


def test_each_class_that_the_evidence_names_is_there() -> None:
    found = {metric.name: find_ragas_class(metric) for metric in METRICS.values()}
    assert {name: f"{one.__module__}.{one.__qualname__}" for name, one in found.items()} == {
        metric.name: metric.ragas_class for metric in METRICS.values()
    }
    assert {name for name, metric in METRICS.items() if metric.compute is not None} == set(WITHOUT_MODEL)


def of_ragas(name: str, **fields: Any) -> float:
    """The figure that ragas' own class comes to."""
    from ragas.dataset_schema import SingleTurnSample  # noqa: PLC0415 - as above
    from ragas.metrics import collections  # noqa: PLC0415

    metric = (collections.BleuScore if name == "bleu" else find_ragas_class(METRICS[name]))()
    if hasattr(metric, "single_turn_ascore"):
        return float(asyncio.run(metric.single_turn_ascore(SingleTurnSample(**fields))))
    return float(asyncio.run(metric.ascore(**fields)).value)


@pytest.mark.parametrize("metric", WITHOUT_MODEL[:4])
def test_metrics_without_a_model_equal_ragas(metric: str) -> None:
    for answer, reference in TEXTS:
        direct = of_ragas(metric, reference=reference, response=answer)
        assert scored(metric, item(answer=answer, reference=reference)) == direct


@given(PLAIN, PLAIN)
@settings(max_examples=50)
def test_rouge_of_any_plain_texts_equals_that_of_ragas(answer: str, reference: str) -> None:
    found = scored("rouge_l", item(answer=answer, reference=reference))
    if not isinstance(found, Unscored):
        assert found == of_ragas("rouge_l", reference=reference, response=answer)


@given(
    st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=6),
    st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=4),
)
@settings(max_examples=30)
@example([*CONTEXTS[0]], [*CONTEXTS[1]])
def test_context_metrics_without_a_model_equal_ragas(contexts: list[str], references: list[str]) -> None:
    of = item(contexts=tuple(contexts), reference_contexts=tuple(references))
    fields = {"retrieved_contexts": contexts, "reference_contexts": references}
    precision = round(of_ragas("non_llm_context_precision", **fields), 9)
    assert scored("non_llm_context_precision", of) == precision
    assert scored("non_llm_context_recall", of) == of_ragas("non_llm_context_recall", **fields)


def statements(*texts: str) -> dict[str, Any]:
    return {"statements": list(texts)}


def verdicts(*bits: int) -> dict[str, Any]:
    return {"statements": [{"statement": "s", "reason": "r", "verdict": bit} for bit in bits]}


def reasons(count: int) -> list[dict[str, str]]:
    return [{"statement": "s", "reason": "r"}] * count


def precision(*bits: int) -> dict[str, list[Any]]:
    return {"ContextPrecisionOutput": [{"reason": "r", "verdict": bit} for bit in bits]}


AXIS = {
    "q": [1.0, 0.0],
    "g1": [1.0, 0.0],
    "g2": [0.6, 0.8],
    "g3": [0.0, 1.0],
    "ref": [1.0, 0.0],
    "resp": [0.6, 0.8],
}
SCRIPTED: dict[str, tuple[str, dict[str, list[Any]]]] = {
    "faith 3/4": (
        "faithfulness",
        {
            "StatementGeneratorOutput": [statements("a", "b", "c", "d")],
            "NLIStatementOutput": [verdicts(1, 1, 1, 0)],
        },
    ),
    "faith no statements": ("faithfulness", {"StatementGeneratorOutput": [statements()]}),
    "faith verdict count differs from statements": (
        "faithfulness",
        {"StatementGeneratorOutput": [statements("a", "b", "c")], "NLIStatementOutput": [verdicts(1, 0)]},
    ),
    "faith bad input retrieved_contexts": ("faithfulness", {}),
    "cp [1,0,1]": ("context_precision", precision(1, 0, 1)),
    "cp [1,1]": ("context_precision", precision(1, 1)),
    "cp [1]": ("context_precision", precision(1)),
    "cr 2/3": (
        "context_recall",
        {
            "ContextRecallOutput": [
                {
                    "classifications": [
                        {"statement": "s", "reason": "r", "attributed": bit} for bit in (1, 1, 0)
                    ]
                }
            ]
        },
    ),
    "ar committal": (
        "answer_relevancy",
        {"AnswerRelevanceOutput": [{"question": f"g{n}", "noncommittal": n == 1} for n in (1, 2, 3)]},
    ),
    "ar all noncommittal": (
        "answer_relevancy",
        {"AnswerRelevanceOutput": [{"question": f"g{n}", "noncommittal": 1} for n in (1, 2, 3)]},
    ),
    "ac 2/1/1 w.75": (
        "answer_correctness",
        {
            "StatementGeneratorOutput": [statements("a", "b", "c"), statements("a", "b", "d")],
            "ClassificationWithReason": [{"TP": reasons(2), "FP": reasons(1), "FN": reasons(1)}],
        },
    ),
    "semantic sim .6": ("answer_similarity", {}),
}


@pytest.mark.parametrize("case", SCRIPTED)
def test_recorded_values_of_a_scripted_judge(
    case: str, shared_data: Callable[[str], Path], scripted_judge: Any, table_embeddings: Any
) -> None:
    recorded = json.loads((shared_data("rag") / "scripted_llm_values.json").read_text())
    row = next(row for row in recorded if row["case"] == case)
    metric, answers = SCRIPTED[case]
    fields = {
        "question": row["inputs"].get("user_input", "q"),
        "answer": row["inputs"].get("response", "resp"),
        "reference": row["inputs"].get("reference"),
        "contexts": tuple(row["inputs"].get("retrieved_contexts", ())),
    }
    judge = scripted_judge(answers)
    found = scored(metric, item(**fields), judge, table_embeddings(AXIS))
    assert judge.asked == (row["response_models"] or [])
    if isinstance(row["value"], float) and not math.isnan(row["value"]):
        assert found == pytest.approx(row["value"])
    else:
        assert isinstance(found, Unscored)


@pytest.mark.parametrize(
    ("metric", "answers", "reason"),
    [
        (
            "answer_relevancy",
            {"AnswerRelevanceOutput": [{"question": " ", "noncommittal": 0}] * 3},
            "no question",
        ),
        (
            "answer_correctness",
            {"StatementGeneratorOutput": [statements("a"), statements()]},
            "ragas would count as agreement",
        ),
        (
            "answer_correctness",
            {
                "StatementGeneratorOutput": [statements("a"), statements("b")],
                "ClassificationWithReason": [{"TP": [], "FP": [], "FN": []}],
            },
            "classified no statement, which ragas would count as agreement",
        ),
        ("context_precision", precision(7), "neither 0 nor 1"),
        (
            "context_precision",
            {"ContextPrecisionOutput": ["Certainly! It is relevant."]},
            'prose instead of JSON: "Cer',
        ),
        ("context_precision", {"ContextPrecisionOutput": [{"reason": "r"}]}, "verdict: Field required"),
        ("context_precision", {"ContextPrecisionOutput": [""]}, "said nothing"),
        ("context_relevancy", {"ContextRelevanceOutput": ["no"] * 10}, 'prose instead of JSON: "no"'),
        ("context_recall", {"ContextRecallOutput": [{"classifications": []}]}, "classified no statement"),
    ],
)
def test_what_the_judge_fails_on_is_no_score(
    metric: str, answers: dict[str, list[Any]], reason: str, scripted_judge: Any, table_embeddings: Any
) -> None:
    found = scored(metric, item(contexts=("c",)), scripted_judge(answers), table_embeddings())
    assert isinstance(found, Unscored)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("bits", "value"),
    [
        pytest.param((1,), 1.0, id="one context"),
        pytest.param((1, 1), 1.0, id="two contexts"),
        pytest.param((0, 1), 0.5, id="the second one"),
        pytest.param((1, 0, 1), 0.833333333, id="nine digits"),
    ],
)
def test_context_precision_is_without_ragas_epsilon(
    bits: tuple[int, ...], value: float, scripted_judge: Any
) -> None:
    of = item(contexts=tuple("abc"[: len(bits)]))
    assert scored("context_precision", of, scripted_judge(precision(*bits))) == value


@pytest.mark.parametrize(
    "text", ['```json\n{"reason": "r", "verdict": 1}\n```', 'Sure:\n{"reason": "r", "verdict": 1}']
)
def test_json_in_a_fence_or_after_prose_is_taken(text: str, scripted_judge: Any) -> None:
    judge = scripted_judge({"ContextPrecisionOutput": [text]})
    assert scored("context_precision", item(contexts=("c",)), judge) == pytest.approx(1.0)
