"""One JSON object a line on standard output, which CloudWatch Logs Insights reads by its fields."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from checks.errors import GovernanceError


def log(message: str, **fields: object) -> None:
    """Write one line: what happened, and the values that it happened with."""
    line = json.dumps({"message": message, **fields}, ensure_ascii=False, default=str)
    # An event may hold half of a surrogate pair, which no output takes.
    print(line.encode("utf-8", "backslashreplace").decode(), flush=True)


@contextmanager
def logging_failure(message: str, **fields: object) -> Iterator[None]:
    """Write one line about an error that a user can fix, and let it through: it fails the step."""
    try:
        yield
    except GovernanceError as error:
        log(message, error="; ".join([str(error), *getattr(error, "__notes__", ())]), **fields)
        raise
