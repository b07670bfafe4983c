"""Language models behind SageMaker endpoints."""

from collections.abc import Mapping
from typing import Any

from aws.sagemaker_runtime import SageMakerEndpoint
from checks.strict_json import JsonValue
from models.answer_options import AnswerOptions, PayloadShape
from models.threaded_model import ThreadedModel
from scorers.endpoints.protocols import Fault, JudgeAnswer, RequestError

CUT_OFF = "cut off at the token limit"


class SageMakerModel(ThreadedModel):
    """A language model behind a SageMaker endpoint."""

    def __init__(self, endpoint: SageMakerEndpoint, name: str, options: AnswerOptions) -> None:
        settings: dict[str, JsonValue] = {"max_tokens": options.max_tokens, "payload": options.payload.value}
        if options.temperature is not None:
            settings["temperature"] = options.temperature
        super().__init__({"provider": "sagemaker", "model": name, **settings}, options.threads)
        self._endpoint, self._options = endpoint, options

    async def answer(self, prompt: str, schema: Mapping[str, JsonValue], seed: int) -> JudgeAnswer:
        """Ask once; the endpoint is held to no schema.

        Raises:
            RequestError: when no answer came.
        """
        del schema
        body = self._body(prompt, seed)
        return _read_answer(await self.call(lambda: self._endpoint.invoke(body)))

    def _body(self, prompt: str, seed: int) -> dict[str, JsonValue]:
        options = self._options
        if options.payload is PayloadShape.MESSAGES:
            chat: dict[str, JsonValue] = {
                "messages": [{"role": "user", "content": prompt}],
                "max_tokens": options.max_tokens,
                "seed": seed,
            }
            return chat if options.temperature is None else {**chat, "temperature": options.temperature}
        parameters: dict[str, JsonValue] = {
            "max_new_tokens": options.max_tokens,
            "return_full_text": False,
            "seed": seed,
        }
        if options.temperature:  # TGI takes no temperature of 0: it decodes greedily without one
            parameters |= {"temperature": options.temperature, "do_sample": True}
        return {"inputs": prompt, "parameters": parameters}


def _read_answer(answer: Any) -> JudgeAnswer:
    """Read the text out of what the containers for language models answer with."""
    match answer:
        case [{"generated_text": str(text)}] | {"generated_text": str(text)}:
            return JudgeAnswer(text)
        case {"choices": [{"message": {"content": str(text)}, **rest}, *_]}:
            return JudgeAnswer(text, stopped=CUT_OFF if rest.get("finish_reason") == "length" else None)
        case {"choices": [{"text": str(text), **rest}, *_]}:
            return JudgeAnswer(text, stopped=CUT_OFF if rest.get("finish_reason") == "length" else None)
        case _:
            raise RequestError(
                "the endpoint's answer has neither generated_text nor choices; try the other --payload",
                Fault.DENIED,
            )
