"""The demo: the example versions, and a walk through the commands with them, in a sandbox."""
