"""The days and moments of rows: which a row covers, within which day it was sold, and what contradicts them."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from kpi_cli.errors import InputError
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.values import (
    BadValue,
    amount,
    clock_time,
    day,
    halves,
    is_iso,
    is_unknown,
    may_be_half,
    month_start,
    short_month,
    stated_moment,
    unguarded,
    unit,
    written,
)
from kpi_cli.safe import quoted

if TYPE_CHECKING:
    from kpi_cli.exports.rows import Block, Reader, Texts

_UNITS = ("date", "week", "month")  # of these the first that a sheet has counts
# Weeks begin on Sundays too, are named by their last day too, and have the number of the one before or after it too.
_ROUND_A_WEEK = dt.timedelta(days=8)


class Spans:
    """Reads the days of a sheet's rows."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.sheet = reader.sheet

    def of(self, block: Block) -> tuple[Texts, Texts]:
        """First and last day of each row, as ISO text; None when the file states no day at all.

        Raises:
            InputError: a row without its day, or one that ends before it starts.
        """
        sheet, count = self.sheet, len(block.records)
        for column in _UNITS:
            if sheet.has(column):
                spans = self._units(block, column)
                self._refuse_contradicted(block, column, spans)
                return spans
        if sheet.has("nth_day") and sheet.first_day:
            first = sheet.first_day
            offsets = self.reader.each(block, "nth_day", lambda cell: first + dt.timedelta(days=int(amount(cell, "."))))
            days = [found.isoformat() for found in offsets]
            return list(days), list(days)
        if sheet.has("start"):
            return self._ranges(block)
        return [_iso(sheet.first_day)] * count, [_iso(sheet.last_day)] * count

    def _units(self, block: Block, column: str) -> tuple[Texts, Texts]:
        sheet = self.sheet
        order = sheet.date_order or "ymd"
        tz = self.reader.tz

        def read(cell: str) -> tuple[str, str]:
            if column == "date" and is_iso(cell):
                plain = day(cell, order, tz).isoformat()
                return plain, plain
            if is_unknown(cell):
                raise BadValue("blank")
            if two := halves(cell):
                first_day, last_day = (day(half, order, tz) for half in two)
                if last_day < first_day:
                    raise BadValue("a period that ends before it starts")
                return first_day.isoformat(), last_day.isoformat()
            if column != "week" and may_be_half(cell):
                raise BadValue("a week or half a year; head the column “week” if it is one")
            first, last = unit(cell) or _unit_of(cell, column, partial(day, unguarded(cell), order, tz))
            return self._clipped(first, last) if first < last else (first.isoformat(), last.isoformat())

        pairs = self.reader.each(block, column, read)
        if column == "date" and sheet.header.format.get("grain") == "stamped":
            pairs = self._stamped(pairs)
        return [first for first, _ in pairs], [last for _, last in pairs]

    def _refuse_contradicted(self, block: Block, counted: str, spans: tuple[Texts, Texts]) -> None:
        """Refuse a hand-made row whose other columns of days speak of another time than the one that counts."""
        sheet = self.sheet
        if sheet.header.format.name != GENERIC or any(column == counted for _, column, _ in sheet.options.columns):
            return
        for other in (c for c in (*_UNITS, "start", "end") if c != counted and sheet.has(c)):
            beside = _ROUND_A_WEEK if (counted, other) == ("date", "week") else dt.timedelta(0)
            cells = dict.fromkeys(block.cells(sheet.columns[other]))
            said = {cell: self._said_by(cell, other, beside) for cell in cells}
            for record, first, last in zip(block.records, *spans, strict=True):
                a, b = said[record.cells[sheet.columns[other]]] or (None, None)
                is_after = bool(other != "end" and a and last and a > last)
                is_before = bool(other != "start" and b and first and b < first)
                if is_after or is_before:
                    raise self._contradicted(record, counted, other)

    def _said_by(self, cell: str, column: str, beside: dt.timedelta) -> tuple[str, str] | None:
        """The first and last day that a cell may mean, where it names any: nothing else is asked of it."""
        if cell.strip().isdigit():  # 40 may be a week, 10 a month
            return None
        order, as_unit = self.sheet.date_order or "ymd", column if column in _UNITS else "date"
        try:
            first, last = unit(cell) or _unit_of(cell, as_unit, partial(day, unguarded(cell), order, None))
        except BadValue:
            return None
        return (first - beside).isoformat(), (last + beside).isoformat()

    def _contradicted(self, record: Record, counted: str, other: str) -> InputError:
        sheet = self.sheet
        headers = [sheet.header.names[sheet.columns[column]].strip() for column in (counted, other)]
        first, second = (
            f"{header} {sheet.shown(record.cells[sheet.columns[column]], column)}"
            for header, column in zip(headers, (counted, other), strict=True)
        )
        ways = " or ".join(f"--map {sheet.role}.date={header}" for header in headers)
        fix = f"mend it, or say which column counts with {ways}"
        return sheet.error("date_contradiction", f"{first} and {second} contradict each other", fix, record.line, other)

    def _clipped(self, first: dt.date, last: dt.date) -> tuple[str, str]:
        """A week or month within the range that the file states."""
        sheet = self.sheet
        if sheet.first_day and sheet.last_day and first <= sheet.last_day and last >= sheet.first_day:
            first, last = max(first, sheet.first_day), min(last, sheet.last_day)
        return first.isoformat(), last.isoformat()

    def _stamped(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Rows that bear the first day of the report's range, or of their month, for all they cover (LinkedIn)."""
        sheet = self.sheet
        first, last = sheet.first_day, sheet.last_day
        if first and last and first < last and self._stamps == {first}:
            return [(first.isoformat(), last.isoformat())] * len(pairs)
        if len(self._stamps) < 2 or any(stamp.day != 1 and stamp != first for stamp in self._stamps):
            return pairs
        starts = [dt.date.fromisoformat(start) for start, _ in pairs]
        return [self._clipped(d, d.replace(day=monthrange(d.year, d.month)[1])) for d in starts]

    @cached_property
    def _stamps(self) -> set[dt.date]:
        """Every day of the date column, over the whole file."""
        sheet, order = self.sheet, self.sheet.date_order or "ymd"
        index = sheet.columns["date"]
        cells = {r.cells[index] for r in sheet.records() if r.line not in sheet.left_out}
        return {day(unguarded(cell), order) for cell in cells if not is_unknown(cell)}

    def _ranges(self, block: Block) -> tuple[Texts, Texts]:
        sheet, count = self.sheet, len(block.records)
        starts = self.reader.days(block, "start")
        ends = self.reader.days(block, "end") if sheet.has("end") else [None] * count
        if sheet.has("end") and sheet.header.format.get("end_at_midnight") == "exclusive":
            shut = [_at_midnight(cell) for cell in block.cells(sheet.columns["end"])]
            before = dt.timedelta(days=1)
            ends = [e - before if e and s and e > s and m else e for s, e, m in zip(starts, ends, shut, strict=True)]
        if sheet.header.format.name == GENERIC:
            self._refuse_endless(block, starts, ends)
        firsts = [start or sheet.first_day for start in starts]
        lasts = [end or sheet.last_day or first for end, first in zip(ends, firsts, strict=True)]
        for record, first, last in zip(block.records, firsts, lasts, strict=True):
            if first is None:
                raise sheet.error("blank_date", "the start is blank", "fill it in", record.line, "start")
            if last and last < first:
                text = f"the row ends ({last}) before it starts ({first})"
                raise sheet.error("range_reversed", text, "mend it", record.line, "end")
        return [_iso(first) for first in firsts], [_iso(last) for last in lasts]

    def _refuse_endless(self, block: Block, starts: Sequence[dt.date | None], ends: Sequence[dt.date | None]) -> None:
        """Refuse a row that says where it starts and not where it ends: what it sums up was not spent on that day."""
        sheet = self.sheet
        lines = (r.line for r, start, end in zip(block.records, starts, ends, strict=True) if start and not end)
        if (line := next(lines, None)) and sheet.last_day is None:
            header = sheet.header.names[sheet.columns["start"]].strip()
            one_day = f"--map {sheet.role}.date={header} if each row is of one day"
            has_end = sheet.has("end")
            text = (
                "the end is blank"
                if has_end
                else f"{quoted(header)} says where a row starts, and nothing where it ends"
            )
            fix = "fill it in" if has_end else f"add a column of the last day, or say {one_day}"
            raise sheet.error("blank_date", text, fix, line, "end" if has_end else "start")

    def moments(self, block: Block, days: Texts) -> Texts:
        """When within its day each row was sold, where the file says so."""
        sheet = self.sheet
        if not sheet.has("date"):
            return [None] * len(days)
        order, tz = sheet.date_order or "ymd", self.reader.tz
        stated = self.reader.each(block, "date", lambda cell: stated_moment(unguarded(cell), order, tz))
        if not sheet.has("time"):
            return stated
        times = self.reader.each(block, "time", lambda cell: clock_time(unguarded(cell)))
        return [f"{d} {t}" if d and t else moment for d, t, moment in zip(days, times, stated, strict=True)]


def _unit_of(cell: str, column: str, read: Callable[[], dt.date]) -> tuple[dt.date, dt.date]:
    """The first and last day of what a cell names: a month, else what its column says that a day stands for."""
    first = month_start(cell) or short_month(cell) if column != "week" else None
    if first is None:
        found = read()
        if column == "date":
            return found, found
        if column == "week":
            return found, found + dt.timedelta(days=6)
        first = found.replace(day=1)
    return first, first.replace(day=monthrange(first.year, first.month)[1])


def _at_midnight(cell: str) -> bool:
    """Whether a cell names the first moment of its day."""
    parts = None if is_unknown(cell) else written(unguarded(cell))
    return parts is not None and parts.clock == "00:00:00"


def _iso(found: dt.date | None) -> str | None:
    return found.isoformat() if found else None
