"""The model package groups that a deployment is held to, as EventBridge and as IAM spell them.

A pattern is a name, or one with `*`: of the wildcards of the two, it is the one that both know. Names with the suffix
of MLflow, a hyphen and six digits, are `-??????` in IAM and `-*` in EventBridge, which is wider: what comes of it is
held against the groups by the function behind the rule (`pipelines/governed_groups.py`). EventBridge compares
the group's name in the event (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html),
IAM the ARN of a version, which spells its group in lower case.
"""

import json
import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from pipelines.step_settings import MLFLOW_SUFFIX

MOST_PATTERNS = (
    20  # each is a resource in several statements of a role, whose policies have 10,240 characters in all
)
# EventBridge's limit for a whole pattern is 2,048 characters; the rest of the rule's takes some 200.
LONGEST_MATCHERS = 1_800
_FEWER = f"more than {MOST_PATTERNS} patterns, or longer ones than a rule holds; name a common beginning, as churn-*"
_PATTERN = re.compile(r"[A-Za-z0-9*-]{1,63}")


def check_patterns(patterns: Sequence[str]) -> list[str]:
    """Return `patterns` as they are, where EventBridge and IAM can express them and no two match the same group.

    Raises:
        ValueError: naming each that cannot be expressed, and each pair that overlaps; or there are too many, or none.
    """
    if not patterns:
        raise ValueError("no group is named; leave the setting out to govern the whole registry")
    problems = [problem for pattern in patterns for problem in _find_problems(pattern)]
    for first, second in combinations(patterns, 2):
        if first.lower() == second.lower():
            problems.append(f'"{first}" is there twice; leave one out')
        elif _overlap(first.lower(), second.lower()):
            problems.append(f'"{first}" and "{second}" match the same groups; leave the narrower one out')
    if _are_too_many(patterns):
        problems.append(_FEWER)
    if problems:
        raise ValueError("; ".join(problems))
    return list(patterns)


def add_suffixes(patterns: Sequence[str]) -> list[str]:
    """Return `patterns`, and with MLflow's suffix each that does not match it already.

    Raises:
        ValueError: they are too many together.
    """
    suffixed = [pattern + MLFLOW_SUFFIX for pattern in patterns if not pattern.endswith("*")]
    together = [*patterns, *suffixed]
    if _are_too_many(together):
        raise ValueError(f"with the suffix they are {len(together)} patterns; {_FEWER}")
    return together


def match_events(patterns: Sequence[str]) -> list[Any]:
    """Return what an event pattern has for the group's name, each pattern also in lower case.

    No published text says whether an event spells a group as it was created or as its ARN does.
    """
    return [_match(spelling) for spelling in dict.fromkeys(one for p in patterns for one in (p, p.lower()))]


def match_versions(pattern: str) -> str:
    """Return what an IAM resource has after `model-package/` for the versions of the groups of `pattern`."""
    return f"{pattern.lower()}/*"


def _are_too_many(patterns: Sequence[str]) -> bool:
    return len(patterns) > MOST_PATTERNS or len(json.dumps(match_events(patterns))) > LONGEST_MATCHERS


def _match(pattern: str) -> str | dict[str, str]:
    if pattern.endswith(MLFLOW_SUFFIX):
        pattern = f"{pattern.removesuffix(MLFLOW_SUFFIX)}-*"
    if "*" not in pattern:
        return pattern
    if pattern.index("*") == len(pattern) - 1:
        return {"prefix": pattern[:-1]}
    if pattern.rindex("*") == 0:
        return {"suffix": pattern[1:]}
    return {"wildcard": pattern}


def _find_problems(pattern: str) -> list[str]:
    if _PATTERN.fullmatch(pattern) is None:
        return [
            f'"{pattern}" is no pattern that EventBridge and IAM both have: use up to 63 letters, digits, hyphens and *'
        ]
    if "**" in pattern:
        return [f'"{pattern}": EventBridge refuses ** in a row; write one *']
    if pattern == "*":
        return ['"*" is every group; leave the setting out']
    return []


def _overlap(first: str, second: str) -> bool:
    """Whether some name matches both patterns."""
    if not first or not second:
        return set(first + second) <= {"*"}
    if first[0] == "*":
        return _overlap(first[1:], second) or (second[0] != "*" and _overlap(first, second[1:]))
    if second[0] == "*":
        return _overlap(second, first)
    return first[0] == second[0] and _overlap(first[1:], second[1:])
