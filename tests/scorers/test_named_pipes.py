"""What is no file is refused before it is opened: a pipe that nobody writes to would be waited for without end."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.errors import GovernanceError
from scorers.bias.tables import Table
from scorers.collecting import Benchmark
from scorers.collecting.prompts import read_questions
from scorers.lines import read_lines
from scorers.rag.items import read_items
from scorers.safety.bbq_lines import read_targets
from scorers.safety.benchmark import read_responses
from scorers.text_to_sql.engines.databases import Databases
from scorers.text_to_sql.predictions import PredictionsFile

READERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "records": ("a.jsonl", lambda path: list(read_lines(path))),
    "text-to-SQL": ("a.jsonl", lambda path: PredictionsFile(path).check(Databases(str(path.parent)))),
    "RAG": ("a.csv", read_items),
    "bias": ("a.csv", Table),
    "safety": ("a.jsonl", lambda path: read_responses(path, lambda line, number: line)),
    "targets of BBQ": ("a.csv", read_targets),
    "prompts of BOLD": ("gender_prompt.json", lambda path: read_questions(Benchmark.TOXICITY, path)),
    "headlines": ("a.tsv", lambda path: read_questions(Benchmark.DISINFORMATION, path)),
    "prompts": ("a.jsonl", lambda path: read_questions(Benchmark.MEMORIZATION, path)),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("name", "read"), READERS.values(), ids=list(READERS))
def test_a_named_pipe_without_writer_is_refused(
    tmp_path: Path, name: str, read: Callable[[Path], Any]
) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    with pytest.raises(GovernanceError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}: a named pipe, not a file; it is read more than once, so write it to a file first"
    )


def test_a_device_is_refused() -> None:
    with pytest.raises(GovernanceError, match=r"^/dev/null: a device, not a file"):
        list(read_lines(Path("/dev/null")))
