"""Whatever the touches, their paths made where they are give the credits of their rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kpi_cli
from kpi_cli.errors import KpiError
from kpi_cli.warehouse import touches

DAY = dt.datetime(2026, 10, 1, 23, 58)
ROW = st.tuples(
    st.sampled_from(("u-1", "U-1", "u-2", "u-3")),
    st.integers(0, 4).map(lambda minute: DAY + dt.timedelta(minutes=minute)),  # ties, on either side of midnight
    st.sampled_from((None, "Email", "Direct", "direct", "Paid Search")),
    st.sampled_from((None, 0, 1)),
    st.none() | st.integers(-300, 900).map(lambda cents: Decimal(cents).scaleb(-2)),
)
COLUMNS = '"user" VARCHAR, time TIMESTAMP, channel VARCHAR, conversion INTEGER, value DECIMAL(12, 2)'


def credited(address: str, rows: int, period: dict[str, str]) -> Any:
    """The credits of every model, or the refusal, where tables of more rows than these are large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(touches, "ROWS", rows)
        try:
            found = kpi_cli.attribution(address, **period).to_dict()  # type: ignore[arg-type]
        except KpiError as error:
            return error.code
    notes = {note["text"] for note in found["notes"] if note["code"] != "duplicates_kept"}
    return found["rows"], found["total"], found["nulls"], notes


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, min_size=1, max_size=14), st.sampled_from(({}, {"from_": "2026-10-02", "to": "2026-10-02"})))
def test_paths_made_where_touches_are_credit_what_their_rows_credit(
    tmp_path: Path, rows: list[tuple[Any, ...]], period: dict[str, str]
) -> None:
    path = tmp_path / "touches.db"
    with duckdb.connect(str(path)) as con:
        con.execute(f"CREATE OR REPLACE TABLE touches ({COLUMNS})")
        con.executemany("INSERT INTO touches VALUES (?, ?, ?, ?, ?)", rows)
    address = f"duckdb:///{path}?table=touches"
    assert credited(address, 0, period) == credited(address, 1_000_000, period)
