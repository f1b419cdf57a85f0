"""What only `ltv` shows: its cohorts as triangles, the warmer the more; its prediction by segment, with the fit.

Everything stands in the Result's extra: `cohorts`, `cohort_unit` and `model` (contract §6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from kpi_cli import locales
from kpi_cli.render import numbers
from kpi_cli.render.page import Page
from kpi_cli.render.words import name, word
from kpi_cli.render.wrapping import cells_of, wrapped
from kpi_cli.result import Column, Result, Unit, Value
from kpi_cli.safe import printable
from kpi_cli.texts import label

_WARMTH = (254, 230, 228, 222, 215, 209)  # backgrounds of 256 colours, under black
_GAP = 1
_FIGURES: tuple[tuple[str, Unit], ...] = (
    ("customers", "count"),
    ("alive", "count"),
    ("expected_purchases", "count"),
    ("expected_revenue", "money"),
)
_CELLS: tuple[tuple[str, Unit], ...] = (
    ("size", "count"),
    ("at_risk", "count"),
    ("active", "count"),
    ("revenue_per_customer", "money"),
    ("margin_per_customer", "money"),
)


class Block(Struct, frozen=True):
    """A small table: a title, headings, rows of finished text, the first column what a row is called.

    `warmth` is the share of the largest of each cell from the third column on, None where it tells nothing;
    `even` columns from there on are equally wide.
    """

    title: str
    headings: list[str]
    rows: list[list[str]]
    warmth: list[list[float | None]]
    even: bool = True


def is_cells(result: Result) -> bool:
    """Whether the rows are the cells of the triangles, which then say it better."""
    return result.question == "ltv" and result.by == ["cohort", "age"]


def blocks(result: Result, lang: str) -> list[Block]:
    """The triangles and the predicted segments that there are."""
    found = []
    if result.extra.get("cohorts"):
        found += [_retention(result, lang), _value(result, lang)]
    model = result.extra.get("model")
    if model and model["segments"] and model["expected_purchases"] is not None:
        found.append(_segments(model["segments"], result, lang))
    return [block for block in found if len(block.headings) > 2]


def said(result: Result, lang: str) -> list[str]:
    """The prediction's test and its parameters, a line each."""
    model = result.extra.get("model")
    if not model:
        return []
    lines = [_held_out(model["holdout"], lang)] if model["holdout"] else []
    for fit, called in (("bg_nbd", word("bg_nbd", lang)), ("gamma_gamma", "Gamma-Gamma")):
        if not model["reasons"][fit]:
            lines.append(_fit(model, fit, called, lang))
    return lines


def tables(result: Result, lang: str) -> Iterator[tuple[str, list[Column], list[list[Value]]]]:
    """Values for a spreadsheet, beside the answer's own rows: a title, columns, and rows."""
    if result.extra.get("cohorts") and not is_cells(result):
        since = Column("age", label(f"{result.extra['cohort_unit']}s_since"), "count")
        columns = [Column("cohort", _key(result), "text"), since, *(Column(n, label(n), unit) for n, unit in _CELLS)]
        rows: list[list[Value]] = [
            [name(cohort["cohort"], "channel"), age, cohort["size"], *(cohort[each][age] for each, _ in _CELLS[1:])]
            for cohort in _cohorts(result)
            for age, at_risk in enumerate(cohort["at_risk"])
            if at_risk
        ]
        yield label("cohort"), columns, rows
    model = result.extra.get("model")
    if model and model["segments"]:
        columns = [Column("segment", _segmented_by(result, lang), "text")]
        columns += [Column(n, label(n), unit) for n, unit in _FIGURES]
        rows = [[name(part["segment"], "channel"), *(part[n] for n, _ in _FIGURES)] for part in model["segments"]]
        yield word("segments", lang, locales.day(model["end"], lang)), columns, rows


def drawn(result: Result, page: Page) -> Iterator[str]:
    """The blocks as a screen shows them, an empty line before each."""
    for block in blocks(result, page.lang):
        yield ""
        yield from _styled(block.title, "1", page)
        yield from _grid(block, page)


# ------------------------------------------------------------------------------------------ the blocks


def _cohorts(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result.extra["cohorts"]
    return found


def _since(result: Result, lang: str) -> str:
    return f"{label(result.extra['cohort_unit'] + 's_since').lower()} {word('first_purchase', lang)}"


def _key(result: Result) -> str:
    """What a cohort is called by."""
    return " / ".join(printable(label(dim)) for dim in _dimensions(result))


def _dimensions(result: Result) -> list[str]:
    """The dimensions that make a cohort, else its month."""
    return result.by if result.by and not is_cells(result) else ["cohort"]


def _retention(result: Result, lang: str) -> Block:
    shares = [
        [
            None if active is None else 100 * Decimal(active) / at_risk
            for active, at_risk in zip(cohort["active"], cohort["at_risk"], strict=True)
        ][1:]
        for cohort in _cohorts(result)
    ]
    return _triangle(result, word("bought_again", lang, _since(result, lang)), shares, (1, 0), lang)


def _value(result: Result, lang: str) -> Block:
    whole = "margin_per_customer"
    if all(value is None for cohort in _cohorts(result) for value in cohort[whole]):
        whole = "revenue_per_customer"
    values = [cohort[whole] for cohort in _cohorts(result)]
    title = word("to_date", lang, label(whole), _since(result, lang))
    money = f"{title}, {result.currency}" if result.currency else title
    top = max((abs(value) for row in values for value in row if value is not None), default=Decimal(0))
    return _triangle(result, money, values, (0, 0 if top >= 100 else 2), lang)


def _triangle(
    result: Result, title: str, values: Sequence[Sequence[Decimal | None]], first: tuple[int, int], lang: str
) -> Block:
    """A row a cohort, a column an age from `first[0]` on, figures of `first[1]` decimals; late blank columns fall."""
    start, decimals = first
    seen = max((age for row in values for age, value in enumerate(row, 1) if value is not None), default=0)
    rows = [
        [
            name(cohort["cohort"], _dimensions(result)[0]),
            locales.number(Decimal(cohort["size"]), 0, lang),
        ]
        + ["" if value is None else locales.number(Decimal(value), decimals, lang) for value in row[:seen]]
        for cohort, row in zip(_cohorts(result), values, strict=True)
    ]
    top = max((value for row in values for value in row if value), default=Decimal(0))
    warmth = [
        [float(max(value, Decimal(0)) / top) if value and top > 0 else None for value in row[:seen]] for row in values
    ]
    heads = [str(age) for age in range(start, start + seen)]
    return Block(title, [_key(result), label("size"), *heads], rows, warmth)


def _segments(segments: Sequence[Mapping[str, Any]], result: Result, lang: str) -> Block:
    """Customers by what they did so far, and what they will do; the figures round as a column does."""
    title = word("segments", lang, locales.day(result.extra["model"]["end"], lang))
    by = _segmented_by(result, lang)
    columns = [[name(segment["segment"], "channel") for segment in segments]]
    for figure, unit in _FIGURES:
        values = [segment[figure] for segment in segments]
        decimals = (
            0 if figure == "customers" else 1 if unit == "count" else numbers.places(unit, values, result.currency)
        )
        columns.append([numbers.figure(value, unit, decimals, lang) for value in values])
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Block(title, [by, *(label(figure) for figure, _ in _FIGURES)], rows, [[None] * 3 for _ in rows], even=False)


def _segmented_by(result: Result, lang: str) -> str:
    return _key(result) if result.by and not is_cells(result) else word("purchases_made", lang)


def _held_out(holdout: Mapping[str, Any], lang: str) -> str:
    predicted = numbers.figure(holdout["predicted"], "count", 1, lang)
    actual = numbers.figure(holdout["actual"], "count", 0, lang)
    error = "–" if holdout["error"] is None else numbers.figure(holdout["error"], "rate", 1, lang)
    return word("held_out", lang, locales.span(holdout["start"], holdout["end"], lang), predicted, actual, error)


def _fit(model: Mapping[str, Any], fit: str, called: str, lang: str) -> str:
    errors = model["standard_errors"][fit]
    parameters = ", ".join(
        f"{parameter} {numbers.figure(value, 'count', 3, lang)} ± {numbers.figure(errors[parameter], 'count', 3, lang)}"
        for parameter, value in model["parameters"][fit].items()
    )
    likelihood = numbers.figure(model["log_likelihood"][fit], "count", 1, lang)
    return word("fit", lang, called, parameters, likelihood)


# -------------------------------------------------------------------------------------------- a screen


def _grid(block: Block, page: Page) -> Iterator[str]:
    """Headings and rows, as many columns as the page is wide; the key, wrapped, and the first figure always."""
    lines = [[page.signs(cell) for cell in line] for line in (block.headings, *block.rows)]
    keys = [wrapped(line[0], page.width and max(page.width // 2, len(block.headings[0]))) for line in lines]
    figures = [max(cells_of(line[place]) for line in lines if place < len(line)) for place in range(1, len(lines[0]))]
    if block.even:
        figures[1:] = [max(figures[1:])] * len(figures[1:])
    widths = [max(cells_of(part) for key in keys for part in key), *figures]
    room = page.width or sum(widths) + len(widths) * (_GAP + 1)
    fits = next((n for n in range(len(widths), 2, -1) if _width(widths[:n]) <= room), 2)
    yield from _styled(_line([keys[0][0], *lines[0][1:fits]], widths), "1", page)
    for (first, *further), line, warmth in zip(keys[1:], lines[1:], block.warmth, strict=True):
        warm = [None, None, *warmth][:fits]
        yield _line([first, *line[1:fits]], widths, [_background(share) if page.colour else "" for share in warm])
        yield from further
    if fits < len(widths):
        yield from _styled(word("narrow", page.lang, ", ".join(block.headings[fits:])), "2", page)


def _width(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1) + 2 * _GAP


def _line(cells: Sequence[str], widths: Sequence[int], colours: Sequence[str] = ()) -> str:
    """One line: the key to the left, figures to the right, a little apart from it."""
    colours = colours or [""] * len(cells)
    texts = []
    for place, (cell, width, colour) in enumerate(zip(cells, widths, colours, strict=False)):
        space = " " * (width - cells_of(cell))
        text = cell + space if place == 0 else " " * (_GAP + (place < 3)) + space + cell
        texts.append(f"\x1b[{colour}m{text}\x1b[0m" if colour else text)
    return "".join(texts)


def _background(share: float | None) -> str:
    """Black on a colour the warmer the larger the share."""
    if share is None:
        return ""
    return f"38;5;16;48;5;{_WARMTH[min(int(share * len(_WARMTH)), len(_WARMTH) - 1)]}"


def _styled(text: str, style: str, page: Page) -> Iterator[str]:
    """A text of our own in lines no longer than the page is wide."""
    for line in wrapped(page.signs(text), page.width):
        yield f"\x1b[{style}m{line}\x1b[0m" if page.colour else line
