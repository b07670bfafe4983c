"""`governance iam bypass-guard`: deny statements for everyone but the gate and its reviewers."""

from enum import StrEnum
from typing import Annotated

import typer

from aws.bypass_guard import as_cdk, as_json, as_service_control_policy, bypass_guard


class GuardFormat(StrEnum):
    """What the statements are printed as."""

    JSON = "json"
    SCP = "scp"
    CDK = "cdk"


_WRITERS = {
    GuardFormat.JSON: as_json,
    GuardFormat.SCP: as_service_control_policy,
    GuardFormat.CDK: as_cdk,
}


def command(
    *,
    updating_role: Annotated[
        str,
        typer.Option(
            "--updating-role",
            metavar="ARN",
            envvar="GOVERNANCE_UPDATING_ROLE",
            help="The gate's role that sets statuses: the stack's output UpdatingRole.",
        ),
    ],
    gate_roles: Annotated[
        list[str],
        typer.Option(
            "--gate-role",
            metavar="ARN",
            envvar="GOVERNANCE_GATE_ROLES",
            help="Each other role of the gate that writes its metadata: the output GateRoles. May be repeated.",
        ),
    ],
    reviewers: Annotated[
        list[str] | None,
        typer.Option(
            "--reviewer",
            metavar="ARN",
            help="Who may overrule the gate: a role or a user, with * and ?. May be repeated.",
        ),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option(
            "--group", metavar="NAME", help="Only versions of this group; may be repeated. Else of all."
        ),
    ] = None,
    kind: Annotated[
        GuardFormat,
        typer.Option(
            "--format",
            help="An identity policy, a service control policy, or Python for a CDK app.",
        ),
    ] = GuardFormat.JSON,
) -> None:
    """Print deny statements that keep everyone but the gate and its reviewers from deciding.

    They refuse versions that are registered with another status than pending, statuses that are set by hand, and the
    gate's own metadata. A registration that leaves the status out passes. They only deny: a permissions boundary needs
    them beside what it allows.
    """
    statements = bypass_guard(
        updating_role=updating_role, gate_roles=gate_roles, reviewers=reviewers or (), groups=groups or ()
    )
    print(_WRITERS[kind](statements).rstrip("\n"))
