"""The threshold store: which threshold file applies to a model package group."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from aws.extended_files import look_on_disk, looking_in_s3
from aws.s3_objects import ObjectMissingError, list_objects, read_object
from aws.s3_uris import S3Uri
from aws.threshold_bundles import BundleDeletedError, PublishedBundle, S3ThresholdBundles
from checks.effective_file import make_sound_part
from checks.publication import Publication
from checks.selection import applies_to, select_thresholds
from checks.threshold_bundle import BUNDLE_FILE, ThresholdBundleError
from checks.threshold_file import MAX_BYTES, ThresholdFileError, is_threshold_file
from checks.threshold_set import add_extended, read_threshold_set, write_all_problems
from checks.thresholds import ThresholdFile
from disk.reading import read_bounded
from disk.walking import files_below

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


_LookFor = Callable[[str, str], Mapping[str, bytes]]  # see `add_extended`


class BrokenThresholdsError(ThresholdFileError):
    """Files of a store that cannot be read; `is_governed` is whether one that can be applies to the group asked for."""

    def __init__(self, problems: list[str], *, is_governed: bool) -> None:
        super().__init__(problems)
        self.is_governed = is_governed


class ThresholdStore(Protocol):
    """Threshold files in S3 (`S3ThresholdStore`) or in a local folder (`FolderThresholdStore`)."""

    def for_group(self, group: str) -> ThresholdFile | None:
        """Return the one threshold file that applies to `group`, or `None` where none does.

        Raises:
            BrokenThresholdsError: any file of the store cannot be parsed (fails closed).
            AmbiguousThresholdsError: two apply equally specifically.
            AwsError: the files could not be read.
        """
        ...


class ReadThresholds(Struct, frozen=True):
    """The threshold files of a store as they were when they were read, and what is wrong with all others of it."""

    files: tuple[ThresholdFile, ...]
    problems: tuple[str, ...]

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`."""
        # A file that cannot be read might have been the one that applies: nothing is decided beside it.
        if self.problems:
            is_governed = any(applies_to(file, group) for file in self.files)
            raise BrokenThresholdsError(list(self.problems), is_governed=is_governed)
        return select_thresholds(self.files, group)


class S3ThresholdStore:
    """Threshold files in S3: one file by its URI (`….yaml`, `….yml`), one bundle, or what is in force under a prefix.

    Under a prefix that is the bundle, which has all files; until one was published, all threshold files there.
    """

    def __init__(self, client: "S3Client", uri: str) -> None:
        self._client = client
        self._uri = S3Uri.parse(uri)

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`."""
        return self.read().for_group(group)

    def read(self) -> ReadThresholds:
        """Return the files as they are now, to ask about many groups.

        Raises:
            AwsError: the files could not be read.
        """
        if is_threshold_file(self._uri.key):
            return self._read_files([self._uri], looking_in_s3(self._client))
        try:
            bundle = self._read_bundle()
        except BundleDeletedError as error:
            return ReadThresholds((), (str(error),))
        if bundle is not None:
            return read_published(bundle)
        below = list_objects(self._client, self._uri.as_prefix())
        return self._read_files(uri for uri in below if is_threshold_file(uri.key))

    def find_unchanged_since(self, group: str, file: ThresholdFile, moment: datetime) -> datetime | None:
        """Return when the bundle was published by which `file` was in force for `group` at `moment` already.

        `None` where another file was then, or none. Several bundles may have been published since, about others.

        Raises:
            AwsError: S3 could not be asked.
        """
        earlier = S3ThresholdBundles(self._client, self._uri).read_as_of(moment)
        if earlier is None:
            return None
        found = read_published(earlier)
        then = None if found.problems else select_thresholds(found.files, group)
        is_same = then is not None and (then.name, then.sha256) == (file.name, file.sha256)
        return earlier.published_at if is_same else None

    def _read_bundle(self) -> PublishedBundle | None:
        if not self._uri.key.endswith(f"/{BUNDLE_FILE}"):
            return S3ThresholdBundles(self._client, self._uri).read()
        folder = replace(self._uri, key=self._uri.key.removesuffix(BUNDLE_FILE), version_id=None)
        found = S3ThresholdBundles(self._client, folder).read(self._uri.version_id)
        if found is None:
            raise ObjectMissingError(
                f"{self._uri}: there is no such bundle; look at the versions that are kept"
            )
        return found

    def _read_files(self, uris: Iterable[S3Uri], look_for: _LookFor | None = None) -> ReadThresholds:
        objects = [read_object(self._client, uri, max_bytes=MAX_BYTES) for uri in uris]
        contents = {str(found.uri): found.content for found in objects}
        # What is published is all that there is: only one file that is named has what it extends beside it.
        read = _read(contents, contents if look_for is None else add_extended(contents, look_for))
        times = {str(found.uri): found.written_at for found in objects}
        return replace(read, files=tuple(_date(file, times) for file in read.files))


def read_published(bundle: PublishedBundle) -> ReadThresholds:
    """Return the files of a published bundle; one that is none is a store in which nothing can be read."""
    try:
        contents = bundle.read_sources()
    except ThresholdBundleError as error:
        return ReadThresholds((), (str(error),))
    read = _read(contents, contents)
    published = tuple(replace(file, publication=bundle.publication) for file in read.files)
    return ReadThresholds(published, tuple(f"{bundle.uri}: {problem}" for problem in read.problems))


def _date(file: ThresholdFile, times: Mapping[str, datetime]) -> ThresholdFile:
    """Return the file with the time at which the newest of the files was published that it is made of."""
    parts = {file.source, *(part.source for part in file.sources)}
    known = [times[part] for part in parts if part in times]
    return replace(file, publication=Publication(max(known))) if len(known) == len(parts) else file


class FolderThresholdStore:
    """Threshold files on disk: one file by its path, or all of them in a folder and below it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`."""
        contents = self._contents()
        extended = contents if self._path.is_dir() else add_extended(contents, look_on_disk)
        return _read(contents, extended).for_group(group)

    def _contents(self) -> dict[str, bytes]:
        return {str(file): read_bounded(file, max_bytes=MAX_BYTES) for file in self._files()}

    def _files(self) -> Iterable[Path]:
        if not self._path.is_dir():
            return [self._path]
        return [file for file in files_below(self._path, hidden=True) if is_threshold_file(file.name)]


def _read(named: Collection[str], contents: Mapping[str, bytes]) -> ReadThresholds:
    """Read the sources `named`; the other contents are what those extend."""
    found = read_threshold_set(contents, named)
    # One that is right by itself says for which groups it is, also where what it extends is wrong.
    files = tuple(
        found.files.get(source) or make_sound_part(found.sources[source])
        for source in named
        if found.sources[source].content is not None
    )
    return ReadThresholds(files, tuple(write_all_problems(found.problems)))
