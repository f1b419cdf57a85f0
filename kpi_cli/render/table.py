"""The table people read.

On a terminal it chooses its columns by the width and wraps names; a figure is never cut.
In a pipe or a file it is as wide as it needs to be. Lines are laid out here, so that names from files
meet no markup; rich tells how many cells a character takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.render import defined, funnel, lifetime
from kpi_cli.render.checked import Fact, facts, summary
from kpi_cli.render.page import Page
from kpi_cli.render.sheet import Strip, lay_out
from kpi_cli.render.words import word
from kpi_cli.render.wrapping import AFTER_HYPHEN, cells_of, wrapped
from kpi_cli.result import CheckResult, Result
from kpi_cli.safe import printable

_GAP = "  "
_HANG = "  "  # further lines of a remark
_NAMES = (16, 8, 5)  # how narrow a name may be wrapped; the next only where no figure fits otherwise
_STYLES = {"bold": "1", "dim": "2", "good": "32", "bad": "31"}


def write_table(answer: Result | CheckResult, page: Page) -> bytes:
    """The answer as text for a screen."""
    lines = _check(answer, page) if isinstance(answer, CheckResult) else _result(answer, page)
    return "".join(f"{line.rstrip()}\n" for line in lines).encode()


def _result(result: Result, page: Page) -> Iterator[str]:
    if defined.is_definition(result):
        yield from _said(defined.headed(result, page.lang), page, "bold")
        yield ""
        yield from _facts(defined.described(result), page)
        return
    sheet = lay_out(result, page.lang)
    columns = [_measured(strip, page) for strip in sheet.strips]
    chosen = _choose(columns, page.width)
    yield from _said(sheet.title, page, "bold")
    if not lifetime.is_cells(result):
        yield ""
    bars = page.width if funnel.is_funnel(result) and result.rows and not result.previous else None
    if bars:
        yield from funnel.drawn(result, page, bars)
    elif not lifetime.is_cells(result):
        yield from _grid(chosen, page, total=sheet.total)
    yield from lifetime.drawn(result, page)
    shown = funnel.figures_beside(result, page, bars) if bars else {column.strip.name for column in chosen}
    figures = [strip for strip in sheet.strips if not strip.key and not strip.of]
    missing = [strip.heading for strip in figures if strip.name not in shown]
    foot = [word("narrow", page.lang, ", ".join(missing))] if missing else []
    foot += sheet.foot(shown)
    if foot:
        yield ""
    for remark in foot:
        yield from _said(remark, page, "dim")


class _Column(Struct, frozen=True):
    """A strip, how wide its cells are, its heading, and the longest word of that."""

    strip: Strip
    cells: int
    heading: int
    word: int

    @property
    def natural(self) -> int:
        return max(self.cells, self.heading)

    def least(self, name: int) -> int:
        """The narrowest it can be: a figure whole, a heading by its words, a name wrapped to `name`."""
        return max(self.cells, self.word) if self.strip.figure else min(self.natural, name)


def _measured(strip: Strip, page: Page) -> _Column:
    cells = [page.signs(cell) for cell in strip.cells] if strip.figure else strip.cells
    heading = page.signs(strip.heading)
    words = max(cells_of(part) for word in heading.split(" ") for part in AFTER_HYPHEN.split(word))
    strip = replace(strip, cells=cells, heading=heading)
    return _Column(strip, max(map(cells_of, cells), default=0), cells_of(heading), words)


def _choose(columns: Sequence[_Column], width: int | None) -> list[_Column]:
    """The columns there is room for, the most telling first, in their own order; at least one figure.

    Where even that is too wide, the columns that name a row become one.
    """
    keys = [column for column in columns if column.strip.key]
    others = [column for column in columns if not column.strip.key]
    if width is None or not others:
        return list(columns)
    ranked = sorted(others, key=lambda column: column.strip.rank)
    for name in _NAMES[: 2 if len(keys) > 1 else 3]:
        chosen = _fitting(keys, ranked, name, width)
        if ranked[0].strip.name in chosen:
            return [*keys, *(column for column in others if column.strip.name in chosen)]
    if len(keys) > 1:
        return _choose([_merged(keys), *others], width)
    return [*keys, ranked[0]]


def _fitting(keys: list[_Column], ranked: list[_Column], name: int, width: int) -> set[str]:
    """The names of the ranked columns that fit beside the keys; a change only beside its figure."""
    room = width - _room(keys, name)
    chosen: set[str] = set()
    for column in ranked:
        needed = len(_GAP) + column.least(name)
        if needed <= room and (not column.strip.of or column.strip.of in chosen):
            chosen.add(column.strip.name)
            room -= needed
    return chosen


def _merged(keys: list[_Column]) -> _Column:
    strips = [key.strip for key in keys]
    cells = [" / ".join(filter(None, parts)) for parts in zip(*(strip.cells for strip in strips), strict=True)]
    heading = " / ".join(strip.heading for strip in strips)
    return _measured(replace(strips[0], heading=heading, cells=cells), Page())


def _room(columns: Sequence[_Column], name: int) -> int:
    return sum(column.least(name) for column in columns) + len(_GAP) * (len(columns) - 1)


def _widths(columns: Sequence[_Column], width: int | None) -> list[int]:
    """What is over goes to the names first, then to headings that would break."""
    if width is None:
        return [column.natural for column in columns]
    name = next((name for name in _NAMES if _room(columns, name) <= width), _NAMES[-1])
    widths = [column.least(name) for column in columns]
    spare = max(0, width - _room(columns, name))
    for place in sorted(range(len(columns)), key=lambda place: columns[place].strip.figure):
        more = columns[place].natural - widths[place]
        if columns[place].strip.figure and more > spare:
            continue  # its heading would break all the same
        more = min(spare, more)
        widths[place] += more
        spare -= more
    return widths


def grid_lines(strips: Sequence[Strip], page: Page, *, total: bool) -> Iterator[str]:
    """A table of finished columns, those there is room for; `total` says that the last row is the total."""
    yield from _grid(_choose([_measured(strip, page) for strip in strips], page.width), page, total=total)


def _grid(columns: Sequence[_Column], page: Page, *, total: bool) -> Iterator[str]:
    """The table itself: a rule under the headings, another above the total."""
    strips, widths = [column.strip for column in columns], _widths(columns, page.width)
    rule = ("-" if page.ascii else "─") * (sum(widths) + len(_GAP) * (len(widths) - 1))
    if any(strip.heading for strip in strips):
        headings = [wrapped(strip.heading, width) for strip, width in zip(strips, widths, strict=True)]
        tall = max(map(len, headings))
        headings = [[""] * (tall - len(heading)) + heading for heading in headings]
        yield from _row(headings, strips, widths, ["bold"] * len(strips), page)
        yield rule
    last = len(strips[0].cells) - 1
    for place in range(last + 1):
        is_total = total and place == last
        if is_total:
            yield rule
        cells = [wrapped(strip.cells[place], width) for strip, width in zip(strips, widths, strict=True)]
        styles = ["bold" if is_total else strip.tones[place] if strip.tones else "" for strip in strips]
        yield from _row(cells, strips, widths, styles, page)


def _row(
    cells: list[list[str]], strips: list[Strip], widths: list[int], styles: Sequence[str], page: Page
) -> Iterator[str]:
    """The lines of one row: names to the left, figures to the right."""
    for place in range(max(map(len, cells))):
        line = [cell[place] if place < len(cell) else "" for cell in cells]
        yield _GAP.join(
            _painted(_aligned(text, width, strip.figure), style, page)
            for text, width, strip, style in zip(line, widths, strips, styles, strict=True)
        )


def _aligned(text: str, width: int, right: bool) -> str:
    space = " " * (width - cells_of(text))
    return space + text if right else text + space


def _painted(text: str, style: str, page: Page) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if page.colour and style else text


def _said(text: str, page: Page, style: str) -> Iterator[str]:
    """A remark, wrapped to the page, its further lines hanging."""
    width = page.width and max(1, page.width - len(_HANG))
    for place, line in enumerate(wrapped(page.signs(text), width)):
        yield _painted(_HANG + line if place else line, style, page)


def _check(check: CheckResult, page: Page) -> Iterator[str]:
    yield from _said(summary(check, page.lang), page, "bold")
    for source in check.sources:
        yield ""
        yield from _said(printable(str(source["file"])), page, "bold")
        yield from _facts(facts(source, page.lang), page)


def _facts(known: Sequence[Fact], page: Page) -> Iterator[str]:
    """Labelled lines, a label only where it changes; below its label where the page is narrow."""
    margin = len(_GAP) * 2 + max((len(fact.label) for fact in known), default=0)
    beside = page.width is None or page.width >= 3 * margin
    left = margin if beside else len(_GAP) * 2
    before = ""
    for fact in known:
        label = _GAP + fact.label if fact.label != before else ""
        before = fact.label
        if label and not beside:
            yield _painted(label, "dim", page)
        lines = wrapped(page.signs(fact.text), page.width and max(1, page.width - left))
        for place, line in enumerate(lines):
            head = (label if beside and place == 0 else "").ljust(left)
            yield _painted(head, "dim", page) + _painted(line, fact.tone, page)
