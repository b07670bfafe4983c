"""Judges on loopback that refuse settings, or answer in another shape than was asked for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.measurements import Measured, Unmeasured
from scorers.endpoints.requests import RequestLimits
from scorers.rag.rag_settings import RagSettings
from scorers.rag.scoring import RagEvidence, score_rag
from tests.scripted_judge import judge_at

QUICK = RequestLimits(concurrency=4, attempts=3, first_wait_seconds=0.01)
STATEMENTS = json.dumps({"statements": ["It stands in Bern."]})


def verdict(bit: object) -> str:
    return json.dumps({"statements": [{"statement": "It stands in Bern.", "reason": "r", "verdict": bit}]})


@pytest.fixture
def run(tmp_path: Path, judge_server: Any) -> Callable[..., RagEvidence]:
    """Return a function that scores faithfulness with the judge on loopback."""

    def run(responses: Path, temperature: float = 0.0, **settings: Any) -> RagEvidence:
        chosen: dict[str, Any] = {"limits": QUICK, "metrics": ("faithfulness",), **settings}
        judge = judge_at(judge_server.url, temperature=temperature)
        return score_rag(
            responses,
            tmp_path / "evidence",
            judge=judge,
            cache=tmp_path / "cache.sqlite3",
            settings=RagSettings(**chosen),
        )

    return run


def answer_with(server: Any, reply: Any, second: str, refuse: Callable[[dict[str, Any]], str | None]) -> None:
    """Let the server give statements and then `second`, but refuse requests of which `refuse` says why."""

    def script(number: int, title: str, prompt: str) -> Any:
        body = server.requests[number - 1]
        if (why := refuse(body)) is not None:
            return reply(why, status=400)
        return reply(second if "verdict" in prompt else STATEMENTS)

    server.script = script


def written(tmp_path: Path) -> dict[str, bytes]:
    folder = tmp_path / "evidence"
    return {name: (folder / name).read_bytes() for name in ("evaluation.json", "results.jsonl")}


@pytest.mark.parametrize(
    ("setting", "message", "asked_with"),
    [
        pytest.param(
            "max_tokens",
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "max_completion_tokens in place of max_tokens",
            id="max_tokens",
        ),
        pytest.param("seed", "Extra inputs are not permitted: seed", "no seed", id="seed"),
        pytest.param("temperature", "'temperature' does not support 0", "no temperature", id="temperature"),
        pytest.param(
            "json_schema",
            "response_format json_schema not supported",
            "JSON mode json_object in place of json_schema",
            id="json_schema",
        ),
        pytest.param(
            "response_format",
            "response_format: Extra inputs are not permitted",
            "JSON mode prompt in place of json_schema",
            id="every JSON mode",
        ),
    ],
)
def test_a_judge_is_asked_again_without_what_it_refuses(
    *,
    setting: str,
    message: str,
    asked_with: str,
    run: Any,
    tmp_path: Path,
    write_responses: Any,
    judge_server: Any,
    reply: Any,
) -> None:
    def refuse(body: dict[str, Any]) -> str | None:
        told = {*body, body.get("response_format", {}).get("type", "")}
        return message if setting in told else None

    answer_with(judge_server, reply, verdict(1), refuse)
    path = write_responses({}, {}, {})
    found = run(path)
    refusals = 2 if setting == "response_format" else 1
    assert len(judge_server.requests) == 6 + refusals
    assert found.measurements[0].value == 1.0
    assert found.hints == (f"the judge's endpoint did not take all settings: it was asked with {asked_with}",)
    first = written(tmp_path)
    assert json.loads(first["evaluation.json"])["provenance"]["judge"]["asked_with"] == [asked_with]
    run(path)  # from the cache alone: nothing is learned anew, and the bytes are the same
    assert len(judge_server.requests) == 6 + refusals
    assert written(tmp_path) == first


@pytest.mark.parametrize(
    ("answer", "score", "reason"),
    [
        pytest.param(f"<think>{verdict(0)}?</think>{verdict(1)}", 1.0, None, id="reasoning before"),
        pytest.param(f"{verdict(0)}? No. </think>{verdict(1)}", 1.0, None, id="reasoning without its tag"),
        pytest.param(f"{verdict(1)}\n\nI hope this helps!", 1.0, None, id="prose after"),
        pytest.param(verdict("1"), 1.0, None, id="a number as text"),
        pytest.param(verdict(True), 1.0, None, id="a boolean"),
        pytest.param(verdict(0), 0.0, None, id="no"),
        pytest.param(
            verdict(-1),
            None,
            "the judge's verdict is -1, neither 0 nor 1",
            id="unsure, which ragas counts as yes",
        ),
        pytest.param(verdict(2), None, "the judge's verdict is 2, neither 0 nor 1", id="two"),
        pytest.param(
            verdict("Yes"),
            None,
            "the judge's JSON does not fit the schema: statements.0.verdict: Input should be a valid integer, "
            "unable to parse string as an integer",
            id="a word",
        ),
        pytest.param("<think>Well, ", None, "the judge said nothing", id="only reasoning"),
    ],
)
def test_answers_of_other_shapes(
    *,
    answer: str,
    score: float | None,
    reason: str | None,
    run: Any,
    tmp_path: Path,
    write_responses: Any,
    judge_server: Any,
    reply: Any,
) -> None:
    answer_with(judge_server, reply, answer, lambda _: None)
    run(write_responses({}))
    [line] = [json.loads(text) for text in written(tmp_path)["results.jsonl"].decode().splitlines()]
    assert line["scores"] == {"faithfulness": score}
    assert line["reasons"] == ({} if reason is None else {"faithfulness": reason})


def test_text_in_parts_is_read(run: Any, write_responses: Any, judge_server: Any, reply: Any) -> None:
    def script(number: int, title: str, prompt: str) -> Any:
        text = verdict(1) if "verdict" in prompt else STATEMENTS
        parts = [{"type": "text", "text": text[:5]}, {"type": "text", "text": text[5:]}]
        body = {"choices": [{"message": {"content": parts}, "finish_reason": "stop"}]}
        return reply(body=json.dumps(body).encode())

    judge_server.script = script
    assert run(write_responses({})).measurements[0].value == 1.0


def test_a_column_without_any_score_has_no_gap_and_says_so(
    run: Any, write_responses: Any, judge_server: Any, reply: Any
) -> None:
    judge_server.script = lambda number, title, prompt: (
        reply("Sure!") if "answer 1" in prompt else reply(verdict(1) if "verdict" in prompt else STATEMENTS)
    )
    found = run(write_responses({"facets": {"book": "Ruth"}}, {}))
    expected: dict[tuple[str, str | None], str] = {
        ("rag.faithfulness", "book=Ruth"): (
            'no item could be scored, most often because: the judge answered prose instead of JSON: "Sure!"'
        ),
        ("rag.faithfulness_largest_gap", "book"): "book has no group with scores",
        ("rag.coverage_largest_gap", "book"): "book has only one group",
        ("rag.empty_answer_rate_largest_gap", "book"): "book has only one group",
        **{
            (f"rag.latency_{name}_seconds", None): "no item has latency_seconds"
            for name in ("p50", "p95", "mean", "total")
        },
    }
    assert {
        (one.metric, one.facet): one.reason for one in found.measurements if isinstance(one, Unmeasured)
    } == expected


def test_a_vector_of_zeros_is_no_similarity(
    tmp_path: Path, write_responses: Any, table_embeddings: Any
) -> None:
    found = score_rag(
        write_responses({}),
        tmp_path / "evidence",
        embeddings=table_embeddings({"answer 1": [0.0, 0.0]}),
        settings=RagSettings(metrics=("answer_similarity",)),
    )
    assert isinstance(found.measurements[0], Unmeasured)
    assert "the embedding model has no vector but zeros for a text" in found.measurements[0].reason


def test_missing_scores_are_counted_with_the_way_out(
    run: Any, write_responses: Any, judge_server: Any, reply: Any
) -> None:
    judge_server.script = lambda number, title, prompt: (
        reply('{"statements', finish_reason="length") if "answer 1" in prompt else reply("Sure!")
    )
    found = run(write_responses({}, {}, {}))
    assert found.counts == {
        "scores that are missing, and why": {
            "faithfulness: the judge did not finish its answer: cut off at the token limit": 1,
            'faithfulness: the judge answered prose instead of JSON: "Sure!"': 2,
        }
    }
    assert [hint.partition(":")[0] for hint in found.hints] == [
        "the judge did not finish its answers",
        "the judge answered prose instead of JSON",
    ]


def test_draws_stand_in_the_order_of_the_repeats_however_they_come(
    run: Any, tmp_path: Path, write_responses: Any, judge_server: Any, reply: Any
) -> None:
    """The first repeat is answered last, and says no."""

    def script(number: int, title: str, prompt: str) -> Any:
        if "verdict" not in prompt:
            return reply(STATEMENTS)
        is_first = judge_server.requests[number - 1]["seed"] == 0
        return reply(verdict(0 if is_first else 1), delay=0.3 if is_first else 0.0)

    judge_server.script = script
    run(write_responses({}), repeats=3, temperature=0.5)
    [line] = [json.loads(text) for text in written(tmp_path)["results.jsonl"].decode().splitlines()]
    assert line["draws"] == {"faithfulness": [0.0, 1.0, 1.0]}


@pytest.mark.parametrize(
    ("temperature", "measured"),
    [pytest.param(0.0, False, id="at zero"), pytest.param(0.3, True, id="above zero")],
)
def test_equal_draws_at_temperature_0_do_not_measure_the_judges_noise(
    *, temperature: float, measured: bool, run: Any, write_responses: Any, judge_server: Any, reply: Any
) -> None:
    answer_with(judge_server, reply, verdict(1), lambda _: None)
    found = run(write_responses({}, {}), repeats=2, temperature=temperature)
    spread = next(one for one in found.measurements if one.metric.endswith("_judge_standard_deviation"))
    if measured:
        assert isinstance(spread, Measured)
        assert spread.value == 0.0
    else:
        assert isinstance(spread, Unmeasured)
        assert "do not measure its noise; give --judge-temperature" in spread.reason
