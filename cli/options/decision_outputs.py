"""The option that writes a decision into files: in the format of `--format`, or each in one of its own."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Annotated, TextIO

import typer
from msgspec import Struct, field

from checks.errors import GovernanceError
from cli.options.output_format import DecisionFormat, print_json_text

_PREFIX = re.compile(r"[A-Za-z]*=")

OutputFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="[FORMAT=]FILE",
        help="Write there, and nothing on stdout; FORMAT=FILE, as junit=a.xml, beside it, in that format. May be "
        "repeated.",
    ),
]


class DecisionOutputs(Struct, frozen=True):
    """Where a decision is written: what stdout gets, if anything, and the files with the format of each."""

    printed: DecisionFormat | None
    files: Mapping[Path, DecisionFormat] = field(default_factory=dict)

    @classmethod
    def of(cls, printed: DecisionFormat, named: Sequence[str] | None) -> "DecisionOutputs":
        """Read what `--format` and `--output` say: a file without a format takes that of stdout.

        Raises:
            GovernanceError: a format or a file is not named or not known, or something is there twice.
        """
        files: dict[Path, DecisionFormat] = {}
        takes_stdout = False
        for text in named or ():
            output_format, path = _read(text)
            if output_format is None and takes_stdout:
                raise GovernanceError(
                    f"--output: {text} is a second file without a format; say which it gets, as in markdown={text}"
                )
            if path in files:
                raise GovernanceError(f"--output: {path} is given twice; leave one out")
            takes_stdout = takes_stdout or output_format is None
            files[path] = output_format or printed
        return cls(None if takes_stdout else printed, files)

    def deliver(self, write: Callable[[DecisionFormat, TextIO], None], *, result: str | None = None) -> None:
        """Have `write` write each file and stdout, and say on stderr what is written, with the `result`.

        Each is made before any is written. Files come first: what reads stdout may end the command.

        Raises:
            OSError: a file cannot be written.
        """
        contents = {path: _make(write, output_format) for path, output_format in self.files.items()}
        for path, content in contents.items():
            from disk.writing import write_whole  # noqa: PLC0415 - not for stdout

            write_whole(path, content.encode())
            print(f"written to {path}" if result is None else f"{result}: written to {path}", file=sys.stderr)
        if self.printed is not None:
            write(self.printed, sys.stdout)


def _read(text: str) -> tuple[DecisionFormat | None, Path]:
    """Return the format that `text` begins with, if any, and the file."""
    if _PREFIX.match(text) is None:
        return None, Path(text)
    word, _, file = text.partition("=")
    known = ", ".join(DecisionFormat)
    if word not in list(DecisionFormat):
        raise GovernanceError(
            f"--output: {text}: {word!r} is no format; write one of {known}, or ./{text} for a file of that name"
        )
    if not file:
        raise GovernanceError(f"--output: {text} names no file; write it like {word}=FILE")
    return DecisionFormat(word), Path(file)


def _make(write: Callable[[DecisionFormat, TextIO], None], output_format: DecisionFormat) -> str:
    text = StringIO()
    write(output_format, text)
    return text.getvalue()


def write_json(document: str, stream: TextIO) -> None:
    """Write JSON into a file as it is, and on stdout as its encoding can hold it."""
    if stream is sys.stdout:
        print_json_text(document)
    else:
        stream.write(document)
