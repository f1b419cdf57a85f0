"""Bytes, before they are read as text: NULs, quotes, line ends, whether they are UTF-8.

survey(path)   one cheap pass over all of them; large files in pieces, some at a time
digest(path)   the sha256
"""

from __future__ import annotations

import codecs
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import NamedTuple

from msgspec import Struct

SPACES = b"\t\v\f\x1c\x1d\x1e\x1f"  # those that str.strip() takes away, beside the blank and line ends
_PRINTED = b"_+@"
LETTERS = ord("@")  # from here on bytes are letters and their signs, and all that is not ASCII
SIGNS = _PRINTED + SPACES  # what the cells of a plain file do without
CHUNK = 1 << 20
_PIECE = 1 << 25
_AT_ONCE = 4  # more would wait for Python, and hold memory
_WORTH_NUMPY = 1 << 28  # bytes: from so many on it saves more time than it takes to load
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)


class Survey(Struct, frozen=True):
    """What the bytes show before they are read as text."""

    size: int
    bom: str | None
    utf8: bool
    nul: int | None  # offset of the first NUL byte
    newlines: int
    returns: int
    quotes: int
    sha256: str | None
    stamp: tuple[int, int]  # size and modification time when it was read
    signs: bytes = b""  # which of SIGNS stand after the first CHUNK bytes, where the header is far away
    ascii: bool = False
    letters: int | None = None  # bytes from LETTERS on: none of a figure or its marks; counted in large files


class _Piece(Struct):
    """What the bytes from an offset on show."""

    size: int = 0
    utf8: bool = True
    nul: int | None = None
    newlines: int = 0
    returns: int = 0
    quotes: int = 0
    signs: bytes = b""
    ascii: bool = True
    letters: int | None = None


class _Chunk(NamedTuple):
    """What was counted in some bytes."""

    newlines: int
    may_hold_controls: bool  # others than line ends
    is_ascii: bool
    letters: int | None = None


def survey(path: Path, *, hashed: bool) -> Survey:
    """One pass over the bytes; the hash only where it is wanted, for it costs more than the rest."""
    stat = path.stat()
    with path.open("rb") as file:
        start = file.read(4)
    seen = [_look(path, 0, sys.maxsize, _lines)] if stat.st_size < _WORTH_NUMPY else _look_at_many(path, stat.st_size)
    return Survey(
        sum(piece.size for piece in seen),
        next((name for mark, name in _BOMS if start.startswith(mark)), None),
        all(piece.utf8 for piece in seen),
        next((piece.nul for piece in seen if piece.nul is not None), None),
        sum(piece.newlines for piece in seen),
        sum(piece.returns for piece in seen),
        sum(piece.quotes for piece in seen),
        digest(path) if hashed else None,
        (stat.st_size, stat.st_mtime_ns),
        bytes(dict.fromkeys(b"".join(piece.signs for piece in seen))),
        all(piece.ascii for piece in seen),
        None if any(piece.letters is None for piece in seen) else sum(piece.letters or 0 for piece in seen),
    )


def digest(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _look_at_many(path: Path, size: int) -> list[_Piece]:
    """What the pieces of a large file show; each is looked at while others are."""
    import numpy as np

    begins, count = [*_borders(path, size)], partial(_lines_by_numpy, np)
    spans = [*zip(begins, [*begins[1:], sys.maxsize], strict=True)]
    seen, left = dict[int, _Piece](), iter(range(len(spans)))

    def look_on() -> None:
        with suppress(Exception):  # raised below, where what is missing is looked at once more
            for i in left:
                seen[i] = _look(path, *spans[i], count)

    threads = [Thread(target=look_on) for _ in range(min(_AT_ONCE, os.cpu_count() or 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [seen.get(i) or _look(path, *span, count) for i, span in enumerate(spans)]


def _borders(path: Path, size: int) -> Iterator[int]:
    """Where pieces begin, which is never within a letter of UTF-8."""
    yield 0
    with path.open("rb") as file:
        for offset in range(_PIECE, size, _PIECE):
            file.seek(offset)
            after = file.read(4)
            yield offset + next((i for i, byte in enumerate(after) if byte & 0xC0 != 0x80), len(after))


def _look(path: Path, begin: int, end: int, count: Callable[[bytes], _Chunk]) -> _Piece:
    """What the bytes of a piece show; to look whether a sign is there at all is many times faster than to count it."""
    decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    seen, offset = _Piece(), begin
    with path.open("rb") as file:
        file.seek(begin)
        while chunk := file.read(min(CHUNK, end - offset)):
            newlines, may_hold_controls, is_ascii, letters = count(chunk)
            seen.newlines += newlines
            seen.letters = None if letters is None else letters + (seen.letters or 0)
            if may_hold_controls:
                if seen.nul is None and (at := chunk.find(b"\0")) >= 0:
                    seen.nul = offset + at
                seen.returns += chunk.count(b"\r") if b"\r" in chunk else 0
            seen.quotes += chunk.count(b'"') if b'"' in chunk else 0
            if offset:
                signs = SIGNS if may_hold_controls else _PRINTED
                seen.signs += bytes(sign for sign in signs if sign not in seen.signs and sign in chunk)
            seen.ascii = seen.ascii and is_ascii
            if not (is_ascii and decoder and decoder.getstate()[0] == b""):
                decoder = _still_valid(decoder, chunk)
            offset += len(chunk)
    seen.size = offset - begin
    seen.utf8 = decoder is not None and _still_valid(decoder, b"", final=True) is not None
    return seen


def _lines(chunk: bytes) -> _Chunk:
    return _Chunk(chunk.count(b"\n"), may_hold_controls=True, is_ascii=chunk.isascii())


def _lines_by_numpy(np: ModuleType, chunk: bytes) -> _Chunk:
    values = np.frombuffer(chunk, np.uint8)
    bytes_ = values ^ ord("\n")  # a line end is now 0; other controls remain 1 to 31, and what is printed above
    newlines = values.size - int(np.count_nonzero(bytes_))
    bytes_ -= 1  # and now 255, so that the least of the rest can be looked for
    has_controls, letters = bool(bytes_.min() < ord(" ") - 1), int(np.count_nonzero(values >= LETTERS))
    return _Chunk(newlines, has_controls, bool(values.max() < 0x80), letters)


def _still_valid(
    decoder: codecs.IncrementalDecoder | None, chunk: bytes, *, final: bool = False
) -> codecs.IncrementalDecoder | None:
    if decoder is None:
        return None
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return None
    return decoder
