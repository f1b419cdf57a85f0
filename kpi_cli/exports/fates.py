"""Whether a row is left out, and why, by the rules of its format and by what the user says.

Fate(sheet)(record)   the reason to leave a record out, or None
conditions(rule)      a rule of a format file as a question to cells
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kpi_cli.exports.dialect import Record
from kpi_cli.exports.sheet import Sheet, say_whether_it_counts
from kpi_cli.safe import folded, quoted


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
