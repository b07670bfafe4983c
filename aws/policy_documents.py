"""Policies of IAM as JSON, how long AWS lets them be, and the condition keys of requests about versions.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html and
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws.registry_names import (
    APPROVAL_STATUS_FIELD,
    DECISION_DIGEST_PROPERTY,
    DECISION_URI_PROPERTY,
    FAILED_EXECUTION_PROPERTY,
    STATUS_PROPERTY,
    THRESHOLDS_DIGEST_PROPERTY,
    UNDECIDED_DIGEST_PROPERTY,
    UNDECIDED_URI_PROPERTY,
)
from checks.errors import GovernanceError

Statement = Mapping[str, Any]

# Characters. IAM counts no white space; an organisation's policy is counted as it is sent.
MANAGED_POLICY_LIMIT = 6144
SERVICE_CONTROL_POLICY_LIMIT = 5120

STATUS_KEY = f"sagemaker:{APPROVAL_STATUS_FIELD}"
REMOVED_KEY = "sagemaker:CustomerMetadataPropertiesToRemove"
_PROPERTY_KEY = "sagemaker:CustomerMetadataProperties"
# What a decision leaves on a version, by a name for it. What it is registered with belongs to whoever registers it.
_GATE_PROPERTIES = {
    "DecisionUri": DECISION_URI_PROPERTY,
    "DecisionDigest": DECISION_DIGEST_PROPERTY,
    "ThresholdsDigest": THRESHOLDS_DIGEST_PROPERTY,
    "Status": STATUS_PROPERTY,
    "UndecidedUri": UNDECIDED_URI_PROPERTY,
    "UndecidedDigest": UNDECIDED_DIGEST_PROPERTY,
    "FailedExecution": FAILED_EXECUTION_PROPERTY,
}
GATE_PROPERTY_KEYS = {name: f"{_PROPERTY_KEY}/{property_}" for name, property_ in _GATE_PROPERTIES.items()}


class PolicyTooLongError(GovernanceError):
    """A policy is longer than AWS takes."""


def policy_of(statements: Sequence[Statement]) -> Mapping[str, Any]:
    """Return the policy document of the statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def spaced(document: object) -> str:
    """Return a document as JSON for people."""
    return json.dumps(document, indent=2)


def compact(document: object) -> str:
    """Return a document as JSON without white space."""
    return json.dumps(document, separators=(",", ":"))


def check_length(kind: str, text: str, most: int, *, way_out: str) -> None:
    """Refuse a text that is longer than `most` characters.

    Raises:
        PolicyTooLongError: it is; the message says `way_out`.
    """
    if len(text) > most:
        raise PolicyTooLongError(
            f"the policy has {len(text):,} characters, and {kind} may have {most:,}: {way_out}"
        )
