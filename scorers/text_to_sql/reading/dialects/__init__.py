"""What dialects of SQL mean differently by the same words, written anew for the engine or refused."""
