"""A Result as a reader sees it: a title, columns of finished text, and what stands at the foot.

Tables and Markdown are two ways to print one Sheet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from msgspec import Struct

from kpi_cli import locales
from kpi_cli.render import funnel, lifetime, numbers
from kpi_cli.render.explained import explained
from kpi_cli.render.words import name, question, reason, word
from kpi_cli.result import Column, Note, Result, Row, Unit, Value
from kpi_cli.safe import printable
from kpi_cli.texts import label

Tone = Literal["", "good", "bad"]

# What to keep first where there is no room for all; the other columns follow in their own order.
_FIRST = {
    "roi": ("roi", "revenue", "cost", "profit", "roas", "media_cost"),
    "cac": ("cac", "over_target", "new_customers", "cost", "cac_media", "cpl", "leads", "payback_months"),
    "channels": ("revenue", "cost", "roi", "orders", "cac", "visits", "new_customers", "conversion_rate", "leads"),
    "ltv": ("ltv", "customers", "repeat_rate", "orders", "ltv_cac", "payback_months", "aov", "cac"),
    "funnel": ("count", "step_rate", "overall_rate", "lost"),
}
# Given in JSON and CSV only, where a table has no room for them.
_ASIDE = {"channels": {"lead_rate_low", "lead_rate_high", "conversion_rate_low", "conversion_rate_high"}}
# Sums of money share one number of decimals, so that a reader can add and subtract what is shown; so do the
# credits of several models.
_SUMS = {"revenue", "media_cost", "cost", "profit", "refunds", "claimed_revenue", "credited_value"}


class Strip(Struct, frozen=True):
    """One column of finished text; the last cell is the total's where the sheet has one.

    `key` columns name a row, `rank` says which others matter first; a change is shown beside what it is `of`.
    """

    name: str
    heading: str
    cells: list[str]
    figure: bool = True
    key: bool = False
    of: str = ""
    rank: float = 0
    tones: tuple[Tone, ...] = ()


class Sheet(Struct, frozen=True):
    """A Result laid out."""

    result: Result
    lang: str
    title: str
    strips: list[Strip]
    total: bool

    def foot(self, shown: Collection[str]) -> list[str]:
        """What must be said about the columns shown, then the notes."""
        return [
            *_beyond(self.result, self.lang),
            *_total_only(self.result, self.lang),
            *_empty(self.result, shown, self.lang),
            *_compared(self.result, self.lang),
            *(funnel.said(self.result, self.lang) if funnel.is_funnel(self.result) else ()),
            *lifetime.said(self.result, self.lang),
            *explained(self.result, self.lang),
            *_notes(self.result, self.lang),
        ]


def lay_out(result: Result, lang: str) -> Sheet:
    """The sheet of a result: groups down the side, or, with nothing grouped, one figure a line."""
    heading = title(result, lang)
    if funnel.is_funnel(result):
        result = funnel.unfolded(result, lang)
    strips = _across(result, lang) if result.rows else _down(result, lang)
    return Sheet(result, lang, heading, strips, bool(result.rows and result.total))


def title(result: Result, lang: str) -> str:
    """The question, its grouping, the period and the currency, in one line."""
    is_credit = any(column.name.startswith("credit") for column in result.columns)
    asked = word("credits", lang) if is_credit else question(result.question, lang)
    if result.by and result.by != [result.question.removesuffix("s")]:
        asked += f" {word('by', lang)} " + ", ".join(label(by).lower() for by in result.by)
    span = result.period and locales.span(result.period.start, result.period.end, lang)
    return printable(" · ".join(part for part in (asked, span, result.currency) if part))


# Notes on how a file was read, which change no figure: `kpi check` and JSON tell them one by one.
_ON_READING = {
    "control_total_agrees",
    "encoding_repaired",
    "line_ends_repaired",
    "sep_line",
    "repeated_header",
    "negative_style",
    "micros",
    "cents",
    "thousands",
    "millions",
    "trailing_delimiter",
    "unnamed_column",
    "no_final_newline",
    "range_grain",
    "status_left_out",
    "refunded_orders_counted",
    "outside_window",
    "unused_file",
    "order_lines_summed",
}


def _notes(result: Result, lang: str) -> list[str]:
    """The notes that bear on the figures; those on reading in one line."""
    bearing = [note for note in result.notes if note.code not in _ON_READING and note.trust]
    rest = len(result.notes) - len(bearing)
    return [*note_lines(bearing), *([word("reading_notes", lang, rest)] if rest else [])]


def note_line(note: Note) -> str:
    """A note with the place it speaks of, as errors are written."""
    return note_lines([note])[0]


def note_lines(notes: Iterable[Note]) -> list[str]:
    """Notes with the places they speak of; what is true of several files is said once."""
    places: dict[str, list[str]] = {}
    for note in notes:
        place = ":".join(str(part) for part in (note.file, note.line) if part is not None)
        places.setdefault(note.text, []).append(place)
    return [
        printable(f"{', '.join(dict.fromkeys(where))}: {text}" if any(where) else text)
        for text, where in places.items()
    ]


def _keys(result: Result) -> list[str]:
    """The columns that name a row."""
    if result.by:
        return result.by
    return [column.name for column in result.columns if column.unit == "text"][:1]


def _figures(result: Result) -> list[Column]:
    """The columns of the rows, less those that name them."""
    keys = _keys(result)
    held = {key for row in result.rows or [result.total] for key in row}
    held -= _ASIDE.get(result.question, set()) | _blank_texts(result)
    return [column for column in result.columns if column.name not in keys and column.name in held]


def _blank_texts(result: Result) -> set[str]:
    """Text columns that say nothing in any row, such as the channel of rows by strategy."""
    rows = result.rows or [result.total]
    return {c.name for c in result.columns if c.unit == "text" and not any(row.get(c.name) for row in rows)}


def _across(result: Result, lang: str) -> list[Strip]:
    rows = [*result.rows, result.total] if result.total else result.rows
    strips = [
        Strip(
            key,
            printable(label(key)),
            [name(row.get(key), key) for row in result.rows],
            figure=False,
            key=True,
        )
        for key in _keys(result)
    ]
    if result.total:
        for strip in strips:
            strip.cells.append(word("total", lang) if strip is strips[0] else "")
    first = _FIRST.get(result.question, ())
    for place, column in enumerate(_figures(result)):
        rank = first.index(column.name) if column.name in first else len(first) + place
        rank += 100 * (column.name == "credit_spread")  # the note on it says the most of it
        decimals = _decimals(column, rows, result)
        strips.append(_strip(column, rows, rank, decimals, lang))
        if result.previous and column.unit not in ("text", "date"):
            strips.append(_change_strip(column, result, rank + 0.5, lang))
    return strips


def _decimals(column: Column, rows: list[Row], result: Result) -> int:
    credits = {c.name for c in result.columns if c.name.startswith("credit_")}
    names = next((alike for alike in (_SUMS, credits) if column.name in alike), {column.name})
    values = [row[name] for row in rows for name in names if name in row]
    return numbers.places(column.unit, values, result.currency)


def _strip(column: Column, rows: list[Row], rank: float, decimals: int, lang: str) -> Strip:
    values = [row.get(column.name) for row in rows]
    heading = printable(column.label)
    if column.unit == "text":
        return Strip(
            column.name,
            heading,
            [name(value, column.name) for value in values],
            figure=False,
            rank=100 + rank,
        )
    cells = [numbers.figure(value, column.unit, decimals, lang) for value in values]
    return Strip(column.name, heading, cells, rank=rank, tones=_losses(cells))


def _change_strip(column: Column, result: Result, rank: float, lang: str) -> Strip:
    assert result.previous is not None
    before = result.previous.beside(_keys(result))
    pairs = [(row, before(row)) for row in result.rows]
    if result.total:
        pairs.append((result.total, result.previous.total))
    values = [(now.get(column.name), then.get(column.name)) for now, then in pairs]
    cells = [numbers.change(now, then, column.unit, lang, word("points", lang)) for now, then in values]
    return Strip(f"{column.name} Δ", "Δ", cells, of=column.name, rank=rank, tones=_tones(column, cells))


def _losses(cells: list[str]) -> tuple[Tone, ...]:
    tones: list[Tone] = ["bad" if cell.startswith("-") else "" for cell in cells]
    return tuple(tones)


def _tones(column: Column, cells: list[str]) -> tuple[Tone, ...]:
    """Which changes are good news."""
    gain: Tone = "good" if column.better == "higher" else "bad"
    loss: Tone = "bad" if column.better == "higher" else "good"
    moved = [cell[0] if any(digit in cell for digit in "123456789") else "" for cell in cells]
    tones: list[Tone] = [gain if sign == "+" else loss if sign == "-" else "" for sign in moved]
    return tuple(tones) if column.better else ()


def _down(result: Result, lang: str) -> list[Strip]:
    """One figure a line, money with its currency; beside it what it was before."""
    columns = [column for column in _figures(result) if column.unit != "text"]
    labels = Strip("", "", [printable(column.label) for column in columns], figure=False, key=True)
    now = [_alone(result.total.get(column.name), column.unit, result.currency, lang) for column in columns]
    tones = _losses(now)
    if result.previous is None or result.period is None:
        return [labels, Strip("value", "", now, tones=tones)]
    total, period, last = result.previous.total, result.previous.period, result.period
    pairs = [(column, result.total.get(column.name), total.get(column.name)) for column in columns]
    moved = [numbers.change(a, b, column.unit, lang, word("points", lang)) for column, a, b in pairs]
    good = tuple(tone for column, cell in zip(columns, moved, strict=True) for tone in _tones(column, [cell]) or ("",))
    then = [_alone(b, column.unit, result.currency, lang) for column, _, b in pairs]
    return [
        labels,
        Strip("value", locales.span(last.start, last.end, lang), now, tones=tones),
        Strip("before", locales.span(period.start, period.end, lang), then, rank=2),
        Strip("change", "Δ", moved, rank=1, tones=good),
    ]


def _alone(value: Value, unit: Unit, currency: str | None, lang: str) -> str:
    if unit == "money":
        return numbers.amount(value, currency, lang)
    return numbers.figure(value, unit, numbers.places(unit, [value]), lang)


def _beyond(result: Result, lang: str) -> list[str]:
    """How many rows --top leaves out; each stage of a funnel's group is a row, and a group counts once."""
    left_out = {tuple(row.get(key) for key in result.by if key != "stage") for row in result.beyond}
    return [word("more", lang, len(left_out))] if left_out else []


def _total_only(result: Result, lang: str) -> list[str]:
    """Figures that only the total has, such as MER."""
    if not result.rows:
        return []
    held = {key for row in result.rows for key in row}
    return [
        f"{printable(column.label)} {_alone(result.total[column.name], column.unit, result.currency, lang)}"
        for column in result.columns
        if column.name not in held and column.name in result.total
    ]


def _empty(result: Result, shown: Collection[str], lang: str) -> list[str]:
    """Why cells are empty, one line a reason."""
    labels = {column.name: printable(column.label) for column in result.columns}
    if not result.rows:
        shown = labels
    columns: dict[str, dict[str, None]] = {}
    for null in result.nulls:
        if null.column in shown and null.column in labels:
            columns.setdefault(null.reason, {})[labels[null.column]] = None
    return [word("dash", lang, ", ".join(names), _why(code, labels, names, lang)) for code, names in columns.items()]


def _why(code: str, labels: Mapping[str, str], names: Collection[str], lang: str) -> str:
    """Why cells are empty; what an own figure lacks is called by its label."""
    lacking = labels.get(code.removeprefix("no_"))
    if lacking is None or label(code, "reasons") != code:
        return reason(code)
    return word("absent", lang) if lacking in names else word("lacking", lang, lacking)


def _compared(result: Result, lang: str) -> list[str]:
    if result.previous is None:
        return []
    period = result.previous.period
    return [word("against", lang, locales.span(period.start, period.end, lang))]
