"""Reranking by Bedrock, as `examples/gatsby-rag` does it, with botocore's own stub of the service."""

import importlib.util
import io
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from aws.aws_errors import AwsError, AwsThrottledError

MODULE = Path(__file__).resolve().parents[2] / "examples" / "gatsby-rag" / "bedrock_rerank.py"
DOCUMENTS = ["first", "second", "third"]


def reranker(model: str, answer: bytes | None) -> tuple[Any, Stubber, dict[str, Any]]:
    specification = importlib.util.spec_from_file_location("gatsby_bedrock_rerank", MODULE)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    client = boto3.client(
        "bedrock-runtime", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    asked: dict[str, Any] = {"query": "q", "documents": DOCUMENTS, "top_n": 3}
    if "cohere" in model:
        asked["api_version"] = 2
    stub = Stubber(client)
    if answer is None:
        stub.add_client_error("invoke_model", "ThrottlingException", http_status_code=429)
    else:
        body = StreamingBody(io.BytesIO(answer), len(answer))
        parameters = {
            "modelId": model,
            "body": json.dumps(asked),
            "contentType": "application/json",
            "accept": "application/json",
        }
        stub.add_response("invoke_model", {"body": body, "contentType": "application/json"}, parameters)
    stub.activate()
    return module.BedrockReranker(client, model), stub, asked


@pytest.mark.parametrize("model", ["amazon.rerank-v1:0", "cohere.rerank-v3-5:0"])
def test_documents_in_the_order_of_relevance(model: str) -> None:
    results = [{"index": index, "relevance_score": score} for index, score in ((2, 0.9), (0, 0.5), (1, 0.1))]
    subject, stub, _ = reranker(model, json.dumps({"results": results}).encode())
    assert subject.order("q", DOCUMENTS) == [2, 0, 1]
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    "answer",
    [
        b"busy",
        b"[]",
        b'{"results": [{"index": 0}]}',
        b'{"results": [{"index": 0}, {"index": 0}, {"index": 1}]}',
    ],
)
def test_an_answer_that_does_not_rank_all_documents(answer: bytes) -> None:
    subject, _, _ = reranker("amazon.rerank-v1:0", answer)
    with pytest.raises(AwsError, match="did not rank the documents"):
        subject.order("q", DOCUMENTS)


def test_throttling() -> None:
    subject, _, _ = reranker("amazon.rerank-v1:0", None)
    with pytest.raises(AwsThrottledError):
        subject.order("q", DOCUMENTS)
