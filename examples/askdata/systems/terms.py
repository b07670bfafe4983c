"""Turns of phrase of a business that its metadata does not spell out, and the conditions that they mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(
    r"""^-\ (?P<phrases>"[^"\n]+"(?:,\ "[^"\n]+")*)  # - "paid late", "paid after the due date"
        (?:\ in\ questions\ about\ (?P<view>\w+))?
        :\ (?P<condition>.+)$""",
    re.MULTILINE | re.VERBOSE,
)
_COLUMN = re.compile(r"\b\w+\.\w+")


@dataclass(frozen=True, slots=True)
class Term:
    """One of `phrases` in a question, about `view` where one is named, means `condition`."""

    phrases: tuple[str, ...]
    condition: str
    view: str | None = None

    @property
    def column(self) -> str:
        """The column that the condition is about; another condition on it gives way."""
        found = _COLUMN.search(self.condition)
        return found[0] if found else self.condition

    def is_meant(self, text: str, view: str) -> bool:
        """Whether a question in lower case, about `view`, says it; the words may go on, as `receive` does."""
        said = any(re.search(rf"\b{re.escape(phrase.lower())}", text) for phrase in self.phrases)
        return said and self.view in (None, view)


TERMS = (
    Term(("receive", "sent to "), "messages.direction = 'outbound'", view="messages"),
    Term(("paid late", "after the due date"), "billing.paid_date > billing.due_date"),
    Term(("carry a late fee", "have a late fee", "with a late fee"), "billing.late_fee > 0"),
)


def read_terms(text: str) -> Iterator[Term]:
    """Yield the terms in a text: lines such as `- "with a late fee": billing.late_fee > 0`."""
    for line in _LINE.finditer(text):
        phrases = tuple(re.findall(r'"([^"]+)"', line["phrases"]))
        yield Term(phrases, line["condition"].strip(), line["view"])
