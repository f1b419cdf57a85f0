"""A Sheet is one file understood: its header, its records, what its cells settle, and the rows it gives.

(understanding.py)        a file becomes a sheet: its header is found
(structure.py, cells.py)  first pass: which records are rows; which decimal mark and date order hold
(rows.py)                 second pass: each record becomes a typed row, or is left out for a stated reason
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from kpi_cli.errors import InputError
from kpi_cli.exports.dialect import Record, Text
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.recognising import Header
from kpi_cli.exports.roles import IDENTITY
from kpi_cli.exports.values import Days, Marks
from kpi_cli.result import Note
from kpi_cli.safe import quoted

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
    calls_sums: bool = False  # a row is called the sum of others
    leaves_blank: bool = False  # a row is blank where others have a name
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
    say whether it counts, in the files' entry of kpi.yml, and run without FILES: statuses: {Raffle: used}
    >>> print(say_whether_it_counts("“Total :”"))
    say whether it counts, in the files' entry of kpi.yml, and run without FILES: statuses: {"Total :": used}
    """
    word = shown.strip("“”")
    word = word if _PLAIN.fullmatch(word) else f'"{word}"'
    return f"say whether it counts, in the files' entry of kpi.yml, and run without FILES: statuses: {{{word}: used}}"


_PLAIN = re.compile(r"[^\W_][\w .-]*")
BATCH = 50_000


def batched(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    """Records in lists of at most `size`."""
    waiting = iter(records)
    while batch := list(islice(waiting, size)):
        yield batch
