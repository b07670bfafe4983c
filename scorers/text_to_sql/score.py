"""Score a file of predictions into evidence."""

import itertools
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from scorers.cores import count_cores
from scorers.csv_files import COMMA
from scorers.evidence_writer import EvidenceWriter
from scorers.input_file import InputFile, open_input
from scorers.progress import Progress
from scorers.text_to_sql.engines.databases import Databases, DatabaseTarget, open_engine
from scorers.text_to_sql.engines.query_engine import QueryLimits
from scorers.text_to_sql.metrics import GROUP, TextToSqlMetrics
from scorers.text_to_sql.predictions import Pair, PredictionsFile
from scorers.text_to_sql.reading.schema import Schema
from scorers.text_to_sql.running.fork_server import ForkServer
from scorers.text_to_sql.running.worker_pool import WorkerPool
from scorers.text_to_sql.verdicts.verdict import PairOutcome, PairVerdict

NAMED_GOLD_ERRORS = 100
_AROUND_SQL = re.compile(r"```|~~~|</?think>|<sql>", re.IGNORECASE)
MEBIBYTE = 1024 * 1024


class TextToSqlSettings(Struct, frozen=True, kw_only=True):
    """How to score.

    `schema` is a LookML or DDL file or folder, instead of the live schema. `dialect` is what gold and predictions are
    written in (a name of sqlglot), where it is not that of the engine. `extract_sql` takes SQL out of prose and fences,
    `keep_distinct` is that option of Spider's evaluator. `trust_server` vouches that the user in the URL of a server
    other than PostgreSQL can do nothing but read. `separator` is between the cells of CSV. The limits hold for each
    query; `workers` are processes, as many as there are cores where it is `None`.
    """

    schema: Path | None = None
    dialect: str | None = None
    extract_sql: bool = False
    keep_distinct: bool = False
    trust_server: bool = False
    separator: str = COMMA
    time_limit_seconds: float = 30.0
    max_rows: int = 100_000
    memory_limit_mb: int = 1024
    workers: int | None = None

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            GovernanceError: naming the setting.
        """
        for name in ("time_limit_seconds", "max_rows", "memory_limit_mb", "workers"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise GovernanceError(f"{name}: {value} is not above 0")
        if self.dialect is not None:
            _check_dialect(self.dialect)

    @property
    def limits(self) -> QueryLimits:
        """The bounds on each query."""
        return QueryLimits(self.time_limit_seconds, self.max_rows, self.memory_limit_mb * MEBIBYTE)


class TextToSqlSummary(Struct):
    """What a run came to: pairs read, pairs scored, how many are correct, and the first ids whose gold failed.

    `outcomes` counts pairs by verdict. `extracted` are the predictions out of which SQL was taken, `wrapped` those
    that failed with a fence, a draft or a tag around their SQL; `empty_golds` the gold results without a row.
    """

    pairs: int = 0
    scored: int = 0
    correct: int = 0
    extracted: int = 0
    wrapped: int = 0
    empty_golds: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    gold_errors: dict[str, str] = field(default_factory=dict)

    @property
    def gold_error_count(self) -> int:
        """How many pairs have a gold query that fails."""
        return self.pairs - self.scored

    def add(self, pair: Pair, verdict: PairVerdict) -> None:
        """Count one pair."""
        self.pairs += 1
        self.scored += verdict.verdict is not PairOutcome.GOLD_ERROR
        self.correct += verdict.correct is True
        self.extracted += verdict.extracted_sql is True
        self.empty_golds += verdict.empty_gold is True
        self.outcomes[verdict.verdict.value] += 1
        if verdict.correct is False and verdict.extracted_sql is None:
            self.wrapped += _AROUND_SQL.search(pair.predicted_sql) is not None
        if verdict.verdict is PairOutcome.GOLD_ERROR and len(self.gold_errors) < NAMED_GOLD_ERRORS:
            self.gold_errors[str(pair.id)] = verdict.reason

    def hints(self) -> list[str]:
        """Say what the user may want to know or do, a sentence each."""
        hints = []
        if self.wrapped:
            hints.append(
                f"{_count_predictions(self.wrapped)} wrong with a Markdown fence, a draft or a tag around the SQL: "
                "--extract-sql takes the SQL out"
            )
        if self.extracted:
            hints.append(
                f"--extract-sql took SQL out of more text in {self.extracted:,} of {self.pairs:,} predictions"
            )
        if self.empty_golds:
            hints.append(
                f"{self.empty_golds:,} gold queries give no row; every prediction without rows counts as correct "
                "beside them (text_to_sql.empty_gold_rate)"
            )
        if self.outcomes[PairOutcome.EMPTY]:
            hints.append(f"{_count_predictions(self.outcomes[PairOutcome.EMPTY])} empty")
        return hints


def _count_predictions(number: int) -> str:
    return "1 prediction is" if number == 1 else f"{number:,} predictions are"


def score_text_to_sql(
    predictions: Path,
    databases: str | Path,
    output: Path,
    settings: TextToSqlSettings | None = None,
    *,
    show_progress: bool = False,
    server: ForkServer | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> TextToSqlSummary:
    """Score `predictions` over `databases` and write `evaluation.json` and `results.jsonl` into `output`.

    `databases` is a folder of SQLite or DuckDB files, one such file, or a PostgreSQL URL. Both files appear together
    at the end, or neither does. `show_progress` writes to standard error. A caller who has more to import may start
    the `server` before; it ends with the scoring. `meanwhile` is called once, when the processes begin.

    Raises:
        GovernanceError: when the file, a database or a setting is not usable, or no gold query runs.
    """
    settings = settings or TextToSqlSettings()
    settings.check()
    places = Databases(str(databases), trust_server=settings.trust_server)
    summary = TextToSqlSummary()
    transpiled = settings.dialect is not None
    with (
        WorkerPool[Pair](
            settings.workers or count_cores(), server=server
        ) as pool,  # it imports beside the check
        PredictionsFile(predictions, separator=settings.separator) as file,
        EvidenceWriter(output) as evidence,
        TextToSqlMetrics(transpiled=transpiled) as metrics,
    ):
        with open_input(predictions) as source:
            # First pass: every line is checked, and every database is found, before any query runs.
            total, targets = file.check(places)
            fingerprints = {name: target.fingerprint() for name, target in sorted(targets.items())}
            pool.configure(make_worker_settings(settings, targets), total)
            if meanwhile is not None:
                meanwhile()
            versions = _find_versions()  # the first results are not there yet
            progress = Progress(total, "pairs") if show_progress else None
            # Second pass: the processes score, while this one counts and writes.
            for pair, verdict in _watch(pool.score(file.pairs()), progress):
                summary.add(pair, verdict)
                metrics.add(verdict, pair.groups, pair.latency_seconds)
                evidence.add_result(make_result_line(pair, verdict))
        pool.hang_up()  # the processes end beside what follows
        # Only what is whole becomes evidence.
        _refuse_nothing_scored(predictions, summary)
        provenance = _make_provenance(source, fingerprints, settings, summary)
        evidence.finish(metrics.measurements(), {**provenance, "versions": versions})
    return summary


def make_result_line(pair: Pair, verdict: PairVerdict) -> dict[str, JsonValue]:
    """Return the line of `results.jsonl` for a pair: what it is, and all of its verdict but what is `None`.

    `correct` is always there: `null` where the gold query failed.
    """
    figures = {key: value for key, value in verdict.as_json().items() if value is not None and value != ()}
    line: dict[str, JsonValue] = {
        "id": pair.id,
        "database": pair.database,
        **({} if pair.question is None else {"question": pair.question}),
        "gold_sql": pair.gold_sql,
        "predicted_sql": pair.predicted_sql,
        "correct": verdict.correct,
        **figures,
    }
    if pair.facets is not None:
        line["facets"] = dict(pair.facets)
    if pair.latency_seconds is not None:
        line["latency_seconds"] = pair.latency_seconds
    return line


def _watch(
    scored: Iterable[tuple[Pair, PairVerdict]], progress: Progress | None
) -> Iterator[tuple[Pair, PairVerdict]]:
    for item in scored:
        if progress:
            progress.advance()
        yield item
    if progress:
        progress.finish()


def make_worker_settings(
    settings: TextToSqlSettings, targets: Mapping[str, DatabaseTarget]
) -> dict[str, object]:
    """Return what worker processes score with; every database is opened once, before the first query.

    Raises:
        GovernanceError: a database is missing, locked or broken.
    """
    dialects = {}
    for name, target in targets.items():
        engine = open_engine(target, settings.limits)
        dialects[name] = settings.dialect or engine.dialect
        engine.close()
    schemas = _read_given_schemas(settings.schema, dialects) if settings.schema is not None else {}
    return {
        "targets": {name: (target.kind, target.location) for name, target in targets.items()},
        "schemas": {name: schema.as_json() for name, schema in schemas.items()},
        "dialect": settings.dialect,
        "extract_sql": settings.extract_sql,
        "keep_distinct": settings.keep_distinct,
        "limits": asdict(settings.limits),
    }


def _read_given_schemas(path: Path, dialects: Mapping[str, str]) -> dict[str, Schema]:
    from scorers.text_to_sql.reading.schema_files import SchemaFiles  # noqa: PLC0415  lkml and sqlglot, where there are files

    files = SchemaFiles(path)
    return {name: files.read_schema(name, dialect) for name, dialect in dialects.items()}


def _check_dialect(dialect: str) -> None:
    from sqlglot import Dialect  # noqa: PLC0415  only where a dialect is given

    try:
        Dialect.get_or_raise(dialect)
    except ValueError as error:
        raise GovernanceError(f"--dialect: {error}") from error


def _refuse_nothing_scored(predictions: Path, summary: TextToSqlSummary) -> None:
    if summary.scored == 0:
        first = itertools.islice(summary.gold_errors.items(), 5)
        named = "\n".join(f"  {identity}: {reason}" for identity, reason in first)
        raise GovernanceError(
            f"{predictions}: no gold query runs, so nothing can be scored; correct them:\n{named}"
        )


def _find_versions() -> dict[str, str]:
    from importlib.metadata import version  # noqa: PLC0415  it takes longer to import than a hundred pairs to score

    libraries = {name: version(name) for name in ("sqlglot", "duckdb", "sqlalchemy")}
    return {"python": sys.version.split()[0], **libraries}


def _make_provenance(
    source: InputFile,
    fingerprints: Mapping[str, Mapping[str, str]],
    settings: TextToSqlSettings,
    summary: TextToSqlSummary,
) -> dict[str, JsonValue]:
    shown = replace(settings, workers=None)
    stated = asdict(shown)
    if settings.schema is not None:
        stated["schema"] = str(settings.schema)
    del stated["workers"]  # says nothing about the figures
    return {
        **source.provenance(GROUP, summary.pairs),
        "databases": {name: dict(fingerprint) for name, fingerprint in fingerprints.items()},
        "settings": stated,
        "extracted_sql": summary.extracted,
        "gold_errors": {"count": summary.gold_error_count, "first": dict(summary.gold_errors)},
    }
