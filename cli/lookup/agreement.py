"""How somebody agrees to what a command is about to change for everybody."""

import sys

from checks.errors import GovernanceError


def require_agreement(question: str, undone: str) -> None:
    """Ask on the terminal, and go on where the answer is yes.

    Raises:
        GovernanceError: nobody can be asked, or they did not agree; `undone` says what has not happened.
    """
    if not sys.stdin.isatty():
        raise GovernanceError(
            f"{undone}: nobody can be asked here; look at what is shown above, and give --yes"
        )
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise GovernanceError(f"{undone}: you did not agree")
