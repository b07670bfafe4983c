"""Bedrock's models, spoken by a loopback server as the service model defines them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from aws.aws_errors import (
    AwsAccessDeniedError,
    AwsError,
    AwsNotFoundError,
    AwsThrottledError,
    AwsUnreachableError,
)
from aws.bedrock import BedrockChat, BedrockEmbeddings, ChatAnswer
from checks.errors import GovernanceError
from tests.aws.conftest import Loopback

CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
COHERE = "eu.cohere.embed-multilingual-v3"


@pytest.fixture
def bedrock(loopback: Loopback, client_of: Callable[..., Any]) -> Any:
    return client_of("bedrock-runtime", loopback.url, 1)


def answer_with(loopback: Loopback, *documents: object) -> None:
    left = list(documents)
    loopback.respond = lambda request: loopback.answer(
        200, json.dumps(left.pop(0)).encode(), {"Content-Type": "application/json"}
    )


def said(*blocks: dict[str, Any], stop_reason: str = "end_turn") -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15},
        "metrics": {"latencyMs": 7},
    }


def test_a_model_is_asked_with_its_settings(loopback: Loopback, bedrock: Any) -> None:
    answer_with(loopback, said({"text": '{"verdict": 1}'}))
    chat = BedrockChat(bedrock, CLAUDE, max_tokens=100, top_p=0.5, model_fields={"top_k": 5})
    schema = {"type": "object"}
    assert chat.converse("Is it?", system="Judge.", schema=schema) == ChatAnswer(
        '{"verdict": 1}', 12, 3, "end_turn"
    )
    assert loopback.requests[0].path == f"/model/{CLAUDE.replace(':', '%3A')}/converse"
    assert json.loads(loopback.requests[0].body) == {
        "messages": [{"role": "user", "content": [{"text": "Is it?"}]}],
        "system": [{"text": "Judge."}],
        "inferenceConfig": {"maxTokens": 100, "temperature": 0.0, "topP": 0.5},
        "additionalModelRequestFields": {"top_k": 5},
        "outputConfig": {
            "textFormat": {
                "type": "json_schema",
                "structure": {"jsonSchema": {"schema": '{"type": "object"}', "name": "answer"}},
            }
        },
    }
    settings = {"maxTokens": 100, "temperature": 0.0, "topP": 0.5, "top_k": 5}
    assert chat.description == {"provider": "bedrock", "model": CLAUDE, **settings}


def test_what_is_not_asked_for_is_not_sent(loopback: Loopback, bedrock: Any) -> None:
    answer_with(loopback, said({"text": "yes"}))
    BedrockChat(bedrock, CLAUDE, temperature=None).converse("Is it?")
    assert json.loads(loopback.requests[0].body) == {
        "messages": [{"role": "user", "content": [{"text": "Is it?"}]}],
        "inferenceConfig": {"maxTokens": 2048},
    }


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            said({"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"text": "y"}, {"text": "es"}),
            ("yes", "end_turn"),
        ),
        (said(stop_reason="guardrail_intervened"), ("", "guardrail_intervened")),
        (said({"text": "ye"}, stop_reason="max_tokens"), ("ye", "max_tokens")),
    ],
)
def test_only_text_counts_and_the_reason_for_stopping_is_kept(
    loopback: Loopback, bedrock: Any, document: dict[str, Any], expected: tuple[str, str]
) -> None:
    answer_with(loopback, document)
    answer = BedrockChat(bedrock, CLAUDE).converse("Is it?")
    assert (answer.text, answer.stop_reason) == expected


@pytest.mark.parametrize("output", [{}, {"something new": {}}])
def test_an_answer_without_a_message_is_an_error(
    loopback: Loopback, bedrock: Any, output: dict[str, Any]
) -> None:
    answer_with(loopback, {**said(), "output": output})
    with pytest.raises(AwsUnreachableError, match=f"{CLAUDE}: Converse (failed|was answered without)"):
        BedrockChat(bedrock, CLAUDE).converse("Is it?")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((429, "ThrottlingException"), AwsThrottledError),
        ((503, "ServiceUnavailableException"), AwsThrottledError),
        ((429, "ModelNotReadyException"), AwsThrottledError),
        ((408, "ModelTimeoutException"), AwsUnreachableError),
        ((500, "InternalServerException"), AwsUnreachableError),
        ((403, "AccessDeniedException"), AwsAccessDeniedError),
        ((404, "ResourceNotFoundException"), AwsNotFoundError),
        ((400, "ValidationException"), AwsError),
        ((424, "ModelErrorException"), AwsError),
    ],
)
@pytest.mark.parametrize(
    "asked",
    [
        (CLAUDE, lambda client: BedrockChat(client, CLAUDE).converse("Is it?")),
        (TITAN, lambda client: BedrockEmbeddings(client, TITAN).embed(["a"])),
    ],
)
def test_each_refusal_is_one_typed_message(
    loopback: Loopback,
    bedrock: Any,
    asked: tuple[str, Callable[[Any], object]],
    answer: tuple[int, str],
    error: type[GovernanceError],
) -> None:
    (model, call), (status, code) = asked, answer
    headers = {"x-amzn-ErrorType": code}
    loopback.respond = lambda request: loopback.answer(status, b'{"message": "said so"}', headers)
    with pytest.raises(error, match="said so") as raised:
        call(bedrock)
    assert type(raised.value) is error
    assert model in str(raised.value)


def test_titan_embeds_one_text_a_request(loopback: Loopback, bedrock: Any) -> None:
    answer_with(loopback, {"embedding": [1, 0.5]}, {"embedding": [0, 2]})
    model = BedrockEmbeddings(bedrock, TITAN, dimensions=256)
    assert model.embed(["a", "b"]) == [[1.0, 0.5], [0.0, 2.0]]
    sent = [json.loads(request.body) for request in loopback.requests]
    assert sent == [{"inputText": "a", "dimensions": 256}, {"inputText": "b", "dimensions": 256}]
    assert model.description == {"provider": "bedrock", "model": TITAN, "dimensions": 256}


def test_cohere_embeds_texts_in_batches(loopback: Loopback, bedrock: Any) -> None:
    texts = [f"text {number}" for number in range(100)]
    answer_with(
        loopback,
        {"embeddings": [[number, 1] for number in range(96)]},
        {"embeddings": {"float": [[number, 1] for number in range(96, 100)]}},
    )
    assert BedrockEmbeddings(bedrock, COHERE).embed(texts) == [[float(number), 1.0] for number in range(100)]
    sent = [json.loads(request.body) for request in loopback.requests]
    assert sent[0] == {"texts": texts[:96], "input_type": "clustering", "truncate": "NONE"}
    assert sent[1]["texts"] == texts[96:]


@pytest.mark.parametrize("model", [TITAN, COHERE])
def test_no_texts_have_no_vectors_and_need_no_request(loopback: Loopback, bedrock: Any, model: str) -> None:
    assert BedrockEmbeddings(bedrock, model).embed([]) == []
    assert loopback.requests == []


@pytest.mark.parametrize(
    ("model", "content"),
    [
        (TITAN, b"{}"),
        (TITAN, b"[]"),
        (TITAN, b"not json"),
        (TITAN, b'{"embedding": []}'),
        (TITAN, b'{"embedding": [NaN]}'),
        (TITAN, b'{"embedding": [true]}'),
        (TITAN, b'{"embedding": ["1"]}'),
        (COHERE, b"{}"),
        (COHERE, b'{"embeddings": {"int8": [[1], [2]]}}'),
        (COHERE, b'{"embeddings": [[1]]}'),
        (COHERE, b'{"embeddings": [[1], [1, 2]]}'),
        (COHERE, b'{"embeddings": [[1], null]}'),
    ],
)
def test_an_answer_without_the_vectors_is_an_error(
    loopback: Loopback, bedrock: Any, model: str, content: bytes
) -> None:
    loopback.respond = lambda request: loopback.answer(200, content)
    with pytest.raises(AwsError, match=f"{model}: InvokeModel did not answer with"):
        BedrockEmbeddings(bedrock, model).embed(["a", "b"])


def test_a_model_that_does_not_embed_is_refused_at_once(bedrock: Any) -> None:
    with pytest.raises(
        AwsError, match=r"not a known embedding model; name one of amazon.titan-embed or cohere.embed"
    ):
        BedrockEmbeddings(bedrock, CLAUDE)
