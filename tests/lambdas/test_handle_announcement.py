"""The function that announces decisions, with the events that S3 sends to EventBridge."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from aws import clients
from aws.aws_errors import AwsError
from lambdas import handle_announcement
from pipelines.step_settings import KEPT, AnnounceSettings, SeparationOfDuties, to_environment
from tests.lambdas.conftest import ACCOUNT, Account
from tests.lambdas.test_handle_report_page import arrival

REGION = "eu-west-1"


@dataclass
class Followers:
    """The queue of a program that follows a bus of decisions, and that of people who follow the topic."""

    programs: str
    people: str

    @staticmethod
    def take(queue: str) -> list[dict[str, Any]]:
        """Take what is in a queue."""
        found = clients.sqs_client().receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture(scope="module", autouse=True)
def _announcing_clients(_clients: None) -> Iterator[None]:
    """Let these be made once, too, with the credentials of the others."""
    made = (clients.events_client, clients.sns_client, clients.sqs_client)
    for client in made:
        client.cache_clear()
    yield
    for client in made:
        client.cache_clear()


def make_queue(name: str) -> tuple[str, str]:
    """Make a queue; return its URL and its ARN."""
    url = clients.sqs_client().create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


@pytest.fixture
def followers(account: Account, monkeypatch: pytest.MonkeyPatch) -> Followers:
    """A bus and a topic that are followed, and the environment that the stack gives to the function."""
    del account
    programs, programs_arn = make_queue("programs")
    people, people_arn = make_queue("people")
    events, sns = clients.events_client(), clients.sns_client()
    bus = events.create_event_bus(Name="decisions")["EventBusArn"]
    events.put_rule(Name="all", EventBusName="decisions", EventPattern='{"source": ["model-governance"]}')
    events.put_targets(Rule="all", EventBusName="decisions", Targets=[{"Id": "1", "Arn": programs_arn}])
    boto: Any = sns  # the deployed code only publishes
    topic = boto.create_topic(Name="decisions")["TopicArn"]
    boto.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=people_arn)
    settings = AnnounceSettings(
        account=ACCOUNT,
        region=REGION,
        decisions_bucket="decisions",
        seal_key="set by the account",
        separation_of_duties=SeparationOfDuties.REQUIRED,
        decision_bus=bus,
        decisions_topic=topic,
        notify_on="NeedsReview,Rejected",
        report_pages=KEPT,
    )
    for name, value in to_environment(settings).items():
        if name != "GOVERNANCE_SEAL_KEY":
            monkeypatch.setenv(name, value)
    return Followers(programs, people)


def rejected(account: Account) -> str:
    """A version that was rejected; return where its outcome is."""
    arn = account.register(account.put_report("askdata/bad.json", 0.5))
    answer = account.evaluate(model_package_arn=arn)
    account.update(answer, model_package_arn=arn)
    return answer["decision_uri"].replace(".json", ".outcome.json")


def announce(uri: str) -> str:
    return handle_announcement.handler(arrival(uri), None)["outcome"]


def test_programs_get_an_event_and_people_a_message_each_time(account: Account, followers: Followers) -> None:
    uri = rejected(account)
    assert [announce(uri), announce(uri)] == ["announced, with a message"] * 2
    first, second = followers.take(followers.programs)
    assert first["detail-type"] == "Model Governance Decision"
    assert first["detail"] == second["detail"]
    assert (first["detail"]["decision"], first["detail"]["outcome_record"]["uri"]) == ("Rejected", uri)
    told = followers.take(followers.people)
    assert [one["Subject"] for one in told] == ["Rejected: askdata version 2"] * 2
    assert [one["MessageAttributes"]["decision"]["Value"] for one in told] == ["Rejected"] * 2


def test_what_is_no_outcome_is_let_pass(account: Account, followers: Followers) -> None:
    uri = rejected(account)
    assert announce(uri.replace(".outcome.json", ".json")) == "no outcome"
    assert followers.take(followers.programs) == []


def test_an_event_that_never_becomes_valid_is_refused(followers: Followers) -> None:
    event = arrival("s3://evidence/decisions/askdata/1/one.outcome.json")
    answer = handle_announcement.handler(event, None)
    assert answer["outcome"] == "refused"
    assert "the bucket 'evidence'" in answer["reason"]
    assert followers.take(followers.programs) == []


def test_a_message_that_fails_is_raised_so_that_the_event_is_kept_and_sent_again(
    account: Account,
    followers: Followers,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    uri = rejected(account)
    monkeypatch.setenv("GOVERNANCE_DECISIONS_TOPIC", f"arn:aws:sns:{REGION}:{ACCOUNT}:gone")
    with pytest.raises(AwsError, match="Publish"):
        announce(uri)
    assert "not announced" in capsys.readouterr().out
    monkeypatch.setenv("GOVERNANCE_DECISIONS_TOPIC", f"arn:aws:sns:{REGION}:{ACCOUNT}:decisions")
    announce(uri)
    first, second = followers.take(followers.programs)
    assert first["detail"]["id"] == second["detail"]["id"]
    assert len(followers.take(followers.people)) == 1
