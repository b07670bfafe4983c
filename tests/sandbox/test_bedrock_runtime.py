"""Bedrock's models in the sandbox, asked over HTTP by real boto3, with a loopback server behind their ids."""

import json
import math
from typing import Any

import pytest

from aws.aws_errors import AwsAccessDeniedError, AwsError, AwsThrottledError
from aws.bedrock import BedrockChat, BedrockEmbeddings, ChatAnswer
from sandbox.faults import Faults
from sandbox.server import SandboxError
from tests.sandbox.answers import refusal, require_shape
from tests.sandbox.iam_callers import MakeCaller, refused, statement
from tests.scripted_judge import Reply, ScriptedServer, judge_server, vector_of

__all__ = ["judge_server"]

CHAT = "amazon.nova-lite-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
MODEL_ARN = "arn:aws:bedrock:us-east-1::foundation-model/{}"
HELLO = {"role": "user", "content": [{"text": "Hello?"}]}


@pytest.fixture
def server(account: Any, judge_server: ScriptedServer) -> ScriptedServer:
    """The server that answers for the chat and the embedding model; to a question it says "yes"."""
    judge_server.script = lambda number, title, prompt: Reply("yes")
    account.sandbox.serve_model(CHAT, judge_server.url)
    account.sandbox.serve_model(TITAN, judge_server.url)
    return judge_server


@pytest.fixture
def bedrock(account: Any, server: ScriptedServer) -> Any:
    """A client that asks once."""
    return account.impatient("bedrock-runtime")


def test_a_conversation_is_a_chat_completion(bedrock: Any, server: ScriptedServer) -> None:
    answer = bedrock.converse(
        modelId=CHAT,
        system=[{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
        messages=[
            HELLO,
            {"role": "assistant", "content": [{"text": "Yes?"}]},
            {"role": "user", "content": [{"text": "One."}, {"text": "Two."}]},
        ],
        inferenceConfig={"maxTokens": 9, "temperature": 0.0, "topP": 0.5, "stopSequences": ["\n\n"]},
        additionalModelRequestFields={"seed": 7, "messages": "no"},
    )
    require_shape("bedrock-runtime", "Converse", answer)
    assert server.requests == [
        {
            "model": CHAT,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hello?"},
                {"role": "assistant", "content": "Yes?"},
                {"role": "user", "content": "One.\nTwo."},
            ],
            "max_tokens": 9,
            "temperature": 0.0,
            "top_p": 0.5,
            "stop": ["\n\n"],
            "seed": 7,
        }
    ]
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "yes"}]}
    assert answer["usage"] == {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110}
    assert answer["stopReason"] == "end_turn"
    assert answer["metrics"]["latencyMs"] >= 0


@pytest.mark.parametrize(
    ("reply", "content", "reason"),
    [
        (Reply("ye", finish_reason="length"), [{"text": "ye"}], "max_tokens"),
        (Reply("", finish_reason="content_filter"), [], "content_filtered"),
    ],
    ids=["cut-off", "filtered"],
)
def test_why_it_stopped(
    bedrock: Any, server: ScriptedServer, reply: Reply, content: list[Any], reason: str
) -> None:
    server.script = lambda number, title, prompt: reply
    answer = bedrock.converse(modelId=CHAT, messages=[HELLO])
    require_shape("bedrock-runtime", "Converse", answer)
    assert (answer["output"]["message"]["content"], answer["stopReason"]) == (content, reason)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"messages": []}, "A conversation must start with a user message"),
        ({"messages": [{**HELLO, "role": "assistant"}]}, "A conversation must start with a user message"),
        ({"messages": [HELLO, HELLO]}, "A conversation must alternate between user and assistant roles"),
        ({"messages": [{"role": "user", "content": []}]}, "The content field in the Message object at messages.0"),
        (
            {"messages": [{"role": "user", "content": [{"text": " "}]}]},
            "The text field in the ContentBlock object at messages.0.content.0 is blank",
        ),
        (
            {"messages": [{"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": b"x"}}}]}]},
            "This model doesn't support the image content block",
        ),
        (
            {"messages": [HELLO], "inferenceConfig": {"temperature": 1.5}},
            "1 validation error detected: Value '1.5' at 'inferenceConfig.temperature' failed to satisfy constraint: "
            "Member must have value less than or equal to 1",
        ),
        (
            {"messages": [{**HELLO, "role": "owner"}]},
            "1 validation error detected: Value 'owner' at 'messages.1.member.role' failed to satisfy constraint: "
            "Member must satisfy enum value set: [user, assistant, system]",
        ),
        (
            {"messages": [HELLO], "toolConfig": {"tools": [{"cachePoint": {"type": "default"}}]}},
            "This model doesn't support tool use",
        ),
    ],
    ids=["nothing", "starts-with-assistant", "two-in-a-row", "empty", "blank", "image", "temperature", "role", "tools"],
)  # fmt: skip
def test_what_is_no_conversation_is_refused_before_the_model_is_asked(
    bedrock: Any, server: ScriptedServer, request_: dict[str, Any], expected: str
) -> None:
    code, status, message = refusal(bedrock.converse, modelId=CHAT, **request_)
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(expected)
    assert server.requests == []


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            ("AccessDeniedException", 403, "You don't have access to the model with the specified model ID."),
        ),
        ("nova", ("ValidationException", 400, "The provided model identifier is invalid.")),
    ],
    ids=["without-access", "no-model"],
)
def test_a_model_that_nobody_serves(bedrock: Any, model: str, expected: tuple[str, int, str]) -> None:
    assert refusal(bedrock.converse, modelId=model, messages=[HELLO]) == expected
    assert refusal(bedrock.invoke_model, modelId=model, body=b"{}") == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply("too long", status=400), ("ValidationException", 400)),
        (Reply(status=429), ("ThrottlingException", 429)),
        (Reply(status=503), ("ModelNotReadyException", 429)),
        (Reply(status=500), ("ModelErrorException", 424)),
        (Reply(body=b"busy"), ("ModelErrorException", 424)),
        (Reply(body=b"[]"), ("ModelErrorException", 424)),
        (Reply(body=b'{"choices": []}'), ("ModelErrorException", 424)),
        (Reply(hang_up=True), ("ModelErrorException", 424)),
    ],
    ids=["400", "429", "503", "500", "text", "list", "no-choice", "hung-up"],
)
def test_what_the_server_fails_at_is_an_error_of_bedrock(
    bedrock: Any, server: ScriptedServer, reply: Reply, expected: tuple[str, int]
) -> None:
    server.script = lambda number, title, prompt: reply
    assert refusal(bedrock.converse, modelId=CHAT, messages=[HELLO])[:2] == expected


def test_titan_embeds_as_it_is_asked_to(bedrock: Any, server: ScriptedServer) -> None:
    def embedded(**settings: Any) -> dict[str, Any]:
        body = json.dumps({"inputText": "two words", **settings})
        answer = bedrock.invoke_model(modelId=TITAN, body=body)
        require_shape("bedrock-runtime", "InvokeModel", answer)
        assert answer["contentType"] == "application/json"
        return dict(json.loads(answer["body"].read()))

    vector = vector_of("two words")
    plain = embedded()
    assert server.embedded == [["two words"]]
    assert plain.keys() == {"embedding", "inputTextTokenCount", "embeddingsByType"}
    assert plain["inputTextTokenCount"] == 2
    assert plain["embeddingsByType"] == {"float": plain["embedding"]}
    assert len(plain["embedding"]) == 1024
    assert math.hypot(*plain["embedding"]) == pytest.approx(1.0)
    assert plain["embedding"][: len(vector)] == pytest.approx([n / math.hypot(*vector) for n in vector])
    raw = embedded(dimensions=256, normalize=False, embeddingTypes=["float", "binary"])
    assert raw["embedding"] == [*vector, *[0.0] * (256 - len(vector))]
    assert raw["embeddingsByType"]["binary"] == [*[1] * len(vector), *[0] * (256 - len(vector))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("hello", "Malformed input request, please reformat your input and try again."),
        ("[]", "Malformed input request: #: expected type: JSONObject, please"),
        ("{}", "Malformed input request: #: required key [inputText] not found, please"),
        ('{"inputText": ""}', "Malformed input request: #/inputText: expected minLength: 1, actual: 0, please"),
        ('{"inputText": ["a"]}', "Malformed input request: #/inputText: expected type: str, found: list, please"),
        ('{"inputText": "a", "texts": []}', "Malformed input request: #: extraneous key [texts] is not permitted"),
        ('{"inputText": "a", "dimensions": 300}', "Malformed input request: #/dimensions: 300 is not a valid enum"),
        ('{"inputText": "a", "embeddingTypes": ["int8"]}', "Malformed input request: #/embeddingTypes: int8 is not"),
        (json.dumps({"inputText": "a" * 50_001}), "Malformed input request: expected maxLength: 50000, actual: 50001"),
        (
            json.dumps({"inputText": "a " * 8_193}),
            "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 8193",
        ),
    ],
    ids=["text", "list", "no-text", "empty", "texts", "extra", "dimensions", "types", "characters", "tokens"],
)  # fmt: skip
def test_what_titan_does_not_take(bedrock: Any, body: str, expected: str) -> None:
    code, status, message = refusal(bedrock.invoke_model, modelId=TITAN, body=body)
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(expected)


def test_other_bodies_than_titans_are_refused(bedrock: Any) -> None:
    code, _, message = refusal(bedrock.invoke_model, modelId=CHAT, body=b'{"inputText": "a"}')
    assert (code, message) == (
        "ValidationException",
        f"The sandbox knows the bodies of amazon.titan-embed-text-v2 alone; ask {CHAT} by Converse.",
    )


@pytest.mark.parametrize(
    "model_id",
    [CHAT, f"us.{CHAT}", MODEL_ARN.format(CHAT), f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.{CHAT}"],
    ids=["id", "profile", "arn", "arn-of-profile"],
)  # fmt: skip
def test_the_gates_own_clients_ask_it_by_any_name_of_the_model(
    bedrock: Any, server: ScriptedServer, model_id: str
) -> None:
    schema = {"type": "object"}
    chat = BedrockChat(bedrock, model_id, max_tokens=5)
    assert chat.converse("Is it?", system="Judge.", schema=schema) == ChatAnswer("yes", 100, 10, "end_turn")
    asked = server.requests[0]
    assert asked["messages"][0] == {"role": "system", "content": "Judge."}
    assert asked["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }


def test_the_gates_own_embeddings(bedrock: Any) -> None:
    vectors = BedrockEmbeddings(bedrock, TITAN, dimensions=512).embed(["a", "b"])
    assert [len(vector) for vector in vectors] == [512, 512]
    with pytest.raises(AwsAccessDeniedError, match="You don't have access to the model"):
        BedrockEmbeddings(bedrock, "cohere.embed-english-v3").embed(["a"])
    with pytest.raises(AwsError, match="expected minLength"):
        BedrockEmbeddings(bedrock, TITAN).embed([""])


def test_on_a_bad_day_it_is_throttled(account: Any, bedrock: Any) -> None:
    with account.sandbox.faults(Faults(throttled=1.0)):
        assert refusal(bedrock.converse, modelId=CHAT, messages=[HELLO]) == (
            "ThrottlingException",
            429,
            "Too many requests, please wait before trying again.",
        )
        with pytest.raises(AwsThrottledError):
            BedrockEmbeddings(bedrock, TITAN).embed(["a"])


def test_a_model_is_asked_by_those_who_may_invoke_it(caller: MakeCaller, server: ScriptedServer) -> None:
    arn = MODEL_ARN.format(CHAT)
    hello = {"modelId": CHAT, "messages": [HELLO]}
    may = caller(statement("bedrock:InvokeModel", arn)).client("bedrock-runtime")
    assert may.converse(**hello)["stopReason"] == "end_turn"
    assert "bedrock:InvokeModel" in refused(may.invoke_model, modelId=TITAN, body=b'{"inputText": "a"}')
    nobody = caller().client("bedrock-runtime")
    assert f"bedrock:InvokeModel on resource: {arn} because" in refused(nobody.converse, **hello)


def test_a_profile_needs_the_right_to_the_model_behind_it(caller: MakeCaller, server: ScriptedServer) -> None:
    profile = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{CHAT}"
    hello = {"modelId": f"us.{CHAT}", "messages": [HELLO]}
    one, both = statement("bedrock:InvokeModel", profile), [profile, MODEL_ARN.format(CHAT)]
    assert MODEL_ARN.format(CHAT) in refused(caller(one).client("bedrock-runtime").converse, **hello)
    assert caller(statement("bedrock:InvokeModel", both)).client("bedrock-runtime").converse(**hello)


def test_what_a_model_is_sent_names_no_resource(caller: MakeCaller, server: ScriptedServer) -> None:
    own = MODEL_ARN.format("amazon.nova-pro-v1:0")
    body = json.dumps({"inputText": "a", "modelId": own, "ResourceArn": own})
    client = caller(statement("bedrock:InvokeModel", own)).client("bedrock-runtime")
    assert MODEL_ARN.format(TITAN) in refused(client.invoke_model, modelId=TITAN, body=body)


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1:1/v1", "http://models.example.com/v1", "127.0.0.1:8080"],
    ids=["tls", "elsewhere", "no-url"],
)
def test_a_server_elsewhere_serves_nothing(account: Any, url: str) -> None:
    with pytest.raises(SandboxError, match=r"is not on this machine; serve it as http://127\.0\.0\.1:PORT"):
        account.sandbox.serve_model(CHAT, url)
