"""One file a command, named as it is typed; `cli.command_table` lists them."""
