"""What was judged of every version that a decision log has, out of the copies that were kept: the history of a gate."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct

from aws.evidence_copies import EvidenceCopies
from aws.evidence_errors import DigestMismatchError, EvidenceMissingError
from checks.decision_record import DecisionRecordError
from checks.impact import LeftOut, PastVersion
from checks.recorded_inputs import RecordedInputs, parse_inputs
from pipelines.judged_evidence import (
    NotRepeatableError,
    keep_reasons,
    read_again,
    read_baseline_again,
    read_verification_again,
)
from pipelines.spread_work import ALONE, Workers, work_on_parts


class RecordOfVersion(Struct, frozen=True):
    """The inputs of a decision about a version, by the name of the place of its record; `key` tells versions apart."""

    name: str
    key: str
    group: str
    version: int
    record: RecordedInputs


def read_newest_records(
    names: Sequence[str],
    read: Callable[[str], bytes],
    *,
    workers: Workers = ALONE,
    advance: Callable[[int], object] | None = None,
) -> tuple[list[RecordOfVersion], list[LeftOut]]:
    """Return the newest decision about each version, by group and version, and the records that cannot be used.

    `read` is given a name and returns the record's bytes; what it raises is passed on. `advance` is given each number
    of records that are read. Of each record only what its evidence is read by is held.
    """
    newest: dict[str, RecordOfVersion] = {}
    left_out: list[LeftOut] = []
    for count, found in work_on_parts(partial(_read_records, read), names, workers):
        for one in found:
            if isinstance(one, LeftOut):
                left_out.append(one)
            else:
                _keep_newest(newest, one)
        if advance is not None:
            advance(count)
    ordered = sorted(newest.values(), key=lambda one: (one.group, one.version, one.name))
    return ordered, left_out


def _read_records(read: Callable[[str], bytes], names: Iterable[str]) -> list[RecordOfVersion | LeftOut]:
    return [_read_record(name, read(name)) for name in names]


def _read_record(name: str, content: bytes) -> RecordOfVersion | LeftOut:
    try:
        record = parse_inputs(content)
    except DecisionRecordError as error:
        return LeftOut(name, str(error))
    package = record.model_package
    if package is None:
        return LeftOut(name, "it is about no registered version")
    # A version that was deleted and registered again under its ARN is another one.
    key = f"{package.arn} {package.created}"
    return RecordOfVersion(name, key, package.group, package.version, keep_reasons(record))


def _keep_newest(newest: dict[str, RecordOfVersion], one: RecordOfVersion) -> None:
    before = newest.get(one.key)
    if before is None or before.record.decided_at <= one.record.decided_at:
        newest[one.key] = one


def read_past_versions(
    records: Iterable[RecordOfVersion], copies: EvidenceCopies
) -> Iterator[PastVersion | LeftOut]:
    """Yield what was judged of each version, read once, or why it cannot be read any more.

    Raises:
        AwsError: S3 could not be asked for a copy.
    """
    for one in records:
        try:
            evidence = read_again(one.record, copies)
            baseline = read_baseline_again(one.record, copies)
            verification = read_verification_again(one.record, copies)
        except (NotRepeatableError, EvidenceMissingError, DigestMismatchError) as error:
            yield LeftOut(one.name, str(error))
            continue
        decided_at = datetime.fromisoformat(one.record.decided_at)
        yield PastVersion(one.group, one.version, one.name, evidence, decided_at, baseline, verification)
