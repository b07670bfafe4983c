"""How the programs of this folder refuse what cannot be done: with one message, and the exit code 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from checks.errors import GovernanceError

COULD_NOT_TRY = 2  # as of `governance`: 1 is the answer about a version that was rejected
INTERRUPTED = 130


@contextmanager
def refusing() -> Iterator[None]:
    """End this program where the block cannot go on, and say on stderr where, what, and the way out."""
    try:
        yield
    except GovernanceError as error:
        message = str(error)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        message = f"{where}{error.strerror or error}; check the path and its permissions"
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    else:
        return
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(COULD_NOT_TRY)
