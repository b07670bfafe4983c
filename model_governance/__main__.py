"""The `governance` command: what the installed script and `python -m model_governance` run."""

from cli import entry
from cli.endings import leave


def main() -> None:
    """Run the command line, and leave the process with its exit code."""
    try:
        entry.main()
    except SystemExit as ended:
        leave(ended.code)
        raise


if __name__ == "__main__":
    main()
