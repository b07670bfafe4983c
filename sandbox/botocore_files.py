"""botocore's own files, read once a process: every session would parse megabytes of JSON anew.

moto makes dozens of sessions: while it is imported, and for each service that it serves for the first time.
"""

from functools import cache
from typing import Any

import botocore.loaders
import botocore.session

_loader = cache(botocore.loaders.create_loader)


def _create_loader(search_path_string: str | None = None) -> Any:
    """Return the loader that sessions share; moto has one of its own, which adds to what it reads."""
    loader = _loader(search_path_string)
    # Every session of boto3 adds the same folder.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return loader


def read_once() -> None:
    """Have every session that is made from now on use the shared loader."""
    botocore.session.create_loader = _create_loader
