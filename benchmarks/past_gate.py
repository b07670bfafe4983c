"""A history as a gate keeps it: decision records, and a copy of each report under the SHA-256 of its bytes.

The figures are drawn from a seed, so that the same numbers of versions and checks are the same bytes. Each check has a
metric of its own with a sample size, every fourth asks for confidence. The edit raises every fifth limit.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from checks.decision_record import DecisionRecord, RecordedModelPackage
from checks.evidence import Document, Evidence, Report
from checks.judge import judge
from checks.reports import read_report
from checks.threshold_set import compile_thresholds
from checks.thresholds import ThresholdFile
from pipelines.step_settings import COPIES_FOLDER, DECISIONS_FOLDER

GROUPS = 10
_FIRST_DECISION = datetime(2026, 1, 1, tzinfo=UTC)
_EVERY_FOURTH, _EVERY_FIFTH = 4, 5


@dataclass(frozen=True, slots=True)
class PastGate:
    """The folder that holds the history, and the threshold files before and after the edit."""

    history: Path
    old: Path
    new: Path

    @classmethod
    def below(cls, folder: Path) -> "PastGate":
        """Return the one in a folder, whether it is there or not."""
        return cls(folder / "bucket", folder / "old.yaml", folder / "new.yaml")


def make_past_gate(folder: Path, *, versions: int, checks: int, reports: int) -> PastGate:
    """Write the history of `versions` versions in ten groups, each judged by `checks` checks on `reports` reports."""
    folder.mkdir(parents=True, exist_ok=True)
    gate = PastGate.below(folder)
    gate.old.write_text(_write_thresholds(checks, raised_by=0.0))
    gate.new.write_text(_write_thresholds(checks, raised_by=0.02))
    (thresholds,) = compile_thresholds({gate.old.name: gate.old.read_bytes()})
    copies = gate.history / COPIES_FOLDER
    copies.mkdir(parents=True)
    numbers = random.Random(5)
    for count in range(versions):
        contents = list(_write_reports(numbers, checks, reports))
        for content in contents:
            (copies / hashlib.sha256(content).hexdigest()).write_bytes(content)
        group, version = f"team-{count % GROUPS}", 1 + count // GROUPS
        place = gate.history / DECISIONS_FOLDER / group / str(version)
        place.mkdir(parents=True)
        decided_at = _FIRST_DECISION + timedelta(minutes=count)
        record = _decide(thresholds, contents, (group, version), decided_at)
        (place / f"e{count}.json").write_bytes(record.to_bytes())
    return gate


def _write_thresholds(checks: int, *, raised_by: float) -> str:
    lines = ["name: team", "applies_to:", '  model_package_groups: ["team-*"]', "checks:"]
    for number in range(checks):
        limit = 0.7 + (raised_by if number % _EVERY_FIFTH == 0 else 0)
        lines += [
            f"  - name: check {number}",
            "    why: Its users need it.",
            f"    metric: team.figure_{number}",
        ]
        lines += [f"    at_least: {limit:g}"]
        lines += ["    confidence: 0.9"] if number % _EVERY_FOURTH == 0 else []
    return "\n".join(lines) + "\n"


def _write_reports(numbers: random.Random, checks: int, reports: int) -> Iterator[bytes]:
    for number in range(reports):
        # Most are far from the limit, some near it, a few miss it.
        figures = {
            f"figure_{check}": {"value": round(numbers.uniform(0.69, 0.99), 4), "samples": 5_000}
            for check in range(number, checks, reports)
        }
        yield json.dumps({"team_metrics": figures}, indent=2).encode()


def _decide(
    thresholds: ThresholdFile, contents: list[bytes], package: tuple[str, int], decided_at: datetime
) -> DecisionRecord:
    group, version = package
    evidence = Evidence(
        tuple(_read(content, f"{group}/{version}/{at}") for at, content in enumerate(contents))
    )
    arn = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{group}/{version}"
    return DecisionRecord.of(
        judge(thresholds, evidence, decided_at=decided_at),
        thresholds=thresholds,
        evidence=evidence,
        decided_at=decided_at,
        model_package=RecordedModelPackage(arn=arn, group=group, version=version),
    )


def _read(content: bytes, name: str) -> Report:
    report = read_report(Document(f"s3://evidence/{name}.json", content))
    return replace(report, copy_uri=f"s3://evidence/{COPIES_FOLDER}/{report.sha256}")
