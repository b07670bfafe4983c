import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorers.text_to_sql.reading.statements import (
    cut_out_statement,
    find_unsafe_reason,
    is_blank,
    orders_rows,
    split_tokens,
    write_spider_text,
)


@given(st.text(alphabet="ab;'\"`[]$-/* \n"), st.sampled_from(["sqlite", "duckdb", "postgres"]))
def test_tokens_join_to_the_text_again(sql: str, engine: str) -> None:
    assert "".join(text for _, text in split_tokens(sql, engine=engine)) == sql


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT 1", None),
        ("  ( select 1 ) ;; ", None),
        ("-- note\n/* more */ WITH a AS (SELECT 1) SELECT * FROM a; -- end", None),
        ("SELECT ';' || \";\" || `;` /* ; */ -- ;", None),
        ("Sure! Here is the SQL", None),
        ("", None),
        ("SELECT 1; SELECT 2", "several statements, or text after the first"),
        ("SELECT 1; hope it helps", "several statements, or text after the first"),
        ("drop table t", "a statement that is not a query: DROP"),
        ("; SELECT 1", None),
        (";; /* a */ SELECT 1; -- end", None),
        ("; SELECT 1; SELECT 2", "several statements, or text after the first"),
        (";; delete from t", "a statement that is not a query: DELETE"),
        ("EXPLAIN SELECT 1", "a statement that is not a query: EXPLAIN"),
    ],
)
def test_what_is_not_a_single_query(sql: str, problem: str | None) -> None:
    assert find_unsafe_reason(sql, "sqlite") == problem


@pytest.mark.parametrize(
    ("sql", "engine", "several"),
    [
        ("SELECT [a;b] FROM t", "sqlite", False),
        ("SELECT [1, ';'] FROM t; SELECT 2", "duckdb", True),
        ("SELECT $$ ; $$", "postgres", False),
        ("SELECT $tag$ ; $$ ; $tag$", "postgres", False),
        ("SELECT $$ ; $$; SELECT 2", "postgres", True),
        ("SELECT 'it''s; fine'", "postgres", False),
        (r"SELECT E'it\'s; fine'", "postgres", False),
        (r"SELECT 'a\'; SELECT 2", "postgres", True),
        ("SELECT 1 /* a /* b */ ; c */", "postgres", False),
        ("SELECT 1 /* a /* b */ ; c */", "sqlite", True),
        ("SELECT `;` + 1", "sqlite", False),
        ("SELECT 2 ` ; DROP TABLE t; `", "postgres", True),
        ("SHOW TABLES", "duckdb", False),
        ("SHOW TABLES", "postgres", True),
        ("SELECT 'never ends; SELECT 2", "sqlite", False),
    ],
)
def test_quoting_is_that_of_the_engine(sql: str, engine: str, several: bool) -> None:
    assert (find_unsafe_reason(sql, engine) is not None) is several


@pytest.mark.parametrize(
    ("sql", "blank"), [("", True), (" ;\n-- nothing\n/* at all", True), ("x", False), ("'", False)]
)
def test_blank_text_has_no_sql(sql: str, blank: bool) -> None:
    assert is_blank(sql, engine="sqlite") is blank


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT DISTINCT a FROM t", "SELECT  a FROM t"),
        ("SELECT count(distinct a) FROM t", "SELECT count( a) FROM t"),
        ("SELECT DISTINCT(a), 'DISTINCT', \"distinct\" FROM t -- distinct", None),
        (
            "SELECT a FROM t WHERE a > = 1 AND b < = 2 AND c ! = 3",
            "SELECT a FROM t WHERE a >= 1 AND b <= 2 AND c != 3",
        ),
        ("SELECT YEAR( CURDATE ( ) ) - b FROM t", "SELECT 2020- b FROM t"),
        ("SELECT a IS NOT DISTINCT FROM b FROM t", "SELECT a IS NOT DISTINCT FROM b FROM t"),
        ("SELECT DISTINCT ON (a) b FROM t", "SELECT DISTINCT ON (a) b FROM t"),
    ],
)
def test_spider_runs_another_text(sql: str, text: str | None) -> None:
    if text is None:
        text = sql.replace("DISTINCT(a)", "(a)")
    assert write_spider_text(sql, engine="sqlite", keep_distinct=False) == text


def test_spider_keeps_distinct_when_told_to() -> None:
    sql = "SELECT DISTINCT a FROM t WHERE a > = 1"
    assert (
        write_spider_text(sql, engine="sqlite", keep_distinct=True) == "SELECT DISTINCT a FROM t WHERE a >= 1"
    )


@pytest.mark.parametrize(
    ("sql", "ordered"),
    [
        ("SELECT a FROM t ORDER BY a", True),
        ("SELECT a FROM t WHERE a IN (SELECT b FROM u order by b LIMIT 1)", True),
        ("SELECT a FROM t ORDER  BY a", False),
        ("SELECT a FROM t", False),
    ],
)
def test_rows_are_ordered_where_the_gold_text_says_so(sql: str, ordered: bool) -> None:
    assert orders_rows(sql) is ordered


@pytest.mark.parametrize(
    ("sql", "engine", "only"),
    [
        ("SELECT 1", "sqlite", "SELECT 1"),
        ("SELECT 1;;", "sqlite", "SELECT 1"),
        ("; SELECT 1; -- the end\n /* really */ ;", "sqlite", "SELECT 1"),
        ("SELECT ';' -- ;\n;", "sqlite", "SELECT ';'"),
        ("SELECT $$;$$;", "postgres", "SELECT $$;$$"),
        ("SELECT 1; SELECT 2;", "sqlite", "SELECT 1; SELECT 2"),
        (";", "sqlite", ";"),
    ],
)
def test_semicolons_and_comments_around_a_statement_are_no_part_of_it(
    sql: str, engine: str, only: str
) -> None:
    assert cut_out_statement(sql, engine=engine) == only


SIGNS = st.text(alphabet="ab;'\"`[]$-/*\\# \n", max_size=12)


@given(SIGNS, st.sampled_from(["", ";", " ; "]), st.sampled_from(["sqlite", "duckdb", "postgres", "mysql"]))
def test_a_statement_is_cut_out_as_all_of_its_tokens_say(signs: str, end: str, engine: str) -> None:
    sql = signs + end
    parts = list(split_tokens(sql, engine=engine))
    meant = [place for place, (kind, _) in enumerate(parts) if kind not in {"space", "comment", "semicolon"}]
    whole = "".join(text for _, text in parts[meant[0] : meant[-1] + 1]) if meant and ";" in sql else sql
    assert cut_out_statement(sql, engine=engine) == whole
