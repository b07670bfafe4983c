"""The checks that two threshold files have in common: what one comes to by the first, it comes to by the second."""

from collections.abc import Mapping, Sequence

from checks.thresholds import Check, ThresholdFile, Waiver

_CheckAsHeld = tuple[Check, int | None, Sequence[Waiver], str | None]


def find_shared_checks(old: ThresholdFile, new: ThresholdFile) -> Mapping[int, int]:
    """Return the place in `old` of each check of `new` that finds the same on any evidence, by its place in `new`.

    The same is then all that its findings are made of: the check, the age that it takes, its waivers, and the origin
    that is shown. Where a file asks to verify there is none, since the two may hold different figures.
    """
    if old.verify is not None or new.verify is not None:
        return {}
    places = {check.name: place for place, check in enumerate(old.checks)}
    shared: dict[int, int] = {}
    for place, check in enumerate(new.checks):
        before = places.get(check.name)
        if before is not None and _list_parts(old, before) == _list_parts(new, place):
            shared[place] = before
    return shared


def _list_parts(file: ThresholdFile, place: int) -> _CheckAsHeld:
    check = file.checks[place]
    waivers = [waiver for waiver in file.waivers if waiver.check == check.name]
    origin = None
    if file.origins and file.origins[place].source != file.source:
        origin = str(file.origins[place])
    return check, file.max_age_of(check), waivers, origin
