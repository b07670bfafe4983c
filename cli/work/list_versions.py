"""`governance list`: the groups of the model registry with their newest versions and status."""

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace
from rich.table import Table

from checks.outcome_record import write_moment
from cli.display.terminal import clean_text, console_for
from cli.lookup.decisions_place import log_at
from cli.lookup.group_versions import (
    GroupVersion,
    list_recorded,
    require_recorded,
    status_text,
    unknown_group_error,
)
from cli.options.output_format import Format, print_json
from pipelines.judgements import list_judged_groups
from pipelines.step_settings import UngovernedGroups

if TYPE_CHECKING:
    from cli.lookup.left_alone import LeftAlone

SCHEMA = "governance.list/1"


def list_groups(
    *,
    group: str | None,
    newest: int,
    most: int,
    decisions: str | None,
    thresholds_bucket: str | None,
    ungoverned_groups: UngovernedGroups,
    model_package_groups: str,
    output_format: Format,
) -> None:
    """Carry out `governance list`, whose arguments these are."""
    if decisions is None:
        from cli.lookup.left_alone import LeftAlone  # noqa: PLC0415 - help needs no boto3

        left_alone = LeftAlone(thresholds_bucket, ungoverned_groups, model_package_groups)
        versions = _registered(group, newest, most, left_alone)
    else:
        versions = _recorded(group, newest, most, decisions)
    rows = [_Row(version, when) for version, when in versions]
    if output_format is Format.JSON:
        print_json({"schema": SCHEMA, "versions": [row.as_json() for row in rows]})
        return
    if not rows:
        print(
            "no group has a version" if decisions is None else f"{decisions}: no decision was recorded there"
        )
        return
    _print_table(rows, "Registered" if decisions is None else "Decided")


class _Row:
    """A version, and when it was registered or decided about."""

    def __init__(self, version: GroupVersion, when: str) -> None:
        self.version, self.when = version, when

    def as_json(self) -> dict[str, object]:
        version = self.version
        return {
            "group": version.group,
            "version": version.version,
            "arn": version.arn,
            "status": version.status,
            "at": self.when,
            "left_alone": version.left_alone,
        }


def _registered(
    group: str | None, newest: int, most: int, left_alone: "LeftAlone"
) -> Iterator[tuple[GroupVersion, str]]:
    from aws.clients import sagemaker_client  # noqa: PLC0415
    from aws.model_registry import SageMakerModelRegistry  # noqa: PLC0415

    registry = SageMakerModelRegistry(sagemaker_client())
    if group is not None and not registry.list(group):
        raise unknown_group_error(group, islice(registry.groups(), most), "the model registry")
    for name in _bounded(registry.groups() if group is None else [group], most):
        for one in registry.list(name)[:newest]:
            version = GroupVersion(one.group, one.version, one.arn, one.approval_status, None)
            if version.is_never_judged:
                version = replace(version, left_alone=left_alone.why_or_tell(one.group))
            yield version, write_moment(one.created.replace(microsecond=0))


def _recorded(group: str | None, newest: int, most: int, place: str) -> Iterator[tuple[GroupVersion, str]]:
    log = log_at(place)
    if group is not None:
        found = require_recorded(group, log, place, most=newest)
    else:
        names = _bounded(list_judged_groups(log), most)
        found = [version for name in names for version in list_recorded(name, log, most=newest)]
    for version in found:
        if version.judgement is not None:
            yield version, version.judgement.record.decided_at


def _bounded(groups: Iterable[str], most: int) -> list[str]:
    found = list(islice(groups, most + 1))
    if len(found) > most:
        print(f"the newest {most:,} groups are listed; --groups lists more, --group one", file=sys.stderr)
    return found[:most]


def _print_table(rows: Iterable[_Row], when: str) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Group", overflow="fold")
    for name in ("Version", "Status", when):
        table.add_column(name, no_wrap=True)
    before = None
    for row in rows:
        version = row.version
        named = "" if version.group == before else version.group
        status = "not carried out" if version.status is None else status_text(version.status)
        if version.left_alone is not None:
            status += ", not governed"
        table.add_row(clean_text(named), str(version.version), clean_text(status), row.when)
        before = version.group
    with console_for(sys.stdout) as console:
        console.print(table)
