"""Whether a cell calls its row a total, asked of large files as SQL; structure.py asks it row by row.

    callings(sheet, text)   how every column that may call a row so is asked
    usual_sql(cell, …)      whether a cell begins as most do, which tells it

What may be a total sends the file to the reading row by row, which asks. So SQL may find too much, but never too
little. Most cells begin as those of the first rows do, and are told by that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from kpi_cli.exports.dialect import Text
from kpi_cli.exports.judging import literal
from kpi_cli.exports.plain import first_rows
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structure import may_call_totals, total_words, words_for_all
from kpi_cli.safe import folded

BEGINNINGS = {"tot", "gra", "ges", "sum", "ins", "som", "com"}  # of every word for a total
HEAD = 3
_PRINTED = re.compile(r"[!-&(-Z\\-~][ -~]*")  # signs that stand for themselves, behind none that guards a cell
_FEW = 4  # ways to begin that are told by comparison
_EDGE = r"[\s\x0b\x1c-\x1f\x{85}\p{Z}\x{ad}\x{200b}-\x{200d}\x{2060}\x{feff}]*"  # what folding takes away at the ends
_GAP, _DASH = r"[\s\p{Z}]", r"\p{Pd}\x{2212}"
# Accents that stand alone, signs that are not seen, and letters that folding makes plain: bold and small ones.
_ODD = (
    r"\x0b\x1c-\x1f\x{85}\x{ad}\x{17f}\x{2b0}-\x{36f}\x{1d00}-\x{1dbf}\x{200b}-\x{200d}\x{2060}\x{2070}-\x{209f}\x{2100}-\x{2121}"
    r"\x{2123}-\x{218f}\x{2460}-\x{24ff}\x{2c7c}-\x{2c7d}\x{3200}-\x{33ff}\x{a69c}-\x{a7ff}\x{ab5c}-\x{ab5f}"
    r"\x{fb00}-\x{fb06}\x{fe10}-\x{fe19}\x{fe30}-\x{fe6f}\x{feff}-\x{ffef}\x{10780}-\x{107ba}\x{1ccd6}-\x{1ccff}\x{1d400}-\x{1d7ff}"
    r"\x{1e030}-\x{1e06d}\x{1f100}-\x{1f16f}\x{1f190}"
)
# Where figures stand that are none of ASCII.
_FOREIGN = r"ªº¹²³\x{600}-\x{1fff}\x{a000}-\x{abff}\x{10000}-\x{1efff}\x{1fbf0}-\x{1fbf9}"


class Calling(Struct, frozen=True):
    """What tells that a cell of a column does not call its row a total, as SQL."""

    usual: str  # it begins as most do, with none of the signs that are read otherwise; "false" where nothing is usual
    unsaid: str  # it is blank, or none of the words

    @property
    def check(self) -> str:
        """That a cell calls its row no total."""
        return f"({self.usual} OR {self.unsaid})"


def callings(sheet: Sheet, text: Text) -> dict[int, Calling]:
    """How the cells c0, c1, … of a hand-made table are asked, by the column's index.

    Empty of a platform's files: their totals are known.
    """
    if total_words(sheet) is None:
        return {}
    rows = first_rows(text, sheet)
    return {i: _calling(sheet, i, [cells[i] for cells in rows]) for i in may_call_totals(sheet)}


def _calling(sheet: Sheet, index: int, first: Iterable[str]) -> Calling:
    cell, words = f"c{index}", words_for_all(sheet, index)
    begins = BEGINNINGS | {word[:HEAD] for word in words}
    bodies = [rule["match"].removeprefix("^").removesuffix("$") for rule in sheet.header.format.get("totals", ())]
    said = "|".join(f"(?:{_loose(body)})" for body in [*bodies, *sorted(words)])
    letters, heads = "".join(sorted({word[0] for word in begins})), "|".join(sorted(begins))
    odd = f"(?:(?:{heads}).*|[a-z]{{0,2}})(?-i:[{_ODD}])|(?:{heads}).*[{_FOREIGN}]|(?:[{letters}].?)?[ªº]"
    words_sql = literal(f"(?i)^{_EDGE}(?:(?:{said}){_EDGE}$|{odd})")
    return Calling(usual_sql(cell, first, begins), f"{cell} = '' OR NOT regexp_matches({cell}, {words_sql})")


def _loose(pattern: str) -> str:
    """A pattern of folded names as one of names as they stand."""
    return pattern.replace("[ -]", f"(?:[{_DASH}]|{_GAP}+)").replace(" ", f"(?:{_GAP}+)")


def usual_sql(cell: str, first: Iterable[str], begins: set[str]) -> str:
    """Whether a cell begins as the first rows' do, the most frequent first, and as no word does."""
    heads = Counter(head for one in first if (head := _head(one, begins)))
    return f"({' OR '.join(_begins_with(cell, head) for head, _ in heads.most_common(_FEW)) or 'false'})"


def _head(one: str, begins: set[str]) -> str:
    """With what a cell begins that no word does: its first figure, or as few signs as tell; else nothing.

    >>> _head("2026-1", {"tot"}), _head("Email", {"tot"}), _head("Top", {"tot"}), _head("Total", {"tot"})
    ('0', 'E', 'Top', '')
    """
    if one[:1].isdecimal():
        return "0"
    heads = (one[:length] for length in range(1, HEAD + 1))
    told = (head for head in heads if not any(word.startswith(folded(head)) for word in begins))
    return next((head for head in told if _PRINTED.fullmatch(head)), "")


def _begins_with(cell: str, head: str) -> str:
    """Two comparisons cost less than `starts_with`."""
    after = head[:-1] + chr(ord(head[-1]) + 1) if head != "0" else ":"
    return f"({cell} >= {literal(head)} AND {cell} < {literal(after)})"
