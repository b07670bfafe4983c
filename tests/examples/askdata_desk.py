"""A desk for tests of AskData's screen: a scripted model, conversations in memory's DynamoDB, a small lake."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from assistant.assistant import Assistant
from assistant.configuration import Configuration
from assistant.context import Context
from assistant.service import ServedVersion, ServiceState
from aws.bedrock import ChatAnswer

CONFIGURATION = Path(__file__).parents[2] / "examples" / "askdata" / "configurations" / "configuration-1.yaml"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/askdata/"
SINCE = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


class NoRetrieval:
    """Finds no LookML."""

    def retrieve(self, question: str) -> Context:
        return Context()


@dataclass
class ScriptedChat:
    """Answers what it was told to, and remembers what it was asked; an error is raised."""

    answers: list[str | Exception]
    prompts: list[str] = field(default_factory=list)

    def converse(self, prompt: str, *, system: str | None = None) -> ChatAnswer:
        self.prompts.append(prompt)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return ChatAnswer(answer, 1, 1, "end_turn")


class ChangingService:
    """Serves what a test says."""

    def __init__(self) -> None:
        self._state = ServiceState(None)

    def state(self) -> ServiceState:
        return self._state

    def serve(self, number: int, chat: ScriptedChat, *, approved_by: str = "the gate") -> None:
        assistant = Assistant(configuration(), chat, NoRetrieval())
        self._state = ServiceState(ServedVersion(assistant, f"{ARN}{number}", SINCE, approved_by))

    def stay(self, problem: str) -> None:
        """Go on with what is served, with a problem."""
        self._state = ServiceState(self._state.served, problem)


def configuration() -> Configuration:
    return Configuration.parse(CONFIGURATION.read_bytes(), CONFIGURATION.name)
