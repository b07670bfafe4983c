"""How a model is asked for its answers."""

from dataclasses import dataclass
from enum import StrEnum


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
