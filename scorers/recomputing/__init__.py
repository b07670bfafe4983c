"""Figures computed again from the item results behind a report, to see whether it says what they come to.

The items are what a scorer wrote beside its report, as `results.jsonl`, and come from whoever registers a version: what
they say is taken for nothing but what it is. No judge and no other model is asked. `scorers.recomputing.recompute` is
the way in; a module for each family says how its lines are read and what they come to.
"""
