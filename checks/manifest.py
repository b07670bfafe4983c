"""The manifest beside the reports of one version: what they are about, and the SHA-256 of each.

`governance register` uploads it with the reports and registers its own SHA-256 with the version, so that every report
it names is protected from that moment on, also one that has no slot of its own in the model package.
"""

import json
from collections.abc import Mapping

from msgspec import Struct

from checks.errors import GovernanceError
from checks.strict_json import ReportError, parse_strict_json
from checks.subject import SUBJECT, Subject, SubjectError

SCHEMA = "governance.evidence-manifest/1"
_DIGITS = frozenset("0123456789abcdef")
_LENGTH = 64


class ManifestError(GovernanceError):
    """A file that is no manifest of evidence."""


class Manifest(Struct, frozen=True):
    """What the reports beside it are about, and by path the SHA-256 of each in lower-case hexadecimal."""

    subject: Subject
    reports: Mapping[str, str]

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON in UTF-8."""
        document = {
            "schema": SCHEMA,
            SUBJECT: self.subject.to_json(),
            "reports": dict(sorted(self.reports.items())),
        }
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        ManifestError: the bytes are something else.
    """
    try:
        document = parse_strict_json(content)
        if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
            raise ManifestError(f"not a manifest of evidence ({SCHEMA})")
        reports = document.get("reports")
        if not isinstance(reports, Mapping):
            raise ManifestError("its reports are not an object of paths and digests")
        return Manifest(Subject.from_json(document.get(SUBJECT)), dict(map(_report, reports.items())))
    except (ReportError, SubjectError, RecursionError) as error:
        raise ManifestError(f"not a manifest of evidence: {error}") from error


def _report(entry: tuple[str, object]) -> tuple[str, str]:
    path, digest = entry
    if not isinstance(digest, str) or len(digest) != _LENGTH or not set(digest) <= _DIGITS:
        raise ManifestError(f"the digest of {path} is not 64 hexadecimal digits")
    return path, digest
