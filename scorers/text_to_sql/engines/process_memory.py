"""Bounds on what this process may take."""

import resource
from pathlib import Path

RESERVED_BY_DUCKDB = 2 * 1024**3  # addresses, not memory; without them it does not fail but crashes
_STATISTICS = Path("/proc/self/statm")  # Linux; elsewhere the engines' own bounds hold


def measure_resident_bytes() -> int:
    """The memory that this process has in use; 0 where the system does not say."""
    return _read_statistic(1)


def bound_resources(memory: int) -> None:
    """Let this process take `memory` bytes of addresses more than it has, and write no byte to any file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if size := _read_statistic(0):
        resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))


def _read_statistic(column: int) -> int:
    if not _STATISTICS.exists():
        return 0
    return int(_STATISTICS.read_text().split()[column]) * resource.getpagesize()
