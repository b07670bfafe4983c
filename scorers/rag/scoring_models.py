"""Judge and embedding model for one scoring of one item by one metric."""

from collections import Counter

from scorers.endpoints.protocols import RequestError
from scorers.endpoints.requests import EmbeddingCalls, JudgeCalls
from scorers.rag.judge_answers import Answer, read_answer
from scorers.rag.judge_failures import NO_ANSWER, JudgeError
from scorers.rag.prompts import JudgePrompt


class ScoringJudge:
    """The judge for one scoring, which remembers what it was asked before."""

    def __init__(self, calls: JudgeCalls, repeat: int) -> None:
        self._calls, self._repeat = calls, repeat
        self._asked: Counter[str] = Counter()

    async def ask(self, prompt: JudgePrompt[Answer], **given: str | list[str]) -> Answer:
        """Ask the judge about `given`; the same prompt asked again within this scoring is a new draw.

        Raises:
            JudgeError: when there is no usable answer.
            EndpointDownError: when the judge is down.
        """
        text = prompt.text(**given)
        draw, step = self._asked[text], self._asked.total()
        self._asked[text] += 1
        try:
            said = await self._calls.answer(text, prompt.schema, repeat=self._repeat, draw=draw, step=step)
        except RequestError as error:
            raise JudgeError(f"{NO_ANSWER}: {error}") from error
        return read_answer(said, prompt.answer)


class ScoringEmbeddings:
    """The embedding model for one scoring."""

    def __init__(self, calls: EmbeddingCalls) -> None:
        self._calls = calls

    async def embed(self, *texts: str) -> list[list[float]]:
        """Return the vectors of `texts`, fetched in one request.

        Raises:
            JudgeError: when the embedding model does not answer, or with a vector that has no direction: ragas would
                count its similarity to any other as 0.
            EndpointDownError: when the embedding model is down.
        """
        try:
            vectors = await self._calls.embed(texts)
        except RequestError as error:
            raise JudgeError(f"the embedding model did not answer: {error}") from error
        if not all(any(vector) for vector in vectors):
            raise JudgeError("the embedding model has no vector but zeros for a text")
        return vectors
