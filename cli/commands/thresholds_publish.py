"""`governance thresholds publish`: threshold files into the bucket where the deployed gate reads them."""

import re
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from checks.errors import GovernanceError
from checks.thresholds import ThresholdFile
from cli.lookup.threshold_sets import examine_together, read_threshold_files
from cli.options.strict import Strict
from pipelines.step_settings import THRESHOLDS_FOLDER

_FULL_NAME = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}")  # of a group: without the wildcards of a pattern
_UNFIT_FOR_KEYS = re.compile(r"[^A-Za-z0-9.]+")


def command(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Threshold files (- is stdin), or folders: every *.yaml and *.yml below; s3:// too."
        ),
    ],
    *,
    thresholds_bucket: Annotated[
        str,
        typer.Option(
            "--thresholds-bucket",
            metavar="NAME",
            envvar="GOVERNANCE_THRESHOLDS_BUCKET",
            help="The stack's output ThresholdsBucket.",
        ),
    ],
    strict: Strict = False,
) -> None:
    """Put threshold files where the deployed gate reads them, each under its own name.

    All are validated first, together, and warnings are shown. A file published before under the same name is
    replaced; the bucket keeps the old one. A group is governed once a published file applies to it. Groups that a file
    names and that do not exist are named, where the caller may look (sagemaker:DescribeModelPackageGroup).
    """
    from aws.clients import s3_client  # noqa: PLC0415 - validating needs no boto3, which takes half a second
    from aws.threshold_store import S3ThresholdStore  # noqa: PLC0415 - likewise

    store = S3ThresholdStore(s3_client(), f"s3://{thresholds_bucket}/{THRESHOLDS_FOLDER}/")
    contents = read_threshold_files(paths)
    files = examine_together(contents, strict=strict).files
    # What is extended comes first: no file is there at any time without what it extends.
    ordered = sorted(files, key=lambda file: len(file.sources))
    for key, file in _by_key(ordered).items():
        print(store.publish(key, contents[file.source]))
    _warn_of_absent_groups(files)


def _warn_of_absent_groups(files: Iterable[ThresholdFile]) -> None:
    """Name each group that a file names in full and that is not in the registry: it may be misspelt."""
    from aws.aws_errors import AwsAccessDeniedError, AwsError  # noqa: PLC0415 - as above
    from aws.clients import sagemaker_client  # noqa: PLC0415 - likewise
    from aws.model_registry import SageMakerModelRegistry  # noqa: PLC0415 - likewise

    registry = SageMakerModelRegistry(sagemaker_client())
    try:
        for file in files:
            for group in _list_full_names(file):
                if not registry.has_group(group):
                    print(_describe_absence(file, group), file=sys.stderr)
    except AwsAccessDeniedError:
        return  # who publishes thresholds need not see the registry
    except AwsError as error:
        print(f"warning: whether the groups exist is not known: {error}", file=sys.stderr)


def _describe_absence(file: ThresholdFile, group: str) -> str:
    return (
        f"warning: {file.source}: there is no model package group {group} yet; the file governs it once somebody "
        "registers a version in it. If the name is misspelt, correct it and publish again"
    )


def _list_full_names(file: ThresholdFile) -> list[str]:
    """Return the groups that a file names without wildcards; with the suffix a name is about other groups, too."""
    if file.mlflow_suffix:
        return []
    return [name for name in file.applies_to if _FULL_NAME.fullmatch(name)]


def _by_key(files: list[ThresholdFile]) -> dict[str, ThresholdFile]:
    """Return each file by the name under which it is published: its own, of the characters that fit a key."""
    by_key: dict[str, ThresholdFile] = {}
    for file in files:
        key = f"{_UNFIT_FOR_KEYS.sub('-', file.name).strip('-.') or 'thresholds'}.yaml"
        if by_key.setdefault(key, file) is not file:
            raise GovernanceError(
                f"{file.source} and {by_key[key].source}: both would be published as {key}; "
                "give one of them another name"
            )
    return by_key
