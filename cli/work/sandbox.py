"""`governance sandbox up` and `governance sandbox demo`: the deployed stack on this machine, without an account."""

import re
import shlex
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

from checks.errors import GovernanceError
from cli.display.demo_summary import print_demo_summary
from cli.endings import ended_in_order
from cli.exit_codes import ExitCode
from demo.examples import ExampleVersion, find_examples
from demo.walkthrough import Demo
from disk.writing import write_whole
from pipelines.step_settings import PREFIX
from sandbox.faults import Faults, FaultsError
from sandbox.server import FUNCTIONS_LOG, PROJECT, Deployment, Sandbox

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def stack_environment(deployments: Iterable[Deployment]) -> dict[str, str]:
    """Return the outputs of the stacks as variables: `EvidenceBucket` is `GOVERNANCE_EVIDENCE_BUCKET`."""
    return {
        PREFIX + _WORD.sub("_", name).upper(): value
        for deployment in deployments
        for name, value in deployment.outputs.items()
    }


def parse_context(settings: Iterable[str]) -> dict[str, str]:
    """Read `name=value` settings of the CDK context.

    Raises:
        typer.BadParameter: one has no name or no `=`.
    """
    pairs = [setting.partition("=") for setting in settings]
    wrong = [name for name, equals, _ in pairs if not (name and equals)]
    if wrong:
        raise typer.BadParameter(f"--context {wrong[0]}: write name=value")
    return {name: value for name, _, value in pairs}


def _progress(line: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {line}", file=sys.stderr, flush=True)


@contextmanager
def _deployed(
    context: Iterable[str], *, schedule_speed: float = 0.0
) -> Iterator[tuple[Sandbox, dict[str, str]]]:
    """Run a sandbox with the stack in it, and give the environment that points at it."""
    settings = parse_context(context)
    with ended_in_order(), Sandbox(schedule_speed=schedule_speed, progress=_progress) as sandbox:
        started = time.monotonic()
        deployments = sandbox.deploy(context=settings)
        _progress(f"deployed in {time.monotonic() - started:.0f} s")
        _progress(f"logs of the functions: {sandbox.folder / FUNCTIONS_LOG}")
        yield sandbox, sandbox.environment() | stack_environment(deployments)


def parse_faults(settings: Iterable[str]) -> Faults:
    """Read `name=value` settings of what goes wrong.

    Raises:
        typer.BadParameter: one is none of the sandbox's faults, or its value makes no sense.
    """
    try:
        return Faults.parse(settings)
    except FaultsError as error:
        raise typer.BadParameter(f"--fault {error}") from error


def keep_up(
    *,
    output: Path | None,
    context: list[str] | None,
    fault: list[str] | None,
) -> None:
    """Carry out `governance sandbox up`, whose arguments these are."""
    faults = parse_faults(fault or [])
    with _deployed(context or [], schedule_speed=1.0) as (sandbox, environment), sandbox.faults(faults):
        lines = "unset AWS_PROFILE\n" + "".join(
            f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()
        )
        content = lines.encode()
        try:
            if output is None:
                print(lines, end="", flush=True)
            else:
                write_whole(output, content)
            _progress("ready; Ctrl-C ends it")
            threading.Event().wait()
        except KeyboardInterrupt:
            _progress("ended")
        finally:
            if output is not None:
                _remove(output, content)


def _remove(file: Path, content: bytes) -> None:
    """Remove the file of variables that lead nowhere any more, if it is still the one that was written."""
    with suppress(OSError):
        if file.is_file() and file.read_bytes() == content:
            file.unlink()


def run_demo(
    *,
    examples: Path | None,
    context: list[str] | None,
) -> None:
    """Carry out `governance sandbox demo`, whose arguments these are."""
    versions = find_examples(PROJECT / "examples" if examples is None else examples)
    with _deployed(context or []) as (sandbox, environment):
        surprises = show_demo(sandbox, environment, versions)
    if surprises:
        raise GovernanceError(
            f"{surprises} of {len(versions)} versions got something else than their folder expects"
        )


def show_demo(sandbox: Sandbox, environment: Mapping[str, str], versions: Sequence[ExampleVersion]) -> int:
    """Walk through `versions`, print a summary, and return how many got something else than their folder expects."""
    results = Demo(sandbox, environment, _run_governance).run(versions)
    print_demo_summary(results, sys.stdout)
    return sum(not result.is_expected for result in results)


def _run_governance(arguments: Sequence[str]) -> int:
    """Run a command as `cli.main.run` does, but let Ctrl-C end the demo too, and not the command alone."""
    from cli.main import run  # noqa: PLC0415 - the command line imports this module to run it

    code = run(arguments)
    if code == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return code
