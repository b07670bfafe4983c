"""Predicted SQL run again with the scorer's own guards: in processes without credentials, that can only read."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from checks.strict_json import JsonValue
from scorers.cores import count_cores
from scorers.recomputing.item_lines import ItemsError
from scorers.text_to_sql.engines.databases import Databases
from scorers.text_to_sql.running.worker_pool import WorkerPool
from scorers.text_to_sql.score import TextToSqlSettings, make_worker_settings
from scorers.text_to_sql.verdicts.verdict import PairVerdict

# Another machine, which does other things as well, may be slower than the one that the time limit was enough on.
_MORE_TIME = 2
_NEEDED = "sqlglot"  # reads SQL in the worker processes, which can say of nothing that it is not there


class PairToRun(Struct, frozen=True):
    """A pair to run again, and the place of its item."""

    place: int
    database: str
    gold_sql: str
    predicted_sql: str


class _Settings(BaseModel):
    """How the report says that it was scored; it comes from whoever registered it, so that each is bounded."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    dialect: str | None = None
    extract_sql: bool = False
    keep_distinct: bool = False
    time_limit_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    max_rows: Annotated[int, Field(gt=0, le=1_000_000)] = 100_000
    memory_limit_mb: Annotated[int, Field(gt=0, le=8192)] = 1024


def run_sql_again(
    pairs: Sequence[PairToRun], databases: Path, stated: Mapping[str, JsonValue]
) -> Iterator[tuple[int, PairVerdict]]:
    """Yield the place and the verdict of each pair, run over `databases` with the settings that a report states.

    Raises:
        ItemsError: the settings are none, or beyond what is run again.
        GovernanceError: a database is missing or broken.
        ModuleNotFoundError: a library of the scorer is not installed here.
    """
    settings = _read_settings(stated)
    importlib.import_module(_NEEDED)
    places = Databases(str(databases))
    targets = {name: places.find(name) for name in sorted({pair.database for pair in pairs})}
    with WorkerPool[PairToRun](count_cores()) as pool:
        pool.configure(make_worker_settings(settings, targets), len(pairs))
        for pair, verdict in pool.score(pairs):
            yield pair.place, verdict


def _read_settings(stated: Mapping[str, JsonValue]) -> TextToSqlSettings:
    try:
        found = _Settings.model_validate(dict(stated))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ItemsError(
            f"provenance.settings.{where}: {first['msg']}; score again within that, so that it can be run again"
        ) from error
    settings = TextToSqlSettings(
        dialect=found.dialect,
        extract_sql=found.extract_sql,
        keep_distinct=found.keep_distinct,
        time_limit_seconds=found.time_limit_seconds * _MORE_TIME,
        max_rows=found.max_rows,
        memory_limit_mb=found.memory_limit_mb,
    )
    settings.check()
    return settings
