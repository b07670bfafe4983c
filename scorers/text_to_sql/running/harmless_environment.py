"""What a process that runs hostile SQL has of its parent's environment."""

import os
import sys

_KEPT = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT"),
)


def make_harmless_environment() -> dict[str, str]:
    """Return the environment without what SQL that broke out could use, such as AWS credentials.

    This interpreter's search path is in it: the process finds the packages that its parent has.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # Messages of sqlglot depend on the hash seed; evidence must not.
    return {"PYTHONHASHSEED": "0", **kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
