"""Deploys a CDK app into the embedded AWS with the real CDK command line: bootstrap, synthesis, deployment."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from checks.errors import GovernanceError

# The CDK and Node talk a lot about themselves; none of it is about the stack; and nothing leaves this machine.
SETTINGS = {
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20,21,22,23,24",  # it wants the major versions
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
    "NODE_NO_WARNINGS": "1",
    "CDK_DISABLE_VERSION_CHECK": "1",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CI": "true",
    # The templates are checked by `cdk synth`; here it would only make each start longer.
    "CDK_VALIDATION": "false",
}

# A profile of the user's own must not decide which account the sandbox deploys to. And the CDK's and SageMaker's
# libraries are so large that compiling them anew each time doubles the time of a deployment.
UNWANTED = frozenset({"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "PYTHONDONTWRITEBYTECODE"})


class CdkError(GovernanceError):
    """The CDK command line is missing or failed; the message ends with what it printed."""


class CdkCommand:
    """The pinned CDK command line of a checkout, run against one AWS endpoint.

    Args:
        project: the checkout, with `cdk.json` and `node_modules`.
        folder: where the cloud assembly and the CDK's own files go; nothing is written to the checkout.
        environment: the environment of the CDK's processes, which names the endpoint.
    """

    def __init__(self, project: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self._project = project
        self._folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
        kept = {name: value for name, value in environment.items() if name not in UNWANTED}
        self._environment = kept | SETTINGS | {"PATH": path}

    @property
    def _program(self) -> str:
        local = self._project / "node_modules" / ".bin" / "cdk"
        program = str(local) if local.exists() else shutil.which("cdk")
        if program is None:
            raise CdkError(f"{local}: the CDK command line is not installed; run `make setup`")
        return program

    def deploy(
        self,
        *,
        app: str | None,
        context: Mapping[str, str],
        environment: str | None,
        progress: Callable[[str], None],
    ) -> list[str]:
        """Bootstrap `environment` unless it is None, and deploy every stack of the app.

        Bootstrapping and synthesis need nothing of each other and take most of the time: they run side by side.

        Returns:
            The names of the deployed stacks, in the app's order.

        Raises:
            CdkError: one of the commands failed.
        """
        assembly = self._folder / "cdk.out"
        # Both are started, then both awaited: see above.
        bootstrap = None
        if environment is not None:
            progress("cdk bootstrap")
            bootstrap = self._start(
                ["bootstrap", environment, "--output", str(self._folder / "bootstrap.out")]
            )
        progress("cdk synth")
        settings = [word for item in context.items() for word in ("-c", "=".join(item))]
        options = ["--output", str(assembly), *(["--app", app] if app else []), *settings]
        synthesis = self._start(["synth", "--all", "--quiet", *options], self._project)
        try:
            self._finish(synthesis)
            if bootstrap is not None:
                self._finish(bootstrap)
        finally:
            # Where one failed the other still runs, and nobody would end it.
            for process in (synthesis, bootstrap):
                if process is not None:
                    _end(process)
        progress("cdk deploy")
        self._finish(
            self._start(
                [
                    "deploy",
                    "--all",
                    "--app",
                    str(assembly),
                    "--require-approval",
                    "never",
                    "--progress",
                    "events",
                ]
            )
        )
        return _stack_names(assembly)

    def _start(self, arguments: list[str], cwd: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - the pinned CDK with arguments of our own
            [self._program, *arguments, "--no-notices"],
            cwd=cwd or self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A group of its own, so that the app that the CDK starts can be ended with it.
            start_new_session=True,
        )

    def _finish(self, process: subprocess.Popen[str]) -> None:
        try:
            output, _ = process.communicate()
        finally:
            _end(process)
        if process.returncode:
            command = " ".join(map(str, process.args[1:3])) if isinstance(process.args, list) else "cdk"
            tail = "\n".join(output.strip().splitlines()[-30:])
            raise CdkError(f"cdk {command} failed with exit code {process.returncode}:\n{tail}")


def _end(process: subprocess.Popen[str]) -> None:
    """End a command that still runs, and what it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _stack_names(assembly: Path) -> list[str]:
    manifest = json.loads((assembly / "manifest.json").read_text())
    return [
        artifact.get("properties", {}).get("stackName", name)
        for name, artifact in manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
