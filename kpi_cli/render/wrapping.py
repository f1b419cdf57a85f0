"""How many cells of a terminal a text takes, and a text in lines of so many."""

from __future__ import annotations

import re

AFTER_HYPHEN = re.compile(r"(?<=\w-)(?=\w)")


def cells_of(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def wrapped(text: str, width: int | None) -> list[str]:
    r"""Text in lines of at most `width` cells, broken at plain spaces.

    A longer word is broken at its non-breaking spaces, else after its hyphens, and only where it has none, anywhere.

    >>> wrapped("spring sale 1\xa0234 EUR", 9), wrapped("Last non-direct", 8)
    (['spring', 'sale', '1\xa0234 EUR'], ['Last', 'non-', 'direct'])
    """
    if width is None or cells_of(text) <= width:
        return [text]
    space = next((space for space in (" ", "\u00a0") if space in text), "")
    parts = text.split(space) if space else AFTER_HYPHEN.split(text)
    if len(parts) == 1:
        from rich.cells import chop_cells

        return list(chop_cells(text, width))
    lines = [""]
    for part in parts:
        joined = f"{lines[-1]}{space}{part}" if lines[-1] else part
        if cells_of(joined) <= width:
            lines[-1] = joined
        else:
            lines += wrapped(part, width)
    return [line for line in lines if line]
