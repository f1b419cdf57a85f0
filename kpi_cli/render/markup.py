"""HTML built from Python: whatever is not Markup already is escaped, and made fit to print."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from kpi_cli.safe import printable

_VOID = frozenset({"meta", "br", "hr"})


class Markup(str):
    """Text that is HTML; everything else is text to be escaped."""

    __slots__ = ()


Child = str | Iterable["Child"] | None


def tag(_name: str, *children: Child, **attributes: str | None) -> Markup:
    """An element. Attributes are named as in HTML, `class_` and `for_` apart; those of None are left out.

    >>> tag("td", "a < b & c@example.com", class_="n")
    '<td class="n">a &lt; b &amp; ‹hidden›</td>'
    """
    given = [(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None]
    pairs = "".join(f' {key}="{_text(value)}"' for key, value in given)
    start = f"<{_name}{pairs}>"
    return Markup(start if _name in _VOID else f"{start}{inside(children)}</{_name}>")


def inside(children: Child) -> Markup:
    """Children in a row, text among them escaped."""
    if children is None:
        return Markup()
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return Markup(_text(children))
    return Markup("".join(map(inside, children)))


def _text(text: str) -> str:
    return escape(printable(text))
