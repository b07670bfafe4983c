from dataclasses import replace
from pathlib import Path

import pytest

from aws.aws_errors import AwsThrottledError
from aws.threshold_store import FolderThresholdStore, ReadThresholds, S3ThresholdStore
from checks.thresholds import Mode
from pipelines.threshold_sources import OnTrial, ReadOnce


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
