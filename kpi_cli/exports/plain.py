"""Plain files of text: those whose every field is what stands between two delimiters, so that DuckDB can cut them.

    is_plain(text)        whether a file is one
    source_sql(text, …)   its cells as they stand, as a table of DuckDB
    …_sql(cell, …)        whether a cell is so plain that its reading is beyond doubt, and what it is then
    all_read(text, …)     whether so many rows are all the lines there are

How a cell is read is defined once, in Python (values.py, rows.py). Here it is only told apart whether that reading
can be done without: whatever is not plain, wherever it stands, is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from kpi_cli.exports.dialect import Text, split
from kpi_cli.exports.roles import MONEY_TYPE
from kpi_cli.exports.surveying import CHUNK, LETTERS, SIGNS
from kpi_cli.exports.values import evidence

if TYPE_CHECKING:
    from kpi_cli.exports.sheet import Sheet

_HEAD = 60
_BUFFER = 16_000_000  # bytes that DuckDB reads at once: as fast as its own 32 MB, at two thirds of the memory
_BUFFER_OF_FEW = 4_000_000  # where only the first rows are looked at; no less than two of its longest lines


def is_plain(text: Text) -> bool:
    """Whether every field is what stands between two delimiters."""
    seen = text.survey
    whole = text.encoding in {"utf-8", "utf-8-sig"} and seen.utf8 and seen.nul is None
    is_pattern = any(sign in str(text.path) for sign in "*?[")  # DuckDB would look for other files
    return whole and not (text.mojibake or seen.quotes or is_pattern)


def signs_below(text: Text, header_line: int) -> bytes:
    """Which of SIGNS stand below the header; most files have none, and no cell need be searched for them."""
    with text.path.open("rb") as file:
        for _ in range(header_line):
            file.readline()
        start = file.read(CHUNK)
    return text.survey.signs + bytes(sign for sign in SIGNS if sign in start)


def letters_below(text: Text, header_line: int) -> int | None:
    """How many bytes below the header are none of a figure's or its marks'; None where they were not counted."""
    if text.survey.letters is None:
        return None
    with text.path.open("rb") as file:
        above = b"".join(file.readline() for _ in range(header_line))
    return text.survey.letters - sum(byte >= LETTERS for byte in above)


def letters_sql(cell: str) -> str:
    """How many such bytes a cell has."""
    return f"(strlen({cell}) - strlen(regexp_replace({cell}, '[^\\x00-\\x{LETTERS - 1:02x}]', '', 'g')))"


def first_rows(text: Text, sheet: Sheet) -> list[list[str]]:
    """The cells of the first lines below the header."""
    lines = text.head(sheet.header.line + _HEAD)[sheet.header.line :]
    return [cells for line in lines if len(cells := split(line, sheet.delimiter or ",")) == len(sheet.header.names)]


def proves_the_dot(text: Text, sheet: Sheet, money: Sequence[int]) -> bool:
    """Whether these columns can be read as numbers at once: the first rows prove the dot, and leave no cell blank.

    Once a dot is proven, what DuckDB takes for a number says the same to the ordinary reading, or is refused by it for
    how it is written (`.5e1`).
    """
    cells = [row[i] for row in first_rows(text, sheet) for i in money]
    is_odd = b"_" in signs_below(text, sheet.header.line) or not all(cells)
    return not is_odd and any(evidence(cell, whole=False)[0] == "." for cell in cells)


def timed(text: Text, sheet: Sheet, days: Sequence[int]) -> set[int]:
    """Which columns of days bear a time of day, by the first lines."""
    return {i for i in days for cells in first_rows(text, sheet) if len(cells[i]) > len("2026-10-31")}


def moments_like(text: Text, sheet: Sheet, index: int) -> str | None:
    """The one way in which the first rows write a moment, as a pattern of strptime; None where there is none.

    DuckDB reads the whole column by it and takes nothing else, but for blanks around it and noughts that are missing.
    """
    moments = [re.fullmatch(_MOMENT, row[index]) for row in first_rows(text, sheet)]
    ways = {f"%Y-%m-%d{found[1]}%H:%M:%S{found[2]}" if found else None for found in moments}
    return ways.pop() if len(ways) == 1 else None


def days_like(text: Text, sheet: Sheet, index: int) -> str | None:
    """The one way in which the first rows write a day, as a pattern of strptime; None where DuckDB knows it not.

    It takes the noughts that are missing and the blanks around it for what the ordinary reading does.
    """
    are_iso = all(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", row[index]) for row in first_rows(text, sheet))
    return "%Y-%m-%d" if are_iso else None


_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T])[0-9]{2}:[0-9]{2}:[0-9]{2}(Z?)"


# Whatever DuckDB may read as a whole number, 1e3 and 0x10 as well; 403-12 is none.
NUMBER_LIKE = "^ *[-+]?(0[xX][0-9a-fA-F_]*|0[bB][01_]*|[0-9_]*[.]?[0-9_]*([eE][-+]?[0-9_]*)?) *$"


class AsRead(Struct, frozen=True):
    """What DuckDB reads cells as, at half the price of text: types by index, how moments and days are written."""

    types: Mapping[int, str] = {}
    moment: str | None = None
    day: str | None = None


TEXTS = AsRead()


def source_sql(text: Text, sheet: Sheet, read: AsRead = TEXTS, limit: int | None = None) -> str:
    """The cells c0, c1, … as they stand; a row with a field too few or too many is an error of DuckDB's.

    So is a cell that is not what it is to be read as; amounts are rounded to the millionth.
    A quote, which the file does not hold, stands for NULL: no cell can, nor a field too many that is blank.
    """
    types = [read.types.get(i, "VARCHAR") for i in range(len(sheet.header.names))]
    columns = ", ".join(f"'c{i}': '{type_}'" for i, type_ in enumerate(types))
    written = {"timestampformat": read.moment, "dateformat": read.day}
    forms = "".join(f", {name} = '{form}'" for name, form in written.items() if form)
    path, some = str(text.path).replace("'", "''"), "" if limit is None else f"LIMIT {limit}"
    return f"""read_csv('{path}', auto_detect = false, compression = 'none', header = false, skip = {sheet.header.line},
        delim = '{sheet.delimiter}', quote = '', escape = '', nullstr = '"'{forms},
        columns = {{{columns}}}, buffer_size = {_BUFFER if limit is None else _BUFFER_OF_FEW}) {some}"""


def value_sql(cell: str, *, blank_is_none: bool) -> str:
    """The value of a cell that DuckDB takes for a number, else NULL."""
    value = f"TRY_CAST({cell} AS {MONEY_TYPE})"
    return f"CASE WHEN {cell} = '' THEN 0 ELSE {value} END" if blank_is_none else value


def one_way_sql(cell: str, signs: bytes) -> str:
    """Whether a number is written so that it can be read in one way only, and no longer than it is kept.

    A dot before three digits may group them: that is for the reading of the whole file to settle. A negative power
    of ten may leave more decimals than are kept.
    """
    dot, decimals = f"strpos({cell}, '.')", f"strlen({cell}) - strpos({cell}, '.')"
    one_way = f"(({decimals} <> 3 AND {decimals} < 7) OR {dot} = 0) AND strpos({cell}, '-') < 2"
    return f"{one_way} AND NOT contains({cell}, '_')" if b"_" in signs else one_way


def half_even_sql(product: str, divisor: str) -> str:
    """The quotient of two whole numbers ≥ 0, rounded half even."""
    whole, twice_rest = f"({product} // {divisor})", f"(2 * ({product} % {divisor}))"
    return f"""({whole} + CASE WHEN {twice_rest} > {divisor}
        OR ({twice_rest} = {divisor} AND {whole} % 2 = 1) THEN 1 ELSE 0 END)"""


def millionths_sql(money: str) -> str:
    """An amount as a whole number that products do not overflow."""
    return f"CAST(CAST({money} AS DECIMAL(38,6)) * 1000000 AS HUGEINT)"


def vat_sql(money: str, rate: Decimal) -> str:
    """The tax in an amount in millionths, rounded half even as the rows' own is, at a rate of the amount without it."""
    tax, net = rate.as_integer_ratio()
    return half_even_sql(f"({millionths_sql(money)} * {tax})", str(net + tax))


def all_read(text: Text, sheet: Sheet, rows: int) -> bool:
    """Whether so many rows are all the lines there are below the header, and these end alike."""
    lines = text.survey.newlines
    return text.survey.returns in {0, lines} and rows == lines - sheet.header.line + (not _ends_its_line(text))


def _ends_its_line(text: Text) -> bool:
    with text.path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
