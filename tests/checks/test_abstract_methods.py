"""Each kind of limit, facet and reason has what its base leaves to it: a struct that lacks it can be made as well."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import checks
from checks.decision import Reason
from checks.facets import AskedFacet
from checks.limits import Limit


def _list_kinds(base: type) -> Iterator[type]:
    kinds: list[type] = base.__subclasses__()
    for kind in kinds:
        if kind.__subclasses__():
            yield from _list_kinds(kind)
        else:
            yield kind


@pytest.mark.parametrize("base", [AskedFacet, Limit, Reason])
def test_every_kind_has_what_its_base_leaves_to_it(base: type) -> None:
    for module in pkgutil.walk_packages(checks.__path__, "checks."):
        importlib.import_module(module.name)
    kinds = [kind for kind in _list_kinds(base) if kind.__module__.startswith("checks.")]
    assert len(kinds) > 1
    left = [
        f"{kind.__name__}.{name}"
        for kind in kinds
        for name in dir(kind)
        if getattr(getattr(kind, name), "__isabstractmethod__", False)
    ]
    assert left == []
