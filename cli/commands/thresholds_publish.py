"""`governance thresholds publish`: the whole set of threshold files that the deployed gate judges by, put in force."""

from typing import Annotated

import typer

from cli.options.strict import Strict
from cli.options.thresholds_bucket import EvaluationCompute, OfThresholdsBucket
from cli.options.yes import Yes


def command(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="FOLDER...",
            help="The folder of all threshold files: every *.yaml and *.yml below; s3:// too. Or the files themselves.",
        ),
    ],
    *,
    thresholds_bucket: OfThresholdsBucket,
    evaluation_compute: EvaluationCompute = None,
    strict: Strict = False,
    yes: Yes = False,
) -> None:
    """Put the threshold files of a folder in force, all at once and in place of those that are.

    All are validated together first, and what changes is shown. A file in force that is not in the folder is withdrawn;
    files that are named one by one withdraw none. A group is governed once a published file applies to it. Groups
    that a file names and that do not exist are named, where the caller may look (sagemaker:DescribeModelPackageGroup).
    """
    from cli.work.thresholds_publish import publish

    publish(
        paths=paths,
        thresholds_bucket=thresholds_bucket,
        evaluation_compute=evaluation_compute,
        strict=strict,
        yes=yes,
    )
