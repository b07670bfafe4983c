"""The bundles for this interpreter, which tests of several folders begin with: one process builds each, others wait."""

import fcntl
from pathlib import Path

from infra.bundle import ROOT, BundleContents, BundleTarget, build_bundle


def built_bundle(target: BundleTarget, contents: BundleContents) -> Path:
    """Return the zip, which no two processes of a test run build at the same time."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with (build / f"{contents.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build_bundle(target, contents)
