"""The `governance` command: what the installed script and `python -m model_governance` run."""

from cli.entry import main

if __name__ == "__main__":
    main()
