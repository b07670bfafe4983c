"""`governance thresholds withdraw`: one threshold file taken out of those in force."""

from typing import Annotated

import typer

from checks.errors import GovernanceError
from cli.options.thresholds_bucket import OfThresholdsBucket
from cli.options.yes import Yes


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the file, as `list` has it.")],
    *,
    thresholds_bucket: OfThresholdsBucket,
    yes: Yes = False,
) -> None:
    """Take a threshold file out of those in force; the others stay as they are.

    Its groups are judged by the file that applies to them next, or are governed no more. A file that others extend
    cannot be withdrawn before them.
    """
    from aws.clients import s3_client
    from cli.lookup.publishing import publish_proposal
    from pipelines.published_thresholds import PublishedThresholds

    published = PublishedThresholds(s3_client(), thresholds_bucket)
    in_force = published.read()
    if in_force.problem is not None:
        raise GovernanceError(in_force.problem)
    named = [file.source for file in in_force.files if file.name == name]
    if not named:
        there = ", ".join(file.name for file in in_force.files) or "none"
        raise GovernanceError(f"{name}: no file in force has this name; in force: {there}")
    kept = {source: content for source, content in in_force.contents.items() if source not in named}
    publish_proposal(published, published.propose(kept), yes=yes)
