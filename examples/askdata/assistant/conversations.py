"""Conversations and the ratings of their answers, kept in DynamoDB: two screens of one conversation lose nothing."""

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assistant.conversation_table import EXPIRY, PARTITION_KEY, SORT_KEY, Item, deserialise, serialise
from assistant.kept_answers import (
    TURN,
    KeptRating,
    KeptTurn,
    Served,
    name_turn,
    number_of,
    read_rating,
    read_turn,
    write_rating,
    write_turn,
)
from aws.aws_errors import AwsError, explain_errors
from checks.errors import GovernanceError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, UpdateTypeDef

RATINGS = (1, 2, 3, 4, 5)
LONGEST_COMMENT = 1_000  # characters
LIFETIME = timedelta(days=30)
_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_ID_BYTES = 32
_BEGUN = "begun"  # the entry of a conversation that says that this program made its id; before every turn
_PERSON = "person"
_WRITER = "writer"
_ATTEMPTS = 20  # of as many screens that answer in one conversation at the same moment
_CONFLICT_SECONDS = 0.01  # longer with each attempt: two seconds in all
_TAKEN = "ConditionalCheckFailedException"
_CANCELLED = "TransactionCanceledException"


class ConversationError(GovernanceError):
    """A turn that cannot be kept or rated; the message says why."""


def _now() -> datetime:
    return datetime.now(UTC)


class Conversations:
    """The conversations of one table, each forgotten `LIFETIME` after it began.

    `now` is the clock: what it says is when something was asked or rated.
    """

    def __init__(self, client: "DynamoDBClient", table: str, *, now: Callable[[], datetime] = _now) -> None:
        self._client = client
        self._table = table
        self._now = now

    def begin(self, person: str = "") -> str:
        """Begin a conversation of who signed in, if anybody, and return its id, which cannot be guessed.

        Raises:
            AwsError: DynamoDB could not be asked.
        """
        conversation = secrets.token_urlsafe(_ID_BYTES)
        begun = {PARTITION_KEY: conversation, SORT_KEY: _BEGUN, _PERSON: person, EXPIRY: self._expiry()}
        self._put(begun)
        return conversation

    def is_known(self, conversation: str, person: str = "") -> bool:
        """Whether this is the id of a conversation that this person began here, and that is not forgotten.

        Raises:
            AwsError: DynamoDB could not be asked.
        """
        if not _ID.fullmatch(conversation):
            return False
        begun = self._read(conversation, _BEGUN)
        return bool(begun) and begun[_PERSON] == person and self._is_alive(begun)

    def last_turns(self, conversation: str, most: int) -> list[KeptTurn]:
        """Return the last turns of a conversation, at most so many, the oldest first.

        Raises:
            AwsError: DynamoDB could not be asked.
        """
        items = self._read_last(conversation, most)
        return [read_turn(item) for item in reversed(items) if self._is_alive(item)]

    def add(
        self,
        conversation: str,
        question: str,
        *,
        sql: str,
        problem: str,
        tables: Sequence[str],
        served: Served,
    ) -> KeptTurn:
        """Keep a turn as the newest of its conversation, whatever other screens add to it at the same moment.

        Raises:
            ConversationError: too many added to it at the same moment.
            AwsError: DynamoDB could not be asked.
        """
        # boto3 repeats a request whose answer was lost, and the repetition meets the turn that the first one wrote.
        own = {_WRITER: secrets.token_hex(), EXPIRY: self._expiry()}
        for _ in range(_ATTEMPTS):
            last = self._read_last(conversation, 1)
            number = 1 + (number_of(last[0]) if last else 0)
            turn = KeptTurn(number, question, sql, problem, tuple(tables), served, self._now())
            item = write_turn(conversation, turn) | own
            if self._put(item) or self._read(conversation, name_turn(number)).get(_WRITER) == own[_WRITER]:
                return turn
        raise ConversationError("too many answers arrived in this conversation at once; ask again")

    def rate(self, conversation: str, number: int, rating: int, comment: str = "") -> None:
        """Rate an answer of a conversation, once: the rating is kept, and the turn says that it has one.

        Raises:
            ConversationError: it is no rating, the answer has one already, or is gone.
            AwsError: DynamoDB could not be asked.
        """
        if rating not in RATINGS:
            raise ConversationError(f"{rating}: a rating is from {RATINGS[0]} to {RATINGS[-1]}")
        if len(comment) > LONGEST_COMMENT:
            raise ConversationError(f"the comment is longer than {LONGEST_COMMENT:,} characters; shorten it")
        turn = self._find_turn(conversation, number)
        kept = KeptRating(
            rating, comment, _hide(conversation), turn.question, turn.sql, turn.served, self._now()
        )
        # DynamoDB cancels a transaction beside another one about the same answer, before either is to be seen:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html, conflict handling.
        for attempt in range(_ATTEMPTS):
            try:
                self._write_rating(conversation, number, kept)
            except AwsError as error:
                if error.code != _CANCELLED:
                    raise
            else:
                return
            self._find_turn(conversation, number)  # another screen may have rated it meanwhile
            time.sleep(_CONFLICT_SECONDS * attempt)
        raise ConversationError("the rating could not be kept at this moment; try again")

    def ratings(self, configuration: str) -> Iterator[KeptRating]:
        """Yield every rating of the answers of a configuration, by its SHA-256, in no order of time.

        Raises:
            AwsError: DynamoDB could not be asked.
        """
        with explain_errors("Query", self._table):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="#session = :session",
                ExpressionAttributeNames={"#session": PARTITION_KEY},
                ExpressionAttributeValues=serialise({":session": _partition_of_ratings(configuration)}),
            )
            for page in pages:
                for item in page["Items"]:
                    yield read_rating(deserialise(item))

    def _read_last(self, conversation: str, most: int) -> list[Item]:
        """Return the newest turns, the newest first."""
        with explain_errors("Query", self._table):
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="#session = :session AND begins_with(#entry, :turn)",
                ExpressionAttributeNames={"#session": PARTITION_KEY, "#entry": SORT_KEY},
                ExpressionAttributeValues=serialise({":session": conversation, ":turn": TURN}),
                ScanIndexForward=False,
                Limit=most,
                ConsistentRead=True,
            )
            return [deserialise(item) for item in answer["Items"]]

    def _find_turn(self, conversation: str, number: int) -> KeptTurn:
        item = self._read(conversation, name_turn(number))
        if not item:
            raise ConversationError("this answer is forgotten; ask again to rate one")
        turn = read_turn(item)
        if turn.rating is not None:
            raise ConversationError(f"this answer is rated already: {turn.rating} of {RATINGS[-1]}")
        return turn

    def _read(self, conversation: str, entry: str) -> Item:
        """Return an item, or an empty one where there is none."""
        key = serialise({PARTITION_KEY: conversation, SORT_KEY: entry})
        with explain_errors("GetItem", self._table):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return deserialise(answer.get("Item", {}))

    def _put(self, item: Item) -> bool:
        """Write an item where there is none; whether this call did."""
        try:
            with explain_errors("PutItem", self._table):
                self._client.put_item(
                    TableName=self._table,
                    Item=serialise(item),
                    ConditionExpression="attribute_not_exists(#entry)",
                    ExpressionAttributeNames={"#entry": SORT_KEY},
                )
        except AwsError as error:
            if error.code != _TAKEN:
                raise
            return False
        return True

    def _write_rating(self, conversation: str, number: int, kept: KeptRating) -> None:
        """Write a rating and mark its turn: both, or neither."""
        entry = f"{kept.session}#{number:06d}"
        item = {PARTITION_KEY: _partition_of_ratings(kept.served.configuration), SORT_KEY: entry}
        put: PutTypeDef = {
            "TableName": self._table,
            "Item": serialise(item | write_rating(kept)),
            "ConditionExpression": "attribute_not_exists(#entry)",
            "ExpressionAttributeNames": {"#entry": SORT_KEY},
        }
        mark: UpdateTypeDef = {
            "TableName": self._table,
            "Key": serialise({PARTITION_KEY: conversation, SORT_KEY: name_turn(number)}),
            "UpdateExpression": "SET rating = :rating",
            "ConditionExpression": "attribute_exists(#entry) AND attribute_not_exists(rating)",
            "ExpressionAttributeNames": {"#entry": SORT_KEY},
            "ExpressionAttributeValues": serialise({":rating": kept.rating}),
        }
        with explain_errors("TransactWriteItems", self._table):
            self._client.transact_write_items(TransactItems=[{"Put": put}, {"Update": mark}])

    def _expiry(self) -> int:
        return int((self._now() + LIFETIME).timestamp())

    def _is_alive(self, item: Item) -> bool:
        """DynamoDB removes what has expired within days, and gives it out until then."""
        return int(item[EXPIRY]) > self._now().timestamp()


def _hide(conversation: str) -> str:
    """Return what tells conversations apart in what is handed on; their ids open them."""
    return hashlib.sha256(conversation.encode()).hexdigest()[:16]


def _partition_of_ratings(configuration: str) -> str:
    return f"ratings#{configuration}"  # no id of a conversation has this character
