"""Every file below a folder is listed, or what is in the way is named."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from disk.disk_errors import DiskError
from disk.walking import files_below, names_below


def _names(folder: Path, **options: bool) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in files_below(folder, **options)]


def _tree(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")


def test_every_file_at_any_depth_is_listed_in_order(tmp_path: Path) -> None:
    _tree(
        tmp_path, "b.json", "a/c.json", "a/b/d.txt", "a.json", ".git/x.json", "a/.hidden/y.json", "a/.z.json"
    )
    assert _names(tmp_path) == ["a/b/d.txt", "a/c.json", "a.json", "b.json"]
    assert len(_names(tmp_path, hidden=True)) == 7


def test_each_folder_is_looked_at_once_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _tree(tmp_path, "a/b/c.json", "a/d.json", "e/f.json", "g.json")
    looked_at: list[str] = []
    look = os.stat

    def note(path: str, **how: Any) -> os.stat_result:
        looked_at.append(str(path))
        return look(path, **how)

    monkeypatch.setattr(os, "stat", note)
    below = names_below(tmp_path)
    monkeypatch.undo()
    assert len(below) == 4
    assert sorted(
        name for name in looked_at if name.startswith(f"{tmp_path}/") and name != f"{tmp_path}/."
    ) == [f"{tmp_path}/{folder}/." for folder in ("a", "a/b", "e")]


@pytest.mark.parametrize("place", [".", "../top", "deep/.."])
def test_names_are_the_paths_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    _tree(tmp_path, "top/b/a.json", "top/b.json", "top/b-c/d.json", "top/deep/e.json")
    monkeypatch.chdir(tmp_path / "top")
    expected = [Path(place) / one for one in ("b/a.json", "b-c/d.json", "b.json", "deep/e.json")]
    assert files_below(Path(place)) == expected
    assert names_below(Path(place)) == [str(one) for one in expected]


def test_links_are_followed_and_a_folder_is_listed_once_by_its_own_path(tmp_path: Path) -> None:
    _tree(tmp_path, "evidence/run-7/a.json", "elsewhere/b.json")
    evidence = tmp_path / "evidence"
    (evidence / "latest").symlink_to("run-7")
    (evidence / "a-link").symlink_to(tmp_path / "elsewhere")
    (evidence / "c.json").symlink_to(tmp_path / "elsewhere" / "b.json")
    assert _names(evidence) == ["a-link/b.json", "c.json", "run-7/a.json"]
    (tmp_path / "link").symlink_to(evidence)
    assert len(files_below(tmp_path / "link")) == 3


def test_many_links_to_each_other_are_walked_once(tmp_path: Path) -> None:
    """Two links a folder make two to the power of thirty paths."""
    for number in range(30):
        folder = tmp_path / "all" / f"f{number}"
        folder.mkdir(parents=True)
        for name in ("x", "y"):
            (folder / name).symlink_to(f"../f{number + 1}")
    _tree(tmp_path, "all/f30/a.json")
    assert _names(tmp_path / "all") == ["f30/a.json"]


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    os.chdir(path.parent)  # the path of a socket is short
    listening.bind(path.name)
    listening.close()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda path: path.symlink_to("nowhere"), "a link to nothing", id="dangling link"),
        pytest.param(lambda path: path.symlink_to(path.name), "cannot be read (Too many levels", id="circle"),
        pytest.param(lambda path: path.symlink_to("."), "back to a folder above it", id="link to its own folder"),
        pytest.param(lambda path: path.symlink_to("../.."), "back to a folder above it", id="link to a parent"),
        pytest.param(_pipe, "a named pipe, not a file", id="named pipe"),
        pytest.param(_socket, "a socket, not a file", id="socket"),
        pytest.param(lambda path: path.symlink_to("/dev/null"), "a device, not a file", id="device"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.json", "notes"])
def test_what_is_neither_file_nor_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, make: Callable[[Path], None], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    _tree(tmp_path, "top/deep/ok.json")
    make(tmp_path / "top" / "deep" / name)
    with pytest.raises(DiskError) as caught:
        files_below(tmp_path / "top")
    assert str(caught.value).startswith(f"{tmp_path}/top/deep/{name}: ")
    assert says in str(caught.value)


def test_what_is_hidden_is_not_looked_at(tmp_path: Path) -> None:
    _tree(tmp_path, "a.json")
    (tmp_path / ".#a.json").symlink_to("nowhere")
    assert _names(tmp_path) == ["a.json"]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="nowhere: cannot be read"):
        files_below(tmp_path / "nowhere")


@pytest.mark.parametrize("mode", [0o000, 0o400], ids=["no rights", "names only"])
def test_a_folder_without_rights_is_named(tmp_path: Path, as_nobody: Callable[..., str], mode: int) -> None:
    _tree(tmp_path, "top/ok.json", "top/closed/a.json")
    closed = tmp_path / "top" / "closed"
    closed.chmod(mode)
    try:
        said = as_nobody(
            "try: print(files_below(Path(sys.argv[1])))\nexcept DiskError as error: print(error)\n",
            tmp_path / "top",
        )
    finally:
        closed.chmod(0o755)
    assert said.startswith(f"{closed}")
    assert "cannot be read (Permission denied)" in said
