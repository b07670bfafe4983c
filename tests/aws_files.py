"""botocore's own files, read once a process: every session of a test would parse megabytes of JSON anew."""

from functools import cache
from typing import Any

import botocore.loaders
import botocore.session


class _FilesReadOnce(botocore.loaders.JSONFileLoader):
    """Reads the descriptions of services and endpoints as botocore does, each file once."""

    load_file = cache(botocore.loaders.JSONFileLoader.load_file)


_FILES = _FilesReadOnce()


def _create_loader(search_path_string: str | None = None) -> Any:
    """Return botocore's loader on the shared files; moto has one of its own, which adds to what it reads."""
    loader = botocore.loaders.create_loader(search_path_string)
    loader.file_loader = _FILES
    return loader


def read_once() -> None:
    """Have every session that is made from now on read the shared files."""
    botocore.session.create_loader = _create_loader
