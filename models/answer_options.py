"""How a model is asked: settings of the models that answer a benchmark, and of judges."""

from dataclasses import dataclass
from enum import StrEnum

from scorers.endpoints.protocols import JsonMode


class PayloadShape(StrEnum):
    """What a SageMaker endpoint takes: Text Generation Inference's `inputs`, or `messages` as in OpenAI's chat."""

    INPUTS = "inputs"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """How a model is asked; `temperature` `None` leaves it to the model, `threads` bounds requests in flight."""

    temperature: float | None = 0.0
    max_tokens: int = 256
    payload: PayloadShape = PayloadShape.INPUTS
    threads: int = 8
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """How the judge is asked. `json_mode` `None` is the provider's own way; `threads` bounds requests in flight."""

    temperature: float | None = 0.0
    max_tokens: int = 1024
    json_mode: JsonMode | None = None
    threads: int = 16
