"""Typed tables in DuckDB, one a role, and the ledger: what every file was taken for and where each row went."""

from __future__ import annotations

import datetime as dt
import weakref
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.json import Encoder

from kpi_cli.errors import KpiError
from kpi_cli.exports.engine import Opening, library
from kpi_cli.exports.roles import MONEY_TYPE, TABLES, kind
from kpi_cli.exports.rows import Columns, Ledger
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.workspace import close_folder, open_folder
from kpi_cli.result import Note, plain

if TYPE_CHECKING:
    import duckdb

    from kpi_cli.warehouse.log import Log
    from kpi_cli.warehouse.people import People
    from kpi_cli.warehouse.touches import Touches

_JSON = Encoder()
_FIXED = {"file": "INTEGER", "line": "BIGINT", "fate": "VARCHAR", "start": "DATE", "end": "DATE"}
_FIXED |= {"rows": "BIGINT"}  # how many rows of the file a row stands for
_SALES = {"is_order": "BOOLEAN", "is_line": "BOOLEAN", "orders": "BIGINT"}  # how many a row without an id stands for
# A log of many millions of events is kept lean: what follows from the moment, or from there being a row, is not
# stored, but shown by a view; its lines and a currency only where a file's rows have them.
_FOLLOWS = {"events": {"fate": "NULL", "start": '"time"', "end": '"time"', "rows": "1"}}


class Source(Struct):
    """One table of one file as contract §7 lists it."""

    file: str
    number: int
    sheet: Sheet | None = None
    ledger: Ledger = field(default_factory=Ledger)
    checks: str = "full"
    is_folded: bool = False  # its rows in the table are sums of the file's
    period: tuple[dt.date, dt.date] | None = None
    grain: str = "none"
    sums: list[dict[str, Any]] = field(default_factory=list)
    control: list[dict[str, Any]] = field(default_factory=list)
    fates: dict[str, int] = field(default_factory=dict)
    currencies: list[str] = field(default_factory=list)
    extra_notes: list[Note] = field(default_factory=list)
    error: KpiError | None = None
    part_of: str | None = None  # the workbook, archive, folder or pattern that it came with, unnamed

    @property
    def role(self) -> str | None:
        """The role the file was taken for."""
        return self.sheet.role if self.sheet else None

    @property
    def format(self) -> str | None:
        """The platform format the file was taken for."""
        return self.sheet.header.format.name if self.sheet else None

    @property
    def engine(self) -> str | None:
        """The database that the source is in; None for a file."""
        relation = self.sheet.relation if self.sheet else None
        return None if relation is None or relation.engine.is_local else relation.engine.address.url

    @property
    def claims_purchases(self) -> bool:
        """Whether the conversions that the platform claims are purchases, fit to be held against orders."""
        return self.sheet is not None and self.sheet.header.format.get("conversions_are") == "purchases"

    def shows(self, name: str) -> bool:
        """Whether a sum belongs to this source: sales have them all, other roles those of their columns."""
        return self.sheet is None or self.sheet.role in {"sales", "progress"} or self.sheet.has(name)

    @property
    def notes(self) -> list[Note]:
        """Everything to be known about the reading of this file."""
        return [*(self.sheet.notes if self.sheet else ()), *self.extra_notes]

    @property
    def used(self) -> int:
        """How many records are used."""
        return self.ledger.read - sum(self.ledger.left_out.values()) - sum(self.fates.values())

    def summed(self, column: str) -> Decimal | int | None:
        """The sum of a column, when the source speaks one currency."""
        names = {"amount": "revenue_gross", "revenue": "revenue_gross", "refunded": "refunds"}
        if len(self.sums) != 1:
            return None
        value = self.sums[0].get(names.get(column, column))
        return value if isinstance(value, Decimal | int) else None

    def to_dict(self) -> dict[str, Any]:
        """The source as `kpi check --json` prints it."""
        sheet = self.sheet
        if sheet is None or self.error:
            return self._unread()
        left_out = {**self.ledger.left_out}
        for fate, count in self.fates.items():
            left_out[fate] = left_out.get(fate, 0) + count
        used = self.ledger.read - sum(left_out.values())
        return {
            "file": self.file,
            "sha256": sheet.sha256,
            "role": sheet.role,
            "format": self.format,
            "language": sheet.header.language,
            "encoding": sheet.encoding,
            "delimiter": sheet.delimiter,
            "header_line": sheet.header.line,
            "decimal": sheet.decimal,
            "date_order": sheet.date_order,
            "currency": self.currencies,
            "period": self.period and {"start": self.period[0].isoformat(), "end": self.period[1].isoformat()},
            "grain": self.grain,
            "columns": {c: sheet.header.names[i].strip() for c, i in sheet.columns.items()},
            "checks": self.checks,
            "rows": {"read": self.ledger.read, "used": used, "left_out": dict(sorted(left_out.items()))},
            "control": [plain(entry) for entry in self.control],
            "sums": [plain(entry) for entry in self.sums],
            "notes": self._told(),
            "error": None,
        }

    def _told(self) -> list[dict[str, Any]]:
        return [{"code": n.code, "text": n.text, "line": n.line} for n in self.notes]

    def _unread(self) -> dict[str, Any]:
        nothing = dict.fromkeys(
            ("sha256", "role", "format", "language", "encoding", "delimiter", "header_line", "decimal", "date_order")
        )
        return {
            "file": self.file,
            **nothing,
            "currency": [],
            "period": None,
            "grain": "none",
            "columns": {},
            "checks": self.checks,
            "rows": None,
            "control": [],
            "sums": [],
            "notes": [] if self.error else self._told(),
            "error": self.error.to_dict() if self.error else None,
        }


class Form(Struct, frozen=True):
    """What a new table's columns are unlike the usual ones: types that hold their values and no others, and SQL."""

    types: dict[str, str] = {}
    follows: dict[str, str] = {}  # of what is not stored, since it follows from this


class Decisions(Struct, frozen=True):
    """What the `given` columns of a role hold, by what its `keys` do: a row for each combination of these."""

    keys: Sequence[str]
    given: Sequence[str]
    rows: Sequence[tuple[str | None, ...]]


class Store:
    """The typed tables of one run, in an embedded DuckDB; its folder is gone when the store is, or the run."""

    def __init__(self) -> None:
        folder = open_folder()
        self._opening = Opening(folder)
        weakref.finalize(self, close_folder, folder)
        self.columns: dict[str, dict[str, str]] = {}  # of each role's table, with their types
        self._follows: dict[str, dict[str, str]] = {}  # those of them that are not stored, with the SQL they follow by
        self._before = self._known()
        self.sources: list[Source] = []
        self.converted: dict[str, set[tuple[dt.date, Decimal]]] = {}  # currency → first day and rate of those used
        self.buckets: list[tuple[Any, ...]] = []  # what the table `buckets` holds
        self._decided: dict[str, Decisions] = {}  # by role, the columns that follow from what others hold
        self.people: People | None = None  # customers of sales that are where they are; the table holds groups of those
        self.has_won = False  # whether the table `won` says who was won with which of the groups that sales hold
        self.histories = ""  # of those customers, as SQL, the histories that are asked for
        self.touches: Touches | None = None  # touches whose paths are made where they are; the table holds their counts
        self.log: Log | None = None  # events that are followed where they are; the table then holds their counts
        self.has_repeated: bool | None = None  # whether `repeated` holds orders that stand in several rows, once known

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The database, which has been opening since the store was made."""
        con = self._opening.wait()
        weakref.finalize(self, con.close)  # before its folder goes: what was made last goes first
        return con

    @property
    def orders_sql(self) -> str:
        """The number of orders in a group of sales, as SQL; those that stand in one row each need not be told apart."""
        once = "order_id" if self.has_repeated is False else "DISTINCT order_id"
        return f"""count({once}) FILTER (is_order)
            + coalesce(CAST(sum(coalesce(orders, "rows")) FILTER (is_order AND order_id IS NULL) AS BIGINT), 0)"""

    def keep_open(self, engines: ExitStack) -> None:
        """Close engines when the store is no longer needed."""
        weakref.finalize(self, engines.close)

    def insert(self, source: Source, blocks: Iterable[Columns]) -> None:
        """Append a sheet's rows, given as columns of text, to the table of its role."""
        assert source.sheet is not None
        role = source.sheet.role
        self._take_any(role)
        for block in blocks:
            self._widen(role, block)
            stored = {name: block[name] for name in self._stored(role, block)}
            known = {name: cells for name, cells in stored.items() if any(cell is not None for cell in cells)}
            query, parameters = _rows_query(known, self.columns[role])
            self.con.execute(f"INSERT INTO {self.table(role)} BY NAME {query}", [source.number, *parameters])

    def insert_query(self, role: str, columns: Mapping[str, str], query: str, form: Form | None = None) -> int:
        """Append what a query gives to the table of a role; columns are SQL over it. How many rows there were.

        The rows of a further table undo what the form of the first said.
        """
        if role in self.columns:
            self._take_any(role)
        self._widen(role, columns, form)
        picks = ", ".join(f'{columns[name]} AS "{name}"' for name in self._stored(role, columns))
        return int(self.rows(f"INSERT INTO {self.table(role)} BY NAME SELECT {picks} FROM {query}")[0][0])

    def _take_any(self, role: str) -> None:
        """Have a role's columns that were made for one value, or for few names, take any."""
        have, follows = self.columns.get(role, {}), self._follows.get(role, {})
        for name in [name for name, type_ in have.items() if type_.startswith("ENUM")]:
            have[name] = "VARCHAR"
            self.con.execute(f'ALTER TABLE {self.table(role)} ALTER "{name}" TYPE VARCHAR')
        if "file" in follows:
            added = f'"file" {have["file"]} DEFAULT {follows.pop("file")}'
            self.con.execute(f"ALTER TABLE {self.table(role)} ADD COLUMN {added}")
        self._show(role)

    def table(self, role: str) -> str:
        """The table that stores a role's rows; where some of its columns follow from others, a view shows both."""
        return f"stored_{role}" if role in _FOLLOWS or role in self._decided else role

    def bare(self, role: str) -> str:
        """A role's rows without what was decided of them, for a query that does not ask about it and need not look."""
        return role if role in _FOLLOWS else self.table(role)

    def _show(self, role: str) -> None:
        if self.table(role) == role or role not in self.columns:
            return
        follows, types = self._follows[role], self.columns[role]
        shown = "".join(f', CAST({value} AS {types[name]}) AS "{name}"' for name, value in follows.items())
        decided, joined = self._decided.get(role), ""
        if decided:
            shown += "".join(f', d."{name}"' for name in decided.given)
            alike = " AND ".join(["true", *(f's."{key}" IS NOT DISTINCT FROM d."{key}"' for key in decided.keys)])
            joined = f" LEFT JOIN decided_{role} d ON {alike}"
        self.con.execute(f"CREATE OR REPLACE VIEW {role} AS SELECT s.*{shown} FROM {self.table(role)} s{joined}")

    def _stored(self, role: str, names: Iterable[str]) -> list[str]:
        """Those columns that are stored."""
        return [name for name in names if name not in self._follows[role]]

    def _widen(self, role: str, names: Collection[str], form: Form | None = None) -> None:
        """Make sure that a role's table has these columns; a new table may be given a form of its own."""
        if role not in self.columns:
            self._create(role, names, form or Form())
        have = self.columns[role]
        new = {name: _type(name, role) for name in names if name not in have}
        for name, type_ in new.items():
            self.con.execute(f'ALTER TABLE {self.table(role)} ADD COLUMN "{name}" {type_}')
        have |= new
        if new:
            self._show(role)

    def _create(self, role: str, names: Collection[str], form: Form) -> None:
        follows = _FOLLOWS.get(role, {}) | form.follows
        if "rows" in names:  # of a database, where an event stands for many
            follows.pop("rows", None)
        fixed = ("file", "time") if role in _FOLLOWS else (*_FIXED, *(_SALES if role == "sales" else ()), "currency")
        wanted = (*fixed, *TABLES[role].numeric, *names, *follows)
        self.columns[role] = {name: _type(name, role) for name in wanted} | form.types
        self._follows[role] = follows
        stored = self._stored(role, self.columns[role])
        definition = ", ".join(f'"{n}" {self.columns[role][n]}{_DEFAULTS.get(n, "")}' for n in stored)
        self.con.execute(f"CREATE TABLE {self.table(role)} ({definition})")
        self._show(role)

    def ensure(self, role: str, *names: str) -> None:
        """Give a role's table these columns, empty where no file had them."""
        self._widen(role, names)

    def decide(self, role: str, decisions: Decisions) -> None:
        """Show columns of a role's rows that follow from others; of several decisions, the last ones hold.

        They are looked up as a question is asked, for to write them on every row takes longer than all the questions.
        """
        before = self._decided.get(role)
        if decisions == before:
            return
        if self.table(role) == role:
            self.con.execute(f"ALTER TABLE {role} RENAME TO stored_{role}")
        names = [*decisions.keys, *decisions.given]
        picks = ", ".join(f'unnest(${i}::VARCHAR[]) AS "{name}"' for i, name in enumerate(names, 1))
        lists = [[row[i] for row in decisions.rows] for i, _ in enumerate(names)]
        self.con.execute(f"CREATE OR REPLACE TABLE decided_{role} AS SELECT {picks}", lists)
        self._decided[role] = decisions
        types = {name: t for name, t in self.columns[role].items() if before is None or name not in before.given}
        self.columns[role] = types | dict.fromkeys(decisions.given, "VARCHAR")
        self._show(role)

    def leave_out(self, source: Source, fate: str) -> None:
        """Leave out all rows of a source that are not left out yet."""
        table = self.table(str(source.role))
        self.con.execute(f"UPDATE {table} SET fate = $1 WHERE file = $2 AND fate IS NULL", [fate, source.number])

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.con.execute(sql, parameters or []).fetchall()

    def begin(self) -> None:
        """Begin a transaction."""
        self.con.execute("BEGIN")
        self._before = self._known()

    def commit(self) -> None:
        """Keep what was done since the transaction began."""
        self.con.execute("COMMIT")

    def rollback(self) -> None:
        """Undo what was done since the transaction began, if one did; tables and columns made since go with it."""
        with suppress(library().TransactionException):
            self.con.execute("ROLLBACK")
            self.columns, self._follows = self._before

    def _known(self) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
        """What is known of the tables' columns, to be gone back to."""
        types, follows = ({role: dict(of) for role, of in all_.items()} for all_ in (self.columns, self._follows))
        return types, follows

    def of_role(self, role: str) -> list[Source]:
        """The readable sources of a role."""
        return [s for s in self.sources if s.role == role and s.error is None]


def span_sql(role: str) -> str:
    """The first and the last day of some rows of a role, and whether one of them stands for several days."""
    if role in _FOLLOWS:  # the day of each need not be made of its moment
        return 'CAST(min("time") AS DATE), CAST(max("time") AS DATE), false'
    return 'min("start"), max("end"), bool_or("start" <> "end")'


def _rows_query(cells: Columns, types: Mapping[str, str]) -> tuple[str, list[str | None]]:
    """A query that gives these texts as typed rows of the file $1, and its further parameters.

    Texts are handed over as JSON, for value by value through lists takes more than twice as long; a column in which
    all are the same, as one parameter.
    """
    first = next(iter(cells))  # there must be a cell for every row
    same = {name: c[0] for name, c in cells.items() if name != first and c.count(c[0]) == len(c)}
    apart = {f"c{i}": name for i, name in enumerate(cells) if name not in same}
    picks = [f'CAST(unnest(cells.{cell}) AS {types[name]}) AS "{name}"' for cell, name in apart.items()]
    picks += [f'CAST(${i} AS {types[name]}) AS "{name}"' for i, name in enumerate(same, 3)]
    shape = _JSON.encode({cell: ["VARCHAR"] for cell in apart}).decode()
    texts = _JSON.encode({cell: cells[name] for cell, name in apart.items()}).decode()
    # As the cell of a table: DuckDB would work out beforehand what is made of a parameter, value by value.
    parsed = f"SELECT from_json(text, '{shape}') AS cells FROM (VALUES ($2)) AS given(text)"
    return f'SELECT $1 AS "file", {", ".join(picks)} FROM ({parsed})', [texts, *same.values()]


_DEFAULTS = {"rows": " DEFAULT 1"}
_TYPES = _FIXED | _SALES | {"time": "TIMESTAMP", "combination": "BIGINT"}


def _type(name: str, role: str) -> str:
    if name in _TYPES:
        return _TYPES[name]
    if name.startswith("own_"):
        return MONEY_TYPE
    if name in TABLES[role].numeric:
        return "BIGINT" if kind(name) == "whole" else MONEY_TYPE
    return "VARCHAR"
