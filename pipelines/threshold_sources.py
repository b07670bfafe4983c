"""Which threshold file judges a group: one that the governance team published, or one on trial."""

from dataclasses import replace
from functools import cached_property
from typing import Protocol

from aws.clients import s3_client
from aws.threshold_store import ReadThresholds, S3ThresholdStore
from checks.thresholds import Mode, ThresholdFile
from pipelines.step_settings import THRESHOLDS_FOLDER


class ThresholdSource(Protocol):
    """Where evaluation gets the threshold file of a group from; every `ThresholdStore` is one."""

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`."""
        ...


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
