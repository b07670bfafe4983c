"""Models that are asked live: judges, embedding models and raters, by what the user names."""
