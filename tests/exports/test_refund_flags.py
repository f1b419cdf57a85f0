"""A column of refunds that holds 0 and 1 alone may say no and yes: it is asked about, never read as money."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import kpi_cli
from kpi_cli.errors import InputError
from kpi_cli.exports import bulk, firsts, large, sums

HEADER = "date,order_id,email,amount,refunded"
FLAGS = f"{HEADER}\n2026-10-01,A1,learner1@example.com,100.00,0\n2026-10-02,A2,learner2@example.com,80.00,1\n"


@pytest.mark.parametrize("ones", ["1", " 1 "])
def test_refunds_of_0_and_1_beside_larger_amounts_are_asked_about_at_their_first_1(ones: str, check: Any) -> None:
    [source] = check(("sales.csv", FLAGS.replace(",1\n", f",{ones}\n")), code=3)
    error = source["error"]
    assert (error["code"], error["line"], error["column"]) == ("refund_open", 3, 5)
    assert "--map sales.refund_flag=refunded" in error["fix"]


def test_the_answer_says_whether_they_are_flags_or_amounts(check: Any) -> None:
    [flags] = check(("sales.csv", FLAGS), options=("--map", "sales.refund_flag=refunded"))
    [amounts] = check(("sales.csv", FLAGS), options=("--map", "sales.refunded=refunded"))
    assert (flags.sum("refunds"), flags.sum("revenue_net")) == (80, 100)
    assert (amounts.sum("refunds"), amounts.sum("revenue_net")) == (1, 179)


@pytest.mark.parametrize(
    ("rows", "refunds"),
    [
        ("100.00,0\n2026-10-02,A2,b@example.com,80.00,1.00", 1),
        ("100.00,0\n2026-10-02,A2,b@example.com,80.00,0", 0),
        ("100.00,\n2026-10-02,A2,b@example.com,80.00,12", 12),
        ("1,1\n2026-10-02,A2,b@example.com,1,0", 1),
    ],
    ids=["written as money", "none", "an amount among them", "sales of 1"],
)
def test_refunds_that_can_only_be_amounts_are_read_as_such(rows: str, refunds: int, check: Any) -> None:
    [source] = check(("sales.csv", f"{HEADER}\n2026-10-01,A1,a@example.com,{rows}\n"))
    assert source.sum("refunds") == refunds


WAYS: dict[str, tuple[ModuleType, ...]] = {
    "row by row": (),
    "in bulk": (bulk,),
    "in groups": (bulk, large, sums),
    "as records": (large,),
    "with first orders": (bulk, firsts),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("most", [1, 12], ids=["flags", "amounts"])
def test_however_large_a_file_is_it_is_asked_the_same(
    way: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in WAYS[way]:
        monkeypatch.setattr(module, "ROWS", 2)
    rows = [f"2026-10-{1 + i % 28:02},A{i},learner{i}@example.com,100.00,{most * (i % 2)}" for i in range(300)]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    question = kpi_cli.cac if way == "with first orders" else kpi_cli.roi
    (tmp_path / "spend.csv").write_text("date,campaign,cost\n2026-10-01,a,10.00\n2026-10-28,a,10.00\n")
    files = (str(path), str(tmp_path / "spend.csv"))
    if most == 1:
        with pytest.raises(InputError) as raised:
            question(*files)
        assert (raised.value.code, raised.value.line) == ("refund_open", 3)
    else:
        answer = question(*files)
        assert answer.total.get("revenue", 30_000 - 150 * 12) == 30_000 - 150 * 12
