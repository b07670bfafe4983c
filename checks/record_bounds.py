"""How large a decision record is at most, apart from its models, which take long to import."""

MAX_RECORD_BYTES = 16 * 1024 * 1024
