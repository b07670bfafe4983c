"""Conversations and ratings in DynamoDB, over HTTP: nothing is lost, and what has expired is not seen."""

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

import export_ratings
from assistant.conversation_table import EXPIRY
from assistant.conversations import LIFETIME, LONGEST_COMMENT, ConversationError, Conversations
from assistant.kept_answers import KeptTurn, Served
from aws.aws_errors import AwsError
from checks.errors import GovernanceError
from cli.main import run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THRESHOLDS = Path(__file__).resolve().parents[2] / "examples" / "askdata" / "thresholds.yaml"
EVIDENCE = THRESHOLDS.parent / "version-3" / "evidence"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/askdata/"
FIRST, SECOND = Served(f"{ARN}1", "a" * 64), Served(f"{ARN}2", "b" * 64)


class Clock:
    """Says what it was set to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def conversations(dynamodb: "DynamoDBClient", table: str, clock: Clock) -> Conversations:
    return Conversations(dynamodb, table, now=clock)


def ask(conversations: Conversations, conversation: str, question: str, served: Served = FIRST) -> KeptTurn:
    return conversations.add(
        conversation, question, sql="SELECT 1", problem="", tables=["calls", "billing"], served=served
    )


def test_a_conversation_is_read_back_as_it_was_kept(conversations: Conversations, clock: Clock) -> None:
    conversation = conversations.begin()
    assert conversations.last_turns(conversation, 10) == []
    first = ask(conversations, conversation, "How many calls? <b>'\"\0")
    clock.time += timedelta(minutes=1)
    second = conversations.add(conversation, "And?", sql="", problem="no SQL", tables=[], served=SECOND)
    assert first == KeptTurn(
        1,
        "How many calls? <b>'\"\0",
        "SELECT 1",
        "",
        ("calls", "billing"),
        FIRST,
        clock.time - timedelta(minutes=1),
    )
    assert conversations.last_turns(conversation, 10) == [first, second]
    assert conversations.last_turns(conversation, 1) == [second]
    assert conversations.last_turns(conversations.begin(), 10) == []


def test_an_id_cannot_be_guessed_and_only_one_that_was_begun_is_known(conversations: Conversations) -> None:
    ids = {conversations.begin() for _ in range(5)}
    assert len(ids) == 5
    assert all(
        re.fullmatch(r"[A-Za-z0-9_-]{43}", name) for name in ids
    )  # 32 bytes of the system's randomness
    assert all(map(conversations.is_known, ids))
    unknown = ["", "x" * 43, "begun", f"ratings#{'a' * 64}", *(name[:-1] for name in ids)]
    assert not any(map(conversations.is_known, unknown))


def test_a_conversation_is_known_to_who_began_it_alone(conversations: Conversations) -> None:
    of_ann, of_nobody = conversations.begin("ann"), conversations.begin()
    assert [conversations.is_known(of_ann, person) for person in ("ann", "bob", "")] == [True, False, False]
    assert [conversations.is_known(of_nobody, person) for person in ("ann", "")] == [False, True]


def test_what_has_expired_is_not_seen_before_dynamodb_removes_it(
    conversations: Conversations, dynamodb: "DynamoDBClient", table: str, clock: Clock
) -> None:
    conversation = conversations.begin()
    ask(conversations, conversation, "How many calls?")
    description = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert description == {"TimeToLiveStatus": "ENABLED", "AttributeName": EXPIRY}
    items = dynamodb.scan(TableName=table)["Items"]
    assert {item[EXPIRY]["N"] for item in items} == {str(int((clock.time + LIFETIME).timestamp()))}
    clock.time += LIFETIME - timedelta(seconds=1)
    assert conversations.is_known(conversation)
    assert len(conversations.last_turns(conversation, 10)) == 1
    clock.time += timedelta(seconds=1)
    assert not conversations.is_known(conversation)
    assert conversations.last_turns(conversation, 10) == []


def test_screens_that_answer_at_once_lose_no_turn(
    conversations: Conversations, dynamodb: "DynamoDBClient", table: str
) -> None:
    """Each with a view of its own, all begun at the same moment."""
    conversation = conversations.begin()
    together = threading.Barrier(6)

    def answer(name: int) -> int:
        screen = Conversations(dynamodb, table)
        together.wait()
        return ask(screen, conversation, f"question {name}").number

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(answer, range(6)))
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    asked = [turn.question for turn in conversations.last_turns(conversation, 10)]
    assert sorted(asked) == [f"question {name}" for name in range(6)]


class RepeatingClient:
    """Repeats every write, as boto3 does when the first answer is lost."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._client, name)

        def twice(**arguments: Any) -> Any:
            method(**arguments)
            return method(**arguments)

        return twice if name == "put_item" else method


def test_a_write_whose_answer_was_lost_is_one_turn(dynamodb: "DynamoDBClient", table: str) -> None:
    repeating: Any = RepeatingClient(dynamodb)
    conversations = Conversations(dynamodb, table)
    conversation = conversations.begin()
    assert ask(Conversations(repeating, table), conversation, "How many?").number == 1
    assert len(conversations.last_turns(conversation, 10)) == 1


def test_a_rating_is_kept_with_what_was_rated_and_without_the_id(
    conversations: Conversations, clock: Clock
) -> None:
    conversation = conversations.begin()
    ask(conversations, conversation, "How many calls?")
    ask(conversations, conversation, "How many bills?", SECOND)
    clock.time += timedelta(minutes=1)
    conversations.rate(conversation, 1, 5, "just right")
    [kept] = conversations.ratings(FIRST.configuration)
    assert (kept.rating, kept.comment, kept.question, kept.sql) == (
        *(5, "just right"),
        *("How many calls?", "SELECT 1"),
    )
    assert (kept.served, kept.rated_at) == (FIRST, clock.time)
    assert conversation not in repr(kept)
    assert [turn.rating for turn in conversations.last_turns(conversation, 10)] == [5, None]
    assert list(conversations.ratings(SECOND.configuration)) == []
    clock.time += LIFETIME  # the conversation is forgotten, what was rated is not
    assert list(conversations.ratings(FIRST.configuration)) == [kept]


@pytest.mark.parametrize(
    ("number", "rating", "comment", "reason"),
    [
        (1, 0, "", "0: a rating is from 1 to 5"),
        (1, 6, "", "6: a rating is from 1 to 5"),
        (1, 3, "x" * (LONGEST_COMMENT + 1), "the comment is longer than 1,000 characters; shorten it"),
        (2, 3, "", "this answer is forgotten; ask again to rate one"),
    ],
    ids=["low", "high", "long", "no answer"],
)
def test_what_is_no_rating_is_refused(
    conversations: Conversations, number: int, rating: int, comment: str, reason: str
) -> None:
    conversation = conversations.begin()
    ask(conversations, conversation, "How many?")
    with pytest.raises(ConversationError, match=f"^{re.escape(reason)}$"):
        conversations.rate(conversation, number, rating, comment)
    assert list(conversations.ratings(FIRST.configuration)) == []


def test_an_answer_is_rated_once_whichever_screen_comes_first(
    conversations: Conversations, dynamodb: "DynamoDBClient", table: str
) -> None:
    conversation = conversations.begin()
    ask(conversations, conversation, "How many?")
    together = threading.Barrier(4)

    def rate(rating: int) -> str:
        screen = Conversations(dynamodb, table)
        together.wait()
        try:
            screen.rate(conversation, 1, rating)
        except ConversationError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(rate, range(1, 5)))
    [kept] = conversations.ratings(FIRST.configuration)
    assert sorted(said) == ["", *[f"this answer is rated already: {kept.rating} of 5"] * 3]
    assert conversations.last_turns(conversation, 1)[0].rating == kept.rating


def test_a_rating_beside_a_transaction_that_wins_nothing_is_tried_again(
    conversations: Conversations, dynamodb: "DynamoDBClient"
) -> None:
    """DynamoDB cancels both of two that meet, and the answer has no rating of either."""
    conversation = conversations.begin()
    ask(conversations, conversation, "How many?")
    conflicts = iter(range(2))

    def cancel(**_sent: object) -> Any:
        if next(conflicts, None) is None:
            return None
        told = {"__type": "TransactionCanceledException", "Message": "[TransactionConflict, None]"}
        answer: Any = AWSResponse("http://localhost", 400, HTTPHeaders(), None)
        answer._content = json.dumps(told).encode()
        return answer

    event, hooks = "before-send.dynamodb.TransactWriteItems", cast("Any", dynamodb.meta.events)
    hooks.register(event, cancel)
    try:
        conversations.rate(conversation, 1, 5)
    finally:
        hooks.unregister(event, cancel)
    assert conversations.last_turns(conversation, 1)[0].rating == 5


def test_a_table_that_is_not_there_is_one_message(dynamodb: "DynamoDBClient") -> None:
    with pytest.raises(AwsError, match=r"^nosuch: PutItem failed with ResourceNotFoundException"):
        Conversations(dynamodb, "nosuch").begin()


def test_other_refusals_are_not_taken_for_a_lost_race(dynamodb: "DynamoDBClient", table: str) -> None:
    conversations = Conversations(dynamodb, table)
    conversation = conversations.begin()
    with pytest.raises(AwsError, match="Item size has exceeded"):
        ask(conversations, conversation, "x" * 500_000)


@pytest.mark.parametrize(
    ("ratings", "came"),
    [
        ([5] * 14 + [4] * 4 + [2] * 2, ("Approved", "passed")),
        ([5] * 9 + [3] * 9 + [1] * 2, ("Rejected", "failed")),
        ([1], ("Approved", "inconclusive")),
    ],
    ids=["rated well", "rated badly", "rated by few"],
)
def test_ratings_are_evidence_that_the_gate_decides_by(
    conversations: Conversations,
    clock: Clock,
    tmp_path: Path,
    ratings: list[int],
    came: tuple[str, str],
) -> None:
    """From the table to the decision, by the commands that a user types; beside the evidence of version 3."""
    conversation = conversations.begin()
    for number, rating in enumerate(ratings, start=1):
        ask(conversations, conversation, f"question {number}")
        clock.time += timedelta(seconds=1)
        conversations.rate(conversation, number, rating, 'a, "comment"\nof two lines')
    file = tmp_path / "ratings.jsonl"
    assert export_ratings.write_ratings(conversations.ratings(FIRST.configuration), file) == len(ratings)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["rating"] for line in lines] == ratings
    assert run(["score", "feedback", str(file), "-o", str(tmp_path / "evidence")]) == 0
    record = tmp_path / "decision.json"
    evidence = ["--evidence", str(EVIDENCE), "--evidence", str(tmp_path / "evidence")]
    run(["check", str(THRESHOLDS), *evidence, "--format", "json", "-o", str(record)])
    decided = json.loads(record.read_bytes())
    outcomes = {finding["check"]: finding["outcome"] for finding in decided["findings"]}
    assert (decided["decision"], outcomes["net promoter score"]) == came


def test_a_configuration_that_nobody_rated_writes_nothing(
    conversations: Conversations, tmp_path: Path
) -> None:
    with pytest.raises(GovernanceError, match="nobody has rated this configuration; nothing was written"):
        export_ratings.write_ratings(conversations.ratings(FIRST.configuration), tmp_path / "ratings.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_ratings_that_cannot_be_written_are_one_message(conversations: Conversations, tmp_path: Path) -> None:
    conversation = conversations.begin()
    ask(conversations, conversation, "How many calls?")
    conversations.rate(conversation, 1, 5)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GovernanceError, match=r"file: cannot be made \(.*\); name another file$"):
        export_ratings.write_ratings(
            conversations.ratings(FIRST.configuration), tmp_path / "file" / "ratings.jsonl"
        )
