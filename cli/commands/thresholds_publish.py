"""`governance thresholds validate`, `schema` and `publish`."""

import json
import re
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from checks.errors import GovernanceError
from checks.evidence import Document
from checks.selection import find_ambiguities
from checks.threshold_file import ThresholdFileError
from checks.threshold_schema import thresholds_schema
from checks.thresholds import ThresholdFile
from cli.lookup.inputs import examined_documents, threshold_documents
from pipelines.step_settings import THRESHOLDS_FOLDER

Strict = Annotated[bool, typer.Option("--strict", help="Take warnings for problems: exit with 2.")]
_UNFIT_FOR_KEYS = re.compile(r"[^A-Za-z0-9.]+")


def validate(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Threshold files (- is stdin), or folders: every *.yaml and *.yml below; s3:// too."
        ),
    ],
    *,
    strict: Strict = False,
) -> None:
    """List every problem in threshold files, each with file:line:column.

    A problem is also a limit that no value of its metric can miss or meet, and a pattern that matches nothing. What
    probably says other than was meant is a warning. Files given together must agree which of them applies to a group.
    Exits with 2 when there is a problem.
    """
    for file in _examined_together(threshold_documents(paths), strict=strict):
        count = len(file.checks)
        print(
            f"{file.source}: {file.name}: {count} check{'s'[: count != 1]}, for {', '.join(file.applies_to)}"
        )


def schema() -> None:
    """Print the JSON Schema of threshold files, for editors that complete and check YAML."""
    json.dump(thresholds_schema(), sys.stdout, indent=2, ensure_ascii=False)
    print()


def publish(
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
    replaced; the bucket keeps the old one. Publishing goes before what shipped with the stack.
    """
    from aws.clients import s3_client  # noqa: PLC0415 - validating needs no boto3, which takes half a second
    from aws.threshold_store import S3ThresholdStore  # noqa: PLC0415 - ditto

    store = S3ThresholdStore(s3_client(), f"s3://{thresholds_bucket}/{THRESHOLDS_FOLDER}/")
    documents = list(threshold_documents(paths))
    contents = {document.uri: document.content for document in documents}
    for key, file in _by_key(_examined_together(documents, strict=strict)).items():
        print(store.publish(key, contents[file.source]))


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


def _examined_together(documents: Iterable[Document], *, strict: bool) -> list[ThresholdFile]:
    examined = examined_documents(documents, strict=strict)
    files = [one.file for one in examined]
    if problems := find_ambiguities(files):
        raise ThresholdFileError(problems)
    for warning in (warning for one in examined for warning in one.warnings):
        print(warning, file=sys.stderr)
    return files
