"""Feedback as evidence: people's ratings in, net promoter score and mean rating out."""
