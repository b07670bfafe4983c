"""Which version is served: the newest that is approved and can be verified, and nothing else."""

import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.approved_versions import BY_GATE, ApprovalError, ApprovedVersion, ApprovedVersions
from assistant.artifact import ArtifactError, find_digest, key_of, pack, unpack
from assistant.assistant import Assistant
from assistant.configuration import Configuration, ConfigurationError
from assistant.context import Context
from assistant.followed_approvals import FollowedApprovals
from aws.bedrock import ChatAnswer
from aws.model_packages import Registration
from checks.errors import GovernanceError
from checks.review_record import ReviewAction, Reviewer
from pipelines.review_version import ReviewRequest, ReviewServices, review_version
from pipelines.step_settings import SeparationOfDuties
from tests.pipelines.conftest import EXECUTION, World, attached

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/askdata/{}"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def configuration(number: int = 1) -> Configuration:
    return Configuration.model_validate(
        {
            "chat": {"model_id": f"a.model-{number}"},
            "embeddings": {"model_id": "b.model"},
            "instructions": "Write SQL.",
            "prompt": "{question}",
        }
    )


def place(made: Configuration) -> str:
    return f"s3://artifacts/{key_of(made, 'askdata')}"


def archive(members: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def test_a_configuration_comes_back_from_its_artifact() -> None:
    made = configuration()
    assert unpack(pack(made), place(made)) == made
    assert find_digest(place(made)) == made.digest
    assert pack(made) == pack(configuration())


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        pytest.param(pack(configuration(2)), ArtifactError, "was approved; put back", id="another one"),
        pytest.param(b"no archive", ArtifactError, "not an archive with configuration.json", id="no archive"),
        pytest.param(pack(configuration())[:60], ArtifactError, "not an archive with", id="cut off"),
        pytest.param(archive({"other.json": b"{}"}), ArtifactError, "not an archive with", id="another file"),
        pytest.param(archive({"configuration.json": b"chat: 1"}), ConfigurationError, "chat", id="no config"),
        pytest.param(gzip.compress(b""), ArtifactError, "not an archive with", id="empty"),
    ],
)
def test_an_artifact_that_is_not_what_was_approved_is_refused(
    content: bytes, error: type[GovernanceError], message: str
) -> None:
    with pytest.raises(error, match=message):
        unpack(content, place(configuration()))


def test_a_small_archive_of_a_large_file_is_refused() -> None:
    content = archive({"configuration.json": b" " * 50_000_000})  # every worker makes the table above
    with pytest.raises(ConfigurationError, match="100,001 bytes, and at most 100,000 are read"):
        unpack(content, place(configuration()))


def test_an_artifact_without_a_digest_in_its_place_is_refused() -> None:
    with pytest.raises(ArtifactError, match="not the URI of a configuration; register versions by"):
        find_digest("s3://artifacts/askdata/model.tar.gz")


class Silent:
    """A model and a retrieval that are never asked."""

    def converse(self, prompt: str, *, system: str | None = None) -> ChatAnswer:
        raise NotImplementedError

    def retrieve(self, question: str) -> Context:
        raise NotImplementedError


@dataclass
class Scripted:
    """The approvals at this moment: numbers of versions, newest first, and what cannot be fetched."""

    approved: list[int] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    is_unreachable: bool = False

    def newest_first(self) -> Iterator[ApprovedVersion]:
        if self.is_unreachable:
            raise GovernanceError("the registry is away; wait")
        for number in self.approved:
            yield ApprovedVersion(ARN.format(number), "the gate", "s3://decisions/1.json", "0" * 64)

    def fetch(self, version: ApprovedVersion) -> Configuration:
        number = int(version.arn.rpartition("/")[2])
        if number in self.broken:
            raise ArtifactError(f"{number}: exchanged; put it back")
        return configuration(number)


def build(made: Configuration) -> Assistant:
    if made.chat.model_id == "a.model-9":
        raise GovernanceError("no LookML was ingested; ingest it")
    return Assistant(made, Silent(), Silent())


Step = tuple[Scripted, int | None, str]
NOTHING, UNREADABLE = Scripted(), Scripted(is_unreachable=True)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([(NOTHING, None, "")], id="nothing is approved"),
        pytest.param([(Scripted([1]), 1, ""), (Scripted([2, 1]), 2, "")], id="a newer one is taken up"),
        pytest.param([(Scripted([2, 1]), 2, ""), (Scripted([1]), 1, "")], id="withdrawn: the one before"),
        pytest.param([(Scripted([1]), 1, ""), (NOTHING, None, "")], id="withdrawn: none"),
        pytest.param(
            [
                (Scripted([1]), 1, ""),
                (
                    Scripted([2, 1], broken={2}),
                    1,
                    "version 2 is approved and not served: 2: exchanged; put it back",
                ),
                (Scripted([2, 1]), 2, ""),
            ],
            id="a newer one cannot be verified",
        ),
        pytest.param(
            [
                (Scripted([1]), 1, ""),
                (Scripted([9, 1]), 1, "version 9 is approved and not served: no LookML was ingested; ingest it"),
            ],
            id="a newer one cannot be built",
        ),
        pytest.param(
            [(Scripted([2], broken={2}), None, "version 2 is approved and not served: 2: exchanged; put it back")],
            id="the only one cannot be verified",
        ),
        pytest.param(
            [(Scripted([1]), 1, ""), (UNREADABLE, 1, "the approvals cannot be read: the registry is away; wait")],
            id="the registry is away",
        ),
        pytest.param(
            [(UNREADABLE, None, "the approvals cannot be read: the registry is away; wait"), (Scripted([1]), 1, "")],
            id="the registry was away at first",
        ),
        pytest.param(
            [(Scripted([1]), 1, ""), (Scripted([1], broken={1}), 1, "")],
            id="the present one stays though its artifact is gone",
        ),
    ],
)  # fmt: skip
def test_what_is_served_follows_what_is_approved(steps: list[Step]) -> None:
    approvals = Scripted()
    service = FollowedApprovals(approvals, build, clock=lambda: NOW)
    for now, served, problem in steps:
        vars(approvals).update(vars(now))
        state = service.refresh()
        assert (state.served and state.served.number, state.problem) == (served, problem)
        assert service.state() is state
        if state.served is not None:
            assert state.served.assistant.configuration == configuration(state.served.number)
            assert (state.served.since, state.served.approved_by) == (NOW, "the gate")


def test_while_it_is_open_it_looks_again() -> None:
    approvals, taken_up = Scripted([1]), threading.Event()

    def build_and_tell(made: Configuration) -> Assistant:
        if made == configuration(2):
            taken_up.set()
        return build(made)

    with FollowedApprovals(approvals, build_and_tell, seconds=0.01) as service:
        first = service.state().served
        approvals.approved = [2, 1]
        assert taken_up.wait(60)
    # The thread has ended, and with it what it was about to do.
    served = service.state().served
    assert first is not None
    assert served is not None
    assert (first.number, served.number) == (1, 2)


REVIEWER = Reviewer("arn:aws:sts::123456789012:assumed-role/reviewers/ann", "AROAREVIEWERS:ann")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A gate on the twins of AWS, which rejects by accuracy and asks for a review by latency."""
    made = World(tmp_path.resolve())
    made.write_thresholds()
    return made


def judged(world: World, accuracy: float, latency: float, *, model_data: str | None = "s3://a/1") -> str:
    """A version that the gate has judged, and whose status it has set."""
    number = len(world.registry.list("AskData")) + 1
    report = world.report(f"{number}.json", text_to_sql__accuracy=accuracy, latency__p95_seconds=latency)
    arn = world.registry.register(
        Registration(
            group="AskData", image="1.dkr.ecr/i:1", model_data=model_data, reports=[attached(report)]
        )
    )
    execution = f"{EXECUTION}{number}"
    world.update(arn, world.evaluate(arn, execution), execution)
    return arn


def reviewed(world: World, arn: str) -> str:
    """The version, approved by a reviewer."""
    services = ReviewServices(world.registry, world.decisions, SeparationOfDuties.NOT_REQUIRED)
    asked = ReviewRequest(arn, ReviewAction.APPROVE, "I have looked at it.", REVIEWER)
    review_version(asked, services, now=datetime.now(UTC))
    return arn


def approvals(world: World) -> ApprovedVersions:
    """The approved versions, whose artifacts nobody fetches."""
    unasked: Any = None
    return ApprovedVersions("AskData", world.registry, world.decisions, unasked)


def test_what_the_gate_or_a_reviewer_approved_is_served_and_no_status_by_hand(world: World) -> None:
    by_gate = judged(world, 0.9, 1.0)
    by_reviewer = reviewed(world, judged(world, 0.9, 9.0))
    judged(world, 0.9, 9.0)  # waits for its review
    for accuracy, latency in ((0.1, 1.0), (0.9, 9.0)):
        world.registry.update(judged(world, accuracy, latency), approval_status="Approved")
    unjudged = world.registry.register(Registration(group="AskData", image="1.dkr.ecr/i:1"))
    world.registry.update(unjudged, approval_status="Approved")
    found = [(one.arn, one.approved_by) for one in approvals(world).newest_first()]
    assert found == [(by_reviewer, REVIEWER.arn), (by_gate, BY_GATE)]


def test_a_decision_that_somebody_changed_is_served_by_nobody(world: World) -> None:
    judged(world, 0.9, 1.0)
    [version] = approvals(world).newest_first()
    record = Path(version.decision_uri)
    record.write_bytes(record.read_bytes().replace(b"s3://a/1", b"s3://a/2"))
    with pytest.raises(ApprovalError, match=r"not the decision by which .*/1 was approved; find out who"):
        approvals(world).fetch(version)
    # Nor is the decision about another version, whose digest is its own.
    other = judged(world, 0.9, 1.0)
    changed = hashlib.sha256(record.read_bytes()).hexdigest()
    exchanged = ApprovedVersion(other, BY_GATE, version.decision_uri, changed)
    with pytest.raises(ApprovalError, match=r"names no one model artifact of .*/2; register it by"):
        approvals(world).fetch(exchanged)


def test_a_version_without_an_artifact_cannot_be_served(world: World) -> None:
    judged(world, 0.9, 1.0, model_data=None)
    [version] = approvals(world).newest_first()
    with pytest.raises(ApprovalError, match=r"names no one model artifact of .*/1; register it by"):
        approvals(world).fetch(version)
