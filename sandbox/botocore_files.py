"""What botocore looks up anew for each session or request, looked up once: files, handlers, and names.

Each session and client would parse megabytes of JSON, inspect the signatures of hundreds of handlers, and search lists
for the names that their events have now: most of what making one takes. moto makes dozens of sessions: while it is
imported, and for each service that it serves for the first time; and each test makes clients of its own. And each
request would spell the same user agent again, character by character: a twentieth of what it takes.
"""

import inspect
from functools import cache, lru_cache
from typing import Any

import botocore.hooks
import botocore.loaders
import botocore.session
import botocore.useragent

_loader = cache(botocore.loaders.create_loader)
_hooks: Any = botocore.hooks  # whose types tell neither what is private nor what it answers
_inspect_signature = _hooks.accepts_kwargs
_useragent: Any = botocore.useragent  # as above
_spell_component = lru_cache(maxsize=1024)(_useragent.sanitize_user_agent_string_component)
_name_of_event = _hooks.EventAliaser(_hooks.HierarchicalEmitter())._alias_event_name


def _create_loader(search_path_string: str | None = None) -> Any:
    """Return the loader that sessions share; moto has one of its own, which adds to what it reads."""
    loader = _loader(search_path_string)
    # Every session of boto3 adds the same folder.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return loader


def _accepts_keywords(handler: Any) -> bool:
    """Whether a handler takes any keywords: what its code says, or its signature where it has no code of Python."""
    code = getattr(handler, "__code__", None)
    if code is None:
        return bool(_inspect_signature(handler))
    return bool(code.co_flags & inspect.CO_VARKEYWORDS)


def read_once() -> None:
    """Have every session, client and request that is made from now on use what this process has looked up."""
    botocore.session.create_loader = _create_loader
    _hooks.accepts_kwargs = _accepts_keywords
    # An aliaser remembers the names that it was asked for, but each session and client has its own.
    _hooks.EventAliaser._alias_event_name = lambda _self, name: _name_of_event(name)
    _useragent.sanitize_user_agent_string_component = _spell_component
