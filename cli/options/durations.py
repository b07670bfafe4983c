"""Durations as people write and read them: `90s`, `1h30m`, `1d`."""

import re
from datetime import timedelta

import typer

DEFAULT_TIMEOUT = "30m"  # of whoever waits for a decision
_NUMBER = r"[0-9]{1,6}(?:\.[0-9]+)?"
_BARE = re.compile(_NUMBER)
_DURATION = re.compile(
    rf"(?=.)(?:(?P<days>{_NUMBER})d)?(?:(?P<hours>{_NUMBER})h)?(?:(?P<minutes>{_NUMBER})m)?(?:(?P<seconds>{_NUMBER})s)?"
)
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def parse_duration(text: str) -> timedelta:
    """Read `90s`, `30m`, `1h30m` or `1d`: days, hours, minutes and seconds in this order.

    Raises:
        typer.BadParameter: it is something else; of a number alone it asks for the unit.
    """
    if _BARE.fullmatch(text):
        raise typer.BadParameter(f"{text!r}: of which unit? Write {text}s, {text}m, {text}h or {text}d")
    match = _DURATION.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no duration; write 90s, 30m, 1h30m or 1d")
    given = {unit: float(number) for unit, number in match.groupdict().items() if number is not None}
    return timedelta(**given)


def duration_text(seconds: float) -> str:
    """Return whole seconds as `parse_duration` reads them: `1h30m`, `0s`."""
    left = int(seconds)
    parts = []
    for unit, size in _UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
