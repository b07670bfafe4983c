"""What the functions and the Processing job need where they run inside a VPC."""

# The endpoints by the name of the service's client, for subnets without a way to the internet:
# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html. What Lambda and SageMaker
# do for a function or a job (its logs, its image, the dead-letter queue) does not go through the VPC.
ENDPOINTS = {
    "s3": "com.amazonaws.{region}.s3 (gateway or interface)",
    "sagemaker": "com.amazonaws.{region}.sagemaker.api (interface, with private DNS)",
    "events": "com.amazonaws.{region}.events (interface, with private DNS)",
    "sns": "com.amazonaws.{region}.sns (interface, with private DNS)",
    "kms": "com.amazonaws.{region}.kms (interface, with private DNS)",
}


def list_endpoints(region: str) -> str:
    """Return what the subnets must reach, in one line."""
    return "; ".join(name.format(region=region) for name in ENDPOINTS.values())
