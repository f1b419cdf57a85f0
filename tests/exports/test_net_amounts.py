"""Amounts that are stated without tax: the tax beside them was charged on top, and none of it is revenue."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main
from kpi_cli.exports.large import ROWS

HEADERS = (
    "Date;Commande;E-mail;Montant HT;TVA",
    "Date;Commande;E-mail;CA HT;Montant TVA",
    "date;order_id;email;amount excl. tax;vat",
    "Datum;Bestellnummer;E-Mail;Nettobetrag;MwSt",
)


def _sums(path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Decimal]:
    path.write_text(text)
    assert main(["check", str(path), "--no-config", "--currency", "EUR", "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert "tax_included" not in {n["code"] for n in answer["sources"][0]["notes"]}
    (sums,) = answer["sources"][0]["sums"]
    return {name: Decimal(sums[name]) for name in ("revenue_gross", "tax", "refunds", "revenue_net")}


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("count", [20, ROWS + 100], ids=["few", "many"])
def test_tax_beside_net_amounts_is_added_to_what_was_charged(
    header: str, count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(7)
    rows = [(chance.randrange(100, 90_000), chance.randrange(1, 9_000)) for _ in range(count)]
    lines = [
        f"2026-10-{1 + i % 28:02};A{i};learner{i}@example.com;{net / 100:.2f};{tax / 100:.2f}"
        for i, (net, tax) in enumerate(rows)
    ]
    net, tax = (Decimal(sum(column)) / 100 for column in zip(*rows, strict=True))
    found = _sums(tmp_path / "ventes.csv", "\n".join([header, *lines, ""]), capsys)
    assert found == {"revenue_gross": net + tax, "tax": tax, "refunds": 0, "revenue_net": net}


@pytest.mark.parametrize("tax", ["10.00", "-10.00"])
def test_a_refund_of_a_net_amount_takes_its_tax_with_it_whatever_its_sign(
    tax: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"{HEADERS[0]}\n2026-10-13;A1;a@example.com;100.00;20.00\n2026-10-20;A1;a@example.com;-50.00;{tax}\n"
    assert _sums(tmp_path / "ventes.csv", text, capsys) == {
        "revenue_gross": Decimal(120),
        "tax": Decimal(10),
        "refunds": Decimal(60),
        "revenue_net": Decimal(50),
    }


def test_a_net_amount_without_a_column_of_tax_is_the_revenue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Date;Commande;E-mail;Montant HT\n2026-10-13;A1;a@example.com;100.00\n"
    found = _sums(tmp_path / "ventes.csv", text, capsys)
    assert (found["revenue_gross"], found["tax"], found["revenue_net"]) == (100, 0, 100)


def test_a_whole_refund_of_a_net_amount_leaves_nothing_and_the_sign_of_a_tax_is_the_files_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "date,order_id,email,amount excl. tax,vat,refunded\n2026-10-13,A1,a@example.com,100.00,20.00,120.00\n"
        "2026-10-14,A2,b@example.com,50.00,-10.00,0.00\n"
    )
    found = _sums(tmp_path / "sales.csv", text, capsys)
    assert (found["refunds"], found["revenue_net"]) == (120, 50)


def test_net_sales_are_without_tax(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "date,order_id,email,net sales,tax\n2026-10-13,A1,a@example.com,100.50,20.10\n"
    found = _sums(tmp_path / "sales.csv", text, capsys)
    assert (found["revenue_gross"], found["revenue_net"]) == (Decimal("120.60"), Decimal("100.50"))


BOTH = (
    "Date;Commande;E-mail;Montant HT;Montant TTC",
    "Date;Commande;E-mail;CA HT;CA",
    "date;order_id;email;amount excl. tax;amount incl. tax",
    "Datum;Bestellnummer;E-Mail;Nettobetrag;Bruttobetrag",
)


@pytest.mark.parametrize("header", BOTH)
@pytest.mark.parametrize("count", [20, 6_000], ids=["few", "many"])  # plain files of so many lines are DuckDB's to read
def test_two_amounts_one_without_tax_state_the_tax(
    header: str, count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(8)
    rows = [(net := chance.randrange(100, 90_000), net + chance.randrange(0, 9_000)) for _ in range(count)]
    lines = [
        f"2026-10-{1 + i % 28:02};A{i};learner{i}@example.com;{net / 100:.2f};{gross / 100:.2f}"
        for i, (net, gross) in enumerate(rows)
    ]
    net, gross = (Decimal(sum(column)) / 100 for column in zip(*rows, strict=True))
    found = _sums(tmp_path / "ventes.csv", "\n".join([header, *lines, ""]), capsys)
    assert found == {"revenue_gross": gross, "tax": gross - net, "refunds": 0, "revenue_net": net}


def test_a_part_that_went_back_takes_its_part_of_that_tax(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        f"{BOTH[0]};Remboursé\n2026-10-13;A1;a@example.com;100.00;120.00;60.00\n"
        "2026-10-14;A2;b@example.com;50.00;60.00;0\n2026-10-20;A2;b@example.com;-50.00;-60.00;0\n"
    )
    assert _sums(tmp_path / "ventes.csv", text, capsys) == {
        "revenue_gross": Decimal(180),
        "tax": Decimal(10),
        "refunds": Decimal(120),
        "revenue_net": Decimal(50),
    }


@pytest.mark.parametrize("net", ["130.00", "-100.00", ""])
def test_an_amount_without_tax_that_is_no_part_of_the_other_is_refused(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ventes.csv"
    path.write_text(f"{BOTH[0]}\n2026-10-12;A0;c@example.com;10.00;12.00\n2026-10-13;A1;a@example.com;{net};120.00\n")
    assert main(["check", str(path), "--no-config", "--currency", "EUR", "--json"]) == 3
    (error,) = [s["error"] for s in json.loads(capsys.readouterr().out)["sources"]]
    assert (error["code"], error["line"], error["column"]) == ("tax_open", 3, 4)


def test_net_sales_may_be_less_for_other_reasons_than_tax(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("date,order_id,email,gross sales,net sales\n2026-10-13,A1,a@example.com,120.00,90.00\n")
    assert main(["check", str(path), "--no-config", "--currency", "EUR", "--json"]) == 0
    (sums,) = json.loads(capsys.readouterr().out)["sources"][0]["sums"]
    assert (sums["revenue_gross"], sums["tax"]) == (120, 0)
