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
    words = total_words(sheet)
    asked = [] if words is None else [i for i in may_call_totals(sheet) if i in columns]
    return " OR ".join(_call_sql(sheet, i, words.pattern) for i in asked if words) or "FALSE"


def _call_sql(sheet: Sheet, index: int, words: str) -> str:
    assert sheet.relation is not None
    name, found = sheet.relation.columns[index]
    if found not in _ASKED:
        return "FALSE"
    cell, whole = f"CAST({identifier(name)} AS VARCHAR)", sorted(words_for_all(sheet, index))
    says = literal(_plainly("|".join([words, *(f"(?:^{word}$)" for word in whole)])))
    usual = usual_sql(cell, sheet.relation.some(index), BEGINNINGS | {word[:HEAD] for word in whole})
    return f"CASE WHEN {usual} THEN FALSE ELSE regexp_matches(lower({cell}), {says}) END"


def _plainly(pattern: str) -> str:
    """A pattern of folded names as one of names in small letters, in words that all engines have.

    >>> _plainly(r"total( \\d{4})?") == f"total((?:{_GAP}+)[0-9]{{4}})?"
    True
    """
    changed = _WRITTEN | _BLANKS
    return re.sub("|".join(map(re.escape, changed)), lambda found: changed[found[0]], pattern)
