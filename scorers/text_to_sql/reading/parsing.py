"""SQL text as sqlglot's trees: what parses, and what kind of statement it is."""

import re
from collections.abc import Sequence
from functools import cache

from msgspec import Struct
from sqlglot import Dialect, Parser, Tokenizer
from sqlglot import expressions as exp
from sqlglot.errors import ParseError

# Of processes that read hostile texts: the parser takes several calls for each bracket.
MAX_RECURSION = 3_000
# Those that are no `exp.Query` are DuckDB's alone; for other engines `find_unsafe_reason` refuses their first words.
QUERIES = (exp.Query, exp.Values, exp.Pivot, exp.Describe, exp.Summarize, exp.Show)
WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Into)
OTHER_STATEMENTS = (
    *(exp.Drop, exp.Alter, exp.TruncateTable, exp.Attach, exp.Detach, exp.Copy, exp.Pragma),
    *(exp.Grant, exp.Set, exp.Transaction, exp.Commit, exp.Rollback),
)


class Parsed(Struct, frozen=True):
    """The statements of a text, or none with the `problem` and, where it is known, its line (from 1)."""

    trees: Sequence[exp.Expr]
    problem: str = ""
    line: int | None = None

    @property
    def query(self) -> exp.Expr | None:
        """The tree of a text that is one query."""
        return self.trees[0] if len(self.trees) == 1 and isinstance(self.trees[0], QUERIES) else None

    @property
    def is_statements(self) -> bool:
        """Whether it is statements and nothing else; sqlglot takes many a prose for an expression or a command."""
        kinds = (*QUERIES, *WRITES, *OTHER_STATEMENTS)
        return bool(self.trees) and all(isinstance(tree, kinds) for tree in self.trees)


@cache
def _make_parser(dialect: str) -> tuple[Tokenizer, Parser]:
    language = Dialect.get_or_raise(dialect)
    # For every text: making them takes as long as a short query.
    return language.tokenizer(), language.parser()


def parse_sql(sql: str, dialect: str) -> Parsed:
    """Parse `sql`, whatever it holds."""
    try:
        tokenizer, parser = _make_parser(dialect)
        trees = parser.parse(tokenizer.tokenize(sql), sql)
    except Exception as error:  # whatever hostile text makes of a parser, it is not valid SQL
        # Which of several missing keywords sqlglot names depends on the order of a set; evidence must not.
        problem = re.sub(r"Required keyword: '\w+' missing", "A required keyword is missing", str(error))
        line = error.errors[0].get("line") if isinstance(error, ParseError) and error.errors else None
        return Parsed([], problem.partition("\n")[0][:200], line)
    # A comment behind the last semicolon is a tree of its own.
    return Parsed([tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)])
