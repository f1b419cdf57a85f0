"""Large tables of touches, their paths made where they are: what comes over is the distinct paths with their sums.

    touches_there(sheet)       the touches in counts, and `Touches` to ask; None where its rows are wanted
    Touches.paths(…)           the distinct paths, with conversions, value and how many led nowhere
    Touches.decayed(…)         the channels' shares by the age of each touch

A path is as in touch_paths.py: a person's touches up to a conversion, or to the end of the table. The channel of a
touch is decided once for each combination of its cells, here, and travels with the question as a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.errors import KpiError
from kpi_cli.exports.composing import flag, flag_words, stored_dimensions
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.fates import Fate
from kpi_cli.exports.judging import literal
from kpi_cli.exports.large import GROUPS, ROWS
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.roles import MONEY_TYPE
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structured import cell_text
from kpi_cli.exports.values import BadValue
from kpi_cli.warehouse.called import calls_sql
from kpi_cli.warehouse.engines import SOURCE, Engine, identifier, is_tried
from kpi_cli.warehouse.log import DECIDING, PLAIN_ID, REWORDED
from kpi_cli.warehouse.relation import COMBINATIONS, is_written, values_sql

if TYPE_CHECKING:
    from kpi_cli.period import Window

_DAYS = {"date", "start", "end", "week", "month"}
_ROW_BY_ROW = REWORDED | {"path", "non_conversions", *_DAYS}
_DAY_US = 86_400_000_000
_SOMEBODY = "x"

Cells = tuple[str, ...]


class Code(Struct, frozen=True):
    """What a combination of cells says: the place of its channel among all in their order, and if it is a touch."""

    channel: int
    is_touch: bool


class Touches(Struct, frozen=True):
    """Touches where they are: SQL over their rows, the `columns` being those that decide the channel."""

    engine: Engine
    rows: int
    who: str
    time: str
    converts: str
    value: str
    columns: dict[str, str]

    def paths(self, codes: Mapping[Cells, Code], window: Window | None) -> list[tuple[Any, ...]]:
        """The distinct paths.

        Args:
            codes: by combination of the cells of `columns`, its channel.
            window: the days in which a path must end.

        Returns:
            Rows of the path, its channels' numbers parted by “>”, None where a conversion had no touch before it;
            whether it ended in the window; conversions; how many such paths led to none; their value; their rows;
            how many of these stand before one of the same moment and another channel by chance alone.

        Raises:
            InputError: the engine refuses it, or the table has changed since it was read.
        """
        rows = self._asked(
            f"""{self._journeys(codes)}
                SELECT path, {_inside(window)} AS inside, sum(conversions) AS conversions,
                       sum(CASE WHEN conversions > 0 THEN 0 ELSE 1 END) AS nulls, sum(worth) AS worth, sum(n) AS n,
                       sum(tied) AS tied, max(length) AS length
                FROM journeys GROUP BY 1, 2"""
        )
        if any(path is not None and path.count(">") + 1 != length for path, *_, length in rows):
            self.engine.refuse(ValueError("paths are cut short"))  # some engines limit how long a text may grow
        return [row[:-1] for row in rows]

    def decayed(
        self, codes: Mapping[Cells, Code], window: Window | None, half_life: float, parts: int
    ) -> list[tuple[Any, ...]]:
        """The channels' shares by age, each path's conversions being cut into so many whole parts.

        Args:
            codes: by combination of the cells of `columns`, its channel.
            window: the days in which a path must end.
            half_life: days.
            parts: of a path's conversions.

        Returns:
            Rows of the channel's number, and its parts of the millionths of conversions and of value.

        Raises:
            InputError: the engine refuses it, or the table has changed since it was read.
        """
        whole = self.engine.whole
        age = f"CAST(date_diff('microsecond', t.\"at\", j.last_touch) AS DOUBLE) / {_DAY_US}.0"
        weight = f"CAST(pow(2.0, -({age}) / {half_life!r}) * {parts}.0 AS {whole})"
        counted, worth = (f"CAST({name} * 1000000 AS {whole})" for name in ("conversions", "worth"))
        each = f"CAST((weight * {parts}) // in_all AS {whole})"
        return self._asked(
            f"""{self._journeys(codes)},
                weighed AS (SELECT t.code, {weight} AS weight, j.who, j.nth_path, j.conversions, j.worth
                  FROM told AS t JOIN journeys AS j ON t.who = j.who AND t.nth_path = j.nth_path
                  WHERE t.touched = 1 AND j.conversions > 0 AND {_inside(window)} = 1),
                summed AS (SELECT *, CAST(sum(weight) OVER (PARTITION BY who, nth_path) AS {whole}) AS in_all
                  FROM weighed),
                shared AS (SELECT code, {each} AS share, {counted} AS counted, {worth} AS valued FROM summed)
                SELECT code, sum(share * counted) AS counted, sum(share * valued) AS valued
                FROM shared GROUP BY 1"""
        )

    def _asked(self, sql: str) -> list[tuple[Any, ...]]:
        found = list(self.engine.rows(sql))
        self.engine.hold_to(self.rows)
        return found

    def _journeys(self, codes: Mapping[Cells, Code]) -> str:
        """The touches as `told`, each with its path, and the paths as `journeys`.

        A path is told by its person and how many conversions came before. Touches of one moment stand in the order of
        conversions, channel and value, as in touch_paths.py.
        """
        cells = "".join(f", {sql} AS c{i}" for i, sql in enumerate(self.columns.values()))
        alike = " AND ".join(f"e.c{i} = n.c{i}" for i, _ in enumerate(self.columns)) or "1 = 1"
        order = 'PARTITION BY who ORDER BY "at", converts, code, value'
        running = f"{order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
        return f"""WITH named AS ({self._named_sql(codes)}),
            coded AS (SELECT e.who, e."at", e.converts, e.value, n.code, n.touched
              FROM (SELECT {self.who} AS who, {self.time} AS "at", {self.converts} AS converts,
                           {self.value} AS value{cells} FROM {SOURCE}) AS e
              JOIN named AS n ON {alike} WHERE n.touched = 1 OR e.converts > 0),
            placed AS (SELECT *, row_number() OVER ({order}) AS nth,
                              CASE WHEN converts = 0 AND lead(converts) OVER ({order}) = 0
                                        AND lead("at") OVER ({order}) = "at" AND lead(code) OVER ({order}) <> code
                                   THEN 1 ELSE 0 END AS is_tied,
                              count(CASE WHEN converts > 0 THEN 1 END) OVER ({running}) AS so_far FROM coded),
            told AS (SELECT who, "at", converts, value, code, touched, nth, is_tied,
                            so_far - CASE WHEN converts > 0 THEN 1 ELSE 0 END AS nth_path FROM placed),
            journeys AS (SELECT who, nth_path, sum(converts) AS conversions,
                           string_agg(CASE WHEN touched = 1 THEN CAST(code AS VARCHAR) END, '>' ORDER BY nth) AS path,
                           sum(CASE WHEN converts > 0 THEN value END) AS worth, CAST(max("at") AS DATE) AS ended,
                           max(CASE WHEN touched = 1 THEN "at" END) AS last_touch, count(*) AS n,
                           sum(touched) AS length, sum(is_tied) AS tied
                         FROM told GROUP BY who, nth_path)"""

    def _named_sql(self, codes: Mapping[Cells, Code]) -> str:
        rows: list[tuple[str | int, ...]] = [(*own, code.channel, int(code.is_touch)) for own, code in codes.items()]
        names = [*(f"c{i}" for i, _ in enumerate(self.columns)), "code", "touched"]
        return values_sql(names, rows)


def _inside(window: Window | None) -> str:
    within = f"ended BETWEEN DATE '{window.start}' AND DATE '{window.end}'" if window else "1 = 1"
    return f"CASE WHEN {within} THEN 1 ELSE 0 END"


# ------------------------------------------------------------------------------------------- reading


def touches_there(sheet: Sheet) -> tuple[Sheet, Touches] | None:
    """The touches in counts, and the touches themselves to be asked where they are.

    Args:
        sheet: a relation whose header is understood, and no more.

    Returns:
        None where the table is not large, or holds anything that calls for its rows one by one.
    """
    relation = sheet.relation
    if relation is None or not _is_simple(sheet) or relation.count() <= ROWS:
        return None
    try:
        flags = _flags(sheet)
        touches = _touches(sheet, [cell for cell, yes in flags.items() if yes])
        if _stand_twice(sheet):
            return None
        groups = list(islice(relation.engine.rows(_counted_sql(sheet, touches)), GROUPS + 1))
    except (KpiError, BadValue):
        return None  # the reading row by row tells of it
    width = len(_keys(sheet, touches))
    texts = {group[2 : 2 + width] for group in groups}
    known = {cells[: len(touches.columns)] for cells in texts}
    plain = all(group[0] == 1 and group[1] is not None and is_written(group[2 : 2 + width]) for group in groups)
    if len(groups) > GROUPS or len(known) > COMBINATIONS or not plain:
        return None
    records = list(_records(sheet, touches, groups))
    return sheet.over(records.__iter__), replace(touches, rows=sum(record.rows for record in records))


def _is_simple(sheet: Sheet) -> bool:
    """Whether columns have the types of what they name, and no rule leaves rows out."""
    assert sheet.relation is not None
    kinds = {c: sheet.relation.columns[i][1] for c, i in sheet.columns.items()}
    texts = {c for c, name in stored_dimensions(sheet).items() if name in DECIDING}
    engine = sheet.relation.engine
    return (
        (engine.is_local or is_tried(engine.address))  # a touch's age is said in another way by each engine
        and sheet.header.format.name == GENERIC
        and kinds.get("time") in {"moment", "instant", "date"}
        and kinds.get("user") in {"text", "exact"}
        and kinds.get("conversion", "exact") in {"text", "exact", "bool"}
        and all(kinds.get(c, "exact") == "exact" for c in ("conversions", "value"))
        and all(kinds.get(c, "text") == "text" for c in (*texts, "currency"))
        and not (_ROW_BY_ROW & kinds.keys() or sheet.options.dedupe or sheet.options.converted)
        and not (sheet.left_out or Fate(sheet).columns)
    )


def _column(sheet: Sheet, canonical: str) -> str:
    assert sheet.relation is not None
    return identifier(sheet.relation.columns[sheet.columns[canonical]][0])


def _text(sheet: Sheet, canonical: str) -> str:
    return f"coalesce(CAST({_column(sheet, canonical)} AS VARCHAR), '')"


def _flags(sheet: Sheet) -> dict[str, bool]:
    """The cells that say whether a touch converts, each with what it says; none where conversions are counted."""
    if not sheet.has("conversion") or sheet.has("conversions"):
        return {}
    assert sheet.relation is not None
    cell = _text(sheet, "conversion")
    rows = list(islice(sheet.relation.engine.rows(f"SELECT {cell} AS said FROM {SOURCE} GROUP BY 1"), COMBINATIONS + 1))
    if len(rows) > COMBINATIONS:
        raise BadValue("one of too many words")
    words = flag_words(sheet)
    return {said: flag(said, words) == "1" for (said,) in rows}


def _touches(sheet: Sheet, yes: Sequence[str]) -> Touches:
    relation = sheet.relation
    assert relation is not None
    who = f"lower(CAST({_column(sheet, 'user')} AS VARCHAR))"
    time = f"CAST({_column(sheet, 'time')} AS TIMESTAMP)"
    converts = "0"
    if sheet.has("conversions"):
        converts = f"coalesce(CAST({_column(sheet, 'conversions')} AS {MONEY_TYPE}), 0)"
    elif yes:
        converts = f"CASE WHEN {_text(sheet, 'conversion')} IN ({', '.join(map(literal, yes))}) THEN 1 ELSE 0 END"
    value = f"CAST({_column(sheet, 'value') if sheet.has('value') else 'NULL'} AS {MONEY_TYPE})"
    columns = {name: _text(sheet, c) for c, name in stored_dimensions(sheet).items() if name in DECIDING}
    return Touches(relation.engine, 0, who, time, converts, value, columns)


def _stand_twice(sheet: Sheet) -> bool:
    """Whether rows stand twice, where that is to be known."""
    if not (sheet.options.strict or sheet.options.every_id):
        return False
    assert sheet.relation is not None
    listed = ", ".join(_column(sheet, c) for c in sheet.columns)
    rows = sheet.relation.engine.rows(f"SELECT count(*) AS n FROM {SOURCE} GROUP BY {listed} HAVING count(*) > 1")
    return next(rows, None) is not None


def _keys(sheet: Sheet, touches: Touches) -> dict[str, str]:
    """The texts that groups are told by, with their SQL: what decides the channel, then what else is looked at."""
    more = [c for c in ("currency", "conversion") if sheet.has(c)]
    own = {c: name for c, name in stored_dimensions(sheet).items() if name in touches.columns}
    return {c: touches.columns[name] for c, name in own.items()} | {c: _text(sheet, c) for c in more}


def _counted_sql(sheet: Sheet, touches: Touches) -> str:
    """Counts of rows alike in day and texts, and in whether they convert and bring money, with their sums."""
    tests = [f"regexp_matches({touches.who}, '{PLAIN_ID}') AND {touches.who} <> ''"]
    tests.append(f"NOT ({calls_sql(sheet, {sheet.columns['user']})})")
    numbers = [c for c in ("conversions", "value") if sheet.has(c)]
    for c in numbers:
        cell = _column(sheet, c)
        floor = f" AND {cell} >= 0" if c == "conversions" else ""
        tests.append(f"({cell} IS NULL OR (CAST({cell} AS {MONEY_TYPE}) = {cell}{floor}))")
    signs = [f"CASE WHEN {_column(sheet, c)} IS NULL THEN 2 ELSE sign({_column(sheet, c)}) END" for c in numbers]
    keys = [*_keys(sheet, touches).values(), *signs]
    plain = f"CASE WHEN {' AND '.join(tests)} THEN 1 ELSE 0 END AS is_plain"
    picks = [plain, f"CAST({touches.time} AS DATE) AS day", *(f"{sql} AS k{i}" for i, sql in enumerate(keys))]
    listed = ", ".join(str(i) for i, _ in enumerate(picks, 1))
    sums = [f"sum(CAST({_column(sheet, c)} AS {MONEY_TYPE})) AS s{i}" for i, c in enumerate(numbers)]
    return f"SELECT {', '.join([*picks, *sums, 'count(*) AS n'])} FROM {SOURCE} GROUP BY {listed} ORDER BY {listed}"


def _records(sheet: Sheet, touches: Touches, groups: Sequence[tuple[Any, ...]]) -> Iterator[Record]:
    """Each group as a record of the table's own columns; somebody stands for whoever there is."""
    assert sheet.relation is not None
    keys, numbers = _keys(sheet, touches), [c for c in ("conversions", "value") if sheet.has(c)]
    for group in groups:
        cells = [""] * len(sheet.relation.columns)
        cells[sheet.columns["user"]] = _SOMEBODY
        cells[sheet.columns["time"]] = cell_text(group[1])
        for name, text in zip(keys, group[2:], strict=False):
            cells[sheet.columns[name]] = text
        for name, total in zip(numbers, group[2 + len(keys) + len(numbers) : -1], strict=True):
            cells[sheet.columns[name]] = cell_text(total)
        yield Record(0, cells, int(group[-1]))
