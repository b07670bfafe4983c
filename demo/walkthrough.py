"""A walk through every example version: registered, judged and looked at, by the commands that a user would type."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from msgspec import Struct

from aws.clients import s3_client, sagemaker_client
from aws.executions import SUCCEEDED, PipelineExecutions
from aws.model_registry import SageMakerModelRegistry
from aws.registry_names import DECISION_URI_PROPERTY, EVENT_DETAIL_TYPE, PENDING
from aws.s3_objects import read_object
from aws.s3_uris import S3Uri
from checks.decision_record import parse_record
from checks.errors import GovernanceError
from checks.record_bounds import MAX_RECORD_BYTES
from demo.examples import ExampleVersion, comparable
from pipelines.step_settings import PIPELINE_NAME
from sandbox.server import Sandbox

EXECUTION_EVENT = "SageMaker Model Building Pipeline Execution Status Change"
NO_DECISION = "no decision"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/{group}:{version}"


class DemoResult(Struct, frozen=True):
    """What one version got: the decision (or that none was made), its approval status, the URI of its record."""

    version: ExampleVersion
    expected: str
    decided: str
    status: str
    record: str
    is_expected: bool


class Demo:
    """Runs commands against a sandbox, and holds what each version got against what its folder expects.

    `run_governance` runs `governance` with arguments in this process, and returns its exit code.
    """

    def __init__(
        self, sandbox: Sandbox, environment: Mapping[str, str], run_governance: Callable[[Sequence[str]], int]
    ) -> None:
        self._sandbox, self._run_governance = sandbox, run_governance
        os.environ.pop("AWS_PROFILE", None)  # a profile of the user's own may lead elsewhere
        os.environ.update(environment)  # this process looks at the same AWS as the commands that it runs
        self._registry = SageMakerModelRegistry(sagemaker_client())
        self._executions = PipelineExecutions(sagemaker_client(), PIPELINE_NAME)

    def run(self, versions: Sequence[ExampleVersion]) -> list[DemoResult]:
        """Show every version, one after the other, and return what each got.

        Raises:
            GovernanceError: a command failed that must not.
        """
        self._say("\nThe governance team publishes its thresholds.")
        self.publish_thresholds(versions)
        results = [self._show(version) for version in versions]
        self._explain_a_rejection(results)
        return results

    def publish_thresholds(self, versions: Sequence[ExampleVersion]) -> None:
        """Put the threshold files of the examples in force, and no other YAML files that are beside them.

        Raises:
            GovernanceError: they cannot be published.
        """
        files = dict.fromkeys(version.thresholds for version in versions)
        # What is published is a folder and all that is in it: one that has these alone.
        with tempfile.TemporaryDirectory(prefix="thresholds-") as folder:
            for file in files:
                shutil.copy(file, Path(folder, f"{file.parent.name}{file.suffix}"))
            self._command("governance", "thresholds", "publish", folder, "--yes")

    def _show(self, version: ExampleVersion) -> DemoResult:
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
        return self._compare(version, arn, executions=started)

    def _deliver_again(self, arn: str, deliveries: int) -> None:
        event = next(
            e for e in self._sandbox.events(EVENT_DETAIL_TYPE) if e["detail"]["ModelPackageArn"] == arn
        )
        self._say(f"# EventBridge delivers the event of this registration {deliveries} times")
        self._sandbox.redeliver(event, times=deliveries - 1)

    def _started_executions(self) -> set[str]:
        return {event["detail"]["pipelineExecutionArn"] for event in self._sandbox.events(EXECUTION_EVENT)}

    def _compare(self, version: ExampleVersion, arn: str, *, executions: int) -> DemoResult:
        """Return what the version `arn` got, for which so many `executions` were started: one is right."""
        package = self._registry.describe(arn)
        status = package.approval_status
        if version.expected_failure is not None:
            has_failed_so = version.expected_failure in self._failure(arn) and status == PENDING
            is_expected = has_failed_so and executions == 1
            return DemoResult(version, NO_DECISION, NO_DECISION, status, "-", is_expected)
        expected = version.expected_decision
        uri = package.metadata.get(DECISION_URI_PROPERTY)
        if uri is None:
            return DemoResult(version, expected["decision"], "none", status, "-", is_expected=False)
        found = read_object(s3_client(), S3Uri.parse(uri), max_bytes=MAX_RECORD_BYTES)
        record = parse_record(found.content)
        is_same = _findings(comparable(record)) == _findings(expected)
        return DemoResult(
            version,
            expected["decision"],
            record.decision,
            status,
            uri,
            is_expected=is_same and executions == 1,
        )

    def _failure(self, arn: str) -> str:
        """Return why the execution for `arn` failed; nothing where it did not."""
        execution = self._executions.find(arn)
        if execution is None or execution.status == SUCCEEDED:
            return ""
        return "; ".join(step.failure_reason or "" for step in self._executions.steps(execution.arn))

    def _explain_a_rejection(self, results: Sequence[DemoResult]) -> None:
        """Explain the last rejection from its record, and check its evidence as an engineer would first."""
        rejected = [result for result in results if result.decided == "Rejected"]
        if not rejected:
            return
        last = rejected[-1]
        self._say(
            "\nAnybody reads a decision later, from its record; and an engineer asks before registering."
        )
        self._command("governance", "explain", last.record)
        thresholds, evidence = _path(last.version.thresholds), _path(last.version.evidence)
        self._command("governance", "check", thresholds, "--evidence", evidence, may_fail=True)

    def _command(self, *words: str, capture: bool = False, may_fail: bool = False) -> str:
        """Print a command as a user would type it, run it, and return its output where that is wanted."""
        self._say(f"$ {shlex.join(words)}")
        output = StringIO()
        with redirect_stdout(output) if capture else nullcontext():
            code = self._run(words)
        if capture:
            self._say(output.getvalue().rstrip())
        if code and not may_fail:
            raise GovernanceError(f"{shlex.join(words)} failed with exit code {code}; see above")
        if may_fail:
            self._say(f"(exit code {code})")
        return output.getvalue()

    def _run(self, words: Sequence[str]) -> int:
        """Run a command and return its exit code; `governance` in this process, which saves a second each time."""
        program, *arguments = words
        if program == "governance":
            return self._run_governance(arguments)
        result = subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - a script of our own examples
        print(result.stdout, end="")
        return result.returncode

    @staticmethod
    def _say(line: str) -> None:
        print(line, flush=True)


def _path(path: Path) -> str:
    """Return the path as a user in this folder would type it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _register_words(version: ExampleVersion) -> Sequence[str]:
    if version.register_script is not None:
        return ("python", _path(version.register_script))
    image = IMAGE.format(group=version.group, version=version.folder.name.removeprefix("version-"))
    evidence = _path(version.evidence)
    return ("governance", "register", "--group", version.group, "--evidence", evidence, "--image", image)


def _findings(record: Mapping[str, Any]) -> object:
    """Return what is the same in AWS as on a laptop: the verdict and every finding, without the URIs in reasons."""
    findings = [{**finding, "reason": None} for finding in record["findings"]]
    return record["decision"], findings
