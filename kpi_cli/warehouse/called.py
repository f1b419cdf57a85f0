"""Whether a row may be called a total, asked of a database where it is; exports/called.py asks it of files.

What may be a total sends the table to the reading row by row, which asks. Only plain letters are looked for: what
folding makes of others, each engine would say in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from kpi_cli.exports.called import BEGINNINGS, HEAD, usual_sql
from kpi_cli.exports.judging import literal
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structure import may_call_totals, total_words, words_for_all
from kpi_cli.warehouse.engines import identifier

_ASKED = {"text", "other"}  # kinds of columns; others hold figures and moments
# A backslash is not read alike everywhere, nor are classes of signs, nor É as a capital.
_WRITTEN = {r"\d": "[0-9]", r"\(": "[(]", r"\)": "[)]", "é": "[éÉ]"}
_GAP = "[ \t\n\r\u00a0]"
_BLANKS = {"[ -]": f"(?:[-–—]|{_GAP}+)", " ": f"(?:{_GAP}+)", "^": f"^{_GAP}*", "$": f"{_GAP}*$"}


def calls_sql(sheet: Sheet, columns: Collection[int]) -> str:
    """SQL of whether a cell of text in one of the columns calls its row a total; a platform's totals are known."""
    relation, words = sheet.relation, total_words(sheet)
    if relation is None or words is None:
        return "FALSE"
    asked = [i for i in may_call_totals(sheet) if i in columns and relation.columns[i][1] in _ASKED]
    first = relation.first_cells(asked)
    cells = {i: f"CAST({identifier(relation.columns[i][0])} AS VARCHAR)" for i in asked}
    whole = {i: words_for_all(sheet, i) for i in asked}
    return " OR ".join(_call_sql(cells[i], first[i], words.pattern, whole[i]) for i in asked) or "FALSE"


def _call_sql(cell: str, first: list[str], words: str, whole: Collection[str]) -> str:
    says = literal(_plainly("|".join([words, *(f"(?:^{word}$)" for word in sorted(whole))])))
    usual = usual_sql(cell, first, BEGINNINGS | {word[:HEAD] for word in whole})
    return f"CASE WHEN {usual} THEN FALSE ELSE regexp_matches(lower({cell}), {says}) END"


def _plainly(pattern: str) -> str:
    """A pattern of folded names as one of names in small letters, in words that all engines have.

    >>> _plainly(r"total( \\d{4})?") == f"total((?:{_GAP}+)[0-9]{{4}})?"
    True
    """
    changed = _WRITTEN | _BLANKS
    return re.sub("|".join(map(re.escape, changed)), lambda found: changed[found[0]], pattern)
