"""What is compressed is unpacked to disk, streaming and within a limit on what comes out."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from msgspec import Struct

from kpi_cli.errors import InputError
from kpi_cli.exports.workspace import fresh
from kpi_cli.safe import printable

_CHUNK = 1 << 20
_SAFE_SIZE = 64 << 20  # below this no archive is called a bomb
_SAFE_RATIO = 200  # exports of text pack 5 to 40 times; deflate cannot do more than 1032
Unpacked = tuple[str, Path, str]  # what people call it, where it lies, and its kind, such as .csv


class Packed(Struct, frozen=True):
    """A compressed file: how it is packed, its name for people, where it lies, and where it may be unpacked."""

    kind: str
    name: str
    path: Path
    folder: Path
    wanted: Collection[str]  # the kinds of files that an archive is opened for


def unpacked(packed: Packed) -> Iterator[Unpacked]:
    """The files in it: one, or as many as an archive holds.

    Raises:
        InputError: it is damaged, holds nothing to read, or unpacks to far more than exports do.
    """
    return {"gz": _gunzip, "zst": _unzst, "zip": _unzip}[packed.kind](packed)


def _gunzip(packed: Packed) -> Iterator[Unpacked]:
    target = fresh(packed.folder, "gz")
    try:
        with gzip.open(packed.path) as source:
            _pour(source, target, packed.path.stat().st_size, packed.name)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        said = "the gzip file is cut off or damaged"
        raise InputError("bad_archive", said, "download it again", packed.name) from error
    yield packed.name, target, _kind_within(packed)


def _unzst(packed: Packed) -> Iterator[Unpacked]:
    try:
        from zstandard import ZstdDecompressor, ZstdError
    except ImportError:
        fix = "unpack it with “zstd -d”, or pip install zstandard"
        raise InputError("engine_missing", "what unpacks .zst is not installed", fix, packed.name) from None
    target = fresh(packed.folder, "zst")
    try:
        with packed.path.open("rb") as file, ZstdDecompressor().stream_reader(file, read_across_frames=True) as source:
            _pour(source, target, packed.path.stat().st_size, packed.name)
    except ZstdError as error:
        said = "the zst file is cut off or damaged"
        raise InputError("bad_archive", said, "download it again", packed.name) from error
    yield packed.name, target, _kind_within(packed)


def _kind_within(packed: Packed) -> str:
    return PurePosixPath(packed.name.removesuffix(f".{packed.kind}")).suffix.lower()


def _unzip(packed: Packed) -> Iterator[Unpacked]:
    try:
        with zipfile.ZipFile(packed.path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and "__MACOSX" not in m.filename]
            if not any(PurePosixPath(m.filename).suffix.lower() in packed.wanted for m in members):
                raise InputError("empty_file", "the archive holds no export", "unpack it by hand", packed.name)
            for member in members:
                inner = PurePosixPath(member.filename.replace("\\", "/"))
                name = f"{packed.name}/{printable(member.filename)}"
                if inner.is_absolute() or ".." in inner.parts or ":" in inner.parts[0]:
                    raise InputError("unsafe_path", "a path that leaves its archive", "unpack it by hand", name)
                if inner.suffix.lower() not in packed.wanted:
                    continue
                target = fresh(packed.folder, "zip")
                with archive.open(member) as source:
                    _pour(source, target, member.compress_size, name)
                yield name, target, inner.suffix.lower()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # RuntimeError: locked, or packed oddly
        raise InputError(
            "bad_archive", "the zip file is damaged or locked", "unpack it by hand", packed.name
        ) from error


def _pour(source: IO[bytes] | gzip.GzipFile, target: Path, size: int, name: str) -> None:
    """Unpack within a limit on the bytes that really come out, beside the packed size."""
    written = 0
    with target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > _SAFE_SIZE and written > _SAFE_RATIO * max(size, 1):
                raise InputError(
                    "archive_bomb",
                    f"unpacks to more than {_SAFE_RATIO} times its size",
                    "unpack it by hand if you trust it",
                    file=name,
                )
            out.write(chunk)
