"""Let a system answer AskData's questions: writes the predictions file that `governance score text-to-sql` reads.

    python examples/askdata/predict.py --system semantic-layer -o predictions.jsonl

    python examples/askdata/predict.py --system assistant --configuration FILE --local -o predictions.jsonl

Everything but `bedrock` runs offline; `assistant` does with --local, which starts what it needs on this machine.
Without it, the assistant's database is that of `ASKDATA_DATABASE_URL`, and its models are those of the environment's
AWS. The data lake is generated where it is missing.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from checks.errors import GovernanceError  # noqa: E402
from disk.writing import replaceable, write_whole  # noqa: E402
from make_database import make_database  # noqa: E402  # beside this script
from questions import read_questions  # noqa: E402
from refusing import refusing  # noqa: E402
from systems.catalog import Catalog, read_catalog  # noqa: E402
from systems.interface import System  # noqa: E402

SYSTEMS = ("smollm2", "field-retrieval", "semantic-layer", "bedrock", "assistant")
DATABASE = Path("build/askdata/databases/askdata.duckdb")


def build_system(name: str, catalog: Catalog, database: Path, model_id: str | None) -> System:
    """Return the system called `name`; each is imported only when it is asked for."""
    if name == "smollm2":
        from systems.language_model import LanguageModel  # noqa: PLC0415  # loads llama.cpp

        return LanguageModel(catalog)
    if name == "field-retrieval":
        from systems.field_retrieval import FieldRetrieval  # noqa: PLC0415  # loads the embeddings

        return FieldRetrieval(catalog)
    if name == "semantic-layer":
        import duckdb  # noqa: PLC0415

        from systems.semantic_layer import SemanticLayer  # noqa: PLC0415  # loads the embeddings

        try:
            return SemanticLayer(catalog, duckdb.connect(str(database), read_only=True))
        except duckdb.Error as error:
            raise GovernanceError(
                f"{database}: cannot be opened ({error}); name a file of make_database.py, or one to make"
            ) from error
    from aws.bedrock import BedrockChat  # noqa: PLC0415  # loads boto3
    from aws.clients import bedrock_runtime_client  # noqa: PLC0415
    from systems.bedrock import MAXIMUM_TOKENS, Bedrock  # noqa: PLC0415

    if model_id is None:
        raise GovernanceError("--system bedrock needs --model-id, such as amazon.nova-pro-v1:0")
    return Bedrock(catalog, BedrockChat(bedrock_runtime_client(), model_id, max_tokens=MAXIMUM_TOKENS))


def open_assistant(path: Path | None, stack: ExitStack, *, is_local: bool) -> System:
    """Return the assistant with the configuration at `path`; what it needs is open as long as `stack`."""
    from assistant.building import build_assistant  # noqa: PLC0415  # loads boto3
    from assistant.metadata_store import MetadataStore  # noqa: PLC0415
    from assistant.settings import find_database_url  # noqa: PLC0415
    from ingest import read_configuration  # noqa: PLC0415
    from systems.asked_assistant import AskedAssistant  # noqa: PLC0415

    if path is None:
        raise GovernanceError(
            "--system assistant needs --configuration, such as configurations/configuration-1.yaml"
        )
    configuration = read_configuration(path)
    if is_local:
        from local_services import local_services  # noqa: PLC0415  # loads the models

        url = stack.enter_context(local_services(configuration))
    else:
        url = find_database_url()
    store = stack.enter_context(MetadataStore(url))
    return AskedAssistant(build_assistant(configuration, store))


def predict_all(system: System, questions: Sequence[Mapping[str, Any]], output: Path) -> None:
    """Write one line a question, with how long the answer took; nothing is written before all are answered.

    Raises:
        GovernanceError: a question could not be answered, or the file cannot be written.
    """
    lines = []
    for number, item in enumerate(questions, start=1):
        began = time.perf_counter()
        predicted = system.predict(item["question"])
        latency = time.perf_counter() - began
        answered = {**item, "predicted_sql": predicted, "latency_seconds": round(latency, 4)}
        lines.append(json.dumps(answered, ensure_ascii=False) + "\n")
        print(f"\r{number}/{len(questions)} questions", end="", file=sys.stderr)
    print(file=sys.stderr)
    write_whole(output, "".join(lines).encode())


def main() -> None:
    """Read the command line, predict, and print the system's settings for the provenance note."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    parser.add_argument("--questions", type=Path, default=HERE / "questions_test.jsonl")
    parser.add_argument(
        "--database", type=Path, default=DATABASE, help="the DuckDB file; generated when missing"
    )
    parser.add_argument("--model-id", help="the Bedrock model, with --system bedrock")
    parser.add_argument("--configuration", type=Path, help="a YAML file, with --system assistant")
    parser.add_argument("--local", action="store_true", help="with --system assistant: all on this machine")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    with refusing(), ExitStack() as stack:
        # First: a system takes seconds to open, and its answers minutes.
        replaceable(arguments.output)
        questions = read_questions(arguments.questions, "question")
        if arguments.system == "assistant":
            system = open_assistant(arguments.configuration, stack, is_local=arguments.local)
        else:
            system = open_system(arguments)
        predict_all(system, questions, arguments.output)
    print(json.dumps(dict(system.settings()), indent=2))


def open_system(arguments: argparse.Namespace) -> System:
    """Return one of the other systems, over the LookML of this folder and the generated data lake."""
    if not arguments.database.exists():
        make_database(arguments.database)
    catalog = read_catalog(HERE / "lookml")
    return build_system(arguments.system, catalog, arguments.database, arguments.model_id)


if __name__ == "__main__":
    main()
