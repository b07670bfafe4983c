"""The `governance` command: what the installed script and `python -m model_governance` run."""

from cli import entry


def main() -> None:
    """Run the command line, and leave the process with its exit code."""
    try:
        entry.main()
    except SystemExit as ended:
        # Imported here: what a command begins before all else does not wait for it.
        from cli.endings import leave  # noqa: PLC0415

        leave(ended.code)
        raise


if __name__ == "__main__":
    main()
