"""What Spider and BIRD call equal, of results and of queries, and the verdict on a pair."""
