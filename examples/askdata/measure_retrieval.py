"""Measure retrieval: how many of the views that a question needs are among the first k that are found for it.

    python examples/askdata/measure_retrieval.py --configuration FILE --local

A question needs the views whose tables its gold SQL reads. Without --local, the database is that of
`ASKDATA_DATABASE_URL` and the embedding model that of the environment's AWS.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from assistant.assistant import Retrieval, find_tables  # noqa: E402  # beside this script
from assistant.building import build_embeddings  # noqa: E402
from assistant.configuration import RetrievalSettings  # noqa: E402
from assistant.metadata_store import MetadataStore  # noqa: E402
from assistant.retrieval import LookmlRetrieval  # noqa: E402
from assistant.settings import find_database_url  # noqa: E402
from checks.errors import GovernanceError  # noqa: E402
from ingest import read_configuration  # noqa: E402
from questions import read_questions  # noqa: E402
from refusing import refusing  # noqa: E402
from systems.catalog import read_catalog  # noqa: E402

LARGEST_K = 5


@dataclass(frozen=True, slots=True)
class Needed:
    """The views that one question needs, and all views in the order in which they were found for it."""

    views: frozenset[str]
    found: Sequence[str]


@dataclass(frozen=True, slots=True)
class RecallAtK:
    """Of all needed views the share that is among the first `k`, and the share of questions that have all theirs."""

    k: int
    views: float
    questions: float


def find_views(retrieval: Retrieval, questions: Path) -> Iterator[Needed]:
    """Yield what each question of a file needs and gets; raises `GovernanceError` where nothing can be retrieved."""
    view_of = {table: view for view, table in read_catalog(HERE / "lookml").tables.items()}
    for item in read_questions(questions, "question", "gold_sql"):
        tables = find_tables(item["gold_sql"])
        needed = frozenset(view_of[table] for table in tables if table in view_of)
        if len(needed) < max(len(tables), 1):
            raise GovernanceError(
                f'{questions}: "{item["question"]}": its gold_sql reads {", ".join(tables) or "no table"}; '
                f"write one that reads {', '.join(view_of)} alone"
            )
        files = retrieval.retrieve(item["question"]).views
        yield Needed(needed, [view for file in files for view in file.views])


def measure_recall(needs: Sequence[Needed], k: int) -> RecallAtK:
    """Return recall@k, pooled over all questions."""
    hits = [len(one.views.intersection(one.found[:k])) for one in needs]
    complete = [hit == len(one.views) for hit, one in zip(hits, needs, strict=True)]
    return RecallAtK(k, sum(hits) / sum(len(one.views) for one in needs), sum(complete) / len(needs))


def main() -> None:
    """Read the command line, retrieve, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configuration", type=Path, required=True)
    parser.add_argument("--questions", type=Path, default=HERE / "questions_test.jsonl")
    parser.add_argument("--local", action="store_true", help="start what is needed on this machine")
    arguments = parser.parse_args()
    with refusing(), ExitStack() as stack:
        needs = find_needs(arguments, stack)
    print("| k | views needed found among the first k | questions with all of theirs |")
    print("|---|---|---|")
    for k in range(1, LARGEST_K + 1):
        recall = measure_recall(needs, k)
        print(f"| {k} | {recall.views:.3f} | {recall.questions:.3f} |")


def find_needs(arguments: argparse.Namespace, stack: ExitStack) -> list[Needed]:
    """Return what each question needs and gets by the configuration's embedding model."""
    configuration = read_configuration(arguments.configuration)
    if arguments.local:
        from local_services import local_services  # noqa: PLC0415  # loads the models

        url = stack.enter_context(local_services(configuration))
    else:
        url = find_database_url()
    store, model = stack.enter_context(MetadataStore(url)), configuration.embeddings
    settings = RetrievalSettings(views=LARGEST_K)
    retrieval = LookmlRetrieval(store, build_embeddings(model), space=model.space, settings=settings)
    return list(find_views(retrieval, arguments.questions))


if __name__ == "__main__":
    main()
