"""Reading a threshold file by itself: everything that is wrong with it is said at once, each with its place."""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from checks.contradictions import find_contradictions
from checks.errors import GovernanceError
from checks.readable_parts import (
    ReadableParts,
    find_doubtful_keys,
    find_readable_parts,
    find_wrong_keys,
    list_parts,
)
from checks.thresholds import (
    CONTRADICTION,
    MISUNDERSTOOD_RULE,
    AppliesTo,
    Check,
    ThresholdContent,
    Waiver,
)
from checks.unknown_keys import explain_unknown_key
from checks.verify_rule import find_verification_problems
from checks.yaml_source import Path, Place, Problem, YamlSource, parse_yaml

MAX_BYTES = 1024 * 1024
THRESHOLD_SUFFIXES = (".yaml", ".yml")
MAX_PROBLEMS = 200  # told one by one; beyond that they are counted
_MOST_SHOWN = 60  # characters of a value in a message
_PERCENT = 100
_ARN = r"arn:[^:]*:sagemaker:[^:]*:[^:]*:model-package(-group)?/(?P<group>[a-zA-Z0-9-]+)(/[0-9]+)?"
MISSING = "this key is missing; add it"
EMPTY = "the file is empty; it needs name, applies_to and checks"

_KEYS: Mapping[Path, tuple[str, ...]] = {
    (): tuple(ThresholdContent.model_fields),
    ("applies_to",): tuple(AppliesTo.model_fields),
    ("checks",): tuple(Check.model_fields),
    ("waivers",): tuple(Waiver.model_fields),
}


def is_threshold_file(name: str) -> bool:
    """Whether a file or an object is taken for a threshold file, by its name."""
    return name.lower().endswith(THRESHOLD_SUFFIXES)


class ThresholdFileError(GovernanceError):
    """A threshold file that is wrong; `problems` holds one line each, `file:line:column: path: message`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SourceFile(Struct, frozen=True):
    """One threshold file as it is written, without what it may have from others.

    `content` is `None` where something is wrong with it, and `problems` says what; `readable` is what can be read of it
    all the same. `places` knows where in the file everything is.
    """

    source: str
    sha256: str
    places: YamlSource
    content: ThresholdContent | None
    problems: tuple[Problem, ...]
    readable: ReadableParts

    @property
    def name(self) -> str | None:
        """The name of the file, also of one that is wrong elsewhere."""
        return self._text("name")

    @property
    def extends(self) -> str | None:
        """The name or the path of the file that this one extends."""
        return self._text("extends")

    @property
    def says_extends(self) -> bool:
        """Whether it is to have something from another file, also where it cannot be read from which."""
        return isinstance(self.places.data, dict) and (
            "extends" in self.places.data or "extends" in find_doubtful_keys(self.places.data, _KEYS[()])
        )

    def _text(self, key: str) -> str | None:
        text = self.places.data.get(key) if isinstance(self.places.data, dict) else None
        return text.strip() if isinstance(text, str) and text.strip() else None

    def problem_at(self, path: Path, message: str) -> Problem:
        """Return a problem with what is at `path`."""
        return Problem(self.places.values.get(path, Place(1, 1)), path, message)


def read_source(content: bytes, source: str) -> SourceFile:
    """Read the bytes of a threshold file; `source` is what messages and decisions call it. Never raises."""
    sha256 = hashlib.sha256(content).hexdigest()
    text = _decode(content)
    if isinstance(text, Problem):
        return SourceFile(source, sha256, YamlSource(), None, (text,), ReadableParts())
    places = parse_yaml(text)
    problems = list(places.problems)
    parsed: ThresholdContent | None = None
    if places.data is not None:
        # First pass: what is wrong with each key by itself, and with what must be there.
        problems += _find_repeated_names(places)
        problems += _find_missing_checks(places)
        try:
            parsed = ThresholdContent.model_validate(places.data)
        except ValidationError as error:
            problems += _find_content_problems(error, places)
            # Second pass: between keys, as far as the first left them readable.
            problems += _find_contradictions(places, problems)
            problems += _find_misunderstood_rules(places)
    elif not problems:
        problems.append(Problem(Place(1, 1), (), EMPTY))
    if parsed is not None and not problems:
        return SourceFile(source, sha256, places, parsed, (), list_parts(parsed))
    return SourceFile(
        source, sha256, places, None, tuple(problems), find_readable_parts(places.data, problems)
    )


def _find_missing_checks(places: YamlSource) -> Iterator[Problem]:
    if isinstance(places.data, dict) and not {"checks", "extends"} & places.data.keys():
        yield Problem(Place(1, 1), ("checks",), MISSING)


def _find_contradictions(places: YamlSource, problems: Sequence[Problem]) -> Iterator[Problem]:
    """Yield what is wrong between the keys of each check."""
    checks = places.data.get("checks") if isinstance(places.data, dict) else None
    for index, check in enumerate(checks if isinstance(checks, list) else []):
        if isinstance(check, dict):
            path: Path = ("checks", index)
            said = {key: value.strip() if isinstance(value, str) else value for key, value in check.items()}
            wrong = find_wrong_keys(problems, path)
            for message in find_contradictions(said, wrong, find_doubtful_keys(check, _KEYS["checks",])):
                yield Problem(places.values.get(path, Place(1, 1)), path, message)


def _find_misunderstood_rules(places: YamlSource) -> Iterator[Problem]:
    """Yield what is wrong with `verify`, key by key."""
    rule = places.data.get("verify") if isinstance(places.data, dict) else None
    for inside, message in () if rule is None else find_verification_problems(rule):
        path: Path = ("verify", *inside)
        if not _is_refused(path, places):
            yield Problem(places.values.get(path, Place(1, 1)), path, message)


def _is_refused(path: Path, places: YamlSource) -> bool:
    """Whether it is told already why YAML such as at `path` is not read."""
    refused = (problem.path for problem in places.problems if problem.path)
    return any(path[: len(bad)] == bad for bad in refused)


def _decode(content: bytes) -> str | Problem:
    if len(content) > MAX_BYTES:
        size = f"{len(content) / MAX_BYTES:.1f} MiB"
        return Problem(Place(1, 1), (), f"the file has {size}; a threshold file has at most 1 MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()  # without the byte order mark
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        return Problem(place, (), "not UTF-8; save the file as UTF-8")


def _key_by_place(problem: Problem) -> tuple[int, int, str]:
    return problem.place.line, problem.place.column, problem.message


def write_problems(source: str, problems: Iterable[Problem], kind: str = "") -> list[str]:
    """Return `file:line:column: path: message` for each problem in the order of the file, `kind` before its path."""
    ordered = sorted(problems, key=_key_by_place)
    lines = [_write_problem(source, problem, kind) for problem in ordered[:MAX_PROBLEMS]]
    if rest := ordered[MAX_PROBLEMS:]:
        lines.append(
            f"{source}:{rest[0].place.line}:{rest[0].place.column}: {kind}and {len(rest)} more problems from here on"
        )
    return lines


def _write_problem(source: str, problem: Problem, kind: str) -> str:
    path = _spell_path(problem.path)
    where = f"{source}:{problem.place.line}:{problem.place.column}: {kind}"
    return f"{where}{path}: {problem.message}" if path else f"{where}{problem.message}"


def _spell_path(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _find_content_problems(error: ValidationError, source: YamlSource) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        path = _find_path_in_file(detail["loc"], source)
        if detail["type"] in (CONTRADICTION, MISUNDERSTOOD_RULE):
            continue  # pydantic tells the first one of each check, and none of a check in which a key is wrong
        if detail["type"] == "too_short" and detail["input"]:
            continue  # pydantic counts only the valid ones; what is wrong with the others is reported
        if not _is_refused(path, source):
            yield Problem(_find_place(detail, path, source), path, _explain(detail, path))


def _find_path_in_file(loc: tuple[str | int, ...], source: YamlSource) -> Path:
    """Drop from pydantic's location what is not in the file, but keep the name of a missing key."""
    while len(loc) > 1 and loc not in source.values and loc[:-1] not in source.values:
        loc = loc[:-1]
    return loc


def _find_place(detail: ErrorDetails, path: Path, source: YamlSource) -> Place:
    if detail["type"] == "extra_forbidden":
        return source.keys.get(path, Place(1, 1))
    while path and path not in source.values:
        path = path[:-1]
    return source.values.get(path, Place(1, 1))


def _find_repeated_names(source: YamlSource) -> Iterator[Problem]:
    checks = source.data.get("checks") if isinstance(source.data, dict) else None
    seen: dict[str, int] = {}
    for index, check in enumerate(checks if isinstance(checks, list) else []):
        name = check.get("name") if isinstance(check, dict) else None
        if not isinstance(name, str):
            continue
        first = seen.setdefault(name.strip(), index)
        if first != index:
            path: Path = ("checks", index, "name")
            message = f'checks[{first}] is called "{name}" too; give each check a name of its own'
            yield Problem(source.values.get(path, Place(1, 1)), path, message)


def _explain(detail: ErrorDetails, path: Path) -> str:
    given = detail["input"]
    shown = _show_value(given)
    as_pydantic_says = detail["msg"].replace("Input should", "must")
    as_pydantic_says = as_pydantic_says[:1].lower() + as_pydantic_says[1:]
    messages: dict[str, str] = {
        "extra_forbidden": _explain_unknown_key(path) if path else "unknown key",
        "missing": "one number is missing; write [low, high]" if _is_place(path) else MISSING,
        "model_type": f"must be a mapping of keys to values, not {shown}",
        "tuple_type": f"must be a list, not {shown}",
        "string_type": f"must be text, not {shown}" + ("" if given is None else "; put it in quotes"),
        "float_type": f"must be a number, not {shown}{_hint_at_quotes(given)}",
        "int_type": f"must be a whole number, not {shown}{_hint_at_quotes(given)}",
        "string_too_short": "must not be empty; write some text",
        "too_short": "must not be empty; give at least one",
        "too_long": f"more than {detail.get('ctx', {}).get('max_length')} items; use patterns, or split the file",
        "string_too_long": f"{shown} is longer than {detail.get('ctx', {}).get('max_length')} characters",
        "finite_number": f"must be a finite number, {_say_what_it_is(given)}",
        "less_than": f"{as_pydantic_says}{_hint_at_shares(given)}",
        "string_pattern_mismatch": f"{shown} cannot name a model package group; {_hint_at_group(given)}",
    }
    return messages.get(detail["type"], as_pydantic_says)


def _is_place(path: Path) -> bool:
    return bool(path) and isinstance(path[-1], int)


def _say_what_it_is(given: object) -> str:
    """Return why a number is not finite, and the way out."""
    if isinstance(given, float) and math.isnan(given):
        return "and .nan is not a number; write one"
    return "and this one is infinite, or too large to be held; write a smaller one"


def _hint_at_shares(given: object) -> str:
    if isinstance(given, int | float) and 1 < given < _PERCENT:
        return f"; {given:g} % is {given / _PERCENT:g}"
    return ""


def _show_value(given: object) -> str:
    """Return a value as it is written in Python, a long one shortened so that its quotes still close."""
    text = repr(given)
    if len(text) <= _MOST_SHOWN:
        return text
    return f"{text[:_MOST_SHOWN]}…{text[-1] if isinstance(given, str) else ''}"


def _hint_at_group(given: object) -> str:
    """Return the way out for what is no name of a group: the name, where it is the ARN of a group or of a version."""
    if found := re.fullmatch(_ARN, str(given)):
        return f'did you mean "{found["group"]}", the name of the group?'
    return "use letters, digits, - and * ? [abc]"


def _hint_at_quotes(given: object) -> str:
    return "; remove the quotes" if isinstance(given, str) and _is_number(given) else ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _explain_unknown_key(path: Path) -> str:
    key = str(path[-1])
    elsewhere = [_spell_path(where) for where, keys in _KEYS.items() if where and key in keys]
    if elsewhere:
        return f"this is a key of {elsewhere[0]}; move it there"
    return explain_unknown_key(key, _KEYS.get(tuple(part for part in path[:-1] if isinstance(part, str)), ()))
