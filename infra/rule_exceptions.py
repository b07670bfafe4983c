"""Exceptions from the rules of cdk-nag, each with its reason, in the template beside the resource that it is for.

They are written as cdk-nag reads them, without cdk-nag: it checks the stack in the tests and is no part of a
deployment. Source: https://github.com/cdklabs/cdk-nag/blob/main/README.md, "Rule and property overrides".
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnResource
from constructs import IConstruct

_METADATA = "cdk_nag"


def except_from_rules(construct: IConstruct, rules: Sequence[str], reason: str, *, finding: str = "") -> None:
    """Say why `construct` is excepted from `rules`, such as `AwsSolutions-S1`.

    `finding` is a regular expression of JavaScript that narrows the exception to the findings that it matches; rules
    that look at each entry of a policy name it in their finding, as in `Resource::*`.
    """
    resource = construct if isinstance(construct, CfnResource) else construct.node.default_child
    if not isinstance(resource, CfnResource):
        raise TypeError(
            f"{construct.node.path} is no single resource: give the one that the exception is for"
        )
    known = (resource.get_metadata(_METADATA) or {"rules_to_suppress": []})["rules_to_suppress"]
    narrowed: dict[str, Any] = {"applies_to": [{"regex": f"/{finding}/"}]} if finding else {}
    new = [{"id": rule, "reason": reason, **narrowed} for rule in rules]
    added = [entry for entry in new if entry not in known]
    resource.add_metadata(_METADATA, {"rules_to_suppress": [*known, *added]})
