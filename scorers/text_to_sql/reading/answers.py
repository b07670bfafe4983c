"""SQL inside a model's answer: the rule of `--extract-sql`.

What belongs to the query is for a parser to say, not for marks in the text: blank lines, semicolons and fences are in
texts and comments too. So candidates are found by what surrounds SQL in answers, and the first that parses is taken.
"""

import json
import re
from collections.abc import Iterable, Iterator

from scorers.text_to_sql.reading.parsing import parse_sql
from scorers.text_to_sql.reading.statements import OTHER_KEYWORDS, is_blank, split_tokens

_DRAFT = r"(?:think|thinking|thought|reasoning|reflection|scratchpad|analysis|draft)"
_DRAFTS = re.compile(rf"<({_DRAFT})>.*?(?:</\1>|\Z)", re.IGNORECASE | re.DOTALL)
_END_OF_DRAFT = re.compile(rf"\A.*</{_DRAFT}>", re.IGNORECASE | re.DOTALL)
_SPECIAL_TOKEN = re.compile(r"<\|\w{1,40}\|>|</?s>")  # of a chat template, such as <|im_end|>
_FENCE = re.compile(r"(`{3,}|~{3,})(.*?)(?:\1|\Z)", re.DOTALL)
_LANGUAGE = re.compile(r"[ \t]*(?:\{[^}\n]*\}|([A-Za-z][\w+#.-]*))(?=\s|\Z)")
_TAG = re.compile(
    r"[<\[](sql\w*|query|answer|final\w*|output|code)[>\]](.*?)(?:[<\[]/\1[>\]]|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_LABEL = re.compile(r"\b(?:\w*sql\w*|query|statement|answer|output|code)\b[*_ ]*:[*_]*", re.IGNORECASE)
_NEXT_QUESTION = re.compile(r"\n[#*\s]*(?:question|user|human|input|q)\b[*_ \d]*:", re.IGNORECASE)
_CODE_SPAN = re.compile(r"`([^`]+)`")
_LINE_OF_A_QUERY = re.compile(r"^[ \t>]*(?=(?:select|with)\b)", re.IGNORECASE | re.MULTILINE)
_LINE_OF_A_RARE_QUERY = re.compile(
    r"^[ \t>]*(?=(?:\(|(?:from|values|table|pivot|unpivot|summarize|describe)\b))",
    re.IGNORECASE | re.MULTILINE,
)
_QUERY_ANYWHERE = re.compile(r"(?<!\w)(?=(?:select|with)\b)", re.IGNORECASE)
_LINE_OF_A_WRITE = re.compile(
    r"^[ \t>]*(?=(?:insert|update|delete|merge|create|drop|alter|truncate)\b)", re.IGNORECASE | re.MULTILINE
)
_QUERY_WORDS = frozenset({"select", "with", "from", "values", "table", "pivot", "unpivot"})
# What goes on with a query where a line begins with it: behind such a cut the query would be another one.
_CONTINUATION = re.compile(
    r"""\s*(?:[^\w\s\-*\#>]|(?:where|group|order|having|limit|offset|fetch|qualify|window|join|left|right|inner|outer|full
    |cross|natural|asof|semi|anti|lateral|union|intersect|except|minus|and|or|not|on|using|from|as|when|then|else|end
    |case|in|is|like|ilike|between|select|with|over|partition|filter|tablesample|pivot|unpivot|asc|desc|nulls)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_PROSE = re.compile(r"[\s*#>-]*[A-Z][a-z']+(?:[\s:,.!]|\Z)")
_FENCE_MARK = re.compile(r"`{3,}|~{3,}")
_MOST_CANDIDATES = 50
_MOST_CUTS = 50


def extract_sql(answer: str, *, dialect: str) -> str:
    """Return the SQL inside a model's answer, or the answer where there is none.

    A text of statements only is not changed. In any other, drafts (`<think>…</think>`, also without its end) are left
    out, and the next question behind a query. The first that parses as a query is taken: of the Markdown fences, and of
    JSON in them; of a JSON object; of the tags; behind a
    label such as `SQLQuery:`; from a line that begins with SELECT or WITH; of the code spans; from any SELECT or WITH.
    Lines of prose behind a query are left out, unless they begin as a part of a query does. Where nothing parses as a
    query: the first fence or the first candidate that begins like one, up to its semicolon, so that a statement that
    writes or is wrong stays one.
    """
    if is_blank(answer, engine=dialect) or parse_sql(answer, dialect).is_statements:
        return answer
    text = _drop_next_question(_SPECIAL_TOKEN.sub("", _drop_drafts(answer)), dialect)
    # First what is marked as code: an answer that has a fence says outside of it what is not the query.
    contents = [_take_content(match.group(2)) for match in _FENCE.finditer(text)]
    fenced = [content for content in contents if content]
    in_json = [each for content in fenced for each in _find_texts_in_json(content)]
    query = _find_first_query([*fenced, *in_json], dialect)
    if query is not None:
        return query
    if fenced:
        return _choose_statements(fenced, dialect)
    # Then what may be one, from what is most surely the query to what is least.
    text = _FENCE_MARK.sub("", text)  # of fences that hold nothing
    candidates = list(_find_candidates(text))
    query = _find_first_query(candidates, dialect)
    if query is not None:
        return query
    # No query: a statement that writes must not be taken for an empty answer, nor a wrong query for prose.
    writes = _cut_at_matches(_LINE_OF_A_WRITE, text)
    written = next((each for each in writes if parse_sql(each, dialect).is_statements), None)
    if written is not None:
        return written.strip()
    begun = next((each for each in candidates if _begins_as_query(each, dialect)), None)
    return text.strip() if begun is None else _split_at_semicolon(begun, dialect)[0].strip()


def _drop_drafts(answer: str) -> str:
    """Leave drafts out; some templates open them before the answer begins, so that only the end is there."""
    return _END_OF_DRAFT.sub("", _DRAFTS.sub("", answer))


def _drop_next_question(text: str, dialect: str) -> str:
    """Leave out the questions that a model which completes examples goes on to ask itself behind its query."""
    following = _NEXT_QUESTION.search(text) if _begins_as_query(text, dialect) else None
    return text if following is None else text[: following.start()]


def _take_content(fenced: str) -> str:
    """Return what a fence or a code span holds without the name of its language."""
    language = _LANGUAGE.match(fenced)
    if language is None:
        return fenced.strip()
    name = (language.group(1) or "").lower()
    is_sql = name in _QUERY_WORDS or OTHER_KEYWORDS.fullmatch(name)
    return (fenced if is_sql else fenced[language.end() :]).strip()


def _find_texts_in_json(text: str) -> Iterator[str]:
    """Yield the texts of an answer in JSON mode, such as `{"sql": "SELECT 1"}`, or as one text in quotes."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(value, str):
        yield value
    if isinstance(value, dict):
        yield from (each for each in value.values() if isinstance(each, str))


def _find_candidates(text: str) -> Iterator[str]:
    yield from _find_texts_in_json(text)
    for match in _TAG.finditer(text):
        yield match.group(2)
    for match in _LABEL.finditer(text):
        behind = text[match.end() :].lstrip()
        span = _CODE_SPAN.match(behind)
        yield _take_content(span.group(1)) if span else behind
    yield from _cut_at_matches(_LINE_OF_A_QUERY, text)
    yield from (_take_content(match.group(1)) for match in _CODE_SPAN.finditer(text))
    yield from _cut_at_matches(_LINE_OF_A_RARE_QUERY, text)
    yield from _cut_at_matches(_QUERY_ANYWHERE, text)


def _cut_at_matches(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (text[match.end() :] for match in pattern.finditer(text))


def _find_first_query(candidates: Iterable[str], dialect: str) -> str | None:
    for number, candidate in enumerate(candidates):
        if number == _MOST_CANDIDATES:
            return None
        query = _take_query_at_start(candidate, dialect)
        if query is not None:
            return query
    return None


def _choose_statements(fenced: list[str], dialect: str) -> str:
    return next((each for each in fenced if parse_sql(each, dialect).is_statements), fenced[0])


def _take_query_at_start(text: str, dialect: str) -> str | None:
    """Return the query that `text` begins with, without prose behind it; `None` where it begins with none."""
    if not _begins_as_query(text, dialect):
        return None
    head, tail = _split_at_semicolon(text, dialect)
    if not is_blank(tail, engine=dialect) and parse_sql(tail, dialect).is_statements:
        return text.strip()  # several statements; not for this rule to drop one
    lines = head.rstrip().split("\n")
    for _ in range(_MOST_CUTS):
        parsed = parse_sql("\n".join(lines), dialect)
        if parsed.query is not None:
            return "\n".join(lines).strip()
        # The line of the problem, or where the tokens do not end, the last one.
        cut = min(parsed.line or len(lines), len(lines)) - 1
        if cut < 1:
            return None
        if _CONTINUATION.match(lines[cut]) and not _is_prose_below(lines, cut):
            return None
        lines = lines[:cut]
        while lines and not lines[-1].strip():
            lines.pop()
    return None


def _is_prose_below(lines: list[str], cut: int) -> bool:
    """Whether a line above, behind a blank one, begins the prose that this line goes on with."""
    return any(not lines[number - 1].strip() and _PROSE.match(lines[number]) for number in range(1, cut))


def _begins_as_query(text: str, dialect: str) -> bool:
    for kind, word in split_tokens(text, engine=dialect):
        if kind not in {"space", "comment"} and word != "(":
            return word.lower() in _QUERY_WORDS
    return False


def _split_at_semicolon(text: str, dialect: str) -> tuple[str, str]:
    """Return `text` up to its first semicolon outside texts and comments, and what follows it."""
    position = 0
    for kind, part in split_tokens(text, engine=dialect):
        if kind == "semicolon" and position:
            return text[:position], text[position + 1 :]
        position += len(part)
    return text, ""
