"""What a threshold file says under `verify`: whether figures are computed again, and against what."""

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict  # that of typing is no schema to pydantic before Python 3.12

from checks.unknown_keys import explain_unknown_key

RECOMPUTE: Literal["recompute"] = "recompute"
GoldFamily = Literal[
    "text_to_sql", "rag", "feedback", "bbq", "toxicity", "memorization", "disinformation", "bias", "labels"
]
GOLD_FAMILIES: tuple[str, ...] = get_args(GoldFamily)
TEXT_TO_SQL = "text_to_sql"


class VerifyPlan(TypedDict, total=False):
    """How figures are computed again, where more is to be said than that they are."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # pyrefly: ignore[bad-class-definition]  # pydantic's

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


def find_verification_problems(given: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what is wrong with a value of `verify`: the path in it, and what with the way out."""
    if given == RECOMPUTE:
        return
    if not isinstance(given, dict) or not given:
        yield (), "must be recompute, or a mapping of sample, gold and databases, as {sample: 50}"
        return
    known = tuple(VerifyPlan.__annotations__)
    for key in given:
        if key not in known:
            yield (str(key),), explain_unknown_key(str(key), known)
    if "sample" in given and not _is_count(given["sample"]):
        yield ("sample",), "must be how many items are drawn, 1 or more"
    if "gold" in given:
        yield from _find_gold_problems(given["gold"])
    if "databases" in given and (problem := _explain_databases(given)):
        yield ("databases",), problem


def _is_count(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and given >= 1


def _find_gold_problems(gold: object) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(gold, dict) or not gold:
        yield ("gold",), f"must say where the gold of a kind of report is ({', '.join(GOLD_FAMILIES)})"
        return
    for family, place in gold.items():
        if family not in GOLD_FAMILIES:
            yield ("gold", str(family)), explain_unknown_key(str(family), GOLD_FAMILIES)
        elif not _is_place(place):
            yield ("gold", family), "must be a file or a place in S3, as s3://BUCKET/gold.jsonl"


def _explain_databases(plan: dict[str, object]) -> str | None:
    place, gold = plan["databases"], plan.get("gold")
    if not _is_place(place):
        # Of a server the address may hold a password, and who may read the file could read that.
        return "must be a file, a folder or a prefix of S3"
    if not isinstance(gold, dict) or TEXT_TO_SQL not in gold:
        return (
            "the gold SQL is needed, too, as the registrant's own beside them proves nothing; add "
            "gold: {text_to_sql: PLACE}"
        )
    return None


def _is_place(given: object) -> bool:
    if not isinstance(given, str) or not given.strip():
        return False
    return "://" not in given or given.startswith("s3://")
