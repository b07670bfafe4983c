"""The calls of `bedrock-agent` about data sources and ingestion, and of `bedrock-agent-runtime`, which moto lacks."""

from collections.abc import Callable, Mapping
from typing import Any

from moto.bedrock.responses import BedrockResponse
from moto.bedrockagent.exceptions import AgentsforBedrockClientError
from moto.bedrockagent.models import bedrockagent_backends
from moto.bedrockagent.responses import AgentsforBedrockResponse
from moto.core.responses import ActionResult, BaseResponse

from sandbox.bedrock import knowledge_bases
from sandbox.bedrock.chunking import read_chunking
from sandbox.bedrock.generation import Sessions, generate
from sandbox.bedrock.ingestion import ingest
from sandbox.bedrock.knowledge_bases import DataSource, IngestionJob, make_id, now, source_of
from sandbox.bedrock.retrieval import page, retrieve
from sandbox.bedrock.served_models import ServedModels
from sandbox.iam.enforcement import AccessRefusedError
from sandbox.service_requests import ServiceRefusalError, read_members
from sandbox.tasks import BackgroundTasks

_RUNNING = ("STARTING", "IN_PROGRESS")
_Members = Mapping[str, Any]


def install(models: ServedModels, tasks: BackgroundTasks) -> None:
    """Extend moto in this process."""
    knowledge_bases.install()
    _install_data_sources()
    _install_ingestion(models, tasks)
    _install_runtime(models)


def _base_of(response: Any, base_id: str) -> Any:
    backend = bedrockagent_backends[response.current_account][response.region]
    try:
        return backend.get_knowledge_base(knowledge_base_id=base_id)
    except AgentsforBedrockClientError as error:
        raise ServiceRefusalError(
            "ResourceNotFoundException", f"Knowledge base with id {base_id} does not exist."
        ) from error


def _install_data_sources() -> None:
    def create_data_source(self: Any) -> ActionResult:
        members = read_members(self)
        base = _base_of(self, members["knowledgeBaseId"])
        source = _data_source(members)
        base.sources[source.source_id] = source
        return ActionResult({"dataSource": _described(base, source)})

    def get_data_source(self: Any) -> ActionResult:
        base, source = _base_and_source(self, read_members(self))
        return ActionResult({"dataSource": _described(base, source)})

    def list_data_sources(self: Any) -> ActionResult:
        base = _base_of(self, read_members(self)["knowledgeBaseId"])
        summaries = [
            {name: value for name, value in _described(base, source).items() if name in _IN_SUMMARY}
            for source in base.sources.values()
        ]
        return ActionResult({"dataSourceSummaries": summaries})

    def delete_data_source(self: Any) -> ActionResult:
        base, source = _base_and_source(self, read_members(self))
        del base.sources[source.source_id]
        return ActionResult({**_place(base, source), "status": "DELETING"})

    AgentsforBedrockResponse.create_data_source = create_data_source
    AgentsforBedrockResponse.get_data_source = get_data_source
    AgentsforBedrockResponse.list_data_sources = list_data_sources
    AgentsforBedrockResponse.delete_data_source = delete_data_source


_IN_SUMMARY = ("knowledgeBaseId", "dataSourceId", "name", "status", "description", "updatedAt")


def _data_source(members: _Members) -> DataSource:
    configuration = members["dataSourceConfiguration"]
    if configuration["type"] != "S3" or "s3Configuration" not in configuration:
        raise ServiceRefusalError("ValidationException", "The sandbox takes documents from S3 alone.")
    ingestion = members.get("vectorIngestionConfiguration") or {}
    return DataSource(
        source_id=make_id(),
        name=members["name"],
        description=members.get("description"),
        configuration=configuration,
        ingestion=ingestion,
        chunking=read_chunking(ingestion),
        created=now(),
    )


def _install_ingestion(models: ServedModels, tasks: BackgroundTasks) -> None:
    def start_ingestion_job(self: Any) -> ActionResult:
        members = read_members(self)
        base, source = _base_and_source(self, members)
        token = members.get("clientToken")
        for job in source.jobs.values():
            if token and job.token == token:
                return ActionResult({"ingestionJob": _job(base, source, job)})
            if job.status in _RUNNING:
                raise ServiceRefusalError(
                    "ConflictException", f"Ongoing ingestion job with ID {job.job_id} on this data source."
                )
        started = now()
        job = IngestionJob(make_id(), token, members.get("description"), started, started)
        source.jobs[job.job_id] = job
        answer = {"ingestionJob": _job(base, source, job)}
        tasks.start(f"ingestion job {job.job_id}", ingest, base, source, job, models)
        return ActionResult(answer)

    def get_ingestion_job(self: Any) -> ActionResult:
        members = read_members(self)
        base, source = _base_and_source(self, members)
        job = source.jobs.get(members["ingestionJobId"])
        if job is None:
            raise ServiceRefusalError(
                "ResourceNotFoundException", f"Ingestion job {members['ingestionJobId']} does not exist."
            )
        return ActionResult({"ingestionJob": _job(base, source, job)})

    def list_ingestion_jobs(self: Any) -> ActionResult:
        base, source = _base_and_source(self, read_members(self))
        summaries = [_job(base, source, job) for job in reversed(source.jobs.values())]
        for summary in summaries:
            summary.pop("failureReasons", None)
        return ActionResult({"ingestionJobSummaries": summaries})

    AgentsforBedrockResponse.start_ingestion_job = start_ingestion_job
    AgentsforBedrockResponse.get_ingestion_job = get_ingestion_job
    AgentsforBedrockResponse.list_ingestion_jobs = list_ingestion_jobs


class _AgentRuntimeResponse(BaseResponse):
    """The answers of `bedrock-agent-runtime`."""

    models: ServedModels
    sessions: Sessions

    def __init__(self) -> None:
        super().__init__(service_name="bedrock-agent-runtime")

    def retrieve(self) -> ActionResult:
        members = read_members(self)
        base = _base_of(self, members["knowledgeBaseId"])
        found = self._found(base, members["retrievalQuery"].get("text") or "", members)
        return ActionResult(page(found, members.get("nextToken")))

    def retrieve_and_generate(self) -> ActionResult:
        members = read_members(self)
        configuration = members.get("retrieveAndGenerateConfiguration") or {}
        settings = configuration.get("knowledgeBaseConfiguration")
        if configuration.get("type") != "KNOWLEDGE_BASE" or settings is None:
            raise ServiceRefusalError(
                "ValidationException", "The sandbox generates from a knowledge base alone."
            )
        if "orchestrationConfiguration" in settings:
            raise ServiceRefusalError(
                "ValidationException", "The sandbox has no orchestrationConfiguration; leave it out."
            )
        base, question = _base_of(self, settings["knowledgeBaseId"]), members["input"]["text"]
        session = members.get("sessionId") or self.sessions.begin()
        earlier = self.sessions.turns(session)
        results = self._found(base, question, settings)
        text, citations = generate(question, results, settings, earlier, self.models)
        self.sessions.add(session, question, text)
        return ActionResult({"sessionId": session, "output": {"text": text}, "citations": citations})

    def _found(self, base: Any, text: str, settings: _Members) -> list[dict[str, Any]]:
        if not text.strip():
            raise ServiceRefusalError("ValidationException", "The text of the query is empty.")
        try:
            return retrieve(base, text, settings.get("retrievalConfiguration") or {}, self.models)
        except AccessRefusedError as error:
            raise ServiceRefusalError("AccessDeniedException", str(error)) from error


def _install_runtime(models: ServedModels) -> None:
    dispatch: Callable[..., Any] = BedrockResponse._dispatch
    _AgentRuntimeResponse.models, _AgentRuntimeResponse.sessions = models, Sessions()

    # All clients of Bedrock sign for one service; moto gives what none of those that it knows answers to the first one.
    def dispatch_by_operation(self: Any, request: Any, *arguments: Any, **named: Any) -> Any:
        runtime = _AgentRuntimeResponse()
        if runtime._get_action_from_method_and_request_uri(request):
            return runtime._dispatch(request, *arguments, **named)
        return dispatch(self, request, *arguments, **named)

    BedrockResponse._dispatch = dispatch_by_operation


def _base_and_source(response: Any, members: _Members) -> tuple[Any, DataSource]:
    base = _base_of(response, members["knowledgeBaseId"])
    return base, source_of(base, members["dataSourceId"])


def _place(base: Any, source: DataSource) -> dict[str, Any]:
    return {"knowledgeBaseId": base.knowledge_base_id, "dataSourceId": source.source_id}


def _described(base: Any, source: DataSource) -> dict[str, Any]:
    return {
        **_place(base, source),
        "name": source.name,
        "status": "AVAILABLE",
        **({} if source.description is None else {"description": source.description}),
        "dataSourceConfiguration": source.configuration,
        **({"vectorIngestionConfiguration": source.ingestion} if source.ingestion else {}),
        "dataDeletionPolicy": "DELETE",
        "createdAt": source.created,
        "updatedAt": source.created,
    }


def _job(base: Any, source: DataSource, job: IngestionJob) -> dict[str, Any]:
    return {
        **_place(base, source),
        "ingestionJobId": job.job_id,
        "status": job.status,
        **({} if job.description is None else {"description": job.description}),
        **({"statistics": dict(job.statistics)} if job.statistics else {}),
        **({"failureReasons": list(job.failure_reasons)} if job.failure_reasons else {}),
        "startedAt": job.started,
        "updatedAt": job.updated,
    }
