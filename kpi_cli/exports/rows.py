"""The second pass: records become the columns of their role's table, or are left out for a stated reason.

Work goes column by column, each distinct cell once. Values leave here as text that DuckDB casts exactly:
decimals with a dot, days as ISO dates. What its rows cover is spans.py's to say, which money they are in currency.py's,
and which of them are left out fates.py's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from kpi_cli.exports.currency import Currency
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.fates import Fate
from kpi_cli.exports.own import own_values
from kpi_cli.exports.roles import NONE_WHEN_BLANK, kind
from kpi_cli.exports.sheet import BATCH, Sheet, batched
from kpi_cli.exports.spans import Spans
from kpi_cli.exports.values import (
    BadValue,
    amount,
    day,
    in_seconds,
    is_unknown,
    number,
    unguarded,
)
from kpi_cli.exports.vocabulary import vocabulary
from kpi_cli.safe import folded, quoted
from kpi_cli.texts import note

_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,2}")
_OCTAL = re.compile(r"[+-]?0\d")
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
        self.currency = Currency(sheet)
        self.spans = Spans(self)

    @property
    def tz(self) -> str | None:
        """The zone in which moments are told, where the file's own are of several."""
        return self.sheet.options.tz if self.sheet.days.has_zones else None

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
        tz = self.tz
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


def plain_text(value: Decimal | None) -> str | None:
    """A number as DuckDB reads it back exactly."""
    return None if value is None else f"{value:f}"


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
