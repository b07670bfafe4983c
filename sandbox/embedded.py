"""The process that is the embedded AWS: moto's server, extended, and a line of control to whoever started it.

`python -m sandbox FOLDER REGION SOCKET RETRY_INTERVAL SCHEDULE_SPEED INTERPRETER` serves the listening socket
with that file descriptor, which its starter has opened: requests that come early wait there. It answers one JSON
request a line, and ends when its input does, so it cannot outlive the process that started it.
"""

import contextlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from sandbox.ageing import age_version
from sandbox.bedrock.served_models import ServedModels
from sandbox.bootstrapping import bootstrap
from sandbox.bucket_events import BucketEvents
from sandbox.bucket_regions import BucketRegions
from sandbox.cloudformation import describe_stack
from sandbox.delivery import Delivery
from sandbox.embedded_registry import EmbeddedRegistry
from sandbox.execution_runner import PipelineEngine
from sandbox.extensions import Parts, install
from sandbox.faults import ActiveFaults, Faults
from sandbox.faulty_calls import FaultyCalls
from sandbox.faulty_events import FaultyEvents
from sandbox.functions import FunctionHost
from sandbox.kept_connections import KeptConnections
from sandbox.processing import ProcessingHost
from sandbox.schedules import Schedules
from sandbox.served_endpoints import ServedEndpoints
from sandbox.tasks import BackgroundTasks


class EmbeddedAws:
    """The server and its parts.

    Args:
        folder: where logs, bundles and job folders go.
        region: whose stacks the control line describes.
        listening: the file descriptor of the listening socket.
        retry_interval: seconds between the attempts of a failed asynchronous invocation.
        schedule_speed: how many times as fast as the clock scheduled rules run; with 0 they run on demand alone.
        interpreter: the Python that functions and jobs run with.
    """

    def __init__(
        self,
        folder: Path,
        region: str,
        listening: int,
        *,
        retry_interval: float,
        schedule_speed: float,
        interpreter: str,
    ) -> None:
        self._region = region
        self._faults = ActiveFaults()
        self._tasks = BackgroundTasks()
        self._log = FaultyEvents(self._faults, self._tasks)
        answers = BucketEvents(DomainDispatcherApplication(create_backend_app), self._log)
        answers.install()
        application = FaultyCalls(BucketRegions(answers), self._faults)
        self._server = make_server(
            "127.0.0.1", 0, application, threaded=True, request_handler=KeptConnections, fd=listening
        )
        endpoint = f"http://localhost:{self._server.port}"
        self._functions = FunctionHost(folder / "functions", endpoint, interpreter)
        self._processing = ProcessingHost(folder / "processing", endpoint, interpreter)
        delivery = Delivery(self._functions, self._tasks, retry_interval)
        self._schedules = Schedules(delivery)
        self._schedule_speed = schedule_speed
        self._models, self._endpoints = ServedModels(), ServedEndpoints()
        install(
            Parts(
                functions=self._functions,
                delivery=delivery,
                registry=EmbeddedRegistry(self._log),
                engine=PipelineEngine(self._functions, self._processing, self._log),
                tasks=self._tasks,
                log=self._log,
                faults=self._faults,
                models=self._models,
                endpoints=self._endpoints,
            ),
            region,
        )

    def start(self) -> None:
        """Serve in the background."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        if self._schedule_speed:
            self._schedules.keep_running(self._schedule_speed)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what one line of control asks for."""
        actions: dict[str, Callable[[], dict[str, Any]]] = {
            "bootstrap": lambda: self._bootstrap(request),
            "stack": lambda: describe_stack(request["name"], request["account"], self._region),
            "events": lambda: {"events": self._log.sent()},
            "deliver": lambda: self._deliver(request["event"]),
            "schedules": lambda: {"rules": self._schedules.run(request["named"])},
            "running": lambda: {"tasks": self._tasks.running(request["patience"])},
            "age": lambda: self._age(request["arn"], timedelta(seconds=request["seconds"])),
            "faults": lambda: self._follow(request["faults"]),
            "mishaps": lambda: {"met": self._faults.met()},
            "serve model": lambda: self._serve(self._models, request),
            "serve endpoint": lambda: self._serve(self._endpoints, request),
        }
        return actions[request["action"]]()

    def stop(self) -> None:
        """End every function and job; the server ends with the process."""
        self._functions.stop()
        self._processing.stop()

    @staticmethod
    def _bootstrap(request: Mapping[str, Any]) -> dict[str, Any]:
        bootstrap(Path(request["template"]), request["account"], request["region"])
        return {}

    def _deliver(self, event: Mapping[str, Any]) -> dict[str, Any]:
        self._log.deliver(event)
        return {}

    def _age(self, arn: str, by: timedelta) -> dict[str, Any]:
        age_version(arn, by)
        return {}

    @staticmethod
    def _serve(served: ServedModels | ServedEndpoints, request: Mapping[str, Any]) -> dict[str, Any]:
        served.serve(request["name"], request["url"])
        return {}

    def _follow(self, faults: Mapping[str, Any]) -> dict[str, Any]:
        before = self._faults.settings
        self._faults.put_in_force(Faults.model_validate(faults))
        return {"before": before.model_dump()}


def serve(aws: EmbeddedAws, requests: TextIO, answers: TextIO) -> None:
    """Answer every line of `requests` until there are no more."""
    for line in requests:
        try:
            answer = aws.answer(json.loads(line))
        except Exception as error:
            logging.getLogger(__name__).exception("cannot answer %s", line.strip())
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=str), file=answers, flush=True)


def main() -> None:
    """Run until the input ends."""
    folder, region, listening, retry_interval, schedule_speed, interpreter = sys.argv[1:7]
    answers = os.fdopen(os.dup(1), "w")
    # Whatever moto prints belongs to the log, not to the line of control.
    os.dup2(2, 1)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    aws = EmbeddedAws(
        Path(folder),
        region,
        int(listening),
        retry_interval=float(retry_interval),
        schedule_speed=float(schedule_speed),
        interpreter=interpreter,
    )
    aws.start()
    try:
        with contextlib.suppress(BrokenPipeError):
            serve(aws, sys.stdin, answers)
    finally:
        aws.stop()
        # The server's threads wait for connections that nobody will use again.
        os._exit(0)
