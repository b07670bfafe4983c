"""GitHub Actions: a workflow command for each finding that asks for something, at the line of its threshold file.

The commands and their escapes are those of the runner:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterator, Sequence

from checks.decision import Consequence
from checks.outputs.told import Told, ToldPoint, list_asking, plain_line

MOST_OF_A_VERSION = 50  # GitHub shows ten of each kind in a step, and reads all
_KINDS = {Consequence.REJECT: "error", Consequence.REVIEW: "warning", Consequence.WARN: "notice"}


def write_annotations(told: Sequence[Told]) -> str:
    """Return a line for each finding that asks for something: the heaviest first, of very many only those."""
    return "".join(f"{line}\n" for one in told for line in _annotate(one))


def _annotate(told: Told) -> Iterator[str]:
    asking = list(list_asking(told))
    for point in asking[:MOST_OF_A_VERSION]:
        yield _write_command(told, point)
    if (more := len(asking) - MOST_OF_A_VERSION) > 0:
        yield f"::notice title={_escape_property(told.subject)}::and {more:,} more, in the decision record"
    if not asking:
        yield f"::notice title={_escape_property(told.subject)}::{_escape_data(told.result)}"


def _write_command(told: Told, point: ToldPoint) -> str:
    kind = "notice" if point.consequence is None else _KINDS[point.consequence]
    properties = [f"title={_escape_property(f'{point.name}: {told.result}')}"]
    # A file of S3 is none of the repository, and GitHub would look for it there.
    if point.place is not None and "://" not in point.place.file:
        properties.append(f"file={_escape_property(point.place.file)}")
        if point.place.line is not None:
            properties.append(f"line={point.place.line}")
    return (
        f"::{kind} {','.join(properties)}::{_escape_data(f'{told.subject}: {point.name}: {point.message}')}"
    )


def _escape_data(text: str) -> str:
    return plain_line(text).replace("%", "%25")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
