"""The screen as a service of ECS on Fargate behind a load balancer with TLS."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, SecretValue
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from constructs import Construct

from deploy.database import NAME, EmbeddingDatabase
from deploy.environment import PASSWORD_VARIABLES, write_environment
from deploy.image import describe_image
from deploy.network import AskDataNetwork
from deploy.settings import AskDataSettings, OpenIdConnect
from infra.governance_function import make_log_group
from infra.rule_exceptions import except_from_rules

PORT = 8501
HEALTH_PATH = "/_stcore/health"  # of Streamlit
_USER = "1000:1000"
_HTTPS = 443


class AskDataService(Construct):
    """The tasks, whose role is `role`, and the load balancer in front of them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: AskDataSettings,
        network: AskDataNetwork,
        database: EmbeddingDatabase,
        table: str,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        task = self._define_task(settings, database, table, removal_policy)
        self.role = task.task_role
        cluster = ecs.Cluster(
            self, "Cluster", vpc=network.vpc, container_insights_v2=ecs.ContainerInsights.ENABLED
        )
        self.service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task,
            desired_count=settings.tasks,
            min_healthy_percent=100,
            assign_public_ip=False,
            vpc_subnets=network.private,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            # A task ingests the LookML before it answers for the first time.
            health_check_grace_period=Duration.minutes(5),
        )
        database.admit(self.service)
        network.admit(self.service)
        self.balancer = self._balance(settings, network)

    def _define_task(
        self,
        settings: AskDataSettings,
        database: EmbeddingDatabase,
        table: str,
        removal_policy: RemovalPolicy,
    ) -> ecs.FargateTaskDefinition:
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            cpu=1024,
            memory_limit_mib=4096,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.X86_64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
        )
        task.add_volume(name="scratch")
        container = task.add_container(
            "Screen",
            image=ecs.ContainerImage.from_docker_image_asset(
                assets.DockerImageAsset(self, "Image", **describe_image())
            ),
            user=_USER,
            readonly_root_filesystem=True,
            environment=write_environment(
                settings, table=table, host=database.cluster.cluster_endpoint.hostname, database=NAME
            ),
            secrets={
                variable: ecs.Secret.from_secrets_manager(database.secret, field)
                for variable, field in PASSWORD_VARIABLES.items()
            },
            logging=ecs.LogDriver.aws_logs(
                stream_prefix="screen",
                log_group=make_log_group(self, "Log", settings.log_retention_days, None, removal_policy),
            ),
            port_mappings=[ecs.PortMapping(container_port=PORT)],
        )
        # Predicted SQL runs in processes of its own, which write into a folder that no other task sees.
        container.add_mount_points(
            ecs.MountPoint(container_path="/tmp", source_volume="scratch", read_only=False)
        )
        except_from_rules(
            task.obtain_execution_role().node.find_child("DefaultPolicy"),
            ["AwsSolutions-IAM5"],
            "the token for the registry of images: the service authorisation reference has no resource for it",
            finding="Resource::\\*",
        )
        except_from_rules(
            task,
            ["AwsSolutions-ECS2"],
            "the variables name places, such as the host of the database; the password is a secret",
        )
        return task

    def _balance(self, settings: AskDataSettings, network: AskDataNetwork) -> elbv2.ApplicationLoadBalancer:
        balancer = elbv2.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=network.vpc,
            internet_facing=settings.internet_facing,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
            if settings.internet_facing
            else network.private,
            drop_invalid_header_fields=True,
            deletion_protection=settings.removal_policy == "retain",
        )
        balancer.log_access_logs(self._make_log_bucket())
        if settings.internet_facing:
            except_from_rules(
                balancer.connections.security_groups[0],
                ["AwsSolutions-EC23"],
                "internet_facing was asked for; nobody gets past the listener without signing in",
            )
        peer = ec2.Peer.any_ipv4() if settings.internet_facing else ec2.Peer.ipv4(network.cidr)
        listener = balancer.add_listener(
            "Https",
            port=_HTTPS,
            certificates=[
                acm.Certificate.from_certificate_arn(self, "Certificate", settings.certificate_arn)
            ],
            ssl_policy=elbv2.SslPolicy.RECOMMENDED_TLS,
            open=False,
        )
        listener.connections.allow_default_port_from(peer, "the people who ask")
        group = elbv2.ApplicationTargetGroup(
            self,
            "Screens",
            vpc=network.vpc,
            port=PORT,
            protocol=elbv2.ApplicationProtocol.HTTP,
            targets=[self.service],
            # A session of Streamlit lives in one task.
            stickiness_cookie_duration=Duration.hours(12),
            deregistration_delay=Duration.seconds(30),
            health_check=elbv2.HealthCheck(path=HEALTH_PATH, healthy_http_codes="200"),
        )
        forward = elbv2.ListenerAction.forward([group])
        listener.add_action(
            "Default",
            action=forward if settings.sign_in is None else self._sign_in(settings.sign_in, forward),
        )
        CfnOutput(self, "Address", value=f"https://{balancer.load_balancer_dns_name}")
        return balancer

    def _make_log_bucket(self) -> s3.Bucket:
        """Who opened the screen when: the load balancer writes with the keys of S3 alone."""
        bucket = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(365))],
            removal_policy=RemovalPolicy.RETAIN,
        )
        except_from_rules(bucket, ["AwsSolutions-S1"], "it holds access logs itself")
        return bucket

    def _sign_in(self, provider: OpenIdConnect, after: elbv2.ListenerAction) -> elbv2.ListenerAction:
        return elbv2.ListenerAction.authenticate_oidc(
            issuer=provider.issuer,
            authorization_endpoint=provider.authorization_endpoint,
            token_endpoint=provider.token_endpoint,
            user_info_endpoint=provider.user_info_endpoint,
            client_id=provider.client_id,
            client_secret=SecretValue.secrets_manager(provider.client_secret_arn),
            next=after,
        )
