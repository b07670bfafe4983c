"""The running assistant as a system that is scored: the same code answers, with one configuration."""

from collections.abc import Mapping

from assistant.assistant import Assistant


class AskedAssistant:
    """Asks an assistant each question on its own, without a conversation."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def settings(self) -> Mapping[str, str | int | float | bool]:
        """Return what names the configuration: `about` is what its evidence is scored as."""
        configuration = self._assistant.configuration
        return {
            "system": "assistant",
            "about": configuration.name,
            "configuration": configuration.digest,
            "chat": configuration.chat.model_id,
            "embeddings": configuration.embeddings.space,
        }

    def predict(self, question: str) -> str:
        """Return the SQL that an analyst would be shown, or what the model wrote in its place."""
        answer = self._assistant.ask(question)
        return answer.sql or answer.text
