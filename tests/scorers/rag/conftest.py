"""The scripted judge."""

from tests.scripted_judge import good, judge_server, reply, scripted_judge, table_embeddings, write_responses

__all__ = ["good", "judge_server", "reply", "scripted_judge", "table_embeddings", "write_responses"]
