"""Why the gate leaves versions of a group alone, for commands that show or wait for them."""

import sys

from checks.errors import GovernanceError
from pipelines.governed_groups import GovernedGroups
from pipelines.step_settings import UngovernedGroups
from pipelines.threshold_sources import ReadOnce, thresholds_in_force

WAY_OUT = "have a threshold file that names it published, or let a person decide"


class LeftAlone:
    """The groups that a stack leaves alone, by the threshold files that are in force when it is first asked.

    Without the name of its bucket nothing is known of that, and nothing said.
    """

    def __init__(
        self, thresholds_bucket: str | None, ungoverned: UngovernedGroups, region: str | None = None
    ) -> None:
        self._governed: GovernedGroups | None = None
        if thresholds_bucket is not None:
            thresholds = ReadOnce(thresholds_in_force(thresholds_bucket, region))
            self._governed = GovernedGroups(thresholds, ungoverned)
        self._has_told = False

    def why(self, group: str) -> str | None:
        """Return why versions of `group` are left alone with the way out, or `None` where they are judged.

        Raises:
            GovernanceError: a file cannot be read that might be the one for the group, or AWS could not be asked.
        """
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
