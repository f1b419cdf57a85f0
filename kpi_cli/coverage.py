"""Coverage: which days the files speak of, and the window of a question (contract §3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from kpi_cli.books import Books, need_rows
from kpi_cli.errors import InputError, NoDataError
from kpi_cli.exports.tables import Source
from kpi_cli.period import Window, resolve
from kpi_cli.result import Span
from kpi_cli.texts import label, money_text, note, number_text, span_text


def settle_window(books: Books, uses: Sequence[str]) -> None:
    """The window asked for, else the days that all formats of the used roles cover."""
    spans = _coverage(books, uses)
    asked = resolve(books.ask.period)
    if asked is None and not spans:
        if books.ask.every:
            raise _undated(books, uses)
        return
    gap = longest_gap(books)
    if asked is None:
        books.window = _overlap(spans, gap)
        if _undated_rows(books, uses):
            raise _undated(books, uses)
    else:
        books.window = asked
        if _undated_rows(books, uses):
            raise _undated(books, uses)
        _tell_gaps(books, spans, asked, gap)
    covered = _role_windows(spans, gap)
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


def longest_gap(books: Books) -> dt.timedelta:
    """The longest time between two days with sales; none where there are no sales."""
    if not books.has("sales"):
        return dt.timedelta()
    sales = books.store.bare("sales")
    found = books.store.rows(
        f"""SELECT max(gap) FROM (SELECT "start" - lag("start") OVER (ORDER BY "start") AS gap
           FROM (SELECT DISTINCT "start" FROM {sales} WHERE fate IS NULL AND "start" IS NOT NULL))"""
    )
    return dt.timedelta(days=found[0][0] or 0)


def _overlap(spans: Spans, gap: dt.timedelta) -> Window:
    """The days all formats cover; sales reach outward over a gap no longer than their own longest."""
    others = [(a, b) for (role, _, _), (a, b, _) in spans.items() if role != "sales"]
    sales = [(a, b) for (role, _, _), (a, b, _) in spans.items() if role == "sales"]
    starts, ends = [a for a, _ in others], [b for _, b in others]
    if others and sales:
        start, end = max(starts), min(ends)
        starts += [a for a, _ in sales if a - start > gap]
        ends += [b for _, b in sales if end - b > gap]
    elif sales:
        starts, ends = [a for a, _ in sales], [b for _, b in sales]
    if max(starts) > min(ends):
        said = "; ".join(f"{role} {a} to {b}" for (role, _, _), (a, b, _) in sorted(spans.items(), key=str))
        raise NoDataError("no_overlap", f"the files share no day ({said})", "give files of one period")
    return Window(max(starts), min(ends))


def _tell_gaps(books: Books, spans: Spans, window: Window, gap: dt.timedelta) -> None:
    """A format that covers less of the window than asked is named with its days."""
    books.notes += [note("incomplete_period", file=file, days=days) for file, days in _gaps(spans, window, gap)]


def _gaps(spans: Spans, window: Window, gap: dt.timedelta) -> Iterator[tuple[str, str]]:
    """The file of each format that covers less than the window, and its days in it as a note tells them."""
    for (role, _, _), (first, last, sources) in spans.items():
        reach = gap if role == "sales" else dt.timedelta()
        if first > window.end or last < window.start:
            yield sources[0].file, label("no_day", "words")
        elif first - reach > window.start or last + reach < window.end:
            days = span_text(max(first, window.start), min(last, window.end))
            yield sources[0].file, label("only_days", "words").format(days)


def gaps(books: Books, uses: Sequence[str], window: Window) -> Iterator[tuple[str, str]]:
    """The same of any window, for the files of some roles."""
    return _gaps(_coverage(books, uses), window, longest_gap(books))


def earlier_span(books: Books, window: Window) -> Span | None:
    """The period compared with, as the answer states it; None where some role has no day in it, which is told."""
    covered = _role_windows(_coverage(books, books.uses), longest_gap(books))
    meets = {role: any(a <= window.end and b >= window.start for a, b in found) for role, found in covered.items()}
    _, files = uncovered(books, books.uses, window)
    code = "partly_comparable" if all(meets.values()) else "not_comparable"
    books.notes += [note(code, file=file, period=span_text(window.start, window.end)) for file in files]
    return Span(window.start, window.end, _common_days(covered, window)) if all(meets.values()) else None


def uncovered(books: Books, uses: Sequence[str], window: Window) -> tuple[list[str], list[str]]:
    """Which roles have no format that covers a window, and the files of formats that miss a part of it."""
    gap = longest_gap(books)
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


def _role_windows(spans: Spans, gap: dt.timedelta) -> dict[str, list[tuple[dt.date, dt.date]]]:
    roles: dict[str, list[tuple[dt.date, dt.date]]] = {}
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
        books.has(role)
        and books.store.rows(f'SELECT 1 FROM {books.store.bare(role)} WHERE fate IS NULL AND "start" IS NULL LIMIT 1')
        for role in uses
    )


def _undated(books: Books, uses: Sequence[str]) -> InputError:
    for role in uses:
        if books.has(role):
            books.store.ensure(role, "line")
            found = books.store.rows(
                f'SELECT file, line FROM {role} WHERE fate IS NULL AND "start" IS NULL ORDER BY file, line LIMIT 1'
            )
            if found:
                file = next(s.file for s in books.store.sources if s.number == found[0][0])
                return InputError(
                    "undated", "rows without a date cannot be put in a period", "export with dates", file, found[0][1]
                )
    return InputError("undated", "no file has dates", "export with dates")


def hold_to_window(books: Books, needs: Sequence[Sequence[str]]) -> None:
    """Every needed role has a row, and in the window if there is one; what lies outside is told."""
    if books.window:
        _tell_outside(books, books.window)
    for group in needs:
        need_rows(books, group)


# What rows outside the window are told by; of events and touches those count too that lead to what is inside.
_AMOUNTS = {
    **{"spend": "cost", "sales": "charged", "costs": "cost"},
    **{"traffic": "visits", "leads": "leads", "search": "clicks", "mail": "delivered"},
    **{"social": "impressions", "progress": "enrolled"},
}


def _tell_outside(books: Books, window: Window) -> None:
    start, end = window.start.isoformat(), window.end.isoformat()
    for role, column in _AMOUNTS.items():
        is_money = column in {"cost", "charged"}
        if not books.has(role) or not (is_money or role in books.uses):
            continue
        for number, count, amount in books.store.rows(
            f"""SELECT file, CAST(sum("rows") AS BIGINT), coalesce(sum({column}), 0) FROM {books.store.bare(role)}
                WHERE fate IS NULL AND ("end" < $1::DATE OR "start" > $2::DATE) GROUP BY file ORDER BY file""",
            [start, end],
        ):
            source = next(s for s in books.store.sources if s.number == number)
            source.fates["outside_period"] = count
            text = money_text(amount, books.currency) if is_money else f"{label(column)} {number_text(amount)}"
            books.notes.append(note("outside_window", file=source.file, count=count, amount=text))
