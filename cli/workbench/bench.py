"""What is on the workbench: threshold files as the disk has them, past versions, and what moves come to."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from checks.errors import GovernanceError
from checks.impact import JudgedTwice, LeftOut, PastVersion, measure_impact
from checks.threshold_file import MAX_BYTES, read_source
from checks.threshold_moves import ThresholdMove, apply_moves
from checks.thresholds import ThresholdFile
from cli.lookup.inputs import STANDARD_INPUT_NAME, is_in_s3
from cli.lookup.threshold_sets import compile_named
from disk.reading import read_bounded
from disk.writing import write_all_whole
from pages.workbench_page import Answered, BenchFile, write_difference


class ChangedMeanwhileError(GovernanceError):
    """A file on the disk is not what the workbench has of it any more."""


class Bench:
    """The files and the versions of one run; every call sees whole moves, whoever calls at the same time."""

    def __init__(self, contents: Mapping[str, bytes], history: Iterable[PastVersion | LeftOut]) -> None:
        """Take the bytes of each threshold file, by its path, and the history, which is held in memory.

        Raises:
            ThresholdFileError: a file is wrong.
        """
        self._contents = dict(contents)
        self._compiled = compile_named(self._contents)
        self._history = tuple(history)
        self._lock = Lock()

    def list_files(self) -> list[BenchFile]:
        """Return the files as they are saved."""
        with self._lock:
            read = {
                source: read_source(content, source).content for source, content in self._contents.items()
            }
            return [
                BenchFile(file, content, is_written(file.source))
                for file in self._compiled
                if (content := read[file.source]) is not None
            ]

    def answer(self, moves: Sequence[ThresholdMove]) -> Answered:
        """Return what the versions come to by the files with the moves in them.

        Raises:
            YamlEditError: a move cannot be made.
            ThresholdFileError: what it makes is no threshold file.
            AmbiguousThresholdsError: two files apply to one group equally specifically.
        """
        with self._lock:
            moved, files = self._move(moves)
            judged: list[JudgedTwice] = []
            impact = measure_impact(self._compiled, files, self._history, judged.append)
            difference = write_difference(self._contents, moved)
            return Answered(self._compiled, files, impact, judged, difference)

    def save(self, moves: Sequence[ThresholdMove]) -> list[str]:
        """Write the files that the moves change, all or none, and return their paths; others are not looked at.

        Raises:
            ChangedMeanwhileError: one of them was changed or removed by somebody else; none is written.
            GovernanceError: as `answer` does, or a file is none that is written from here, or cannot be written; none
                is, as `disk.writing.write_all_whole` says.
        """
        with self._lock:
            moved, files = self._move(moves)
            changed = [source for source in moved if moved[source] != self._contents[source]]
            for source in changed:
                self._refuse_to_write(source)
            write_all_whole({Path(source): moved[source] for source in changed})
            self._contents = moved
            self._compiled = files
            return changed

    def _move(self, moves: Sequence[ThresholdMove]) -> tuple[dict[str, bytes], tuple[ThresholdFile, ...]]:
        moved = apply_moves(self._contents, moves)
        is_moved = moved != self._contents
        return moved, compile_named(moved) if is_moved else self._compiled

    def _refuse_to_write(self, source: str) -> None:
        if not is_written(source):
            raise GovernanceError(f"{source}: it is not written from here; copy the difference")
        try:
            there = read_bounded(Path(source), max_bytes=MAX_BYTES)
        except GovernanceError as error:
            raise ChangedMeanwhileError(f"{error}; nothing was saved") from error
        if there != self._contents[source]:
            raise ChangedMeanwhileError(
                f"{source}: it was changed since the workbench read it, and nothing was saved; copy the difference, "
                "and start the workbench again"
            )


def is_written(source: str) -> bool:
    """Return whether the workbench writes to a threshold file: a file on this machine, no pipe, and nothing in S3."""
    return not is_in_s3(source) and source != STANDARD_INPUT_NAME and Path(source).is_file()
