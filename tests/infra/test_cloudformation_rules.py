"""The templates under AWS's linter for CloudFormation and the rules of cdk-nag."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.deployment_settings import DeploymentSettings
from tests.infra.synthesised import (
    CHOICES,
    LINTED,
    REGION,
    VARIANTS,
    Synthesised,
    synthesise_choice,
)

if TYPE_CHECKING:
    from cfnlint.match import Match

CODEPIPELINE = Path(__file__).resolve().parents[2] / "examples" / "ci" / "codepipeline" / "template.yaml"


@pytest.fixture(params=CHOICES)
def stack(request: pytest.FixtureRequest) -> Synthesised:
    return synthesise_choice(request.param)


def test_each_setting_is_in_one_of_the_stacks() -> None:
    """A new setting goes into a stack here, so that its template is looked at."""
    elsewhere = {"evaluation_compute", "region", "python_version", "governance_account", "model_accounts"}
    settings = {name for variant in VARIANTS.values() for name in variant}
    assert settings | elsewhere == set(DeploymentSettings.model_fields)


@pytest.fixture(scope="module")
def found() -> Mapping[Path, Sequence["Match"]]:
    """What cfn-lint says about each template: asked about all at once, it reads its rules once."""
    from cfnlint.api import lint_by_config  # noqa: PLC0415 - takes seconds, and every worker collects this file
    from cfnlint.config import ManualArgs  # noqa: PLC0415

    templates = [CODEPIPELINE, *(synthesise_choice(variant).template_file for variant in LINTED)]
    by_template: dict[Path, list[Match]] = {template: [] for template in templates}
    for match in lint_by_config(ManualArgs(templates=[str(one) for one in templates], regions=[REGION])):
        by_template[Path(str(match.filename))].append(match)
    return by_template


@pytest.mark.parametrize("variant", LINTED)
def test_cfn_lint_finds_no_error(variant: str, found: Mapping[Path, Sequence["Match"]]) -> None:
    of_stack = found[synthesise_choice(variant).template_file]
    # CDK has a function wait for its role and policy, which names the role a second time.
    assert {match.rule.id for match in of_stack} <= {"W3005"}, of_stack


def properties_of(choices: Sequence[str]) -> set[tuple[str, str]]:
    """The types of the resources of some stacks, each with each of its properties."""
    return {
        (resource["Type"], name)
        for choice in choices
        for resource in synthesise_choice(choice).resources.values()
        for name in resource.get("Properties", {})
    }


def test_what_is_in_the_other_stacks_is_linted_too() -> None:
    assert properties_of(CHOICES) - properties_of(LINTED) == set()


def test_cfn_lint_accepts_the_template_of_the_example_for_codepipeline(
    found: Mapping[Path, Sequence["Match"]],
) -> None:
    assert found[CODEPIPELINE] == []


def test_every_rule_of_cdk_nag_is_kept_or_has_an_exception_with_a_reason(stack: Synthesised) -> None:
    assert {line["compliance"] for line in stack.findings} == {"Compliant", "Suppressed"}, [
        f"{line['ruleId']} at {line['resourceId']}: {line['ruleInfo']}"
        for line in stack.findings
        if line["compliance"] == "Non-Compliant"
    ]
    packs = {line["ruleId"].partition("-")[0] for line in stack.findings}
    assert packs == {"AwsSolutions", "Serverless"}


def exceptions(stack: Synthesised) -> Iterator[dict[str, Any]]:
    """Every exception of the template."""
    for resource in stack.resources.values():
        yield from resource.get("Metadata", {}).get("cdk_nag", {}).get("rules_to_suppress", [])


def test_no_exception_is_for_nothing(stack: Synthesised) -> None:
    used = {
        # A rule that looks at each entry of a policy names the entry in both.
        (line["ruleId"].partition("[")[0], re.sub(r"^\[\S+\] ", "", line["exceptionReason"]))
        for line in stack.findings
        if line["compliance"] == "Suppressed"
    }
    assert {(entry["id"], entry["reason"]) for entry in exceptions(stack)} == used


def test_exceptions_from_the_rule_about_wildcards_name_the_resources(stack: Synthesised) -> None:
    """An exception for a whole policy would hold for whatever is added to it later."""
    wildcards = [entry for entry in exceptions(stack) if entry["id"] == "AwsSolutions-IAM5"]
    assert wildcards
    assert all(entry["applies_to"] for entry in wildcards)


def test_no_output_is_exported_nor_described_at_length(stack: Synthesised) -> None:
    """An exported value has at most 1,024 characters, and the policies that are outputs have more; so has no other."""
    outputs = json.loads(stack.template_file.read_text()).get("Outputs", {})
    assert [name for name, output in outputs.items() if "Export" in output] == []
    assert [name for name, output in outputs.items() if len(output.get("Description", "")) > 1024] == []
