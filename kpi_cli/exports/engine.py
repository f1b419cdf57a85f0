"""The one way a DuckDB is opened: embedded, silent, and without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GB"  # what DuckDB may hold of its tables; the rest of them waits on disk


def connect(folder: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory that fetches no extension, and draws no progress bar between the lines of an answer.

    Args:
        folder: where it may put what is more than `MEMORY`; without one nothing is ever written to disk.
    """
    import duckdb

    config: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    kept = {"temp_directory": str(folder), "memory_limit": MEMORY} if folder else {"temp_directory": ""}
    con = duckdb.connect(config=config | kept)
    con.execute("SET enable_progress_bar = false")
    return con
