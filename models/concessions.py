"""What an endpoint does not want to be told, learned from its refusals: it is asked again without, and that is kept.

Models of one API differ in what they take: some want `max_completion_tokens` in place of `max_tokens`, some refuse a
seed, a temperature or a way of being held to JSON. Every answer says which of these it was got without, so that the
evidence can say it as well.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from scorers.endpoints.protocols import NO_TEMPERATURE, Fault, JsonMode, JudgeAnswer, RequestError

NEWER_LIMIT = "max_completion_tokens"
OF_JSON = re.compile(r"response_?format|json|schema|structured.output|outputconfig|grammar", re.IGNORECASE)
# These are about one prompt; the same settings may do for the next.
OF_LENGTH = re.compile(
    r"context.{0,3}length|context.window|too (?:long|large)|reduce the length", re.IGNORECASE
)
# One question's schema was refused, not the mode: another question's may be taken.
OF_ONE_SCHEMA = re.compile(r"invalid.{0,20}schema", re.IGNORECASE)


class RequestShape(Struct, frozen=True):
    """What a request tells the model beside the prompt.

    `limit` is the name under which it gets the most tokens, `json_modes` the way in which it is held to JSON and, after
    it, those that are left to try.
    """

    limit: str | None
    seed: bool
    temperature: bool
    json_modes: tuple[JsonMode, ...]

    @property
    def json_mode(self) -> JsonMode:
        """The way in which the model is held to JSON."""
        return self.json_modes[0]

    def lesser(self, refusal: str) -> "RequestShape | None":
        """Return the shape without what `refusal` names; `None` where it names nothing that this one has."""
        if OF_LENGTH.search(refusal):
            return None
        if self.limit is not None and _names(refusal, self.limit):
            return replace(self, limit=None if self.limit == NEWER_LIMIT else NEWER_LIMIT)
        if self.seed and _names(refusal, "seed"):
            return replace(self, seed=False)
        if self.temperature and _names(refusal, "temperature"):
            return replace(self, temperature=False)
        if len(self.json_modes) > 1 and OF_JSON.search(refusal):
            return replace(self, json_modes=self.json_modes[1:])
        return None

    def conceded(self, wanted: "RequestShape") -> Iterator[str]:
        """Yield in words how this shape falls short of the one that was wanted."""
        if self.limit != wanted.limit:
            yield f"no {wanted.limit}" if self.limit is None else f"{self.limit} in place of {wanted.limit}"
        if self.seed != wanted.seed:
            yield "no seed"
        if self.temperature != wanted.temperature:
            yield NO_TEMPERATURE
        if self.json_mode != wanted.json_mode:
            yield f"JSON mode {self.json_mode.value} in place of {wanted.json_mode.value}"


def _names(refusal: str, parameter: str) -> bool:
    return re.search(rf"(?<![a-z_]){parameter}(?![a-z_])", refusal, re.IGNORECASE) is not None


class Concessions:
    """Asks an endpoint in the shape that it takes, beginning with the one that is wanted.

    One event loop's: `open` is called in it. Until the first request has come back the others wait for what it learns,
    so that a refusal costs one request and not one for each in flight.
    """

    def __init__(self, wanted: RequestShape) -> None:
        self._wanted = self._shape = wanted

    def open(self) -> None:
        """Begin in this event loop."""
        self._first, self._tried = asyncio.Lock(), False

    async def ask(self, send: Callable[[RequestShape], Awaitable[JudgeAnswer]]) -> JudgeAnswer:
        """Return what `send` returns, called again with a lesser shape for as long as a refusal names a part of it.

        Raises:
            RequestError: the last refusal, or what else went wrong.
        """
        if not self._tried:
            async with self._first:
                if not self._tried:
                    try:
                        return await self._ask(send)
                    finally:
                        self._tried = True
        return await self._ask(send)

    async def _ask(self, send: Callable[[RequestShape], Awaitable[JudgeAnswer]]) -> JudgeAnswer:
        shape, of_all = self._shape, True
        while True:  # ends: every lesser shape lacks something more
            try:
                answer = await send(shape)
            except RequestError as error:
                refusal = str(error.__cause__ or error)
                lesser = shape.lesser(refusal) if error.fault in (Fault.REJECTED, Fault.FAILED) else None
                if lesser is None:
                    raise
                of_all = of_all and not OF_ONE_SCHEMA.search(refusal)
                shape = lesser
            else:
                # Only what helped is kept: a refusal may name a setting by quoting a prompt that speaks of it.
                if of_all:
                    self._shape = shape
                return replace(answer, without=tuple(shape.conceded(self._wanted)))
