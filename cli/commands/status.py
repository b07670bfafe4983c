"""`governance status`: how a version is, or the newest versions of a group, and which decision says so."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer
from rich.text import Text

from checks.decision import Consequence
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from cli.display.checked_figures import chart_of, figures_of
from cli.display.decision_text import ASKS, LONGEST_WORD
from cli.display.terminal import clean_text, console_for
from cli.display.version_status import NOT_LOOKED, facts_about_status
from cli.lookup.decisions_place import Decisions, log_at, log_of
from cli.lookup.group_versions import Seen, recorded_versions, seen_with_standing, versions_of
from cli.options.decisions_bucket import DecisionsBucket
from cli.options.output_format import (
    Chart,
    Format,
    OutputFormat,
    columns,
    is_ascii_only,
    print_json,
    wants_chart,
)
from pipelines.version_standing import describe_source

SCHEMA = "governance.status/1"
MOST_REASONS = 3
NEWEST = 3


def command(
    version_or_group: Annotated[
        str, typer.Argument(metavar="ARN|GROUP", help="A version's ARN, or the name of a group.")
    ],
    *,
    newest: Annotated[
        int, typer.Option("--versions", min=1, max=100, help="How many of a group's newest versions.")
    ] = NEWEST,
    decisions: Decisions = None,
    decisions_bucket: DecisionsBucket = None,
    output_format: OutputFormat = Format.TEXT,
    chart: Chart = None,
) -> None:
    """Show how a version is, or the newest of a group: its status, what gave it, the record, and the first reasons.

    Exits with 0 when it could be shown, whatever the status.
    """
    if decisions is not None:
        versions = _recorded(version_or_group, decisions, newest)
    else:
        versions = _registered(version_or_group, newest, decisions_bucket)
    if output_format is Format.JSON:
        print_json({"schema": SCHEMA, "versions": [_json(seen) for seen in versions]})
        return
    with console_for(sys.stdout) as console:
        for number, seen in enumerate(versions):
            if number:
                console.print()
            for line in _block(seen):
                console.print(line, soft_wrap=True)
    if wants_chart(chart):
        print()
        shown = chart_of(versions, figures_of(versions), columns=columns(), ascii_only=is_ascii_only())
        print(shown)


def _recorded(version_or_group: str, place: str, newest: int) -> list[Seen]:
    from aws.arns import ModelPackageArn  # noqa: PLC0415

    log = log_at(place)
    if not version_or_group.startswith("arn:"):
        return recorded_versions(version_or_group, log, place, most=newest)
    version = ModelPackageArn.parse(version_or_group)
    # An ARN spells its group in lower case, and folders have the group's own spelling.
    spelt = next((name for name in log.folders() if name.lower() == version.group), version.group)
    found = [
        seen for seen in recorded_versions(spelt, log, place, most=sys.maxsize) if seen.arn == str(version)
    ]
    if not found:
        raise GovernanceError(f"{version}: {place} has no decision about this version")
    return found


def _registered(version_or_group: str, newest: int, bucket: str | None) -> list[Seen]:
    from aws.arns import ModelPackageArn  # noqa: PLC0415
    from aws.clients import s3_client, sagemaker_client  # noqa: PLC0415
    from aws.model_registry import SageMakerModelRegistry  # noqa: PLC0415
    from aws.version_lookup import describe_version  # noqa: PLC0415

    if version_or_group.startswith("arn:"):
        package = describe_version(version_or_group)
        client = s3_client(ModelPackageArn.parse(version_or_group).region)
        return [seen_with_standing(package, log_of([package], client, bucket))]
    registry = SageMakerModelRegistry(sagemaker_client())
    log = log_of([], s3_client(), bucket)
    summaries = versions_of(version_or_group, registry, log, most=newest)
    if not summaries and log is not None:
        return recorded_versions(version_or_group, log, str(bucket), most=newest)
    packages = [registry.describe(one.arn) for one in summaries]
    log = log or log_of(packages, s3_client(), None)
    return [seen_with_standing(package, log) for package in packages]


def _block(seen: Seen) -> Iterator[Text]:
    yield Text.assemble(clean_text(f"{seen.group} {seen.version}", "bold"), ": ", _verdict(seen))
    if seen.arn is not None:
        yield clean_text(f"version     {seen.arn}")
    if seen.standing is not None:
        for word, what in facts_about_status(seen.standing):
            yield clean_text(f"{word:<{LONGEST_WORD}}  {what}")
    else:
        yield Text("status      by the decision records alone, without the registry")
    if seen.judgement is None:
        where = "" if seen.standing is None or seen.standing.outcomes else f"; or {NOT_LOOKED}"
        yield Text(f"decision    none is known{where}")
        return
    record = seen.judgement.record
    by = (
        "no threshold file applied"
        if record.thresholds is None
        else f"by the thresholds {record.thresholds.name}"
    )
    yield clean_text(f"decision    {record.decision} at {record.decided_at}, {by}")
    yield clean_text(f"record      {seen.judgement.uri}")
    yield from _reasons(record)


def _verdict(seen: Seen) -> Text:
    if seen.status is not None:
        return clean_text(seen.status, "bold")
    decided = (
        "not judged" if seen.judgement is None else f"{seen.judgement.record.decision}, not carried out yet"
    )
    return clean_text(decided, "bold")


def _reasons(record: DecisionRecord) -> Iterator[Text]:
    """Yield the heaviest reasons, and how many more there are."""
    asking = [finding for finding in record.findings if finding.consequence is not None]
    heaviest = sorted(asking, key=lambda finding: list(ASKS).index(finding.consequence or Consequence.WARN))
    for finding in heaviest[:MOST_REASONS]:
        facet = f" ({finding.facet})" if finding.facet else ""
        asks = ASKS[finding.consequence or Consequence.WARN]
        yield clean_text(f"            {asks}: {finding.check}{facet}: {finding.reason}")
    if (more := len(heaviest) - MOST_REASONS) > 0:
        yield Text(f"            and {more:,} more; governance explain shows all")


def _json(seen: Seen) -> Mapping[str, object]:
    return {
        "group": seen.group,
        "version": seen.version,
        "arn": seen.arn,
        "status": seen.status,
        "status_given_by": None if seen.standing is None else describe_source(seen.standing.source),
        "decision": None if seen.judgement is None else _decision(seen.judgement.record),
        "record": None if seen.judgement is None else seen.judgement.uri,
    }


def _decision(record: DecisionRecord) -> Mapping[str, object]:
    asking: Sequence[Mapping[str, object]] = [
        finding.model_dump(mode="json") for finding in record.findings if finding.consequence is not None
    ]
    return {"decision": record.decision, "decided_at": record.decided_at, "asking": asking}
