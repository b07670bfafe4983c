"""How many processes are worth starting here."""

import os


def count_cores() -> int:
    """Return the cores that this process may use, which in a container are fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
