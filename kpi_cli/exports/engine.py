"""The one way a DuckDB is opened: embedded, silent, and without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GB"  # what DuckDB may hold of its tables; the rest of them waits on disk


def library() -> Any:
    """DuckDB's compiled part, which is all that is needed here; importing the whole package takes twice as long."""
    try:
        import _duckdb
    except ImportError:  # its name is no promise
        import duckdb as _duckdb  # type: ignore[no-redef]  # the same, by its public name
    return _duckdb


def connect(folder: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory that fetches no extension, and draws no progress bar between the lines of an answer.

    One thread: for a few thousand rows, sharing the work among several takes longer than the work.

    Args:
        folder: where it may put what is more than `MEMORY`; without one nothing is ever written to disk.
    """
    settings = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "threads": "1"}
    kept = {"temp_directory": str(folder), "memory_limit": MEMORY} if folder else {"temp_directory": ""}
    con: duckdb.DuckDBPyConnection = library().connect(config=settings | kept)
    con.execute("SET enable_progress_bar = false")
    return con


def all_threads(con: duckdb.DuckDBPyConnection) -> None:
    """Work on every processor from here on: where a file is large."""
    con.execute("RESET threads")
