"""Worker processes from one fresh interpreter, which imports what they need once and forks for each of them.

It is started without anything of its parent's but a socket, before any thread, engine or query, and runs none itself:
its forks are as fresh as it is. A worker is asked for with the two file descriptors that it is to serve, and named by a
number. Only this process ends and reaps its workers, so that no number of the system's is ever another process's.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from itertools import count
from typing import Self

from scorers.text_to_sql.running.harmless_environment import make_harmless_environment

# Imports make no rubbish, and looking for it takes a fifth of their time.
_PROGRAM = f"import gc; gc.disable(); from {__name__} import main; main()"
_REQUEST = struct.Struct("=Q")
_DONE = b"."
_SECONDS_TO_END = 5.0


class ForkServer:
    """The interpreter that workers are forked from, seen from its parent.

    It imports while its parent goes on: who has imports of his own to wait for starts it before them.
    """

    def __init__(self) -> None:
        self._numbers, self._has_workers = count(1), False
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  this interpreter, this package
                [sys.executable, "-P", "-c", _PROGRAM, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=make_harmless_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, connection: int, page: int) -> int:
        """Have a worker started that serves the file descriptors, and return its number; nothing waits for it."""
        number, self._has_workers = next(self._numbers), True
        with suppress(OSError):  # the server died; reading from the worker says so
            socket.send_fds(self._control, [_REQUEST.pack(number)], [connection, page])
        return number

    def stop(self, number: int) -> None:
        """End a worker, and wait until it has."""
        with suppress(OSError):
            self._control.sendall(_REQUEST.pack(number))
            self._control.recv(len(_DONE))

    def close(self) -> None:
        """End it and all of its workers; nothing happens where it has ended."""
        self._control.close()
        if not self._has_workers:
            self._process.kill()  # it may be importing still, for nobody
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main() -> None:
    """Serve the parent over the socket named by the argument, until it hangs up."""
    from scorers.text_to_sql.running import query_worker  # noqa: PLC0415  what the parent does without

    control = socket.socket(fileno=int(sys.argv[1]))
    query_worker.prepare()
    workers: dict[int, int] = {}
    try:
        while True:
            request, descriptors, _, _ = socket.recv_fds(control, _REQUEST.size, 2)
            if len(request) < _REQUEST.size:
                break
            (number,) = _REQUEST.unpack(request)
            if descriptors:
                workers[number] = _fork(control, *descriptors)
            else:
                _end(workers.pop(number))
                control.sendall(_DONE)
    finally:
        for process in workers.values():
            _end(process)
    os._exit(0)  # taking apart what was imported takes as long as a hundred pairs


def _fork(control: socket.socket, connection: int, page: int) -> int:
    """Start a worker and return its process; in the worker itself, serve and never return."""
    process = os.fork()
    if process:
        os.close(connection)
        os.close(page)
        return process
    status = 1
    try:
        control.close()
        from scorers.text_to_sql.running.query_worker import serve_descriptors  # noqa: PLC0415  imported by now

        serve_descriptors(connection, page)
        status = 0
    finally:
        os._exit(status)  # whatever happened: what the server does at its end is not for its workers


def _end(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
