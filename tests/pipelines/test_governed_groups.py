import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws.threshold_store import BrokenThresholdsError, FolderThresholdStore
from checks.selection import select_thresholds
from checks.thresholds import Mode, ThresholdFile
from pipelines.governed_groups import GovernedGroups, list_absent
from pipelines.step_settings import UngovernedGroups


def write_file(folder: Path, name: str, *patterns: str) -> None:
    content = (
        f"name: {name}\napplies_to: {{model_package_groups: {list(patterns)}}}\n"
        "checks: [{name: a, why: b, metric: c.d, at_least: 1}]\n"
    )
    (folder / f"{name}.yaml").write_text(content)


@pytest.mark.parametrize(
    ("files", "group", "governed"),
    [
        pytest.param({}, "askdata", False, id="nothing is published"),
        pytest.param({"a": ["askdata"]}, "askdata", True, id="by its name"),
        pytest.param({"a": ["ask*"]}, "askdata", True, id="by a pattern"),
        pytest.param({"a": ["ask*"]}, "Askdata", False, id="spelt otherwise"),
        pytest.param({"a": ["askdata"]}, "rag-help", False, id="published for others"),
        pytest.param({"a": ["ask*"], "b": ["ask*"]}, "askdata", True, id="by two that contend"),
        pytest.param({"a": ["ask*"], "b": ["ask*"]}, "rag-help", False, id="two contend for others"),
        pytest.param({"a": ["askdata"], "": []}, "askdata", True, id="beside a file that cannot be read"),
    ],
)
def test_a_group_is_governed_where_a_published_file_applies(
    tmp_path: Path, files: dict[str, list[str]], group: str, governed: bool
) -> None:
    for name, patterns in files.items():
        write_file(tmp_path, name, *patterns)
    thresholds = FolderThresholdStore(tmp_path)
    reason = GovernedGroups(thresholds, UngovernedGroups.IGNORE).why_left_alone(group)
    left_alone = f"no published threshold file applies to the group {group}, so the gate leaves it alone"
    assert reason == (None if governed else left_alone)
    assert GovernedGroups(thresholds, UngovernedGroups.REVIEW).why_left_alone(group) is None


def test_a_deployment_may_be_held_to_groups_whatever_the_files_say(tmp_path: Path) -> None:
    write_file(tmp_path, "a", "*")
    thresholds = FolderThresholdStore(tmp_path)
    for ungoverned in UngovernedGroups:
        governed = GovernedGroups(thresholds, ungoverned, held_to=("Churn", "Churn-??????", "rag-*"))
        assert governed.why_left_alone("churn") is None
        assert governed.why_left_alone("churn-0a1b2c") is None
        assert governed.why_left_alone("RAG-help") is None
        assert governed.why_left_alone("churn-europe-west") is not None
        assert governed.why_left_alone("askdata") == (
            "the group askdata is not among model_package_groups of the deployment, so the gate leaves it alone"
        )


def test_a_file_that_cannot_be_read_might_be_the_one_for_the_group(tmp_path: Path) -> None:
    write_file(tmp_path, "a", "askdata")
    (tmp_path / "broken.yaml").write_text("name: b\n")
    governed = GovernedGroups(FolderThresholdStore(tmp_path), UngovernedGroups.IGNORE)
    with pytest.raises(BrokenThresholdsError, match=r"broken\.yaml"):
        governed.why_left_alone("rag-help")


_NAMES = st.text(alphabet="ab-", min_size=1, max_size=4)
_PATTERNS = st.lists(st.text(alphabet="ab-*?", min_size=1, max_size=4), max_size=3)


class Thresholds:
    """Threshold files whose patterns are given."""

    def __init__(self, files: list[list[str]]) -> None:
        self._files = [
            ThresholdFile(
                name=str(number),
                source=f"{number}.yaml",
                sha256=hashlib.sha256(b"").hexdigest(),
                applies_to=tuple(patterns),
                mode=Mode.ENFORCE,
                checks=(),
            )
            for number, patterns in enumerate(files)
        ]

    def for_group(self, group: str) -> ThresholdFile | None:
        return select_thresholds(self._files, group)


@given(files=st.lists(_PATTERNS, max_size=3), more=_PATTERNS, group=_NAMES)
def test_publishing_another_file_governs_more_groups_and_never_fewer(
    files: list[list[str]], more: list[str], group: str
) -> None:
    before = GovernedGroups(Thresholds(files), UngovernedGroups.IGNORE).why_left_alone(group)
    after = GovernedGroups(Thresholds([*files, more]), UngovernedGroups.IGNORE).why_left_alone(group)
    assert before is not None or after is None


@pytest.mark.parametrize(
    ("patterns", "groups", "absent"),
    [
        pytest.param(["churn"], ["Churn"], [], id="spelt otherwise"),
        pytest.param(["churn", "rag-*"], ["churns"], ["churn", "rag-*"], id="a name and a pattern"),
        pytest.param(["rag-*"], ["rag-help"], [], id="one group of a pattern"),
        pytest.param(["churn", "churn-??????"], ["churn-0a1b2c"], [], id="with MLflow's suffix alone"),
        pytest.param(["churn"], ["churn-0a1b2c"], ["churn"], id="with a suffix that is not meant"),
        pytest.param(["churn", "churn-??????"], [], ["churn"], id="neither is there, and it is told once"),
    ],
)
def test_what_matches_no_group_is_listed(patterns: list[str], groups: list[str], absent: list[str]) -> None:
    assert list_absent(patterns, groups) == absent
