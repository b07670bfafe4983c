"""`governance status`: how a version is, or the newest versions of a group, and which decision says so."""

import sys
from collections.abc import Iterator, Mapping, Sequence

from msgspec import to_builtins
from msgspec.structs import replace
from rich.text import Text

from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.finding_text import ASKS, reason_lines
from cli.display.checked_figures import chart_of, figures_of
from cli.display.decision_screen import print_facts
from cli.display.decision_text import Fact, describe_comparison
from cli.display.terminal import clean_text, console_for
from cli.display.version_status import NOT_LOOKED, list_status_facts
from cli.lookup.decisions_place import log_at, log_of
from cli.lookup.group_versions import (
    GroupVersion,
    describe_with_decision,
    require_recorded,
    require_registered,
)
from cli.options.output_format import (
    Format,
    columns,
    is_ascii_only,
    print_json,
    wants_chart,
)
from pipelines.step_settings import UngovernedGroups
from pipelines.version_standing import describe_source

SCHEMA = "governance.status/1"
MOST_REASONS = 3


def show_status(
    *,
    version_or_group: str,
    newest: int,
    decisions: str | None,
    decisions_bucket: str | None,
    thresholds_bucket: str | None,
    ungoverned_groups: UngovernedGroups,
    model_package_groups: str,
    output_format: Format,
    chart: bool | None,
) -> None:
    """Carry out `governance status`, whose arguments these are."""
    if decisions is not None:
        versions = _recorded(version_or_group, decisions, newest)
    else:
        versions = _registered(version_or_group, newest, decisions_bucket)
        versions = _say_left_alone(versions, thresholds_bucket, ungoverned_groups, model_package_groups)
    if output_format is Format.JSON:
        print_json({"schema": SCHEMA, "versions": [_json(version) for version in versions]})
        return
    with console_for(sys.stdout) as console:
        for number, version in enumerate(versions):
            if number:
                console.print()
            console.print(_heading(version))
            print_facts(console, _facts(version))
    if wants_chart(chart):
        print()
        shown = chart_of(versions, figures_of(versions), columns=columns(), ascii_only=is_ascii_only())
        print(shown)


def _recorded(version_or_group: str, place: str, newest: int) -> list[GroupVersion]:
    from aws.arns import ModelPackageArn  # noqa: PLC0415

    log = log_at(place)
    if not version_or_group.startswith("arn:"):
        return require_recorded(version_or_group, log, place, most=newest)
    arn = ModelPackageArn.parse(version_or_group)
    # An ARN spells its group in lower case, and folders have the group's own spelling.
    spelt = next((name for name in log.folders() if name.lower() == arn.group), arn.group)
    recorded = require_recorded(spelt, log, place, most=sys.maxsize)
    found = [version for version in recorded if version.arn == str(arn)]
    if not found:
        raise GovernanceError(f"{arn}: {place} has no decision about this version")
    return found


def _registered(version_or_group: str, newest: int, bucket: str | None) -> list[GroupVersion]:
    from aws.arns import ModelPackageArn  # noqa: PLC0415
    from aws.clients import s3_client, sagemaker_client  # noqa: PLC0415
    from aws.model_registry import SageMakerModelRegistry  # noqa: PLC0415
    from aws.version_lookup import describe_version  # noqa: PLC0415

    if version_or_group.startswith("arn:"):
        package = describe_version(version_or_group)
        client = s3_client(ModelPackageArn.parse(version_or_group).region)
        return [describe_with_decision(package, log_of([package], client, bucket))]
    registry = SageMakerModelRegistry(sagemaker_client())
    log = log_of([], s3_client(), bucket)
    summaries = require_registered(version_or_group, registry, log, most=newest)
    if not summaries and log is not None:
        return require_recorded(version_or_group, log, str(bucket), most=newest)
    packages = [registry.describe(one.arn) for one in summaries]
    log = log or log_of(packages, s3_client(), None)
    return [describe_with_decision(package, log) for package in packages]


def _say_left_alone(
    versions: Sequence[GroupVersion],
    thresholds_bucket: str | None,
    ungoverned: UngovernedGroups,
    held_to: str,
) -> list[GroupVersion]:
    """Return the versions, each that nothing judged with why that is so where the gate leaves it alone."""
    from aws.arns import ModelPackageArn  # noqa: PLC0415
    from cli.lookup.left_alone import LeftAlone  # noqa: PLC0415

    arns = [version.arn for version in versions if version.arn is not None]
    region = ModelPackageArn.parse(arns[0]).region if arns else None
    left_alone = LeftAlone(thresholds_bucket, ungoverned, held_to, region=region)
    return [
        replace(version, left_alone=left_alone.why_or_tell(version.group))
        if version.is_never_judged
        else version
        for version in versions
    ]


def _facts(version: GroupVersion) -> Iterator[Fact]:
    """Yield what is known of a version: a word and what it says, or no word where it goes on with the one before."""
    if version.arn is not None:
        yield "version", version.arn
    if version.standing is not None:
        yield from list_status_facts(version.standing)
    else:
        yield "status", "by the decision records alone, without the registry"
    if version.left_alone is not None:
        yield "left alone", version.left_alone
    if version.judgement is None:
        may_be_elsewhere = version.standing is not None and not version.standing.outcomes
        yield "decision", "none is known" + (f"; or {NOT_LOOKED}" if may_be_elsewhere else "")
        return
    record = version.judgement.record
    by = "no threshold file applied"
    if record.thresholds is not None:
        by = f"by the thresholds {record.thresholds.name}"
    yield "decision", f"{record.headline} at {record.decided_at}, {by}"
    yield "record", version.judgement.uri
    if version.judgement.page is not None:
        yield "page", version.judgement.page
    yield from (("", reason) for reason in _heaviest_reasons(record))
    yield from describe_comparison(record, MOST_REASONS)


def _heading(version: GroupVersion) -> Text:
    """Return the version with its status; where the registry was not asked, with what was decided about it."""
    decision = None if version.judgement is None else version.judgement.record.decision
    if version.status is not None:
        state = version.status
    elif decision is not None:
        state = f"{decision}, not carried out yet"
    else:
        state = "not judged"
    name = clean_text(f"{version.group} {version.version}", "bold")
    return Text.assemble(name, ": ", clean_text(state, "bold"))


def _heaviest_reasons(record: DecisionRecord) -> Iterator[str]:
    """Yield the heaviest reasons, and how many more there are."""
    order = list(ASKS)
    asking = [(f.consequence, f) for f in record.findings if f.consequence is not None]
    asking.sort(key=lambda pair: order.index(pair[0]))  # of equal ones, as the record has them
    yield from reason_lines([finding for _, finding in asking[:MOST_REASONS]])
    if (more := len(asking) - MOST_REASONS) > 0:
        yield f"and {more:,} more; governance explain shows all"


def _json(version: GroupVersion) -> Mapping[str, object]:
    return {
        "group": version.group,
        "version": version.version,
        "arn": version.arn,
        "status": version.status,
        "status_given_by": None if version.standing is None else describe_source(version.standing.source),
        "decision": None if version.judgement is None else _decision(version.judgement.record),
        "record": None if version.judgement is None else version.judgement.uri,
        "page": None if version.judgement is None else version.judgement.page,
        "left_alone": version.left_alone,
    }


def _decision(record: DecisionRecord) -> Mapping[str, object]:
    asking: Sequence[Mapping[str, object]] = [
        to_builtins(finding) for finding in record.findings if finding.consequence is not None
    ]
    compared = [to_builtins(finding) for finding in record.findings if finding.baseline is not None]
    baseline = None if record.baseline is None else record.baseline.model_package_arn
    comparison = {"baseline": baseline, "compared": compared} if compared else {}
    return {
        "decision": record.decision,
        "decided_at": record.decided_at,
        "asking": asking,
        **comparison,
    }
