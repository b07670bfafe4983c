"""The baseline: the approved version that another must not be worse than."""

from collections.abc import Sequence

from msgspec import Struct

from checks.comparison import find_unusable
from checks.evidence import Evidence
from checks.measurements import Measured, Measurement


class BaselineVersion(Struct, frozen=True):
    """Which version is the baseline, and the record by which it was approved, with the SHA-256 of its bytes."""

    arn: str
    version: int
    record_uri: str
    record_sha256: str


class Baseline(Struct, frozen=True):
    """The evidence that others are compared with, as it was judged; `version` is `None` where somebody named files."""

    evidence: Evidence
    version: BaselineVersion | None = None

    @property
    def name(self) -> str:
        """What findings call it."""
        return "the baseline" if self.version is None else f"version {self.version.version}"


def find_figure(baseline: Baseline, found: Sequence[Measurement]) -> Measured | str | None:
    """Return the baseline's figure among what it has of one metric and facet; `None` where it has nothing of it.

    What cannot be compared with is a text that says why. Of reports that agree, the one with the fewest samples counts.
    """
    measured = [one for one in found if isinstance(one, Measured)]
    if not found:
        is_whole = all(report.problem is None for report in baseline.evidence.reports)
        return None if is_whole else "a report of it could not be read, and the figure may be there"
    if len(measured) < len(found):
        return "it could not be measured there, or not everywhere"
    if len({one.value for one in measured}) > 1:
        return "its reports give different values"
    figure = min(measured, key=lambda one: (one.samples or 0, str(one.source)))
    return find_unusable(figure) or figure
