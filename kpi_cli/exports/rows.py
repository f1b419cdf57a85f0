"""The second pass: records become the columns of their role's table, or are left out for a stated reason.

Work goes column by column, each distinct cell once. Values leave here as text that DuckDB casts exactly:
decimals with a dot, days as ISO dates.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property, partial
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from kpi_cli.errors import InputError
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.own import own_values
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.roles import NONE_WHEN_BLANK, kind
from kpi_cli.exports.sheet import BATCH, Sheet, batched, say_whether_it_counts
from kpi_cli.exports.values import (
    BadValue,
    amount,
    day,
    halves,
    in_seconds,
    is_iso,
    is_unknown,
    may_be_half,
    month_start,
    number,
    short_month,
    unit,
    written,
)
from kpi_cli.exports.vocabulary import vocabulary
from kpi_cli.safe import folded, quoted
from kpi_cli.texts import note

_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,2}")
_OCTAL = re.compile(r"[+-]?0\d")
_GUARDED = re.compile(r"'[=+\-@\t\r\n]")
ZERO = Decimal(0)
_KEYS = frozenset({"order_id", "customer_id"})

Texts = list[str | None]
Columns = dict[str, Texts]
T = TypeVar("T")


class Ledger(Struct):
    """What became of every record of a sheet."""

    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    first_unknown: dict[str, int] = field(default_factory=dict)
    negative_style: int | None = None
    assumed: int = 0
    damaged_ids: int | None = None
    refunds_by_sign: Counter[str] = field(default_factory=Counter)  # rows below zero, by a type that says nothing
    first_by_sign: int | None = None
    stages_unread: Counter[str] = field(default_factory=Counter)  # rows of course progress, by a word that is not known
    first_stage_unread: int | None = None
    raw: dict[str, Decimal] = field(default_factory=dict)  # sums of cells as they stand, where the file has totals


_NUMERIC = {"money", "whole", "number"}
_SCALES = {
    "micros": Decimal("0.000001"),
    "cents": Decimal("0.01"),
    "thousands": Decimal(1000),
    "millions": Decimal(1_000_000),
}


def scale_of(sheet: Sheet, column: str) -> str | None:
    """What the header of a column says that its amounts are counted in, where that is not the currency."""
    return vocabulary().scale_of(sheet.header.names[sheet.columns[column]])


class Block(Struct):
    """Some rows of the body, to be read column by column."""

    records: list[Record]
    columns: list[tuple[str, ...]] | None = None

    def cells(self, index: int) -> tuple[str, ...]:
        """One column's cells."""
        if self.columns is None:
            self.columns = list(zip(*(record.cells for record in self.records), strict=False))  # one may end in a blank
        return self.columns[index]

    def line_of(self, index: int, cell: str) -> int:
        """The first line that holds a cell."""
        return next(r.line for r in self.records if r.cells[index] == cell)


_COUNTED = {"leads", "key_events"}  # may be fractions, and are never below zero all the same


class Reader:
    """Turns a settled sheet's records into the columns of its role's table."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.ledger = Ledger()
        self.currency = _Currency(sheet)

    def blocks(self, compose: Callable[[Block], Columns]) -> Iterator[Columns]:
        """The columns of the rows that are used, batch by batch; the ledger fills as they come.

        Raises:
            InputError: a cell that cannot be read, or a status that is not known.
        """
        sheet, ledger = self.sheet, self.ledger
        fate = Fate(sheet)
        for batch in batched(sheet.records(), BATCH):
            block = Block(self._kept(batch, fate))
            if not block.records:
                continue
            columns = compose(block) | own_values(self, block)
            columns["line"] = [str(record.line) if record.line else None for record in block.records]
            if any(record.rows > 1 for record in block.records):
                columns["rows"] = [str(record.rows) for record in block.records]
            yield columns
        if sheet.role == "spend" and ledger.assumed:
            channel = sheet.header.format.get("channel", {}).get("default")
            sheet.notes.append(note("channel_assumed", file=sheet.name, channel=channel, count=ledger.assumed))

    def _kept(self, batch: list[Record], fate: Fate) -> list[Record]:
        kept = []
        set_aside, ledger = self.sheet.left_out, self.ledger
        for record in batch:
            reason = set_aside.get(record.line)
            if reason == "blank":
                continue
            ledger.read += record.rows
            reason = reason or fate(record)
            if reason:
                ledger.left_out[reason] += record.rows
            else:
                kept.append(record)
        return kept

    # ------------------------------------------------------------------------------ single columns

    def each(self, block: Block, column: str, read: Callable[[str], T]) -> list[T]:
        """A column with every distinct cell read once; the first bad cell of the file is the error.

        Raises:
            InputError: a cell that `read` refuses, with its line and column.
        """
        known = self._known(block, column, read)
        return [known[cell] for cell in block.cells(self.sheet.columns[column])]

    def _known(self, block: Block, column: str, read: Callable[[str], T]) -> dict[str, T]:
        """What each distinct cell of a column says."""
        index = self.sheet.columns[column]
        cells = block.cells(index)
        known: dict[str, T] = {}
        for cell in dict.fromkeys(cells):
            try:
                known[cell] = read(cell)
            except BadValue as error:
                name = self.sheet.header.names[index].strip()
                text = f"{name} {self.sheet.shown(cell, column)} is {error}"
                code = "bad_date" if kind(column) == "day" else "bad_number"
                fix = self._way_out(column, cell)
                raise self.sheet.error(code, text, fix, block.line_of(index, cell), column) from error
        return known

    def _way_out(self, column: str, cell: str) -> str:
        """What to do about a cell that cannot be read."""
        words = self.sheet.header.format.get("flag_words", {}).values()
        if column == "refunded" and folded(cell) in {word for listed in words for word in listed}:
            header = self.sheet.header.names[self.sheet.columns[column]].strip()
            return f"if it says whether an order went back, say --map sales.refund_flag={header}"
        return "fill it in, or leave the row out" if is_unknown(cell) else "mend the cell"

    def numbers(self, block: Block, column: str) -> list[Decimal | None]:
        """Amounts or counts; None where the cell says that it is not known."""
        known = self._numbers(block, column)
        return [known[cell] for cell in block.cells(self.sheet.columns[column])]

    def number_texts(self, block: Block, column: str) -> Texts:
        """Amounts or counts as DuckDB reads them back exactly."""
        known = {cell: plain_text(value) for cell, value in self._numbers(block, column).items()}
        return [known[cell] for cell in block.cells(self.sheet.columns[column])]

    def _numbers(self, block: Block, column: str) -> dict[str, Decimal | None]:
        """The amount or count that each distinct cell of a column says."""
        sheet = self.sheet
        whole, mark = kind(column) == "whole" or column in _COUNTED, sheet.decimal or "."
        scale = self.scale_of(column)

        def read(cell: str) -> Decimal | None:
            if cell.isdigit() and cell.isascii() and len(cell) <= 12 and not (scale or sheet.places):
                return Decimal(cell)  # most counts
            text = in_seconds(unguarded(cell)) if column == "avg_time" else unguarded(cell)
            if is_unknown(text):
                return None
            if sheet.places and _OCTAL.match(text):
                raise BadValue("not a plain number: it begins with 0")
            value = amount(text, mark)
            if scale == "cents" and value != value.to_integral_value():
                raise BadValue("not a whole number of cents, which its header says it is")
            value *= _SCALES[scale] if scale else 1
            if whole and value < ZERO and column != "followers":
                raise BadValue("a count below zero")
            if whole and value != value.to_integral_value():
                raise BadValue("not a whole number; if its mark groups thousands, say --decimal")
            return value

        known = self._known(block, column, read)
        self._watch(block, column, known)
        return known

    def _watch(self, block: Block, column: str, known: dict[str, Decimal | None]) -> None:
        """Count the cells that are not known, and note how negatives are written."""
        ledger, index = self.ledger, self.sheet.columns[column]
        if self.sheet.totals:
            values = (value for cell in block.cells(index) if (value := known[cell]))
            ledger.raw[column] = sum(values, ledger.raw.get(column, ZERO))
        if None in known.values() and column not in NONE_WHEN_BLANK:
            unknown = [record for record in block.records if known[record.cells[index]] is None]
            ledger.unknown[column] += sum(record.rows for record in unknown)
            ledger.first_unknown.setdefault(column, unknown[0].line)
        if ledger.negative_style is None:
            below = {cell for cell, value in known.items() if value is not None and value < ZERO}
            styled = {cell for cell in below if number(unguarded(cell)).style}
            if styled:
                ledger.negative_style = next(r.line for r in block.records if r.cells[index] in styled)

    def scale_of(self, column: str) -> str | None:
        """What numbers are counted in: millionths, as API dumps write money, cents or thousands."""
        return scale_of(self.sheet, column) if kind(column) in _NUMERIC else None

    def days(self, block: Block, column: str) -> list[dt.date | None]:
        """Days; None where the cell is blank."""
        sheet = self.sheet
        order = sheet.date_order or "ymd"
        tz = sheet.options.tz if len(sheet.days.offsets) > 1 else None
        return self.each(block, column, lambda cell: None if is_unknown(cell) else day(unguarded(cell), order, tz))

    def texts(self, block: Block, column: str) -> Texts:
        """Text cells without the spaces around them or the quote that guards them; None when blank.

        Raises:
            InputError: an order or customer id that a spreadsheet turned into `1.23E+12`.
        """
        is_id = column.endswith("_id")

        def read(cell: str) -> str | None:
            text = unguarded(cell).strip()
            if is_id and text:
                text = text[1:-1] if text.startswith("[") and text.endswith("]") else text
                if _SCIENTIFIC.fullmatch(text):
                    self._damaged_id(block, column, cell)
            return text or None

        return self.each(block, column, read)

    def _damaged_id(self, block: Block, column: str, cell: str) -> None:
        if self.ledger.damaged_ids is not None and column not in _KEYS:
            return
        line = block.line_of(self.sheet.columns[column], cell)
        if column in _KEYS:
            raise self.sheet.error(
                "damaged_id",
                f"{self.sheet.shown(cell, column)} is an id that a spreadsheet has rounded",
                "export again without opening it in a spreadsheet",
                line,
                column,
            )
        self.ledger.damaged_ids = line

    def folded(self, block: Block, column: str) -> list[str]:
        """Cells as rules compare them."""
        return [folded(cell) for cell in block.cells(self.sheet.columns[column])]

    # ------------------------------------------------------------------------------ the days of a row

    def span(self, block: Block) -> tuple[Texts, Texts]:
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
            offsets = self.each(block, "nth_day", lambda cell: first + dt.timedelta(days=int(amount(cell, "."))))
            days = [found.isoformat() for found in offsets]
            return list(days), list(days)
        if sheet.has("start"):
            return self._ranges(block)
        return [_iso(sheet.first_day)] * count, [_iso(sheet.last_day)] * count

    def _units(self, block: Block, column: str) -> tuple[Texts, Texts]:
        sheet = self.sheet
        order = sheet.date_order or "ymd"
        tz = sheet.options.tz if len(sheet.days.offsets) > 1 else None

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

        pairs = self.each(block, column, read)
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
        starts = self.days(block, "start")
        ends = self.days(block, "end") if sheet.has("end") else [None] * count
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


_UNITS = ("date", "week", "month")  # of these the first that a sheet has counts
# Weeks begin on Sundays too, are named by their last day too, and have the number of the one before or after it too.
_ROUND_A_WEEK = dt.timedelta(days=8)


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


def unguarded(cell: str) -> str:
    """A cell without the one quote that guards it against spreadsheets.

    >>> unguarded("'=SUM"), unguarded("'twas")
    ('=SUM', "'twas")
    """
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell


def plain_text(value: Decimal | None) -> str | None:
    """A number as DuckDB reads it back exactly."""
    return None if value is None else f"{value:f}"


# ------------------------------------------------------------------------------------- left-out rules


class Fate:
    """Whether a row is left out, and why: the format's rules, in their order, on its status-like cells.

    What the user says of a cell stands in place of the rules that look at it; the others are followed.
    """

    def __init__(self, sheet: Sheet) -> None:
        fmt = sheet.header.format
        self.sheet = sheet
        self.said = {folded(value): reason for value, reason in sheet.options.statuses}
        rules = [(rule["as"], {c: v for c, v in rule.items() if c != "as"}) for rule in fmt.get("left_out", ())]
        self.rules = [(reason, {*test}, conditions(test)) for reason, test in rules if any(sheet.has(c) for c in test)]
        self.used = {c: conditions({c: values}) for c, values in fmt.get("used", {}).items() if sheet.has(c)}
        if not sheet.pays_by_word:
            self.used["paid"] = _says_paid
        self.settled = {"status", "stage", "lead_status", "type", *self.used}
        mentioned = {c for _, test in rules for c in test} | (self.settled if self.said else {*self.used})
        self.columns = sorted(c for c in mentioned if sheet.has(c))
        self.indexes = [sheet.columns[c] for c in self.columns]
        self.continuation = [sheet.columns[c] for c in fmt.get("continuation", ()) if sheet.has(c)]
        self.once = {word: sort for sort, words in fmt.get("counted_once", {}).items() for word in words}
        self.seen: dict[str, str] = {}  # of those sorts, the first word for each
        self.memo: dict[tuple[str, ...], str | None] = {}

    def __call__(self, record: Record) -> str | None:
        """The reason to leave a record out, or None."""
        if not self.columns:
            return None
        key = tuple([record.cells[i] for i in self.indexes])
        if key not in self.memo:
            self.memo[key] = self._decide(dict(zip(self.columns, map(folded, key), strict=True)), record)
        return self.memo[key]

    def _decide(self, cells: dict[str, str], record: Record) -> str | None:
        said = {c: self.said[cell] for c, cell in cells.items() if c in self.settled and cell in self.said}
        if left_out := next((reason for reason in said.values() if reason != "used"), None):
            return left_out
        if self.continuation and not any(record.cells[i].strip() for i in self.continuation):
            return None
        for reason, columns, test in self.rules:
            if columns.isdisjoint(said) and test(cells):
                return str(reason)
        for column, known in self.used.items():
            if column not in said and not known(cells):
                index = self.sheet.columns[column]
                shown = self.sheet.shown(record.cells[index], column)
                raise self.sheet.error(
                    "unknown_status",
                    f"{self.sheet.header.names[index]} {shown} is not known",
                    say_whether_it_counts(shown),
                    record.line,
                    column,
                )
        if "type" not in said:
            self._count_once(cells.get("type", ""), record)
        return None

    def _count_once(self, said: str, record: Record) -> None:
        """Refuse a list of invoices and of their payments, unless the user says of one sort whether it counts."""
        if found := self.once.get(said):
            self.seen.setdefault(found, said)
        if len(self.seen) > 1:
            header = self.sheet.header.names[self.sheet.columns["type"]].strip()
            both = " and ".join(quoted(word) for word in sorted(self.seen.values()))
            text = f"{header} says {both}: what was sold would count twice"
            entry = f"statuses: {{{said}: transfer}}"
            fix = f"leave one sort out, in the files' entry of kpi.yml, and run without FILES: {entry}"
            raise self.sheet.error("column_open", text, fix, record.line, "type")


_NOTHING = re.compile(r"\W*(?:0[0.,]*\W*(?:[a-z]{3})?)?")  # blank, or 0,00 eur


def _says_paid(cells: Mapping[str, str]) -> bool:
    """Whether a cell that is neither yes nor no says that an order was paid: by its day, its amount or its way."""
    return not _NOTHING.fullmatch(cells["paid"])


def conditions(test: Mapping[str, Any]) -> Callable[[Mapping[str, str]], bool]:
    """A rule of a format file as a question: do all its columns hold one of their values? An absent one is blank.

    >>> conditions({"status": ["paid", "~^part"]})({"status": "partially paid"})
    True
    """
    exact: dict[str, set[str]] = {}
    patterns: dict[str, list[re.Pattern[str]]] = {}
    for column, values in test.items():
        listed = [str(v) for v in (values if isinstance(values, list) else [values])]
        exact[column] = {folded(v) for v in listed if not v.startswith("~")}
        patterns[column] = [re.compile(v[1:]) for v in listed if v.startswith("~")]

    def holds(cells: Mapping[str, str]) -> bool:
        return all(cells.get(c, "") in exact[c] or any(p.search(cells.get(c, "")) for p in patterns[c]) for c in exact)

    return holds


# ------------------------------------------------------------------------------------------- currency


_PRICES = ("cost", "amount", "revenue", "amount_net", "price", "unit_price")
_SYMBOLLED = (*_PRICES, "amount_formatted")
_SAME_CURRENCY = (*_SYMBOLLED, "refunded", "tax", "shipping")


class _Currency:
    """The currency of each row: its column's, else the header's or preamble's, else a symbol's, else the user's."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.fixed = _stated_currency(sheet)
        self.asked = sheet.options.currency.upper() if sheet.options.currency else None
        self.default = self.asked or sheet.options.default_currency
        self.seen: dict[str, str] = {}
        self.headed = _headed(sheet)
        if self.fixed and not sheet.has("currency"):
            self._agree(self.fixed, sheet.header.line, None)

    def of(self, block: Block, reader: Reader) -> Texts:
        """The currency of each row of a block.

        Raises:
            InputError: a money cell, or the header of one, whose symbol is of another currency.
        """
        codes = self._codes(block, reader)
        if any(codes):
            self._no_foreign_symbol(block, codes)
            self._no_foreign_header(block, codes)
        return codes

    def _no_foreign_header(self, block: Block, codes: Texts) -> None:
        for index, symbol in self.headed.items():
            other = next((c for c in dict.fromkeys(codes) if c and not vocabulary().may_stand_for(symbol, c)), None)
            if other:
                of_row = self.sheet.has("currency")
                line = block.records[codes.index(other)].line if of_row else self.sheet.header.line
                header = quoted(self.sheet.header.names[index].strip())
                text = f"{header} {'in a row of' if of_row else 'beside a column in'} {other}"
                raise self.sheet.error("two_currencies", text, "mend the header or the row", line, index)

    def _no_foreign_symbol(self, block: Block, codes: Texts) -> None:
        for column in _SAME_CURRENCY:
            if not self.sheet.has(column):
                continue
            index = self.sheet.columns[column]
            symbols = {cell: symbol for cell in dict.fromkeys(block.cells(index)) if (symbol := _symbol(cell))}
            for record, code in zip(block.records, codes, strict=True) if symbols else ():
                symbol = symbols.get(record.cells[index])
                if symbol and code and not vocabulary().may_stand_for(symbol, code):
                    text = f"{self.sheet.shown(record.cells[index], column)} in a row of {code}"
                    raise self.sheet.error("two_currencies", text, "mend the row", record.line, index)

    def _codes(self, block: Block, reader: Reader) -> Texts:
        if self.sheet.has("currency"):
            codes = reader.each(block, "currency", _code)
            for code, record in zip(codes, block.records, strict=True):
                if code and self.asked and code != self.asked:
                    self._agree(code, record.line, self.sheet.columns["currency"])
            return [code or self.fixed or self.default for code in codes]
        found = self.fixed or self._by_symbol(block) or self.default
        return [found] * len(block.records)

    def _agree(self, found: str, line: int, index: int | None) -> None:
        if self.asked and self.asked != found and not self.sheet.options.converted:
            text = f"--currency says {self.asked}, the file says {found}"
            raise self.sheet.error("currency_contradicted", text, "leave --currency out", line, index)

    def _by_symbol(self, block: Block) -> str | None:
        words = vocabulary()
        for column in _SYMBOLLED:
            if not self.sheet.has(column):
                continue
            index = self.sheet.columns[column]
            for cell in dict.fromkeys(block.cells(index)):
                symbol = _symbol(cell)
                code = words.currency_of(symbol) if symbol else None
                if symbol is None or (code or symbol) in self.seen:
                    continue
                self.seen[code or symbol] = symbol
                line = block.line_of(index, cell)
                if len(self.seen) > 1:
                    text = f"two currencies ({', '.join(self.seen.values())}) in a column that names none"
                    raise self.sheet.error("two_currencies", text, "add a currency column", line, index)
                if code:
                    self._agree(code, line, index)
        return next((words.currency_of(symbol) for symbol in self.seen.values()), None)


def _symbol(cell: str) -> str | None:
    if not cell.strip("0123456789.,-+ '\u00a0\u202f"):
        return None
    try:
        return number(unguarded(cell)).symbol
    except BadValue:
        return None


def _code(cell: str) -> str | None:
    if is_unknown(cell):
        return None
    found = vocabulary().currency_of(cell.strip())
    if found is None:
        raise BadValue("no currency; use a code such as EUR")
    return found


def _headed(sheet: Sheet) -> dict[int, str]:
    """The currency or symbol in the brackets of each money header that has one."""
    words = vocabulary()
    said = {i: sheet.header.metadata.get(i, "").strip() for c in _SAME_CURRENCY if (i := sheet.columns.get(c, -1)) >= 0}
    return {index: symbol for index, symbol in said.items() if words.currency_of(symbol) or symbol in words.ambiguous}


def _stated_currency(sheet: Sheet) -> str | None:
    """The currency in a money header's brackets, in the preamble, or fixed by the platform."""
    words, fmt = vocabulary(), sheet.header.format
    for column in _PRICES:
        index = sheet.columns.get(column)
        if index is not None and (found := words.currency_of(sheet.header.metadata.get(index, "").strip())):
            return found
    rule = fmt.get("preamble", {}).get("currency")
    for line in sheet.header.preamble if rule else ():
        match = re.search(str(rule), line)
        if match and (found := words.currency_of(match[1].strip())):
            return found
    return str(fmt.get("currency")) if fmt.get("currency") else None


def tell(reader: Reader) -> None:
    """What the reading met, as notes of the sheet."""
    sheet, ledger = reader.sheet, reader.ledger
    for column, count in ledger.unknown.items():
        name = sheet.header.names[sheet.columns[column]]
        line = ledger.first_unknown[column]
        found = note("unknown_cells", file=sheet.name, line=line, count=count, column=name)
        sheet.notes.append(replace(found, trust=kind(column) == "money"))
    if ledger.negative_style is not None:
        sheet.notes.append(note("negative_style", file=sheet.name, line=ledger.negative_style))
    for scale in sorted({*filter(None, map(reader.scale_of, sheet.columns))}):
        sheet.notes.append(note(scale, file=sheet.name, line=sheet.header.line))
    if ledger.refunds_by_sign:
        types, count = [*ledger.refunds_by_sign], ledger.refunds_by_sign.total()
        named = ", ".join(map(quoted, types))
        told = note(
            "refunds_by_sign", file=sheet.name, line=ledger.first_by_sign, count=count, types=named, one=types[0]
        )
        sheet.notes.append(told)
    if ledger.stages_unread:
        words, count = ", ".join(map(quoted, sorted(ledger.stages_unread)[:5])), ledger.stages_unread.total()
        sheet.notes.append(
            note("stages_unread", file=sheet.name, line=ledger.first_stage_unread, count=count, words=words)
        )
    if ledger.damaged_ids is not None:
        sheet.notes.append(note("damaged_ids", file=sheet.name, line=ledger.damaged_ids))
    if ledger.read == ledger.left_out["no_data"] + ledger.left_out["totals_row"] + ledger.left_out["footer"]:
        sheet.notes.append(note("no_data", file=sheet.name, line=sheet.header.line))
