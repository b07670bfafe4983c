"""Filters out of a question: values that the metadata lists, yes/no fields, numbers with units, dates, ids."""

import calendar
import re

from systems.catalog import Catalog, Field

MONTHS = [calendar.month_name[month].lower() for month in range(1, 13)]
UNITS = {"dollar": 1, "character": 1, "second": 1, "minute": 60}
COMPARISONS = {
    r"(?:at least)": ">=",
    r"(?:at most|no more than)": "<=",
    r"(?:more than|over|above|longer than|greater than)": ">",
    r"(?:less than|under|below|shorter than)": "<",
}


def _singular(word: str) -> str:
    return re.sub(r"(?<=[a-z]{3})s$", "", word)


def named_synonyms(dimension: Field) -> dict[str, str]:
    """Return the synonyms that a description spells out as `California is CA, New York NY, …`."""
    found = re.findall(r"([A-Z][a-z]+(?: [A-Z][a-z]+)?)(?: is)? ([A-Z]{2})\b", dimension.description)
    return {name.lower(): code for name, code in found}


def value_filters(question: str, catalog: Catalog) -> dict[str, str]:
    """Return `view.column` → SQL condition for every listed value that the question names; longer names win."""
    text = " ".join(_singular(word) for word in re.findall(r"[\w']+", question.lower()))
    names: list[tuple[str, Field, str]] = []
    for dimension in catalog.dimensions():
        names += [(value.lower(), dimension, value) for value in dimension.values]
        for name, code in named_synonyms(dimension).items():
            names += [(name, dimension, code), (f"{name} state", dimension, code)]
    filters: dict[str, str] = {}
    for name, dimension, value in sorted(names, key=lambda item: -len(item[0])):
        pattern = rf"\b{re.escape(' '.join(map(_singular, name.split())))}\b"
        if re.search(pattern, text):
            column = f"{dimension.view}.{dimension.sql}"
            filters.setdefault(column, f"{column} = '{value}'")
            text = re.sub(pattern, " ", text)
    return filters


def yes_no_filters(question: str, catalog: Catalog, views: set[str]) -> dict[str, str]:
    """Return conditions on yes/no fields of `views` whose name, or listed opposite, the question says."""
    filters: dict[str, str] = {}
    for dimension in catalog.dimensions():
        if dimension.kind != "yesno" or dimension.view not in views:
            continue
        word = dimension.name.removeprefix("is_")
        found = re.search(rf"(not\s+)?\b(un)?{word}\b(?! (?:by|in|late|after)\b)", question.lower())
        if found:
            column = f"{dimension.view}.{dimension.sql}"
            filters[column] = f"NOT {column}" if found[1] or found[2] else column
    return filters


def number_filters(question: str, catalog: Catalog, view: str) -> dict[str, str]:
    """Return conditions such as `amount > 100` from a comparison, a number and a unit that a description names."""
    filters: dict[str, str] = {}
    for words, operator in COMPARISONS.items():
        for number, unit in re.findall(rf"{words} (\d+) (\w+)", question.lower()):
            factor = UNITS.get(_singular(unit))
            if factor is None:
                continue
            stated = "second" if _singular(unit) == "minute" else _singular(unit)
            for dimension in catalog.dimensions():
                numeric = dimension.kind == "number" and stated in dimension.description.lower()
                if numeric and dimension.view in {view, "billing" if stated == "dollar" else view}:
                    column = f"{dimension.view}.{dimension.sql}"
                    filters.setdefault(column, f"{column} {operator} {int(number) * factor}")
                    break
    return filters


def time_column(question: str, catalog: Catalog, view: str) -> Field | None:
    """Return the date or time that the question speaks of; by default the first in the metadata of `view`.

    `None` where the metadata have no date and no time.
    """
    words = {word for word in re.findall(r"\w+", question.lower()) if len(word) > 3}
    times = [f for f in catalog.dimensions() if f.kind in {"date", "time"}]

    def score(dimension: Field) -> tuple[int, int]:
        spoken = words & {*re.findall(r"\w+", dimension.description.lower()), *dimension.name.split("_")}
        spoken -= {"month", "date", "when", "customer", "call", "message", "first"}
        return (2 * len(spoken) + (dimension.view == view), -times.index(dimension))

    return max(times, key=score, default=None)


def date_filters(question: str, column: str) -> dict[str, str]:
    """Return conditions from `in March 2025`, `in 2025`, `before 2020`, `since 2024`."""
    text = question.lower()
    if found := re.search(rf"\b({'|'.join(MONTHS)}) (\d{{4}})", text):
        month, year = MONTHS.index(found[1]) + 1, found[2]
        return {column: f"year({column}) = {year} AND month({column}) = {month}"}
    if found := re.search(r"\b(before|after|since|in|of|during) (\d{4})\b", text):
        word, year = found[1], int(found[2])
        if word == "before":
            return {column: f"{column} < DATE '{year}-01-01'"}
        if word == "after":
            return {column: f"{column} >= DATE '{year + 1}-01-01'"}
        if word == "since":
            return {column: f"{column} >= DATE '{year}-01-01'"}
        return {column: f"year({column}) = {year}"}
    return {}


def id_filters(question: str, view: str) -> dict[str, str]:
    """Return the condition from `customer 42`."""
    found = re.search(r"\bcustomer (\d+)\b", question.lower())
    return {f"{view}.customer_id": f"{view}.customer_id = {found[1]}"} if found else {}
