"""Asking an endpoint many things at once: bounded, patient with throttling, and never asking the same thing twice."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import asdict
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base, wait_random_exponential

from checks.strict_json import JsonValue
from scorers.endpoints.cache import AnswerCache, content_key
from scorers.endpoints.protocols import (
    EmbeddingModel,
    EndpointDownError,
    Fault,
    Judge,
    JudgeAnswer,
    RequestError,
)
from scorers.endpoints.slots import Slots

T = TypeVar("T")
DRAWS_OF_ONE_PROMPT = 1_000  # seeds of different repeats never meet


class RequestLimits(Struct, frozen=True):
    """How hard an endpoint is asked: requests in flight, attempts a request, and the longest wait between two (s)."""

    concurrency: int = 16
    attempts: int = 6
    longest_wait_seconds: float = 300.0
    first_wait_seconds: float = 0.5
    failures_in_a_row: int = 20


class EndpointUsage(Struct):
    """What was asked of an endpoint in this run, and what the answers weigh (cached ones included in `tokens`).

    `without` holds what the endpoint refused to be told, as the answers say, cached ones included.
    """

    requests: int = 0
    cached: int = 0
    paid_input_tokens: int = 0
    paid_output_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    without: set[str] = field(default_factory=set)


class _Wait(wait_base):
    """What the endpoint asked for in Retry-After; otherwise exponential backoff with full jitter."""

    def __init__(self, limits: RequestLimits) -> None:
        self._backoff = wait_random_exponential(multiplier=limits.first_wait_seconds, max=30)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.retry_after if isinstance(error, RequestError) else None
        return asked if asked is not None else self._backoff(retry_state)


class RequestLane:
    """The one way to an endpoint: at most `concurrency` requests in flight, each retried while that can help.

    Throttling makes all requests wait, not only the one that met it. An endpoint that cannot be reached, still
    throttles after the last attempt, denies access, or fails `failures_in_a_row` requests with no answer between them,
    is down: every request after that raises at once.
    """

    def __init__(self, name: str, limits: RequestLimits) -> None:
        self._name, self._limits = name, limits
        self._slots = Slots(limits.concurrency)
        self._not_before = 0.0
        self._failures = 0
        self.down: EndpointDownError | None = None

    async def request(self, send: Callable[[], Awaitable[T]], step: int = 0) -> T:
        """Return what `send` returns; `step` is how many answers its scoring has already.

        Raises:
            RequestError: when this request has no answer, though the endpoint may have others.
            EndpointDownError: when the endpoint is down.
        """
        retrying = AsyncRetrying(
            retry=retry_if_exception(self._worth_another),
            stop=stop_after_attempt(self._limits.attempts),
            wait=_Wait(self._limits),
            reraise=True,
        )
        try:
            answer: T = await retrying(self._send_in_turn, send, step)
        except RequestError as error:
            self._failures += 1
            self._judge_failure(error)
            raise
        self._failures = 0
        return answer

    async def _send_in_turn(self, send: Callable[[], Awaitable[T]], step: int) -> T:
        async with self._slots.slot(step):
            loop = asyncio.get_running_loop()
            while (pause := self._not_before - loop.time()) > 0 and self.down is None:
                await asyncio.sleep(min(pause, 1.0))
            if self.down is not None:
                raise self.down
            try:
                return await send()
            except RequestError as error:
                if error.retry_after is not None and error.retry_after <= self._limits.longest_wait_seconds:
                    self._not_before = max(self._not_before, loop.time() + error.retry_after)
                raise

    def _worth_another(self, error: BaseException) -> bool:
        return (
            isinstance(error, RequestError)
            and error.transient
            and self.down is None
            and (error.retry_after or 0.0) <= self._limits.longest_wait_seconds
        )

    def _judge_failure(self, error: RequestError) -> None:
        way_out = {
            Fault.DENIED: "check the credentials, their quota and the model's name",
            Fault.UNREACHABLE: "check its address and that it runs",
            Fault.THROTTLED: "lower --concurrency, or try again later",
        }.get(error.fault)
        if way_out is None and self._failures >= self._limits.failures_in_a_row:
            way_out = f"it failed {self._failures} requests in a row"
        if way_out is not None:
            self.down = EndpointDownError(
                f"{self._name}: {error}; {way_out}. What it said so far is kept in the cache: "
                "the same command goes on from there"
            )
            raise self.down from error


class JudgeCalls:
    """Asks a judge through the cache; two askers of one thing share one request."""

    def __init__(self, judge: Judge, cache: AnswerCache, limits: RequestLimits) -> None:
        self._judge, self._cache = judge, cache
        self._description = dict(judge.description)
        self._in_flight: dict[bytes, asyncio.Task[JudgeAnswer]] = {}
        self.lane = RequestLane(f"judge {judge.description.get('model', '')}", limits)
        self.usage = EndpointUsage()

    async def answer(
        self, prompt: str, schema: Mapping[str, JsonValue], *, repeat: int, draw: int, step: int = 0
    ) -> JudgeAnswer:
        """Return the judge's answer to `prompt`: the `draw`-th time it is asked within one scoring, in `repeat`.

        `step` is how many questions this scoring has asked before.

        Raises:
            RequestError: when it has none.
            EndpointDownError: when the judge is down.
        """
        key = content_key("judge", self._description, prompt, schema, repeat, draw)
        kept: Any = self._cache.get(key)
        if isinstance(kept, dict):
            answer = JudgeAnswer(**kept)
            self.usage.cached += 1
        else:
            seed = repeat * DRAWS_OF_ONE_PROMPT + draw
            answer = await self._shared(
                key, lambda: self.lane.request(lambda: self._judge.answer(prompt, schema, seed), step)
            )
        self.usage.input_tokens += answer.input_tokens
        self.usage.output_tokens += answer.output_tokens
        self.usage.without.update(answer.without)
        return answer

    async def _shared(self, key: bytes, request: Callable[[], Awaitable[JudgeAnswer]]) -> JudgeAnswer:
        task = self._in_flight.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(key, request))
            self._in_flight[key] = task
            task.add_done_callback(lambda done: self._settle(key, done))
        return await asyncio.shield(task)

    def _settle(self, key: bytes, task: asyncio.Task[JudgeAnswer]) -> None:
        del self._in_flight[key]
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not report it where its asker has gone

    async def _ask(self, key: bytes, request: Callable[[], Awaitable[JudgeAnswer]]) -> JudgeAnswer:
        answer = await request()
        self._cache.put(key, asdict(answer))
        self.usage.requests += 1
        self.usage.paid_input_tokens += answer.input_tokens
        self.usage.paid_output_tokens += answer.output_tokens
        return answer

    async def close(self) -> None:
        """Stop what is still in flight."""
        running = list(self._in_flight.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class EmbeddingCalls:
    """Asks an embedding model through the cache."""

    def __init__(self, model: EmbeddingModel, cache: AnswerCache, limits: RequestLimits) -> None:
        self._model, self._cache = model, cache
        self._description = dict(model.description)
        self.lane = RequestLane(f"embeddings {model.description.get('model', '')}", limits)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text; what the cache lacks is asked for in one request.

        Raises:
            RequestError: when there is no answer, or one of the wrong shape.
            EndpointDownError: when the endpoint is down.
        """
        keys = {text: content_key("embedding", self._description, text) for text in texts}
        kept = {text: self._kept(key) for text, key in keys.items()}
        vectors = {text: vector for text, vector in kept.items() if vector is not None}
        missing = [text for text in keys if text not in vectors]
        if missing:
            answered = await self.lane.request(lambda: self._model.embed(missing))
            if len(answered) != len(missing) or not all(answered):
                raise RequestError(f"{len(missing)} texts got {len(answered)} vectors", Fault.FAILED)
            for text, vector in zip(missing, answered, strict=True):
                vectors[text] = vector
                self._cache.put(keys[text], vector)
        return [vectors[text] for text in texts]

    def _kept(self, key: bytes) -> list[float] | None:
        vector: Any = self._cache.get(key)
        return [float(number) for number in vector] if isinstance(vector, list) else None
