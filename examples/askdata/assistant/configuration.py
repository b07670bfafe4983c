"""What a version of the assistant is: its prompt, its models and its retrieval, in one file that is registered.

People write it as YAML. What is registered is the same as canonical JSON, so that the SHA-256 of those bytes names the
configuration, whatever its comments and its layout.
"""

import hashlib
import json
import re
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from checks.errors import GovernanceError
from checks.unknown_keys import explain_unknown_key
from checks.yaml_source import parse_yaml

MAX_BYTES = 100_000
# What a prompt is filled with; `assistant.prompt` fills each.
PLACEHOLDERS = ("question", "history", "views", "models")
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

Text = Annotated[str, Field(min_length=1, max_length=50_000)]
ModelId = Annotated[str, Field(min_length=1, max_length=256)]


class ConfigurationError(GovernanceError):
    """A configuration that cannot be used; the message says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ChatModel(_Part):
    """The model that writes the SQL: its id on Bedrock, its temperature, and how many tokens it may write."""

    model_id: ModelId
    temperature: float = Field(default=0.1, ge=0, le=1)
    max_tokens: int = Field(default=400, ge=1, le=8192)


class EmbeddingModel(_Part):
    """The model that LookML and questions are embedded by: its id on Bedrock, and the length of its vectors."""

    model_id: ModelId
    dimensions: int = Field(default=256, ge=1, le=4096)

    @property
    def space(self) -> str:
        """What tells vectors that can be compared from others."""
        return f"{self.model_id}/{self.dimensions}"


class RetrievalSettings(_Part):
    """How many views a question gets, and how many of the models that join them."""

    views: int = Field(default=3, ge=1, le=50)
    models: int = Field(default=1, ge=1, le=50)


class Configuration(_Part):
    """One version of the assistant.

    `instructions` are sent as the system prompt. `prompt` is sent once it is filled: `{question}` and, where the prompt
    asks for them, `{history}`, `{views}` and `{models}`. `history_turns` are the last turns of a conversation that
    `{history}` shows.
    """

    chat: ChatModel
    embeddings: EmbeddingModel
    retrieval: RetrievalSettings = RetrievalSettings()
    history_turns: int = Field(default=3, ge=0, le=20)
    instructions: Text
    prompt: Text

    @field_validator("prompt")
    @classmethod
    def _check_placeholders(cls, prompt: str) -> str:
        named = PLACEHOLDER.findall(prompt)
        unknown = sorted(set(named) - set(PLACEHOLDERS))
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValueError(f"{{{unknown[0]}}} is no placeholder; there are {known}")
        if "question" not in named:
            raise ValueError("it never shows the question; write {question} where it belongs")
        return prompt

    @classmethod
    def parse(cls, content: bytes, source: str) -> Self:
        """Read a configuration from YAML, or from the JSON that `to_bytes` writes; `source` names it in messages.

        Raises:
            ConfigurationError: with every problem that it has, each at its place.
        """
        if len(content) > MAX_BYTES:
            raise ConfigurationError(
                f"{source}: {len(content):,} bytes, and at most {MAX_BYTES:,} are read; shorten the prompt"
            )
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{source}: not UTF-8 ({error}); save it as UTF-8") from error
        yaml = parse_yaml(text)
        if yaml.problems:
            places = [f"{source}:{one.place.line}:{one.place.column}: {one.message}" for one in yaml.problems]
            raise ConfigurationError("\n".join(places))
        try:
            return cls.model_validate(yaml.data)
        except ValidationError as error:
            problems = [f"{source}: {_describe(one['loc'])}: {_explain(one)}" for one in error.errors()]
            raise ConfigurationError("\n".join(problems)) from error

    def to_bytes(self) -> bytes:
        """Return the configuration as canonical JSON: equal configurations give equal bytes."""
        document = self.model_dump(mode="json")
        return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()

    @property
    def digest(self) -> str:
        """The SHA-256 of `to_bytes` in hexadecimal."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @property
    def name(self) -> str:
        """What evidence calls the model that it is about: no two configurations have the same."""
        return f"askdata-{self.digest}"


def _describe(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the file"


def _explain(detail: ErrorDetails) -> str:
    """What is wrong with one value, and the way out."""
    location = detail["loc"]
    match detail["type"]:
        case "extra_forbidden":
            return explain_unknown_key(str(location[-1]), _list_keys(location[:-1]))
        case "missing":
            return "missing; give it"
        case "model_type":
            return f"must be a mapping of keys to values; its keys are {', '.join(_list_keys(location))}"
    return detail["msg"].removeprefix("Value error, ").replace("Input should", "must")


def _list_keys(location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the keys of the part of a configuration at `location`."""
    part: Any = Configuration  # each of its parts is a model itself
    for name in location:
        part = part.model_fields[name].annotation
    return tuple(part.model_fields)
