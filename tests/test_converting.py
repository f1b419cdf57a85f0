"""Money in several currencies: each row at the rate in force on its day, cost and revenue alike."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kpi_cli
from kpi_cli.commands.app import main

SPEND = """\
date,channel,cost,currency
2026-09-30,Paid Search,100.00,USD
2026-10-01,Paid Search,100.00,USD
2026-10-02,Paid Social,10.00,EUR
"""
SALES = """\
date,order_id,channel,amount,currency
2026-09-30,o1,Paid Search,300.00,USD
2026-10-01,o2,Paid Search,300.00,EUR
2026-10-02,o3,Paid Social,200.00,GBP
"""
CONFIG = """\
sources: [spend.csv, sales.csv]
currency: EUR
rates:
  - {date: 2026-09-01, currency: USD, rate: 0.90}
  - {date: 2026-10-01, currency: USD, rate: 0.80}
  - rates.csv
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rates = "date,currency,rate\n2026-01-01,gbp,1.25\n2026-10-03,GBP,2\n"
    for name, text in (("spend.csv", SPEND), ("sales.csv", SALES), ("kpi.yml", CONFIG), ("rates.csv", rates)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_both_sides_of_a_ratio_are_converted_at_the_rate_of_their_row_s_day(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["roi", "--every", "month", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    # September: 300 × 0.9 and 100 × 0.9. October: 300 + 200 × 1.25 and 100 × 0.8 + 10.
    assert [(row["revenue"], row["cost"], row["roi"]) for row in answer["rows"]] == [
        (270, 90, 2),
        (550, 90, pytest.approx(460 / 90, abs=1e-6)),
    ]
    assert answer["currency"] == "EUR"


def test_the_rates_used_are_named_and_no_others(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roi", "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    said = [note["text"] for note in notes if note["code"] == "converted"]
    assert [text.partition("(")[2] for text in said] == [
        "Jan 1, 2026: 1 GBP = 1.25 EUR)",
        "Sep 1, 2026: 1 USD = 0.9 EUR; Oct 1, 2026: 1 USD = 0.8 EUR)",
    ]


def test_rates_of_kpi_yml_hold_for_files_on_the_command_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roi", "spend.csv", "sales.csv", "-f", "csv", "-q"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split(",")[:3] == ["820", "180", "180"]


def test_a_report_converts_once_however_many_questions_it_asks(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "-f", "csv", "-q"]) == 0
    assert "revenue,820,,,," in capsys.readouterr().out


def test_a_row_before_the_first_rate_is_refused_with_its_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "kpi.yml").write_text(CONFIG.replace("2026-09-01", "2026-10-01").replace("rate: 0.90", "rate: 0.80"))
    assert main(["roi"]) == 3
    assert capsys.readouterr().err.startswith(
        "kpi: error: spend.csv:2: there is no rate for USD on 2026-09-30; add one"
    )


def test_two_rates_from_one_day_are_refused(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "kpi.yml").write_text(CONFIG.replace("2026-09-01", "2026-10-01"))
    assert main(["roi"]) == 3
    assert "USD has two rates from 2026-10-01: 0.8 and 0.9" in capsys.readouterr().err


@pytest.mark.parametrize("header", ["date,from,to,rate", "date,,,rate"])
def test_rates_that_do_not_say_of_which_currency_they_are_are_refused_when_they_are_read(
    header: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "rates.csv").write_text(f"{header}\n2026-01-01,GBP,EUR,1.25\n")
    for argv in (["check"], ["roi"], ["roi", "spend.csv", "--rates", "rates.csv", "--currency", "EUR"]):
        assert main(argv) == 3
        told = capsys.readouterr().err
        assert "rates.csv:1: the rates do not say of which currency they are" in told
        assert "--map rates.currency=HEADER" in told


def test_rates_whose_entry_in_kpi_yml_names_their_currency_need_no_column(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "pounds.csv").write_text("date,rate\n2026-01-01,1.25\n")
    (shop / "spend.csv").write_text("date,channel,cost,currency\n2026-01-02,Email,8,GBP\n2026-01-02,Email,1,EUR\n")
    (shop / "sales.csv").write_text("date,order_id,amount,currency\n2026-01-02,o-1,20,EUR\n")
    (shop / "kpi.yml").write_text(
        "sources: [spend.csv, sales.csv, {files: pounds.csv, role: rates, currency: GBP}]\ncurrency: EUR\n"
    )
    assert main(["roi", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["cost"] == 11  # 8 * 1.25 + 1


def test_rates_without_a_reporting_currency_are_asked_about(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "kpi.yml").write_text(CONFIG.replace("currency: EUR\n", ""))
    assert main(["roi"]) == 3
    assert "not into which currency" in capsys.readouterr().err


def test_without_rates_two_currencies_are_still_refused(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roi", "spend.csv", "sales.csv", "--no-config"]) == 3
    assert "cannot be added without rates" in capsys.readouterr().err


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    amount=st.decimals(Decimal("0.01"), Decimal(10**9), places=2),
    rate=st.decimals(Decimal("0.000001"), Decimal(10**3), places=6),
)
def test_a_conversion_is_exact_to_the_millionth(tmp_path: Path, amount: Decimal, rate: Decimal) -> None:
    (tmp_path / "spend.csv").write_text(f"date,channel,cost,currency\n2026-10-01,Paid Search,{amount},USD\n")
    (tmp_path / "sales.csv").write_text(f"date,order_id,amount,currency\n2026-10-01,o1,{amount},USD\n")
    rates = f"rates: [{{date: 2026-10-01, currency: USD, rate: {rate}}}]\ncurrency: EUR\n"
    (tmp_path / "kpi.yml").write_text(rates)
    files = str(tmp_path / "spend.csv"), str(tmp_path / "sales.csv")
    total = kpi_cli.roi(*files, config=tmp_path / "kpi.yml", decimal=".").total
    exact = (amount * rate).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    assert (total["cost"], total["revenue"]) == (exact, exact)


PAIRS = "date,from,to,rate\n2026-01-01,{},{},0.8\n"


def _pairs(shop: Path, text: str, column: str) -> list[str]:
    (shop / "pairs.csv").write_text(text)
    (shop / "one.csv").write_text("date,order_id,amount,currency\n2026-10-01,o1,300.00,USD\n")
    options = ("--no-config", "--currency", "EUR", "--map", f"rates.currency={column}", "--json")
    return ["roi", "one.csv", "spend.csv", "--rates", "pairs.csv", *options]


@pytest.mark.parametrize(
    ("one", "other", "column", "said"),
    [
        ("USD", "GBP", "from", "by its column “to” this rate is what 1 USD is in GBP, not what 1 USD is in EUR"),
        ("EUR", "USD", "to", "by its column “from” this rate is what 1 EUR is in USD, not what 1 USD is in EUR"),
    ],
)
def test_rates_into_or_out_of_another_currency_are_refused_with_their_line(
    shop: Path, capsys: pytest.CaptureFixture[str], one: str, other: str, column: str, said: str
) -> None:
    assert main(_pairs(shop, PAIRS.format(one, other), column)) == 3
    [error] = json.loads(capsys.readouterr().err.splitlines()[-1])["errors"]
    assert (error["code"], error["file"], error["line"], error["text"]) == (
        "currency_contradicted", "pairs.csv", 2, said,
    )  # fmt: skip


def test_pairs_into_the_reporting_currency_are_read_beside_those_that_turn_it(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turned = PAIRS.format("USD", "EUR") + "2026-01-01,EUR,USD,1.25\n"
    assert main(_pairs(shop, turned, "from")) == 0
    assert json.loads(capsys.readouterr().out)["total"]["revenue"] == 240
