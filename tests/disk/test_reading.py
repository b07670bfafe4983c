"""A file is read whole and within bounds; a pipe is waited for, but not without end."""

import io
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from disk import reading
from disk.disk_errors import DiskError, FileMissingError, FileTooLargeError
from disk.reading import read_bounded


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_a_file_up_to_the_bound_is_read_whole(tmp_path: Path, size: int) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    assert read_bounded(tmp_path / "a", max_bytes=100) == b"x" * size


def test_no_room_is_made_that_a_small_file_does_not_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class NotedFile(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(-1 if size is None else size)
            return super().read(size)

    monkeypatch.setattr(io, "FileIO", NotedFile)
    (tmp_path / "a").write_bytes(b"x" * 5)
    assert read_bounded(tmp_path / "a", max_bytes=1 << 24) == b"x" * 5
    assert asked == [6, 6]  # the second one sees that it ends there


def test_a_larger_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(1 << 40)  # a terabyte that takes no room
    monkeypatch.setattr(io, "FileIO", None)
    with pytest.raises(
        FileTooLargeError, match=f"{tmp_path}/a: 1,099,511,627,776 bytes, and at most 100 are read"
    ):
        read_bounded(tmp_path / "a", max_bytes=100)


def test_a_file_that_grows_while_it_is_read_is_refused() -> None:
    """The kernel's file of mounts says that it has no bytes, and has some: as one that grew since."""
    mounts = Path("/proc/self/mountinfo")
    if not mounts.exists():
        pytest.skip("no such file on this system")
    assert mounts.stat().st_size == 0
    with pytest.raises(FileTooLargeError, match="grew beyond 10 bytes"):
        read_bounded(mounts, max_bytes=10)


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        pytest.param("nowhere", FileMissingError, "there is no such file", id="missing"),
        pytest.param("file/below", FileMissingError, "there is no such file", id="below a file"),
        pytest.param("folder", FileMissingError, "a folder, not a file", id="folder"),
        pytest.param("/dev/zero", DiskError, "a device, not a file", id="device without end"),
        pytest.param("loop", DiskError, "cannot be read (Too many levels", id="circle of links"),
    ],
)  # fmt: skip
def test_what_is_no_file_is_named(tmp_path: Path, name: str, error: type[DiskError], says: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(error) as caught:
        read_bounded(tmp_path / name, max_bytes=100)
    assert str(caught.value).startswith(f"{tmp_path / name}: {says}")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def _write_later(pipe: Path, *blocks: bytes) -> threading.Thread:
    def write() -> None:
        time.sleep(0.05)
        with pipe.open("wb", buffering=0) as file:
            for block in blocks:
                file.write(block)
                time.sleep(0.05)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "blocks", [(b"all at once",), (b"one, ", b"then ", b"another"), (b"x" * 300_000,), ()],
    ids=["one block", "three blocks", "more than a pipe holds", "nothing"],
)  # fmt: skip
def test_a_pipe_is_read_to_its_end(pipe: Path, blocks: tuple[bytes, ...]) -> None:
    writer = _write_later(pipe, *blocks)
    assert read_bounded(pipe, max_bytes=1_000_000) == b"".join(blocks)
    writer.join()


def test_a_pipe_whose_writer_has_gone_is_read(pipe: Path) -> None:
    """As a shell's `<(…)`: what was written waits in the pipe."""
    descriptor = os.open(pipe, os.O_RDWR)
    os.write(descriptor, b"{}")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # keeps the bytes when the writer goes
    os.close(descriptor)
    assert read_bounded(pipe, max_bytes=100) == b"{}"
    os.close(reader)


def test_a_pipe_that_never_ends_is_refused_at_the_bound(pipe: Path) -> None:
    descriptor = os.open(pipe, os.O_RDWR)
    os.write(descriptor, b"x" * 1000)
    with pytest.raises(FileTooLargeError):
        read_bounded(pipe, max_bytes=100)
    os.close(descriptor)


def test_a_pipe_that_nobody_writes_to_is_given_up(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.2)
    with pytest.raises(
        DiskError, match=r"pipe: a named pipe that nobody writes to, after 0.2 s; start its writer"
    ):
        read_bounded(pipe, max_bytes=100)


def test_a_writer_may_take_its_time(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.2)
    descriptor = os.open(pipe, os.O_RDWR)

    def write() -> None:
        os.write(descriptor, b"{}")
        os.close(descriptor)

    after = threading.Timer(0.6, write)
    after.start()
    assert read_bounded(pipe, max_bytes=100) == b"{}"


def test_a_file_without_rights_is_named(tmp_path: Path, as_nobody: Callable[..., str]) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "a.json").chmod(0o000)
    said = as_nobody(
        "try: print(read_bounded(Path(sys.argv[1]), max_bytes=9))\nexcept DiskError as error: print(error)\n",
        tmp_path / "a.json",
    )
    assert said.startswith(f"{tmp_path}/a.json: cannot be read (Permission denied)")
