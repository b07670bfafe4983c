"""The collector of cyclic garbage, which looks again and again at values that are made by the hundred thousand."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pause_collecting() -> Iterator[None]:
    """Collect no cyclic garbage meanwhile: for work that makes many values, and no cycles.

    The collector runs each time that so many objects are new, and looks at old ones each time that they have become a
    quarter more; while a large report is read that takes longer than the reading. It is that of the whole process:
    another thread that ends its own pause ends this one too, which costs time and nothing else. Where the caller has
    no collector running, none runs afterwards.
    """
    was_running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_running:
            gc.enable()
