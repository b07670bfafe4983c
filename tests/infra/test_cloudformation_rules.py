"""The templates under AWS's linter for CloudFormation and the rules of cdk-nag."""

from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint import lint_file
from cfnlint.config import ManualArgs

from tests.infra.synthesised import COMPUTES, REGION, Synthesised, synthesise

pytestmark = pytest.mark.xdist_group("synthesised")


@pytest.fixture(params=COMPUTES)
def stack(request: pytest.FixtureRequest) -> Synthesised:
    return synthesise(request.param)


def test_cfn_lint_finds_no_error(stack: Synthesised) -> None:
    found = lint_file(stack.template_file, ManualArgs(regions=[REGION]))
    # CDK has a function wait for its role and policy, which names the role a second time.
    assert {match.rule.id for match in found} <= {"W3005"}, found


def test_every_rule_of_cdk_nag_is_kept_or_has_an_exception_with_a_reason(stack: Synthesised) -> None:
    assert {line["compliance"] for line in stack.findings} == {"Compliant", "Suppressed"}, [
        f"{line['ruleId']} at {line['resourceId']}: {line['ruleInfo']}"
        for line in stack.findings
        if line["compliance"] == "Non-Compliant"
    ]
    packs = {line["ruleId"].partition("-")[0] for line in stack.findings}
    assert packs == {"AwsSolutions", "Serverless"}


def exceptions(stack: Synthesised) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every exception of the template, with the path of its resource."""
    for resource in stack.resources.values():
        metadata = resource.get("Metadata", {})
        for entry in metadata.get("cdk_nag", {}).get("rules_to_suppress", []):
            yield metadata["aws:cdk:path"], entry


def test_no_exception_is_for_nothing(stack: Synthesised) -> None:
    used = {
        (line["resourceId"], line["ruleId"].partition("[")[0], line["exceptionReason"])
        for line in stack.findings
        if line["compliance"] == "Suppressed"
    }
    made = {(path, entry["id"], entry["reason"]) for path, entry in exceptions(stack)}
    assert made == used


def test_exceptions_from_the_rule_about_wildcards_name_the_resources(stack: Synthesised) -> None:
    """An exception for a whole policy would hold for whatever is added to it later."""
    wildcards = [entry for _, entry in exceptions(stack) if entry["id"] == "AwsSolutions-IAM5"]
    assert wildcards
    assert all(entry["applies_to"] for entry in wildcards)
