"""How a model is asked: settings of the models that answer a benchmark, and of judges."""

from enum import StrEnum

from msgspec import Struct

from scorers.endpoints.protocols import JsonMode


class PayloadShape(StrEnum):
    """What a SageMaker endpoint takes: Text Generation Inference's `inputs`, or `messages` as in OpenAI's chat."""

    INPUTS = "inputs"
    MESSAGES = "messages"


class AnswerOptions(Struct, frozen=True):
    """How a model is asked; `temperature` `None` leaves it to the model, `threads` bounds requests in flight."""

    temperature: float | None = 0.0
    max_tokens: int = 256
    payload: PayloadShape = PayloadShape.INPUTS
    threads: int = 8
    timeout_seconds: float = 60.0


class JudgeOptions(Struct, frozen=True):
    """How the judge is asked. `json_mode` `None` is the provider's own way; `threads` bounds requests in flight."""

    temperature: float | None = 0.0
    max_tokens: int = 1024
    json_mode: JsonMode | None = None
    threads: int = 16
