"""Why the gate leaves versions of a group alone, for commands that show or wait for them."""

import sys

from checks.errors import GovernanceError
from pipelines.governed_groups import GovernedGroups, why_not_reached
from pipelines.step_settings import EVERY_GROUP, UngovernedGroups
from pipelines.threshold_sources import ReadOnce, thresholds_in_force

WAY_OUT = "have a threshold file that names it published, or let a person decide"
NOT_KNOWN = (
    "the threshold files in force are not known without --thresholds-bucket (GOVERNANCE_THRESHOLDS_BUCKET, the stack's "
    "output ThresholdsBucket); where none applies, no decision comes"
)
WAY_INTO_THE_DEPLOYMENT = "have it named in the settings of the deployment, or let a person decide"


class LeftAlone:
    """The groups that a stack leaves alone, by the threshold files that are in force when it is first asked.

    `held_to` is what the stack's output ModelPackageGroups says. Without the name of the bucket nothing is known of the
    threshold files, and nothing said.
    """

    def __init__(
        self,
        thresholds_bucket: str | None,
        ungoverned: UngovernedGroups,
        held_to: str = EVERY_GROUP,
        *,
        region: str | None = None,
    ) -> None:
        self._held_to = [pattern.strip() for pattern in held_to.split(",")]
        self._governed: GovernedGroups | None = None
        if thresholds_bucket is not None:
            thresholds = ReadOnce(thresholds_in_force(thresholds_bucket, region))
            self._governed = GovernedGroups(thresholds, ungoverned)
        self._has_told = False

    def why_or_doubt(self, group: str) -> str | None:
        """Return what `why` returns, for those who would wait in vain where nothing is known of the threshold files.

        Raises:
            GovernanceError: as `why` does, and where nothing is known.
        """
        reason = self.why(group)
        if reason is None and self._governed is None:
            raise GovernanceError(NOT_KNOWN)
        return reason

    def why(self, group: str) -> str | None:
        """Return why versions of `group` are left alone with the way out, or `None` where they are judged.

        Raises:
            GovernanceError: a file cannot be read that might be the one for the group, or AWS could not be asked.
        """
        if (reason := why_not_reached(group, self._held_to)) is not None:
            return f"{reason}; {WAY_INTO_THE_DEPLOYMENT}"
        reason = None if self._governed is None else self._governed.why_left_alone(group)
        return None if reason is None else f"{reason}; {WAY_OUT}"

    def why_or_tell(self, group: str) -> str | None:
        """Return what `why` returns; where that cannot be known, say on stderr what the matter is, once."""
        try:
            return self.why(group)
        except GovernanceError as error:
            if not self._has_told:
                print(f"whether {group} is governed is not known: {error}", file=sys.stderr)
            self._has_told = True
            return None
