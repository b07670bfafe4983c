"""The CDK app: `cdk synth`, `cdk diff` and `cdk deploy` run this module. It needs no AWS account."""

import os
import sys

from aws_cdk import App, Environment

from infra.bundle import BundleError
from infra.deployment_settings import DeploymentSettings
from infra.governance_stack import GovernanceStack
from infra.model_account_stack import ModelAccountStack
from infra.model_accounts import model_account_stack_name
from infra.parts import build_parts
from infra.settings_sources import DeploymentSettingsError, read_settings


def build_app(app: App) -> GovernanceStack:
    """Add the stacks that the context of `app` describes, and return that of the governance account.

    Raises:
        DeploymentSettingsError: a setting is unknown or wrong.
        BundleError: the runtime bundle cannot be built.
    """
    settings = _read_settings(app)
    _add_model_accounts(app, settings)
    return GovernanceStack(app, settings.stack_name, settings=settings, env=_environment(settings))


def _read_settings(app: App) -> DeploymentSettings:
    return read_settings(app.node.get_all_context(), region=os.environ.get("CDK_DEFAULT_REGION"))


def _environment(settings: DeploymentSettings) -> Environment | None:
    """Where the governance stack is deployed to, as far as it depends on that: one template fits every account else."""
    if settings.governance_account is not None:
        return Environment(account=settings.governance_account.account, region=settings.region)
    # The image of AWS has another address in each region, and copies stay in one.
    needs_region = settings.evaluation_compute == "processing" or settings.model_accounts
    return Environment(region=settings.region) if needs_region else None


def _add_model_accounts(app: App, settings: DeploymentSettings) -> None:
    """Add the stack of each model account, once it is known where it sends to."""
    if settings.governance_account is None:
        return
    for entry in settings.model_accounts:
        ModelAccountStack(
            app,
            model_account_stack_name(settings.stack_name, entry.account),
            settings=settings,
            governance=settings.governance_account,
            entry=entry,
            env=Environment(account=entry.account, region=settings.region),
        )


def main() -> int:
    """Synthesise the stack into the folder that the CDK command names."""
    app = App()
    try:
        build_parts(_read_settings(app))
        build_app(app)
    except (DeploymentSettingsError, BundleError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
