"""Paths, globs, folders, archives and stdin → Downloads: one readable thing each, on disk.

What is compressed is unpacked, streaming and within a limit, into a folder that goes away with the run.
"""

from __future__ import annotations

import glob
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.errors import InputError, KpiError, NoDataError, Refusals
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.workspace import fresh
from kpi_cli.safe import printable, quoted

JSON = {".json", ".jsonl", ".ndjson"}
READABLE = {".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet", ".yaml", ".yml", *JSON, ".gz", ".zip", ".zst"}
SETTINGS = "kpi.yml"  # in a folder of exports, or among what a pattern matches, it is none
_PACKED = {"gz": (b"\x1f\x8b",), "zip": (b"PK\x03\x04", b"PK\x05\x06"), "zst": (b"\x28\xb5\x2f\xfd",)}
WORKBOOKS = {".xlsx", ".xlsm"}
LAKE = ".lake"  # the kind of a folder of Parquet that is one table, in parts named such as month=2026-10
_CHUNK = 1 << 20
_PATIENCE = 3  # seconds for the other end of a pipe to be opened


class Asked(Struct, frozen=True):
    """A file as the user names it, with what is said about it."""

    pattern: str  # or the address of a database
    options: ReadOptions
    table: str | None = None
    query: str | None = None
    place: tuple[str, int, int] | None = None  # where kpi.yml names it: file, line, column


class Download(Struct, frozen=True):
    """One file to read: `name` is for people, `path` holds its bytes, `suffix` its kind."""

    name: str
    path: Path
    suffix: str
    options: ReadOptions
    part_of: str | None = None  # the archive, folder or pattern that it came with, unnamed
    worksheet: str | None = None  # the only one of the workbook that is to be read
    without: frozenset[str] = frozenset()  # worksheets that are read by their own names


def downloads(asked: Iterable[Asked], folder: Path) -> list[Download | KpiError]:
    """Every file behind the patterns, each once, in the order given; what is missing or cannot be opened as its error.

    Raises:
        NoDataError: a pattern matches no file, and nothing else is wrong.
    """
    found: list[Download | KpiError] = []
    seen: set[Path] = set()
    asked = list(asked)
    named = {path for one in asked if is_worksheet(path := Path(one.pattern))}
    for one in asked:
        try:
            paths = [path for path in _asked(one) if path not in seen]
        except KpiError as error:
            found.append(error)
            continue
        seen.update(paths)
        part_of = None if paths == [Path(one.pattern)] else one.pattern
        for path in paths:
            try:
                apart = frozenset(sheet.name for sheet in named if sheet.parent == path)
                opened = _open(path, one.options, folder)
                found.extend(replace(d, part_of=part_of or d.part_of, without=apart) for d in opened)
            except KpiError as error:
                found.append(error)
    errors = [one for one in found if isinstance(one, KpiError)]
    if errors and all(isinstance(error, NoDataError) for error in errors):
        raise errors[0]
    return found


def _asked(one: Asked) -> list[Path]:
    """The files that are asked for; where kpi.yml names what is not there, that place is told."""
    try:
        return _named(one.pattern)
    except KpiError as error:
        if one.place:
            if error.code in {"no_such_file", "no_file"}:
                error.text = f"{error.text.replace('such file', 'file')} {quoted(one.pattern)}"
            error.file, error.line, error.column = one.place
        raise


def _named(pattern: str) -> list[Path]:
    """The files that a pattern names. An empty name is a variable that was not set, and no folder to read whole."""
    try:
        if pattern:
            return _paths(pattern)
    except OSError:  # a name too long to be one, a folder that may not be listed
        pass
    raise InputError("no_such_file", "there is no such file", "check the name", file=quoted(pattern))


def _paths(pattern: str) -> list[Path]:
    if pattern == "-":
        return [Path("-")]
    path = Path(pattern)
    if path.is_dir():
        if _is_lake(path):
            return [path]
        inside = sorted(p for p in path.rglob("*") if p.is_file() and _is_export(p))
        if not inside:
            raise NoDataError("no_file", "no export in the folder", "name its files", file=printable(pattern))
        return inside
    if path.exists() or is_worksheet(path):
        return [path]
    found = map(Path, glob.glob(pattern, recursive=True))  # noqa: PTH207 (patterns may be absolute)
    if matched := sorted(path for path in found if path.is_file() and path.name != SETTINGS):
        return matched
    if glob.has_magic(pattern):
        raise NoDataError("no_file", "no file matches", "check the pattern", file=printable(pattern))
    raise InputError("no_such_file", "there is no such file", "check the name", file=printable(pattern))


def is_worksheet(path: Path) -> bool:
    """Whether a path names a worksheet of a workbook, as `book.xlsx/Sales` does."""
    with suppress(OSError):  # a name too long to be one
        return path.parent.suffix.lower() in WORKBOOKS and path.parent.is_file()
    return False


def _is_export(path: Path) -> bool:
    return path.suffix.lower() in READABLE and not path.name.startswith((".", "~$")) and path.name != SETTINGS


def _is_lake(folder: Path) -> bool:
    """Whether a folder is parted as lakes are: all Parquet, below folders such as `month=2026-10`."""
    parted = any("=" in part.name for part in folder.iterdir() if part.is_dir())
    files = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith((".", "_")))
    return parted and {p.suffix.lower() for p in files} == {".parquet"}


def _open(path: Path, options: ReadOptions, folder: Path) -> list[Download]:
    if str(path) == "-":
        if sys.stdin is None:
            raise InputError("unreadable", "cannot be read: stdin is closed", "pipe a file into it", file="-")
        target = fresh(folder, "stdin")
        with target.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out)
        return _unpack(Download("-", target, "", options), folder)
    name = printable(str(path))
    if is_worksheet(path):
        return [replace(d, name=name, worksheet=path.name) for d in _open(path.parent, options, folder)]
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return [Download(name, path, LAKE, options)]
        if stat.S_ISFIFO(mode):
            return _unpack(Download(name, _drained(path, folder, name), path.suffix.lower(), options), folder)
        if not stat.S_ISREG(mode):
            raise InputError("unreadable", "cannot be read: it is no file", "name a file", file=name)
        with path.open("rb"):
            pass
    except OSError as error:
        raise InputError("unreadable", f"cannot be read: {error.strerror}", "check it", file=name) from error
    return _unpack(Download(name, path, path.suffix.lower(), options), folder)


def _drained(pipe: Path, folder: Path, name: str) -> Path:
    """What comes out of a pipe, kept on disk, for it can be read once only."""
    target, patience = fresh(folder, "pipe"), time.monotonic() + _PATIENCE
    with os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as source, target.open("wb") as out:
        while (first := source.read(_CHUNK)) == b"":  # nobody has opened the other end; None: somebody has
            if time.monotonic() > patience:
                raise InputError("unreadable", "cannot be read: nothing comes out of this pipe", "name a file", name)
            time.sleep(0.02)
        os.set_blocking(source.fileno(), True)
        out.write(first or b"")
        shutil.copyfileobj(source, out)
    return target


def _unpack(download: Download, folder: Path) -> list[Download]:
    with download.path.open("rb") as file:
        kind = _packed_as(file.read(4), download.suffix)
    if kind is None and download.suffix.removeprefix(".") in _PACKED:
        said = f"this is no {download.suffix.removeprefix('.')} file, whatever its name says"
        raise InputError("bad_archive", said, "rename it", download.name)
    if kind is None:
        return [download]
    from kpi_cli.exports.unpacking import Packed, unpacked

    packed = Packed(kind, download.name, download.path, folder, READABLE - {".gz", ".zip", ".zst"})
    part_of = download.name if kind == "zip" else download.part_of
    return [replace(download, name=n, path=p, suffix=kind_of, part_of=part_of) for n, p, kind_of in unpacked(packed)]


def _packed_as(magic: bytes, suffix: str) -> str | None:
    """How a file is packed, by its first bytes; workbooks are archives, too, and read as they stand."""
    kind = next((kind for kind, marks in _PACKED.items() if magic.startswith(marks)), None)
    return None if kind == "zip" and suffix not in {".zip", ""} else kind


def on_disk(name: str) -> Path:
    """The file that a source's name speaks of: of a sheet the workbook, of what lies in an archive the archive."""
    path = Path(name)
    return next((found for found in (path, *path.parents) if found.is_file()), path)


def refuse(errors: list[KpiError]) -> None:
    """Raise what was wrong, all of it, if anything was."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Refusals(errors)
