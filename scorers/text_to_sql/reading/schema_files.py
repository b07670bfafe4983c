"""Schemas given as files: DDL or LookML, one for all databases or one for each."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from checks.errors import GovernanceError
from disk.walking import files_below
from scorers.text_to_sql.reading.lookml import read_lookml
from scorers.text_to_sql.reading.schema import ColumnPair, Schema, make_schema

_DDL = (".sql", ".ddl")
_LOOKML = (".lkml", ".lookml")


class SchemaFiles:
    """A file, or a folder: `<database>.sql`, `<database>.lkml` or `<database>/` in it are that database's alone."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise GovernanceError(f"{path}: no such schema file or folder; name DDL (.sql) or LookML (.lkml)")
        self._path = path

    def read_schema(self, database: str, dialect: str) -> Schema:
        """Return the schema of `database`; DDL is read in `dialect`.

        Raises:
            GovernanceError: when there is none, or a file of it cannot be read.
        """
        files = self._find_files(database)
        lookml = [file for file in files if file.suffix in _LOOKML]
        if lookml and len(lookml) < len(files):
            raise GovernanceError(f"{self._path}: both DDL and LookML for {database}; keep one of them")
        schema = read_lookml(lookml) if lookml else read_ddl(files, dialect)
        if not schema.tables:
            raise GovernanceError(f"{self._path}: no table or view for {database} in it")
        return schema

    def _find_files(self, database: str) -> list[Path]:
        if self._path.is_file():
            return [self._path]
        own = [self._path / f"{database}{suffix}" for suffix in (*_DDL, *_LOOKML)]
        found = [file for file in own if file.is_file()]
        folder = self._path / database if (self._path / database).is_dir() else self._path
        found = found or [
            file for file in files_below(folder, hidden=True) if file.suffix in (*_DDL, *_LOOKML)
        ]
        if not found:
            raise GovernanceError(f"{self._path}: no DDL (.sql) or LookML (.lkml) for {database} in it")
        return found


def read_ddl(paths: Iterable[Path], dialect: str) -> Schema:
    """Return the tables, views and foreign keys that the CREATE statements of `paths` make.

    Raises:
        GovernanceError: for a file that is not SQL in `dialect`.
    """
    tables: dict[str, list[str]] = {}
    views: list[str] = []
    keys: list[ColumnPair] = []
    for path in paths:
        try:
            statements = sqlglot.parse(path.read_text(encoding="utf-8"), read=dialect)
        except (SqlglotError, OSError, UnicodeDecodeError) as error:
            reason = str(error).partition("\n")[0]
            raise GovernanceError(f"{path}: cannot be read as DDL in {dialect} ({reason})") from error
        for statement in statements:
            if isinstance(statement, exp.Create) and statement.kind in {"TABLE", "VIEW"}:
                name = statement.find(exp.Table).name  # pyrefly: ignore[missing-attribute]  # every CREATE TABLE has one
                tables[name] = _list_columns(statement)
                keys += _find_foreign_keys(name, statement)
                views += [name] if statement.kind == "VIEW" else []
    return make_schema(tables, keys, views)


def _list_columns(statement: exp.Create) -> list[str]:
    declared = statement.this.expressions if isinstance(statement.this, exp.Schema) else []
    names = [column.name for column in declared if isinstance(column, (exp.ColumnDef, exp.Identifier))]
    query = statement.expression
    return names or (query.named_selects if isinstance(query, exp.Query) else [])


def _find_foreign_keys(table: str, statement: exp.Create) -> Iterator[ColumnPair]:
    for key in statement.find_all(exp.ForeignKey):
        target = key.args["reference"].this
        for column, referred in zip(key.expressions, target.expressions, strict=False):
            yield f"{table}.{column.name}", f"{target.this.name}.{referred.name}"
    for column in statement.find_all(exp.ColumnDef):
        for constraint in column.constraints:
            if isinstance(constraint.kind, exp.Reference) and isinstance(constraint.kind.this, exp.Schema):
                target = constraint.kind.this
                yield f"{table}.{column.name}", f"{target.this.name}.{target.expressions[0].name}"
