"""Output takes the place of a file, goes through a pipe or device, and never replaces anything else."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from disk import writing
from disk.disk_errors import DiskError
from disk.writing import put_in_place, write_all_whole, write_whole


def test_a_new_file_is_made_with_its_folders(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b" / "c.json", b"new")
    assert (tmp_path / "a" / "b" / "c.json").read_bytes() == b"new"
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["c.json"]


def test_an_old_file_is_replaced_and_who_reads_it_sees_it_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with (tmp_path / "a").open("rb") as reader:
        write_whole(tmp_path / "a", b"new")
        assert reader.read() == b"old"
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("target", ["real/file", "real/absent"])
def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path, target: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / target).read_bytes() == b"new"


def _socket(path: Path) -> None:
    os.chdir(path.parent)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda path: path.mkdir(), "a folder, and only a file is replaced", id="folder"),
        pytest.param(lambda path: path.symlink_to(path.parent), "a folder, and only", id="link to a folder"),
        pytest.param(_socket, "a socket, and only", id="socket"),
        pytest.param(lambda path: path.symlink_to(path.name), "cannot be written (Too many", id="circle of links"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["write", "put"])
def test_what_is_no_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, make: Callable[[Path], None], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "output"
    make(output)
    before = output.lstat()
    (tmp_path / "finished").write_bytes(b"new")
    if how == "write":
        with pytest.raises(DiskError) as caught:
            write_whole(output, b"new")
        assert str(caught.value).startswith(f"{output}: {says}")
    else:
        with pytest.raises((DiskError, OSError)):
            put_in_place(tmp_path / "finished", output)
    assert (output.lstat().st_ino, output.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert (tmp_path / "finished").read_bytes() == b"new"


def test_a_device_is_written_through_and_stays(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    for path in (link, Path("/dev/null")):
        write_whole(path, b"gone")
        assert path.is_char_device()


def test_a_pipe_is_written_through_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"x" * 300_000)
    reader.join()
    assert read == [b"x" * 300_000]
    assert pipe.is_fifo()


def test_a_pipe_that_nobody_reads_from_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE_SECONDS", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DiskError, match=r"pipe: a named pipe that nobody reads from, after 0.1 s"):
        write_whole(tmp_path / "pipe", b"{}")


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_the_own_output_is_written_to_where_it_goes(tmp_path: Path, path: str) -> None:
    """Also where a shell appends it to a file: what is there is not lost."""
    if not Path(path).exists():
        pytest.skip("no such path on this system")
    program = (
        f"from pathlib import Path; from disk.writing import write_whole; write_whole(Path({path!r}), b'new')"
    )
    log = tmp_path / "log"
    log.write_bytes(b"old, ")
    with log.open("ab") as stdout:
        subprocess.run([sys.executable, "-c", program], stdout=stdout, check=True)
    assert log.read_bytes() == b"old, new"


def test_a_finished_file_is_moved_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "finished").write_bytes(b"new")
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    put_in_place(tmp_path / "finished", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.fixture
def two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Path, bytes]:
    """What two files in the working directory are to hold; the second is not there yet."""
    monkeypatch.chdir(tmp_path)
    Path("a").write_bytes(b"old a")
    return {Path("a"): b"new a", Path("b"): b"new b"}


def refuse_to_move(monkeypatch: pytest.MonkeyPatch, *refused: tuple[str, str]) -> None:
    """Let moving files fail: from and to these names."""
    move = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if (self.name, target.name) in refused:
            raise OSError(28, "No space left on device")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def files_there() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path().iterdir()}


def test_several_files_are_written_together_and_keep_who_may_read_them(two_files: dict[Path, bytes]) -> None:
    Path("a").chmod(0o640)
    write_all_whole(two_files)
    assert files_there() == {"a": b"new a", "b": b"new b"}
    assert Path("a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("refused", "told", "there"),
    [
        pytest.param(
            [("new", "b")],
            "b: cannot be written (No space left on device), and no file was changed; name another file",
            {"a": b"old a"},
            id="the second cannot be moved, and the first is put back",
        ),
        pytest.param(
            [("new", "b"), ("old", "a")],
            "b: cannot be written (No space left on device), and a is changed all the same; name another file",
            {"a": b"new a"},
            id="nor can the first be put back",
        ),
    ],
)
def test_of_several_files_none_is_written_where_one_cannot_be(
    two_files: dict[Path, bytes],
    monkeypatch: pytest.MonkeyPatch,
    refused: list[tuple[str, str]],
    told: str,
    there: dict[str, bytes],
) -> None:
    refuse_to_move(monkeypatch, *refused)
    with pytest.raises(DiskError) as error:
        write_all_whole(two_files)
    assert str(error.value) == told
    assert files_there() == there


def test_what_is_no_file_is_told_before_any_of_several_is_written(two_files: dict[Path, bytes]) -> None:
    Path("b").mkdir()
    with pytest.raises(DiskError, match="b: a folder, and only a file is replaced"):
        write_all_whole(two_files)
    assert Path("a").read_bytes() == b"old a"
    assert {path.name for path in Path().iterdir()} == {"a", "b"}
