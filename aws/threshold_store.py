"""The threshold store: which threshold file applies to a model package group."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aws.aws_errors import explain_errors
from aws.extended_files import is_threshold_file, look_on_disk, looking_in_s3
from aws.s3_objects import list_objects, read_object
from aws.s3_uris import S3Uri
from checks.effective_file import make_sound_part
from checks.errors import GovernanceError
from checks.selection import applies_to, find_ambiguities, select_thresholds
from checks.threshold_file import MAX_BYTES, ThresholdFileError
from checks.threshold_set import ThresholdSet, add_extended, read_threshold_set, write_all_problems
from checks.thresholds import ThresholdFile
from disk.reading import read_bounded
from disk.walking import files_below

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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


@dataclass(frozen=True, slots=True)
class ReadThresholds:
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
    """Threshold files in S3: one file by its URI (`….yaml`, `….yml`), or all of them under a prefix."""

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
        objects = (read_object(self._client, uri, max_bytes=MAX_BYTES) for uri in self._files())
        contents = {str(found.uri): found.content for found in objects}
        if not self._is_one_file:  # what is published is all that there is
            return _read(contents, contents)
        return _read(contents, add_extended(contents, looking_in_s3(self._client)))

    def publish(self, name: str, content: bytes) -> str:
        """Put a threshold file under the prefix, replacing the one of that name; return its URI, with its version.

        Raises:
            GovernanceError: `content` cannot be parsed, applies to the same groups as a file that is there, would
                replace one that is called otherwise, or `name` cannot name a file; nothing was published.
            AwsError: it could not be written.
        """
        uri = self._uri.as_prefix().child(_check_name(name))
        published = {
            str(file): read_object(self._client, file, max_bytes=MAX_BYTES).content for file in self._files()
        }
        _check_publishable(str(uri), content, published)
        with explain_errors("PutObject", str(uri)):
            answer = self._client.put_object(
                Bucket=uri.bucket, Key=uri.key, Body=content, ContentType="application/yaml"
            )
        return str(uri.with_version(answer.get("VersionId")))

    @property
    def _is_one_file(self) -> bool:
        return is_threshold_file(self._uri.key)

    def _files(self) -> Iterable[S3Uri]:
        if self._is_one_file:
            return [self._uri]
        found = list_objects(self._client, self._uri.as_prefix())
        return [uri for uri in found if is_threshold_file(uri.key)]


class FolderThresholdStore:
    """Threshold files on disk: one file by its path, or all of them in a folder and below it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`."""
        contents = self._contents()
        extended = contents if self._path.is_dir() else add_extended(contents, look_on_disk)
        return _read(contents, extended).for_group(group)

    def publish(self, name: str, content: bytes) -> str:
        """See `S3ThresholdStore.publish`; the result is a path."""
        path = self._path / _check_name(name)
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            _check_publishable(str(path), content, self._contents())
            path.write_bytes(content)
        except OSError as error:
            raise GovernanceError(f"{path}: cannot write the threshold file ({error.strerror})") from error
        return str(path)

    def _contents(self) -> dict[str, bytes]:
        return {str(file): read_bounded(file, max_bytes=MAX_BYTES) for file in self._files()}

    def _files(self) -> Iterable[Path]:
        if not self._path.is_dir():
            return [self._path]
        return [file for file in files_below(self._path, hidden=True) if is_threshold_file(file.name)]


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _check_name(name: str) -> str:
    if _NAME.fullmatch(name) is None or not is_threshold_file(name):
        raise GovernanceError(
            f"{name!r} cannot name a published threshold file: use letters, digits and . _ - and end with .yaml"
        )
    return name


def _check_publishable(source: str, content: bytes, published: Mapping[str, bytes]) -> None:
    """Refuse a file that is wrong, that another one would no longer fit to, or that would silently replace another."""
    before = read_threshold_set(published)
    after = read_threshold_set({**published, source: content})
    # A published file that is wrong stops the judging already; publishing is how it is fixed.
    new = {
        one: problems
        for one, problems in after.problems.items()
        if one == source or one not in before.problems
    }
    problems = write_all_problems(new)
    if file := after.files.get(source):
        problems += _find_contenders(file, before)
    if problems:
        raise ThresholdFileError(problems)


def _find_contenders(file: ThresholdFile, published: ThresholdSet) -> Iterator[str]:
    for other, found in published.files.items():
        if other != file.source:
            for clash in find_ambiguities([file, found]):
                yield f'{clash}; or if "{file.name}" replaces "{found.name}", withdraw that one first: delete {other}'
        elif found.name != file.name:
            yield (
                f'{file.source}: "{found.name}" is published there, and "{file.name}" would replace it; '
                "give one of them another name"
            )


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
