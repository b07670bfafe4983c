"""Every file below a folder. What cannot be looked at is an error that names it: nothing is left out in silence.

Paths are text here, and a folder itself says which of its entries are files: making a `Path` of each of thousands of
files, and asking the system for each, takes twice as long.
"""

import os
import stat
from operator import attrgetter
from pathlib import Path

from msgspec import Struct, field

from disk.disk_errors import DiskError, kind_of

_Folder = tuple[int, int]  # device and inode, which tell a folder whatever path leads to it


def files_below(folder: Path, *, hidden: bool = False) -> list[Path]:
    """Return every file below `folder`, sorted; those whose path has a name with a leading dot only if `hidden`.

    Links are followed, and each folder is listed once: by its own path where it has one below `folder`.

    Raises:
        DiskError: something below is neither a file nor a folder, cannot be looked at (rights, a link to nothing, a
            circle of links), or is a link that leads back to a folder above it; the message names it.
    """
    return [Path(name) for name in names_below(folder, hidden=hidden)]


def names_below(folder: Path, *, hidden: bool = False) -> list[str]:
    """Return what `files_below` does as text; raises as it does."""
    walk = _Walk(hidden)
    walk.into(str(folder), tuple(_identify(str(parent)) for parent in folder.resolve().parents))
    # Links come last, so that a folder which is also here itself is listed by its own name.
    while walk.links:
        walk.into(*walk.links.pop(0))
    if folder == Path():  # as text, what is in it is `./a.json`
        walk.files = [name.removeprefix(f"{os.curdir}{os.sep}") for name in walk.files]
    # In the order of paths: name by name.
    return sorted(walk.files, key=_split)


class _Walk(Struct):
    hidden: bool
    files: list[str] = field(default_factory=list)
    links: list[tuple[str, tuple[_Folder, ...]]] = field(default_factory=list)
    _listed: set[_Folder] = field(default_factory=set)

    def into(self, top: str, above: tuple[_Folder, ...]) -> None:
        """List the folder `top`, whose own folders up to the start are `above`, and those in it."""
        waiting = [(top, above)]
        while waiting:
            folder, parents = waiting.pop()
            this = _identify(folder)
            if this in parents:
                raise DiskError(f"{Path(folder)}: a link that leads back to a folder above it; take it out")
            if this in self._listed:
                continue
            self._listed.add(this)
            waiting += self._list(folder, (*parents, this))

    def _list(self, folder: str, above: tuple[_Folder, ...]) -> list[tuple[str, tuple[_Folder, ...]]]:
        """Take in the files of one folder and its links to folders; return the folders in it."""
        folders = []
        for entry in _list_entries(folder):
            if entry.name.startswith(".") and not self.hidden:
                continue
            # Nearly all are files or folders themselves, and the folder around them said which already.
            if entry.is_file(follow_symlinks=False):
                self.files.append(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, above))
            elif stat.S_ISREG(mode := _look_at(entry.path).st_mode):
                self.files.append(entry.path)
            elif stat.S_ISDIR(mode):
                self.links.append((entry.path, above))
            else:
                raise DiskError(f"{Path(entry)}: {kind_of(mode)}, not a file; take it out of the folder")
        return folders


def _split(path: str) -> list[str]:
    return path.split(os.sep)  # noqa: PTH206 - see the top of the file


def _identify(folder: str) -> _Folder:
    # Its own entry for itself: who may list names and not look at what is behind them is told so here.
    status = _look_at(folder, os.curdir)
    return status.st_dev, status.st_ino


def _list_entries(folder: str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=attrgetter("name"))
    except OSError as error:
        raise _make_error(folder, error) from error


def _look_at(path: str, *below: str) -> os.stat_result:
    """Return what is at `path`, or at the name `below` it; the message of an error names the path."""
    try:
        return os.stat(os.path.join(path, *below))  # noqa: PTH116, PTH118 - see the top of the file
    except FileNotFoundError as error:
        if Path(path).is_symlink():
            raise DiskError(
                f"{Path(path)}: a link to nothing; take it out, or put its target there"
            ) from error
        raise _make_error(path, error) from error
    except OSError as error:
        raise _make_error(path, error) from error


def _make_error(path: str, error: OSError) -> DiskError:
    return DiskError(f"{Path(path)}: cannot be read ({error.strerror}); check the path and its permissions")
