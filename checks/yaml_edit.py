"""Single values of a YAML text moved, added or taken away: every other byte, comments too, is as it was.

A round trip through a library would write the whole text anew, and with it lines that nobody touched. Here the parser
says from where to where a value is written, and that part alone is exchanged. What comes out is read again, and is
refused where it says anything but what was asked for.
"""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from msgspec import Struct

from checks.errors import GovernanceError
from checks.yaml_source import Path, PlainData, parse_yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_PLAIN = frozenset("[]{},#:\"'")  # in some place of some text they mean something


class YamlEditError(GovernanceError):
    """An edit that cannot be made in the text as it is written."""


Item = dict[str, str]
NewValue = str | float | Item | list[Item] | None


class ValueEdit(Struct, frozen=True):
    """What is at `path` of a text is to be `value`; `None` is that it is to be gone.

    A path that ends with the length of a list adds an item to it. `after` are keys behind which a new key is written,
    the first of them that is there; without one it is the last key.
    """

    path: Path
    value: NewValue
    after: tuple[str, ...] = ()


class _Change(Struct, frozen=True):
    """The characters from `begin` to `end` of a text are to be `text`."""

    begin: int
    end: int
    text: str


def edit_yaml(text: str, edits: Sequence[ValueEdit]) -> str:
    """Return `text` with the edits in it, in the order given: a path is that of the text as the edits before left it.

    Raises:
        YamlEditError: a path leads nowhere, or the text is written in a way in which the edit cannot be made alone.
    """
    for edit in edits:
        text = _edit_one(text, edit)
    return text


def _edit_one(text: str, edit: ValueEdit) -> str:
    before = parse_yaml(text)
    if before.problems:
        raise YamlEditError(f"{_spell(edit.path)}: the text has problems; fix them first")
    wanted = _with_edit(before.data, edit)
    change = _find_change(text, edit)
    edited = text[: change.begin] + change.text + text[change.end :]
    after = parse_yaml(edited)
    if after.problems or after.data != wanted:
        raise YamlEditError(
            f"{_spell(edit.path)}: it cannot be changed without changing other lines; edit the file by hand"
        )
    return edited


def _with_edit(data: PlainData, edit: ValueEdit) -> PlainData:
    """Return the plain data that the text is to have."""
    wanted = copy.deepcopy(data)
    around: Any = wanted
    last = edit.path[-1]
    try:
        for part in edit.path[:-1]:
            around = around[part]
        if edit.value is None:
            del around[last]
        elif isinstance(around, list) and last == len(around):
            around.append(edit.value)
        else:
            around[last] = edit.value
    except (LookupError, TypeError) as error:
        raise YamlEditError(
            f"{_spell(edit.path)}: there is no such place in the text; reload the page"
        ) from error
    return wanted


def _find_change(text: str, edit: ValueEdit) -> _Change:
    around, last = _find_node(text, edit.path[:-1]), edit.path[-1]
    newline = "\r\n" if "\r\n" in text else "\n"
    if isinstance(around, yaml.MappingNode):
        place = next((at for at, (key, _) in enumerate(around.value) if key.value == last), None)
        if place is None:
            return _add_key(text, around, str(last), edit, newline)
        if edit.value is None:
            return _remove_key(text, around, place)
        return _replace(text, around.value[place][1], edit.value)
    if isinstance(last, int) and last == len(around.value):
        return _add_item(text, around, edit.value, newline)
    if edit.value is None:
        return _remove_item(text, around, int(last))
    return _replace(text, around.value[int(last)], edit.value)


def _find_node(text: str, path: Path) -> Any:
    """Return the node at `path`, which is known to be there: PyYAML's nodes know where they begin and end."""
    node: Any = yaml.compose(text, Loader=_Loader)
    for part in path:
        if isinstance(node, yaml.MappingNode):
            node = next(value for key, value in node.value if key.value == part)
        else:
            node = node.value[part]
    return node


def _replace(text: str, node: Any, value: object) -> _Change:
    return _Change(node.start_mark.index, _end_of(text, node), _write(value))


def _end_of(text: str, node: Any) -> int:
    """Return where the last thing that is written of a node ends; a block's own end is behind the comments below it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        end = int(node.end_mark.index)
        while text[end - 1].isspace():  # a block of text ends behind its line break
            end -= 1
        return end
    last = node.value[-1]
    return _end_of(text, last[1] if isinstance(node, yaml.MappingNode) else last)


def _add_key(text: str, around: Any, key: str, edit: ValueEdit, newline: str) -> _Change:
    names = [name.value for name, _ in around.value]
    behind = next((names.index(one) for one in edit.after if one in names), len(names) - 1)
    end = _end_of(text, around.value[behind][1])
    if around.flow_style:
        return _Change(end, end, f", {key}: {_write(edit.value)}")
    indent = " " * around.value[0][0].start_mark.column
    end = _end_of_line(text, end)
    return _Change(end, end, f"{newline}{indent}{_write_lines(key, edit.value, indent, newline)}")


def _write_lines(key: str, value: object, indent: str, newline: str) -> str:
    if not isinstance(value, list):
        return f"{key}: {_write(value)}"
    items = (_write_mapping(item, f"{indent}    ", newline) for item in value)
    return f"{key}:" + "".join(f"{newline}{indent}  - {item}" for item in items)


def _write_mapping(item: Item, indent: str, newline: str) -> str:
    return f"{newline}{indent}".join(f"{key}: {_write(value)}" for key, value in item.items())


def _add_item(text: str, around: Any, value: object, newline: str) -> _Change:
    if around.flow_style or not around.value or not isinstance(value, dict):
        raise YamlEditError("a list in brackets gets no new item here; edit the file by hand")
    end = _end_of_line(text, _end_of(text, around.value[-1]))
    dash = around.start_mark.column
    between = around.value[0].start_mark.column - dash
    written = _write_mapping(value, " " * (dash + between), newline)
    return _Change(end, end, f"{newline}{' ' * dash}-{' ' * (between - 1)}{written}")


def _remove_item(text: str, around: Any, place: int) -> _Change:
    if around.flow_style:
        return _remove_between(text, around.value, place, [(node, node) for node in around.value])
    begin = _begin_of_line(text, around.value[place].start_mark.index)
    return _Change(begin, _begin_of_next_line(text, _end_of(text, around.value[place])), "")


def _remove_key(text: str, around: Any, place: int) -> _Change:
    if around.flow_style:
        return _remove_between(text, around.value, place, around.value)
    key, value = around.value[place]
    begin = _begin_of_line(text, key.start_mark.index)
    if text[begin : key.start_mark.index].strip():  # behind the dash of a list: what follows takes its place
        if place + 1 == len(around.value):
            raise YamlEditError(f"{key.value}: it is all that is there; edit the file by hand")
        return _Change(key.start_mark.index, around.value[place + 1][0].start_mark.index, "")
    return _Change(begin, _begin_of_next_line(text, _end_of(text, value)), "")


def _remove_between(text: str, parts: Sequence[Any], place: int, ends: Sequence[tuple[Any, Any]]) -> _Change:
    """Take one of several parts out of brackets, with the comma before it or else behind it."""
    if len(parts) == 1:
        raise YamlEditError("it is all that is in these brackets; edit the file by hand")
    first, last = ends[place]
    if place > 0:
        return _Change(_end_of(text, ends[place - 1][1]), _end_of(text, last), "")
    return _Change(first.start_mark.index, ends[1][0].start_mark.index, "")


def _begin_of_line(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _end_of_line(text: str, index: int) -> int:
    """Return where the line ends that `index` is in: before its line break, at the end of the text without one."""
    end = text.find("\n", index)
    end = len(text) if end < 0 else end
    return end - 1 if text[end - 1 : end] == "\r" else end


def _begin_of_next_line(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _write(value: object) -> str:
    """Return a value as YAML: text without quotes where it is read back as the same text."""
    if isinstance(value, bool) or not isinstance(value, str):
        return json.dumps(value)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise YamlEditError("half a character (a lone surrogate) cannot be written; type the text again")
    is_plain = not _NOT_PLAIN & set(value) and parse_yaml(f"- {value}\n").data == [value]
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def _spell(path: Path) -> str:
    parts: Iterator[str] = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).lstrip(".")
