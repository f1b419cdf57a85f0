"""Where an answer goes: stdout, or a file that appears whole or not at all.

A file is written beside its target under a name of our own, synced, and renamed over it. While that lasts,
signals wait; a lock on the temporary file tells a run at work from one that was killed, whose file the
next run removes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

from kpi_cli.errors import InputError, KpiError
from kpi_cli.safe import printable

_PREFIX, _SUFFIX = ".kpi-", ".tmp"
_WAITING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNWRITABLE = {
    errno.ENOENT: ("there is no such folder", "create it first"),
    errno.ENOTDIR: ("part of this path is a file, not a folder", "name another file"),
    errno.EISDIR: ("this is a folder", "name a file in it"),
    errno.EACCES: ("this place cannot be written to", "name another file"),
    errno.EPERM: ("this place cannot be written to", "name another file"),
    errno.EROFS: ("this place cannot be written to", "name another file"),
    errno.ENAMETOOLONG: ("this file name is too long", "name another file"),
}


def write_file(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write `data` to `path`, whole or not at all; `private` files are their owner's alone (0600).

    An existing file keeps its mode, a symbolic link is replaced, a device or a pipe is written to.

    Raises:
        InputError: the place cannot be written to.
        KpiError: the disk is full or failed; what was there before is untouched.
    """
    try:
        if _is_device(path):
            with path.open("wb", buffering=0) as device:
                _write_all(device.fileno(), data)
            return
        _sweep(path.parent)
        with _signals_waiting():
            _write_whole(path, data, private)
    except OSError as error:
        raise plain_error(path, error) from error


def check_place(path: Path) -> None:
    """See that a file could be begun here, where another is to be written before it.

    Raises:
        InputError: the folder is not there or not to be written to, or the path is a folder itself.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.stat()
        if not _is_device(path) and not os.access(path.parent, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise plain_error(path, error) from error


@contextmanager
def folder_made(folder: Path) -> Iterator[None]:
    """Make a folder to write into, the last of its path alone; away with it again if nothing is written.

    What stands in the way is left for the writing to say.
    """
    made = False
    with suppress(OSError):
        folder.mkdir()
        made = True
        _sync_folder(folder.parent)
    try:
        yield
    except BaseException:
        if made:
            with suppress(OSError):
                folder.rmdir()
        raise


def write_stdout(data: bytes) -> None:
    """Write `data` to stdout. A reader that has gone away is no error; a closed or full stdout is.

    Raises:
        KpiError: stdout is closed or cannot take the data.
    """
    if sys.stdout is None or sys.stdout.closed:
        raise KpiError("stdout_closed", "stdout is closed", "write to a file with -o")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        raise plain_error(Path("stdout"), error) from error


def silence(stream: TextIO) -> None:
    """Send what is still buffered nowhere: Python's own flush at exit would complain, and make the exit code 120."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _is_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _write_whole(path: Path, data: bytes, private: bool) -> None:
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    mode = 0o600 if private else _mode(path)
    temporary, file = _create(path.parent, 0o666 if mode is None else mode)
    try:
        if mode is not None:
            os.fchmod(file, mode)
        _write_all(file, data)
        os.fsync(file)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)  # the lock is held until the rename is done
    _sync_folder(path.parent)


def _mode(path: Path) -> int | None:
    """The permissions of the file that is there; None lets the umask decide."""
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        return None
    return stat.S_IMODE(found) & 0o777 if stat.S_ISREG(found) else None


def _create(folder: Path, mode: int) -> tuple[Path, int]:
    """A new, locked temporary file. Should a sweep take it before the lock does, another is made."""
    path = folder / f"{_PREFIX}{os.urandom(8).hex()}{_SUFFIX}"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with suppress(OSError):  # a file system without locks still renames
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        if os.fstat(file).st_nlink:
            return path, file
    except OSError:
        path.unlink(missing_ok=True)
        os.close(file)
        raise
    os.close(file)
    return _create(folder, mode)


def _sweep(folder: Path) -> None:
    """Remove the temporary files of runs that were killed: those that nobody holds a lock on."""
    for left in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):
            file = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if stat.S_ISREG(os.fstat(file).st_mode):
                    left.unlink()
            finally:
                os.close(file)


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _sync_folder(folder: Path) -> None:
    """Make the rename last; some network file systems cannot and say EINVAL."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(file)


@contextmanager
def _signals_waiting() -> Iterator[None]:
    """Keep signals until the file is in its place, then let them act."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what signals do, and only there do they interrupt
        return
    caught: list[int] = []

    def keep(number: int, frame: FrameType | None) -> None:
        caught.append(number)

    before = {waiting: signal.signal(waiting, keep) for waiting in _WAITING}
    try:
        yield
    finally:
        for waiting, handler in before.items():
            signal.signal(waiting, signal.SIG_DFL if handler is None else handler)
        for number in caught:
            signal.raise_signal(number)


def plain_error(path: Path, error: OSError) -> KpiError:
    """The system's error in plain words."""
    place = printable(str(path))
    if error.errno in _FULL:
        return KpiError("disk_full", "there is no room left to write this", "free some space", place)
    if error.errno in _UNWRITABLE:
        text, fix = _UNWRITABLE[error.errno]
        return InputError("unwritable", text, fix, place)
    said = error.strerror or "unknown reason"
    return KpiError("write_failed", f"writing failed: {said}", "try another place", place)
