"""Own measures: a column that kpi.yml names, read beside those a format knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kpi_cli.safe import plainest

if TYPE_CHECKING:
    from kpi_cli.exports.rows import Block, Columns, Reader
    from kpi_cli.exports.sheet import Sheet

SUM, COUNT = "own_sum_", "own_count_"


class OwnColumn(NamedTuple):
    """A measure of kpi.yml: the sum of a column of a role's files, or how many of its cells are filled."""

    name: str
    how: str
    header: str
    role: str

    @property
    def column(self) -> str:
        """What the column is called in the role's table."""
        return f"own_{self.how}_{self.name}"


def find_own(sheet: Sheet) -> None:
    """Give the columns that kpi.yml names their place in a sheet that has them."""
    headers = {plainest(header.strip()): index for index, header in reversed([*enumerate(sheet.header.names)])}
    for own in sheet.options.own:
        index = headers.get(plainest(own.header.strip()))
        if own.role == sheet.role and index is not None:
            sheet.header.columns[own.column] = index


def own_values(reader: Reader, block: Block) -> Columns:
    """The own columns of some rows: numbers to be summed, a 1 for every filled cell to be counted."""
    columns: Columns = {}
    for name, index in reader.sheet.columns.items():
        if name.startswith(SUM):
            columns[name] = reader.number_texts(block, name)
        elif name.startswith(COUNT):
            columns[name] = ["1" if cell.strip() else None for cell in block.cells(index)]
    return columns
