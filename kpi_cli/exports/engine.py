"""The one way a DuckDB is opened: embedded, silent, and without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


def library() -> Any:
    """DuckDB's compiled part, which is all that is needed here; importing the whole package takes twice as long."""
    try:
        import _duckdb
    except ImportError:  # its name is no promise
        import duckdb as _duckdb  # type: ignore[no-redef]  # the same, by its public name
    return _duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory that fetches no extension, and draws no progress bar between the lines of an answer.

    One thread: for a few thousand rows, sharing the work among several takes longer than the work.
    """
    settings = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "threads": "1"}
    con: duckdb.DuckDBPyConnection = library().connect(config=settings)
    con.execute("SET enable_progress_bar = false")
    return con


def all_threads(con: duckdb.DuckDBPyConnection) -> None:
    """Work on every processor from here on: where a file is large."""
    con.execute("RESET threads")
