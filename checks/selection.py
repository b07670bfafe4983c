"""Which threshold file applies to a model package group: the most specific one."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from checks.errors import GovernanceError
from checks.thresholds import ThresholdFile

Specificity = tuple[bool, int, int]
WILDCARDS = "*?["


class AmbiguousThresholdsError(GovernanceError):
    """Two threshold files that apply to one group with equal specificity."""


def rank_pattern(pattern: str) -> Specificity:
    """Return how specific a pattern is, larger for more: a plain name, then the literal prefix, then all literals."""
    prefix = next((index for index, character in enumerate(pattern) if character in WILDCARDS), len(pattern))
    return prefix == len(pattern), prefix, sum(len(token) == 1 for token in _list_fixed_places(pattern))


def applies_to(file: ThresholdFile, group: str) -> bool:
    """Whether one of the file's patterns matches the name of the group."""
    return bool(_matching_patterns(file, group))


def select_thresholds(files: Iterable[ThresholdFile], group: str) -> ThresholdFile | None:
    """Return the file whose pattern matches the name of the group most specifically, or `None`.

    Raises:
        AmbiguousThresholdsError: when two files match equally specifically.
    """
    ranked: list[tuple[Specificity, ThresholdFile]] = []
    for file in files:
        matching = _matching_patterns(file, group)
        if matching:
            ranked.append((max(map(rank_pattern, matching)), file))
    ranked.sort(key=lambda entry: entry[0], reverse=True)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        sources = " and ".join(sorted((ranked[0][1].source, ranked[1][1].source)))
        raise AmbiguousThresholdsError(
            f"{sources}: both apply to the group {group} equally specifically; "
            "make applies_to.model_package_groups of one of them more specific"
        )
    return ranked[0][1] if ranked else None


def _matching_patterns(file: ThresholdFile, group: str) -> list[str]:
    return [pattern for pattern in file.applies_to if fnmatchcase(group, pattern)]


def find_ambiguities(files: Sequence[ThresholdFile]) -> list[str]:
    """Return a message for each pair of patterns in two files that match some group equally specifically."""
    patterns = [(file, pattern) for file in files for pattern in dict.fromkeys(file.applies_to)]
    return [
        f'{first.source} and {second.source}: "{mine}" and "{other}" match the same groups equally specifically; '
        "make one of them more specific"
        for index, (first, mine) in enumerate(patterns)
        for second, other in patterns[index + 1 :]
        if first is not second and rank_pattern(mine) == rank_pattern(other) and _overlap(mine, other)
    ]


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
_ENDS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_NAME_CHARACTERS = _ENDS | {"-"}
_Token = frozenset[str] | None  # the characters that one place may hold; None for *


def _list_fixed_places(pattern: str) -> list[frozenset[str]]:
    """Return the places of a pattern that are not `*`, each with the characters that it may hold."""
    return [token for token in _split_pattern(pattern) if token is not None]


def _split_pattern(pattern: str) -> list[_Token]:
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
    return tokens


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


def _list_steps(mine: list[_Token], other: list[_Token], i: int, j: int) -> set[tuple[int, int]]:
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
