"""Evidence held against thresholds, as `governance check` does it: nothing is uploaded, and no AWS is needed."""

from collections.abc import Iterable
from io import StringIO
from pathlib import Path

from checks.decision import Verdict
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from cli.display.decision_text import show_record
from cli.work.check import check_evidence

__all__ = ["DecisionRecord", "Verdict", "assert_meets_thresholds", "check"]

Place = str | Path


def check(
    thresholds: Place, evidence: Place | Iterable[Place], *, group: str | None = None
) -> DecisionRecord:
    """Judge `evidence` by `thresholds` and return the decision with every finding, as `governance check` does.

        >>> record = check("thresholds.yaml", "evidence")  # doctest: +SKIP
        >>> [finding.reason for finding in record.findings if finding.outcome == "failed"]  # doctest: +SKIP
        ['0.79 is below 0.8']

    Args:
        thresholds: a threshold file, or with `group` a folder of them; `s3://` URIs too.
        evidence: a report or a folder of reports, or several of them; `s3://` URIs too.
        group: the model package group, whose threshold file is taken.

    Raises:
        ThresholdFileError: a threshold file is wrong; `problems` lists all that is.
        GovernanceError: no evidence is named, or something that is named cannot be read.
        AwsError: it is in S3, which refused it or could not be asked.
    """
    places = [evidence] if isinstance(evidence, str | Path) else list(evidence)
    if not places:
        raise GovernanceError("evidence: an empty list; name a report, or the folder that scoring wrote to")
    return check_evidence(str(thresholds), [str(place) for place in places], group=group)


def assert_meets_thresholds(
    thresholds: Place, evidence: Place | Iterable[Place], *, group: str | None = None
) -> DecisionRecord:
    """Judge as `check` does, and raise unless the evidence would be approved: for tests of a model.

        >>> assert_meets_thresholds("thresholds.yaml", "evidence")  # doctest: +SKIP
        Traceback (most recent call last):
        AssertionError: Rejected
        rejects: accuracy: 0.79 is below 0.8
        …

    Returns:
        The decision, for a test that looks further.

    Raises:
        AssertionError: the evidence would be rejected, or needs a review; the message is the table of findings.
        GovernanceError: nothing could be judged; see `check`.
    """
    __tracebackhide__ = True  # pytest shows the test that asserted, and not these lines
    record = check(thresholds, evidence, group=group)
    if record.decision is not Verdict.APPROVED:
        text = StringIO()
        show_record(record, text)
        raise AssertionError(text.getvalue().rstrip("\n"))
    return record
