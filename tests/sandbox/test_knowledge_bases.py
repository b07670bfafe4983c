"""Knowledge bases in the sandbox, over HTTP by real boto3: documents in S3, ingestion, retrieval and answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from aws.aws_errors import AwsNotFoundError
from aws.knowledge_bases import GroundedAnswer, KnowledgeBase, RetrievedText
from sandbox.bedrock.chunking import Chunking
from sandbox.bedrock.retrieval import PAGE_CHARACTERS
from tests.sandbox.answers import refusal, require_shape
from tests.sandbox.conftest import policy
from tests.sandbox.iam_callers import HERE, MakeCaller, refused, statement
from tests.scripted_judge import Reply, ScriptedServer, judge_server

__all__ = ["judge_server"]

CHAT = "amazon.nova-lite-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
ARN = "arn:aws:bedrock:us-east-1::foundation-model/{}"
WHOLE = {"chunkingConfiguration": {"chunkingStrategy": "NONE"}}
# A text's vector depends on the text alone in these tests: the text itself is nearest to itself.
EXTERNAL = {"type": "EXTERNAL_SOURCES"}
TEXTS = {"fish.txt": "A big fish.", "gourd.md": "A gourd and its shade.", "city.txt": "A great city."}


@dataclass(frozen=True)
class Base:
    """A knowledge base over a bucket of its own."""

    account: Any
    bucket: str
    base_id: str
    source_id: str

    @property
    def place(self) -> dict[str, str]:
        return {"knowledgeBaseId": self.base_id, "dataSourceId": self.source_id}

    def put(self, key: str, text: str, attributes: Mapping[str, Any] | None = None) -> None:
        s3 = self.account.client("s3")
        s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
        if attributes is not None:
            body = json.dumps({"metadataAttributes": attributes}).encode()
            s3.put_object(Bucket=self.bucket, Key=f"{key}.metadata.json", Body=body)

    def ingest(self) -> dict[str, Any]:
        """Run an ingestion job; returns it at its end."""
        agent = self.account.client("bedrock-agent")
        job = agent.start_ingestion_job(**self.place)["ingestionJob"]
        self.account.sandbox.wait_idle()
        return dict(
            agent.get_ingestion_job(**self.place, ingestionJobId=job["ingestionJobId"])["ingestionJob"]
        )

    def retrieve(self, text: str, **settings: Any) -> list[dict[str, Any]]:
        """The results for a text."""
        answer = self.account.client("bedrock-agent-runtime").retrieve(
            knowledgeBaseId=self.base_id,
            retrievalQuery={"text": text},
            retrievalConfiguration=search(**settings),
        )
        require_shape("bedrock-agent-runtime", "Retrieve", answer)
        return list(answer["retrievalResults"])

    def texts(self, text: str, **settings: Any) -> list[str]:
        return [result["content"]["text"] for result in self.retrieve(text, **settings)]


def search(**settings: Any) -> dict[str, Any]:
    return {"vectorSearchConfiguration": settings}


def counts(job: Mapping[str, Any]) -> dict[str, int]:
    """The statistics of a job that are not zero, by the words that tell them apart."""
    short = {
        name.removeprefix("numberOf").removesuffix("Indexed"): number
        for name, number in job["statistics"].items()
    }
    return {name: number for name, number in short.items() if number}


@pytest.fixture
def server(account: Any, judge_server: ScriptedServer) -> ScriptedServer:
    judge_server.script = lambda number, title, prompt: Reply("by the fish")
    account.sandbox.serve_model(CHAT, judge_server.url)
    account.sandbox.serve_model(TITAN, judge_server.url)
    return judge_server


@pytest.fixture
def make(account: Any, server: ScriptedServer) -> Callable[..., Base]:
    """Make a knowledge base; `may` are the statements of its role, by default what it needs."""

    def build(
        ingestion: Mapping[str, Any] = WHOLE, prefixes: list[str] | None = None, may: list[Any] | None = None
    ) -> Base:
        bucket, iam, name = account.bucket(), account.client("iam"), account.name("role")
        needs = [
            statement("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
            statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*"),
            statement("bedrock:InvokeModel", ARN.format(TITAN)),
        ]
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        iam.put_role_policy(
            RoleName=name, PolicyName="own", PolicyDocument=policy(*(needs if may is None else may))
        )
        agent = account.client("bedrock-agent")
        base = agent.create_knowledge_base(**base_request(account, role))["knowledgeBase"]
        s3 = {"bucketArn": f"arn:aws:s3:::{bucket}", **({"inclusionPrefixes": prefixes} if prefixes else {})}
        source = agent.create_data_source(
            knowledgeBaseId=base["knowledgeBaseId"],
            name="documents",
            dataSourceConfiguration={"type": "S3", "s3Configuration": s3},
            vectorIngestionConfiguration=dict(ingestion),
        )
        require_shape("bedrock-agent", "CreateDataSource", source)
        return Base(account, bucket, base["knowledgeBaseId"], source["dataSource"]["dataSourceId"])

    return build


def base_request(account: Any, role: str) -> dict[str, Any]:
    collection = f"arn:aws:aoss:us-east-1:{HERE}:collection/abcdefghij0123456789"
    mapping = {"vectorField": "v", "textField": "t", "metadataField": "m"}
    return {
        "name": account.name("base"),
        "roleArn": role,
        "knowledgeBaseConfiguration": {
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {
                "embeddingModelArn": ARN.format(TITAN),
                "embeddingModelConfiguration": {"bedrockEmbeddingModelConfiguration": {"dimensions": 256}},
            },
        },
        "storageConfiguration": {
            "type": "OPENSEARCH_SERVERLESS",
            "opensearchServerlessConfiguration": {
                "collectionArn": collection,
                "vectorIndexName": "index",
                "fieldMapping": mapping,
            },
        },
    }


@pytest.fixture
def base(make: Callable[..., Base]) -> Base:
    """A knowledge base with the three texts, ingested."""
    made = make()
    for key, text in TEXTS.items():
        made.put(
            key, text, {"kind": key.partition(".")[2], "words": len(text.split()), "tags": [key[0], "a"]}
        )
    made.ingest()
    return made


def test_documents_are_found_by_their_meaning_with_their_place_and_attributes(base: Base) -> None:
    best, *others = base.retrieve(TEXTS["gourd.md"], numberOfResults=3)
    assert best["content"] == {"text": TEXTS["gourd.md"], "type": "TEXT"}
    assert best["location"] == {"type": "S3", "s3Location": {"uri": f"s3://{base.bucket}/gourd.md"}}
    assert best["score"] == pytest.approx(1.0)
    assert best["metadata"] == {
        "x-amz-bedrock-kb-source-uri": f"s3://{base.bucket}/gourd.md",
        "x-amz-bedrock-kb-chunk-id": f"{base.source_id}:gourd.md:0",
        "x-amz-bedrock-kb-data-source-id": base.source_id,
        "kind": "md",
        "words": 5,
        "tags": ["g", "a"],
    }
    assert [one["score"] for one in others] == sorted((one["score"] for one in others), reverse=True)
    assert len(base.retrieve("a", numberOfResults=2)) == 2


def test_an_ingestion_job_takes_what_is_new_or_has_changed_and_drops_what_is_gone(
    base: Base, server: ScriptedServer
) -> None:
    agent = base.account.client("bedrock-agent")
    server.embedded.clear()
    unchanged = base.ingest()
    assert (unchanged["status"], counts(unchanged), server.embedded) == (
        "COMPLETE",
        {"DocumentsScanned": 3, "MetadataDocumentsScanned": 3},
        [],
    )
    base.put("fish.txt", "Another fish.")
    base.put("ship.txt", "A ship.")
    base.put("gourd.md", TEXTS["gourd.md"], {"kind": "plant"})
    base.account.client("s3").delete_object(Bucket=base.bucket, Key="city.txt")
    changed = base.ingest()
    require_shape("bedrock-agent", "GetIngestionJob", {"ingestionJob": changed})
    assert counts(changed) == {
        "DocumentsScanned": 3,
        "MetadataDocumentsScanned": 2,
        "NewDocuments": 1,
        "ModifiedDocuments": 2,
        "DocumentsDeleted": 1,
    }
    assert set(base.texts("a")) == {"Another fish.", "A ship.", TEXTS["gourd.md"]}
    assert base.retrieve(TEXTS["gourd.md"])[0]["metadata"]["kind"] == "plant"
    listed = agent.list_ingestion_jobs(**base.place)
    require_shape("bedrock-agent", "ListIngestionJobs", listed)
    assert len(listed["ingestionJobSummaries"]) == 3


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"equals": {"key": "kind", "value": "md"}}, {"gourd.md"}),
        ({"notEquals": {"key": "kind", "value": "md"}}, {"fish.txt", "city.txt"}),
        ({"greaterThan": {"key": "words", "value": 3}}, {"gourd.md"}),
        ({"lessThanOrEquals": {"key": "words", "value": 3}}, {"fish.txt", "city.txt"}),
        ({"in": {"key": "words", "value": [5, 6]}}, {"gourd.md"}),
        ({"startsWith": {"key": "kind", "value": "t"}}, {"fish.txt", "city.txt"}),
        ({"listContains": {"key": "tags", "value": "f"}}, {"fish.txt"}),
        ({"equals": {"key": "author", "value": "x"}}, set()),
        (
            {"andAll": [{"equals": {"key": "kind", "value": "txt"}}, {"listContains": {"key": "tags", "value": "c"}}]},
            {"city.txt"},
        ),
        (
            {"orAll": [{"equals": {"key": "kind", "value": "md"}}, {"listContains": {"key": "tags", "value": "c"}}]},
            {"gourd.md", "city.txt"},
        ),
    ],
    ids=["equals", "not", "greater", "at-most", "in", "begins", "list", "lacks", "and", "or"],
)  # fmt: skip
def test_documents_are_filtered_by_their_attributes(base: Base, wanted: Any, found: set[str]) -> None:
    assert set(base.texts("a", filter=wanted)) == {TEXTS[key] for key in found}


def test_a_text_is_cut_at_sentences_and_overlaps() -> None:
    text = "One two three. Four five. Six seven eight nine. Ten."
    assert Chunking(5, 1).chunks(text) == [
        "One two three. Four five.",
        "five. Six seven eight nine.",
        "nine. Ten.",
    ]
    assert Chunking(4).chunks("a b c d e f. g") == ["a b c d", "e f. g"]
    assert Chunking(None).chunks(text) == [text]
    assert Chunking(None).chunks(" \n") == Chunking(3).chunks("") == []


def test_fixed_sizes_and_prefixes(make: Callable[..., Base]) -> None:
    fixed = {"maxTokens": 4, "overlapPercentage": 25}
    chunking = {"chunkingStrategy": "FIXED_SIZE", "fixedSizeChunkingConfiguration": fixed}
    base = make({"chunkingConfiguration": chunking}, prefixes=["books/"])
    base.put("books/one.txt", "In the beginning. Was a word.")
    base.put("drafts/two.txt", "Not this.")
    assert counts(base.ingest()) == {"DocumentsScanned": 1, "NewDocuments": 1}
    assert set(base.texts("a")) == {"In the beginning.", "beginning. Was a word."}


def test_what_does_not_fit_into_one_answer_is_on_the_next_page(make: Callable[..., Base]) -> None:
    base, text = make(), "a" * (PAGE_CHARACTERS // 3)  # too long to be embedded whole
    for number in range(5):
        base.put(f"{number}.txt", f"{number} " + text)
    ask = {"knowledgeBaseId": base.base_id, "retrievalQuery": {"text": "a"}}
    runtime = base.account.client("bedrock-agent-runtime")
    assert base.ingest()["status"] == "COMPLETE"
    pages = list(runtime.get_paginator("retrieve").paginate(**ask))
    assert [len(page["retrievalResults"]) for page in pages] == [2, 2, 1]
    found = {result["content"]["text"][0] for page in pages for result in page["retrievalResults"]}
    assert found == set("01234")
    assert refusal(runtime.retrieve, **ask, nextToken="x")[0] == "ValidationException"


def test_what_cannot_be_read_is_told_and_stays_as_it_was(base: Base) -> None:
    base.put("fish.txt", "a" * 50_001)
    base.put("scan.pdf", "%PDF")
    job = base.ingest()
    assert (job["status"], job["statistics"]["numberOfDocumentsFailed"]) == ("COMPLETE", 2)
    long, scan = sorted(job["failureReasons"])
    assert long.startswith(
        f"s3://{base.bucket}/fish.txt: ValidationException: Malformed input request: expected maxLength"
    )
    assert "The file format is not supported" in scan
    assert TEXTS["fish.txt"] in base.texts("a")


def test_a_knowledge_base_may_what_its_role_may(make: Callable[..., Base], caller: MakeCaller) -> None:
    nothing = make(may=[statement("s3:ListBucket", "*")])
    nothing.put("fish.txt", "A fish.")
    assert "s3:GetObject" in nothing.ingest()["failureReasons"][0]
    code, status, message = refusal(
        nothing.account.client("bedrock-agent-runtime").retrieve,
        knowledgeBaseId=nothing.base_id,
        retrievalQuery={"text": "a"},
    )
    assert (code, status) == ("AccessDeniedException", 403)
    assert "bedrock:InvokeModel" in message
    blind = make(may=[statement("s3:GetObject", "*")])
    failed = blind.ingest()
    assert failed["status"] == "FAILED"
    assert "s3:ListBucket" in failed["failureReasons"][0]


def test_whoever_asks_needs_the_rights_to_all_parts(base: Base, caller: MakeCaller) -> None:
    here = f"arn:aws:bedrock:us-east-1:{HERE}:knowledge-base/{base.base_id}"
    retrieval, model = statement("bedrock:Retrieve", here), statement("bedrock:InvokeModel", ARN.format(CHAT))
    whole = statement("bedrock:RetrieveAndGenerate", "*")
    ask = generation(base)
    for lacking, granted in [
        ("bedrock:RetrieveAndGenerate", [retrieval, model]),
        ("bedrock:Retrieve", [whole, model]),
        ("bedrock:InvokeModel", [whole, retrieval]),
    ]:
        runtime = caller(*granted).client("bedrock-agent-runtime")
        assert f"perform: {lacking} on" in refused(runtime.retrieve_and_generate, **ask)
    assert caller(whole, retrieval, model).client("bedrock-agent-runtime").retrieve_and_generate(**ask)


def generation(base: Base, question: str = "A big fish.", **settings: Any) -> dict[str, Any]:
    return {
        "input": {"text": question},
        "retrieveAndGenerateConfiguration": {
            "type": "KNOWLEDGE_BASE",
            "knowledgeBaseConfiguration": {
                "knowledgeBaseId": base.base_id,
                "modelArn": ARN.format(CHAT),
                "retrievalConfiguration": search(numberOfResults=1),
                **settings,
            },
        },
    }


def test_a_question_is_answered_from_what_was_found(base: Base, server: ScriptedServer) -> None:
    runtime = base.account.client("bedrock-agent-runtime")
    answer = runtime.retrieve_and_generate(**generation(base))
    require_shape("bedrock-agent-runtime", "RetrieveAndGenerate", answer)
    assert answer["output"]["text"] == "by the fish"
    (citation,) = answer["citations"]
    assert citation["generatedResponsePart"]["textResponsePart"] == {
        "text": "by the fish",
        "span": {"start": 0, "end": 10},
    }
    (reference,) = citation["retrievedReferences"]
    assert reference["content"]["text"] == TEXTS["fish.txt"]
    assert reference["location"]["s3Location"]["uri"] == f"s3://{base.bucket}/fish.txt"
    system, user = server.requests[0]["messages"]
    assert TEXTS["fish.txt"] in system["content"]
    assert "$" not in system["content"]
    assert user == {"role": "user", "content": "A big fish."}


def test_a_session_remembers(base: Base, server: ScriptedServer) -> None:
    runtime = base.account.client("bedrock-agent-runtime")
    first = runtime.retrieve_and_generate(**generation(base))
    again = runtime.retrieve_and_generate(**generation(base, "And then?"), sessionId=first["sessionId"])
    assert again["sessionId"] == first["sessionId"]
    assert [message["content"] for message in server.requests[1]["messages"][1:]] == [
        "A big fish.",
        "by the fish",
        "And then?",
    ]
    unknown = refusal(runtime.retrieve_and_generate, **generation(base), sessionId="none")
    assert unknown[:2] == ("ValidationException", 400)


def test_a_template_of_ones_own_is_filled_once(base: Base, server: ScriptedServer) -> None:
    template = "Found: $search_results$\nAsked: $query$"
    settings = {
        "generationConfiguration": {
            "promptTemplate": {"textPromptTemplate": template},
            "inferenceConfig": {"textInferenceConfig": {"maxTokens": 7, "temperature": 0.0}},
            "additionalModelRequestFields": {"seed": 1},
        }
    }
    runtime = base.account.client("bedrock-agent-runtime")
    question = "Where is $search_results$?"
    runtime.retrieve_and_generate(**generation(base, question, **settings))
    (asked,) = server.requests
    assert [message["role"] for message in asked["messages"]] == ["user"]
    assert asked["messages"][0]["content"].endswith(f"\nAsked: {question}")
    assert (asked["max_tokens"], asked["temperature"], asked["seed"]) == (7, 0.0, 1)
    without = {"promptTemplate": {"textPromptTemplate": "Answer."}}
    asked_without = generation(base, generationConfiguration=without)
    assert "$search_results$" in refusal(runtime.retrieve_and_generate, **asked_without)[2]


def test_the_gates_own_client_of_knowledge_bases(base: Base, server: ScriptedServer) -> None:
    asked = KnowledgeBase(base.account.client("bedrock-agent-runtime"), base.base_id)
    fish = RetrievedText(TEXTS["fish.txt"], f"s3://{base.bucket}/fish.txt")
    assert asked.retrieve(TEXTS["fish.txt"], 1) == [fish]
    answer = asked.answer(
        fish.text, CHAT, count=1, template="$search_results$ $query$", max_tokens=9, model_fields={"seed": 3}
    )
    assert answer == GroundedAnswer("by the fish", [fish])
    sent = server.requests[0]
    assert sent["messages"] == [{"role": "user", "content": f"{fish.text} {fish.text}"}]
    assert (sent["max_tokens"], sent["temperature"], sent["seed"]) == (9, 0.0, 3)
    with pytest.raises(AwsNotFoundError, match="ABCDEFGHIJ: Retrieve"):
        KnowledgeBase(base.account.client("bedrock-agent-runtime"), "ABCDEFGHIJ").retrieve("a", 1)


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("retrieve", {"retrievalQuery": {"text": " "}}, "ValidationException"),
        ("retrieve", {"knowledgeBaseId": "ABCDEFGHIJ"}, "ResourceNotFoundException"),
        ("retrieve", {"retrievalConfiguration": search(numberOfResults=101)}, "ValidationException"),
        ("retrieve", {"retrievalConfiguration": search(overrideSearchType="HYBRID")}, "ValidationException"),
        ("retrieve_and_generate", {"input": {"text": "a" * 1001}}, "ValidationException"),
        ("retrieve_and_generate", {"retrieveAndGenerateConfiguration": EXTERNAL}, "ValidationException"),
    ],
    ids=["blank", "no-base", "too-many", "hybrid", "too-long", "external"],
)  # fmt: skip
def test_what_is_refused(base: Base, call: str, arguments: dict[str, Any], expected: str) -> None:
    plain = {
        "retrieve": {"knowledgeBaseId": base.base_id, "retrievalQuery": {"text": "a"}},
        "retrieve_and_generate": generation(base),
    }
    runtime = base.account.client("bedrock-agent-runtime")
    assert refusal(getattr(runtime, call), **{**plain[call], **arguments})[0] == expected


def test_a_knowledge_base_is_described_and_its_data_sources_are_listed_and_deleted(base: Base) -> None:
    agent = base.account.client("bedrock-agent")
    described = agent.get_knowledge_base(knowledgeBaseId=base.base_id)
    require_shape("bedrock-agent", "GetKnowledgeBase", described)
    assert described["knowledgeBase"]["status"] == "ACTIVE"
    require_shape("bedrock-agent", "GetDataSource", agent.get_data_source(**base.place))
    listed = agent.list_data_sources(knowledgeBaseId=base.base_id)
    require_shape("bedrock-agent", "ListDataSources", listed)
    assert [one["dataSourceId"] for one in listed["dataSourceSummaries"]] == [base.source_id]
    require_shape("bedrock-agent", "DeleteDataSource", agent.delete_data_source(**base.place))
    assert base.texts("a") == []
    assert refusal(agent.get_data_source, **base.place)[0] == "ResourceNotFoundException"


def test_what_cannot_be_made(account: Any, make: Callable[..., Base]) -> None:
    agent = account.client("bedrock-agent")
    absent = base_request(account, f"arn:aws:iam::{HERE}:role/absent")
    assert "unable to assume the given role" in refusal(agent.create_knowledge_base, **absent)[2]
    base = make()
    semantic = {"chunkingConfiguration": {"chunkingStrategy": "SEMANTIC"}}
    bucket = {"bucketArn": f"arn:aws:s3:::{base.bucket}"}
    code, _, message = refusal(
        agent.create_data_source,
        knowledgeBaseId=base.base_id,
        name="documents",
        dataSourceConfiguration={"type": "S3", "s3Configuration": bucket},
        vectorIngestionConfiguration=semantic,
    )
    assert (code, message) == (
        "ValidationException",
        "The sandbox cuts by FIXED_SIZE or NONE, not by SEMANTIC.",
    )
