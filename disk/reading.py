"""Files read whole, and never more of them than the reader takes: neither a growing file nor a pipe can hold it up."""

import io
import os
import select
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from disk.disk_errors import DiskError, FileMissingError, FileTooLargeError, kind_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PATIENCE_SECONDS = 10.0  # how long somebody has to open a named pipe for writing
_LOOK_MILLISECONDS = 100
_BLOCK_BYTES = 1024 * 1024


def read_bounded(path: Path | str, *, max_bytes: int) -> bytes:
    """Return the content of the file or pipe at `path`, of at most `max_bytes`.

    A pipe may take its time once somebody writes to it; one that nobody opens is given up after ten seconds.

    Raises:
        FileMissingError: there is no file, or a folder.
        FileTooLargeError: it is larger, or became so while it was read.
        DiskError: it cannot be read, is a device or a socket, or nobody writes to the pipe.
    """
    raw, likely_bytes = _open(path, max_bytes)
    # Room for all that is likely to come, and to see that it ends there: a block for each small file is slow to make.
    at_once = min(_BLOCK_BYTES, likely_bytes + 1)
    with raw:
        content = bytearray()
        while len(content) <= max_bytes:
            try:
                block = raw.read(min(at_once, max_bytes + 1 - len(content)))
            except OSError as error:
                raise _make_error(path, error) from error
            if not block:
                return bytes(content)
            content += block
    raise FileTooLargeError(
        f"{path}: grew beyond {max_bytes:,} bytes while it was read, and no more are read"
    )


def changed_at(path: Path) -> datetime | None:
    """Return when a file was written last, to the second; `None` of a pipe, and where that cannot be told."""
    try:
        status = path.stat()
    except OSError:
        return None
    return datetime.fromtimestamp(int(status.st_mtime), UTC) if stat.S_ISREG(status.st_mode) else None


def _open(path: Path | str, max_bytes: int) -> tuple[io.RawIOBase, int]:
    """Return the file or pipe, and how many bytes it is likely to have."""
    try:
        # Without O_NONBLOCK a pipe that nobody opens would be waited for in here without end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileMissingError(f"{path}: there is no such file; check the path") from error
    except OSError as error:
        raise _make_error(path, error) from error
    status = os.fstat(descriptor)
    if stat.S_ISFIFO(status.st_mode):
        return _Pipe(descriptor, path), _BLOCK_BYTES
    if stat.S_ISREG(status.st_mode) and status.st_size <= max_bytes:
        return io.FileIO(descriptor), status.st_size
    os.close(descriptor)
    if stat.S_ISREG(status.st_mode):
        raise FileTooLargeError(
            f"{path}: {status.st_size:,} bytes, and at most {max_bytes:,} are read; split it, or name another file"
        )
    refusal = FileMissingError if stat.S_ISDIR(status.st_mode) else DiskError
    raise refusal(f"{path}: {kind_of(status.st_mode)}, not a file; name a file")


class _Pipe(io.RawIOBase):
    """A pipe that was opened without waiting for its writer."""

    def __init__(self, descriptor: int, path: Path | str) -> None:
        self._descriptor, self._path = descriptor, path
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Wait for bytes as long as somebody has the pipe open, and for somebody at most `PATIENCE_SECONDS`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        hung_up = False
        while True:
            try:
                count = os.readv(self._descriptor, [buffer])
            except BlockingIOError:  # somebody has it open and has not written yet
                deadline = time.monotonic() + PATIENCE_SECONDS
            else:
                if count or self._begun or hung_up:
                    self._begun = True
                    return count
            if time.monotonic() > deadline:
                raise DiskError(
                    f"{self._path}: a named pipe that nobody writes to, after {PATIENCE_SECONDS:g} s; "
                    "start its writer first, or name a file"
                )
            hung_up = any(events & select.POLLHUP for _, events in self._poll.poll(_LOOK_MILLISECONDS))

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _make_error(path: Path | str, error: OSError) -> DiskError:
    return DiskError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions")
