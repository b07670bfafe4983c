"""Which threshold file judges a group: one that the governance team published, or one on trial."""

from datetime import datetime
from functools import cached_property
from typing import Protocol

from msgspec.structs import replace

from aws.clients import s3_client
from aws.threshold_store import ReadThresholds, S3ThresholdStore
from checks.bar_order import earliest_written
from checks.evidence import Evidence
from checks.thresholds import Mode, ThresholdFile
from pipelines.step_settings import THRESHOLDS_FOLDER


class ThresholdSource(Protocol):
    """Where evaluation gets the threshold file of a group from; every `ThresholdStore` is one."""

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`."""
        ...


class PublicationHistory(Protocol):
    """What was published before; `S3ThresholdStore` is one."""

    def find_unchanged_since(self, group: str, file: ThresholdFile, moment: datetime) -> datetime | None:
        """See `S3ThresholdStore.find_unchanged_since`."""
        ...


def look_back(
    history: PublicationHistory, group: str, file: ThresholdFile | None, evidence: Evidence
) -> ThresholdFile | None:
    """Return the file with the time since which it is in force unchanged, where that is needed to tell what came first.

    A bundle is published whole, so that one that is newer than the evidence may be about other groups alone.

    Raises:
        AwsError: S3 could not be asked.
    """
    published, oldest = None if file is None else file.publication, earliest_written(evidence)
    if file is None or published is None or published.bundle is None or oldest is None:
        return file
    if published.at.replace(microsecond=0) <= oldest:
        return file
    since = history.find_unchanged_since(group, file, oldest)
    return file if since is None else replace(file, publication=replace(published, unchanged_since=since))


def thresholds_in_force(bucket: str, region: str | None = None) -> S3ThresholdStore:
    """Return the thresholds that the gate judges by: those that are published in `bucket`."""
    return S3ThresholdStore(s3_client(region), f"s3://{bucket}/{THRESHOLDS_FOLDER}")


class ReadOnce:
    """The thresholds of a store as they are when they are first asked for: one run asks about many groups."""

    def __init__(self, store: S3ThresholdStore) -> None:
        self._store = store

    @cached_property
    def _files(self) -> ReadThresholds:
        return self._store.read()

    @property
    def files(self) -> tuple[ThresholdFile, ...]:
        """The files that can be read, as those that cannot are told where a group is asked for.

        Raises:
            AwsError: the files could not be read.
        """
        return tuple(self._files.files)

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`; what could not be read is tried again for the next group."""
        return self._files.for_group(group)


class OnTrial:
    """Thresholds that are not those in force: they decide and are recorded, but change no status.

    Whoever may start the pipeline may name any threshold file of the bucket, an older or a laxer one too.
    """

    def __init__(self, thresholds: ThresholdSource) -> None:
        self._thresholds = thresholds

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`; the file's mode is `dry_run`, whatever it says."""
        file = self._thresholds.for_group(group)
        return None if file is None else replace(file, mode=Mode.DRY_RUN)
