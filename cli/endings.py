"""How commands end: those that run until somebody ends them, and the process of all others."""

import atexit
import os
import signal
import sys
import threading
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


def leave(code: object) -> None:
    """End the process with `code` if nothing but its memory is left to give back, which Python does object by object.

    It returns where Python has more to do at the end: for what was registered for it, for threads, and where output
    cannot be written, which it reports.
    """
    if not isinstance(code, int) or atexit._ncallbacks() or threading.active_count() > 1:
        return
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):
        return
    os._exit(code)
