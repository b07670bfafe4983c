"""What the analyst's screen does, without a screen: questions are answered and kept, SQL is run, answers are rated."""

from collections.abc import Sequence
from typing import Protocol

from assistant.conversations import Conversations
from assistant.kept_answers import KeptTurn, Served
from assistant.service import Service, ServiceState
from assistant.turns import Turn
from checks.errors import GovernanceError
from scorers.text_to_sql.running.first_rows import NotShown, ShownRows

SHOWN_TURNS = 50


class NothingServedError(GovernanceError):
    """A question was asked while no version is approved."""


class RunsQueries(Protocol):
    """Where SQL is run; `assistant.lake.Lake` is one."""

    def run(self, sql: str) -> ShownRows | NotShown:
        """Run one query that reads; anything else is not run."""
        ...


class Desk:
    """One service, with the table of conversations and the lake; may be used by several threads at once."""

    def __init__(self, service: Service, conversations: Conversations, lake: RunsQueries) -> None:
        self._service = service
        self._conversations = conversations
        self._lake = lake

    def state(self) -> ServiceState:
        """Return what answers now."""
        return self._service.state()

    def open(self, conversation: str | None, person: str) -> str | None:
        """Return the id of a conversation if it is one that this person began here, else nothing.

        Raises:
            AwsError: DynamoDB could not be asked.
        """
        return conversation if conversation and self._conversations.is_known(conversation, person) else None

    def begin(self, person: str) -> str:
        """Begin a conversation and return its id; raises `AwsError` where DynamoDB could not be asked."""
        return self._conversations.begin(person)

    def turns(self, conversation: str) -> Sequence[KeptTurn]:
        """Return the last turns of a conversation, the oldest first; raises `AwsError`."""
        return self._conversations.last_turns(conversation, SHOWN_TURNS)

    def ask(self, conversation: str, question: str) -> KeptTurn:
        """Answer a question after the turns of its conversation, and keep both.

        Raises:
            NothingServedError: no version is approved.
            GovernanceError: it could not be answered, or not kept.
        """
        served = self.state().served
        if served is None:
            raise NothingServedError("no version is approved yet; ask again when one is")
        configuration = served.assistant.configuration
        history: list[Turn] = []
        if configuration.history_turns:
            before = self._conversations.last_turns(conversation, configuration.history_turns)
            history = [Turn(turn.question, turn.sql) for turn in before if turn.sql]
        answer = served.assistant.ask(question, history)
        return self._conversations.add(
            conversation,
            question,
            sql=answer.sql,
            problem=answer.problem or "",
            tables=answer.tables,
            served=Served(served.arn, configuration.digest),
        )

    def run(self, turn: KeptTurn) -> ShownRows | NotShown:
        """Run the SQL of an answer, as it was kept; raises `GovernanceError` where the lake is not there."""
        return self._lake.run(turn.sql)

    def rate(self, conversation: str, turn: KeptTurn, rating: int, comment: str) -> None:
        """Keep a rating from 1 to 5 of an answer; raises `GovernanceError` where that cannot be."""
        self._conversations.rate(conversation, turn.number, rating, comment)
