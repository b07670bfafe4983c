"""Versions of groups as commands show them: by the registry and the decision records, or by the records alone."""

import difflib
import sys
from collections.abc import Iterable, Sequence
from itertools import islice

from msgspec import Struct

from aws.arns import validate_group_name
from aws.decision_log import DecisionLog
from aws.model_packages import ModelPackage, ModelPackageSummary
from aws.model_registry import ModelRegistry
from aws.registry_names import PENDING
from checks.errors import GovernanceError
from cli.display.version_status import look_up
from pipelines.judgements import Judgement, find_newest_judgement, list_judged_groups, list_judged_versions
from pipelines.record_keys import created_text
from pipelines.version_standing import Standing

MOST_GROUPS_NAMED = 1_000  # looked through for a name that is meant
MOST_NAMES_SHOWN = 5


class GroupVersion(Struct, frozen=True):
    """One version: its status, and the decision shown with it.

    `arn`, `status` and `standing` are `None` where the registry was not asked or has the version no longer, and the
    status is then that of the newest outcome. `standing` is `None` also where only the group's list was read.
    `left_alone` is why the gate judges no version of the group, where that is known.
    """

    group: str
    version: int
    arn: str | None
    status: str | None
    judgement: Judgement | None
    standing: Standing | None = None
    left_alone: str | None = None

    @property
    def is_never_judged(self) -> bool:
        """Whether it is pending, and no decision about it is known."""
        return self.status == PENDING and self.judgement is None


def describe_with_decision(package: ModelPackage, log: DecisionLog | None) -> GroupVersion:
    """Return a version with what gave its status, and the decision that did, or else the newest one.

    Raises:
        GovernanceError: the records cannot be read, or are not those that were written.
    """
    known = look_up(package, log)
    standing, judgement = known.standing, None
    if known.record is not None and standing.deciding is not None:
        uri = standing.deciding.decision_uri
        judgement = Judgement(
            package.group, package.version, known.record, uri, standing.outcomes, known.page
        )
    elif log is not None:  # judged, and not carried out yet
        judgement = find_newest_judgement(log, package.group, package.version, created=created_text(package))
    return GroupVersion(
        package.group, package.version, package.arn, package.approval_status, judgement, standing
    )


def list_registered(summaries: Iterable[ModelPackageSummary], log: DecisionLog | None) -> list[GroupVersion]:
    """Return versions of the registry with the newest decision about each."""
    return [
        GroupVersion(
            one.group,
            one.version,
            one.arn,
            one.approval_status,
            None
            if log is None
            else find_newest_judgement(log, one.group, one.version, created=created_text(one)),
        )
        for one in summaries
    ]


def list_recorded(group: str, log: DecisionLog, *, most: int) -> list[GroupVersion]:
    """Return the newest `most` versions of which decisions were recorded, newest first."""
    judgements = (
        find_newest_judgement(log, group, version) for version in list_judged_versions(log, group)[:most]
    )
    return [
        GroupVersion(one.group, one.version, _arn_of(one), one.status, one)
        for one in judgements
        if one is not None
    ]


def require_registered(
    group: str, registry: ModelRegistry, log: DecisionLog | None, *, most: int
) -> tuple[ModelPackageSummary, ...]:
    """Return the newest `most` versions of `group`; none where only records of it are left, as a note says.

    Raises:
        GovernanceError: neither the registry nor the log knows the group; the message names those that are like it.
    """
    found = registry.list(validate_group_name(group))
    if found:
        return found[:most]
    if log is not None and list_judged_versions(log, group):
        print(
            f"{group}: the registry has no version of it (any more); what follows is from the decision records",
            file=sys.stderr,
        )
        return ()
    raise unknown_group_error(group, islice(registry.groups(), MOST_GROUPS_NAMED), "the model registry")


def require_recorded(group: str, log: DecisionLog, place: str, *, most: int) -> list[GroupVersion]:
    """Return what `list_recorded` returns.

    Raises:
        GovernanceError: no decision about the group was recorded; the message names groups that are like it.
    """
    found = list_recorded(group, log, most=most)
    if not found:
        raise unknown_group_error(group, list_judged_groups(log), place)
    return found


def unknown_group_error(group: str, known: Iterable[str], where: str) -> GovernanceError:
    """Return the message about a group that is nowhere, with the names that are like it, or some that are there."""
    names = sorted(known)
    near = difflib.get_close_matches(group, names, MOST_NAMES_SHOWN) or names[:MOST_NAMES_SHOWN]
    there = f"there are {', '.join(near)}" if near else "there is no group at all"
    return GovernanceError(
        f"{group}: {where} has no version of this group (any more); {there}; check the name, and where it is looked for"
    )


def status_text(status: str | None) -> str:
    """Return a status in one word, for tables."""
    return {PENDING: "Pending", None: "-"}.get(status, status or "-")


def oldest_first(versions: Sequence[GroupVersion]) -> list[GroupVersion]:
    """Return versions in the order in which they were registered."""
    return sorted(versions, key=lambda version: version.version)


def _arn_of(judgement: Judgement) -> str | None:
    package = judgement.record.model_package
    return None if package is None else package.arn
