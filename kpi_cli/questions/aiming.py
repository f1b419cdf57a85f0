"""Targets and budgets of kpi.yml: a column beside the figure they are for, in the rows that they speak of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from kpi_cli.config import in_force
from kpi_cli.period import UNITS, Window, as_of, buckets, unit_around
from kpi_cli.questions.figures import Answer, Figure
from kpi_cli.result import Column
from kpi_cli.texts import label

if TYPE_CHECKING:
    from kpi_cli.ask import Ask
    from kpi_cli.books import Books
    from kpi_cli.measures import Key

Columns = list[tuple[Figure, Column]]


def with_goals(books: Books, columns: Sequence[tuple[Figure, Column]], answer: Answer) -> Columns:
    """The columns, each followed by its target or budget where one is in force; the answer filled in."""
    config, found = books.ask.config, []
    names = {column.name for _, column in columns}
    for figure, column in columns:
        found.append((figure, column))
        goal = f"{column.name}_target"
        if goal not in names and any(g.metric == column.name for g in config.targets):
            found += _beside(books, figure, column, goal, answer)
        if column.name == "cost" and config.budgets:
            found += _beside(books, figure, column, "budget", answer)
    return found


def _beside(books: Books, figure: Figure, column: Column, name: str, answer: Answer) -> Columns:
    """The goal's column, unless no row nor the total has one."""
    aimed = set()
    for key, row in [*answer.rows.items(), (None, answer.total)]:
        row[name] = _budget(books, key) if name == "budget" else target(books, column.name, key)
        if row[name] is not None:
            aimed.add(key)
    if not aimed:
        return []
    for key in {*answer.rows, None} - aimed:
        answer.reasons.setdefault(key, {})[name] = "no_target"
    text = label("budget") if name == "budget" else target_label(column)
    only_total = figure.total_only or aimed == {None}
    return [(Figure(name, figure.unit, None, total_only=only_total), Column(name, text, column.unit, None))]


def target_label(column: Column) -> str:
    """What the target of a figure is called."""
    return label("target_of", "targets").format(column.label)


def target(books: Books, metric: str, key: Key | None) -> Decimal | None:
    """What a row aims at: a channel its own target, the total and rows of time the general one; None for others."""
    row = _row(books, key)
    if row is None:
        return None
    window = _days(books, row)
    day = window.end if window else as_of(books.ask.period)
    goal = in_force(books.ask.config.targets, metric, row.get("channel"), day)
    return goal.value if goal else None


def _budget(books: Books, key: Key | None) -> Decimal | None:
    row = _row(books, key)
    window = None if row is None else _days(books, row)
    return None if row is None or window is None else budget(books.ask, window, row.get("channel"))


def _row(books: Books, key: Key | None) -> dict[str, str] | None:
    """A row's channel and unit of time; None where it is a row of anything else, which no goal speaks of.

    Customers won before the period are such a row.
    """
    row = dict(zip(books.ask.dimensions, key or (), strict=False))
    every = books.ask.every
    before = books.window and every in row and row[every] not in _units(books.window, every)
    return None if before or set(row) - {"channel", *UNITS} else row


def _days(books: Books, row: dict[str, str]) -> Window | None:
    """The days of a row: its unit of time, else the whole period."""
    every = books.ask.every
    if books.window and every in row:
        return _units(books.window, every)[row[every]]
    return books.window


@lru_cache(maxsize=4)
def _units(window: Window, every: str) -> dict[str, Window]:
    """The units of a window by their label; looked up for every row."""
    return dict(buckets(window, every))


def budget(ask: Ask, window: Window, channel: str | None = None) -> Decimal | None:
    """What the budgets allow in a window: each month's, by its days where only a part of the month is in it.

    None where some month has none: the cost of three months is not to be held against the budget of one.
    """
    allowed = Decimal(0)
    for _, part in buckets(window, "month"):
        goal = in_force(ask.config.budgets, "cost", channel, part.end)
        if goal is None:
            return None
        allowed += goal.value * part.days / _month_days(part.end)
    return round(allowed, 6)


def _month_days(day: dt.date) -> int:
    return unit_around(day, "month").days
