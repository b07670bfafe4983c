"""Why a metric can be measured of no item of a run, as `results.jsonl` says it with every item."""

NO_JUDGE = "it needs a judge, and none was given"
NO_EMBEDDINGS = "it needs an embedding model, and none was given"
NO_ITEM = "no item could be scored: "


def is_of_all_items(reason: str) -> bool:
    """Return whether a reason is one of the run rather than of the item that it is given for."""
    return reason in (NO_JUDGE, NO_EMBEDDINGS) or reason.startswith(NO_ITEM)
