"""Plain files in bulk: DuckDB reads them into the typed table of their role itself, in one pass.

    plans(sheet)             how, the leanest way first; none where only row after row will do
    load(store, source, …)   reads the file so; the ledger of its rows
    attempt(store)           undoes a way of reading that fails

Every row is kept with its ids, so that the checks between rows are those of any other file. The first cell that is
not plain (plain.py) ends the reading: the ordinary one begins, and finds line and column. Cells that rules look at
(a status, a currency) are few and different ones: each combination of them is judged once, in Python, by the very
rules of the ordinary reading. So are the names of a log's events: known from a sample, they are kept as numbers, and
a name that the sample lacks ends the reading in favour of the next plan.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field
from msgspec.structs import replace

from kpi_cli.errors import KpiError
from kpi_cli.exports.called import Calling, callings
from kpi_cli.exports.cells import conclude
from kpi_cli.exports.charges import BESIDE, flags_of, price_rule, vat_of
from kpi_cli.exports.composing import flag_words, stored_dimensions
from kpi_cli.exports.dialect import Record, Text
from kpi_cli.exports.engine import lacking, library
from kpi_cli.exports.fates import Fate
from kpi_cli.exports.judging import NotPlain, judge, literal
from kpi_cli.exports.plain import (
    TEXTS,
    AsRead,
    all_read,
    days_like,
    half_even_sql,
    is_plain,
    millionths_sql,
    moments_like,
    one_way_sql,
    proves_the_dot,
    signs_below,
    source_sql,
    timed,
    value_sql,
)
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.roles import MONEY_TYPE, NONE_WHEN_BLANK, TABLES, kind
from kpi_cli.exports.rows import Block, Ledger, Reader, scale_of
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structure import calls_a_total
from kpi_cli.exports.surveying import SPACES
from kpi_cli.exports.tables import Form, Source, Store
from kpi_cli.safe import folded

ROWS = 5_000  # from so many lines on it takes half the time, from 60,000 on a sixth
_LETTERS = "[!-~À-Þà-ÿЀ-џ一-鿿]"  # what folding only turns into small letters
_TEXT = "[!-&(-~]([ -~]*[!-~])?"  # no space around it, nor the quote that guards a cell
_ID = r"[!-&(-Z\\-~]([ -~]*[!-~])?"  # nor the brackets some exports put around an id
_ADDRESS = "[!-&(-~][!-~]*"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?Z?)?"
_CLOCK = "([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
_PIECES, _PIECE = 32, 1 << 16  # what is looked at of a file, all over it, and how much each is
_FEW = 255  # different names take one byte each
_LONG = 12  # amounts of more characters are not multiplied


class Plan(Struct):
    """What becomes of a plain sheet's cells: SQL of each column of the table, and what must hold of every row."""

    sheet: Sheet
    text: Text
    signs: bytes
    is_tame: bool  # only letters, figures and blanks of ASCII: a cell's first and last one say whether it is plain
    columns: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)  # of columns that are not kept as such a column usually is
    casts: dict[str, str] = field(default_factory=dict)  # made once, for the values to speak of
    values: dict[str, str] = field(default_factory=dict)  # read once, for the columns and checks to speak of
    checks: list[str] = field(default_factory=list)
    named: dict[int, Calling] = field(default_factory=dict)  # how columns are asked whether they call a row a total
    told: set[int] = field(default_factory=set)  # those that `columns` ask
    typed: bool = False  # DuckDB reads moments, or the money of a sale, as what they are
    read: AsRead = TEXTS
    ruled: dict[str, int] = field(default_factory=dict)  # columns of the table that rules look at: their cells' index

    def cell(self, column: str) -> str:
        """A canonical column's cell."""
        return f"c{self.sheet.columns[column]}"


@contextmanager
def attempt(store: Store) -> Iterator[None]:
    """A way of reading that is undone where a row is not plain, for another way to be taken."""
    try:
        yield
    except (library().Error, KpiError, NotPlain) as error:
        store.rollback()
        if lacking(error):
            raise  # no other way of reading needs less


def plans(sheet: Sheet) -> Iterator[Plan]:
    """How a sheet is read in bulk, each way for where the one before it fails; none where it is not."""
    found = plan(sheet)
    if found is None:
        return
    lean = days_at_once(plan(sheet, typed=True) or found)
    names = names_in(lean, ["event"]) if sheet.role == "events" and sheet.has("event") else None
    if names:
        listed = enum_of(names["event"])
        event = f"CAST(nullif({found.cell('event')}, '') AS {listed})"
        lean = replace(lean, columns=lean.columns | {"event": event}, types=lean.types | {"event": listed})
    if lean is not found:
        yield lean
    yield found


def plan(sheet: Sheet, *, typed: bool = False) -> Plan | None:
    """How a sheet is read in bulk; None where the file is small, not plain, or of a format with rules of its own.

    Args:
        typed: whether DuckDB is to read moments, or the money of a sale, as what they are. None, too, where the first
            rows do not prove that it can.
    """
    text = sheet.text
    if text is None or sheet.role not in _PLANS or not (text.survey.newlines > ROWS and is_plain(text)):
        return None
    if not _is_simple(sheet):
        return None
    fresh = sheet.over(sheet.records)
    fresh.width = len(sheet.header.names)
    signs = signs_below(text, sheet.header.line)
    spaces = {*SPACES} - {*(sheet.delimiter or "").encode()}
    is_tame = text.survey.ascii and spaces.isdisjoint(signs)
    found = Plan(fresh, text, signs, is_tame, typed=typed, named=callings(fresh, text))
    try:
        conclude(fresh)
        if fresh.account:
            return None
        if not _PLANS[sheet.role](found):
            return None
        found.checks[:0] = _structure(found)
        return found
    except KpiError:
        return None


def _is_simple(sheet: Sheet) -> bool:
    """Whether no rule of the format looks at more than single cells."""
    fmt, options = sheet.header.format, sheet.options
    headers = [folded(name) for name in sheet.header.names]
    blank = [c for rule in fmt.get("totals", ()) for c in rule.get("blank", ())]
    has_rules = (
        any(fmt.get(name) for name in ("continuation", "attribution", "channel", "stages"))
        or fmt.get("tables") == "many"
        or any("any_cell" in rule for rule in fmt.get("totals", ()))
        or any(sheet.has(c) for c in (*blank, *fmt.get("subtotal", {}).get("blank", ())))
    )
    has_oddities = (
        bool(sheet.left_out or sheet.typed)
        or "" in headers
        or "," in {options.decimal, fmt.get("decimal")}
        or any(scale_of(sheet, c) for c in sheet.columns if kind(c) in {"money", "whole", "number"})
        or any(c.startswith("own_") or c in _COMPOSED for c in sheet.columns)
    )
    return not (has_rules or has_oddities)


_COMPOSED = {"category", "strategy", "source_medium", "amount_formatted", "attribution", "orders"}


# ------------------------------------------------------------------------------------------- by role


def _plan_events(found: Plan) -> bool:
    """Events: who, what, and the very moment."""
    sheet = found.sheet
    if sheet.header.format.name != GENERIC or not _only_day(sheet, "time"):
        return False
    _dimensions(found)
    if b"@" in found.signs:
        user = found.cell("user")
        found.checks.append(f"(NOT contains({user}, '@') OR regexp_full_match({user}, '{_ADDRESS}'))")
        found.columns["user"] = f"CASE WHEN contains({user}, '@') THEN lower({user}) ELSE {found.columns['user']} END"
        found.told.discard(sheet.columns["user"])
    return _moments(found)


def _plan_touches(found: Plan) -> bool:
    """Touches: persons at moments, or paths written out and counted."""
    sheet = found.sheet
    is_path = sheet.has("path") and not sheet.has("user")
    if sheet.header.format.name != GENERIC or sheet.has("path") != is_path:
        return False
    if not _only_day(sheet, None if is_path else "time") or (found.typed and is_path):
        return False
    _dimensions(found)
    if is_path:
        found.columns |= {"time": "NULL"} | _stated_days(sheet)
        found.checks.append(f"{found.cell('path')} <> ''")
    elif _moments(found):
        found.checks.append(f"{found.cell('user')} <> ''")
    else:
        return False
    for column in TABLES["touches"].numeric:
        if sheet.has(column):
            _number(found, column, may_be_blank=column in NONE_WHEN_BLANK)
            found.columns[column] = f"v_{column}"
    if sheet.has("conversion"):
        _flag(found)
    return True


def _plan_sales(found: Plan) -> bool:
    """Sales of one price a row: what was charged, what went back, the tax in what was kept."""
    sheet = found.sheet
    rule = price_rule(sheet)
    if set(rule) & {"times", *BESIDE} or not (_only_day(sheet, "date", "time") and sheet.has("order_id")):
        return False
    if sheet.header.format.get("grain") == "stamped" or vat_of(sheet) is not None:
        return False
    if found.typed and not _proves_the_dot(found):
        return False
    _dimensions(found)
    _days(found)
    _money(found, rule["column"])
    _customer(found)
    return _rule(found)


_PLANS = {"events": _plan_events, "touches": _plan_touches, "sales": _plan_sales}


def _only_day(sheet: Sheet, *wanted: str | None) -> bool:
    """Whether the file's columns of days are these, of which all but the first may be missing."""
    days = {c for c in sheet.columns if kind(c) == "day"}
    return days <= {*wanted} and (wanted[0] is None or wanted[0] in days)


def _dimensions(found: Plan) -> None:
    """The columns of text, as they are written."""
    for column, name in stored_dimensions(found.sheet).items():
        found.columns[name] = text_sql(found, column)
        found.told.add(found.sheet.columns[column])


def names_in(found: Plan, columns: Collection[str]) -> dict[str, list[str]] | None:
    """The plain names in columns, by pieces from all over the file; a rare one may be missing, and a total's is.

    Returns:
        None where a column has none, or too many for a byte.
    """
    text, places = found.text, {column: found.sheet.columns[column] for column in columns}
    delimiter, seen = (found.sheet.delimiter or ",").encode(), {column: set[bytes]() for column in columns}
    with text.path.open("rb") as file:
        for piece in range(_PIECES):
            file.seek(text.survey.size * piece // _PIECES)
            lines = (line.split(delimiter) for line in file.read(_PIECE).splitlines()[1:-1])
            rows = [row for row in lines if len(row) == len(found.sheet.header.names)]
            for column, index in places.items():
                seen[column].update(row[index] for row in rows)
    names = {column: _plain_names(found.sheet, column, cells) for column, cells in seen.items()}
    return names if all(0 < len(listed) <= _FEW for listed in names.values()) else None


def _plain_names(sheet: Sheet, column: str, cells: Iterable[bytes]) -> list[str]:
    plain, index = _ID if column.endswith("_id") else _TEXT, sheet.columns[column]
    names = (cell.decode() for cell in cells)
    return sorted(name for name in names if re.fullmatch(plain, name) and not calls_a_total(sheet, index, name))


def enum_of(names: Iterable[str]) -> str:
    """The type of cells that hold one of these names."""
    return f"ENUM({', '.join(literal(name) for name in names)})"


def _moments(found: Plan) -> bool:
    """Read moments as DuckDB does, or from their texts; whether that can be done."""
    cell, index = found.cell("time"), found.sheet.columns["time"]
    if found.typed:
        way = moments_like(found.text, found.sheet, index)
        if way is None:
            return False
        found.read = AsRead({index: "TIMESTAMP"}, way)
        found.values["moment"] = cell
    else:
        found.casts["as_written"] = f"TRY_CAST({cell} AS TIMESTAMP)"
        found.values["moment"] = _moment_sql(cell, "as_written")
    found.columns |= {"time": "moment", "start": "CAST(moment AS DATE)", "end": "CAST(moment AS DATE)"}
    found.checks.append(_in_calendar("moment"))
    return True


def _days(found: Plan) -> None:
    """The day of each sale, and the moment within it where the first rows state one."""
    cell, sheet = found.cell("date"), found.sheet
    found.values["day"] = (
        f"CASE WHEN CAST(TRY_CAST({cell} AS DATE) AS VARCHAR) = {cell} THEN TRY_CAST({cell} AS DATE) END"
    )
    if sheet.has("time"):
        time = found.cell("time")
        found.checks.append(f"regexp_full_match({time}, '{_CLOCK}')")
        found.values["moment"] = f"TRY_CAST({cell} AS DATE) + TRY_CAST({time} AS TIME)"
    elif timed(found.text, sheet, [sheet.columns["date"]]):
        found.values["moment"] = _moment_sql(cell)
        found.values["day"] = f"CAST({_moment_sql(cell)} AS DATE)"
    found.columns |= {
        "start": "day",
        "end": "day",
        "time": "nullif(moment, day)" if "moment" in found.values else "NULL",
    }
    found.checks.append(_in_calendar("day"))


def days_at_once(found: Plan) -> Plan:
    """The same plan, in which DuckDB reads days as days: for where no cell need be kept as it stands."""
    index = found.sheet.columns.get("date", -1)
    form = days_like(found.text, found.sheet, index) if found.typed and "day" in found.values else None
    if form is None:
        return found
    read = replace(found.read, types={**found.read.types, index: "DATE"}, day=form)
    return replace(found, read=read, values=found.values | {"day": f"c{index}"})


def _proves_the_dot(found: Plan) -> bool:
    """Whether money can be read as numbers at once; tax is rounded by what its cells say, which have to be texts."""
    sheet = found.sheet
    money = [sheet.columns[c] for c in (price_rule(sheet)["column"], "refunded") if sheet.has(c)]
    found.read = AsRead(dict.fromkeys(money, MONEY_TYPE))
    return not sheet.has("tax") and proves_the_dot(found.text, sheet, money)


def _stated_days(sheet: Sheet) -> dict[str, str]:
    days = {"start": sheet.first_day, "end": sheet.last_day}
    return {name: f"DATE '{day}'" if day else "NULL" for name, day in days.items()}


def _flag(found: Plan) -> None:
    """The column that says whether a touch converts."""
    words = flag_words(found.sheet)
    listed = {
        said: ", ".join(f"'{w}'" for w, s in words.items() if s == said and w.isascii()) for said in ("yes", "no")
    }
    cell = found.cell("conversion")
    found.values[
        "flag"
    ] = f"""CASE WHEN {cell} IN ('', '0') THEN 0 WHEN {cell} = '1' THEN 1 WHEN lower({cell}) IN ({listed["no"]}) THEN 0
        WHEN lower({cell}) IN ({listed["yes"]}) THEN 1 END"""
    found.checks.append("flag IS NOT NULL")
    found.columns["conversion"] = "flag"
    if not found.sheet.has("conversions"):
        found.columns["conversions"] = "flag"


def _money(found: Plan, price: str) -> None:
    sheet = found.sheet
    for column in (price, "refunded", "tax"):
        if column in sheet.columns:
            blank = column in NONE_WHEN_BLANK
            if found.typed:
                found.values[f"v_{column}"] = found.cell(column)
            else:
                _number(found, column, may_be_blank=blank, blank_is_none=blank)
            if column != price or not sheet.has("refunded"):  # else no less than what went back
                found.checks.append(f"v_{column} >= 0")
    charged = f"v_{price}"
    refunds = "v_refunded" if sheet.has("refunded") else "0"
    tax = "v_tax" if sheet.has("tax") else "0"
    found.columns |= {"charged": charged, "refunds": refunds, "tax_charged": tax, "tax_kept": tax}
    if sheet.has("refunded"):
        found.checks.append(f"{refunds} <= {charged}")
    if sheet.has("refunded") and sheet.has("tax"):
        product = f"({millionths_sql(tax)} * {millionths_sql(f'({charged} - {refunds})')})"
        part = half_even_sql(product, millionths_sql(charged))
        found.columns["tax_kept"] = (
            f"CASE WHEN {refunds} = 0 THEN {tax} ELSE CAST({part} AS DECIMAL(18,0)) * 0.000001 END"
        )
        cells = (found.cell(c) for c in (price, "refunded", "tax"))
        short = " AND ".join(f"strlen({cell}) <= {_LONG}" for cell in cells)
        found.checks.append(f"({refunds} = 0 OR ({short}))")
    found.columns |= {"is_order": "true", "is_line": "false", "row_id": text_sql(found, "order_id")}
    for column in sheet.columns:  # read by no one, but they have a say in what marks mean
        if kind(column) in {"money", "whole", "number"} and column not in {price, "refunded", "tax"}:
            _number(found, column, may_be_blank=True)


def _customer(found: Plan) -> None:
    """The e-mail address in small letters, else the id within the platform."""
    sheet, parts = found.sheet, []
    if sheet.has("email"):
        cell = found.cell("email")
        parts.append(f"""CASE WHEN {cell} = '' THEN NULL WHEN regexp_full_match({cell}, '{_ADDRESS}') THEN lower({cell})
            ELSE error('not plain') END""")
    if sheet.has("customer_id"):
        parts.append(f"'{sheet.header.format.name}:' || {text_sql(found, 'customer_id')}")
    found.columns["customer"] = f"coalesce({', '.join([*parts, 'NULL'])})"


def _rule(found: Plan) -> bool:
    """Note which columns of the table the format's rules look at; whether all of those are kept there."""
    sheet = found.sheet
    fate = Fate(sheet)
    looked_at = {*fate.columns, *(c for rules in flags_of(sheet).values() for rule, _ in rules for c in rule)}
    kept = stored_dimensions(sheet)
    here = {c for c in looked_at if sheet.has(c)}
    found.ruled = {kept[c]: sheet.columns[c] for c in sorted(here) if c in kept}
    for column in ("currency", "customer_type"):
        if sheet.has(column):
            found.columns[column] = text_sql(found, column)
            found.ruled[column] = sheet.columns[column]
    found.columns.setdefault("customer_type", "NULL")
    return here <= {*kept, "customer_type"}


# ------------------------------------------------------------------------------------------- SQL


def _structure(found: Plan) -> Iterator[str]:
    """That the first cell of every row cannot be a word of a footer, a total or “no data”."""
    sheet = found.sheet
    days = {index for column, index in sheet.columns.items() if kind(column) == "day"}
    if 0 in found.read.types or 0 in days:
        return  # an amount or a day, which every plan holds it to be
    fmt = sheet.header.format
    patterns = [*fmt.get("no_data", ()), *fmt.get("footer", ()), *fmt.get("subtotal_rows", ())]
    patterns += [rule["match"] for rule in fmt.get("totals", ()) if "match" in rule]
    has_second = len(sheet.header.names) > 1 and 1 not in days and 1 not in found.read.types
    first = "CASE WHEN c0 = '' THEN c1 ELSE c0 END" if has_second else "c0"
    ordinary = f"regexp_full_match({first}, '{_LETTERS}+( {_LETTERS}+)*')"
    if patterns:
        either = "|".join(f"(?:{pattern})" for pattern in patterns).replace("'", "''")
        ordinary += f" AND NOT regexp_matches(lower({first}), '{either}')"
    if 1 in days:
        ordinary = f"(c0 = '' OR ({ordinary}))"
    if found.is_tame and days:
        # A row that bears a day is no total or footer, and there is no word for “no data” without a blank.
        word = "NOT contains(c0, ' ')" + " AND (c0 <> '' OR NOT contains(c1, ' '))" * has_second
        ordinary = f"(({word}) OR ({ordinary}))"
    yield ordinary


def text_sql(found: Plan, column: str) -> str:
    """A text without the spaces around it, NULL when blank; an error where it may call its row a total.

    A quote or brackets before it are another's to read.
    """
    cell, is_id = found.cell(column), column.endswith("_id")
    plain = f"regexp_full_match({cell}, '{_ID if is_id else _TEXT}')"
    if found.is_tame:
        no_bracket = f" AND ({cell} < '[' OR {cell} >= '\\')" * is_id
        plain = f"{cell} >= '(' AND NOT ends_with({cell}, ' ')" + no_bracket
    begins = f"starts_with({cell}, '''')" + (f" OR starts_with(ltrim({cell}), '[')" if is_id else "")
    if is_id and b"+" in found.signs:
        found.checks.append(f"NOT contains({cell}, '+')")  # 1.23E+12, as a spreadsheet writes a long id
    named = found.named.get(found.sheet.columns[column])
    usual = f"WHEN {named.usual} AND NOT ends_with({cell}, ' ') THEN {cell}" if named and found.is_tame else ""
    is_total = f"WHEN NOT {named.check} THEN error('a total')" if named else ""
    return f"""CASE {usual} {is_total} WHEN {plain} THEN {cell} WHEN {cell} = '' THEN NULL
        WHEN {begins} THEN error('guarded') ELSE nullif(trim({cell}, '{_SPACES}'), '') END"""


_SPACES = "".join(
    ["\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680", *map(chr, range(0x2000, 0x200B)), "\u2028\u2029\u202f\u205f\u3000"]
)  # what str.strip() takes away


def _number(found: Plan, column: str, *, may_be_blank: bool, blank_is_none: bool = False) -> None:
    """Read a column of numbers; a blank is NULL, or none where it is said to be."""
    cell = found.cell(column)
    found.values[f"v_{column}"] = value_sql(cell, blank_is_none=blank_is_none)
    plain = f"(v_{column} IS NOT NULL AND {one_way_sql(cell, found.signs)})"
    found.checks.append(f"({cell} = '' OR {plain})" if may_be_blank else plain)


def _moment_sql(cell: str, as_written: str = "") -> str:
    """A moment, its text cast twice at most: most are written as DuckDB writes them."""
    cast = as_written or f"TRY_CAST({cell} AS TIMESTAMP)"
    return f"""CASE WHEN CAST({cast} AS VARCHAR) = {cell} THEN {cast} WHEN regexp_full_match({cell}, '{_MOMENT}')
        THEN TRY_CAST(replace(replace({cell}, 'T', ' '), 'Z', '') AS TIMESTAMP) END"""


def _in_calendar(value: str) -> str:
    return f"{value} >= DATE '1990-01-01' AND {value} < DATE '2101-01-01'"


# ------------------------------------------------------------------------------------------- reading


def load(store: Store, source: Source, found: Plan) -> Ledger:
    """Read the file of a plan into its role's table, within a transaction of the caller's.

    Raises:
        NotPlain: something that the ordinary reading must look at.
        duckdb.Error: likewise.
        KpiError: likewise; a status or a currency that is not known.
    """
    sheet, text = found.sheet, found.text
    columns, form = {"file": str(source.number)} | found.columns, Form(found.types)
    if sheet.role == "events":
        form = replace(form, follows={"file": str(source.number)})
    else:
        columns |= {"line": "NULL", "currency": literal(currency_of(sheet))} | columns
    casts, values = (
        "".join(f", {sql} AS {name}" for name, sql in some.items()) for some in (found.casts, found.values)
    )
    key = "time" if sheet.role == "events" else "file"
    columns[key] = checked([*found.checks, *no_totals(found, found.told)], columns[key])
    query = f"(SELECT *{values} FROM (SELECT *{casts} FROM {source_sql(text, sheet, found.read)}))"
    rows = store.insert_query(sheet.role, columns, query, form)
    if rows == 0 or not all_read(text, sheet, rows):
        raise NotPlain
    ledger = Ledger(read=rows)
    _number_lines(store, source, found, rows)
    if sheet.role == "sales":
        judge(store, source.number, sheet, found.ruled, ledger)
    return ledger


def no_totals(found: Plan, told: Collection[int]) -> list[str]:
    """That no cell calls its row a total, of the columns of which that is not told already."""
    return [named.check for index, named in found.named.items() if index not in told]


def checked(checks: Iterable[str], value: str) -> str:
    """SQL of a value where all of this holds, and of an error where it does not.

    A condition and no value: DuckDB then looks only at the rows for which what comes before did not decide.
    """
    return f"CASE WHEN {' AND '.join(['true', *checks])} THEN {value} ELSE error('not plain') END"


def _number_lines(store: Store, source: Source, found: Plan, rows: int) -> None:
    """Give the rows just read their lines, which are in order; of events only where one lacks what a note names."""
    role, number = found.sheet.role, source.number
    if role == "events" and not store.rows(f'SELECT 1 FROM events WHERE file = {number} AND "user" IS NULL LIMIT 1'):
        return
    store.ensure(role, "line")
    table = store.table(role)
    first = store.rows(f"SELECT max(rowid) FROM {table}")[0][0] - rows + 1
    begins = found.sheet.header.line + 1
    store.con.execute(f"UPDATE {table} SET line = rowid - {first} + {begins} WHERE rowid >= {first}")


def currency_of(sheet: Sheet) -> str | None:
    """The currency of a file without a column for it."""
    reader = Reader(sheet)
    block = Block([Record(sheet.header.line + 1, [""] * len(sheet.header.names))])
    return reader.currency.of(block, reader)[0]
