"""Texts longer than an embedding model reads, in pieces that it does."""

from langchain_text_splitters.character import RecursiveCharacterTextSplitter

# Titan Text Embeddings V2 reads 8,192 tokens and 50,000 characters
# (https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html); LookML has above 2.5 characters
# a token.
LONGEST_TEXT = 20_000
# Between views and explores first, then between their fields and joins, then anywhere.
_SEPARATORS = ["\nview:", "\nexplore:", "\n  dimension", "\n  measure:", "\n  join:", "\n", " ", ""]


def split_text(text: str, *, longest: int = LONGEST_TEXT) -> list[str]:
    """Return `text` as it is where the model reads it whole, else in pieces of at most `longest` characters."""
    if len(text) <= longest:
        return [text]
    splitter = RecursiveCharacterTextSplitter(
        separators=_SEPARATORS, chunk_size=longest, chunk_overlap=0, keep_separator=True
    )
    return splitter.split_text(text)
