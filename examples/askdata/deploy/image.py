"""The image of the screen: built from the checkout where it is deployed, and from what of it the screen runs on."""

from pathlib import Path
from typing import Any

from aws_cdk import aws_ecr_assets as assets

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = "examples/askdata/deploy/Dockerfile"
# What the Dockerfile copies; all else is no part of what is built, and changes nothing that is deployed.
COPIED = (
    "aws",
    "checks",
    "disk",
    "examples/askdata",
    "models",
    "pipelines",
    "requirements/assistants.txt",
    "requirements/scoring.txt",
    "scorers",
)


def describe_image() -> dict[str, Any]:
    """Return the arguments of the asset: the folder, its Dockerfile, and what is left out of it."""
    kept = [f"!{name}" for part in COPIED for name in _with_parents(part)]
    return {
        "directory": str(ROOT),
        "file": DOCKERFILE,
        "platform": assets.Platform.LINUX_AMD64,
        "exclude": ["*", *kept, "**/__pycache__", "examples/askdata/version-*"],
    }


def _with_parents(part: str) -> list[str]:
    """A folder that is left out hides what is in it: each folder on the way is named too."""
    names = part.split("/")
    return ["/".join(names[: count + 1]) for count in range(len(names))]
