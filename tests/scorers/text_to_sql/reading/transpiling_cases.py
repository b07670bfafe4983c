"""Constructs that dialects spell alike and mean otherwise, with the rows that the dialect's own engine gives.

Of each: the query, the rows, and the engines that cannot run it with that meaning and must say so. The table `sale` is
the same in all engines.
"""

from typing import Any

SALE = [
    # id, shop, units, price (a decimal), rate (a double), day, sold
    (1, "Nord", 3, "4.00", 2.5, "2024-01-07", "2024-01-07 23:30:00"),
    (2, "nord", 4, "13.00", 3.5, "2024-01-31", "2024-01-31 01:00:00"),
    (3, "Süd*", 6, "2.50", -2.5, "2024-02-29", "2024-03-01 00:10:00"),
    (4, None, None, None, None, None, None),
]
COLUMNS = (
    "id INTEGER, shop {text}, units INTEGER, price DECIMAL(10, 2), rate {double}, day DATE, sold TIMESTAMP"
)

# PostgreSQL itself is asked too, in `test_postgresql.py`.
# Texts, each with the rows that it means, or none where it means nothing, and the engines that refuse it.
Cases = dict[str, tuple[list[tuple[Any, ...]] | None, tuple[str, ...]]]
POSTGRES: Cases = {
    "SELECT SUM(units) / COUNT(*) FROM sale": ([(3,)], ()),
    "SELECT 7 / 2, -7 / 2, 7 / 2.0": ([(3, -3, 3.5)], ()),
    "SELECT units / 2 FROM sale WHERE id = 1": ([(1,)], ()),
    "SELECT u / 2 FROM (SELECT units AS u FROM sale) AS s WHERE u = 3": ([(1,)], ()),
    "WITH s AS (SELECT SUM(units) AS u FROM sale) SELECT u / 4 FROM s": ([(3,)], ()),
    "SELECT CAST(units AS DOUBLE PRECISION) / 2 FROM sale WHERE id = 1": ([(1.5,)], ()),
    "SELECT price / 8 FROM sale WHERE id = 1": ([(0.5,)], ()),
    "SELECT (units + 1) / (units - 1) / 2 FROM sale WHERE id = 3": ([(0,)], ()),
    "SELECT shop FROM sale WHERE shop LIKE 'N%'": ([("Nord",)], ()),
    "SELECT id FROM sale WHERE shop LIKE '%d*'": ([(3,)], ()),
    "SELECT id FROM sale WHERE shop LIKE 'S_d#*' ESCAPE '#'": ([(3,)], ()),
    "SELECT id FROM sale WHERE shop NOT LIKE 'N%' ORDER BY id": ([(2,), (3,)], ()),
    "SELECT id FROM sale WHERE shop NOT LIKE 'S_d#*' ESCAPE '#' ORDER BY id": ([(1,), (2,)], ()),
    "SELECT id FROM sale WHERE shop LIKE 'N' || '%'": ([(1,)], ("sqlite",)),
    "SELECT id FROM sale WHERE shop ILIKE 'n%' ORDER BY id": ([(1,), (2,)], ()),
    "SELECT SUBSTR('hello', 0, 3), SUBSTR('hello', -2), SUBSTR('hello', -1, 4)": (
        [("he", "hello", "he")],
        (),
    ),
    "SELECT STRPOS('ab', 'b'), POSITION('b' IN 'ab')": ([(2, 2)], ()),
    "SELECT CONCAT('a', NULL, 'b'), 'a' || NULL": ([("ab", None)], ()),
    "SELECT ROUND(2.5), ROUND(-2.5)": ([(3, -3)], ()),
    "SELECT ROUND(rate) FROM sale WHERE id < 4 ORDER BY id": ([(2,), (4,), (-2,)], ()),
    "SELECT CAST(rate AS INTEGER) FROM sale WHERE id < 4 ORDER BY id": ([(2,), (4,), (-2,)], ()),
    "SELECT CAST(rate * 1.1 AS INTEGER) FROM sale WHERE id < 4 ORDER BY id": ([(3,), (4,), (-3,)], ()),
    "SELECT 7 / units, price / units FROM sale WHERE id = 2": ([(1, 3.25)], ()),
    "SELECT units / NULLIF(units - 3, 0) FROM sale WHERE id = 1": ([(None,)], ()),
    "SELECT id FROM sale WHERE units <> 3 AND 6 / (units - 3) = 2": ([(3,)], ()),
    "SELECT LEFT(shop, 2), RIGHT(shop, 2), RIGHT(shop, 9) FROM sale WHERE id = 1": (
        [("No", "rd", "Nord")],
        (),
    ),
    "SELECT CAST(2.7 AS INTEGER), CAST(-2.7 AS INTEGER)": ([(3, -3)], ()),
    "SELECT GREATEST(units, 4), LEAST(units, 4) FROM sale WHERE id IN (1, 4) ORDER BY id": (
        [(4, 3), (4, 4)],
        (),
    ),
    "SELECT MOD(-7, 3), -7 % 3": ([(-1, -1)], ()),
    "SELECT MOD(7.5, 2)": ([(1.5,)], ("sqlite",)),
    "SELECT id FROM sale ORDER BY units": ([(1,), (2,), (3,), (4,)], ()),
    "SELECT id FROM sale ORDER BY units DESC": ([(4,), (3,), (2,), (1,)], ()),
    "SELECT EXTRACT(DOW FROM day), EXTRACT(ISODOW FROM day) FROM sale WHERE id = 1": ([(0, 7)], ()),
    "SELECT EXTRACT(YEAR FROM day), EXTRACT(QUARTER FROM day) FROM sale WHERE id = 3": ([(2024, 1)], ()),
    "SELECT EXTRACT(WEEK FROM day) FROM sale WHERE id = 1": ([(1,)], ("sqlite",)),
    "SELECT CAST(DATE_TRUNC('week', day) AS DATE) = DATE '2024-01-01' FROM sale WHERE id = 1": ([(1,)], ()),
    "SELECT CAST(DATE_TRUNC('month', day) AS DATE) = DATE '2024-02-01' FROM sale WHERE id = 3": ([(1,)], ()),
    "SELECT (SELECT MAX(day) FROM sale) - DATE '2024-02-01'": ([(28,)], ()),
    "SELECT day - DATE '2024-01-01' FROM sale WHERE id = 1": ([(6,)], ()),
    "SELECT day + INTERVAL '1 month' = DATE '2024-02-29' FROM sale WHERE id = 2": ([(1,)], ("sqlite",)),
    "SELECT id FROM sale WHERE day + INTERVAL '7 days' = DATE '2024-01-14'": ([(1,)], ()),
    "SELECT 1 UNION SELECT 2 INTERSECT SELECT 2 ORDER BY 1": ([(1,), (2,)], ()),
    "SELECT 1 AS a FROM sale EXCEPT ALL SELECT 1 FROM sale WHERE id > 1": ([(1,)], ("sqlite",)),
    "SELECT TO_CHAR(day, 'YYYY-MM') FROM sale WHERE id = 1": ([("2024-01",)], ()),
    "SELECT TO_CHAR(day, 'Day') FROM sale WHERE id = 1": ([("Sunday   ",)], ("duckdb", "sqlite")),
    "SELECT TO_CHAR(day, 'Mon') FROM sale WHERE id = 1": ([("Jan",)], ("duckdb", "sqlite")),
    "SELECT id FROM sale WHERE sold > CAST('2024-02-01' AS TIMESTAMP)": ([(3,)], ()),
    "SELECT INITCAP(shop) FROM sale WHERE id = 2": ([("Nord",)], ("sqlite",)),
    "SELECT 'a' = 'A'": ([(0,)], ()),
    "SELECT LOG(100), LOG(2, 8)": ([(2, 3)], ()),
}
# After Presto's documentation; no engine of its is here.
PRESTO: Cases = {
    "SELECT SUM(units) / COUNT(*) FROM sale": ([(3,)], ()),
    "SELECT CAST(SUM(units) AS DOUBLE) / COUNT(*) FROM sale": ([(3.25,)], ()),
    "SELECT 7 / 2": ([(3,)], ()),
    "SELECT shop FROM sale WHERE shop LIKE 'N%'": ([("Nord",)], ()),
    "SELECT SUBSTR('hello', -2)": ([("lo",)], ()),
    "SELECT SUBSTR('hello', 0, 3)": ([("",)], ("duckdb", "sqlite")),
    "SELECT CONCAT('a', NULL)": ([(None,)], ()),
    "SELECT LOG(2, 8), LOG10(100), LOG2(8)": ([(3, 2, 3)], ()),
    "SELECT DAY_OF_WEEK(day), EXTRACT(DOW FROM day) FROM sale WHERE id = 1": ([(7, 7)], ()),
    "SELECT YEAR(day), MONTH(day), DAY(day), QUARTER(day) FROM sale WHERE id = 3": ([(2024, 2, 29, 1)], ()),
    "SELECT DATE_DIFF('day', DATE '2024-01-01', day) FROM sale WHERE id = 1": ([(6,)], ()),
    "SELECT DATE_DIFF('day', day, sold) FROM sale WHERE id = 1": ([(0,)], ()),
    "SELECT DATE_DIFF('day', a.sold, b.sold) FROM sale a, sale b WHERE a.id = 1 AND b.id = 2": ([(23,)], ()),
    "SELECT DATE_DIFF('month', DATE '2024-01-31', DATE '2024-02-28')": ([(0,)], ("sqlite",)),
    "SELECT GREATEST(units, 4) FROM sale WHERE id = 4": ([(None,)], ()),
    "SELECT TRY_CAST('a' AS INTEGER)": ([(None,)], ("sqlite",)),
    "SELECT CAST(2.5E0 AS INTEGER)": ([(3,)], ()),
    "SELECT id FROM sale WHERE DATE_ADD('day', 7, day) = DATE '2024-01-14'": ([(1,)], ()),
    "SELECT DATE_ADD('month', 1, day) = DATE '2024-02-29' FROM sale WHERE id = 2": ([(1,)], ("sqlite",)),
    "SELECT id FROM sale ORDER BY units DESC": ([(3,), (2,), (1,), (4,)], ()),
}
SQLITE: Cases = {
    "SELECT 7 / 2, units / 2 FROM sale WHERE id = 1": ([(3, 1)], ()),
    "SELECT id FROM sale WHERE shop LIKE 'n%' ORDER BY id": ([(1,), (2,)], ()),
    "SELECT CAST(rate AS INTEGER) FROM sale WHERE id < 4 ORDER BY id": ([(2,), (3,), (-2,)], ()),
    "SELECT 1 UNION SELECT 2 INTERSECT SELECT 2": ([(2,)], ()),
    "SELECT MAX(units, 4) FROM sale WHERE id = 4": ([(None,)], ()),
    "SELECT id FROM sale ORDER BY units": ([(4,), (1,), (2,), (3,)], ()),
    "SELECT SUBSTR('hello', -2)": ([("lo",)], ()),
}
MYSQL: Cases = {
    "SELECT 7 / 2": ([(3.5,)], ()),
    "SELECT DAYOFWEEK(day) FROM sale WHERE id = 1": ([(1,)], ()),
    "SELECT id FROM sale WHERE shop LIKE 'n%' ORDER BY id": ([(1,), (2,)], ()),
    "SELECT id FROM sale WHERE shop = 'NORD' ORDER BY id": ([(1,), (2,)], ()),
    "SELECT id FROM sale WHERE shop IN ('NORD', 'x') ORDER BY id": ([(1,), (2,)], ()),
    "SELECT id FROM sale WHERE units = 3": ([(1,)], ()),
    "SELECT WEEK(day) FROM sale WHERE id = 1": ([(1,)], ("duckdb", "sqlite")),
    "SELECT DATE_FORMAT(day, '%Y-%m') FROM sale WHERE id = 1": ([("2024-01",)], ()),
    "SELECT DATE_FORMAT(day, '%M') FROM sale WHERE id = 1": ([("January",)], ("sqlite",)),
    "SELECT LOG(1)": ([(0,)], ()),
    "SELECT TIMESTAMPDIFF(MONTH, day, DATE '2024-02-28') FROM sale WHERE id = 2": ([(0,)], ("sqlite",)),
}
TSQL: Cases = {
    "SELECT units / 2, units / 2.0 FROM sale WHERE id = 1": ([(1, 1.5)], ()),
    "SELECT shop + '!' FROM sale WHERE id IN (1, 4) ORDER BY id": ([("Nord!",), (None,)], ()),
    "SELECT shop + '-' + shop FROM sale WHERE id = 1": ([("Nord-Nord",)], ()),
    "SELECT units + 1 FROM sale WHERE id = 1": ([(4,)], ()),
    "SELECT shop + units FROM sale WHERE id = 1": (None, ("duckdb", "sqlite")),
    "SELECT LEN('ab  '), LEN('  ab')": ([(2, 4)], ()),
    "SELECT LEFT(shop, 2) + '.' + RIGHT(shop, 1) FROM sale WHERE id = 1": ([("No.d",)], ()),
}
BIGQUERY: Cases = {
    "SELECT CAST(rate AS INT64) FROM sale WHERE id < 4 ORDER BY id": ([(3,), (4,), (-3,)], ()),
    "SELECT units / 2, SAFE_DIVIDE(units, 0) FROM sale WHERE id = 1": ([(1.5, None)], ()),
}
# What divides by 0 is an error there, whatever the types.
_DIVISIONS = ("units / (units - 3)", "price / (units - 3)", "rate / (units - 3)", "units % (units - 3)")
DIVISIONS_BY_ZERO: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("postgres", "presto", "tsql", "snowflake", "redshift"), _DIVISIONS
)
DIVISIONS_BY_ZERO["bigquery"] = ("units / (units - 3)", "price / (units - 3)", "MOD(units, units - 3)")
TABLES = {
    "tsql": TSQL,
    "bigquery": BIGQUERY,
    "postgres": POSTGRES,
    "presto": PRESTO,
    "sqlite": SQLITE,
    "mysql": MYSQL,
}
