"""What moto works out for each request anew, though it is the same for all of them, worked out once."""

from functools import cache, lru_cache
from typing import Any

from moto import backends
from moto.core import responses, serialize, utils
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.s3.models import FakeKey


@cache  # a second time would keep what is kept already
def dispatch_quickly() -> None:
    """Keep it in this process."""
    _list_modules_once()
    # A new loader of AWS's files, for each service, looks into some 400 folders.
    utils.create_loader = cache(utils.create_loader)
    responses.method_names_from_class = cache(responses.method_names_from_class)
    # Lists tell the same times again and again, which moto keeps as text.
    serialize.parse_to_aware_datetime = lru_cache(maxsize=8192)(serialize.parse_to_aware_datetime)
    # It tries the patterns of 200 services, twice a request; there are no more hosts than buckets.
    find_service = cache(DomainDispatcherApplication.get_backend_for_host)
    DomainDispatcherApplication.get_backend_for_host = find_service
    _find_accounts_at_once()
    # To list versions it copies each object of the bucket, content and all, and notes on the copy if it is the latest.
    FakeKey.__deepcopy__ = lambda key, _: key


def _list_modules_once() -> None:
    """List moto's modules once; for each request, it looks at some 200 folders before it knows the service."""
    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules


def _find_accounts_at_once() -> None:
    find_account = BackendDict.__getitem__

    def account_of_service(self: Any, account_id: str) -> Any:
        return dict.__getitem__(self, account_id) if account_id in self else find_account(self, account_id)

    BackendDict.__getitem__ = account_of_service
