"""Work that AWS does behind a call's back: each task in a thread, counted from the moment it is handed in."""

import itertools
import logging
import threading
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")
logger = logging.getLogger(__name__)


class BackgroundTasks:
    """Runs tasks in threads and knows which still run.

    A task that hands in another one is counted until both have ended, so an empty list means idle.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._numbers = itertools.count()
        self._running: dict[int, str] = {}

    def start(self, name: str, task: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run `task` in the background under a name for people; it counts as running when this returns."""
        with self._lock:
            number = next(self._numbers)
            self._running[number] = name

        def run() -> None:
            try:
                task(*args, **kwargs)
            except Exception:
                logger.exception("%s failed", name)
            finally:
                with self._lock:
                    del self._running[number]
                    if not self._running:
                        self._idle.notify_all()

        threading.Thread(target=run, name=name, daemon=True).start()

    def running(self, patience: float = 0.0) -> list[str]:
        """Return the names of the tasks that run after `patience` seconds, or none as soon as all have ended."""
        with self._lock:
            self._idle.wait_for(lambda: not self._running, timeout=patience)
            return list(self._running.values())
