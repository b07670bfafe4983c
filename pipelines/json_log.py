"""One JSON object a line on standard output, which CloudWatch Logs Insights reads by its fields."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from checks.errors import GovernanceError

METRICS_NAMESPACE = "ModelGovernance"
UNGOVERNED_VERSIONS = (
    "UngovernedVersions"  # versions that were left alone, as no threshold file applies to them
)


def log(message: str, **fields: object) -> None:
    """Write one line: what happened, and the values that it happened with."""
    line = json.dumps({"message": message, **fields}, ensure_ascii=False, default=str)
    # An event may hold half of a surrogate pair, which no output takes.
    print(line.encode("utf-8", "backslashreplace").decode(), flush=True)


def counted(metric: str, *, pipeline: str) -> dict[str, object]:
    """Return fields for `log` that make CloudWatch count one more of `metric`, for the gate whose pipeline is named.

    CloudWatch takes the figure out of the line in the log, so that no function needs a right to write metrics
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
    """
    directive = {
        "Namespace": METRICS_NAMESPACE,
        "Dimensions": [["Pipeline"]],
        "Metrics": [{"Name": metric, "Unit": "Count"}],
    }
    milliseconds = round(time.time() * 1000)
    return {
        "_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": [directive]},
        "Pipeline": pipeline,
        metric: 1,
    }


@contextmanager
def logging_failure(message: str, **fields: object) -> Iterator[None]:
    """Write one line about an error that a user can fix, and let it through: it fails the step."""
    try:
        yield
    except GovernanceError as error:
        log(message, error="; ".join([str(error), *getattr(error, "__notes__", ())]), **fields)
        raise
