"""The metrics: which `ragas` class each one's figure is of, what it needs, and how one item is scored by it."""

import hashlib
import importlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from scorers.endpoints.protocols import EndpointDownError
from scorers.plain_text import plain
from scorers.rag import text_scores
from scorers.rag.items import RagItem
from scorers.rag.judge_failures import JudgeError
from scorers.rag.scores import Unscored
from scorers.rag.words import any_word_dropped, has_word

if TYPE_CHECKING:  # they import ragas, which takes seconds and is for judged metrics alone
    from scorers.rag.adapters import ScoringEmbeddings, ScoringJudge

RAGAS_FIELDS = {
    "question": "user_input",
    "answer": "response",
    "contexts": "retrieved_contexts",
    "reference": "reference",
    "reference_contexts": "reference_contexts",
}
ROUNDING = 1e-6
ROUGE = "rouge_l"


@dataclass(frozen=True, slots=True)
class RagMetric:
    """One metric. `takes` are the item's fields that `ragas` gets, `needs` those of them that may not be empty.

    `ragas_class` is the whole name of the class. Where no model is asked, `compute` gives its figure without `ragas`.

    `flaw` says what makes the judge's answers unusable although `ragas` would make a number of them, `unfit` what makes
    an item unfit that has all fields. `digits` are those that `ragas` does not spoil: it adds 1e-10 to a denominator,
    so that a perfect item comes to 0.9999999999.
    """

    name: str
    ragas_class: str
    takes: tuple[str, ...]
    needs: tuple[str, ...]
    compute: Callable[..., float] | None = None
    judge: bool = False
    embeddings: bool = False
    low: float = 0.0
    flaw: Callable[[Sequence[BaseModel]], str | None] | None = None
    nan: str = "ragas came to no number"
    unfit: Callable[[RagItem], str | None] | None = None
    digits: int | None = None

    def gap(self, item: RagItem) -> str | None:
        """Say why `item` cannot be scored at all: which needed field it lacks, or what is in it; `None` if it can."""
        lacking = [name for name in self.needs if not item.has(name)]
        if lacking:
            return f"the item has no {' and no '.join(lacking)}"
        return None if self.unfit is None else self.unfit(item)


def of_any_script(item: RagItem) -> bool:
    """Whether the words of an item are those of any script, because ROUGE's own tokenizer drops letters of it."""
    return any_word_dropped(plain(item.reference or ""), plain(item.answer))


def _no_word(item: RagItem) -> str | None:
    return None if has_word(item.reference or "") else "the reference holds no word, and ROUGE compares words"


def _no_question(answers: Sequence[BaseModel]) -> str | None:
    if any(getattr(answer, "question", "").strip() for answer in answers):
        return None
    return "the judge made no question of the answer, which ragas would count as 0"


def _nothing_classified(answers: Sequence[BaseModel]) -> str | None:
    from ragas.metrics.collections.answer_correctness.util import ClassificationWithReason  # noqa: PLC0415 - seconds

    if not all(getattr(answer, "statements", True) for answer in answers):
        return "the judge found no statement in the answer or in the reference, which ragas would count as agreement"
    classified = [answer for answer in answers if isinstance(answer, ClassificationWithReason)]
    if any(not (answer.TP or answer.FP or answer.FN) for answer in classified):
        return "the judge classified no statement, which ragas would count as agreement"
    return None


METRICS: Mapping[str, RagMetric] = {
    metric.name: metric
    for metric in (
        RagMetric(
            "answer_relevancy",
            "ragas.metrics.collections.answer_relevancy.metric.AnswerRelevancy",
            ("question", "answer"),
            ("answer",),
            judge=True,
            embeddings=True,
            low=-1.0,
            flaw=_no_question,
        ),
        RagMetric(
            "answer_similarity",
            "ragas.metrics.collections._semantic_similarity.SemanticSimilarity",
            ("reference", "answer"),
            ("answer", "reference"),
            embeddings=True,
            low=-1.0,
        ),
        RagMetric(
            "answer_correctness",
            "ragas.metrics.collections.answer_correctness.metric.AnswerCorrectness",
            ("question", "answer", "reference"),
            ("answer", "reference"),
            judge=True,
            embeddings=True,
            low=-0.25,  # a quarter of it is a cosine
            flaw=_nothing_classified,
        ),
        RagMetric(
            "context_relevancy",
            "ragas.metrics.collections.context_relevance.metric.ContextRelevance",
            ("question", "contexts"),
            ("contexts",),
            judge=True,
        ),
        RagMetric(
            "faithfulness",
            "ragas.metrics.collections.faithfulness.metric.Faithfulness",
            ("question", "answer", "contexts"),
            ("answer", "contexts"),
            judge=True,
            nan="the judge found no statement in the answer, or gave no verdict on any",
        ),
        RagMetric(
            "context_precision",
            "ragas.metrics.collections.context_precision.metric.ContextPrecision",
            ("question", "reference", "contexts"),
            ("reference", "contexts"),
            judge=True,
            digits=9,
        ),
        RagMetric(
            "context_recall",
            "ragas.metrics.collections.context_recall.metric.ContextRecall",
            ("question", "contexts", "reference"),
            ("contexts", "reference"),
            judge=True,
            nan="the judge classified no statement of the reference",
        ),
        RagMetric(
            ROUGE,
            "ragas.metrics.collections._rouge_score.RougeScore",
            ("reference", "answer"),
            ("reference",),
            text_scores.rouge_l,
            unfit=_no_word,
        ),
        RagMetric(
            "bleu",
            "sacrebleu.metrics.bleu.BLEU",
            ("reference", "answer"),
            ("reference",),
            text_scores.bleu,
        ),
        RagMetric(
            "chrf",
            "ragas.metrics.collections.chrf_score.metric.CHRFScore",
            ("reference", "answer"),
            ("reference",),
            text_scores.chrf,
        ),
        RagMetric(
            "string_similarity",
            "ragas.metrics.collections._string.NonLLMStringSimilarity",
            ("reference", "answer"),
            ("reference",),
            text_scores.string_similarity,
        ),
        RagMetric(
            "non_llm_context_precision",
            "ragas.metrics._context_precision.NonLLMContextPrecisionWithReference",
            ("contexts", "reference_contexts"),
            ("contexts", "reference_contexts"),
            text_scores.context_precision,
            digits=9,
        ),
        RagMetric(
            "non_llm_context_recall",
            "ragas.metrics._context_recall.NonLLMContextRecall",
            ("contexts", "reference_contexts"),
            ("contexts", "reference_contexts"),
            text_scores.context_recall,
        ),
    )
}


def find_ragas_class(metric: RagMetric) -> Any:
    """Return the class behind a metric, importing it."""
    module, _, name = metric.ragas_class.rpartition(".")
    return getattr(importlib.import_module(module), name)


def build(metric: RagMetric, judge: "ScoringJudge | None", embeddings: "ScoringEmbeddings | None") -> Any:
    """Return the `ragas` metric with the judge and the embeddings that it uses."""
    models = {"llm": judge if metric.judge else None, "embeddings": embeddings if metric.embeddings else None}
    return find_ragas_class(metric)(**{name: model for name, model in models.items() if model is not None})


async def score(
    metric: RagMetric, item: RagItem, judge: "ScoringJudge | None", embeddings: "ScoringEmbeddings | None"
) -> float | Unscored:
    """Return the value that `ragas` gives `item`, or why it has none.

    Raises:
        EndpointDownError: when the judge or the embedding model is down.
    """
    if (gap := metric.gap(item)) is not None:
        return Unscored(gap)
    fields = {RAGAS_FIELDS[name]: _ragas_value(item, name) for name in metric.takes}
    try:
        if metric.compute is not None:
            value = metric.compute(**fields)
        else:
            if embeddings is not None and not metric.judge:
                await embeddings.prepare(item.reference or "", item.answer)
            value = float((await build(metric, judge, embeddings).ascore(**fields)).value)
    except EndpointDownError:
        raise
    except JudgeError as failure:
        return Unscored(str(failure))
    except Exception as error:
        raised = "ragas" if metric.compute is None else metric.name
        return Unscored(f"{raised} raised {type(error).__name__}: {error}")
    return _usable(metric, value, judge)


def _ragas_value(item: RagItem, name: str) -> str | list[str]:
    value = getattr(item, name)
    return list(value) if isinstance(value, tuple) else value or ""


def _usable(metric: RagMetric, value: float, judge: "ScoringJudge | None") -> float | Unscored:
    if math.isnan(value):
        return Unscored(judge.failures[-1] if judge is not None and judge.failures else metric.nan)
    if judge is not None and metric.flaw is not None and (flaw := metric.flaw(judge.answers)) is not None:
        return Unscored(flaw)
    if not metric.low - ROUNDING <= value <= 1.0 + ROUNDING:
        return Unscored(
            f"ragas came to {value:g}, which is no score: a verdict of the judge is neither 0 nor 1"
        )
    bounded = min(max(value, metric.low), 1.0)
    return bounded if metric.digits is None else round(bounded, metric.digits)


def prompt_versions(metric: RagMetric) -> dict[str, str]:
    """Return the first 16 hexadecimal digits of the SHA-256 of each prompt that the metric asks with, by its class."""
    from ragas.prompt.metrics.base_prompt import BasePrompt  # noqa: PLC0415 - as above

    from scorers.rag.adapters import ScoringEmbeddings, ScoringJudge  # noqa: PLC0415 - as above

    # Never asked: ragas makes a metric's prompts when it is built with a judge.
    judge, embeddings = object.__new__(ScoringJudge), object.__new__(ScoringEmbeddings)
    parts = vars(build(metric, judge, embeddings)).values()
    return {type(part).__name__: _prompt_version(part) for part in parts if isinstance(part, BasePrompt)}


def _prompt_version(prompt: Any) -> str:
    examples = [[question.model_dump(), answer.model_dump()] for question, answer in prompt.examples]
    content = [prompt.instruction, prompt.language, examples, prompt.output_model.model_json_schema()]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
