"""Takes out of a recording whatever says whose account it is from."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

ACCOUNT = "123456789012"  # the account of AWS's own examples
_HIDDEN = "<hidden>"
_PEOPLE = frozenset({"CreatedBy", "LastModifiedBy", "UserProfileArn", "UserProfileName", "DomainId"})
_PATTERNS = (
    (re.compile(r"(?<!\d)\d{12}(?!\d)"), ACCOUNT),
    (
        re.compile(r"(arn:aws[a-z-]*:(?:iam|sts)::\d{12}:)(?:user|role|assumed-role)/[^\s\"']+"),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{12,}(?::[^\s\"']+)?"), _HIDDEN),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), _HIDDEN),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
)
_EXECUTION = re.compile(r"(/execution/)(\w+)")


class Redaction:
    """Redacts a recording: the same name gives the same replacement throughout.

    `suffix` is what the names of this recording end with; it becomes `recorded`.
    """

    def __init__(self, suffix: str) -> None:
        self._suffix = suffix
        self._executions: dict[str, str] = {}

    def redact(self, value: Any) -> Any:
        """Return `value`, as JSON has it, without account ids, people, keys, request ids and random names."""
        match value:
            case Mapping():
                kept = {name: entry for name, entry in value.items() if name != "ResponseMetadata"}
                return {
                    name: _HIDDEN if name in _PEOPLE else self.redact(entry) for name, entry in kept.items()
                }
            case list() | tuple():
                return [self.redact(entry) for entry in value]
            case datetime():
                return "<time>"
            case str():
                return self._redact_text(value)
        return value

    def _redact_text(self, text: str) -> str:
        text = _EXECUTION.sub(self._number, text.replace(self._suffix, "recorded"))
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def _number(self, found: re.Match[str]) -> str:
        number = self._executions.setdefault(found[2], f"execution-{len(self._executions) + 1}")
        return f"{found[1]}{number}"
