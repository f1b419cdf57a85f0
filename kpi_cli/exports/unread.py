"""Columns of hand-made sales that may change what a sale brought, and do not say how: they are asked about.

A list that writes `Price` and `Discount` may mean the price before or after it; one whose `Attendee status` says
that an order went back would be counted as if it had not; and `VAT` may be 20 of money or 20 of a hundred.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from kpi_cli.errors import InputError
from kpi_cli.exports.charges import price_rule, states_net
from kpi_cli.exports.dialect import Record, Text
from kpi_cli.exports.engine import all_threads, connect, lacking, library
from kpi_cli.exports.parts import part_columns
from kpi_cli.exports.plain import first_rows, is_plain, source_sql
from kpi_cli.exports.roles import MONEY_TYPE
from kpi_cli.exports.sheet import Sheet, say_whether_it_counts
from kpi_cli.exports.values import BadValue, number
from kpi_cli.safe import folded, quoted

_KEPT = frozenset({"pending", "authorized", "hold", "free"})  # orders on their way, which other columns speak of, too


_RATE = re.compile(r"[0-9]{1,2}(?:[.,][0-9]{1,3})?")
_LEAST, _MOST = 2, 35  # percent: the taxes on sales that are levied lie between 2.1 (books in France) and 27 (Hungary)


def unread(sheet: Sheet) -> dict[int, str]:
    """The indexes of columns whose cells must be looked at, each with what it may be: discount, status or still_due."""
    if sheet.role != "sales" or not (rules := sheet.header.format.get("unread")):
        return {}
    taken = {index for column, index in sheet.columns.items() if column not in {"unpaid", "type"}}
    names = {i: folded(name) for i, name in enumerate(sheet.header.names) if i not in taken}
    found: dict[int, str] = {}
    if not (sheet.has("status") or sheet.has("paid")):
        found |= {i: "status" for i, name in names.items() if re.search(rules["statuses"], name)}
        if not any(column == price_rule(sheet)["column"] for _, column, _ in sheet.options.columns):
            found |= {i: "still_due" for i, name in names.items() if re.search(rules["still_due"], name)}
    discounts = {i: "discount" for i, name in names.items() if re.search(rules["discounts"], name)}
    return found | discounts if discounts and _may_be_before(sheet) else found


def needs_rows(sheet: Sheet) -> bool:
    """Whether those columns make the rows be looked at one by one, however many they are."""
    by_rows = sheet.role == "sales" and (price_rule(sheet).get("plus") == "shipping" or states_net(sheet))
    return bool(unread(sheet) or part_columns(sheet) or remark_columns(sheet)) or by_rows or _is_one_rate(sheet)


def _is_one_rate(sheet: Sheet) -> bool:
    """Whether the taxes of a large source, but for those of 0, are one number that may be a rate: its rows tell."""
    if not _may_tell_rates(sheet):
        return False
    place = sheet.columns["tax"]
    if sheet.relation:
        return _rate_of(filter(_is_some, sheet.relation.some(place))) is not None
    text = sheet.text
    if text is None or not is_plain(text):
        return False  # it is read row by row in any case
    rows = first_rows(text, sheet)
    first = [cell for row in rows if _is_some(cell := row[place])]
    if len(rows) >= text.survey.newlines - sheet.header.line or (first and _rate_of(first) is None):
        return _rate_of(first) is not None
    return _is_one_rate_throughout(sheet, text, first)


def _is_one_rate_throughout(sheet: Sheet, text: Text, first: Sequence[str]) -> bool:
    """Look beyond the first rows: for a tax, where those have none, and for another one."""
    cell = f"c{sheet.columns['tax']}"
    taxes = f"SELECT {cell} FROM {source_sql(text, sheet)} WHERE regexp_matches({cell}, '[1-9]')"
    another = f"{taxes} AND TRY_CAST({cell} AS {MONEY_TYPE}) IS DISTINCT FROM CAST(? AS {MONEY_TYPE}) LIMIT 1"
    try:
        with connect() as con:
            all_threads(con)
            found = first or [tax for (tax,) in con.execute(f"{taxes} LIMIT 1").fetchall()]
            rate = _rate_of(found)
            return rate is not None and not con.execute(another, [str(rate)]).fetchall()
    except library().Error as error:
        if lacking(error):
            raise
        return True  # a row is not plain, and the ordinary reading finds its line


def _rate_of(taxes: Iterable[str]) -> Decimal | None:
    """The one number that taxes are, where it may be a rate."""
    cells = {cell.strip() for cell in taxes}
    values = {Decimal(cell.replace(",", ".")) for cell in cells if _percent_of(cell)}
    return values.pop() if len(values) == 1 and all(map(_percent_of, cells)) else None


def _may_be_before(sheet: Sheet) -> bool:
    """Whether what says the price may say it before a discount, and neither column was named by the user."""
    rules, price = sheet.header.format.get("unread"), price_rule(sheet)
    named = {column for _, column, _ in sheet.options.columns}
    header = folded(sheet.header.names[sheet.columns[price["column"]]])
    is_before = price["column"] in rules["before"] or re.search(rules["gross"], header) is not None
    return is_before and not ("less" in price or (price["column"] in named and price["column"] == "amount"))


def refuse_unread(sheet: Sheet) -> None:
    """Look at those columns.

    Raises:
        InputError: a discount that may still have to come off, a status that tells of a sale that is none, or
            an amount that is still to be paid.
    """
    for index, what in unread(sheet).items():
        words = _telling_words(sheet) if what == "status" else set[str]()
        for record in _rows(sheet):
            cell = record.cells[index] if index < len(record.cells) else ""
            if what == "status" and folded(cell) in words:
                raise _status_unread(sheet, record, index)
            if what == "still_due" and _is_some(cell):
                raise _still_due(sheet, record, index)
            if what == "discount" and _is_some(cell):
                raise _discount_open(sheet, record, index)


def remark_columns(sheet: Sheet) -> list[int]:
    """The columns of remarks, where none says what became of an order."""
    rules = sheet.header.format.get("remarks") if sheet.role == "sales" else None
    if not rules or any(
        sheet.has(c) for c in ("status", "paid", "refunded", "refund_flag", "refunded_at", "cancelled")
    ):
        return []
    taken = sheet.columns.values()
    names = enumerate(sheet.header.names)
    return [i for i, name in names if i not in taken and re.search(rules["headed"], folded(name))]


def refuse_remarks(sheet: Sheet) -> None:
    """Look at remarks.

    Raises:
        InputError: one tells that its order went back or was called off, and kpi.yml does not say that it counts.
    """
    said = {folded(word) for word, fate in sheet.options.statuses if fate == "used"}
    for index in remark_columns(sheet):
        for record in _rows(sheet):
            cell = record.cells[index] if index < len(record.cells) else ""
            if folded(cell) not in said and re.search(sheet.header.format.get("remarks")["begin"], folded(cell)):
                header = quoted(sheet.header.names[index].strip())
                text = f"{header} is not read, and says {quoted(cell.strip())}"
                fix = f"say it in a column Refunded or Cancelled, or {say_whether_it_counts(quoted(cell.strip()))}"
                raise sheet.error("status_unread", text, fix, record.line, index)


def refuse_rates(sheet: Sheet) -> None:
    """Look at a tax that is one number beside different amounts, as no tax in money is.

    Raises:
        InputError: it may be the rate.
    """
    if not _may_tell_rates(sheet):
        return
    tax, price = sheet.columns["tax"], sheet.columns[price_rule(sheet)["column"]]
    rows = [record for record in _rows(sheet) if max(tax, price) < len(record.cells)]
    taxed = [record for record in rows if _is_some(record.cells[tax])]
    rate, amounts = _rate_of(record.cells[tax] for record in taxed), {record.cells[price].strip() for record in taxed}
    if rate is not None and len(amounts) > 1:
        cell = taxed[0].cells[tax].strip()
        percent = _percent_of(cell)
        header = sheet.header.names[tax].strip()
        text = f"{quoted(header)} is {cell} beside different amounts, which can be money or a rate"
        fix = f"say --map sales.tax={header} for money, or --map sales.tax_rate={header} and vat: {percent}% in kpi.yml"
        raise sheet.error("tax_open", text, fix, taxed[0].line, "tax")


def _may_tell_rates(sheet: Sheet) -> bool:
    """Whether a column of tax was made by hand, and nobody said that it is money."""
    said = any(column == "tax" for _, column, _ in sheet.options.columns)
    return sheet.role == "sales" and not said and sheet.has("tax") and bool(sheet.header.format.get("unread"))


def _percent_of(cell: str) -> str | None:
    """The rate of tax that a cell may be, in percent, written as one or as a share; none where no rate is like it.

    >>> [_percent_of(cell) for cell in ("20", "5.5", "0,2", "0.055", "120.00", "0.01")]
    ['20', '5.5', '20', '5.5', None, None]
    """
    if not _RATE.fullmatch(cell):
        return None
    value = Decimal(cell.replace(",", "."))
    percent = value * 100 if value < 1 else value
    return f"{percent.normalize():f}" if _LEAST <= percent <= _MOST else None


def refuse_repeated_shipping(sheet: Sheet) -> None:
    """Look at the shipping that comes on top of prices of pieces, where an order stands on several rows.

    Raises:
        InputError: an order states it twice, which can be once for each row or one and the same.
    """
    if sheet.role != "sales" or not (sheet.has("shipping") and sheet.has("order_id")):
        return
    if price_rule(sheet).get("plus") != "shipping":
        return
    order, shipping = sheet.columns["order_id"], sheet.columns["shipping"]
    seen: set[str] = set()
    for record in _rows(sheet):
        if not _is_some(record.cells[shipping]):
            continue
        if record.cells[order] in seen:
            header = quoted(sheet.header.names[shipping].strip())
            said = f"{header} stands on several rows of one order: each row's, or the order's, written again"
            fix = "name what was charged in the end with --map sales.amount=HEADER, or leave one shipping an order"
            raise sheet.error("shipping_open", said, fix, record.line, "shipping")
        seen.add(record.cells[order])


def _rows(sheet: Sheet) -> Iterator[Record]:
    return (record for record in sheet.records() if record.line not in sheet.left_out)


def _telling_words(sheet: Sheet) -> set[str]:
    """What a status says of orders that failed, were called off or went back."""
    fmt = sheet.header.format
    rules = [rule for rule in fmt.get("left_out", ()) if rule["as"] not in _KEPT]
    rules += [rule for name in ("fully_refunded", "partly_refunded", "disputed") for rule in fmt.get(name, ())]
    return {word for rule in rules for word in rule.get("status", ())}


def _is_some(cell: str) -> bool:
    """Whether a cell is an amount or a share other than 0.

    >>> _is_some("20.00"), _is_some("-10 %"), _is_some("0,00 €"), _is_some("SUMMER20"), _is_some("")
    (True, True, False, False, False)
    """
    text = cell.strip().removesuffix("%")
    if not re.search("[1-9]", text):
        return False
    try:
        number(text)
    except BadValue:
        return False
    return True


def _still_due(sheet: Sheet, record: Record, index: int) -> InputError:
    header = sheet.header.names[index].strip()
    column = price_rule(sheet)["column"]
    price = sheet.header.names[sheet.columns[column]].strip()
    text = f"{quoted(header)} is not read, and says that {quoted(record.cells[index].strip())} is still to be paid"
    fix = f"name the column of what was paid with --map sales.amount=HEADER, or --map sales.{column}={price}"
    return sheet.error("column_open", text, f"{fix} to count what is due too", record.line, index)


def _discount_open(sheet: Sheet, record: Record, index: int) -> InputError:
    header = sheet.header.names[index].strip()
    price = sheet.header.names[sheet.columns[price_rule(sheet)["column"]]].strip()
    said = f"{quoted(header)} may be in {quoted(price)} already, or still have to come off"
    ways = f"name what was charged in the end with --map sales.amount=HEADER, or say --map sales.discount_off={header}"
    return sheet.error("discount_open", said, ways, record.line, index)


def _status_unread(sheet: Sheet, record: Record, index: int) -> InputError:
    header, cell = sheet.header.names[index].strip(), record.cells[index].strip()
    said = f"{quoted(header)} is not read, and says {quoted(cell)}"
    return sheet.error("status_unread", said, f"say --map sales.status={header}", record.line, index)
