"""botocore's own descriptions of services and endpoints, read once a process.

Every session of boto3 would parse them anew, megabytes of JSON: half of what it takes until a function or a command
has its clients. Sessions share nothing else, so each still finds its own region, credentials and endpoint.
"""

from functools import cache

from boto3 import Session
from botocore.loaders import JSONFileLoader, create_loader
from botocore.session import get_session


class _FilesReadOnce(JSONFileLoader):
    """Reads a file of botocore's the first time that it is asked for."""

    load_file = cache(JSONFileLoader.load_file)


_FILES = _FilesReadOnce()


def make_session(region: str | None) -> Session:
    """Return a new session of boto3 in `region`, or where its settings say, on the files that all sessions share."""
    core = get_session()
    loader = create_loader(core.get_config_variable("data_path"))
    loader.file_loader = _FILES
    core.register_component("data_loader", loader)
    return Session(botocore_session=core, region_name=region)
