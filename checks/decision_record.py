"""The decision record: the JSON that says what was decided, on which bytes, by which thresholds and engine."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from checks.decision import Consequence, Decision, Finding, Outcome, Verdict
from checks.errors import GovernanceError
from checks.evidence import Evidence, Report
from checks.strict_json import ReportError, parse_strict_json
from checks.thresholds import Mode, ThresholdFile
from checks.version import NAME, VERSION

SCHEMA: Literal["governance.decision/1"] = "governance.decision/1"

Finite = Annotated[float, Field(allow_inf_nan=False)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DecisionRecordError(GovernanceError):
    """A file that is not a decision record of this version."""


def _make_encodable(text: object) -> object:
    """Return text that UTF-8 can hold; the names of files on disk may not be such."""
    return text.encode("utf-8", "backslashreplace").decode() if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(_make_encodable)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordedContainer(_Part):
    """What one container of the version runs; what the registry does not say is left out of the JSON."""

    image: Text | None = None
    image_digest: Text | None = None
    model_data: Text | None = None
    model_data_etag: Text | None = None


class RecordedModelPackage(_Part):
    """Which version was judged.

    `created` (UTC to the millisecond, ISO 8601) and `containers` tell it from another version that is registered
    under the same ARN after this one was deleted. Both are left out of the JSON where they are not known.
    """

    arn: Text
    group: Text
    version: int
    created: Text | None = None
    containers: tuple[RecordedContainer, ...] = ()


class RecordedThresholds(_Part):
    """By which threshold file, and whether its decisions change a status."""

    name: Text
    sha256: Sha256
    source: Text
    mode: Mode


class EvidenceDocument(_Part):
    """One report that was read.

    `digest` is `verified` where the bytes are those of a digest that was registered with the version, `none` where
    none was, and left out of the JSON where no version was judged, or the report was not read. `copy_uri` is where a
    copy of the bytes is kept, under their SHA-256; it is left out of the JSON where none is.
    """

    uri: Text
    version_id: Text | None
    sha256: Sha256
    format: Text
    digest: Literal["verified", "none"] | None = None
    copy_uri: Text | None = None


class RecordedInterval(_Part):
    """The interval that the finding rests on; `confidence` is its two-sided level.

    `one_sided` is the level at which each of its ends bounds the value, which is what a check's `confidence` sets: 0.95
    where `confidence` is 0.9. It is left out of the JSON of records that were written without it.
    """

    low: Finite
    high: Finite
    confidence: Finite
    one_sided: Finite | None = None


class RecordedFinding(_Part):
    """What one check came to; `consequence` is null where it asks for nothing."""

    check: Text
    metric: Text
    facet: Text | None
    outcome: Outcome
    consequence: Consequence | None
    value: Finite | None
    samples: int | None
    interval: RecordedInterval | None
    limit: dict[str, Finite | list[Finite]]
    why: Text
    reason: Text

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """Return the record of `finding`."""
        content = {field: getattr(finding, field) for field in cls.model_fields}
        content["limit"] = {} if finding.limit is None else finding.limit.as_written
        return cls.model_validate(content, from_attributes=True)


class RecordedEngine(_Part):
    """What decided."""

    name: Text
    version: Text


class DecisionRecord(_Part):
    """A decision as it is kept. `decided_at` is UTC to the second, ISO 8601; all else follows from the inputs.

    `thresholds` is `None` where no file applied. `model_package` and `execution`, the ARN of the pipeline execution,
    are left out of the JSON where there is none.
    """

    schema_: Literal["governance.decision/1"] = Field(default=SCHEMA, alias="schema")
    decision: Verdict
    model_package: RecordedModelPackage | None = None
    thresholds: RecordedThresholds | None
    evidence: tuple[EvidenceDocument, ...]
    findings: tuple[RecordedFinding, ...]
    engine: RecordedEngine
    execution: Text | None = None
    decided_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]

    @classmethod
    def of(
        cls,
        decision: Decision,
        *,
        thresholds: ThresholdFile | None,
        evidence: Evidence,
        decided_at: datetime,
        model_package: RecordedModelPackage | None = None,
        execution: str | None = None,
    ) -> Self:
        """Return the record of `decision`; `decided_at` must know its time zone."""
        return cls(
            decision=decision.verdict,
            model_package=model_package,
            thresholds=None if thresholds is None else _record_thresholds(thresholds),
            evidence=tuple(map(_record_report, evidence.reports)),
            findings=tuple(RecordedFinding.of(finding) for finding in decision.findings),
            engine=RecordedEngine(name=NAME, version=VERSION),
            execution=execution,
            decided_at=decided_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        )

    def to_bytes(self) -> bytes:
        """Return the record as JSON in UTF-8: the same record always gives the same bytes."""
        content = self.model_dump(mode="json", by_alias=True)
        for optional in ("model_package", "execution"):
            if content[optional] is None:
                del content[optional]
        for document in content["evidence"]:
            for optional in ("digest", "copy_uri"):
                if document[optional] is None:
                    del document[optional]
        for finding in content["findings"]:
            if finding["interval"] is not None:
                finding["interval"] = _leave_out_absent(finding["interval"])
        if package := content.get("model_package"):
            package["containers"] = [_leave_out_absent(container) for container in package["containers"]]
            content["model_package"] = _leave_out_absent(package)
        return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _leave_out_absent(part: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in part.items() if value is not None and value != []}


def _record_report(report: Report) -> EvidenceDocument:
    digest: Literal["verified", "none"] | None = None
    if report.digest_verified is not None:
        digest = "verified" if report.digest_verified else "none"
    return EvidenceDocument(
        uri=report.uri,
        version_id=report.version_id,
        sha256=report.sha256,
        format=report.format,
        digest=digest,
        copy_uri=report.copy_uri,
    )


def _record_thresholds(file: ThresholdFile) -> RecordedThresholds:
    return RecordedThresholds(name=file.name, sha256=file.sha256, source=file.source, mode=file.mode)


def parse_record(content: bytes) -> DecisionRecord:
    """Parse the bytes of a decision record.

    Raises:
        DecisionRecordError: when they are something else.
    """
    try:
        parse_strict_json(content)
        return DecisionRecord.model_validate_json(content, strict=True)
    except ReportError as error:
        raise DecisionRecordError(f"not a decision record: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the top"
        raise DecisionRecordError(f"not a decision record ({SCHEMA}): {where}: {first['msg']}") from error
