"""Runs deployed Lambda functions: the deployed zip, unzipped, in a process of its own with the deployed environment.

A process stays warm for the next event, as in AWS, and is thrown away when it dies or takes too long, so that
one crash harms no other invocation.
"""

import contextlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moto.core.utils import unix_time_millis, utcnow
from moto.logs import logs_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition
from msgspec import Struct

from sandbox.server import FUNCTIONS_LOG

WORKER = Path(__file__).with_name("function_worker.py")
# Seconds for importing a handler: Lambda grants ten, a busy laptop may need more.
INITIALISATION_TIMEOUT = 60.0
CONCURRENT_PROCESSES = 8  # most of them wait: for an answer, or before they try again what was throttled
SESSION_SECONDS = 43_200
# What every function's environment begins with.
BASE_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": ":UTC"}


class Invocation(Struct, frozen=True):
    """The result of one invocation: its JSON payload, whether the function failed, and its log."""

    request_id: str
    payload: str
    failed: bool
    log: str

    @property
    def error(self) -> str:
        """The error's type and message in one line; meaningful where `failed`."""
        report = json.loads(self.payload)
        return f"{report['errorType']}: {report['errorMessage']}"


class _ProcessDiedError(Exception):
    """The process ended without an answer."""


class _ProcessTimedOutError(Exception):
    """The process did not answer in time."""


class _Interpreter:
    """A process that has loaded a bundle's libraries, and forks the processes of the functions with that bundle."""

    def __init__(self, interpreter: str, bundle: Path, log: Path) -> None:
        self._lock = threading.Lock()
        self._connection, its_end = socket.socketpair()
        self._connection.settimeout(INITIALISATION_TIMEOUT)
        # What Python reads of the environment when it starts is the same for every function.
        with its_end, log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the interpreter of the sandbox, a program of our own
                [interpreter, "-I", "-S", str(WORKER), str(bundle)],
                stdin=its_end.fileno(),
                stdout=output,
                stderr=subprocess.STDOUT,
                env=BASE_ENVIRONMENT,
                cwd=bundle,
                start_new_session=True,
            )

    def fork(self, handler: str, environment: dict[str, str], descriptors: list[int]) -> int:
        """Fork a process of a function, with what `function_worker.DESCRIPTORS` says; return its process group.

        Raises:
            _ProcessDiedError: the interpreter has ended, or does not answer in time.
        """
        request = json.dumps({"handler": handler, "environment": environment}).encode() + b"\n"
        with self._lock:
            try:
                sent = socket.send_fds(self._connection, [request], descriptors)
                self._connection.sendall(request[sent:])
                answer = self._connection.makefile().readline()
            except OSError as error:
                raise _ProcessDiedError(str(error)) from error
        if not answer:
            raise _ProcessDiedError(f"the interpreter ended with exit status {self._process.wait()}")
        return int(answer)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._connection.close()


class _Process:
    """One warm process of one function."""

    def __init__(
        self, interpreter: _Interpreter, handler: str, environment: dict[str, str], log: Path
    ) -> None:
        its_requests, requests = os.pipe()
        self._answers, its_answers = os.pipe()
        self._end, its_end = os.pipe()
        self._requests = os.fdopen(requests, "wb")
        self._buffer = b""
        self._log = log
        with log.open("ab") as output:
            its_own = [its_requests, its_answers, output.fileno(), its_end]
            try:
                self._group = interpreter.fork(handler, environment, its_own)
            finally:
                for descriptor in (its_requests, its_answers, its_end):
                    os.close(descriptor)

    def read(self, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            if not select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise _ProcessTimedOutError
            chunk = os.read(self._answers, 65536)
            if not chunk:
                raise _ProcessDiedError(f"exit status {self._wait()}")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, request: dict[str, Any], timeout: float) -> dict[str, Any]:
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        except OSError as error:
            raise _ProcessDiedError(str(error)) from error
        return self.read(timeout)

    def log_size(self) -> int:
        return self._log.stat().st_size

    def log_since(self, position: int) -> str:
        return self._log.read_bytes()[position:].decode(errors="replace")

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._group, signal.SIGKILL)
        self._wait()
        with contextlib.suppress(OSError):
            self._requests.close()
        for descriptor in (self._answers, self._end):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _wait(self) -> str:
        """Wait for the end of the process; return its exit status, empty where it was ended by `stop`."""
        return os.read(self._end, 64).decode()


class FunctionHost:
    """Invokes functions as moto holds them, each in processes of its own.

    Args:
        folder: where bundles are unzipped and logs are written.
        endpoint: the AWS that the functions talk to.
        interpreter: the Python that they run with.
    """

    def __init__(self, folder: Path, endpoint: str, interpreter: str) -> None:
        self._folder = folder
        self._endpoint = endpoint
        self._interpreter = interpreter
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(CONCURRENT_PROCESSES)
        self._idle: dict[str, list[_Process]] = defaultdict(list)
        self._busy: set[_Process] = set()
        self._interpreters: dict[Path, _Interpreter] = {}
        self._credentials: dict[tuple[str, str], dict[str, str]] = {}
        (folder / "tmp").mkdir(parents=True, exist_ok=True)

    def invoke(self, function: Any, event: Any) -> Invocation:
        """Run moto's `function` on `event` (a JSON value) and wait for its end; never raises for what it does."""
        request_id = str(uuid.uuid4())
        started = time.monotonic()
        with self._slots:
            answer, output = self._run(function, event, request_id)
        error = answer.get("error")
        payload = json.dumps(error | {"requestId": request_id}) if error else answer["payload"]
        took = (time.monotonic() - started) * 1000
        log = (
            f"START RequestId: {request_id} Version: $LATEST\n{output}"
            f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {took:.2f} ms\n"
        )
        self._write_log(function, log)
        return Invocation(request_id=request_id, payload=payload, failed=bool(error), log=log)

    def stop(self) -> None:
        """End every process."""
        with self._lock:
            processes = [*self._busy, *(process for idle in self._idle.values() for process in idle)]
            interpreters = list(self._interpreters.values())
            self._idle.clear()
            self._interpreters.clear()
        # The interpreters first: from then on there are no further processes.
        for interpreter in interpreters:
            interpreter.stop()
        for process in processes:
            process.stop()

    def _run(self, function: Any, event: Any, request_id: str) -> tuple[dict[str, Any], str]:
        timeout = float(function.timeout)
        try:
            with self._process(function) as process:
                position = process.log_size()
                try:
                    answer = process.ask(_request(function, event, request_id, timeout), timeout)
                except _ProcessTimedOutError as error:
                    message = f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"
                    raise _InvocationFailedError(
                        _problem("Sandbox.Timedout", message), process.log_since(position)
                    ) from error
                except _ProcessDiedError as error:
                    message = f"RequestId: {request_id} Error: Runtime exited with error: {error}"
                    raise _InvocationFailedError(
                        _problem("Runtime.ExitError", message), process.log_since(position)
                    ) from error
                return answer, process.log_since(position)
        except _InvocationFailedError as failure:
            return failure.answer, failure.log

    @contextlib.contextmanager
    def _process(self, function: Any) -> Iterator[_Process]:
        """Lend a warm process of the function, or a new one; it comes back unless the body raises."""
        environment = self._environment(function)
        key = json.dumps([function.code_sha_256, function.handler, environment], sort_keys=True)
        with self._lock:
            process = self._idle[key].pop() if self._idle[key] else None
        if process is None:
            process = self._start(function, environment)
        with self._lock:
            self._busy.add(process)
        try:
            yield process
        except BaseException:
            process.stop()
            raise
        else:
            with self._lock:
                self._idle[key].append(process)
        finally:
            with self._lock:
                self._busy.discard(process)

    def _start(self, function: Any, environment: dict[str, str]) -> _Process:
        log = self._folder / f"{function.function_name}-{uuid.uuid4().hex[:8]}.log"
        bundle = self._unzip(function)
        try:
            process = _Process(self._interpreter_of(bundle), function.handler, environment, log)
        except _ProcessDiedError as error:
            self._give_up_interpreter(bundle)
            message = f"the function did not start: {error}"
            raise _InvocationFailedError(_problem("Runtime.ExitError", message), "") from error
        try:
            answer = process.read(INITIALISATION_TIMEOUT)
        except (_ProcessDiedError, _ProcessTimedOutError) as error:
            answer = _problem("Runtime.ExitError", f"the function did not start: {error}")
        if "ready" in answer:
            return process
        output = process.log_since(0)
        process.stop()
        raise _InvocationFailedError(answer, output)

    def _interpreter_of(self, bundle: Path) -> _Interpreter:
        """Return the interpreter with the libraries of an unzipped bundle, started if need be."""
        with self._lock:
            if bundle not in self._interpreters:
                log = self._folder / f"interpreter-{bundle.name}.log"
                self._interpreters[bundle] = _Interpreter(self._interpreter, bundle, log)
            return self._interpreters[bundle]

    def _give_up_interpreter(self, bundle: Path) -> None:
        """End an interpreter that forks no more; the next process of the bundle starts another."""
        with self._lock:
            interpreter = self._interpreters.pop(bundle, None)
        if interpreter is not None:
            interpreter.stop()

    def _unzip(self, function: Any) -> Path:
        with self._lock:
            bundle = self._folder / "bundles" / _folder_name(function.code_sha_256)
            if not bundle.exists():
                bundle.parent.mkdir(parents=True, exist_ok=True)
                unfinished = Path(tempfile.mkdtemp(dir=bundle.parent))
                zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(unfinished)
                unfinished.rename(bundle)
            return bundle

    def _environment(self, function: Any) -> dict[str, str]:
        """Return the deployed environment and what Lambda adds to it; nothing of this process's own."""
        return {
            **{name: str(value) for name, value in function.environment_vars.items()},
            **aws_environment(self._endpoint, function.region),
            **self._session(function),
            **BASE_ENVIRONMENT,
            "TMPDIR": str(self._folder / "tmp"),
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": log_group(function),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "_HANDLER": function.handler,
        }

    def _session(self, function: Any) -> dict[str, str]:
        """Return credentials of the function's own role, the same for every process of it."""
        key = (function.role, function.function_name)
        with self._lock:
            if key not in self._credentials:
                self._credentials[key] = role_credentials(*key, function.region)
            return self._credentials[key]

    def _write_log(self, function: Any, log: str) -> None:
        with self._lock, (self._folder.parent / FUNCTIONS_LOG).open("a") as file:
            file.writelines(f"{function.function_name}: {line}\n" for line in log.splitlines())
        put_log(function.account_id, function.region, log_group(function), "[$LATEST]", log)


class _InvocationFailedError(Exception):
    """The invocation ended without a result: Lambda's report of it, and the log so far."""

    def __init__(self, answer: dict[str, Any], log: str) -> None:
        super().__init__(answer)
        self.answer = answer
        self.log = log


def aws_environment(endpoint: str, region: str) -> dict[str, str]:
    """Return the environment that points an AWS SDK in a function or a job at the embedded AWS."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_SESSION_TOKEN": "sandbox",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "localhost,127.0.0.1",
    }


def role_credentials(role_arn: str, session: str, region: str) -> dict[str, str]:
    """Return the environment with new credentials of a role, as a service gives them to what it runs under it."""
    account = role_arn.split(":")[4]
    sts = sts_backends[account][get_partition(region)]
    role = sts.assume_role(region, session, role_arn, None, SESSION_SECONDS, None)
    return {
        "AWS_ACCESS_KEY_ID": role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        "AWS_SESSION_TOKEN": role.session_token,
    }


def log_group(function: Any) -> str:
    """Return the name of the log group that the function writes to."""
    name: str = (
        getattr(function, "logging_config", {}).get("LogGroup") or f"/aws/lambda/{function.function_name}"
    )
    return name


def put_log(account: str, region: str, group: str, stream_suffix: str, text: str) -> None:
    """Write `text` line by line into a new stream of a CloudWatch log group, made if need be."""
    backend = logs_backends[account][region]
    backend.ensure_log_group(group)
    stream = f"{utcnow():%Y/%m/%d}/{stream_suffix}{uuid.uuid4().hex}"
    backend.create_log_stream(group, stream)
    now = int(unix_time_millis())
    backend.put_log_events(group, stream, [{"timestamp": now, "message": line} for line in text.splitlines()])


def _problem(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"errorType": kind, "errorMessage": message}}


def _folder_name(digest: str) -> str:
    # moto's code digest is base64, whose "/" and "+" are no part of a folder's name.
    return digest.replace("/", "_").replace("+", "-").rstrip("=")


def _request(function: Any, event: Any, request_id: str, timeout: float) -> dict[str, Any]:
    return {
        "event": event,
        "deadline": time.time() + timeout,
        "context": {
            "aws_request_id": request_id,
            "function_name": function.function_name,
            "function_version": "$LATEST",
            "invoked_function_arn": function.function_arn,
            "memory_limit_in_mb": str(function.memory_size),
            "log_group_name": log_group(function),
            "log_stream_name": request_id,
            "client_context": None,
            "identity": None,
        },
    }
