"""The one way a DuckDB is opened: embedded, silent, and without a network."""

from __future__ import annotations

import weakref
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

# What DuckDB may hold of its tables, such as 500MB; the rest of them waits on disk. None is as much as USUAL.
MEMORY: ContextVar[str | None] = ContextVar("memory", default=None)
USUAL = "800MB"  # the program itself takes some 100 MB more, and files are read in buffers beside
# Whether somebody waits at a terminal, who wants to be told how far a query has come.
WATCHED: ContextVar[bool] = ContextVar("watched", default=False)
_open: weakref.WeakSet[Any] = weakref.WeakSet()


def library() -> Any:
    """DuckDB's compiled part, which is all that is needed here; importing the whole package takes twice as long."""
    try:
        import _duckdb
    except ImportError:  # its name is no promise
        import duckdb as _duckdb  # type: ignore[no-redef]  # the same, by its public name
    return _duckdb


class Opening(Thread):
    """A database in memory that is being opened, while Python goes on with something else.

    DuckDB takes a tenth of a small run for it. The thread runs DuckDB's own code alone and imports nothing: an import
    that an interruption broke off elsewhere would have it wait for ever.
    """

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        settings = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "threads": "1"}
        settings["temp_directory"] = str(folder) if folder else ""
        if limit := MEMORY.get() or (folder and USUAL):
            settings["memory_limit"] = str(limit)
        self._connect = partial(library().connect, config=settings)
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Open it; an error waits for whoever asks for the database."""
        try:
            self._con: duckdb.DuckDBPyConnection = self._connect()
        except Exception as error:
            self._error = error

    def wait(self) -> duckdb.DuckDBPyConnection:
        """The database, once it is open.

        Raises:
            Exception: whatever it could not be opened for.
        """
        self.join()
        if self._error:
            raise self._error
        con = self._con
        if WATCHED.get():
            con.execute("SET enable_progress_bar = true")
            con.execute("SET enable_progress_bar_print = false")  # told, never drawn by DuckDB itself
            _open.add(con)
        else:
            con.execute("SET enable_progress_bar = false")
        return con


def connect(folder: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory that fetches no extension, and draws no progress bar between the lines of an answer.

    One thread: for a few thousand rows, sharing the work among several takes longer than the work.

    Args:
        folder: where it may put what is more than `MEMORY` allows; without one nothing is ever written to disk.
    """
    return Opening(folder).wait()


def progress() -> float:
    """How far the query under way has come, percent; below 0 while none is, or while it does not know."""
    found = -1.0
    for con in list(_open):
        with suppress(library().Error):  # it may be closed by now
            found = max(found, con.query_progress())
    return found


def all_threads(con: duckdb.DuckDBPyConnection) -> None:
    """Work on every processor from here on: where a file is large."""
    con.execute("RESET threads")


def lacking(error: Exception) -> str | None:
    """What DuckDB could not go on for want of: `memory` or `disk`; None where it failed for another reason."""
    if not isinstance(error, library().Error):
        return None
    if "No space left" in str(error) or "temp_directory_size" in str(error):
        return "disk"
    return "memory" if isinstance(error, library().OutOfMemoryException) else None
