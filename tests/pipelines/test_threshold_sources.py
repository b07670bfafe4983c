from dataclasses import replace
from pathlib import Path

from aws.threshold_store import FolderThresholdStore
from checks.thresholds import Mode
from pipelines.threshold_sources import OnTrial


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
