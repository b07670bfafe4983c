"""Text-to-SQL: a file of gold and predicted queries in, evidence out; predicted SQL is hostile input."""
