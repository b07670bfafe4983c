"""The options that say which groups are governed, and what is done about other groups."""

from typing import Annotated

import typer

from pipelines.step_settings import UngovernedGroups

Ungoverned = Annotated[
    UngovernedGroups,
    typer.Option(
        "--ungoverned-groups",
        envvar="GOVERNANCE_UNGOVERNED_GROUPS",
        help="The stack's output UngovernedGroups: what it does about groups that no threshold file applies to.",
    ),
]
HeldTo = Annotated[
    str,
    typer.Option(
        "--model-package-groups",
        metavar="PATTERNS",
        envvar="GOVERNANCE_MODEL_PACKAGE_GROUPS",
        help="The stack's output ModelPackageGroups: the only groups that it reaches, with commas between them.",
    ),
]
