"""Every file below a folder. What cannot be looked at is an error that names it: nothing is left out in silence."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from disk.disk_errors import DiskError, kind_of

_Folder = tuple[int, int]  # device and inode, which tell a folder whatever path leads to it


def files_below(folder: Path, *, hidden: bool = False) -> list[Path]:
    """Return every file below `folder`, sorted; those whose path has a name with a leading dot only if `hidden`.

    Links are followed, and each folder is listed once: by its own path where it has one below `folder`.

    Raises:
        DiskError: something below is neither a file nor a folder, cannot be looked at (rights, a link to nothing, a
            circle of links), or is a link that leads back to a folder above it; the message names it.
    """
    walk = _Walk(hidden)
    walk.into(folder, tuple(_identify(parent) for parent in folder.resolve().parents))
    # Links come last, so that a folder which is also here itself is listed by its own name.
    while walk.links:
        walk.into(*walk.links.pop(0))
    return sorted(walk.files)


@dataclass
class _Walk:
    hidden: bool
    files: list[Path] = field(default_factory=list)
    links: list[tuple[Path, tuple[_Folder, ...]]] = field(default_factory=list)
    _listed: set[_Folder] = field(default_factory=set)

    def into(self, top: Path, above: tuple[_Folder, ...]) -> None:
        """List the folder `top`, whose own folders up to the start are `above`, and those in it."""
        waiting = [(top, above)]
        while waiting:
            folder, parents = waiting.pop()
            this = _identify(folder)
            if this in parents:
                raise DiskError(f"{folder}: a link that leads back to a folder above it; take it out")
            if this in self._listed:
                continue
            self._listed.add(this)
            waiting += self._list(folder, (*parents, this))

    def _list(self, folder: Path, above: tuple[_Folder, ...]) -> list[tuple[Path, tuple[_Folder, ...]]]:
        """Take in the files of one folder and its links to folders; return the folders in it."""
        folders = []
        for name in _list_names(folder):
            if name.startswith(".") and not self.hidden:
                continue
            path = folder / name
            mode = _look_at(path).st_mode
            if stat.S_ISREG(mode):
                self.files.append(path)
            elif not stat.S_ISDIR(mode):
                raise DiskError(f"{path}: {kind_of(mode)}, not a file; take it out of the folder")
            elif path.is_symlink():
                self.links.append((path, above))
            else:
                folders.append((path, above))
        return folders


def _identify(folder: Path) -> _Folder:
    status = _look_at(folder)
    return status.st_dev, status.st_ino


def _list_names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names are what is looked at first
    except OSError as error:
        raise _make_error(folder, error) from error


def _look_at(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError as error:
        if path.is_symlink():
            raise DiskError(f"{path}: a link to nothing; take it out, or put its target there") from error
        raise _make_error(path, error) from error
    except OSError as error:
        raise _make_error(path, error) from error


def _make_error(path: Path, error: OSError) -> DiskError:
    return DiskError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions")
