"""`governance score text-to-sql`: evidence from gold and predicted SQL, run side by side."""

import sys
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from cli.options.separator import Separator

SHOWN_GOLD_ERRORS = 10


def command(
    context: typer.Context,
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS",
            help="Pairs of gold and predicted SQL: JSON Lines, a JSON array, CSV, Parquet.",
        ),
    ],
    *,
    databases: Annotated[
        str,
        typer.Option(
            metavar="DIR_OR_URL",
            help="A folder of SQLite or DuckDB files, one such file, or a SQLAlchemy URL.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="EVIDENCE_DIR", help="Write the evidence there.")
    ],
    schema: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="LookML or DDL, a file or folder; default: the live schema."),
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="What the SQL is written in, such as presto; default: the engine's own."
        ),
    ] = None,
    extract_sql: Annotated[
        bool, typer.Option("--extract-sql", help="Take SQL out of Markdown fences and prose.")
    ] = False,
    keep_distinct: Annotated[
        bool,
        typer.Option(
            "--keep-distinct", help="Let DISTINCT count, as that option of Spider's evaluator does."
        ),
    ] = False,
    trust_server: Annotated[
        bool,
        typer.Option(
            "--trust-server",
            help="Run on a server other than PostgreSQL, whose user in the URL can do nothing but read.",
        ),
    ] = False,
    separator: Separator = ",",
    time_limit: Annotated[float, typer.Option(metavar="SECONDS", help="Bound on each query.")] = 30.0,
    max_rows: Annotated[int, typer.Option(metavar="ROWS", help="Bound on each result.")] = 100_000,
    memory_limit_mb: Annotated[int, typer.Option(metavar="MB", help="Bound on each process.")] = 1024,
    workers: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Processes that run queries; default: one a core.")
    ] = None,
) -> None:
    """Score generated SQL by running it: evaluation.json and results.jsonl."""
    # Imported here: the scorer's imports are not for --help.
    from scorers.evidence_writer import EVALUATION
    from scorers.text_to_sql.score import TextToSqlSettings, score_text_to_sql

    settings = TextToSqlSettings(
        schema=schema,
        dialect=dialect,
        extract_sql=extract_sql,
        keep_distinct=keep_distinct,
        trust_server=trust_server,
        separator=separator,
        time_limit_seconds=time_limit,
        max_rows=max_rows,
        memory_limit_mb=memory_limit_mb,
        workers=workers,
    )
    # What draws the summary takes as long to import as hundreds of pairs to score.
    loading = Thread(target=_load_display)
    summary = score_text_to_sql(
        predictions,
        databases,
        output,
        settings,
        show_progress=True,
        server=context.obj,
        meanwhile=loading.start,
    )
    from cli.display.run_summary import show_summary

    if summary.gold_errors:
        shown = list(summary.gold_errors.items())[:SHOWN_GOLD_ERRORS]
        rest = summary.gold_error_count - len(shown)
        lines = [
            f"{summary.gold_error_count} gold queries fail; their pairs are left out:",
            *(f"  {identity}: {reason}" for identity, reason in shown),
            *([f"  and {rest} more"] if rest else []),
        ]
        print("\n".join(lines), file=sys.stderr)
    show_summary(
        output / EVALUATION,
        stream=sys.stdout,
        counts={"verdicts": summary.outcomes},
        hints=summary.hints(),
    )
    print(f"{summary.correct} of {summary.scored} pairs correct; evidence in {output}")


def _load_display() -> None:
    from cli.display import run_summary  # noqa: F401

    if sys.stdout.isatty():
        from cli.display import run_summary_screen  # noqa: F401
