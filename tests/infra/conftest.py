"""The runtime bundle for the interpreter that runs the tests, and templates of the stack, each made once.

The CDK is imported by the tests that use it: it takes seconds and a process of Node.js, and each worker collects these
files.
"""

import json
import platform
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest

from infra.bundle import PAGES, STEPS, BundleContents, BundleTarget, build_bundle

if TYPE_CHECKING:
    from aws_cdk import App

# Settings that are not their defaults, each about something of its own: one stack has them all.
OTHERWISE: Mapping[str, Any] = {
    "evaluation_compute": "lambda",
    "region": "eu-central-1",
    "access_log_bucket": "team-logs",
    "alarm_topic_arn": "arn:aws:sns:eu-central-1:123456789012:ops",
    "evidence_buckets": [
        {"name": "team-a"},
        {
            "name": "team-b",
            "account": "210987654321",
            "kms_key_arn": "arn:aws:kms:eu-central-1:210987654321:key/1234abcd",
        },
    ],
    "keep_evidence_days": 400,
    "keep_item_results": False,
    "log_retention_days": 30,
    "reconcile_minutes": 10,
    "removal_policy": "destroy",
}
ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def running_target() -> BundleTarget:
    """This interpreter on this machine."""
    processor = {"arm64": "aarch64"}.get(ARCHITECTURE, "x86_64")
    system = "apple-darwin" if sys.platform == "darwin" else "manylinux2014"
    return BundleTarget(PYTHON, f"{processor}-{system}")


@pytest.fixture(scope="session")
def bundle(running_target: BundleTarget) -> Path:
    return build_bundle(running_target)


@pytest.fixture(scope="session")
def page_bundle(running_target: BundleTarget) -> Path:
    """The bundle of the function that writes pages."""
    return build_bundle(running_target, PAGES)


def _unzip(bundle: Path, folder: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def unzipped(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _unzip(bundle, tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def unzipped_pages(page_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _unzip(page_bundle, tmp_path_factory.mktemp("pages"))


def an_app(context: Mapping[str, Any] | None = None, folder: Path | None = None) -> "App":
    """Return an app of the CDK with `context` whose cloud assembly goes to `folder`.

    Without the CDK's own validation, which takes each process many seconds and only warns: the templates are linted in
    tests/infra/test_cloudformation_rules.py.
    """
    from aws_cdk import App  # noqa: PLC0415 - see above

    outdir = None if folder is None else str(folder)
    return App(context=context, outdir=outdir, builtin_cloud_formation_validation=False)


@contextmanager
def stand_in_bundles() -> Iterator[None]:
    """Synthesise within with a file a bundle that holds its name alone.

    A template names its bundles by digests and says nothing of what they hold, and each takes seconds to build.
    """

    def stand_in(_target: BundleTarget, contents: BundleContents = STEPS) -> Path:
        file = Path(mkdtemp(prefix="bundle-"), f"{contents.name}.zip")
        file.write_text(contents.name)
        return file

    with pytest.MonkeyPatch.context() as patch:
        for module in ("governance_stack", "model_account_stack"):
            patch.setattr(f"infra.{module}.build_bundle", stand_in)
        yield


@cache
def _template(context: str) -> dict[str, Any]:
    from aws_cdk.assertions import Template  # noqa: PLC0415 - see above

    from infra.app import build_app  # noqa: PLC0415

    given = json.loads(context)
    with stand_in_bundles():
        stack = build_app(an_app({"python_version": PYTHON, "architecture": ARCHITECTURE} | given))
        return dict(Template.from_stack(stack).to_json())


@pytest.fixture(scope="session")
def template() -> Callable[..., dict[str, Any]]:
    """A function from context values to the template that they give."""
    return lambda **context: _template(json.dumps(context, sort_keys=True))
