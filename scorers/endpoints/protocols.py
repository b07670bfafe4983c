"""What a judge and an embedding model are, and the ways in which asking one can go wrong.

Real ones are in the room `models`, which joins `scorers` and `aws`: OpenAI-compatible servers, models that come in
packages, Amazon Bedrock, and SageMaker endpoints.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct

from checks.errors import GovernanceError
from checks.strict_json import JsonValue

NO_TEMPERATURE = "no temperature"  # of an answer's `without`


class Fault(StrEnum):
    """Why a request came to nothing."""

    THROTTLED = "throttled"  # ask again later
    UNREACHABLE = "unreachable"  # no connection
    FAILED = "failed"  # the server's error, or no answer in time
    REJECTED = "rejected"  # this request, not the endpoint: too long, or filtered
    DENIED = "denied"  # the caller may not, or the model does not exist


class JsonMode(StrEnum):
    """How a judge is held to answering in JSON, from the strictest on; the prompt asks for it in every case."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    PROMPT = "prompt"


class RequestError(Exception):
    """One request that came to nothing; `retry_after` is in seconds, where the endpoint named it."""

    def __init__(self, reason: str, fault: Fault, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.fault = fault
        self.retry_after = retry_after

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.fault in (Fault.THROTTLED, Fault.UNREACHABLE, Fault.FAILED)


class EndpointDownError(GovernanceError):
    """The endpoint does not answer any more; the cache keeps what it said until then."""


class JudgeAnswer(Struct, frozen=True):
    """What a judge said. `stopped` says why it said no more, where it did not stop by itself.

    `without` says which settings the endpoint refused to be told (`models.concessions`).
    """

    text: str
    input_tokens: int = 0
    output_tokens: int = 0
    stopped: str | None = None
    without: Sequence[str] = ()


class Endpoint(Protocol):
    """A model that is opened once for one event loop, and closed."""

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """Provider, model id and settings: they are in the evidence, and the cache tells answers apart by them."""
        ...

    async def __aenter__(self) -> Self:
        """Open the one client of this run."""
        ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Close it."""
        ...


class Judge(Endpoint, Protocol):
    """A language model that answers prompts in JSON."""

    async def answer(self, prompt: str, schema: Mapping[str, JsonValue], seed: int) -> JudgeAnswer:
        """Ask once; `schema` is the JSON Schema of the answer, `seed` tells repeated draws apart.

        Raises:
            RequestError: when no answer came.
        """
        ...


class EmbeddingModel(Endpoint, Protocol):
    """A model that turns texts into vectors."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text, all of one length.

        Raises:
            RequestError: when no answer came.
        """
        ...
