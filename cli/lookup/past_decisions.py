"""The history of a gate that the user names: its decision records, and the copies of what was judged."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from aws.evidence_copies import EvidenceCopies, FolderEvidenceCopies, S3EvidenceCopies
from checks.decision_record import DecisionRecordError
from checks.errors import GovernanceError
from checks.garbage import pause_collecting
from checks.impact import Impact, ImpactSums, LeftOut, PastVersion
from checks.record_bounds import MAX_RECORD_BYTES
from checks.recorded_inputs import parse_inputs
from checks.thresholds import ThresholdFile
from cli.lookup.inputs import is_in_s3
from disk.reading import read_bounded
from disk.walking import names_below
from pipelines.past_impact import sum_impact
from pipelines.past_versions import RecordOfVersion, read_newest_records, read_past_versions
from pipelines.record_keys import is_decision
from pipelines.spread_work import Workers
from pipelines.step_settings import COPIES_FOLDER, DECISIONS_FOLDER

_REQUESTS = 8  # to S3 at once; a client keeps ten connections


class PastDecisions(Struct, frozen=True):
    """The names of all records of a history, what reads one by its name, and the copies of what was judged."""

    names: Sequence[str]
    read: Callable[[str], bytes]
    copies: EvidenceCopies


def past_decisions_at(place: str) -> PastDecisions:
    """Return the history in a folder or below an `s3://` prefix: the decisions bucket, a part of it, or a copy of it.

    Raises:
        GovernanceError: there is no such folder, it cannot be looked at, or there is no record in it.
    """
    found = _in_s3(place) if is_in_s3(place) else _in_folder(Path(place))
    if not found.names:
        raise GovernanceError(
            f"{place}: no decision record is in it; name the decisions bucket, as s3://BUCKET, or a copy of it"
        )
    return found


def read_history(place: str) -> Iterator[PastVersion | LeftOut]:
    """Yield what was judged of every version of the history at `place`, and say on stderr how far it is.

    Raises as `past_decisions_at` does, and `AwsError` where S3 cannot be asked.
    """
    from scorers.progress import Progress  # noqa: PLC0415 - help needs no scorers

    past = past_decisions_at(place)
    records, unusable = _read_records(past, _hire_for(place))
    yield from unusable
    judging = Progress(len(records), "versions")
    for one in read_past_versions(records, past.copies):
        yield one
        judging.advance()


def measure_impact_at(place: str, old: Sequence[ThresholdFile], new: Sequence[ThresholdFile]) -> Impact:
    """Return what a change of threshold files comes to in the history at `place`, by every core there is.

    Raises as `past_decisions_at` does, and `AwsError` where S3 cannot be asked.
    """
    from scorers.progress import Progress  # noqa: PLC0415 - help needs no scorers

    with pause_collecting():  # thousands of records are held to the end
        past, workers = past_decisions_at(place), _hire_for(place)
        records, unusable = _read_records(past, workers)
        sums = ImpactSums(old, new)
        for one in unusable:
            sums.add(one)
        advance = Progress(len(records), "versions").advance
        sum_impact(sums, (old, new), records, past.copies, workers=workers, advance=advance)
        return sums.close()


def _hire_for(place: str) -> Workers:
    from scorers.cores import count_cores  # noqa: PLC0415 - help needs no scorers

    return Workers(threads=_REQUESTS) if is_in_s3(place) else Workers(processes=count_cores())


def _read_records(
    past: PastDecisions, workers: Workers
) -> tuple[Sequence[RecordOfVersion], Sequence[LeftOut]]:
    from scorers.progress import Progress  # noqa: PLC0415 - help needs no scorers

    advance = Progress(len(past.names), "records").advance
    return read_newest_records(past.names, past.read, workers=workers, advance=advance)


def _in_folder(folder: Path) -> PastDecisions:
    if folder.is_file():
        raise GovernanceError(
            f"{folder}: a file; name the folder that has it, in a copy of the decisions bucket"
        )
    if not folder.is_dir():
        raise GovernanceError(f"{folder}: there is no such folder; name a copy of the decisions bucket")
    # The copies are beside the folder of the records, of which the user may name a part.
    around = (folder, *folder.resolve().parents)
    root = next((one for one in around if (one / COPIES_FOLDER).is_dir()), folder)
    # As text: making a path of each of ten thousand takes longer than listing them.
    depth = len(folder.parts)
    by_parts = {name: name.split(os.sep)[depth:] for name in names_below(folder)}  # noqa: PTH206
    names = [
        name for name, parts in by_parts.items() if is_decision(parts[-1]) and COPIES_FOLDER not in parts
    ]
    return PastDecisions(names, _read_file, FolderEvidenceCopies(root / COPIES_FOLDER))


def _read_file(name: str) -> bytes:
    return read_bounded(name, max_bytes=MAX_RECORD_BYTES)


def _in_s3(place: str) -> PastDecisions:
    from aws.clients import s3_client  # noqa: PLC0415 - boto3 takes half a second
    from aws.s3_objects import list_objects, read_object  # noqa: PLC0415 - likewise
    from aws.s3_uris import S3Uri  # noqa: PLC0415 - likewise

    uri = S3Uri.parse(place)
    # Of a whole bucket only the folder in which the gate writes its decisions.
    prefix = uri.as_prefix() if uri.key else uri.child(f"{DECISIONS_FOLDER}/")
    client = s3_client()
    names = [str(one) for one in list_objects(client, prefix) if is_decision(str(one))]

    def read(name: str) -> bytes:
        return read_object(client, S3Uri.parse(name), max_bytes=MAX_RECORD_BYTES).content

    folder = _find_copies(map(read, names)) or f"s3://{uri.bucket}/{COPIES_FOLDER}/"
    return PastDecisions(names, read, S3EvidenceCopies(client, folder))


def _find_copies(contents: Iterable[bytes]) -> str | None:
    """Return the folder of the copies, which is in the evidence bucket, as the first record says that has any."""
    for content in contents:
        try:
            record = parse_inputs(content)
        except DecisionRecordError:
            continue  # it is named where it is read to be used
        for document in record.evidence:
            if document.copy_uri is not None and is_in_s3(document.copy_uri):
                return f"{document.copy_uri.rpartition('/')[0]}/"
    return None
