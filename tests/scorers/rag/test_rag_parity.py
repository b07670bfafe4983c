"""The metrics come to the values that were recorded of ragas, and to none where the judge's answers hold none."""

import asyncio
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scorers.endpoints.cache import AnswerCache
from scorers.endpoints.requests import EmbeddingCalls, JudgeCalls, RequestLimits
from scorers.rag.items import RagItem
from scorers.rag.metrics import METRICS, score
from scorers.rag.model_scores import MODEL_SCORES
from scorers.rag.scores import Unscored
from scorers.rag.scoring_models import ScoringEmbeddings, ScoringJudge

PAIR_METRICS = {"rouge_l": "rougeL_f", "bleu": "bleu", "chrf": "chrf", "string_similarity": "lev"}


def item(**fields: Any) -> RagItem:
    said: dict[str, Any] = {"question": "q", "contexts": (), "answer": "resp", "reference": "ref", **fields}
    return RagItem(id="1", **said)


def scored(name: str, of: RagItem, judge: Any = None, embeddings: Any = None) -> float | Unscored:
    async def run() -> float | Unscored:
        with AnswerCache(None) as cache:
            models: list[ScoringJudge | ScoringEmbeddings] = []
            if METRICS[name].judge:
                models.append(ScoringJudge(JudgeCalls(judge, cache, RequestLimits()), 0))
            if METRICS[name].embeddings:
                models.append(ScoringEmbeddings(EmbeddingCalls(embeddings, cache, RequestLimits())))
            return await score(METRICS[name], of, *models)

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


# As evidence of earlier releases has them, too.
DIGESTS = {
    "AnswerRelevancePrompt": "a5621d521db071dd",
    "StatementGeneratorPrompt": "2f8c8e60606a3d09",
    "CorrectnessClassifierPrompt": "366b96fe27f4d0f1",
    "ContextRelevanceJudge1Prompt": "d4ca897c7f002caa",
    "ContextRelevanceJudge2Prompt": "5a277ae503771b54",
    "NLIStatementPrompt": "89057f442a0e9b6d",
    "ContextPrecisionPrompt": "e4dae2e4d3c2ec61",
    "ContextRecallPrompt": "fac4305b7871784e",
}


def test_evidence_names_each_prompt_by_one_digest() -> None:
    asked = [prompt for metric in MODEL_SCORES.values() for prompt in metric.prompts]
    assert {prompt.name: prompt.version for prompt in asked} == DIGESTS
