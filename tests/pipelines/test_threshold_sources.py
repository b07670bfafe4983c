from dataclasses import replace
from pathlib import Path

import pytest

from aws.threshold_store import FolderThresholdStore
from checks.errors import GovernanceError
from checks.selection import AmbiguousThresholdsError, find_ambiguities
from checks.threshold_file import parse_thresholds
from checks.thresholds import Mode
from pipelines.threshold_sources import SHIPPED, OnTrial, PublishedElseShipped, ShippedThresholds


def folder_with(path: Path, *groups: str) -> Path:
    path.mkdir()
    for group in groups:
        content = (
            f"name: {path.name} {group}\napplies_to: {{model_package_groups: ['{group}*']}}\n"
            "checks: [{name: a, why: b, metric: c.d, at_least: 1}]\n"
        )
        (path / f"{group}.yaml").write_text(content)
    return path


@pytest.mark.parametrize(
    ("published", "group", "expected"),
    [
        pytest.param([], "askdata", "bundle:shipped/askdata.yaml", id="nothing is published"),
        pytest.param(["askdata"], "askdata", "{published}/askdata.yaml", id="published goes first"),
        pytest.param(["ask"], "askdata", "{published}/ask.yaml", id="however specific the shipped one is"),
        pytest.param(["other"], "askdata", "bundle:shipped/askdata.yaml", id="published for others"),
        pytest.param(["other"], "nobody", None, id="for nobody"),
    ],
)
def test_what_is_published_goes_before_what_shipped(
    tmp_path: Path, published: list[str], group: str, expected: str | None
) -> None:
    store = folder_with(tmp_path / "published", *published)
    shipped = ShippedThresholds(folder_with(tmp_path / "shipped", "askdata"))
    file = PublishedElseShipped(FolderThresholdStore(store), shipped).for_group(group)
    assert (file and file.source) == (expected and expected.format(published=store))


def test_a_published_file_that_is_wrong_stops_the_judging_though_a_shipped_one_applies(
    tmp_path: Path,
) -> None:
    (folder_with(tmp_path / "published") / "x.yaml").write_text("name: x\n")
    shipped = ShippedThresholds(folder_with(tmp_path / "shipped", "askdata"))
    with pytest.raises(GovernanceError, match=r"x\.yaml"):
        PublishedElseShipped(FolderThresholdStore(tmp_path / "published"), shipped).for_group("askdata")


def test_published_files_that_contend_stop_the_judging_though_a_shipped_one_applies(tmp_path: Path) -> None:
    published = folder_with(tmp_path / "published", "askdata")
    (published / "other.yaml").write_bytes((published / "askdata.yaml").read_bytes())
    shipped = ShippedThresholds(folder_with(tmp_path / "shipped", "askdata"))
    with pytest.raises(AmbiguousThresholdsError, match=r"askdata\.yaml and .*other\.yaml"):
        PublishedElseShipped(FolderThresholdStore(published), shipped).for_group("askdata")


def test_thresholds_on_trial_are_a_dry_run(tmp_path: Path) -> None:
    store = FolderThresholdStore(folder_with(tmp_path / "old", "askdata"))
    file = store.for_group("askdata")
    assert file is not None
    assert OnTrial(store).for_group("askdata") == replace(file, mode=Mode.DRY_RUN)
    assert OnTrial(store).for_group("other") is None


def test_the_shipped_files_are_valid_and_each_group_has_one() -> None:
    files = [parse_thresholds(path.read_bytes(), path.name) for path in sorted(SHIPPED.glob("*.yaml"))]
    assert files
    assert find_ambiguities(files) == []
    assert all(file.mode == "enforce" for file in files)


@pytest.mark.parametrize(
    ("group", "name"), [("sales-text-to-sql", "text-to-sql"), ("rag-help", "rag"), ("fraud", None)]
)
def test_which_groups_the_shipped_files_apply_to(group: str, name: str | None) -> None:
    file = ShippedThresholds().for_group(group)
    assert (file and file.name) == name
