"""Where the databases of a data set are: a folder of SQLite and DuckDB files, one such file, or a server."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from checks.errors import GovernanceError
from scorers.text_to_sql.engines.query_engine import QueryEngine, QueryLimits

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

SUFFIXES = (".sqlite", ".sqlite3", ".db", ".duckdb")
_SQLITE_MAGIC = b"SQLite format 3\x00"
_DUCKDB_MAGIC = b"DUCK"
_FILE_SCHEMES = ("sqlite", "duckdb")

EngineKind = Literal["sqlite", "duckdb", "server"]


class DatabaseTarget(Struct, frozen=True):
    """One database: its kind, and its path or URL (which may hold a password)."""

    kind: EngineKind
    location: str

    def fingerprint(self) -> dict[str, str]:
        """Return what evidence says of it: engine, and the SHA-256 of a file or the URL without its password."""
        if self.kind == "server":
            from sqlalchemy.engine import make_url  # noqa: PLC0415  heavy, and of use to servers only

            return {"engine": self.kind, "url": make_url(self.location).render_as_string(hide_password=True)}
        import hashlib  # noqa: PLC0415  what the processes that run queries do without

        with Path(self.location).open("rb") as file:
            return {"engine": self.kind, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


class Databases:
    """Finds databases by the names that the pairs use.

    A folder holds `<name>.sqlite` (or `.sqlite3`, `.db`, `.duckdb`) or, as Spider's and BIRD's do,
    `<name>/<name>.sqlite`.
    Under a URL the name is that of a database on its server: PostgreSQL, or with `trust_server` any.
    """

    def __init__(self, source: str, *, trust_server: bool = False) -> None:
        self.source = source
        self._found: dict[str, DatabaseTarget] = {}
        self._url = _check_server_url(source, trusted=trust_server) if "://" in source else None
        if self._url is None and not Path(source).exists():
            raise GovernanceError(f"{source}: no such folder or file; name the databases with --databases")

    def find(self, name: str) -> DatabaseTarget:
        """Return the database called `name`.

        Raises:
            GovernanceError: when there is none, more than one, or a file that is neither SQLite nor DuckDB.
        """
        if name not in self._found:
            self._found[name] = (
                self._find_in_files(name) if self._url is None else _make_server_target(self._url, name)
            )
        return self._found[name]

    def _find_in_files(self, name: str) -> DatabaseTarget:
        candidates = self._list_candidates(Path(self.source), name)
        if not candidates:
            raise GovernanceError(
                f'no database "{name}" in {self.source}; a file {name}.sqlite or {name}.duckdb is needed'
            )
        if len(candidates) > 1:
            found = ", ".join(str(path) for path in candidates)
            raise GovernanceError(f'more than one database "{name}": {found}; keep one of them')
        return DatabaseTarget(_detect_kind(candidates[0]), str(candidates[0]))

    def _list_candidates(self, source: Path, name: str) -> list[Path]:
        """Return the files that may be the database `name`; a name with a path in it leads nowhere."""
        if source.is_file():
            return [source] if source.stem == name else []
        if not name or Path(name).name != name:
            return []
        named = [folder / f"{name}{suffix}" for folder in (source, source / name) for suffix in SUFFIXES]
        return [path for path in named if path.is_file()]


def _check_server_url(source: str, *, trusted: bool) -> "URL":
    """Return the URL of a server on which hostile SQL is known to be harmless, or that the user vouches for.

    Fails closed: what keeps a query from writing, from files and from running on differs between servers (MySQL, for
    one, executes comments), and PostgreSQL is the one whose guards are tested.
    """
    from sqlalchemy.engine import make_url  # noqa: PLC0415  heavy, and of use to servers only
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(source)
    except ArgumentError as error:
        raise GovernanceError(
            "--databases: not a SQLAlchemy URL; write postgresql+psycopg://host/name"
        ) from error
    backend = url.get_backend_name()
    if backend in _FILE_SCHEMES:
        raise GovernanceError("--databases: name the file or its folder, not a URL, for SQLite and DuckDB")
    if backend != "postgresql" and not trusted:
        raise GovernanceError(
            f"--databases: predicted SQL is not run on {backend}, where nothing is known to hold it back; score on "
            "PostgreSQL, SQLite or DuckDB with --dialect for what the SQL is written in, or say --trust-server when "
            "the URL's user can do nothing but read"
        )
    return url


def _make_server_target(url: "URL", name: str) -> DatabaseTarget:
    return DatabaseTarget("server", url.set(database=name).render_as_string(hide_password=False))


def _detect_kind(path: Path) -> EngineKind:
    try:
        with path.open("rb") as file:
            header = file.read(16)
    except OSError as error:
        raise GovernanceError(f"{path}: cannot be read ({error.strerror})") from error
    if header[8:12] == _DUCKDB_MAGIC:
        return "duckdb"
    if header == _SQLITE_MAGIC or not header:
        return "sqlite"
    raise GovernanceError(f"{path}: neither a SQLite nor a DuckDB file")


def open_engine(target: DatabaseTarget, limits: QueryLimits) -> QueryEngine:
    """Open a database for queries that can only read it.

    Raises:
        GovernanceError: when it is missing, locked or broken.
    """
    return load_engine(target.kind)(target.location, limits)


def load_engine(kind: EngineKind) -> Callable[[str, QueryLimits], QueryEngine]:
    """Return what opens databases of a kind by their location, its library imported."""
    # Imported here: each engine's library is paid for by those who use it.
    match kind:
        case "sqlite":
            from scorers.text_to_sql.engines.sqlite import SqliteEngine  # noqa: PLC0415

            return SqliteEngine
        case "duckdb":
            from scorers.text_to_sql.engines.duckdb import DuckdbEngine  # noqa: PLC0415

            return DuckdbEngine
        case "server":
            from scorers.text_to_sql.engines.database_server import ServerEngine  # noqa: PLC0415

            return ServerEngine
