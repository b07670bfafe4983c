"""Generate AskData's data lake: a telecom's customers, addresses, messages, calls and bills, in one DuckDB file.

The people are made up and the numbers are drawn with a fixed seed, so that every run writes the same bytes.

    python examples/askdata/make_database.py build/askdata/databases/askdata.duckdb
"""

import argparse
import random
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from disk.writing import put_in_place, replaceable
from refusing import refusing

SEED = 20250601
CUSTOMERS = 600
FIRST_DAY, LAST_DAY = date(2024, 1, 1), date(2025, 6, 30)

FIRST_NAMES = (
    *("Ada", "Ben", "Carla", "Diego", "Emma", "Farid", "Grace", "Hugo"),
    *("Ines", "Jack", "Kira", "Liam", "Mona", "Noah", "Olga", "Paul"),
)
LAST_NAMES = (
    *("Adams", "Brooks", "Chen", "Diaz", "Evans", "Fischer", "Garcia", "Hughes"),
    *("Ito", "Jones", "Khan", "Lopez", "Moore", "Novak", "Ortiz", "Park"),
)
CITIES = {
    "CA": ["Los Angeles", "San Diego", "Sacramento"],
    "NY": ["New York", "Buffalo", "Albany"],
    "TX": ["Houston", "Dallas", "Austin"],
    "WA": ["Seattle", "Spokane", "Tacoma"],
    "FL": ["Miami", "Orlando", "Tampa"],
}
STATE_WEIGHTS = {"CA": 30, "NY": 22, "TX": 22, "WA": 10, "FL": 16}
STREETS = ["Oak Street", "Main Street", "Lake Avenue", "Hill Road", "Park Lane", "Cedar Court"]
PLANS = {"Basic": 25.0, "Plus": 40.0, "Unlimited": 65.0, "Business": 90.0}
COUNTRIES = ["Mexico", "Canada", "India", "Germany", "Japan", "Brazil"]

SCHEMA = """
CREATE TABLE customers (
    customer_id BIGINT PRIMARY KEY, first_name VARCHAR, last_name VARCHAR, email VARCHAR, birth_date DATE,
    signup_date DATE, plan VARCHAR, status VARCHAR, segment VARCHAR);
CREATE TABLE mailing_addresses (
    address_id BIGINT PRIMARY KEY, customer_id BIGINT, street VARCHAR, city VARCHAR, state VARCHAR,
    postal_code VARCHAR, is_primary BOOLEAN, valid_from DATE);
CREATE TABLE messages (
    message_id BIGINT PRIMARY KEY, customer_id BIGINT, sent_at TIMESTAMP, direction VARCHAR, channel VARCHAR,
    topic VARCHAR, body_length INTEGER, delivered BOOLEAN);
CREATE TABLE calls (
    call_id BIGINT PRIMARY KEY, customer_id BIGINT, started_at TIMESTAMP, duration_seconds INTEGER,
    call_type VARCHAR, destination_country VARCHAR, dropped BOOLEAN);
CREATE TABLE billing (
    invoice_id BIGINT PRIMARY KEY, customer_id BIGINT, billing_month DATE,
    amount DECIMAL(10, 2), late_fee DECIMAL(10, 2),
    paid BOOLEAN, due_date DATE, paid_date DATE, payment_method VARCHAR);
"""

# Several threads write blocks in any order, and compressed blocks hold whatever was in memory where a value is NULL.
SAME_BYTES: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "force_compression": "uncompressed",
}

Row = tuple[Any, ...]


def _day(draw: random.Random, first: date, last: date) -> date:
    return first + timedelta(days=draw.randrange((last - first).days + 1))


def _moment(draw: random.Random, first: date) -> datetime:
    day = _day(draw, max(first, FIRST_DAY), LAST_DAY)
    return datetime.combine(day, datetime.min.time()) + timedelta(seconds=draw.randrange(86_400))


def customers(draw: random.Random) -> Iterator[Row]:
    """Yield the rows of `customers`; ids count from 1."""
    for number in range(1, CUSTOMERS + 1):
        first, last = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
        yield (
            number,
            first,
            last,
            f"{first}.{last}.{number}@example.com".lower(),
            _day(draw, date(1945, 1, 1), date(2006, 12, 31)),
            _day(draw, date(2019, 1, 1), LAST_DAY),
            draw.choices(list(PLANS), weights=[35, 30, 25, 10])[0],
            draw.choices(["active", "suspended", "closed"], weights=[80, 8, 12])[0],
            draw.choices(["consumer", "small business", "enterprise"], weights=[78, 16, 6])[0],
        )


def mailing_addresses(draw: random.Random, people: list[Row]) -> Iterator[Row]:
    """Yield one primary address a customer, and a former one for every fifth."""
    number = 0
    for person in people:
        for primary in (True, False)[: 2 if draw.random() < 0.2 else 1]:
            number += 1
            state = draw.choices(list(STATE_WEIGHTS), weights=list(STATE_WEIGHTS.values()))[0]
            yield (
                number,
                person[0],
                f"{draw.randrange(1, 2000)} {draw.choice(STREETS)}",
                draw.choice(CITIES[state]),
                state,
                f"{draw.randrange(10_000, 99_999)}",
                primary,
                _day(draw, date(2018, 1, 1), LAST_DAY),
            )


def messages(draw: random.Random, people: list[Row]) -> Iterator[Row]:
    """Yield about fifteen messages a customer."""
    for number in range(1, CUSTOMERS * 15 + 1):
        person = draw.choice(people)
        yield (
            number,
            person[0],
            _moment(draw, person[5]),
            draw.choices(["inbound", "outbound"], weights=[35, 65])[0],
            draw.choices(["sms", "mms", "email"], weights=[60, 10, 30])[0],
            draw.choices(["billing", "outage", "promotion", "support"], weights=[30, 10, 40, 20])[0],
            draw.randrange(5, 600),
            draw.random() < 0.96,
        )


def calls(draw: random.Random, people: list[Row]) -> Iterator[Row]:
    """Yield about twenty calls a customer who calls at all; only international ones leave the United States."""
    callers = [person for person in people if person[0] % 37]
    for number in range(1, CUSTOMERS * 20 + 1):
        person = draw.choice(callers)
        kind = draw.choices(["local", "long distance", "international", "support"], weights=[60, 22, 8, 10])[
            0
        ]
        yield (
            number,
            person[0],
            _moment(draw, person[5]),
            int(draw.expovariate(1 / 240)) + 1,
            kind,
            draw.choice(COUNTRIES) if kind == "international" else "United States",
            draw.random() < 0.04,
        )


def billing(draw: random.Random, people: list[Row]) -> Iterator[Row]:
    """Yield one invoice a month from the later of sign-up and January 2024; one in twelve stays unpaid."""
    number = 0
    months = [date(year, month, 1) for year in (2024, 2025) for month in range(1, 13)][:18]
    for person in people:
        for month in months:
            if month < person[5]:
                continue
            number += 1
            due = month + timedelta(days=20)
            paid = draw.random() > 1 / 12
            delay = draw.randrange(-15, 12)
            yield (
                number,
                person[0],
                month,
                round(PLANS[str(person[6])] * draw.uniform(0.9, 1.6), 2),
                5.0 if not paid or delay > 0 else 0.0,
                paid,
                due,
                due + timedelta(days=delay) if paid else None,
                draw.choices(["card", "bank transfer", "check"], weights=[60, 30, 10])[0] if paid else None,
            )


def make_database(path: Path) -> None:
    """Write the DuckDB file at `path`, replacing one that is there once the new one is whole.

    Raises:
        DiskError: something at `path` is not a file.
        OSError: it cannot be written.
    """
    replaceable(path)
    draw = random.Random(SEED)  # made-up data, not a secret
    people = list(customers(draw))
    tables = {
        "customers": people,
        "mailing_addresses": list(mailing_addresses(draw, people)),
        "messages": list(messages(draw, people)),
        "calls": list(calls(draw, people)),
        "billing": list(billing(draw, people)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        finished = Path(folder, path.name)
        _write(finished, tables)
        put_in_place(finished, path)


def _write(path: Path, tables: Mapping[str, list[Row]]) -> None:
    with duckdb.connect(config=SAME_BYTES) as connection:
        # Files of later storage versions hold a random identifier. The alias keeps the file's own name out of it.
        quoted = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS askdata (STORAGE_VERSION 'v1.0.0')")
        connection.execute("USE askdata")
        connection.execute(SCHEMA)
        for table, rows in tables.items():
            connection.register("rows_of_table", pd.DataFrame(rows))
            connection.execute(f"INSERT INTO {table} SELECT * FROM rows_of_table")


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path, help="the DuckDB file to write")
    path = parser.parse_args().path
    with refusing():
        make_database(path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
