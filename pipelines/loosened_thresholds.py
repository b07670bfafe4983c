"""Which decisions were made by thresholds of which less is asked by now."""

from collections.abc import Mapping
from functools import cached_property, lru_cache

from msgspec import Struct

from checks.decision_record import DecisionRecord
from checks.loosening import Loosening, find_loosenings
from checks.selection import select_thresholds
from checks.thresholds import Mode, ThresholdFile
from pipelines.published_thresholds import PublishedThresholds, Start, ThresholdsInForce
from pipelines.replayed_decisions import Fetch, NotAsRecordedError, read_thresholds_again

_BUNDLES_HELD = 4  # versions of the bundle follow each other, as decisions do


class LoosenedSince(Struct, frozen=True):
    """In what less is asked by now; `start` is since when what is in force is as it is, where that is known."""

    loosenings: tuple[Loosening, ...]
    start: Start | None


class ThresholdsSince:
    """What is in force now, held against the thresholds that decisions were made by; what is in force is read once."""

    def __init__(self, published: PublishedThresholds, fetch: Fetch) -> None:
        self._published = published
        self._fetch = lru_cache(_BUNDLES_HELD)(fetch)
        self._compared: dict[tuple[str, str, str], LoosenedSince | None] = {}

    def find_loosened(self, record: DecisionRecord, group: str) -> LoosenedSince | None:
        """Return in what less is asked of `group` than when the decision of `record` was made; `None`: in nothing.

        A decision without thresholds is held to nothing, and a dry run decided nothing.

        Raises:
            NotAsRecordedError: the thresholds of then are gone, or what is in force cannot be read.
            GovernanceError: the thresholds of then have the recorded bytes, and cannot be read any more.
            AwsError: AWS could not be asked.
        """
        then = record.thresholds
        if then is None or then.mode is Mode.DRY_RUN:
            return None
        if self._in_force.problem is not None:
            raise NotAsRecordedError(self._in_force.problem)
        now = select_thresholds(self._in_force.files, group)
        if now is not None and (now.name, now.sha256) == (then.name, then.sha256):
            return None
        key = (then.name, then.sha256, group)
        if key not in self._compared:
            self._compared[key] = self._compare(record, now)
        return self._compared[key]

    @cached_property
    def _in_force(self) -> ThresholdsInForce:
        return self._published.read()

    def _compare(self, record: DecisionRecord, now: ThresholdFile | None) -> LoosenedSince | None:
        before = read_thresholds_again(record, self._fetch)
        found = () if before is None else find_loosenings(before, now)
        return LoosenedSince(found, self._find_start(now)) if found else None

    @cached_property
    def _starts(self) -> Mapping[str, Start]:
        return self._published.find_starts(self._in_force)

    def _find_start(self, now: ThresholdFile | None) -> Start | None:
        if now is not None:
            return self._starts.get(now.name)
        bundle = self._in_force.bundle
        return None if bundle is None else Start(bundle.published_at, bundle.published_by)
