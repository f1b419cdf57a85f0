"""Bytes → text → records: the encoding, the delimiter, and lines counted as an editor counts them.

decode(...)    Text: characters, streamed when the file is large
records(...)   each record with the number of its first line; a broken quote is an error with its line
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from msgspec import Struct, field

from kpi_cli.errors import InputError
from kpi_cli.exports.surveying import Survey, survey
from kpi_cli.result import Note
from kpi_cli.texts import note

DELIMITERS = (",", ";", "\t", "|")
SMALL = 32 << 20
csv.field_size_limit(1 << 24)
# UTF-8 read as cp1252: a lead byte C3 or C2 shown as Ã or Â, then what a continuation byte looks like.
_MOJIBAKE = "[ÃÂ][\u0080-\u009f\u00a1-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[\u0080-\u00bf™œ“”˜¢¦]|Å[“’¡¾½¸]"
_MOJIBAKE_BEGINS = ("Ã", "Â", "â€", "Å")  # to look for these takes no time


class Text(Struct):
    """A file's characters and what had to be done to get them."""

    name: str
    path: Path
    encoding: str
    survey: Survey
    content: str | None
    mojibake: bool = False
    notes: list[Note] = field(default_factory=list)

    def open(self) -> io.TextIOBase:
        """A fresh reader from the first character; line ends are kept as they are."""
        if self.content is not None:
            return io.StringIO(self.content, newline="")
        return self.path.open(encoding=codec(self.encoding), newline="")

    def head(self, count: int) -> list[str]:
        """The first lines, without their ends."""
        with self.open() as reader:
            lines = [line for _, line in zip(range(count), reader, strict=False)]
        return [self.mend(line.rstrip("\r\n")) for line in lines]

    def lines(self) -> list[str]:
        """All lines of a file that is held in memory, without their ends."""
        return [self.mend(line) for line in _one_end(self.content or "").split("\n")]

    def mend(self, text: str) -> str:
        """A text that was encoded twice, as it was meant."""
        return unmangled(text) if self.mojibake else text


def _one_end(text: str) -> str:
    """A text with every line end written alike."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def codec(encoding: str) -> str:
    """Python's name for an encoding; UTF-16 with its mark drops it."""
    return "utf-16" if encoding in {"utf-16le", "utf-16be"} else encoding


def decode(name: str, path: Path, asked: str | None, *, hashed: bool = True) -> Text:
    """The file as text.

    Raises:
        InputError: empty, NUL bytes, a workbook or a web page in disguise, two encodings in one file.
    """
    seen = survey(path, hashed=hashed or path.stat().st_size <= SMALL)
    if seen.size == 0:
        raise InputError("empty_file", "the file is empty", "export it again", file=name)
    with path.open("rb") as file:
        start = file.read(4096)
    _not_in_disguise(name, start)
    encoding = _encoding(name, path, seen, asked)
    text = Text(name, path, encoding, seen, None)
    if seen.size <= SMALL:
        text.content = _characters(text, asked)
        if not text.content.strip():
            raise InputError("empty_file", "the file is empty", "export it again", file=name)
        _mend_mojibake(text)
    text.notes += _repairs(text)
    return text


def _not_in_disguise(name: str, start: bytes) -> None:
    if start.startswith(b"PK\x03\x04"):
        raise InputError(
            "workbook_in_csv",
            "this is a workbook (xlsx), whatever its name says",
            "rename it to .xlsx or save it as CSV",
            name,
            1,
        )
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError("old_workbook", "this is an old Excel workbook (xls)", "save it as CSV or xlsx", name, 1)
    page = start.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if page.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<script", b"<body")):
        raise InputError("web_page", "this is a web page, not an export", "log in and download the file again", name, 1)


def _encoding(name: str, path: Path, seen: Survey, asked: str | None) -> str:
    if seen.bom:
        _agree(name, asked, seen.bom)
        return seen.bom
    if asked and codec(asked).lower().replace("_", "-") not in {"utf-8", "utf8"}:
        try:
            return codecs.lookup(asked).name
        except LookupError as error:
            raise InputError(
                "unknown_encoding", f"no encoding is called “{asked}”", "try cp1252 or utf-16", name
            ) from error
    if seen.nul is not None:
        line, column = _place(path, seen.nul)
        raise InputError(
            "nul_byte",
            "a NUL byte: the file is damaged or in an unmarked encoding",
            "download it again, or name it with --encoding utf-16",
            name,
            line,
            column,
        )
    if seen.utf8:
        return "utf-8"
    if asked:
        line, column = _place(path, _first_bad_byte(path))
        raise InputError(
            "encoding_contradicted",
            f"--encoding says {asked}, but the bytes are not",
            "leave --encoding out",
            name,
            line,
            column,
        )
    return _single_byte(name, path)


def _first_bad_byte(path: Path) -> int:
    """Where a file stops being UTF-8."""
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _agree(name: str, asked: str | None, found: str) -> None:
    if asked and not codecs.lookup(codec(found)).name.startswith(codecs.lookup(codec(asked)).name[:5]):
        raise InputError(
            "encoding_contradicted", f"--encoding says {asked}, the file says {found}", "leave it out", name, 1
        )


# Letters of Mac Roman (ä ç é è á à â ß É) that Windows would read as a capital or a sign in the middle of a word.
_MAC_ROMAN = re.compile(rb"[a-z][\x8a\x8d-\x8f]|[a-z\x9a\x9f]\xa7[a-z]|[a-z][\x87-\x89][a-z]|[A-Za-z]\x83")


def _single_byte(name: str, path: Path) -> str:
    """cp1252, or cp1250 where cp1252 has no such character; never a file that is half UTF-8."""
    raw = path.read_bytes()
    encoding = "cp1252"
    if re.search(rb"[\x81\x8d\x8f\x90\x9d]", raw):
        encoding = "cp1250" if not re.search(rb"[\x81\x83\x88\x90\x98]", raw) else "latin-1"
    for number, line in enumerate(raw.split(b"\n"), 1):
        multibyte = re.search(rb"[\xc3\xc2][\x80-\xbf]|\xe2\x80[\x80-\xbf]|\xe2\x82\xac", line)
        if multibyte:
            raise InputError(
                "mixed_encodings",
                "some lines are UTF-8 and some are not",
                "export it again in one encoding, or settle it with --encoding",
                name,
                number,
                line[: multibyte.start()].count(b",") + 1,
            )
    if found := _MAC_ROMAN.search(raw):
        said = "the text looks like Mac Roman, or that of DOS, as older programs write them"
        fix = "say --encoding mac_roman or --encoding cp850, or save it as CSV UTF-8"
        raise InputError("unknown_encoding", said, fix, name, 1 + len(re.findall(rb"\r\n?|\n", raw[: found.start()])))
    if encoding == "latin-1":
        fix = "save it as CSV UTF-8, or name its encoding, such as --encoding mac_roman or --encoding cp850"
        raise InputError("unknown_encoding", "the encoding is not known", fix, name, 1)
    return encoding


def _place(path: Path, offset: int) -> tuple[int, int]:
    with path.open("rb") as file:
        before = file.read(offset)
    return before.count(b"\n") + 1, before.rpartition(b"\n")[2].count(b",") + 1


def _characters(text: Text, asked: str | None) -> str:
    try:
        content = text.path.read_bytes().decode(codec(text.encoding))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            "bad_encoding",
            f"the bytes are not {text.encoding}",
            "leave --encoding out" if asked else "download it again",
            text.name,
            line,
        ) from error
    if "\0" in content:
        raise InputError(
            "nul_byte",
            "a NUL character: the file is damaged",
            "download it again",
            text.name,
            content[: content.index("\0")].count("\n") + 1,
        )
    return content


def _mend_mojibake(text: Text) -> None:
    content = text.content or ""
    if content.isascii() or not any(begin in content for begin in _MOJIBAKE_BEGINS):
        return
    found = re.search(_MOJIBAKE, content)
    if found and unmangled(found[0]) != found[0]:
        text.mojibake = True
        line = content[: found.start()].count("\n") + 1
        text.notes.append(note("mojibake_repaired", file=text.name, line=line))


def unmangled(text: str) -> str:
    """UTF-8 that was read as cp1252, read as UTF-8; unchanged when it is not that.

    >>> unmangled("Montant dÃ©pensÃ© (EUR)")
    'Montant dépensé (EUR)'
    >>> unmangled("Ä and Ã alone")
    'Ä and Ã alone'
    """

    def mend(match: re.Match[str]) -> str:
        for encoding in ("cp1252", "latin-1"):
            try:
                return match[0].encode(encoding).decode("utf-8")
            except UnicodeError:
                continue
        return match[0]

    return re.sub(_MANGLED_RUN, mend, text)


_MANGLED_RUN = "(?:[\u00c2-\u00f4][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{1,3})+"


def _repairs(text: Text) -> list[Note]:
    notes = []
    name, seen = text.name, text.survey
    if text.encoding not in {"utf-8", "utf-16le"}:
        notes.append(note("encoding_repaired", file=name, line=1, encoding=text.encoding))
    if text.content is not None:
        crlf = text.content.count("\r\n")
        lone, feeds = text.content.count("\r") - crlf, text.content.count("\n")
        if lone or (crlf and crlf != feeds):
            notes.append(note("line_ends_repaired", file=name))
        if not text.content.endswith(("\n", "\r")):
            notes.append(note("no_final_newline", file=name, line=feeds + (lone if not feeds else 0) + 1))
    elif seen.returns and seen.returns != seen.newlines:
        notes.append(note("line_ends_repaired", file=name))
    return notes


class Record(Struct):
    """One record: its cells, and the line of the file on which it starts.

    A record of a large file may stand for many rows from all over it (line 0): its money is then their sum, or
    that of one of them, to be taken several times.
    """

    line: int
    cells: list[str]
    rows: int = 1
    times: int = 1
    vat: Decimal | None = None  # the tax in its money, where it is the sum of what was rounded row by row


def records(text: Text, delimiter: str, skip: int) -> Iterator[Record]:
    """Every record after the first `skip` lines; blank lines are no records.

    Raises:
        InputError: a quote that is never closed, closes in the middle of a cell, or swallows rows.
    """
    with text.open() as source:
        for _ in range(skip):
            next(source, None)
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        line = skip + 1
        try:
            for cells in reader:
                if cells and not (len(cells) == 1 and not cells[0].strip()):
                    swallowed = reader.line_num + skip - line
                    if swallowed:
                        _no_rows_inside(text.name, line, cells, delimiter)
                    yield Record(line, [text.mend(c) for c in cells] if text.mojibake else cells)
                line = reader.line_num + skip + 1
        except csv.Error as error:
            raise _broken(text.name, line, str(error)) from error


def _no_rows_inside(name: str, line: int, cells: list[str], delimiter: str) -> None:
    """A quoted cell over several lines is fine, unless those lines are records themselves."""
    for column, cell in enumerate(cells, 1):
        inner = _one_end(cell).split("\n")[1:]
        if any(piece.count(delimiter) >= max(len(cells) - 2, 1) for piece in inner):
            raise InputError(
                "quote_swallows_rows",
                "a quote opened here holds what look like whole rows",
                "close the quote, or double it inside the cell",
                name,
                line,
                column,
            )


def _broken(name: str, line: int, said: str) -> InputError:
    if "end of data" in said:
        return InputError(
            "unclosed_quote", "a quote opened here is never closed", "close it, or export again", name, line
        )
    if "field larger" in said:
        return InputError("cell_too_long", "a cell is longer than 16 MB", "check its quotes", name, line)
    return InputError("stray_quote", "text follows a closing quote", "double the quotes inside a cell", name, line)


def split(line: str, delimiter: str) -> list[str]:
    """One line's cells, quotes respected; a broken line is a single cell."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return [line]
