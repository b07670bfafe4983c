"""The scales that people rate on, and which of their ratings promote and detract.

On the scale from 0 to 10, promoters rate 9 or 10 and detractors 0 to 6 (Reichheld, The one number you need to grow,
Harvard Business Review, 2003). The scale from 1 to 5 has no canonical mapping; here 5 promotes and 1 to 3 detract,
unless set.
"""

from msgspec import Struct

from checks.errors import GovernanceError


class Scale(Struct, frozen=True):
    """The ratings that people could give, and which of them promote (from) and detract (up to).

    Raises:
        GovernanceError: for a mapping in which one rating would do both, or that is outside the scale.
    """

    low: int
    high: int
    promoters_from: int
    detractors_to: int

    def __post_init__(self) -> None:
        if not self.low <= self.detractors_to < self.promoters_from <= self.high:
            raise GovernanceError(
                f"promoters from {self.promoters_from}, detractors up to {self.detractors_to}: on a scale from "
                f"{self.low} to {self.high} detractors come first, and both are on it"
            )

    def points(self, rating: int) -> int:
        """Return what one rating adds to the net promoter score: 1, 0 or -1."""
        return int(rating >= self.promoters_from) - int(rating <= self.detractors_to)


FIVE_POINTS = Scale(1, 5, promoters_from=5, detractors_to=3)
ELEVEN_POINTS = Scale(0, 10, promoters_from=9, detractors_to=6)
