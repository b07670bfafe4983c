"""How a command that runs until somebody ends it is ended."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGINT raise `KeyboardInterrupt` within the block, whatever was to become of them before.

    A shell starts the background jobs of a script with SIGINT ignored, and Python then leaves it so.
    """
    before = {number: signal.signal(number, signal.default_int_handler) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
