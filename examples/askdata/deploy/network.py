"""Where everything runs: a VPC that is there, or one without a way to the internet for what runs in it."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from deploy.settings import AskDataSettings, ExistingNetwork

# What the service calls, and what ECS calls for it, by the name of its interface endpoint.
ENDPOINTS = {
    "BedrockRuntime": ec2.InterfaceVpcEndpointAwsService.BEDROCK_RUNTIME,
    "SageMaker": ec2.InterfaceVpcEndpointAwsService.SAGEMAKER_API,
    "Kms": ec2.InterfaceVpcEndpointAwsService.KMS,
    "SecretsManager": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "Registry": ec2.InterfaceVpcEndpointAwsService.ECR,
    "Images": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
}
GATEWAYS = {
    "S3": ec2.GatewayVpcEndpointAwsService.S3,
    "DynamoDb": ec2.GatewayVpcEndpointAwsService.DYNAMODB,
}
PRIVATE = "Private"
CIDR = "10.0.0.0/16"  # of a VPC that the stack makes


class AskDataNetwork(Construct):
    """The VPC, its `cidr`, and its subnets that the parts run in."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: AskDataSettings) -> None:
        super().__init__(scope, construct_id)
        self._endpoints: list[ec2.InterfaceVpcEndpoint] = []
        if settings.network is not None:
            self.vpc = self._take(settings.network)
            self.cidr = settings.network.cidr
        else:
            self.vpc = self._make(settings)
            self.cidr = CIDR
        self.private = ec2.SubnetSelection(
            subnet_group_name=PRIVATE if settings.network is None else None,
            subnet_type=None if settings.network is None else ec2.SubnetType.PRIVATE_WITH_EGRESS,
        )

    def admit(self, peer: ec2.IConnectable) -> None:
        """Let `peer` reach the endpoints that the stack makes; those of a VPC that is there are its owner's."""
        for endpoint in self._endpoints:
            endpoint.connections.allow_default_port_from(peer, "the screen")

    def _take(self, network: ExistingNetwork) -> ec2.IVpc:
        return ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=network.vpc_id,
            vpc_cidr_block=network.cidr,
            availability_zones=network.availability_zones,
            private_subnet_ids=network.private_subnet_ids,
            public_subnet_ids=network.public_subnet_ids,
        )

    def _make(self, settings: AskDataSettings) -> ec2.Vpc:
        # The load balancer asks the identity provider itself, which is on the internet: an internal one by a gateway.
        signs_in_from_inside = settings.sign_in is not None and not settings.internet_facing
        kind = ec2.SubnetType.PRIVATE_WITH_EGRESS if signs_in_from_inside else ec2.SubnetType.PRIVATE_ISOLATED
        subnets = [ec2.SubnetConfiguration(name=PRIVATE, subnet_type=kind, cidr_mask=24)]
        if settings.internet_facing or signs_in_from_inside:
            public = ec2.SubnetConfiguration(
                name="Public",
                subnet_type=ec2.SubnetType.PUBLIC,
                cidr_mask=24,
                map_public_ip_on_launch=False,
            )
            subnets.append(public)
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(CIDR),
            max_azs=2,
            nat_gateways=1 if signs_in_from_inside else 0,
            subnet_configuration=subnets,
            # The default would be a custom resource with rights of its own.
            restrict_default_security_group=False,
        )
        vpc.add_flow_log("FlowLog")
        for name, gateway in GATEWAYS.items():
            vpc.add_gateway_endpoint(name, service=gateway)
        for name, service in ENDPOINTS.items():
            private = ec2.SubnetSelection(subnet_group_name=PRIVATE)
            endpoint = vpc.add_interface_endpoint(name, service=service, subnets=private, open=False)
            self._endpoints.append(endpoint)
        return vpc
