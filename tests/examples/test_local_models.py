"""The servers on loopback that examples ask in place of an account's models."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from examples.local_models.embedding_server import EmbeddingServer
from examples.local_models.json_server import JsonServer


def post(url: str, body: bytes) -> tuple[int, Any]:
    answer = urllib3.PoolManager(retries=False).request("POST", url, body=body)
    return answer.status, json.loads(answer.data)


def fail(request: Any) -> Any:
    return {"inverse": 1 / request["number"]}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with JsonServer({"/echo": lambda request: request, "/inverse": fail}) as running:
        yield running.url


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/echo", b'{"a": [1, "\\u00e9"]}', (200, {"a": [1, "é"]})),
        ("/other", b"{}", (404, {"error": {"message": "/other: there are /echo, /inverse"}})),
        ("/inverse", b'{"number": 0}', (500, {"error": {"message": "ZeroDivisionError: division by zero"}})),
        ("/echo", b"no", (400, {"error": {"message": "Expecting value: line 1 column 1 (char 0)"}})),
    ],
    ids=["answered", "no-such-path", "failed", "no-json"],
)
def test_json_is_answered_with_json(server: str, path: str, body: bytes, expected: tuple[int, Any]) -> None:
    assert post(f"{server}{path}", body) == expected


def test_texts_are_embedded_in_their_order() -> None:
    texts = ["a big fish", "Jonah and the gourd", "a large fish"]
    with EmbeddingServer() as server:
        status, answer = post(f"{server.api}/embeddings", json.dumps({"input": texts}).encode())
        one = post(f"{server.api}/embeddings", json.dumps({"input": texts[1]}).encode())[1]
        refused = post(f"{server.api}/embeddings", b'{"texts": []}')
        assert server.description["model"] == answer["model"]
    vectors = [entry["embedding"] for entry in answer["data"]]
    assert (status, [len(vector) for vector in vectors]) == (200, [256] * 3)
    assert one["data"][0]["embedding"] == pytest.approx(vectors[1])
    assert one["usage"] == {"prompt_tokens": 5, "total_tokens": 5}
    assert refused == (400, {"error": {"message": "input: name a text or a list of texts"}})

    def likeness(one: list[float], other: list[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert likeness(vectors[0], vectors[2]) > likeness(vectors[0], vectors[1])
