"""What the longer commands of `cli.commands` do: imported when they run, and not for their help."""
