"""Books: the files of a question, read and made ready: one currency, one window, a channel on every row.

open_books(ask, uses)   reads, refuses, groups; `uses` are the roles the question draws on
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from kpi_cli.ask import Ask
from kpi_cli.converting import convert
from kpi_cli.errors import InputError, KpiError, NoDataError, Refusals
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.files import Asked
from kpi_cli.exports.reading import Sought, read
from kpi_cli.exports.structured import Table, frame_table
from kpi_cli.exports.tables import Source, Store
from kpi_cli.grouping import Grouping
from kpi_cli.period import Window, buckets, resolve
from kpi_cli.result import Note, Span
from kpi_cli.texts import label, money_text, note


@dataclass(slots=True)
class Books:
    """Everything a question may ask of its files."""

    store: Store
    ask: Ask
    grouping: Grouping
    window: Window | None = None
    currency: str | None = None
    days_with_data: int = 0
    leads_from: str | None = None  # the role that leads are counted from
    other_slices: tuple[int, ...] = ()  # visits files whose visits another file counts by channel
    notes: list[Note] = field(default_factory=list)

    def has(self, role: str) -> bool:
        """Whether a role has rows."""
        return role in self.store.columns and bool(self.store.of_role(role))

    def column(self, role: str, name: str) -> bool:
        """Whether the table of a role has a column."""
        return name in self.store.columns.get(role, {})

    @property
    def span(self) -> Span | None:
        """The period as the answer states it."""
        return Span(self.window.start, self.window.end, self.days_with_data) if self.window else None


Choice = Callable[[Books], tuple[Sequence[str], Sequence[Sequence[str]]]]  # roles used, groups of roles needed


def open_books(
    ask: Ask,
    uses: Sequence[str] | Sought,
    needs: Sequence[Sequence[str]],
    choose: Choice | None = None,
    *,
    ids: bool = True,
) -> Books:
    """Read the files of a question.

    Args:
        ask: files and options.
        uses: roles the question draws on, or what chooses them among the files as they are recognised (`choose`
            then says them); files of others are named in a note.
        needs: groups of roles of which one each must have a row.
        choose: given the files as read, says which roles are used and needed after all.
        ids: whether the answer counts orders or customers, so that every row's own ids matter.

    Raises:
        UsageError: a period that cannot be understood.
        InputError: what cannot be read or added for certain.
        NoDataError: a needed role has no file, or no row in the period.
    """
    resolve(ask.period)  # a mistake in the options is told before any in the files
    by = None if ids else frozenset(ask.dimensions)
    own = _own_roles(ask)
    sought = uses
    roles = (lambda sheets: own.union(sought(sheets))) if callable(sought) else own.union(sought)
    store = _read_before() or read(asked_files(ask), ask.reading, inline_tables(ask), roles=roles, by=by)
    _refuse(store)
    books = Books(store, ask, Grouping(ask.config.channels, ask.config.strategies))
    if choose:
        uses, needs = choose(books)
    assert not callable(uses)  # who chooses among recognised files chooses among read ones too
    uses = _settle_leads(books, uses, needs)
    if "leads" in own and "leads" not in uses:
        _settle_leads(books, tuple(own), ())
    for source in store.sources:
        if source.role not in own.union(uses):
            books.notes.append(note("unused_file", file=source.file, role=source.role or "?"))
    _needed(books, needs)
    from kpi_cli import assigning

    assigning.assign(books)
    convert(books)
    books.currency = _currency(books, uses)
    _settle_window(books, uses)
    _in_window(books, needs)
    books.notes = [n for s in store.sources for n in s.notes] + books.notes
    insist(books)
    return books


_READ: ContextVar[Store | None] = ContextVar("read", default=None)


@contextmanager
def read_once(ask: Ask) -> Iterator[None]:
    """Within it, every question about these files is answered from one reading of them, whatever their role."""
    token = _READ.set(read(asked_files(ask), ask.reading, inline_tables(ask)))
    try:
        yield
    finally:
        _READ.reset(token)


def _own_roles(ask: Ask) -> frozenset[str]:
    """The roles that any question draws on: exchange rates, and what own measures and metrics are made from."""
    if not (ask.config.measures or ask.config.metrics):
        return frozenset({"rates"})
    from kpi_cli.definitions import roles_of_own

    return roles_of_own(ask.config) | {"rates"}


def _read_before() -> Store | None:
    """The files as they were read for an earlier question, without what that said of its own period."""
    store = _READ.get()
    for source in store.sources if store else ():
        source.fates.pop("outside_period", None)
    return store


def insist(books: Books) -> None:
    """Under --strict, notes on trust are refusals and a partly covered period is missing data.

    Raises:
        Refusals: one error for each note on trust.
        NoDataError: a file covers less of the period than its role does.
    """
    if not books.ask.reading.strict:
        return
    if errors := trust_errors(books.notes):
        raise Refusals(errors)
    for found in books.notes:
        if found.code == "incomplete_period":
            raise NoDataError("incomplete_period", found.text, "wait for the missing days", found.file)


def asked_files(ask: Ask) -> list[Asked]:
    """The files of a question: the command line's, else kpi.yml's, each with what is said of it."""
    said = [Asked(path, replace(ask.reading, role=role)) for path, role in ask.files.paths]
    rates = [str(ask.config.folder / pattern) for pattern in ask.config.rates.files]
    listed = [Asked(pattern, replace(ask.reading, role="rates", currency=None)) for pattern in rates]
    if said or ask.files.frames:
        return said + listed
    found = []
    for source in ask.config.sources:
        options = replace(
            ask.reading,
            role=source.role,
            format=source.format,
            decimal=source.decimal or ask.reading.decimal,
            date_format=source.date_format or ask.reading.date_format,
            encoding=source.encoding or ask.reading.encoding,
            tz=source.tz or ask.reading.tz,
            currency=source.currency or ask.reading.currency,
            columns=tuple(("*", column, header) for column, header in source.columns.items()),
            statuses=tuple(source.statuses.items()),
        )
        found += [Asked(str(ask.config.folder / pattern), options) for pattern in source.files]
    costs = [str(ask.config.folder / pattern) for pattern in ask.config.costs.files]
    return [*found, *(Asked(pattern, replace(ask.reading, role="costs")) for pattern in costs), *listed]


def inline_tables(ask: Ask) -> list[Table]:
    """What is asked about without a file: pandas frames, and the costs written in kpi.yml itself."""
    tables = [frame_table(frame, role, number) for number, (frame, role) in enumerate(ask.files.frames, 1)]
    costs = ask.config.costs.records
    if costs and not (ask.files.paths or ask.files.frames):
        names = ("start", "end", "category", "strategy", "channel", "campaign", "cost", "currency")
        rows = [Record(c.line, ["" if getattr(c, n) is None else str(getattr(c, n)) for n in names]) for c in costs]
        tables.append(Table(ask.config.file or "kpi.yml", [Record(1, list(names)), *rows], ask.config.sha256, "costs"))
    return tables


def _refuse(store: Store) -> None:
    errors: list[KpiError] = [s.error for s in store.sources if s.error]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Refusals(errors)


def _needed(books: Books, needs: Sequence[Sequence[str]]) -> None:
    for group in needs:
        if not any(books.has(role) for role in group):
            raise NoDataError("no_file", f"there is no file with {' or '.join(group)}", "add one")


def _settle_leads(books: Books, uses: Sequence[str], needs: Sequence[Sequence[str]]) -> Sequence[str]:
    """Leads come from one source: a leads file, else the event of the visits file, else the platforms' claims.

    Returns:
        The roles still drawn upon: a visits file that was read for its leads only, and has none, is not.
    """
    if "leads" not in uses:
        return uses
    event = books.ask.config.lead_event
    for role in ("leads", "traffic", "spend"):
        if role in uses and books.has(role) and _counts_leads(books, role, event):
            books.leads_from = role
            break
    if books.leads_from:
        named = f" ({event})" if books.leads_from == "traffic" and books.column("traffic", "event") else ""
        books.notes.append(note("leads_source", source=label(books.leads_from, "lead_sources") + named))
    visits_wanted = any("traffic" in group for group in needs) or books.leads_from == "traffic"
    return [role for role in uses if role != "traffic" or visits_wanted]


def _counts_leads(books: Books, role: str, event: str) -> bool:
    stated = f"SELECT 1 FROM {role} WHERE fate IS NULL AND leads IS NOT NULL LIMIT 1"
    if books.store.rows(stated) or not books.column(role, "event"):
        return bool(books.store.rows(stated))
    named = f"SELECT 1 FROM {role} WHERE fate IS NULL AND lower(trim(event)) = $1 LIMIT 1"
    return role == "traffic" and bool(books.store.rows(named, [event.casefold()]))


def trust_errors(notes: Iterable[Note]) -> list[KpiError]:
    """Notes on trust as the refusals they are under --strict."""
    fix = "mend it, or leave --strict out"
    return [InputError(n.code, n.text, fix, n.file, n.line) for n in notes if n.code in TRUST and n.trust]


TRUST = frozenset(
    [
        "control_total_differs",
        "unknown_cells",
        "currency_unstated",
        "tax_included",
        "duplicates_kept",
        "new_customers_overstated",
        "truncated_source",
        "reslice",
        "channel_assumed",
        "mojibake_repaired",
    ]
)


# ------------------------------------------------------------------------------------------- currency

_MONEY_OF = {"spend": "cost", "sales": "charged", "costs": "cost", "touches": "value"}


def _currency(books: Books, uses: Sequence[str]) -> str | None:
    """The one currency of all money that is to be added.

    Raises:
        InputError: two currencies, or one that is stated beside one that is not.
    """
    seen: dict[str | None, tuple[str, int]] = {}
    files = {s.number: s.file for s in books.store.sources}
    for role in uses:
        if role not in _MONEY_OF or not books.has(role):
            continue
        for currency, number, line in books.store.rows(
            f"""SELECT currency, min(file), arg_min(line, (file, line)) FROM {role}
                WHERE fate IS NULL AND {_MONEY_OF[role]} <> 0 GROUP BY currency ORDER BY min(file), currency"""
        ):
            seen.setdefault(currency, (files[number], line))
    if len(seen) <= 1:
        return next(iter(seen), None)
    stated = sorted(c for c in seen if c)
    if len(stated) > 1:
        file, line = seen[stated[1]]
        raise InputError(
            "currencies_mixed",
            f"{' and '.join(stated)} cannot be added without rates",
            "ask for one currency at a time, or give rates in kpi.yml",
            file,
            line,
        )
    file, line = seen[None]
    raise InputError(
        "currency_unstated",
        f"no currency is stated here, and other files are in {stated[0]}",
        f"say --currency {stated[0]} if it is the same",
        file,
        line,
    )


# --------------------------------------------------------------------------------------------- window


def _settle_window(books: Books, uses: Sequence[str]) -> None:
    """The window asked for, else the days that all formats of the used roles cover."""
    spans = _coverage(books, uses)
    asked = resolve(books.ask.period)
    if asked is None and not spans:
        if books.ask.every:
            raise _undated(books, uses)
        return
    if asked is None:
        books.window = _overlap(books, spans)
        if _undated_rows(books, uses):
            raise _undated(books, uses)
    else:
        books.window = asked
        if _undated_rows(books, uses):
            raise _undated(books, uses)
        _tell_gaps(books, spans, asked)
    covered = _role_windows(books, spans, books.window)
    books.days_with_data = _common_days(covered, books.window)


Spans = dict[tuple[str, str, str | None], tuple[dt.date, dt.date, list[Source]]]


def _coverage(books: Books, uses: Sequence[str]) -> Spans:
    """What each format (and account) of each used role covers; costs by month reach over whole months."""
    spans: Spans = {}
    for source in books.store.sources:
        if source.role in uses and source.role and source.period and _rows_used(source):
            key = (source.role, str(source.format), _account(books, source))
            first, last = source.period
            if key in spans:
                a, b, sources = spans[key]
                spans[key] = (min(a, first), max(b, last), [*sources, source])
            else:
                spans[key] = (first, last, [source])
    return spans


def _account(books: Books, source: Source) -> str | None:
    if source.role != "spend" or not books.column("spend", "account"):
        return None
    found = books.store.rows("SELECT DISTINCT account FROM spend WHERE file = $1", [source.number])
    return found[0][0] if len(found) == 1 else None


def _rows_used(source: Source) -> bool:
    return source.ledger.read > sum(source.ledger.left_out.values())


def _longest_gap(books: Books) -> int:
    found = books.store.rows(
        """SELECT max(gap) FROM (SELECT "start" - lag("start") OVER (ORDER BY "start") AS gap
           FROM (SELECT DISTINCT "start" FROM sales WHERE fate IS NULL AND "start" IS NOT NULL))"""
    )
    return int(found[0][0] or 0)


def _overlap(books: Books, spans: Spans) -> Window:
    """The days all formats cover; sales reach outward over a gap no longer than their own longest."""
    others = [(a, b) for (role, _, _), (a, b, _) in spans.items() if role != "sales"]
    sales = [(a, b) for (role, _, _), (a, b, _) in spans.items() if role == "sales"]
    starts, ends = [a for a, _ in others], [b for _, b in others]
    if others and sales:
        start, end, gap = max(starts), min(ends), dt.timedelta(days=_longest_gap(books))
        starts += [a for a, _ in sales if a - start > gap]
        ends += [b for _, b in sales if end - b > gap]
    elif sales:
        starts, ends = [a for a, _ in sales], [b for _, b in sales]
    if max(starts) > min(ends):
        said = "; ".join(f"{role} {a} to {b}" for (role, _, _), (a, b, _) in sorted(spans.items(), key=str))
        raise NoDataError("no_overlap", f"the files share no day ({said})", "give files of one period")
    return Window(max(starts), min(ends))


def _tell_gaps(books: Books, spans: Spans, window: Window) -> None:
    """A format that covers less of the window than asked is named with its days."""
    gap = dt.timedelta(days=_longest_gap(books)) if books.has("sales") else dt.timedelta()
    for (role, _, _), (first, last, sources) in spans.items():
        reach = gap if role == "sales" else dt.timedelta()
        if first > window.end or last < window.start:
            start, end = "–", "–"
        elif first - reach > window.start or last + reach < window.end:
            start, end = str(max(first, window.start)), str(min(last, window.end))
        else:
            continue
        books.notes.append(note("incomplete_period", file=sources[0].file, start=start, end=end))


def uncovered(books: Books, uses: Sequence[str], window: Window) -> tuple[list[str], list[str]]:
    """Which roles have no format that covers a window, and the files of formats that miss a part of it."""
    gap = dt.timedelta(days=_longest_gap(books)) if books.has("sales") else dt.timedelta()
    covered, missed, files = set(), set(), []
    for (role, _, _), (first, last, sources) in _coverage(books, uses).items():
        reach = gap if role == "sales" else dt.timedelta()
        if first - reach <= window.start and last + reach >= window.end:
            covered.add(role)
        else:
            missed.add(role)
            files.append(sources[0].file)
    return sorted(missed - covered), sorted(files)


def first_day(books: Books, uses: Sequence[str]) -> dt.date | None:
    """The first day that some format of every role covers."""
    firsts: dict[str, dt.date] = {}
    for (role, _, _), (first, _, _) in _coverage(books, uses).items():
        firsts[role] = min(first, firsts.get(role, first))
    return max(firsts.values(), default=None)


def _role_windows(books: Books, spans: Spans, window: Window | None) -> dict[str, list[tuple[dt.date, dt.date]]]:
    roles: dict[str, list[tuple[dt.date, dt.date]]] = {}
    gap = dt.timedelta(days=_longest_gap(books)) if books.has("sales") else dt.timedelta()
    for (role, _, _), (first, last, _) in spans.items():
        reach = gap if role == "sales" else dt.timedelta()
        roles.setdefault(role, []).append((first - reach, last + reach))
    return roles


def _common_days(roles: dict[str, list[tuple[dt.date, dt.date]]], window: Window | None) -> int:
    if window is None:
        return 0
    days = (window.start + dt.timedelta(days=n) for n in range(window.days))
    return sum(1 for d in days if all(any(a <= d <= b for a, b in spans) for spans in roles.values()))


def _undated_rows(books: Books, uses: Sequence[str]) -> bool:
    return any(
        books.has(role) and books.store.rows(f'SELECT 1 FROM {role} WHERE fate IS NULL AND "start" IS NULL LIMIT 1')
        for role in uses
    )


def _undated(books: Books, uses: Sequence[str]) -> InputError:
    for role in uses:
        if books.has(role):
            found = books.store.rows(
                f'SELECT file, line FROM {role} WHERE fate IS NULL AND "start" IS NULL ORDER BY file, line LIMIT 1'
            )
            if found:
                file = next(s.file for s in books.store.sources if s.number == found[0][0])
                return InputError(
                    "undated", "rows without a date cannot be put in a period", "export with dates", file, found[0][1]
                )
    return InputError("undated", "no file has dates", "export with dates")


def _in_window(books: Books, needs: Sequence[Sequence[str]]) -> None:
    """Every needed role has a row in the window; what lies outside is told."""
    if books.window is None:
        return
    start, end = books.window.start.isoformat(), books.window.end.isoformat()
    for role in ("spend", "sales", "costs"):
        if not books.has(role):
            continue
        money = "charged" if role == "sales" else "cost"
        for number, count, amount in books.store.rows(
            f"""SELECT file, CAST(sum("rows") AS BIGINT), coalesce(sum({money}), 0) FROM {role}
                WHERE fate IS NULL AND ("end" < $1::DATE OR "start" > $2::DATE) GROUP BY file ORDER BY file""",
            [start, end],
        ):
            source = next(s for s in books.store.sources if s.number == number)
            source.fates["outside_period"] = count
            text = money_text(amount, books.currency)
            books.notes.append(note("outside_window", file=source.file, count=count, amount=text))
    for group in needs:
        need_rows(books, group)


def need_rows(books: Books, group: Sequence[str]) -> None:
    """One of these roles has a row in the window.

    Raises:
        NoDataError: none has.
    """
    if books.window is None:
        return
    start, end = books.window.start.isoformat(), books.window.end.isoformat()
    inside = '"end" >= $1::DATE AND "start" <= $2::DATE'
    for role in group:
        sql = f"SELECT 1 FROM {role} WHERE fate IS NULL AND {inside} LIMIT 1"
        if books.has(role) and books.store.rows(sql, [start, end]):
            return
    files = ", ".join(s.file for role in group for s in books.store.of_role(role))
    raise NoDataError(
        "no_row_in_period", f"no {' or '.join(group)} row from {start} to {end}", "check the period", files or None
    )


def fill_buckets(books: Books, window: Window | None) -> list[str]:
    """The table `buckets` (label, start, end) of the rows of time asked for; its labels in order."""
    every = books.ask.every
    rows: list[tuple[Any, ...]] = []
    if window is None:
        rows = [(None, None, None)]
    elif every:
        rows = [(label, part.start.isoformat(), part.end.isoformat()) for label, part in buckets(window, every)]
    else:
        rows = [(None, window.start.isoformat(), window.end.isoformat())]
    books.store.con.execute('CREATE OR REPLACE TEMP TABLE buckets (label VARCHAR, "start" DATE, "end" DATE)')
    books.store.con.execute(
        "INSERT INTO buckets SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[])::DATE, unnest($3::VARCHAR[])::DATE",
        [list(column) for column in zip(*rows, strict=True)],
    )
    return [row[0] for row in rows if row[0]]
