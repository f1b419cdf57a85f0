"""Damage as life does it: a clean file with one thing wrong, and the readings of it that need no word.

Every kind of damage is a function from a Specimen and a random generator to bytes. The same seed gives the same
copies. A copy's accepted readings are what the clean file adds up to, and what the copy itself states where
nothing about it looks off; any other figure must come with a note, a left-out row or a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from specimens import SPECIMENS, Specimen, Sums

Damage = Callable[[Specimen, Random], bytes | None]  # None where a file has nothing of that kind to damage
TABLE: dict[str, Damage] = {}
ANY: dict[str, Damage] = {}
# What a copy states is no excuse here: the damage can be seen, or be known for what it is.
NO_EXCUSE = {"row_twice", "rows_twice", "file_twice", "header_again", "total_appended", "subtotal_appended"}
# No figure at all is right without a word.
NEVER_SILENT = {"foreign_symbol", "impossible_date", "status_odd", "status_blank", "scientific_id"}
# The days of these may be read in more ways than one; their money may not.
DAYS_OPEN = {"odd_date"}


@dataclass(frozen=True)
class Copy:
    """One damaged copy."""

    specimen: Specimen
    kind: str
    number: int
    data: bytes
    accepted: tuple[Sums, ...]


def copies(specimen: Specimen, seed: int, each: int) -> Iterator[Copy]:
    """Damaged copies of a specimen, `each` of every kind of damage; the same for the same seed."""
    truth = specimen.truth()
    seen = {specimen.data}
    for kind, damage in (ANY | (TABLE if specimen.form == "table" else {})).items():
        for number in range(each):
            data = damage(specimen, Random(f"{seed} {specimen.name} {kind} {number}"))
            if data is None or data in seen:
                continue
            seen.add(data)
            yield Copy(specimen, kind, number, data, _accepted(specimen, kind, data, truth))


def _accepted(specimen: Specimen, kind: str, data: bytes, truth: Sums) -> tuple[Sums, ...]:
    if kind in NEVER_SILENT:
        return ()
    stated = None if kind in NO_EXCUSE else specimen.careful(data)
    readings = (truth, stated) if stated else (truth,)
    if kind in DAYS_OPEN:
        return tuple({name: value for name, value in sums.items() if name[0] != "days"} for sums in readings)
    return readings


def _any(damage: Damage) -> Damage:
    ANY[damage.__name__.lstrip("_")] = damage
    return damage


def _table(damage: Damage) -> Damage:
    TABLE[damage.__name__.lstrip("_")] = damage
    return damage


# ------------------------------------------------------------------------------------- characters

_TYPED = {
    "digit": "7",
    "letter": "x",
    "quote": '"',
    "apostrophe": "'",
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "pipe": "|",
    "dot": ".",
    "minus": "-",
    "percent": "%",
    "bracket": "(",
    "space": " ",
    "newline": "\n",
    "two_newlines": "\n\n",
    "return": "\r",
    "nul": "\0",
    "bom": "\ufeff",
    "no_break_space": "\u00a0",
    "narrow_space": "\u202f",
    "zero_width_space": "\u200b",
    "soft_hyphen": "\u00ad",
    "right_to_left": "\u202e",
    "full_width_digit": "７",
    "arabic_digit": "٣",
    "superscript": "²",
    "true_minus": "−",
    "euro": "€",
    "dollar": "$",
    "replacement": "\ufffd",
    "form_feed": "\x0c",
    "line_separator": "\u2028",
    "next_line": "\x85",
    "escape": "\x1b",
    "hash": "#",
    "colon": ":",
    "backslash": "\\",
}


def _typed(text: str) -> Damage:
    def damage(specimen: Specimen, rng: Random) -> bytes:
        at = rng.randrange(len(specimen.text) + 1)
        return (specimen.text[:at] + text + specimen.text[at:]).encode(specimen.encoding)

    return damage


def _typed_in_money(text: str) -> Damage:
    def damage(specimen: Specimen, rng: Random) -> bytes | None:
        def change(cell: str) -> str:
            at = rng.randrange(len(cell) + 1)
            return cell[:at] + text + cell[at:]

        return _cell(specimen, rng, change, "money", "count")

    return damage


ANY.update({f"typed_{name}": _typed(text) for name, text in _TYPED.items()})
TABLE.update({f"in_money_{name}": _typed_in_money(text) for name, text in _TYPED.items()})


@_any
def _character_lost(specimen: Specimen, rng: Random) -> bytes:
    at = rng.randrange(len(specimen.text))
    return (specimen.text[:at] + specimen.text[at + 1 :]).encode(specimen.encoding)


@_any
def _mark_lost(specimen: Specimen, rng: Random) -> bytes:
    marks = [i for i, c in enumerate(specimen.text) if not c.isalnum()]
    at = rng.choice(marks)
    return (specimen.text[:at] + specimen.text[at + 1 :]).encode(specimen.encoding)


@_any
def _character_twice(specimen: Specimen, rng: Random) -> bytes:
    at = rng.randrange(len(specimen.text))
    return (specimen.text[:at] + specimen.text[at] + specimen.text[at:]).encode(specimen.encoding)


@_any
def _mark_twice(specimen: Specimen, rng: Random) -> bytes:
    at = rng.choice([i for i, c in enumerate(specimen.text) if not c.isalnum()])
    return (specimen.text[:at] + specimen.text[at] + specimen.text[at:]).encode(specimen.encoding)


@_any
def _neighbours_swapped(specimen: Specimen, rng: Random) -> bytes:
    text = specimen.text
    at = rng.randrange(len(text) - 1)
    return (text[:at] + text[at + 1] + text[at] + text[at + 2 :]).encode(specimen.encoding)


@_any
def _character_changed(specimen: Specimen, rng: Random) -> bytes:
    at = rng.randrange(len(specimen.text))
    return (specimen.text[:at] + rng.choice("0O1l,.;\"' \n-x") + specimen.text[at + 1 :]).encode(specimen.encoding)


@_any
def _piece_lost(specimen: Specimen, rng: Random) -> bytes:
    start = rng.randrange(len(specimen.text))
    return (specimen.text[:start] + specimen.text[start + rng.randrange(2, 60) :]).encode(specimen.encoding)


@_any
def _piece_twice(specimen: Specimen, rng: Random) -> bytes:
    start = rng.randrange(len(specimen.text))
    piece = specimen.text[start : start + rng.randrange(2, 60)]
    return (specimen.text[:start] + piece + specimen.text[start:]).encode(specimen.encoding)


@_table
def _header_character_lost(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    column = rng.choice([i for i, name in enumerate(rows[0]) if name])
    at = rng.randrange(len(rows[0][column]))
    rows[0][column] = rows[0][column][:at] + rows[0][column][at + 1 :]
    return _written(specimen, rows)


@_table
def _header_character_typed(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    column = rng.randrange(len(rows[0]))
    at = rng.randrange(len(rows[0][column]) + 1)
    rows[0][column] = rows[0][column][:at] + rng.choice("x7_.- ") + rows[0][column][at:]
    return _written(specimen, rows)


# ------------------------------------------------------------------------------------------ bytes


@_any
def _cut_at_a_byte(specimen: Specimen, rng: Random) -> bytes:
    return specimen.data[: rng.randrange(1, len(specimen.data))]


@_any
def _cut_near_the_end(specimen: Specimen, rng: Random) -> bytes:
    return specimen.data[: -rng.randrange(1, 40)]


@_any
def _beginning_lost(specimen: Specimen, rng: Random) -> bytes:
    return specimen.data[rng.randrange(1, len(specimen.data)) :]


@_any
def _byte_lost(specimen: Specimen, rng: Random) -> bytes:
    at = rng.randrange(len(specimen.data))
    return specimen.data[:at] + specimen.data[at + 1 :]


@_any
def _byte_flipped(specimen: Specimen, rng: Random) -> bytes:
    at = rng.randrange(len(specimen.data))
    return specimen.data[:at] + bytes([specimen.data[at] ^ 1 << rng.randrange(8)]) + specimen.data[at + 1 :]


@_any
def _high_byte_typed(specimen: Specimen, rng: Random) -> bytes:
    at = rng.randrange(len(specimen.data))
    return specimen.data[:at] + bytes([rng.randrange(128, 256)]) + specimen.data[at:]


@_any
def _saved_as(specimen: Specimen, rng: Random) -> bytes:
    encoding = rng.choice(("cp1252", "latin-1", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "mac-roman"))
    return specimen.text.encode(encoding)


@_any
def _encoded_twice(specimen: Specimen, rng: Random) -> bytes:
    return specimen.text.encode("utf-8").decode("latin-1").encode(specimen.encoding)


@_any
def _one_line_in_cp1252(specimen: Specimen, rng: Random) -> bytes | None:
    lines = specimen.data.splitlines(keepends=True)
    accented = [i for i, line in enumerate(lines) if not line.isascii() and b"\0" not in line and i]
    if not accented:
        return None
    at = rng.choice(accented)
    lines[at] = lines[at].decode("utf-8").encode("cp1252")
    return b"".join(lines)


@_any
def _mark_in_the_middle(specimen: Specimen, rng: Random) -> bytes:
    lines = specimen.text.splitlines(keepends=True)
    lines.insert(rng.randrange(1, len(lines)), "\ufeff")
    return "".join(lines).encode(specimen.encoding)


@_any
def _two_marks(specimen: Specimen, rng: Random) -> bytes:
    return ("\ufeff\ufeff" + specimen.text).encode("utf-8")


@_any
def _line_ends(specimen: Specimen, rng: Random) -> bytes:
    return specimen.text.replace("\n", rng.choice(("\r\n", "\r", "\n\n", "\r\r\n", " \n"))).encode(specimen.encoding)


@_any
def _mixed_line_ends(specimen: Specimen, rng: Random) -> bytes:
    lines = specimen.text.split("\n")
    return "".join(line + rng.choice(("\n", "\r\n", "\r")) for line in lines).encode(specimen.encoding)


# ------------------------------------------------------------------------------------------ lines


def _relined(specimen: Specimen, change: Callable[[list[str]], None]) -> bytes:
    lines = specimen.text.splitlines(keepends=True)
    change(lines)
    return "".join(lines).encode(specimen.encoding)


@_any
def _lines_merged(specimen: Specimen, rng: Random) -> bytes:
    at = rng.choice([i for i, c in enumerate(specimen.text[:-1]) if c == "\n"])
    return (specimen.text[:at] + rng.choice(("", " ", specimen.delimiter)) + specimen.text[at + 1 :]).encode(
        specimen.encoding
    )


@_any
def _line_lost(specimen: Specimen, rng: Random) -> bytes:
    return _relined(specimen, lambda lines: lines.__delitem__(rng.randrange(len(lines))))


@_any
def _line_twice(specimen: Specimen, rng: Random) -> bytes:
    def change(lines: list[str]) -> None:
        at = rng.randrange(len(lines))
        lines.insert(rng.randrange(len(lines)), lines[at])

    return _relined(specimen, change)


@_any
def _lines_swapped(specimen: Specimen, rng: Random) -> bytes:
    def change(lines: list[str]) -> None:
        one, other = rng.sample(range(len(lines)), 2)
        lines[one], lines[other] = lines[other], lines[one]

    return _relined(specimen, change)


@_any
def _blank_lines(specimen: Specimen, rng: Random) -> bytes:
    blank = rng.choice(("\n", "   \n", specimen.delimiter * max(len(specimen.header) - 1, 1) + "\n", '""\n'))
    return _relined(specimen, lambda lines: lines.insert(rng.randrange(len(lines)), blank))


@_any
def _words_between(specimen: Specimen, rng: Random) -> bytes:
    said = rng.choice(("# exported by hand\n", "Exported on 2026-11-01\n", "-----\n", "Page 2 of 3\n", "(continued)\n"))
    return _relined(specimen, lambda lines: lines.insert(rng.randrange(len(lines) + 1), said))


@_any
def _file_twice(specimen: Specimen, rng: Random) -> bytes:
    glued = rng.choice((specimen.text, "\n" + specimen.text, "\ufeff" + specimen.text))
    return (specimen.text + glued).encode(specimen.encoding)


@_any
def _another_file_behind(specimen: Specimen, rng: Random) -> bytes:
    other = rng.choice([s for s in SPECIMENS if s is not specimen])
    return (specimen.text + rng.choice(("", "\n")) + other.text).encode(specimen.encoding)


@_any
def _another_file_before(specimen: Specimen, rng: Random) -> bytes:
    other = rng.choice([s for s in SPECIMENS if s is not specimen])
    return (other.text + rng.choice(("", "\n")) + specimen.text).encode(specimen.encoding)


@_any
def _sep_line(specimen: Specimen, rng: Random) -> bytes:
    return (f"sep={rng.choice(',;|')}\n" + specimen.text).encode(specimen.encoding)


@_any
def _indented(specimen: Specimen, rng: Random) -> bytes:
    return _relined(specimen, lambda lines: _prefix(lines, rng.randrange(len(lines)), rng.choice((" ", "\t", "  "))))


def _prefix(lines: list[str], at: int, text: str) -> None:
    lines[at] = text + lines[at]


# ------------------------------------------------------------------------------------------ cells


def _copied(specimen: Specimen) -> list[list[str]]:
    return [list(row) for row in specimen.rows]


def _written(specimen: Specimen, rows: list[list[str]]) -> bytes:
    return specimen.write(rows).encode(specimen.encoding)


def _raw(specimen: Specimen, rows: list[list[str]]) -> bytes:
    """Rows written without quotes."""
    body = "".join(specimen.delimiter.join(row) + "\n" for row in rows)
    return ("".join(line + "\n" for line in specimen.preamble) + body).encode(specimen.encoding)


def _cell(specimen: Specimen, rng: Random, change: Callable[[str], str], *roles: str) -> bytes | None:
    """One cell of some columns changed, in a row that counts."""
    rows = _copied(specimen)
    filled = [(at, i) for at in specimen.counted for i in specimen.columns(*roles) if rows[at][i]]
    if not filled:
        return None
    at, column = rng.choice(filled)
    rows[at][column] = change(rows[at][column])
    return _written(specimen, rows)


def _all_cells(specimen: Specimen, change: Callable[[str], str], *roles: str) -> bytes | None:
    """Every cell of some columns changed, totals too."""
    columns = specimen.columns(*roles)
    if not columns:
        return None
    rows = _copied(specimen)
    for row in rows[1:]:
        for column in columns:
            row[column] = change(row[column]) if row[column].strip(" -") else row[column]
    return _written(specimen, rows)


def _plain(cell: str, mark: str) -> str:
    """A number with a dot and no groups."""
    return cell.replace("," if mark == "." else ".", "").replace(mark, ".")


def _restyled(cell: str, mark: str, group: str, sign: str = "{}") -> str:
    """A number written another way: decimal mark, mark between thousands, way of its sign."""
    whole, dot, part = _plain(cell.lstrip("-"), mark if mark in cell else ".").partition(".")
    groups = re.sub(r"(?<=\d)(?=(\d{3})+$)", "G", whole).replace("G", group)
    return sign.format(groups + (dot and ("," if group in {".", " ", "\u00a0"} else ".") + part))


_GROUPS = (",", ".", " ", "'", "’", "\u00a0", "\u202f")


@_table
def _money_grouped(specimen: Specimen, rng: Random) -> bytes | None:
    """Every amount with another mark between thousands."""
    group = rng.choice(_GROUPS)
    return _all_cells(specimen, lambda c: _restyled(c, specimen.mark, group), "money")


@_table
def _one_amount_grouped(specimen: Specimen, rng: Random) -> bytes | None:
    group = rng.choice(_GROUPS)
    return _cell(specimen, rng, lambda c: _restyled(c, specimen.mark, group), "money")


@_table
def _other_decimal_mark(specimen: Specimen, rng: Random) -> bytes | None:
    return _all_cells(specimen, lambda c: c.translate(_OTHER_MARK), "money", "count")


@_table
def _one_other_decimal_mark(specimen: Specimen, rng: Random) -> bytes | None:
    return _cell(specimen, rng, lambda c: c.translate(_OTHER_MARK), "money", "count")


_OTHER_MARK = str.maketrans({".": ",", ",": "."})


@_table
def _unquoted_decimal_comma(specimen: Specimen, rng: Random) -> bytes | None:
    columns, rows = specimen.columns("money"), _copied(specimen)
    for at in specimen.body if rng.random() < 0.5 else [rng.choice(specimen.body)]:
        column = rng.choice(columns)
        rows[at][column] = _plain(rows[at][column], specimen.mark).replace(".", ",")
    return _raw(specimen, rows)


@_table
def _signs(specimen: Specimen, rng: Random) -> bytes | None:
    style = rng.choice(("+{}", " {}", "{} ", "{} EUR", "EUR {}", "{}€", "€{}", "{} €", "${}", "'{}", "={}"))
    return _all_cells(specimen, style.format, "money")


@_table
def _one_sign(specimen: Specimen, rng: Random) -> bytes | None:
    style = rng.choice(("+{}", "{}%", "'{}", "={}", "~{}", "{}*", "{} +5", "<{}", "{}/2", "EUR{} "))
    return _cell(specimen, rng, style.format, "money", "count")


@_table
def _foreign_symbol(specimen: Specimen, rng: Random) -> bytes | None:
    """An amount of another currency than its row or its header says."""
    if not specimen.roles.get("currency"):
        return None
    style = rng.choice(("{} USD", "USD {}", "${}", "₹{}", "{}¥"))
    return _cell(specimen, rng, style.format, "money")


@_table
def _one_negative(specimen: Specimen, rng: Random) -> bytes | None:
    """A sign where there was none is what the file says, if it says so in the usual way."""
    style = rng.choice(("({})", "{}-", "−{}", "–{}", "- {}", "--{}", "-({})", "({})-"))
    return _cell(specimen, rng, style.format, "count")


@_table
def _negatives_restyled(specimen: Specimen, rng: Random) -> bytes | None:
    style = rng.choice(("({})", "{}-", "−{}", "- {}"))
    return _all_cells(specimen, lambda c: style.format(c[1:]) if c.startswith("-") else c, "money")


@_table
def _number_is_word(specimen: Specimen, rng: Random) -> bytes | None:
    word = rng.choice(
        (
            "NaN",
            "N/A",
            "null",
            "None",
            "#REF!",
            "#####",
            "inf",
            "-inf",
            "TBD",
            "-",
            "--",
            "—",
            "n/c",
            "x",
            "TRUE",
            "0x1F",
            "1_000",
            "1/2",
            "½",
            "١٢",
            "9" * 400,
            "1e999",
            "1,2,3",
            "1.2.3",
            "..",
            "12:30",
            "12-10",
            "0 0",
        )
    )
    return _cell(specimen, rng, lambda _: word, "money", "count")


@_table
def _money_blank(specimen: Specimen, rng: Random) -> bytes | None:
    return _cell(specimen, rng, lambda _: rng.choice(("", " ", "\u00a0")), "money", "count")


@_table
def _cell_blank(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    rows[rng.choice(specimen.body)][rng.randrange(len(rows[0]))] = ""
    return _written(specimen, rows)


@_table
def _status_blank(specimen: Specimen, rng: Random) -> bytes | None:
    return _cell(specimen, rng, lambda _: "", "decides")


@_table
def _status_odd(specimen: Specimen, rng: Random) -> bytes | None:
    word = rng.choice(("payed", "?", "0", "Paid?", "null", "unknown", "Pai d"))
    return _cell(specimen, rng, lambda _: word, "status")


@_table
def _scientific_id(specimen: Specimen, rng: Random) -> bytes | None:
    style = rng.choice(("1.23E+12", "2,02E+11", "4E+15"))
    change = _all_cells if rng.random() < 0.3 else None
    if change:
        return change(specimen, lambda _: style, "id")
    return _cell(specimen, rng, lambda _: style, "id")


@_table
def _scientific_amount(specimen: Specimen, rng: Random) -> bytes | None:
    return _cell(specimen, rng, lambda c: f"{Decimal(_plain(c, specimen.mark)):E}".replace(".", specimen.mark), "money")


@_table
def _impossible_date(specimen: Specimen, rng: Random) -> bytes | None:
    date = rng.choice(
        (
            "2026-02-30",
            "2023-02-29",
            "31/02/2026",
            "2026-13-01",
            "2204-01-01",
            "1899-12-30",
            "0000-00-00",
            "00/00/0000",
            "October",
            "yesterday",
            "2026-10-03T25:00:00",
            "1790000000",
            "2026-10-03 2026-10-04",
            "10:30",
            "n/a",
            "?",
            "2026",
            "Q4 2026",
            "46300",
            "3.10.26",
            "03/10/26",
            "2026-10-0３",
            "２０２６-10-03",
            "20261399",
            "Oct 32, 2026",
        )
    )
    return _cell(specimen, rng, lambda _: date, "date")


@_table
def _odd_date(specimen: Specimen, rng: Random) -> bytes | None:
    date = rng.choice(
        (
            "13/10/2026",
            "10/13/2026",
            "20261003",
            "2026-10",
            "Oct 3, 2026",
            "3 octobre 2026",
            "2026/10/03",
            "Total",
            "",
            "2026-10-03 – 2026-10-09",
            "2026-W40",
            "2026-10-03T10:00:00Z",
            "2026-10-03 23:59:59 -0800",
            "05/06/2026",
        )
    )
    return _cell(specimen, rng, lambda _: date, "date")


@_table
def _dates_restyled(specimen: Specimen, rng: Random) -> bytes | None:
    """ISO dates of a whole column written day-first or month-first, as a spreadsheet does on saving."""
    style = rng.choice((r"\3/\2/\1", r"\2/\3/\1", r"\3.\2.\1", r"\1/\2/\3", r"\3-\2-\1", r"\2/\3/26", r"\1\2\3"))
    return _all_cells(specimen, lambda c: re.sub(r"(\d{4})-(\d\d)-(\d\d)", style, c), "date")


@_table
def _currency_odd(specimen: Specimen, rng: Random) -> bytes | None:
    word = rng.choice(("", "EURO", "XYZ", "E", "eur ", "null", "EUR;", "$", "12"))
    return _cell(specimen, rng, lambda _: word, "currency")


@_table
def _spaces_around(specimen: Specimen, rng: Random) -> bytes:
    space = rng.choice((" ", "  ", "\u00a0"))
    return _written(specimen, [[f"{space}{cell}{space}" for cell in row] for row in specimen.rows])


@_table
def _header_in_capitals(specimen: Specimen, rng: Random) -> bytes:
    change = rng.choice((str.upper, str.lower, str.title))
    return _written(specimen, [[change(name) for name in specimen.header], *_copied(specimen)[1:]])


@_table
def _everything_quoted(specimen: Specimen, rng: Random) -> bytes:
    cells = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in specimen.rows]
    return _raw(specimen, cells)


@_table
def _nothing_quoted(specimen: Specimen, rng: Random) -> bytes:
    return _raw(specimen, specimen.rows)


@_table
def _other_delimiter(specimen: Specimen, rng: Random) -> bytes:
    other = rng.choice([d for d in ",;\t|" if d != specimen.delimiter])
    return specimen.text.replace(specimen.delimiter, other).encode(specimen.encoding)


@_table
def _one_line_other_delimiter(specimen: Specimen, rng: Random) -> bytes:
    other = rng.choice([d for d in ",;\t|" if d != specimen.delimiter])

    def change(lines: list[str]) -> None:
        at = rng.randrange(len(specimen.preamble), len(lines))
        lines[at] = lines[at].replace(specimen.delimiter, other)

    return _relined(specimen, change)


# -------------------------------------------------------------------------------- fields and rows


@_table
def _field_lost(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    del rows[rng.randrange(len(rows))][rng.randrange(len(rows[0]) - 1)]
    return _written(specimen, rows)


@_table
def _field_twice(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    row, column = rows[rng.randrange(len(rows))], rng.randrange(len(rows[0]))
    row.insert(column, row[column])
    return _written(specimen, rows)


@_table
def _fields_swapped(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    row = rows[rng.choice(specimen.body)]
    one, other = rng.sample(range(len(row)), 2)
    row[one], row[other] = row[other], row[one]
    return _written(specimen, rows)


@_table
def _headers_swapped(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    one, other = rng.sample(range(len(rows[0])), 2)
    rows[0][one], rows[0][other] = rows[0][other], rows[0][one]
    return _written(specimen, rows)


@_table
def _row_shifted(specimen: Specimen, rng: Random) -> bytes:
    """A row moved one cell to the right or to the left, its width kept."""
    rows = _copied(specimen)
    at, start = rng.choice(specimen.body), rng.randrange(len(rows[0]))
    row = rows[at]
    rows[at] = [*row[:start], "", *row[start:-1]] if rng.random() < 0.5 else [*row[:start], *row[start + 1 :], ""]
    return _written(specimen, rows)


@_table
def _column_shifted(specimen: Specimen, rng: Random) -> bytes:
    """All cells of a column moved one row down."""
    rows = _copied(specimen)
    column = rng.randrange(len(rows[0]))
    cells = [specimen.rows[at][column] for at in specimen.body]
    for at, cell in zip(specimen.body, ["", *cells[:-1]], strict=True):
        rows[at][column] = cell
    return _written(specimen, rows)


@_table
def _row_emptied(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    at, kept = rng.choice(specimen.body), rng.randrange(len(rows[0]))
    rows[at] = [cell if i == kept else "" for i, cell in enumerate(rows[at])]
    return _written(specimen, rows)


@_table
def _row_twice(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    at = rng.choice(specimen.body)
    rows.insert(at + 1, list(rows[at]))
    return _written(specimen, rows)


@_table
def _rows_twice(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    return _written(specimen, [*rows, *(rows[i] for i in specimen.body)])


@_table
def _header_again(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    for _ in range(rng.choice((1, 2))):
        rows.insert(rng.randrange(2, len(rows) + 1), list(rng.choice((rows[0], [n.upper() for n in rows[0]]))))
    return _written(specimen, rows)


def _sum_of(specimen: Specimen, column: int) -> str:
    cells = [_plain(specimen.rows[i][column], specimen.mark) for i in specimen.body]
    return f"{sum(Decimal(c) for c in cells if c):f}".replace(".", specimen.mark)


@_table
def _total_appended(specimen: Specimen, rng: Random) -> bytes:
    rows, label = (
        _copied(specimen),
        rng.choice(("Total", "TOTAL", "Totals", "Grand total", "Total :", "", "Somme", "Gesamt", "Sum")),
    )
    total = [""] * len(rows[0])
    for column in specimen.columns("money", "count"):
        total[column] = _sum_of(specimen, column)
    free = [i for i, cell in enumerate(total) if not cell]
    total[free[0] if rng.random() < 0.6 else rng.choice(free)] = label
    return _written(specimen, [*rows, *([[""] * len(total)] if rng.random() < 0.3 else []), total])


@_table
def _subtotal_appended(specimen: Specimen, rng: Random) -> bytes:
    rows, label = (
        _copied(specimen),
        rng.choice(("Subtotal", "Sub-total", "Sous-total", "Total October", "Total paid", "October")),
    )
    at, money = rng.choice(specimen.body), specimen.columns("money")[0]
    total = [""] * len(rows[0])
    total[0], total[money] = label, rows[at][money]
    rows.insert(at + 1, total)
    return _written(specimen, rows)


@_table
def _trailing_delimiters(specimen: Specimen, rng: Random) -> bytes:
    extra = specimen.delimiter * rng.choice((1, 1, 2))

    def change(lines: list[str]) -> None:
        for at in range(len(specimen.preamble), len(lines)):
            lines[at] = lines[at].rstrip("\n") + extra + "\n"

    return _relined(specimen, change)


@_table
def _trailing_delimiters_below(specimen: Specimen, rng: Random) -> bytes:
    def change(lines: list[str]) -> None:
        for at in range(len(specimen.preamble) + 1, len(lines)):
            lines[at] = lines[at].rstrip("\n") + specimen.delimiter + "\n"

    return _relined(specimen, change)


@_table
def _one_trailing_delimiter(specimen: Specimen, rng: Random) -> bytes:
    def change(lines: list[str]) -> None:
        at = rng.randrange(len(specimen.preamble), len(lines))
        lines[at] = lines[at].rstrip("\n") + specimen.delimiter * rng.choice((1, 2)) + "\n"

    return _relined(specimen, change)


@_table
def _leading_delimiters(specimen: Specimen, rng: Random) -> bytes:
    return _written(specimen, [["", *row] for row in specimen.rows])


@_table
def _column_twice(specimen: Specimen, rng: Random) -> bytes:
    rows, column = _copied(specimen), rng.randrange(len(specimen.header))
    change = rng.random() < 0.5
    return _written(specimen, [[*row, row[column] if not change or i == 0 else "7"] for i, row in enumerate(rows)])


@_table
def _column_unnamed(specimen: Specimen, rng: Random) -> bytes:
    rows = _copied(specimen)
    rows[0][rng.randrange(len(rows[0]))] = ""
    return _written(specimen, rows)


@_table
def _headers_shifted(specimen: Specimen, rng: Random) -> bytes:
    """The header moved one cell against its columns."""
    rows = _copied(specimen)
    rows[0] = [*rows[0][1:], rows[0][0]] if rng.random() < 0.5 else ["", *rows[0][:-1]]
    return _written(specimen, rows)


@_table
def _rows_shuffled(specimen: Specimen, rng: Random) -> bytes | None:
    if specimen.totals:
        return None
    rows = _copied(specimen)
    body = rows[1:]
    rng.shuffle(body)
    return _written(specimen, [rows[0], *body])
