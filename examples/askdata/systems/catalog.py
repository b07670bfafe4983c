"""The LookML metadata as the systems see it: views, their dimensions and measures, and how explores join them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lkml


@dataclass(frozen=True)
class Field:
    """A dimension or measure. `kind` is LookML's type; `sql` is the column (measures: the aggregated one)."""

    view: str
    name: str
    kind: str
    description: str
    sql: str | None
    values: tuple[str, ...] = ()
    is_measure: bool = False
    is_hidden: bool = False
    is_key: bool = False

    @property
    def address(self) -> str:
        """`view.name`."""
        return f"{self.view}.{self.name}"


@dataclass(frozen=True)
class Catalog:
    """All views' fields, the table of each view, and the join condition of each pair of views that an explore joins."""

    tables: dict[str, str]
    fields: tuple[Field, ...]
    joins: dict[tuple[str, str], str]

    def dimensions(self, view: str | None = None) -> list[Field]:
        """Return the dimensions, of one view or of all."""
        return [f for f in self.fields if not f.is_measure and view in (None, f.view)]

    def measures(self, view: str | None = None) -> list[Field]:
        """Return the measures, of one view or of all."""
        return [f for f in self.fields if f.is_measure and view in (None, f.view)]

    def field(self, address: str) -> Field:
        """Return the field at `view.name`."""
        return next(f for f in self.fields if f.address == address)


def _column(sql: str | None) -> str | None:
    return re.sub(r"\$\{TABLE\}\.|\$\{(\w+)\}", lambda match: match[1] or "", sql).strip() if sql else None


def _field(view: str, source: dict[str, Any], *, is_measure: bool) -> Field:
    kind = source.get("type", "string")
    return Field(
        view=view,
        name=source["name"],
        kind=kind,
        description=source.get("description", ""),
        sql=_column(source.get("sql")),
        values=tuple(source.get("suggestions", ())),
        is_measure=is_measure,
        is_hidden=source.get("hidden") == "yes",
        is_key=source.get("primary_key") == "yes",
    )


def read_catalog(folder: Path) -> Catalog:
    """Read every `.lkml` file of `folder`."""
    return make_catalog(lkml.load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.lkml")))


def make_catalog(documents: Iterable[Mapping[str, Any]]) -> Catalog:
    """Put together what LookML files say, each as `lkml.load` reads it."""
    documents = list(documents)
    views = [view for document in documents for view in document.get("views", [])]
    fields = [
        _field(view["name"], source, is_measure=key == "measures")
        for view in views
        for key in ("dimensions", "dimension_groups", "measures")
        for source in view.get(key, [])
    ]
    joins = {
        (explore["name"], join["name"]): re.sub(r"\$\{(\w+\.\w+)\}", r"\1", join["sql_on"]).strip()
        for document in documents
        for explore in document.get("explores", [])
        for join in explore.get("joins", [])
    }
    tables = {view["name"]: view["sql_table_name"].strip() for view in views}
    return Catalog(tables, tuple(fields), joins)
