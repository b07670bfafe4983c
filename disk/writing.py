"""Files written so that whoever looks sees the old one or the new one; what is no file is never replaced by one."""

import errno
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from disk.disk_errors import DiskError, kind_of

PATIENCE_SECONDS = 10.0  # how long somebody has to open a named pipe for reading
_LOOK_SECONDS = 0.1
_WAY_OUT = "name another file"
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"/(dev|proc/self)/fd/(?P<number>[0-9]{1,6})")


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path`: into a new file that takes the place of the old one, or through a pipe or device.

    A link stays, and the file that it leads to is replaced. `/dev/stdout`, `/dev/stderr` and `/dev/fd/N` are this
    process's own streams. A named pipe that nobody opens for reading is given up after ten seconds.

    Raises:
        DiskError: it cannot be written, or is a folder, a socket or a disk; what was there is as it was.
    """
    try:
        descriptor = _find_own_stream(path)
        if descriptor is not None:
            _write_all(os.dup(descriptor), content)
        elif _is_written_through(path):
            _write_all(_open(path), content)
        else:
            _replace(path, content)
    except OSError as error:
        raise DiskError(f"{path}: cannot be written ({error.strerror}); {_WAY_OUT}") from error


def write_all_whole(contents: Mapping[Path, bytes]) -> None:
    """Write several files, all of them or none: each is ready beside its place before the first takes it.

    Nobody can exchange several files in one moment: who looks meanwhile may see some of them new and others old, and so
    does everybody after a power cut. Where one cannot be moved to its place, those that were are put back.

    Raises:
        DiskError: one cannot be written, or is no file; all are as they were, or the message says which is not.
    """
    with ExitStack() as stack:
        ready = [_make_ready(stack, path, content) for path, content in contents.items()]
        moved: list[_ReadyFile] = []
        for one in ready:
            try:
                one.new.replace(one.target)
            except OSError as error:
                told = f"{one.path}: cannot be written ({error.strerror}), and {_put_back(moved)}; {_WAY_OUT}"
                raise DiskError(told) from error
            moved.append(one)


class _ReadyFile(Struct, frozen=True):
    """A file that only has to be moved to its place, and what was there; `old` is `None` where nothing was."""

    path: Path
    target: Path
    new: Path
    old: Path | None


def _make_ready(stack: ExitStack, path: Path, content: bytes) -> _ReadyFile:
    try:
        target = replaceable(path)
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-"))
        )
        new, old = folder / "new", folder / "old"
        new.write_bytes(content)
        if target.exists():
            shutil.copy2(target, old)
            shutil.copymode(target, new)
        return _ReadyFile(path, target, new, old if target.exists() else None)
    except OSError as error:
        told = f"{path}: cannot be written ({error.strerror}), and no file was changed; {_WAY_OUT}"
        raise DiskError(told) from error


def _put_back(moved: Sequence[_ReadyFile]) -> str:
    """Put back what was at the places of `moved`, and return what came of it."""
    left: list[str] = []
    for one in moved:
        try:
            one.target.unlink() if one.old is None else one.old.replace(one.target)
        except OSError:
            left.append(str(one.path))
    return f"{', '.join(left)} is changed all the same" if left else "no file was changed"


def put_in_place(finished: Path, path: Path) -> None:
    """Move the file `finished` to `path`, in place of the file there or of the one that a link there leads to.

    Raises:
        DiskError: something at `path` is not a file; it was not replaced.
        OSError: it cannot be moved.
    """
    finished.replace(replaceable(path))


def replaceable(path: Path) -> Path:
    """Return where a file that is to be at `path` goes: `path` itself, or what the link there leads to.

    Raises:
        DiskError: something that is not a file is there.
        OSError: it cannot be looked at, as a circle of links.
    """
    mode = _read_mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        raise DiskError(f"{path}: {kind_of(mode)}, and only a file is replaced; {_WAY_OUT}")
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _find_own_stream(path: Path) -> int | None:
    if str(path) in _STREAMS:
        return _STREAMS[str(path)]
    match = _DESCRIPTOR.fullmatch(str(path))
    return int(match["number"]) if match else None


def _is_written_through(path: Path) -> bool:
    mode = _read_mode(path)
    return mode is not None and (stat.S_ISCHR(mode) or stat.S_ISFIFO(mode))


def _read_mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _replace(path: Path, content: bytes) -> None:
    target = replaceable(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
        temporary = Path(folder) / target.name
        temporary.write_bytes(content)
        temporary.replace(target)


def _open(path: Path) -> int:
    """Open a device or a pipe, and wait for the pipe's reader for a while only."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            break
        except OSError as error:
            if error.errno != errno.ENXIO:  # the answer as long as nobody reads from the pipe
                raise
            if time.monotonic() > deadline:
                raise DiskError(
                    f"{path}: a named pipe that nobody reads from, after {PATIENCE_SECONDS:g} s; "
                    "start its reader first"
                ) from error
        time.sleep(_LOOK_SECONDS)
    os.set_blocking(descriptor, True)
    return descriptor


def _write_all(descriptor: int, content: bytes) -> None:
    with open(descriptor, "wb") as stream:
        stream.write(content)
