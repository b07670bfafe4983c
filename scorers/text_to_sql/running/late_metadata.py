"""What sqlglot finds in place of `importlib.metadata` while it is imported: that is loaded when it is asked something.

sqlglot asks it for plug-ins where a dialect is named that it does not know itself. To load it takes an eighth of what
the process imports that workers are forked from, which is what the first pair waits for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from sys import modules

_REPLACED = "importlib.metadata"


def entry_points() -> object:
    """Return what the function of that name does."""
    from importlib import metadata  # noqa: PLC0415  late is what it is here for

    return metadata.entry_points()


@contextmanager
def replaced_metadata() -> Iterator[None]:
    """Have what is imported meanwhile find this module there, unless the other is loaded already."""
    if _REPLACED in modules:
        yield
        return
    modules[_REPLACED] = modules[__name__]
    try:
        yield
    finally:
        del modules[_REPLACED]
