"""What is written once is written in one module, and nowhere else by hand."""

from io import BytesIO
from pathlib import Path

import pytest

from aws.one_time_writes import write_file_once

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("body", [b"new", BytesIO(b"new")], ids=["bytes", "stream"])
def test_a_file_is_written_where_there_is_none(tmp_path: Path, body: bytes | BytesIO) -> None:
    path = tmp_path / "a" / "b.json"
    assert write_file_once(path, body)
    assert path.read_bytes() == b"new"


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_bytes(b"old")
    assert not write_file_once(path, b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("room", ["aws", "cli", "infra", "lambdas", "pipelines"])
def test_no_other_module_makes_a_conditional_request(room: str) -> None:
    found = {path.name for path in (ROOT / room).rglob("*.py") if "IfNoneMatch" in path.read_text("utf-8")}
    # A copy is made by S3, and has no body that could be written; a bundle replaces exactly the one that was looked at.
    allowed = {"one_time_writes.py", "object_copies.py", "threshold_bundles.py"}
    assert found == (allowed if room == "aws" else set())
