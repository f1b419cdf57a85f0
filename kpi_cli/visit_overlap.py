"""Visits that several files count: joined where they are different visits, refused where they are the same.

Two analytics tools, or two slices of one, count the same visits; a file that cannot say where visits came from
gives way to one that can.
"""

from __future__ import annotations

from itertools import combinations

from kpi_cli.assigning import UNATTRIBUTED
from kpi_cli.books import Books, Slices
from kpi_cli.errors import InputError
from kpi_cli.exports.tables import Source

_OURS = frozenset({"file", "fate", "currency", "format_channel", "account"})


def settle_visits(books: Books) -> dict[str, Slices]:
    """Of each column of the visits files: the files that give way to one that says more of what is asked.

    Where two files count the same and neither gives way, the error, to be raised by whoever counts them.
    """
    if not books.has("traffic") or len(books.store.of_role("traffic")) < 2:
        return {}
    books.store.ensure("traffic", "event")
    event = books.ask.config.lead_event.replace("'", "''").casefold()
    found = {"leads": _slices(books, f"(event IS NULL AND leads IS NOT NULL) OR lower(trim(event)) = '{event}'")}
    own = [column for column in books.store.columns["traffic"] if column.startswith("own_")]
    for column in ("visits", "visitors", "key_events", *own):
        found[column] = _slices(books, f'event IS NULL AND "{column}" IS NOT NULL')
    return found


def _slices(books: Books, counting: str) -> Slices:
    """Of the files with rows that count a thing, those that give way to another."""
    dimensions = [name for name in books.ask.dimensions if name not in ("channel", "strategy")]
    asked = [f'"{name}" IS NOT NULL' for name in dimensions if books.column("traffic", name)]
    says = [f"bool_or({test})::INTEGER" for test in (*asked, f"by_channel <> '{UNATTRIBUTED}'")]
    told = {
        number: (sum(of_asked), channel)
        for number, *of_asked, channel in books.store.rows(
            f"SELECT file, {', '.join(says)} FROM traffic WHERE fate IS NULL AND ({counting}) GROUP BY file"
        )
    }
    sources = [source for source in books.store.of_role("traffic") if source.number in told]
    both = [pair for pair in combinations(sources, 2) if _overlap(*pair) and not _apart(books, *pair)]
    unlike = [pair for pair in both if told[pair[0].number] != told[pair[1].number]]
    slices = {min(pair, key=lambda source: told[source.number]).number for pair in unlike}
    for one, other in both:
        if not {one.number, other.number} & slices and (_shape(one) != _shape(other) or _same_rows(books, one, other)):
            text = f"{one.file} and this file count the same visits"
            return InputError("visits_twice", text, "give one of them", other.file)
    return tuple(sorted(slices))


def _overlap(one: Source, other: Source) -> bool:
    if one.period is None or other.period is None:
        return True
    return one.period[0] <= other.period[1] and other.period[0] <= one.period[1]


def _apart(books: Books, one: Source, other: Source) -> bool:
    """Whether the files speak of two sites: the user says so, or each names another property."""
    accounts = {source.sheet.account if source.sheet else None for source in (one, other)}
    said = any(source.sheet and source.sheet.options.separate_accounts for source in (one, other))
    return books.ask.reading.separate_accounts or said or (len(accounts) == 2 and None not in accounts)


def _shape(source: Source) -> tuple[str | None, frozenset[str]]:
    return source.format, frozenset(source.sheet.columns if source.sheet else ())


def _same_rows(books: Books, one: Source, other: Source) -> bool:
    """Whether a group of visits stands in both files for days that overlap."""
    columns = books.store.columns["traffic"]
    texts = [name for name, kind in columns.items() if kind == "VARCHAR" and name not in _OURS]
    alike = " AND ".join(f'a."{name}" IS NOT DISTINCT FROM b."{name}"' for name in texts)
    days = 'a."start" <= b."end" AND b."start" <= a."end"'
    sql = f"""SELECT 1 FROM traffic a JOIN traffic b ON {alike}
              WHERE a.file = $1 AND b.file = $2 AND a.fate IS NULL AND b.fate IS NULL
                AND (({days}) OR a."start" IS NULL OR b."start" IS NULL) LIMIT 1"""
    return bool(books.store.rows(sql, [one.number, other.number]))
