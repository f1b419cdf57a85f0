"""Large plain files of sales of which sums suffice: DuckDB adds up the rows that are alike, in one pass.

    load_sums(store, source, by)   fills the table `sales`; False where other ways of reading are called for
    kept_cells(found, by)          what rows have to be alike in
    group_columns(found)           what every group of a file holds beside those, as SQL

Rows are grouped by their cells as they stand, and every row is asked only whether its money is plain, and whether a
cell that is in no group calls it a total. What a day or a status means is asked of the groups, which are few; then the
rules are followed on them (judging.py). The plan is that of bulk.py: what it does not read is left to large.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.exports.bulk import Plan, attempt, checked, currency_of, no_totals, plan
from kpi_cli.exports.charges import flags_of
from kpi_cli.exports.composing import stored_dimensions
from kpi_cli.exports.engine import all_threads
from kpi_cli.exports.judging import NotPlain, judge, literal
from kpi_cli.exports.large import GROUPS, ROWS, SAMPLE
from kpi_cli.exports.plain import all_read, first_rows, letters_below, letters_sql, source_sql, timed
from kpi_cli.exports.roles import CHANNEL
from kpi_cli.exports.rows import Ledger
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.surveying import LETTERS
from kpi_cli.exports.tables import Source, Store

MONEY = ("charged", "refunds", "tax_charged", "tax_kept")


def load_sums(store: Store, source: Source, by: Collection[str]) -> bool:
    """Read a large plain file of sales as groups of rows.

    Args:
        by: the dimensions that rows may be grouped by.

    Returns:
        Whether that was possible; if not, nothing was kept.
    """
    sheet = source.sheet
    if sheet is None or sheet.role != "sales" or sheet.text is None or sheet.text.survey.newlines <= ROWS:
        return False
    queries = [_query(found, by) for found in ways(sheet)]
    counted = [replace(query, counted=True) for query in queries[:1] if _can_be_counted(query)]
    return any(_loaded(store, source, query) for query in [*counted, *queries])


def ways(sheet: Sheet) -> Iterator[Plan]:
    """How a sheet of sales is read, the leanest way first; none where DuckDB cannot."""
    yield from filter(None, (plan(sheet, typed=True), plan(sheet)))


@contextmanager
def in_any_order(store: Store) -> Iterator[None]:
    """Let rows be read in whatever order is fastest: else they wait for those before them."""
    store.con.execute("SET preserve_insertion_order = false")
    try:
        yield
    finally:
        store.con.execute("RESET preserve_insertion_order")


class _Query(Struct, frozen=True):
    """How the rows of a file become groups: by which cells they are grouped, and what is made of those."""

    found: Plan
    texts: dict[str, str]  # SQL of the texts that are kept, by their names in the table
    cells: set[int]  # those that rows are grouped by as they stand, and that texts ask whether they call a total
    by_day: bool  # whether rows are grouped by their day, and not by the cell that says it
    counted: bool = False  # letters: the cells that rows are grouped by have all that there are

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the table as SQL over groups; those whose cells are not kept are empty."""
        known = {"start": "day", "end": "day"} | self.texts
        return dict.fromkeys(self.found.columns, "NULL") | group_columns(self.found) | known

    def checks(self, *, of_groups: bool) -> list[str]:
        """What must hold of every group, or of every row."""
        checks = [c for c in self.found.checks if (_cells_in(self.found, c) <= self.cells) == of_groups]
        return checks if of_groups or self.counted else checks + no_totals(self.found, self.cells)


def _query(found: Plan, by: Collection[str]) -> _Query:
    kept, date = kept_cells(found, by), found.sheet.columns["date"]
    by_day = date in timed(found.text, found.sheet, [date])
    cells = {*kept.values()} | ({date} if not by_day else set())
    return _Query(found, texts_of(found, kept), cells, by_day)


def _can_be_counted(query: _Query) -> bool:
    """Whether all letters seem to stand in cells that rows are grouped by: then no other cell need be read for words.

    That costs a tenth less than to read one column more.
    """
    text, sheet = query.found.text, query.found.sheet
    others = {*range(len(sheet.header.names))} - query.cells
    has_letters = any(max(row[i].encode(), default=0) >= LETTERS for row in first_rows(text, sheet) for i in others)
    return text.survey.letters is not None and (sheet.delimiter or "@") < chr(LETTERS) and not has_letters


def _cells_in(found: Plan, said: str) -> set[int]:
    """The cells that SQL speaks of, itself or by the values that are read once.

    Its literals may look like others: a check is then asked of every row, and no less.
    """
    read = [sql for name, sql in found.values.items() if re.search(rf"\b{name}\b", said)]
    return {int(index) for index in re.findall(r"\bc(\d+)\b", " ".join([said, *read]))}


def kept_cells(found: Plan, by: Collection[str]) -> dict[str, int]:
    """The columns of texts that rows may differ in, by their names in the table of sales."""
    sheet = found.sheet
    kept = {name: sheet.columns[c] for c, name in stored_dimensions(sheet).items() if c in CHANNEL or c in by}
    return dict(sorted((kept | found.ruled).items()))


def texts_of(found: Plan, kept: Iterable[str]) -> dict[str, str]:
    """SQL of those texts."""
    return {name: found.columns[name] for name in kept}


def money_of(found: Plan) -> list[str]:
    """The columns of money that are not 0 throughout."""
    return [name for name in MONEY if found.columns[name] != "0"]


def group_columns(found: Plan) -> dict[str, str]:
    """SQL of what each group of a file holds beside its day and its texts."""
    columns = {"line": "NULL", "rows": "n", "currency": literal(currency_of(found.sheet))}
    columns |= {"is_order": "true", "is_line": "false"} | dict.fromkeys(MONEY, "0")
    return columns | {name: name for name in money_of(found)}


def _loaded(store: Store, source: Source, query: _Query) -> bool:
    found, number = query.found, source.number
    with in_any_order(store), attempt(store):
        _try_some(store, query)
        all_threads(store.con)  # of a sample, each would read much more than there is in it
        store.begin()
        store.con.execute(f"CREATE TEMP TABLE alike AS FROM {_groups_sql(query)}")
        [(groups, rows)] = store.rows("SELECT count(*), sum(n) FROM alike")
        if not (0 < groups <= GROUPS and all_read(found.text, found.sheet, rows)):
            raise NotPlain
        if query.counted and _letters(store, query) != letters_below(found.text, found.sheet.header.line):
            raise NotPlain
        file = checked(query.checks(of_groups=True), str(number))
        store.insert_query("sales", {"file": file} | query.columns, "alike")
        store.con.execute("DROP TABLE alike")
        ledger = Ledger(read=rows)
        judge(store, number, found.sheet, found.ruled, ledger)
        if not store.rows(f"SELECT 1 FROM sales WHERE file = {number} LIMIT 1"):
            raise NotPlain  # of a file without a row that counts, no dimension is known
        store.commit()
        found.sheet.sha256 = None
        source.sheet, source.ledger, source.checks, source.is_folded = found.sheet, ledger, "rows", True
        return True
    return False


def _letters(store: Store, query: _Query) -> int:
    """How many letters the cells have that rows are grouped by."""
    cells = " UNION ALL ".join(f"SELECT c{i} AS cell, sum(n) AS n FROM alike GROUP BY ALL" for i in sorted(query.cells))
    return int(store.rows(f"SELECT coalesce(sum(n * {letters_sql('cell')}), 0) FROM ({cells})")[0][0])


def _try_some(store: Store, query: _Query) -> None:
    """Raise NotPlain where the first rows are hardly fewer as groups, or DuckDB's error where one of them is odd."""
    are_plain = checked(query.checks(of_groups=True), "true")
    [(groups, rows, _)] = store.rows(
        f"SELECT count(*), sum(n), bool_and({are_plain}) FROM {_groups_sql(query, SAMPLE)}"
    )
    if not rows or groups > max(0.8 * rows, 1000):
        raise NotPlain


def _groups_sql(query: _Query, limit: int | None = None) -> str:
    """The groups of rows: the cells c0, c1, … that they are alike in, their `day`, sums of money, and `n` rows."""
    found, date = query.found, query.found.cell("date")
    first, *others = ["day" if query.by_day else date, *(f"c{i}" for i in query.cells if f"c{i}" != date)]
    keys = [f"{checked(query.checks(of_groups=False), first)} AS {first}", *others, *_apart(found)]
    sums = [f"sum({found.columns[name]}) AS {name}" for name in money_of(found)]
    values = "".join(f", {sql} AS {name}" for name, sql in found.values.items())
    source = source_sql(found.text, found.sheet, found.read, limit)
    groups = f"SELECT {', '.join([*keys, *sums])}, count(*) AS n FROM (SELECT *{values} FROM {source}) GROUP BY ALL"
    return f"({groups})" if query.by_day else f"(SELECT *, {found.values['day']} AS day FROM ({groups}))"


def _apart(found: Plan) -> list[str]:
    """What else tells groups apart: rules may speak of rows alone that went back, or were free."""
    has_rules = any(flags_of(found.sheet).values())
    return [f"{found.columns[name]} = 0" for name in ("charged", "refunds") if has_rules and name in money_of(found)]
