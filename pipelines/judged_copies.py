"""Which of the documents that are judged are kept as copies."""

from msgspec import Struct

from aws.evidence_copies import EvidenceCopies
from checks.evidence import Document
from checks.report_files import holds_items


class JudgedCopies(Struct, frozen=True):
    """Keeps what is judged in `copies`; without `item_results` what holds single items, which may be personal data."""

    copies: EvidenceCopies
    item_results: bool = True

    def keep(self, document: Document) -> str | None:
        """Return the URI of the document's copy, or `None` where none is kept.

        Raises:
            DigestMismatchError: something else is in the copy's place.
            AwsError: it could not be written.
        """
        if holds_items(document.uri) and not self.item_results:
            return None
        return self.copies.keep(document.content)
