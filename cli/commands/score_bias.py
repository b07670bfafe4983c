"""`governance score bias`: Clarify's bias metrics of a table of predictions, or of scored answers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checks.errors import GovernanceError
from cli.lazy import LightCommand
from cli.options.separator import Separator

if TYPE_CHECKING:
    from scorers.bias.scoring import BiasEvidence

LONG_SEARCH = 20_000  # rows in a group from which its flip test says how it goes
POSITIVE = "--positive"

app = typer.Typer(add_completion=False)


def spread_values(arguments: list[str]) -> list[str]:
    """Write `TABLE … --positive A B` as `TABLE … --positive A --positive B`.

    Where TABLE is not first, a bare argument may be TABLE, and nothing is changed.
    """
    if not arguments or arguments[0].startswith("-"):
        return arguments
    spread: list[str] = []
    within_values = False
    for before, argument in zip(["", *arguments], arguments, strict=False):
        is_value = not argument.startswith("-") or argument[1:2].isdigit()  # a label may be -1
        if within_values and is_value:
            spread += [POSITIVE, argument]
            continue
        within_values = before == POSITIVE or argument.startswith(f"{POSITIVE}=")
        spread.append(argument)
    return spread


class BiasCommand(LightCommand):
    """Takes several values after one `--positive`, which typer's options do not."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, each value of `--positive` as an option of its own."""
        return super().parse_args(ctx, spread_values(args))


@app.command(cls=BiasCommand)
def command(
    table: Annotated[
        Path | None, typer.Argument(metavar="TABLE", help="CSV, Parquet or JSON, one row an individual.")
    ] = None,
    further: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="EVIDENCE_DIR", help="Write analysis.json there.")
    ],
    facet: Annotated[
        list[str],
        typer.Option(
            metavar="COLUMN|COLUMN=VALUE,…|COLUMN>NUMBER",
            help="The group to compare with everyone else, or each value in turn; may be repeated.",
        ),
    ],
    label: Annotated[str | None, typer.Option(metavar="COLUMN", help="The observed labels.")] = None,
    positive: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VALUE…|=VALUE|>NUMBER",
            help="What makes a label positive: one or more values, or a threshold.",
        ),
    ] = None,
    predicted: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The predicted labels; without, no post-training metrics."),
    ] = None,
    group_variable: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The strata of CDDL and CDDPL.")
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="Where the flip test searches; default: every column of numbers."
        ),
    ] = None,
    flip_test: Annotated[bool, typer.Option(help="Compute FT, the slowest metric.")] = True,
    separator: Separator = ",",
    results: Annotated[
        Path | None,
        typer.Option(
            metavar="RESULTS.jsonl", help="Scored answers in the place of TABLE; null ones are left out."
        ),
    ] = None,
) -> None:
    """Compute Clarify's bias metrics into an analysis.json.

    The outcome is a label of TABLE, or with --results whether an answer is correct.
    """
    if further:
        raise GovernanceError(
            f'unexpected "{further[0]}": name TABLE first, and repeat options for each value, such as --facet sex '
            "--facet age; only --positive takes several"
        )
    only_for_tables = {
        "--label": label, "--positive": positive, "--predicted": predicted, "--feature": feature
    }  # fmt: skip
    if results is not None:
        given = [name for name, value in {"TABLE": table, **only_for_tables}.items() if value]
        if given:
            raise GovernanceError(
                f"--results: leave out {', '.join(given)}; the outcome is the correct answer"
            )
        evidence = _score_results(results, facet, group_variable, output)
    elif table is None or label is None or not positive:
        raise GovernanceError("name TABLE with --label and --positive, or --results with results.jsonl")
    else:
        from scorers.bias import parse_positive
        from scorers.bias.scoring import TableRun, score_table

        run = TableRun(
            label=label,
            positive=parse_positive(positive),
            facets=facet,
            predicted=predicted,
            group_variable=group_variable,
            features=feature,
            with_flip_test=flip_test,
            separator=separator,
        )
        evidence = score_table(table, run, output, _FlipTests())
    from cli.display.run_summary import show_summary

    # Standard output holds the path alone, for scripts that go on with it.
    show_summary(
        output / "analysis.json",
        counts={"rows by group": evidence.rows_by_group},
        hints=evidence.remarks,
        stream=sys.stderr,
    )
    print(output / "analysis.json")


def _score_results(
    results: Path, facets: list[str], group_variable: str | None, output: Path
) -> "BiasEvidence":
    from scorers.bias.scoring import score_results

    return score_results(results, facets, group_variable, output)


class _FlipTests:
    """Says how long flip tests go on, one line of progress a group."""

    def __init__(self) -> None:
        self._group = ""
        self._done = 0

    def __call__(self, group: str, done: int, total: int) -> None:
        from scorers.progress import Progress

        if total < LONG_SEARCH:
            return
        if group != self._group:
            self._group, self._done = group, 0
            self._progress = Progress(total, f"rows of {group} in the flip test")
        self._progress.advance(done - self._done)
        self._done = done
        if done == total:
            self._progress.finish()
