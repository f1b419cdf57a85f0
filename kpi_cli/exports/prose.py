"""Free text where a table is due: a sheet of notes in a workbook, a README beside exports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from kpi_cli.errors import InputError
from kpi_cli.exports.dialect import DELIMITERS, split
from kpi_cli.exports.values import is_iso

_FIGURE = re.compile(r"(?:[A-Z]{3}\s?|\W)*\d")


class NoTable(InputError):  # noqa: N818 (reads as what it is: no table)
    """Free text: no header names a kind of file, and no row sets a figure beside anything."""


def sets_figures(rows: Iterable[Sequence[str]]) -> bool:
    """Whether some row sets a figure beside something else, as any table that holds money does.

    >>> sets_figures([["Notes"], ["2 campaigns paused"], ["2026-10-05", "new prices"]])
    False
    >>> sets_figures([["Budget", "450 euros"]]), sets_figures([["Budget", "EUR 450"]])
    (True, True)
    """
    filled = ([cell.strip() for cell in row if cell.strip()] for row in rows)
    return any(len(row) > 1 and any(_FIGURE.match(c) and not is_iso(c) for c in row) for row in filled)


def aligned(lines: Iterable[str]) -> Iterator[list[str]]:
    """Lines of a text that fall into as many fields as the one before, by some delimiter: rows, it may be.

    >>> list(aligned(["Two campaigns", "a;1", "b;2"]))
    [['a', '1'], ['b', '2']]
    """
    filled = [line for line in lines if line.strip()]
    for delimiter in DELIMITERS:
        for above, below in pairwise(split(line, delimiter) for line in filled):
            if len(above) == len(below) > 1:
                yield from (above, below)
