"""Facets: how groups are called, and which of them a check asks for.

A measurement is about the whole, about a column, or about a group of a column, which is called `column=value`. What a
check asks for is one of these or more, and is parsed once: no other module looks into the text of a facet.
"""

import re
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import takewhile

from msgspec import Struct

from checks.alike import alike

EVERY = "*"
_SIGN = "="
_NUMBER = r"[-+]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,3})?"
_ABOVE = rf"(?s)(?P<column>.+?)(?:>\s*(?P<asked>{_NUMBER})|=\((?P<written>{_NUMBER}), inf[)\]])"


def group_facet(column: str, value: object) -> str:
    """Return what the group of `column` is called whose value there is `value`."""
    return f"{column}{_SIGN}{value}"


def is_group_of_column(facet: str) -> bool:
    """Whether `facet` is a group, and not a column as such."""
    return _SIGN in facet


def split_facet(facet: str) -> tuple[str, str | None]:
    """Return the column of `facet`, and its value there; `None` where it is the column as such."""
    column, sign, value = facet.partition(_SIGN)
    return column, value if sign else None


def column_of(facet: str) -> str:
    """Return the column that `facet` is a group of, or is."""
    return split_facet(facet)[0]


class KnownFacets:
    """The facets that the evidence has of one metric, in the order of their names."""

    def __init__(self, facets: Iterable[str | None]) -> None:
        known = list(facets)
        self.has_whole = None in known
        self.in_order = sorted(facet for facet in known if facet is not None)

    def alike(self, form: str) -> Sequence[str]:
        """Return those whose form is `form`: they look the same."""
        return self._by_form.get(form, ())

    def groups_of(self, column: str) -> Iterator[str]:
        """Yield the groups of `column`."""
        beginning = f"{column}{_SIGN}"
        start = bisect_left(self.in_order, beginning)
        later = (self.in_order[place] for place in range(start, len(self.in_order)))
        return takewhile(lambda facet: facet.startswith(beginning), later)

    @cached_property
    def _by_form(self) -> dict[str, list[str]]:
        by_form: dict[str, list[str]] = {}
        for facet in self.in_order:
            by_form.setdefault(alike(facet), []).append(facet)
        return by_form


class AskedFacet(Struct, frozen=True):
    """What the `facet` of a check asks for."""

    @property
    @abstractmethod
    def text(self) -> str | None:
        """What the check says under `facet`; `None` where it says nothing."""

    @abstractmethod
    def concerns(self, facet: str | None) -> bool:
        """Whether the check is about a measurement of `facet`; `None` is the whole."""

    def among(self, known: KnownFacets) -> Iterator[str | None]:
        """Yield those of the known facets that the check is about."""
        return (facet for facet in known.in_order if self.concerns(facet))

    def is_part_of(self, column: str) -> bool:  # noqa: ARG002 - what is no group is part of no column
        """Whether all that is asked for are groups of `column`."""
        return False

    def covering(self) -> Iterator[str | None]:
        """Yield `text`, and the texts of all that asks for the same and more."""
        yield self.text


class Whole(AskedFacet, frozen=True):
    """The whole, and no group."""

    @property
    def text(self) -> None:
        """See `AskedFacet`."""
        return None

    def concerns(self, facet: str | None) -> bool:
        """See `AskedFacet`."""
        return facet is None

    def among(self, known: KnownFacets) -> Iterator[str | None]:
        """See `AskedFacet`."""
        if known.has_whole:
            yield None


WHOLE = Whole()


class Every(AskedFacet, frozen=True):
    """Every column and every group: `*`."""

    @property
    def text(self) -> str:
        """See `AskedFacet`."""
        return EVERY

    def concerns(self, facet: str | None) -> bool:
        """See `AskedFacet`."""
        return facet is not None


class Named(AskedFacet, frozen=True):
    """A column with all its groups, or one group. `form` is that of all names that look like it."""

    name: str
    form: str

    @property
    def text(self) -> str:
        """See `AskedFacet`."""
        return self.name

    def concerns(self, facet: str | None) -> bool:
        """See `AskedFacet`."""
        if facet is None:
            return False
        return alike(facet) == self.form or facet.startswith(f"{self.name}{_SIGN}")

    def among(self, known: KnownFacets) -> Iterator[str | None]:
        """See `AskedFacet`."""
        yield from known.alike(self.form)
        yield from known.groups_of(self.name)

    def is_part_of(self, column: str) -> bool:
        """See `AskedFacet`."""
        return self.name.startswith((f"{column}{_SIGN}", f"{column}>"))

    def covering(self) -> Iterator[str | None]:
        """See `AskedFacet`; the name of a column may hold the sign, too."""
        yield self.name
        yield EVERY
        yield from (self.name[:place] for place, character in enumerate(self.name) if character == _SIGN)


class GroupAbove(Named, frozen=True):
    """The group above a number: `age>60`, which bias reports write as `age=(60, inf)`."""

    threshold: tuple[str, Decimal]

    def concerns(self, facet: str | None) -> bool:
        """See `AskedFacet`."""
        return super().concerns(facet) or (facet is not None and _threshold(facet) == self.threshold)

    def among(self, known: KnownFacets) -> Iterator[str | None]:
        """See `AskedFacet`; such a group is written in more ways than one."""
        return AskedFacet.among(self, known)


def parse_facet(text: str | None) -> AskedFacet:
    """Return what a check asks for that says `text` under `facet`, or nothing."""
    if text is None:
        return WHOLE
    if text == EVERY:
        return Every()
    threshold = _threshold(text)
    return Named(text, alike(text)) if threshold is None else GroupAbove(text, alike(text), threshold)


def _threshold(facet: str) -> tuple[str, Decimal] | None:
    """Return the column and the number that `facet` is above, if it is written so."""
    found = re.fullmatch(_ABOVE, facet)
    return None if found is None else (found["column"], Decimal(found["asked"] or found["written"]))
