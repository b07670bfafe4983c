"""Databases of a shared PostgreSQL server, one for each test that wants one."""

import uuid

import psycopg
from psycopg import sql


def database_of_its_own(server: str) -> str:
    """Make a database on the server whose first database is at this URL, and return its URL."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server.replace("/postgres?", f"/{name}?")
