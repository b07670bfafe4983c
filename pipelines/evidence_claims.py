"""Which version each report was first judged for: a report that speaks for one model does not speak for another.

The first judgement of a report writes a claim, once, under the SHA-256 of its bytes; every later one finds it.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aws.decision_log import DecisionLog
from aws.model_packages import ModelPackage
from checks.decision_record import RecordedModelPackage
from checks.errors import GovernanceError
from checks.evidence import Report
from checks.strict_json import ReportError, parse_strict_json
from pipelines.sealed_decisions import describe_judged_package


class Claims(Protocol):
    """Where reports are claimed; `EvidenceClaims` keeps the claims in a log."""

    def claim(self, report: Report, package: ModelPackage) -> "Claim":
        """Return the claim of the report's bytes: the earlier one, or else the one that is made here."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """The version that a report was first judged for, and the URI that it had then."""

    package: RecordedModelPackage
    uri: str

    @classmethod
    def of(cls, document: "_Document") -> Self:
        """Read the claim out of its document."""
        return cls(document.model_package, document.uri)


class _Document(BaseModel):
    """A claim as it is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Literal["governance.claim/1"] = Field(default="governance.claim/1", alias="schema")
    sha256: str
    uri: str
    model_package: RecordedModelPackage


class EvidenceClaims:
    """Claims in a log that is written once; evaluation alone writes there."""

    def __init__(self, log: DecisionLog) -> None:
        self._log = log

    def claim(self, report: Report, package: ModelPackage) -> Claim:
        """See `Claims.claim`.

        Raises:
            GovernanceError: what is there is not a claim.
            AwsError: it could not be read or written.
        """
        made = Claim(describe_judged_package(package), report.uri)
        document = _Document(sha256=report.sha256, uri=report.uri, model_package=made.package)
        content = document.model_dump_json(by_alias=True, exclude_none=True, indent=2)
        kept = self._log.keep(f"{report.sha256}.json", f"{content}\n".encode())
        return made if kept.is_new else _read(kept.content, kept.uri)


def _read(content: bytes, uri: str) -> Claim:
    try:
        return Claim.of(_Document.model_validate(parse_strict_json(content)))
    except (ReportError, ValidationError) as error:
        raise GovernanceError(
            f"{uri}: not a claim, which says for which version a report was judged first; "
            "keep it for the audit, find out who wrote it, and restore its first version"
        ) from error
