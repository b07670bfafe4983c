"""Scoring against a judge on loopback that answers as scripted."""

import json
import socket
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.errors import GovernanceError
from checks.evidence import Document
from checks.measurements import Measured, Measurement, Unmeasured
from checks.reports import read_report
from scorers.endpoints.protocols import EndpointDownError, JsonMode
from scorers.endpoints.requests import RequestLimits
from scorers.lines import LinesError
from scorers.rag.rag_settings import CorrectRule, Prices, RagSettings
from scorers.rag.scoring import RagEvidence, score_rag
from tests.scripted_judge import embeddings_at, judge_at

QUICK = RequestLimits(concurrency=4, attempts=3, first_wait_seconds=0.01)
PRECISION = ("context_precision",)


@pytest.fixture
def run(tmp_path: Path, judge_server: Any) -> Callable[..., RagEvidence]:
    """Return a function that scores with the judge on loopback."""

    def run(responses: Path, **settings: Any) -> RagEvidence:
        timeout = settings.pop("timeout", 10.0)
        judge = settings.pop("judge", judge_at(judge_server.url, timeout_seconds=timeout))
        embeddings = settings.pop("embeddings", embeddings_at(judge_server.url))
        cache = settings.pop("cache", tmp_path / "cache.sqlite3")
        chosen: dict[str, Any] = {"limits": QUICK, "metrics": PRECISION, **settings}
        return score_rag(
            responses,
            tmp_path / "evidence",
            judge=judge,
            embeddings=embeddings,
            cache=cache,
            settings=RagSettings(**chosen),
        )

    return run


def named(found: RagEvidence, metric: str, facet: str | None = None) -> Measurement:
    return next(one for one in found.measurements if (one.metric, one.facet) == (f"rag.{metric}", facet))


def value(found: RagEvidence, metric: str) -> float:
    measured = named(found, metric)
    assert isinstance(measured, Measured), measured
    return measured.value


def results(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "evidence" / "results.jsonl").read_text().splitlines()]


def test_all_metrics_and_latency(run: Any, tmp_path: Path, write_responses: Any, judge_server: Any) -> None:
    path = write_responses(
        *(
            {"latency_seconds": n, "facets": {"part": "ab"[n % 2]}, "reference_contexts": ["c"]}
            for n in range(1, 13)
        )
    )
    judge = judge_at(judge_server.url, temperature=0.3)
    found = run(path, metrics=(), repeats=2, judge=judge)
    content = (tmp_path / "evidence" / "evaluation.json").read_bytes()
    report = read_report(Document("evaluation.json", content))
    assert report.problem is None
    gate = {(one.metric, one.facet): one for one in report.measurements}
    assert gate.keys() == {(one.metric, one.facet) for one in found.measurements}
    assert not [one for one in report.measurements if isinstance(one, Unmeasured)]
    for metric in ("answer_relevancy", "answer_similarity", "answer_correctness", "context_relevancy"):
        of_gate = gate[f"rag.{metric}", "part=a"]
        assert isinstance(of_gate, Measured)
        assert of_gate.samples == 6
        assert of_gate.support.standard_error is not None
    assert [value(found, f"latency_{name}_seconds") for name in ("p50", "p95", "mean", "total")] == [
        6.5,
        pytest.approx(11.45),
        6.5,
        78.0,
    ]
    assert value(found, "coverage") == 1.0
    provenance = json.loads(content)["provenance"]
    assert provenance["judge"]["model"] == "judge-1"
    assert provenance["judge"]["json_mode"] == "json_schema"
    assert provenance["embeddings"]["model"] == "vectors-1"
    assert provenance["repeats"] == 2
    assert provenance["metrics"]["faithfulness"]["class"].endswith("Faithfulness")
    assert set(provenance["metrics"]["faithfulness"]["prompts"]) == {
        "StatementGeneratorPrompt",
        "NLIStatementPrompt",
    }
    first = results(tmp_path)[0]
    assert first["id"] == "q1"
    assert first["facets"] == {"part": "b"}
    assert first["correct"] is (first["scores"]["answer_correctness"] >= 0.5)
    assert len(first["draws"]["faithfulness"]) == 2
    assert first["reasons"] == {}


def test_a_repeated_run_asks_nothing_and_writes_the_same(
    run: Any, tmp_path: Path, write_responses: Any, judge_server: Any
) -> None:
    path = write_responses(*({} for _ in range(5)))
    first = run(path, metrics=(), repeats=2)
    written = [(tmp_path / "evidence" / name).read_bytes() for name in ("evaluation.json", "results.jsonl")]
    asked, embedded = len(judge_server.requests), len(judge_server.embedded)
    assert first.usage.requests == asked > 0
    again = run(path, metrics=(), repeats=2)
    assert (len(judge_server.requests), len(judge_server.embedded)) == (asked, embedded)
    assert again.usage.requests == 0
    assert written == [
        (tmp_path / "evidence" / name).read_bytes() for name in ("evaluation.json", "results.jsonl")
    ]


def test_another_judge_setting_or_prompt_or_repeat_is_asked_anew(
    run: Any, write_responses: Any, judge_server: Any
) -> None:
    path = write_responses({}, {})
    run(path)
    assert len(judge_server.requests) == 2
    run(path, judge=judge_at(judge_server.url, temperature=0.7))
    assert len(judge_server.requests) == 4
    run(path, repeats=2)
    assert len(judge_server.requests) == 6
    run(write_responses({}, {"reference": "another"}))
    assert len(judge_server.requests) == 7


def test_two_metrics_that_ask_the_same_thing_share_the_answer(
    run: Any, write_responses: Any, judge_server: Any
) -> None:
    run(write_responses({}), metrics=("faithfulness", "answer_correctness"))
    titles = [request["response_format"]["json_schema"]["name"] for request in judge_server.requests]
    assert sorted(titles) == [
        "ClassificationWithReason",
        "NLIStatementOutput",
        "StatementGeneratorOutput",
        "StatementGeneratorOutput",
    ]


def test_what_the_judge_fails_on_is_counted_and_never_0(
    run: Any, tmp_path: Path, write_responses: Any, judge_server: Any, reply: Any
) -> None:
    """Prose, a refusal, an answer cut off, JSON of another shape, a request that the server rejects."""
    bad = {
        "question 1?": reply("Of course! The context was useful."),
        "question 2?": reply("", finish_reason="content_filter"),
        "question 3?": reply('{"reason": "because', finish_reason="length"),
        "question 4?": reply('{"reason": "r", "verdict": "yes"}'),
        "question 5?": reply("the prompt is too long", status=400),
    }
    good = reply('{"reason": "r", "verdict": 1}')
    judge_server.script = lambda number, title, prompt: next(
        (answer for question, answer in bad.items() if question in prompt), good
    )
    found = run(write_responses(*({} for _ in range(8))))
    measured = named(found, "context_precision")
    assert isinstance(measured, Measured)
    assert measured.value == pytest.approx(1.0)
    assert measured.samples == 3
    assert value(found, "coverage") == 3 / 8
    assert value(found, "context_precision_coverage") == 3 / 8
    lines = results(tmp_path)
    assert [line["scores"]["context_precision"] for line in lines[:5]] == [None] * 5
    expected = ["prose instead of JSON", "refused", "cut off", "verdict", "too long"]
    for line, words in zip(lines, expected, strict=False):
        assert words in line["reasons"]["context_precision"]
    assert lines[0]["correct"] is None
    provenance = json.loads((tmp_path / "evidence" / "evaluation.json").read_text())["provenance"]
    assert provenance["metrics"]["context_precision"]["failed"] == 5


def test_a_judge_that_never_answers_usably_measures_nothing(
    run: Any, write_responses: Any, judge_server: Any, reply: Any
) -> None:
    judge_server.script = lambda *_: reply("no")
    found = named(run(write_responses({}, {})), "context_precision")
    assert isinstance(found, Unmeasured)
    assert 'most often because: the judge answered prose instead of JSON: "no"' in found.reason


def test_an_answer_that_comes_too_late_is_asked_for_again(
    run: Any, write_responses: Any, judge_server: Any, reply: Any, good: Any
) -> None:
    judge_server.script = lambda number, title, prompt: reply(
        good(title, prompt), delay=1.5 if number == 1 else 0.0
    )
    assert value(run(write_responses({}), timeout=0.5), "coverage") == 1.0
    assert len(judge_server.requests) == 2


def test_one_item_that_always_times_out_costs_only_itself(
    *, run: Any, tmp_path: Path, write_responses: Any, judge_server: Any, reply: Any, good: Any
) -> None:
    judge_server.script = lambda number, title, prompt: reply(
        good(title, prompt), delay=0.6 if "question 2?" in prompt else 0.0
    )
    found = run(write_responses({}, {}, {}), timeout=0.25)
    assert value(found, "coverage") == pytest.approx(2 / 3)
    assert "did not answer: no answer within" in results(tmp_path)[1]["reasons"]["context_precision"]


def test_throttling_is_waited_out_as_the_server_asks(
    run: Any, write_responses: Any, judge_server: Any, reply: Any, good: Any
) -> None:
    judge_server.script = lambda number, title, prompt: (
        reply(status=429, headers={"retry-after": "0.2"}) if number <= 2 else reply(good(title, prompt))
    )
    assert value(run(write_responses(*({} for _ in range(6)))), "coverage") == 1.0
    assert len(judge_server.requests) == 8


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 429}, "lower --concurrency"),
        ({"status": 429, "headers": {"retry-after": "86400"}}, "lower --concurrency"),
        ({"status": 401}, "check the credentials"),
        ({"status": 404}, "the model's name"),
        ({"hang_up": True}, "check its address"),
        ({"status": 500}, "requests in a row"),
        ({"body": b"<html>busy</html>"}, "requests in a row"),
    ],
    ids=[
        "throttled without end",
        "throttled for a day",
        "no key",
        "no model",
        "hangs up",
        "server error",
        "no JSON",
    ],
)
def test_an_endpoint_that_is_down_ends_the_run_without_evidence(
    *,
    answer: dict[str, Any],
    words: str,
    run: Any,
    tmp_path: Path,
    write_responses: Any,
    judge_server: Any,
    reply: Any,
) -> None:
    judge_server.script = lambda *_: reply(**answer)
    with pytest.raises(EndpointDownError, match=words):
        run(write_responses(*({} for _ in range(40))), metrics=("context_relevancy",))
    assert not (tmp_path / "evidence").exists()


def test_an_endpoint_that_goes_down_half_way_keeps_what_was_done(
    run: Any, write_responses: Any, judge_server: Any, reply: Any, good: Any
) -> None:
    path = write_responses(*({} for _ in range(20)))
    # It hangs up late: what is still on its way when that is noticed is not done.
    judge_server.script = lambda number, title, prompt: (
        reply(good(title, prompt)) if number <= 8 else reply(hang_up=True, delay=0.5)
    )
    with pytest.raises(EndpointDownError, match="kept in the cache"):
        run(path)
    answered = 8
    judge_server.requests.clear()
    judge_server.script = lambda number, title, prompt: reply(good(title, prompt))
    found = run(path)
    assert len(judge_server.requests) == 20 - answered
    assert value(found, "coverage") == 1.0


def test_no_more_requests_in_flight_than_asked_for(
    run: Any, write_responses: Any, judge_server: Any, reply: Any, good: Any
) -> None:
    judge_server.script = lambda number, title, prompt: reply(good(title, prompt), delay=0.02)
    run(write_responses(*({} for _ in range(30))), metrics=("context_precision", "context_relevancy"))
    assert 2 <= judge_server.most_in_flight <= QUICK.concurrency


def test_without_a_judge_the_evidence_says_so(
    tmp_path: Path, write_responses: Any, table_embeddings: Any
) -> None:
    found = score_rag(write_responses({}, {}), tmp_path / "evidence", embeddings=table_embeddings())
    for metric in ("answer_relevancy", "answer_correctness", "faithfulness", "context_recall"):
        unmeasured = named(found, metric)
        assert isinstance(unmeasured, Unmeasured)
        assert unmeasured.reason == "it needs a judge, and none was given"
    assert isinstance(named(found, "answer_similarity"), Measured)
    assert value(found, "coverage") == 1.0
    assert results(tmp_path)[0]["correct"] is None
    bare = score_rag(write_responses({}, {}), tmp_path / "evidence")
    without = named(bare, "answer_similarity")
    assert isinstance(without, Unmeasured)
    assert without.reason == "it needs an embedding model, and none was given"


def test_empty_contexts_answers_and_references(run: Any, tmp_path: Path, write_responses: Any) -> None:
    path = write_responses(
        {}, {"contexts": []}, {"contexts": [" "]}, {"answer": " "}, {"reference": ...}, {"reference": None}
    )
    found = run(path, metrics=())
    reasons = [line["reasons"] for line in results(tmp_path)]
    shared = set(reasons[0])
    assert shared == {"non_llm_context_precision", "non_llm_context_recall"}
    lacking = [{name: reason for name, reason in line.items() if name not in shared} for line in reasons]
    no_contexts = dict.fromkeys(
        ("context_relevancy", "faithfulness", "context_precision", "context_recall"),
        "the item has no contexts",
    )
    assert lacking[1] == lacking[2] == no_contexts
    judged_answers = ("answer_relevancy", "answer_similarity", "answer_correctness", "faithfulness")
    assert lacking[3] == dict.fromkeys(judged_answers, "the item has no answer")
    of_references = ("answer_similarity", "answer_correctness", "context_precision", "context_recall")
    words = ("rouge_l", "bleu", "chrf", "string_similarity")
    assert lacking[4] == lacking[5] == dict.fromkeys((*of_references, *words), "the item has no reference")
    assert results(tmp_path)[3]["scores"]["rouge_l"] == 0.0
    assert value(found, "coverage") == pytest.approx(1 / 6)
    assert value(found, "empty_answer_rate") == pytest.approx(1 / 6)


def test_correct_by_another_rule(run: Any, tmp_path: Path, write_responses: Any) -> None:
    run(
        write_responses({}, {"answer": "reference 2"}),
        metrics=("rouge_l",),
        correct=CorrectRule("rouge_l", 0.9),
    )
    assert [line["correct"] for line in results(tmp_path)] == [False, True]


def test_the_cost_stands_in_the_evidence_and_in_the_progress(
    run: Any, tmp_path: Path, write_responses: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run(write_responses({}, {}), prices=Prices(input_per_million=50.0, output_per_million=100.0))
    usage = json.loads((tmp_path / "evidence" / "evaluation.json").read_text())["provenance"]["judge"][
        "usage"
    ]
    assert usage == {"input_tokens": 200, "output_tokens": 20, "cost": pytest.approx(0.012)}
    said = capsys.readouterr().err
    assert "2 of 2 scores" in said
    assert "2 requests (0 from the cache), 200 tokens in, 20 out, cost 0.0120" in said


@pytest.mark.parametrize("mode", list(JsonMode))
def test_json_modes(mode: JsonMode, run: Any, write_responses: Any, judge_server: Any, reply: Any) -> None:
    judge_server.script = lambda *_: reply('{"reason": "r", "verdict": 1}')
    judge = judge_at(judge_server.url, json_mode=mode, temperature=None)
    run(write_responses({}), judge=judge)
    request = judge_server.requests[0]
    assert "temperature" not in request
    assert request.get("response_format", {}).get("type", "prompt") == mode.value


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([], "no lines"),
        ([{"question": ...}], ":1: question: missing"),
        ([{"question": " "}], ":1: question: empty"),
        ([{"answer": None}], ":1: answer: not a text"),
        ([{"contexts": "one"}], ":1: contexts: not a list"),
        ([{"contexts": ["one", 2]}], r":1: contexts\[1\]: not a text"),
        ([{"id": ""}], ":1: id: missing or empty"),
        ([{}, {"id": "q1"}], ':2: id: "q1" is on line 1 already'),
        ([{"latency_seconds": -1}], ":1: latency_seconds: not a number"),
        ([{"facets": ["CA"]}], ":1: facets: not a mapping"),
    ],
)
def test_lines_that_cannot_be_scored(
    items: list[dict[str, Any]], problem: str, run: Any, write_responses: Any
) -> None:
    with pytest.raises(LinesError, match=problem):
        run(write_responses(*items))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [({"metrics": ("faithfullness",)}, "no such metric"), ({"repeats": 0}, "at least once")],
)
def test_settings_that_no_run_can_have(
    settings: dict[str, Any], problem: str, run: Any, write_responses: Any
) -> None:
    with pytest.raises(GovernanceError, match=problem):
        run(write_responses({}), **settings)


def test_a_facet_that_names_items_is_refused_before_anything_is_asked(
    run: Any, write_responses: Any, judge_server: Any
) -> None:
    with pytest.raises(GovernanceError, match="more than 1,000 groups"):
        run(write_responses(*({"facets": {"user": number}} for number in range(1001))))
    assert judge_server.requests == []


def test_a_metric_that_is_named_twice_is_scored_once(
    run: Any, write_responses: Any, judge_server: Any
) -> None:
    run(write_responses({}), metrics=PRECISION * 2)
    assert len(judge_server.requests) == 1


def test_a_file_that_is_no_cache(run: Any, tmp_path: Path, write_responses: Any) -> None:
    cache = tmp_path / "cache.sqlite3"
    cache.write_text("this is not a database, whatever its name says")
    with pytest.raises(GovernanceError, match="cannot be used as a cache"):
        run(write_responses({}), cache=cache)
    assert not (tmp_path / "evidence").exists()


def test_a_run_opens_its_answers_once_and_connects_no_oftener_than_requests_are_in_flight(
    run: Any, write_responses: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Counter[str] = Counter()
    open_file, connect = sqlite3.connect, socket.socket.connect

    def note_file(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened["files"] += 1
        connection: sqlite3.Connection = open_file(*arguments, **options)
        return connection

    def note_connection(of: socket.socket, address: Any) -> None:
        opened["connections"] += 1
        connect(of, address)

    monkeypatch.setattr(sqlite3, "connect", note_file)
    monkeypatch.setattr(socket.socket, "connect", note_connection)
    run(write_responses(*({"question": f"q{number}?"} for number in range(20))))
    assert opened["files"] == 1
    assert 1 <= opened["connections"] <= QUICK.concurrency
