"""A report as a reader meets it, before any format: headings, sentences, tiles, tables, charts, lists.

`laid_out` is where a report becomes text; HTML, Markdown and the terminal each print these blocks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kpi_cli.render import lifetime, numbers
from kpi_cli.render.charts import Chart, charts
from kpi_cli.render.checked import facts, summary
from kpi_cli.render.lifetime import blocks as cohort_blocks
from kpi_cli.render.sheet import Sheet, Strip, Tone, lay_out, note_line
from kpi_cli.render.telling import said, tell
from kpi_cli.render.words import name, reason, word
from kpi_cli.reporting import Headline, Move, Part, Report
from kpi_cli.result import CheckResult, Column, Note, Result, Value
from kpi_cli.safe import printable
from kpi_cli.texts import label

# Notes that change what the figures are worth: they stand above them.
_WEIGHTY = {
    *("incomplete_period", "control_total_differs", "currency_unstated", "tax_included", "duplicates_kept"),
    *("new_customers_overstated", "truncated_source", "reslice", "channel_assumed", "mojibake_repaired"),
    *("not_comparable", "partly_comparable", "unattributed_revenue", "sales_without_source", "converted"),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; level 1 is the page's own."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Lead:
    """A sentence that says what the figures come to."""

    text: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline figure, and what it is measured against, each with whether that is good news."""

    label: str
    value: str
    beside: tuple[tuple[str, Tone], ...]


@dataclass(frozen=True, slots=True)
class Tiles:
    """The headline figures."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: `keys` columns name a row, the others hold figures; `total` says that the last row is the total."""

    caption: str
    strips: tuple[Strip, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts that stand side by side where there is room."""

    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `weighty` ones must be read before the figures."""

    items: tuple[str, ...]
    weighty: bool = False


Block = Heading | Lead | Tiles | Grid | Charts | Items


def laid_out(report: Report, lang: str) -> Iterator[Block]:
    """The report from its answer to its ledger."""
    period = numbers.span(report.period.start, report.period.end, lang)
    yield Heading(1, printable(" · ".join(filter(None, (report.title, period)))))
    for sentence in tell(report, lang):
        yield Lead(sentence)
    weighty = tuple(note_line(note) for note in report.notes if _is_weighty(note))
    if weighty:
        yield Items(weighty, weighty=True)
    yield Tiles(tuple(_tile(headline, report, lang) for headline in report.headlines))
    if found := charts(report, lang):
        yield Charts(tuple(found))
    yield from _changes(report, lang)
    for part in report.parts:
        yield from _part(part, report, lang)
    yield from _standings(report, lang)
    yield from _foot(report, lang)


def _is_weighty(note: Note) -> bool:
    return note.code in _WEIGHTY and note.trust


# ------------------------------------------------------------------------------------------------ tiles


def _tile(headline: Headline, report: Report, lang: str) -> Tile:
    column, beside = headline.column, []
    for before, span in ((headline.previous, report.previous), (headline.year, report.year)):
        if span and before is not None:
            moved = numbers.change(headline.value, before, column.unit, lang, word("points", lang))
            then = numbers.span(span.start, span.end, lang)
            beside.append((said("on", lang, moved, then), _tone(column, moved)))
    for aim, kind in ((headline.target, "target"), (headline.budget, "budget")):
        if aim is not None:
            met = _meets(column, headline.value, aim)
            text = f"{label(kind)} {figure(aim, column, report.currency, lang)}"
            beside.append((f"{text} {said('met' if met else 'missed', lang)}", "good" if met else "bad"))
    return Tile(printable(column.label), figure(headline.value, column, report.currency, lang), tuple(beside))


def figure(value: Value, column: Column, currency: str | None, lang: str) -> str:
    """A figure that stands alone: money with its currency, to the unit from 10,000 on."""
    exact = numbers.exactly(value)
    if column.unit == "money" and exact is not None and abs(exact) >= 1000:
        value = exact.quantize(Decimal(1))
        return numbers.amount(value, currency, lang, places=0)
    if column.unit == "money":
        return numbers.amount(value, currency, lang)
    return numbers.figure(value, column.unit, numbers.places(column.unit, [value]), lang)


def _tone(column: Column, moved: str) -> Tone:
    if not column.better or moved[:1] not in {"+", "-"}:
        return ""
    return "good" if (moved[0] == "+") == (column.better == "higher") else "bad"


def _meets(column: Column, value: Value, aim: Value) -> bool:
    have, wanted = numbers.exactly(value), numbers.exactly(aim)
    if have is None or wanted is None:
        return False
    return have >= wanted if column.better == "higher" else have <= wanted


# --------------------------------------------------------------------------------------------- what changed


def _changes(report: Report, lang: str) -> Iterator[Block]:
    """What changed most since the period before, and why."""
    lines = []
    if report.moves and report.previous:
        then = numbers.span(report.previous.start, report.previous.end, lang)
        moved = "; ".join(_move(move, report.currency, lang) for move in report.moves)
        lines.append(said("moved", lang, then, moved))
    if split := report.split:
        money = [_signed(amount, report.currency, lang) for amount in (split.by_cost, split.by_customers)]
        ends = [numbers.amount(value, report.currency, lang) for value in (split.before, split.now)]
        lines.append(said("cac_split", lang, *ends, *money))
    if lines:
        yield Heading(2, said("changes", lang))
        yield Items(tuple(lines))


def _move(move: Move, currency: str | None, lang: str) -> str:
    return f"{name(move.name, 'channel')} {_signed(move.now - move.before, currency, lang)}"


def _signed(amount: Decimal, currency: str | None, lang: str) -> str:
    text = numbers.amount(abs(amount), currency, lang)
    return f"{'−' if amount < 0 else '+'}{text}"


# ---------------------------------------------------------------------------------------------- tables


def _part(part: Part, report: Report, lang: str) -> Iterator[Block]:
    """A table under its heading, and what its dashes mean."""
    result = part.result
    yield Heading(2, said(f"part_{part.name}", lang))
    if said(f"about_{part.name}", lang):
        yield Lead(said(f"about_{part.name}", lang))
    if part.name == "ltv" and result.period:
        yield Lead(said("won_in", lang, numbers.span(result.period.start, result.period.end, lang)))
    sheet = lay_out(result, lang)
    strips = [strip for strip in sheet.strips if not strip.of or strip.of in part.changes]
    yield Grid(said(f"part_{part.name}", lang), tuple(_spelled(strips)), sheet.total)
    for block in cohort_blocks(result, lang):
        yield _cohorts(block)
    if foot := tuple(_empty(sheet, strips)):
        yield Items(foot)


def _empty(sheet: Sheet, strips: Sequence[Strip]) -> Iterator[str]:
    """What a table's dashes mean; the changes are explained once, above."""
    compared = word("against", sheet.lang, "").split("Δ")[1][:8]
    yield from (line for line in sheet.foot({strip.name for strip in strips}) if compared not in line)


def _cohorts(block: lifetime.Block) -> Grid:
    return Grid(block.title, _strips(block.headings, block.rows, figures=set(range(1, len(block.headings)))))


def _spelled(strips: Sequence[Strip]) -> Iterator[Strip]:
    """Every column by a name of its own: a change names its figure."""
    headings = {strip.name: strip.heading for strip in strips}
    for strip in strips:
        if strip.of:
            yield Strip(strip.name, f"Δ {headings.get(strip.of, '')}", strip.cells, True, False, strip.of, strip.rank, strip.tones)
        else:
            yield strip


def _standings(report: Report, lang: str) -> Iterator[Block]:
    if not report.standings:
        return
    cells: list[list[str]] = []
    for standing in report.standings:
        column = standing.column
        ours = figure(standing.value, column, report.currency, lang)
        theirs = figure(standing.benchmark, column, report.currency, lang)
        age = f" ({said('old', lang)})" if standing.old else ""
        source = printable(f"{standing.source}, {standing.year}{age}")
        cells.append([printable(column.label), ours, theirs, printable(standing.sector), source])
    heads = [label("metric", "definitions"), said("ours", lang), label("benchmark"), said("sector", lang), label("source", "definitions")]
    yield Heading(2, said("benchmarks", lang))
    yield Grid(said("benchmarks", lang), _strips(heads, cells, figures={1, 2}))


def _strips(heads: Sequence[str], rows: Sequence[Sequence[str]], figures: set[int]) -> tuple[Strip, ...]:
    columns = zip(*rows, strict=True)
    return tuple(
        Strip(head, head, list(cells), figure=place in figures, key=place == 0)
        for place, (head, cells) in enumerate(zip(heads, columns, strict=True))
    )


# ------------------------------------------------------------------------------------------------- foot


def _foot(report: Report, lang: str) -> Iterator[Block]:
    """Every note, every file with where its rows went, and what the report was made with."""
    rest = dict.fromkeys(note_line(note) for note in report.notes if not _is_weighty(note))
    if rest:
        yield Heading(2, said("notes", lang))
        yield Items(tuple(rest))
    yield from _ledger(report.sources, lang)
    made = [f"kpi {report.version}"]
    if report.config:
        made.append(f"{report.config['file']} (SHA-256 {report.config['sha256']})")
    made += [f"--{option}" if value == "True" else f"--{option} {value}" for option, value in report.options.items()]
    yield Items((printable(" · ".join(made)),))


def _ledger(sources: Sequence[Mapping[str, Any]], lang: str) -> Iterator[Block]:
    """Every file that was read: what it was taken for, and where each of its rows went."""
    rows = [_source(source, lang) for source in sources if source.get("rows")]
    if not rows:
        return
    heads = [said("file", lang), word("taken", lang), word("period", lang)]
    heads += [said("read", lang), said("used", lang), said("left_out", lang), "SHA-256"]
    yield Heading(2, said("ledger", lang))
    yield Grid(said("ledger", lang), _strips(heads, rows, figures={3, 4}))


def _source(source: Mapping[str, Any], lang: str) -> list[str]:
    rows, period = source["rows"], source["period"]
    days = [dt.date.fromisoformat(period[end]) for end in ("start", "end")] if period else []
    left_out = [f"{reason(fate)} ×{_count(count, lang)}" for fate, count in rows["left_out"].items()]
    return [
        printable(str(source["file"])),
        f"{source['format']} · {source['role']}",
        numbers.span(days[0], days[1], lang) if days else numbers.DASH,
        _count(rows["read"], lang),
        _count(rows["used"], lang),
        ", ".join(left_out) or numbers.DASH,
        str(source["sha256"] or numbers.DASH),
    ]


def _count(value: int, lang: str) -> str:
    return numbers.number(Decimal(value), 0, lang)


def of_result(result: Result, lang: str) -> Iterator[Block]:
    """The answer to one question as a page: its table, its remarks, its files."""
    sheet = lay_out(result, lang)
    yield Heading(1, sheet.title)
    yield Grid(sheet.title, tuple(_spelled(sheet.strips)), sheet.total)
    for block in cohort_blocks(result, lang):
        yield Heading(2, block.title)
        yield _cohorts(block)
    if foot := tuple(sheet.foot({strip.name for strip in sheet.strips})):
        yield Items(foot)
    yield from _ledger(result.sources, lang)


def of_check(check: CheckResult, lang: str) -> Iterator[Block]:
    """What each file was taken for, as labelled lines."""
    yield Heading(1, summary(check, lang))
    for source in check.sources:
        yield Heading(2, printable(str(source["file"])))
        yield Items(tuple(f"{fact.label}: {fact.text}" for fact in facts(source, lang)))
