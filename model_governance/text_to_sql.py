"""Scoring generated SQL, as `governance score text-to-sql` does it."""

from scorers.text_to_sql.score import TextToSqlSettings, score_text_to_sql

__all__ = ["TextToSqlSettings", "score_text_to_sql"]
