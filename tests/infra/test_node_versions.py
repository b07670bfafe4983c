"""jsii, through which CDK runs in Node, says nothing about the version of Node, from 20 to 24.

Its program looks at the version that the process says it is, so one Node can pretend to be each of them.
"""

import os
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from infra.bundle import ROOT
from sandbox.cdk import SETTINGS

PRETEND = """
const version = process.env.PRETENDED;
Object.defineProperty(process, "version", {value: version});
Object.defineProperty(process, "versions", {value: {...process.versions, node: version.slice(1)}});
"""
MAKEFILE = dict(
    re.findall(
        r"^export ((?:JSII|NODE|CDK)_\w+) := (\S+)$",
        (ROOT / "Makefile").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """jsii's program, laid out as jsii itself unpacks it, and beside it what pretends."""
    folder = tmp_path_factory.mktemp("jsii")
    for file in files("jsii").joinpath("_embedded", "jsii").iterdir():
        place, separator, name = file.name.partition("__")
        if separator and name.endswith(".js"):
            (folder / place).mkdir(exist_ok=True)
            shutil.copyfile(str(file), folder / place / name)
    (folder / "pretend.js").write_text(PRETEND)
    return folder


def said(runtime: Path, version: str, settings: dict[str, str]) -> str:
    """What jsii says about the version of Node when it is started, and its input ends at once."""
    own = {name: value for name, value in os.environ.items() if name not in MAKEFILE}
    program, pretend = runtime / "bin" / "jsii-runtime.js", runtime / "pretend.js"
    answer = subprocess.run(
        ["node", "--require", str(pretend), str(program)],
        env=own | settings | {"PRETENDED": version},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.startswith('{"hello"')
    return answer.stderr


@pytest.mark.parametrize("version", ["v20.9.0", "v21.7.3", "v22.12.0", "v23.11.0", "v24.1.0"])
def test_with_the_makefiles_settings_jsii_is_quiet(runtime: Path, version: str) -> None:
    assert said(runtime, version, MAKEFILE) == ""


def test_without_them_it_is_not(runtime: Path) -> None:
    assert "running on node v23.11.0" in said(runtime, "v23.11.0", {})


def test_the_sandbox_has_the_settings_of_the_makefile() -> None:
    assert len(MAKEFILE) > 4
    assert SETTINGS.items() >= MAKEFILE.items()
