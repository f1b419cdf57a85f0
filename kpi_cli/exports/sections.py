"""A download with several tables, one below the other: the one that is read, and whose rows the other lines are.

A GA4 snapshot or a Matomo report parts its tables by a blank line, then `#` lines or a new header.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from kpi_cli.exports.dialect import split
from kpi_cli.exports.recognising import Header, Place, Wanted, column_of, read_header
from kpi_cli.exports.roles import TABLES
from kpi_cli.exports.values import BadValue, number

OTHER_TABLE, NO_RECORD = "other_table", "blank"


class Section(Struct):
    """One table of several: the line of its header, the comments above it, the lines of its rows."""

    header: int
    above: list[str]
    rows: list[int] = field(default_factory=list)


class Chosen(Struct, frozen=True):
    """The table that is read, where the first one starts, and what the lines of the others are."""

    header: Header
    first: int
    left_out: dict[int, str]


def choose(
    lines: Sequence[str], header: Header, place: Place, mapped: tuple[tuple[str, str, str], ...], wanted: Wanted
) -> Chosen | None:
    """The first table with what its role needs, else the first that is recognised; None when there is only one.

    Args:
        lines: all lines of the file.
        header: what was recognised at first; its format and delimiter hold for the other tables.
        place: the file.
        mapped: columns the user names.
        wanted: role and format the user names.
    """
    delimiter = header.delimiter or ","
    found = list(sections(lines, header))
    if len(found) < 2:
        return None
    narrowed = Wanted(wanted.role, header.format.name)
    known: list[tuple[Section, Header]] = []
    for section in found:
        below = [split(lines[n - 1], delimiter) for n in section.rows[:30]]
        here = replace(place, line=section.header, delimiter=delimiter, above=section.above, below=below)
        if read := read_header(split(lines[section.header - 1], delimiter), here, mapped, narrowed):
            known.append((section, read))
    if not known:
        return None
    needed = TABLES[header.format.role].sums[0]
    chosen, best = next((pair for pair in known if needed in pair[1].columns), known[0])
    left_out = dict.fromkeys(range(found[0].header + 1, len(lines) + 1), NO_RECORD)
    for section in found:
        left_out.update(dict.fromkeys(section.rows, OTHER_TABLE))
    for line in chosen.rows:
        del left_out[line]
    return Chosen(best, found[0].header, left_out)


def sections(lines: Sequence[str], header: Header) -> Iterator[Section]:
    """The tables of a file, in their order."""
    section, above, after_blank = None, list[str](), True
    for line_number, line in enumerate(lines, 1):
        if not line.strip(' ,;\t"'):
            after_blank = True
        elif (after_blank or section is None) and line.lstrip('"').startswith("#"):
            if section:
                yield section
                section, above = None, []
            above.append(line)
        elif section is None or (after_blank and _is_header(line, header)):
            if section:
                yield section
                above = []
            section, after_blank = Section(line_number, above), False
        else:
            section.rows.append(line_number)
            after_blank = False
    if section:
        yield section


def _is_header(line: str, header: Header) -> bool:
    """Whether a line below a blank one begins a table: it names columns and holds no number."""
    cells = split(line, header.delimiter or ",")
    return not any(map(_is_number, cells)) and any(column_of(header.format, cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        number(cell)
    except BadValue:
        return False
    return True
