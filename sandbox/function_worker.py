"""The program in a function's own process: imports the handler from the unzipped bundle and answers events.

It runs as `python -I -S worker.py BUNDLE HANDLER FD`, so nothing but the standard library and the bundle is
on the path. Requests come as JSON lines on stdin, answers go as JSON lines to the file descriptor FD, and
what the handler prints or logs goes to stdout. It uses nothing of this project: in AWS it does not exist.
"""

import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TextIO


def _load(handler: str) -> Callable[[Any, Any], Any]:
    module_name, _, name = handler.rpartition(".")
    found: Callable[[Any, Any], Any] = getattr(importlib.import_module(module_name.replace("/", ".")), name)
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


def main(bundle: str, handler: str, descriptor: str) -> None:
    """Load the handler, say so, and answer one request after the other until stdin ends."""
    sys.path.insert(0, bundle)
    requests = os.fdopen(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _log_as_lambda_does()
    with os.fdopen(int(descriptor), "w") as answers:
        try:
            handle = _load(handler)
        except Exception as error:
            traceback.print_exc()
            print(json.dumps({"error": _import_error(handler, error)}), file=answers, flush=True)
            return
        print(json.dumps({"ready": True}), file=answers, flush=True)
        _serve(handle, requests, answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
