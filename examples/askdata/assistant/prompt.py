"""The prompt of one question: the configuration's template, filled once, with what is data marked as data.

Questions are written by users and LookML by many teams: neither may give orders. Each is put between tags of its name,
and what looks like such a tag inside is written with another character, so that data cannot end where it wants. What is
filled in is not looked through again: `{models}` in a question stays text.
"""

import re
from collections.abc import Sequence

from assistant.configuration import PLACEHOLDER, PLACEHOLDERS, Configuration
from assistant.context import Context, LookmlFile
from assistant.turns import Turn

_TAG = re.compile(rf"<(?=\s*/?\s*(?:{'|'.join(PLACEHOLDERS)})\b)", re.IGNORECASE)


def write_prompt(
    configuration: Configuration, question: str, history: Sequence[Turn], context: Context
) -> str:
    """Return the prompt that asks `question` after the turns of `history`, the oldest first."""
    # Without the condition, [-0:] would be all of them.
    recent = history[-configuration.history_turns :] if configuration.history_turns else ()
    data = {
        "question": question,
        "history": "\n\n".join(f"Question: {turn.question}\nSQL: {turn.sql}" for turn in recent),
        "views": _join(context.views),
        "models": _join(context.models),
    }
    marked = {name: mark_as_data(name, text) for name, text in data.items()}
    return PLACEHOLDER.sub(lambda found: marked[found[1]], configuration.prompt)


def mark_as_data(name: str, text: str) -> str:
    """Return `text` between tags called `name`; nothing inside can be taken for a tag of a prompt."""
    return f"<{name}>\n{_TAG.sub('‹', text).strip()}\n</{name}>"


def _join(files: Sequence[LookmlFile]) -> str:
    return "\n\n".join(file.text.strip() for file in files)
