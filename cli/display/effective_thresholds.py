"""A threshold file as it counts, for people: what it says, and each check with the place where it is written."""

from collections.abc import Iterator
from datetime import UTC
from typing import TextIO

from rich.table import Table

from checks.publication import Publication
from checks.thresholds import Check, ThresholdFile
from cli.display.decision_screen import print_facts
from cli.display.decision_text import Fact
from cli.display.terminal import clean_text, console_for

_COLUMNS = ("Check", "Metric", "Facet", "Limit", "Proof", "Asks for", "Written at")


def show_effective(file: ThresholdFile, stream: TextIO) -> None:
    """Print the facts of the file, and a line for each of its checks, inherited or not, in the order of findings."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in _COLUMNS:
        table.add_column(column, overflow="fold")
    for place, check in enumerate(file.checks):
        table.add_row(
            *map(clean_text, (*_describe(check, file.max_age_of(check)), str(file.origin_of(place))))
        )
    with console_for(stream) as console:
        console.print(clean_text(file.name, "bold"))
        print_facts(console, _list_facts(file))
        console.print()
        console.print(table)


def _list_facts(file: ThresholdFile) -> Iterator[Fact]:
    yield "file", f"{file.source} (SHA-256 {file.sha256})"
    if file.publication is not None:
        yield from describe_publication(file.publication)
    for part in file.sources:
        extends = "extends" if part.source != file.source else "itself"
        yield extends, f"{part.source} (SHA-256 {part.sha256})"
    suffix = ", also with the suffix of MLflow" if file.mlflow_suffix else ""
    yield "groups", f"{', '.join(file.applies_to)}{suffix}" if file.applies_to else "none: others extend it"
    yield "mode", file.mode
    if file.owners:
        yield "owners", ", ".join(file.owners)
    if file.review_by is not None:
        yield "review by", file.review_by.isoformat()
    for waiver in file.waivers:
        about = f"{waiver.check} ({waiver.facet})" if waiver.facet else waiver.check
        yield "waiver", f"{about}, until {waiver.expires} by {waiver.approved_by}: {waiver.reason}"


def describe_publication(publication: Publication) -> Iterator[Fact]:
    """Yield when the file was published, and in which bundle, where it is in one."""
    at = publication.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if publication.bundle is None:
        yield "published", at
        return
    by = publication.bundle.published_by
    yield "published", at if by is None else f"{at} by {by}"
    yield "bundle", f"{publication.bundle.uri} (SHA-256 {publication.bundle.sha256})"


def _describe(check: Check, max_age: int | None) -> tuple[str, ...]:
    proof = [
        *([] if check.confidence is None else [f"confidence {check.confidence:g}"]),
        *([] if check.min_samples is None else [f"n >= {check.min_samples}"]),
        *([] if max_age is None else [f"at most {max_age} days old"]),
    ]
    asks = f"{check.on_failure}, missing {check.on_missing}, inconclusive {check.on_inconclusive}"
    return check.name, check.metric, check.facet or "-", check.limit.symbols, ", ".join(proof) or "-", asks
