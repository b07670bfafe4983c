"""The embedded AWS that the deployed stack runs in on a laptop: one `Sandbox`, for the command line and for tests.

The AWS lives in a process of its own (`sandbox.embedded`: moto's server with what it lacks), which ends
when this one does, however this one ends. Everything listens on loopback only.
"""

import contextlib
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from msgspec import Struct

from checks.errors import GovernanceError
from sandbox.cdk import UNWANTED, AccountRegion, CdkCommand
from sandbox.faults import Faults

ACCOUNT = "123456789012"
REGION = "us-east-1"
PROJECT = Path(__file__).resolve().parents[1]
# The CDK's roles have policies that AWS manages; and nothing asks from pages of other servers.
MOTO_SETTINGS = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_DISABLE_GLOBAL_CORS": "true"}
_PATIENCE = 0.25  # seconds for which one question after what still runs waits for an answer
FUNCTIONS_LOG = "functions.log"  # in the sandbox's folder: what the deployed functions print


class SandboxError(GovernanceError):
    """The sandbox could not start, deploy or answer; the message says what to look at."""


class Deployment(Struct, frozen=True):
    """One deployed stack: its name, its outputs by their CloudFormation keys, and what was knowingly left out.

    `skipped` maps the logical id of each resource that the embedded AWS leaves out to the reason.
    """

    stack: str
    outputs: Mapping[str, str]
    skipped: Mapping[str, str]
    account: str = ACCOUNT


def this_machine(interpreter: str = sys.executable) -> dict[str, str]:
    """Return the CDK context that builds the runtime bundle for the interpreter and the system that run it here."""
    context = {"python_version": _version_of(interpreter)}
    processor = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    system = {"Darwin": "apple-darwin"}.get(platform.system(), "manylinux2014")
    if (processor, system) != ("x86_64", "manylinux2014"):
        context["platform"] = f"{processor}-{system}"
    return context


def _version_of(interpreter: str) -> str:
    """Return the version of Python that a program is, as in `3.12`."""
    if interpreter == sys.executable:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    program = "import sys; print(*sys.version_info[:2], sep='.')"
    try:
        answer = subprocess.run(  # noqa: S603 - the program that the caller names
            [interpreter, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise SandboxError(
            f"{interpreter}: is no Python that runs here ({error}); name another interpreter"
        ) from error
    return answer.stdout.strip()


def _loopback(url: str) -> str:
    place = urlsplit(url)
    if place.scheme != "http" or place.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise SandboxError(f"{url}: is not on this machine; serve it as http://127.0.0.1:PORT/...")
    return url


def _ignore(_: str) -> None:
    """Take a line of progress and drop it."""


class Sandbox:
    """An embedded AWS with the real stack in it, as a context manager.

    ```python
    with Sandbox(progress=print) as sandbox:
        deployment = sandbox.deploy()
        os.environ.update(sandbox.environment())   # from here on any boto3 script talks to it
        ...
        sandbox.wait_idle()
    ```

    Args:
        folder: where the CDK output, logs and job folders go; a temporary folder that is removed at the end
            when left out.
        region: the AWS region that the sandbox pretends to be.
        retry_interval: seconds between the attempts of a failed asynchronous invocation, where AWS waits minutes.
        schedule_speed: how many times as fast as the clock scheduled rules run: 1 is as in AWS. With 0 only
            `run_schedules` runs them, as it does in any case.
        interpreter: the Python that functions and jobs run with, and that the runtime bundle is built for.
        progress: called with one short line for each step that takes time.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        region: str = REGION,
        retry_interval: float = 1.0,
        schedule_speed: float = 0.0,
        interpreter: str = sys.executable,
        progress: Callable[[str], None] = _ignore,
    ) -> None:
        self.region = region
        self._keep = folder is not None
        self._folder = folder
        self._retry_interval = retry_interval
        self._schedule_speed = schedule_speed
        self._interpreter = interpreter
        self._progress = progress
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def folder(self) -> Path:
        """The folder of this sandbox: `server.log`, `functions.log`, `cdk.out` and the Processing jobs' folders."""
        if self._folder is None:
            raise SandboxError("the sandbox is not running: call start() or use it in a `with` statement")
        return self._folder

    @property
    def endpoint(self) -> str:
        """The URL of every AWS service in the sandbox, `http://localhost:PORT`."""
        if not self._port:
            raise SandboxError("the sandbox is not running: call start() or use it in a `with` statement")
        return f"http://localhost:{self._port}"

    def environment(self, account: str = ACCOUNT) -> dict[str, str]:
        """Return the environment variables that point any AWS SDK or the AWS CLI at this sandbox.

        The credentials are an administrator's of `account`: twelve digits, and there is no need to make the account.

        The names of buckets and of the pipeline are the stack's outputs: `Deployment.outputs`, or
        CloudFormation's `DescribeStacks` as in a real account.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "sandbox" if account == ACCOUNT else account,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_SESSION_TOKEN": "sandbox",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "localhost,127.0.0.1",
        }

    def start(self) -> None:
        """Start the embedded AWS on a free loopback port.

        Requests may come at once: they wait until it has loaded.
        """
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="governance-sandbox-"))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._progress("starting the embedded AWS")
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            self._port = listening.getsockname()[1]
            self._process = self._embedded(listening.fileno())

    def _embedded(self, listening: int) -> subprocess.Popen[str]:
        """Start the process that is the embedded AWS, on an open socket."""
        program = [sys.executable, "-m", "sandbox"]
        pace = [str(self._retry_interval), str(self._schedule_speed)]
        arguments = [str(self.folder), self.region, str(listening), *pace, self._interpreter]
        with (self.folder / "server.log").open("ab") as log:
            # A session of its own: Ctrl-C reaches this process only, which then ends that one in order.
            return subprocess.Popen(  # noqa: S603 - this interpreter, a module of our own
                [*program, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                pass_fds=(listening,),
                env={name: value for name, value in os.environ.items() if name not in UNWANTED}
                | MOTO_SETTINGS,
                cwd=PROJECT,
            )

    def stop(self) -> None:
        """End the embedded AWS and everything it started, and remove its temporary folder; safe to call twice."""
        process, self._process, self._port = self._process, None, 0
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._folder is not None and not self._keep:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def deploy(self, *, context: Mapping[str, str] | None = None, app: str | None = None) -> list[Deployment]:
        """Synthesise the app, run the real `cdk deploy`, and compare what was made with the template.

        A stack that names an account of its own goes there, with the credentials of an administrator of it.

        Args:
            context: CDK context beside what describes this machine (`this_machine`).
            app: the CDK app's command, or the folder of what it wrote; the command of `cdk.json` when left out.

        Returns:
            One `Deployment` for each stack of the app, in the app's order.

        Raises:
            SandboxError: the CDK failed, or a resource of the template was neither made nor knowingly skipped.
        """
        cdk = CdkCommand(PROJECT, self.folder, lambda account: os.environ | self.environment(account))
        home = AccountRegion(ACCOUNT, self.region)
        stacks = cdk.deploy(
            app=app,
            context={**this_machine(self._interpreter), **(context or {})},
            home=home,
            bootstrap=self._bootstrap,
            progress=self._progress,
        )
        return [self._verify(stack.name, stack.place.account) for stack in stacks]

    def _bootstrap(self, template: Path, place: AccountRegion) -> None:
        self._ask("bootstrap", template=str(template), account=place.account, region=place.region)

    def _verify(self, stack: str, account: str = ACCOUNT) -> Deployment:
        answer = self._ask("stack", name=stack, account=account)
        if answer["missing"]:
            missing = "; ".join(f"{name} ({why})" for name, why in answer["missing"].items())
            raise SandboxError(
                f"stack {stack}: the embedded AWS did not make {missing}. See {self.folder}/server.log"
            )
        return Deployment(stack, answer["outputs"], answer["skipped"], account)

    def events(self, detail_type: str | None = None) -> list[dict[str, Any]]:
        """Return the events that AWS services sent so far, oldest first, optionally of one `detail-type`."""
        events: list[dict[str, Any]] = self._ask("events")["events"]
        return [event for event in events if detail_type in (None, event["detail-type"])]

    def redeliver(self, event: Mapping[str, Any], times: int = 1) -> None:
        """Deliver an event again, byte for byte, to every rule that matches it, as EventBridge may on its own."""
        for _ in range(times):
            self._ask("deliver", event=dict(event))

    @contextlib.contextmanager
    def faults(self, faults: Faults) -> Iterator[None]:
        """Let go wrong within the block what `faults` say; `mishaps` counts it from the block's beginning."""
        before = self._ask("faults", faults=faults.model_dump())["before"]
        try:
            yield
        finally:
            self._ask("faults", faults=before)

    def mishaps(self) -> dict[str, int]:
        """Return how often each kind of fault happened since those in force are."""
        met: dict[str, int] = self._ask("mishaps")["met"]
        return met

    def run_schedules(self, named: str = "") -> list[str]:
        """Run every scheduled rule that is enabled once, now, in the background; return the names of the rules.

        Args:
            named: only those whose names have this in them.
        """
        rules: list[str] = self._ask("schedules", named=named)["rules"]
        return rules

    def age(self, model_package_arn: str, seconds: float) -> None:
        """Let a version, and the executions whose description names it, have been made so many seconds earlier."""
        self._ask("age", arn=model_package_arn, seconds=seconds)

    def serve_model(self, model_id: str, url: str) -> None:
        """Let a server on this machine answer for a model of Bedrock: `Converse`, or Titan's embeddings.

        Args:
            model_id: as in `amazon.nova-lite-v1:0`; inference profiles of it, as `us.amazon.nova-lite-v1:0`, lead to
                it too. Every other model is one that the account has no access to.
            url: of OpenAI's API, as in `http://127.0.0.1:8080/v1`; it has `/chat/completions` or `/embeddings`.

        Raises:
            SandboxError: the URL is not on loopback, or the sandbox is not running.
        """
        self._ask("serve model", name=model_id, url=_loopback(url))

    def serve_endpoint(self, name: str, url: str) -> None:
        """Let a server on this machine answer for an endpoint of SageMaker, as a container behind it would.

        Args:
            name: the endpoint's; every other endpoint does not exist.
            url: what is sent to the endpoint goes to `/invocations` below it, and its answer comes back as it is.

        Raises:
            SandboxError: the URL is not on loopback, or the sandbox is not running.
        """
        self._ask("serve endpoint", name=name, url=_loopback(url))

    def wait_idle(self, timeout: float = 60.0) -> None:
        """Wait until no event is being delivered, no asynchronous invocation retried and no execution running.

        Args:
            timeout: seconds.

        Raises:
            SandboxError: something still runs after `timeout` seconds; the message names it.
        """
        deadline = time.monotonic() + timeout
        while running := self._ask("running", patience=_PATIENCE)["tasks"]:
            if time.monotonic() > deadline:
                raise SandboxError(f"the sandbox is still busy after {timeout:g} s: {', '.join(running)}")

    def _ask(self, action: str, **arguments: Any) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None:
            raise SandboxError("the sandbox is not running: call start() or use it in a `with` statement")
        with self._lock:
            try:
                process.stdin.write(json.dumps({"action": action, **arguments}) + "\n")
                process.stdin.flush()
            except OSError as error:
                raise self._ended() from error
            answer = self._read()
        if "error" in answer:
            raise SandboxError(f"the sandbox could not do {action!r}: {answer['error']}")
        return answer

    def _read(self) -> dict[str, Any]:
        process = self._process
        line = process.stdout.readline() if process is not None and process.stdout is not None else ""
        if not line:
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> SandboxError:
        log = (self.folder / "server.log").read_text(errors="replace").strip().splitlines()[-15:]
        return SandboxError("the embedded AWS ended unexpectedly:\n" + "\n".join(log))
