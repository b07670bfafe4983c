"""Judge and embeddings behind any OpenAI-compatible server: OpenAI's, vLLM, llama.cpp, LiteLLM's proxy, a gateway."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import openai

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from models.concessions import Concessions, RequestShape
from models.openai_server import Server
from scorers.endpoints.protocols import Fault, JsonMode, JudgeAnswer, RequestError

NO_KEY = "none"  # a server that the user runs asks for no key, but the client wants one
REASONS_TO_STOP = {"length": "cut off at the token limit", "content_filter": "refused (content filter)"}


def _open_client(server: Server) -> openai.AsyncOpenAI:
    """Return a client that leaves retries to its caller.

    Raises:
        GovernanceError: when there is no key.
    """
    key = server.key or (NO_KEY if server.url else None)
    try:
        return openai.AsyncOpenAI(
            base_url=server.url, api_key=key, timeout=server.timeout_seconds, max_retries=0
        )
    except openai.OpenAIError as error:
        raise GovernanceError(
            f"OpenAI-compatible endpoint: {error}; set OPENAI_API_KEY, or name the server's address"
        ) from error


class _OpenAiModel:
    """One model on one server, with one client while it is open."""

    def __init__(self, model: str, server: Server) -> None:
        self._model, self._server = model, server
        self._client: Any = None

    async def __aenter__(self) -> Self:
        """Open the client in this event loop."""
        self._client = _open_client(self._server)
        _ = self._client.embeddings  # loads it now rather than between requests
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        await self._client.close()


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
        with _faults():
            # Plain JSON both ways: `chat.completions.create` turns over every node of request and answer.
            completion = await self._client.post("/chat/completions", cast_to=object, body=body)
        return _answer(completion)


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
        with _faults():
            response = await self._client.embeddings.create(
                model=self._model, input=list(texts), encoding_format="float"
            )
        try:
            ordered = sorted(response.data, key=lambda entry: entry.index)
            return [[float(number) for number in entry.embedding] for entry in ordered]
        except (AttributeError, TypeError, ValueError) as error:
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
        return "".join(part["text"] for part in content if part["type"] == "text")
    if not isinstance(content, str):
        raise TypeError("its content is no text")
    return content


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what the client raises into a `RequestError`."""
    try:
        yield
    except openai.APITimeoutError as error:
        raise RequestError("no answer within the time limit", Fault.FAILED) from error
    except openai.APIConnectionError as error:
        raise RequestError(f"no connection ({error.__cause__ or error})", Fault.UNREACHABLE) from error
    except openai.APIStatusError as error:
        text = " ".join(str(error.message).split())[:300]
        raise RequestError(text, _fault_of(error), _retry_after(error.response.headers)) from error
    except (openai.OpenAIError, ValueError) as error:  # a body that is not the JSON it should be
        raise RequestError(f"the server's answer cannot be read ({error})", Fault.FAILED) from error


def _fault_of(error: openai.APIStatusError) -> Fault:
    match error:
        case openai.RateLimitError(code="insufficient_quota"):  # waiting brings no money
            return Fault.DENIED
        case openai.RateLimitError():
            return Fault.THROTTLED
        case openai.AuthenticationError() | openai.PermissionDeniedError() | openai.NotFoundError():
            return Fault.DENIED
        case openai.InternalServerError() | openai.ConflictError():
            return Fault.FAILED
        case _:
            return Fault.REJECTED


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
