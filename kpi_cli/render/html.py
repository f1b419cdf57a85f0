"""HTML: one page that needs nothing else: its style within, its charts drawn, no script, nothing fetched."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from itertools import count

from kpi_cli.packaged import FOLDER
from kpi_cli.render import blocks
from kpi_cli.render.blocks import Block, Charts, Grid, Heading, Lead, Tile, Tiles
from kpi_cli.render.charts import Chart, drawn
from kpi_cli.render.markup import Markup, tag
from kpi_cli.render.page import Page
from kpi_cli.render.sheet import Strip
from kpi_cli.render.telling import said
from kpi_cli.reporting import Report
from kpi_cli.result import CheckResult, Result

_HASH_LENGTH = 64
_KEYS = ("one", "two")


def write_html(answer: Result | CheckResult | Report, page: Page) -> bytes:
    """The answer as a page of its own, in the language of the page."""
    return _document(list(_blocks(answer, page.lang)), page.lang).encode()


def _blocks(answer: Result | CheckResult | Report, lang: str) -> Iterator[Block]:
    if isinstance(answer, Report):
        return blocks.laid_out(answer, lang)
    if isinstance(answer, CheckResult):
        return blocks.of_check(answer, lang)
    return blocks.of_result(answer, lang)


@cache
def _style() -> str:
    return (FOLDER / "render" / "page.css").read_text("utf-8")


def _document(parts: Sequence[Block], lang: str) -> str:
    """The whole page; its policy lets the one style in, by its hash, and nothing else."""
    title = next((part.text for part in parts if isinstance(part, Heading) and part.level == 1), "kpi")
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        Markup(f"<style>{_style()}</style>"),
    )
    pictures = drawn([chart.spec for part in parts if isinstance(part, Charts) for chart in part.charts], lang)
    labels = count(1)
    body = tag("main", [_element(part, pictures, labels, lang) for part in parts])
    return "<!doctype html>\n" + tag("html", head, tag("body", body), lang=lang) + "\n"


def _element(part: Block, pictures: Iterator[str], labels: Iterator[int], lang: str) -> Markup:
    if isinstance(part, Heading):
        return tag(f"h{part.level}", part.text)
    if isinstance(part, Lead):
        return tag("p", part.text, class_=None if part.minor else "lead")
    if isinstance(part, Tiles):
        return tag("dl", map(_tile, part.tiles), class_="tiles")
    if isinstance(part, Charts):
        return tag("div", (_figure(chart, next(pictures)) for chart in part.charts), class_="charts")
    if isinstance(part, Grid):
        return _table(part, f"table{next(labels)}")
    listed = tag("ul", (tag("li", item) for item in part.items))
    return tag("aside", tag("h2", said("mind", lang)), listed) if part.weighty else listed


def _tile(tile: Tile) -> Markup:
    beside = (tag("dd", text, class_=tone or None) for text, tone in tile.beside)
    return tag("div", tag("dt", tile.label), tag("dd", tile.value, class_="value"), beside)


def _figure(chart: Chart, svg: str) -> Markup:
    """A chart that screen readers hear as its sentence; its colours are the style's."""
    size = svg.index(">")
    view = svg[svg.index('viewBox="') :].split('"')[1]
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" role="img" aria-label="'
    picture = Markup(start + tag("i", chart.alt)[3:-4] + '">' + svg[size + 1 :])
    keys = (tag("span", tag("i", class_=key), text) for key, text in zip(_KEYS, chart.legend, strict=False))
    caption = tag("figcaption", list(keys)) if chart.legend else tag("figcaption", chart.title)
    return tag("figure", caption, picture)


def _table(grid: Grid, label: str) -> Markup:
    """A table that scrolls by itself where the page is narrow, by keyboard too."""
    strips = grid.strips
    height = len(strips[0].cells)
    body = height - 1 if grid.total else height
    parts = [
        tag("caption", grid.caption, id=label, class_="shown" if grid.titled else None),
        tag("thead", tag("tr", (_head(strip) for strip in strips))) if any(strip.heading for strip in strips) else None,
        tag("tbody", (_row(strips, place) for place in range(body))),
        tag("tfoot", _row(strips, body)) if grid.total else None,
    ]
    return tag("div", tag("table", parts), class_="scroll", tabindex="0", role="region", aria_labelledby=label)


def _head(strip: Strip) -> Markup:
    return tag("th", strip.heading, scope="col", class_="n" if strip.figure else None)


def _row(strips: Sequence[Strip], place: int) -> Markup:
    return tag("tr", (_cell(strip, place, first=strip is strips[0]) for strip in strips))


def _cell(strip: Strip, place: int, *, first: bool) -> Markup:
    text = strip.cells[place]
    if first:
        return tag("th", text, scope="row")
    tone = strip.tones[place] if strip.of and place < len(strip.tones) else ""
    is_hash = len(text) == _HASH_LENGTH and not strip.figure
    classes = " ".join(filter(None, ("n" if strip.figure else "", tone, "hash" if is_hash else "")))
    return tag("td", text, class_=classes or None)
