"""What the tasks are told by their environment."""

from pathlib import Path

from assistant.screen_settings import ScreenSettings
from assistant.settings import AssistantSettings
from deploy.settings import AskDataSettings

LAKE = Path("/app/lake/askdata.duckdb")  # where the image makes the data lake
CERTIFICATES = "/app/rds.pem"  # where the image has the certificates of RDS
# libpq's own variables, by the field of the secret that RDS writes.
PASSWORD_VARIABLES = {"PGUSER": "username", "PGPASSWORD": "password"}


def write_environment(settings: AskDataSettings, *, table: str, host: str, database: str) -> dict[str, str]:
    """Return the variables that name what the screen uses."""
    assistant = AssistantSettings(
        group=settings.model_package_group,
        decisions_bucket=settings.decisions_bucket.name,
        database_url=f"postgresql://{host}/{database}?sslmode=verify-full&sslrootcert={CERTIFICATES}",
    )
    return ScreenSettings(assistant, table, LAKE).to_environment()
