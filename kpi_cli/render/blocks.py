"""A report as a reader meets it, before any format: headings, sentences, tiles, tables, charts, lists.

`laid_out` is where a report becomes text; HTML, Markdown and the terminal each print these blocks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli import locales
from kpi_cli.render import lifetime, numbers
from kpi_cli.render.charts import Chart, by_channel, trends
from kpi_cli.render.checked import facts, summary
from kpi_cli.render.lifetime import blocks as cohort_blocks
from kpi_cli.render.sheet import Sheet, Strip, Tone, lay_out, note_lines
from kpi_cli.render.telling import figure, said, tell
from kpi_cli.render.words import fate, name, word
from kpi_cli.reporting import Headline, Part, Report
from kpi_cli.result import CheckResult, Column, Note, Result, Span, Value
from kpi_cli.safe import printable
from kpi_cli.texts import label

# Notes that change what the figures are worth: they stand above them.
_WEIGHTY = {
    *("incomplete_period", "control_total_differs", "currency_unstated", "tax_included", "duplicates_kept"),
    *("new_customers_overstated", "truncated_source", "reslice", "channel_assumed", "mojibake_repaired"),
    *(
        "not_comparable",
        "partly_comparable",
        "cost_past_data",
        "unattributed_revenue",
        "sales_without_source",
        "converted",
    ),
}


class Heading(Struct, frozen=True):
    """A title; level 1 is the page's own."""

    level: int
    text: str


class Lead(Struct, frozen=True):
    """A sentence that says what the figures come to; a `minor` one explains what stands near it."""

    text: str
    minor: bool = False


class Tile(Struct, frozen=True):
    """A headline figure, and what it is measured against, each with whether that is good news."""

    label: str
    value: str
    beside: tuple[tuple[str, Tone], ...]


class Tiles(Struct, frozen=True):
    """The headline figures."""

    tiles: tuple[Tile, ...]


class Grid(Struct, frozen=True):
    """A table; `total` says that the last row is the total, `titled` that the caption is to be seen."""

    caption: str
    strips: tuple[Strip, ...]
    total: bool = False
    titled: bool = False


class Charts(Struct, frozen=True):
    """Charts that stand side by side where there is room."""

    charts: tuple[Chart, ...]


class Items(Struct, frozen=True):
    """Remarks; `weighty` ones must be read before the figures."""

    items: tuple[str, ...]
    weighty: bool = False


Block = Heading | Lead | Tiles | Grid | Charts | Items


def laid_out(report: Report, lang: str) -> Iterator[Block]:
    """The report from its answer to its ledger."""
    period = locales.span(report.period.start, report.period.end, lang)
    yield Heading(1, printable(" · ".join(filter(None, (report.title, period)))))
    for sentence in tell(report, lang):
        yield Lead(sentence)
    weighty = tuple(note_lines(note for note in report.notes if _is_weighty(note)))
    if weighty:
        yield Items(weighty, weighty=True)
    yield Tiles(tuple(_tile(headline, report, lang) for headline in report.headlines))
    if found := trends(report, lang):
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
            beside.append((said("on", lang, moved, _brief(span, lang)), _tone(column, moved)))
    for aim, kind, verdicts in (
        (headline.target, "target", ("met", "missed")),
        (headline.budget, "budget", ("kept", "exceeded")),
    ):
        if aim is not None:
            met = _meets(column, headline.value, aim)
            text = f"{label(kind)} {figure(aim, column, report.currency, lang)}"
            beside.append((f"{text} {said(verdicts[not met], lang)}", "good" if met else "bad"))
    return Tile(printable(column.label), figure(headline.value, column, report.currency, lang), tuple(beside))


def _brief(span: Span, lang: str) -> str:
    """An earlier period in few letters."""
    is_month = span.start.day == 1 and (span.end + dt.timedelta(1)).day == 1 and span.start.month == span.end.month
    return locales.date(span.start, "MMM y", lang) if is_month else locales.span(span.start, span.end, lang)


def _tone(column: Column, moved: str) -> Tone:
    """Whether a change is good news; spending more or less is neither, that is for budgets to say."""
    if not column.better or column.name == "cost" or not any(digit in moved for digit in "123456789"):
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
    if not report.previous or not (report.moves or report.split):
        return
    yield Heading(2, said("changes", lang))
    if split := report.split:
        money = {
            name: numbers.amount(abs(value), report.currency, lang)
            for name, value in (
                ("before", split.before),
                ("now", split.now),
                ("cost", split.by_cost),
                ("people", split.by_customers),
            )
        }
        causes = [
            said("cost_more" if split.by_cost > 0 else "cost_less", lang, money["cost"]) if split.by_cost else "",
            said("people_less" if split.by_customers > 0 else "people_more", lang, money["people"])
            if split.by_customers
            else "",
        ]
        why = ", ".join(filter(None, causes)) or said("nothing_moved", lang)
        yield Lead(said("cac_split", lang, money["before"], money["now"], why), minor=True)
    if report.moves:
        yield Grid(said("moved", lang), _moved(report, lang))


def _moved(report: Report, lang: str) -> tuple[Strip, ...]:
    """Revenue before, now and the difference, of the channels that changed most."""
    assert report.previous is not None
    moves = report.moves
    columns = [
        (_brief(report.previous, lang), [m.before for m in moves]),
        (_brief(report.period, lang), [m.now for m in moves]),
    ]
    gained = [move.now - move.before for move in moves]
    decimals = numbers.places("money", [*columns[0][1], *columns[1][1]], report.currency)
    figures = [Strip(head, head, [locales.number(v, decimals, lang) for v in values]) for head, values in columns]
    signed = [locales.number(value, decimals, lang, "+") for value in gained]
    tones: list[Tone] = ["good" if value > 0 else "bad" for value in gained]
    names = Strip("channel", label("channel"), [name(move.name, "channel") for move in moves], figure=False, key=True)
    return (names, *figures, Strip("change", "Δ", signed, of="revenue", tones=tuple(tones)))


# ---------------------------------------------------------------------------------------------- tables


def _part(part: Part, report: Report, lang: str) -> Iterator[Block]:
    """A table under its heading, and what its dashes mean."""
    result = part.result
    yield Heading(2, said(f"part_{part.name}", lang))
    if said(f"about_{part.name}", lang):
        yield Lead(said(f"about_{part.name}", lang), minor=True)
    if part.name == "ltv" and result.period:
        yield Lead(said("won_in", lang, locales.span(result.period.start, result.period.end, lang)), minor=True)
    if part.name == "channels":
        yield Charts((by_channel(result, report, lang),))
    sheet = lay_out(result, lang)
    strips = [strip for strip in sheet.strips if not strip.of or strip.of in part.changes]
    yield Grid(said(f"part_{part.name}", lang), tuple(_named(strips)), sheet.total)
    for block in cohort_blocks(result, lang):
        yield _cohorts(block)
    if foot := tuple(_empty(sheet, strips)):
        yield Items(foot)


def _empty(sheet: Sheet, strips: Sequence[Strip]) -> Iterator[str]:
    """What a table's dashes mean; the changes are explained once, above."""
    compared = word("against", sheet.lang, "").split("Δ")[1][:8]
    yield from (line for line in sheet.foot({strip.name for strip in strips}) if compared not in line)


def _cohorts(block: lifetime.Block) -> Grid:
    columns = _strips(block.headings, block.rows, figures=set(range(1, len(block.headings))))
    return Grid(block.title, columns, titled=True)


def _named(strips: Sequence[Strip]) -> Iterator[Strip]:
    """Every column by a name of its own: a change names its figure."""
    headings = {strip.name: strip.heading for strip in strips}
    for strip in strips:
        if strip.of:
            yield replace(strip, heading=f"Δ\u00a0{headings.get(strip.of, '')}".rstrip())
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
    heads = [
        label("metric", "definitions"),
        said("ours", lang),
        label("benchmark"),
        said("sector", lang),
        label("source", "definitions"),
    ]
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
    rest = tuple(note_lines(note for note in report.notes if not _is_weighty(note)))
    if rest:
        yield Heading(2, said("notes", lang))
        yield Items(rest)
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
    left_out = [f"{fate(code)} ×{_count(count, lang)}" for code, count in rows["left_out"].items()]
    return [
        printable(str(source["file"])),
        f"{source['format']} · {source['role']}",
        locales.span(days[0], days[1], lang) if days else numbers.DASH,
        _count(rows["read"], lang),
        _count(rows["used"], lang),
        ", ".join(left_out) or numbers.DASH,
        str(source["sha256"] or numbers.DASH),
    ]


def _count(value: int, lang: str) -> str:
    return locales.number(Decimal(value), 0, lang)


def of_result(result: Result, lang: str) -> Iterator[Block]:
    """The answer to one question as a page: its table, its remarks, its files."""
    sheet = lay_out(result, lang)
    yield Heading(1, sheet.title)
    if sheet.strips[0].cells:
        yield Grid(sheet.title, tuple(_named(sheet.strips)), sheet.total)
    for block in cohort_blocks(result, lang):
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
