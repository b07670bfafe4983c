from pathlib import Path

import duckdb
import pytest

from checks.errors import GovernanceError
from scorers.text_to_sql.engines.databases import Databases, open_engine
from scorers.text_to_sql.engines.query_engine import QueryLimits
from scorers.text_to_sql.reading.schema import read_schema_json
from scorers.text_to_sql.reading.schema_files import SchemaFiles
from scorers.text_to_sql.verdicts.spider_schema import make_spider_schema

DDL = """
    CREATE TABLE Customer (ID INTEGER PRIMARY KEY, "Full Name" TEXT);
    CREATE TABLE shop.purchase (
        id INTEGER, customer_id INTEGER REFERENCES customer (id), voucher INTEGER, amount REAL,
        FOREIGN KEY (voucher) REFERENCES voucher (code)
    );
    CREATE TABLE voucher (code INTEGER);
    CREATE VIEW large AS SELECT id, amount AS total FROM purchase;
    CREATE INDEX nothing ON purchase (id);
"""
VIEWS = """
view: base {
  extension: required
  dimension: id { primary_key: yes sql: ${TABLE}.id ;; }
  dimension: created_by {}
}
view: customers {
  extends: [base]
  sql_table_name: "prod"."crm"."customer" ;;
  dimension: name { sql: ${TABLE}."full_name" ;; }
  dimension: initials { sql: SUBSTR(${TABLE}.first_name, 1, 1) || SUBSTR(${TABLE}.last_name, 1, 1) ;; }
  dimension_group: born { type: time timeframes: [date, year] sql: ${TABLE}.born_on ;; }
  measure: count { type: count }
  measure: revenue { type: sum sql: ${TABLE}.revenue ;; }
}
view: +customers {
  dimension: name { label: "Customer's name" }
  dimension: region { sql: ${TABLE}.region ;; }
}
view: orders {
  sql_table_name: @{schema}.orders ;;
  dimension: id { primary_key: yes }
  dimension: customer { sql: ${TABLE}.customer_id ;; }
}
view: by_customer {
  derived_table: { sql: SELECT customer_id, COUNT(*) AS n FROM ${orders.SQL_TABLE_NAME} GROUP BY 1 ;; }
  dimension: customer_id {}
}
view: top {
  derived_table: {
    explore_source: orders { column: buyer { field: orders.customer } derived_column: rank { sql: 1 ;; } }
  }
}
"""
MODEL = """
include: "/views/*"
explore: orders {
  join: buyers { from: customers sql_on: ${orders.customer} = ${buyers.id} ;; relationship: many_to_one }
  join: by_customer { sql_on: ${by_customer.customer_id} = ${buyers.id} AND 1 = 1 ;; }
}
explore: +orders {
  join: creators { from: customers foreign_key: orders.customer }
}
explore: more { extends: [orders] view_name: orders }
"""


def test_ddl(tmp_path: Path) -> None:
    path = tmp_path / "schema.sql"
    path.write_text(DDL)
    schema = SchemaFiles(path).read_schema("any", "sqlite")
    assert schema.tables == {
        "customer": ("id", "full name"),
        "purchase": ("id", "customer_id", "voucher", "amount"),
        "voucher": ("code",),
        "large": ("id", "total"),
    }
    assert set(schema.foreign_keys) == {
        ("purchase.customer_id", "customer.id"),
        ("purchase.voucher", "voucher.code"),
    }
    assert schema.views == {"large"}
    spider = make_spider_schema(schema)
    assert "large" not in spider.tables
    assert spider.representatives["purchase.voucher"] == "purchase.voucher"
    assert spider.representatives["voucher.code"] == "purchase.voucher"
    assert read_schema_json(schema.as_json()) == schema


def test_lookml_views_refinements_extends_derived_tables_and_joins(tmp_path: Path) -> None:
    folder = tmp_path / "lookml"
    (folder / "views").mkdir(parents=True)
    (folder / "views" / "all.view.lkml").write_text(VIEWS)
    (folder / "shop.model.lkml").write_text(MODEL)
    schema = SchemaFiles(folder).read_schema("shop", "presto")
    assert {table: set(columns) for table, columns in schema.tables.items()} == {
        "customer": {
            "id", "created_by", "full_name", "first_name", "last_name", "born_on", "revenue", "region"
        },
        "orders": {"id", "customer_id"},
        "by_customer": {"customer_id", "n"},
        "top": {"buyer", "rank"},
    }  # fmt: skip
    assert set(schema.foreign_keys) == {
        ("orders.customer_id", "customer.id"),
        ("by_customer.customer_id", "customer.id"),
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("view: a {", "cannot be read as LookML"),
        ("view: +a { dimension: b {} }", r"\+a refines a view that no file defines"),
        ("view: a { extends: [b] }", "LookML view a: extends b, which no file defines"),
        ("view: a { extends: [b] }\nview: b { extends: [a] }", "extends itself"),
        (
            "view: a { dimension: x {} }\nexplore: a { join: b { sql_on: ${a.x} = ${b.y} ;; } }",
            "the view b is used",
        ),
        ("explore: a { hidden: yes }", "no table or view for shop"),
    ],
)
def test_lookml_that_is_not_whole_is_one_message(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "shop.lkml"
    path.write_text(content)
    with pytest.raises(GovernanceError, match=message):
        SchemaFiles(path).read_schema("shop", "presto")


def test_a_folder_may_hold_a_schema_for_each_database(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("CREATE TABLE t (x INTEGER)")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "v.view.lkml").write_text("view: v { dimension: y {} }")
    files = SchemaFiles(tmp_path)
    assert files.read_schema("a", "sqlite").tables == {"t": ("x",)}
    assert files.read_schema("b", "sqlite").tables == {"v": ("y",)}
    with pytest.raises(GovernanceError, match="both DDL and LookML for c; keep one"):
        files.read_schema("c", "sqlite")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("schema.sql", "CREATE TABLE (", "cannot be read as DDL in sqlite"),
        ("schema.sql", "SELECT 1", "no table or view for shop"),
        ("notes.txt", "hello", r"no DDL \(\.sql\) or LookML \(\.lkml\) for shop"),
    ],
)
def test_a_schema_that_cannot_be_used_is_one_message(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(GovernanceError, match=message):
        SchemaFiles(tmp_path).read_schema("shop", "sqlite")


def test_an_absent_schema_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(GovernanceError, match="no such schema file or folder"):
        SchemaFiles(tmp_path / "absent.sql")


def test_live_sqlite(shop: Path) -> None:
    engine = open_engine(Databases(str(shop)).find("shop"), QueryLimits())
    schema = engine.schema()
    engine.close()
    assert schema.tables == {
        "customer": ("id", "name", "country"),
        "purchase": ("id", "customer_id", "amount"),
        "large": ("id", "amount"),
    }
    assert schema.foreign_keys == (("purchase.customer_id", "customer.id"),)
    assert schema.views == {"large"}


def test_live_duckdb(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "shop.duckdb") as connection:
        connection.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("CREATE TABLE purchase (id INTEGER, customer_id INTEGER REFERENCES customer (id))")
        connection.execute("CREATE VIEW large AS SELECT id FROM purchase")
    engine = open_engine(Databases(str(tmp_path)).find("shop"), QueryLimits())
    schema = engine.schema()
    engine.close()
    assert schema.tables == {
        "customer": ("id", "name"),
        "purchase": ("id", "customer_id"),
        "large": ("id",),
    }
    assert schema.foreign_keys == (("purchase.customer_id", "customer.id"),)
    assert schema.views == {"large"}
