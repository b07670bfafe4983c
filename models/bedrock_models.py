"""From what the user names (`bedrock:MODEL`, `openai:MODEL`, `local:PACKAGE`, `none`) to a judge and embeddings."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeVar

from aws.aws_errors import (
    AwsAccessDeniedError,
    AwsError,
    AwsNotFoundError,
    AwsThrottledError,
    AwsUnreachableError,
)
from aws.bedrock import BedrockChat, BedrockEmbeddings, ChatAnswer
from aws.clients import bedrock_runtime_client
from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from models.concessions import Concessions, RequestShape
from models.local_embeddings import LOCAL_EMBEDDINGS
from models.openai_compatible import OpenAiEmbeddings, OpenAiJudge, Server
from scorers.endpoints.protocols import EmbeddingModel, Fault, JsonMode, Judge, JudgeAnswer, RequestError

T = TypeVar("T")
NONE = "none"
FINISHED = ("end_turn", "stop_sequence")
STOPPED = {"max_tokens": "cut off at the token limit"}
NO_ANSWER_IN_TIME = "ReadTimeoutError"


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """How the judge is asked. `json_mode` `None` is the provider's own way; `threads` bounds requests in flight."""

    temperature: float | None = 0.0
    max_tokens: int = 1024
    json_mode: JsonMode | None = None
    threads: int = 16


class _Described(Protocol):
    @property
    def description(self) -> Mapping[str, JsonValue]: ...


class Threaded:
    """A synchronous client behind the asynchronous interface: a thread for each request in flight."""

    def __init__(self, model: _Described, threads: int) -> None:
        self._described, self._threads = model, threads
        self._pool: ThreadPoolExecutor | None = None

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """What the client says of itself."""
        return self._described.description

    async def __aenter__(self) -> Self:
        """Start the threads."""
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="bedrock")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the threads to finish what they do."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def call(self, function: Callable[[], T]) -> T:
        """Run `function` in one of the threads.

        Raises:
            RequestError: for what `aws` raises.
        """
        with _faults():
            return await asyncio.get_running_loop().run_in_executor(self._pool, function)


class BedrockJudge(Threaded):
    """A model of Amazon Bedrock as a judge, by Converse. With `by_schema` Bedrock itself holds the answer to JSON.

    A model that refuses a temperature or a schema is asked again without it; each answer says so.
    """

    def __init__(self, chat: BedrockChat, *, threads: int, by_schema: bool) -> None:
        super().__init__(chat, threads)
        self._chat, self._by_schema = chat, by_schema
        self._concessions = Concessions(
            RequestShape(
                limit=None,
                seed=False,
                temperature="temperature" in chat.description,
                json_modes=(JsonMode.SCHEMA, JsonMode.PROMPT) if by_schema else (JsonMode.PROMPT,),
            )
        )

    async def __aenter__(self) -> Self:
        """Start the threads."""
        self._concessions.open()
        return await super().__aenter__()

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """The model and its settings."""
        mode = JsonMode.SCHEMA if self._by_schema else JsonMode.PROMPT
        return {**self._chat.description, "json_mode": mode.value}

    async def answer(self, prompt: str, schema: Mapping[str, JsonValue], seed: int) -> JudgeAnswer:
        """Ask once; Converse takes no seed, so repeated draws differ as the model's own sampling lets them.

        What the model refuses to be told is left out.

        Raises:
            RequestError: when no answer came.
        """
        del seed
        return await self._concessions.ask(lambda shape: self._send(prompt, schema, shape))

    async def _send(self, prompt: str, schema: Mapping[str, JsonValue], shape: RequestShape) -> JudgeAnswer:
        chat = self._chat if shape.temperature else self._chat.without_temperature()
        asked = schema if shape.json_mode is JsonMode.SCHEMA else None
        return _judge_answer(await self.call(lambda: chat.converse(prompt, schema=asked)))


class BedrockEmbeddingModel(Threaded):
    """An embedding model of Amazon Bedrock."""

    def __init__(self, embeddings: BedrockEmbeddings, *, threads: int) -> None:
        super().__init__(embeddings, threads)
        self._embeddings = embeddings

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text.

        Raises:
            RequestError: when no answer came.
        """
        return await self.call(lambda: self._embeddings.embed(texts))


def judge_named(name: str, server: Server, options: JudgeOptions) -> Judge | None:
    """Return the judge that `name` names; `server` is where an OpenAI-compatible one is.

    Raises:
        GovernanceError: when it names none, or Bedrock has no region.
    """
    provider, _, model = name.partition(":")
    if name == NONE:
        return None
    if provider == "bedrock" and model:
        chat = BedrockChat(
            bedrock_runtime_client(), model, max_tokens=options.max_tokens, temperature=options.temperature
        )
        return BedrockJudge(chat, threads=options.threads, by_schema=options.json_mode is JsonMode.SCHEMA)
    if provider == "openai" and model:
        return OpenAiJudge(
            model,
            server,
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            json_mode=options.json_mode or JsonMode.SCHEMA,
        )
    raise GovernanceError(f'--judge "{name}": name bedrock:MODEL_ID, openai:MODEL or none')


def embeddings_named(name: str, server: Server, threads: int) -> EmbeddingModel | None:
    """Return the embedding model that `name` names.

    Raises:
        GovernanceError: when it names none, or a package that is not installed.
    """
    provider, _, model = name.partition(":")
    if name == NONE:
        return None
    if provider == "bedrock" and model:
        return BedrockEmbeddingModel(BedrockEmbeddings(bedrock_runtime_client(), model), threads=threads)
    if provider == "openai" and model:
        return OpenAiEmbeddings(model, server)
    if provider == "local" and model in LOCAL_EMBEDDINGS:
        return LOCAL_EMBEDDINGS[model]()
    local = " or ".join(f"local:{package}" for package in LOCAL_EMBEDDINGS)
    raise GovernanceError(f'--embeddings "{name}": name {local}, bedrock:MODEL_ID, openai:MODEL or none')


def _judge_answer(answer: ChatAnswer) -> JudgeAnswer:
    stopped = None
    if answer.stop_reason not in FINISHED:
        stopped = STOPPED.get(answer.stop_reason, f"refused ({answer.stop_reason})")
    return JudgeAnswer(answer.text, answer.input_tokens, answer.output_tokens, stopped)


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what `aws` raises into a `RequestError`."""
    try:
        yield
    except AwsThrottledError as error:
        raise RequestError(str(error), Fault.THROTTLED) from error
    except AwsUnreachableError as error:
        unreachable = error.code.endswith("Error") and error.code != NO_ANSWER_IN_TIME  # botocore's exception
        raise RequestError(str(error), Fault.UNREACHABLE if unreachable else Fault.FAILED) from error
    except (AwsAccessDeniedError, AwsNotFoundError) as error:
        raise RequestError(str(error), Fault.DENIED) from error
    except AwsError as error:
        raise RequestError(str(error), Fault.REJECTED) from error
