"""RAG responses in, evidence out: RAGAS' metrics, with the judge's uncertainty beside them.

`scorers.rag.scoring.score_rag` is `governance score rag` as a function. The metrics are those of the `ragas` library,
computed here; this package decides who judges, keeps what the judge said, and says how far the figures can be trusted.
"""
