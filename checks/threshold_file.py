"""Reading a threshold file by itself: everything that is wrong with it is said at once, each with its place."""

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from checks.errors import GovernanceError
from checks.limits import kind_keys, limit_problem
from checks.thresholds import AppliesTo, Check, ThresholdContent, Waiver
from checks.yaml_source import Path, Place, Problem, YamlSource, parse_yaml

MAX_BYTES = 1024 * 1024
MAX_PROBLEMS = 200  # told one by one; beyond that they are counted
_MOST_SHOWN = 60  # characters of a value in a message
_ARN = re.compile(
    r"arn:[^:]*:sagemaker:[^:]*:[^:]*:model-package(-group)?/(?P<group>[a-zA-Z0-9-]+)(/[0-9]+)?"
)
EMPTY = "the file is empty; it needs name, applies_to and checks"

_KEYS: Mapping[Path, tuple[str, ...]] = {
    (): tuple(ThresholdContent.model_fields),
    ("applies_to",): tuple(AppliesTo.model_fields),
    ("checks",): tuple(Check.model_fields),
    ("waivers",): tuple(Waiver.model_fields),
}


class ThresholdFileError(GovernanceError):
    """A threshold file that is wrong; `problems` holds one line each, `file:line:column: path: message`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class SourceFile:
    """One threshold file as it is written, without what it may have from others.

    `content` is `None` where something is wrong with it, and `problems` says what. `sound` are the checks that can be
    read, by their places among all. `places` knows where in the file everything is.
    """

    source: str
    sha256: str
    places: YamlSource
    content: ThresholdContent | None
    problems: tuple[Problem, ...]
    sound: Mapping[int, Check]

    @property
    def name(self) -> str | None:
        """The name of the file, also of one that is wrong elsewhere."""
        return self._text("name")

    @property
    def extends(self) -> str | None:
        """The name or the path of the file that this one extends."""
        return self._text("extends")

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
        return SourceFile(source, sha256, YamlSource(), None, (text,), {})
    places = parse_yaml(text)
    problems = list(places.problems)
    parsed: ThresholdContent | None = None
    if places.data is not None:
        problems += _find_repeated_names(places)
        problems += _find_missing_checks(places)
        try:
            parsed = ThresholdContent.model_validate(places.data)
        except ValidationError as error:
            problems += _find_content_problems(error, places)
    elif not problems:
        problems.append(Problem(Place(1, 1), (), EMPTY))
    sound = dict(_find_sound_checks(places, problems))
    return SourceFile(source, sha256, places, None if problems else parsed, tuple(problems), sound)


def _find_missing_checks(places: YamlSource) -> Iterator[Problem]:
    if isinstance(places.data, dict) and not {"checks", "extends"} & places.data.keys():
        yield Problem(Place(1, 1), ("checks",), "this key is missing")


def _find_sound_checks(places: YamlSource, problems: Sequence[Problem]) -> Iterator[tuple[int, Check]]:
    checks = places.data.get("checks") if isinstance(places.data, dict) else None
    wrong = {problem.path[:2] for problem in problems}
    for index, check in enumerate(checks if isinstance(checks, list) else []):
        if ("checks", index) not in wrong:
            with suppress(ValidationError):
                yield index, Check.model_validate(check)


def _decode(content: bytes) -> str | Problem:
    if len(content) > MAX_BYTES:
        size = f"{len(content) / MAX_BYTES:.1f} MiB"
        return Problem(Place(1, 1), (), f"the file has {size}; a threshold file has at most 1 MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        return Problem(Place(line, column), (), "not UTF-8; save the file as UTF-8")


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
    details = error.errors(include_url=False)
    refused = [problem.path for problem in source.problems if problem.path]
    for detail in details:
        path = _find_path_in_file(detail["loc"], source)
        if detail["type"] == "too_short" and detail["input"]:
            continue  # pydantic counts only the valid ones; what is wrong with the others is reported
        if not any(path[: len(bad)] == bad for bad in refused) and not _is_meant_as_limit(
            detail, path, refused
        ):
            yield Problem(_find_place(detail, path, source), path, _explain(detail, path))
    for index in sorted({int(index) for detail in details for index in _find_check(detail["loc"])}):
        yield from _find_unseen_limit_problem(index, source)


def _is_meant_as_limit(detail: ErrorDetails, path: Path, refused: list[Path]) -> bool:
    """Whether a check seems to lack a limit only because the one it has was refused already."""
    return detail["type"] == "limit" and any(bad[:-1] == path and bad[-1] in kind_keys() for bad in refused)


def _find_check(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the index of the check that `loc` is inside of, if it is inside of one."""
    return loc[1:2] if loc[:1] == ("checks",) and loc[2:] else ()


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


def _find_unseen_limit_problem(index: int, source: YamlSource) -> Iterator[Problem]:
    """Yield what is wrong with a check's limits when pydantic stopped at other problems of the same check."""
    checks = source.data.get("checks") if isinstance(source.data, dict) else None
    check = checks[index] if isinstance(checks, list) else None
    if not isinstance(check, dict):
        return
    unknown = [key for key in check if key not in Check.model_fields]
    empty = any(limit in check and check[limit] is None for limit in kind_keys())
    if empty or any(_find_nearest(key, kind_keys()) for key in unknown):
        return  # that key was meant as the limit, and is reported already
    if problem := limit_problem(check):
        path: Path = ("checks", index)
        yield Problem(source.values.get(path, Place(1, 1)), path, problem)


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


@lru_cache(maxsize=1000)
def _find_nearest(word: str, words: tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(word, words, n=1)), None)


def _explain(detail: ErrorDetails, path: Path) -> str:
    given = detail["input"]
    shown = _show_value(given)
    messages: dict[str, str] = {
        "extra_forbidden": _explain_unknown_key(path) if path else "unknown key",
        "missing": "this key is missing",
        "model_type": f"must be a mapping of keys to values, not {shown}",
        "tuple_type": f"must be a list, not {shown}",
        "string_type": f"must be text, not {shown}" + ("" if given is None else "; put it in quotes"),
        "float_type": f"must be a number, not {shown}{_hint_at_quotes(given)}",
        "int_type": f"must be a whole number, not {shown}{_hint_at_quotes(given)}",
        "string_too_short": "must not be empty",
        "too_short": "must not be empty; give at least one",
        "too_long": f"more than {detail.get('ctx', {}).get('max_length')} items; use patterns, or split the file",
        "string_too_long": f"{shown} is longer than {detail.get('ctx', {}).get('max_length')} characters",
        "finite_number": "must be a finite number",
        "string_pattern_mismatch": f"{shown} cannot name a model package group; {_hint_at_group(given)}",
    }
    as_pydantic_says = detail["msg"].replace("Input should", "must")
    return messages.get(detail["type"], as_pydantic_says[:1].lower() + as_pydantic_says[1:])


def _show_value(given: object) -> str:
    """Return a value as it is written in Python, a long one shortened so that its quotes still close."""
    text = repr(given)
    if len(text) <= _MOST_SHOWN:
        return text
    return f"{text[:_MOST_SHOWN]}…{text[-1] if isinstance(given, str) else ''}"


def _hint_at_group(given: object) -> str:
    """Return the way out for what is no name of a group: the name, where it is the ARN of a group or of a version."""
    if found := _ARN.fullmatch(str(given)):
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
    known = _KEYS.get(tuple(part for part in path[:-1] if isinstance(part, str)), ())
    if nearest := _find_nearest(key, known):
        return f'unknown key; did you mean "{nearest}"?'
    return f"unknown key; the keys here are {', '.join(known)}"
