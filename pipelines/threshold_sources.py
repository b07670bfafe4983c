"""Which threshold file judges a group: what the governance team published, or else what shipped with the bundle.

Published files go first: a shipped one is used only for a group that no published file applies to. So the stack judges
from its first minute, and the governance team overrules it without a deployment. Either way the decision record
names the file and its digest.
"""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from aws.threshold_store import FolderThresholdStore
from checks.thresholds import Mode, ThresholdFile

SHIPPED = Path(__file__).resolve().parents[1] / "thresholds"
SCHEME = "bundle:"


class ThresholdSource(Protocol):
    """Where evaluation gets the threshold file of a group from; every `ThresholdStore` is one."""

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`."""
        ...


class ShippedThresholds:
    """The threshold files that the bundle carries; their sources read `bundle:thresholds/<file>` wherever it runs."""

    def __init__(self, folder: Path = SHIPPED) -> None:
        self._folder = folder
        self._store = FolderThresholdStore(folder)

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`."""
        file = self._store.for_group(group)
        if file is None:
            return None
        relative = Path(file.source).relative_to(self._folder.parent)
        return replace(file, source=f"{SCHEME}{relative.as_posix()}")


class PublishedElseShipped:
    """The published thresholds, and the shipped ones where no published file applies."""

    def __init__(self, published: ThresholdSource, shipped: ThresholdSource) -> None:
        self._published = published
        self._shipped = shipped

    def for_group(self, group: str) -> ThresholdFile | None:
        """See `ThresholdStore.for_group`; a published file that is wrong stops the judging."""
        return self._published.for_group(group) or self._shipped.for_group(group)


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
