"""What the cells of a sheet prove, all of them together: the decimal mark, the order of dates, flags, the period.

look(sheet, rows)   notes what some rows' cells say
conclude(sheet)     settles by it what each cell means
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from functools import partial

from kpi_cli.errors import InputError
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.recognising import GENERIC, is_titled
from kpi_cli.exports.roles import kind
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.values import (
    BadValue,
    Marks,
    Written,
    day,
    evidence,
    has_company,
    is_iso,
    is_unknown,
    month_start,
    number,
    unit,
)
from kpi_cli.safe import folded, quoted


def look(sheet: Sheet, rows: list[Record]) -> None:
    """What the cells of a batch prove, each distinct cell once."""
    columns = list(zip(*(row.cells for row in rows), strict=False))  # one may end in a blank cell more
    for column, index in sheet.columns.items():
        what = kind(column)
        if what == "text" or not rows:
            continue
        cells = dict.fromkeys(columns[index])
        if column == "tax" and not sheet.taxed:
            sheet.taxed = any(not _NONZERO.isdisjoint(cell) for cell in cells)
        if what == "money" and column not in sheet.amounts:
            _look_at_flags(sheet, column, rows, cells)
        if (sheet.role, column) == ("sales", "time"):
            continue  # 09.05.26 is a time of day there, and says nothing of days
        seen = _look_at_days(sheet, cells) if what == "day" else _look_at_numbers(sheet, cells, whole=what == "whole")
        lines = {row.cells[index]: row.line for row in reversed(rows)} if seen else {}  # the first line of each
        for cell in seen:
            line = lines[cell]
            if what == "day":
                sheet.days.look(cell, (line, index))
            else:
                sheet.marks.look(cell, (line, index), whole=what == "whole")


_NONZERO = frozenset("123456789")
BARE = frozenset({"", "0", "1"})  # cells that may say no and yes


def conclude(sheet: Sheet) -> None:
    """Settle decimal mark, date order and period from what was seen of the cells.

    Raises:
        InputError: cells that contradict each other, or leave open what they mean.
    """
    _settle_decimal(sheet)
    _settle_dates(sheet)
    _settle_refunds(sheet)


def _look_at_flags(sheet: Sheet, column: str, rows: Sequence[Record], cells: Iterable[str]) -> None:
    """Whether a column of money may as well say yes and no: whether it holds bare 0 and 1 alone."""
    if not all(cell.strip() in BARE for cell in cells):
        sheet.amounts.add(column)
    elif column == "refunded" and sheet.refund_one is None:
        index = sheet.columns[column]
        sheet.refund_one = next((row.line for row in rows if row.cells[index].strip() == "1"), None)


def _settle_refunds(sheet: Sheet) -> None:
    """Refuse refunds that are 0 or 1 throughout beside larger amounts: sums of money, or no and yes?"""
    said = any(column == "refunded" for _, column, _ in sheet.options.columns)
    is_open = sheet.refund_one is not None and sheet.amounts and "refunded" not in sheet.amounts
    if is_open and not said and sheet.header.format.name == GENERIC:
        header = sheet.header.names[sheet.columns["refunded"]].strip()
        fix = f"say which with --map sales.refund_flag={header}, or sales.refunded={header} for amounts"
        text = f"{quoted(header)} is 0 or 1 throughout, which can be amounts or no and yes"
        raise sheet.error("refund_open", text, fix, sheet.refund_one, "refunded")


def _look_at_numbers(sheet: Sheet, cells: Iterable[str], *, whole: bool) -> list[str]:
    """The cells that prove something about the decimal mark that is not known yet."""
    found = []
    proven, unsettled = set(sheet.marks.proof), sheet.marks.open_cell is not None
    lonely = sheet.marks.only_single_comma
    for cell in cells:
        dots, commas = cell.count("."), cell.count(",")
        # Once a mark is proven, one more cell with that mark alone says nothing new.
        bare_comma = "," in proven and (not lonely or cell.replace(",", "").isdigit())
        told = dots + commas == 1 and not whole and (("." in proven and not lonely) if dots else bare_comma)
        if told or not dots + commas:
            continue
        try:
            core = number(cell).core
        except BadValue:
            continue
        mark, open_ = evidence(core, whole=whole)
        company = lonely and has_company(core)
        if (mark and (mark not in proven or company)) or (open_ and not unsettled):
            found.append(cell)
            lonely = lonely and not (mark and company)
            proven |= {mark} if mark else set()
            unsettled = unsettled or open_
    return found


def _look_at_days(sheet: Sheet, cells: Iterable[str]) -> list[str]:
    """The cells whose day and month, year or zone want settling."""
    known = (c for c in cells if not is_iso(c) and not is_unknown(c))
    return [c for c in known if month_start(c) is None and unit(c) is None]


def _texts(sheet: Sheet) -> list[tuple[Record, int, str]]:
    """The numbers among typed cells that are kept as text, where numbers are due: record, column, kind."""
    told = {"money", "whole"} if sheet.places else {"money", "whole", "number"}  # a rate of 1.085 is one in YAML
    kinds = {index: what for column, index in sheet.columns.items() if (what := kind(column)) in told}
    places = {(line, index) for line, index in sheet.texts if index in kinds}
    lines = {line for line, _ in places}
    records = [record for record in sheet.records() if record.line in lines] if places else []
    return [(r, index, kinds[index]) for r in records for index in kinds if (r.line, index) in places]


def _marks_of(texts: Iterable[tuple[Record, int, str]]) -> Marks:
    marks = Marks()
    for record, index, what in texts:
        marks.look(record.cells[index], (record.line, index), whole=what == "whole")
    return marks


def _read_texts(sheet: Sheet, texts: Iterable[tuple[Record, int, str]], marks: Marks, mark: str | None) -> None:
    """Write numbers kept as text as the typed cells beside them are, with a point.

    Each of a workbook must show its mark itself, for one may be typed by hand and the next pasted from elsewhere.
    """
    is_settled = sheet.options.decimal or (sheet.places is not None and mark)
    if marks.open_cell and not is_settled:
        raise _ask_decimal(sheet, *marks.open_cell)
    if mark == ",":
        for record, index, _ in texts:
            record.cells[index] = record.cells[index].translate(_SWAPPED)
    sheet.decimal = "."


_SWAPPED = str.maketrans(".,", ",.")


def _settle_decimal(sheet: Sheet) -> None:
    """The decimal mark: what the cells prove, else the format's own, else the user's answer.

    Raises:
        InputError: two cells contradict each other, or nothing settles it.
    """
    asked, texts = sheet.options.decimal, _texts(sheet) if sheet.typed else []
    marks = _marks_of(texts) if sheet.typed else sheet.marks
    if len(marks.proof) == 2:
        (line, column, cell), (other_line, _, other) = sorted(marks.proof.values())
        raise sheet.error(
            "decimal_contradiction",
            f"{quoted(other)} here on line {other_line} and {quoted(cell)} on line {line} use different decimal marks",
            "write all numbers one way",
            other_line,
            column,
        )
    proven = next(iter(marks.proof), None)
    lone_comma = proven == "," and marks.only_single_comma
    generic = sheet.header.format.name == GENERIC
    if lone_comma and generic and sheet.delimiter == "," and not asked:
        # In a comma-separated sheet `1,23` may be a decimal comma or a damaged `1,230`.
        line, column, cell = marks.proof[","]
        raise _ask_decimal(sheet, line, column, cell)
    if proven and asked and proven != asked and not sheet.options.columns:
        line, column, cell = marks.proof[proven]
        raise sheet.error(
            "decimal_contradicted",
            f"--decimal says “{asked}”, but {quoted(cell)} shows “{proven}”",
            "leave --decimal out",
            line,
            column,
        )
    if sheet.typed:
        _read_texts(sheet, texts, marks, proven or asked)
        return
    sheet.decimal = proven or asked or sheet.header.format.get("decimal")
    if sheet.decimal is None:
        if marks.open_cell:
            raise _ask_decimal(sheet, *marks.open_cell)
        sheet.decimal = "."


def _ask_decimal(sheet: Sheet, line: int, column: int, cell: str) -> InputError:
    return sheet.error(
        "decimal_open",
        f"{quoted(cell)} can be read two ways and nothing in the file settles it",
        "say --decimal . or --decimal ,",
        line,
        column,
    )


def _settle_dates(sheet: Sheet) -> None:
    """The order of day and month, and the days the preamble states.

    Raises:
        InputError: two cells contradict each other, nothing settles it, or zones that cannot be one place's.
    """
    days, asked = sheet.days, sheet.options.date_format
    if len({"dmy", "mdy"} & days.proof.keys()) == 2:
        (line, _, cell), (other_line, column, other) = sorted(days.proof.values())
        raise sheet.error(
            "date_contradiction",
            f"{quoted(other)} and {quoted(cell)} on line {line} cannot have one order of day and month",
            "write all dates one way",
            other_line,
            column,
        )
    proven = next(iter(days.proof), None)
    if proven and asked in {"dmy", "mdy"} and proven != asked:
        line, column, cell = days.proof[proven]
        raise sheet.error(
            "date_contradicted", f"--date-format says {asked}, but {quoted(cell)} is not", "leave it out", line, column
        )
    if not asked:
        _nothing_to_ask(sheet)
    own = _own_order(sheet)
    _stated_range(sheet, proven or asked or sheet.header.format.get("date_order"))
    _stated_account(sheet)
    sheet.date_order = proven or asked or _by_range(sheet) or own
    if sheet.date_order is None or (sheet.date_order == "ymd" and days.open_cell):
        if days.open_cell:
            line, column, cell = days.open_cell
            raise sheet.error(
                "date_order_open",
                f"{quoted(cell)} can be day-first or month-first and nothing in the file settles it",
                "say --date-format dmy or mdy",
                line,
                column,
            )
        sheet.date_order = "dmy" if days.shorts else "ymd"
    _one_zone(sheet)


def _own_order(sheet: Sheet) -> str | None:
    """The platform's order of day and month, unless a sheet made by hand could be headed just like its download."""
    header = sheet.header
    own: str | None = header.format.get("date_order")
    told_by = header.format.get("date_order_of")
    if told_by is None or is_titled(header):
        return own
    dates = [folded(header.names[i]).partition(" (")[0] for c, i in header.columns.items() if kind(c) == "day"]
    return own if {*map(folded, told_by)} & {*dates} else None


def _nothing_to_ask(sheet: Sheet) -> None:
    for found, text, answer in (
        (sheet.days.serial, "is a bare number where a date is due", "excel, if it is Excel's day number"),
        (sheet.days.two_digit, "has a year of two digits", "dmy, mdy or ymd"),
    ):
        if found:
            line, column, cell = found
            raise sheet.error("date_open", f"{quoted(cell)} {text}", f"say --date-format {answer}", line, column)


def _one_zone(sheet: Sheet) -> None:
    offsets = sheet.days.offsets
    if sheet.days.has_zones and not sheet.options.tz:
        line, column, cell = offsets[max(offsets)]
        raise sheet.error(
            "zones_differ",
            f"{quoted(cell)} is in another time zone than line {offsets[min(offsets)][0]}",
            "say which day counts with --tz, such as --tz Europe/Paris",
            line,
            column,
        )


def _by_range(sheet: Sheet) -> str | None:
    """The only order that puts every short date inside the range the preamble states."""
    if not (sheet.first_day and sheet.last_day and sheet.days.shorts):
        return None
    fits = [order for order in ("dmy", "mdy") if all(map(partial(_inside, sheet, order), sheet.days.shorts))]
    return fits[0] if len(fits) == 1 else None


def _inside(sheet: Sheet, order: str, parts: Written) -> bool:
    day_first = order == "dmy"
    try:
        found = dt.date(
            parts.year, parts.second if day_first else parts.first, parts.first if day_first else parts.second
        )
    except ValueError:
        return False
    return (sheet.first_day or found) <= found <= (sheet.last_day or found)


def _stated_range(sheet: Sheet, order: str | None) -> None:
    """The first and last day that the lines above the header state."""
    rules = sheet.header.format.get("preamble", {})
    for line in sheet.header.preamble:
        plain = line.strip().strip('"').lstrip("#").strip()
        for key, name in (("start", "first_day"), ("end", "last_day")):
            if key in rules and (match := re.search(rules[key], line)):
                setattr(sheet, name, _preamble_day(match[1], order) or getattr(sheet, name))
        halves = re.split(r"\s+[-–—]\s+", plain)
        if len(halves) == 2 and sheet.first_day is None:
            first, last = (_preamble_day(half, order) for half in halves)
            if first and last:
                sheet.first_day, sheet.last_day = first, last
    named = sheet.header.format.get("range_in_name")
    if named and sheet.first_day is None and (match := re.search(named, sheet.name)):
        sheet.first_day, sheet.last_day = (_preamble_day(match[n], "ymd") for n in (1, 2))


def _stated_account(sheet: Sheet) -> None:
    """The account that the lines above the header name, in a report of one."""
    rule = sheet.header.format.get("preamble", {}).get("account")
    for line in sheet.header.preamble if rule else ():
        if match := re.search(rule, line):
            sheet.account = match[1].strip() or None


def _preamble_day(text: str, order: str | None) -> dt.date | None:
    try:
        return day(text.strip().strip('",'), order or "ymd")
    except BadValue:
        return None
