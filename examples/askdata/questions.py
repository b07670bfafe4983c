"""Files of questions, one object a line, as `questions_test.jsonl` is."""

from pathlib import Path
from typing import Any

from scorers.input_file import refuse_what_is_no_file
from scorers.lines import BadLine, Line, check_lines, read_lines


def read_questions(path: Path, *keys: str) -> list[dict[str, Any]]:
    """Return the lines of a file, each with a text that is not empty at every one of `keys`.

    Raises:
        GovernanceError: there is no such file, no line in it, or one that lacks something; every such line is named.
    """

    def find_problem(line: Line) -> str | None:
        for key in keys:
            text = line.value.get(key)
            if not isinstance(text, str) or not text.strip():
                return f"{key}: no text; write one, as in questions_test.jsonl"
        return None

    refuse_what_is_no_file(path)
    check_lines(path, find_problem)
    return [line.value for line in read_lines(path) if not isinstance(line, BadLine)]
