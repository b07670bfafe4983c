"""From what the user names (`sagemaker:NAME`, `bedrock:MODEL_ID`, a URL) to a model that is asked in plain words."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from aws.bedrock import BedrockChat
from aws.clients import bedrock_runtime_client, sagemaker_runtime_client
from aws.sagemaker_runtime import SageMakerEndpoint
from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from models.answer_options import AnswerOptions, PayloadShape
from models.bedrock_models import BedrockJudge, Threaded
from models.openai_compatible import OpenAiJudge, Server
from scorers.endpoints.protocols import Fault, JsonMode, Judge, JudgeAnswer, RequestError

KEY = "OPENAI_API_KEY"
CUT_OFF = "cut off at the token limit"


@dataclass(frozen=True, slots=True)
class _Described:
    description: Mapping[str, JsonValue]


class SageMakerModel(Threaded):
    """A language model behind a SageMaker endpoint."""

    def __init__(self, endpoint: SageMakerEndpoint, name: str, options: AnswerOptions) -> None:
        settings: dict[str, JsonValue] = {"max_tokens": options.max_tokens, "payload": options.payload.value}
        if options.temperature is not None:
            settings["temperature"] = options.temperature
        super().__init__(_Described({"provider": "sagemaker", "model": name, **settings}), options.threads)
        self._endpoint, self._options = endpoint, options

    async def answer(self, prompt: str, schema: Mapping[str, JsonValue], seed: int) -> JudgeAnswer:
        """Ask once; the endpoint is held to no schema.

        Raises:
            RequestError: when no answer came.
        """
        del schema
        body = self._body(prompt, seed)
        return _generated(await self.call(lambda: self._endpoint.invoke(body)))

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


def model_at(endpoint: str, model: str | None, options: AnswerOptions) -> Judge:
    """Return the model that `endpoint` names; `model` is the one on an OpenAI-compatible server.

    Raises:
        GovernanceError: when it names none, or AWS has no region.
    """
    provider, _, name = endpoint.partition(":")
    if endpoint.startswith(("http://", "https://")):
        if model is None:
            raise GovernanceError(f"--endpoint {endpoint}: say with --model which of the server's models")
        return OpenAiJudge(
            model,
            Server(endpoint, os.environ.get(KEY), options.timeout_seconds),
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            json_mode=JsonMode.PROMPT,
        )
    if model is not None:
        raise GovernanceError("--model: only with an OpenAI-compatible server; the endpoint names the model")
    if provider == "bedrock" and name:
        chat = BedrockChat(
            bedrock_runtime_client(), name, max_tokens=options.max_tokens, temperature=options.temperature
        )
        return BedrockJudge(chat, threads=options.threads, by_schema=False)
    if provider == "sagemaker" and name:
        return SageMakerModel(SageMakerEndpoint(sagemaker_runtime_client(), name), name, options)
    raise GovernanceError(
        f'--endpoint "{endpoint}": name sagemaker:NAME, bedrock:MODEL_ID, or the URL of an OpenAI-compatible server'
    )


def _generated(answer: JsonValue) -> JudgeAnswer:
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
