"""Measures of a funnel: how many reached each stage, by group, from counted exports; of a log, following.py.

stages(books, kin)     the stages that the files of one kin know, first to last
counted(books, …)      sums and distinct counts of those stages by group
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from kpi_cli import measures
from kpi_cli.assigning import NOT_ALLOCATED, NOT_SET, UNATTRIBUTED
from kpi_cli.books import Books, fill_buckets
from kpi_cli.errors import UsageError
from kpi_cli.exports.tables import Source
from kpi_cli.measures import Table
from kpi_cli.period import UNITS, Window

if TYPE_CHECKING:
    pass


class Stage(Struct, frozen=True):
    """A stage: its name, the role that counts it, the column that must be known, and how it is counted."""

    name: str
    role: str
    column: str
    sql: str = ""

    def counted(self, books: Books) -> str:
        """The count, as SQL over the rows of a group; rows that count one event repeat the visits."""
        if self.name == "orders":
            return books.store.orders_sql
        if self.role == "traffic":
            once = f"t.event IS NULL AND {measures.counted_once(books, self.column)}"
            return f"sum({measures.cut(self.column)}) FILTER ({once})"
        return self.sql or f"sum({measures.cut(self.column)})"


class Kin(Struct, frozen=True):
    """Roles whose counts make one funnel; of the stages at one place the first that is known counts."""

    roles: tuple[str, ...]
    places: tuple[tuple[Stage, ...], ...]

    @property
    def names(self) -> set[str]:
        """Every stage that can stand in this funnel."""
        return {stage.name for place in self.places for stage in place}


def _alike(role: str, *names: str) -> tuple[Stage, ...]:
    return tuple(Stage(name, role, name) for name in names)


_HALF = "sum(CASE WHEN t.completed = 1 OR TRY_CAST(t.share AS DOUBLE) >= 50 THEN 1 ELSE 0 END)"
KINS = (
    Kin(
        ("spend", "traffic", "leads", "sales"),
        (
            _alike("spend", "impressions"),
            _alike("spend", "clicks"),
            _alike("traffic", "visits", "visitors"),
            (Stage("leads", "leads", "leads"), Stage("key_events", "traffic", "key_events")),
            (Stage("orders", "sales", "is_order"),),
            (Stage("customers", "sales", "customer"),),
        ),
    ),
    Kin(("events",), ()),
    Kin(
        ("progress",),
        (
            _alike("progress", "enrolled"),
            _alike("progress", "started"),
            (Stage("half", "progress", "share", _HALF),),
            _alike("progress", "completed"),
        ),
    ),
    Kin(("search",), (_alike("search", "impressions"), _alike("search", "clicks"))),
    Kin(
        ("mail",),
        (
            _alike("mail", "delivered", "recipients"),
            _alike("mail", "opened"),
            _alike("mail", "clicked"),
            (Stage("ordered", "mail", "orders"),),
        ),
    ),
    Kin(
        ("social",),
        (
            _alike("social", "reach", "impressions"),
            _alike("social", "engagements"),
            _alike("social", "clicks"),
        ),
    ),
)


def stages(books: Books, kin: Kin) -> list[Stage]:
    """The stages that the files know, first to last."""
    found = [[s for s in place if known(books, s)] for place in kin.places]
    every = [stage for place in found for stage in place]
    return [_preferred(books, place, every) for place in found if place]


def _preferred(books: Books, place: Sequence[Stage], every: Sequence[Stage]) -> Stage:
    """The first that all rows state; but what ad platforms claim as leads gives way to the key events of all visits."""
    if place[0].name == "leads":
        return place[-1] if books.leads_from == "spend" else place[0]
    return next((stage for stage in place if not _silent(books, stage, every)), place[0])


def not_stated(books: Books, listed: Sequence[Stage]) -> dict[Stage, list[str]]:
    """The stages that some files do not state for rows that count in another one of them; and those files."""
    found = {stage: _silent(books, stage, listed) for stage in listed}
    files = {source.number: source.file for source in books.store.sources}
    return {stage: [files[number] for number in numbers] for stage, numbers in found.items() if numbers}


def _silent(books: Books, stage: Stage, listed: Sequence[Stage]) -> list[int]:
    """The files with rows that do not state a stage, and count in another one of the same role."""
    beside = [s for s in listed if s.role == stage.role and s is not stage]
    where = f'fate IS NULL AND "{stage.column}" IS NULL'
    if stage.name == "customers":
        where += " AND is_order"
    elif beside and stage.role in _STATED and stage.name != "leads":
        counts = " OR ".join(f'"{s.column}" > 0' for s in beside)
        where += f" AND ({counts})"
    else:
        return []
    if stage.role == "traffic":
        books.store.ensure("traffic", "event")
        aside = {number for s in (stage, *beside) for number in measures.set_aside(books, s.column)}
        where += " AND event IS NULL" + "".join(f" AND file <> {number}" for number in sorted(aside))
    found = books.store.rows(f"SELECT DISTINCT file FROM {stage.role} WHERE {where} ORDER BY file")
    return [number for (number,) in found]


_STATED = ("spend", "traffic", "search", "mail", "social")  # roles whose stages are columns of one row


def known(books: Books, stage: Stage) -> bool:
    """Whether the files say anything of a stage."""
    if stage.name == "leads":
        return books.leads_from is not None
    if not books.has(stage.role) or not books.column(stage.role, stage.column):
        return False
    sql = f'SELECT 1 FROM {stage.role} WHERE fate IS NULL AND "{stage.column}" IS NOT NULL LIMIT 1'
    return bool(books.store.rows(sql)) and not (stage.name == "half" and without_share(books))


def without_share(books: Books) -> list[str]:
    """The progress files that do not say how far anybody came, so that half-way cannot be counted over all."""
    found = books.store.rows(
        """SELECT file FROM progress WHERE fate IS NULL GROUP BY file
           HAVING count(share) = 0 AND count(*) > count(*) FILTER (completed = 1) ORDER BY file"""
    )
    return [source.file for (number,) in found for source in books.store.sources if source.number == number]


def role_of(books: Books, stage: Stage) -> str:
    """The role that a stage is counted from; leads have several."""
    return (books.leads_from or stage.role) if stage.name == "leads" else stage.role


def has_dimension(books: Books, role: str, name: str) -> bool:
    """Whether the rows of a role can be grouped by a dimension."""
    if name in UNITS:
        return True
    if name in {"channel", "strategy"} and books.column(role, f"by_{name}"):
        return True
    if name in {"platform", "campaign"} and books.column(role, f"by_{name}"):
        return any(books.column(role, column) for column in (name, "campaign", "campaign_id"))
    return books.column(role, name)


def says(books: Books, stage: Stage, name: str) -> bool:
    """Whether a dimension is said by any row of the window that a stage counts, if there is one.

    Where none says it, a group has no such count, rather than none: orders without a source are nobody's, not 0.
    """
    role = role_of(books, stage)
    said = measures.dimension_sql(books, role, name)
    test = f"{said} NOT IN ('{NOT_SET}', '{UNATTRIBUTED}', '{NOT_ALLOCATED}')"
    if name == "strategy" and books.column(role, "by_channel"):
        test = f"({said} <> 'unknown' OR t.by_channel <> '{UNATTRIBUTED}') AND {test}"
    counts = f't."{stage.column}" IS NOT NULL'
    if role == "traffic":
        books.store.ensure("traffic", "event")
        counts = f"({counts} OR t.event IS NOT NULL) AND {measures.counted_once(books, stage.column)}"
    elif stage.role == "sales":
        counts += " AND t.is_order"
    fill_buckets(books, books.window)
    rows, known = books.store.rows(
        f"""SELECT count(*), count(*) FILTER ({test}) FROM {role} t {measures.IN_WINDOW}
            WHERE t.fate IS NULL AND {counts}"""
    )[0]
    return bool(known or not rows)


def counted(books: Books, listed: Sequence[Stage], window: Window | None) -> Table:
    """Each group's count of each stage; a group that a role does not know has no such count."""
    found: Table = {}
    for role in dict.fromkeys(role_of(books, stage) for stage in listed):
        here = [s for s in listed if role_of(books, s) == role and s.name not in {"leads", "customers"}]
        if here:
            measures.no_edge_inside(books, window, role, _table(books, role))
            books.store.ensure(role, "event", "customer", "order_id", "share")
            sums = ", ".join(f"{stage.counted(books)} AS {stage.name}" for stage in here)
            _add(found, measures.by_group(books, role, window, sums, _table(books, role)))
    for name, measure in (("leads", measures.leads), ("customers", measures.customers)):
        if any(stage.name == name for stage in listed):
            _add(found, measure(books, window))
    return found


def _add(found: Table, more: Table) -> None:
    for key, sums in more.items():
        found.setdefault(key, {}).update(sums)


SLICES = "search_slices"


def _table(books: Books, role: str) -> str | None:
    """Where grouped search rows stand: apart from the days, which alone carry the totals."""
    sliced = set(books.ask.dimensions) - set(UNITS) and SLICES in books.store.columns
    return SLICES if role == "search" and sliced else None


def slice_search(books: Books) -> bool:
    """Put the search tables that know the dimensions asked for apart from those by day; whether there are any.

    A table of queries or pages states no day: it covers those of the table by day beside it.

    Raises:
        UsageError: no table has these dimensions together.
    """
    wanted = [dim for dim in books.ask.dimensions if dim not in UNITS]
    tables = [(s, s.sheet) for s in books.store.of_role("search") if s.sheet]
    own = [s for s, sheet in tables if not sheet.has("date") and all(map(sheet.has, wanted))]
    if len(wanted) > 1 and not any(all(map(sheet.has, wanted)) for _, sheet in tables):
        raise UsageError("unknown_dimension", f"no search table has {' and '.join(wanted)}", "ask for one of them")
    if not (wanted and own):
        return False
    days, listed = (", ".join(str(s.number) for s in some) or "NULL" for some in (_by_day(books), own))
    books.store.con.execute(
        f"""CREATE TEMP TABLE {SLICES} AS SELECT * REPLACE (NULL::VARCHAR AS fate, low AS "start", high AS "end")
            FROM search, (SELECT min("start") AS low, max("end") AS high FROM search WHERE file IN ({days}))
            WHERE file IN ({listed}) AND (fate IS NULL OR fate = 'seen_in_other_file')"""
    )
    books.store.columns[SLICES] = dict(books.store.columns["search"])
    for source in own:
        source.fates.pop("seen_in_other_file", None)
        source.extra_notes = [n for n in source.extra_notes if n.code != "reslice"]
    files = {source.file for source in own}
    books.notes[:] = [n for n in books.notes if n.code != "reslice" or n.file not in files]
    if _by_day(books):
        books.store.con.execute(f"UPDATE search SET fate = 'seen_in_other_file' WHERE file IN ({listed})")
    return True


def _by_day(books: Books) -> list[Source]:
    return [s for s in books.store.of_role("search") if s.sheet and s.sheet.has("date")]


def holds_whole(books: Books) -> bool:
    """Whether totals can be had: a search platform's are those of its table by day, never of its cut lists."""
    cut = [s for s in books.store.of_role("search") if s.sheet and s.sheet.header.format.get("totals_from")]
    return not cut or bool(_by_day(books))


def added_people(books: Books, listed: Sequence[Stage], window: Window | None) -> list[str]:
    """The stages that the files count as people row by row, so that a sum can hold one person several times."""
    fill_buckets(books, window)
    found = []
    for stage in listed:
        if stage.name in {"visitors", "reach"}:
            counted = f"t.fate IS NULL AND t.{stage.column} > 0"
            sql = f'SELECT coalesce(sum(t."rows"), 0) FROM {stage.role} t {measures.IN_WINDOW} WHERE {counted}'
            if books.store.rows(sql)[0][0] > 1:
                found.append(stage.name)
    return found


def seconds_on_page(books: Books, window: Window | None) -> Table:
    """Each group's mean time of a visit in seconds, weighed by visits, where the export has it."""
    dims = books.ask.dimensions
    if not (books.has("traffic") and books.column("traffic", "avg_time")):
        return {}
    if not all(has_dimension(books, "traffic", dim) for dim in dims):
        return {}
    weight = "coalesce(t.visits, t.visitors, t.pageviews)"
    timed = f"FILTER (t.avg_time IS NOT NULL AND {weight} > 0)"
    mean = f"sum(t.avg_time * {weight}) {timed} / sum({weight}) {timed}"
    found = measures.by_group(books, "traffic", window, f"CAST({mean} AS DECIMAL(18,6)) AS seconds")
    return {key: sums for key, sums in found.items() if sums["seconds"] is not None}


def takings(books: Books, window: Window | None) -> dict[str, tuple[Decimal, Decimal]]:
    """By variant, revenue and the sum of each buyer's squared revenue: what Welch's test needs."""
    fill_buckets(books, window)
    if people := books.store.people:
        said = measures.said_of(books, people, ["coalesce(t.variant, '')"])
        found = people.takings(said, window, gross=books.ask.reading.gross)
        return {variant: (Decimal(total), Decimal(squares)) for variant, total, squares in sorted(found) if variant}
    person = "coalesce(t.customer, 'order ' || t.order_id, 'row ' || t.file || ' ' || t.line)"
    rows = books.store.rows(
        f"""SELECT variant, sum(spent), sum(spent * spent) FROM (
              SELECT t.variant, {person} AS person, CAST(sum({measures.revenue_sql(books)}) AS DECIMAL(18,6)) AS spent
              FROM sales t {measures.IN_WINDOW} WHERE t.fate IS NULL AND t.variant IS NOT NULL GROUP BY ALL)
            GROUP BY variant ORDER BY variant"""
    )
    return {variant: (Decimal(total), Decimal(squares)) for variant, total, squares in rows}
