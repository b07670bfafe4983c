"""Deploys a CDK app into the embedded AWS: the app synthesises, the real CDK command line deploys.

The app is run as the command line runs it, which would take as long again for itself:
https://github.com/aws/aws-cdk-cli, packages/aws-cdk/lib/api/cxapp/exec.ts. So would a bootstrap by it.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

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
_MANIFEST = "manifest.json"  # of a cloud assembly


class CdkError(GovernanceError):
    """The CDK command line is missing or failed; the message ends with what it printed."""


class AccountRegion(NamedTuple):
    """An account and a region; the CDK calls it an environment."""

    account: str
    region: str


class PlacedStack(NamedTuple):
    """A stack of an app: how the CDK and CloudFormation name it, and where it goes."""

    artifact: str
    name: str
    place: AccountRegion


class _Command(NamedTuple):
    """A command that was started, and what it is called where it fails."""

    name: str
    process: subprocess.Popen[str]


class CdkCommand:
    """The pinned CDK command line of a checkout, run against one AWS endpoint.

    Args:
        project: the checkout, with `cdk.json` and `node_modules`.
        folder: where the cloud assembly and the CDK's own files go; nothing is written to the checkout.
        environment_of: returns the environment of the CDK's processes for an account: its credentials, the endpoint.
    """

    def __init__(
        self, project: Path, folder: Path, environment_of: Callable[[str], Mapping[str, str]]
    ) -> None:
        self._project = project
        self._folder = folder
        self._environment_of = environment_of

    def _environment(self, account: str) -> dict[str, str]:
        given = self._environment_of(account)
        path = f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', os.defpath)}"
        kept = {name: value for name, value in given.items() if name not in UNWANTED}
        return kept | SETTINGS | {"PATH": path}

    def _find_program(self) -> str:
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
        home: AccountRegion,
        bootstrap: Callable[[Path, AccountRegion], None],
        progress: Callable[[str], None],
    ) -> list[PlacedStack]:
        """Deploy every stack of the app with the credentials of its account, and bootstrap what needs it.

        Args:
            app: the CDK app's command, or the folder of what it wrote, as the CDK takes both; the command of
                `cdk.json` when `None`.
            context: CDK context.
            home: where a stack goes that names no account or region.
            bootstrap: makes what the CDK needs in a place, by its template, unless it is there.
            progress: called with one short line for each step that takes time.

        Returns:
            The deployed stacks, in the app's order.

        Raises:
            CdkError: one of the commands failed, the app writes nothing, or the CDK command line is not installed.
        """
        self._find_program()  # an app is synthesised for nothing where nobody can deploy it
        if app is not None and Path(app).is_dir():
            assembly = Path(app)
            if not (assembly / _MANIFEST).exists():
                raise CdkError(f"{assembly}: is no cloud assembly; name the folder that `cdk synth` writes")
        else:
            progress("synthesis")
            assembly = self._synthesise(app or self._own_app(), context, home)
        # What other places the app has, only synthesis tells.
        stacks = _read_stacks(assembly, home)
        places = list(dict.fromkeys(stack.place for stack in stacks))
        for place in places:
            bootstrap(self._bootstrap_template(), place)
            progress("cdk deploy" if place == home else f"cdk deploy into account {place.account}")
            names = [stack.artifact for stack in stacks if stack.place == place]
            words = ["deploy", *names, "--exclusively", "--app", str(assembly), "--progress", "events"]
            _finish(self._start([*words, "--require-approval", "never"], place.account))
        return stacks

    def _own_app(self) -> str:
        """Return the command of the app of the checkout."""
        command: str = json.loads((self._project / "cdk.json").read_text())["app"]
        return command

    def _synthesise(self, app: str, context: Mapping[str, str], home: AccountRegion) -> Path:
        """Run the app and return the folder of the cloud assembly that it writes."""
        assembly = self._folder / "cdk.out"
        shutil.rmtree(assembly, ignore_errors=True)
        given = {
            "CDK_OUTDIR": str(assembly),
            "CDK_CONTEXT_JSON": json.dumps(dict(context)),
            "CDK_DEFAULT_ACCOUNT": home.account,
            "CDK_DEFAULT_REGION": home.region,
        }
        environment = self._environment(home.account) | given
        synthesis = _start(f"synthesis by {app}", ["sh", "-c", app], self._project, environment)
        _finish(synthesis)
        if not (assembly / _MANIFEST).exists():
            raise CdkError(f"{synthesis.name} wrote no cloud assembly; let the app end with app.synth()")
        return assembly

    def _bootstrap_template(self) -> Path:
        """Return the template of `cdk bootstrap`, which is in the package of the command line."""
        package = Path(self._find_program()).resolve().parents[1]
        template = package / "lib" / "api" / "bootstrap" / "bootstrap-template.yaml"
        if not template.exists():
            raise CdkError(f"{template}: the CDK command line lacks its template; run `make setup`")
        return template

    def _start(self, arguments: list[str], account: str) -> _Command:
        words = [self._find_program(), *arguments, "--no-notices"]
        return _start(f"cdk {' '.join(arguments[:2])}", words, self._folder, self._environment(account))


def _start(name: str, words: list[str], folder: Path, environment: Mapping[str, str]) -> _Command:
    process = subprocess.Popen(  # noqa: S603 - the pinned CDK with arguments of our own, or the app that is named
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A group of its own, so that what it starts can be ended with it.
        start_new_session=True,
    )
    return _Command(name, process)


def _finish(command: _Command) -> None:
    """Wait for the end of a command, and end it where the wait is interrupted.

    Raises:
        CdkError: it failed.
    """
    try:
        output, _ = command.process.communicate()
    finally:
        _end(command.process)
    if code := command.process.returncode:
        tail = "\n".join(output.strip().splitlines()[-30:])
        raise CdkError(f"{command.name} failed with exit code {code}:\n{tail}")


def _end(process: subprocess.Popen[str]) -> None:
    """End a command that still runs, and what it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read_stacks(assembly: Path, home: AccountRegion) -> list[PlacedStack]:
    """Return the stacks of a cloud assembly, in the app's order."""
    manifest = json.loads((assembly / _MANIFEST).read_text())
    stacks = []
    for artifact, described in manifest["artifacts"].items():
        if described["type"] == "aws:cloudformation:stack":
            name = described.get("properties", {}).get("stackName", artifact)
            stacks.append(PlacedStack(artifact, name, _read_place(described["environment"], home)))
    return stacks


def _read_place(environment: str, home: AccountRegion) -> AccountRegion:
    """Return the place of `aws://<account>/<region>`, where each may be unknown."""
    account, region = environment.removeprefix("aws://").split("/")
    return AccountRegion(
        home.account if account.startswith("unknown") else account,
        home.region if region.startswith("unknown") else region,
    )
