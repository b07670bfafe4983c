"""When a threshold file was published, and in which bundle: by the clock of the store that took it, never its own."""

from datetime import datetime

from msgspec import Struct


class BundleVersion(Struct, frozen=True):
    """One published version of the bundle of all threshold files in force.

    `uri` names the version of the object, `sha256` is that of its bytes, `published_by` the ARN of who published it.
    """

    uri: str
    sha256: str
    published_by: str | None


class Publication(Struct, frozen=True):
    """Since when a threshold file is in force.

    `at` is when the store took what it was read from: the bundle, or the newest of the single files that it is made
    of, where no `bundle` was published yet. `unchanged_since` is an earlier time at which it was in force as it is
    now, where one was looked for and found.
    """

    at: datetime
    bundle: BundleVersion | None = None
    unchanged_since: datetime | None = None

    @property
    def since(self) -> datetime:
        """The earliest time at which the file is known to have been in force as it is."""
        return self.at if self.unchanged_since is None else self.unchanged_since
