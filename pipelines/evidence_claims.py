"""Which version each report was first judged for: a report that speaks for one model does not speak for another.

The first judgement of a report writes a claim, once, under the SHA-256 of its bytes; every later one finds it.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, Self

from msgspec import Struct, field, to_builtins
from pydantic import ValidationError

from aws.aws_errors import AwsAccessDeniedError
from aws.decision_log import DecisionLog, S3DecisionLog
from aws.model_packages import ModelPackage
from aws.s3_objects import ObjectMissingError
from checks.decision_record import RecordedModelPackage
from checks.document_part import DocumentPart
from checks.errors import GovernanceError
from checks.evidence import Report
from checks.strict_json import ReportError, parse_strict_json
from pipelines.sealed_decisions import describe_judged_package
from pipelines.step_settings import CLAIMS_FOLDER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEMA: Literal["governance.claim/1"] = "governance.claim/1"


class Claims(Protocol):
    """Where reports are claimed; `EvidenceClaims` keeps the claims in a log."""

    def claim(self, report: Report, package: ModelPackage) -> "Claim":
        """Return the claim of the report's bytes: the earlier one, or else the one that is made here."""
        ...


class Claim(Struct, frozen=True):
    """The version that a report was first judged for, and the URI that it had then."""

    package: RecordedModelPackage
    uri: str

    @classmethod
    def of(cls, document: "_Document") -> Self:
        """Read the claim out of its document."""
        return cls(document.model_package, document.uri)


class _Document(DocumentPart, frozen=True, kw_only=True):
    """A claim as it is kept."""

    schema: Literal["governance.claim/1"] = field(default_factory=lambda: SCHEMA)
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
        content = json.dumps(to_builtins(document), indent=2, ensure_ascii=False)
        kept = self._log.keep(f"{report.sha256}.json", f"{content}\n".encode())
        return made if kept.is_new else _read(kept.content, kept.uri)


class KnownClaims:
    """The claims in a stack's decisions bucket, looked at and not made: for a version that is not registered yet.

    Whoever may not read them is told so once, by `say`, and no claim is known then.
    """

    def __init__(self, client: "S3Client", decisions_bucket: str, say: Callable[[str], None]) -> None:
        self._place = f"s3://{decisions_bucket}/{CLAIMS_FOLDER}"
        self._log = S3DecisionLog(client, self._place)
        self._say = say
        self._is_refused = False

    def find(self, sha256: str) -> Claim | None:
        """Return the claim of the report with this SHA-256, if there is one.

        Raises:
            GovernanceError: what is there is not a claim.
            AwsError: AWS could not be asked.
        """
        if self._is_refused:
            return None
        uri = f"{self._place}/{sha256}.json"
        try:
            return _read(self._log.read(uri), uri)
        except ObjectMissingError:
            return None
        except AwsAccessDeniedError as error:
            self._is_refused = True
            self._say(
                f"warning: whether reports were judged for another version before is not known: {error}"
            )
            return None


def _read(content: bytes, uri: str) -> Claim:
    try:
        parse_strict_json(content)
        return Claim.of(_Document.read_json(content))
    except (ReportError, ValidationError) as error:
        raise GovernanceError(
            f"{uri}: not a claim, which says for which version a report was judged first; "
            "keep it for the audit, find out who wrote it, and restore its first version"
        ) from error
