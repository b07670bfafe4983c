"""A judge on loopback that speaks OpenAI's API and answers as it is told, and files of responses for it."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from models.openai_server import Server
from scorers.endpoints.protocols import JsonMode, JudgeAnswer

if TYPE_CHECKING:
    from models.openai_compatible import OpenAiEmbeddings, OpenAiJudge

Script = Callable[[int, str, str], "Reply"]


@dataclass
class Reply:
    """What the server does with one request: a status, the judge's text, and how long it takes (seconds)."""

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    delay: float = 0.0
    hang_up: bool = False
    body: bytes | None = None


def good_answer(title: str, prompt: str) -> str:
    """A usable answer to each of ragas' questions; which verdict it gives depends on the prompt alone."""
    bit = hashlib.sha256(prompt.encode()).digest()[0] % 2
    verdict = {"statement": "s", "reason": "r", "verdict": bit}
    named = {"statement": "s", "reason": "r"}
    answers: dict[str, object] = {
        "AnswerRelevanceOutput": {"question": f"what is asked? {bit}", "noncommittal": 0},
        "StatementGeneratorOutput": {"statements": ["one thing", "another thing"]},
        "NLIStatementOutput": {"statements": [verdict, {**verdict, "verdict": 1}]},
        "ClassificationWithReason": {"TP": [named], "FP": [named] * bit, "FN": []},
        "ContextRelevanceOutput": {"rating": 1 + bit},
        "ContextPrecisionOutput": {"reason": "r", "verdict": bit},
        "ContextRecallOutput": {
            "classifications": [
                {"statement": "s", "reason": "r", "attributed": 1},
                {"statement": "t", "reason": "r", "attributed": bit},
            ]
        },
    }
    return json.dumps(answers[title])


def judge_at(
    url: str,
    *,
    temperature: float | None = 0.0,
    json_mode: JsonMode = JsonMode.SCHEMA,
    timeout_seconds: float = 60.0,
) -> "OpenAiJudge":
    """The judge that the server at `url` is."""
    from models.openai_compatible import OpenAiJudge  # noqa: PLC0415 - takes seconds, and every worker collects

    server = Server(url, timeout_seconds=timeout_seconds)
    return OpenAiJudge("judge-1", server, temperature=temperature, json_mode=json_mode)


def embeddings_at(url: str) -> "OpenAiEmbeddings":
    """The embedding model that the server at `url` is."""
    from models.openai_compatible import OpenAiEmbeddings  # noqa: PLC0415 - as above

    return OpenAiEmbeddings("vectors-1", Server(url))


class ScriptedServer(ThreadingHTTPServer):
    """`script` is asked with the request's number (from 1), the schema's title and the prompt."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: Script = lambda number, title, prompt: Reply(good_answer(title, prompt))
        self.requests: list[dict[str, Any]] = []
        self.embedded: list[list[str]] = []
        self.in_flight = self.most_in_flight = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.endswith("/embeddings"):
            return self._embeddings(body)
        with self.server.lock:
            self.server.requests.append(body)
            number = len(self.server.requests)
            self.server.in_flight += 1
            self.server.most_in_flight = max(self.server.most_in_flight, self.server.in_flight)
        title = body.get("response_format", {}).get("json_schema", {}).get("name", "")
        reply = self.server.script(number, title, body["messages"][0]["content"])
        time.sleep(reply.delay)
        with self.server.lock:
            self.server.in_flight -= 1
        if reply.hang_up:
            self.connection.close()
            self.close_connection = True
            return None
        return self._send(reply.status, reply.body or self._completion(reply), reply.headers)

    def _completion(self, reply: Reply) -> bytes:
        if reply.status != 200:
            return json.dumps({"error": {"message": reply.text or "as scripted"}}).encode()
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": reply.text},
            "finish_reason": reply.finish_reason,
        }
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        return json.dumps(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": "m",
                "choices": [choice],
                "usage": usage,
            }
        ).encode()

    def _embeddings(self, body: dict[str, Any]) -> None:
        self.server.embedded.append(body["input"])
        data = [
            {"object": "embedding", "index": index, "embedding": vector_of(text)}
            for index, text in enumerate(body["input"])
        ]
        words = sum(len(text.split()) for text in body["input"])
        usage = {"prompt_tokens": words, "total_tokens": words}
        answer = {"object": "list", "model": "m", "data": data, "usage": usage}
        self._send(200, json.dumps(answer).encode(), {})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any, **named: Any) -> None:
        pass


def vector_of(text: str) -> list[float]:
    """A vector that depends on the text alone."""
    return [1.0 + byte / 255 for byte in hashlib.sha256(text.encode()).digest()[:8]]


@pytest.fixture
def judge_server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def write_responses(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes items, filled up to whole lines, to a file."""

    def write(*items: dict[str, Any], name: str = "responses.jsonl") -> Path:
        lines = []
        for number, item in enumerate(items, start=1):
            whole = {
                "id": f"q{number}",
                "question": f"question {number}?",
                "contexts": [f"context {number}"],
                "answer": f"answer {number}",
                "reference": f"reference {number}",
            }
            kept = {key: value for key, value in {**whole, **item}.items() if value is not ...}
            lines.append(json.dumps(kept))
        path = tmp_path / name
        path.write_text("".join(line + "\n" for line in lines))
        return path

    return write


class ScriptedJudge:
    """A judge in this process: one list of answers for each of ragas' response models, taken in turn."""

    def __init__(self, answers: dict[str, list[Any]]) -> None:
        self.description = {"provider": "scripted", "model": "scripted"}
        self._answers = {title: list(values) for title, values in answers.items()}
        self.asked: list[str] = []

    async def __aenter__(self) -> "ScriptedJudge":
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def answer(self, prompt: str, schema: Mapping[str, Any], seed: int) -> JudgeAnswer:
        self.asked.append(schema["title"])
        value = self._answers[schema["title"]].pop(0)
        return JudgeAnswer(value if isinstance(value, str) else json.dumps(value), 10, 1)


class TableEmbeddings:
    """Embeddings in this process: vectors by text, for others one that depends on the text alone."""

    def __init__(self, table: dict[str, list[float]] | None = None) -> None:
        self.description = {"provider": "table", "model": "table"}
        self._table = table or {}

    async def __aenter__(self) -> "TableEmbeddings":
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._table.get(text) or vector_of(text) for text in texts]


@pytest.fixture
def scripted_judge() -> type[ScriptedJudge]:
    return ScriptedJudge


@pytest.fixture
def table_embeddings() -> type[TableEmbeddings]:
    return TableEmbeddings


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def good() -> Callable[[str, str], str]:
    return good_answer
