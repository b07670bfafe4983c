"""The exit codes of `governance`, which CI/CD builds on: one table, which the pages show and every command follows."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

if TYPE_CHECKING:  # a command's help tells the codes and knows no decision
    from checks.decision import Verdict


class ExitCode(IntEnum):
    """What a command came to."""

    APPROVED = 0
    REJECTED = 1
    COULD_NOT_TRY = 2
    NEEDS_REVIEW = 3
    FLIPPED = 4
    LOOSENED = 5
    INTERRUPTED = 130  # as shells count a program that Ctrl-C ended: 128 + SIGINT


class Meaning(Struct, frozen=True):
    """What a code says in general, for `check`, and for `wait`, by the version's status; `-` where it never comes."""

    general: str
    check: str
    wait: str


MEANINGS: Mapping[ExitCode, Meaning] = {
    ExitCode.APPROVED: Meaning(
        "approved, or done",
        "the evidence would be approved",
        "`Approved`, and the gate or somebody after its judgement gave the status",
    ),
    ExitCode.REJECTED: Meaning("rejected", "the evidence would be rejected", "`Rejected`"),
    ExitCode.NEEDS_REVIEW: Meaning(
        "needs review",
        "it asks for review, or no threshold file applies to the group",
        "`PendingManualApproval`: it asks for review, no threshold file applies, or a dry run left it; "
        "or `Approved` without any decision",
    ),
    ExitCode.COULD_NOT_TRY: Meaning(
        "could not try or could not judge",
        "bad arguments, a bad threshold file, evidence that cannot be opened",
        "the execution failed, none was started, the time is over, or AWS could not be asked",
    ),
    ExitCode.FLIPPED: Meaning("an edit of thresholds decides past versions otherwise", "-", "-"),
    ExitCode.LOOSENED: Meaning("an edit of thresholds asks for less, without a reason", "-", "-"),
    ExitCode.INTERRUPTED: Meaning("interrupted by Ctrl-C", "-", "-"),
}


def exit_code_of(verdict: "Verdict") -> ExitCode:
    """Return the exit code that says `verdict`."""
    from checks.decision import Verdict  # noqa: PLC0415 - as above

    match verdict:
        case Verdict.APPROVED:
            return ExitCode.APPROVED
        case Verdict.REJECTED:
            return ExitCode.REJECTED
        case Verdict.NEEDS_REVIEW:
            return ExitCode.NEEDS_REVIEW
        case _:
            assert_never(verdict)


# Of several versions: a rejection first, as whatever comes of the others, not all of them can go on.
WORST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.REJECTED,
    ExitCode.COULD_NOT_TRY,
    ExitCode.FLIPPED,
    ExitCode.LOOSENED,
    ExitCode.NEEDS_REVIEW,
    ExitCode.APPROVED,
)


def worst_of(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the worst of `codes`, of which there is at least one."""
    return min(codes, key=WORST_FIRST.index)


def exit_code_of_status(approval_status: str, *, decided: bool) -> ExitCode:
    """Return the exit code of a version's status; an approval counts only where a decision is there to bear it."""
    from checks.decision import Verdict  # noqa: PLC0415 - as above

    if approval_status == Verdict.APPROVED and decided:
        return ExitCode.APPROVED
    if approval_status == Verdict.REJECTED:
        return ExitCode.REJECTED
    return ExitCode.NEEDS_REVIEW
