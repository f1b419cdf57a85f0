"""Touches → paths → what the attribution models count: SQL over the touches table.

    fill_steps(books, window)   the table `steps`: a row a touch, with its place in its path and what came of it
    credits(books, model, …)    every channel's credit by one model, from sums over `steps`

A path is a person's touches up to a conversion, or to the end of the file when none came (a null path); or it
is written out in the file, steps parted by “>”. Only sums leave the database, so a million paths are no matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kpi_cli.apportion import MILLION
from kpi_cli.assigning import UNATTRIBUTED
from kpi_cli.books import Books
from kpi_cli.errors import InputError
from kpi_cli.exports.engine import all_threads
from kpi_cli.exports.tables import Store
from kpi_cli.models.attribution import (
    DIRECT,
    Credit,
    Path,
    Touch,
    Transitions,
    attribute,
    by_position,
    check_half_life,
    markov_credits,
    no_touch_times,
    settled,
)
from kpi_cli.period import Window
from kpi_cli.safe import folded
from kpi_cli.texts import money_text, note

if TYPE_CHECKING:
    from kpi_cli.warehouse.touches import Code, Touches

_CHUNK = 50_000
_MANY = 100_000  # touches; of fewer one processor is the faster
_PARTS = 1 << 48  # that a path is cut into by time_decay
_WANTED = ("user", "time", "path", "channel", "source", "medium", "campaign")


def fill_steps(books: Books, window: Window | None) -> int:
    """Fill the table `steps`: a row a touch.

    Its path, its place (is_first, is_last, the next channel, how many there are), its channel, its age in days
    counted from the path's last touch, and the conversions, nulls and value of the path.

    Returns:
        How many touches stand before one of the same moment and another channel by chance alone.

    Raises:
        InputError: a touch without a person or a time, a negative count, an empty step, or no conversions.
    """
    store = books.store
    store.ensure("touches", *_WANTED)
    if store.touches:
        return _fill_there(books, store.touches, window)
    if store.rows("SELECT count(*) FROM touches")[0][0] > _MANY:
        all_threads(store.con)
    _check(books)
    _name_steps(books)
    for table, sql in (("told", _TOLD), ("journeys", _JOURNEYS)):
        store.con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {sql}")
    lost = store.rows("SELECT coalesce(sum(conversions) FILTER (length = 0), 0) FROM journeys")[0][0]
    _tell(books, lost, _outside(books, window) if window else 0)
    within = f"BETWEEN DATE '{window.start}' AND DATE '{window.end}'" if window else "IS NOT NULL"
    store.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE steps AS {_spelled(_WRITTEN)}
            UNION ALL
            SELECT path, nth, is_first, is_last, next, length, channel, direct,
                   epoch_us(last_touch - time) / 86400e6 AS age, conversions, nulls, worth, is_tied
            FROM told JOIN journeys USING (path) WHERE is_touch AND ended::DATE {within}"""
    )
    return int(store.rows("SELECT count_if(is_tied) FROM steps")[0][0])


# Touches in their order. A row counts to the conversion it makes, or to the next one of the same person; a path
# is a person and how many conversions came before. One window tells all that depends on the order.
_TOLD = f"""
    WITH people AS (
      SELECT who, row_number() OVER () AS person FROM (
        SELECT DISTINCT lower(trim("user")) AS who FROM touches WHERE fate IS NULL AND path IS NULL)),
    coded AS (
      SELECT person, time::TIMESTAMP AS time, n.channel, n.direct, value, coalesce(conversions, 0) AS converts,
             by_channel <> '{UNATTRIBUTED}' AS is_touch
      FROM touches JOIN people ON people.who = lower(trim("user")) JOIN step_names n ON n.step = by_channel
      WHERE fate IS NULL AND path IS NULL AND (is_touch OR converts > 0)),
    ordered AS (
      SELECT *, row_number() OVER journey AS nth, coalesce(lag(converts) OVER journey, 1) > 0 AS is_first,
             converts > 0 OR lead(is_touch) OVER journey IS NOT TRUE AS is_last,
             lead(channel) OVER journey AS following,
             converts = lead(converts) OVER journey AND time = lead(time) OVER journey AS at_once,
             count_if(converts > 0) OVER (journey ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS so_far
      FROM coded WINDOW journey AS (PARTITION BY person ORDER BY time, converts, channel, value))
    SELECT * EXCLUDE (person, following, at_once, so_far), CASE WHEN NOT is_last THEN following END AS next,
           NOT is_last AND at_once AND following <> channel AS is_tied,
           person << 32 | (so_far - (converts > 0)::BIGINT) AS path
    FROM ordered"""

_JOURNEYS = """
    SELECT path, sum(converts) AS conversions, CASE WHEN sum(converts) > 0 THEN 0 ELSE 1 END AS nulls,
           sum(value) FILTER (converts > 0) AS worth, max(time) AS ended,
           max(time) FILTER (is_touch) AS last_touch, count_if(is_touch) AS length
    FROM told GROUP BY path"""

# Paths that the file itself spells out; those spelled alike are one.
_WRITTEN = """
    SELECT path, sum(conversions) AS conversions, coalesce(sum(non_conversions), 0) AS nulls,
           sum(value) FILTER (conversions > 0) AS value
    FROM touches WHERE fate IS NULL AND path IS NOT NULL GROUP BY path"""


def _spelled(paths: str) -> str:
    """Rows of `steps` from paths that are written out."""
    return f"""
    WITH written AS (
      SELECT -row_number() OVER () AS path, coalesce(conversions, 0) AS conversions, nulls, value,
             string_split(path, '>') AS listed
      FROM ({paths})),
    spelled AS (
      SELECT * EXCLUDE (listed), len(listed) AS length, unnest(listed) AS step,
             unnest(list_append(listed[2:], NULL)) AS following, unnest(range(1, len(listed) + 1)) AS nth
      FROM written)
    SELECT path, nth, nth = 1 AS is_first, nth = length AS is_last, f.channel AS next, length, n.channel, n.direct,
           NULL::DOUBLE AS age, conversions, nulls, value, false AS is_tied
    FROM spelled JOIN step_names n USING (step) LEFT JOIN step_names f ON f.step = following"""


# ---------------------------------------------------------------------------- touches where they are

_PATHS = """
    SELECT unnest($1::VARCHAR[]) AS path, unnest($2::VARCHAR[])::DECIMAL(18,6) AS conversions,
           unnest($3::VARCHAR[])::DECIMAL(18,6) AS nulls, unnest($4::VARCHAR[])::DECIMAL(18,6) AS value"""


def _fill_there(books: Books, touches: Touches, window: Window | None) -> int:
    """The same of touches whose paths are made where they are: the distinct ones come, their channels as numbers."""
    _check(books)
    codes, channels = _codes(books, touches)
    rows = touches.paths(codes, window)
    lost = sum(conversions for path, _, conversions, *_ in rows if path is None)
    _tell(books, lost, sum(int(count) for _, inside, *_, count, _ in rows if not inside))
    _set_names(books, [str(code) for code, _ in enumerate(channels)], channels)
    kept = [row for row in rows if row[0] is not None and row[1]]
    columns = [[None if row[i] is None else str(row[i]) for row in kept] for i in (0, 2, 3, 4)]
    books.store.con.execute(f"CREATE OR REPLACE TEMP TABLE paths AS {_PATHS}", columns)
    books.store.con.execute(f"CREATE OR REPLACE TEMP TABLE steps AS {_spelled('FROM paths')}")
    return sum(int(tied) for *_, tied in kept)


def _codes(books: Books, touches: Touches) -> tuple[dict[tuple[str, ...], Code], list[str]]:
    """What each combination of cells says; and the channels, each at the place of its number."""
    from kpi_cli.warehouse.touches import Code

    cells = [f"coalesce(t.\"{name}\", '')" for name in touches.columns]
    rows = books.store.rows(f"SELECT DISTINCT {', '.join([*cells, 't.by_channel'])} FROM touches t")
    named = {tuple(own): (books.grouping.canonical(step.strip()), step) for *own, step in rows}
    channels = sorted({channel for channel, _ in named.values()})
    codes = {
        own: Code(channels.index(channel), is_touch=step != UNATTRIBUTED) for own, (channel, step) in named.items()
    }
    return codes, channels


# ----------------------------------------------------------------------------------- checks and notes


def _check(books: Books) -> None:
    """Refuse the first row that no model can count."""
    rules = {
        "negative_count": "conversions < 0 OR non_conversions < 0",
        "touch_without_person": 'path IS NULL AND "user" IS NULL',
        "touch_without_time": "path IS NULL AND time IS NULL",
        "empty_step": "regexp_matches(path, '(^|>)\\s*(>|$)')",
        "other_separator": "regexp_matches(path, '[-=]>|[→»›]')",
    }
    says = {
        "negative_count": ("a count below 0", "state refunds in the value"),
        "touch_without_person": ("a touch without a person is on no path", "fill in the user, or leave it out"),
        "touch_without_time": ("a touch without a time has no place in a path", "fill in the time, or leave it out"),
        "empty_step": ("an empty step in the path", "write it like Email > Direct"),
        "other_separator": ("steps of a path are parted by > alone", "write it like Email > Direct"),
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
        """SELECT DISTINCT unnest(string_split(path, '>')) AS step FROM touches WHERE path IS NOT NULL
           UNION SELECT DISTINCT by_channel FROM touches WHERE path IS NULL ORDER BY ALL"""
    )
    steps = [step for (step,) in found if step is not None]
    _set_names(books, steps, [books.grouping.canonical(step.strip()) for step in steps])


def _set_names(books: Books, steps: Sequence[str], channels: Sequence[str]) -> None:
    con = books.store.con
    for table in ("steps", "told", "step_names"):
        con.execute(f"DROP TABLE IF EXISTS {table}")
    con.execute("DROP TYPE IF EXISTS channel_name")
    con.execute(
        "CREATE TYPE channel_name AS ENUM (SELECT DISTINCT unnest($1::VARCHAR[]) AS name ORDER BY name)", [[*channels]]
    )
    con.execute(
        """CREATE TEMP TABLE step_names AS SELECT unnest($1::VARCHAR[]) AS step,
           unnest($2::VARCHAR[])::channel_name AS channel, unnest($3::BOOLEAN[]) AS direct""",
        [[*steps], [*channels], [folded(channel) in DIRECT for channel in channels]],
    )


def _tell(books: Books, lost: Decimal | int, outside: int) -> None:
    """Conversions before any touch, rows that say nothing, value of no conversion, and what is outside the period."""
    silent = books.store.rows(
        f"""SELECT coalesce(CAST(sum("rows") AS BIGINT), 0) FROM touches WHERE fate IS NULL AND path IS NULL
            AND by_channel = '{UNATTRIBUTED}' AND coalesce(conversions, 0) = 0"""
    )[0][0]
    if lost:
        books.notes.append(note("conversions_without_touch", count=lost))
    if silent:
        books.notes.append(note("touches_without_channel", count=silent))
    idle, worth = books.store.rows(
        """SELECT CAST(sum("rows") AS BIGINT), sum(value) FROM touches
           WHERE fate IS NULL AND coalesce(conversions, 0) = 0 AND value <> 0"""
    )[0]
    if idle:
        books.notes.append(note("value_without_conversion", count=idle, amount=money_text(worth, books.currency)))
    if outside:
        books.notes.append(note("outside_window", count=outside, amount="–"))


def _outside(books: Books, window: Window) -> int:
    """How many rows are of paths that end outside the window."""
    outside = f"NOT (ended::DATE BETWEEN DATE '{window.start}' AND DATE '{window.end}')"
    return int(books.store.rows(f"SELECT count(*) FROM told JOIN journeys USING (path) WHERE {outside}")[0][0])


# ------------------------------------------------------------------------------------------- the models


def credits(books: Books, model: str, half_life: float) -> dict[str, Credit]:
    """Every channel's credit by one of `kpi_cli.models.attribution.MODELS`; half_life in days.

    Raises:
        UsageError: time_decay where paths are written without times.
    """
    store = books.store
    special: dict[str, Callable[[], dict[str, Credit]]] = {
        "last_non_direct": lambda: by_position(_touches(store, _LAST_NON_DIRECT), "last"),
        "time_decay": lambda: _time_decay(books, half_life),
        "shapley": lambda: attribute(_paths(store, _COALITIONS), "shapley"),
        "markov": lambda: markov_credits(_transitions(store)),
    }
    found = special[model]() if model in special else by_position(_touches(store, _PLACES), model)
    nothing = Credit(Decimal(0), None if all(c.value is None for c in found.values()) else Decimal(0))
    every = store.rows("SELECT DISTINCT channel FROM steps ORDER BY channel")
    return {channel: found.get(channel, nothing) for (channel,) in every}


# Only the first, the last and those between matter, so that what lies between is one place.
_PLACES = """
    SELECT channel, CASE WHEN is_first THEN 1 WHEN is_last THEN length ELSE 2 END AS position, length,
           sum(conversions), sum(value) FROM steps GROUP BY ALL"""
_LAST_NON_DIRECT = """
    SELECT channel, 1, 1, sum(conversions), sum(value) FROM (
      SELECT coalesce(arg_max(channel, nth) FILTER (NOT direct), arg_max(channel, nth)) AS channel,
             any_value(conversions) AS conversions, any_value(value) AS value FROM steps GROUP BY path)
    GROUP BY channel"""
_COALITIONS = """
    SELECT listed, sum(conversions), sum(value) FROM (
      SELECT list_sort(list(DISTINCT channel)) AS listed, any_value(conversions) AS conversions,
             any_value(value) AS value FROM steps WHERE conversions > 0 GROUP BY path)
    GROUP BY listed"""


def _stream(con: Any, sql: str) -> Iterator[tuple[Any, ...]]:
    answer = con.execute(sql)
    while rows := answer.fetchmany(_CHUNK):
        yield from rows


def _touches(store: Store, sql: str) -> Iterator[Touch]:
    return (Touch(*row) for row in _stream(store.con, sql))


def _paths(store: Store, sql: str) -> Iterator[Path]:
    return (Path(tuple(channels), conversions, value=value) for channels, conversions, value in _stream(store.con, sql))


# A path's conversions are cut into `_PARTS` whole parts, so that sums do not depend on their order.
_DECAYED = f"""
    WITH weighed AS (
      SELECT *, (pow(2, -age / $1) * {_PARTS})::HUGEINT AS weight FROM steps WHERE conversions > 0),
    wholes AS (SELECT path, sum(weight) AS whole FROM weighed GROUP BY path)
    SELECT channel, sum(weight * {_PARTS} // whole * (conversions * {MILLION})::HUGEINT)::HUGEINT AS parts,
           sum(weight * {_PARTS} // whole * (value * {MILLION})::HUGEINT)::HUGEINT
    FROM weighed JOIN wholes USING (path) GROUP BY channel ORDER BY parts DESC, channel"""


def _time_decay(books: Books, half_life: float) -> dict[str, Credit]:
    """Every path shared out by age; what rounding leaves over goes to the channel with the most."""
    store = books.store
    check_half_life(half_life)
    if store.touches:
        parts = _decayed_there(books, store.touches, half_life)
    elif store.rows("SELECT 1 FROM steps WHERE conversions > 0 AND age IS NULL LIMIT 1"):
        raise no_touch_times()
    else:
        parts = store.rows(_DECAYED, [half_life])
    conversions, value = store.rows("SELECT sum(conversions), sum(value) FROM steps WHERE is_last AND conversions > 0")[
        0
    ]
    if not parts:
        return {}
    left = int(conversions * MILLION) * _PARTS - sum(counted for _, counted, _ in parts)
    left_value = None if value is None else int(value * MILLION) * _PARTS - sum(worth or 0 for *_, worth in parts)
    return settled((channel, 1, _PARTS, *sums) for channel, *sums in [*parts, (parts[0][0], left, left_value)])


def _decayed_there(books: Books, touches: Touches, half_life: float) -> list[tuple[Any, ...]]:
    codes, channels = _codes(books, touches)
    rows = [
        (channels[code], int(counted), None if worth is None else int(worth))
        for code, counted, worth in touches.decayed(codes, books.window, half_life, _PARTS)
    ]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _transitions(store: Store) -> Transitions:
    """How often paths go from where to where, null paths included."""
    ends = store.rows(
        """SELECT channel, coalesce(sum(conversions + nulls) FILTER (is_first), 0),
                  coalesce(sum(conversions) FILTER (is_last), 0),
                  coalesce(sum(nulls) FILTER (is_last), 0) FROM steps GROUP BY ALL ORDER BY ALL"""
    )
    moves = store.rows(
        """SELECT channel, next, sum(conversions + nulls) FROM steps
           WHERE next IS NOT NULL GROUP BY ALL ORDER BY ALL"""
    )
    value = store.rows("SELECT sum(value) FROM steps WHERE is_first")[0][0]
    starts, conversions, losses = ({name: Decimal(row[k]) for name, *row in ends} for k in range(3))
    return Transitions(starts, {(a, b): Decimal(n) for a, b, n in moves}, conversions, losses, value)
