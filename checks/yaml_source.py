"""YAML read into plain data that remembers where everything stood.

Only what a configuration file needs: mappings with text keys, sequences, and scalars by the core schema of YAML 1.2,
so that `on`, `no`, `12:30` and `2027-03-31` are text. Refused, each with its place: anchors, aliases, merge keys,
tags, duplicate keys, keys without a value, keys that are not text, several documents, deep nesting, and more values
than a person writes. That leaves no way to make a small file large, and none to keep the reader busy for long.
"""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from msgspec import Struct, field

from checks.exact import NumberError, written

Path = tuple[str | int, ...]
PlainData = None | bool | int | float | str | list["PlainData"] | dict[str, "PlainData"]

MAX_DEPTH = 16
MAX_VALUES = 15_000  # keys, values and items; some 900 checks have as many

_CLOSE = "look for a bracket or a quote that is not closed, and for lines that are not indented alike"
_WAYS_OUT = {
    "incompatible YAML document": "remove the line that begins with %YAML",
    "unknown escape": "put the text in single quotes, in which a backslash is one",
    "tab character": "indent with spaces",
    "cannot start any token": "indent with spaces, not with tabs, and put text that begins so in quotes",
    "mapping values are not allowed": "put text with a colon in it in quotes, and indent keys of one mapping alike",
}

# The C parser where PyYAML was built with it: ten times faster, the same events.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Place(Struct, frozen=True):
    """Line and column, counted from 1."""

    line: int
    column: int


class Problem(Struct, frozen=True):
    """What is wrong, at which place and path of the file."""

    place: Place
    path: Path
    message: str


class YamlSource(Struct):
    """Plain data, the places of its keys and values by path, and what was refused on the way."""

    data: PlainData = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, event: yaml.Event, path: Path, message: str) -> None:
        """Note that what is at `event` is not allowed."""
        self.problems.append(Problem(_read_place(event.start_mark), path, message))


class _TooMuchError(Exception):
    """Nesting or values that no configuration file needs."""


def _read_place(mark: Any) -> Place:  # the C parser and the Python parser each have a class of marks
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def parse_yaml(text: str) -> YamlSource:
    """Parse one YAML document; what is refused is in `problems`, and never raises."""
    source = YamlSource()
    events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=_Loader))
    try:
        next(events)  # the stream starts
        if isinstance(next(events), yaml.StreamEndEvent):
            return source
        source.data = _Builder(source, events).build(next(events), ())
        next(events)  # the document ends
        if not isinstance(after := next(events), yaml.StreamEndEvent):
            source.refuse(after, (), "a second document begins here; one file holds one document")
    except yaml.MarkedYAMLError as error:
        place = _read_place(error.problem_mark or error.context_mark)
        message = " ".join(part for part in (error.context, error.problem) if part)
        source.problems.append(Problem(place, (), f"not YAML: {message}; {_find_way_out(message)}"))
    except yaml.YAMLError as error:  # of a character that YAML does not have
        message = " ".join(str(error).split())
        source.problems.append(
            Problem(
                Place(1, 1),
                (),
                f"not YAML: {message}; remove the character, or write it as an escape in double quotes",
            )
        )
    except _TooMuchError:
        pass  # noted where it was found
    return source


def _find_way_out(message: str) -> str:
    """Return what to do about what the parser says, by the words that it has for it."""
    return next((way_out for words, way_out in _WAYS_OUT.items() if words in message), _CLOSE)


class _Builder:
    """Builds plain data out of parser events."""

    def __init__(self, source: YamlSource, events: Iterator[yaml.Event]) -> None:
        self._source = source
        self._events = events
        self._built = 0

    def build(self, event: yaml.Event, path: Path) -> PlainData:
        self._source.values[path] = _read_place(event.start_mark)
        self._built += 1
        if self._built > MAX_VALUES:
            self._source.refuse(event, (), f"more than {MAX_VALUES:,} values; split the file")
            raise _TooMuchError
        if len(path) > MAX_DEPTH:
            self._source.refuse(event, path[:3], f"nested more than {MAX_DEPTH} levels deep; {_CLOSE}")
            raise _TooMuchError
        if isinstance(event, yaml.AliasEvent):
            self._source.refuse(event, path, "aliases (*name) are not allowed; write the value out")
            return None
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self._source.refuse(
                event, path, "anchors (&name) are not allowed; write the value out where it is used"
            )
        if tag := getattr(event, "tag", None):
            self._source.refuse(event, path, f"tags ({tag}) are not allowed; write the plain value")
        if isinstance(event, yaml.MappingStartEvent):
            return self._build_mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._build_sequence(path)
        return self._build_scalar(event, path) if isinstance(event, yaml.ScalarEvent) else None

    def _build_scalar(self, event: yaml.ScalarEvent, path: Path) -> PlainData:
        try:
            return _read_scalar(event.value, quoted=bool(event.style))
        except NumberError as error:
            self._source.refuse(event, path, str(error))
            return math.nan  # refused as a number whatever it belongs to

    def _build_sequence(self, path: Path) -> list[PlainData]:
        items: list[PlainData] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._build_given(event, (*path, len(items))))
        return items

    def _build_given(self, event: yaml.Event, path: Path) -> PlainData:
        """Build a value that must not be null: a key left empty would count as not written."""
        value = self.build(event, path)
        if value is None and not isinstance(event, yaml.AliasEvent):
            self._source.refuse(event, path, "there is no value; write one, or remove this entry")
        return value

    def _build_mapping(self, path: Path) -> dict[str, PlainData]:
        items: dict[str, PlainData] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._build_key(event, path)
            if key in items:
                self._source.refuse(event, (*path, key), "this key is there twice; keep one")
            self._source.keys[*path, key] = _read_place(event.start_mark)
            items[key] = self._build_given(next(self._events), (*path, key))
        return items

    def _build_key(self, event: yaml.Event, path: Path) -> str:
        key = self.build(event, (*path, "?"))
        if isinstance(event, yaml.ScalarEvent):
            if key == "<<" and not event.style:
                self._source.refuse(
                    event, (*path, "<<"), "merge keys (<<) are not allowed; write the keys out"
                )
            if isinstance(key, str):
                return key
            text: str = event.value
            self._source.refuse(event, (*path, text), "a key must be text; put it in quotes")
            return text
        self._source.refuse(event, path, "a key must be text, not a list or a mapping")
        return ""


def _read_scalar(text: str, *, quoted: bool) -> PlainData:
    """Return what an untagged scalar means; quoted and block scalars are text, whatever they look like."""
    if not quoted:
        for pattern, meaning in _CORE_SCHEMA:
            if pattern.fullmatch(text):
                return meaning(text)
    return text


def _read_integer(text: str) -> int | float:
    base = {"0x": 16, "0o": 8}.get(text[:2], 10)
    # Python reads no decimal integer of more than 4,300 digits; what a double cannot hold is refused as infinite.
    return int(text, base) if len(text) < _LONGEST_INTEGER else math.inf


_LONGEST_INTEGER = 300
_CORE_SCHEMA: tuple[tuple[re.Pattern[str], Callable[[str], PlainData]], ...] = (
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"), _read_integer),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), written),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: -math.inf if text.startswith("-") else math.inf),
    (re.compile(r"\.(nan|NaN|NAN)"), lambda _: math.nan),
)
