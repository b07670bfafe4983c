"""What the tasks are told by their environment."""

from deploy.settings import AskDataSettings

# libpq's own variables, by the field of the secret that RDS writes.
PASSWORD_VARIABLES = {"PGUSER": "username", "PGPASSWORD": "password"}


def write_environment(settings: AskDataSettings, *, table: str, host: str, database: str) -> dict[str, str]:
    """Return the variables that name what the screen uses."""
    return {
        "PGHOST": host,
        "PGDATABASE": database,
        "PGSSLMODE": "verify-full",
        "ASKDATA_TABLE": table,
        "ASKDATA_GROUP": settings.model_package_group,
        "ASKDATA_DECISIONS_BUCKET": settings.decisions_bucket.name,
    }
