import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from infra.group_patterns import LONGEST_MATCHERS, check_patterns, match_events, match_versions
from infra.settings_sources import DeploymentSettingsError, read_settings


@pytest.mark.parametrize(
    ("patterns", "matchers", "versions"),
    [
        pytest.param(["churn"], ["churn"], ["churn/*"], id="a name"),
        pytest.param(["churn-*"], [{"prefix": "churn-"}], ["churn-*/*"], id="a beginning"),
        pytest.param(["*-rag"], [{"suffix": "-rag"}], ["*-rag/*"], id="an end"),
        pytest.param(["a*b"], [{"wildcard": "a*b"}], ["a*b/*"], id="both"),
        pytest.param(["*a*"], [{"wildcard": "*a*"}], ["*a*/*"], id="a middle"),
        pytest.param(["Churn"], ["Churn", "churn"], ["churn/*"], id="capitals"),
        pytest.param(["a", "b-*"], ["a", {"prefix": "b-"}], ["a/*", "b-*/*"], id="two"),
    ],
)
def test_patterns_as_eventbridge_and_iam_spell_them(
    patterns: list[str], matchers: list[object], versions: list[str]
) -> None:
    assert check_patterns(patterns) == patterns
    assert match_events(patterns) == matchers
    assert [match_versions(pattern) for pattern in patterns] == versions


@pytest.mark.parametrize(
    ("patterns", "matchers", "versions"),
    [
        pytest.param(
            ["Churn"],
            ["Churn", "churn", {"prefix": "Churn-"}, {"prefix": "churn-"}],
            ["churn/*", "churn-??????/*"],
            id="a name",
        ),
        pytest.param(["churn-*"], [{"prefix": "churn-"}], ["churn-*/*"], id="a beginning has it already"),
        pytest.param(
            ["*-rag"],
            [{"suffix": "-rag"}, {"wildcard": "*-rag-*"}],
            ["*-rag/*", "*-rag-??????/*"],
            id="an end",
        ),
    ],
)
def test_the_suffix_of_mlflow_as_eventbridge_and_iam_spell_it(
    patterns: list[str], matchers: list[object], versions: list[str]
) -> None:
    settings = read_settings({"model_package_groups": patterns, "mlflow_suffix": "true"})
    assert match_events(settings.group_patterns) == matchers
    assert [match_versions(pattern) for pattern in settings.group_patterns] == versions


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param(
            {}, "mlflow_suffix: is about model_package_groups, of which there are none", id="no groups"
        ),
        pytest.param(
            {"model_package_groups": [f"g{n}" for n in range(11)]},
            "mlflow_suffix: with the suffix they are 22 patterns; more than 20 patterns",
            id="too many with it",
        ),
    ],
)
def test_a_suffix_that_cannot_be_deployed_is_refused_by_name(given: dict[str, object], problem: str) -> None:
    with pytest.raises(DeploymentSettingsError) as raised:
        read_settings({**given, "mlflow_suffix": True})
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("patterns", "problem"),
    [
        pytest.param(["rag-?"], '"rag-?" is no pattern that EventBridge and IAM both have', id="?"),
        pytest.param(["[ab]"], '"[ab]" is no pattern', id="characters"),
        pytest.param([""], '"" is no pattern', id="nothing"),
        pytest.param(["a**"], '"a**": EventBridge refuses ** in a row; write one *', id="two stars"),
        pytest.param(["*"], '"*" is every group; leave the setting out', id="every group"),
        pytest.param(["a", "A"], '"a" is there twice; leave one out', id="twice"),
        pytest.param(["a-*", "a-b"], '"a-*" and "a-b" match the same groups', id="overlap"),
        pytest.param(["a*", "*b"], '"a*" and "*b" match the same groups', id="overlap of patterns"),
        pytest.param([f"g{n}" for n in range(21)], "more than 20 patterns", id="too many"),
        pytest.param([f"{n:02}{'A' * 60}" for n in range(20)], "than a rule holds", id="too long"),
        pytest.param([], "no group is named; leave the setting out", id="no pattern"),
        pytest.param("churn", "Input should be a valid list", id="a text"),
    ],
)
def test_what_cannot_be_deployed_is_refused_by_name(patterns: list[str], problem: str) -> None:
    with pytest.raises(DeploymentSettingsError) as raised:
        read_settings({"model_package_groups": patterns})
    assert "model_package_groups: " in str(raised.value)
    assert problem in str(raised.value)


_NAMES = st.text(alphabet="aB-", min_size=1, max_size=5)
_PATTERNS = st.lists(st.text(alphabet="aB-*", min_size=1, max_size=5), max_size=3)


@given(patterns=_PATTERNS, group=_NAMES)
@example(patterns=["a*a"], group="a")
def test_the_rule_and_the_roles_are_held_to_the_same_groups(patterns: list[str], group: str) -> None:
    in_lower_case = [pattern.lower() for pattern in patterns]
    event = EventPattern.load(json.dumps({"group": match_events(in_lower_case) or ["none"]}))
    expressions = [match_versions(pattern).replace("*", ".*") for pattern in patterns]
    by_role = any(re.fullmatch(one, f"{group.lower()}/1") for one in expressions)
    assert event.matches_event({"group": group.lower()}) == by_role


@given(patterns=_PATTERNS, group=_NAMES)
def test_a_group_matches_at_most_one_of_the_patterns(patterns: list[str], group: str) -> None:
    try:
        check_patterns(patterns)
    except ValueError:
        return
    expressions = [pattern.lower().replace("*", ".*") for pattern in patterns]
    assert sum(re.fullmatch(one, group.lower()) is not None for one in expressions) <= 1
    assert len(json.dumps(match_events(patterns))) <= LONGEST_MATCHERS


def test_the_rule_and_the_roles_of_a_stack_are_narrowed(template: Callable[..., dict[str, Any]]) -> None:
    settings = {"model_package_groups": ["Churn", "askdata-*"], "mlflow_suffix": True}
    resources = template(**settings)["Resources"].values()
    rules = [one["Properties"] for one in resources if one["Type"] == "AWS::Events::Rule"]
    details = [rule["EventPattern"].get("detail", {}) for rule in rules if "EventPattern" in rule]
    groups = ["Churn", "churn", {"prefix": "askdata-"}, {"prefix": "Churn-"}, {"prefix": "churn-"}]
    for status in ("PendingManualApproval", "Approved"):
        assert {"ModelApprovalStatus": [status], "ModelPackageGroupName": groups} in details
    ends = set()
    policies = [one["Properties"] for one in resources if one["Type"] == "AWS::IAM::Policy"]
    for policy in policies:
        for statement in policy["PolicyDocument"]["Statement"]:
            found = statement["Resource"]
            for resource in found if isinstance(found, list) else [found]:
                if "model-package/" in json.dumps(resource):
                    ends.add(resource["Fn::Join"][1][-1].rpartition("model-package/")[2])
    assert ends == {"churn/*", "churn-??????/*", "askdata-*/*"}
    held_to = [
        one["Properties"]["Environment"]["Variables"].get("GOVERNANCE_MODEL_PACKAGE_GROUPS")
        for one in resources
        if one["Type"] == "AWS::Lambda::Function" and "Environment" in one["Properties"]
    ]
    assert sorted(filter(None, held_to)) == 3 * ["Churn,askdata-*,Churn-??????"]
