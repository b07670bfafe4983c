"""A `governance` for tests that type many commands: each runs in a process forked from one that imported everything.

Starting Python and importing is most of what a short command takes, and other tests start the command itself. The
command runs by the same `main`, in the caller's folder and environment, with its streams; `governance sandbox` and
`governance workbench` are not forked, since they are ended by signals to the process that was started.
"""

import array
import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

GOVERNANCE = Path(sys.executable).with_name("governance")
_CLIENT = """\
#!{python} -SE
import json, os, socket, sys
if sys.argv[1:2] in (["sandbox"], ["workbench"]):
    os.execv("{governance}", ["{governance}", *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as server:
    server.connect("{place}")
    given = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(given).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(given)
    code = server.recv(4)
sys.exit(int.from_bytes(code, "big") if code else 70)
"""
_STREAMS = 3


@contextlib.contextmanager
def forked_governance(folder: Path) -> Iterator[Path]:
    """Yield a folder for `PATH` that has the command, while the process that it is forked from runs."""
    place, tools = folder / "socket", folder / "bin"
    tools.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        command = tools / "governance"
        text = _CLIENT.format(python=sys.executable, governance=GOVERNANCE, place=place)
        command.write_text(text, encoding="utf-8")
        command.chmod(0o700)
        program = f"from tests.forked_governance import serve; serve({listening.fileno()})"
        project = Path(__file__).resolve().parents[1]
        server = subprocess.Popen([sys.executable, "-c", program], cwd=project, pass_fds=[listening.fileno()])
        try:
            yield tools
        finally:
            server.terminate()
            server.wait()


def serve(listening: int) -> None:
    """Fork a process for each command that comes in at a listening socket, until this one is ended."""
    from cli.command_table import COMMANDS  # noqa: PLC0415 - imported for what is forked from here

    import_module("cli.main")
    main = import_module("cli.entry").main
    for entry in COMMANDS:
        with contextlib.suppress(ImportError):
            import_module(entry.target.partition(":")[0], "cli")
    import_module("boto3")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps what was forked
    with socket.socket(fileno=listening) as waiting:
        while True:
            connection, _ = waiting.accept()
            if os.fork() == 0:
                _answer(connection, main)
            connection.close()


def _answer(connection: socket.socket, main: Any) -> None:
    """Run one command in this process, which was forked for it, and say with which code it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, streams, _, _ = socket.recv_fds(connection, array.array("i").itemsize, _STREAMS)
    with connection.makefile("rb") as given:  # which ends where the caller does
        words, folder, environment = json.loads(given.read(int.from_bytes(length, "big")))
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            os.fdopen(number, mode, closefd=False), "utf-8", line_buffering=number == _STREAMS - 1
        )
        for number, mode in enumerate(("rb", "wb", "wb"))
    )
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [str(GOVERNANCE), *words]
    code = 1
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        connection.sendall(code.to_bytes(4, "big"))
        os._exit(0)
