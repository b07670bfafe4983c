"""The message about a decision: what people are told, by e-mail say, and what they can do."""

from collections.abc import Iterator

from checks.decision import Verdict
from checks.decision_event import DecisionEvent

MOST_REASONS = 20  # that a message tells; the record has all


def write_subject(event: DecisionEvent) -> str:
    """Return the message's subject: ASCII without a line feed, at most 100 characters, as SNS demands.

    The names of groups have at most 63 characters, and are letters, digits and hyphens.
    """
    return f"{event.decision}: {event.model_package.group} version {event.model_package.version}"


def write_message(event: DecisionEvent) -> str:
    """Return the message's text: the decision, its reasons, where more of it is, and what to do."""
    lines = [f"{write_subject(event)}, {_tell_decider(event)}.", ""]
    lines += _tell_reasons(event)
    lines += ["", f"Version: {event.model_package.arn}"]
    if event.registered_by is not None:
        lines.append(f"Registered by: {event.registered_by}")
    lines.append(f"Record: {event.record.uri}")
    if event.page_uri is not None:
        lines.append(f"Page: {event.page_uri}")
    return "\n".join([*lines, "", *_tell_what_to_do(event), ""])


def _tell_decider(event: DecisionEvent) -> str:
    return "decided by the gate" if event.decided_by.arn is None else f"decided by {event.decided_by.arn}"


def _tell_reasons(event: DecisionEvent) -> Iterator[str]:
    told = event.reasons[:MOST_REASONS]
    for reason in told:
        yield f"- {reason}"
    more = len(event.reasons) - len(told) + event.reasons_left_out
    if more:
        yield f"- and {more} more in the record"


def _tell_what_to_do(event: DecisionEvent) -> Iterator[str]:
    arn = event.model_package.arn
    yield f"All that is known of it: governance explain {arn}"
    if event.decision is Verdict.NEEDS_REVIEW:
        yield "Decide, as a reviewer who did not register it:"
        yield f'  governance review --approve --reason "..." {arn}'
        yield f'  governance review --reject --reason "..." {arn}'
    if event.decision is not Verdict.APPROVED:
        yield "Have it judged again, as a reviewer, after a corrected limit or a new waiver:"
        yield f'  governance rejudge --reason "..." {arn}'
    if event.decision is Verdict.REJECTED:
        yield "Otherwise fix what the reasons say, and register the next version."
