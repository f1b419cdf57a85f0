"""CSV: column names, commas, dots; no total row, no notes. In a file, no text is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kpi_cli.render.page import Page
from kpi_cli.result import CheckResult, Previous, Result, plain
from kpi_cli.safe import printable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(answer: Result | CheckResult, page: Page) -> bytes:
    """The rows; the total where nothing was grouped; of a check, a row a file and currency."""
    rows: Sequence[dict[str, Any]]
    if isinstance(answer, CheckResult):
        rows = _check_rows(answer)
        names = list(dict.fromkeys(name for row in rows for name in row))
    else:
        rows = answer.rows or ([] if answer.by else [answer.total])
        names = list(dict.fromkeys([*answer.by, *(c.name for c in answer.columns)]))
        if answer.rows:
            held = {name for row in rows for name in row}
            names = [name for name in names if name in held]
        if answer.previous:
            figures = [c.name for c in answer.columns if c.name in names and c.unit not in ("text", "date")]
            rows, names = _with_earlier(answer, answer.previous, figures), [*names, *map(_earlier, figures)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(csv_cell(name, page.file) for name in names)
    writer.writerows([csv_cell(row.get(name), page.file) for name in names] for row in rows)
    return out.getvalue().encode()


def _with_earlier(answer: Result, previous: Previous, figures: Sequence[str]) -> list[dict[str, Any]]:
    """The rows, each with its figures of the period compared with."""
    before = previous.beside((*answer.by, "stage"))
    pairs = [(row, before(row)) for row in answer.rows]
    if not (answer.rows or answer.by):
        pairs = [(answer.total, previous.total)]
    return [now | {_earlier(name): then.get(name) for name in figures} for now, then in pairs]


def _earlier(figure: str) -> str:
    return f"{figure}_previous"


def csv_cell(value: Any, guarded: bool) -> str:
    """A value as one cell; `guarded` text can start no formula.

    >>> csv_cell("=1+1", True), csv_cell("=1+1", False), csv_cell(Decimal("-0.5"), True)
    ("'=1+1", '=1+1', '-0.5')
    """
    value = plain(value, exact=True)
    if value is None:
        return ""
    if not isinstance(value, str):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return ("'" if guarded and value.startswith(_FORMULA) else "") + printable(value)


def _check_rows(check: CheckResult) -> list[dict[str, Any]]:
    return [_check_row(source, sums) for source in check.sources for sums in source.get("sums") or [{}]]


def _check_row(source: dict[str, Any], sums: dict[str, Any]) -> dict[str, Any]:
    """One file's facts that fit a cell, then its sums in one currency."""
    rows, period, error = source.get("rows") or {}, source.get("period") or {}, source.get("error") or {}
    return {
        "file": source["file"],
        "role": source.get("role"),
        "format": source.get("format"),
        "start": period.get("start"),
        "end": period.get("end"),
        "read": rows.get("read"),
        "used": rows.get("used"),
        "left_out": sum(rows["left_out"].values()) if rows else None,
        "error": error.get("code"),
        **sums,
    }
