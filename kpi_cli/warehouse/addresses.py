"""`postgres://host/shop?table=orders` → `Address`: which engine, which table or query, and a name safe to print.

A name never holds a user, a password or any setting: what is printed, logged or put into a report is the name.
"""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

from kpi_cli.errors import UsageError
from kpi_cli.safe import printable, quoted

TRIED = ("duckdb", "postgres", "spark")
# Engines that Ibis knows and that go through the same door, but that nobody has tried here.
UNTRIED = (
    *("bigquery", "snowflake", "databricks", "trino"),
    *("athena", "clickhouse", "mssql", "mysql", "oracle", "redshift", "sqlite"),
)
_SAME = {"postgresql": "postgres", "pyspark": "spark"}
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
_OURS = ("table", "query", "path")
_NO_SERVER = ("duckdb", "sqlite", "spark", "bigquery")  # engines whose place is a file, a master or a project
_KEY = re.compile(r"[A-Za-z][\w.-]*")
# Settings of Postgres that say how to reach it, in words that stand in many a message: no secret is among them.
OPEN = frozenset(
    {"sslmode", "sslnegotiation", "sslcompression", "sslsni", "gssencmode", "channel_binding", "require_auth"}
    | {"target_session_attrs", "load_balance_hosts", "connect_timeout", "tcp_user_timeout", "client_encoding"}
    | {"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "port"}
)
_PARTS = re.compile(r'(?:[^".]+|"(?:[^"]|"")+")(?:\.(?:[^".]+|"(?:[^"]|"")+"))*')


class Address(Struct, frozen=True):
    """A source in a database. `url` may hold credentials and is for the driver alone; `name` is for people."""

    engine: str
    url: str  # without table, query and path
    place: str  # host and database, a file, or a Spark master
    table: str | None = None
    query: str | None = None
    path: str | None = None  # Spark: a folder of Parquet

    def __repr__(self) -> str:
        return f"Address({self.name!r})"  # never the credentials

    @property
    def name(self) -> str:
        """The address without credentials and settings; a query as the head of its checksum."""
        said = f"{self.engine}://{self.place}"
        if self.query:
            said += f"?query={hashlib.sha256(self.query.encode()).hexdigest()[:8]}"
        elif self.table or self.path:
            said += f"?table={self.table}" if self.table else f"?path={self.path}"
        return printable(said)


def is_address(text: str) -> bool:
    """Whether a source is an address rather than a file.

    >>> is_address("postgres://host/shop?table=orders"), is_address("exports/*.csv")
    (True, False)
    """
    return _ADDRESS.fullmatch(text) is not None


def parse_address(text: str, table: str | None = None, query: str | None = None) -> Address:
    """An address in its parts; `table` and `query` are kpi.yml's, where the address names none.

    Raises:
        UsageError: an engine there is none of, or two of tables and queries.

    >>> parse_address("postgres://shop:secret@db.example:5432/shop?table=orders&sslmode=require").name
    'postgres://db.example:5432/shop?table=orders'
    """
    from urllib.parse import parse_qsl, quote, urlencode

    match = _ADDRESS.fullmatch(text)
    engine = match[1].lower() if match else ""
    engine = _SAME.get(engine, engine)
    if match is None or engine not in {*TRIED, *UNTRIED}:
        fix = f"use one of {', '.join((*TRIED, *UNTRIED))}, or download the file"
        raise UsageError("unknown_engine", f"no engine is called {quoted(engine)}", fix)
    place, _, settings = match[2].partition("?")
    given = parse_qsl(settings.replace("+", "%2B"), keep_blank_values=True)  # a plus is none of a form's spaces
    known = place if engine in _NO_SERVER else place.rpartition("@")[2]
    if not _is_parted(engine, place, [key for key, _ in given]):
        fix = "write / ? # [ ] & = in a password as %2F %3F %23 %5B %5D %26 %3D, and the settings after one ?"
        raise UsageError("bad_address", f"the parts of a {engine}:// address cannot be told apart", fix)
    named = [(key, value) for key, value in (*given, ("table", table), ("query", query)) if key in _OURS and value]
    if len(named) > 1:
        raise UsageError(
            "bad_address",
            f"{printable(f'{engine}://{known}')} names {' and '.join(key for key, _ in named)}",
            "give one of them",
        )
    rest = urlencode([(key, value) for key, value in given if key not in _OURS], quote_via=quote)
    inside = place.removesuffix(known).replace("+", "%2B")
    url = f"{engine}://{inside}{known}{'?' + rest if rest else ''}"
    return Address(engine, url, known, **dict(named))


def parts_of(table: str) -> list[str]:
    """The names of a table: schema and table, in quotes where a name has a dot of its own.

    >>> parts_of("sales.orders"), parts_of('"my.shop"."a ""b"" c"'), parts_of('a"b')
    (['sales', 'orders'], ['my.shop', 'a "b" c'], ['a"b'])
    """
    if not _PARTS.fullmatch(table):
        return table.split(".")
    found = re.findall(r'[^".]+|"(?:[^"]|"")+"', table)
    return [name[1:-1].replace('""', '"') if name.startswith('"') else name for name in found]


def _is_parted(engine: str, place: str, keys: list[str]) -> bool:
    """Whether it is certain which part of an address is which, lest a piece of a password be taken for another.

    >>> _is_parted("postgres", "shop:a%2Fb@[::1]:5432/shop", ["table"]), _is_parted("postgres", "shop:a", ["b@h/shop"])
    (True, False)
    """
    if not all(map(_KEY.fullmatch, keys)):
        return False
    if engine in _NO_SERVER:
        return True
    inside, _, host = place.rpartition("@")
    port = host.partition("/")[0].rpartition("]")[2].partition(":")[2]
    return not set("/#[]") & set(inside) and not set("=&;#") & set(host) and port.isdigit() | (not port)
