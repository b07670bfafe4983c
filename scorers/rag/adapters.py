"""Judge and embeddings as `ragas` wants them: one pair of objects for one scoring of one item by one metric."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from instructor.utils import extract_json_from_codeblock
from pydantic import BaseModel, ValidationError
from ragas.embeddings.base import BaseRagasEmbedding
from ragas.llms.base import InstructorBaseRagasLLM

from checks.strict_json import JsonValue
from scorers.endpoints.answers import after_reasoning
from scorers.endpoints.protocols import JudgeAnswer, RequestError
from scorers.endpoints.requests import EmbeddingCalls, JudgeCalls
from scorers.rag.judge_failures import CUT_OFF, NO_ANSWER, PROSE, JudgeError

Model = TypeVar("Model", bound=BaseModel)
SHOWN = 80
VERDICTS = (
    "verdict",
    "attributed",
    "noncommittal",
)  # ragas' fields that are to be 0 or 1, and are any integer


@cache
def _schema_of(model: type[BaseModel]) -> Mapping[str, JsonValue]:
    return model.model_json_schema()


def read_answer(answer: JudgeAnswer, model: type[Model]) -> Model:
    """Return the judge's JSON as `model`; reasoning, a Markdown fence or prose around one JSON object is taken off.

    Raises:
        JudgeError: saying what it answered instead, or which verdict is neither 0 nor 1.
    """
    if answer.stopped is not None:
        raise JudgeError(f"{CUT_OFF}: {answer.stopped}")
    text = after_reasoning(answer.text)
    for take in (str, extract_json_from_codeblock):
        try:
            value = json.loads(take(text))
        except ValueError:
            continue
        try:
            return _with_verdicts(model.model_validate(value))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(step) for step in first["loc"]) or "its top level"
            raise JudgeError(f"the judge's JSON does not fit the schema: {place}: {first['msg']}") from error
    shown = " ".join(text.split())
    shown = shown if len(shown) <= SHOWN else shown[:SHOWN] + "…"
    raise JudgeError(f'{PROSE}: "{shown}"' if shown else "the judge said nothing")


def _with_verdicts(answer: Model) -> Model:
    """Return `answer`, whose verdicts are 0 or 1: ragas would count any other number as a yes, or weigh it."""
    for name, verdict in _verdicts(answer.model_dump()):
        if verdict not in (0, 1):
            raise JudgeError(f"the judge's {name} is {verdict}, neither 0 nor 1")
    return answer


def _verdicts(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _verdicts(member, key)
    elif isinstance(value, list):
        for member in value:
            yield from _verdicts(member, name)
    elif name in VERDICTS:
        yield name, value


class ScoringJudge(InstructorBaseRagasLLM):  # type: ignore[misc]  # ragas has no types
    """The judge for one scoring. It remembers what was answered and what went wrong, which `ragas` does not."""

    def __init__(self, calls: JudgeCalls, repeat: int) -> None:
        self._calls, self._repeat = calls, repeat
        self._asked: Counter[str] = Counter()
        self.answers: list[BaseModel] = []
        self.failures: list[str] = []

    def generate(self, prompt: str, response_model: type[Model]) -> Model:
        """Refuse: a second event loop would break the client."""
        raise NotImplementedError("the judge is asked asynchronously only")

    async def agenerate(self, prompt: str, response_model: type[Model]) -> Model:
        """Ask the judge; the same prompt asked again within this scoring is a new draw.

        Raises:
            JudgeError: when there is no usable answer.
            EndpointDownError: when the judge is down.
        """
        draw, step = self._asked[prompt], self._asked.total()
        self._asked[prompt] += 1
        try:
            said = await self._calls.answer(
                prompt, _schema_of(response_model), repeat=self._repeat, draw=draw, step=step
            )
            answer = read_answer(said, response_model)
        except RequestError as error:
            self.failures.append(f"{NO_ANSWER}: {error}")
            raise JudgeError(self.failures[-1]) from error
        except JudgeError as error:
            self.failures.append(str(error))
            raise
        self.answers.append(answer)
        return answer


class ScoringEmbeddings(BaseRagasEmbedding):  # type: ignore[misc]  # ragas has no types
    """Embeddings for one scoring.

    `ragas`' similarity metric embeds synchronously, which would hold up every other scoring: `prepare` fetches its
    texts beforehand.
    """

    def __init__(self, calls: EmbeddingCalls) -> None:
        super().__init__()
        self._calls = calls
        self._vectors: dict[str, list[float]] = {}

    async def prepare(self, *texts: str) -> None:
        """Fetch the vectors of `texts`."""
        await self.aembed_texts(list(texts))

    def embed_text(self, text: str, **_: Any) -> list[float]:
        """Return a vector that was prepared."""
        return self._vectors[text]

    async def aembed_text(self, text: str, **_: Any) -> list[float]:
        """Return the vector of one text."""
        return (await self.aembed_texts([text]))[0]

    async def aembed_texts(self, texts: list[str], **_: Any) -> list[list[float]]:
        """Return the vectors of `texts`, fetched in one request.

        Raises:
            JudgeError: when the embedding model does not answer, or with a vector that has no direction: ragas would
                count its similarity to any other as 0.
        """
        missing = [text for text in texts if text not in self._vectors]
        if missing:
            try:
                self._vectors.update(zip(missing, await self._calls.embed(missing), strict=True))
            except RequestError as error:
                raise JudgeError(f"the embedding model did not answer: {error}") from error
        if not all(any(self._vectors[text]) for text in texts):
            raise JudgeError("the embedding model has no vector but zeros for a text")
        return [self._vectors[text] for text in texts]
