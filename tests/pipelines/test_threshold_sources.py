import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aws.aws_errors import AwsThrottledError
from aws.threshold_store import FolderThresholdStore, ReadThresholds, S3ThresholdStore
from checks.decision_record import parse_record
from checks.evidence import Document, Evidence
from checks.publication import BundleVersion, Publication
from checks.reports import read_report
from checks.thresholds import Mode, ThresholdFile
from pipelines.evaluate_model_package import evaluate_model_package
from pipelines.step_messages import EvaluateRequest
from pipelines.threshold_sources import OnTrial, ReadOnce, look_back
from tests.pipelines.conftest import EXECUTION, World, attached
from tests.threshold_files import parse_thresholds


def folder_with(path: Path, *groups: str) -> Path:
    path.mkdir()
    for group in groups:
        content = (
            f"name: {path.name} {group}\napplies_to: {{model_package_groups: ['{group}*']}}\n"
            "checks: [{name: a, why: b, metric: c.d, at_least: 1}]\n"
        )
        (path / f"{group}.yaml").write_text(content)
    return path


def test_thresholds_on_trial_are_a_dry_run(tmp_path: Path) -> None:
    store = FolderThresholdStore(folder_with(tmp_path / "old", "askdata"))
    file = store.for_group("askdata")
    assert file is not None
    assert OnTrial(store).for_group("askdata") == replace(file, mode=Mode.DRY_RUN)
    assert OnTrial(store).for_group("other") is None


class ReadNow(S3ThresholdStore):
    """A store in S3 that answers as it is told, one answer at each time that it is read."""

    def __init__(self, *answers: ReadThresholds | Exception) -> None:
        self.answers = list(answers)

    def read(self) -> ReadThresholds:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_thresholds_are_read_once_for_many_groups_and_again_where_that_failed(tmp_path: Path) -> None:
    file = FolderThresholdStore(folder_with(tmp_path / "now", "askdata")).for_group("askdata")
    assert file is not None
    store = ReadNow(AwsThrottledError("slow down"), ReadThresholds((file,), ()))
    thresholds = ReadOnce(store)
    with pytest.raises(AwsThrottledError):
        thresholds.for_group("askdata")
    assert [thresholds.for_group(group) for group in ("askdata", "other", "askdata-2")] == [file, None, file]


NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
BEFORE, LONG_AGO = NOON - timedelta(seconds=1), NOON - timedelta(days=30)
BUNDLE = BundleVersion("s3://t/thresholds/bundle.json?versionId=v7", "0" * 64, None)
PUBLISHED = Publication(NOON, BUNDLE)
FILE = b"""\
name: churn
applies_to: {model_package_groups: [churn]}
checks: [{name: a, why: b, metric: c.d, at_least: 1}]
"""


@dataclass
class Publications:
    """What was published before: the file has been the same since `unchanged_since`; notes when it was asked about."""

    unchanged_since: datetime | None
    asked: list[datetime] = field(default_factory=list)

    def find_unchanged_since(self, group: str, file: ThresholdFile, moment: datetime) -> datetime | None:
        self.asked.append(moment)
        return self.unchanged_since


def written(*times: datetime | None) -> Evidence:
    """A report with a figure, written at each of the times."""
    report = read_report(Document("r.json", b'{"c_metrics": {"d": {"value": 1}}}'))
    return Evidence(tuple(replace(report, uri=f"{n}.json", written_at=at) for n, at in enumerate(times)))


@pytest.mark.parametrize(
    ("publication", "times", "since", "asked", "found"),
    [
        pytest.param(None, [BEFORE], LONG_AGO, [], None, id="of nobody knows when"),
        pytest.param(Publication(NOON), [BEFORE], LONG_AGO, [], None, id="single files"),
        pytest.param(PUBLISHED, [], LONG_AGO, [], None, id="no evidence"),
        pytest.param(PUBLISHED, [None], LONG_AGO, [], None, id="evidence of nobody knows when"),
        pytest.param(PUBLISHED, [NOON], LONG_AGO, [], None, id="published in the same second"),
        pytest.param(PUBLISHED, [BEFORE], LONG_AGO, [BEFORE], LONG_AGO, id="the same for long"),
        pytest.param(PUBLISHED, [BEFORE], None, [BEFORE], None, id="another file then"),
        pytest.param(PUBLISHED, [NOON, BEFORE, None], LONG_AGO, [BEFORE], LONG_AGO, id="the oldest counts"),
    ],
)
def test_older_publications_are_asked_where_the_newest_is_younger_than_the_evidence(
    publication: Publication | None,
    times: list[datetime | None],
    since: datetime | None,
    asked: list[datetime],
    found: datetime | None,
) -> None:
    file = replace(parse_thresholds(FILE, "churn.yaml"), publication=publication)
    history = Publications(since)
    looked = look_back(history, "churn", file, written(*times))
    expected = file if found is None else replace(file, publication=replace(PUBLISHED, unchanged_since=found))
    assert (looked, history.asked) == (expected, asked)
    assert look_back(history, "churn", None, written(*times)) is None


@dataclass(frozen=True)
class InForce:
    """One file for every group."""

    file: ThresholdFile

    def for_group(self, group: str) -> ThresholdFile:
        return self.file


@pytest.mark.parametrize(
    ("since", "decision"),
    [
        pytest.param(LONG_AGO, "Approved", id="the same for long"),
        pytest.param(None, "Rejected", id="another file then"),
    ],
)
def test_step_one_looks_back_before_it_says_that_a_bar_came_late(
    world: World, since: datetime | None, decision: str
) -> None:
    report = world.report("v.json", c__d=1)
    os.utime(report, (BEFORE.timestamp(), BEFORE.timestamp()))
    arn = world.register(attached(report))
    file = parse_thresholds(
        FILE.replace(b"[churn]", b"[AskData]") + b"bar_predates_evidence: required\n", "c.yaml"
    )
    in_force = InForce(replace(file, publication=PUBLISHED))
    services = replace(world.services, thresholds=in_force, history=Publications(since))
    answer = evaluate_model_package(EvaluateRequest(arn, "unused", "unused", EXECUTION), services, now=NOON)
    record = parse_record(Path(answer.decision_uri).read_bytes())
    assert record.thresholds is not None
    assert record.thresholds.publication is not None
    assert (record.decision, record.thresholds.publication.predates_evidence) == (decision, since is not None)
