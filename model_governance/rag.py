"""Scoring the answers of a RAG system, as `governance score rag` does it."""

from scorers.rag.rag_settings import RagSettings
from scorers.rag.scoring import score_rag

__all__ = ["RagSettings", "score_rag"]
