"""`governance score feedback`: people's ratings, as a net promoter score and a mean."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.options.separator import Separator


class ScaleName(StrEnum):
    """The scales that people rate on."""

    FIVE = "1-5"
    ELEVEN = "0-10"


def command(
    ratings: Annotated[
        Path,
        typer.Argument(
            metavar="RATINGS",
            help="CSV, JSON Lines or Parquet, one rating a line: column rating; optional session, comment, facets.",
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="EVIDENCE_DIR", help="Write evaluation.json and results.jsonl there."
        ),
    ],
    scale: Annotated[ScaleName, typer.Option(help="What people could rate.")] = ScaleName.FIVE,
    promoters_from: Annotated[
        int | None, typer.Option(help="The lowest rating that promotes; default: 5 of 5, 9 of 10.")
    ] = None,
    detractors_to: Annotated[
        int | None, typer.Option(help="The highest rating that detracts; default: 3 of 5, 6 of 10.")
    ] = None,
    facet: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="A column to group by; may be repeated.")
    ] = None,
    rating: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the ratings.")] = "rating",
    session: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="The column that says whose ratings belong together; default: session."
        ),
    ] = None,
    separator: Separator = ",",
) -> None:
    """Score people's ratings into the evidence that the gate reads."""
    # Imported here: the scorer's imports are not for --help.
    from cli.display.run_summary import show_summary
    from scorers.evidence_writer import EVALUATION
    from scorers.feedback import ELEVEN_POINTS, FIVE_POINTS, Columns, Scale, score_feedback

    base = FIVE_POINTS if scale is ScaleName.FIVE else ELEVEN_POINTS
    chosen = Scale(
        base.low,
        base.high,
        promoters_from=base.promoters_from if promoters_from is None else promoters_from,
        detractors_to=base.detractors_to if detractors_to is None else detractors_to,
    )
    columns = Columns(rating=rating, session=session, facets=facet or (), separator=separator)
    evidence = score_feedback(ratings, output, scale=chosen, columns=columns)
    show_summary(
        output / EVALUATION, counts={"ratings": evidence.kinds}, hints=evidence.remarks, stream=sys.stdout
    )
    print(f"{evidence.responses:,} ratings scored; the evidence is in {output}")
