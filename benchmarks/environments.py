"""Environments of the alternatives: made once in `build/benchmarks`, from the pinned requirements in `alternatives`."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import shorten_message, tell_progress

REQUIREMENTS = Path(__file__).parent / "alternatives"
FOLDER = Path(__file__).resolve().parents[1] / "build" / "benchmarks"


@dataclass(frozen=True, slots=True)
class NotRun:
    """An alternative that is not measured here, and why."""

    reason: str

    def __str__(self) -> str:
        return f"not run: {self.reason}"


def prepare_python(name: str, *, version: str | None = None) -> Path | NotRun:
    """Return the Python of an environment with `alternatives/<name>.txt`, made where it is not there.

    `version` is the Python that it needs, such as `3.10`, where that is not this one.
    """
    requirements = REQUIREMENTS / f"{name}.txt"
    folder = FOLDER / name
    python = folder / "bin" / "python"
    mark = folder / ".installed"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text() == wanted:
        return python
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        return NotRun("there is no uv beside this Python")
    interpreter = sys.executable if version is None else _find_python(uv, version)
    if interpreter is None:
        return NotRun(f"{name} needs Python {version}, which is not here")
    tell_progress(f"  installing {name} into {folder}")
    steps = (
        [uv, "venv", "--quiet", "--clear", "--python", interpreter, str(folder)],
        [uv, "pip", "install", "--quiet", "--require-hashes", "--compile-bytecode",
         "--python", str(python), "-r", str(requirements)],
    )  # fmt: skip
    for step in steps:
        run = subprocess.run(step, capture_output=True, text=True, check=False)
        if run.returncode:
            return NotRun(f"{name} does not install here: {shorten_message(run.stderr)}")
    mark.write_text(wanted)
    return python


def _find_python(uv: str, version: str) -> str | None:
    """Return a Python of a version that is on this machine: by uv, or by pyenv, which uv does not ask."""
    found = subprocess.run([uv, "python", "find", version], capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return found.stdout.strip()
    of_pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(of_pyenv[-1]) if of_pyenv else None


def prepare_node(name: str) -> Path | NotRun:
    """Return the command `name` of an environment with `alternatives/<name>/package-lock.json`."""
    source, folder = REQUIREMENTS / name, FOLDER / name
    command = folder / "node_modules" / ".bin" / name
    mark = folder / ".installed"
    wanted = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text() == wanted:
        return command
    npm = shutil.which("npm")
    if npm is None:
        return NotRun("there is no npm")
    tell_progress(f"  installing {name} into {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "package-lock.json"):
        shutil.copy(source / file, folder / file)
    run = subprocess.run(
        [npm, "ci", "--no-fund", "--no-audit", "--loglevel=error"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode:
        return NotRun(f"{name} does not install here: {shorten_message(run.stderr)}")
    mark.write_text(wanted)
    return command


def read_versions(*names: str) -> dict[str, str]:
    """Return the version of each alternative that is installed here when it is asked for."""
    return {name: _read_version(name) for name in names}


def _read_version(name: str) -> str:
    packages = REQUIREMENTS / name / "package.json"
    if packages.is_file():
        return str(json.loads(packages.read_text())["dependencies"][name])
    # The first line of the file that names it is its distribution, such as soda-core-duckdb or mlflow<4.
    wanted = re.split(r"[<=>]", (REQUIREMENTS / f"{name}.in").read_text().splitlines()[0])[0].replace(
        "_", "-"
    )
    pinned = re.search(
        rf"^{re.escape(wanted)}==(\S+)", (REQUIREMENTS / f"{name}.txt").read_text(), re.MULTILINE
    )
    assert pinned is not None, name
    return pinned.group(1)
