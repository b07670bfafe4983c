"""The name of a bucket, as an option takes it."""

import re

import typer

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_NAME = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"


def check_bucket_name(name: str | None) -> str | None:
    """Return the name of a bucket as it is; a URI and what else is no name are refused where they are given.

    Raises:
        typer.BadParameter: S3 has no bucket of this name.
    """
    if name is None or re.fullmatch(_NAME, name) is not None:
        return name
    raise typer.BadParameter(
        f"{name[:100]!r} is not the name of a bucket, which has 3 to 63 lower-case letters, digits, dots and hyphens; "
        "give it as the stack's output has it, without s3://"
    )
