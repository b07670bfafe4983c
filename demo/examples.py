"""The example folders: found by their shape, each version with how it is registered and what must come of it.

`examples/README.md` describes the layout.
"""

import json
from pathlib import Path
from typing import Any

from msgspec import Struct

from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError

THRESHOLDS = "thresholds.yaml"
EVIDENCE = "evidence"
EXPECTED_DECISION = "expected_decision.json"
EXPECTED_FAILURE = "expected_failure.txt"
REGISTER_SCRIPT = "register.py"
DELIVERIES = "deliveries"
ABOUT = "about.txt"


class ExampleVersion(Struct, frozen=True):
    """One version of an example; its folder's parent is named as the model package group."""

    folder: Path

    @property
    def group(self) -> str:
        """The model package group."""
        return self.folder.parent.name

    @property
    def name(self) -> str:
        """What the version is called in summaries."""
        return f"{self.group}/{self.folder.name}"

    @property
    def about(self) -> str:
        """One line about the version for those who watch, or nothing."""
        path = self.folder / ABOUT
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    @property
    def thresholds(self) -> Path:
        """The threshold file that applies to the group."""
        return self.folder.parent / THRESHOLDS

    @property
    def evidence(self) -> Path:
        """The folder of reports that the version is registered with."""
        return self.folder / EVIDENCE

    @property
    def expected_decision(self) -> dict[str, Any]:
        """What judging the evidence by the threshold file must give, as `comparable` writes it."""
        expected: dict[str, Any] = json.loads((self.folder / EXPECTED_DECISION).read_bytes())
        return expected

    @property
    def expected_failure(self) -> str | None:
        """Words of the reason for which the execution must fail in AWS, or `None` where it must decide."""
        path = self.folder / EXPECTED_FAILURE
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    @property
    def register_script(self) -> Path | None:
        """The script that registers the version instead of `governance register`, or `None`."""
        path = self.folder / REGISTER_SCRIPT
        return path if path.exists() else None

    @property
    def deliveries(self) -> int:
        """How often the event of the registration arrives, at least once."""
        path = self.folder / DELIVERIES
        return int(path.read_text(encoding="utf-8")) if path.exists() else 1


def find_examples(folder: Path) -> list[ExampleVersion]:
    """Return the versions of all examples in `folder`, by group and version number.

    Raises:
        GovernanceError: there is none.
    """
    versions = [
        ExampleVersion(path.parent)
        for path in folder.glob(f"*/version-*/{EVIDENCE}")
        if path.is_dir() and (path.parents[1] / THRESHOLDS).is_file()
    ]
    if not versions:
        raise GovernanceError(f"{folder}: no examples in it; run the demo from the project's folder")
    return sorted(versions, key=lambda version: (version.group, _number(version.folder.name)))


def _number(name: str) -> tuple[int, str]:
    digits = name.removeprefix("version-")
    return (int(digits) if digits.isdecimal() else 0, name)


def comparable(record: DecisionRecord) -> dict[str, Any]:
    """Return what must be the same each time: all of `record` but the clock and the engine's version."""
    content: dict[str, Any] = json.loads(record.to_bytes())
    del content["decided_at"], content["engine"]
    return content
