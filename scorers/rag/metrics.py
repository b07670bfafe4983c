"""The metrics: which class's figure each one's is, what it needs, and how one item is scored by it."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from scorers.endpoints.protocols import EndpointDownError
from scorers.plain_text import plain
from scorers.rag import text_scores
from scorers.rag.items import RagItem
from scorers.rag.judge_failures import JudgeError
from scorers.rag.scores import Unscored
from scorers.rag.words import any_word_dropped, has_word

if TYPE_CHECKING:  # they make models of pydantic, which a run that asks no model does without
    from scorers.rag.scoring_models import ScoringEmbeddings, ScoringJudge

RAGAS = "0.4.3"  # whose classes and prompts define the figures
ROUGE = "rouge_l"
NO_COSINE = "the embedding model's vectors have no cosine: a number in them is none, too large or too small"


class RagMetric(Struct, frozen=True):
    """One metric. `takes` are the item's fields that it is computed of, `needs` those of them that may not be empty.

    `ragas_class` is the whole name of the class whose figure it is. Where no model is asked, `compute` gives it,
    elsewhere `scorers.rag.model_scores`. `unfit` says what makes an item unfit that has all fields. `digits` are those
    that ragas does not spoil: it adds 1e-10 to a denominator, so that a perfect item comes to 0.9999999999.
    """

    name: str
    ragas_class: str
    takes: tuple[str, ...]
    needs: tuple[str, ...]
    compute: Callable[..., float] | None = None
    judge: bool = False
    embeddings: bool = False
    low: float = 0.0
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


async def score(
    metric: RagMetric, item: RagItem, *models: "ScoringJudge | ScoringEmbeddings"
) -> float | Unscored:
    """Return the value of `item` by a metric, or why it has none. `models` are those that it asks, the judge first.

    Raises:
        EndpointDownError: when the judge or the embedding model is down.
    """
    if (gap := metric.gap(item)) is not None:
        return Unscored(gap)
    fields = {name: getattr(item, name) for name in metric.takes}
    try:
        if metric.compute is not None:
            value = metric.compute(**fields)
        else:
            from scorers.rag.model_scores import MODEL_SCORES  # noqa: PLC0415 - with pydantic's models

            value = await MODEL_SCORES[metric.name].compute(*models, **fields)
    except EndpointDownError:
        raise
    except JudgeError as failure:
        return Unscored(str(failure))
    except Exception as error:
        return Unscored(f"{metric.name} raised {type(error).__name__}: {error}")
    if not math.isfinite(value):
        return Unscored(NO_COSINE)
    bounded = min(max(value, metric.low), 1.0)
    return bounded if metric.digits is None else round(bounded, metric.digits)
