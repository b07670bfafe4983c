"""The commands by which somebody comes to a recorded decision again, out of the record alone."""

import shlex
from collections.abc import Iterator

from checks.decision_record import DecisionRecord, EvidenceDocument

FOLDER = "evidence"
THRESHOLDS = "thresholds.yaml"


def list_repeat_commands(record: DecisionRecord, place: str | None = None) -> list[str]:
    """Return what fetches the same bytes, checks that they are the same, and judges them, one command an entry.

    First comes the one command that does all of it, where the record's `place` is known.
    """
    replay = [] if place is None else [f"governance replay {shlex.quote(place)}"]
    return [*replay, *_fetch_evidence(record), *_judge(record)]


def _fetch_evidence(record: DecisionRecord) -> Iterator[str]:
    if record.evidence:
        yield f"mkdir -p {FOLDER}"
    for number, document in enumerate(record.evidence, start=1):
        file = f"{FOLDER}/{number}-{document.uri.rpartition('/')[2]}"
        yield _fetch(document, file)
        yield f"echo {shlex.quote(f'{document.sha256}  {file}')} | sha256sum --check"


def _fetch(document: EvidenceDocument, file: str) -> str:
    # The copy is of the bytes that were judged; the object may have changed since.
    uri = document.copy_uri or document.uri
    if not uri.startswith("s3://"):
        return f"cp {shlex.quote(uri)} {shlex.quote(file)}"
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    version = ""
    if document.copy_uri is None and document.version_id is not None:
        version = f" --version-id {shlex.quote(document.version_id)}"
    return f"aws s3api get-object --bucket {shlex.quote(bucket)} --key {shlex.quote(key)}{version} {shlex.quote(file)}"


def _judge(record: DecisionRecord) -> Iterator[str]:
    thresholds = record.thresholds
    if thresholds is None:
        return
    source = thresholds.source
    if source.startswith("s3://"):
        yield f"aws s3 cp {shlex.quote(source)} {THRESHOLDS}"
        source = THRESHOLDS
    if not thresholds.sources:
        yield f"echo {shlex.quote(f'{thresholds.sha256}  {source}')} | sha256sum --check"
    group = "" if record.model_package is None else f" --group {shlex.quote(record.model_package.group)}"
    yield f"governance check {shlex.quote(source)}{group} --evidence {FOLDER}"
