"""Evidence: the reports attached to one model version, and the measurements in them."""

import hashlib
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import chain

from msgspec import Struct

from checks.item_results import ItemResults
from checks.measurements import Measurement, Source
from checks.subject import Subject


class ReportKind(StrEnum):
    """What a report tells of a model version."""

    MODEL_QUALITY = "model quality"
    BIAS = "bias"
    EXPLAINABILITY = "explainability"
    DATA_STATISTICS = "statistics of data"
    DATA_CONSTRAINTS = "constraints on data"
    DATA_VIOLATIONS = "violations of constraints on data"
    SETTINGS = "settings"  # of a job that makes reports: it tells nothing of a version


class Document(Struct, frozen=True, dict=True):
    """The bytes of one report, and which object version they are.

    `is_pinned` says that this version was asked for by its id, so that another version of the same object may be
    evidence beside it. `written_at` is when the store took the bytes, `None` where it does not tell.
    """

    uri: str
    content: bytes
    version_id: str | None = None
    is_pinned: bool = False
    written_at: datetime | None = None

    @property
    def name(self) -> str:
        """What findings call the report: its URI, with the version where that was asked for."""
        return f"{self.uri}?versionId={self.version_id}" if self.is_pinned else self.uri

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, in lower-case hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


class Report(Struct, frozen=True):
    """One document as read: its identity, its format, its measurements.

    A document that cannot be read at all has `format` `"unreadable"`, no measurements, and the reason in `problem`.
    `subject` is what it says that it is about. `foreign` says why it is not about the version that is judged, where
    that was found. `digest_verified` is whether a digest that was registered with the version protects its bytes, or
    `None` where there is no version, or nothing was read. `copy_uri` is where a copy of the bytes is kept, if one is.
    `kinds` are those of its readers, in the order of their names in `format`. `written_at` is when the store took it.
    `items` are the item results beside it, where they were looked for and found.
    """

    uri: str
    version_id: str | None
    sha256: str
    format: str
    measurements: tuple[Measurement, ...]
    problem: str | None = None
    subject: Subject | None = None
    foreign: str | None = None
    digest_verified: bool | None = None
    copy_uri: str | None = None
    kinds: tuple[ReportKind, ...] = ()
    written_at: datetime | None = None
    items: ItemResults | None = None


class Evidence(Struct, frozen=True):
    """All reports of one model version, in the order in which they were given."""

    reports: tuple[Report, ...]

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """Every measurement of every report."""
        return tuple(chain.from_iterable(report.measurements for report in self.reports))

    def items_behind(self, source: Source) -> ItemResults | None:
        """Return the item results beside the report that a measurement is from."""
        names = ((one, f"{one.uri}?versionId={one.version_id}") for one in self.reports)
        return next((one.items for one, pinned in names if source.uri in (one.uri, pinned)), None)
