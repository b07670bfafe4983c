"""How a value was compared with the baseline's, in the reason of a finding: item by item, or not, and why not.

It is written and read here, so that it is shown of every record that is there, by itself; and so is what is said behind
it, at which reading ends.
"""

import re

_PAIRED = "; the bounds are "
_UNPAIRED = (
    "; the bounds hold its own uncertainty and the baseline's, as of samples that are not paired (Newcombe's "
    "interval): "
)
_GAP = "; but it could not be measured everywhere: "
_BESIDE = r"(?s); [^;]* has [^;]*, and the check asks for .*"


def add_paired(reason: str, method: str) -> str:
    """Return a reason with the method by which items were compared in pairs."""
    return f"{reason}{_PAIRED}{method}"


def add_unpaired(reason: str, why: str) -> str:
    """Return a reason with the one why no items were compared in pairs."""
    return f"{reason}{_UNPAIRED}{why}"


def add_gap(reason: str, undefined: str) -> str:
    """Return a reason with those why the value could not be measured everywhere, as reports say it."""
    return f"{reason}{_GAP}{undefined}"


def add_beside(reason: str, has: str, asks: str) -> str:
    """Return a reason with the figure that the baseline `has`, and with what the check `asks` for."""
    return f"{reason}; {has}, and the check asks for {asks}"


def read_pairing(reason: str) -> str | None:
    """Return how a value was compared, as `paired on …` or `not paired: …`; `None` of a reason that does not say so."""
    own, _, _ = reason.partition(_GAP)  # behind it are the words of reports, which may look like these
    _, is_unpaired, why = own.partition(_UNPAIRED)
    if is_unpaired:
        return f"not paired: {re.sub(_BESIDE, '', why)}"
    _, is_paired, method = own.partition(_PAIRED)
    return re.sub(_BESIDE, "", method) if is_paired else None
