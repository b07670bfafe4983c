"""Titan Text Embeddings V2 in terms of OpenAI's embeddings.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.bedrock.served_models import ServedModel
from sandbox.service_requests import ServiceRefusalError

MODEL = "amazon.titan-embed-text-v2"
MAX_TOKENS, MAX_CHARACTERS = 8_192, 50_000
DIMENSIONS = (1024, 512, 256)
_TEXTS_A_REQUEST = 96
_TYPES = ("float", "binary")
_MEMBERS: Mapping[str, type] = {
    "inputText": str,
    "dimensions": int,
    "normalize": bool,
    "embeddingTypes": list,
}


def embed(model: ServedModel, body: str | bytes) -> dict[str, Any]:
    """Return the body of the answer to an `InvokeModel` with this body.

    A vector shorter than what is asked for is filled up with zeros, which changes no angle between two; of a longer one
    the first numbers are taken, as the model itself is trained for it.

    Raises:
        ServiceRefusalError: the body is not the model's, the text is too long, or the model failed.
    """
    request = _read(body)
    (vector,), tokens = _vectors(model, [request["inputText"]])
    if tokens > MAX_TOKENS:
        raise ServiceRefusalError(
            "ValidationException",
            f"400 Bad Request: Too many input tokens. Max input tokens: {MAX_TOKENS}, request input token count: "
            f"{tokens} ",
        )
    fitted = _fitted(vector, request.get("dimensions", DIMENSIONS[0]), request.get("normalize", True))
    types = {
        "float": fitted,
        "binary": [int(number > 0) for number in fitted],
    }
    wanted = request.get("embeddingTypes", ["float"])
    return {
        "embedding": fitted,
        "inputTextTokenCount": tokens,
        "embeddingsByType": {name: types[name] for name in wanted},
    }


def embed_texts(model: ServedModel, texts: Sequence[str], dimensions: int) -> list[tuple[float, ...]]:
    """Return the vectors of several texts, as asked for one by one; each has length one.

    Raises:
        ServiceRefusalError: a text is empty or too long, or the model failed.
    """
    for text in texts:
        _read(json.dumps({"inputText": text, "dimensions": dimensions}))
    found: list[tuple[float, ...]] = []
    for start in range(0, len(texts), _TEXTS_A_REQUEST):
        vectors, _ = _vectors(model, texts[start : start + _TEXTS_A_REQUEST])
        found += [tuple(_fitted(vector, dimensions, True)) for vector in vectors]
    return found


def _vectors(model: ServedModel, texts: Sequence[str]) -> tuple[list[list[float]], int]:
    """Return one vector a text, and the tokens of all."""
    answer = model.ask("/embeddings", {"input": list(texts)})
    try:
        vectors = [[float(number) for number in entry["embedding"]] for entry in answer["data"]]
        tokens = int(answer["usage"]["prompt_tokens"])
    except (KeyError, TypeError, ValueError) as error:
        raise model.unusable("no embedding with its usage") from error
    if len(vectors) != len(texts):
        raise model.unusable(f"{len(vectors)} embeddings of {len(texts)} texts")
    return vectors, tokens


def _read(body: str | bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except ValueError as error:
        raise _malformed("") from error
    if not isinstance(request, dict):
        raise _malformed(": #: expected type: JSONObject")
    broken = next(_broken(request), None)
    if broken is not None:
        raise _malformed(f": {broken}")
    return request


def _broken(request: Mapping[str, Any]) -> Iterator[str]:
    for name in request.keys() - _MEMBERS.keys():
        yield f"#: extraneous key [{name}] is not permitted"
    if "inputText" not in request:
        yield "#: required key [inputText] not found"
    for name, kind in _MEMBERS.items():
        value = request.get(name)
        if name in request and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            yield f"#/{name}: expected type: {kind.__name__}, found: {type(value).__name__}"
            return
    text = request.get("inputText", "")
    if not text:
        yield "#/inputText: expected minLength: 1, actual: 0"
    if len(text) > MAX_CHARACTERS:
        yield f"expected maxLength: {MAX_CHARACTERS}, actual: {len(text)}"
    if request.get("dimensions", DIMENSIONS[0]) not in DIMENSIONS:
        yield f"#/dimensions: {request['dimensions']} is not a valid enum value"
    for kind_of_vector in request.get("embeddingTypes", []):
        if kind_of_vector not in _TYPES:
            yield f"#/embeddingTypes: {kind_of_vector} is not a valid enum value"


def _malformed(what: str) -> ServiceRefusalError:
    said = f"Malformed input request{what}, please reformat your input and try again."
    return ServiceRefusalError("ValidationException", said)


def _fitted(vector: Sequence[float], dimensions: int, normalize: bool) -> list[float]:
    """Return the vector with as many numbers as are asked for, of length one where that is asked for."""
    fitted = [*vector[:dimensions], *([0.0] * (dimensions - len(vector)))]
    length = math.hypot(*fitted)
    return [number / length for number in fitted] if normalize and length else fitted
