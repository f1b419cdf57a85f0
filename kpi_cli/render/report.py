"""A report as text: Markdown for a wiki or a message, a table for a screen, CSV of its headline figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from kpi_cli.render.blocks import Block, Charts, Grid, Heading, Items, Lead, Tiles, laid_out
from kpi_cli.render.csv_ import csv_cell
from kpi_cli.render.markdown import escaped
from kpi_cli.render.page import Page
from kpi_cli.render.sheet import Strip
from kpi_cli.render.table import grid_lines
from kpi_cli.render.telling import said
from kpi_cli.render.wrapping import wrapped
from kpi_cli.reporting import Report

_CSV = ("value", "previous", "year", "target", "budget")


def report_markdown(report: Report, page: Page) -> bytes:
    """The report as GitHub-flavoured Markdown; the charts as the sentences that tell them."""
    lines: list[str] = []
    for block in laid_out(report, page.lang):
        if marked := _marked(block, page.lang):
            lines += [*marked, ""]
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def _marked(block: Block, lang: str) -> list[str]:
    if isinstance(block, Heading):
        return [f"{'#' * block.level} {escaped(block.text)}"]
    if isinstance(block, Lead):
        return [escaped(block.text)]
    if isinstance(block, Tiles):
        beside = ("; ".join(text for text, _ in tile.beside) for tile in block.tiles)
        rows = [[t.label, t.value, text] for t, text in zip(block.tiles, beside, strict=True)]
        return _pipes(["", "", ""], [False, True, False], rows)
    if isinstance(block, Charts):  # the tables say the same
        return []
    if isinstance(block, Grid):
        rows = [list(cells) for cells in zip(*(strip.cells for strip in block.strips), strict=True)]
        title = [f"**{escaped(block.caption)}**", ""] if block.titled else []
        return title + _pipes([s.heading for s in block.strips], [s.figure for s in block.strips], rows)
    items = [f"- {escaped(item)}" for item in block.items]
    return [f"**{escaped(said('mind', lang))}**", "", *items] if block.weighty else items


def _pipes(heads: Sequence[str], figures: Sequence[bool], rows: Sequence[Sequence[str]]) -> list[str]:
    marks = ["---:" if figure else ":---" for figure in figures]
    return [
        f"| {' | '.join(cells)} |" for cells in ([*map(escaped, heads)], marks, *([*map(escaped, row)] for row in rows))
    ]


def report_table(report: Report, page: Page) -> bytes:
    """The report for a screen: its sentences, its tables, its notes."""
    lines = [line.rstrip() for block in laid_out(report, page.lang) for line in _shown(block, page)]
    return ("\n".join(lines) + "\n").encode()


def _shown(block: Block, page: Page) -> Iterator[str]:
    if isinstance(block, Heading):
        yield from ([""] if block.level > 1 else [])
        yield from _styled(block.text, page, bold=True)
    elif isinstance(block, Lead):
        yield from ([""] if not block.minor else [])
        yield from _styled(block.text, page)
    elif isinstance(block, Tiles):
        strips = [
            Strip("figure", "", [tile.label for tile in block.tiles], figure=False, key=True),
            Strip("value", "", [tile.value for tile in block.tiles]),
            Strip("beside", "", ["; ".join(text for text, _ in tile.beside) for tile in block.tiles], figure=False),
        ]
        yield ""
        yield from grid_lines(strips, page, total=False)
    elif isinstance(block, Grid):
        yield ""
        if block.titled:
            yield from _styled(block.caption, page, bold=True)
        yield from grid_lines([s for s in block.strips if not _is_hash(s)], page, total=block.total)
    elif isinstance(block, Items):
        yield ""
        for item in block.items:
            yield from _styled(item, page)


def _is_hash(strip: Strip) -> bool:
    """Checksums are for files; on a screen `kpi check --json` gives them."""
    return strip.name == "SHA-256"


def _styled(text: str, page: Page, *, bold: bool = False) -> Iterator[str]:
    for line in wrapped(page.signs(text), page.width):
        yield f"\x1b[1m{line}\x1b[0m" if bold and page.colour else line


def report_csv(report: Report, page: Page) -> bytes:
    """The headline figures, one a row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["metric", *_CSV])
    for headline in report.headlines:
        values = (getattr(headline, name) for name in _CSV)
        writer.writerow([headline.column.name, *(csv_cell(value, page.file) for value in values)])
    return out.getvalue().encode()
