"""Which threshold file applies to a model package group: the most specific one."""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import lru_cache

from msgspec import Struct

from checks.errors import GovernanceError
from checks.thresholds import ThresholdFile
from checks.yaml_source import Path

WILDCARDS = "*?["
# SageMaker's MLflow synchronisation names the group of a registered model `<its name>-<suffix>`, the first six digits
# of a SHA-256 (https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-track-experiments-model-registration.html).
MLFLOW_SUFFIX = "-" + 6 * "[0-9a-fA-F]"


class AmbiguousThresholdsError(GovernanceError):
    """Two threshold files that apply to one group with equal specificity."""


class _Kind(IntEnum):
    """What sort of pattern it is, the more specific the larger."""

    PATTERN = 0
    NAME_WITH_SUFFIX = 1
    NAME = 2


_Specificity = tuple[_Kind, int, int]


class _GroupNames(Struct, frozen=True):
    """The names that a pattern of a file is about: as it is written, or with MLflow's suffix after it."""

    written: str
    has_suffix: bool = False

    def __str__(self) -> str:
        return f'"{self.written}" with the suffix of MLflow' if self.has_suffix else f'"{self.written}"'

    @property
    def pattern(self) -> str:
        return self.written + MLFLOW_SUFFIX if self.has_suffix else self.written

    @property
    def specificity(self) -> _Specificity:
        """How specific: a plain name, then one with the suffix, then the literal prefix, then all literals."""
        kind = _Kind.NAME_WITH_SUFFIX if self.has_suffix else _Kind.NAME
        if any(character in WILDCARDS for character in self.written):
            kind = _Kind.PATTERN
        prefix = next(
            (index for index, character in enumerate(self.pattern) if character in WILDCARDS),
            len(self.pattern),
        )
        return kind, prefix, sum(len(token) == 1 for token in _list_fixed_places(self.pattern))


def applies_to(file: ThresholdFile, group: str) -> bool:
    """Whether one of the file's patterns matches the name of the group."""
    return any(fnmatchcase(group, names.pattern) for names in _list_names(file))


def list_unmatched(file: ThresholdFile, groups: Iterable[str]) -> list[str]:
    """Return the names and patterns of the file that match none of the groups, with the suffix where it has one."""
    there = list(groups)
    matched = {
        names.written
        for names in _list_names(file)
        if any(fnmatchcase(group, names.pattern) for group in there)
    }
    return [written for written in file.applies_to if written not in matched]


def select_thresholds(files: Iterable[ThresholdFile], group: str) -> ThresholdFile | None:
    """Return the file whose pattern matches the name of the group most specifically, or `None`.

    Raises:
        AmbiguousThresholdsError: when two files match equally specifically.
    """
    ranked: list[tuple[_Specificity, ThresholdFile]] = []
    for file in files:
        matching = [names for names in _list_names(file) if fnmatchcase(group, names.pattern)]
        if matching:
            ranked.append((max(names.specificity for names in matching), file))
    ranked.sort(key=lambda entry: entry[0], reverse=True)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        sources = " and ".join(sorted((ranked[0][1].source, ranked[1][1].source)))
        raise AmbiguousThresholdsError(
            f"{sources}: both apply to the group {group} equally specifically; "
            "make applies_to.model_package_groups of one of them more specific"
        )
    return ranked[0][1] if ranked else None


class Clash(Struct, frozen=True):
    """A pattern of one file that matches groups as specifically as one of another: where it is, and what is wrong."""

    source: str
    path: Path
    message: str

    def __str__(self) -> str:
        return f"{self.source}: {self.message}"


def find_ambiguities(files: Sequence[ThresholdFile]) -> list[Clash]:
    """Return each pair of patterns in two files that match some group equally specifically, at the later file."""
    all_names = [
        (file, names, names.specificity)
        for file in sorted(files, key=lambda file: file.source)
        for names in _list_names(file)
    ]
    clashes = []
    for index, (second, other, other_rank) in enumerate(all_names):
        for first, mine, my_rank in all_names[:index]:
            if first is second or my_rank != other_rank:
                continue
            if mine.has_suffix and other.has_suffix:
                continue  # the suffix is the same: they clash where what is before it does, which is told
            if _overlap(mine.pattern, other.pattern):
                message = (
                    f"{other} matches the same groups as {mine} of {first.source}, equally specifically; make one of "
                    "them more specific"
                )
                place = second.applies_to.index(other.written)
                clashes.append(Clash(second.source, ("applies_to", "model_package_groups", place), message))
    return clashes


def list_sample_groups(file: ThresholdFile) -> Iterator[tuple[str, str]]:
    """Yield each pattern of the file as it is written, with the name of a group that it matches; `*` is any letters."""
    for names in _list_names(file):
        tokens = _split_pattern(names.pattern)
        places = (_ANY if token is None else min(token, default="") for token in tokens)
        yield str(names) if names.has_suffix else names.written, "".join(places)


def gains_by_suffix(pattern: str) -> bool:
    """Whether MLflow's suffix after `pattern` matches groups that the pattern does not match by itself."""
    return not pattern.endswith("*") and not matches_no_group(pattern + MLFLOW_SUFFIX)


def _list_names(file: ThresholdFile) -> Iterator[_GroupNames]:
    """Yield what each of the patterns of the file is about, once."""
    for pattern in dict.fromkeys(file.applies_to):
        yield _GroupNames(pattern)
        if file.mlflow_suffix and not pattern.endswith("*"):
            yield _GroupNames(pattern, has_suffix=True)


def matches_no_group(pattern: str) -> bool:
    """Whether no name that SageMaker allows matches `pattern`.

    A group's name begins and ends with a letter or digit, and has at most 63 of letters, digits and hyphens
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackageGroup.html).
    """
    tokens = _split_pattern(pattern)
    places = [token & _NAME_CHARACTERS for token in tokens if token is not None]
    if not all(places):
        return True
    # A * at an end can supply the letter that must be there; a fixed place must allow one itself.
    needed = len(places)
    for token in dict.fromkeys((0, len(tokens) - 1)):
        fixed = tokens[token]
        if fixed is None:
            needed += not places or not places[0 if token == 0 else -1] & _ENDS
        elif not fixed & _ENDS:
            return True
    return needed > MAX_GROUP_NAME


MAX_GROUP_NAME = 63
_ANY = "zQ0q"  # what * may be: hardly part of another pattern
_ENDS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_NAME_CHARACTERS = _ENDS | {"-"}
_Token = frozenset[str] | None  # the characters that one place may hold; None for *


def _list_fixed_places(pattern: str) -> list[frozenset[str]]:
    """Return the places of a pattern that are not `*`, each with the characters that it may hold."""
    return [token for token in _split_pattern(pattern) if token is not None]


@lru_cache(maxsize=1000)
def _split_pattern(pattern: str) -> tuple[_Token, ...]:
    tokens: list[_Token] = []
    index = 0
    while index < len(pattern):
        length = 1
        if pattern[index] == "*":
            tokens.append(None)
        elif pattern[index] == "[" and (end := _find_bracket_end(pattern, index)) > 0:
            length = end - index + 1
            one_place = pattern[index : end + 1]
            tokens.append(frozenset(c for c in _NAME_CHARACTERS if fnmatchcase(c, one_place)))
        elif pattern[index] == "?":
            tokens.append(_NAME_CHARACTERS)
        else:
            tokens.append(frozenset(pattern[index]))
        index += length
    return tuple(tokens)


def _find_bracket_end(pattern: str, start: int) -> int:
    """Return where the bracket that opens at `start` closes, -1 where it does not: the first place in it is literal."""
    is_negated = pattern[start + 1 : start + 2] == "!"
    return pattern.find("]", start + 2 + is_negated)


def _overlap(first: str, second: str) -> bool:
    """Whether some name matches both patterns: a walk through both at once."""
    mine, other = _split_pattern(first), _split_pattern(second)
    reached, frontier = {(0, 0)}, [(0, 0)]
    while frontier:
        i, j = frontier.pop()
        if (i, j) == (len(mine), len(other)):
            return True
        for step in _list_steps(mine, other, i, j) - reached:
            reached.add(step)
            frontier.append(step)
    return False


def _list_steps(mine: Sequence[_Token], other: Sequence[_Token], i: int, j: int) -> set[tuple[int, int]]:
    steps: set[tuple[int, int]] = set()
    left = mine[i] if i < len(mine) else frozenset[str]()
    right = other[j] if j < len(other) else frozenset[str]()
    if left is None:
        steps |= {(i + 1, j)} | ({(i, j + 1)} if j < len(other) else set())
    if right is None:
        steps |= {(i, j + 1)} | ({(i + 1, j)} if i < len(mine) else set())
    if left is not None and right is not None and left & right:
        steps.add((i + 1, j + 1))
    return steps
