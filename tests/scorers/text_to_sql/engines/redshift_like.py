"""A server that the scorer has no guards for, and that SQLAlchemy reaches by a driver of its own."""

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg


class RedshiftLike(PGDialect_psycopg):
    """PostgreSQL under another name."""

    name = "redshift"
    supports_statement_cache = True
