"""Reading SQL without running it: what a text is, what it names, and the same text for another engine."""
