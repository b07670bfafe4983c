"""The metrics are ragas': beside its own classes they ask the same, in the same order, and come to the same figures.

Only this file loads ragas. `UPDATE_GOLDEN=1 pytest tests/scorers/rag/test_beside_ragas.py` keeps its prompts anew.
"""

import asyncio
import importlib
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from scorers.endpoints.cache import AnswerCache
from scorers.endpoints.protocols import Fault, JudgeAnswer, RequestError
from scorers.endpoints.requests import EmbeddingCalls, JudgeCalls, RequestLimits
from scorers.rag.items import RagItem
from scorers.rag.judge_answers import read_answer
from scorers.rag.judge_failures import NO_ANSWER, JudgeError
from scorers.rag.metrics import METRICS, NO_COSINE, RAGAS, RagMetric, score
from scorers.rag.model_scores import MODEL_SCORES
from scorers.rag.prompts import FOLDER, JudgePrompt
from scorers.rag.scores import Unscored
from scorers.rag.scoring_models import ScoringEmbeddings, ScoringJudge

WITHOUT_MODEL = [name for name, metric in METRICS.items() if metric.compute is not None]
OF_RAGAS = {
    "question": "user_input",
    "answer": "response",
    "contexts": "retrieved_contexts",
    "reference": "reference",
    "reference_contexts": "reference_contexts",
}
TEXTS = [
    ("Jonah was three days in the fish.", "Jonah was in the belly of the fish three days and three nights."),
    ("", "a reference"),
    ("Straße – naïve café", "Strasse - naive cafe"),
    ("wholly other words", "nothing in common here"),
    ("The skies were dying; generously, they succeeded.", "The sky was tied to lying news; it proceeds!"),
]
CONTEXTS = (("one passage", "another passage", "a third"), ("another passages", "something else"))
ONCE = RequestLimits(attempts=1)
PLAIN = st.text(st.sampled_from("abcdeiys gstn.,-'\n1"), min_size=1, max_size=60)


def item(**fields: Any) -> RagItem:
    said: dict[str, Any] = {"question": "q", "contexts": (), "answer": "resp", "reference": "ref", **fields}
    return RagItem(id="1", **said)


def ragas_class(metric: RagMetric) -> Any:
    module, _, name = metric.ragas_class.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_each_class_that_the_evidence_names_is_there() -> None:
    found = {metric.name: ragas_class(metric) for metric in METRICS.values()}
    assert {name: f"{one.__module__}.{one.__qualname__}" for name, one in found.items()} == {
        metric.name: metric.ragas_class for metric in METRICS.values()
    }
    assert version("ragas") == RAGAS
    assert {*WITHOUT_MODEL} ^ METRICS.keys() == MODEL_SCORES.keys()


def scored(name: str, of: RagItem) -> float | Unscored:
    return asyncio.run(score(METRICS[name], of))


def of_ragas(name: str, **fields: Any) -> float:
    """The figure that ragas' own class comes to."""
    from ragas.dataset_schema import SingleTurnSample  # noqa: PLC0415 - takes seconds, and every worker collects this file
    from ragas.metrics import collections  # noqa: PLC0415

    metric = (collections.BleuScore if name == "bleu" else ragas_class(METRICS[name]))()
    if hasattr(metric, "single_turn_ascore"):
        return float(asyncio.run(metric.single_turn_ascore(SingleTurnSample(**fields))))
    return float(asyncio.run(metric.ascore(**fields)).value)


@pytest.mark.parametrize("metric", ["rouge_l", "bleu", "chrf", "string_similarity"])
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


class OfRagas:
    """Judge and embedding model as ragas' classes want them, which ask and read as this project's do."""

    def __init__(self, judge: "Answering", vectors: "Vectors", cache: AnswerCache) -> None:
        from ragas.embeddings.base import BaseRagasEmbedding  # noqa: PLC0415 - as above
        from ragas.llms.base import InstructorBaseRagasLLM  # noqa: PLC0415

        times: Counter[str] = Counter()
        embeddings = ScoringEmbeddings(EmbeddingCalls(vectors, cache, ONCE))

        class Judge(InstructorBaseRagasLLM):
            def generate(self, prompt: str, response_model: type[BaseModel]) -> BaseModel:
                raise NotImplementedError

            async def agenerate(self, prompt: str, response_model: type[BaseModel]) -> BaseModel:
                times[prompt] += 1
                try:
                    said = await judge.answer(prompt, response_model.model_json_schema(), times[prompt] - 1)
                except RequestError as error:
                    raise JudgeError(f"{NO_ANSWER}: {error}") from error
                return read_answer(said, response_model)

        class Embeddings(BaseRagasEmbedding):
            def embed_text(self, text: str, **_: Any) -> list[float]:
                return vectors.vector(text)

            async def aembed_text(self, text: str, **_: Any) -> list[float]:
                return (await embeddings.embed(text))[0]

            async def aembed_texts(self, texts: list[str], **_: Any) -> list[list[float]]:
                return await embeddings.embed(*texts)

        self._judge, self._embeddings = Judge(), Embeddings()

    def make(self, metric: RagMetric) -> Any:
        """The metric of ragas, with the models that it asks."""
        models = {"llm": self._judge} if metric.judge else {}
        models |= {"embeddings": self._embeddings} if metric.embeddings else {}
        return ragas_class(metric)(**models)

    async def score(self, metric: RagMetric, of: RagItem) -> float | str:
        """Its figure, or why there is none."""
        fields = {OF_RAGAS[name]: getattr(of, name) for name in metric.takes}
        if "retrieved_contexts" in fields:
            fields["retrieved_contexts"] = [*fields["retrieved_contexts"]]
        try:
            return float((await self.make(metric).ascore(**fields)).value)
        except JudgeError as error:
            return str(error)


def ragas_prompts() -> dict[str, Any]:
    """The prompts that ragas' classes ask with, by the names of their classes."""
    from ragas.prompt.metrics.base_prompt import BasePrompt  # noqa: PLC0415 - as above

    found: dict[str, Any] = {}
    models = OfRagas(Answering(lambda _: ""), Vectors(lambda _: []), AnswerCache(None))
    for metric in METRICS.values():
        if metric.judge:
            parts = vars(models.make(metric)).values()
            asked = {type(part).__name__: part for part in parts if isinstance(part, BasePrompt)}
            assert list(asked) == [prompt.name for prompt in MODEL_SCORES[metric.name].prompts]
            found |= asked
    return found


def test_the_prompts_that_are_kept_are_those_of_ragas() -> None:
    kept: dict[str, JudgePrompt[Any]] = {
        prompt.name: prompt for one in MODEL_SCORES.values() for prompt in one.prompts
    }
    prompts = ragas_prompts()
    assert kept.keys() == prompts.keys()
    for name, prompt in prompts.items():
        examples = [[given.model_dump(), answered.model_dump()] for given, answered in prompt.examples]
        content = json.dumps(
            {"instruction": prompt.instruction, "examples": examples}, indent=2, ensure_ascii=False
        )
        if os.environ.get("UPDATE_GOLDEN"):
            (FOLDER / f"{name}.json").write_text(content + "\n")
        assert (FOLDER / f"{name}.json").read_text() == content + "\n"
        # The order counts: the schema is a part of the prompt.
        assert json.dumps(kept[name].schema) == json.dumps(prompt.output_model.model_json_schema())
        given, _ = prompt.examples[0]
        assert kept[name].text(**given.model_dump()) == prompt.to_string(given)
        assert prompt.language == "english"
    assert {path.name for path in FOLDER.iterdir()} == {*(f"{name}.json" for name in kept), "NOTICE"}


class Answering:
    """A judge that says what `answers` gives for the title of a schema, and remembers what it was asked."""

    def __init__(self, answers: Callable[[str], "str | JudgeAnswer | RequestError"]) -> None:
        self.description = {"provider": "scripted", "model": "scripted"}
        self._answers = answers
        self.asked: list[tuple[str, str, int]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def answer(self, prompt: str, schema: Mapping[str, Any], seed: int) -> JudgeAnswer:
        self.asked.append((prompt, json.dumps(schema), seed))
        said = self._answers(schema["title"])
        if isinstance(said, RequestError):
            raise said
        return JudgeAnswer(said) if isinstance(said, str) else said


@dataclass
class Vectors:
    """An embedding model whose vectors `make` makes, each once, and which remembers what it was asked."""

    make: Callable[[str], list[float]]
    vectors: dict[str, list[float]] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    description: Mapping[str, Any] = field(default_factory=lambda: {"provider": "table", "model": "table"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    def vector(self, text: str) -> list[float]:
        if text not in self.vectors:
            self.vectors[text] = self.make(text)
        return self.vectors[text]

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked.append([*texts])
        return [self.vector(text) for text in texts]


def listed(entries: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(entries, max_size=4)


WORDS = st.text(max_size=12)
BITS = st.sampled_from([0, 1, 1, 0, True, "1", -1, 2])
NAMED = st.fixed_dictionaries({"statement": WORDS, "reason": WORDS})
USABLE: Mapping[str, st.SearchStrategy[Any]] = {
    "AnswerRelevanceOutput": st.fixed_dictionaries({"question": WORDS, "noncommittal": BITS}),
    "StatementGeneratorOutput": st.fixed_dictionaries({"statements": listed(WORDS)}),
    "ClassificationWithReason": st.fixed_dictionaries(
        {"TP": listed(NAMED), "FP": listed(NAMED), "FN": listed(NAMED)}
    ),
    "NLIStatementOutput": st.fixed_dictionaries(
        {"statements": listed(st.fixed_dictionaries({"statement": WORDS, "reason": WORDS, "verdict": BITS}))}
    ),
    "ContextRelevanceOutput": st.fixed_dictionaries({"rating": st.sampled_from([0, 1, 2, 1, 3, -1])}),
    "ContextPrecisionOutput": st.fixed_dictionaries({"reason": WORDS, "verdict": BITS}),
    "ContextRecallOutput": st.fixed_dictionaries(
        {
            "classifications": listed(
                st.fixed_dictionaries({"statement": WORDS, "reason": WORDS, "attributed": BITS})
            )
        }
    ),
}
UNUSABLE = st.sampled_from(
    [
        "",
        "Sure!",
        "{}",
        '{"statements": 1}',
        "<think>Well, ",
        JudgeAnswer('{"rating": 1', stopped="cut off at the token limit"),
        RequestError("the prompt is too long", Fault.REJECTED),
    ]
)
FRAMES = st.sampled_from(
    ["{}", "{}", "{}", "```json\n{}\n```", "Sure:\n{}\nI hope this helps!", "<think>{{}}</think>{}"]
)


@cache  # as hypothesis looks through a strategy before it first draws from it
def said(title: str) -> st.SearchStrategy[Any]:
    usable = st.builds(lambda frame, value: frame.format(json.dumps(value)), FRAMES, USABLE[title])
    return st.one_of(usable, usable, usable, usable, UNUSABLE)


FIELD = st.text(min_size=1, max_size=20)
ITEMS = st.builds(
    RagItem,
    id=st.just("1"),
    question=FIELD.filter(str.strip),
    answer=FIELD,
    reference=FIELD,
    contexts=st.lists(FIELD, min_size=1, max_size=3).map(tuple),
)
VECTORS = st.lists(st.one_of(st.just(0.0), st.floats(-1e3, 1e3)), min_size=3, max_size=3)


@pytest.mark.parametrize("name", MODEL_SCORES)
@given(st.data())
@settings(max_examples=60)
def test_metrics_of_a_model_ask_as_ragas_does_and_come_to_its_figures(name: str, data: st.DataObject) -> None:
    metric, of = METRICS[name], data.draw(ITEMS)
    assume(metric.gap(of) is None)
    answers: list[Any] = []

    def draw_answer(title: str) -> Any:
        answers.append(data.draw(said(title)))
        return answers[-1]

    judge = Answering(draw_answer)
    vectors = Vectors(lambda _: data.draw(VECTORS))
    again = Answering(lambda _: answers[len(again.asked) - 1])
    for_ragas = Vectors(vectors.vector)

    async def both() -> tuple[float | Unscored, float | str]:
        with AnswerCache(None) as cache, AnswerCache(None) as another:
            models: list[ScoringJudge | ScoringEmbeddings] = []
            if metric.judge:
                models.append(ScoringJudge(JudgeCalls(judge, cache, ONCE), 0))
            if metric.embeddings:
                models.append(ScoringEmbeddings(EmbeddingCalls(vectors, cache, ONCE)))
            ours = await score(metric, of, *models)
            return ours, await OfRagas(again, for_ragas, another).score(metric, of)

    found, expected = asyncio.run(both())
    assert judge.asked == again.asked
    if isinstance(found, Unscored):
        is_same = found.reason == expected if isinstance(expected, str) else not math.isfinite(expected)
        # A length that is too small to be a number is 0, and so is the similarity that ragas counts of it.
        is_lost = found.reason == NO_COSINE and not all(map(np.linalg.norm, for_ragas.vectors.values()))
        assert is_same or is_lost or "which ragas would count as" in found.reason
        return
    assert isinstance(expected, float)
    bounded = min(max(expected, metric.low), 1.0)
    assert bounded == pytest.approx(expected, abs=1e-6), "only rounding is beyond the bounds"
    assert found == (bounded if metric.digits is None else round(bounded, metric.digits))
    at_once = [[*dict.fromkeys((of.reference, of.answer))]]  # where ragas embeds each text by itself
    assert vectors.asked == (for_ragas.asked if metric.judge else at_once)


@given(st.text(st.sampled_from('{}[]",:1a \n'), max_size=40))
@settings(max_examples=300)
@example('{"a": 1} and {"b": [2, {"c": 3}]}!')
@example('[1] {"a": ')
@example("no JSON")
def test_the_last_json_of_a_text_is_what_ragas_own_reader_takes(text: str) -> None:
    from instructor.utils import extract_json_from_codeblock  # noqa: PLC0415 - as above

    from scorers.endpoints.answers import last_json  # noqa: PLC0415 - beside it

    def read(take: Callable[[str], Any]) -> Any:
        try:
            return take(text)
        except ValueError:
            return ValueError

    taken = read(lambda whole: json.loads(extract_json_from_codeblock(whole)))
    assert read(last_json) == (taken if isinstance(taken, (dict, list)) else ValueError)
