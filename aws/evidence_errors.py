"""What can be wrong with evidence, each as an error of its own."""

from checks.errors import GovernanceError


class EvidenceError(GovernanceError):
    """Evidence that cannot be used; the message names its URI and the way out."""


class DigestMismatchError(EvidenceError):
    """The bytes are not those that were registered: nothing may be decided on them."""


class ForeignBucketError(EvidenceError):
    """The evidence is in a place that this store was not given."""


class EvidenceExistsError(EvidenceError):
    """Something is already where evidence was to be put."""


class EvidenceChangedError(EvidenceError):
    """A file is not the one that was looked at before."""


class EvidenceGapError(EvidenceError):
    """The version carries no readable report here: a finding against it, not a failure of the judging."""


class EvidenceMissingError(EvidenceGapError):
    """No object is where the report should be."""


class EvidenceNotArrivedError(EvidenceMissingError):
    """The report is in a model account, and no copy of it is here."""


class EvidenceTooLargeError(EvidenceGapError):
    """The object is larger than any report is read."""
