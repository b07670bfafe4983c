"""`collect`: questions in, responses out; what was answered is kept beside the output until it is asked anew."""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from disk.writing import put_in_place, replaceable
from scorers.asking import work_through
from scorers.collecting import Benchmark
from scorers.collecting.prompts import FORMS, Question, read_questions
from scorers.endpoints.cache import AnswerCache, content_key
from scorers.endpoints.protocols import Judge, JudgeAnswer, RequestError
from scorers.endpoints.requests import RequestLane, RequestLimits
from scorers.progress import Progress

KEPT_SUFFIX = ".answers.sqlite3"
NO_SCHEMA: Mapping[str, JsonValue] = {}  # the model answers as it likes; the endpoint is to ask for no JSON
WRITE_AHEAD = ("", "-wal", "-shm")


class CollectionSettings(Struct, frozen=True):
    """How often each question is asked, how hard, in which words, and whether kept answers are thrown away first."""

    repeats: int = 1
    limits: RequestLimits = field(default_factory=RequestLimits)
    template: str | None = None
    fresh: bool = False


class Collected(Struct, frozen=True):
    """What came of a run: responses written, requests answered in this run, and questions that the model refused.

    `without` says which settings the endpoint refused to be told.
    """

    responses: int
    asked: int
    refused: int
    without: tuple[str, ...] = ()


class _CollectingJob(Struct, frozen=True):
    question: Question
    repeat: int


def collect(
    benchmark: Benchmark,
    prompts: Path,
    output: Path,
    model: Judge,
    settings: CollectionSettings | None = None,
) -> Collected:
    """Ask `model` every question of `prompts`, and write the lines with its responses to `output`.

    Each answer is kept in a file beside `output` as it comes, so a run that ended early, however it ended, goes on with
    what is missing when it is started again. `output` appears when all is answered. A question that the endpoint
    rejects (a content filter, a length) is answered by an empty response, with the reason under `error`.

    Raises:
        GovernanceError: when questions cannot be read, the endpoint is down, or questions are left without an answer.
    """
    settings = settings or CollectionSettings()
    replaceable(output)  # told before hours of asking
    questions = read_questions(benchmark, prompts, settings.template)
    jobs = [_CollectingJob(question, repeat) for question in questions for repeat in range(settings.repeats)]
    kept = output.with_name(output.name + KEPT_SUFFIX)
    if settings.fresh:
        for suffix in WRITE_AHEAD:
            kept.with_name(kept.name + suffix).unlink(missing_ok=True)
    with AnswerCache(kept) as cache:
        asking = _Asking(model, cache, settings.limits, len(jobs))
        asyncio.run(asking.ask_all(jobs))
        asking.refuse_gaps(len(jobs))
        _write(output, asking.lines(jobs, FORMS[benchmark].response, numbered=settings.repeats > 1))
    return Collected(len(jobs), asking.asked, len(asking.rejected), tuple(sorted(asking.without)))


class _Asking:
    """One run over all questions."""

    def __init__(self, model: Judge, cache: AnswerCache, limits: RequestLimits, total: int) -> None:
        self._model, self._cache, self._limits = model, cache, limits
        self._description = dict(model.description)
        self._lane = RequestLane(f"endpoint {self._description.get('model', '')}", limits)
        self._progress = Progress(total, "answers")
        self.asked = 0
        self.rejected: dict[bytes, str] = {}
        self.without: set[str] = set()
        self._failed: list[str] = []

    async def ask_all(self, jobs: Sequence[_CollectingJob]) -> None:
        """Ask what is not kept yet."""
        async with self._model:
            await work_through(jobs, self._ask, self._limits.concurrency)
        self._progress.finish()

    async def _ask(self, job: _CollectingJob) -> None:
        key = self._key(job)
        if self._cache.get(key) is None:
            try:
                answer = await self._lane.request(
                    lambda: self._model.answer(job.question.prompt, NO_SCHEMA, job.repeat)
                )
            except RequestError as error:
                if error.transient:
                    self._failed.append(str(error))
                else:
                    self.rejected[key] = str(error)
            else:
                text = answer.text.encode("utf-8", "replace").decode()  # a lone surrogate has no UTF-8
                self._cache.put(key, asdict(replace(answer, text=text)))
                self.asked += 1
        self._progress.advance()

    def refuse_gaps(self, total: int) -> None:
        """Refuse to go on where an answer is missing that may still come.

        Raises:
            GovernanceError: saying how many, and why the first one is.
        """
        if self._failed:
            raise GovernanceError(
                f"{len(self._failed):,} of {total:,} questions have no answer yet, the first because: "
                f"{self._failed[0]}. What was answered is kept: the same command asks for the rest"
            )

    def lines(
        self, jobs: Sequence[_CollectingJob], response: str, *, numbered: bool
    ) -> Iterator[Mapping[str, JsonValue]]:
        """Yield the lines with their responses, in the order of the questions."""
        for job in jobs:
            key = self._key(job)
            kept: Any = self._cache.get(key)
            line: dict[str, JsonValue] = {**job.question.line, "model": self._description.get("model")}
            if numbered:
                line["repeat"] = job.repeat
            if isinstance(kept, dict):
                answer = JudgeAnswer(**kept)
                line[response] = answer.text
                self.without.update(answer.without)
                if answer.stopped is not None:
                    line["stopped"] = answer.stopped
            else:
                line[response], line["error"] = "", self.rejected[key]
            yield line

    def _key(self, job: _CollectingJob) -> bytes:
        return content_key("response", self._description, job.question.prompt, job.repeat)


def _write(output: Path, lines: Iterator[Mapping[str, JsonValue]]) -> None:
    """Write all lines, or leave what is there."""
    try:
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=".collecting-") as folder:
            whole = Path(folder) / output.name
            with whole.open("w", encoding="utf-8") as file:
                for line in lines:
                    file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            put_in_place(whole, output)
    except OSError as error:
        raise GovernanceError(f"{output}: cannot be written ({error.strerror}); name another file") from error
