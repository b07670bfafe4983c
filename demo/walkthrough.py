"""The demo: every example version registered, judged and looked at, by the commands that a user would type."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from rich.table import Table

from aws.clients import sagemaker_client
from aws.executions import SUCCEEDED, PipelineExecutions
from aws.model_packages import PENDING
from aws.model_registry import SageMakerModelRegistry
from checks.decision_record import parse_record
from checks.errors import GovernanceError
from cli.display.terminal import console_for
from cli.exit_codes import ExitCode
from cli.lookup.named_records import read_content
from cli.main import run
from demo.examples import ExampleVersion, comparable
from pipelines.step_settings import DECISION_URI_PROPERTY, PIPELINE_NAME
from sandbox.server import Sandbox

PACKAGE_EVENT = "SageMaker Model Package State Change"
EXECUTION_EVENT = "SageMaker Model Building Pipeline Execution Status Change"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/{group}:{version}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one version: the decision (or that none was made), its status, where its record lies."""

    version: ExampleVersion
    expected: str
    decided: str
    status: str
    record: str
    is_expected: bool


class Demo:
    """Runs commands against a sandbox and remembers what became of each version."""

    def __init__(self, sandbox: Sandbox, environment: Mapping[str, str]) -> None:
        self._sandbox = sandbox
        os.environ.pop("AWS_PROFILE", None)  # a profile of the user's own may lead elsewhere
        os.environ.update(environment)  # this process looks at the same AWS as the commands that it runs
        self._registry = SageMakerModelRegistry(sagemaker_client())
        self._executions = PipelineExecutions(sagemaker_client(), PIPELINE_NAME)

    def run(self, versions: Sequence[ExampleVersion]) -> int:
        """Show every version; return how many got something else than their folder expects."""
        self._say("\nThe governance team publishes its thresholds.")
        self._command(
            "governance", "thresholds", "publish", *dict.fromkeys(_path(v.thresholds) for v in versions)
        )
        seen = [self._show(version) for version in versions]
        self._explain(seen)
        _summary(seen)
        return sum(not result.is_expected for result in seen)

    def _show(self, version: ExampleVersion) -> Seen:
        self._say(f"\n{version.name}\n{version.about}".rstrip())
        before = self._started_executions()
        arn = self._command(*_register_words(version), capture=True).strip()
        if version.deliveries > 1:
            self._deliver_again(arn, version.deliveries)
        self._command("governance", "wait", arn, may_fail=True)
        self._sandbox.wait_idle()
        started = len(self._started_executions() - before)
        if version.deliveries > 1:
            self._say(f"{version.deliveries} deliveries of one event, executions started: {started}")
        return self._seen(version, arn, started)

    def _deliver_again(self, arn: str, deliveries: int) -> None:
        event = next(e for e in self._sandbox.events(PACKAGE_EVENT) if e["detail"]["ModelPackageArn"] == arn)
        self._say(f"# EventBridge delivers the event of this registration {deliveries} times")
        self._sandbox.redeliver(event, times=deliveries - 1)

    def _started_executions(self) -> set[str]:
        return {event["detail"]["pipelineExecutionArn"] for event in self._sandbox.events(EXECUTION_EVENT)}

    def _seen(self, version: ExampleVersion, arn: str, started: int) -> Seen:
        package = self._registry.describe(arn)
        if version.expected_failure is not None:
            reason = self._failure(arn)
            as_expected = version.expected_failure in reason and package.approval_status == PENDING
            return Seen(
                version,
                "no decision",
                "no decision",
                package.approval_status,
                "-",
                as_expected and started == 1,
            )
        uri = package.metadata.get(DECISION_URI_PROPERTY)
        if uri is None:
            return Seen(
                version, version.expected_decision["decision"], "none", package.approval_status, "-", False
            )
        record = parse_record(read_content(uri))
        same = _findings(comparable(record)) == _findings(version.expected_decision) and started == 1
        return Seen(
            version,
            version.expected_decision["decision"],
            record.decision,
            package.approval_status,
            uri,
            same,
        )

    def _failure(self, arn: str) -> str:
        execution = self._executions.find(arn)
        if execution is None or execution.status == SUCCEEDED:
            return ""
        return "; ".join(step.failure_reason or "" for step in self._executions.steps(execution.arn))

    def _explain(self, seen: Sequence[Seen]) -> None:
        rejected = [result for result in seen if result.decided == "Rejected"]
        if rejected:
            self._say(
                "\nAnybody reads a decision later, from its record; and an engineer asks before registering."
            )
            self._command("governance", "explain", rejected[-1].record)
            version = rejected[-1].version
            evidence = _path(version.evidence)
            self._command(
                "governance", "check", _path(version.thresholds), "--evidence", evidence, may_fail=True
            )

    def _command(self, *words: str, capture: bool = False, may_fail: bool = False) -> str:
        """Print a command as a user would type it, run it, and return its output where that is wanted."""
        self._say(f"$ {shlex.join(words)}")
        output = StringIO()
        with redirect_stdout(output) if capture else nullcontext():
            code = _run(words)
        if capture:
            self._say(output.getvalue().rstrip())
        if code == ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if code and not may_fail:
            raise GovernanceError(f"{shlex.join(words)} failed with exit code {code}; see above")
        if may_fail:
            self._say(f"(exit code {code})")
        return output.getvalue()

    @staticmethod
    def _say(line: str) -> None:
        print(line, flush=True)


def _run(words: Sequence[str]) -> int:
    """Run a command and return its exit code; `governance` in this process, which saves a second each time."""
    program, *arguments = words
    if program == "governance":
        return run(arguments)
    result = subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - a script of our own examples
    print(result.stdout, end="")
    return result.returncode


def _path(path: Path) -> str:
    """The path as a user in this folder would type it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _register_words(version: ExampleVersion) -> Sequence[str]:
    if version.register_script is not None:
        return ("python", _path(version.register_script))
    image = IMAGE.format(group=version.group, version=version.folder.name.removeprefix("version-"))
    evidence = _path(version.evidence)
    return ("governance", "register", "--group", version.group, "--evidence", evidence, "--image", image)


def _findings(record: Mapping[str, Any]) -> object:
    """What must be the same in AWS as on a laptop: the verdict and every finding, but for the URIs in reasons."""
    findings = [{**finding, "reason": None} for finding in record["findings"]]
    return record["decision"], findings


def _summary(seen: Sequence[Seen]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("", "Version", "Expected", "Decided", "Status", "Record"):
        table.add_column(name, overflow="fold")
    for result in seen:
        mark = "[green]ok[/]" if result.is_expected else "[bold red]NOT AS EXPECTED[/]"
        table.add_row(
            mark, result.version.name, result.expected, result.decided, result.status, result.record
        )
    with console_for(sys.stdout) as console:
        console.print()
        console.print(table)
