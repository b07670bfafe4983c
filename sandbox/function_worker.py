"""The program of a bundle's processes: each imports its handler from the unzipped bundle and answers events.

It runs as `python -I -S function_worker.py BUNDLE`, so nothing but the standard library and the bundle is on the path.
It imports the bundle's libraries and what a handler's module imports, which takes longer than all else, and then forks
a process for each request that comes on stdin, a Unix socket. What is imported before the fork are the files of the
same unzipped bundle that nothing changes; the handler's module comes after it, in the function's own environment.

In a function's process, requests come as JSON lines, answers go as JSON lines, and what the handler prints or logs goes
to stdout. The program uses nothing of this project, which in AWS does not exist, but what botocore looks up only once.
"""

import ast
import contextlib
import functools
import gc
import importlib
import importlib.util
import json
import logging
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO

# What functions commonly bring along and takes long to import; what a bundle lacks is passed over.
LIBRARIES = ("boto3", "botocore.session", "botocore.client", "pydantic.main", "yaml")
# What comes with a request for a process: its requests, its answers, its log, and where its end is told.
DESCRIPTORS = 4


def _split(handler: str) -> tuple[str, str]:
    """Return the names of a handler's module and of its function in it."""
    module, _, name = handler.rpartition(".")
    return module.replace("/", "."), name


def _load(handler: str) -> Callable[[Any, Any], Any]:
    module, name = _split(handler)
    found: Callable[[Any, Any], Any] = getattr(importlib.import_module(module), name)
    return found


def _describe(error: BaseException) -> dict[str, Any]:
    """Return the error as Lambda's Python runtime reports it."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_list(frames),
    }


def _import_error(handler: str, error: BaseException) -> dict[str, Any]:
    if isinstance(error, AttributeError):
        return {
            "errorType": "Runtime.HandlerNotFound",
            "errorMessage": f"Handler '{handler}' missing: {error}",
        }
    module = handler.rpartition(".")[0]
    return {
        "errorType": "Runtime.ImportModuleError",
        "errorMessage": f"Unable to import module '{module}': {type(error).__name__}: {error}",
    }


def _context(request: dict[str, Any]) -> SimpleNamespace:
    """Return the context object that a handler gets, with the attributes that Lambda documents."""
    deadline: float = request["deadline"]
    return SimpleNamespace(
        **request["context"],
        get_remaining_time_in_millis=lambda: max(0, int((deadline - time.time()) * 1000)),
    )


def _log_as_lambda_does() -> None:
    printer = logging.StreamHandler(sys.stdout)
    printer.setFormatter(logging.Formatter("[%(levelname)s]\t%(asctime)s\t%(message)s"))
    logging.getLogger().addHandler(printer)


def _answer(handle: Callable[[Any, Any], Any], request: dict[str, Any]) -> dict[str, Any]:
    try:
        result = handle(request["event"], _context(request))
    except Exception as error:
        traceback.print_exc()
        return {"error": _describe(error)}
    try:
        return {"payload": json.dumps(result)}
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return {"error": {"errorType": "Runtime.MarshalError", "errorMessage": message}}


def _serve(handle: Callable[[Any, Any], Any], requests: TextIO, answers: TextIO) -> None:
    for line in requests:
        answer = _answer(handle, json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        print(json.dumps(answer), file=answers, flush=True)


def _run(handler: str, answers_to: int) -> None:
    """Load the handler, say so, and answer one request after the other until stdin ends."""
    requests = os.fdopen(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _log_as_lambda_does()
    with os.fdopen(answers_to, "w") as answers:
        try:
            handle = _load(handler)
        except Exception as error:
            traceback.print_exc()
            print(json.dumps({"error": _import_error(handler, error)}), file=answers, flush=True)
            return
        print(json.dumps({"ready": True}), file=answers, flush=True)
        _serve(handle, requests, answers)


def _import_all(names: Iterable[str]) -> None:
    for name in names:
        # What a library raises, it raises again for the function that imports it.
        with contextlib.suppress(Exception):
            importlib.import_module(name)


@functools.cache
def _load_imports(handler: str) -> None:
    """Import, once, what the module of a handler imports, which may take longer than what the function does."""
    module, _ = _split(handler)
    # A module that is not there, or no Python, is told by the process of the function.
    with contextlib.suppress(Exception):
        _import_all(_imports_of(module))
    gc.freeze()


def _imports_of(module: str) -> list[str]:
    """Return the modules that the statements of a module name, as its source has them; it is not run."""
    spec = importlib.util.find_spec(module)
    loader: Any = spec.loader if spec else None
    names: list[str] = []
    for statement in ast.parse(loader.get_source(module)).body:
        if isinstance(statement, ast.Import):
            names += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            names.append(str(statement.module))
    return names


def _load_libraries() -> None:
    _import_all(LIBRARIES)
    if "botocore.loaders" in sys.modules:
        _load_service_models(sys.modules["botocore.loaders"])
        _read_once()
    gc.freeze()  # a collection in a fork would copy what all of them share


def _load_service_models(loaders: Any) -> None:
    """Have botocore find the bundle's service models parsed, which takes each process longer than its work."""
    load = loaders.JSONFileLoader().load_file
    parsed = functools.cache(load)
    data = Path(loaders.__file__).parent / "data"
    for file in data.rglob("*.json*"):
        parsed(str(file).removesuffix(".gz").removesuffix(".json"))
    loaders.JSONFileLoader.load_file = lambda _, path: parsed(path)


def _read_once() -> None:
    """Have botocore look up once what it would for each session and request; the first session looks most of it up."""
    file = Path(__file__).with_name("botocore_files.py")
    spec: Any = importlib.util.spec_from_file_location(file.stem, file)  # the file is there
    # A bundle may have another release of botocore, whose functions it is to use as they are.
    with contextlib.suppress(Exception):
        botocore_files: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(botocore_files)
        botocore_files.read_once()
        sys.modules["botocore.session"].Session()


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return the next request for a process and what came with it, or `None` when there are no more."""
    content, descriptors, _, _ = socket.recv_fds(connection, 65536, DESCRIPTORS)
    while content and not content.endswith(b"\n"):
        more = connection.recv(65536)
        if not more:
            return None
        content += more
    return (json.loads(content), list(descriptors)) if content else None


def _tell_end(process: int, end: int) -> None:
    """Wait for the end of a function's process, write its exit status and end as well."""
    _, status = os.waitpid(process, 0)
    os.write(end, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(bundle: str, environment: dict[str, str], requests: int, log: int) -> None:
    """Make this fork what a process of the function is: with its streams, its environment and its folder."""
    for descriptor, stream in ((requests, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, stream)
    os.close(requests)
    os.close(log)
    gc.enable()
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(bundle)


def main(bundle: str) -> None:
    """Fork a process for each request, until there are no more; each fork returns when its own requests end."""
    gc.disable()  # what is imported stays: to look for garbage in it again and again takes a sixth of the importing
    sys.path.insert(0, bundle)
    _load_libraries()
    connection = socket.socket(fileno=os.dup(0))
    # Nobody waits for the forks that wait for a function's process.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while received := _receive(connection):
        request, descriptors = received
        _load_imports(request["handler"])
        waiting = os.fork()
        if waiting:
            # By both: whoever is told of the group may end it at once.
            os.setpgid(waiting, waiting)
            for descriptor in descriptors:
                os.close(descriptor)
            connection.sendall(f"{waiting}\n".encode())
            continue
        os.setpgid(0, 0)
        connection.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        requests, answers, log, end = descriptors
        process = os.fork()
        if process:
            # Whoever reads the answers must see their end with that of the process.
            for descriptor in (0, requests, answers, log):
                os.close(descriptor)
            _tell_end(process, end)
        os.close(end)
        _become(bundle, request["environment"], requests, log)
        _run(request["handler"], answers)
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
