"""The `Condition` element of a policy statement.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from sandbox.iam.access import Context

_Compare = Callable[[str, str], bool]
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_IF_EXISTS = "IfExists"
_ARN_PARTS = 6  # arn, partition, service, region, account, resource
_FOR_ALL, _FOR_ANY = "ForAllValues:", "ForAnyValue:"


class UnsupportedPolicyError(ValueError):
    """A condition operator that IAM does not have, or a part of its language that is not evaluated here."""


def conditions_hold(conditions: Mapping[str, Mapping[str, object]], context: Context) -> bool:
    """Return whether all conditions of a statement hold: every operator, and every key under it.

    Raises:
        UnsupportedPolicyError: an operator that IAM does not have.
    """
    return all(
        _holds(operator, key.lower(), _as_texts(expected), context)
        for operator, by_key in conditions.items()
        for key, expected in by_key.items()
    )


def matches_pattern(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Return whether `text` matches a pattern with `*` (any characters) and `?` (one character)."""
    return _pattern(pattern, ignore_case).fullmatch(text) is not None


def with_variables(text: str, context: Context) -> str | None:
    """Put the context's values into `${aws:PrincipalArn}` and its like; `None` where one of them is absent.

    A default is written `${aws:username, 'none'}`.

    Raises:
        UnsupportedPolicyError: one of `${*}`, `${?}` and `${$}`, which mean the characters themselves.
    """
    missing = False

    def value_of(found: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = (part.strip() for part in found[1].partition(","))
        if name in ("*", "?", "$"):
            raise UnsupportedPolicyError(
                f"{found[0]}: characters written as variables are not evaluated here"
            )
        values = context.get(name.lower(), ())
        if len(values) == 1:
            return values[0]
        if default:
            return default.strip("'")
        missing = True
        return ""

    replaced = _VARIABLE.sub(value_of, text)
    return None if missing else replaced


def _holds(operator: str, key: str, expected: Sequence[str], context: Context) -> bool:
    """Return whether one operator holds for one key."""
    qualifier = next((one for one in (_FOR_ALL, _FOR_ANY) if operator.startswith(one)), "")
    name = operator.removeprefix(qualifier)
    given = context.get(key, ())
    if name == "Null":
        return any((value.lower() == "true") == (not given) for value in expected)

    may_be_absent = name.endswith(_IF_EXISTS)
    name = name.removesuffix(_IF_EXISTS)
    is_negated, compare = _comparison(name)
    if not given:
        # A negated operator is true where the key is absent; so is every operator with IfExists or ForAllValues.
        return may_be_absent or is_negated or qualifier == _FOR_ALL

    filled_in = (with_variables(value, context) for value in expected)
    wanted = [text for text in filled_in if text is not None]

    def is_met(value: str) -> bool:
        is_one_of_them = any(compare(value, one) for one in wanted)
        return not is_one_of_them if is_negated else is_one_of_them

    if qualifier == _FOR_ANY:
        return any(is_met(value) for value in given)
    return all(is_met(value) for value in given)


def _comparison(name: str) -> tuple[bool, _Compare]:
    """Return whether the operator negates, and what it compares with."""
    if name in _COMPARISONS:
        return False, _COMPARISONS[name]
    if name in _NEGATIONS:
        return True, _COMPARISONS[_NEGATIONS[name]]
    raise UnsupportedPolicyError(f"IAM has no condition operator {name}")


def _as_texts(expected: object) -> list[str]:
    """Return the values of a condition as IAM reads them: one or a list, of texts, numbers or booleans."""
    values = expected if isinstance(expected, list) else [expected]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]


@lru_cache(maxsize=4096)
def _pattern(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    text = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _equal_ignoring_case(given: str, wanted: str) -> bool:
    return given.lower() == wanted.lower()


def _is_like(given: str, wanted: str) -> bool:
    return matches_pattern(wanted, given)


def _is_arn_like(given: str, wanted: str) -> bool:
    """ARNs are compared part by part: a `*` in one of the six reaches into no other."""
    given_parts, wanted_parts = (text.split(":", _ARN_PARTS - 1) for text in (given, wanted))
    if len(given_parts) != _ARN_PARTS or len(wanted_parts) != _ARN_PARTS:
        return wanted == "*"
    return all(matches_pattern(want, have) for have, want in zip(given_parts, wanted_parts, strict=True))


def _by_number(test: Callable[[float, float], bool]) -> _Compare:
    def compare(given: str, wanted: str) -> bool:
        try:
            return test(float(given), float(wanted))
        except ValueError:
            return False

    return compare


def _by_date(test: Callable[[float, float], bool]) -> _Compare:
    def compare(given: str, wanted: str) -> bool:
        try:
            return test(_epoch(given), _epoch(wanted))
        except ValueError:
            return False

    return compare


def _epoch(text: str) -> float:
    """Return the seconds since 1970 of an ISO 8601 date or of such a number."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _is_within(given: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(given) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _equal_bytes(given: str, wanted: str) -> bool:
    return base64.b64decode(given) == base64.b64decode(wanted)


_COMPARISONS: Mapping[str, _Compare] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": _is_like,
    "NumericEquals": _by_number(float.__eq__),
    "NumericLessThan": _by_number(float.__lt__),
    "NumericLessThanEquals": _by_number(float.__le__),
    "NumericGreaterThan": _by_number(float.__gt__),
    "NumericGreaterThanEquals": _by_number(float.__ge__),
    "DateEquals": _by_date(float.__eq__),
    "DateLessThan": _by_date(float.__lt__),
    "DateLessThanEquals": _by_date(float.__le__),
    "DateGreaterThan": _by_date(float.__gt__),
    "DateGreaterThanEquals": _by_date(float.__ge__),
    "Bool": _equal_ignoring_case,
    "BinaryEquals": _equal_bytes,
    "IpAddress": _is_within,
    "ArnEquals": _is_arn_like,  # the two ARN operators behave alike
    "ArnLike": _is_arn_like,
}
_NEGATIONS: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
