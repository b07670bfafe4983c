"""The stack of AskData: its network, its database, its conversations, and the service that people open."""

from typing import Any

from aws_cdk import RemovalPolicy, Stack
from constructs import Construct

from deploy.conversations import ConversationTable
from deploy.database import EmbeddingDatabase
from deploy.grants import grant_all
from deploy.network import AskDataNetwork
from deploy.service import AskDataService
from deploy.settings import AskDataSettings


class AskDataStack(Stack):
    """The assistant as its analysts use it. Which version it serves, the registry and the gate's records say."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: AskDataSettings, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        removal_policy = (
            RemovalPolicy.DESTROY if settings.removal_policy == "destroy" else RemovalPolicy.RETAIN
        )
        network = AskDataNetwork(self, "Network", settings=settings)
        database = EmbeddingDatabase(self, "Database", network=network, removal_policy=removal_policy)
        conversations = ConversationTable(self, "Conversations", removal_policy=removal_policy)
        service = AskDataService(
            self,
            "Screen",
            settings=settings,
            network=network,
            database=database,
            table=conversations.table.table_name,
            removal_policy=removal_policy,
        )
        grant_all(self, service.role, settings, conversations.table)
