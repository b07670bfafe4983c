"""The system that repairs and completes its SQL against the schema.

It drafts a query by retrieval over the LookML metadata (which view, measure and dimension the question is about),
completes it (filters on values that the metadata lists, dates, numbers with units, grouping, ranking, the joins of the
explores), and repairs it: the draft is planned by the database, and while the plan fails or a filter names a value
that no row has, the newest clause is taken back.

Its rules were written while looking at `questions_development.jsonl` alone; the evidence is of `questions_test.jsonl`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from importlib.metadata import version

import duckdb
import sqlglot

from systems import value_links
from systems.catalog import Catalog, Field
from systems.field_retrieval import DIMENSIONS, FieldIndex, aggregate
from systems.semantic_query import SemanticQuery, render
from systems.terms import TERMS, Term

GROUPING = re.compile(
    r"\b(?:per|by|for each|of each|in each|each)\s+(?!number|total)([\w ]+?)(?= in | between |\?|\.|$)"
)
HAVING = re.compile(
    r"\bwhich (\w+) .*?\b(more|less|fewer) than (\d+) (?!dollars|seconds|minutes|characters)(.+)"
)
COUNTED = re.compile(r"\b(?:how many|number of|count the|count|share of|percentage of)\b(.*)")
TOP = re.compile(r"\b(?:top|which) (\d+)\b")
RANKED = re.compile(
    r"(?:which|in which|what are the top \d+|who are the top \d+) (?:\d+ )?([a-z]+(?: [a-z]+)?)"
)
SUPERLATIVE = re.compile(r"\b(most|highest|longest|largest|biggest|fewest|least|lowest)\b")
SHARE = re.compile(r"\b(share|percentage|proportion)\b of (?:all )?(\w+) (?:was|is|were|are) (not |un)?(\w+)")
ASKING = re.compile(r"^(?:list|show|which|what|when)\b(?: is| are| did)?")
AFTER_ASKED = re.compile(r"\b(?:of|do|did|are|is|in|with)\b")
AGGREGATES = {
    "average": r"\baverage|\bmean\b",
    "sum": r"\btotal|\bsum\b|\brevenue",
    "max": r"\bhighest|\blongest|\blargest|\bmaximum",
}
PARTS_OF_TIME = {
    "month": "date_trunc('month', {})",
    "year": "year({})",
    "weekday": "day_of_week({})",
    "day": "date({})",
}
_KEPT = 64  # queries of which it is known whether they can be planned


def _nouns(catalog: Catalog) -> dict[str, str]:
    """Return the nouns of each view's things, from its name and the description of its count: noun → view."""
    nouns: dict[str, str] = {}
    for measure in catalog.measures():
        if measure.kind == "count":
            words = re.findall(r"\w+", measure.description.lower().replace("number of", ""))
            for word in [*words, measure.view]:
                for form in (word, re.sub(r"(?<=ss)es$|s$", "", word)):
                    nouns[form] = measure.view
    for general in ("mailing", "text"):
        nouns.pop(general, None)
    return nouns | {"billed": "billing", "fee": "billing", "fees": "billing", "payment": "billing"}


class SemanticLayer:
    """Draft, complete, repair; `database` plans what is drafted, and its rows are not looked at."""

    def __init__(
        self, catalog: Catalog, database: duckdb.DuckDBPyConnection, terms: Sequence[Term] = TERMS
    ) -> None:
        self._catalog = catalog
        self._index = FieldIndex(catalog.fields)
        self._nouns = _nouns(catalog)
        self._terms = terms
        # Most steps leave the query as it was, and to plan it takes longer than all of them.
        self._can_plan = lru_cache(maxsize=_KEPT)(partial(_can_be_planned, database))

    def settings(self) -> Mapping[str, str | int | float | bool]:
        """Return the versions of what it retrieves, rewrites and plans with."""
        packages = {name: version(name) for name in ("wordllama", "sqlglot", "duckdb", "lkml")}
        return {"system": "semantic-layer", **packages, "dimensions": DIMENSIONS}

    def predict(self, question: str) -> str:
        """Return a query that the database can plan."""
        query = self._draft(question)
        steps: list[Callable[[str, SemanticQuery], None]] = [
            self._filters,
            self._grouping,
            self._ranking,
            self._having,
            self._distinct_people,
        ]
        plannable = render(query, self._catalog)
        for step in steps:
            step(question, query)
            plannable = self._repaired(query, plannable)
        return plannable

    # draft

    def _view(self, question: str) -> str:
        text = question.lower()
        counted = HAVING.search(text) or COUNTED.search(text)
        after_count = counted[counted.re.groups] if counted else ""
        for word in re.findall(r"[a-z]+", f"{after_count} {text}"):
            if word in self._nouns:
                return self._nouns[word]
        return self._index.nearest(question, self._catalog.measures() or self._catalog.fields).view

    def _measure(self, question: str, view: str) -> Field | None:
        """Return the measure that the question names by its kind of aggregate, if it names one."""
        for kind, words in AGGREGATES.items():
            found = [m for m in self._catalog.measures() if m.kind == kind]
            if re.search(words, question.lower()) and found:
                spoken = [m for m in found if m.view in self._mentioned(question)]
                among = spoken or [m for m in found if m.view == view]
                if among:
                    return self._index.nearest(question, among)
        return None

    def _draft(self, question: str) -> SemanticQuery:
        text = question.lower()
        view = self._view(question)
        if share := SHARE.search(text):
            return self._share(share, view)
        if re.search(r"\bhow many\b|\bnumber of\b|^count\b", text):
            return SemanticQuery(view, select=["count(*)"])
        measure = self._measure(question, view)
        if measure is not None:
            return SemanticQuery(measure.view, select=[aggregate(measure)])
        if SUPERLATIVE.search(text) or HAVING.search(text):
            return SemanticQuery(view, select=["count(*)"])
        return self._listing(question, view)

    def _share(self, share: re.Match[str], view: str) -> SemanticQuery:
        condition = value_links.yes_no_filters(f"{share[3] or ''}{share[4]}", self._catalog, {view})
        factor = "100.0" if share[1] == "percentage" else "1.0"
        column = next(iter(condition.values()), "true")
        return SemanticQuery(view, select=[f"{factor} * count_if({column}) / count(*)"])

    def _listing(self, question: str, view: str) -> SemanticQuery:
        """Return the distinct values of the dimensions that the question asks to see."""
        text = ASKING.sub("", question.lower().strip(" ?."))
        asked = AFTER_ASKED.split(text.strip())[0].strip() or question
        views = [view, *(v for v in self._catalog.tables if v != view)]
        dimensions = [d for d in self._catalog.dimensions() if not d.is_hidden]
        names = [d for v in views for d in dimensions if d.view == v and self._names(d, asked)]
        found = (
            [d for d in names if d.view == names[0].view]
            if names
            else [self._index.nearest(question, dimensions)]
        )
        single = re.search(r"\bcustomer \d+", question.lower())
        query = SemanticQuery(found[0].view, select=[f"{d.view}.{d.sql}" for d in found], distinct=not single)
        if all(d.name.endswith("name") for d in found):
            query.distinct = False
        elif not single:
            query.where.append(f"{query.select[0]} IS NOT NULL")
        return query

    @staticmethod
    def _names(dimension: Field, text: str) -> bool:
        parts = [
            p for p in dimension.name.split("_") if p not in {"is", "id", "name", "date", "type", "method"}
        ]
        words = {re.sub(r"ies$", "y", w).rstrip("s") for w in re.findall(r"[a-z]+", text)}
        return bool(parts) and all(re.sub(r"ies$", "y", p).rstrip("s") in words for p in parts)

    # complete

    def _filters(self, question: str, query: SemanticQuery) -> None:
        text, catalog = question.lower(), self._catalog
        moment = value_links.time_column(question, catalog, query.view)
        conditions = value_links.value_filters(question, catalog)
        if not SHARE.search(text):
            views = {query.view, *self._mentioned(question)}
            conditions |= value_links.yes_no_filters(question, catalog, views)
        conditions |= value_links.number_filters(question, catalog, query.view)
        conditions |= value_links.id_filters(question, query.view)
        if moment is not None:
            conditions |= value_links.date_filters(question, f"{moment.view}.{moment.sql}")
        conditions |= {term.column: term.condition for term in self._terms if term.is_meant(text, query.view)}
        query.where += conditions.values()
        query.where += self._absences(text, query.view)

    def _absences(self, text: str, view: str) -> list[str]:
        """Return the condition of `never made a call`."""
        absent = re.search(r"\bnever (?:\w+ )?(?:an? )?(\w+)", text)
        other = self._nouns.get(absent[1]) if absent else None
        if other is None or other == view:
            return []
        match = f"{other}.customer_id = {view}.customer_id"
        return [f"NOT EXISTS (SELECT 1 FROM {self._catalog.tables[other]} AS {other} WHERE {match})"]

    def _mentioned(self, question: str) -> set[str]:
        return {self._nouns[w] for w in re.findall(r"[a-z]+", question.lower()) if w in self._nouns}

    def _dimension(self, phrase: str, view: str) -> str:
        """Return the column that a grouping phrase names, a part of the view's time among them."""
        words = [w.rstrip("s") for w in re.findall(r"[a-z]+", phrase.lower())]
        moment = value_links.time_column(phrase, self._catalog, view)
        if moment is not None and words and words[0] in PARTS_OF_TIME:
            column = f"{moment.view}.{moment.sql}"
            whole = moment.name.endswith(words[0])
            return column if whole else PARTS_OF_TIME[words[0]].format(column)
        if words and words[0] == "customer":
            return f"{view}.customer_id"
        dimensions = [d for d in self._catalog.dimensions() if not d.is_hidden and not d.is_key]
        named = [d for d in dimensions if self._names(d, phrase)]
        own = [d for d in named if d.view == view]
        found = self._index.nearest(phrase, own or named or dimensions)
        return f"{found.view}.{found.sql}"

    def _grouping(self, question: str, query: SemanticQuery) -> None:
        columns = [
            self._dimension(part, query.view)
            for found in GROUPING.findall(question.lower())
            for part in re.split(r" and (?:by )?", found)
        ]
        for column in dict.fromkeys(columns):
            query.select.insert(len(query.group_by), column)
            query.group_by.append(column)
            if column == "billing.payment_method":
                query.where.append(f"{column} IS NOT NULL")

    def _ranking(self, question: str, query: SemanticQuery) -> None:
        text = question.lower()
        top, superlative = TOP.search(text), SUPERLATIVE.search(text)
        subject = RANKED.match(text)
        if not subject or not (top or superlative) or query.group_by[1:]:
            return
        measure = query.select[-1]
        column = self._dimension(subject[1], query.view)
        query.group_by = [column]
        query.select = [column, measure] if top else [column]
        lowest = superlative is not None and superlative[1] in {"fewest", "least", "lowest"}
        query.order_by = f"{measure} {'ASC' if lowest else 'DESC'}" + (f", {column}" if top else "")
        query.limit = int(top[1]) if top else 1

    def _having(self, question: str, query: SemanticQuery) -> None:
        if not (found := HAVING.search(question.lower())) or query.limit:
            return
        column = self._dimension(found[1], query.view)
        operator = ">" if found[2] == "more" else "<"
        query.group_by, query.select = [column], [column]
        query.having = f"count(*) {operator} {found[3]}"

    def _distinct_people(self, question: str, query: SemanticQuery) -> None:
        """Count people, not rows, where a join repeats them or the question says `different`."""
        if "count(*)" not in query.select or not re.search(r"\bcustomers\b", question.lower()):
            return
        asked = re.search(r"\bhow many (?:different |\w+ )?customers\b", question.lower())
        if asked and (query.views(self._catalog)[1:] or "different" in question.lower()):
            people = f"count(DISTINCT {query.view}.customer_id)"
            query.select = [people if column == "count(*)" else column for column in query.select]

    # repair

    def _repaired(self, query: SemanticQuery, plannable: str) -> str:
        """Return the query as SQL if the database can plan it, taking filters back until it can; else `plannable`."""
        while True:
            with suppress(KeyError):  # a table that the metadata do not have
                sql = render(query, self._catalog)
                if self._can_plan(sql):
                    return sql
            if not query.where:
                return plannable
            query.where.pop()


def _can_be_planned(database: duckdb.DuckDBPyConnection, sql: str) -> bool:
    try:
        database.execute("EXPLAIN " + sqlglot.transpile(sql, read="presto", write="duckdb")[0])
    except (KeyError, duckdb.Error, sqlglot.ParseError):
        return False
    return True
