"""A Sheet is one file understood: its header, its records, what its cells settle, and the rows it gives.

settle(sheet)  first pass: which rows are totals, footers, no data; which decimal mark and date order hold
(rows.py)      second pass: each record becomes a typed row, or is left out for a stated reason
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from kpi_cli.errors import InputError
from kpi_cli.exports.dialect import Record, Text
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.recognising import GENERIC, Header, is_titled
from kpi_cli.exports.roles import IDENTITY, kind
from kpi_cli.exports.values import (
    BadValue,
    Days,
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
from kpi_cli.result import Note
from kpi_cli.safe import folded, quoted
from kpi_cli.texts import note

if TYPE_CHECKING:
    from kpi_cli.warehouse.relation import Relation


class Totals(Struct):
    """A row that adds up others: kept as a control sum."""

    label: str
    record: Record
    scope: str  # rows: over the file's own rows; wider: over an account or a network


class Sheet(Struct):
    """One table of one file."""

    name: str
    header: Header
    options: ReadOptions
    encoding: str
    sha256: str | None
    records: Callable[[], Iterator[Record]]
    delimiter: str | None = None
    text: Text | None = None  # the file behind it, where it is one of text
    notes: list[Note] = field(default_factory=list)
    stamp: tuple[int, int] | None = None  # size and modification time when it was read
    typed: bool = False  # cells come from typed values (xlsx, parquet): dots and ISO dates
    texts: tuple[tuple[int, int], ...] = ()  # line and column of numbers among typed cells that are kept as text
    places: dict[tuple[int, int], tuple[int, int]] | None = None  # where a value stands, in YAML and JSON
    # what the first pass settles
    decimal: str | None = None
    date_order: str | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    currency: str | None = None
    account: str | None = None  # as the lines above the header name it
    taxed: bool = False  # a cell of the tax column is not zero
    pays_by_word: bool = True  # a cell of the column that says whether an order was paid is a yes or a no
    amounts: set[str] = field(default_factory=set)  # columns of money that hold more than bare 0 and 1
    refund_one: int | None = None  # the line of the first refund that is a bare 1
    totals: list[Totals] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)  # record line → reason
    part_back: list[int] = field(default_factory=list)  # lines of orders of which part went back, without saying what
    width: int = 0
    marks: Marks = field(default_factory=Marks)
    days: Days = field(default_factory=Days)
    symbols: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    relation: Relation | None = None  # the table or query behind it, where it is one of a database

    @property
    def columns(self) -> dict[str, int]:
        """Where each canonical column stands."""
        return self.header.columns

    @property
    def role(self) -> str:
        """The file's role."""
        return self.header.format.role

    def has(self, column: str) -> bool:
        """Whether the file has a canonical column."""
        return column in self.header.columns

    def over(self, records: Callable[[], Iterator[Record]]) -> Sheet:
        """The same columns over other records: nothing that the passes find in one is found in the other."""
        opened = replace(self, records=records, notes=[*self.notes], totals=[], left_out={}, part_back=[])
        return replace(opened, marks=Marks(), days=Days(), symbols={}, amounts=set(), refund_one=None)

    def error(self, code: str, text: str, fix: str, line: int | None, column: str | int | None = None) -> InputError:
        """An error of this file, at a line and a column."""
        place = self.header.columns.get(column) if isinstance(column, str) else column
        if self.places and line is not None and place is not None:
            return InputError(code, text, fix, self.name, *self.places.get((line, place), (line, place + 1)))
        return InputError(code, text, fix, self.name, line, None if place is None else place + 1)

    def shown(self, cell: str, column: str) -> str:
        """A cell as messages show it."""
        return quoted(cell, identity=column in IDENTITY)


def say_whether_it_counts(shown: str) -> str:
    """What to do about rows with a cell of doubtful meaning.

    >>> print(say_whether_it_counts("“Raffle”"))
    say whether it counts, in kpi.yml, in the files' entry: statuses: {Raffle: used}
    >>> print(say_whether_it_counts("“Total :”"))
    say whether it counts, in kpi.yml, in the files' entry: statuses: {"Total :": used}
    """
    word = shown.strip("“”")
    word = word if _PLAIN.fullmatch(word) else f'"{word}"'
    return f"say whether it counts, in kpi.yml, in the files' entry: statuses: {{{word}: used}}"


_PLAIN = re.compile(r"[^\W_][\w .-]*")
BATCH = 50_000


def batched(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    """Records in lists of at most `size`."""
    waiting = iter(records)
    while batch := list(islice(waiting, size)):
        yield batch


def settle(sheet: Sheet) -> None:
    """Look at every record once: structure, totals, decimal mark, date order, currency symbols.

    Raises:
        InputError: a row that is short or long, or cells that contradict each other or settle nothing.
    """
    structure, yes_and_no = _Structure(sheet), _yes_and_no(sheet)
    paid = sheet.columns.get("paid", 0)
    sheet.pays_by_word = not yes_and_no
    for batch in batched(sheet.records(), BATCH):
        rows = [record for record in batch if structure.sees(record)]
        structure.refuse_totals(rows)
        _look(sheet, rows)
        sheet.pays_by_word |= any(folded(row.cells[paid]) in yes_and_no for row in rows)
    structure.close()
    conclude(sheet)


def _yes_and_no(sheet: Sheet) -> set[str]:
    """The words of the column that says whether an order was paid; none where there is no such column."""
    fmt, said = sheet.header.format, {folded(word) for word, _ in sheet.options.statuses}
    words = [
        *fmt.get("used", {}).get("paid", ()),
        *(w for rule in fmt.get("left_out", ()) for w in rule.get("paid", ())),
    ]
    return {folded(str(word)) for word in words} | (said - {""}) if sheet.has("paid") else set()


def conclude(sheet: Sheet) -> None:
    """Settle decimal mark, date order and period from what was seen of the cells.

    Raises:
        InputError: cells that contradict each other, or leave open what they mean.
    """
    _settle_decimal(sheet)
    _settle_dates(sheet)
    _settle_refunds(sheet)


def total_words(sheet: Sheet) -> re.Pattern[str] | None:
    """What the words for a total look like, folded, in a hand-made table; a platform's own totals are known."""
    patterns = [rule["match"] for rule in sheet.header.format.get("totals", ()) if "match" in rule]
    is_handmade = sheet.header.format.name == GENERIC
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if is_handmade and patterns else None


_DATED = ("date", "week", "month", "start")
_MAY_BE_TOTAL = "can be the sum of other rows, or the name of something"


def settle_doubt(sheet: Sheet, records: Sequence[Record], index: int, doubt: str, otherwise: str | None = None) -> None:
    """Follow what kpi.yml says of rows that may be no rows of their own, by their cell in one column.

    Args:
        otherwise: why they are left out where kpi.yml does not say; None to ask.

    Raises:
        InputError: nothing is said of them.
    """
    cell = records[0].cells[index]
    fate = {folded(said): fate for said, fate in sheet.options.statuses}.get(folded(cell), otherwise)
    if fate is None:
        fix = f"delete the row, or {say_whether_it_counts(quoted(cell.strip()))}"
        raise sheet.error("total_or_name", f"{quoted(cell)} {doubt}", fix, records[0].line, index)
    if fate != "used":
        sheet.left_out |= dict.fromkeys((record.line for record in records), fate)


class _Structure:
    """Which records are rows: repeated headers, footers, totals and subtotals are set aside with their reason."""

    def __init__(self, sheet: Sheet) -> None:
        fmt = sheet.header.format
        self.sheet = sheet
        self.header = [folded(name) for name in sheet.header.names]
        self.words = [(reason, pattern) for reason in ("no_data", "footer") for pattern in fmt.get(reason, ())]
        self.subtotals: list[str] = fmt.get("subtotal_rows", ())
        self.undated: list[str] = fmt.get("undated_subtotals", ())
        self.dated = next((sheet.columns[c] for c in _DATED if sheet.has(c)), None) if self.undated else None
        self.totals = [(rule["match"], rule) for rule in fmt.get("totals", ()) if "match" in rule]
        self.any_cell = [(rule["any_cell"], rule) for rule in fmt.get("totals", ()) if "any_cell" in rule]
        self.blank = [
            ([sheet.columns[c] for c in rule["blank"] if sheet.has(c)], rule)
            for rule in fmt.get("totals", ())
            if "blank" in rule
        ]
        self.subtotal = [sheet.columns[c] for c in fmt.get("subtotal", {}).get("blank", ()) if sheet.has(c)]
        self.text = [i for c, i in sheet.columns.items() if kind(c) in {"text", "day"} and c != "currency"]
        self.position = fmt.get("totals_at", "any")
        self.pending: list[Totals] = []
        self.body = 0
        self.trailing: bool | None = None
        looked_at = [indexes[0] for indexes, _ in self.blank if indexes] + self.subtotal
        looked_at += [] if self.dated is None else [self.dated]
        self.telling = itemgetter(*dict.fromkeys((0, *looked_at)))
        self.ordinary: dict[str | tuple[str, ...], bool] = {}
        patterns = [p for _, p in self.words] + [p for p, _ in self.totals] + [*self.subtotals, *self.undated]
        self.worded = re.compile("|".join(patterns) or "(?!)")  # all of them ask how a cell begins
        self.is_worded: dict[str, bool] = {}
        sheet.width = len(self.header)

    def sees(self, record: Record) -> bool:
        """Whether a record is a row of the body."""
        if record.line in self.sheet.left_out:
            return False
        cells = record.cells
        if len(cells) == self.sheet.width and not self.trailing and self._is_ordinary(cells):
            self.trailing = False
            reason = None
        else:
            reason = self._reason(record)
        if reason is None:
            if self.position == "end" and self.pending:
                self._as_body()
            self.body += 1
            return True
        if reason != "totals_row":
            self.sheet.left_out[record.line] = reason
        return False

    def refuse_totals(self, rows: Sequence[Record]) -> None:
        """Refuse a row that bears a day, and somewhere the word for a total, unless kpi.yml says whether it counts."""
        word = total_words(self.sheet)
        if word is None:
            return
        figures = {i for column, i in self.sheet.columns.items() if kind(column) != "text"}
        whole = self.sheet.header.format.get("whole", {"columns": (), "words": ()})
        slices = {self.sheet.columns[column] for column in whole["columns"] if self.sheet.has(column)}
        for index in sorted({*range(len(self.header))} - figures):
            cells = {cell: folded(cell) for cell in dict.fromkeys(row.cells[index] for row in rows)}
            words = whole["words"] if index in slices and len({*cells.values()} - {""}) > 1 else ()
            for cell, name in cells.items():
                doubt = _MAY_BE_TOTAL if word.match(name) or name in words else self._may_be_no_cost(index, name)
                if doubt:
                    settle_doubt(self.sheet, [row for row in rows if row.cells[index] == cell], index, doubt)

    def _may_be_no_cost(self, index: int, name: str) -> str | None:
        """What a row of costs may be instead: a plan, which its kind or status says, or the tax on other rows."""
        fmt, columns = self.sheet.header.format, self.sheet.columns
        if self.sheet.role not in {"spend", "costs"}:
            return None
        is_kind = index == columns.get("category") or index not in columns.values()
        if is_kind and name in fmt.get("planned", ()):
            return "can be what was planned, beside what was spent"
        is_tax = any(re.match(pattern, name) for pattern in fmt.get("tax_rows", ()))
        return "can be the tax on other rows, or the name of something" if is_tax else None

    def _is_ordinary(self, cells: list[str]) -> bool:
        """Whether the cells that tell most rows, the first and those that totals leave blank, say nothing special."""
        told = self.telling(cells)
        plain = self.ordinary.get(told)
        if plain is None:
            blank = any(map(is_unknown, (told,) if isinstance(told, str) else told))
            plain = self.ordinary[told] = not (blank or self._is_worded(cells[0]))
        return plain

    def _is_worded(self, cell: str) -> bool:
        """Whether a first cell is a word of a header, footer or total."""
        found = self.is_worded.get(cell)
        if found is None:
            first = folded(cell)
            found = self.is_worded[cell] = first == self.header[0] or self.worded.match(first) is not None
        return found

    def _reason(self, record: Record) -> str | None:
        filled = [(i, c) for i, c in enumerate(record.cells) if c.strip()]
        if not filled:
            return "blank"
        at, first = filled[0][0], folded(filled[0][1])
        if [folded(c) for c in record.cells] == self.header:
            return "repeated_header"
        for reason, pattern in self.words:
            if re.match(pattern, first) and (reason == "no_data" or self._only(record, at)):
                return reason
        if any(re.match(p, first) for p in self.subtotals) and self._only(record, at):
            return "subtotal_row"
        found = self._total(record, at, first)
        if found:
            self.pending.append(found)
            return "totals_row"
        if self._is_undated_subtotal(record, at, first):
            return "subtotal_row"
        self._counted(record)
        blank = any(is_unknown(record.cells[i]) for i in self.subtotal)
        return "subtotal_row" if blank else None

    def _is_undated_subtotal(self, record: Record, at: int, first: str) -> bool:
        """Whether a row without a day of its own is called a sum; with a day, a campaign “Total …” is a name."""
        if self.dated is None or not any(re.search(pattern, first) for pattern in self.undated):
            return False
        day = record.cells[self.dated] if self.dated < len(record.cells) else ""
        return (at == self.dated or is_unknown(day)) and self._only(record, at)

    def _total(self, record: Record, at: int, first: str) -> Totals | None:
        for pattern, rule in self.any_cell:
            said = next((c for c in record.cells if re.match(pattern, folded(c))), None)
            if said is not None:
                return Totals(said.strip(), record, rule["scope"])
        for pattern, rule in self.totals:
            if re.match(pattern, first) and self._only(record, at) and not self._too_late(rule):
                return Totals(record.cells[at].strip(), record, rule["scope"])
        for indexes, rule in self.blank:
            blank = len(record.cells) == len(self.header) and all(is_unknown(record.cells[i]) for i in indexes)
            if indexes and blank and not self._too_late(rule):
                return Totals("", record, rule["scope"])
        return None

    def _too_late(self, rule: dict[str, Any]) -> bool:
        return rule.get("at") == "first" and self.body > 0

    def _only(self, record: Record, at: int) -> bool:
        """Whether no other text or date cell says anything: a campaign called “Total …” is no total."""
        if len(record.cells) != len(self.header):
            return True
        return all(i == at or is_unknown(record.cells[i]) for i in self.text)

    def _counted(self, record: Record) -> None:
        """Fields counted against the header; one empty field too many is fine when every row has it."""
        fields, due = len(record.cells), len(self.header)
        extra = fields == due + 1 and not record.cells[-1].strip()
        if self.trailing is None and fields in {due, due + 1}:
            self.trailing = extra
        if fields == due and not self.trailing:
            return
        if extra and self.trailing:
            return
        raise self.sheet.error(
            "wrong_field_count",
            f"{fields} fields where the header has {due}",
            "quote the cells that hold the delimiter, or mend the row",
            record.line,
            min(fields, due),
        )

    def _as_body(self) -> None:
        """Rows that looked like totals, with ordinary rows after them, are ordinary where totals come last."""
        _look(self.sheet, [found.record for found in self.pending])
        self.body += len(self.pending)
        self.pending.clear()

    def close(self) -> None:
        sheet = self.sheet
        sheet.totals = self.pending
        for found in self.pending:
            sheet.left_out[found.record.line] = "totals_row"
        if self.trailing or (self.header[-1:] == [""] and self._last_blank()):
            sheet.notes.append(note("trailing_delimiter", file=sheet.name, line=sheet.header.line))
        elif "" in self.header and "blank_header" not in sheet.header.format.get("recognise", {}):
            sheet.notes.append(
                note("unnamed_column", file=sheet.name, line=sheet.header.line, column=self.header.index("") + 1)
            )
        repeated = [line for line, reason in sheet.left_out.items() if reason == "repeated_header"]
        if repeated:
            sheet.notes.append(note("repeated_header", file=sheet.name, line=repeated[0], count=len(repeated)))

    def _last_blank(self) -> bool:
        last = len(self.header) - 1
        return all(len(r.cells) <= last or not r.cells[last].strip() for r in self.sheet.records())


def _look(sheet: Sheet, rows: list[Record]) -> None:
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
    if offsets and max(offsets) - min(offsets) > 60 and not sheet.options.tz:
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
