"""The bundle of all threshold files: canonical, whole, and read back as the files that it was made of."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.errors import GovernanceError
from checks.threshold_bundle import SCHEMA, ThresholdBundleError, read_bundle, write_bundle
from checks.threshold_file import ThresholdFileError
from checks.threshold_set import compile_thresholds

BASE = b"name: base\nchecks: [{name: a, why: b, metric: c.d, at_least: 0.5}]\n"
TEAM = b"# what we owe\r\nname: churn\nextends: ../base.yaml\napplies_to: {model_package_groups: [churn]}\n"
SET = {"base.yaml": BASE, "teams/churn.yaml": TEAM}


def thresholds(name: str, group: str, limit: float) -> bytes:
    return (
        f"name: {name}\napplies_to: {{model_package_groups: [{group}]}}\n"
        f"checks: [{{name: a, why: b, metric: c.d, at_least: {limit}}}]\n"
    ).encode()


def test_a_bundle_has_every_source_and_what_the_files_come_to() -> None:
    document = json.loads(write_bundle(SET))
    assert document["schema"] == SCHEMA
    assert [(one["source"], one["text"].encode()) for one in document["sources"]] == list(SET.items())
    (base, churn) = document["files"]
    assert (base["model_package_groups"], churn["model_package_groups"]) == ([], ["churn"])
    assert [check["origin"] for check in churn["checks"]] == ["base.yaml:2"]


@given(
    st.lists(
        st.tuples(st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.floats(0, 1)), unique_by=lambda one: one[0]
    ),
)
def test_equal_files_are_equal_bytes_in_any_order_and_come_back_as_they_were(
    files: list[tuple[str, float]],
) -> None:
    contents = {f"{name}.yaml": thresholds(name, name, limit) for name, limit in files}
    shuffled = sorted(contents, key=lambda name: name[::-1])
    bundle = write_bundle(contents)
    assert write_bundle({name: contents[name] for name in shuffled}) == bundle
    assert read_bundle(bundle, "b") == contents
    assert compile_thresholds(read_bundle(bundle, "b")) == compile_thresholds(contents)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        pytest.param({"a.yaml": b"name: a\n"}, "a.yaml:1:1: checks: this key is missing; add it", id="wrong"),
        pytest.param(
            {"a.yaml": thresholds("a", "x", 0), "b.yaml": thresholds("a", "y", 0)},
            'a.yaml and b.yaml: are both called "a"',
            id="one name twice",
        ),
        pytest.param(
            {"a.yaml": thresholds("a", "x", 0), "b.yaml": thresholds("b", "x", 0)},
            "matches the same groups",
            id="contending",
        ),
        pytest.param(
            {"../a.yaml": thresholds("a", "x", 0)}, "no path of a file below one folder", id="above"
        ),
        pytest.param(
            {"/a.yaml": thresholds("a", "x", 0)}, "no path of a file below one folder", id="absolute"
        ),
    ],
)
def test_what_cannot_be_in_force_is_in_no_bundle(contents: dict[str, bytes], said: str) -> None:
    with pytest.raises((ThresholdFileError, ThresholdBundleError), match=said.replace("(", r"\(")):
        write_bundle(contents)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(b"]\n}\n", b"]\n", "cannot be read", id="cut off"),
        pytest.param(
            SCHEMA.encode(), b"governance.threshold-bundle/9", "no bundle of threshold files", id="newer"
        ),
        pytest.param(b"what we owe", b"what we oww", "not the one of its SHA-256", id="another text"),
        pytest.param(
            b'"source": "base.yaml"', b'"source": "../base.yaml"', "no path below a folder", id="above"
        ),
    ],
)
def test_a_bundle_that_was_changed_is_refused(old: bytes, new: bytes, said: str) -> None:
    content = write_bundle(SET)
    at = content.rindex(old)  # the sources come last
    with pytest.raises(GovernanceError, match=said):
        read_bundle(content[:at] + new + content[at + len(old) :], "b")
