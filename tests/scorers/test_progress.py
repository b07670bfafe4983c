import io

from scorers.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_rate_and_remaining_time_are_said_at_intervals() -> None:
    times = iter([0.0, 1.0, 10.0, 15.0, 4000.0, 4000.0])
    stream = io.StringIO()
    progress = Progress(4000, "pairs", stream=stream, clock=lambda: next(times))
    for items in (10, 990, 500, 2500):
        progress.advance(items)
    progress.finish()
    assert stream.getvalue() == (
        "1,000 of 4,000 pairs, 100/s, 10 s so far, 30 s left\n"
        "4,000 of 4,000 pairs, 1/s, 1 h 06 min so far\n"
        "4,000 of 4,000 pairs, 1/s, 1 h 06 min so far\n"
    )


def test_a_terminal_shows_one_line_rewritten() -> None:
    times = iter([0.0, 90.0, 180.0])
    stream = Terminal()
    progress = Progress(2, "pairs", stream=stream, clock=lambda: next(times))
    progress.advance()
    progress.finish()
    assert stream.getvalue() == (
        "\r\x1b[K1 of 2 pairs, 0.01111/s, 1 min 30 s so far, 1 min 30 s left"
        "\r\x1b[K1 of 2 pairs, 0.005556/s, 3 min 00 s so far, 3 min 00 s left\n"
    )
