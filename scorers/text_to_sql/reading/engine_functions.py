"""The functions that transpiled SQL calls and that an engine has to be given."""

DIVISION_BY_ZERO = "DIVISION_BY_ZERO"  # it fails: for SQLite, where the dialect fails at a division by 0
