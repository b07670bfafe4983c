"""Comprehend's toxicity, spoken by a loopback server as the service model defines it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws.aws_errors import AwsAccessDeniedError, AwsError, AwsThrottledError
from aws.comprehend import SEGMENT_BYTES, ComprehendToxicity, Toxicity
from checks.errors import GovernanceError
from tests.aws.conftest import Loopback, Request

Rate = Callable[[str], dict[str, Any]]
RateBy = Callable[[Rate], None]


def segments_of(request: Request) -> list[str]:
    asked = json.loads(request.body)
    assert request.headers["X-Amz-Target"] == "Comprehend_20171127.DetectToxicContent"
    assert asked["LanguageCode"] == "en"
    return [segment["Text"] for segment in asked["TextSegments"]]


def result(overall: float, **labels: float) -> dict[str, Any]:
    return {"Toxicity": overall, "Labels": [{"Name": name, "Score": score} for name, score in labels.items()]}


@pytest.fixture
def comprehend(loopback: Loopback, client_of: Callable[..., Any]) -> ComprehendToxicity:
    return ComprehendToxicity(client_of("comprehend", loopback.url, 1))


@pytest.fixture
def rating(loopback: Loopback) -> RateBy:
    """Answer each segment by a function of its text."""

    def rate_by(rate: Rate) -> None:
        loopback.respond = lambda request: loopback.answer(
            200, json.dumps({"ResultList": [rate(text) for text in segments_of(request)]}).encode()
        )

    return rate_by


def test_each_text_has_its_toxicity_in_order(comprehend: ComprehendToxicity, rating: RateBy) -> None:
    rating(lambda text: result(0.9, INSULT=0.8, PROFANITY=0.1) if "fool" in text else result(0.1, INSULT=0.0))
    assert comprehend.detect(["hello", "you fool"]) == [
        Toxicity(0.1, {"INSULT": 0.0}),
        Toxicity(0.9, {"INSULT": 0.8, "PROFANITY": 0.1}),
    ]


def test_a_long_text_is_as_toxic_as_its_worst_segment(comprehend: ComprehendToxicity, rating: RateBy) -> None:
    rating(lambda text: result(0.9, INSULT=0.8) if "fool" in text else result(0.1, PROFANITY=0.2))
    text = "word " * 300 + "you fool " + "word " * 300
    assert comprehend.detect([text, "hello"]) == [
        Toxicity(0.9, {"INSULT": 0.8, "PROFANITY": 0.2}),
        Toxicity(0.1, {"PROFANITY": 0.2}),
    ]


def test_an_empty_text_has_none_and_is_not_sent(
    comprehend: ComprehendToxicity, rating: RateBy, loopback: Loopback
) -> None:
    rating(lambda text: result(0.5))
    assert comprehend.detect(["", "a", ""]) == [None, Toxicity(0.5, {}), None]
    assert comprehend.detect([]) == comprehend.detect([""])[:0] == []
    assert [segments_of(request) for request in loopback.requests] == [["a"]]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(max_size=400).map(lambda text: text * 8), max_size=6))
def test_requests_stay_within_the_limits_and_hold_every_character(
    comprehend: ComprehendToxicity, rating: RateBy, loopback: Loopback, texts: list[str]
) -> None:
    rating(lambda text: result(0.0))
    loopback.requests.clear()
    comprehend.detect(texts)
    batches = [segments_of(request) for request in loopback.requests]
    assert all(1 <= len(batch) <= 10 for batch in batches)
    assert all(1 <= len(segment.encode()) <= SEGMENT_BYTES for batch in batches for segment in batch)
    assert "".join(segment for batch in batches for segment in batch) == "".join(texts)


def test_a_word_is_not_cut_where_there_is_a_space(
    comprehend: ComprehendToxicity, rating: RateBy, loopback: Loopback
) -> None:
    rating(lambda text: result(0.0))
    comprehend.detect(["word " * 201])
    assert segments_of(loopback.requests[0]) == ["word " * 200, "word "]


def test_a_lone_surrogate_is_replaced(
    comprehend: ComprehendToxicity, rating: RateBy, loopback: Loopback
) -> None:
    rating(lambda text: result(0.0))
    comprehend.detect(["a\ud800b"])
    assert segments_of(loopback.requests[0]) == ["a?b"]


@pytest.mark.parametrize("results", [[], [result(0.1)], [result(0.1)] * 3])
def test_an_answer_for_fewer_texts_is_an_error(
    comprehend: ComprehendToxicity, loopback: Loopback, results: list[dict[str, Any]]
) -> None:
    loopback.respond = lambda request: loopback.answer(200, json.dumps({"ResultList": results}).encode())
    with pytest.raises(AwsError, match=f"answered for {len(results)} of 2 texts"):
        comprehend.detect(["a", "b"])


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "ThrottlingException", AwsThrottledError),
        (400, "AccessDeniedException", AwsAccessDeniedError),
        (400, "TextSizeLimitExceededException", AwsError),
    ],
)
def test_each_refusal_is_one_typed_message(
    comprehend: ComprehendToxicity, loopback: Loopback, status: int, code: str, error: type[GovernanceError]
) -> None:
    body = json.dumps({"__type": f"com.amazonaws.comprehend#{code}", "message": "said so"}).encode()
    loopback.respond = lambda request: loopback.answer(status, body)
    with pytest.raises(error, match=f"Comprehend: DetectToxicContent failed with {code}") as raised:
        comprehend.detect(["a"])
    assert type(raised.value) is error
