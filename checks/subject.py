"""What evidence is about: the model, as whoever scored or registered it says, held against the version it judges.

A report says it under `provenance.subject`, the manifest that `governance register` uploads under `subject`; both are
JSON objects with some of the keys of `Subject`.
"""

from collections.abc import Mapping, Sequence
from typing import Self

from msgspec import Struct
from msgspec.structs import asdict

from checks.errors import GovernanceError

PROVENANCE = "provenance"
SUBJECT = "subject"


class SubjectError(GovernanceError):
    """What a report says that it is about cannot be read."""


class Subject(Struct, frozen=True):
    """What a report is about; `None` is what it does not say, and at least one is said.

    `name` is any name that the engineer gives. `group` is the model package group. `image` and `model_data` are URIs,
    the image's may end with `@sha256:…`; `image_digest` and `model_data_etag` are what the registry says of them.
    """

    name: str | None = None
    group: str | None = None
    image: str | None = None
    image_digest: str | None = None
    model_data: str | None = None
    model_data_etag: str | None = None

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read a subject.

        Raises:
            SubjectError: it is no object, says nothing, or holds other keys or values than text.
        """
        known = cls.__struct_fields__
        if not isinstance(document, Mapping) or not document:
            raise SubjectError(f"{SUBJECT} is not an object with some of {', '.join(known)}")
        given: dict[str, str] = {}
        for key, value in document.items():
            if key not in known:
                raise SubjectError(f"{SUBJECT}.{key} is unknown; the keys here are {', '.join(known)}")
            if not isinstance(value, str) or not value:
                raise SubjectError(f"{SUBJECT}.{key} is not text")
            given[key] = value
        return cls(**given)

    def to_json(self) -> dict[str, str]:
        """Return the subject as reports say it."""
        return {key: value for key, value in asdict(self).items() if value is not None}


class JudgedModel(Struct, frozen=True):
    """What the registry says of the version that is judged: the same facts, of each container one."""

    name: str
    group: str
    containers: Sequence[Subject]

    def find_disagreements(self, subject: Subject) -> list[str]:
        """Return what the subject says otherwise, such as `image a, not b`; names and groups in any case are equal."""
        found: list[str] = []
        for key, value in subject.to_json().items():
            own = self._list_own(key)
            if not self._agrees(key, value, own):
                found.append(f"{_WORDS[key]} {value}, not {' or '.join(own) or 'known here'}")
        return found

    def is_named_by(self, subject: Subject) -> bool:
        """Whether the subject names this very model: by its image and by its model data, as far as it has them."""
        says_image = subject.image is not None or subject.image_digest is not None
        says_data = subject.model_data is not None or subject.model_data_etag is not None
        has_image, has_data = bool(self._list_own("image")), bool(self._list_own("model_data"))
        names_all = (says_image or not has_image) and (says_data or not has_data) and (has_image or has_data)
        return names_all and not self.find_disagreements(subject)

    def _list_own(self, key: str) -> list[str]:
        if key in ("name", "group"):
            return [str(getattr(self, key))]
        values = (getattr(container, key) for container in self.containers)
        return [value for value in values if value is not None]

    def _agrees(self, key: str, value: str, own: Sequence[str]) -> bool:
        if key in ("name", "group"):
            return value.lower() == own[0].lower()
        # The digest of an image may be in its URI, on either side.
        by_digest = key == "image" and any(
            value.endswith(f"@{digest}") for digest in self._list_own("image_digest")
        )
        in_uri = key == "image_digest" and any(uri.endswith(f"@{value}") for uri in self._list_own("image"))
        return value in own or by_digest or in_uri


_WORDS = {
    "name": "the model",
    "group": "the group",
    "image": "the image",
    "image_digest": "the image with the digest",
    "model_data": "the model data",
    "model_data_etag": "model data with the ETag",
}


def read_subject(document: object) -> Subject | None:
    """Return what a parsed report says that it is about, or `None` where it does not.

    Raises:
        SubjectError: it says so in a way that cannot be read.
    """
    provenance = document.get(PROVENANCE) if isinstance(document, Mapping) else None
    if not isinstance(provenance, Mapping) or SUBJECT not in provenance:
        return None
    return Subject.from_json(provenance[SUBJECT])
