"""The decisions about the versions of a group that were registered before one."""

from itertools import islice

from aws.decision_log import DecisionLog
from checks.decision_record import DecisionRecord
from pipelines.judgements import find_newest_judgement, list_judged_versions


def list_earlier(log: DecisionLog, group: str, version: int, *, most: int) -> list[DecisionRecord]:
    """Return the newest record of each of the `most` versions below `version`, oldest version first.

    Raises:
        GovernanceError: the records cannot be read, or are none.
    """
    below = (number for number in list_judged_versions(log, group) if number < version)
    judgements = [find_newest_judgement(log, group, number) for number in islice(below, most)]
    return [one.record for one in reversed(judgements) if one is not None]
