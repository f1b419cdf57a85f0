"""Under --strict, what is doubtful is refused before what is missing, whichever question finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_cli.commands.app import main

SPEND = "date,channel,cost,currency\n2026-10-01,Paid Search,20.00,EUR\n2026-10-{last},Paid Search,30.00,EUR\n"
SALES = (
    "date,order_id,email,channel,amount,tax,currency\n2026-10-01,o1,learner1@example.com,Paid Search,90.00,15.00,EUR\n"
)
EARLIER = "2026-09-01,o0,learner0@example.com,Email,10.00,2.00,EUR\n"
LATER = "2026-10-31,o2,learner2@example.com,Email,10.00,2.00,EUR\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given(shop: Path, *, sales: str, last: int) -> None:
    (shop / "spend.csv").write_text(SPEND.format(last=last), "utf-8")
    (shop / "sales.csv").write_text(sales, "utf-8")


@pytest.mark.parametrize("question", ["cac", "channels", "ltv", "report"])
def test_customers_who_may_be_old_are_refused_before_missing_days(
    shop: Path, question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given(shop, sales=SALES + LATER, last=20)
    line = [question, "spend.csv", "sales.csv", "--month", "2026-10", "--strict"]
    assert main(line) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "customers who bought before that count as new" in err
    assert "of the period" not in err


@pytest.mark.parametrize("question", ["roi", "cac", "channels", "ltv", "report"])
def test_missing_days_are_told_where_nothing_is_doubtful(
    shop: Path, question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given(shop, sales=SALES + EARLIER + LATER, last=20)
    line = [question, "spend.csv", "sales.csv", "--month", "2026-10"]
    assert main([*line, "--strict"]) == 5
    out, err = capsys.readouterr()
    assert out == ""
    assert (
        err
        == "kpi: error: spend.csv: covers only Oct 1\u2009–\u200920, 2026 of the period; wait for the missing days\n"
    )
    assert main([*line, "-o", "answer.json"]) == 0


def test_a_month_without_a_row_is_told_after_what_is_doubtful(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given(shop, sales=SALES.replace(",tax", "").replace(",15.00", ""), last=31)
    line = ["roi", "spend.csv", "sales.csv", "--month", "2026-08"]
    assert main(line) == 5
    capsys.readouterr()
    assert main([*line, "--strict"]) == 3
    assert "tax is not stated" in capsys.readouterr().err
