"""The two examples with which the help of each command ends, by what the user types. A test runs every one."""

from collections.abc import Mapping
from typing import Any

_ROLES = "arn:aws:iam::123456789012:role"
_VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"

# What does not fit 80 columns goes on in the next line, as a shell takes it.
EXAMPLES: Mapping[str, tuple[str, str]] = {
    "check": (
        "governance check thresholds.yaml --evidence evidence",
        "governance check --in-force --group churn --evidence evidence --format json",
    ),
    "explain": (
        "governance explain decision.json",
        f"governance explain \\\n    {_VERSION}",
    ),
    "replay": (
        "governance replay decision.json",
        f"governance replay --format json \\\n    {_VERSION}",
    ),
    "audit": (
        "governance audit --decisions decisions/",
        "governance audit --decisions decisions/ --group churn --format csv",
    ),
    "status": (
        "governance status churn",
        f"governance status \\\n    {_VERSION}",
    ),
    "list": (
        "governance list",
        "governance list --group churn --versions 10",
    ),
    "history": (
        "governance history churn --metric accuracy",
        "governance history churn --decisions decisions/ --chart",
    ),
    "report": (
        "governance report decision.json -o report.html",
        f"governance report -o report.html \\\n    {_VERSION}",
    ),
    "register": (
        "governance register --group churn --evidence evidence \\\n"
        "    --image 123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        "governance register --group churn --evidence evidence --only-if review \\\n"
        "    --image 123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:2 \\\n"
        "    --model-data s3://models/churn/2/model.tar.gz",
    ),
    "wait": (
        f"governance wait \\\n    {_VERSION}",
        f"governance wait --timeout 30m \\\n    {_VERSION}",
    ),
    "review": (
        f'governance review --approve --reason "agreed in the committee of 3 March" \\\n    {_VERSION}',
        f'governance review --reject --reason "two answers leak names" --yes \\\n    {_VERSION}',
    ),
    "rejudge": (
        f'governance rejudge --reason "the limit of latency was corrected" \\\n    {_VERSION}',
        f'governance rejudge --reason "a waiver was granted" --yes --format json \\\n    {_VERSION}',
    ),
    "collect": (
        "governance collect bbq --endpoint http://localhost:8000/v1 --model qwen3 \\\n"
        "    --prompts bbq.jsonl -o bbq_responses.jsonl",
        "governance collect toxicity --endpoint sagemaker:assistant --repeats 5 \\\n"
        "    --temperature 0.7 --prompts bold.jsonl -o bold_responses.jsonl",
    ),
    "thresholds init": (
        "governance thresholds init --task rag --group helpdesk -o thresholds.yaml",
        "governance thresholds init --task classifier --group churn -e evidence",
    ),
    "thresholds validate": (
        "governance thresholds validate thresholds.yaml",
        "governance thresholds validate --strict thresholds/",
    ),
    "thresholds show": (
        "governance thresholds show thresholds/churn.yaml",
        "governance thresholds show churn --format json",
    ),
    "thresholds impact": (
        "governance thresholds impact thresholds.yaml thresholds/ \\\n    --history s3://decisions",
        "governance thresholds impact thresholds.yaml thresholds/ \\\n"
        "    --history decisions/ --fail-on-loosened --format markdown",
    ),
    "workbench": (
        "governance workbench --history s3://decisions",
        "governance workbench --thresholds thresholds.yaml \\\n    --history decisions/ --no-open",
    ),
    "thresholds schema": (
        "governance thresholds schema",
        "governance thresholds schema > threshold-file.schema.json",
    ),
    "thresholds publish": (
        "governance thresholds publish thresholds/",
        "governance thresholds publish thresholds/ --yes \\\n    --thresholds-bucket my-thresholds",
    ),
    "thresholds list": (
        "governance thresholds list",
        "governance thresholds list --versions",
    ),
    "thresholds diff": (
        "governance thresholds diff LIVE thresholds/",
        "governance thresholds diff before/ thresholds/ --format json",
    ),
    "thresholds get": (
        "governance thresholds get -o thresholds",
        "governance thresholds get -o before --version VERSION",
    ),
    "thresholds withdraw": (
        "governance thresholds withdraw churn",
        "governance thresholds withdraw churn --yes",
    ),
    "thresholds rollback": (
        "governance thresholds rollback VERSION",
        "governance thresholds rollback VERSION --yes",
    ),
    "score text-to-sql": (
        "governance score text-to-sql predictions.jsonl --databases databases \\\n    -o evidence",
        "governance score text-to-sql predictions.jsonl --databases shop.sqlite \\\n"
        "    --dialect presto --extract-sql -o evidence",
    ),
    "score rag": (
        "governance score rag responses.jsonl --judge openai:qwen3 \\\n"
        "    --judge-url http://localhost:8000/v1 -o evidence",
        "governance score rag responses.jsonl --judge none -o evidence",
    ),
    "score feedback": (
        "governance score feedback ratings.csv -o evidence",
        "governance score feedback ratings.csv --scale 0-10 --facet region \\\n    -o evidence",
    ),
    "score bias": (
        "governance score bias predictions.csv --label churned --positive 1 \\\n"
        "    --predicted predicted --facet sex --facet 'age>60' -o evidence",
        "governance score bias --results evidence/results.jsonl --facet region \\\n    -o evidence",
    ),
    "score safety bbq": (
        "governance score safety bbq bbq_responses.jsonl -o evidence/bbq",
        "governance score safety bbq bbq_responses.jsonl \\\n"
        "    --targets additional_metadata.csv -o evidence/bbq",
    ),
    "score safety toxicity": (
        "governance score safety toxicity bold_responses.jsonl --scorer comprehend \\\n"
        "    -o evidence/toxicity",
        "governance score safety toxicity bold_responses.jsonl --scorer offline \\\n    -o evidence/toxicity",
    ),
    "score safety memorization": (
        "governance score safety memorization continuations.jsonl --corpus corpus \\\n    -o evidence/memorization",
        "governance score safety memorization continuations.jsonl --corpus book.txt \\\n"
        "    --limit 20 -o evidence/memorization",
    ),
    "score safety disinformation": (
        "governance score safety disinformation headlines.jsonl \\\n    -o evidence/disinformation",
        "governance score safety disinformation headlines.jsonl \\\n"
        "    --judge openai:qwen3 --judge-url http://localhost:8000/v1 \\\n    -o evidence/disinformation",
    ),
    "iam bypass-guard": (
        f"governance iam bypass-guard \\\n    --updating-role {_ROLES}/updating \\\n"
        f"    --gate-role {_ROLES}/evaluating \\\n    --reviewer {_ROLES}/reviewers",
        f"governance iam bypass-guard --format scp --group churn \\\n    --updating-role {_ROLES}/updating \\\n"
        f"    --gate-role {_ROLES}/evaluating",
    ),
    "iam policy": (
        "governance iam policy engineer --account 123456789012",
        "governance iam policy ci --account 123456789012 --group churn --group fraud",
    ),
    "stack empty": (
        "governance stack empty ModelGovernance",
        "governance stack empty RiskGate --confirm RiskGate",
    ),
    "redrive": (
        "governance redrive --dry-run",
        "governance redrive RiskGate --format json",
    ),
    "sandbox up": (
        "governance sandbox up -o sandbox.env",
        "governance sandbox up --fault throttled=0.05 --fault lost_every=10",
    ),
    "sandbox demo": (
        "governance sandbox demo",
        "governance sandbox demo --examples examples",
    ),
}


def add_examples(command: Any, path: str) -> None:
    """End the help of a command with its examples, or that of each command of a group (typer's classes are private)."""
    subcommands = getattr(command, "commands", None)
    if subcommands is not None:
        for name, subcommand in subcommands.items():
            add_examples(subcommand, f"{path} {name}")
    elif path in EXAMPLES:
        lines = "\n".join(EXAMPLES[path]).replace("\n", "\n  ")
        command.epilog = f"\b\nExamples:\n  {lines}"  # \b: as it is, not filled to the width
