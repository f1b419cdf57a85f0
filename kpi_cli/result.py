"""Result: the one answer every question gives and every writer renders.

Money is Decimal, counts are int, rates and multiples are Decimal or float; nothing is rounded before output.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from msgspec import Struct, field

from kpi_cli.period import UNITS

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["money", "count", "rate", "multiple", "months", "days", "text", "date"]
Better = Literal["higher", "lower"] | None
Value = Decimal | int | float | str | dt.date | None
Row = dict[str, Value]

_MILLIONTH = Decimal("0.000001")


class Column(Struct, frozen=True):
    """A column of a Result: its name, what it is called, its unit, and which way is better."""

    name: str
    label: str
    unit: Unit
    better: Better = None


class Note(Struct, frozen=True):
    """Something a reader must know to trust the figures. `code` is one of contract §7's.

    `trust` is False where no money depends on it, whatever the code usually means.
    """

    code: str
    text: str
    file: str | None = None
    line: int | None = None
    trust: bool = True

    def to_dict(self) -> dict[str, str | int | None]:
        """The note as JSON prints it."""
        return {"code": self.code, "text": self.text, "file": self.file, "line": self.line}


class Null(Struct, frozen=True):
    """Why a cell is empty; `row` is 0-based, None means the total."""

    row: int | None
    column: str
    reason: str


class Span(Struct, frozen=True):
    """The days an answer speaks of, both ends included."""

    start: dt.date
    end: dt.date
    days_with_data: int

    def to_dict(self) -> dict[str, str | int]:
        """The period as JSON prints it."""
        days = (self.end - self.start).days + 1
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "days": days,
            "days_with_data": self.days_with_data,
        }


class Previous(Struct, frozen=True):
    """The same figures for the period compared with; `units` names the earlier unit of time of each one asked for."""

    period: Span
    rows: list[Row]
    total: Row
    units: dict[str, str] = field(default_factory=dict)

    def beside(self, keys: Sequence[str]) -> Callable[[Row], Row]:
        """What finds the earlier row of a row by what names both; an empty one where there is none."""
        rows = {tuple(row.get(key) for key in keys): row for row in self.rows}

        def found(row: Row) -> Row:
            named = (self.units.get(str(row.get(k)), "") if self.units and k in UNITS else row.get(k) for k in keys)
            return rows.get(tuple(named), {})

        return found


class Result(Struct):
    """The answer to one question: columns, rows, a total, and what stands behind them."""

    question: str
    columns: list[Column]
    rows: list[Row]
    total: Row
    by: list[str] = field(default_factory=list)
    currency: str | None = None
    period: Span | None = None
    previous: Previous | None = None
    nulls: list[Null] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    config: dict[str, str] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    beyond: list[Row] = field(default_factory=list)  # rows that --top leaves out: judged, not shown

    def to_dict(self, *, exact: bool = False) -> dict[str, Any]:
        """The answer as contract §6 prints it in JSON; `exact` keeps fractions as Decimal."""
        previous = self.previous
        return {
            "schema": 1,
            "question": self.question,
            "by": list(self.by),
            "currency": self.currency,
            "period": self.period.to_dict() if self.period else None,
            "columns": [{"name": c.name, "label": c.label, "unit": c.unit, "better": c.better} for c in self.columns],
            "rows": [plain_row(row, exact=exact) for row in self.rows],
            "total": plain_row(self.total, exact=exact),
            "previous": previous
            and {
                "period": previous.period.to_dict(),
                "rows": [plain_row(row, exact=exact) for row in previous.rows],
                "total": plain_row(previous.total, exact=exact),
            },
            "nulls": [{"row": n.row, "column": n.column, "reason": n.reason} for n in self.nulls],
            "notes": [note.to_dict() for note in self.notes],
            "sources": plain(self.sources, exact=exact),
            "config": self.config,
            **plain(self.extra, exact=exact),
        }

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a frame, one column a figure; the total alone when nothing was grouped.

        What can have a fraction is a float even where it happens to have none, so that frames of two months agree.
        """
        import pandas as pd

        rows = self.rows or ([] if self.by else [self.total])
        held = {name for row in rows for name in row}
        names = [c.name for c in self.columns if c.name in held or not rows]
        frame = pd.DataFrame([plain_row(row) for row in rows]).reindex(columns=names)
        units = {c.name: c.unit for c in self.columns if c.name in names and c.unit not in ("text", "date")}
        frame[[*units]] = frame[[*units]].apply(pd.to_numeric)  # a column of nulls alone is one of figures too
        return frame.astype({name: float for name, unit in units.items() if unit in ("money", "rate", "multiple")})


class CheckResult(Struct):
    """What each file was taken for, as contract §7 lists it: one dict a file."""

    sources: list[dict[str, Any]]
    notes: list[Note] = field(default_factory=list)
    question: ClassVar[str] = "check"

    def to_dict(self, *, exact: bool = False) -> dict[str, Any]:
        """The check as contract §7 prints it in JSON; `exact` keeps fractions as Decimal."""
        return {
            "schema": 1,
            "question": self.question,
            "notes": [note.to_dict() for note in self.notes],
            "sources": plain(self.sources, exact=exact),
        }


def plain(value: Any, *, exact: bool = False) -> Any:
    """A value as JSON holds it: numbers rounded half even to 6 decimals, dates as text.

    Whole numbers become int, others float; `exact` keeps them Decimal, for a writer that prints every digit.

    >>> plain(Decimal("0.4285714285")), plain(Decimal("7000.000000")), plain(float("nan"))
    (0.428571, 7000, None)
    >>> plain(Decimal("999999999999.123456"), exact=True)
    Decimal('999999999999.123456')
    """
    if isinstance(value, Mapping):
        return {key: plain(item, exact=exact) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, exact=exact) for item in value]
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return _number(value, exact)
    return value.isoformat() if isinstance(value, dt.date) else value


def _number(value: Decimal, exact: bool) -> int | float | Decimal | None:
    if not value.is_finite():
        return None
    if value.adjusted() >= 20:  # beyond what quantize holds, and no money is that large
        return int(value)
    rounded = value.quantize(_MILLIONTH, ROUND_HALF_EVEN)
    if rounded == rounded.to_integral_value():
        return int(rounded)
    return rounded.normalize() if exact else float(rounded)


def plain_row(row: Row, *, exact: bool = False) -> dict[str, Any]:
    """One row, every value plain."""
    return {name: plain(value, exact=exact) for name, value in row.items()}
