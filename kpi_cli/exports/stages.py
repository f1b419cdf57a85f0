"""How far a learner came: which rows have started a course and which have completed it.

A format's `stages` list what tells it, any one of them: a date, a share, a certificate, a score, or the cells
of the course's activities, which stand in columns of no fixed name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from kpi_cli.exports.dialect import Record
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.values import BadValue, amount, is_unknown
from kpi_cli.safe import folded

Test = Callable[[Record], bool]


class Stages:
    """The rules of a sheet's format for the stages `started` and `completed`."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        rules: Mapping[str, Any] = sheet.header.format.get("stages", {})
        self._rules = rules
        told = {stage: rules.get(stage, ()) for stage in ("started", "completed")}
        self.tests = {stage: [self._test(rule) for rule in listed] for stage, listed in told.items()}
        self.filled = {rule["column"] for listed in told.values() for rule in listed if "filled" in rule}

        self._done = self._marks("done") if "activities" in rules else None

    def share(self, record: Record) -> Decimal | None:
        """The percent of its activities that a row shows as done; None where the format has no activities."""
        marks = self._done(record) if self._done else []
        return Decimal(100 * sum(marks)) / len(marks) if marks else None

    def reached(self, stage: str, record: Record) -> bool:
        """Whether a row shows that its learner reached a stage."""
        return any(test(record) for test in self.tests[stage])

    def unread(self, record: Record) -> str | None:
        """What a row says of its stage in a word that is not known."""
        words, column = self._rules.get("not_started"), self.sheet.columns.get("completion_status")
        if words is None or column is None or is_unknown(record.cells[column]):
            return None
        return None if folded(record.cells[column]) in {*map(folded, words)} else record.cells[column].strip()

    def _test(self, rule: Mapping[str, Any]) -> Test:
        if "activities" in rule:
            return self._activities(rule["activities"])
        if "scores" in rule:
            spec = self._rules["scores"]
            places = self._between(spec["after"], spec["before"])
            absent = {folded(word) for word in spec["not_begun"]}
            return lambda record: any(self._value(record.cells[i], absent) > 0 for i in places)
        if rule["column"] not in self.sheet.columns:
            return lambda _: False
        return self._column(self.sheet.columns[rule["column"]], rule)

    def _column(self, index: int, rule: Mapping[str, Any]) -> Test:
        if "is" in rule:
            words = {folded(str(word)) for word in rule["is"]}
            return lambda record: folded(record.cells[index]) in words
        if "above" in rule:
            return lambda record: self._value(record.cells[index]) > Decimal(str(rule["above"]))
        if "at_least" in rule:
            return lambda record: self._value(record.cells[index]) >= Decimal(str(rule["at_least"]))
        return lambda record: not is_unknown(record.cells[index])

    def _activities(self, how_many: str) -> Test:
        """All activities done, or any begun; a course without activities shows neither."""
        marks = self._marks("done" if how_many == "all" else "begun")
        counts = all if how_many == "all" else any
        return lambda record: bool(found := marks(record)) and counts(found)

    def _marks(self, which: str) -> Callable[[Record], list[bool]]:
        """Of each activity, whether a row's cell says that it is done (or begun)."""
        spec = self._rules["activities"]
        named = set(self.sheet.columns.values())
        places = [i for i in self._between(spec["after"], ())[:: spec["every"]] if i not in named]
        patterns = [re.compile(p) for p in spec[which]]

        def marks(record: Record) -> list[bool]:
            return [any(pattern.search(folded(record.cells[i])) for pattern in patterns) for i in places]

        return marks

    def _between(self, after: list[str], before: list[str] | tuple[()]) -> list[int]:
        """The columns that stand after the last of some named ones and before the first of others."""
        columns = self.sheet.columns
        first = max((columns[c] for c in after if c in columns), default=-1) + 1
        last = min((columns[c] for c in before if c in columns), default=len(self.sheet.header.names))
        return list(range(first, last))

    def _value(self, cell: str, absent: set[str] | None = None) -> Decimal:
        """A score as a number; 0 where there is none."""
        if is_unknown(cell) or folded(cell) in (absent or ()):
            return Decimal(0)
        try:
            return amount(cell, self.sheet.decimal or ".")
        except BadValue:
            return Decimal(0)
