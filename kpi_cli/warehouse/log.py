"""A large log of events, followed where it is: what comes over is counts.

    events_there(sheet, by)    the log in counts, and a `Log` to ask; None where its rows are wanted
    Log.followed(…)            people by the steps they did, in groups
    Log.days_between(…)        the gaps between people's days with an event

One scan and one shuffle by person answer each question: every step is a running minimum over the rows of a person,
in SQL that all engines have. Only a log whose cells can be read in one way goes this way: whatever is not plain is
left to the reading row by row, which finds where it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.errors import KpiError
from kpi_cli.exports.composing import stored_dimensions
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.fates import Fate
from kpi_cli.exports.judging import literal
from kpi_cli.exports.large import GROUPS, ROWS
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structured import cell_text
from kpi_cli.warehouse.called import calls_sql
from kpi_cli.warehouse.engines import SOURCE, Engine, identifier
from kpi_cli.warehouse.relation import COMBINATIONS, is_written, values_sql

if TYPE_CHECKING:
    from kpi_cli.period import Window
    from kpi_cli.steps import Steps

# What decides the channel of an event.
DECIDING = ("channel", "source", "medium", "campaign", "campaign_id", "platform", "format_channel", "strategy")
_ASSIGNED = {"channel", "strategy", "platform", "campaign"}
PLAIN_ID = "^([!-&(-~]([ -~]*[!-~])?)?$"  # an id with nothing around it that reading would take away
REWORDED = frozenset({"strategy", "category", "source_medium"})  # what reading puts in words of its own
_SOMEBODY = "x"

Cells = tuple[str, ...]


class Log(Struct, frozen=True):
    """A log of events where it is; `who`, `time` and `event` are SQL over its rows, as are the `columns` of text."""

    engine: Engine
    rows: int
    who: str
    time: str
    event: str
    columns: dict[str, str]

    def followed(self, path: Steps, window: Window | None, groups: Groups) -> list[tuple[Any, ...]]:
        """People by the group and the day of their first step.

        Args:
            path: the steps, and the time there is for them.
            window: the days in which the first step must be.
            groups: how the cells of an event tell its group, and after which day the log is over.

        Returns:
            Rows of the group's keys; the day, None of those who never did the first step; how many reached each step;
            how many came in midway, by each step from the second on; how many did a later step before the first one;
            and how many had not had their time when the log ended.

        Raises:
            InputError: the engine refuses it, or the log has changed since it was read.
        """
        found = list(self.engine.rows(self._follow_sql(path, window, groups)))
        self.engine.hold_to(self.rows)
        return found

    def days_between(self, spellings: Sequence[str], window: Window | None) -> tuple[Any, ...]:
        """Of one event: the people, the gaps between their days with it, and the median gap in days.

        Raises:
            InputError: the engine refuses it, or the log has changed since it was read.
        """
        day = f"CAST({self.time} AS DATE)"
        (found,) = self.engine.rows(
            f"""SELECT count(DISTINCT who), count(gap), median(gap) FROM (
                  SELECT who, date_diff('day', lag(day) OVER (PARTITION BY who ORDER BY day), day) AS gap FROM (
                    SELECT DISTINCT {self.who} AS who, {day} AS day FROM {SOURCE}
                    WHERE {self.who} IS NOT NULL AND {_named(self.event, spellings)} AND {_inside(day, window)}
                  ) AS days) AS gaps"""
        )
        self.engine.hold_to(self.rows)
        return found

    def _follow_sql(self, path: Steps, window: Window | None, groups: Groups) -> str:
        steps, inside = range(1, len(path.steps) + 1), _inside('CAST("at" AS DATE)', window)
        keys = [f"k{i}" for i in range(groups.width)]
        first = f"step = 1 AND {inside}"
        least = "".join(f", {key}{self.engine.by_bytes}" for key in keys)  # whatever the order of the rows
        minima = [
            f'min(CASE WHEN step = {n} AND {inside} THEN "at" END) OVER (PARTITION BY who) AS m{n}' for n in steps
        ]
        soonest = f'min(CASE WHEN step > 1 AND {inside} THEN "at" END) OVER (PARTITION BY who) AS soonest'
        nth = f'row_number() OVER (PARTITION BY who ORDER BY CASE WHEN {first} THEN 0 ELSE 1 END, "at"{least}) AS nth'
        parts = [*groups.parts(), f"trail AS ({self._steps_sql(path, groups)})"]
        parts.append(f"r1 AS (SELECT *, {', '.join([*minima, soonest, nth])} FROM trail)")
        for n in steps[1:]:
            before = "m1" if n == 2 else f"reached{n - 1}"
            limit = f'"at" <= m1 + {_interval(path)}' if path.within else inside
            reached = f'CASE WHEN step = {n} AND "at" >= {before} AND {limit} THEN "at" END'
            running = f"min({reached}) OVER (PARTITION BY who) AS reached{n}"
            parts.append(f"r{n} AS (SELECT *, {running} FROM r{n - 1})")
        entered = [f"CASE WHEN m1 IS NOT NULL THEN {key} END AS {key}" for key in keys]
        people = ", ".join([*entered, "CAST(m1 AS DATE) AS entered", *_told(path, groups)])
        parts.append(f"people AS (SELECT {people} FROM r{steps[-1]} WHERE nth = 1)")
        sums = [f"count({mark})" for mark in _marks(path)]
        listed = ", ".join(str(i) for i in range(1, len(keys) + 2))
        return f"WITH {', '.join(parts)} SELECT {', '.join([*keys, 'entered', *sums])} FROM people GROUP BY {listed}"

    def _steps_sql(self, path: Steps, groups: Groups) -> str:
        """The rows of the steps, each with its person, its moment, and what the group is told by."""
        told = " ".join(f"WHEN {_named(self.event, said)} THEN {n}" for n, said in enumerate(path.spellings, 1))
        cells = "".join(f", {self.columns[name]} AS c{i}" for i, name in enumerate(groups.columns))
        inner = f'SELECT {self.who} AS who, {self.time} AS "at", CASE {told} END AS step{cells} FROM {SOURCE}'
        alone = next(iter(groups.cells.values()), ()) if not groups.columns else ()  # one group, told by no cell
        named = [literal(key) for key in alone] or [f"g.k{i}" for i in range(groups.width)]
        keys = "".join(f", {key} AS k{i}" for i, key in enumerate(named))
        alike = " AND ".join(f"e.c{i} = g.c{i}" for i, _ in enumerate(groups.columns))
        join = f" LEFT JOIN named AS g ON {alike}" if groups.columns else ""
        known = "e.who IS NOT NULL AND e.step IS NOT NULL"
        return f'SELECT e.who, e."at", e.step{keys} FROM ({inner}) AS e{join} WHERE {known}'


class Groups(Struct, frozen=True):
    """How the cells of an event tell its group: each combination of `columns` there is, with its keys."""

    columns: Cells
    cells: dict[Cells, Cells]
    width: int  # keys of a group
    over: str  # the day after the log's last one

    def parts(self) -> list[str]:
        """The combinations as a part of a WITH clause; none where there is one group."""
        if not self.columns:
            return []
        names = [*(f"c{i}" for i, _ in enumerate(self.columns)), *(f"k{i}" for i in range(self.width))]
        return [f"named AS ({values_sql(names, [(*cells, *keys) for cells, keys in self.cells.items()])})"]


def _marks(path: Steps) -> list[str]:
    """What is counted of people: the steps they reached, where they came in, what is odd about them."""
    later = range(2, len(path.steps) + 1)
    return ["did1", *(f"did{n}" for n in later), *(f"midway{n}" for n in later), "backwards", "unripe"]


def _told(path: Steps, groups: Groups) -> Iterator[str]:
    """The marks of a person, as SQL: 1 or NULL."""
    later = range(2, len(path.steps) + 1)
    yield "CASE WHEN m1 IS NOT NULL THEN 1 END AS did1"
    yield from (f"CASE WHEN reached{n} IS NOT NULL THEN 1 END AS did{n}" for n in later)
    for n in later:
        sooner = "".join(f" AND (m{i} IS NULL OR m{i} > soonest)" for i in range(2, n))
        yield f"CASE WHEN m1 IS NULL AND m{n} = soonest{sooner} THEN 1 END AS midway{n}"
    yield "CASE WHEN soonest < m1 THEN 1 END AS backwards"
    over = f"m1 + {_interval(path)} > TIMESTAMP '{groups.over} 00:00:00'" if path.within else "1 = 0"
    yield f"CASE WHEN {over} THEN 1 END AS unripe"


def _interval(path: Steps) -> str:
    assert path.within is not None
    return f"INTERVAL {int(path.within.days * 86_400_000_000)} MICROSECOND"


def _inside(day: str, window: Window | None) -> str:
    return f"{day} BETWEEN DATE '{window.start}' AND DATE '{window.end}'" if window else "1 = 1"


def _named(event: str, spellings: Sequence[str]) -> str:
    return f"{event} IN ({', '.join(map(literal, spellings))})"


# ------------------------------------------------------------------------------------------- reading


def events_there(sheet: Sheet, by: Collection[str]) -> tuple[Sheet, Log] | None:
    """The log in counts, and the log itself to be asked where it is.

    Args:
        sheet: a relation whose header is understood, and no more.
        by: the dimensions that people may be grouped by.

    Returns:
        None where the log is not large, or holds anything that calls for its rows one by one.
    """
    relation = sheet.relation
    if relation is None or not _is_simple(sheet, by) or relation.count() <= ROWS:
        return None
    log = _log(sheet)
    wanted = [name for name in log.columns if name in {"event", *by} or (_ASSIGNED & {*by} and name in DECIDING)]
    try:
        groups = list(islice(relation.engine.rows(_counted_sql(sheet, log, wanted)), GROUPS + 1))
    except KpiError:
        return None  # the reading row by row tells of it
    cells = {group[2 : 2 + len(wanted)] for group in groups}
    if len(groups) > GROUPS or len(cells) > COMBINATIONS or not all(_is_plain(group) for group in groups):
        return None
    records = list(_records(sheet, groups, wanted))
    return sheet.over(records.__iter__), replace(log, rows=sum(record.rows for record in records))


def _is_simple(sheet: Sheet, by: Collection[str]) -> bool:
    """Whether every column that is looked at is text, the moments are moments, and no rule leaves rows out."""
    assert sheet.relation is not None
    kinds = {name: sheet.relation.columns[sheet.columns[c]][1] for c, name in _text_columns(sheet).items()}
    days = {c for c in sheet.columns if c not in kinds and c in {"date", "start", "end", "week", "month"}}
    looked_at = {"event", *(name for name in kinds if name in by or name in DECIDING)}
    return (
        sheet.header.format.name == GENERIC
        and sheet.has("user")
        and sheet.has("time")
        and sheet.relation.columns[sheet.columns["time"]][1] in {"moment", "instant", "date"}
        and sheet.relation.columns[sheet.columns["user"]][1] in {"text", "exact"}
        and all(kinds.get(name, "text") == "text" for name in looked_at)
        and not (days or REWORDED & kinds.keys() or sheet.left_out or Fate(sheet).columns)
    )


def _text_columns(sheet: Sheet) -> dict[str, str]:
    return {c: name for c, name in stored_dimensions(sheet).items() if c != "user"}


def _log(sheet: Sheet) -> Log:
    relation = sheet.relation
    assert relation is not None
    user, kind = relation.columns[sheet.columns["user"]]
    text = f"CAST({identifier(user)} AS VARCHAR)"
    address = f"CASE WHEN {text} LIKE '%@%' THEN lower({text}) ELSE nullif({text}, '') END"
    who = address if kind == "text" else identifier(user)
    columns = {
        name: f"coalesce(CAST({identifier(relation.columns[sheet.columns[c]][0])} AS VARCHAR), '')"
        for c, name in _text_columns(sheet).items()
    }
    time = f"CAST({identifier(relation.columns[sheet.columns['time']][0])} AS TIMESTAMP)"
    return Log(relation.engine, 0, who, time, columns["event"], columns)


def _counted_sql(sheet: Sheet, log: Log, wanted: Sequence[str]) -> str:
    kept = {sheet.columns[c] for c, name in _text_columns(sheet).items() if name in wanted}
    text, calls = f"CAST({log.who} AS VARCHAR)", calls_sql(sheet, {*sheet.columns.values()} - kept)
    kind = f"""CASE WHEN {log.who} IS NULL THEN 0 WHEN {calls} THEN 2
        WHEN regexp_matches({text}, '{PLAIN_ID}') THEN 1 ELSE 2 END AS kind"""
    picks = [kind, f"CAST({log.time} AS DATE) AS day", *(f"{log.columns[c]} AS c{i}" for i, c in enumerate(wanted))]
    listed = ", ".join(str(i) for i, _ in enumerate(picks, 1))
    return f"SELECT {', '.join(picks)}, count(*) AS n FROM {SOURCE} GROUP BY {listed} ORDER BY {listed}"


def _is_plain(group: tuple[Any, ...]) -> bool:
    """Whether rows have their day, plain ids, and texts that are read as they are written."""
    kind, day, *cells = group[:-1]
    return kind < 2 and day is not None and is_written(cells)


def _records(sheet: Sheet, groups: Sequence[tuple[Any, ...]], wanted: Sequence[str]) -> Iterator[Record]:
    """Each group as a record of the log's own columns; somebody stands for whoever there is."""
    assert sheet.relation is not None
    places = {name: sheet.columns[c] for c, name in _text_columns(sheet).items()}
    for kind, day, *texts, count in groups:
        cells = [""] * len(sheet.relation.columns)
        cells[sheet.columns["user"]] = _SOMEBODY if kind else ""
        cells[sheet.columns["time"]] = cell_text(day)
        for name, text in zip(wanted, texts, strict=True):
            cells[places[name]] = text
        yield Record(0, cells, int(count))
