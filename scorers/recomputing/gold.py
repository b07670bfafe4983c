"""What the governance team knows of items: of each, by its id, what it must say."""

from collections.abc import Iterator, Mapping, Sequence

from checks.strict_json import JsonValue
from scorers.recomputing.item_lines import Alteration, ItemsError, parse_items, refuse_repeated

Gold = Mapping[str, Mapping[str, JsonValue]]
_ID = "id"
_WAY_OUT = "correct the gold that the threshold file names under verify"


def parse_gold(content: bytes) -> Gold:
    """Return what items must say, by their ids.

    Raises:
        ItemsError: a line is none, has no id, or says nothing else, or an id is there twice.
    """
    lines = parse_items(content, _WAY_OUT)
    for number, line in enumerate(lines, start=1):
        if not _is_id(line.get(_ID)) or len(line) == 1:
            raise ItemsError(
                f"item {number}: it needs an id (a text or a whole number) and what the item must say; {_WAY_OUT}"
            )
    refuse_repeated((str(line[_ID]) for line in lines), _WAY_OUT)
    return {str(line[_ID]): {key: value for key, value in line.items() if key != _ID} for line in lines}


def find_other_than_gold(items: Sequence[Mapping[str, JsonValue]], gold: Gold) -> Iterator[Alteration]:
    """Yield what items say otherwise than the gold, items that it does not have, and what of it has no item.

    An item that is left out may be one that the model got wrong, and one of the registrant's own one that is easy.
    """
    seen = set()
    for number, item in enumerate(items, start=1):
        if not _is_id(item.get(_ID)):
            yield Alteration(f"number {number}", "it has no id, by which the gold has it")
            continue
        identity = str(item[_ID])
        seen.add(identity)
        if identity not in gold:
            yield Alteration(identity, "the gold has no such item")
            continue
        for key, value in gold[identity].items():
            if item.get(key) != value:
                yield Alteration(identity, f"{key} is not that of the gold")
    for identity in gold:
        if identity not in seen:
            yield Alteration(identity, "the gold has it, and the items do not")


def _is_id(value: JsonValue) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
