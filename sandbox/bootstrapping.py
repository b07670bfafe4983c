"""Bootstraps an account of the embedded AWS as `cdk bootstrap` does: with the template that the CDK brings along.

The command line would take seconds to start for one call. What it gives the stack:
https://github.com/aws/aws-cdk-cli, packages/@aws-cdk/toolkit-lib/lib/api/bootstrap/bootstrap-environment.ts.
"""

from pathlib import Path

from moto.cloudformation.models import cloudformation_backends

STACK = "CDKToolkit"
# What `cdk bootstrap` without options hands over; all else is as the template has it.
_PARAMETERS = {
    "FileAssetsBucketKmsKeyId": "AWS_MANAGED_KEY",
    "TrustedAccounts": "",
    "TrustedAccountsForLookup": "",
    "CloudFormationExecutionPolicies": "",
    "PublicAccessBlockConfiguration": "true",
}


def bootstrap(template: Path, account: str, region: str) -> None:
    """Make the stack that `cdk deploy` looks for from the CDK's own template, unless it is there."""
    backend = cloudformation_backends[account][region]
    if STACK not in {stack.name for stack in backend.stacks.values()}:
        backend.create_stack(STACK, template.read_text(encoding="utf-8"), dict(_PARAMETERS))
