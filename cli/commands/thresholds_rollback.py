"""`governance thresholds rollback`: an earlier bundle put in force again."""

from typing import Annotated

import typer

from cli.options.thresholds_bucket import OfThresholdsBucket
from cli.options.yes import Yes


def command(
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="The id of a version, as `list --versions` has it.")
    ],
    *,
    thresholds_bucket: OfThresholdsBucket,
    yes: Yes = False,
) -> None:
    """Put the files of an earlier version in force again, as a new version: nothing that was in force is lost."""
    from aws.clients import s3_client
    from cli.lookup.publishing import publish_proposal
    from pipelines.published_thresholds import PublishedThresholds

    published = PublishedThresholds(s3_client(), thresholds_bucket)
    proposal = published.propose(published.read_version(version).read_sources())
    publish_proposal(published, proposal, yes=yes)
