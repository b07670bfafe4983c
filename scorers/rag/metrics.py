"""The metrics: which `ragas` class is behind each name, what it needs, and how one item is scored by it."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from ragas.dataset_schema import SingleTurnSample
from ragas.metrics import collections
from ragas.metrics._context_precision import NonLLMContextPrecisionWithReference
from ragas.metrics._context_recall import NonLLMContextRecall
from ragas.metrics.collections.answer_correctness.util import ClassificationWithReason
from ragas.prompt.metrics.base_prompt import BasePrompt
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU

from scorers.endpoints.protocols import EndpointDownError
from scorers.plain_text import plain
from scorers.rag.adapters import JudgeError, ScoringEmbeddings, ScoringJudge
from scorers.rag.items import RagItem
from scorers.rag.scores import Unscored
from scorers.rag.words import WordsOfAnyScript, dropped_by_rouge, spaced, words

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

    `flaw` says what makes the judge's answers unusable although `ragas` would make a number of them, `unfit` what makes
    an item unfit that has all fields. `digits` are those that `ragas` does not spoil: it adds 1e-10 to a denominator,
    so that a perfect item comes to 0.9999999999.
    """

    name: str
    ragas_class: type[Any]
    takes: tuple[str, ...]
    needs: tuple[str, ...]
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


class _WithoutModel:
    """A metric of `ragas` that `metrics.collections` does not have yet, behind the interface of those that it has."""

    metric: type[Any]

    def __init__(self) -> None:
        self._metric = self.metric()

    async def ascore(self, **fields: Any) -> Any:
        value = await self._metric.single_turn_ascore(SingleTurnSample(**fields))
        return _Value(float(value))


@dataclass(frozen=True, slots=True)
class _Value:
    value: float


class ContextPrecisionWithoutModel(_WithoutModel):
    """`ragas.metrics.NonLLMContextPrecisionWithReference`: string similarity of at least 0.5 counts as a hit."""

    metric = NonLLMContextPrecisionWithReference


class ContextRecallWithoutModel(_WithoutModel):
    """`ragas.metrics.NonLLMContextRecall`: string similarity above 0.5 counts as a hit."""

    metric = NonLLMContextRecall


class RougeLOfAnyScript:
    """`ragas.metrics.collections.RougeScore`, with words of any script where ROUGE's own tokenizer drops letters."""

    metric = collections.RougeScore

    async def ascore(self, reference: str, response: str) -> Any:
        """Return the F-measure of the longest common subsequence of words."""
        reference, response = plain(reference), plain(response)
        if not _any_script(reference, response):
            return await self.metric().ascore(reference=reference, response=response)
        scorer = RougeScorer(["rougeL"], tokenizer=WordsOfAnyScript())
        return _Value(float(scorer.score(reference, response)["rougeL"].fmeasure))


class BleuOfWholeTexts:
    """`sacrebleu`'s BLEU of one text, as `ragas.metrics.collections.BleuScore` for a single sentence.

    `ragas` cuts texts at full stops and then compares the first sentence of the answer alone. An answer of fewer than
    four tokens has no run of four: BLEU is then over the runs that it can have (`effective_order`), where `ragas` gives
    0 even to two equal texts. Scripts without spaces count character by character.
    """

    metric = BLEU

    async def ascore(self, reference: str, response: str) -> Any:
        """Return BLEU, 0 to 1."""
        found = BLEU(effective_order=True).sentence_score(spaced(plain(response)), [spaced(plain(reference))])
        return _Value(float(found.score) / 100)


class ChrfOfAnyForm:
    """`ragas.metrics.collections.CHRFScore` of texts in one Unicode form."""

    metric = collections.CHRFScore

    async def ascore(self, reference: str, response: str) -> Any:
        """Return chrF, 0 to 1."""
        return await self.metric().ascore(reference=plain(reference), response=plain(response))


class SimilarityOfAnyForm:
    """`ragas.metrics.collections.NonLLMStringSimilarity` of texts in one Unicode form."""

    metric = collections.NonLLMStringSimilarity

    async def ascore(self, reference: str, response: str) -> Any:
        """Return 1 − Levenshtein distance / the longer one's characters."""
        return await self.metric().ascore(reference=plain(reference), response=plain(response))


def of_any_script(item: RagItem) -> bool:
    """Whether the words of an item are those of any script, because ROUGE's own tokenizer drops letters of it."""
    return _any_script(plain(item.reference or ""), plain(item.answer))


def _any_script(reference: str, response: str) -> bool:
    return dropped_by_rouge(reference) or dropped_by_rouge(response)


def _no_word(item: RagItem) -> str | None:
    return None if words(item.reference or "") else "the reference holds no word, and ROUGE compares words"


def _no_question(answers: Sequence[BaseModel]) -> str | None:
    if any(getattr(answer, "question", "").strip() for answer in answers):
        return None
    return "the judge made no question of the answer, which ragas would count as 0"


def _nothing_classified(answers: Sequence[BaseModel]) -> str | None:
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
            collections.AnswerRelevancy,
            ("question", "answer"),
            ("answer",),
            judge=True,
            embeddings=True,
            low=-1.0,
            flaw=_no_question,
        ),
        RagMetric(
            "answer_similarity",
            collections.SemanticSimilarity,
            ("reference", "answer"),
            ("answer", "reference"),
            embeddings=True,
            low=-1.0,
        ),
        RagMetric(
            "answer_correctness",
            collections.AnswerCorrectness,
            ("question", "answer", "reference"),
            ("answer", "reference"),
            judge=True,
            embeddings=True,
            low=-0.25,  # a quarter of it is a cosine
            flaw=_nothing_classified,
        ),
        RagMetric(
            "context_relevancy",
            collections.ContextRelevance,
            ("question", "contexts"),
            ("contexts",),
            judge=True,
        ),
        RagMetric(
            "faithfulness",
            collections.Faithfulness,
            ("question", "answer", "contexts"),
            ("answer", "contexts"),
            judge=True,
            nan="the judge found no statement in the answer, or gave no verdict on any",
        ),
        RagMetric(
            "context_precision",
            collections.ContextPrecision,
            ("question", "reference", "contexts"),
            ("reference", "contexts"),
            judge=True,
            digits=9,
        ),
        RagMetric(
            "context_recall",
            collections.ContextRecall,
            ("question", "contexts", "reference"),
            ("contexts", "reference"),
            judge=True,
            nan="the judge classified no statement of the reference",
        ),
        RagMetric(ROUGE, RougeLOfAnyScript, ("reference", "answer"), ("reference",), unfit=_no_word),
        RagMetric("bleu", BleuOfWholeTexts, ("reference", "answer"), ("reference",)),
        RagMetric("chrf", ChrfOfAnyForm, ("reference", "answer"), ("reference",)),
        RagMetric("string_similarity", SimilarityOfAnyForm, ("reference", "answer"), ("reference",)),
        RagMetric(
            "non_llm_context_precision",
            ContextPrecisionWithoutModel,
            ("contexts", "reference_contexts"),
            ("contexts", "reference_contexts"),
            digits=9,
        ),
        RagMetric(
            "non_llm_context_recall",
            ContextRecallWithoutModel,
            ("contexts", "reference_contexts"),
            ("contexts", "reference_contexts"),
        ),
    )
}


def build(metric: RagMetric, judge: ScoringJudge | None, embeddings: ScoringEmbeddings | None) -> Any:
    """Return the `ragas` metric with the judge and the embeddings that it uses."""
    models = {"llm": judge if metric.judge else None, "embeddings": embeddings if metric.embeddings else None}
    return metric.ragas_class(**{name: model for name, model in models.items() if model is not None})


async def score(
    metric: RagMetric, item: RagItem, judge: ScoringJudge | None, embeddings: ScoringEmbeddings | None
) -> float | Unscored:
    """Return the value that `ragas` gives `item`, or why it has none.

    Raises:
        EndpointDownError: when the judge or the embedding model is down.
    """
    if (gap := metric.gap(item)) is not None:
        return Unscored(gap)
    fields = {RAGAS_FIELDS[name]: _ragas_value(item, name) for name in metric.takes}
    try:
        if embeddings is not None and not metric.judge:
            await embeddings.prepare(item.reference or "", item.answer)
        value = float((await build(metric, judge, embeddings).ascore(**fields)).value)
    except EndpointDownError:
        raise
    except JudgeError as failure:
        return Unscored(str(failure))
    except Exception as error:
        return Unscored(f"ragas raised {type(error).__name__}: {error}")
    return _usable(metric, value, judge)


def _ragas_value(item: RagItem, name: str) -> str | list[str]:
    value = getattr(item, name)
    return list(value) if isinstance(value, tuple) else value or ""


def _usable(metric: RagMetric, value: float, judge: ScoringJudge | None) -> float | Unscored:
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


def ragas_name(metric: RagMetric) -> str:
    """Return the dotted name of the `ragas` class behind `metric`."""
    behind = getattr(metric.ragas_class, "metric", metric.ragas_class)
    return f"{behind.__module__}.{behind.__qualname__}"


def prompt_versions(metric: RagMetric) -> dict[str, str]:
    """Return the first 16 hexadecimal digits of the SHA-256 of each prompt that the metric asks with, by its class."""
    # Never asked: ragas makes a metric's prompts when it is built with a judge.
    judge, embeddings = object.__new__(ScoringJudge), object.__new__(ScoringEmbeddings)
    parts = vars(build(metric, judge, embeddings)).values()
    return {type(part).__name__: _prompt_version(part) for part in parts if isinstance(part, BasePrompt)}


def _prompt_version(prompt: Any) -> str:
    examples = [[question.model_dump(), answer.model_dump()] for question, answer in prompt.examples]
    content = [prompt.instruction, prompt.language, examples, prompt.output_model.model_json_schema()]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
