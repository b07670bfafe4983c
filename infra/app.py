"""The CDK app: `cdk synth`, `cdk diff` and `cdk deploy` run this module. It needs no AWS account."""

import os
import sys

from aws_cdk import App, Environment

from infra.bundle import BundleError
from infra.governance_stack import GovernanceStack
from infra.settings_sources import DeploymentSettingsError, read_settings


def build_app(app: App) -> GovernanceStack:
    """Add the stack that the context of `app` describes, and return it.

    Raises:
        DeploymentSettingsError: a setting is unknown or wrong.
        BundleError: the runtime bundle cannot be built.
    """
    context = app.node.get_all_context()
    settings = read_settings(context, region=os.environ.get("CDK_DEFAULT_REGION"))
    # Only the image of AWS depends on the region; without it one template fits every account and region.
    environment = Environment(region=settings.region) if settings.evaluation_compute == "processing" else None
    return GovernanceStack(app, settings.stack_name, settings=settings, env=environment)


def main() -> int:
    """Synthesise the stack into the folder that the CDK command names."""
    app = App()
    try:
        build_app(app)
    except (DeploymentSettingsError, BundleError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
