"""PostgreSQL with pgvector: Aurora Serverless v2, reached from the service alone."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from deploy.network import AskDataNetwork
from infra.rule_exceptions import except_from_rules

NAME = "askdata"
USER = "askdata"


class EmbeddingDatabase(Construct):
    """The database of the two collections of embeddings; what is in it can be made again from the LookML."""

    def __init__(
        self, scope: Construct, construct_id: str, *, network: AskDataNetwork, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        # Version 16.8 has pgvector 0.8: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes
        engine = rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_8)
        self.cluster = rds.DatabaseCluster(
            self,
            "Cluster",
            engine=engine,
            # Nobody connects without TLS, whatever a client asks for.
            parameters={"rds.force_ssl": "1"},
            credentials=rds.Credentials.from_generated_secret(USER),
            default_database_name=NAME,
            writer=rds.ClusterInstance.serverless_v2("Writer", publicly_accessible=False),
            serverless_v2_min_capacity=0.5,
            serverless_v2_max_capacity=2,
            vpc=network.vpc,
            vpc_subnets=network.private,
            storage_encrypted=True,
            iam_authentication=True,
            backup=rds.BackupProps(retention=Duration.days(7)),
            copy_tags_to_snapshot=True,
            deletion_protection=removal_policy is RemovalPolicy.RETAIN,
            removal_policy=removal_policy,
            cloudwatch_logs_exports=["postgresql"],
        )
        secret = self.cluster.secret
        if secret is None:
            raise TypeError("a cluster with generated credentials has a secret")
        self.secret = secret
        except_from_rules(
            self.cluster.node.find_child("Secret"),
            ["AwsSolutions-SMG4"],
            "a task reads the password when it starts, so rotating it needs a new deployment: README.md says how",
        )
        if removal_policy is RemovalPolicy.DESTROY:
            except_from_rules(self.cluster, ["AwsSolutions-RDS10"], "removal_policy=destroy was asked for")

    def admit(self, peer: ec2.IConnectable) -> None:
        """Let `peer` connect."""
        self.cluster.connections.allow_default_port_from(peer, "the screen")
