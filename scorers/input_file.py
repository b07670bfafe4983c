"""The one input of a scoring run: hashed before it is read, refused where it changed, and named in the evidence.

Evidence names the SHA-256 of what was scored, so that a reader can find those bytes again. That holds only if the bytes
that were read are the ones that were hashed, and if they can be read again: hence files alone, no pipes.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from checks.version import NAME, VERSION
from disk.disk_errors import kind_of

STANDARD_INPUT = "-"
READABLE = "a file of JSON Lines, CSV or Parquet"


class InputFile(Struct, frozen=True):
    """A file as it was before it was read: `size` is in bytes."""

    path: Path
    sha256: str
    size: int

    def provenance(self, kind: str, records: int) -> dict[str, JsonValue]:
        """Return how the provenance of every report begins: which scorer, of what kind, scored which bytes.

        `records` are the lines or rows that were read, whether they could be scored or not.
        """
        return {
            "scorer": {"name": NAME, "version": VERSION, "kind": kind},
            "input": {
                "file": self.path.name,
                "sha256": self.sha256,
                "bytes": self.size,
                "records": records,
            },
        }


@contextmanager
def open_input(path: Path) -> Iterator[InputFile]:
    """Hash the file at `path`, let it be read within the block, and make sure that it stayed as it was.

    The block ends when nothing more is read of the file.

    Raises:
        GovernanceError: when it is no file or cannot be read; or at the end of the block, when it changed meanwhile,
            also where the block failed for what was read.
    """
    before = _look_at(path)
    try:
        yield InputFile(path, before.sha256, before.size)
    except Exception as error:
        # A file that is rewritten while it is read has all sorts of problems; this is the one to name.
        if _has_changed(path, before):
            raise _changed(path) from error
        raise
    if _has_changed(path, before):
        raise _changed(path)


def require_readable(path: Path) -> None:
    """Refuse at once what cannot be scored, before clients of models are made and a missing region is complained of.

    Raises:
        GovernanceError: as `open_input` does, when it is no file or cannot be read.
    """
    refuse_what_is_no_file(path)
    with _explaining(path), path.open("rb"):
        pass


def refuse_what_is_no_file(path: Path) -> None:
    """Refuse pipes and devices before they are opened: a pipe can be read once only, and without a writer never.

    Raises:
        GovernanceError: naming what `path` is. What is not there, or a folder, is for the opening to say.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        if str(path) == STANDARD_INPUT:
            raise _not_a_file(path, "standard input") from None
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise _not_a_file(path, kind_of(mode))


class _State(Struct, frozen=True):
    """What tells two states of a file apart.

    The times are there for a file that is rewritten and put back: of that, its bytes at the end say nothing. The time
    of the last change of status (`st_ctime_ns`) is the one that programs cannot set.
    """

    sha256: str
    size: int
    modified_ns: int
    changed_ns: int


def _look_at(path: Path) -> _State:
    refuse_what_is_no_file(path)
    with _explaining(path), path.open("rb") as file:
        # The times before the bytes: what is written while they are hashed has a later one.
        found = os.fstat(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return _State(digest, file.tell(), found.st_mtime_ns, found.st_ctime_ns)


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GovernanceError(f"{path}: cannot be read ({error.strerror}); name {READABLE}") from error


def _has_changed(path: Path, before: _State) -> bool:
    try:
        return _look_at(path) != before
    except GovernanceError:  # it is gone, or something else is there
        return True


def _changed(path: Path) -> GovernanceError:
    return GovernanceError(f"{path}: the file changed while it was being scored; score it again")


def _not_a_file(path: Path, what: str) -> GovernanceError:
    return GovernanceError(
        f"{path}: {what}, not a file; it is read more than once, so write it to a file first"
    )
