"""Runs a Processing step as a process of this machine, with its inputs and outputs under a folder of its own.

A container sees its inputs and outputs below `/opt/ml`. Here each job has a folder in its place, and every
`/opt/ml` in the container's entry point, arguments and environment is rewritten to that folder. The image itself
is not run: `python` and `python3` are the interpreter that the sandbox is given, without its installed packages, so
the job has the standard library and what it brings along.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends

from sandbox.functions import aws_environment, put_log, role_credentials
from sandbox.iam.calls import Call
from sandbox.iam.enforcement import AccessRefusedError, authorize_role

CONTAINER_ROOT = "/opt/ml"
LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
DEFAULT_MAX_RUNTIME = 86_400


class ProcessingError(Exception):
    """The job failed; the message is its `FailureReason`."""


class ProcessingHost:
    """Runs Processing jobs.

    Args:
        folder: each job's folder is made below it, and kept for reading until the sandbox ends.
        endpoint: the AWS that the jobs talk to.
        interpreter: the Python that they run with.
    """

    def __init__(self, folder: Path, endpoint: str, interpreter: str) -> None:
        self._folder = folder
        self._endpoint = endpoint
        self._interpreter = interpreter
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, name: str, request: Mapping[str, Any], account: str, region: str) -> dict[str, Any]:
        """Run the job `name` of a `CreateProcessingJob` request and wait for its end.

        Returns:
            The job's description, as `DescribeProcessingJob` gives it.

        Raises:
            ProcessingError: an input is missing, or the process failed or took too long.
        """
        job = _register(name, request, account, region)
        try:
            self._run(name, request, account, region)
        except ProcessingError:
            job.processing_job_status = "Failed"
            raise
        job.processing_job_status = "Completed"
        description: dict[str, Any] = job.response_object
        return description

    def stop(self) -> None:
        """End every job that runs."""
        for process in list(self._running):
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)

    def _run(self, name: str, request: Mapping[str, Any], account: str, region: str) -> None:
        folder = self._folder / name
        root = folder / CONTAINER_ROOT.lstrip("/")
        (root / "output").mkdir(parents=True)
        storage = _Storage(account, request["RoleArn"], region)
        for item in request.get("ProcessingInputs") or []:
            source = item["S3Input"]
            storage.download(source["S3Uri"], folder / source["LocalPath"].lstrip("/"))
        outputs = [
            item["S3Output"] for item in (request.get("ProcessingOutputConfig") or {}).get("Outputs", [])
        ]
        for output in outputs:
            (folder / output["LocalPath"].lstrip("/")).mkdir(parents=True, exist_ok=True)
        status, log = self._execute(folder, root, request, region)
        # A container's own files go with it.
        shutil.rmtree(folder / "tmp", ignore_errors=True)
        put_log(account, region, LOG_GROUP, f"{name}/", log)
        for output in outputs:
            storage.upload(folder / output["LocalPath"].lstrip("/"), output["S3Uri"])
        if status:
            message = root / "output" / "message"
            said = (
                message.read_text().strip()
                if message.exists()
                else (log.strip().splitlines() or ["no output"])[-1]
            )
            raise ProcessingError(f"AlgorithmError: {said}, exit code: {status}")

    def _execute(self, folder: Path, root: Path, request: Mapping[str, Any], region: str) -> tuple[int, str]:
        app = request["AppSpecification"]
        command = [
            word.replace(CONTAINER_ROOT, str(root))
            for word in [*app.get("ContainerEntrypoint", []), *app.get("ContainerArguments", [])]
        ]
        environment = self._environment(folder, root, request, region)
        log = folder / "output.log"
        limit = (request.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME)
        # The program is looked up in the job's own PATH, where `python3` is the interpreter of the sandbox.
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - what the deployed definition says, as the service runs it
                ["/usr/bin/env", *command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.add(process)
        try:
            status = process.wait(timeout=int(limit))
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise ProcessingError(f"ClientError: the job ran longer than {limit} seconds") from error
        finally:
            self._running.discard(process)
        return status, log.read_text(errors="replace")

    def _environment(
        self, folder: Path, root: Path, request: Mapping[str, Any], region: str
    ) -> dict[str, str]:
        given: Mapping[str, str] = request.get("Environment") or {}
        programs = folder / "bin"
        programs.mkdir()
        for name in ("python", "python3"):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {shlex.quote(self._interpreter)} -S "$@"\n')
            program.chmod(0o755)
        (folder / "tmp").mkdir()
        return {
            **{name: value.replace(CONTAINER_ROOT, str(root)) for name, value in given.items()},
            **aws_environment(self._endpoint, region),
            **role_credentials(request["RoleArn"], folder.name, region),
            "PATH": f"{programs}{os.pathsep}{os.defpath}",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TMPDIR": str(folder / "tmp"),
        }


class _Storage:
    """Copies between the embedded S3 and folders, as the service does around a job, under the job's role.

    Without a role it reads as SageMaker itself does.
    """

    def __init__(self, account: str, role_arn: str | None = None, region: str = "us-east-1") -> None:
        self._backend = s3_backends[account]["aws"]
        self._account, self._role_arn, self._region = account, role_arn, region

    def _authorize(self, operation: str, bucket: str, key: str) -> None:
        if self._role_arn is None:
            return
        call = Call("s3", operation, {"Bucket": bucket, "Key": key}, self._account, self._region)
        try:
            authorize_role(self._role_arn, call)
        except AccessRefusedError as error:
            raise ProcessingError(f"ClientError: {error}") from error

    def download(self, uri: str, folder: Path) -> None:
        bucket, prefix = _split(uri)
        found = False
        for key in self._keys(bucket, prefix):
            relative = key[len(prefix) :].lstrip("/") or key.rsplit("/", 1)[-1]
            target = folder / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            self._authorize("GetObject", bucket, key)
            target.write_bytes(self._backend.get_object(bucket, key).value)
            found = True
        if not found:
            raise ProcessingError(f"ClientError: no S3 objects found under S3 URL {uri!r}")

    def upload(self, folder: Path, uri: str) -> None:
        bucket, prefix = _split(uri)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = f"{prefix.rstrip('/')}/{path.relative_to(folder).as_posix()}".lstrip("/")
                self._authorize("PutObject", bucket, key)
                self._backend.put_object(bucket, key, path.read_bytes())

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        for key in sorted(self._backend.get_bucket(bucket).keys):
            if key == prefix or key.startswith(
                prefix if prefix.endswith("/") or not prefix else f"{prefix}/"
            ):
                yield key

    def read(self, uri: str) -> str:
        bucket, key = _split(uri)
        found = self._backend.get_object(bucket, key)
        if found is None:
            raise ProcessingError(f"ClientError: there is no {uri}")
        content: bytes = found.value
        return content.decode()


def read_object(uri: str, account: str) -> str:
    """Return the text of an S3 object.

    Raises:
        ProcessingError: there is none.
    """
    return _Storage(account).read(uri)


def job_name(execution_id: str, step: str) -> str:
    """Return the name that SageMaker gives the job of a pipeline's step."""
    return f"pipelines-{execution_id}-{step[:24]}-{uuid.uuid4().hex[:10]}"


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri, allow_fragments=False)
    return parts.netloc, parts.path.lstrip("/")


def _register(name: str, request: Mapping[str, Any], account: str, region: str) -> Any:
    job = sagemaker_backends[account][region].create_processing_job(
        app_specification=request["AppSpecification"],
        experiment_config=request.get("ExperimentConfig"),
        network_config=request.get("NetworkConfig"),
        processing_inputs=request.get("ProcessingInputs"),
        processing_job_name=name,
        processing_output_config=request.get("ProcessingOutputConfig"),
        role_arn=request["RoleArn"],
        stopping_condition=request.get("StoppingCondition"),
        tags=[],
    )
    job.processing_job_status = "InProgress"
    return job
