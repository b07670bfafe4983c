"""The threshold files in force, as whoever publishes sees them: their texts, since when they apply, and who said so."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from aws.s3_objects import list_objects, read_object
from aws.s3_uris import S3Uri
from aws.threshold_bundles import BundleDeletedError, BundleTime, PublishedBundle, S3ThresholdBundles
from checks.errors import GovernanceError
from checks.threshold_bundle import ThresholdBundleError, write_bundle
from checks.threshold_difference import ChangeKind, FileChange, compare_thresholds
from checks.threshold_file import MAX_BYTES, is_threshold_file
from checks.threshold_set import read_threshold_set
from checks.thresholds import ThresholdFile
from pipelines.step_settings import THRESHOLDS_FOLDER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ThresholdsInForce(Struct, frozen=True, dict=True):
    """What the gate judges by now.

    `bundle` is `None` where single files are in force, as an earlier release published them, and where it was deleted.
    `contents` are the bytes of each source by its name; there are none where a bundle cannot be read or was deleted,
    and `problem` says why. `times` are when S3 took the single files. `left_over` are those beside a bundle, by which
    nobody is judged any more.
    """

    contents: Mapping[str, bytes]
    bundle: PublishedBundle | None
    times: Mapping[str, datetime]
    left_over: Sequence[str] = ()
    problem: str | None = None

    @cached_property
    def files(self) -> tuple[ThresholdFile, ...]:
        """The effective files, those that can be read."""
        return tuple(read_threshold_set(self.contents).files.values())


class Start(Struct, frozen=True):
    """Since when a file is in force as it is, and by whom; `by` is `None` where nobody knows."""

    at: datetime
    by: str | None


class PublishedThresholds:
    """The thresholds in the bucket of a stack: what is in force, what was, and how that is changed."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._folder = S3Uri.parse(f"s3://{bucket}/{THRESHOLDS_FOLDER}/")
        self._bundles = S3ThresholdBundles(client, self._folder)

    def read(self) -> ThresholdsInForce:
        """Return what is in force, also where that cannot be read.

        Raises:
            AwsError: S3 could not be asked.
        """
        single = [uri for uri in list_objects(self._client, self._folder) if is_threshold_file(uri.key)]
        left_over = tuple(str(uri) for uri in single)
        try:
            bundle = self._bundles.read()
        except BundleDeletedError as error:
            return ThresholdsInForce({}, None, {}, left_over, str(error))
        if bundle is not None:
            try:
                return ThresholdsInForce(bundle.read_sources(), bundle, {}, left_over)
            except ThresholdBundleError as error:
                return ThresholdsInForce({}, bundle, {}, left_over, str(error))
        objects = [read_object(self._client, uri, max_bytes=MAX_BYTES) for uri in single]
        named = {found.uri.key.removeprefix(self._folder.key): found for found in objects}
        return ThresholdsInForce(
            contents={name: found.content for name, found in named.items()},
            bundle=None,
            times={name: found.written_at for name, found in named.items()},
        )

    def read_version(self, version_id: str) -> PublishedBundle:
        """Return one version of the bundle.

        Raises:
            GovernanceError: there is no such version.
            AwsError: S3 could not be asked.
        """
        found = self._bundles.read(version_id)
        if found is None:
            raise GovernanceError(
                f"{version_id}: no version of {self._bundles.uri}; governance thresholds list --versions has them"
            )
        return found

    def list_versions(self) -> list[BundleTime]:
        """Return the versions of the bundle that are kept, the newest first.

        Raises:
            AwsError: S3 could not be asked.
        """
        return list(self._bundles.list_times())

    def find_starts(self, in_force: ThresholdsInForce) -> Mapping[str, Start]:
        """Return since when each file in force is as it is, by its name: older bundles are read as far as needed.

        Raises:
            AwsError: S3 could not be asked.
        """
        if in_force.bundle is None:
            return {file.name: Start(in_force.times[file.source], None) for file in in_force.files}
        open_ = {file.name: file.sha256 for file in in_force.files}
        starts: dict[str, Start] = {}
        for listed in self._bundles.list_times():
            if not open_:
                break
            version = self._bundles.read(listed.version_id)
            if version is None:
                break
            there = {file.name: file.sha256 for file in _read_files(version)}
            # A file that this version does not have as it is now was published by the version after it.
            open_ = {name: sha256 for name, sha256 in open_.items() if there.get(name) == sha256}
            starts |= {name: Start(version.published_at, version.published_by) for name in open_}
        return starts

    def propose(self, contents: Mapping[str, bytes]) -> "Proposal":
        """Return what publishing the sources `contents` would change; nothing is written.

        Raises:
            ThresholdFileError: something is wrong with the files.
            ThresholdBundleError: they are too many, or called by no paths.
            AwsError: S3 could not be asked.
        """
        content = write_bundle(contents)
        in_force = self.read()
        after = tuple(read_threshold_set(contents).files.values())
        return Proposal(contents, content, in_force, compare_thresholds(in_force.files, after))

    def publish(self, proposal: "Proposal", publisher: str) -> PublishedBundle:
        """Put what was proposed in force; `publisher` is the ARN of who does it.

        Raises:
            PublishedMeanwhileError: something else is in force by now; nothing was written.
            AwsError: it could not be written.
        """
        return self._bundles.publish(proposal.content, publisher=publisher, replaces=proposal.in_force.bundle)


class Proposal(Struct, frozen=True):
    """A bundle that could be published, `content`, of the sources `contents`, and what it would change."""

    contents: Mapping[str, bytes]
    content: bytes
    in_force: ThresholdsInForce
    changes: tuple[FileChange, ...]

    @property
    def is_unchanged(self) -> bool:
        """Whether a bundle of these very files is in force already."""
        return self.in_force.bundle is not None and self.in_force.contents == self.contents

    @property
    def withdrawn(self) -> tuple[str, ...]:
        """The names of the files that would be in force no more."""
        return tuple(one.name for one in self.changes if one.kind is ChangeKind.WITHDRAWN)


def _read_files(bundle: PublishedBundle) -> Sequence[ThresholdFile]:
    try:
        contents = bundle.read_sources()
    except GovernanceError:
        return ()
    return tuple(read_threshold_set(contents).files.values())
