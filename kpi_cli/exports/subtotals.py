"""Rows that are sums of the rows beside them, whatever they bear besides: their amounts tell.

    set_aside_subtotals(sheet)   of hand-made tables: what is called a sum, and what says less than its neighbours
    set_aside_levels(sheet)      of platforms that list groups beside their campaigns
    tell_of_blocks(sheet)        names that stand on the first row of their block alone

A pivot table has a row “Total Google” below Google's campaigns; a list of invoices ends in “Total HT”, the tax on it
and “Total TTC”. A campaign called “Total Body” that is no sum stays a row.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, compress

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.exports.dialect import Record
from kpi_cli.exports.roles import TABLES, kind
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structure import naming, nothing_said, settle_doubt, sum_words
from kpi_cli.exports.values import BadValue, amount, is_unknown
from kpi_cli.safe import folded
from kpi_cli.texts import note

ROLES = {"spend", "costs", "traffic", "leads"}


def set_aside_subtotals(sheet: Sheet) -> None:
    """Leave out the rows that are called sums and are; ask where such a row bears a day or another name, too.

    Raises:
        InputError: a row that may be a sum, or something that is called like one.
    """
    columns = [sheet.columns[c] for c in TABLES[sheet.role].sums if sheet.has(c)]
    called = sum_words(sheet)
    if sheet.role not in ROLES or not (called and (sheet.calls_sums or sheet.leaves_blank) and columns):
        return
    found, names = _called_sums(sheet, columns, called) if sheet.calls_sums else ([], set())
    for one in found:
        if one.name not in names:
            settle_doubt(sheet, [one.record], one.index, _DOUBT, None if one.is_open else "subtotal_row")
    counts = {folded(word) for word, fate in sheet.options.statuses if fate == "used"}
    left_out = -1
    while left_out < (left_out := len(sheet.left_out)):  # without those of campaigns, those of platforms may add up
        for head, index in _heads(sheet, columns, called):
            if index is None:
                sheet.left_out[head.line] = "subtotal_row"
            elif counts.isdisjoint(map(folded, head.cells)):
                settle_doubt(sheet, [head], index, HEAD)


def set_aside_levels(sheet: Sheet) -> None:
    """Leave out rows of a group of campaigns beside the rows of its campaigns, whose sum they are.

    Raises:
        InputError: such a row is not the sum of the rows below it.
    """
    levels = [[sheet.columns[c] for c in level if sheet.has(c)] for level in sheet.header.format.get("levels", ())]
    if not levels:
        return
    columns = [sheet.columns[c] for c in TABLES[sheet.role].sums if sheet.has(c)]
    rows = [record for record in sheet.records() if record.line not in sheet.left_out]
    depths = [_depth(levels, row) for row in rows]
    for depth in sorted({*depths} - {0, max(depths, default=0)}):
        alike = [i for c, i in sheet.columns.items() if kind(c) == "day" or c in _SAME]
        alike += chain.from_iterable(levels[:depth])
        parts = defaultdict[tuple[str, ...], list[Record]](list)
        below = min(other for other in depths if other > depth)
        for row in compress(rows, (other == below for other in depths)):
            parts[tuple(row.cells[i] for i in alike)].append(row)
        for head in compress(rows, (other == depth for other in depths)):
            if found := parts.get(tuple(head.cells[i] for i in alike)):
                is_sum = _is_sum(sheet, columns, head, found)
                settle_doubt(sheet, [head], levels[depth - 1][0], _LEVEL, "subtotal_row" if is_sum else None)


def _depth(levels: Sequence[Sequence[int]], row: Record) -> int:
    """How many levels down the last one is that a row names."""
    named = (at for at, level in enumerate(levels, 1) if any(not is_unknown(row.cells[i]) for i in level))
    return max(named, default=0)


def tell_of_blocks(sheet: Sheet) -> None:
    """Note rows of spend that are blank in the first column: pivot tables name a platform on its first row alone."""
    first = next((column for column, index in sheet.columns.items() if index == 0), "")
    if sheet.role not in {"spend", "costs"} or not (first in _OVER_OTHERS and sum_words(sheet) and sheet.leaves_blank):
        return
    texts = [i for c, i in sheet.columns.items() if i and kind(c) == "text" and c != "currency"]
    rows = [record for record in sheet.records() if record.line not in sheet.left_out]
    blank = [row for row in rows if is_unknown(row.cells[0]) and not all(is_unknown(row.cells[i]) for i in texts)]
    if blank and not is_unknown(rows[0].cells[0]):
        name = sheet.header.names[0].strip()
        found = note("blank_below_name", file=sheet.name, line=blank[0].line, count=len(blank), column=name)
        sheet.notes.append(found)


_OVER_OTHERS = {"platform", "channel", "account", "category"}
_SAME = {"account", "account_id", "currency"}
_LEVEL = "stands on a row of its own beside the rows of what it holds, and is not their sum"
_DOUBT = "is the sum of rows above it, or the name of something"
HEAD = "stands on a row that is as much as the rows beside it together: their sum, or more of it"


_Level = tuple[bool, ...] | None


class _Head(Struct, frozen=True):
    """A row that may be the sum of rows beside it, and its last name; its level is which names it has."""

    record: Record
    index: int | None
    level: _Level  # None where it is called a sum


def _heads(sheet: Sheet, columns: list[int], called: re.Pattern[str]) -> list[tuple[Record, int | None]]:
    """Rows that say less than those above or below them, and are their sum; each with its last name, if it has any.

    So an outline looks: a platform with its whole cost, and a row for each of its campaigns. What is called a sum
    says nothing else. Where most rows that say as little are no sums, those that are one are so by chance.
    """
    rows = [record for record in sheet.records() if record.line not in sheet.left_out]
    days = {
        i for column, i in sheet.columns.items() if kind(column) == "day"
    }  # they name a row where nothing else does
    nothing = nothing_said(sheet)
    named_by = sorted(naming(sheet), key=lambda i: i not in days)
    texts = [i for i in named_by if i in sheet.columns.values() or _has_words(rows, i, nothing)]
    said = list(zip(*(_said(rows, i, called, nothing) for i in texts), strict=True)) or [()] * len(rows)
    known = [i in sheet.columns.values() for i in texts]
    heads, proof = list[_Head](), Counter[_Level]()
    for at in (i for i, row in enumerate(rows) if "" in said[i] and value(sheet, row, columns[0])):
        named = [i for i in texts if not nothing.fullmatch(folded(rows[at].cells[i]))]
        is_called = any(called.search(folded(rows[at].cells[i])) for i in named)
        beside = (range(at + 1, len(rows)), range(at - 1, -1, -1))
        runs = [[rows[i] for i in _alike(said, known, at, places)] for places in beside]
        head = _Head(rows[at], named[-1] if named else None, tuple(map(bool, compress(said[at], known))))
        if is_called and any(_rows_added(sheet, parts[::-1], head.record, columns) > 1 for parts in runs):
            heads.append(replace(head, level=None))
        elif sums := [len(parts) for parts in runs if parts and _is_sum(sheet, columns, head.record, parts)]:
            heads += [head] if max(sums) > 1 else []
            proof[head.level] += max(sums) > 1
        elif any(runs):
            proof[head.level] -= 1
    return [(head.record, head.index) for head in heads if head.level is None or proof[head.level] >= 0]


def _alike(said: Sequence[Sequence[str]], known: Sequence[bool], head: int, beside: Iterable[int]) -> Iterator[int]:
    """The rows next to a head that may be what it is made of, up to the first other one."""
    for at in beside:
        if not _is_part(said[head], said[at], known):
            return
        yield at


def _has_words(rows: Iterable[Record], index: int, nothing: re.Pattern[str]) -> bool:
    """Whether a column that is not known tells rows apart: some cell has a letter, as rates have none."""
    words = dict.fromkeys(row.cells[index] for row in rows if re.search(r"[^\W\d_]", row.cells[index]))
    return any(not nothing.fullmatch(folded(word)) for word in words)


def _said(rows: Sequence[Record], index: int, called: re.Pattern[str], nothing: re.Pattern[str]) -> list[str]:
    """What each row says in a column; nothing where it names nothing or is called a sum there."""
    cells = [row.cells[index] for row in rows]
    names = {cell: folded(cell) for cell in dict.fromkeys(cells)}
    said = {cell: "" if nothing.fullmatch(name) or called.search(name) else name for cell, name in names.items()}
    return [said[cell] for cell in cells]


def _is_part(head: Sequence[str], row: Sequence[str], known: Sequence[bool]) -> bool:
    """Whether a row says all that a head does, or leaves that blank below it, and something that the head does not.

    Of a column that is not known, that is not enough: it may hold remarks.
    """
    pairs = list(zip(head, row, known, strict=True))
    more = [is_known for own, other, is_known in pairs if other and not own]
    left = any(own and not other for own, other, _ in pairs)
    return bool(more) and (left or any(more)) and all(own == other or not (own and other) for own, other, _ in pairs)


def _is_sum(sheet: Sheet, columns: list[int], head: Record, parts: list[Record]) -> bool:
    """Whether the rows come to the head in every number that it has."""
    allowed = ROUNDED * (len(parts) + 1)
    known = [i for i in columns if not is_unknown(head.cells[i])]
    return all(abs(sum(value(sheet, row, i) for row in parts) - value(sheet, head, i)) <= allowed for i in known)


class _Sum(Struct, frozen=True):
    """A row that is called a sum, by its cell in one column, and is one; open where it may be something else."""

    record: Record
    index: int
    name: str
    is_open: bool


def _called_sums(sheet: Sheet, columns: list[int], called: re.Pattern[str]) -> tuple[list[_Sum], set[str]]:
    """The rows that are called sums and are, and the names of those that are called so and are none."""
    texts = naming(sheet)
    telling = [i for c, i in sheet.columns.items() if i in texts and c != "currency"]
    rows: list[Record] = []
    found, names = list[_Sum](), set[str]()
    for record in sheet.records():
        if record.line in sheet.left_out:
            continue
        index = next((i for i in texts if i < len(record.cells) and called.search(folded(record.cells[i]))), None)
        if index is not None:
            name = folded(record.cells[index])
            count = _rows_added(sheet, rows, record, columns)
            is_alone = all(i == index or is_unknown(record.cells[i]) for i in telling)
            is_named = count > 0 and _names(called.sub(" ", name), rows[-1])
            if count > 1 or is_named or (count and is_alone):
                found.append(_Sum(record, index, name, is_open=not (is_alone and (count > 1 or is_named))))
                continue
            names.add(name)
        rows.append(record)
    return found, names


def _rows_added(sheet: Sheet, rows: list[Record], record: Record, columns: list[int]) -> int:
    """How many of the last rows a row adds up, in all its numbers; 0 where it adds up none."""
    wanted = [value(sheet, record, i) for i in columns]
    if not wanted[0]:
        return 0
    sums = [ZERO] * len(columns)
    for count, row in enumerate(reversed(rows), 1):
        sums = [held + value(sheet, row, i) for held, i in zip(sums, columns, strict=True)]
        allowed = ROUNDED * (count + 1)
        pairs = list(zip(sums, wanted, columns, strict=True))
        if all(abs(a - b) <= allowed or is_unknown(record.cells[i]) for a, b, i in pairs):
            return count
        if sums[0] > wanted[0] + allowed:
            break
    return 0


def _names(rest: str, row: Record) -> bool:
    """Whether what a sum is called, but for the word, stands in a row: “Total Google” below Google Ads."""
    bare = " ".join(re.findall(r"[^\W_]+", rest))
    return bool(bare) and any(bare in folded(cell) for cell in row.cells)


ZERO = Decimal(0)
ROUNDED = Decimal("0.005")


def value(sheet: Sheet, record: Record, index: int) -> Decimal:
    """The number in a cell; 0 where it is none."""
    cell = record.cells[index] if index < len(record.cells) else ""
    try:
        return ZERO if is_unknown(cell) else amount(cell, sheet.decimal or ".")
    except BadValue:
        return ZERO  # told where it is read
