"""What sqlglot finds in place of `importlib.metadata` while it is imported: that is loaded when it is asked something.

sqlglot asks it for plug-ins where a dialect is named that it does not know itself. To load it takes an eighth of what
the process imports that workers are forked from, which is what the first pair waits for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from sys import modules
from types import ModuleType

_REPLACED = "importlib.metadata"


def entry_points() -> object:
    """Return what the function of that name does."""
    return _load().entry_points()


def __getattr__(name: str) -> object:
    """Return what another release of sqlglot, or anything else, takes out of it when it is imported."""
    if name.startswith("__"):  # the interpreter asks whether it is a package
        raise AttributeError(name)
    return getattr(_load(), name)


def _load() -> ModuleType:
    _give_way()
    return import_module(_REPLACED)


def _give_way() -> None:
    if modules.get(_REPLACED) is modules[__name__]:
        del modules[_REPLACED]


@contextmanager
def replaced_metadata() -> Iterator[None]:
    """Have what is imported meanwhile find this module there, unless the other is loaded already."""
    modules.setdefault(_REPLACED, modules[__name__])
    try:
        yield
    finally:
        _give_way()
