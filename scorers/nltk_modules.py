"""Single modules of nltk: nltk itself imports all its parts, with scikit-learn and SciPy, which takes seconds."""

import importlib
import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType

NLTK = "nltk"


def import_alone(name: str) -> ModuleType:
    """Return the module of nltk that `name` names in whole, having imported nothing of nltk but what that imports.

    The packages around it are there without having run while it is imported, and are forgotten then: who imports nltk
    afterwards has the whole of it. Where nltk is imported already, the module is nltk's own.

    Raises:
        ModuleNotFoundError: there is no such module, or no nltk.
    """
    if NLTK in sys.modules:
        return importlib.import_module(name)
    steps = name.split(".")
    packages = [".".join(steps[:length]) for length in range(1, len(steps))]
    try:
        for package in packages:
            spec = find_spec(package)
            if spec is None:
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)
            sys.modules[package] = module_from_spec(spec)
        return importlib.import_module(name)
    finally:
        for loaded in [one for one in sys.modules if one.partition(".")[0] == NLTK]:
            del sys.modules[loaded]
