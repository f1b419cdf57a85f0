"""The folder of a run: what it keeps on disk while it works, gone with it however it ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "kpi-work-"
_OPEN: dict[Path, int] = {}  # the folders of this process; a lock on each tells them from those of a killed one


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder for unpacked files that is gone when they are read, however that ends."""
    folder = open_folder()
    try:
        yield folder
    finally:
        close_folder(folder)


def open_folder() -> Path:
    """A private folder for what a run keeps on disk; those that killed runs have left are removed first."""
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        _OPEN[folder] = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(_OPEN[folder], fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.utime(folder)  # raises where another run's sweep came between
    except FileNotFoundError:
        close_folder(folder)
        return open_folder()
    except OSError:  # a file system without locks: nobody's sweep can take one either
        pass
    return folder


def close_folder(folder: Path) -> None:
    """Remove a folder of this run and all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    lock = _OPEN.pop(folder, None)
    if lock is not None:
        os.close(lock)


def close_folders() -> None:
    """Remove every folder of this run, for a signal is about to end it."""
    for folder in list(_OPEN):
        close_folder(folder)


def _sweep(where: Path) -> None:
    """Remove the folders of killed runs: those that nobody holds a lock on."""
    with os.scandir(where) as found:
        folders = [entry.path for entry in found if entry.name.startswith(_PREFIX)]
    for left in folders:
        with suppress(OSError):
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_uid == os.geteuid():
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)


def fresh(folder: Path, kind: str) -> Path:
    """An empty file in a folder, for what cannot be read where it is."""
    handle = tempfile.NamedTemporaryFile(dir=folder, prefix=f"{kind}-", delete=False)  # noqa: SIM115 (outlives this call; the workspace removes it)
    handle.close()
    return Path(handle.name)
