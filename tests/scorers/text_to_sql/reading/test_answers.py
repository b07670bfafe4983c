"""The rule of `--extract-sql`: which part of a model's answer is the SQL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorers.text_to_sql.reading.answers import extract_sql

QUERY = "SELECT name FROM customer"
LONG = "WITH a AS (\n  SELECT name\n  FROM customer\n),\n\nb AS (SELECT name FROM a)\n\nSELECT name FROM b"

UNCHANGED = {
    "a query": QUERY,
    "blank lines": LONG,
    "a comment first": f"-- names\n{LONG}",
    "blank lines between clauses": "SELECT name\nFROM customer\n\nWHERE name = 'x'\n\nORDER BY name",
    "a semicolon in a text": "SELECT name FROM customer WHERE name = 'a;b'",
    "a semicolon in a comment": "SELECT name -- all; no filter\nFROM customer",
    "a semicolon in a name": 'SELECT "a;b" FROM customer',
    "a semicolon at the end and a comment": f"{QUERY}; -- done",
    "a fence in a text": "SELECT '```sql SELECT 1```'",
    "a draft in a text": "SELECT '<think>' FROM customer",
    "several statements": f"{QUERY}; DROP TABLE customer",
    "a statement that writes": "DELETE FROM customer",
    "no SQL": "I cannot answer that.",
    "nothing": "",
}
EXTRACTED = {
    "a fence": (f"Here:\n```sql\n{QUERY};\n```\nIt lists names.", QUERY),
    "a fence without language": (f"```\n{QUERY}\n```", QUERY),
    "capitals": (f"```SQL\n{QUERY}\n```", QUERY),
    "another language": (f"```PostgreSQL\n{QUERY}\n```", QUERY),
    "attributes": (f"``` {{.sql}}\n{QUERY}\n```", QUERY),
    "tildes": (f"~~~sql\n{QUERY}\n~~~", QUERY),
    "four backticks": (f"````sql\n{QUERY}\n````", QUERY),
    "a fence that does not end": (f"```sql\n{QUERY}", QUERY),
    "a fence that does not end, with prose": (f"```sql\n{QUERY};\nThis lists names.", QUERY),
    "one line": (f"```{QUERY}```", QUERY),
    "one line with a language": (f"```sql {QUERY}```", QUERY),
    "carriage returns": (f"```sql\r\n{QUERY}\r\n```", QUERY),
    "a code span": (f"`{QUERY}`", QUERY),
    "a code span in prose": (f"The query is `{QUERY}`, I think.", QUERY),
    "blank lines in a fence": (f"```sql\n{LONG}\n```", LONG),
    "a semicolon in a text in a fence": ("```sql\nSELECT 'a;b'\n```", "SELECT 'a;b'"),
    "the first of two fences": (f"```sql\n{QUERY}\n```\nor\n```sql\nSELECT 1\n```", QUERY),
    "a fence with something else first": (f"```python\nprint(1)\n```\n```sql\n{QUERY}\n```", QUERY),
    "a fence with the schema first": (f"```sql\nCREATE TABLE t (a)\n```\n```sql\n{QUERY}\n```", QUERY),
    "a fence that writes": ("Sure:\n```sql\nDROP TABLE customer\n```", "DROP TABLE customer"),
    "a fence with several": (f"```sql\n{QUERY};\nDROP TABLE t\n```", f"{QUERY};\nDROP TABLE t"),
    "a fence with wrong SQL": ("```sql\nSELECT FROM WHERE\n```", "SELECT FROM WHERE"),
    "a draft": (f"<think>SELECT 1; no</think>\n{QUERY}", QUERY),
    "a draft with a fence": (f"<think>\n```sql\nSELECT 1\n```\n</think>\n```sql\n{QUERY}\n```", QUERY),
    "a draft in capitals": (f"<THINK>SELECT 1</THINK>{QUERY}", QUERY),
    "the end of a draft alone": (f"SELECT 1 is wrong\n</think>\n{QUERY}", QUERY),
    "a draft that does not end": ("<think>\nMaybe SELECT 1\nSELECT 2", ""),
    "a draft that does not end, behind SQL": (f"{QUERY}\n<think>SELECT 1", QUERY),
    "a label": (f"SQL: {QUERY}", QUERY),
    "langchain's label": (f"Question: how many?\nSQLQuery: {QUERY}\nSQLResult: 3\nAnswer: 3", QUERY),
    "a label in bold": (f"**SQL:** {QUERY}", QUERY),
    "a label before a code span": (f"Query: `{QUERY}`", QUERY),
    "a sentence": (f"Here is the query: {QUERY}", QUERY),
    "a tag": (f"<sql>{QUERY}</sql>", QUERY),
    "a tag in capitals": (f"<SQL>\n{QUERY}\n</SQL>", QUERY),
    "a tag that does not end": (f"<sql>{QUERY}", QUERY),
    "a chat template's token": (f"{QUERY}<|im_end|>", QUERY),
    "prose behind": (f"{QUERY}\nThis lists the names.", QUERY),
    "prose with an apostrophe behind": (f"{QUERY}\n\nIt doesn't filter.\nIs it right?", QUERY),
    "prose behind a semicolon": (f"The query is\n  {QUERY}; Hope it helps", QUERY),
    "prose around blank lines": (f"Sure.\n{LONG}\n\nThis does it.\nOn the whole.", LONG),
    "a question that reads like a query": (f"Question: select it with care\nSQL: {QUERY}", QUERY),
    "a query among prose": (f"I would use a SELECT with a filter here, so {QUERY}", QUERY),
    "another statement behind prose": (f"Sure:\n{QUERY};\nDELETE FROM t", f"{QUERY};\nDELETE FROM t"),
    "a write behind prose": ("Sure:\nDELETE FROM customer", "DELETE FROM customer"),
    "wrong SQL behind prose": ("Sure:\nSELECT FROM WHERE; Good luck", "SELECT FROM WHERE"),
    # Cut before its unreadable WHERE, it would be another query.
    "a clause that does not parse": (f"Sure:\n{QUERY}\nWHERE )(", f"{QUERY}\nWHERE )("),
    "a comment before a clause that does not parse": (
        f"{QUERY}\n\n-- some\n\nWHERE id = 1 LIMIT",
        f"{QUERY}\n\n-- some\n\nWHERE id = 1 LIMIT",
    ),
    "the end of a fence alone": (f"{QUERY}\n```", QUERY),
    "a code span with a language": (f"`sql {QUERY}`", QUERY),
    "an object of JSON": ('{"reason": "names", "sql": "SELECT name FROM customer"}', QUERY),
    "an object of JSON in a fence": (f'```json\n{{"sql": "{QUERY}"}}\n```', QUERY),
    "a text of JSON": (f'"{QUERY}"', QUERY),
    "the next example": (f"{QUERY}\n\nQuestion: how many?\nSQL: SELECT count(*) FROM customer", QUERY),
    "the next example, numbered": (f"{QUERY}\n\n### Question 2: how many?\nSQL: SELECT 2", QUERY),
    "a rare query": ("Sure:\nVALUES (1)", "VALUES (1)"),
}


@pytest.mark.parametrize("answer", UNCHANGED.values(), ids=list(UNCHANGED))
def test_what_is_sql_already_or_holds_none_stays_as_it_stands(answer: str) -> None:
    assert extract_sql(answer, dialect="sqlite") == answer


@pytest.mark.parametrize(("answer", "sql"), EXTRACTED.values(), ids=list(EXTRACTED))
def test_sql_is_taken_out_of_an_answer_by_the_stated_rule(answer: str, sql: str) -> None:
    assert extract_sql(answer, dialect="sqlite") == sql


def test_dollar_quotes_are_those_of_the_dialect() -> None:
    answer = "Sure:\nSELECT $$a;b$$ AS x; Hope it helps"
    assert extract_sql(answer, dialect="postgres") == "SELECT $$a;b$$ AS x"


PROSE = st.lists(
    st.sampled_from(["Sure.", "Here it is", "", "It lists names.", "That's all", "1. names"]), max_size=4
).map("\n".join)


@given(
    PROSE,
    st.sampled_from([QUERY, LONG]),
    PROSE,
    st.sampled_from(["```sql\n{}\n```", "<sql>{}</sql>", "~~~\n{}"]),
)
def test_whatever_prose_stands_around_marked_sql(before: str, query: str, after: str, marked: str) -> None:
    if not marked.endswith("{}"):
        assert extract_sql(f"{before}\n{marked.format(query)}\n{after}", dialect="sqlite") == query
    else:
        assert extract_sql(f"{before}\n{marked.format(query)}", dialect="sqlite") == query


@given(st.text(alphabet="SELECT frm`~<>/;'\"-*\n", max_size=40))
def test_whatever_the_answer_something_comes_out_of_it(answer: str) -> None:
    assert isinstance(extract_sql(answer, dialect="sqlite"), str)
