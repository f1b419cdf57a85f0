"""Folders of Parquet: which files are parts of a table, which are a job's leftovers, and which nobody can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

import kpi_cli
from kpi_cli.errors import KpiError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def part(path: str, order: str = "o-1", more: str = "") -> None:
    """A Parquet file with one order of 10 euros."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    row = f"SELECT DATE '2026-10-01' AS date, '{order}' AS order_id, 10.00 AS amount, 'EUR' AS currency{more}"
    with duckdb.connect() as con:
        con.execute(f"COPY ({row}) TO '{path}' (FORMAT parquet)")


def sources(*data: str) -> list[tuple[str, int]]:
    return [(s["file"], s["rows"]["used"]) for s in kpi_cli.check(*data).to_dict()["sources"]]


def refused_for(data: str) -> set[str]:
    """The codes of what is wrong with files."""
    with pytest.raises(KpiError) as raised:
        kpi_cli.roi(data)
    return {error.code for error in raised.value.parts()}


def test_what_a_job_has_left_or_hidden_in_a_lake_is_not_added_up() -> None:
    part("lake/month=2026-10/a.parquet")
    part("lake/month=2026-10/_temporary/0/b.parquet", "o-2")
    part("lake/month=2026-10/.c.parquet", "o-3")
    Path("lake/_SUCCESS").touch()
    assert sources("lake") == [("lake", 1)]


def test_every_part_of_a_lake_is_read_whatever_the_case_of_its_name_and_behind_links() -> None:
    part("lake/month=2026-09/a.parquet")
    part("lake/month=2026-10/B.PARQUET", "o-2")
    part("elsewhere/c.parquet", "o-3")
    Path("lake/month=2026-11").symlink_to("../elsewhere")
    Path("lake/month=2026-11/up").symlink_to("..")  # a ring
    assert sources("lake") == [("lake", 3)]


def test_the_parts_of_a_job_are_one_table_whose_orders_may_have_lines_in_two() -> None:
    part("orders/part-00000-1f.snappy.parquet")
    part("orders/part-00001-1f.snappy.parquet")
    part("orders/_temporary/0/part-00002-1f.snappy.parquet", "o-2")
    assert sources("orders") == [("orders", 2)]


@pytest.mark.parametrize("data", ["exports", "exports/*", "exports/**"])
def test_tables_in_a_folder_of_exports_are_tables_there_too(data: str) -> None:
    part("exports/orders.parquet/part-00000.parquet")
    part("exports/orders.parquet/part-00001.parquet", "o-2")
    part("exports/shop/channel=Email/a.parquet", "o-3")
    part("exports/.trash/part-00000.parquet", "o-4")
    Path("exports/spend.csv").write_text("date,channel,cost,currency\n2026-10-01,Email,5.00,EUR\n")
    assert sources(data) == [("exports/orders.parquet", 2), ("exports/shop", 1), ("exports/spend.csv", 1)]


@pytest.mark.parametrize("data", ["lake", "lake/channel=001/a.parquet", "lake/*/*.parquet"])
def test_the_name_of_a_part_is_text_however_its_file_is_named(data: str) -> None:
    part("lake/channel=001/a.parquet")
    Path("spend.csv").write_text("date,channel,cost,currency\n2026-10-01,001,5.00,EUR\n")
    rows: list[dict[str, Any]] = kpi_cli.roi("spend.csv", data, by="channel").to_dict()["rows"]
    assert [(row["channel"], row["revenue"], row["cost"]) for row in rows] == [("001", 10, 5)]


@pytest.mark.parametrize("data", ["table", "table/channel=Email/a.parquet", "table/**/*.parquet"])
def test_files_of_a_table_whose_log_tells_which_count_are_refused(data: str) -> None:
    part("table/channel=Email/a.parquet")
    Path("table/_delta_log").mkdir()
    Path("table/_delta_log/00000000000000000000.json").write_text('{"remove": {"path": "channel=Email/a.parquet"}}\n')
    assert refused_for(data) == {"table_log"}


@pytest.mark.parametrize("data", ["table", "table/data/day=1/a.parquet"])
def test_files_of_an_iceberg_table_are_refused(data: str) -> None:
    part("table/data/day=1/a.parquet")
    Path("table/metadata").mkdir()
    Path("table/metadata/v1.metadata.json").write_text("{}")
    assert refused_for(data) == {"table_log"}


def test_texts_in_parquet_that_old_writers_left_as_bytes_are_texts() -> None:
    part("orders.parquet", more=", 'Email'::BLOB AS channel")
    Path("spend.csv").write_text("date,channel,cost,currency\n2026-10-01,Email,5.00,EUR\n")
    rows = kpi_cli.roi("spend.csv", "orders.parquet", by="channel").to_dict()["rows"]
    assert [row["channel"] for row in rows] == ["Email"]


@pytest.mark.parametrize(("content", "code"), [(b"", "empty_file"), (b"PAR1 and no more", "bad_parquet")])
def test_a_damaged_part_of_a_table_is_named(content: bytes, code: str) -> None:
    part("lake/month=2026-09/a.parquet")
    Path("lake/month=2026-10").mkdir()
    Path("lake/month=2026-10/b.parquet").write_bytes(content)
    with pytest.raises(KpiError) as raised:
        kpi_cli.roi("lake")
    assert (raised.value.code, raised.value.file) == (code, "lake/month=2026-10/b.parquet")


def test_a_part_below_folders_of_other_columns_is_named() -> None:
    part("lake/a.parquet")
    part("lake/month=2026-10/b.parquet", "o-2")
    with pytest.raises(KpiError) as raised:
        kpi_cli.roi("lake")
    assert raised.value.file == "lake/month=2026-10/b.parquet"
    assert "“lake/a.parquet”" in raised.value.text


def test_a_pattern_matches_nothing_that_a_job_has_left() -> None:
    part("orders/part-00000.parquet")
    part("orders/_temporary/0/part-00001.parquet", "o-2")
    assert sources("orders/**/*.parquet") == [("orders/part-00000.parquet", 1)]


@pytest.mark.parametrize("data", ["exports/client=acme/orders.parquet", "exports"])
def test_a_folder_that_could_name_who_bought_is_asked_about(data: str) -> None:
    part("exports/client=acme/orders.parquet", "o-1", ", 'Email' AS channel")
    part("exports/client=other/orders.parquet", "o-2", ", 'Email' AS channel")
    with pytest.raises(KpiError) as raised:
        kpi_cli.cac(data)
    assert (raised.value.code, "--map sales.customer_id=client" in raised.value.fix) == ("column_open", True)


@pytest.mark.parametrize(
    ("said", "customers"),
    [("customer_id: client", 2), ("part: client", None)],
)
def test_what_a_folder_names_can_be_said(said: str, customers: int | None) -> None:
    part("exports/client=acme/orders.parquet", "o-1")
    part("exports/client=other/orders.parquet", "o-2")
    Path("kpi.yml").write_text(f"sources: [{{files: exports, columns: {{{said}}}}}]\n")
    [source] = kpi_cli.check(config="kpi.yml").to_dict()["sources"]
    [sums] = source["sums"]
    assert (sums["orders"], sums["customers"]) == (2, customers)
