"""Converse in terms of chat completions.

Sources: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
https://platform.openai.com/docs/api-reference/chat/create
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sandbox.bedrock.served_models import ServedModel
from sandbox.service_requests import ServiceRefusalError

_SETTINGS = {
    "maxTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop",
}
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "content_filtered"}
# What changes nothing of what the model reads: marks of what to keep in a cache, and earlier reasoning.
_PASSED_OVER = ("cachePoint", "reasoningContent")


def converse(model: ServedModel, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a request whose members are as the service model has them.

    Raises:
        ServiceRefusalError: the conversation is none, asks for what the model cannot do, or the model failed.
    """
    completion = {**_further_settings(request), **_settings(request), "messages": _conversation(request)}
    started = time.monotonic()
    answer = model.ask("/chat/completions", completion)
    milliseconds = int((time.monotonic() - started) * 1000)
    try:
        choice, usage = answer["choices"][0], answer["usage"]
        text, reason = choice["message"].get("content"), choice.get("finish_reason")
        read, written = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise model.unusable("no completion with its usage") from error
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}] if text else []}},
        "stopReason": _STOP_REASONS.get(reason, "end_turn"),
        "usage": {"inputTokens": read, "outputTokens": written, "totalTokens": read + written},
        "metrics": {"latencyMs": milliseconds},
    }


def _conversation(request: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the messages of a completion: what the system says, then the conversation."""
    messages = request.get("messages") or []
    _require_turns(messages)
    said = [
        {"role": message["role"], "content": _text(message["content"], f"messages.{number}.content")}
        for number, message in enumerate(messages)
    ]
    if not request.get("system"):
        return said
    return [{"role": "system", "content": _text(request["system"], "system")}, *said]


def _require_turns(messages: Sequence[Mapping[str, Any]]) -> None:
    roles = [message["role"] for message in messages]
    if roles[:1] != ["user"]:
        raise ServiceRefusalError(
            "ValidationException",
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message.",
        )
    if any(role == following for role, following in pairwise(roles)):
        raise ServiceRefusalError(
            "ValidationException",
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
            "between user and assistant roles and try again.",
        )


def _text(blocks: Sequence[Mapping[str, Any]], place: str) -> str:
    if not blocks:
        owner = place.removesuffix(".content")
        raise ServiceRefusalError(
            "ValidationException",
            f"The content field in the Message object at {owner} is empty. Add a ContentBlock object to the content "
            "field and try again.",
        )
    return "\n".join(_texts(blocks, place))


def _texts(blocks: Sequence[Mapping[str, Any]], place: str) -> Iterator[str]:
    for number, block in enumerate(blocks):
        kind = next(iter(block), "empty")
        if kind in _PASSED_OVER:
            continue
        if kind != "text":
            raise ServiceRefusalError(
                "ValidationException",
                f"This model doesn't support the {kind} content block that you provided. Remove it and try again.",
            )
        if not block["text"].strip():
            raise ServiceRefusalError(
                "ValidationException",
                f"The text field in the ContentBlock object at {place}.{number} is blank. Add text to the text "
                "field, and try again.",
            )
        yield block["text"]


def _settings(request: Mapping[str, Any]) -> dict[str, Any]:
    given = request.get("inferenceConfig") or {}
    settings = {_SETTINGS[name]: given[name] for name in _SETTINGS if given.get(name) not in (None, [])}
    text_format = (request.get("outputConfig") or {}).get("textFormat")
    if text_format is not None:
        settings["response_format"] = _response_format(text_format["structure"])
    return settings


def _response_format(structure: Mapping[str, Any]) -> dict[str, Any]:
    wanted = structure["jsonSchema"]
    try:
        schema = json.loads(wanted["schema"])
    except ValueError as error:
        raise ServiceRefusalError("ValidationException", f"The JSON schema is not JSON: {error}") from error
    named = {"name": wanted.get("name", "answer"), "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": named}


def _further_settings(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings that only this model has, as its server names them."""
    for member, what in (("toolConfig", "tool use"), ("guardrailConfig", "guardrails")):
        if request.get(member):
            raise ServiceRefusalError("ValidationException", f"This model doesn't support {what}.")
    further = request.get("additionalModelRequestFields") or {}
    if not isinstance(further, Mapping):
        raise ServiceRefusalError(
            "ValidationException", "The additionalModelRequestFields must be a JSON object."
        )
    return further
