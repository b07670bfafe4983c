"""What the user names on the command line, found and read: a file, a folder, an `s3://` URI, or `-` for standard input.

boto3, which takes half a second to import, is imported only where something in S3 is named.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from checks.errors import GovernanceError
from checks.evidence import Document, Evidence, Report
from checks.report_files import REPORT_PATTERNS, is_report_file
from checks.reports import MAX_REPORT_BYTES, EvidenceReader, leave_unread
from checks.text import one_line
from checks.threshold_file import MAX_BYTES, THRESHOLD_SUFFIXES, is_threshold_file
from disk.disk_errors import FileTooLargeError
from disk.reading import changed_at, read_bounded
from disk.walking import files_below

if TYPE_CHECKING:
    from aws.s3_uris import S3Uri

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "<stdin>"  # what messages and records call it
S3_SCHEME = "s3://"
MOST_NAMED = 5  # of the files that are none of those looked for


class InputTooLargeError(GovernanceError):
    """More bytes than are read of it; `problem` is the message without the name."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.problem = problem


class LocalFile(Struct, frozen=True):
    """A file or pipe on this machine."""

    path: Path

    @property
    def name(self) -> str:
        """What messages and records call it."""
        return self.path.as_posix()

    @property
    def identity(self) -> object:
        """What is equal for the same file, whatever path leads to it."""
        return self.path.resolve()

    def read(self, max_bytes: int) -> Document:
        """Return its bytes; raises `DiskError`, and `InputTooLargeError` where there are more than `max_bytes`."""
        try:
            content = read_bounded(self.path, max_bytes=max_bytes)
        except FileTooLargeError as error:
            raise InputTooLargeError(self.name, str(error).removeprefix(f"{self.path}: ")) from error
        return Document(self.name, content, written_at=changed_at(self.path))


class StandardInput(Struct, frozen=True):
    """The standard input of the process."""

    name: str = STANDARD_INPUT_NAME
    identity: object = STANDARD_INPUT

    def read(self, max_bytes: int) -> Document:
        """Return its bytes; raises `InputTooLargeError` where there are more than `max_bytes`."""
        content = sys.stdin.buffer.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise InputTooLargeError(
                self.name, f"more than {max_bytes:,} bytes, and no more are read; split it"
            )
        return Document(self.name, content)


class S3Object(Struct, frozen=True):
    """An object in S3: its newest version, or the one that the URI names."""

    uri: "S3Uri"

    @property
    def name(self) -> str:
        """What messages and records call it: the URI without a version."""
        return str(self.uri.with_version(None))

    @property
    def identity(self) -> object:
        """What is equal for the same version."""
        return self.uri

    def read(self, max_bytes: int) -> Document:
        """Return its bytes, and their version; raises `InputTooLargeError`, `ObjectMissingError` and `AwsError`."""
        from aws.clients import s3_client  # noqa: PLC0415
        from aws.s3_objects import ObjectTooLargeError, read_object  # noqa: PLC0415

        try:
            found = read_object(s3_client(), self.uri, max_bytes=max_bytes)
        except ObjectTooLargeError as error:
            raise InputTooLargeError(self.name, str(error).removeprefix(f"{self.uri}: ")) from error
        is_pinned = self.uri.version_id is not None
        return Document(self.name, found.content, found.uri.version_id, is_pinned, found.written_at)


Input = LocalFile | StandardInput | S3Object


class DocumentKind(Struct, frozen=True):
    """What is looked for in a folder: its noun, how its files are named, and what to name instead of the folder.

    `takes` says of a file's name or key whether it is one; `hidden`, whether names with a leading dot count.
    """

    noun: str
    patterns: str
    takes: Callable[[str], bool]
    way_out: str
    hidden: bool = False


REPORTS = DocumentKind(
    "report",
    REPORT_PATTERNS,
    is_report_file,
    "name the folder that scoring wrote to, or a report itself",
)
THRESHOLDS = DocumentKind(
    "threshold file",
    " or ".join(f"*{suffix}" for suffix in THRESHOLD_SUFFIXES),
    is_threshold_file,
    "name a threshold file",
    hidden=True,
)


def is_in_s3(place: str) -> bool:
    """Return whether `place` is meant for a URI of S3."""
    return place.startswith(S3_SCHEME)


def is_folder(place: str) -> bool:
    """Return whether `place` names a folder, or as a URI says that it is a prefix."""
    if is_in_s3(place):
        return place.endswith("/") or "/" not in place.removeprefix(S3_SCHEME)
    return Path(place).is_dir()


def input_at(place: str) -> Input:
    """Return the one document that the user means by `place`.

    Raises:
        GovernanceError: it is an `s3://` URI that names no object.
    """
    if place == STANDARD_INPUT:
        return StandardInput()
    if not is_in_s3(place):
        return LocalFile(Path(place))
    from aws.s3_uris import S3Uri  # noqa: PLC0415

    return S3Object(S3Uri.parse(place).as_object())


def inputs_at(places: Iterable[str | Path], kind: DocumentKind) -> list[Input]:
    """Return the documents that `places` name, each once: of a folder, or a prefix of S3, all of `kind` below it.

    Hidden reports are left out, as when evidence is uploaded: scoring keeps unfinished work there.

    Raises:
        GovernanceError: a folder holds none, or something that cannot be looked at.
    """
    found: dict[object, Input] = {}
    for place in places:
        for one in _inputs_in(str(place), kind):
            found.setdefault(one.identity, one)
    return list(found.values())


def _inputs_in(place: str, kind: DocumentKind) -> Iterable[Input]:
    if is_in_s3(place):
        return _inputs_in_s3(place, kind)
    if place == STANDARD_INPUT or not Path(place).is_dir():
        return [input_at(place)]
    below = files_below(Path(place), hidden=kind.hidden)
    taken = [LocalFile(file) for file in below if kind.takes(file.name)]
    if not taken:
        raise _nothing_in(place, (file.relative_to(place).as_posix() for file in below), kind)
    return taken


def _inputs_in_s3(place: str, kind: DocumentKind) -> Iterable[Input]:
    from aws.clients import s3_client  # noqa: PLC0415
    from aws.s3_objects import list_objects  # noqa: PLC0415
    from aws.s3_uris import S3Uri  # noqa: PLC0415
    from checks.threshold_bundle import BUNDLE_FILE  # noqa: PLC0415

    uri = S3Uri.parse(place)
    if kind is THRESHOLDS and uri.key.endswith(f"/{BUNDLE_FILE}"):
        raise _say_what_is_in_force(place, "a bundle of threshold files, and not one of them")
    # Who names an object may not be allowed to list the bucket.
    if uri.version_id is not None or kind.takes(uri.key):
        return [S3Object(uri.as_object())]
    prefix = uri.as_prefix()
    below = list(list_objects(s3_client(), prefix))
    if kind is THRESHOLDS and below:
        _refuse_bundle(place, prefix)
    taken = [S3Object(one) for one in below if kind.takes(one.key)]
    if not below and not uri.key.endswith("/"):
        return [S3Object(uri)]  # an object whose name has another suffix
    if not taken:
        raise _nothing_in(place, (one.key.removeprefix(prefix.key) for one in below), kind)
    return taken


def _refuse_bundle(place: str, prefix: "S3Uri") -> None:
    """Refuse a prefix with a bundle of threshold files, or with one that was deleted: what is beside it is stale.

    Raises:
        GovernanceError: there is or was one.
    """
    from aws.clients import s3_client  # noqa: PLC0415
    from aws.threshold_bundles import S3ThresholdBundles  # noqa: PLC0415

    if S3ThresholdBundles(s3_client(), prefix).read() is not None:
        raise _say_what_is_in_force(place, "the thresholds in force are a bundle here, and no single files")


def _say_what_is_in_force(place: str, problem: str) -> GovernanceError:
    return GovernanceError(
        f"{place}: {problem}; governance check takes them by --in-force --group GROUP, diff and impact by the name "
        "LIVE, and governance thresholds get fetches them"
    )


def _nothing_in(place: str, names: Iterable[str], kind: DocumentKind) -> GovernanceError:
    """Return the message that lists what is there, and what would be recognised."""
    listed = list(islice(names, MOST_NAMED + 1))
    there = ", ".join(one_line(name) for name in listed[:MOST_NAMED])
    more = ", …" if len(listed) > MOST_NAMED else ""
    holds = f"it holds {there}{more}" if listed else "it is empty"
    return GovernanceError(
        f"{place}: no {kind.noun} ({kind.patterns}) in this folder; {holds}; {kind.way_out}"
    )


def refuse_twice(places: Sequence[str]) -> None:
    """Refuse `-` for two things at once.

    Raises:
        GovernanceError: standard input would have to be read twice.
    """
    if places.count(STANDARD_INPUT) > 1:
        raise GovernanceError("-: standard input can be only one of the files; name the others")


def read_evidence(places: Iterable[str | Path]) -> Evidence:
    """Read the reports at `places` (see `inputs_at`); what a report holds is for the checks to judge.

    Raises:
        GovernanceError: a file, a folder or something in S3 cannot be read.
    """
    reader = EvidenceReader()
    return Evidence(tuple(_read_report(reader, one) for one in inputs_at(places, REPORTS)))


def _read_report(reader: EvidenceReader, one: Input) -> Report:
    try:
        return reader.read(one.name, lambda: one.read(MAX_REPORT_BYTES))
    except InputTooLargeError as error:
        # As in AWS: it was opened, and no report is that large. That is a finding, not a failure to look.
        return leave_unread(one.name, error.problem)


def threshold_documents(places: Iterable[str | Path]) -> Iterator[Document]:
    """Read the threshold files at `places` (see `inputs_at`).

    Raises:
        GovernanceError: a file, a folder or something in S3 cannot be read.
    """
    return (one.read(MAX_BYTES) for one in inputs_at(places, THRESHOLDS))
