"""What was judged of every version that a decision log has, out of the copies that were kept: the history of a gate."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class RecordOfVersion:
    """The inputs of a decision about a version, by the name of the place of its record."""

    name: str
    group: str
    version: int
    record: RecordedInputs


def read_newest_records(
    names: Iterable[str], read: Callable[[str], bytes]
) -> tuple[list[RecordOfVersion], list[LeftOut]]:
    """Return the newest decision about each version, by group and version, and the records that cannot be used.

    `read` is given a name and returns the record's bytes; what it raises is passed on. Of each record only what its
    evidence is read by is held.
    """
    newest: dict[str, RecordOfVersion] = {}
    left_out: list[LeftOut] = []
    for name in names:
        try:
            record = parse_inputs(read(name))
        except DecisionRecordError as error:
            left_out.append(LeftOut(name, str(error)))
            continue
        package = record.model_package
        if package is None:
            left_out.append(LeftOut(name, "it is about no registered version"))
            continue
        # A version that was deleted and registered again under its ARN is another one.
        key = f"{package.arn} {package.created}"
        if key not in newest or newest[key].record.decided_at <= record.decided_at:
            newest[key] = RecordOfVersion(name, package.group, package.version, keep_reasons(record))
    ordered = sorted(newest.values(), key=lambda one: (one.group, one.version, one.name))
    return ordered, left_out


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
