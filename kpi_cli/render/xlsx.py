"""XLSX: typed cells under number formats, a frozen header; no text from a file becomes a formula or a link.

The same answer gives the same bytes: the workbook bears no time of its making.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from msgspec import Struct

from kpi_cli import locales
from kpi_cli.render import lifetime
from kpi_cli.render.page import Page
from kpi_cli.render.telling import said
from kpi_cli.render.words import fate, name, word
from kpi_cli.reporting import Report
from kpi_cli.result import CheckResult, Column, Note, Result, Unit, Value
from kpi_cli.safe import printable
from kpi_cli.texts import label

_CREATED = dt.datetime(2000, 1, 1)
_FORMATS: dict[Unit, str] = {
    "money": "#,##0.00",
    "count": "#,##0",
    "rate": "0.00%",
    "multiple": '0.00"×"',
    "months": "0.0",
    "days": "0.0",
    "text": "@",
}
_FRACTION = "#,##0.00"  # of a count, such as conversions that a platform shares out
# Days and months are dates, which a spreadsheet can sort, shown as everything else shows them.
_DATES = {
    "en": {"day": "[$-409]mmm d, yyyy", "month": "[$-409]mmm yyyy"},
    "fr": {"day": "[$-40C]d mmm yyyy", "month": "[$-40C]mmm yyyy"},
}
_WIDEST = 60
_NAME_LENGTH = 31  # what a worksheet's name may be long
_EXACT_DIGITS = 15  # what a spreadsheet keeps of a number


class Table(Struct, frozen=True):
    """A worksheet: its name, columns, rows of values, and whether the last row is the total.

    `units` gives a row's own unit where a column mixes several.
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    total: bool = False
    units: Sequence[Unit] = ()


def write_xlsx(answer: Result | CheckResult | Report, page: Page) -> bytes:
    """The answer as a workbook: its figures, then its notes and the files behind it."""
    import xlsxwriter

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": _CREATED, "title": answer.question})
        writer = _Writer(book, page.lang)
        for table in _tables(answer, page.lang):
            writer.write(table)
    return out.getvalue()


def _tables(answer: Result | CheckResult | Report, lang: str) -> Iterator[Table]:
    if isinstance(answer, Report):
        yield from _of_report(answer, lang)
    elif isinstance(answer, Result):
        yield _with_earlier(answer, _of_result(answer, answer.question, lang), lang)
        yield from (Table(*table) for table in lifetime.tables(answer, lang))
    if answer.notes:
        yield _of_notes(answer.notes, lang)
    if answer.sources:
        yield _of_sources(answer.sources, lang)


def _of_report(report: Report, lang: str) -> Iterator[Table]:
    """The headline figures, each in its own unit, then a worksheet a table."""
    columns = [Column("figure", printable(report.title or label("metric", "definitions")), "text")]
    names = ("value", "previous", "year", "target", "budget")
    columns += [Column(each, label(each), "money") for each in names]
    columns[1] = Column("value", locales.span(report.period.start, report.period.end, lang), "money")
    rows = [[head.column.label, *(getattr(head, each) for each in names)] for head in report.headlines]
    yield Table(said("summary", lang), columns, rows, units=[head.column.unit for head in report.headlines])
    for part in report.parts:
        yield _of_result(part.result, said(f"part_{part.name}", lang), lang)


def _of_result(result: Result, title: str, lang: str) -> Table:
    """Rows and total of an answer."""
    held = {key for row in result.rows or [result.total] for key in row}
    columns = [column for column in result.columns if column.name in held]
    keys = set(result.by)
    rows = [[_cell(row.get(c.name), c, keys) for c in columns] for row in result.rows]
    if result.total:
        total = [_cell(result.total.get(c.name), c, keys) for c in columns]
        if result.rows and (columns[0].name in keys or columns[0].unit == "text"):
            total[0] = word("total", lang)
        rows.append(total)
    return Table(title, columns, rows, bool(result.rows and result.total))


def _with_earlier(result: Result, table: Table, lang: str) -> Table:
    """The same with the figures of the period compared with; the change is left to the reader's formulas."""
    if result.previous is None:
        return table
    span = locales.span(result.previous.period.start, result.previous.period.end, lang)
    figures = [column for column in table.columns if column.unit not in ("text", "date")]
    columns = [Column(f"{c.name}_previous", f"{c.label}, {span}", c.unit) for c in figures]
    before = result.previous.beside((*result.by, "stage"))
    then = [*map(before, result.rows), *([result.previous.total] if result.total else [])]
    rows = [[*row, *(old.get(c.name) for c in figures)] for row, old in zip(table.rows, then, strict=True)]
    return Table(table.name, [*table.columns, *columns], rows, table.total)


def _cell(value: Value, column: Column, keys: set[str]) -> Value:
    if isinstance(value, str) and (column.unit == "date" or column.name in ("day", "month", "cohort")):
        with suppress(ValueError):  # a cohort can be a channel
            return dt.date.fromisoformat(f"{value}-01" if re.fullmatch(r"\d{4}-\d\d", value) else value)
    return name(value, column.name) if column.name in keys and isinstance(value, str) else value


def _of_notes(notes: Sequence[Note], lang: str) -> Table:
    heads = [Column("code", "Code", "text"), Column("text", said("notes", lang), "text")]
    heads += [Column("file", said("file", lang), "text"), Column("line", word("line", lang, "").strip(), "count")]
    return Table(said("notes", lang), heads, [[note.code, note.text, note.file, note.line] for note in notes])


def _of_sources(sources: Sequence[Mapping[str, Any]], lang: str) -> Table:
    """Every file, what it was taken for, and where its rows went."""
    heads = [
        Column("file", said("file", lang), "text"),
        Column("format", "Format", "text"),
        Column("role", "Role", "text"),
    ]
    heads += [Column("start", word("period", lang), "date"), Column("end", "→", "date")]
    heads += [Column(each, said(each, lang), "count") for each in ("read", "used")]
    heads += [Column("left_out", said("left_out", lang), "text"), Column("sha256", "SHA-256", "text")]
    return Table(said("ledger", lang), heads, [_source(source) for source in sources])


def _source(source: Mapping[str, Any]) -> list[Value]:
    period, rows = source.get("period") or {}, source.get("rows") or {}
    days = [period.get(end) and dt.date.fromisoformat(period[end]) for end in ("start", "end")]
    left_out = ", ".join(f"{fate(code)} {count}" for code, count in (rows.get("left_out") or {}).items())
    error = source.get("error") or {}
    return [
        source["file"],
        source.get("format"),
        source.get("role"),
        *days,
        rows.get("read"),
        rows.get("used"),
        left_out or error.get("text"),
        source.get("sha256"),
    ]


class _Writer:
    """Worksheets into a workbook."""

    def __init__(self, book: Any, lang: str) -> None:
        self.book = book
        self.lang = lang
        self.formats: dict[tuple[str, bool], Any] = {}
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
        self.names: set[str] = set()

    def write(self, table: Table) -> None:
        """One worksheet."""
        sheet = self.book.add_worksheet(self._named(table.name))
        sheet.freeze_panes(1, 1)
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, printable(column.label), self.head)
            shown = [len(str(row[place])) for row in table.rows if row[place] is not None]
            width = max([len(column.label), *(shown if column.unit == "text" else [])])
            sheet.set_column(place, place, min(_WIDEST, max(12, width + 2)))
        for line, row in enumerate(table.rows, 1):
            total = table.total and line == len(table.rows)
            for place, (value, column) in enumerate(zip(row, table.columns, strict=True)):
                unit = table.units[line - 1] if table.units and column.unit != "text" else column.unit
                self._put(sheet, (line, place), value, self._format(self._shape(value, unit, column.name), total))

    def _put(self, sheet: Any, place: tuple[int, int], value: Value, form: Any) -> None:
        """A number as a number, a day as a day, anything else as text that nothing reads as a formula."""
        if isinstance(value, dt.date):
            sheet.write_datetime(*place, dt.datetime(value.year, value.month, value.day), form)
        elif (
            isinstance(value, int | float | Decimal)
            and len(Decimal(str(value)).to_integral_value().as_tuple().digits) <= _EXACT_DIGITS
        ):
            sheet.write_number(*place, float(round(Decimal(str(value)), 6)), form)
        elif value is None:
            sheet.write_blank(*place, None, form)
        else:
            sheet.write_string(*place, printable(str(value)), form)

    def _shape(self, value: Value, unit: Unit, column: str) -> str:
        """The number format of a cell."""
        if isinstance(value, dt.date):
            return _DATES[self.lang]["month" if column in ("month", "cohort") else "day"]
        if unit == "count" and isinstance(value, float | Decimal) and value % 1:
            return _FRACTION
        return _FORMATS.get(unit, "@")

    def _format(self, shape: str, total: bool) -> Any:
        if (shape, total) not in self.formats:
            edge = {"bold": True, "top": 1} if total else {}
            self.formats[shape, total] = self.book.add_format({"num_format": shape, **edge})
        return self.formats[shape, total]

    def _named(self, text: str) -> str:
        """A worksheet's name as Excel takes it, and different from the others."""
        plain = (
            "".join(" " if sign in "[]:*?/\\'" else sign for sign in printable(text)).strip()[:_NAME_LENGTH] or "kpi"
        )
        chosen, nth = plain, 1
        while chosen.casefold() in self.names:
            nth += 1
            chosen = f"{plain[: _NAME_LENGTH - 4]} {nth}"
        self.names.add(chosen.casefold())
        return chosen
