"""Tables side by side on one sheet, parted by an empty column: two are refused, a summary beside one is passed over.

part_beside(header, above, below, name, options)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from kpi_cli.errors import InputError
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.recognising import GENERIC, Header, Place, Wanted, is_known, read_header
from kpi_cli.exports.roles import kind

Rows = Sequence[Sequence[str]]
_TOLD = ("spend", "costs", "sales")  # roles of which a table of amounts may be, where nothing but the user tells


def part_beside(header: Header, above: Rows, below: Rows, name: str, options: ReadOptions) -> None:
    """Find what stands beside a hand-made table, behind an empty column.

    Args:
        header: its `apart` is filled.
        above: the cells of the lines above it.
        below: those of the first lines below it.
        name: the file.
        options: what the user says of it.

    Raises:
        InputError: it is a table of its own; half of the file would be missing.
    """
    blocks = _blocks([header.names, *below]) if header.format.name == GENERIC else []
    if len(blocks) < 2:
        return
    lines = [header.names, *above, *below]
    tables = [block for block in blocks if any(_is_table(cells, header, name, options) for cells in _cut(lines, block))]
    if len(tables) > 1:
        at = tables[1][0]
        said = f"a second table stands beside the first, behind the empty column {at}"
        fix = "put each into a file or worksheet of its own, or remove the column if they are one"
        raise InputError("two_tables", said, fix, name, header.line, at + 1)
    known = {*header.columns.values()}
    header.apart = frozenset(i for block in blocks if len(block) > 1 and known.isdisjoint(block) for i in block)


def _blocks(rows: Rows) -> list[list[int]]:
    """The columns that stand together, with at least one empty one between them and the others."""
    filled = {i for row in rows for i, cell in enumerate(row) if cell.strip()}
    runs = groupby(range(len(rows[0])), key=lambda i: i in filled)
    return [[*places] for has_cells, places in runs if has_cells]


def _cut(lines: Rows, block: Sequence[int]) -> Iterator[list[str]]:
    """What may be the header of some columns: it may stand lower than that of the others."""
    rows = ([row[i] for i in block if i < len(row)] for row in lines)
    return (cells for cells in rows if sum(map(is_known, cells)) > 1)


def _is_table(cells: Sequence[str], header: Header, name: str, options: ReadOptions) -> bool:
    """Whether some columns alone make a table, as they are or once its role is said."""
    place = Place(name, header.line)
    for role in (None, *_TOLD):
        try:
            found = read_header(cells, place, options.columns, Wanted(role))
        except InputError as error:
            if error.code == "role_open":
                return True
            continue
        if found and (role is None or any(kind(column) in {"text", "day"} for column in found.columns)):
            return True
    return False
