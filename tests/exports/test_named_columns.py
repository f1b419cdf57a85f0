"""Columns that --map or kpi.yml names: where one is not there, it is named, and no other is taken in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kpi_cli
from kpi_cli.errors import InputError

ORDERS = "date,order_id,amount,refunded,currency\n2026-10-01,o-1,10.00,4.00,EUR\n"
MORE = "date,order_id,amount,back,currency\n2026-10-03,o-2,10.00,1.00,EUR\n"
PLAIN = "date,order_id,amount,currency\n2026-10-02,o-3,5.00,EUR\n"
SPEND = "date,channel,cost,currency\n2026-10-01,Email,3.00,EUR\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text(ORDERS)
    Path("bare.csv").write_text("date,betrag\n2026-10-02,10.00\n")


def refusal(*data: str, **options: Any) -> InputError:
    with pytest.raises(InputError) as raised:
        kpi_cli.roi(*data, **options)
    return raised.value


def configured(source: str) -> str:
    Path("kpi.yml").write_text(f"sources:\n  - {{files: {source}}}\n")
    return "kpi.yml"


@pytest.mark.parametrize("role", ["", ", role: sales"])
@pytest.mark.parametrize(
    ("file", "header", "fix"),
    [
        ("bare.csv", "betrg", "did you mean “betrag”?"),
        ("orders.csv", "refund", "did you mean “refunded”?"),
        ("bare.csv", "zzz", "known: “date”, “betrag”"),
    ],
)
def test_a_column_that_kpi_yml_names_and_the_file_lacks_is_named(file: str, header: str, fix: str, role: str) -> None:
    column = "refunded" if file == "orders.csv" else "amount"
    error = refusal(config=configured(f"{file}{role}, columns: {{{column}: {header}}}"))
    assert (error.code, error.file, error.line, error.fix) == ("no_such_column", file, 1, fix)
    assert f"“{header}”" in error.text


@pytest.mark.parametrize("named", ["sales.amount=total", "sales.refunded=back", "sales.product=course"])
def test_a_column_that_map_names_and_no_file_of_the_role_has_is_named(named: str, check: Any) -> None:
    [source] = check(("orders.csv", ORDERS), options=("--map", named), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("no_such_column", 1)


def test_a_file_whose_own_column_would_be_passed_over_for_that_of_another_is_refused(check: Any) -> None:
    found = check(("more.csv", MORE), ("orders.csv", ORDERS), options=("--map", "sales.refunded=back"), code=3)
    assert [source["error"] and source["error"]["code"] for source in found] == [None, "no_such_column"]


def test_a_column_that_one_file_of_several_has_is_read_and_files_of_other_roles_need_none(check: Any) -> None:
    files = (("plain.csv", PLAIN), ("more.csv", MORE), ("spend.csv", SPEND))
    _, more, _ = check(*files, options=("--map", "sales.refunded=back"))
    assert (more.sum("revenue_gross"), more.sum("refunds")) == (10, 1)
    named = configured("[plain.csv, more.csv, spend.csv], columns: {refunded: back}")
    assert kpi_cli.roi(config=named, month="2026-10").to_dict()["total"]["revenue"] == 14  # 5 + 10 - 1


SLIPPED = [("amuont", "amount"), ("orderid", "order_id"), ("Order-ID", "order_id"), ("total", "amount")]


@pytest.mark.parametrize(("column", "meant"), SLIPPED)
def test_a_misspelt_column_is_no_dimension_but_asked_about(column: str, meant: str, check: Any) -> None:
    [source] = check(("more.csv", MORE), options=("--map", f"sales.{column}=back"), code=3)
    assert (source["error"]["code"], source["error"]["fix"]) == ("no_such_column", f"did you mean “{meant}”?")
    error = refusal(config=configured(f"more.csv, columns: {{{column}: back}}"))
    assert (error.code, error.fix) == ("no_such_column", f"did you mean “{meant}”?")


@pytest.mark.parametrize("column", ["segment", "region", "course", "campaign", "refunded"])
def test_a_name_of_the_users_own_is_a_dimension(column: str, check: Any) -> None:
    [source] = check(("more.csv", MORE), options=("--map", f"sales.{column}=back"))
    assert source["columns"][column] == "back"
