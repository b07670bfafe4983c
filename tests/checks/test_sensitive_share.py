"""The share of an explanation that falls on the features which the threshold file names as sensitive."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from checks.decision import Decision, Outcome, Verdict
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.reports import read_report
from checks.threshold_file import ThresholdFileError
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import parse_thresholds

VALUES = {"age": 0.2, "sex": -0.1, "income": 0.6, "zip": 0.1}


def explained(values: Mapping[str, float | None], uri: str = "analysis.json") -> Document:
    document = {"explanations": {"kernel_shap": {"label0": {"global_shap_values": values}}}}
    return Document(uri, json.dumps(document).encode())


def decide(features: str, limit: str, *documents: Document, label: str = "label0") -> Decision:
    text = f"""\
name: credit
applies_to:
  model_package_groups: [credit]
checks:
  - name: weight on sensitive features
    why: Who somebody is may not decide.
    metric: explainability.kernel_shap.{label}.sensitive_share
    sensitive_features: {features}
    {limit}
"""
    thresholds = parse_thresholds(text.encode(), "credit.yaml")
    evidence = Evidence(tuple(read_report(document) for document in documents))
    return judge(thresholds, evidence, decided_at=DECIDED_AT)


@pytest.mark.parametrize(
    ("features", "share"), [("[sex]", 0.1), ("[sex, age]", 0.3), ("[age, sex, income, zip]", 1.0)]
)
def test_it_is_the_sum_of_the_shares(features: str, share: float) -> None:
    (finding,) = decide(features, "at_most: 1", explained(VALUES)).findings
    assert finding.outcome is Outcome.PASSED
    assert finding.value == pytest.approx(share)


def test_too_much_weight_rejects() -> None:
    decision = decide("[sex, age]", "at_most: 0.25", explained(VALUES))
    assert decision.verdict is Verdict.REJECTED


def test_a_feature_that_is_not_explained_does_not_count_as_none() -> None:
    decision = decide("[sex, aeg]", "at_most: 0.25", explained(VALUES))
    (finding,) = decision.findings
    assert decision.verdict is Verdict.REJECTED
    assert finding.outcome is Outcome.MISSING
    assert "the explanation has no feature aeg; it has age, income, sex, zip" in finding.reason


def test_without_a_value_for_every_feature_there_is_no_share() -> None:
    (finding,) = decide("[sex]", "at_most: 0.25", explained({**VALUES, "zip": None})).findings
    assert finding.outcome is Outcome.MISSING
    assert "not every feature has a value" in finding.reason


def test_another_label_or_no_explanation_is_missing() -> None:
    (finding,) = decide("[sex]", "at_most: 0.25", explained(VALUES), label="label1").findings
    assert finding.outcome is Outcome.MISSING


def test_two_reports_that_differ_are_invalid() -> None:
    other = explained({**VALUES, "sex": 0.5}, "other.json")
    assert decide("[sex]", "at_most: 1", explained(VALUES), other).findings[0].outcome is Outcome.INVALID
    same = explained(VALUES, "same.json")
    assert decide("[sex]", "at_most: 1", explained(VALUES), same).findings[0].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("metric: explainability.kernel_shap.label0.sensitive_share", "give both, or neither"),
        (
            "metric: explainability.kernel_shap.label0.top_share\n    sensitive_features: [sex]",
            "give both, or neither",
        ),
        ("metric: a.sensitive_share\n    sensitive_features: [sex, sex]", "names a feature twice"),
        ("metric: a.sensitive_share\n    sensitive_features: []", "must not be empty"),
    ],
)
def test_a_check_that_is_not_well_formed(line: str, reason: str) -> None:
    text = (
        "name: credit\napplies_to:\n  model_package_groups: [credit]\n"
        f"checks:\n  - name: weight\n    why: So.\n    at_most: 0.1\n    {line}\n"
    )
    with pytest.raises(ThresholdFileError, match=reason):
        parse_thresholds(text.encode(), "credit.yaml")


def test_a_real_explanation(shared_data: Callable[[str], Path]) -> None:
    name = "nb_sm-clarify_model_bias_monitor_batch_transform_cell49_1.json"
    content = (shared_data("clarify") / name).read_bytes()
    values = json.loads(content)["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    (finding,) = decide("[Sex, Age]", "at_most: 1", Document(name, content)).findings
    assert finding.value == pytest.approx((values["Sex"] + values["Age"]) / sum(map(abs, values.values())))


def shap(
    labels: dict[str, dict[str, float]], uri: str = "analysis.json", version: str | None = None
) -> Document:
    document = {"explanations": {"kernel_shap": {k: {"global_shap_values": v} for k, v in labels.items()}}}
    return Document(uri, json.dumps(document).encode(), version)


def test_labels_and_features_whose_names_join_to_the_same_text_are_kept_apart() -> None:
    both = shap({"l": {"a.sex": 9, "x": 1}, "l.a": {"sex": 1, "x": 9}})
    (of_l,) = decide("[a.sex]", "at_most: 0.2", both, label="l").findings
    (of_l_a,) = decide("[sex]", "at_most: 0.2", both, label="l.a").findings
    assert (of_l.outcome, of_l.value) == (Outcome.FAILED, 0.9)
    assert (of_l_a.outcome, of_l_a.value) == (Outcome.PASSED, 0.1)


@pytest.mark.parametrize("order", [1, -1], ids=["older first", "newer first"])
def test_one_object_at_two_versions_is_a_contradiction(order: int) -> None:
    documents = [shap({"l": {"sex": 9, "x": 1}}, version="v1"), shap({"l": {"sex": 1, "x": 9}}, version="v2")]
    (finding,) = decide("[sex]", "at_most: 0.2", *documents[::order], label="l").findings
    assert finding.outcome is Outcome.INVALID


def test_features_of_two_reports_are_never_added_up() -> None:
    documents = [shap({"l": {"sex": 1, "x": 9}}, "a.json"), shap({"l": {"age": 1, "x": 9}}, "b.json")]
    (finding,) = decide("[sex, age]", "at_most: 0.9", *documents, label="l").findings
    assert finding.outcome is Outcome.MISSING


def test_a_figure_that_only_sounds_like_a_share_is_none() -> None:
    document = {
        "explanations": {
            "kernel_shap": {"l": {"global_shap_values": {"sex": 9, "x": 1}, "sex": {"share": 0}}}
        }
    }
    (finding,) = decide(
        "[sex]", "at_most: 0.2", Document("a.json", json.dumps(document).encode()), label="l"
    ).findings
    assert (finding.outcome, finding.value) == (Outcome.FAILED, 0.9)


def test_a_feature_with_a_slash_in_its_name() -> None:
    (finding,) = decide('["a/b~c"]', "at_most: 0.2", shap({"l": {"a/b~c": 1, "x": 9}}), label="l").findings
    assert (finding.outcome, finding.value) == (Outcome.PASSED, 0.1)


def test_shares_are_added_up_exactly() -> None:
    values: dict[str, float] = {"a": 1, "b": 2, "c": 7}
    (finding,) = decide("[a, b]", "at_most: 0.3", shap({"l": values}), label="l").findings
    assert (finding.outcome, finding.value) == (Outcome.PASSED, 0.3)
