"""Whether IAM allows a request: AWS's policy evaluation logic.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

from msgspec import Struct

from sandbox.iam.access import AccessRequest, Allowed, Denied, Principal, Verdict
from sandbox.iam.conditions import conditions_hold, matches_pattern, with_variables

Policy = Mapping[str, Any]

_IDENTITY, _RESOURCE = "identity-based policy", "resource-based policy"
_BOUNDARY, _ORGANISATION = "permissions boundary", "service control policy"


@lru_cache(maxsize=1024)
def parse_policy(document: str) -> Policy:
    """Return a policy from its JSON, which every call of whoever has it would parse again; nobody writes into it."""
    parsed: Policy = json.loads(document)
    return parsed


class Policies(Struct, frozen=True):
    """The policies that speak about one request.

    `boundary` and `organisation` are `None` where there are none: an empty list allows nothing. `resource_decides`
    is true for resources whose own policy must allow every access, as a KMS key's does, and a role's trust policy.
    """

    identity: Sequence[Policy] = ()
    resource: Policy | None = None
    boundary: Sequence[Policy] | None = None
    organisation: Sequence[Policy] | None = None
    resource_decides: bool = False


def evaluate(request: AccessRequest, policies: Policies) -> Verdict:
    """Return what AWS answers to `request`.

    Raises:
        UnsupportedPolicyError: a policy has a condition operator that IAM does not have.
    """
    if denial := _explicit_denial(request, policies):
        return denial
    if policies.organisation is not None and not _allows(policies.organisation, request):
        return Denied(f"no {_ORGANISATION} allows it")

    is_within_boundary = policies.boundary is None or _allows(policies.boundary, request)
    identity_allows = is_within_boundary and _allows(policies.identity, request)
    grant = _grant_of_resource(request, policies.resource)
    # A boundary limits what a resource's policy gives to a role, but not what it gives to a session or a user.
    resource_allows = grant.to_session or (
        grant.to_principal and (is_within_boundary or not _is_role(request))
    )

    by_identity = (
        Allowed(_IDENTITY)
        if identity_allows
        else Denied(f"no {_IDENTITY if is_within_boundary else _BOUNDARY} allows it")
    )
    by_nobody = Denied(f"no {_RESOURCE} allows it")

    if request.principal.account not in (request.resource_account, None):
        # Another account's resource: its owner and the caller's account must both allow the call.
        return by_identity if resource_allows or grant.to_account else by_nobody
    if resource_allows:
        return Allowed(_RESOURCE)
    if request.principal.is_service or policies.resource_decides:
        return by_identity if grant.to_account and identity_allows else by_nobody
    return by_identity


def _is_role(request: AccessRequest) -> bool:
    return request.principal.session_arn is not None


def _explicit_denial(request: AccessRequest, policies: Policies) -> Denied | None:
    """Return the denial that a policy states, which no other can lift."""
    kinds = (
        (_ORGANISATION, policies.organisation or ()),
        (_RESOURCE, () if policies.resource is None else (policies.resource,)),
        (_IDENTITY, policies.identity),
        (_BOUNDARY, policies.boundary or ()),
    )
    for kind, documents in kinds:
        for statement in _statements(documents, "Deny"):
            # Denying an account denies everyone in it.
            if _applies(statement, request) and _name_in(statement, request.principal) is not None:
                return Denied(f"an explicit deny in the {kind}")
    return None


def _allows(documents: Iterable[Policy], request: AccessRequest) -> bool:
    return any(_applies(statement, request) for statement in _statements(documents, "Allow"))


class _Grant(Struct, frozen=True):
    """Whom a resource's policy gives access: a role's session, the principal, or its account, which passes it on."""

    to_session: bool
    to_principal: bool
    to_account: bool


def _grant_of_resource(request: AccessRequest, policy: Policy | None) -> _Grant:
    documents = () if policy is None else (policy,)
    named = {
        _name_in(statement, request.principal)
        for statement in _statements(documents, "Allow")
        if _applies(statement, request)
    }
    return _Grant(_Name.SESSION in named, _Name.PRINCIPAL in named, _Name.ACCOUNT in named)


def _statements(documents: Iterable[Policy], effect: str) -> Iterable[Mapping[str, Any]]:
    for document in documents:
        for statement in _listed(document.get("Statement", [])):
            if statement.get("Effect") == effect:
                yield statement


def _applies(statement: Mapping[str, Any], request: AccessRequest) -> bool:
    """Whether a statement speaks about the action and the resource, and its conditions hold."""
    if not _matches(statement, "Action", request.action, request, ignore_case=True):
        return False
    if not _matches(statement, "Resource", request.resource, request, ignore_case=False):
        return False
    return conditions_hold(statement.get("Condition", {}), request.context)


def _matches(
    statement: Mapping[str, Any], element: str, text: str, request: AccessRequest, *, ignore_case: bool
) -> bool:
    """Whether `Action` or `Resource`, or its `Not…`, takes in the text; a trust policy has no `Resource`."""
    negated = f"Not{element}"
    if element not in statement and negated not in statement:
        return element == "Resource"
    patterns = [
        with_variables(pattern, request.context)
        for pattern in _listed(statement.get(element, statement.get(negated)))
    ]
    is_named = any(
        pattern is not None and matches_pattern(pattern, text, ignore_case=ignore_case)
        for pattern in patterns
    )
    return is_named if element in statement else not is_named


class _Name(Enum):
    """As what a statement names the one who asks."""

    SESSION = "session"
    PRINCIPAL = "principal"
    ACCOUNT = "account"


def _name_in(statement: Mapping[str, Any], principal: Principal) -> _Name | None:
    """Return as what the statement names the principal, or `None` where it names others only.

    An identity policy names nobody: it speaks about the one that it is attached to.
    """
    if "NotPrincipal" in statement:
        return _Name.PRINCIPAL if _named_by(statement["NotPrincipal"], principal) is None else None
    if "Principal" not in statement:
        return _Name.PRINCIPAL
    return _named_by(statement["Principal"], principal)


def _named_by(element: object, principal: Principal) -> _Name | None:
    if element == "*":
        return _Name.PRINCIPAL
    by_kind: Mapping[str, Any] = element if isinstance(element, Mapping) else {}
    named = _listed(by_kind.get("AWS", []))
    if "*" in named:
        return _Name.PRINCIPAL
    if principal.is_service:
        return _Name.PRINCIPAL if principal.arn in _listed(by_kind.get("Service", [])) else None
    if principal.session_arn in named:
        return _Name.SESSION
    if principal.arn in named:
        return _Name.PRINCIPAL
    partition = principal.arn.split(":")[1]
    accounts = {f"arn:{partition}:iam::{principal.account}:root", principal.account}
    return _Name.ACCOUNT if accounts & set(named) else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
