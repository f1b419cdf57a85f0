"""Markdown: a pipe table whose cells can hold no markup, and the notes as a list."""

from __future__ import annotations

import re

from kpi_cli.render import lifetime
from kpi_cli.render.checked import facts, summary
from kpi_cli.render.page import Page
from kpi_cli.render.sheet import Strip, lay_out
from kpi_cli.result import CheckResult, Result
from kpi_cli.safe import printable

_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKS = re.compile(r"[\\`*\[\]|~$#]|(?<![^\W_])_|_(?![^\W_])")
_LINK = re.compile(r"(?<=\bwww)\.|:(?=//)|(?<=\bmailto):|(?<=\bxmpp):", re.IGNORECASE)
_START = re.compile(r"^(?:[+=-]|\d(?=\d*[.)]))")


def write_markdown(answer: Result | CheckResult, page: Page) -> bytes:
    """The answer as GitHub-flavoured Markdown, every column of it."""
    lines = _checked(answer, page) if isinstance(answer, CheckResult) else _table(answer, page)
    return ("\n".join(lines) + "\n").encode()


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is: no emphasis, code, link, HTML or cell border.

    >>> escaped("a|b [x](http://y) <i> my_name")
    'a\\|b \\[x\\](http&#58;//y) &lt;i&gt; my_name'
    """
    text = _MARKS.sub(r"\\\g<0>", text.translate(_HTML))
    return _LINK.sub(_entity, text)


def _item(text: str) -> str:
    """A list item that starts no heading, rule or list of its own."""
    return "- " + _START.sub(_entity, escaped(text.strip()))


def _entity(sign: re.Match[str]) -> str:
    return f"&#{ord(sign[0])};"


def _table(result: Result, page: Page) -> list[str]:
    sheet = lay_out(result, page.lang)
    strips = sheet.strips
    last = len(strips[0].cells) - 1
    rows = [
        [_bold(cell) if sheet.total and row == last else cell for cell in cells]
        for row, cells in enumerate(zip(*(map(escaped, strip.cells) for strip in strips), strict=True))
    ]
    foot = sheet.foot({strip.name for strip in strips})
    heads = [
        "",
        _line([escaped(_heading(strip, strips)) for strip in strips]),
        _line(["---:" if strip.figure else ":---" for strip in strips]),
    ]
    return [
        f"## {escaped(sheet.title)}",
        *(heads if rows else []),
        *map(_line, rows),
        *(line for block in lifetime.blocks(result, page.lang) for line in _block(block)),
        *([""] if foot else []),
        *map(_item, foot),
    ]


def _block(block: lifetime.Block) -> list[str]:
    """A smaller table under a heading of its own."""
    marks = [":---", *["---:"] * (len(block.headings) - 1)]
    rows = [_line([escaped(cell) for cell in row]) for row in (block.headings, *block.rows)]
    return ["", f"### {escaped(block.title)}", "", rows[0], _line(marks), *rows[1:]]


def _heading(strip: Strip, strips: list[Strip]) -> str:
    """Every column by a name of its own: a change names the figure before it."""
    if strip.heading != "Δ":
        return strip.heading
    return f"Δ {strips[strips.index(strip) - 1].heading}"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _bold(cell: str) -> str:
    return f"**{cell}**" if cell else ""


def _checked(check: CheckResult, page: Page) -> list[str]:
    lines = [f"## {escaped(summary(check, page.lang))}"]
    for source in check.sources:
        lines += ["", f"### {escaped(printable(str(source['file'])))}", ""]
        lines += [f"- **{fact.label}**: {escaped(fact.text)}" for fact in facts(source, page.lang)]
    return lines
