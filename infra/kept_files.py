"""Files that take seconds to make and are kept under `build/`: whoever wants one at the same time waits for it."""

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def keep_file(path: Path, make: Callable[[Path], None]) -> Path:
    """Return `path`; unless it is there, `make` writes it, in a folder of its own, before it is put there whole.

    Where another process or thread is making it, this one waits for it.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.with_suffix(".lock")):
        if not path.exists():  # nobody made it while this one waited
            with tempfile.TemporaryDirectory(dir=path.parent) as work:
                draft = Path(work, path.name)
                make(draft)
                draft.replace(path)
    return path


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until nobody else holds the file `lock`, and hold it."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Those who wait have it open. Whoever comes now makes another, and finds what was made.
            lock.unlink(missing_ok=True)
