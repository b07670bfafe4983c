"""Which groups the gate governs: those that a published threshold file applies to. It leaves all others alone."""

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from aws.threshold_store import BrokenThresholdsError
from checks.selection import AmbiguousThresholdsError
from checks.thresholds import Mode
from pipelines.step_settings import EVERY_GROUP, MLFLOW_SUFFIX, UngovernedGroups
from pipelines.threshold_sources import ThresholdSource


def find_governing_mode(group: str, thresholds: ThresholdSource) -> Mode | None:
    """Return how a threshold file governs `group`, as step one finds it; `None` where no file applies to it.

    Files that contend for the group govern it as well: that is for step one to fail on, where people see it.

    Raises:
        BrokenThresholdsError: a file cannot be read that might be the one for the group; nothing is known.
        AwsError: the files could not be read.
    """
    try:
        file = thresholds.for_group(group)
    except AmbiguousThresholdsError:
        return Mode.ENFORCE
    except BrokenThresholdsError as error:
        if error.is_governed:
            return Mode.ENFORCE
        raise
    return None if file is None else file.mode


def is_held_to(group: str, patterns: Sequence[str]) -> bool:
    """Whether a deployment that is held to the groups of `patterns` reaches `group`; ARNs spell it in lower case."""
    return any(fnmatchcase(group.lower(), pattern.lower()) for pattern in patterns)


def why_not_reached(group: str, patterns: Sequence[str]) -> str | None:
    """Return why a deployment that is held to the groups of `patterns` does nothing about `group`; `None`: it may."""
    if is_held_to(group, patterns):
        return None
    return (
        f"the group {group} is not among model_package_groups of the deployment, so the gate leaves it alone"
    )


def list_absent(patterns: Sequence[str], groups: Collection[str]) -> list[str]:
    """Return those of `patterns` that none of `groups` matches: nothing is governed by them.

    A name and the same with MLflow's suffix are one: it is enough that there is a group of either.
    """
    named = [pattern for pattern in patterns if not pattern.endswith(MLFLOW_SUFFIX)]
    absent = []
    for name in named:
        spellings = [name, *({name + MLFLOW_SUFFIX} & set(patterns))]
        if not any(is_held_to(group, spellings) for group in groups):
            absent.append(name)
    return absent


class GovernedGroups(Struct, frozen=True):
    """What is governed: by the threshold files in force, and by what the deployment does about all other groups.

    `held_to` are the patterns of the only groups that the deployment's roles reach, whatever the files say.
    """

    thresholds: ThresholdSource
    ungoverned: UngovernedGroups
    held_to: Sequence[str] = (EVERY_GROUP,)

    def why_left_alone(self, group: str) -> str | None:
        """Return why nothing is done about versions of `group`, or `None` where they are judged.

        Raises:
            BrokenThresholdsError: see `find_governing_mode`.
            AwsError: the threshold files could not be read.
        """
        if (reason := why_not_reached(group, self.held_to)) is not None:
            return reason
        if (
            self.ungoverned is UngovernedGroups.REVIEW
            or find_governing_mode(group, self.thresholds) is not None
        ):
            return None
        return f"no published threshold file applies to the group {group}, so the gate leaves it alone"
