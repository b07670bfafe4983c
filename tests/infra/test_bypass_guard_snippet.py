"""The Python that `governance iam bypass-guard --format cdk` prints works in a CDK app."""

import json
from typing import Any

from aws.bypass_guard import as_cdk, as_json, bypass_guard
from tests.infra.conftest import an_app

ROLES = "arn:aws:iam::123456789012:role"


def test_the_printed_module_adds_a_managed_policy_of_the_same_statements() -> None:
    from aws_cdk import Stack  # noqa: PLC0415 - takes seconds, and every worker collects this file
    from aws_cdk.assertions import Template  # noqa: PLC0415

    statements = bypass_guard(
        updating_role=f"{ROLES}/updating",
        gate_roles=[f"{ROLES}/evaluating"],
        reviewers=[f"{ROLES}/reviewers"],
    )
    module: dict[str, Any] = {}
    exec(as_cdk(statements), module)
    stack = Stack(an_app(), "Guarded")
    module["add_bypass_guard"](stack)
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::ManagedPolicy").values()

    def listed(statement: dict[str, Any]) -> dict[str, Any]:
        """CloudFormation has a text where a list holds one."""
        actions, resources = statement["Action"], statement["Resource"]
        as_lists = {
            "Action": actions if isinstance(actions, list) else [actions],
            "Resource": resources if isinstance(resources, list) else [resources],
        }
        return {**statement, **as_lists}

    made = [listed(statement) for statement in policy["Properties"]["PolicyDocument"]["Statement"]]
    assert made == json.loads(as_json(statements))["Statement"]
