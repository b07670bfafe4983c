"""One JSON object a line on standard output, which CloudWatch Logs Insights reads by its fields."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from checks.errors import GovernanceError

METRICS_NAMESPACE = "ModelGovernance"
PIPELINE_DIMENSION = "Pipeline"
UNDECIDED_VERSIONS = "UndecidedVersions"  # pending ones that wait for people
PENDING_VERSIONS = "PendingVersions"  # of governed groups
LEFT_STARTS = "LeftStarts"  # that AWS refused for now, at an event; the reconciler makes them
ABSENT_GROUPS = "AbsentGroups"  # of model_package_groups, that are in no registry
ABSENT_GROUPS_OF_FILES = (
    "AbsentGroupsOfFiles"  # that threshold files in force name, and that are in no registry
)
UNRECORDED_APPROVALS = "UnrecordedApprovals"  # of governed groups, by neither the gate nor a reviewer
UNGOVERNED_VERSIONS = (
    "UngovernedVersions"  # versions that were left alone, as no threshold file applies to them
)


def log(message: str, **fields: object) -> None:
    """Write one line: what happened, and the values that it happened with."""
    line = json.dumps({"message": message, **fields}, ensure_ascii=False, default=str)
    # An event may hold half of a surrogate pair, which no output takes.
    print(line.encode("utf-8", "backslashreplace").decode(), flush=True)


def counted(metric: str, *, pipeline: str) -> dict[str, object]:
    """Return fields for `log` that make CloudWatch count one more of `metric`, for the gate whose pipeline is named."""
    return measured({metric: 1}, pipeline=pipeline)


def measured(counts: Mapping[str, int], *, pipeline: str) -> dict[str, object]:
    """Return fields for `log` that make metrics of `counts`, each under its name, for the gate whose pipeline is named.

    CloudWatch takes the figures out of the line in the log, so that no function needs a right to write metrics
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
    """
    directive = {
        "Namespace": METRICS_NAMESPACE,
        "Dimensions": [[PIPELINE_DIMENSION]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in counts],
    }
    milliseconds = round(time.time() * 1000)
    return {
        "_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": [directive]},
        PIPELINE_DIMENSION: pipeline,
        **counts,
    }


@contextmanager
def logging_failure(message: str, **fields: object) -> Iterator[None]:
    """Write one line about an error that a user can fix, and let it through: it fails the step."""
    try:
        yield
    except GovernanceError as error:
        log(message, error="; ".join([str(error), *getattr(error, "__notes__", ())]), **fields)
        raise
