"""Amazon Bedrock and SageMaker endpoints in the embedded AWS: AWS's contracts before servers of this machine."""
