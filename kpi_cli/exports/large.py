"""Large plain files of sales: DuckDB folds their rows into distinct records with sums, read then like any other.

    fold(sheet, by)    the same sheet over folded records; None where only row after row will do
    unusual(sheet, …)  whether the reading of folded records met what only the rows themselves can tell

Only cells so plain that they can be added up as they stand (plain.py) go this way; whatever is not, wherever it
stands, sends the whole file the ordinary way, which finds line and column. Ids are not kept: of files this large
the checks that need every one run on demand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from kpi_cli.errors import KpiError
from kpi_cli.exports.called import callings
from kpi_cli.exports.charges import BESIDE, price_rule, ruled, vat_of
from kpi_cli.exports.dialect import Record, Text
from kpi_cli.exports.engine import all_threads, connect, lacking, library
from kpi_cli.exports.plain import (
    TEXTS,
    AsRead,
    all_read,
    is_plain,
    one_way_sql,
    proves_the_dot,
    signs_below,
    source_sql,
    timed,
    value_sql,
    vat_sql,
)
from kpi_cli.exports.roles import CHANNEL, MONEY_TYPE, NONE_WHEN_BLANK, kind
from kpi_cli.exports.rows import Ledger, scale_of
from kpi_cli.exports.sheet import Sheet

ROWS = 1_000_000  # files of more rows are folded where the question allows it (contract §7)
GROUPS = 200_000  # beyond so many records folding saves nothing
SAMPLE = 20_000  # rows that show whether it would
_DATED = ("date", "week", "month")
_CLOCK = "[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
_DAY = "([0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}|[0-9]{2}[-/.][0-9]{2}[-/.][0-9]{4})"
_ZONE = "(Z| ?[+-][0-9]{2}:?[0-9]{2})"


def fold(sheet: Sheet, by: Collection[str]) -> Sheet | None:
    """The sheet over records that stand for many rows each.

    Args:
        sheet: a file whose header is understood, and no more.
        by: the dimensions that rows may be grouped by.

    Returns:
        None where the file is not large, or holds anything that calls for its rows one by one.
    """
    text = sheet.text
    if text is None or not (text.survey.newlines > ROWS and is_plain(text) and _can_fold(sheet)):
        return None
    try:
        plan = _plan(sheet, text, by)
    except KpiError:
        return None
    keeps_texts = plan.always_exact or plan.exact_when_back or plan.lines
    may_be_typed = not keeps_texts and proves_the_dot(text, sheet, plan.money)
    ways = [replace(plan, typed=True), plan] if may_be_typed else [plan]
    found = next((groups for groups in (_folded(text, sheet, way) for way in ways) if groups is not None), None)
    if found is None:
        return None
    records = list(_records(found, plan, len(sheet.header.names)))
    return replace(sheet.over(lambda: iter(records)), sha256=None)


def unusual(sheet: Sheet, ledger: Ledger) -> bool:
    """Whether anything was met whose line must be known: totals, footers, unknown cells, damaged ids."""
    return bool(sheet.left_out or sheet.totals or ledger.unknown or ledger.negative_style or ledger.damaged_ids)


def _can_fold(sheet: Sheet) -> bool:
    """Whether the rules of the sheet's format can be followed on records instead of rows."""
    fmt, options = sheet.header.format, sheet.options
    money = [c for c in sheet.columns if kind(c) == "money"]
    headers = [name.strip().casefold() for name in sheet.header.names]
    needs_rows = (
        fmt.get("tables") == "many"
        or any("any_cell" in rule for rule in fmt.get("totals", ()))
        or any(scale_of(sheet, c) for c in money)
        or (options.dedupe and not sheet.has("order_id"))
        or (sheet.has("amount_formatted") and not sheet.has("currency"))
        or "," in {options.decimal, fmt.get("decimal")}
        or sheet.has("orders")
    )
    dated = any(sheet.has(c) for c in _DATED)
    return sheet.role == "sales" and dated and not sheet.left_out and "" not in headers and not needs_rows


# --------------------------------------------------------------------------------------------- the plan


class _Plan(Struct):
    """What becomes of each column, by its index: SQL that groups, money that adds up, cells that are checked."""

    keys: dict[int, str]
    price: int
    money: list[int]  # the price first, then what is read beside it
    back: int | None  # the column of refunds
    apart: int | None  # the column of refunds, else of the price: a status may speak of rows alone where it is 0
    always_exact: bool  # amounts that do not add up, such as a price and a quantity, or are held against another
    exact_when_back: bool  # tax is scaled to what was kept: its rounding is each row's own
    vat: Decimal | None  # the rate of tax that gross amounts hold
    lines: list[int] = field(default_factory=list)  # blank in the further lines of an order
    checks: list[str] = field(default_factory=list)  # what must hold of every row
    typed: bool = False  # DuckDB reads the cells of money as numbers, at half the price of text


def _plan(sheet: Sheet, text: Text, by: Collection[str]) -> _Plan:
    rule = price_rule(sheet)
    at, days = sheet.columns, [c for c in sheet.columns if kind(c) == "day" and c != "time"]
    keep = set(by) | CHANNEL | ruled(sheet)
    beside = [c for c in (rule.get("times"), *map(rule.get, BESIDE), "refunded", "tax") if c and c in at]
    money = list(dict.fromkeys([rule["column"], *beside]))
    keys = {at[c]: f"c{at[c]}" for c in at if kind(c) == "text" and c in keep}
    clocked = timed(text, sheet, [at[c] for c in days])
    keys |= {i: _day_sql(f"c{i}", sheet.options.tz) if i in clocked else f"c{i}" for i in (at[c] for c in days)}
    vat = vat_of(sheet)
    plan = _Plan(
        keys,
        at[rule["column"]],
        [at[c] for c in money],
        at.get("refunded"),
        at.get("refunded", at[rule["column"]]) if _may_go_back(sheet) else None,
        always_exact="paid" in at or bool({"times", *BESIDE} & {*rule}),
        exact_when_back=sheet.has("tax") or vat is not None,
        vat=vat,
        lines=[at[c] for c in sheet.header.format.get("continuation", ()) if c in at],
    )
    plan.checks = list(_checks(sheet, text, plan))
    return plan


def _may_go_back(sheet: Sheet) -> bool:
    """Whether a status may say that all of an order went back."""
    rules = [rule for name in ("fully_refunded", "disputed") for rule in sheet.header.format.get(name, ())]
    return any(sheet.has(column) for rule in rules for column in rule)


def _checks(sheet: Sheet, text: Text, plan: _Plan) -> Iterator[str]:
    """What must hold of the cells that are not kept, for the ordinary reading to have nothing to say of them."""
    signs = signs_below(text, sheet.header.line)
    for column, index in sheet.columns.items():
        cell = f"c{index}"
        if column == "time":
            yield f"coalesce(strlen({cell}) <= 8, false) AND TRY_CAST({cell} AS TIME) IS NOT NULL"
        elif kind(column) in {"money", "whole", "number"} and index not in plan.money:
            value = f"{value_sql(cell, blank_is_none=False)} IS NOT NULL AND {one_way_sql(cell, signs)}"
            yield f"coalesce({cell} = '' OR ({value}), false)"
        elif column.endswith("_id") and index not in plan.keys and b"+" in signs:
            yield f"NOT contains({cell}, '+')"  # 1.23E+12, as a spreadsheet writes a long id
    yield from (named.check for index, named in callings(sheet, text).items() if index not in plan.keys)
    if sheet.header.format.get("no_data") and not {0} & {*plan.keys, *plan.money}:
        yield "NOT contains(c0, ' ')"


# ------------------------------------------------------------------------------------------------- SQL


def _day_sql(cell: str, tz: str | None) -> str:
    """A date without its time of day, which only a change of zone would make matter."""
    zoned = f"regexp_full_match({cell}, '{_DAY}{_CLOCK}([.,][0-9]+)?{_ZONE}')" if tz is None else "false"
    return f"""CASE WHEN strlen({cell}) = 10 THEN {cell}
        WHEN regexp_full_match({cell}, '{_DAY}{_CLOCK}') THEN left({cell}, 10)
        WHEN {zoned} THEN left({cell}, 10) || ' 00:00' || regexp_extract({cell}, '{_ZONE}$') ELSE {cell} END"""


def _values(sheet: Sheet, plan: _Plan, signs: bytes) -> tuple[list[str], list[str]]:
    """The value v0, v1, … of each cell of money, and whether it can be read in one way only."""
    if plan.typed:
        return [f"c{i} AS v{i}" for i in plan.money], []
    blanks = {sheet.columns[c] for c in NONE_WHEN_BLANK if sheet.has(c)}
    values = [f"{value_sql(f'c{i}', blank_is_none=i in blanks)} AS v{i}" for i in plan.money]
    return values, [one_way_sql(f"c{i}", signs) for i in plan.money]


def _fold_sql(text: Text, sheet: Sheet, plan: _Plan, limit: int | None = None) -> str:
    """One pass over the file: keys, exact cells where they are kept, sums, how many rows; an error where one is odd."""
    values, checks = _values(sheet, plan, signs_below(text, sheet.header.line))
    price, refunds = f"v{plan.price}", f"v{plan.back}" if plan.back is not None else "0"
    is_line = " AND ".join(f"trim(c{i}) = ''" for i in plan.lines) or "false"
    exact = "true" if plan.always_exact else f"{refunds} <> 0" if plan.exact_when_back else "false"
    beside = [f"v{i}" for i in plan.money if i != plan.price]
    filled = [f"{v} IS NOT NULL" for v in beside]
    checks += [*plan.checks, *(f"{v} >= 0" for v in beside)]
    if plan.lines:
        checks += [
            f"{refunds} <= {price}",
            f"({is_line}) = ({price} IS NULL) AND (NOT ({is_line}) OR c{plan.price} = '')",
        ]
    else:
        filled += [f"{refunds} <= {price}"]
    plain = " AND ".join([*filled, *(f"coalesce({check}, true)" for check in checks)])
    vat = f"sum(CASE WHEN NOT {exact} THEN {vat_sql(price, plan.vat)} END)" if plan.vat else "NULL"
    texts = [f"CASE WHEN {exact} THEN c{i} END" if exact != "false" else "NULL" for i in plan.money]
    first, *others = plan.keys.values()  # a check in a key costs nothing but itself
    keys = [f"CASE WHEN {plain} THEN {first} ELSE error('not plain') END", *others, is_line, exact, *texts]
    apart = f"v{plan.apart} <> 0" if plan.apart is not None else "false"
    varying = [key for key in (*keys, apart) if key not in {"true", "false", "NULL"}]
    read = AsRead(dict.fromkeys(plan.money, MONEY_TYPE)) if plan.typed else TEXTS
    rows = f"(SELECT *, {', '.join(values)} FROM {source_sql(text, sheet, read, limit)})"
    return f"""
        SELECT {", ".join(keys)}, {", ".join(f"sum(v{i})" for i in plan.money)}, {vat}, count(*) AS n
        FROM {rows} GROUP BY {", ".join(varying)} ORDER BY ALL"""


Folded = list[tuple[Any, ...]]


def _folded(text: Text, sheet: Sheet, plan: _Plan) -> Folded | None:
    """The groups; None where there are too many, or a row is not plain, or rows and lines do not match."""
    try:
        with connect() as con:
            con.execute("SET preserve_insertion_order = false")
            sample = _fold_sql(text, sheet, plan, SAMPLE)
            [(groups, rows)] = con.execute(f"SELECT count(*), sum(n) FROM ({sample})").fetchall()
            if not rows or groups > max(0.8 * rows, 1000):
                return None
            all_threads(con)  # of a sample, each would read much more than there is in it
            query = _fold_sql(text, sheet, plan)
            found: Folded = con.execute(query).fetchmany(GROUPS + 1)
    except library().Error as error:
        if lacking(error):
            raise  # no other way of reading needs less
        return None
    rows = sum(group[-1] for group in found)
    return found if len(found) <= GROUPS and all_read(text, sheet, rows) else None


def _records(found: Folded, plan: _Plan, width: int) -> Iterator[Record]:
    """Each group as a record of the file's own columns."""
    keys, money = list(plan.keys), plan.money
    shift = len(keys) + 2
    for group in found:
        cells = [""] * width
        for index, cell in zip(keys, group, strict=False):
            cells[index] = cell
        is_line, exact = group[len(keys)], group[len(keys) + 1]
        texts, sums = group[shift : shift + len(money)], group[shift + len(money) : shift + 2 * len(money)]
        for index, text, total in zip(money, texts, sums, strict=True):
            cells[index] = text if exact else _written(total)
        vat, count = group[-2:]
        tax = Decimal(vat).scaleb(-6) if vat is not None and not is_line else None
        yield Record(0, cells, count, count if exact else 1, tax)


def _written(total: Decimal | None) -> str:
    """A sum as a cell: with two decimals where they suffice, so that its mark is never in doubt."""
    if total is None:
        return ""
    text = f"{total:.6f}"
    return text[:-4] if text.endswith("0000") else text
