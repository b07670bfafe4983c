"""What outputs tell of a version or a local check: its decision, if there is one, and what the result asks for."""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from checks.decision import Consequence
from checks.decision_record import DecisionRecord, RecordedFinding
from checks.finding_text import name_of, write_reason
from checks.text import one_line
from checks.thresholds import Origin

HEAVIEST_FIRST = (Consequence.REJECT, Consequence.REVIEW, Consequence.WARN, None)
RESULT = "result"  # what the result itself is called among the checks


class FilePlace(Struct, frozen=True):
    """A threshold file, and where it is known the line of the check, counted from 1."""

    file: str
    line: int | None = None


class ToldPoint(Struct, frozen=True):
    """One thing to tell: what a check came to, or the result where no check explains it.

    `consequence` is what it asks for in the end: of a version that goes on nothing more than a warning.
    """

    name: str
    check: str
    consequence: Consequence | None
    message: str
    why: str
    place: FilePlace | None
    finding: RecordedFinding | None = None


class Told(Struct, frozen=True):
    """One version, or what was checked locally, as outputs tell of it.

    `subject` is the version's ARN, or the threshold file's name. `result` says in a few words what came of it, and
    `asks` what that asks for: `None` where it goes on. `is_error` is whether nothing could be decided. `record` is the
    decision, `record_uri` where it is kept. `notes` say what is known beside it. `origins` are the places of checks in
    threshold files, by the names of the checks.
    """

    subject: str
    result: str
    asks: Consequence | None
    record: DecisionRecord | None = None
    record_uri: str | None = None
    is_error: bool = False
    notes: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The result and the subject, as a heading."""
        return f"{self.result}: {self.subject}"

    def list_points(self) -> list[ToldPoint]:
        """Return what is to be told, in the order of the record, the result itself first where it is told."""
        findings = () if self.record is None else self.record.findings
        points = [self._point_of(finding) for finding in findings]
        heaviest = min((point.consequence for point in points), key=HEAVIEST_FIRST.index, default=None)
        explained = heaviest is self.asks or (self.asks is None and heaviest is Consequence.WARN)
        # A version may be stopped by what no check found: a person set it so, or nothing was decided.
        return points if explained else [self._point_of_result(), *points]

    def _point_of(self, finding: RecordedFinding) -> ToldPoint:
        consequence = finding.consequence
        if self.asks is None and consequence is not None:
            consequence = Consequence.WARN
        return ToldPoint(
            name=name_of(finding),
            check=finding.check,
            consequence=consequence,
            message=_explain(finding),
            why=finding.why,
            place=self._place_of(finding),
            finding=finding,
        )

    def _point_of_result(self) -> ToldPoint:
        message = "; ".join((self.result, *self.notes))
        why = "What is not approved by a decision does not go on."
        return ToldPoint(RESULT, RESULT, self.asks, message, why, None)

    def _place_of(self, finding: RecordedFinding) -> FilePlace | None:
        if origin := self.origins.get(finding.check):
            return FilePlace(origin.source, origin.line)
        if finding.origin is not None:
            file, _, line = finding.origin.rpartition(":")
            return FilePlace(file, int(line)) if line.isdecimal() and file else FilePlace(finding.origin)
        thresholds = None if self.record is None else self.record.thresholds
        return None if thresholds is None else FilePlace(thresholds.source)


def _explain(finding: RecordedFinding) -> str:
    """Return what was found, with the waiver that lets it pass."""
    if finding.waiver is None:
        return write_reason(finding)
    waiver = finding.waiver
    return f"{write_reason(finding)}; waived until {waiver.expires} by {waiver.approved_by}: {waiver.reason}"


def list_asking(told: Told) -> Iterator[ToldPoint]:
    """Yield what asks for something, the heaviest first."""
    points = told.list_points()
    for consequence in HEAVIEST_FIRST[:-1]:
        yield from (point for point in points if point.consequence is consequence)


def plain_line(text: str) -> str:
    """Return text of strangers on one line of characters that UTF-8, XML and terminals can hold."""
    return "".join(c for c in one_line(text) if c not in "\ufffe\uffff")
