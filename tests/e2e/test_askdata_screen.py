"""AskData's screen in a real browser, over the deployed gate: what an analyst does, and which version answers."""

import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, expect

import submit
from assistant.artifact import key_of, pack
from assistant.configuration import Configuration
from assistant.conversations import Conversations
from assistant.kept_answers import Served
from assistant.screen_settings import ScreenSettings
from aws import clients
from cli.exit_codes import ExitCode
from ingest import read_configuration
from run_askdata import FIRST, running_assistant
from screen_process import find_free_port, running_screen
from tests.browsers import find_browser, launched_browser
from tests.e2e.conftest import Governance, bias

USED = (
    *(clients.bedrock_runtime_client, clients.dynamodb_client, clients.s3_client),
    *(clients.sagemaker_client, clients.sts_client),
)
PATIENCE = 60_000  # milliseconds, of a loaded machine
HOSTILE = (
    "<img src=x onerror=\"document.title='acted'\"> How many customers are there? [now](javascript:alert(1))"
)
INJECTED = "SELECT 1; DELETE FROM calls"  # what an injection may have talked a model into
pytestmark = pytest.mark.e2e
expect.set_options(timeout=PATIENCE)


class RunningScreen:
    """One running screen, beside the gate whose approvals it follows."""

    def __init__(self, governance: Governance, settings: ScreenSettings, url: str) -> None:
        self.governance, self.settings, self.url = governance, settings, url

    def register(self, configuration: Configuration, accuracy: float) -> str:
        """Register a configuration as the newest version, have it judged, and return its approval status.

        The figures are made up, since judging by the questions takes longer: the gate cannot tell.
        """
        bucket = self.governance.outputs["EvidenceBucket"]
        key = key_of(configuration, self.settings.assistant.group)
        self.governance.client("s3").put_object(Bucket=bucket, Key=key, Body=pack(configuration))
        figures = {
            "binary_classification_metrics": {"accuracy": {"value": accuracy}},
            "latency_metrics": {"p95_seconds": {"value": 1 + random.random()}},
        }
        quality = self.governance.source(json.dumps(figures).encode())
        answer = self.governance.client("sagemaker").create_model_package(
            ModelPackageGroupName=self.settings.assistant.group,
            ModelApprovalStatus="PendingManualApproval",
            ModelMetrics={
                "ModelQuality": {"Statistics": quality},
                "Bias": {"Report": self.governance.source(bias(random.uniform(0, 0.1)))},
            },
            InferenceSpecification={
                "Containers": [
                    {
                        "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/askdata:1",
                        "ModelDataUrl": f"s3://{bucket}/{key}",
                    }
                ],
                "SupportedContentTypes": ["text/plain"],
                "SupportedResponseMIMETypes": ["text/plain"],
            },
        )
        self.governance.settle()
        status = self.governance.describe(answer["ModelPackageArn"])["ModelApprovalStatus"]
        return str(status)


def forget_clients() -> None:
    """This process's clients lead to where the environment led when each was made."""
    for make in USED:
        make.cache_clear()


@pytest.fixture(scope="module")
def running(_deployed: Governance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningScreen]:
    """The screen, before anything is approved."""
    find_browser()  # without one nothing is started
    _deployed.require("lambda")
    stack = _deployed.sandbox.environment() | {
        "GOVERNANCE_DECISIONS_BUCKET": _deployed.outputs["DecisionsBucket"]
    }
    folder = tmp_path_factory.mktemp("askdata")
    with ExitStack() as opened:
        opened.callback(forget_clients)
        forget_clients()
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        for name, value in stack.items():
            patch.setenv(name, value)
        settings = opened.enter_context(
            running_assistant(_deployed.sandbox, stack, folder, group=_deployed.group(), say=print)
        )
        url = opened.enter_context(
            running_screen(stack | settings.to_environment(), folder / "screen.log", port=find_free_port())
        )
        yield RunningScreen(_deployed, settings, url)


@pytest.fixture(scope="module")
def browser(running: RunningScreen) -> Iterator[Browser]:
    """Launched after the models: beside it none could load in a loop of asyncio."""
    with launched_browser() as launched:
        yield launched


@pytest.fixture
def page(running: RunningScreen, browser: Browser) -> Iterator[Page]:
    """A new tab; an error on its console, a dialog, or a request to elsewhere fails the test."""
    context = browser.new_context(viewport={"width": 1_000, "height": 1_400})
    opened = context.new_page()
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            said.append(message.text)

    def look(request: Request) -> None:
        if not request.url.startswith((running.url, "data:", "blob:")):
            said.append(request.url)

    def dismiss(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    opened.on("console", hear)
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", look)
    opened.on("dialog", dismiss)
    opened.set_default_timeout(PATIENCE)
    opened.goto(running.url)
    yield opened
    context.close()
    assert said == []


def ask(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    expect(box).to_be_enabled()
    box.fill(question)
    box.press("Enter")


def test_what_is_approved_answers_and_nothing_else(
    running: RunningScreen, page: Page, tmp_path: Path
) -> None:
    first = read_configuration(FIRST)
    second = first.model_copy(update={"instructions": first.instructions + "\nBe brief.\n"})
    third = first.model_copy(update={"prompt": "{question}"})
    expect(page.get_by_text("No version is approved yet.")).to_be_visible()
    expect(page.get_by_test_id("stChatInputTextArea")).to_be_disabled()
    # The page is open all the time: it follows what the gate says.
    assert running.register(first, 0.9) == "Approved"
    expect(page.get_by_text("Version 1 answers")).to_be_visible()
    ask(page, "How many customers are there in Texas?")
    code = page.get_by_test_id("stCode")
    expect(code).to_contain_text("count(")
    expect(page.get_by_text("Reads customers, mailing_addresses.")).to_be_visible()
    page.get_by_role("button", name="Run on the data lake").click()
    expect(page.get_by_text("The whole result: 1 row")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.get_by_text("Rate this answer").click()
    page.get_by_text("5", exact=True).click()
    page.get_by_label("What was good or wrong?").fill("quick")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Rated 5 of 5")).to_be_visible()
    picture = page.screenshot(path=tmp_path / "screen.png")
    assert len(picture) > 20_000
    conversations = Conversations(running.governance.client("dynamodb"), running.settings.table)
    [rating] = conversations.ratings(first.digest)
    assert (rating.rating, rating.comment, rating.question) == (
        *(5, "quick"),
        "How many customers are there in Texas?",
    )
    # A rejected version never answers, an approved one does, on the page that is open.
    assert running.register(third, 0.1) == "Rejected"
    assert running.register(second, 0.95) == "Approved"
    expect(page.get_by_text("Version 3 answers")).to_be_visible()
    ask(page, "And in California?")
    expect(code).to_have_count(2)
    turns = conversations.last_turns(page.url.partition("conversation=")[2], 10)
    assert [turn.served.version.rpartition("/")[2] for turn in turns] == ["1", "3"]
    # Reloaded, the page has the conversation as it was.
    page.reload()
    expect(code).to_have_count(2)


def test_a_hostile_question_is_text_and_runs_nothing_but_a_query(running: RunningScreen, page: Page) -> None:
    before = running.settings.lake.read_bytes()
    ask(page, HOSTILE)
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    button = page.get_by_role("button", name="Run on the data lake")
    problem = page.get_by_text("There is no SQL for this question.")
    expect(button.or_(problem)).to_be_visible()
    if button.is_visible():
        button.click()
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    assert page.title() == "AskData"
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("a[href^=javascript]").count() == 0
    assert running.settings.lake.read_bytes() == before


def test_sql_that_an_injection_brought_into_a_conversation_is_not_run(
    running: RunningScreen, page: Page
) -> None:
    before = running.settings.lake.read_bytes()
    conversations = Conversations(running.governance.client("dynamodb"), running.settings.table)
    conversation = conversations.begin()
    served = Served("arn:aws:sagemaker:us-east-1:123456789012:model-package/askdata/1", "0" * 64)
    conversations.add(conversation, "?", sql=INJECTED, problem="", tables=[], served=served)
    page.goto(f"{running.url}?conversation={conversation}")
    page.get_by_role("button", name="Run on the data lake").click()
    expect(page.get_by_text("It was not run to its end.")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    assert running.settings.lake.read_bytes() == before


def test_a_configuration_is_submitted_with_the_ratings_that_people_gave_it(
    running: RunningScreen,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By three of the questions. The shared gate's thresholds ask for other figures, and so it rejects."""
    configuration = read_configuration(FIRST)
    conversations = Conversations(running.governance.client("dynamodb"), running.settings.table)
    conversation = conversations.begin()
    for number, rating in enumerate((5, 4), start=1):
        served = Served(
            "arn:aws:sagemaker:us-east-1:123456789012:model-package/askdata/1", configuration.digest
        )
        conversations.add(conversation, "?", sql="SELECT 1", problem="", tables=[], served=served)
        conversations.rate(conversation, number, rating)
    questions = tmp_path / "questions.jsonl"
    lines = submit.QUESTIONS.read_text(encoding="utf-8").splitlines(keepends=True)[:3]
    questions.write_text("".join(lines), encoding="utf-8")
    monkeypatch.setattr(submit, "QUESTIONS", questions)
    for name, value in running.settings.to_environment().items():
        monkeypatch.setenv(name, value)
    for name in ("Evidence", "Thresholds"):
        monkeypatch.setenv(f"GOVERNANCE_{name.upper()}_BUCKET", running.governance.outputs[f"{name}Bucket"])
    said: list[str] = []
    assert submit.submit(configuration, tmp_path, said.append) == ExitCode.REJECTED
    rated = len(list(conversations.ratings(configuration.digest)))
    assert said == [
        "answering 3 questions",
        "scoring the answers",
        f"scoring {rated} ratings",
        "registering the version",
        "waiting for the gate",
    ]
    assert "Rejected" in capsys.readouterr().out
    scored = json.loads((tmp_path / configuration.digest / "evidence/feedback/evaluation.json").read_bytes())
    assert scored["provenance"]["subject"]["name"] == configuration.name
    assert scored["feedback_metrics"]["responses"]["value"] == rated
    # What the version was judged by are both reports.
    newest = running.governance.client("sagemaker").list_model_packages(
        ModelPackageGroupName=running.settings.assistant.group, SortOrder="Descending"
    )["ModelPackageSummaryList"][0]["ModelPackageArn"]
    judged = running.governance.decision(newest)["evidence"]
    assert [one["uri"].rpartition("/")[0].rpartition("/")[2] == "feedback" for one in judged] == [False, True]
