"""Judge and embeddings behind any OpenAI-compatible server: OpenAI's, vLLM, llama.cpp, LiteLLM's proxy, a gateway."""

import json
import os
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from operator import itemgetter
from types import TracebackType
from typing import Any, Self

import httpx2

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from models.concessions import Concessions, RequestShape
from models.openai_server import Server
from scorers.endpoints.protocols import Fault, JsonMode, JudgeAnswer, RequestError

NO_KEY = (
    "none"  # what a server that the user names gets where no key is given for it: OpenAI's is not for others
)
OPENAI = "https://api.openai.com/v1"
# Variables that OpenAI's own client reads, and so do other tools.
ADDRESS, KEY, HEADERS = "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_CUSTOM_HEADERS"
HEADER_OF = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}
REASONS_TO_STOP = {"length": "cut off at the token limit", "content_filter": "refused (content filter)"}
SHOWN = 300  # characters of what a server says of an error
SERVER_ERROR = 500  # and above


def _open_client(server: Server) -> httpx2.AsyncClient:
    """Return a client that leaves retries to its caller.

    Raises:
        GovernanceError: when there is no key or address that can be used.
    """
    key = server.key or (NO_KEY if server.url else os.environ.get(KEY))
    if not key:
        raise GovernanceError(
            f"OpenAI-compatible endpoint: there is no key; set {KEY}, or name the server's address"
        )
    url = server.url or os.environ.get(ADDRESS) or OPENAI
    try:
        return httpx2.AsyncClient(
            base_url=url,
            headers=_headers(key),
            verify=_trusted(),
            timeout=server.timeout_seconds,
            follow_redirects=True,
            limits=httpx2.Limits(),  # its caller bounds the requests in flight
        )
    except (httpx2.InvalidURL, ValueError) as error:
        raise GovernanceError(f"OpenAI-compatible endpoint {url}: {error}") from error


@cache
def _trusted() -> ssl.SSLContext:
    """Read whose servers are trusted, once for judge and embeddings: it takes longer than all else of a client."""
    return httpx2.create_ssl_context()


def _headers(key: str) -> httpx2.Headers:
    """Return the headers of each request.

    Raises:
        GovernanceError: when one cannot be sent; what it holds is not told, as it may be a key.
    """
    given = [(f"the key ({KEY})", "Authorization", f"Bearer {key}")]
    given += [
        (variable, name, os.environ[variable])
        for variable, name in HEADER_OF.items()
        if variable in os.environ
    ]
    for line in os.environ.get(HEADERS, "").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            given.append((f"a header of {HEADERS}", name.strip(), value.strip()))
    headers = httpx2.Headers({"Accept": "application/json"})
    for origin, name, value in given:
        # Told here: the client's own message would quote the key.
        if not name or not all(
            text.isascii() and text.isprintable() and text == text.strip() for text in (name, value)
        ):
            raise GovernanceError(
                f"OpenAI-compatible endpoint: {origin} is to be one line of ASCII, with no space around it; set it anew"
            )
        headers[name] = value
    return headers


class _OpenAiModel:
    """One model on one server, with one client while it is open."""

    def __init__(self, model: str, server: Server) -> None:
        self._model, self._server = model, server

    async def __aenter__(self) -> Self:
        """Open the client in this event loop."""
        self._client = _open_client(self._server)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        await self._client.aclose()

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON that the server answers with.

        Raises:
            RequestError: when no answer came.
        """
        try:
            response = await self._client.post(path, json=body)
        except httpx2.TimeoutException as error:
            raise RequestError("no answer within the time limit", Fault.FAILED) from error
        except httpx2.RequestError as error:
            reason = str(error) or type(error).__name__
            raise RequestError(f"no connection ({reason})", Fault.UNREACHABLE) from error
        except UnicodeEncodeError as error:
            raise RequestError(f"the request cannot be sent ({error})", Fault.REJECTED) from error
        if not response.is_success:
            said, content = _read_refusal(response)
            raise RequestError(
                " ".join(said.split())[:SHOWN],
                _fault_of(response.status_code, content),
                _retry_after(response.headers),
            ) from httpx2.HTTPStatusError(said, request=response.request, response=response)
        try:
            return response.json()
        except ValueError as error:
            raise RequestError(f"the server's answer cannot be read ({error})", Fault.FAILED) from error


class OpenAiJudge(_OpenAiModel):
    """A chat model as a judge. `temperature` `None` leaves it to the server.

    A server that refuses a setting or a JSON mode is asked again without it; each answer says so.
    """

    def __init__(
        self,
        model: str,
        server: Server,
        *,
        temperature: float | None = 0.0,
        max_tokens: int = 1024,
        json_mode: JsonMode = JsonMode.SCHEMA,
    ) -> None:
        super().__init__(model, server)
        self._temperature, self._max_tokens, self._json_mode = temperature, max_tokens, json_mode
        modes = tuple(JsonMode)  # from the strictest on
        self._concessions = Concessions(
            RequestShape(
                limit="max_tokens",
                seed=True,
                temperature=temperature is not None,
                json_modes=modes[modes.index(json_mode) :],
            )
        )

    async def __aenter__(self) -> Self:
        """Open the client in this event loop."""
        self._concessions.open()
        return await super().__aenter__()

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """The model and the settings it is asked with; not the address, which says nothing about the answers."""
        return {
            "provider": "openai-compatible",
            "model": self._model,
            "temperature": self._temperature,
            "max_tokens": self._max_tokens,
            "json_mode": self._json_mode.value,
        }

    async def answer(self, prompt: str, schema: Mapping[str, JsonValue], seed: int) -> JudgeAnswer:
        """Ask once, and again without what the server refuses to be told.

        Raises:
            RequestError: when no answer came.
        """
        return await self._concessions.ask(lambda shape: self._send(prompt, schema, seed, shape))

    async def _send(
        self, prompt: str, schema: Mapping[str, JsonValue], seed: int, shape: RequestShape
    ) -> JudgeAnswer:
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": prompt}],
            **({} if shape.limit is None else {shape.limit: self._max_tokens}),
            **({"seed": seed} if shape.seed else {}),
            **({"temperature": self._temperature} if shape.temperature else {}),
            **_response_format(schema, shape.json_mode),
        }
        return _answer(await self._post("/chat/completions", body))


def _response_format(schema: Mapping[str, JsonValue], mode: JsonMode) -> Mapping[str, JsonValue]:
    match mode:
        case JsonMode.SCHEMA:
            named: JsonValue = {"name": str(schema.get("title", "answer")), "schema": schema}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case JsonMode.OBJECT:
            return {"response_format": {"type": "json_object"}}
        case JsonMode.PROMPT:
            return {}


class OpenAiEmbeddings(_OpenAiModel):
    """An embedding model."""

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """The model."""
        return {"provider": "openai-compatible", "model": self._model}

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text.

        Raises:
            RequestError: when no answer came.
        """
        body = {"input": list(texts), "model": self._model, "encoding_format": "float"}
        answer = await self._post("/embeddings", body)
        try:
            ordered = sorted(answer["data"], key=itemgetter("index"))
            return [[float(number) for number in entry["embedding"]] for entry in ordered]
        except (LookupError, TypeError, ValueError) as error:
            raise RequestError(f"the answer holds no vectors ({error})", Fault.FAILED) from error


def _answer(completion: Any) -> JudgeAnswer:
    try:
        choice, usage = completion["choices"][0], completion.get("usage") or {}
        message, reason = choice["message"], choice.get("finish_reason")
        refusal = message.get("refusal")
        return JudgeAnswer(
            _text(message.get("content")),
            input_tokens=int(usage.get("prompt_tokens") or 0),
            output_tokens=int(usage.get("completion_tokens") or 0),
            stopped=f"refused ({refusal})" if refusal else REASONS_TO_STOP.get(reason),
        )
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise RequestError(
            f"the server's answer is no chat completion ({type(error).__name__}: {error})", Fault.FAILED
        ) from error


def _text(content: Any) -> str:
    """Return a message's text: one, or parts of which those that are text count."""
    if content is None:
        return ""
    if isinstance(content, list):
        texts: list[str] = [part["text"] for part in content if part["type"] == "text"]
        return "".join(texts)
    if not isinstance(content, str):
        raise TypeError("its content is no text")
    return content


def _read_refusal(response: httpx2.Response) -> tuple[str, Any]:
    """Return what the server says of an error, and as JSON where it is any."""
    said = response.text.strip()
    try:
        body = json.loads(said)
    except ValueError:
        return said or f"Error code: {response.status_code}", None
    return f"Error code: {response.status_code} - {body}", body


def _fault_of(status: int, body: Any) -> Fault:
    match status, body:
        case 429, {"error": {"code": "insufficient_quota"}}:  # waiting brings no money
            return Fault.DENIED
        case 429, _:
            return Fault.THROTTLED
        case ((401 | 403 | 404), _):
            return Fault.DENIED
        case 409, _:
            return Fault.FAILED
        case _:
            return Fault.FAILED if status >= SERVER_ERROR else Fault.REJECTED


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (RFC 9110, 10.2.3: seconds, or a date)."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
