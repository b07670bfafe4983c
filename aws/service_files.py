"""botocore's own descriptions of services and endpoints, looked for and read once a process.

Every session of boto3 would parse them anew, megabytes of JSON, and look into some 400 folders for the services that
there are: most of what it takes until a function or a command has its clients. Sessions share nothing else, so each
still finds its own region, credentials and endpoint.
"""

from functools import cache
from typing import Any

from boto3 import Session
from botocore.loaders import create_loader
from botocore.session import get_session

_loader_of: Any = cache(create_loader)


def make_session(region: str | None) -> Session:
    """Return a new session of boto3 in `region`, or where its settings say, on the files that all sessions share."""
    core = get_session()
    loader = _loader_of(core.get_config_variable("data_path"))
    core.register_component("data_loader", loader)
    session = Session(botocore_session=core, region_name=region)
    # Every session of boto3 adds the same folder.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return session
