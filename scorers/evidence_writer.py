"""Writing evidence: `evaluation.json` for the gate and `results.jsonl` behind it, both or neither."""

import filecmp
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Self

from checks.errors import GovernanceError
from checks.measurements import Measurement
from checks.reports.evaluation import PROVENANCE, write_evaluation
from checks.strict_json import JsonValue
from checks.subject import SUBJECT, Subject
from disk.writing import put_in_place, replaceable

EVALUATION = "evaluation.json"
RESULTS = "results.jsonl"
# Not json.dump, which encodes in Python, nor json.dumps, which makes an encoder for every line.
_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


# What a run is about is the same for every scorer and matters to none of them: it is said around the run.
_subject: ContextVar[Subject | None] = ContextVar("subject of the evidence", default=None)


@contextmanager
def evidence_about(subject: Subject) -> Iterator[None]:
    """Let every report that is written within the block say in `provenance.subject` what it is about."""
    token = _subject.set(subject)
    try:
        yield
    finally:
        _subject.reset(token)


class EvidenceWriter:
    """Collects one scoring run's evidence beside its folder, and moves it in place when it is complete.

    Used as a context manager: leaving it without `finish`, or by an exception, leaves the folder as it was, and none
    where there was none. `results.jsonl` is written as it comes, so a run of any length takes constant memory.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> Self:
        folders = (self._directory, *self._directory.parents)
        try:
            self._made = [folder for folder in folders if not folder.exists()]
            self._directory.mkdir(parents=True, exist_ok=True)
            for name in (EVALUATION, RESULTS):  # told before hours of scoring
                replaceable(self._directory / name)
            self._work = Path(tempfile.mkdtemp(prefix=".scoring-", dir=self._directory))
            self._results = (self._work / RESULTS).open("w", encoding="utf-8")
        except OSError as error:
            raise GovernanceError(
                f"{self._directory}: cannot write evidence there ({error.strerror}); name another folder with -o"
            ) from error
        return self

    def add_result(self, result: Mapping[str, JsonValue]) -> None:
        """Append one scored item to `results.jsonl`."""
        self._results.write(_LINE.encode(result) + "\n")

    def finish(
        self,
        measurements: Iterable[Measurement],
        provenance: Mapping[str, JsonValue],
        documents: Mapping[str, Mapping[str, JsonValue]] | None = None,
    ) -> None:
        """Write `evaluation.json`, and `documents` (file name to JSON) beside it, and put all in place."""
        self._write({EVALUATION: write_evaluation(measurements, provenance), **(documents or {})}, RESULTS)

    def finish_report(self, name: str, document: Mapping[str, JsonValue]) -> None:
        """Write one report of another format, and nothing else: what another run left in the folder stays."""
        self._write({name: document})

    def _write(self, files: Mapping[str, Mapping[str, JsonValue]], *others: str) -> None:
        self._results.close()
        for name, document in files.items():
            text = json.dumps(_with_subject(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
            (self._work / name).write_text(text, encoding="utf-8")
        names = (*others, *reversed([*files]))  # evaluation.json last: where it is, all is
        replaced = [name for name in names if _differs(self._directory / name, self._work / name)]
        for name in names:
            put_in_place(self._work / name, self._directory / name)
        if replaced:
            print(
                f"note: {self._directory}: {' and '.join(replaced)} of another run replaced; name another folder "
                "with -o to keep both",
                file=sys.stderr,
            )

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._results.close()
        shutil.rmtree(self._work, ignore_errors=True)
        with suppress(OSError):  # not empty: the evidence is there
            for folder in self._made:
                folder.rmdir()


def _differs(there: Path, finished: Path) -> bool:
    return there.is_file() and not filecmp.cmp(there, finished, shallow=False)


def _with_subject(document: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    subject, provenance = _subject.get(), document.get(PROVENANCE)
    if subject is None or not isinstance(provenance, Mapping):
        return document
    return {**document, PROVENANCE: {**provenance, SUBJECT: subject.to_json()}}
