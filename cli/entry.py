"""Where the process of `governance` begins: what a command would wait for goes on beside the imports of the rest."""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from cli import no_plugins

# So many new objects are looked through for garbage at once, where Python's own is 700: no import makes as many.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000


def begin(arguments: Sequence[str]) -> AbstractContextManager[object]:
    """Begin what the command that is typed would wait for: it goes on while this process imports the command line.

    That is what text-to-SQL runs queries by, which imports more than all else that the command does. So it is begun
    before anything is imported that it can do without.
    """
    if list(arguments[:2]) != ["score", "text-to-sql"] or "--help" in arguments:
        return nullcontext()
    from scorers.text_to_sql.running.fork_server import ForkServer  # noqa: PLC0415  for this command alone

    try:
        return ForkServer()
    except OSError:  # scoring starts one by itself, and that is where it can be said what fails
        return nullcontext()


def _reopen() -> None:
    """Give the process the streams that whoever started it has closed: they read nothing and keep nothing.

    Otherwise the next file that is opened has the number of such a stream, and libraries read and write there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            lasts = os.open(os.devnull, os.O_RDWR)  # whatever becomes of the stream around it
            setattr(sys, name, open(lasts, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def main() -> None:
    """Run the command line of this process."""
    _reopen()
    # What is imported stays: to look for garbage in it again and again takes a twentieth of the start.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # No plug-in of pydantic is asked for; to look for some, it reads what every installed package says of itself.
    sys.modules.setdefault("pydantic.plugin._loader", no_plugins)
    with begin(sys.argv[1:]) as begun:
        from cli.main import run  # noqa: PLC0415  typer and all that commands share
        from cli.streams import lasting  # noqa: PLC0415

        sys.stdout, sys.stderr = lasting(sys.stdout), lasting(sys.stderr, for_messages=True)
        code = run(begun=begun)
    # The process ends: Python would look through all that was imported once more, a tenth of a short command's time.
    gc.freeze()
    sys.exit(code)
