"""Chat models on loopback, behind OpenAI's `/v1/chat/completions`, for the ids that configurations name.

`local.semantic-layer-v1:0` is a substitute: rules that read their prompt (`systems.prompted`). `local.smollm2-v1:0`
is a language model of 135 million parameters.
"""

import math
from collections.abc import Mapping
from typing import Any

from examples.local_models.json_server import JsonServer
from systems.prompted import Substitute

PATH = "/v1/chat/completions"
RULES = "local.semantic-layer-v1:0"
SMALL_MODEL = "local.smollm2-v1:0"
_CHARACTERS_A_TOKEN = 4.0


class RuleServer(JsonServer):
    """Serves `systems.prompted` as a chat model; requests and answers are as in OpenAI's API.

    Tokens are estimated by characters, 4 each. Temperature and seed change nothing.
    Source: https://platform.openai.com/docs/api-reference/chat/create
    """

    def __init__(self) -> None:
        self._model = Substitute()
        super().__init__({PATH: self._complete})

    @property
    def api(self) -> str:
        """The URL of the API, as `Sandbox.serve_model` takes it."""
        return f"{self.url}/v1"

    def _complete(self, request: Any) -> dict[str, Any]:
        messages = request.get("messages") if isinstance(request, Mapping) else None
        if not isinstance(messages, list) or not all(map(_is_message, messages)):
            raise ValueError("messages: name a list of messages, each with a role and a text as its content")
        text = self._model.answer(messages)
        longest = int(request.get("max_tokens") or len(text)) * int(_CHARACTERS_A_TOKEN)
        read = sum(_count_tokens(message["content"]) for message in messages)
        written = _count_tokens(text[:longest])
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text[:longest]},
            "finish_reason": "length" if len(text) > longest else "stop",
        }
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        return {"object": "chat.completion", "model": RULES, "choices": [choice], "usage": usage}


def _is_message(message: Any) -> bool:
    return isinstance(message, Mapping) and isinstance(message.get("content"), str)


def _count_tokens(text: str) -> int:
    return math.ceil(len(text) / _CHARACTERS_A_TOKEN)
