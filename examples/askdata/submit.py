"""Send a configuration through the gate: answer the test questions, score them, register, and wait for the decision.

    python examples/askdata/submit.py my-configuration.yaml

The environment is that of `make askdata` (source the file that it names), or an account's. Where people have rated the
configuration's answers already, their ratings are scored and registered, too. What is made on the way is below
build/askdata, in a folder with the configuration's digest. Exits as `governance wait` does.
"""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from assistant.building import build_assistant  # noqa: E402  # beside this script
from assistant.configuration import Configuration  # noqa: E402
from assistant.conversations import Conversations  # noqa: E402
from assistant.metadata_store import MetadataStore  # noqa: E402
from assistant.screen_settings import ScreenSettings  # noqa: E402
from aws.clients import dynamodb_client  # noqa: E402
from checks.errors import GovernanceError  # noqa: E402
from cli.main import run  # noqa: E402
from export_ratings import write_ratings  # noqa: E402
from ingest import read_configuration  # noqa: E402
from predict import predict_all  # noqa: E402
from questions import read_questions  # noqa: E402
from refusing import refusing  # noqa: E402
from register import register_configuration  # noqa: E402
from systems.asked_assistant import AskedAssistant  # noqa: E402

FOLDER = Path("build/askdata")
QUESTIONS = HERE / "questions_test.jsonl"
BUCKETS = ("GOVERNANCE_EVIDENCE_BUCKET", "GOVERNANCE_THRESHOLDS_BUCKET")


def submit(configuration: Configuration, folder: Path, say: Callable[[str], None]) -> int:
    """Score and register a configuration, wait for its decision, and return the exit code of `governance wait`.

    Raises:
        GovernanceError: a setting is missing, or it could not be answered, scored or registered.
    """
    settings = ScreenSettings.from_environment()
    evidence_bucket, thresholds_bucket = _find_buckets()
    own = folder / configuration.digest
    questions = read_questions(QUESTIONS, "question")
    say(f"answering {len(questions)} questions")
    with MetadataStore(settings.assistant.database_url) as store:
        system = AskedAssistant(build_assistant(configuration, store))
        predict_all(system, questions, own / "predictions.jsonl")
    say("scoring the answers")
    score_predictions(own, configuration, settings.lake)
    score_ratings(own, configuration, Conversations(dynamodb_client(), settings.table), say)
    say("registering the version")
    registered = register_configuration(
        configuration,
        own / "evidence",
        evidence_bucket=evidence_bucket,
        artifact_bucket=evidence_bucket,
        group=settings.assistant.group,
        thresholds_bucket=thresholds_bucket,
        decisions_bucket=settings.assistant.decisions_bucket,
    )
    say("waiting for the gate")
    return run(["wait", registered.arn])


def _find_buckets() -> tuple[str, str]:
    missing = [name for name in BUCKETS if not os.environ.get(name)]
    if missing:
        raise GovernanceError(
            f"{', '.join(missing)}: not set in the environment; set them to the gate's outputs"
        )
    evidence, thresholds = (os.environ[name] for name in BUCKETS)
    return evidence, thresholds


def score_predictions(own: Path, configuration: Configuration, lake: Path) -> None:
    """Score the predictions in `own` into its evidence; raises `GovernanceError` where that failed."""
    databases = ["--databases", str(lake), "--schema", str(HERE / "lookml"), "--dialect", "presto"]
    output = ["--about", configuration.name, "-o", str(own / "evidence")]
    _run(["score", "text-to-sql", str(own / "predictions.jsonl"), *databases, *output])


def score_ratings(
    own: Path, configuration: Configuration, conversations: Conversations, say: Callable[[str], None]
) -> None:
    """Score the ratings of a configuration beside its other evidence, where there are any; raises `GovernanceError`."""
    ratings = list(conversations.ratings(configuration.digest))
    if not ratings:
        return
    say(f"scoring {write_ratings(ratings, own / 'ratings.jsonl')} ratings")
    output = ["--about", configuration.name, "-o", str(own / "evidence" / "feedback")]
    _run(["score", "feedback", str(own / "ratings.jsonl"), *output])


def _run(arguments: list[str]) -> None:
    """Run a command of `governance` without its tables: the files have them."""
    with redirect_stdout(StringIO()):
        code = run(arguments)
    if code:
        raise GovernanceError(f"governance {' '.join(arguments[:2])} failed; its message is above")


def say_on_stderr(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line, and submit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configuration", type=Path, help="a file as those of configurations/")
    path = parser.parse_args().configuration
    with refusing():
        sys.exit(submit(read_configuration(path), FOLDER, say_on_stderr))


if __name__ == "__main__":
    main()
