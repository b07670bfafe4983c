"""The fresh interpreter that workers are forked from: it imports what they need once, and forks for each of them.

It is started without anything of its parent's but a socket, before any thread, engine or query, and runs none itself:
its forks are as fresh as it is. A worker is asked for with the two file descriptors that it is to serve, and named by a
number. Only this process ends and reaps its workers, so that no number of the system's is ever another process's.
"""

import os
import signal
import socket
import struct
from contextlib import suppress

from scorers.text_to_sql.running.late_metadata import replaced_metadata

REQUEST = struct.Struct("=Q")
DONE = b"."
CONTROL = 3  # the file descriptor of the socket, behind those of the standard streams


def main() -> None:
    """Serve the parent over the socket, until it hangs up."""
    _close_inherited()
    with replaced_metadata():
        from scorers.text_to_sql.running import query_worker  # noqa: PLC0415  what its parent does without

    control = socket.socket(fileno=CONTROL)
    query_worker.prepare()
    workers: dict[int, int] = {}
    try:
        while True:
            request, descriptors, _, _ = socket.recv_fds(control, REQUEST.size, 2)
            if len(request) < REQUEST.size:
                break
            (number,) = REQUEST.unpack(request)
            if descriptors:
                workers[number] = _fork(control, *descriptors)
            else:
                process = workers.pop(number)
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                control.sendall(DONE)
    finally:
        for process in workers.values():
            os.kill(process, signal.SIGKILL)
        for process in workers.values():
            os.waitpid(process, 0)
    os._exit(0)  # taking apart what was imported takes as long as a hundred pairs


def _close_inherited() -> None:
    """Close what whoever started its parent left open for all that is started after it."""
    for descriptor in map(int, os.listdir("/dev/fd")):  # noqa: PTH208  no import for it
        if descriptor > CONTROL:
            with suppress(OSError):  # that of the folder itself is closed by now
                os.close(descriptor)


def _fork(control: socket.socket, connection: int, page: int) -> int:  # pyrefly: ignore[bad-return]  # see its end
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
