"""From figures by group to a Result: columns with their labels, rows in order, nulls with their reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kpi_cli.assigning import NOT_ALLOCATED, NOT_SET, UNASSIGNED, UNATTRIBUTED
from kpi_cli.coverage import earlier_span
from kpi_cli.definitions import figures
from kpi_cli.errors import UsageError, did_you_mean
from kpi_cli.period import Window, counterparts
from kpi_cli.questions.figures import Answer, Figure
from kpi_cli.result import Column, Null, Previous, Result, Row, Span
from kpi_cli.safe import quoted
from kpi_cli.texts import label, note
from kpi_cli.trust import insist

if TYPE_CHECKING:
    from kpi_cli.books import Books
    from kpi_cli.measures import Key

_LAST = {name: place for place, name in enumerate((UNASSIGNED, NOT_SET, UNATTRIBUTED, NOT_ALLOCATED), 1)}


def figure_columns(figures: Sequence[Figure], margin: Decimal | None) -> list[tuple[Figure, Column]]:
    """The columns of a question; without a margin, ROI is called by what it is: revenue ROI."""
    renamed = {} if margin is not None else {"roi": "revenue_roi", "ltv": "revenue_ltv"}
    return [(f, Column(f.name, label(renamed.get(f.name, f.name)), f.unit, f.better)) for f in figures]


def lay_out(
    question: str,
    books: Books | None,
    columns: Sequence[tuple[Figure, Column]],
    answer: Answer,
    before: tuple[Window, Answer] | None,
) -> Result:
    """The Result: rows in the order asked for, the previous period's rows in the same one."""
    if books:
        from kpi_cli.questions.aiming import with_goals
        from kpi_cli.questions.own import with_own

        columns = with_own(books, columns, [(books.window, answer), *([before] if before else [])])
        if before:
            with_goals(replace(books, window=before[0]), columns, before[1])
        columns = with_goals(books, columns, answer)
    dims = books.ask.dimensions if books else ()
    heads = [Column(d, label(d), "date" if d == "day" else "text") for d in dims]
    inner = [f.name for f, _ in columns if not f.total_only]
    every = ordered(books, answer, [c for _, c in columns]) if books else []
    keys = shown(books, every) if books else []
    rows = [_named(dims, key) | _picked(answer.rows[key], inner) for key in keys]
    nulls = [
        Null(i, name, reason)
        for i, key in enumerate(keys)
        for name, reason in answer.reasons.get(key, {}).items()
        if name in inner
    ]
    nulls += [Null(None, name, reason) for name, reason in answer.reasons.get(None, {}).items()]
    result = Result(
        question,
        [*heads, *(c for _, c in columns)],
        rows,
        _picked(answer.total, [f.name for f, _ in columns]),
        by=list(dims),
        nulls=nulls,
        beyond=[_named(dims, key) | _picked(answer.rows[key], inner) for key in every[len(keys) :]],
    )
    span = earlier_span(books, before[0]) if books and before else None
    if books and before and span:
        result.previous = _previous((span, before[1]), dims, inner, keys, [f.name for f, _ in columns])
        if question != "ltv":  # whose units are those of cohorts, which are the same ones earlier
            result.previous.units.update(units_before(books, before[0]))
    if books:
        on_books(result, books)
    return result


def on_books(result: Result, books: Books) -> None:
    """Say in a result what it rests on: period, currency, notes, files, settings.

    Raises:
        Refusals, NoDataError: under --strict, what the notes say of trust and missing days.
    """
    config = books.ask.config
    result.currency, result.period = books.currency, books.span
    result.notes = list(books.notes)
    if books.ask.reading.strict:
        insist(books.notes)
    result.sources = [s.to_dict() for s in books.store.sources]
    result.config = {"file": config.file, "sha256": config.sha256 or ""} if config.file else None


def _named(dims: Sequence[str], key: Key) -> Row:
    return dict(zip(dims, key, strict=True))


def _picked(sums: Mapping[str, object], names: Sequence[str]) -> Row:
    return {name: sums.get(name) for name in names}  # type: ignore[misc]  # figures are Values


def _previous(
    before: tuple[Span, Answer],
    dims: Sequence[str],
    inner: Sequence[str],
    keys: Sequence[Key],
    names: Sequence[str],
) -> Previous:
    span, answer = before
    order = [k for k in keys if k in answer.rows] + sorted(k for k in answer.rows if k not in set(keys))
    rows = [_named(dims, key) | _picked(answer.rows[key], inner) for key in order]
    return Previous(span, rows, _picked(answer.total, names))


def units_before(books: Books, earlier: Window) -> dict[str, str]:
    """The unit of time before that each one of the rows is compared with; none where rows are not by time.

    A note tells where no two of them meet.
    """
    every, window = books.ask.every, books.window
    if not (every and window):
        return {}
    units = counterparts(window, earlier, every)
    if not any(units.values()):
        books.notes.append(note("units_apart", unit=label(every).lower()))
    return units


def ordered(books: Books, answer: Answer, columns: Sequence[Column]) -> list[Key]:
    """Rows by time, then as --sort says, else by the first figure downwards; special names last."""
    ask = books.ask
    keys = sorted(answer.rows)
    names = [*ask.dimensions, *(c.name for c in columns)]
    first = next(c.name for c in columns if c.unit != "text")
    wanted = ask.sort or ("" if ask.every else f"-{first}")
    name = wanted.removeprefix("-")
    if wanted and name not in names:
        fix = did_you_mean(name, [*names, *figures()], f"known: {', '.join(names)}")
        raise UsageError("unknown_column", f"no column {quoted(name)} to sort by", fix)
    if wanted:
        keys = _sorted(answer, ask.dimensions, keys, wanted)
    if not ask.sort:
        keys.sort(key=lambda key: max((_LAST.get(part, 0) for part in key), default=0))
        if ask.every:
            keys.sort(key=lambda key: key[0])
    return keys


def shown(books: Books, keys: list[Key]) -> list[Key]:
    """The first of the rows, as many as --top says."""
    return keys[: books.ask.top]


def _sorted(answer: Answer, dims: Sequence[str], keys: list[Key], wanted: str) -> list[Key]:
    """Keys by a column, nulls last whichever way."""
    name, down = wanted.removeprefix("-"), wanted.startswith("-")
    if name in dims:
        return sorted(keys, key=lambda key: key[list(dims).index(name)], reverse=down)
    known = [k for k in keys if answer.rows[k].get(name) is not None]
    known.sort(key=lambda key: answer.rows[key][name], reverse=down)  # type: ignore[arg-type,return-value]
    return known + [k for k in keys if answer.rows[k].get(name) is None]
