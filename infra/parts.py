"""What a synthesis takes longest for and keeps under `build/`: the bundles, and the template of the definition.

None needs another, so they are built side by side before the stack asks for them: uv, the compiler of the bundles and
zlib leave the interpreter to others, and the template is built by a process of its own.
"""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from infra.bundle import PAGES, ROOT, STEPS, build_bundle, find_compiler
from infra.definition_template import is_template_built
from infra.deployment_settings import DeploymentSettings
from pipelines.definition import LambdaCompute


def build_parts(settings: DeploymentSettings) -> None:
    """Build what the stack of these settings needs and is not built yet.

    Raises:
        BundleError: a bundle cannot be built.
    """
    target = settings.bundle_target
    find_compiler(target.python_version)  # once, before two threads ask for it
    jobs: list[Callable[[], object]] = [lambda: build_bundle(target, STEPS)]
    if settings.report_pages:
        jobs.append(lambda: build_bundle(target, PAGES))
    if settings.evaluation_compute == "lambda" and not is_template_built(LambdaCompute("")):
        jobs.append(_build_template_apart)
    with ThreadPoolExecutor(len(jobs)) as pool:
        for running in [pool.submit(job) for job in jobs]:
            running.result()


def _build_template_apart() -> None:
    # Where it fails, the stack builds the template again itself, and what is wrong is shown there.
    command = [sys.executable, "-m", "infra.definition_template"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - a program of our own
