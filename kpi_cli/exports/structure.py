"""The first pass over a sheet: which of its records are rows, and which are totals, footers, “no data”.

settle(sheet)   looks at every record once; what the rows' cells say is settled by cells.py
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice, pairwise
from operator import itemgetter
from typing import Any

from kpi_cli.exports.cells import conclude, look
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.roles import kind
from kpi_cli.exports.sheet import BATCH, Sheet, Totals, batched, say_whether_it_counts
from kpi_cli.exports.values import is_unknown
from kpi_cli.safe import folded, quoted
from kpi_cli.texts import note


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
        structure.look_for_sums(rows)
        look(sheet, rows)
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


def total_words(sheet: Sheet) -> re.Pattern[str] | None:
    """What the words for a total look like, folded, in a hand-made table; a platform's own totals are known."""
    patterns = [rule["match"] for rule in sheet.header.format.get("totals", ()) if "match" in rule]
    is_handmade = sheet.header.format.name == GENERIC
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if is_handmade and patterns else None


def may_call_totals(sheet: Sheet) -> list[int]:
    """The columns whose cells may call a row a total: all that hold no figures, and belong to the table."""
    figures = {i for column, i in sheet.columns.items() if kind(column) != "text"}
    return sorted({*range(len(sheet.header.names))} - figures - sheet.header.apart)


def words_for_all(sheet: Sheet, index: int) -> frozenset[str]:
    """What a row is called, folded, that holds all slices of a column: a device, a network; none of other columns."""
    whole = sheet.header.format.get("whole", {"columns": (), "words": ()})
    slices = {sheet.columns[column] for column in whole["columns"] if sheet.has(column)}
    return frozenset(whole["words"] if index in slices else ())


def calls_a_total(sheet: Sheet, index: int, name: str) -> bool:
    """Whether a row of a hand-made table may be a total by what a cell calls it."""
    word, said = total_words(sheet), folded(name)
    return word is not None and (word.match(said) is not None or said in words_for_all(sheet, index))


def sum_words(sheet: Sheet) -> re.Pattern[str] | None:
    """What a row is called, folded, that may be the sum of rows above it; only hand-made tables have such words."""
    patterns = sheet.header.format.get("undated_subtotals", ())
    return re.compile("|".join(patterns)) if patterns else None


def nothing_said(sheet: Sheet) -> re.Pattern[str]:
    """What a cell that should name something holds, folded, where it names nothing: blanks and dashes, “n/a”, “all”."""
    words = map(re.escape, sheet.header.format.get("whole", {}).get("words", ()))
    return re.compile("|".join([r"[\W_]*", *sheet.header.format.get("unnamed", ()), *words]))


def naming(sheet: Sheet) -> list[int]:
    """The columns that may call a row something: those of texts and days, and those that nothing is known of."""
    kinds = {i: kind(column) for column, i in reversed(sheet.columns.items())}
    places = (i for i in range(len(sheet.header.names)) if i not in sheet.header.apart)
    return [i for i in places if kinds.get(i, "text") in {"text", "day"}]


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
        self.sums, self.naming, self.nothing = sum_words(sheet), naming(sheet), nothing_said(sheet)
        self.left_blank, self.named = set[int](), set[int]()
        self.for_all = {i: words for i in may_call_totals(sheet) if (words := words_for_all(sheet, i))}
        self.slices = defaultdict[int, set[str]](set)  # how they are called: all of them, and some that are one
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
        for index in may_call_totals(self.sheet):
            cells = {cell: folded(cell) for cell in dict.fromkeys(row.cells[index] for row in rows)}
            for cell, name in cells.items():
                doubt = _MAY_BE_TOTAL if word.match(name) else self._may_be_no_cost(index, name)
                if doubt:
                    settle_doubt(self.sheet, [row for row in rows if row.cells[index] == cell], index, doubt)
            if words := self.for_all.get(index):
                names = {*cells.values()} - {""}
                self.slices[index] |= names & words | {*islice(names - words, 1)}

    def _refuse_slices(self) -> None:
        """Refuse a row that holds all slices of a column of which others hold one."""
        doubtful = {i: words for i, words in self.for_all.items() if words & self.slices[i] and len(self.slices[i]) > 1}
        called = defaultdict[tuple[int, str], list[Record]](list)
        for row in self.sheet.records() if doubtful else ():
            if row.line not in self.sheet.left_out:
                for index in (i for i, words in doubtful.items() if folded(row.cells[i]) in words):
                    called[index, row.cells[index]].append(row)
        for (index, _), rows in called.items():
            settle_doubt(self.sheet, rows, index, _MAY_BE_TOTAL)

    def look_for_sums(self, rows: Sequence[Record]) -> None:
        """Whether a row may be the sum of others: called so, or without a name that those have (subtotals.py)."""
        if self.sums is None:
            return
        for index in self.naming:
            cells = dict.fromkeys(row.cells[index] for row in rows if index < len(row.cells))
            self.sheet.calls_sums = self.sheet.calls_sums or any(self.sums.search(folded(cell)) for cell in cells)
            blank = {self.nothing.fullmatch(folded(cell)) is not None for cell in cells}
            self.left_blank |= {index} if True in blank else set()
            self.named |= {index} if False in blank else set()
        known = [index for index in self.naming if index in self.sheet.columns.values()]
        whole = [row.cells for row in rows if len(row.cells) > max(known, default=0)]
        says_again = any(
            cells[a] and cells[a].lower() == cells[b].lower() for a, b in pairwise(known) for cells in whole
        )
        self.sheet.leaves_blank |= says_again or not self.left_blank.isdisjoint(self.named)

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
        if self.sheet.header.apart:
            return False  # what stands in the first column may be none of the table's
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
        apart = self.sheet.header.apart
        filled = [(i, c) for i, c in enumerate(record.cells) if c.strip() and i not in apart]
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
        look(self.sheet, [found.record for found in self.pending])
        self.body += len(self.pending)
        self.pending.clear()

    def close(self) -> None:
        sheet = self.sheet
        sheet.totals = self.pending
        for found in self.pending:
            sheet.left_out[found.record.line] = "totals_row"
        self._refuse_slices()
        if self.trailing or (self.header[-1:] == [""] and self._last_blank()):
            sheet.notes.append(note("trailing_delimiter", file=sheet.name, line=sheet.header.line))
        elif sheet.header.apart:
            first = min(sheet.header.apart) + 1
            sheet.notes.append(note("stands_apart", file=sheet.name, line=sheet.header.line, column=first))
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
