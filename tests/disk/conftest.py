"""What the tests of files share."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
# Root may read everything: rights are tried by a process that has given root up.
AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv.pop(1))
# All imports come first: that user may not reach the interpreter's own folder.
from pathlib import Path
from disk.disk_errors import DiskError
from disk.reading import read_bounded
from disk.walking import files_below
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
"""


@pytest.fixture
def as_nobody(tmp_path: Path) -> Callable[..., str]:
    """Return a function that runs a program without root's rights and returns what it printed."""

    def run(program: str, *arguments: object) -> str:
        for folder in (*tmp_path.parents, tmp_path):
            if os.getuid() == 0 and folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o005:
                folder.chmod(folder.stat().st_mode | 0o055)
        words = [sys.executable, "-B", "-c", AS_NOBODY + program, str(PROJECT), *map(str, arguments)]
        result = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, cwd="/")
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run
