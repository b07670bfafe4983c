"""What each reader module ends with: a value that says all that is to be known of its format."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from checks.evidence import ReportKind
from checks.measurements import Measurement
from checks.reports.numbers import Node
from checks.strict_json import JsonValue


class Reader(Struct, frozen=True):
    """The reader of one format.

    `format` is its name in decision records. `kind` is what such a report tells of a version, which decides where
    `register` attaches it. `recognises` is whether a parsed document is of this format. `read` yields every
    measurement, and raises `ReportError` where the report is not built as its format asks.
    """

    format: str
    kind: ReportKind
    recognises: Callable[[JsonValue], bool]
    read: Callable[[Node], Iterator[Measurement]]
