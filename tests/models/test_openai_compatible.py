"""What an OpenAI-compatible server gets and what is made of its answers, over HTTP on loopback."""

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from checks.errors import GovernanceError
from models import openai_compatible
from models.openai_compatible import OpenAiEmbeddings, OpenAiJudge
from models.openai_server import Server
from scorers.endpoints.protocols import Fault, JudgeAnswer, RequestError

SCHEMA = {"title": "Answer", "type": "object"}
CHAT = {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 7}}
VECTORS = {"data": [{"index": 1, "embedding": [3, 4.5]}, {"index": 0, "embedding": [1, 2]}]}
VARIABLES = ("API_KEY", "BASE_URL", "ORG_ID", "PROJECT_ID", "CUSTOM_HEADERS")


class RawServer(ThreadingHTTPServer):
    """Keeps every request as it came, and gives each the next of `answers`, the last one again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def answer(self, content: object, status: int = 200, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers.append((status, headers, body))


class _Handler(BaseHTTPRequestHandler):
    server: RawServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        answers = self.server.answers
        status, headers, content = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any, **named: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RawServer]:
    for name in VARIABLES:
        monkeypatch.delenv(f"OPENAI_{name}", raising=False)
    found = RawServer()
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def ask(server: Server, prompt: str = "Is it “so”?", **settings: Any) -> JudgeAnswer:
    async def run() -> JudgeAnswer:
        async with OpenAiJudge("judge-1", server, **settings) as judge:
            return await judge.answer(prompt, SCHEMA, 3)

    return asyncio.run(run())


def embed(server: Server, *texts: str) -> list[list[float]]:
    async def run() -> list[list[float]]:
        async with OpenAiEmbeddings("vectors-1", server) as embeddings:
            return await embeddings.embed(texts)

    return asyncio.run(run())


def test_a_chat_and_embeddings_are_asked_for_in_these_bytes(server: RawServer) -> None:
    server.answer(CHAT)
    assert ask(Server(server.url)) == JudgeAnswer("yes", input_tokens=7)
    server.answers = []
    server.answer(VECTORS)
    assert embed(Server(server.url), "one", "zwei ü") == [[1.0, 2.0], [3.0, 4.5]]
    assert [(path, body.decode()) for path, _, body in server.requests] == [
        (
            "/v1/chat/completions",
            '{"model":"judge-1","messages":[{"role":"user","content":"Is it “so”?"}],"max_tokens":1024,"seed":3,'
            '"temperature":0.0,"response_format":{"type":"json_schema","json_schema":{"name":"Answer",'
            '"schema":{"title":"Answer","type":"object"}}}}',
        ),
        (
            "/v1/embeddings",
            '{"input":["one","zwei ü"],"model":"vectors-1","encoding_format":"float"}',
        ),
    ]
    assert {headers["content-type"] for _, headers, _ in server.requests} == {"application/json"}


@pytest.mark.parametrize(
    ("variables", "named", "key", "sent"),
    [
        pytest.param({}, True, "sk-own", {"authorization": "Bearer sk-own"}, id="a key for this server"),
        pytest.param(
            {"API_KEY": "sk-openai"},
            True,
            None,
            {"authorization": "Bearer none"},
            id="OpenAI's is not for others",
        ),
        pytest.param(
            {"API_KEY": "sk-openai"}, False, None, {"authorization": "Bearer sk-openai"}, id="by variables"
        ),
        pytest.param(
            {
                "API_KEY": "sk",
                "ORG_ID": "org-1",
                "PROJECT_ID": "proj-1",
                "CUSTOM_HEADERS": "X-Gateway: a: b\nno header\nauthorization: Basic abc",
            },
            False,
            None,
            {
                "authorization": "Basic abc",
                "openai-organization": "org-1",
                "openai-project": "proj-1",
                "x-gateway": "a: b",
            },
            id="all of OpenAI's variables",
        ),
    ],
)
def test_who_asks_is_said_by_headers(
    *,
    variables: dict[str, str],
    named: bool,
    key: str | None,
    sent: dict[str, str],
    server: RawServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**variables, **({} if named else {"BASE_URL": server.url})}.items():
        monkeypatch.setenv(f"OPENAI_{name}", value)
    server.answer(CHAT)
    ask(Server(server.url if named else None, key))
    [(_, headers, _)] = server.requests
    asked = {"authorization", "openai-organization", "openai-project", "x-gateway"}
    assert {name: value for name, value in headers.items() if name in asked} == sent


@pytest.mark.parametrize(
    ("of", "words"),
    [
        pytest.param(Server(), "there is no key; set OPENAI_API_KEY", id="no key"),
        pytest.param(
            Server(key="sk-secret\n"),
            r"the key \(OPENAI_API_KEY\) is to be one line of ASCII, with no space around it; set it anew",
            id="a line end",
        ),
        pytest.param(
            Server(key="sk-secret…"),
            r"the key \(OPENAI_API_KEY\) is to be one line of ASCII, with no space around it; set it anew",
            id="a dot too many",
        ),
        pytest.param(
            Server(key="sk-secret "),
            r"the key \(OPENAI_API_KEY\) is to be one line of ASCII, with no space around it; set it anew",
            id="a space",
        ),
        pytest.param(Server("http://[::1/v1"), r"endpoint http://\[::1/v1: ", id="no address"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_quoting_the_key(
    of: Server, words: str, server: RawServer
) -> None:
    with pytest.raises(GovernanceError, match=words) as refused:
        ask(of)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("OPENAI_CUSTOM_HEADERS", "X-Näme: secret", "a header of OPENAI_CUSTOM_HEADERS"),
        ("OPENAI_CUSTOM_HEADERS", ": secret", "a header of OPENAI_CUSTOM_HEADERS"),
        ("OPENAI_CUSTOM_HEADERS", "X: secret\x01", "a header of OPENAI_CUSTOM_HEADERS"),
        ("OPENAI_ORG_ID", "secret\n", "OPENAI_ORG_ID"),
    ],
)
def test_a_variable_that_is_no_header_is_named_without_quoting_it(
    variable: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(GovernanceError) as refused:
        ask(Server("http://127.0.0.1:1/v1", key="k"))
    assert str(refused.value) == (
        f"OpenAI-compatible endpoint: {told} is to be one line of ASCII, with no space around it; set it anew"
    )


SOON = format_datetime(datetime.now(UTC) + timedelta(hours=1))


@pytest.mark.parametrize(
    ("status", "content", "headers", "fault", "text", "waits"),
    [
        (400, {"error": {"message": "too long"}}, {}, Fault.REJECTED, "{'message': 'too long'}", None),
        (422, b"<html>no</html>", {}, Fault.REJECTED, "<html>no</html>", None),
        (401, b"", {}, Fault.DENIED, "Error code: 401", None),
        (403, {}, {}, Fault.DENIED, "Error code: 403 - {}", None),
        (404, {"error": "no such model"}, {}, Fault.DENIED, "no such model", None),
        (409, {}, {}, Fault.FAILED, "Error code: 409", None),
        (429, {}, {"retry-after": "7"}, Fault.THROTTLED, "Error code: 429", (7, 7)),
        (429, {}, {"retry-after": SOON}, Fault.THROTTLED, "Error code: 429", (3000, 3600)),
        (429, {}, {"retry-after": "soon"}, Fault.THROTTLED, "Error code: 429", None),
        (429, {"error": {"code": "insufficient_quota"}}, {}, Fault.DENIED, "insufficient_quota", None),
        (500, b"", {}, Fault.FAILED, "Error code: 500", None),
        (503, b"busy", {"retry-after": "2"}, Fault.FAILED, "busy", (2, 2)),
        (200, b"<html>", {}, Fault.FAILED, "the server's answer cannot be read", None),
        (200, {"choices": []}, {}, Fault.FAILED, "no chat completion (IndexError: ", None),
    ],
)
def test_an_answer_that_is_none_says_why(
    *,
    status: int,
    content: object,
    headers: dict[str, str],
    fault: Fault,
    text: str,
    waits: tuple[float, float] | None,
    server: RawServer,
) -> None:
    server.answer(content, status, **headers)
    with pytest.raises(RequestError) as refused:
        ask(Server(server.url, "sk-secret"))
    error = refused.value
    assert error.fault is fault
    assert text in str(error)
    assert "secret" not in str(error)
    assert (error.retry_after is None) == (waits is None)
    if waits is not None and error.retry_after is not None:
        assert waits[0] <= error.retry_after <= waits[1]


@pytest.mark.parametrize(
    ("vectors", "text"),
    [
        ({"data": [{"index": 0}]}, "'embedding'"),
        ([], "list indices"),
        ({"data": [{"index": 0, "embedding": ["a"]}]}, "'a'"),
    ],
)
def test_embeddings_that_are_none_say_so(vectors: object, text: str, server: RawServer) -> None:
    server.answer(vectors)
    with pytest.raises(RequestError, match=f"the answer holds no vectors .*{text}"):
        embed(Server(server.url), "one")


def test_a_text_that_cannot_be_sent_costs_only_its_request(server: RawServer) -> None:
    with pytest.raises(RequestError, match="the request cannot be sent") as refused:
        ask(Server(server.url), "\ud800")
    assert refused.value.fault is Fault.REJECTED
    assert server.requests == []


def test_a_refusal_is_read_to_its_end_although_its_beginning_is_shown(server: RawServer) -> None:
    server.answer({"error": {"message": f"{'as documented, ' * 40}seed is not supported"}}, 400)
    server.answer(CHAT)
    assert ask(Server(server.url)).without == ("no seed",)
    assert [b'"seed"' in body for _, _, body in server.requests] == [True, False]


def test_a_server_that_moved_is_followed(server: RawServer) -> None:
    server.answer(b"", 307, location="/v2/chat/completions")
    server.answer(CHAT)
    assert ask(Server(server.url)).text == "yes"
    (first, _, sent), (second, _, again) = server.requests
    assert (first, second) == ("/v1/chat/completions", "/v2/chat/completions")
    assert sent == again


def test_a_proxy_of_the_environment_is_asked(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))
    server.answer(CHAT)
    assert ask(Server("http://models.example/v1")).text == "yes"
    assert [path for path, _, _ in server.requests] == ["http://models.example/v1/chat/completions"]


def test_whose_servers_are_trusted_is_read_once(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    openai_compatible._trusted.cache_clear()
    read: list[object] = []
    load = ssl.SSLContext.load_verify_locations

    def load_and_count(context: ssl.SSLContext, *places: str | None) -> None:
        read.append(places)
        load(context, *places)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", load_and_count)
    server.answer(CHAT)
    for _ in range(2):
        assert ask(Server(server.url)).text == "yes"
    assert len(read) == 1


def test_a_server_that_is_not_there(server: RawServer) -> None:
    server.server_close()
    with pytest.raises(RequestError, match=r"no connection \(.+\)") as refused:
        ask(Server(server.url))
    assert refused.value.fault is Fault.UNREACHABLE
