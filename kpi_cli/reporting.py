"""Report: the answers of a period as one value, which every writer of reports renders."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct, field

from kpi_cli.result import Column, Note, Previous, Result, Row, Span, Value, plain, plain_row
from kpi_cli.version import __version__

if TYPE_CHECKING:
    import pandas as pd


class Headline(Struct, frozen=True):
    """One figure of the whole period: what it is, was before and a year ago, and what was aimed at.

    `budget` is set for cost alone: what the months of the period allow.
    """

    column: Column
    value: Value
    previous: Value = None
    year: Value = None
    target: Value = None
    budget: Value = None

    def to_dict(self, *, exact: bool) -> dict[str, Any]:
        """The figure as JSON prints it."""
        column = self.column
        head = {"name": column.name, "label": column.label, "unit": column.unit, "better": column.better}
        names = ("value", "previous", "year", "target", "budget")
        figures: dict[str, Any] = plain({name: getattr(self, name) for name in names}, exact=exact)
        return head | figures


class Move(Struct, frozen=True):
    """How much a row of a table gained or lost since the period before."""

    name: str
    before: Decimal
    now: Decimal


class Split(Struct, frozen=True):
    """A change of cost per customer, in currency units, split into its two causes, which add up to it."""

    before: Decimal
    now: Decimal
    by_cost: Decimal
    by_customers: Decimal


class Standing(Struct, frozen=True):
    """Where a figure stands beside what others reach; `old` when that was published years before the period."""

    column: Column
    value: Value
    benchmark: Decimal
    sector: str
    year: int
    source: str
    old: bool


class Part(Struct, frozen=True):
    """A table of the report: a Result with the columns that matter there; `changes` are those shown with their Δ."""

    name: str
    result: Result
    changes: tuple[str, ...] = ()


class Report(Struct):
    """What a report says, before it is written in any form."""

    title: str | None
    period: Span
    currency: str | None
    headlines: list[Headline]
    previous: Span | None = None
    year: Span | None = None
    parts: list[Part] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    split: Split | None = None
    standings: list[Standing] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    config: dict[str, str] | None = None
    options: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, Value] = field(default_factory=dict)  # figures that are not known → their targets
    version: str = __version__
    question: ClassVar[str] = "report"

    def part(self, name: str) -> Result | None:
        """The table of that name."""
        return next((part.result for part in self.parts if part.name == name), None)

    def headline(self, name: str) -> Headline | None:
        """The figure of that name."""
        return next((found for found in self.headlines if found.column.name == name), None)

    def to_pandas(self) -> pd.DataFrame:
        """The headline figures, a row each: value, previous, year, target, budget."""
        import pandas as pd

        frame = pd.DataFrame([headline.to_dict(exact=False) for headline in self.headlines])
        figures = [name for name in ("value", "previous", "year", "target", "budget") if name in frame]
        return frame.astype(dict.fromkeys(figures, float))  # one that no figure has is a column of figures too

    def judged(self) -> Result:
        """What conditions are held against: the channels' rows; in the total every headline figure and every part's."""
        channels = self.part("channels")
        total: Row = {name: value for part in reversed(self.parts) for name, value in part.result.total.items()}
        for name, target in self.unknown.items():
            total |= {name: None} if target is None else {name: None, f"{name}_target": target}
        before: Row = {}
        for head in self.headlines:
            name = head.column.name
            total |= (
                {name: head.value, f"{name}_target": head.target} if head.target is not None else {name: head.value}
            )
            total |= {"budget": head.budget} if head.budget is not None else {}
            before[name] = head.previous
        earlier = channels.previous.rows if channels and channels.previous else []
        previous = Previous(self.previous, earlier, before) if self.previous else None
        budgets = self.part("budgets")
        allowed = {row["channel"]: row["budget"] for row in budgets.rows} if budgets else {}
        of_channel = channels.rows if channels else []
        rows = [row | {"budget": allowed[row["channel"]]} if row["channel"] in allowed else row for row in of_channel]
        return Result("report", [], rows, total, by=["channel"], period=self.period, previous=previous)

    def to_dict(self, *, exact: bool = False) -> dict[str, Any]:
        """The report as JSON prints it; `exact` keeps fractions as Decimal."""
        split = self.split
        return {
            "schema": 1,
            "question": self.question,
            "title": self.title,
            "currency": self.currency,
            "period": self.period.to_dict(),
            "previous_period": self.previous and self.previous.to_dict(),
            "year_period": self.year and self.year.to_dict(),
            "headlines": [headline.to_dict(exact=exact) for headline in self.headlines],
            "parts": {part.name: _part(part.result, exact) for part in self.parts},
            "moves": [plain({"name": m.name, "before": m.before, "now": m.now}, exact=exact) for m in self.moves],
            "cac_split": split
            and plain(
                {name: getattr(split, name) for name in ("before", "now", "by_cost", "by_customers")}, exact=exact
            ),
            "benchmarks": [_standing(standing, exact) for standing in self.standings],
            "notes": [note.to_dict() for note in self.notes],
            "sources": plain(self.sources, exact=exact),
            "config": self.config,
            "options": self.options,
            "version": self.version,
        }


def _part(result: Result, exact: bool) -> dict[str, Any]:
    """A table as contract §6 prints it; what the report says once of all of them is left out."""
    told = ("schema", "question", "currency", "notes", "sources", "config")
    return {name: value for name, value in result.to_dict(exact=exact).items() if name not in told}


def _standing(standing: Standing, exact: bool) -> Row:
    row: Row = {
        "metric": standing.column.name,
        "value": standing.value,
        "benchmark": standing.benchmark,
        "sector": standing.sector,
        "year": standing.year,
        "source": standing.source,
    }
    return plain_row(row, exact=exact) | {"old": standing.old}
