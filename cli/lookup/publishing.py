"""How thresholds are put in force: what changes is shown, somebody agrees, and the whole set is written at once."""

import sys
from datetime import UTC, datetime

from cli.display.threshold_changes import list_changes
from cli.lookup.agreement import require_agreement
from pipelines.published_thresholds import Proposal, PublishedThresholds, ThresholdsInForce


def publish_proposal(published: PublishedThresholds, proposal: Proposal, *, yes: bool) -> None:
    """Show what a proposal changes, ask unless `yes`, and put it in force.

    Raises:
        GovernanceError: nobody agreed, or somebody else published meanwhile; nothing was written.
        AwsError: AWS could not be asked, or refused it.
    """
    from aws.callers import caller_of  # noqa: PLC0415 - boto3 takes half a second
    from aws.clients import sts_client  # noqa: PLC0415 - likewise

    for line in list_notes(proposal):
        print(line, file=sys.stderr)
    if proposal.is_unchanged:
        print("unchanged: these thresholds are in force already")
        return
    publisher = caller_of(sts_client()).arn
    for line in list_changes(proposal.changes):
        print(line)
    if not proposal.changes:
        print("the same thresholds, as one bundle")
    if not yes:
        require_agreement(f"Publish this as {publisher}?", "nothing was published")
    bundle = published.publish(proposal, publisher)
    print(f"published by {publisher}: {bundle.uri} (SHA-256 {bundle.sha256})")
    if bundle.uri.version_id is None:
        print(
            f"warning: s3://{bundle.uri.bucket}: this bucket keeps no versions, so that what was in force before is "
            "gone, and rollback has nothing; name the bucket of the stack, or turn on its versioning and publish again",
            file=sys.stderr,
        )


def list_notes(proposal: Proposal) -> list[str]:
    """Return what is to be known beside the difference."""
    in_force = proposal.in_force
    notes = []
    if in_force.problem is not None:
        notes.append(
            f"warning: what is in force cannot be read, so that all is shown as new: {in_force.problem}"
        )
    notes += list_left_over(in_force)
    if in_force.bundle is None and in_force.contents:
        notes.append(
            "note: single files of an earlier release are in force; from this publication on the bundle alone is"
        )
    return notes


def list_left_over(in_force: ThresholdsInForce) -> list[str]:
    """Return a line for each single file beside the bundle: somebody may believe that it is in force."""
    return [
        f"warning: {uri}: not in force, since a bundle of all files is; delete it, or publish it with the others"
        for uri in in_force.left_over
    ]


def write_time(time: datetime) -> str:
    """Return a time to the second in UTC, as people read it."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
