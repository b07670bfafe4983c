"""AskData's loop through the deployed gate: a prompt is scored, registered and judged; what is approved is served."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.approved_versions import BY_GATE, ApprovedVersions
from assistant.artifact import key_of, pack
from assistant.assistant import Assistant
from assistant.building import build_assistant
from assistant.configuration import Configuration
from assistant.followed_approvals import FollowedApprovals
from assistant.metadata_store import MetadataStore
from assistant.service import ServiceState
from aws import clients
from aws.decision_log import S3DecisionLog
from aws.model_registry import SageMakerModelRegistry
from checks.subject import Subject
from ingest import ingest_lookml, read_configuration
from local_postgresql import running_postgresql
from local_services import serving_models
from make_database import make_database
from model_governance import TextToSqlSettings, score_text_to_sql
from predict import predict_all
from questions import read_questions
from register import register_configuration
from scorers.evidence_writer import evidence_about
from systems.asked_assistant import AskedAssistant
from tests.e2e.conftest import Governance

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ASKDATA = Path(__file__).resolve().parents[2] / "examples" / "askdata"
GROUP = "e2e-askdata"
USED = (clients.s3_client, clients.sagemaker_client, clients.sts_client, clients.bedrock_runtime_client)


@dataclass
class Loop:
    """The deployed gate with AskData beside it."""

    stack: Governance
    store: MetadataStore

    def build(self, configuration: Configuration) -> Assistant:
        return build_assistant(configuration, self.store)

    def follow(self) -> FollowedApprovals:
        """A service as it is after it was started: nothing is served yet."""
        log = S3DecisionLog(clients.s3_client(), f"s3://{self.stack.outputs['DecisionsBucket']}/decisions/")
        registry = SageMakerModelRegistry(clients.sagemaker_client())
        return FollowedApprovals(ApprovedVersions(GROUP, registry, log, clients.s3_client()), self.build)

    def judge(self, configuration: Configuration, evidence: Path) -> str:
        """Register a configuration, wait for the gate, and return the ARN."""
        registered = register_configuration(
            configuration,
            evidence,
            evidence_bucket=self.stack.outputs["EvidenceBucket"],
            artifact_bucket=self.stack.outputs["EvidenceBucket"],
            group=GROUP,
        )
        self.stack.settle()
        return registered.arn

    def status(self, arn: str) -> Any:
        return self.stack.describe(arn)["ModelApprovalStatus"]

    def set_by_hand(self, arn: str, status: str) -> None:
        """Set a status outside of the gate, as anybody with the right to update versions can."""
        self.stack.client("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)
        self.stack.settle()


@pytest.fixture
def loop(stack: Governance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    for name, value in stack.sandbox.environment().items():
        monkeypatch.setenv(name, value)
    for client in USED:
        client.cache_clear()
    thresholds = (ASKDATA / "thresholds.yaml").read_text(encoding="utf-8")
    thresholds = re.sub(r"model_package_groups: \[askdata\]", f"model_package_groups: [{GROUP}]", thresholds)
    thresholds = thresholds.replace("name: askdata", f"name: {GROUP}")
    place = {"Bucket": stack.outputs["ThresholdsBucket"], "Key": "thresholds/e2e-askdata.yaml"}
    stack.client("s3").put_object(**place, Body=thresholds.encode())
    with ExitStack() as running:
        url = running.enter_context(running_postgresql())
        running.enter_context(serving_models(stack.sandbox))
        ingest_lookml(read("configuration-1"), url)
        yield Loop(stack, running.enter_context(MetadataStore(url)))
    stack.client("s3").delete_object(**place)
    for client in USED:
        client.cache_clear()


def read(name: str) -> Configuration:
    return read_configuration(ASKDATA / "configurations" / f"{name}.yaml")


def scored(name: str) -> Path:
    """The evidence of a configuration as it is in the example."""
    return ASKDATA / "scored" / name / "evidence"


def serves(state: ServiceState) -> tuple[int | None, str]:
    return (state.served.number if state.served else None), state.problem


def test_what_the_gate_approves_is_served_and_nothing_else(loop: Loop, tmp_path: Path) -> None:
    service = loop.follow()
    assert serves(service.refresh()) == (None, "")

    # The first version: judged on the 123 questions, approved, and answering.
    first = loop.judge(read("configuration-1"), scored("configuration-1"))
    assert loop.status(first) == "Approved"
    state = service.refresh()
    assert serves(state) == (1, "")
    assert state.served is not None
    assert state.served.assistant.configuration == read("configuration-1")
    assert state.served.approved_by == BY_GATE
    answer = state.served.assistant.ask("How many calls did customers of each plan make?")
    assert answer.tables == ("calls", "customers")
    assert [file.name for file in answer.models] == ["askdata.model.lkml"]

    # A bad prompt is rejected, and not served either when somebody approves it outside of the gate.
    bad = loop.judge(read("configuration-bad"), scored("configuration-bad"))
    assert loop.status(bad) == "Rejected"
    assert serves(service.refresh()) == (1, "")
    loop.set_by_hand(bad, "Approved")
    assert loop.status(bad) == "Approved"
    assert serves(service.refresh()) == (1, "")

    # A changed prompt, by which the running assistant's code answers all questions, is taken up once it is approved.
    changed = read("configuration-2")
    evidence = score(loop, changed, tmp_path)
    assert serves(service.refresh()) == (1, "")
    second = loop.judge(changed, evidence)
    assert loop.status(second) == "Approved"
    state = service.refresh()
    assert serves(state) == (3, "")
    assert state.served is not None
    assert state.served.assistant.configuration == changed

    # Who exchanges an approved artifact has nothing of it served: not now, and not after a start.
    bucket, key = loop.stack.outputs["EvidenceBucket"], key_of(changed, GROUP)
    loop.stack.client("s3").put_object(Bucket=bucket, Key=key, Body=pack(read("configuration-bad")))
    assert serves(service.refresh()) == (3, "")
    number, problem = serves(loop.follow().refresh())
    assert number == 1
    assert f"version 3 is approved and not served: s3://{bucket}/{key}: holds the configuration" in problem

    # What is taken back is served no more.
    loop.set_by_hand(second, "Rejected")
    assert serves(service.refresh()) == (1, "")


def score(loop: Loop, configuration: Configuration, folder: Path) -> Path:
    """Answer and score the test questions with a configuration; return the evidence."""
    predictions, evidence = folder / "predictions.jsonl", folder / "evidence"
    questions = read_questions(ASKDATA / "questions_test.jsonl", "question")
    predict_all(AskedAssistant(loop.build(configuration)), questions, predictions)
    make_database(folder / "databases" / "askdata.duckdb")
    settings = TextToSqlSettings(schema=ASKDATA / "lookml", dialect="presto")
    with evidence_about(Subject(name=configuration.name)):
        score_text_to_sql(predictions, folder / "databases", evidence, settings)
    return evidence
