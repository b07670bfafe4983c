"""The account on this machine: the sandbox, with the documents in S3, a knowledge base over them, and local models.

Everything in it is asked through AWS's own APIs; what answers behind them is small enough for a laptop.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import boto3
from book import BOOKS, DATABASE, Chapter
from reranking_server import DESCRIPTION, RerankingServer
from stages import RagAccount

from checks.errors import GovernanceError
from examples.local_models.embedding_server import EmbeddingServer
from examples.local_models.small_model import SmallModelServer, model_version
from sandbox.server import Sandbox

CHAT = "local.smollm2-135m-instruct"
EMBEDDINGS = "amazon.titan-embed-text-v2:0"
ENDPOINT = "reranker"
BUCKET = "gatsby-rag-documents"
DIMENSIONS = 256
CHUNK_TOKENS, OVERLAP_PERCENTAGE = 100, 20
SLOTS = 6  # one for each kind of a judge's prompt, so that llama.cpp keeps what they begin with
# Without the cache, or the stage that asks second would save time on the first one's account.
MODEL_FIELDS = {"seed": 0, "cache_prompt": False}
# The small model answers slowly and one at a time, and is cut off where it does not end by itself.
SMALL_JUDGE = ("--judge-max-tokens", "192", "--concurrency", "1", "--timeout", "600")
TOO_WEAK = (
    "note: the judge is a model of 135 million parameters: its verdicts are no evidence of quality. Name another with "
    "--judge, or none."
)
_MODEL_ARN = "arn:aws:bedrock:us-east-1::foundation-model/{}"

Progress = Callable[[str], None]


@contextmanager
def local_account(chapters: Sequence[Chapter], progress: Progress) -> Iterator[RagAccount]:
    """Start the sandbox with all that is in it; in the block, every client of AWS talks to it.

    Raises:
        GovernanceError: the documents were not taken.
    """
    before = dict(os.environ)
    with ExitStack() as running:
        sandbox = running.enter_context(Sandbox(progress=progress))
        progress("starting the models: WordLlama for embeddings, SmolLM2 for answers")
        embeddings, reranker = (
            running.enter_context(EmbeddingServer()),
            running.enter_context(RerankingServer()),
        )
        small_model = SmallModelServer(slots=SLOTS)
        sandbox.serve_model(EMBEDDINGS, embeddings.api)
        sandbox.serve_model(CHAT, small_model.url)
        sandbox.serve_endpoint(ENDPOINT, reranker.url)
        os.environ.update(sandbox.environment())
        running.callback(_restore, before)
        progress(f"putting {len(chapters)} documents into S3, and ingesting them into a knowledge base")
        base, statistics = _knowledge_base(sandbox, chapters)
        yield RagAccount(
            knowledge_base=base,
            generator=CHAT,
            reranker=f"sagemaker:{ENDPOINT}",
            judge=("--judge", f"bedrock:{CHAT}", *SMALL_JUDGE),
            about_judge=TOO_WEAK,
            model_fields=MODEL_FIELDS,
            about={
                "documents": {"books": list(BOOKS), "file": DATABASE, "ingested": statistics},
                "chunks": {"tokens": CHUNK_TOKENS, "overlap_percentage": OVERLAP_PERCENTAGE},
                "served": {
                    CHAT: model_version(),
                    EMBEDDINGS: dict(embeddings.description),
                    ENDPOINT: DESCRIPTION,
                },
            },
        )
        del small_model  # ends the model's process


def _restore(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _knowledge_base(sandbox: Sandbox, chapters: Sequence[Chapter]) -> tuple[str, Mapping[str, Any]]:
    """Make the bucket, the role, the knowledge base and its data source; return the base's id and what was ingested."""
    s3, agent = boto3.client("s3"), boto3.client("bedrock-agent")
    s3.create_bucket(Bucket=BUCKET)
    for chapter in chapters:
        s3.put_object(Bucket=BUCKET, Key=chapter.key, Body=chapter.text.encode())
    base = agent.create_knowledge_base(
        name="gatsby-rag",
        roleArn=_role(),
        knowledgeBaseConfiguration={
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {
                "embeddingModelArn": _MODEL_ARN.format(EMBEDDINGS),
                "embeddingModelConfiguration": {
                    "bedrockEmbeddingModelConfiguration": {"dimensions": DIMENSIONS}
                },
            },
        },
        storageConfiguration={
            "type": "OPENSEARCH_SERVERLESS",
            "opensearchServerlessConfiguration": {
                "collectionArn": "arn:aws:aoss:us-east-1:123456789012:collection/gatsbyrag00000000000",
                "vectorIndexName": "chunks",
                "fieldMapping": {"vectorField": "vector", "textField": "text", "metadataField": "metadata"},
            },
        },
    )["knowledgeBase"]["knowledgeBaseId"]
    fixed = {"maxTokens": CHUNK_TOKENS, "overlapPercentage": OVERLAP_PERCENTAGE}
    source = agent.create_data_source(
        knowledgeBaseId=base,
        name="chapters",
        dataSourceConfiguration={"type": "S3", "s3Configuration": {"bucketArn": f"arn:aws:s3:::{BUCKET}"}},
        vectorIngestionConfiguration={
            "chunkingConfiguration": {
                "chunkingStrategy": "FIXED_SIZE",
                "fixedSizeChunkingConfiguration": fixed,
            }
        },
    )["dataSource"]["dataSourceId"]
    place = {"knowledgeBaseId": base, "dataSourceId": source}
    job = agent.start_ingestion_job(**place)["ingestionJob"]["ingestionJobId"]
    sandbox.wait_idle(timeout=600)
    done = agent.get_ingestion_job(**place, ingestionJobId=job)["ingestionJob"]
    if done["status"] != "COMPLETE" or done["statistics"]["numberOfDocumentsFailed"]:
        raise GovernanceError(f"the documents were not ingested: {done.get('failureReasons')}")
    return base, done["statistics"]


def _role() -> str:
    """Make the role of the knowledge base, which may do what it needs and nothing else; return its ARN."""
    iam = boto3.client("iam")
    bedrock = {
        "Effect": "Allow",
        "Principal": {"Service": "bedrock.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    arn: str = iam.create_role(RoleName="gatsby-rag", AssumeRolePolicyDocument=_policy(bedrock))["Role"][
        "Arn"
    ]
    allowed = [
        ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}"),
        ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"),
        ("bedrock:InvokeModel", _MODEL_ARN.format(EMBEDDINGS)),
    ]
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
    iam.put_role_policy(RoleName="gatsby-rag", PolicyName="own", PolicyDocument=_policy(*statements))
    return arn


def _policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
