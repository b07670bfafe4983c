"""Running hostile SQL: processes with bounds that score pairs, and the pool that watches them."""
