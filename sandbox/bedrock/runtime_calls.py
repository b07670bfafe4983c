"""The calls of `bedrock-runtime`: `Converse` and `InvokeModel`, where moto answers nothing or an empty object."""

import json
from typing import Any

from moto.bedrockruntime.responses import BedrockRuntimeResponse
from moto.core.responses import ActionResult

from sandbox.bedrock import titan_embeddings
from sandbox.bedrock.converse import converse
from sandbox.bedrock.served_models import ServedModels
from sandbox.service_requests import ServiceRefusalError, read_members

_JSON = "application/json"


def install(models: ServedModels) -> None:
    """Extend moto in this process."""

    def leave_it_to_the_call(_response: Any, _request: Any) -> None:
        # moto reads a request before it looks for errors, and fails at one of the wrong type.
        return None

    def answer_conversation(self: Any) -> ActionResult:
        request = read_members(self)
        return ActionResult(converse(models.named(request["modelId"]), request))

    def invoke_model(self: Any) -> ActionResult:
        model = models.named(read_members(self)["modelId"])
        if not model.model_id.startswith(titan_embeddings.MODEL):
            raise ServiceRefusalError(
                "ValidationException",
                f"The sandbox knows the bodies of {titan_embeddings.MODEL} alone; ask {model.model_id} by Converse.",
            )
        answer = titan_embeddings.embed(model, self.body)
        return ActionResult({"body": json.dumps(answer), "contentType": _JSON})

    BedrockRuntimeResponse.parse_parameters = leave_it_to_the_call
    BedrockRuntimeResponse.converse = answer_conversation
    BedrockRuntimeResponse.invoke_model = invoke_model
