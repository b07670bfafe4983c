"""Versions whose reports are in a model account: read from copies, waited for, and decided without them in the end."""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from aws.account_copies import ModelBucket, Provenance
from aws.arns import GroupArn, ModelPackageArn
from aws.aws_errors import AwsAccessDeniedError, AwsThrottledError
from aws.decision_log import FolderDecisionLog
from aws.evidence_errors import DigestMismatchError, EvidenceMissingError, EvidenceNotArrivedError
from aws.evidence_store import S3EvidenceStore
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import ModelPackageSummary, Registration
from aws.record_seals import LocalSeals
from aws.registry_names import EVIDENCE_DIGEST_PROPERTY, EVIDENCE_PROPERTY
from aws.report_references import ReportReference, ReportSlot
from aws.s3_uris import S3Uri
from aws.threshold_store import FolderThresholdStore
from checks.manifest import Manifest
from checks.report_files import MANIFEST
from checks.subject import Subject
from lambdas.start_pipeline import StartOutcome, start_pipeline
from pipelines.due_judgements import JudgementSources
from pipelines.evidence_arrivals import EvidenceArrivals
from pipelines.governed_groups import GovernedGroups
from pipelines.read_evidence import read_evidence
from pipelines.reconcile_versions import (
    ArrivedReport,
    RunBounds,
    RunSummary,
    reconcile_arrival,
    reconcile_versions,
)
from pipelines.step_settings import NOBODY, StartPipelineSettings, UngovernedGroups, read_places, write_places
from tests.memory_executions import MemoryExecutions
from tests.mocked_aws import mocked_aws

HOME, TEAM, REGION = "123456789012", "111122223333", "eu-west-1"
BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPORT = b'{"text_to_sql_metrics": {"accuracy": {"value": 0.9}}}'
SHA256 = hashlib.sha256(REPORT).hexdigest()
ELSEWHERE = GroupArn("aws", REGION, TEAM, "askdata")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mocked_aws():
        yield boto3.client("s3", region_name=REGION)


@dataclass
class Copies:
    """The evidence bucket, and the copies in it of what is in the bucket of a model account."""

    client: Any
    bucket: ModelBucket

    def arrive(
        self, key: str, content: bytes = REPORT, *, version: str = "v1", sha256: str | None = None
    ) -> str:
        """Copy an object as the model account's function does; return the URI of the original."""
        digest = sha256 or hashlib.sha256(content).hexdigest()
        origin = Provenance(TEAM, self.bucket.name, version, "0A", digest, BEGINNING, BEGINNING)
        self.client.put_object(
            Bucket=self.bucket.evidence_bucket,
            Key=self.bucket.prefix + key,
            Body=content,
            Metadata=origin.to_metadata(),
        )
        return self.uri(key)

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket.name}/{key}"

    @property
    def store(self) -> S3EvidenceStore:
        return S3EvidenceStore(self.client, [self.bucket.evidence_bucket], [self.bucket])

    def arrivals(self, hours: float = 24) -> EvidenceArrivals:
        return EvidenceArrivals.within(self.client, [self.bucket], timedelta(hours=hours))


@pytest.fixture
def copies(client: Any) -> Copies:
    bucket = ModelBucket(TEAM, f"team-{uuid.uuid4().hex}", f"evidence-{uuid.uuid4().hex}")
    place: Any = {"LocationConstraint": REGION}
    client.create_bucket(Bucket=bucket.evidence_bucket, CreateBucketConfiguration=place)
    return Copies(client, bucket)


def test_a_report_is_read_from_its_copy_and_told_by_its_own_uri_and_version(copies: Copies) -> None:
    uri = copies.arrive("m/1/evaluation.json", version="v7")
    document = copies.store.read(ReportReference(None, uri, f"sha256:{SHA256}"))
    assert (document.uri, document.version_id, document.content) == (uri, "v7", REPORT)
    assert document.written_at == BEGINNING  # the original; the copy is of now
    assert [reference.uri for reference in copies.store.list(copies.uri("m/1"))] == [uri]
    assert copies.store.read(ReportReference(None, f"{uri}?versionId=v7")).is_pinned


@pytest.mark.parametrize(
    ("given", "reference", "error", "message"),
    [
        ({"sha256": "0" * 64}, "", DigestMismatchError, "not the one that was read when it was copied"),
        ({"version": "v8"}, "?versionId=v7", EvidenceMissingError, "the copy is of the version v8 by now"),
    ],
    ids=["other bytes", "other version"],
)
def test_a_copy_that_is_not_what_was_registered_is_refused(
    copies: Copies, given: dict[str, Any], reference: str, error: type[Exception], message: str
) -> None:
    uri = copies.arrive("a.json", **given)
    with pytest.raises(error, match=message):
        copies.store.read(ReportReference(None, uri + reference))


def test_an_object_without_provenance_is_no_copy(copies: Copies) -> None:
    copies.client.put_object(
        Bucket=copies.bucket.evidence_bucket, Key=f"{copies.bucket.prefix}a.json", Body=REPORT
    )
    with pytest.raises(DigestMismatchError, match="Find out who wrote it"):
        copies.store.read(ReportReference(None, copies.uri("a.json")))


def test_a_report_whose_copy_has_not_arrived_says_where_to_look(copies: Copies) -> None:
    with pytest.raises(EvidenceNotArrivedError, match=f"no copy of it has arrived from account {TEAM}; look"):
        copies.store.read(ReportReference(None, copies.uri("a.json")))


class TwoAccounts(MemoryModelRegistry):
    """The registry of this account, through which that of a model account is reached by ARNs."""

    def __init__(self) -> None:
        super().__init__(region=REGION, account=HOME)
        self.other = MemoryModelRegistry(region=REGION, account=TEAM)
        self.is_refused = False

    def describe(self, arn: str) -> Any:
        is_own = ModelPackageArn.parse(arn).account == HOME
        return super().describe(arn) if is_own else self.other.describe(arn)

    def list(
        self, group: str | GroupArn, *, approval_status: str | None = None
    ) -> tuple[ModelPackageSummary, ...]:
        if not isinstance(group, GroupArn):
            return super().list(group, approval_status=approval_status)
        if self.is_refused:
            raise AwsAccessDeniedError(f"{group}: ListModelPackages failed with AccessDeniedException")
        return self.other.list(group, approval_status=approval_status)

    def update(self, arn: str, **changes: Any) -> None:
        is_own = ModelPackageArn.parse(arn).account == HOME
        return super().update(arn, **changes) if is_own else self.other.update(arn, **changes)


@dataclass
class World:
    """The gate of this account, with one model account."""

    copies: Copies
    hours: float = 24
    registry: TwoAccounts = field(default_factory=TwoAccounts)
    executions: MemoryExecutions = field(default_factory=MemoryExecutions)
    now: datetime = BEGINNING
    reports: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry.clock = self.registry.other.clock = lambda: self.now

    def register(self, *uris: str, metadata: dict[str, str] | None = None, own: bool = False) -> str:
        """Register a version here, or in the model account's own registry."""
        slots = list(ReportSlot)
        registry = self.registry.other if own else self.registry
        registration = Registration(
            group="askdata",
            image="1.dkr.ecr/i:1",
            reports=[ReportReference(slots[place], uri) for place, uri in enumerate(uris)],
            metadata=metadata or {},
        )
        return registry.register(registration)

    @property
    def sources(self) -> JudgementSources:
        governed = GovernedGroups(FolderThresholdStore(Path("/nonexistent")), UngovernedGroups.REVIEW)
        return JudgementSources(
            self.registry,
            self.executions,
            FolderDecisionLog(Path("/nonexistent")),
            LocalSeals(b"secret"),
            governed,
            (ELSEWHERE,),
            self.copies.arrivals(self.hours),
        )

    def reconcile(self, **passed: float) -> RunSummary:
        self.now += timedelta(**passed)
        self.executions.now = self.now
        bounds = RunBounds(max_starts=20, decide_within=timedelta(hours=48))
        return reconcile_versions(
            self.sources, bounds, now=self.now, report=lambda said, **_: self.reports.append(said)
        )

    def take_in(self, key: str, *, account: str = TEAM, max_looks: int = 500) -> RunSummary:
        """Look at what waited for a report, as the event of its copy has it done."""
        self.executions.now = self.now
        return reconcile_arrival(
            ArrivedReport(account, S3Uri(self.copies.bucket.name, key)),
            self.sources,
            RunBounds(max_starts=20, decide_within=timedelta(hours=48), max_looks=max_looks),
            now=self.now,
            report=lambda said, **_: self.reports.append(said),
        )

    def send_event(self, arn: str) -> StartOutcome:
        settings = StartPipelineSettings(
            pipeline_name="model-governance",
            account=HOME,
            region=REGION,
            thresholds_bucket="unused",
            decisions_bucket="unused",
            seal_key=f"arn:aws:kms:{REGION}:{HOME}:key/1",
            model_package_groups="*",
            ungoverned_groups=UngovernedGroups.REVIEW,
            groups_elsewhere=write_places([(TEAM, "askdata")]),
        )
        sources = self.sources
        return start_pipeline(
            {
                "source": "aws.sagemaker",
                "detail-type": "SageMaker Model Package State Change",
                "account": TEAM,
                "detail": {"ModelPackageArn": arn, "ModelApprovalStatus": "PendingManualApproval"},
            },
            settings=settings,
            registry=sources.registry,
            executions=sources.executions,
            governed=sources.governed,
            decisions=sources.decisions,
            seals=sources.seals,
            arrivals=sources.arrivals,
            now=self.now,
        )


@pytest.fixture
def world(copies: Copies) -> World:
    return World(copies)


def manifest_of(*paths: str) -> bytes:
    return Manifest(Subject(name="askdata"), dict.fromkeys(paths, SHA256)).to_bytes()


DIGEST = {EVIDENCE_DIGEST_PROPERTY: f"sha256:{hashlib.sha256(manifest_of('a.json', 'b.json')).hexdigest()}"}


@pytest.mark.parametrize(
    ("there", "attached", "metadata", "missing"),
    [
        pytest.param([], ["m/a.json"], {}, ["m/a.json"], id="attached"),
        pytest.param(["m/a.json"], ["m/a.json"], {}, [], id="attached and there"),
        pytest.param([], [], {EVIDENCE_PROPERTY: "m"}, ["m/"], id="nothing under the prefix"),
        pytest.param(["m/a.json"], [], {EVIDENCE_PROPERTY: "m"}, [], id="something under the prefix"),
        pytest.param(
            ["m/a.json", "m/b.json"],
            [],
            {EVIDENCE_PROPERTY: "m"} | DIGEST,
            [f"m/{MANIFEST}"],
            id="no manifest",
        ),
        pytest.param(
            ["m/a.json", f"m/{MANIFEST}"],
            [],
            {EVIDENCE_PROPERTY: "m"} | DIGEST,
            ["m/b.json"],
            id="one listed",
        ),
        pytest.param(
            ["m/a.json", "m/b.json", f"m/{MANIFEST}"],
            ["m/a.json"],
            {EVIDENCE_PROPERTY: "m"} | DIGEST,
            [],
            id="all",
        ),
        pytest.param(
            [f"m/{MANIFEST}"],
            ["m/b.json"],
            {EVIDENCE_PROPERTY: "m"} | DIGEST,
            ["m/b.json", "m/a.json"],
            id="once",
        ),
    ],
)
def test_what_a_version_waits_for(
    world: World, there: list[str], attached: list[str], metadata: dict[str, str], missing: list[str]
) -> None:
    copies = world.copies
    for key in there:
        copies.arrive(key, manifest_of("a.json", "b.json") if key.endswith(MANIFEST) else REPORT)
    given = metadata | {name: copies.uri(key) for name, key in metadata.items() if name == EVIDENCE_PROPERTY}
    package = world.registry.describe(world.register(*map(copies.uri, attached), metadata=given))
    expected = tuple(map(copies.uri, missing))
    assert copies.arrivals().list_missing(package, now=BEGINNING) == expected
    # At the deadline nothing is waited for any more, nor is it without one.
    assert copies.arrivals().list_missing(package, now=BEGINNING + timedelta(hours=24)) == ()
    assert copies.arrivals(0).list_missing(package, now=BEGINNING) == ()


def test_what_is_in_this_account_is_not_waited_for(world: World) -> None:
    package = world.registry.describe(
        world.register("s3://own-bucket/a.json", metadata={EVIDENCE_PROPERTY: "https://example.com/b"})
    )
    assert world.copies.arrivals().list_missing(package, now=BEGINNING) == ()


@pytest.mark.parametrize("own", [False, True], ids=["registered here", "own registry"])
def test_a_version_waits_says_for_what_and_is_judged_when_the_last_report_is_there(
    world: World, own: bool
) -> None:
    copies = world.copies
    arn = world.register(copies.uri("a.json"), copies.uri("b.json"), own=own)
    assert world.send_event(arn).outcome == "left"

    assert world.reconcile(minutes=5) == RunSummary(pending=1, looked_at=1)
    said = world.registry.describe(arn).description
    both = f"{copies.uri('a.json')}, {copies.uri('b.json')}"
    assert said == f"Waiting for evidence: {both}; until 2026-03-02 12:00 UTC"
    # Its own event and the next run find the same, and change nothing.
    changed = world.registry.describe(arn).last_modified
    assert "Waiting for evidence" in world.send_event(arn).reason
    world.reconcile(minutes=5)
    assert world.registry.describe(arn).last_modified == changed

    copies.arrive("a.json")
    world.reconcile(minutes=5)
    assert world.registry.describe(arn).description == (
        f"Waiting for evidence: {copies.uri('b.json')}; until 2026-03-02 12:00 UTC"
    )
    assert world.executions.all == []
    copies.arrive("b.json")
    assert world.reconcile(minutes=5).started == 1
    assert [execution.about for execution in world.executions.all] == [arn]
    assert world.reports == ["waiting for evidence", "waiting for evidence", "started"]


@pytest.mark.parametrize("own", [False, True], ids=["registered here", "own registry"])
def test_the_last_report_that_arrives_has_its_versions_judged_at_once(world: World, own: bool) -> None:
    copies = world.copies
    reports = (copies.uri("m/a.json"), copies.uri("m/b.json?versionId=v1"))
    twins = [world.register(*reports, own=own) for _ in range(2)]
    world.register(copies.uri("other.json"), own=own)
    copies.arrive("m/a.json")
    assert world.take_in("m/a.json") == RunSummary(pending=3, looked_at=2)
    copies.arrive("m/b.json")
    assert world.take_in("m/b.json") == RunSummary(pending=3, looked_at=2, started=2)
    # The same event again, the event of the other report, and the next run start nothing more.
    world.take_in("m/b.json")
    world.take_in("m/a.json")
    world.reconcile(minutes=5)
    assert sorted(str(execution.about) for execution in world.executions.all) == sorted(twins)


def test_what_arrives_under_the_prefix_of_a_version_is_looked_at(world: World) -> None:
    copies = world.copies
    arn = world.register(metadata={EVIDENCE_PROPERTY: copies.uri("m")} | DIGEST)
    for key in ("m/a.json", "m/b.json"):
        copies.arrive(key)
        assert world.take_in(key).started == 0
    copies.arrive(f"m/{MANIFEST}", manifest_of("a.json", "b.json"))
    assert world.take_in("mm/a.json").looked_at == 0
    assert world.take_in(f"m/{MANIFEST}").started == 1
    assert [execution.about for execution in world.executions.all] == [arn]


def test_an_arrival_says_nothing_of_what_is_missing_and_asks_no_other_account(world: World) -> None:
    """What is missing is for the next run to say: an arrival beside it may have started the version."""
    world.registry.is_refused = True
    arn = world.register(world.copies.uri("a.json"), world.copies.uri("b.json"))
    world.copies.arrive("a.json")
    assert world.take_in("a.json", account="444455556666").failed == 0
    assert world.take_in("a.json") == RunSummary(pending=1, looked_at=1, failed=1)
    assert world.registry.describe(arn).description is None


def test_an_arrival_that_aws_asks_to_slow_down_is_left_to_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no failure of the reconciler, for which there is an alarm."""
    world.register(world.copies.arrive("a.json"))

    def refuse() -> None:
        raise AwsThrottledError("slow down")

    with monkeypatch.context() as patch:
        patch.setattr(world.registry, "pending", refuse)
        assert world.take_in("a.json") == RunSummary(refused=True)
    assert world.reports == ["refused for now"]
    assert world.reconcile(minutes=5).started == 1


def test_an_arrival_looks_at_the_newest_versions_and_leaves_the_others_to_the_next_run(world: World) -> None:
    uri = world.copies.arrive("a.json")
    arns = []
    for _ in range(3):
        world.now += timedelta(seconds=1)
        arns.append(world.register(uri))
    assert world.take_in("a.json", max_looks=2).started == 2
    assert {execution.about for execution in world.executions.all} == set(arns[1:])
    assert world.reconcile(minutes=5).started == 1


def test_at_the_deadline_a_version_is_judged_without_what_is_missing(world: World) -> None:
    copies = world.copies
    prefix = {EVIDENCE_PROPERTY: copies.uri("m")} | DIGEST
    arn = world.register(copies.uri("a.json"), metadata=prefix)
    assert world.reconcile(hours=23).started == 0
    assert world.reconcile(hours=1).started == 1
    # Nobody need have removed the manifest: its absence is a report with a problem, and no failure.
    evidence = read_evidence(copies.store, world.registry.describe(arn))
    problems = {report.uri: report.problem for report in evidence.reports}
    assert set(problems) == {copies.uri("a.json"), copies.uri(f"m/{MANIFEST}")}
    assert all("no copy of it has arrived" in str(problem) for problem in problems.values())


def test_a_registry_that_cannot_be_listed_keeps_the_run_from_no_other_version(world: World) -> None:
    world.registry.is_refused = True
    own = world.register()
    summary = world.reconcile(minutes=5)
    assert (summary.started, summary.failed, summary.undecided) == (1, 1, 1)
    assert [execution.about for execution in world.executions.all] == [own]
    assert world.reports == ["not listed", "started"]


@pytest.mark.parametrize(
    ("account", "group", "outcome"),
    [(TEAM, "askdata", "ignored"), (TEAM, "other", "refused"), ("444455556666", "askdata", "refused")],
    ids=["named", "other group", "other account"],
)
def test_events_of_other_accounts_are_taken_for_the_groups_that_are_named(
    world: World, account: str, group: str, outcome: str
) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{account}:model-package/{group}/1"
    assert world.send_event(arn).outcome == outcome  # "ignored": there is no such version


def test_places_are_written_and_read_as_text() -> None:
    assert write_places([]) == NOBODY
    places = ((TEAM, "a"), (TEAM, "b"))
    assert write_places(places) == f"{TEAM}/a,{TEAM}/b"
    assert read_places(write_places(places)) == places
    assert read_places(NOBODY) == ()
