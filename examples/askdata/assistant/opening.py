"""The desk of a running screen, made once a process from its environment."""

import atexit
from contextlib import ExitStack

import streamlit as st

from assistant.approved_versions import ApprovedVersions
from assistant.assistant import Assistant
from assistant.building import build_assistant
from assistant.configuration import Configuration
from assistant.conversations import Conversations
from assistant.desk import Desk
from assistant.followed_approvals import FollowedApprovals
from assistant.lake import Lake
from assistant.metadata_store import MetadataStore
from assistant.screen_settings import ScreenSettings
from aws.clients import dynamodb_client, s3_client, sagemaker_client
from aws.decision_log import S3DecisionLog
from aws.model_registry import SageMakerModelRegistry
from ingest import ingest_lookml
from pipelines.step_settings import DECISIONS_FOLDER


@st.cache_resource(show_spinner="Connecting")
def open_desk() -> Desk:
    """Return the desk that the environment describes; what it needs stays open until the process ends.

    Raises:
        GovernanceError: a setting is missing, or no client can be made.
    """
    with ExitStack() as stack:
        desk = make_desk(ScreenSettings.from_environment(), stack)
        atexit.register(stack.pop_all().close)
    return desk


def make_desk(settings: ScreenSettings, stack: ExitStack) -> Desk:
    """Return a desk whose connections are open until `stack` is closed.

    Raises:
        GovernanceError: no client can be made.
    """
    store = stack.enter_context(MetadataStore(settings.assistant.database_url))
    versions = ApprovedVersions(
        settings.assistant.group,
        SageMakerModelRegistry(sagemaker_client()),
        S3DecisionLog(s3_client(), f"s3://{settings.assistant.decisions_bucket}/{DECISIONS_FOLDER}"),
        s3_client(),
    )

    def build(configuration: Configuration) -> Assistant:
        # Nobody else does where this is deployed; what is embedded already is left as it is.
        ingest_lookml(configuration, settings.assistant.database_url)
        return build_assistant(configuration, store)

    service = stack.enter_context(FollowedApprovals(versions, build))
    conversations = Conversations(dynamodb_client(), settings.table)
    return Desk(service, conversations, Lake(settings.lake))
