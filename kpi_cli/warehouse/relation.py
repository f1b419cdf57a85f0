"""A table or query of a database → a Sheet: what its columns are, and the rows that the question needs of it.

A small table comes over row by row, so that every check is made. A large one is grouped where it is: one query adds
up the money of the rows that are alike in all that the question looks at, and its groups are records that stand for
many rows each. Rows that do not simply add up keep their own cells. Both are then read as a file's records are.
"""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import IO, Any

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.errors import KpiError
from kpi_cli.exports.charges import BESIDE, price_rule, ruled
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.judging import literal
from kpi_cli.exports.large import ROWS
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.roles import CHANNEL, IDENTITY, MONEY_TYPE, NONE_WHEN_BLANK, kind
from kpi_cli.exports.sheet import Sheet, batched
from kpi_cli.exports.structured import Table, cell_text
from kpi_cli.exports.values import unguarded
from kpi_cli.warehouse.called import calls_sql
from kpi_cli.warehouse.engines import SOURCE, Column, Engine, identifier

_SAMPLE = 30
_BATCH = 10_000
COMBINATIONS = 5_000  # of cells that decide something: more do not travel with a question
_IN_MEMORY = 64 << 20
_NUMBERS = frozenset({"exact", "float"})
_NUMERIC = frozenset({"money", "whole", "number"})
_AVERAGES = frozenset({"avg_time", "position", "rate"})  # what does not add up
_ONE_BY_ONE = frozenset({"events", "touches", "progress", "leads", "rates"})  # their rows are people or moments


class Relation(Struct, frozen=True):
    """A table or query, open for reading until `open_until` is closed."""

    engine: Engine
    columns: list[Column]
    open_until: ExitStack

    def sheet(self, understand: Callable[[Table, ReadOptions], Sheet], options: ReadOptions) -> Sheet:
        """The relation as a sheet whose rows are fetched when they are first asked for.

        Args:
            understand: what makes a sheet of a structured table.
            options: how the relation is to be read.

        Raises:
            InputError: columns that are not known, or whose type cannot hold what they name.
        """
        names = [name for name, _ in self.columns]
        listed = ", ".join(_sample_sql(*column) for column in self.columns)
        sample = [Record(1, names)]
        sample += [_record(i, row) for i, row in enumerate(self.engine.rows(_limited(listed)), 2)]
        sheet = understand(Table(self.engine.name, sample, None, options.role), options)
        _check_types(sheet, self.columns)
        numeric = [self.columns[i][1] for c, i in sheet.columns.items() if kind(c) in _NUMERIC]
        sheet = replace(sheet, typed=all(k != "text" for k in numeric), relation=self)
        sheet.records = spool = _Spool(lambda: self._rows(sheet))
        self.open_until.callback(spool.close)
        return sheet

    def count(self) -> int:
        """How many rows there are."""
        ((count,),) = self.engine.rows(f"SELECT count(*) AS n FROM {SOURCE}")
        return int(count)

    def some(self, index: int) -> list[str]:
        """Some cells of a column, of numbers those that are not 0, as texts."""
        column, found = identifier(self.columns[index][0]), self.columns[index][1]
        told = f"{column} <> 0" if found in _NUMBERS else f"{column} IS NOT NULL"
        cells = self.engine.rows(f"SELECT {column} AS cell FROM {SOURCE} WHERE {told} LIMIT {_SAMPLE}")
        return [str(cell) for (cell,) in cells]

    def first_cells(self, indexes: Sequence[int]) -> dict[int, list[str]]:
        """Some cells of columns of text, by the column's index: all of them in one question."""
        picks = ", ".join(_sample_sql(*self.columns[i]) for i in indexes)
        rows = list(self.engine.rows(_limited(picks))) if indexes else []
        return {index: [cell_text(row[place]) for row in rows] for place, index in enumerate(indexes)}

    def _rows(self, sheet: Sheet) -> Iterator[Record]:
        """Every row, with the columns that are known, in their own order, else in that of their values."""
        used = sorted(set(sheet.columns.values()))
        picks = ", ".join(moment_sql(sheet, i) for i in used)
        order = ", ".join(str(i) for i, _ in enumerate(used, 1))
        order = "" if self.engine.in_order else f" ORDER BY {order}"
        for line, row in enumerate(self.engine.rows(f"SELECT {picks} FROM {SOURCE}{order}"), 2):
            yield Record(line, _spread(len(self.columns), used, row))

    def grouped(self, sheet: Sheet, by: Collection[str], marks: Mapping[int, str] | None = None) -> Sheet | None:
        """The sheet over groups of rows, added up where the data is; None where rows are wanted one by one.

        Args:
            sheet: this relation's, its header understood.
            by: the dimensions that rows may be grouped by.
            marks: SQL that rows are grouped by besides, by the column that it stands in for.
        """
        options = sheet.options
        if (
            sheet.role in _ONE_BY_ONE
            or options.dedupe
            or sheet.left_out
            or _counts_orders(sheet)
            or self.count() <= ROWS
        ):
            return None
        plan = _plan(sheet, by)
        plan.keys.update(marks or {})
        try:
            groups = list(self.engine.rows(_grouped_sql(sheet, plan)))
        except KpiError:
            return None  # a value that is too large to add up, or no number: the reading row by row names it
        records = [] if any(group[-2] for group in groups) else list(_groups(sheet, groups, plan))
        return sheet.over(records.__iter__) if records else None


def _counts_orders(sheet: Sheet) -> bool:
    return sheet.role == "sales" and sheet.has("orders")


def _sample_sql(name: str, found: str) -> str:
    """A column as recognition looks at it; a moment as local time, which drivers hand over without a library for it."""
    if found == "instant":
        return f"CAST({identifier(name)} AS TIMESTAMP)"
    return identifier(name) if found not in {"other", "bytes"} else "NULL"


def _limited(listed: str) -> str:
    return f"SELECT {listed} FROM {SOURCE} LIMIT {_SAMPLE}"


def _check_types(sheet: Sheet, columns: Sequence[Column]) -> None:
    for canonical, index in sheet.columns.items():
        name, found = columns[index]
        if found == "instant" and not sheet.options.tz:
            said = f"{name} holds moments, and which day one falls on depends on the time zone"
            raise sheet.error("zone_open", said, "say which day counts with --tz, such as --tz Europe/Paris", None)
        if found == "single" and kind(canonical) in _NUMERIC:
            said = f"{name} is of single precision, which does not hold cents"
            raise sheet.error("imprecise_column", said, "cast it to a decimal in a query", None)
        if found == "bytes":
            raise sheet.error("binary_column", f"{name} holds bytes, and no text", "cast it to text in a query", None)


class _Spool:
    """Rows fetched once and kept, on disk when they are many: a database may change between two looks at it."""

    def __init__(self, fetch: Callable[[], Iterator[Record]]) -> None:
        self.fetch = fetch
        self.kept: IO[bytes] | None = None

    def __call__(self) -> Iterator[Record]:
        if self.kept is None:
            self.kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (kept as long as the sheet)
            for batch in batched(self.fetch(), _BATCH):
                marshal.dump([(record.line, record.cells) for record in batch], self.kept)
            marshal.dump([], self.kept)
        place = 0
        while rows := self._batch_at(place):
            place = self.kept.tell()
            yield from (Record(line, cells) for line, cells in rows)

    def close(self) -> None:
        """Let go of what is kept."""
        if self.kept is not None:
            self.kept.close()

    def _batch_at(self, place: int) -> list[tuple[int, list[str]]]:
        assert self.kept is not None
        self.kept.seek(place)
        return list(marshal.load(self.kept))


def _record(line: int, row: Sequence[Any]) -> Record:
    return Record(line, [cell_text(value) for value in row])


def _spread(width: int, used: Sequence[int], row: Sequence[Any]) -> list[str]:
    cells = [""] * width
    for index, value in zip(used, row, strict=False):
        cells[index] = cell_text(value)
    return cells


def cell_sql(sheet: Sheet, index: int) -> str:
    """A column as rows are grouped by it: a day without its time, but for the moments of a log."""
    assert sheet.relation is not None
    name, found = sheet.relation.columns[index]
    if found in {"moment", "instant"} and _canonical(sheet, index) != "time":
        return f"CAST({identifier(name)} AS DATE)"
    return moment_sql(sheet, index)


def moment_sql(sheet: Sheet, index: int) -> str:
    """A column as its rows have it; of a sale the moment too, which says which of two was first."""
    assert sheet.relation is not None
    name, found = sheet.relation.columns[index]
    if found in {"moment", "instant"}:
        is_timed = _canonical(sheet, index) == "time" or (sheet.role, _canonical(sheet, index)) == ("sales", "date")
        return f"CAST({identifier(name)} AS {'TIMESTAMP' if is_timed else 'DATE'})"
    return identifier(name)


def values_sql(names: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> str:
    """Rows that travel with a question, as a query.

    >>> values_sql(["c0", "code"], [("d'or", 7), (None, 8)])
    "SELECT * FROM (VALUES ('d''or', 7), (NULL, 8)) AS v(c0, code)"
    """
    listed = [", ".join(str(v) if isinstance(v, int) else literal(v) for v in row) for row in rows]
    return f"SELECT * FROM (VALUES {', '.join(f'({row})' for row in listed)}) AS v({', '.join(names)})"


def is_written(cells: Iterable[str]) -> bool:
    """Whether texts are read as they are written: nothing around them that reading would take away."""
    return all(unguarded(cell).strip() == cell for cell in cells)


# --------------------------------------------------------------------------------------------- groups


class _Plan(Struct, frozen=True):
    """What becomes of each column: SQL that rows are grouped by, and numbers that add up where `plain` holds."""

    keys: dict[int, str]
    sums: list[int]
    plain: str  # SQL: whether a row's numbers may be added up
    calls: str  # SQL: whether a cell that is not kept calls its row a total


def _plan(sheet: Sheet, by: Collection[str]) -> _Plan:
    assert sheet.relation is not None
    at, columns = sheet.columns, sheet.relation.columns
    looked_at = wanted(sheet, by)
    numbers = [c for c in at if kind(c) in _NUMERIC]
    sums = [at[c] for c in numbers if columns[at[c]][1] in _NUMBERS and c not in _AVERAGES]
    sums = list(dict.fromkeys(sums))
    keys = {at[c]: cell_sql(sheet, at[c]) for c in at if c in looked_at or (kind(c) == "day" and c != "time")}
    keys |= {at[c]: cell_sql(sheet, at[c]) for c in numbers if at[c] not in sums}
    tests = [_plain_sql(sheet, i) for i in sums]
    tests += _sales_tests(sheet) if sheet.role == "sales" else []
    plain = " AND ".join(f"({test})" for test in tests) or "TRUE"
    return _Plan(keys, sums, plain, calls_sql(sheet, {*at.values()} - {*keys}))


def wanted(sheet: Sheet, by: Collection[str]) -> set[str]:
    """The columns of text that the question or a rule of the format looks at."""
    texts = {c for c in sheet.columns if kind(c) == "text"}
    if sheet.role != "sales":
        return texts - IDENTITY
    return texts & (set(by) | CHANNEL | ruled(sheet))


def _plain_sql(sheet: Sheet, index: int) -> str:
    """Whether a number is there, not below zero, and no finer than it is kept."""
    assert sheet.relation is not None
    column, found = sheet.relation.columns[index]
    name, meaning = identifier(column), _canonical(sheet, index)
    kept = f"CAST({name} AS {MONEY_TYPE})"
    back = f"CAST({kept} AS DOUBLE)" if found == "float" else kept
    test = f"{name} >= 0 AND {back} = {name}"
    test = f"{test} AND floor({name}) = {name}" if kind(meaning) == "whole" else test
    return f"{name} IS NULL OR ({test})" if meaning in NONE_WHEN_BLANK else f"{name} IS NOT NULL AND {test}"


def _canonical(sheet: Sheet, index: int) -> str:
    return next(c for c, i in sheet.columns.items() if i == index)


def _sales_tests(sheet: Sheet) -> list[str]:
    """What must hold of a sale besides, for its money to add up with that of others like it."""
    assert sheet.relation is not None
    at, columns, rule = sheet.columns, sheet.relation.columns, price_rule(sheet)
    if "paid" in at or {"times", *BESIDE} & {*rule} or sheet.options.vat is not None:
        return ["FALSE"]
    if columns[at[rule["column"]]][1] not in _NUMBERS:
        return ["FALSE"]
    back = at.get("refunded")
    if back is None:
        return []
    if columns[back][1] not in _NUMBERS:
        return ["FALSE"]
    # The tax in money that went back is scaled row by row.
    return [f"coalesce({identifier(columns[back][0])}, 0) = 0"]


def _grouped_sql(sheet: Sheet, plan: _Plan) -> str:
    assert sheet.relation is not None
    columns = sheet.relation.columns
    keys = [f"{sql} AS k{i}" for i, sql in plan.keys.items()]
    exact = [f"CASE WHEN {plan.plain} THEN NULL ELSE {identifier(columns[i][0])} END AS e{i}" for i in plan.sums]
    sums = [
        f"sum(CASE WHEN {plan.plain} THEN CAST({identifier(columns[i][0])} AS {MONEY_TYPE}) END) AS s{i}"
        for i in plan.sums
    ]
    flag = f"CASE WHEN {plan.plain} THEN 1 ELSE 0 END AS is_plain"
    groups = ", ".join(str(i) for i in range(1, len(keys) + len(exact) + 2))
    calls = f"max(CASE WHEN {plan.calls} THEN 1 ELSE 0 END) AS calls_a_total"
    picks = ", ".join([flag, *keys, *exact, *sums, calls, "count(*) AS n"])
    return f"SELECT {picks} FROM {SOURCE} GROUP BY {groups} ORDER BY {groups}"


def _groups(sheet: Sheet, groups: Iterable[tuple[Any, ...]], plan: _Plan) -> Iterator[Record]:
    """Each group as a record of the relation's own columns; numbers that do not add up stand row by row."""
    assert sheet.relation is not None
    width, first = len(sheet.relation.columns), 1 + len(plan.keys)
    line = 1
    for group in groups:
        is_plain, count = bool(group[0]), int(group[-1])
        cells = _spread(width, list(plan.keys), group[1:first])
        numbers = group[first + len(plan.sums) : -2] if is_plain else group[first : first + len(plan.sums)]
        for index, value in zip(plan.sums, numbers, strict=True):
            cells[index] = cell_text(value)
        line += 1
        if is_plain or sheet.role == "sales":
            yield Record(line, cells, count, 1 if is_plain else count)
        else:
            yield from (Record(line + again, cells) for again in range(count))
            line += count - 1
