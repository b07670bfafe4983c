"""The image of the screen: built from the checkout where it is deployed, and from what of it the screen runs on."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = "examples/askdata/deploy/Dockerfile"
# What the Dockerfile copies; all else is no part of what is built, and changes nothing that is deployed.
COPIED = (
    "aws",
    "checks",
    "disk",
    "examples/askdata",
    "pipelines",
    "requirements/assistants.txt",
    "requirements/scoring.txt",
    "scorers",
)


def describe_image() -> dict[str, Any]:
    """Return the arguments of the asset: the folder, its Dockerfile, and what is left out of it."""
    from aws_cdk import aws_ecr_assets as assets  # noqa: PLC0415 - takes seconds, and the constants are read without it

    return {
        "directory": str(ROOT),
        "file": DOCKERFILE,
        "platform": assets.Platform.LINUX_AMD64,
        "exclude": [*_leave_out_all_but(COPIED), "**/__pycache__", "examples/askdata/version-*"],
    }


def _leave_out_all_but(parts: Sequence[str]) -> list[str]:
    """Return patterns of which the later one decides; a folder that is taken in brings all that is in it."""
    folders = sorted({PurePosixPath(part).parent.as_posix() for part in parts} - {"."})
    opened = [pattern for folder in folders for pattern in (f"!{folder}", f"{folder}/*")]
    return ["*", *opened, *(f"!{part}" for part in parts)]
