"""Item results as they were attached to a version: read strictly, and within bounds."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Annotated, TypeVar

from msgspec import Struct
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from checks.errors import GovernanceError
from checks.strict_json import JsonValue, ReportError, parse_strict_json
from scorers.item_groups import MAX_GROUPS, facet_groups

MAX_ITEMS = 500_000
MAX_LINE_BYTES = 1024 * 1024

LineT = TypeVar("LineT", bound="ItemLine")
ItemT = TypeVar("ItemT")


class ItemsError(GovernanceError):
    """Items out of which nothing can be computed; the message says which line, what is wrong, and the way out."""


def _of_facets(given: JsonValue) -> JsonValue:
    facet_groups(given)  # raises for what is no grouping
    return {} if given is None else given


class ItemLine(BaseModel):
    """What is read of one line; other keys are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    facets: Annotated[dict[str, str | int | bool | None], BeforeValidator(_of_facets)] = Field(
        default_factory=dict
    )

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups (`column=value`) that the item is in."""
        return facet_groups(self.facets)


Identity = Annotated[str | int, Field(union_mode="left_to_right")]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class Alteration(Struct, frozen=True):
    """An item that says something else than what comes out of the rest of it."""

    identity: str
    what: str

    def __str__(self) -> str:
        return f"item {self.identity}: {self.what}"


WAY_OUT = "register the file that scoring wrote"


def parse_items(content: bytes, way_out: str = WAY_OUT) -> list[Mapping[str, JsonValue]]:
    """Return the items, an object a line; `way_out` is said where one is none.

    Raises:
        ItemsError: a line is no JSON object or too long, or there are too many, or none.
    """
    found: list[Mapping[str, JsonValue]] = []
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        if len(line) > MAX_LINE_BYTES or len(found) == MAX_ITEMS:
            raise ItemsError(
                f"line {number}: longer than 1 MiB, or one of more than {MAX_ITEMS:,}; score fewer items"
            )
        try:
            item = parse_strict_json(line)
        except (ReportError, RecursionError) as error:
            raise ItemsError(f"line {number}: {error}; {way_out}") from error
        if not isinstance(item, Mapping):
            raise ItemsError(f"line {number}: not a JSON object; {way_out}")
        found.append(item)
    if not found:
        raise ItemsError(f"it has no line; {way_out}")
    return found


def read_as(model: type[LineT], items: Iterable[Mapping[str, JsonValue]]) -> list[LineT]:
    """Return the items as lines of one family.

    Raises:
        ItemsError: naming the first line that is none, or when the facets are no grouping.
    """
    found: list[LineT] = []
    groups: set[str] = set()
    for number, item in enumerate(items, start=1):
        try:
            line = model.model_validate(item)
        except (ValidationError, GovernanceError) as error:
            raise ItemsError(
                f"item {number}: {_explain(error)}; register the file that scoring wrote"
            ) from error
        groups.update(line.groups)
        if len(groups) > MAX_GROUPS:
            raise ItemsError(
                f"item {number}: more than {MAX_GROUPS:,} groups; a facet groups, it does not identify"
            )
        found.append(line)
    return found


def refuse_repeated(identities: Iterable[Hashable], way_out: str = WAY_OUT) -> None:
    """Refuse an id that is there twice: an item that counts twice is worth two.

    Raises:
        ItemsError: naming it.
    """
    seen = set()
    for identity in identities:
        if identity in seen:
            raise ItemsError(f"the item {identity} is there twice; {way_out}")
        seen.add(identity)


def merge_rescored(items: Sequence[ItemT], again: Mapping[int, ItemT]) -> list[ItemT]:
    """Return the items, with those that were scored again, by their places, in the places of the old ones."""
    return [again.get(place, item) for place, item in enumerate(items)]


def _explain(error: ValidationError | GovernanceError) -> str:
    if isinstance(error, GovernanceError):
        return str(error)
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}"
