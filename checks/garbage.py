"""The collector of cyclic garbage, which looks again and again at values that are made by the hundred thousand."""

import gc
from types import TracebackType


class pause_collecting:  # noqa: N801 - it is said as a verb: `with pause_collecting():`
    """Collect no cyclic garbage meanwhile: for work that makes many values, and no cycles.

    The collector runs each time that so many objects are new, and looks at old ones each time that they have become a
    quarter more; while a large report is read that takes longer than the reading. It is that of the whole process:
    another thread that ends its own pause ends this one too, which costs time and nothing else. Where the caller has
    no collector running, none runs afterwards.

    It is no generator: to end one makes an object that is collected, and so the collector would look through all that
    is new at the end of every pause, whether the caller keeps it or not.
    """

    __slots__ = ("_was_running",)

    def __enter__(self) -> None:
        """Stop the collector."""
        self._was_running = gc.isenabled()
        gc.disable()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it run again, if it did before."""
        if self._was_running:
            gc.enable()
