"""A registered version, its evidence in folders, and step one and two on the twins of AWS."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from aws.decision_log import FolderDecisionLog
from aws.evidence_copies import FolderEvidenceCopies
from aws.evidence_store import FolderEvidenceStore
from aws.gold_store import FolderGoldStore
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import Registration
from aws.record_seals import LocalSeals
from aws.report_references import ReportReference, ReportSlot
from aws.threshold_store import FolderThresholdStore
from checks.evidence import Document
from disk.reading import read_bounded
from pipelines.evaluate_model_package import EvaluateServices, evaluate_model_package
from pipelines.evidence_claims import EvidenceClaims
from pipelines.judged_copies import JudgedCopies
from pipelines.recomputed_evidence import RecomputedFigures
from pipelines.replayed_decisions import Replay, replay_decision
from pipelines.step_messages import EvaluateRequest, EvaluateResponse, UpdateRequest, UpdateResponse
from pipelines.update_model_status import UpdateServices, update_model_status

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/abc123"
SEALS = LocalSeals(b"the secret of the tests")
THRESHOLDS = """
name: askdata
applies_to: {model_package_groups: ["AskData"]}
mode: MODE
checks:
  - {name: accuracy, why: Analysts run the SQL as it comes., metric: text_to_sql.accuracy, at_least: 0.8}
  - {name: latency, why: Analysts wait., metric: latency.p95_seconds, at_most: 3, on_failure: review, on_missing: warn}
"""


class MappedEvidenceStore:
    """Evidence in a folder that is called `s3://evidence`, as a model package can only name such."""

    BUCKET = "s3://evidence"

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._store = FolderEvidenceStore(folder)

    def read(self, reference: ReportReference) -> Document:
        path = reference.uri.replace(self.BUCKET, self._folder)
        found = self._store.read(replace(reference, uri=path))
        return Document(reference.uri, found.content, written_at=found.written_at)

    def list(self, prefix: str) -> tuple[ReportReference, ...]:
        found = self._store.list(prefix.replace(self.BUCKET, self._folder))
        return tuple(replace(ref, uri=ref.uri.replace(self._folder, self.BUCKET)) for ref in found)

    def upload(
        self, directory: Path, prefix: str, *, expected: Mapping[str, str] | None = None
    ) -> tuple[ReportReference, ...]:
        raise NotImplementedError

    def manifest_written_at(self, prefix: str) -> datetime | None:
        raise NotImplementedError

    def add_manifest(self, prefix: str, content: bytes) -> None:
        raise NotImplementedError


@dataclass
class World:
    """Everything that the two steps see."""

    folder: Path
    registry: MemoryModelRegistry = field(default_factory=MemoryModelRegistry)
    verifies: bool = False  # as a Processing job does

    @property
    def decisions(self) -> FolderDecisionLog:
        return FolderDecisionLog(self.folder / "decisions")

    @property
    def services(self) -> EvaluateServices:
        evidence = MappedEvidenceStore(self.folder / "evidence")
        copies = JudgedCopies(FolderEvidenceCopies(self.folder / "copies"))
        return EvaluateServices(
            registry=self.registry,
            thresholds=FolderThresholdStore(self.folder / "thresholds"),
            evidence=evidence,
            decisions=self.decisions,
            seals=SEALS,
            claims=EvidenceClaims(FolderDecisionLog(self.folder / "claims")),
            copies=copies,
            recompute=RecomputedFigures(evidence, copies, SEALS, FolderGoldStore()).recompute
            if self.verifies
            else None,
        )

    def write_thresholds(self, mode: str = "enforce") -> None:
        (self.folder / "thresholds").mkdir(exist_ok=True)
        (self.folder / "thresholds" / "askdata.yaml").write_text(THRESHOLDS.replace("MODE", mode))

    def report(self, name: str, **metrics: float) -> Path:
        """Write evaluation JSON; `text_to_sql__accuracy=0.9` is `text_to_sql.accuracy`."""
        path = self.folder / "evidence" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        document: dict[str, dict[str, object]] = {}
        for metric, value in metrics.items():
            group, _, rest = metric.partition("__")
            document.setdefault(f"{group}_metrics", {})[rest] = {"value": value}
        path.write_text(json.dumps(document))
        return path

    def register(self, *references: ReportReference, prefix: str | None = None, **metadata: str) -> str:
        given = {"team": "search", **metadata}
        if prefix is not None:
            given["governance:evidence"] = prefix
        return self.registry.register(
            Registration(group="AskData", image="1.dkr.ecr/i:1", reports=references, metadata=given)
        )

    def register_scored(self, accuracy: float, latency: float = 1.0) -> str:
        path = self.report("v.json", text_to_sql__accuracy=accuracy, latency__p95_seconds=latency)
        return self.register(attached(path))

    def evaluate(self, arn: str, execution: str = EXECUTION, now: datetime = NOON) -> EvaluateResponse:
        """Judge a version; every decision comes to the same when it is made again from its record."""
        request = EvaluateRequest(arn, "unused", "unused", execution)
        answer = evaluate_model_package(request, self.services, now=now)
        replay = self.replay(answer.decision_uri)
        assert (replay.is_same, replay.problems, replay.differences) == (True, (), ())
        return answer

    def replay(self, decision_uri: str) -> Replay:
        """Make a decision again from its record, out of what is in the folders now."""
        return replay_decision(Path(decision_uri).read_bytes(), self.fetch)

    def fetch(self, place: str, most: int) -> bytes:
        path = place.replace(MappedEvidenceStore.BUCKET, str(self.folder / "evidence"))
        return read_bounded(Path(path), max_bytes=most)

    def update(
        self, arn: str, answer: EvaluateResponse, execution: str = EXECUTION, now: datetime = NOON
    ) -> UpdateResponse:
        request = UpdateRequest(
            arn, "unused", execution, answer.decision_uri, answer.decision_digest, answer.decision
        )
        services = UpdateServices(self.registry, self.services.thresholds, self.decisions, SEALS)
        return update_model_status(request, services, now=now)


def attached(
    path: Path, slot: ReportSlot = ReportSlot.MODEL_QUALITY_STATISTICS, digest: str | None = "true"
) -> ReportReference:
    """A reference to the report at `path` with its true digest, another, or none."""
    if digest == "true":
        digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    folder = next(parent for parent in path.parents if parent.name == "evidence")
    return ReportReference(slot, f"s3://evidence/{path.relative_to(folder)}", digest)


Attach = Callable[..., ReportReference]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path.resolve())
    made.write_thresholds()
    (made.folder / "evidence").mkdir()
    return made


@pytest.fixture(name="attached")
def attached_fixture() -> Attach:
    """The function `attached`."""
    return attached
