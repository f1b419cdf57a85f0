"""Paths, globs, folders, archives and stdin → Downloads: one readable thing each, on disk.

What is compressed is unpacked, streaming and within a limit, into a folder that goes away with the run.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Iterable, Iterator
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
LAKE = ".lake"  # the kind of a folder of Parquet that is one table, in parts
_A_PART = re.compile(r"part-\d|data_\d+\.", re.IGNORECASE)  # as Spark and DuckDB name them
_LOGS = {"Delta Lake": "_delta_log", "Hudi": ".hoodie"}
_UNFINISHED = "_temporary"  # where Spark and Hadoop write what is not yet part of a table
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
        _hold_to_log(path)
        if _is_lake(path):
            return [path]
        if inside := _inside(path):
            return inside
        raise NoDataError("no_file", "no export in the folder", "name its files", file=printable(pattern))
    if path.exists() or is_worksheet(path):
        return [path]
    if matched := _matched(pattern):
        return matched
    if glob.has_magic(pattern):
        raise NoDataError("no_file", "no file matches", "check the pattern", file=printable(pattern))
    raise InputError("no_such_file", "there is no such file", "check the name", file=printable(pattern))


def _matched(pattern: str) -> list[Path]:
    """The files that a pattern matches, and the folders that are one table each, without the parts of those."""
    found = [Path(name) for name in glob.glob(pattern, recursive=True)]  # noqa: PTH207 (patterns may be absolute)
    lakes = {path for path in found if path.is_dir() and _is_lake(path)}
    files = (path for path in found if path.is_file() and path.name != SETTINGS and not _is_unfinished(path))
    return _without_parts(lakes, files)


def _inside(folder: Path) -> list[Path]:
    """The exports of a folder and of those below it, and the folders that are one table each."""
    found = [path for path in _below(folder) if _is_export(path)]
    parquet = (path for path in found if path.suffix.lower() == ".parquet")
    above = {parent for path in parquet for parent in path.parents if folder in parent.parents}
    return _without_parts({path for path in above if _is_lake(path)}, found)


def _without_parts(lakes: set[Path], files: Iterable[Path]) -> list[Path]:
    return sorted(path for path in (*lakes, *files) if lakes.isdisjoint(path.parents))


def is_worksheet(path: Path) -> bool:
    """Whether a path names a worksheet of a workbook, as `book.xlsx/Sales` does."""
    with suppress(OSError):  # a name too long to be one
        return path.parent.suffix.lower() in WORKBOOKS and path.parent.is_file()
    return False


def _is_export(path: Path) -> bool:
    return path.suffix.lower() in READABLE and not path.name.startswith((".", "~$")) and path.name != SETTINGS


def _is_lake(folder: Path) -> bool:
    """Whether a folder is one table, all Parquet: below folders such as `month=2026-10`, or in a job's `part-0000`."""
    parts = [path for path in _below(folder) if not path.name.startswith("_")]
    if not parts or any(path.suffix.lower() != ".parquet" for path in parts):
        return False
    parted = any("=" in part.name for part in folder.iterdir() if part.is_dir())
    return parted or all(path.parent == folder and _A_PART.match(path.name) for path in parts)


def lake_parts(folder: Path) -> list[Path]:
    """The Parquet files of a lake, whatever the case of their names; the marks and leftovers of a job are none."""
    return sorted(p for p in _below(folder) if p.suffix.lower() == ".parquet" and not p.name.startswith("_"))


def _below(folder: Path) -> Iterator[Path]:
    """The files of a folder and those below it, links followed; what is hidden or unfinished is passed over."""
    seen = set()
    for at, folders, names in os.walk(folder, followlinks=True):
        here = os.path.realpath(at)
        if here in seen:  # a link to a folder above
            folders.clear()
            continue
        seen.add(here)
        folders[:] = [name for name in folders if not name.startswith(".") and name != _UNFINISHED]
        found = (Path(at, name) for name in names if not name.startswith("."))
        yield from (path for path in found if path.is_file())


def _is_unfinished(path: Path) -> bool:
    """Whether Parquet is what a job that writes a table has left, or has yet to finish."""
    return path.suffix.lower() == ".parquet" and _UNFINISHED in path.parts


def _hold_to_log(path: Path) -> None:
    """Refuse Parquet of a table whose log says which of its files count: the others were deleted, or changed since."""
    folder = path if path.is_dir() else path.absolute().parent
    while (kind := _kept_with_log(folder)) is None:
        if "=" not in folder.name:
            return
        folder = folder.parent
    said = f"it is of a table that {kind} keeps, and only its log tells which files count"
    raise InputError("table_log", said, "read the table through Spark, or export it", printable(str(path)))


def _kept_with_log(folder: Path) -> str | None:
    kind = next((kind for kind, log in _LOGS.items() if (folder / log).is_dir()), None)
    table = folder.parent if folder.name == "data" else folder
    return "Iceberg" if kind is None and any((table / "metadata").glob("*.metadata.json")) else kind


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
        if path.suffix.lower() == ".parquet":
            _hold_to_log(path)
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
