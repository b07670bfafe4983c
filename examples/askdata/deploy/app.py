"""The CDK app of AskData: `cdk synth`, `cdk diff` and `cdk deploy` run it in this folder. It needs no AWS account."""

import os
import sys
from pathlib import Path

# The packages of the example are in the folder above, the rooms in the environment.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aws_cdk import App, Environment

from deploy.settings import AskDataSettings
from deploy.stack import AskDataStack
from infra.settings_sources import DeploymentSettingsError, read_settings_of

PAGE = "examples/askdata/deploy/README.md"


def build_app(app: App) -> AskDataStack:
    """Add the stack that the context of `app` describes.

    Raises:
        DeploymentSettingsError: a setting is unknown or wrong.
    """
    region = os.environ.get("CDK_DEFAULT_REGION")
    settings = read_settings_of(AskDataSettings, app.node.get_all_context(), region=region, page=PAGE)
    return AskDataStack(app, settings.stack_name, settings=settings, env=Environment(region=settings.region))


def main() -> int:
    """Synthesise the stack into the folder that the CDK command names."""
    app = App()
    try:
        build_app(app)
    except DeploymentSettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
