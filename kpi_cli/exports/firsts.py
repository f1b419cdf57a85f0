"""Large plain files of sales of which first orders are asked: sums of rows that are alike, and who was won when.

    load_firsts(store, source, by)   fills the tables `sales` and `won`; False where only row after row will do

Rows are read once, into a table as lean as can be, which may wait on disk. It is asked three things and dropped: the
sums of rows that are alike in all the question looks at, whether every order stands once, and each customer's first
order. That is the least of a customer's numbers, which are made of moment, order id and combination of cells, so that
next to nothing is kept for each customer while they are grouped.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate, takewhile
from operator import mul

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.exports.bulk import Plan, attempt, checked, days_at_once, enum_of, names_in, no_totals, text_sql
from kpi_cli.exports.charges import flags_of
from kpi_cli.exports.composing import stored_dimensions
from kpi_cli.exports.engine import all_threads
from kpi_cli.exports.judging import NotPlain, judge, literal
from kpi_cli.exports.large import ROWS
from kpi_cli.exports.plain import NUMBER_LIKE, all_read, first_rows, source_sql
from kpi_cli.exports.roles import IDENTITY
from kpi_cli.exports.rows import Ledger
from kpi_cli.exports.sums import group_columns, in_any_order, kept_cells, money_of, texts_of, ways
from kpi_cli.exports.tables import Source, Store

_MOST_COMBINATIONS = 1 << 16
_BITS = 64  # of a whole number, the first of which is its sign
_FIT = f"order_key >= 0 AND order_key < {10**18}"
_LENGTH = 6  # figures of the length of an id
_FIT_TEXT = f"order_key IS NOT NULL AND NOT contains(order_key, chr(1)) AND strlen(order_key) < {10**_LENGTH}"
_MARK = "chr(1)"


class _Ids(Struct, frozen=True):
    """How order ids are kept: as whole numbers behind what they all begin with, or as they stand."""

    prefix: str
    are_numbers: bool
    typed: bool = False  # DuckDB reads them as numbers


class _Cells(Struct, frozen=True):
    """The cells that rows are told apart by, as SQL: as texts, or as names that are known beforehand."""

    columns: Mapping[str, str]
    combination: str | None = None  # of names: the number that is made of them; combinations of texts are looked up
    most: int = _MOST_COMBINATIONS
    named: Collection[int] = ()  # the columns that names are known of


def load_firsts(store: Store, source: Source, by: Collection[str]) -> bool:
    """Read a large plain file of sales as groups of rows, and its customers into `won`.

    A row of `won` is a day, a `combination` of cells, and for how many `customers` this was their first order's.

    Args:
        by: the dimensions that first orders may be grouped by.

    Returns:
        Whether that was possible; if not, nothing was kept.
    """
    sheet = source.sheet
    if sheet is None or sheet.role != "sales" or sheet.text is None or sheet.text.survey.newlines <= ROWS:
        return False
    found = [*map(days_at_once, ways(sheet))]
    if not found or sheet.has("customer_type") or sheet.options.converted or IDENTITY & {*by}:
        return False
    all_threads(store.con)
    texts, (likely, *others) = _Cells(texts_of(found[-1], kept_cells(found[-1], {*by, "publisher"}))), _ids(found[-1])
    tries = [(found[0], names, likely) for names in _named(found[0], texts)]
    tries += [(way, texts, likely) for way in found]
    tries += [(found[-1], texts, ids) for ids in others]
    return any(_loaded(store, source, way, cells, ids) for way, cells, ids in tries)


def _ids(found: Plan) -> list[_Ids]:
    """How order ids may be kept, as the first rows have them: the leanest way first."""
    place = found.sheet.columns["order_id"]
    ids = [cells[place] for cells in first_rows(found.text, found.sheet)]
    prefix = "".join(a for a, *_ in takewhile(lambda signs: len(set(signs)) == 1, zip(*ids, strict=False)))
    prefix = prefix.rstrip("0123456789")
    are_numbers = all(one.removeprefix(prefix).isdecimal() for one in ids)
    are_numbers &= prefix == "" or not any(re.match(NUMBER_LIKE, one) for one in ids)
    is_looked_at = any(re.search(rf"\bc{place}\b", check) for check in found.checks)
    typed = [_Ids("", are_numbers=True, typed=True)] if are_numbers and not (prefix or is_looked_at) else []
    return [*typed, *[_Ids(prefix, are_numbers=True)] * are_numbers, _Ids("", are_numbers=False)]


def _named(found: Plan, texts: _Cells) -> Iterator[_Cells]:
    """The cells as names, which take a byte each, and of which a number can be made; none where they are too many."""
    columns = {name: column for column, name in stored_dimensions(found.sheet).items()}
    places = {name: columns.get(name, name) for name in texts.columns}
    names = names_in(found, {*places.values()})
    if names is None:
        return
    listed = {name: ["", *names[column]] for name, column in places.items()}
    *steps, count = accumulate((len(some) for some in listed.values()), mul, initial=1)
    if count > _MOST_COMBINATIONS:
        return
    codes = (f'CAST(enum_code("{name}") AS BIGINT)' for name in listed)
    number = " + ".join(["0", *(f"{code} * {step}" for code, step in zip(codes, steps, strict=True))])
    cells = {name: f"CAST({found.cell(places[name])} AS {enum_of(some)})" for name, some in listed.items()}
    yield _Cells(cells, number, count, [found.sheet.columns[column] for column in places.values()])


def _loaded(store: Store, source: Source, found: Plan, cells: _Cells, ids: _Ids) -> bool:
    with in_any_order(store), _tables_dropped(store), attempt(store):
        rows = _fill_bought(store, found, cells, ids)
        store.begin()
        _fill_sales(store, source, found, cells)
        ledger = Ledger(read=rows)
        judge(store, source.number, found.sheet, found.ruled, ledger)
        if len(store.rows("SELECT DISTINCT currency FROM sales")) != 1:
            raise NotPlain  # no row is left, or two currencies are refused with a line
        _fill_won(store, cells, ids, all_kept=not ledger.left_out)
        store.commit()
        source.sheet, source.ledger, source.checks, source.is_folded = found.sheet, ledger, "rows", True
        store.has_won = True
        return True
    return False


@contextmanager
def _tables_dropped(store: Store) -> Iterator[None]:
    try:
        yield
    finally:
        store.con.execute("DROP TABLE IF EXISTS bought")
        store.con.execute("DROP TABLE IF EXISTS combinations")


# ------------------------------------------------------------------------------------------- reading


def _fill_bought(store: Store, found: Plan, cells: _Cells, ids: _Ids) -> int:
    """The table `bought`: order, moment or day, customer, cells and money of each row; how many there are.

    Raises:
        NotPlain: an order that stands twice, or lines that are no rows.
        duckdb.Error: a cell that is not plain.
    """
    moment = "moment" if "moment" in found.values else "day"
    told = [*cells.named, *_told(found, ids)]
    picks = {
        "sold_at": checked([*found.checks, *no_totals(found, told), _FIT if ids.are_numbers else _FIT_TEXT], moment)
    }
    picks |= {"order_key": "order_key", "customer": _customer_sql(found), **cells.columns}
    picks |= {name: found.columns[name] for name in money_of(found)}
    values = "".join(
        f", {sql} AS {name}" for name, sql in {**found.values, "order_key": _order_sql(found, ids)}.items()
    )
    listed = ", ".join(f'{sql} AS "{name}"' for name, sql in picks.items())
    read = found.read
    if ids.typed:
        read = replace(read, types={**read.types, found.sheet.columns["order_id"]: "BIGINT"})
    sql = f"""CREATE OR REPLACE TEMP TABLE bought AS
              SELECT {listed} FROM (SELECT *{values} FROM {source_sql(found.text, found.sheet, read)})"""
    rows = int(store.rows(sql)[0][0])
    if not (all_read(found.text, found.sheet, rows) and _orders(store, ids) == rows):
        raise NotPlain
    return rows


def _told(found: Plan, ids: _Ids) -> list[int]:
    """The columns that are read so that their cells call no row a total."""
    columns = ["order_id"] * ids.typed + ["customer_id"] * _has_id_alone(found)
    return [found.sheet.columns[column] for column in columns]


def _order_sql(found: Plan, ids: _Ids) -> str:
    """An order's id: the whole number that is written behind the prefix, or the text."""
    if not ids.are_numbers:
        return found.columns["order_id"]
    cell = found.cell("order_id")
    if ids.typed:
        return cell
    number = f"TRY_CAST({f'substring({cell}, {len(ids.prefix) + 1})' if ids.prefix else cell} AS BIGINT)"
    written = f"{literal(ids.prefix)} || CAST({number} AS VARCHAR)" if ids.prefix else f"CAST({number} AS VARCHAR)"
    return f"CASE WHEN {written} = {cell} THEN {number} END"


def _customer_sql(found: Plan) -> str:
    """Who bought; where nothing but an id says so, as it stands."""
    return text_sql(found, "customer_id") if _has_id_alone(found) else found.columns["customer"]


def _has_id_alone(found: Plan) -> bool:
    return found.sheet.has("customer_id") and not found.sheet.has("email")


def _orders(store: Store, ids: _Ids) -> int:
    """How many orders there are; whole numbers are ticked off on sheets of 64, for most stand near others."""
    sql = "SELECT count(DISTINCT order_key) FROM bought"
    if ids.are_numbers:
        ticks = "bit_or(CAST(1 AS UBIGINT) << (order_key % 64)) AS ticks"
        sql = f"SELECT sum(bit_count(ticks)) FROM (SELECT {ticks} FROM bought GROUP BY order_key // 64)"
    return int(store.rows(sql)[0][0] or 0)


def _fill_sales(store: Store, source: Source, found: Plan, cells: _Cells) -> None:
    """Add up the rows that are alike; those that went back, or were free, apart where rules speak of them alone."""
    day, texts, money = "CAST(sold_at AS DATE)", [f'"{name}"' for name in cells.columns], money_of(found)
    apart = [f"{name} = 0" for name in ("charged", "refunds") if name in money and any(flags_of(found.sheet).values())]
    sums = ", ".join(f"sum({name}) AS {name}" for name in money)
    combination = cells.combination or f"dense_rank() OVER (ORDER BY {', '.join(texts) or '1'}) - 1"
    groups = f"""(SELECT *, {combination} AS combination FROM (
        SELECT {", ".join([f"{day} AS start", *texts])}, {sums},
               count(*) AS n, if(count(customer) > 0, 'x', NULL) AS customer
        FROM bought GROUP BY {", ".join([day, *texts, "customer IS NULL", *apart])}))"""
    columns = {"file": str(source.number), "start": "start", "end": "start"} | group_columns(found)
    columns |= {name: f"nullif(\"{name}\", '')" for name in cells.columns}
    columns |= {name: name for name in ("customer", "combination")}
    store.insert_query("sales", columns, groups)
    if cells.combination is None:
        _look_up(store, cells)


def _look_up(store: Store, cells: _Cells) -> None:
    """The table `combinations`: the number of each combination of texts."""
    listed = "".join(f', "{name}"' for name in cells.columns)
    store.con.execute(f"CREATE OR REPLACE TEMP TABLE combinations AS SELECT DISTINCT combination{listed} FROM sales")
    if store.rows("SELECT count(*) FROM combinations")[0][0] > _MOST_COMBINATIONS:
        raise NotPlain


# --------------------------------------------------------------------------------------- first orders


def _fill_won(store: Store, cells: _Cells, ids: _Ids, *, all_kept: bool) -> None:
    """The table `won`: customers by the day and combination of their first order, among those that the rules kept."""
    key, day, combination = _number_key(store, cells.most) if ids.are_numbers else _text_key(store)
    if cells.combination is None:
        alike = "".join(f' AND b."{name}" IS NOT DISTINCT FROM c."{name}"' for name in cells.columns)
        numbered = f"bought b JOIN combinations c ON true{alike}"
    else:
        numbered = f"(SELECT *, {cells.combination} AS combination FROM bought)"
    kept = "" if all_kept else " AND combination IN (SELECT combination FROM sales)"
    store.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE won AS
            SELECT {day} AS "start", CAST({combination} AS BIGINT) AS combination, count(*) AS customers FROM (
              SELECT min({key}) AS first FROM {numbered} WHERE customer IS NOT NULL{kept} GROUP BY customer)
            GROUP BY ALL"""
    )


def _text_key(store: Store) -> tuple[str, str, str]:
    """A text that orders rows as `_number_key` does, whatever their ids look like."""
    form = "%Y-%m-%d %H:%M:%S.%f" if _bears_hours(store) else "%Y-%m-%d"
    number = f"CAST(TRY_CAST(order_key AS BIGINT) AS HUGEINT) + {1 << 63}"
    number = f"coalesce(lpad(CAST({number} AS VARCHAR), 20, '0'), repeat('9', 20))"
    length = f"lpad(CAST(length(order_key) AS VARCHAR), {_LENGTH}, '0')"
    key = f"strftime(sold_at, '{form}') || {number} || {length} || order_key || {_MARK} || combination"
    return key, "CAST(left(first, 10) AS DATE)", f"split_part(first, {_MARK}, -1)"


def _number_key(store: Store, combinations: int) -> tuple[str, str, str]:
    """A number that orders rows by time and order id; the day, and the combination, read off it.

    Each part is written behind the one before in as many bits as its greatest value has; most numbers fit in 63.
    """
    [(first, last, least, most)] = store.rows(
        "SELECT min(sold_at), max(sold_at), min(order_key), max(order_key) FROM bought"
    )
    time, latest, day = _time_key(store, first, last)
    parts = [(time, latest), (f"order_key - {least}", most - least), ("combination", combinations - 1)]
    *places, bits = accumulate((most.bit_length() for _, most in reversed(parts)), initial=0)
    type_ = "BIGINT" if bits < _BITS else "HUGEINT"
    key = " + ".join(
        f"CAST({part} AS {type_}) * {1 << bits}" for (part, _), bits in zip(parts, reversed(places), strict=True)
    )
    return key, day.format(f"CAST(first >> {places[-1]} AS BIGINT)"), f"first & {(1 << places[1]) - 1}"


def _time_key(store: Store, first: dt.date, last: dt.date) -> tuple[str, int, str]:
    """A row's time as a number from 0 on, the greatest there is, and the day read off one: in days or shorter."""
    if not isinstance(first, dt.datetime):
        return f"sold_at - DATE '{first}'", (last - first).days, f"DATE '{first}' + CAST({{}} AS INTEGER)"
    [(odd,)] = store.rows("SELECT max(epoch_us(sold_at) % 1000000) FROM bought")
    unit = dt.timedelta(microseconds=1) if odd else dt.timedelta(seconds=1)
    apart = f"epoch_us(sold_at) - epoch_us(TIMESTAMP '{first}')"
    micro = unit // dt.timedelta(microseconds=1)
    back = f"CAST(make_timestamp(epoch_us(TIMESTAMP '{first}') + {{}} * {micro}) AS DATE)"
    return f"({apart}) // {micro}", (last - first) // unit, back


def _bears_hours(store: Store) -> bool:
    return store.rows("SELECT typeof(sold_at) FROM bought LIMIT 1") == [("TIMESTAMP",)]
