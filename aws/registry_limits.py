"""What SageMaker takes for a model package, checked before anything is sent."""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from aws.registry_names import APPROVAL_STATUSES
from checks.errors import GovernanceError

DESCRIPTION_CHARACTERS = 1024
METADATA_ENTRIES = 50
METADATA_KEY_CHARACTERS = 128
METADATA_VALUE_CHARACTERS = 256
URI_CHARACTERS = 1024
IMAGE_CHARACTERS = 255
CONTENT_DIGEST = re.compile(r"[Ss][Hh][Aa]256:[0-9a-fA-F]{64}")  # the service model's pattern
_PUNCTUATION = frozenset("_.:/=+-@")


class RegistryLimitError(GovernanceError):
    """More, or other characters, than SageMaker takes; every problem is in the message."""


def check_approval_status(status: str) -> None:
    """Refuse a `ModelApprovalStatus` that SageMaker does not have.

    Raises:
        RegistryLimitError: with those that it has.
    """
    if status not in APPROVAL_STATUSES:
        raise RegistryLimitError(
            f"ModelApprovalStatus: {status!r} is none; SageMaker has {', '.join(APPROVAL_STATUSES)}"
        )


def check_description(description: str) -> None:
    """Refuse an `ApprovalDescription` of more than 1,024 characters or more than one line.

    Raises:
        RegistryLimitError: with the length found.
    """
    if len(description) > DESCRIPTION_CHARACTERS:
        raise RegistryLimitError(
            f"ApprovalDescription: {len(description):,} characters, and SageMaker takes "
            f"{DESCRIPTION_CHARACTERS:,}; shorten it"
        )
    if len(description.splitlines()) > 1:
        raise RegistryLimitError("ApprovalDescription: SageMaker takes one line; replace the line breaks")


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Refuse `CustomerMetadataProperties` that SageMaker would not take.

    Raises:
        RegistryLimitError: more than 50 entries, a key of more than 128 or a value of more than 256 characters,
            an empty one, or a character other than letters, numbers, spaces and `_.:/=+-@`.
    """
    problems = list(_metadata_problems(metadata))
    if problems:
        raise RegistryLimitError("CustomerMetadataProperties: " + "; ".join(problems))


def _metadata_problems(metadata: Mapping[str, str]) -> Iterator[str]:
    if len(metadata) > METADATA_ENTRIES:
        yield f"{len(metadata)} entries, and SageMaker takes {METADATA_ENTRIES}; remove some"
    for key, value in metadata.items():
        yield from _text_problems(f"the key {key[:40]!r}", key, METADATA_KEY_CHARACTERS)
        yield from _text_problems(f"the value of {key[:40]!r}", value, METADATA_VALUE_CHARACTERS)


def _text_problems(what: str, text: str, longest: int) -> Iterator[str]:
    if not 1 <= len(text) <= longest:
        yield f"{what} has {len(text)} characters, and SageMaker takes 1 to {longest}"
    refused = sorted({character for character in text if not _is_allowed(character)})
    if refused:
        yield f"{what} has {' '.join(map(repr, refused))}; use letters, numbers, spaces and _.:/=+-@"


def _is_allowed(character: str) -> bool:
    # The service model's pattern is [\p{L}\p{Z}\p{N}_.:/=+\-@], which the standard library's re cannot spell.
    return character in _PUNCTUATION or unicodedata.category(character)[0] in "LZN"


def check_registration(image: str | None, uris: Mapping[str, str], digests: Mapping[str, str]) -> None:
    """Refuse an image, URIs (by what they are for) or digests (by slot) that SageMaker would not take.

    Raises:
        RegistryLimitError: with every problem.
    """
    problems = []
    if image is not None and (not 1 <= len(image) <= IMAGE_CHARACTERS or re.search(r"\s", image)):
        problems.append(f"the image {image[:80]!r} is not 1 to {IMAGE_CHARACTERS} characters without spaces")
    for purpose, uri in uris.items():
        if len(uri) > URI_CHARACTERS or not uri.startswith("s3://"):
            problems.append(
                f"{purpose}: {uri[:80]!r} is not an s3:// URI of at most {URI_CHARACTERS:,} characters"
            )
    for slot, digest in digests.items():
        if CONTENT_DIGEST.fullmatch(digest) is None:
            problems.append(f"{slot}: the digest {digest[:80]!r} is not sha256: and 64 hexadecimal digits")
    if problems:
        raise RegistryLimitError("; ".join(problems))
