"""Decision records that the user names: a file, an `s3://` URI, standard input, or the folder of the one meant."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct

from checks.decision_record import DecisionRecord, DecisionRecordError, parse_record
from checks.errors import GovernanceError
from checks.record_bounds import MAX_RECORD_BYTES
from checks.text import one_line
from cli.lookup.inputs import Input, LocalFile, S3Object, input_at, is_folder, is_in_s3
from disk.walking import files_below
from pipelines.record_keys import is_decision
from pipelines.step_settings import DECISIONS_FOLDER, RECORD_SUFFIX

MOST_NAMED = 10
MOST_LISTED = 1_000  # keys looked through for records to name
LOOKS_LIKE = f"s3://BUCKET/{DECISIONS_FOLDER}/GROUP/VERSION/NAME{RECORD_SUFFIX}"


class NamedRecord(Struct, frozen=True):
    """A decision record that was found: what it is called, its bytes, and what they say."""

    name: str
    content: bytes
    record: DecisionRecord


def find_record(place: str, decisions_bucket: str | None = None) -> NamedRecord:
    """Read what `read_record` reads, or of a version's ARN the record of the decision that gave its status.

    The record of a version is looked for in `decisions_bucket`, without it where the version's metadata say.

    Raises:
        GovernanceError: it cannot be read, or is none; the message names the records that are there instead.
    """
    if not place.startswith("arn:"):
        return _read_named(_input_of(place))
    from cli.lookup.version_standings import find_standing  # noqa: PLC0415 - boto3 takes half a second

    deciding = find_standing(place, decisions_bucket).known.standing.deciding
    if deciding is None:
        raise GovernanceError(
            f"{place}: no decision of the gate about it is known; name the stack's output DecisionsBucket with "
            "--decisions-bucket, or wait until it is judged"
        )
    return _read_named(input_at(deciding.decision_uri))


def read_record(place: str) -> DecisionRecord:
    """Read the decision record in a file, at an `s3://` URI, or on standard input; of a folder with one record, this.

    Raises:
        GovernanceError: it cannot be read, or is none; the message names the records that are there instead.
    """
    return _read_named(_input_of(place)).record


def _read_named(record: Input) -> NamedRecord:
    content = _content(record)
    try:
        return NamedRecord(record.name, content, parse_record(content))
    except DecisionRecordError as error:
        raise GovernanceError(f"{record.name}: {error}") from error


def _input_of(place: str) -> Input:
    if not is_folder(place):
        return input_at(place)
    if is_in_s3(place):
        return _only_one(place, _records_below(place))
    below = (LocalFile(file) for file in files_below(Path(place)) if is_decision(file.name))
    return _only_one(place, below)


def _only_one(place: str, below: Iterable[Input]) -> Input:
    records = list(islice(below, MOST_LISTED))
    if len(records) == 1:
        return records[0]
    raise GovernanceError(f"{place}: a folder, {_list_records(records)}")


def _list_records(records: Sequence[Input]) -> str:
    """Return how many records a folder has, and their names, as the end of a message."""
    if not records:
        return f"and there is no decision record below it; name a record, which looks like {LOOKS_LIKE}"
    names = "".join(f"\n  {one_line(record.name)}" for record in records[:MOST_NAMED])
    more = "\n  …" if len(records) > MOST_NAMED else ""
    return f"with the decision records below; name one of them:{names}{more}"


def _content(record: Input) -> bytes:
    if not isinstance(record, S3Object):
        return record.read(MAX_RECORD_BYTES).content
    from aws.s3_objects import ObjectMissingError  # noqa: PLC0415

    try:
        return record.read(MAX_RECORD_BYTES).content
    except ObjectMissingError as error:
        raise GovernanceError(f"{record.name}: there is no such object{_describe_nearby(record)}") from error


def _describe_nearby(absent: S3Object) -> str:
    """Return what is there where an object is not: below its name, or else beside it."""
    folder, _, _ = absent.name.rpartition("/")
    for place, what in (
        (f"{absent.name}/", "it is a folder"),
        (f"{folder}/", f"there is the folder {folder}/"),
    ):
        try:
            records = list(_records_below(place))
        except GovernanceError:  # who may read an object may not be allowed to list the bucket
            break
        if records:
            return f"; {what}, {_list_records(records)}"
    return f"; name a record, which looks like {LOOKS_LIKE}"


def _records_below(place: str) -> Iterator[S3Object]:
    from aws.clients import s3_client  # noqa: PLC0415
    from aws.s3_objects import list_objects  # noqa: PLC0415
    from aws.s3_uris import S3Uri  # noqa: PLC0415

    uri = S3Uri.parse(place)
    # Of a whole bucket only the folder in which the gate writes its decisions.
    prefix = uri if uri.key else uri.child(f"{DECISIONS_FOLDER}/")
    for found in islice(list_objects(s3_client(), prefix), MOST_LISTED):
        if is_decision(found.key):
            yield S3Object(found)
