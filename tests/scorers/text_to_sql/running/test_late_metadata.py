"""What finds plug-ins is not imported before the first pair, and found by who asks for one."""

import subprocess
import sys
from importlib import metadata

# The process that workers are forked from, whose parent hangs up at once.
PROGRAM = """
import os, socket, sys
from scorers.text_to_sql.running.forking import CONTROL, main
ours, theirs = socket.socketpair()
ours.close()
def tell(status):
    print({"importlib.metadata", "email", "zipfile"} & sys.modules.keys() or "none of them", flush=True)
    from sqlglot.dialects import dialect
    found = dialect.entry_points()
    import importlib.metadata
    print(found == importlib.metadata.entry_points(), importlib.metadata.__file__, flush=True)
    leave(status)
leave, os._exit = os._exit, tell
os.dup2(theirs.fileno(), CONTROL)
main()
"""


def lines_of(program: str) -> list[str]:
    """What a program prints, in an interpreter of its own."""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def test_what_finds_plugins_is_imported_when_one_is_asked_for() -> None:
    assert lines_of(PROGRAM) == ["none of them", f"True {metadata.__file__}"]


def test_what_is_loaded_already_stays() -> None:
    program = (
        "import importlib.metadata as before, sys\n"
        "from scorers.text_to_sql.running.late_metadata import replaced_metadata\n"
        "with replaced_metadata():\n    print(sys.modules['importlib.metadata'] is before)\n"
        "print(sys.modules['importlib.metadata'] is before)"
    )
    assert lines_of(program) == ["True", "True"]


def test_what_else_is_taken_out_of_it_is_that_of_the_module_itself() -> None:
    program = (
        "from scorers.text_to_sql.running.late_metadata import replaced_metadata\n"
        "with replaced_metadata():\n    from importlib.metadata import entry_points, version\n"
        "from importlib import metadata\n"
        "print(version is metadata.version, entry_points() == metadata.entry_points(), metadata.__file__)"
    )
    assert lines_of(program) == [f"True True {metadata.__file__}"]
