"""Two collections of embeddings in PostgreSQL with pgvector: files of views, and files of models.

Each row is a file, or a piece of one that is longer than the embedding model reads. Rows of one embedding model are
apart from those of another: vectors of different models cannot be compared.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol, Self

import psycopg
from pgvector.psycopg import Vector
from psycopg import sql
from psycopg.errors import UndefinedTable
from psycopg_pool import ConnectionPool, PoolTimeout

from assistant.context import LookmlFile
from assistant.pieces import split_text
from checks.errors import GovernanceError

_CONNECTIONS = 4
_ONE_AT_A_TIME = 7_286_101  # of the advisory lock that ingestion takes: any number, the same for all


class Collection(StrEnum):
    """Views and models are found apart: the tables are called so."""

    VIEWS = "lookml_views"
    MODELS = "lookml_models"


class Embeddings(Protocol):
    """An embedding model; `aws.bedrock.BedrockEmbeddings` is one."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text."""
        ...


@dataclass(frozen=True, slots=True)
class Ingested:
    """What ingesting a collection changed: the names of files that are new or changed, and of those that are gone."""

    written: tuple[str, ...]
    removed: tuple[str, ...]


class MetadataStoreError(GovernanceError):
    """PostgreSQL refused something, or could not be asked."""


class MetadataStore:
    """The collections of one database, with a small pool of connections while it is open.

    `patience` is for how many seconds a connection is waited for.
    """

    def __init__(self, url: str, *, patience: float = 10.0) -> None:
        self._patience = patience
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            url,
            min_size=0,
            max_size=_CONNECTIONS,
            timeout=patience,
            kwargs={"autocommit": False, "connect_timeout": math.ceil(patience)},
            open=False,
        )

    def __enter__(self) -> Self:
        self._pool.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def ingest(
        self, files: Mapping[Collection, Sequence[LookmlFile]], *, space: str, embeddings: Embeddings
    ) -> dict[Collection, Ingested]:
        """Make the collections of `space` hold exactly `files`: all of it, or nothing where anything fails.

        Only what is new or changed is embedded. A second ingestion waits until the first has ended.

        Raises:
            MetadataStoreError: PostgreSQL refused something, or could not be asked.
            AwsError: the embedding model did not answer.
        """
        with self._transaction(space) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
            _create(connection)
            return {
                collection: _replace(connection, collection, found, space, embeddings.embed)
                for collection, found in files.items()
            }

    def nearest(
        self,
        collection: Collection,
        vector: Sequence[float],
        *,
        space: str,
        limit: int,
        views: Sequence[str] | None = None,
    ) -> list[LookmlFile]:
        """Return the files nearest to `vector` by cosine distance, nearest first; with `views`, those with any of them.

        A file in pieces is as near as its nearest piece. The name decides between files that are equally near.

        Raises:
            MetadataStoreError: nothing was ingested for `space`, or PostgreSQL could not be asked.
        """
        query = sql.SQL(
            "SELECT name, content, views FROM {table} WHERE space = %(space)s "
            "AND (%(views)s::text[] IS NULL OR views && %(views)s::text[]) "
            "GROUP BY name, content, views ORDER BY min(embedding <=> %(vector)s::vector), name LIMIT %(limit)s"
        ).format(table=sql.Identifier(collection))
        named = None if views is None else list(views)
        values = {"space": space, "views": named, "vector": _write(vector), "limit": limit}
        with self._transaction(space) as connection:
            rows = connection.execute(query, values).fetchall()
        if not rows and collection is Collection.VIEWS:
            raise _absent(space)
        return [LookmlFile(name, content, tuple(found)) for name, content, found in rows]

    def require(self, space: str) -> None:
        """Refuse to go on where no view was ingested for `space`.

        Raises:
            MetadataStoreError: none was, or PostgreSQL could not be asked.
        """
        query = sql.SQL("SELECT 1 FROM {table} WHERE space = %s LIMIT 1")
        with self._transaction(space) as connection:
            table = sql.Identifier(Collection.VIEWS)
            found = connection.execute(query.format(table=table), (space,)).fetchone()
        if found is None:
            raise _absent(space)

    @contextmanager
    def _transaction(self, space: str) -> Iterator[psycopg.Connection[Any]]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except PoolTimeout as error:
            raise MetadataStoreError(
                f"PostgreSQL: no connection within {self._patience:g} s; check that it runs, and the URL"
            ) from error
        except UndefinedTable as error:
            raise _absent(space) from error
        except psycopg.Error as error:
            reason = str(error).partition("\n")[0]
            raise MetadataStoreError(
                f"PostgreSQL: {reason}; check the database, and the rights of its user"
            ) from error


def _create(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    for collection in Collection:
        # No index: a data lake has some hundred views, which are compared with all in a millisecond, and exactly.
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {table} (space text, name text, piece integer, content text NOT NULL, "
                "views text[] NOT NULL, embedding vector NOT NULL, PRIMARY KEY (space, name, piece))"
            ).format(table=sql.Identifier(collection))
        )


def _absent(space: str) -> MetadataStoreError:
    return MetadataStoreError(f"no LookML was ingested for the embedding model {space}; run ingest.py for it")


def _write(vector: Sequence[float]) -> str:
    """Return a vector as pgvector reads it, without a look at the database for the number of its type."""
    return str(Vector(list(vector)).to_text())


def _replace(
    connection: psycopg.Connection[Any],
    collection: Collection,
    files: Sequence[LookmlFile],
    space: str,
    embed: Callable[[Sequence[str]], list[list[float]]],
) -> Ingested:
    table = sql.Identifier(collection)
    listed = sql.SQL("SELECT DISTINCT name, content, views FROM {table} WHERE space = %s").format(table=table)
    rows = connection.execute(listed, (space,)).fetchall()
    present = {LookmlFile(name, content, tuple(views)) for name, content, views in rows}
    changed = [file for file in files if file not in present]
    gone = {file.name for file in present} - {file.name for file in files}
    # What changed is written anew with all its pieces, of which there may be fewer now.
    stale = [*gone, *(file.name for file in changed)]
    delete = sql.SQL("DELETE FROM {table} WHERE space = %s AND name = ANY(%s)").format(table=table)
    connection.execute(delete, (space, stale))
    insert = sql.SQL("INSERT INTO {table} VALUES (%s, %s, %s, %s, %s, %s::vector)").format(table=table)
    for file in changed:
        for number, vector in enumerate(embed(split_text(file.text))):
            row = (space, file.name, number, file.text, list(file.views), _write(vector))
            connection.execute(insert, row)
    return Ingested(tuple(file.name for file in changed), tuple(sorted(gone)))
