"""People followed through a log of events, step by step.

event_names(books)     the events of the log, the most frequent first
followed(books, …)     how many reached each step, by group
days_between(…)        how long it took
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from kpi_cli import measures
from kpi_cli.books import Books, fill_buckets
from kpi_cli.measures import Measures, Table
from kpi_cli.period import UNITS, Duration, Window
from kpi_cli.steps import Steps

if TYPE_CHECKING:
    from kpi_cli.warehouse.log import Groups, Log


class Trail(Struct, frozen=True):
    """What following people through a log found, beside the counts."""

    groups: Table
    midway: Measures  # people who never did the first step, by the step they came in at
    backwards: int  # people who did a later step before the first one
    open: int  # people whose time was not over when the log ends


def event_names(books: Books) -> dict[str, int]:
    """The events of the log and how often each stands there, the most frequent first."""
    books.store.con.execute(
        """CREATE TEMP TABLE IF NOT EXISTS event_names AS
           SELECT event, CAST(sum("rows") AS BIGINT) AS n FROM events
           WHERE fate IS NULL AND event IS NOT NULL GROUP BY event"""
    )
    return dict(books.store.rows("SELECT event, n FROM event_names ORDER BY n DESC, event"))


def followed(books: Books, path: Steps, window: Window | None) -> Trail:
    """People followed from their first step in the window; one belongs to the group of that very event.

    Each further step is the first of its kind at or after the step before. With `within` it must come within
    that time of the first step, past the window's end too; without, before the window ends.
    """
    if books.store.log:
        return _followed_there(books, books.store.log, path, window)
    _follow(books, path, window)
    dims = books.ask.dimensions
    keys = [f"coalesce(k{i}, '(not set)')" if dim not in UNITS else f"k{i}" for i, dim in enumerate(dims)]
    steps = range(1, len(path.steps) + 1)
    picks = "".join(f"{key} AS k{i}, " for i, key in enumerate(keys))
    each = " UNION ALL ".join(f"SELECT {picks}{n} AS n FROM step_{n}" for n in steps)
    counts = ", ".join(f"count(*) FILTER (n = {n})" for n in steps)
    listed = "".join(f"k{i}, " for i in range(len(dims)))
    rows = books.store.rows(f"SELECT {listed}{counts} FROM ({each}) {'GROUP BY ALL ORDER BY ALL' if keys else ''}")
    width = len(dims)
    groups: Table = {tuple(row[:width]): dict(zip(path.steps, row[width:], strict=True)) for row in rows}
    return Trail(groups, *_beside(books, path, window))


def _followed_there(books: Books, log: Log, path: Steps, window: Window | None) -> Trail:
    """The same, of a log that is followed where it is; its counts by event and day are here."""
    fill_buckets(books, window)
    dims, width = books.ask.dimensions, sum(dim not in UNITS for dim in books.ask.dimensions)
    rows = log.followed(path, window, _groups(books))
    found: Table = {} if dims else {(): dict.fromkeys(path.steps, 0)}
    counts = [0] * (2 * len(path.steps) + 1)
    for row in rows:
        keys, day, marks = iter(row[:width]), row[width], row[width + 1 :]
        counts = [a + int(b) for a, b in zip(counts, marks, strict=True)]
        if day is not None:
            key = tuple(_bucket(books, day) if dim in UNITS else next(keys) for dim in dims)
            sums = found.setdefault(key, dict.fromkeys(path.steps, 0))
            sums.update((name, (sums[name] or 0) + int(n)) for name, n in zip(path.steps, marks, strict=False))
    midway = zip(path.steps[1:], counts[len(path.steps) : -2], strict=True)
    groups = dict(sorted(found.items()))
    return Trail(groups, {name: count for name, count in midway if count}, counts[-2], counts[-1])


def _groups(books: Books) -> Groups:
    """What the cells of an event say of its group."""
    from kpi_cli.warehouse.log import DECIDING, Groups

    store, own = books.store, [dim for dim in books.ask.dimensions if dim not in UNITS]
    named = [name for dim in own for name in (DECIDING if books.column("events", f"by_{dim}") else (dim,))]
    columns = tuple(name for name in dict.fromkeys(named) if books.column("events", name))
    cells = [f"coalesce(t.\"{name}\", '')" for name in columns]
    keys = [measures.dimension_sql(books, "events", dim) for dim in own]
    picks = ", ".join([*cells, *keys, 'max(t."end") OVER () + 1'])
    rows = store.rows(f"SELECT DISTINCT {picks} FROM events t WHERE t.fate IS NULL")
    decided = {row[: len(cells)]: row[len(cells) : -1] for row in rows}
    return Groups(columns, decided, len(own), str(rows[0][-1]))


def _bucket(books: Books, day: dt.date) -> str:
    """The unit of time of a day in the window."""
    return next((label for label, start, end in books.store.buckets if label and start <= str(day) <= end), "")


def _follow(books: Books, path: Steps, window: Window | None) -> None:
    """Fill `step_1`, `step_2`, …: who did each step, and when; one after the other, for each has all memory so."""
    con = books.store.con
    con.execute(f"CREATE OR REPLACE TEMP VIEW step_1 AS {_enter(books, path, window)}")
    for n in range(2, len(path.steps) + 1):
        con.execute(f"CREATE OR REPLACE TEMP TABLE step_{n} AS {_next(path, n, window, len(books.ask.dimensions))}")


def _enter(books: Books, path: Steps, window: Window | None) -> str:
    """Fill `firsts`, one row a person; the query for those who did the first step.

    Beside the time of the first step it holds the soonest of the later ones: its time, and which one it is, as one
    whole number (`_radix`).
    """
    fill_buckets(books, window)
    dims = [(i, dim) for i, dim in enumerate(books.ask.dimensions)]
    own = [(i, measures.dimension_sql(books, "events", dim)) for i, dim in dims if dim not in UNITS]
    steps = range(1, len(path.steps) + 1)
    parts = ["min(t.time) FILTER (t.step = 1) AS entered"]
    parts.append(f"min(epoch_us(t.time) * {_radix(path)} + t.step) FILTER (t.step > 1) AS later")
    if own:  # of one person's first steps at one moment, the least: whatever the order of the rows
        packed = ", ".join(f"k{i} := {sql}" for i, sql in own)
        parts.append(f"min(struct_pack(reached := t.time, {packed})) FILTER (t.step = 1) AS entry")
    told = " ".join(
        f"WHEN {_named(said)}{_inside(window) if n == 1 or not path.within else ''} THEN {n}"
        for n, said in zip(steps, path.spellings, strict=True)
    )
    since = f" AND t.time >= TIMESTAMP '{window.start}'" if window else ""
    listed = _named([name for said in path.spellings for name in said])
    books.store.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE firsts AS SELECT t."user", {", ".join(parts)}
            FROM (SELECT *, CASE {told} END AS step FROM events t
                  WHERE {listed} AND t.fate IS NULL AND t."user" IS NOT NULL{since}) t
            WHERE t.step IS NOT NULL GROUP BY t."user" """
    )
    keys = [f"entry.k{i} AS k{i}" for i, _ in own]
    time = next((i for i, dim in dims if dim in UNITS), None)
    join = ""
    if time is not None:
        keys.append(f"b.label AS k{time}")
        join = 'JOIN buckets b ON CAST(entered AS DATE) BETWEEN b."start" AND b."end"'
    picks = ", ".join(['"user"', "entered", "entered AS reached", *keys])
    return f"SELECT {picks} FROM firsts {join} WHERE entered IS NOT NULL"


def _next(path: Steps, step: int, window: Window | None, dims: int) -> str:
    """Those who went on to a step, with the time at which they first did."""
    groups = "".join(f", s.k{i}" for i in range(dims))
    bounds = f" AND e.time <= s.entered + {_interval(path.within)}" if path.within else _inside(window, "e")
    return f"""SELECT s."user", s.entered, min(e.time) AS reached{groups}
        FROM step_{step - 1} s JOIN events e ON e."user" = s."user"
        WHERE e.fate IS NULL AND {_named(path.spellings[step - 1], "e")} AND e.time >= s.reached{bounds}
        GROUP BY ALL"""


def _beside(books: Books, path: Steps, window: Window | None) -> tuple[Measures, int, int]:
    """Who came in midway, who went backwards, and whose time was not over, from `firsts`."""
    radix = _radix(path)
    found = books.store.rows(
        f"""SELECT way, count(*) FROM (
              SELECT soonest, CASE WHEN entered IS NULL THEN later % {radix} WHEN soonest < entered THEN 1 END AS way
              FROM (SELECT *, make_timestamp(later // {radix}) AS soonest FROM firsts))
            WHERE way IS NOT NULL{_before_end(window, "soonest")} GROUP BY way ORDER BY way"""
    )
    midway: Measures = {path.steps[way - 1]: count for way, count in found if way > 1}
    backwards = next((count for way, count in found if way == 1), 0)
    unripe = 0
    if path.within:
        unripe = books.store.rows(
            f"""SELECT count(*) FROM firsts WHERE entered + {_interval(path.within)} >
                (SELECT CAST(max(time) AS DATE) + 1 FROM events WHERE fate IS NULL)"""
        )[0][0]
    return midway, int(backwards), int(unripe)


def _radix(path: Steps) -> int:
    """What microseconds are multiplied by so that the number of a step can be added."""
    return len(path.steps) + 1


def _named(spellings: Sequence[str], table: str = "t") -> str:
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in spellings)
    return f"{table}.event IN ({listed})"


def _inside(window: Window | None, table: str = "t") -> str:
    begins = f" AND {table}.time >= TIMESTAMP '{window.start}'" if window else ""
    return begins + _before_end(window, f"{table}.time")


def _before_end(window: Window | None, moment: str) -> str:
    return f" AND {moment} < TIMESTAMP '{window.end + dt.timedelta(days=1)}'" if window else ""


def _interval(within: Duration) -> str:
    return f"to_microseconds({int(within.days * 86_400_000_000)})"


def days_between(books: Books, spellings: Sequence[str], window: Window | None) -> tuple[int, int, Decimal | None]:
    """Of one event: the people, the gaps between their days with it, and the median gap in days."""
    if books.store.log:
        people, gaps, median = books.store.log.days_between(spellings, window)
        return int(people), int(gaps), None if median is None else round(Decimal(str(median)), 6)
    people, gaps, median = books.store.rows(
        f"""SELECT count(DISTINCT person), count(gap), CAST(median(gap) AS DECIMAL(18,6)) FROM (
              SELECT "user" AS person, "start" - lag("start") OVER (PARTITION BY "user" ORDER BY "start") AS gap FROM (
                SELECT DISTINCT t."user", t."start" FROM events t
                WHERE t.fate IS NULL AND t."user" IS NOT NULL AND {_named(spellings)}{_inside(window)}))"""
    )[0]
    return people, gaps, None if median is None else Decimal(median)


def nameless(books: Books) -> list[tuple[int, int, int | None]]:
    """Rows of the log without a person: file number, how many, the first line where rows are known by theirs."""
    if not books.column("events", "line"):  # where a row lacks a person, the rows of its file have their lines
        return []
    return books.store.rows(
        """SELECT file, CAST(sum("rows") AS BIGINT), min(line) FROM events
           WHERE fate IS NULL AND "user" IS NULL GROUP BY file ORDER BY file"""
    )
