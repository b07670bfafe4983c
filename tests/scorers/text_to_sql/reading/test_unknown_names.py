import pytest
import sqlglot

from scorers.text_to_sql.reading.schema import make_schema
from scorers.text_to_sql.reading.unknown_names import find_unknown_names

SCHEMA = make_schema(
    {"customer": ["id", "name", "country", "tags"], "purchase": ["id", "customer_id", "amount"]}
)


@pytest.mark.parametrize(
    ("sql", "unknown"),
    [
        ("SELECT name FROM customer", []),
        ("SELECT NAME FROM Customer AS c WHERE c.Country = 'UK'", []),
        ("SELECT nme FROM customer", ["nme"]),
        ("SELECT amount FROM customer", ["amount"]),
        ("SELECT c.amount, c.name FROM customer c", ["c.amount"]),
        ("SELECT x.name FROM customer c", ["x.name"]),
        ("SELECT name FROM customers", ["customers"]),
        ("SELECT * FROM customer, nosuch WHERE anything = 1", ["nosuch"]),
        ("SELECT rowid FROM customer", []),
        ("SELECT name AS n FROM customer WHERE n = 'x' GROUP BY n ORDER BY n", []),
        ("SELECT name FROM customer ORDER BY nosuch", ["nosuch"]),
        ("SELECT name FROM customer GROUP BY nosuch HAVING count(other) > 1", ["nosuch", "other"]),
        ("SELECT name FROM customer c WHERE EXISTS (SELECT 1 FROM purchase WHERE customer_id = c.id)", []),
        ("SELECT name FROM customer WHERE id IN (SELECT buyer FROM purchase)", ["buyer"]),
        ("SELECT s.n FROM (SELECT name AS n FROM customer) s", []),
        ("SELECT s.name FROM (SELECT name AS n FROM customer) s", ["s.name"]),
        ("SELECT s.id FROM (SELECT * FROM customer) s", []),
        ("WITH a AS (SELECT name AS n FROM customer) SELECT n, m FROM a", ["m"]),
        ("WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x, y FROM r", ["y"]),
        ("SELECT id FROM customer UNION SELECT idd FROM purchase ORDER BY id", ["idd"]),
        ("SELECT c.name FROM customer c JOIN purchase p ON c.id = p.customer", ["p.customer"]),
        ("SELECT name FROM customer JOIN purchase USING (nosuch)", ["nosuch"]),
        ("SELECT value FROM customer, json_each(customer.tags)", []),
        ("SELECT name FROM (customer JOIN purchase ON customer.id = purchase.customer_id)", []),
        ("SELECT sum(amount) OVER (PARTITION BY nosuch) FROM purchase", ["nosuch"]),
        ('SELECT name FROM customer WHERE country = "UK"', []),
        ('SELECT name FROM customer WHERE "UK" = country', []),
        ('SELECT name FROM customer WHERE country IN ("UK", "US")', []),
        ('SELECT strftime("%Y", name) FROM customer', []),
        ('SELECT name FROM customer WHERE "nosuch" = 1', ["nosuch"]),
        ('SELECT name FROM customer WHERE "nosuch" IN (1, 2)', ["nosuch"]),
        ('SELECT "nosuch", "name" FROM customer', ["nosuch"]),
        (
            'SELECT count("nosuch") FROM customer GROUP BY "other" ORDER BY "third"',
            ["nosuch", "other", "third"],
        ),
        ("SELECT name FROM customer WHERE `nosuch` = country", ["nosuch"]),
        ("SELECT name FROM sqlite_master", []),
    ],
)
def test_sqlite(sql: str, unknown: list[str]) -> None:
    tree = sqlglot.parse_one(sql, read="sqlite")
    assert find_unknown_names(tree, SCHEMA, sql=sql, engine="sqlite") == unknown


@pytest.mark.parametrize(
    ("dialect", "sql", "unknown"),
    [
        ("duckdb", 'SELECT name FROM customer WHERE country = "UK"', ["UK"]),
        ("duckdb", "SELECT tags.color, nosuch.color FROM customer", ["nosuch.color"]),
        ("duckdb", "SELECT t.tag FROM customer, unnest(tags) AS t(tag)", []),
        ("duckdb", "SELECT list_transform(tags, x -> x || name) FROM customer", []),
        ("duckdb", "FROM customer", []),
        ("presto", "SELECT u.tag FROM customer CROSS JOIN UNNEST(tags) AS u (tag)", []),
        ("presto", "SELECT date_trunc('month', nosuch) FROM crm.prod.customer", ["nosuch"]),
        ("postgres", "SELECT table_name FROM information_schema.tables", []),
    ],
)
def test_other_dialects(dialect: str, sql: str, unknown: list[str]) -> None:
    tree = sqlglot.parse_one(sql, read=dialect)
    assert find_unknown_names(tree, SCHEMA, sql=sql, engine=dialect) == unknown
