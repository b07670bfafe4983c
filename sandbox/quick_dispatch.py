"""What moto works out for each request anew, though it is the same for all of them, worked out once."""

from functools import cache, lru_cache
from string import ascii_letters, digits
from typing import Any

from moto import backends
from moto.core import responses, serialize, utils
from moto.core.base_backend import BackendDict
from moto.core.serialize import XFormedAttributePicker
from moto.moto_api._internal.moto_random import MotoRandom
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
    _spell_members_once()
    _draw_at_once()
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


def _spell_members_once() -> None:
    """Keep under which names an object may have a member; they depend on its class, and lists have hundreds of one."""
    spell = XFormedAttributePicker.get_possible_keys
    spelled: dict[tuple[Any, type, str], tuple[str, ...]] = {}

    def get_possible_keys(self: Any, context: Any) -> tuple[str, ...]:
        member = (context.shape, type(context.obj), context.key)
        if member not in spelled:
            spelled[member] = tuple(spell(self, context))
        return spelled[member]

    XFormedAttributePicker.get_possible_keys = get_possible_keys


def _draw_at_once() -> None:
    """Draw a random text at once: each answer has one of 52 characters, and one by one they are a thirtieth of it."""

    def get_random_string(
        self: Any, length: int = 20, include_digits: bool = True, lower_case: bool = False
    ) -> str:
        pool = ascii_letters + digits if include_digits else ascii_letters
        text: str = "".join(self.choices(pool, k=length))
        return text.lower() if lower_case else text

    MotoRandom.get_random_string = get_random_string
