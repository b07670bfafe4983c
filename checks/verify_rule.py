"""What a threshold file says under `verify`: whether figures are computed again, and against what."""

import difflib
from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict  # that of typing is no schema to pydantic before Python 3.12

RECOMPUTE: Literal["recompute"] = "recompute"
GoldFamily = Literal[
    "text_to_sql", "rag", "feedback", "bbq", "toxicity", "memorization", "disinformation", "bias", "labels"
]
GOLD_FAMILIES: tuple[str, ...] = get_args(GoldFamily)
TEXT_TO_SQL = "text_to_sql"


class VerifyPlan(TypedDict, total=False):
    """How figures are computed again, where more is to be said than that they are."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    sample: Annotated[
        int,
        Field(
            description="How many items of a report are scored again; they are drawn after the version was registered. "
            "Left out, all are.",
            json_schema_extra={"minimum": 1},
        ),
    ]
    gold: Annotated[
        dict[GoldFamily, str],
        Field(
            description="Of each kind of report, where the gold is: JSON Lines with an `id` and what the item of that "
            "id must say, such as `gold_sql`, `label` or `reference`. In the stack's bucket of thresholds, or a file."
        ),
    ]
    databases: Annotated[
        str,
        Field(
            description="Where the SQLite or DuckDB files are that predicted SQL is run against again, a prefix or a "
            "folder; with `gold` of text_to_sql. Left out, no SQL is run again."
        ),
    ]


def explain_verification(given: object) -> str | None:
    """Return what is wrong with a value of `verify`, and the way out; `None` where nothing is."""
    if given == RECOMPUTE:
        return None
    known = VerifyPlan.__annotations__
    if not isinstance(given, dict) or not given:
        return "must be recompute, or a mapping of sample, gold and databases, as {sample: 50}"
    unknown = [str(key) for key in given if key not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        way_out = f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(known)}"
        return f"{unknown[0]}: unknown key; {way_out}"
    problems = (explain(given) for explain in (_explain_sample, _explain_gold, _explain_databases))
    return next(filter(None, problems), None)


def _explain_sample(plan: dict[str, object]) -> str | None:
    sample = plan.get("sample", 1)
    if isinstance(sample, int) and not isinstance(sample, bool) and sample >= 1:
        return None
    return "sample must be how many items are drawn, 1 or more"


def _explain_gold(plan: dict[str, object]) -> str | None:
    if "gold" not in plan:
        return None
    gold = plan["gold"]
    places = gold.items() if isinstance(gold, dict) else ()
    if places and all(family in GOLD_FAMILIES and _is_place(place) for family, place in places):
        return None
    return f"gold must say where the gold of a kind of report is ({', '.join(GOLD_FAMILIES)})"


def _explain_databases(plan: dict[str, object]) -> str | None:
    if "databases" not in plan:
        return None
    place, gold = plan["databases"], plan.get("gold")
    if not _is_place(place):
        # Of a server the address may hold a password, and who may read the file could read that.
        return "databases must be a file, a folder or a prefix of S3"
    if not isinstance(gold, dict) or TEXT_TO_SQL not in gold:
        return (
            "databases need the gold SQL, too, as the registrant's own beside them proves nothing; add "
            "gold: {text_to_sql: PLACE}"
        )
    return None


def _is_place(given: object) -> bool:
    if not isinstance(given, str) or not given.strip():
        return False
    return "://" not in given or given.startswith("s3://")
