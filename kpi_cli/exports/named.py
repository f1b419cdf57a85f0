"""Columns that `--map` or kpi.yml names: one that is not there would take its figures along, without a word."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from kpi_cli.exports.misspelt import counts, one_slip
from kpi_cli.exports.recognising import Named, Place, catalogue, column_of, no_such_column
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.tables import Source
from kpi_cli.safe import folded, quoted


def hold_to_names(sources: Sequence[Source]) -> None:
    """Refuse a table without a header that is named, if another is passed over for it, or if no table has it.

    One that is named as a misspelt column is refused, too: as a dimension nobody asks for, its figures would be lost.
    """
    sheets = [source.sheet for source in sources if source.sheet and not source.sheet.header.companion]
    told: list[Named] = []
    for source in sources:
        sheet = source.sheet
        if sheet is None or sheet.header.companion:
            continue
        for named in sheet.options.columns:
            if _lacks(sheet, named) and (_passes_over(sheet, named) or _nowhere(named, sheet, sheets, told)):
                told.append(named)
                source.error = no_such_column(sheet.header.names, Place(sheet.name, sheet.header.line), named)
            elif meant := _misspelt(sheet, named):
                said = f"there is no column {quoted(named[1])} to read {quoted(named[2])} as"
                source.error = sheet.error("no_such_column", said, f"did you mean {quoted(meant)}?", sheet.header.line)


def _lacks(sheet: Sheet, named: Named) -> bool:
    """Whether what is said of tables of its role is not true of this one."""
    role, _, header = named
    return role in {"*", sheet.role} and folded(header) not in map(folded, sheet.header.names)


def _misspelt(sheet: Sheet, named: Named) -> str | None:
    """The column that was meant, where a header is named as one that would be a dimension by a slip."""
    role, column, _ = named
    if role not in {"*", sheet.role} or any(column in fmt.spec["columns"] for fmt in catalogue()):
        return None
    known = [name for fmt in catalogue() if fmt.role == sheet.role for name in fmt.spec["columns"]]
    bare = _bare(column)
    slip = next((name for name in known if _bare(name) == bare or one_slip(bare, _bare(name))), None)
    alias = column_of(sheet.header.format, column)
    return slip or (alias[0] if alias and counts(alias[0], sheet.header.format.spec) else None)


def _bare(column: str) -> str:
    """A name without its case, and what parts its words."""
    return re.sub(r"[\W_]", "", column.casefold())


def _passes_over(sheet: Sheet, named: Named) -> bool:
    """Whether a header of the table would be the column, had none been named."""
    found = (column_of(sheet.header.format, name) for name in sheet.header.names)
    return any(alias[0] == named[1] for alias in found if alias)


def _nowhere(named: Named, sheet: Sheet, sheets: Collection[Sheet], told: Collection[Named]) -> bool:
    """Whether none of the tables of which the same is said has the header, and that was not told yet."""
    alike = (other for other in sheets if other.options.columns == sheet.options.columns)
    of_role = (other for other in alike if named[0] in {"*", other.role})
    return named not in told and all(_lacks(other, named) for other in of_role)
