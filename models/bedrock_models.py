"""Judges and embedding models of Amazon Bedrock."""

from collections.abc import Mapping, Sequence
from typing import Self

from aws.bedrock import BedrockChat, BedrockEmbeddings, ChatAnswer
from checks.strict_json import JsonValue
from models.concessions import Concessions, RequestShape
from models.threaded_model import ThreadedModel
from scorers.endpoints.protocols import JsonMode, JudgeAnswer

FINISHED = ("end_turn", "stop_sequence")
STOPPED = {"max_tokens": "cut off at the token limit"}


class BedrockJudge(ThreadedModel):
    """A model of Amazon Bedrock as a judge, by Converse. With `by_schema` Bedrock itself holds the answer to JSON.

    A model that refuses a temperature or a schema is asked again without it; each answer says so.
    """

    def __init__(self, chat: BedrockChat, *, threads: int, by_schema: bool) -> None:
        super().__init__(chat.description, threads)
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
        return {**super().description, "json_mode": mode.value}

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
        return _read_answer(await self.call(lambda: chat.converse(prompt, schema=asked)))


class BedrockEmbeddingModel(ThreadedModel):
    """An embedding model of Amazon Bedrock."""

    def __init__(self, embeddings: BedrockEmbeddings, *, threads: int) -> None:
        super().__init__(embeddings.description, threads)
        self._embeddings = embeddings

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text.

        Raises:
            RequestError: when no answer came.
        """
        return await self.call(lambda: self._embeddings.embed(texts))


def _read_answer(answer: ChatAnswer) -> JudgeAnswer:
    stopped = None
    if answer.stop_reason not in FINISHED:
        stopped = STOPPED.get(answer.stop_reason, f"refused ({answer.stop_reason})")
    return JudgeAnswer(answer.text, answer.input_tokens, answer.output_tokens, stopped)
