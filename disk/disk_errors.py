"""What this machine refuses, as errors that name the path and the way out."""

import stat

from checks.errors import GovernanceError


class DiskError(GovernanceError):
    """A file or folder that cannot be used; the message names it, the reason and the way out."""


class FileMissingError(DiskError):
    """No file is there."""


class FileTooLargeError(DiskError):
    """More bytes than the reader takes."""


def kind_of(mode: int) -> str:
    """Return what `mode`, of a `stat` result, is, as one says it: `a named pipe`, `a folder`."""
    kinds = {
        stat.S_IFREG: "a file",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "no file")
