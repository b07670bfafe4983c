"""The screen as a process of its own, as `make askdata` and the tests run it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from checks.errors import GovernanceError

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
PATIENCE = 120.0  # seconds until it answers, on a busy machine
_HEALTH = "_stcore/health"


def find_free_port() -> int:
    """Return a port of this machine that nobody listens on now."""
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running_screen(
    environment: Mapping[str, str], log: Path, *, port: int, script: Path = HERE / "screen.py"
) -> Iterator[str]:
    """Yield the URL of the screen, which answers and has `environment` beside this process's; it ends with the block.

    Raises:
        GovernanceError: the screen did not come up; the message says what its log says.
    """
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which ends this one in order
        )
    try:
        url = f"http://{HOST}:{port}"
        _wait_until_up(process, f"{url}/{_HEALTH}", log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def require_free(port: int) -> None:
    """Refuse a port that somebody listens on, or that cannot be one; raises `GovernanceError`."""
    if port == 0:  # any port that is free, which nobody could find
        raise GovernanceError("port 0: not the number of one port; name another one with --port")
    try:
        socket.create_server((HOST, port)).close()
    except (OSError, OverflowError) as error:
        reason = "no port has this number" if isinstance(error, OverflowError) else error.strerror
        raise GovernanceError(f"port {port}: {reason}; name another one with --port") from error


def _wait_until_up(process: "subprocess.Popen[bytes]", health: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(health, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    said = log.read_text(errors="replace").strip()[-500:]
    raise GovernanceError(f"the screen did not come up; {log} says: {said or 'nothing'}")
