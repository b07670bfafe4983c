"""`governance thresholds publish`: the whole set of threshold files that the deployed gate judges by, put in force."""

import re
import sys
from collections.abc import Iterable
from typing import Literal

from checks.errors import GovernanceError
from checks.thresholds import ThresholdFile
from cli.lookup.inputs import is_folder
from cli.lookup.threshold_sets import examine_alone, name_by_folder, read_threshold_files

_FULL_NAME = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}")  # of a group: without the wildcards of a pattern


def publish(
    *,
    paths: list[str],
    thresholds_bucket: str,
    evaluation_compute: Literal["lambda", "processing"] | None,
    strict: bool,
    yes: bool,
) -> None:
    """Carry out `governance thresholds publish`, whose arguments these are."""
    contents = read_threshold_files(paths)
    files = examine_alone(contents, strict=strict).files

    from aws.clients import s3_client  # noqa: PLC0415 - validating needs no boto3, which takes half a second
    from cli.lookup.publishing import publish_proposal  # noqa: PLC0415 - likewise
    from pipelines.published_thresholds import PublishedThresholds  # noqa: PLC0415 - likewise

    published = PublishedThresholds(s3_client(), thresholds_bucket)
    proposal = published.propose(name_by_folder(paths, contents))
    names_files = not any(map(is_folder, paths))
    if names_files and proposal.in_force.problem is not None:
        raise GovernanceError(
            f"{proposal.in_force.problem}. What files that are named one by one would withdraw is not known: name the "
            "folder that has all files"
        )
    if names_files and proposal.withdrawn:
        raise GovernanceError(
            f"{', '.join(proposal.withdrawn)}: in force, and not among the files named, so that publishing would "
            "withdraw it; name the folder that has all files (governance thresholds get -o FOLDER fetches those in "
            "force), or withdraw it first"
        )
    _warn_of_absent_groups(files)
    _warn_of_verification(files, evaluation_compute)
    publish_proposal(published, proposal, yes=yes)


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


def _warn_of_verification(files: Iterable[ThresholdFile], compute: str | None) -> None:
    """Name each file that asks to verify, where the deployment does not, or it is not known whether it does."""
    for file in files:
        if file.verify is None or compute == "processing":
            continue
        if compute is None:
            print(
                f"note: {file.source}: verify needs a deployment with evaluation_compute=processing; whether this is "
                "one is not known: set GOVERNANCE_EVALUATION_COMPUTE to the stack's output EvaluationCompute",
                file=sys.stderr,
            )
        else:
            print(
                f"warning: {file.source}: it says verify, and this deployment evaluates in a Lambda function, which "
                "computes nothing again: every version will need review. Deploy with -c evaluation_compute=processing, "
                "or take verify out",
                file=sys.stderr,
            )


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
