"""Touches → paths → what the attribution models count: SQL over the touches table.

    fill_steps(books, window)   the table `steps`: a row a touch, with its place in its path and what came of it
    credits(books, model, …)    every channel's credit by one model, from sums over `steps`

A path is a person's touches up to a conversion, or to the end of the file when none came (a null path); or it
is written out in the file, steps parted by “>”. Only sums leave the database, so a million paths are no matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from kpi_cli.assigning import UNATTRIBUTED
from kpi_cli.books import Books
from kpi_cli.errors import InputError
from kpi_cli.exports.tables import Store
from kpi_cli.models.attribution import (
    DIRECT,
    Credit,
    Path,
    Touch,
    Transitions,
    attribute,
    by_position,
    markov_credits,
)
from kpi_cli.period import Window
from kpi_cli.safe import folded
from kpi_cli.texts import note

_CHUNK = 50_000
_PARTED = r"\s*>\s*"
_WANTED = ("user", "time", "path", "channel", "source", "medium", "campaign")


def fill_steps(books: Books, window: Window | None) -> None:
    """Fill the table `steps`: path, position, length, channel, age in days, conversions, nulls, value.

    Raises:
        InputError: a touch without a person or a time, a negative count, an empty step, or no conversions.
    """
    store = books.store
    store.ensure("touches", *_WANTED)
    _check(books)
    _name_steps(books)
    within = f"BETWEEN DATE '{window.start}' AND DATE '{window.end}'" if window else "IS NOT NULL"
    store.con.execute(f"CREATE OR REPLACE TEMP TABLE journeys AS {_JOURNEYS}")
    _tell(books, window)
    store.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE steps AS
            WITH written AS (
              SELECT row_number() OVER (ORDER BY file, line) AS path, conversions,
                     coalesce(non_conversions, 0) AS nulls, value,
                     regexp_split_to_array(trim(path), '{_PARTED}') AS listed
              FROM touches WHERE fate IS NULL AND path IS NOT NULL),
            spelled AS (
              SELECT path, coalesce(conversions, 0) AS conversions, nulls, value, len(listed) AS length,
                     unnest(listed) AS step, unnest(range(1, len(listed) + 1)) AS position FROM written)
            SELECT path, position, length, n.channel, n.direct, NULL::DOUBLE AS age, conversions, nulls, value
            FROM spelled JOIN step_names n USING (step)
            UNION ALL
            SELECT -dense_rank() OVER (ORDER BY who, nth), row_number() OVER journey,
                   count(*) OVER (PARTITION BY who, nth), n.channel, n.direct,
                   epoch(ended - time) / 86400, conversions, nulls, worth
            FROM journeys JOIN step_names n ON n.step = journeys.channel
            WHERE is_touch AND ended::DATE {within}
            WINDOW journey AS (PARTITION BY who, nth ORDER BY time, converts, journeys.channel)"""
    )


# A row counts to the conversion it makes, or to the next one of the same person; `nth` is that conversion.
_JOURNEYS = f"""
    WITH told AS (
      SELECT lower(trim("user")) AS who, time::TIMESTAMP AS time, by_channel AS channel, value,
             by_channel <> '{UNATTRIBUTED}' AS is_touch, coalesce(conversions, 0) AS converts
      FROM touches WHERE fate IS NULL AND path IS NULL),
    numbered AS (
      SELECT *, coalesce(count_if(converts > 0) OVER (
        PARTITION BY who ORDER BY time, converts, channel, value
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS nth
      FROM told)
    SELECT *, sum(converts) OVER journey AS conversions, max(time) OVER journey AS ended,
           CASE WHEN sum(converts) OVER journey > 0 THEN 0 ELSE 1 END AS nulls,
           sum(value) FILTER (converts > 0) OVER journey AS worth,
           bool_or(is_touch) OVER journey AS touched
    FROM numbered WINDOW journey AS (PARTITION BY who, nth)"""


def _check(books: Books) -> None:
    """Refuse the first row that no model can count."""
    rules = {
        "negative_count": "conversions < 0 OR non_conversions < 0",
        "touch_without_person": 'path IS NULL AND "user" IS NULL',
        "touch_without_time": "path IS NULL AND time IS NULL",
        "empty_step": "regexp_matches(path, '(^|>)\\s*(>|$)')",
    }
    says = {
        "negative_count": ("a count below 0", "state refunds in the value"),
        "touch_without_person": ("a touch without a person is on no path", "fill in the user, or leave it out"),
        "touch_without_time": ("a touch without a time has no place in a path", "fill in the time, or leave it out"),
        "empty_step": ("an empty step in the path", "write it like Email > Direct"),
    }
    for code, rule in rules.items():
        found = books.store.rows(
            f"SELECT file, line FROM touches WHERE fate IS NULL AND ({rule}) ORDER BY file, line LIMIT 1"
        )
        if found:
            raise InputError(code, *says[code], _file(books.store, found[0][0]), found[0][1])
    if not books.store.rows("SELECT 1 FROM touches WHERE fate IS NULL AND conversions > 0 LIMIT 1"):
        file = books.store.of_role("touches")[0].file
        raise InputError("no_conversions", "no touch leads to a conversion", "add a column conversion", file)


def _file(store: Store, number: int) -> str:
    return next(source.file for source in store.sources if source.number == number)


def _name_steps(books: Books) -> None:
    """The table `step_names`: each step as written, its channel's standard name, and whether that is Direct."""
    found = books.store.rows(
        f"""SELECT DISTINCT unnest(regexp_split_to_array(trim(path), '{_PARTED}')) AS step FROM touches
            WHERE path IS NOT NULL
           UNION SELECT DISTINCT by_channel FROM touches WHERE path IS NULL ORDER BY ALL"""
    )
    steps = [step for (step,) in found if step is not None]
    channels = [books.grouping.canonical(step) for step in steps]
    direct = [folded(channel) in DIRECT for channel in channels]
    books.store.con.execute(
        """CREATE OR REPLACE TEMP TABLE step_names AS SELECT unnest($1::VARCHAR[]) AS step,
           unnest($2::VARCHAR[]) AS channel, unnest($3::BOOLEAN[]) AS direct""",
        [steps, channels, direct],
    )


def _tell(books: Books, window: Window | None) -> None:
    """Conversions before any touch, rows that say nothing, and what lies outside the period."""
    lost, silent = books.store.rows(
        """SELECT coalesce(sum(converts) FILTER (NOT touched), 0), count_if(NOT is_touch AND converts = 0)
           FROM journeys"""
    )[0]
    if lost:
        books.notes.append(note("conversions_without_touch", count=f"{lost:f}".rstrip("0").rstrip(".")))
    if silent:
        books.notes.append(note("touches_without_channel", count=silent))
    if window is None:
        return
    outside = f"NOT (ended::DATE BETWEEN DATE '{window.start}' AND DATE '{window.end}')"
    count = books.store.rows(f"SELECT count(*) FROM journeys WHERE {outside}")[0][0]
    if count:
        books.notes.append(note("outside_window", count=count, amount="–"))


# ------------------------------------------------------------------------------------------- the models


def credits(books: Books, model: str, half_life: float) -> dict[str, Credit]:
    """Every channel's credit by one of `kpi_cli.models.attribution.MODELS`; half_life in days.

    Raises:
        UsageError: time_decay where paths are written without times.
    """
    con = books.store.con
    if model in ("first", "last", "linear", "position"):
        return by_position(_touches(con, _PLACES), model)
    special: dict[str, Callable[[], dict[str, Credit]]] = {
        "last_non_direct": lambda: by_position(_touches(con, _LAST_NON_DIRECT), "last"),
        "time_decay": lambda: attribute(_paths(con, _TIMED), "time_decay", half_life),
        "shapley": lambda: attribute(_paths(con, _COALITIONS), "shapley"),
        "markov": lambda: markov_credits(_transitions(books.store)),
    }
    found = special[model]()
    nothing = Credit(Decimal(0), None if all(c.value is None for c in found.values()) else Decimal(0))
    every = books.store.rows("SELECT DISTINCT channel FROM steps ORDER BY channel")
    return {channel: found.get(channel, nothing) for (channel,) in every}


_PLACES = "SELECT channel, position, length, sum(conversions), sum(value) FROM steps GROUP BY ALL"
_LAST_NON_DIRECT = """
    SELECT channel, 1, 1, sum(conversions), sum(value) FROM (
      SELECT coalesce(arg_max(channel, position) FILTER (NOT direct), arg_max(channel, position)) AS channel,
             any_value(conversions) AS conversions, any_value(value) AS value FROM steps GROUP BY path)
    GROUP BY channel"""
_TIMED = """
    SELECT list(channel ORDER BY position), any_value(conversions), any_value(value), list(age ORDER BY position)
    FROM steps WHERE conversions > 0 GROUP BY path"""
_COALITIONS = """
    SELECT listed, sum(conversions), sum(value), NULL FROM (
      SELECT list_sort(list(DISTINCT channel)) AS listed, any_value(conversions) AS conversions,
             any_value(value) AS value FROM steps WHERE conversions > 0 GROUP BY path)
    GROUP BY listed"""


def _stream(con: Any, sql: str) -> Iterator[tuple[Any, ...]]:
    answer = con.execute(sql)
    while rows := answer.fetchmany(_CHUNK):
        yield from rows


def _touches(con: Any, sql: str) -> Iterator[Touch]:
    return (Touch(*row) for row in _stream(con, sql))


def _paths(con: Any, sql: str) -> Iterator[Path]:
    for channels, conversions, value, ages in _stream(con, sql):
        timed = None if ages is None or None in ages else tuple(ages)
        yield Path(tuple(channels), conversions, value=value, ages=timed)


def _transitions(store: Store) -> Transitions:
    """How often paths go from where to where, null paths included."""
    ends = store.rows(
        """SELECT channel, coalesce(sum(conversions + nulls) FILTER (position = 1), 0),
                  coalesce(sum(conversions) FILTER (position = length), 0),
                  coalesce(sum(nulls) FILTER (position = length), 0) FROM steps GROUP BY ALL ORDER BY ALL"""
    )
    moves = store.rows(
        """SELECT channel, next, sum(times) FROM (
             SELECT channel, conversions + nulls AS times,
                    lead(channel) OVER (PARTITION BY path ORDER BY position) AS next FROM steps)
           WHERE next IS NOT NULL GROUP BY ALL ORDER BY ALL"""
    )
    value = store.rows("SELECT sum(value) FROM steps WHERE position = 1")[0][0]
    starts, conversions, losses = ({name: Decimal(row[k]) for name, *row in ends} for k in range(3))
    return Transitions(starts, {(a, b): Decimal(n) for a, b, n in moves}, conversions, losses, value)
