"""Which settings an endpoint is not told again, by what it says when it refuses a request."""

import asyncio

import pytest

from models.concessions import Concessions, RequestShape
from scorers.endpoints.answers import after_reasoning
from scorers.endpoints.protocols import Fault, JsonMode, JudgeAnswer, RequestError

WANTED = RequestShape(limit="max_tokens", seed=True, temperature=True, json_modes=tuple(JsonMode))


class Endpoint:
    """Refuses with the first message of `rules` whose condition holds for the shape of a request."""

    def __init__(self, *rules: tuple[str, str]) -> None:
        self.rules = rules
        self.asked: list[RequestShape] = []

    async def send(self, shape: RequestShape) -> JudgeAnswer:
        self.asked.append(shape)
        await asyncio.sleep(0)
        told = {
            shape.limit or "",
            "seed" if shape.seed else "",
            "temperature" if shape.temperature else "",
            shape.json_mode.value,
        }
        for setting, message in self.rules:
            if setting in told:
                raise RequestError(message, Fault.REJECTED)
        return JudgeAnswer("yes")


def ask(endpoint: Endpoint, times: int = 1) -> list[JudgeAnswer]:
    async def all_at_once() -> list[JudgeAnswer]:
        concessions = Concessions(WANTED)
        concessions.open()
        return await asyncio.gather(*(concessions.ask(endpoint.send) for _ in range(times)))

    return asyncio.run(all_at_once())


@pytest.mark.parametrize(
    ("rules", "without"),
    [
        pytest.param((), (), id="takes all"),
        pytest.param(
            (
                (
                    "max_tokens",
                    "Unsupported parameter: 'max_tokens' is not supported with this model. "
                    "Use 'max_completion_tokens' instead.",
                ),
            ),
            ("max_completion_tokens in place of max_tokens",),
            id="wants the newer limit",
        ),
        pytest.param(
            (
                ("max_tokens", "Unrecognized request argument supplied: max_tokens"),
                ("max_completion_tokens", "max_completion_tokens: Extra inputs are not permitted"),
            ),
            ("no max_tokens",),
            id="takes no limit",
        ),
        pytest.param((("seed", "Extra inputs are not permitted: seed"),), ("no seed",), id="takes no seed"),
        pytest.param(
            (("temperature", "Unsupported value: 'temperature' does not support 0 with this model."),),
            ("no temperature",),
            id="takes no temperature",
        ),
        pytest.param(
            (("json_schema", "response_format json_schema not supported"),),
            ("JSON mode json_object in place of json_schema",),
            id="takes no schema",
        ),
        pytest.param(
            (
                ("json_schema", "'response_format' is not supported"),
                ("json_object", "'response_format' is not supported"),
            ),
            ("JSON mode prompt in place of json_schema",),
            id="takes no JSON mode",
        ),
        pytest.param(
            (
                ("seed", "unknown field: Seed"),
                ("temperature", "`temperature` is deprecated for this model."),
                ("json_schema", "This model does not support structured output."),
            ),
            ("no seed", "no temperature", "JSON mode json_object in place of json_schema"),
            id="takes hardly anything",
        ),
    ],
)
def test_what_is_refused_is_not_told_again(
    rules: tuple[tuple[str, str], ...], without: tuple[str, ...]
) -> None:
    endpoint = Endpoint(*rules)
    answers = ask(endpoint, times=5)
    assert [answer.without for answer in answers] == [without] * 5
    refusals = len(set(endpoint.asked)) - 1
    assert len(endpoint.asked) == 5 + refusals, "a refusal costs one request, not one for each in flight"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("content filtered", id="names nothing"),
        pytest.param(
            "'max_tokens' is too large: 1024. This model's maximum context length is 512 tokens", id="length"
        ),
        pytest.param("seedling and temperatures are no settings", id="other words"),
    ],
)
def test_a_refusal_of_one_prompt_is_no_refusal_of_a_setting(message: str) -> None:
    endpoint = Endpoint(("max_tokens", message))
    with pytest.raises(RequestError, match=message[:12]):
        ask(endpoint)
    assert endpoint.asked == [WANTED]


def test_what_did_not_help_is_not_kept() -> None:
    """A content filter that quotes a prompt about seeds refuses it in every shape."""

    class Filter(Endpoint):
        async def send(self, shape: RequestShape) -> JudgeAnswer:
            self.asked.append(shape)
            if len(self.asked) <= 2:
                raise RequestError('filtered: "which seed grows fastest?"', Fault.REJECTED)
            return JudgeAnswer("yes")

    endpoint = Filter()

    async def one_after_another() -> JudgeAnswer:
        concessions = Concessions(WANTED)
        concessions.open()
        with pytest.raises(RequestError, match="filtered"):
            await concessions.ask(endpoint.send)
        return await concessions.ask(endpoint.send)

    assert asyncio.run(one_after_another()).without == ()
    assert endpoint.asked[-1] == WANTED


def test_one_schema_that_is_refused_leaves_the_mode_to_the_other_questions() -> None:
    endpoint = Endpoint(("json_schema", "Invalid schema for response_format 'Answer'"))

    async def twice() -> list[JudgeAnswer]:
        concessions = Concessions(WANTED)
        concessions.open()
        first = await concessions.ask(endpoint.send)
        endpoint.rules = ()
        return [first, await concessions.ask(endpoint.send)]

    assert [answer.without for answer in asyncio.run(twice())] == [
        ("JSON mode json_object in place of json_schema",),
        (),
    ]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param('{"a": 1}', '{"a": 1}', id="no reasoning"),
        pytest.param('<think>perhaps {"a": 0}</think>\n{"a": 1}', '{"a": 1}', id="in tags"),
        pytest.param('perhaps {"a": 0} </think>\n\n{"a": 1}', '{"a": 1}', id="the opening tag is not shown"),
        pytest.param("<Thinking>a</Thinking> b", "b", id="another tag"),
        pytest.param('<think>perhaps {"a": 0}', "", id="never closed"),
    ],
)
def test_reasoning_is_not_the_answer(text: str, answer: str) -> None:
    assert after_reasoning(text) == answer
