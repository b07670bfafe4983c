"""A chart in the terminal: one metric's values against its limit, version by version."""

from collections.abc import Sequence

from msgspec import Struct

HEIGHT = 15  # lines
WIDEST = 100  # columns: a wider chart of a few versions says no more
MOST_TICKS = 20


class Point(Struct, frozen=True):
    """The value of one version, and the ends of what its limit allows; `None` where there is none."""

    version: int
    value: float
    low: float | None
    high: float | None


def chart(title: str, points: Sequence[Point], *, columns: int, ascii_only: bool = False) -> str:
    """Return a chart of `points`, oldest first, without colour, at most `columns` wide; lines end without blanks."""
    import plotext  # noqa: PLC0415 - a tenth of a second, and only a chart needs it

    plotext.clear_figure()
    plotext.limit_size(False, False)  # the size is ours: there may be no terminal to measure
    plotext.plot_size(min(columns, WIDEST), HEIGHT)
    plotext.theme("clear")
    plotext.frame(not ascii_only)
    places = list(range(len(points)))  # versions are at equal distances, whatever their numbers
    for name in ("low", "high"):
        limits = [(place, getattr(point, name)) for place, point in zip(places, points, strict=True)]
        known = [(place, limit) for place, limit in limits if limit is not None]
        if known:
            plotext.plot(*_as_line(known), marker="-" if ascii_only else "┄")
    values = [point.value for point in points]
    if len(points) > 1:
        plotext.plot(places, values, marker="." if ascii_only else "braille")
    plotext.scatter(places, values, marker="o" if ascii_only else "●")
    plotext.xlim(-0.5, len(points) - 0.5)
    step = -(-len(points) // MOST_TICKS)
    plotext.xticks(places[::step], [str(point.version) for point in points[::step]])
    plotext.title(title)
    lines: list[str] = plotext.uncolorize(plotext.build()).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _as_line(known: Sequence[tuple[int, float]]) -> tuple[list[float], list[float]]:
    """Return the limits as a line that reaches half a version beyond each end, so that one version shows it too."""
    (first, at_first), (last, at_last) = known[0], known[-1]
    return (
        [first - 0.5, *(float(place) for place, _ in known), last + 0.5],
        [at_first, *(limit for _, limit in known), at_last],
    )
