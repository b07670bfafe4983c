"""The verdict on one pair, as workers send it and `results.jsonl` states it."""

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

if TYPE_CHECKING:  # its package imports every reader of reports, which processes that run queries do without
    from checks.strict_json import JsonValue


class PairOutcome(StrEnum):
    """What a pair came to, as `results.jsonl` names it."""

    CORRECT = "correct"
    WRONG_RESULT = "wrong_result"
    EXECUTION_ERROR = "execution_error"
    TIMEOUT = "timeout"
    TOO_MANY_ROWS = "too_many_rows"
    OUT_OF_MEMORY = "out_of_memory"
    UNSAFE = "unsafe"
    EMPTY = "empty"
    TRANSPILATION_FAILURE = "transpilation_failure"
    WORKER_CRASH = "worker_crash"
    GOLD_ERROR = "gold_error"


class PairVerdict(Struct, frozen=True, gc=False, array_like=True):
    """One pair's verdict; `None` where something does not apply or cannot be known.

    `correct` is Spider's execution match, `bird_match` BIRD's, `exact_set_match` Spider's component match.
    `empty_gold` says that the gold result has no row, beside which every other empty result counts as correct.
    `extracted_sql` says whether SQL was taken out of more text, where that was asked for.
    `relative_execution_time` is predicted over gold seconds, of correct pairs.
    """

    verdict: PairOutcome
    reason: str
    correct: bool | None = None
    bird_match: bool | None = None
    exact_set_match: bool | None = None
    valid_sql: bool | None = None
    unsafe: bool | None = None
    execution_error: bool | None = None
    timeout: bool | None = None
    schema_hallucination: bool | None = None
    unknown_names: tuple[str, ...] = ()
    transpilation_failure: bool | None = None
    empty_gold: bool | None = None
    extracted_sql: bool | None = None
    relative_execution_time: float | None = None

    def as_json(self) -> "dict[str, JsonValue]":
        """Return the verdict by the names of its fields, as `results.jsonl` has them."""
        return asdict(self)
