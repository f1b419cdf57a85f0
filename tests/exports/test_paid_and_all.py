"""An order that is not paid is no revenue, and a row for all ages is no age of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

ORDERS = """\
Date;Commande;Client;Produit;Montant;{header}
2026-10-01;1;c-1;Livre;60,00;{yes}
2026-10-02;2;c-2;Livre;60,50;{no}
"""


@pytest.fixture
def kpi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A command line run in a folder of its own: its exit code, and what it printed on both streams."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code, printed = main(list(arguments)), capsys.readouterr()
        return code, printed.out, printed.err

    return run


AGES = "date,campaign,{slice},cost\n2026-10-01,A,{one},10.00\n2026-10-01,A,{two},20.00\n2026-10-01,A,{all},30.00\n"


@pytest.mark.parametrize(
    ("header", "yes", "no"),
    [
        ("Payé", "oui", "non"),
        ("Paid", "yes", "no"),
        ("Bezahlt", "ja", "nein"),
        ("pagado", "sí", "no"),
        ("paid", "1", "0"),
    ],
)
def test_an_order_that_its_row_calls_unpaid_is_left_out_as_pending(header: str, yes: str, no: str, check: Any) -> None:
    [source] = check(("ventes.csv", ORDERS.format(header=header, yes=yes, no=no)))
    assert (source.sum("revenue_net"), source.left_out) == (60, {"pending": 1})


def test_a_word_that_says_neither_paid_nor_unpaid_is_refused(check: Any) -> None:
    [source] = check(("ventes.csv", ORDERS.format(header="Payé", yes="oui", no="bientôt")), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("unknown_status", 3)


@pytest.mark.parametrize(
    ("one", "other"), [("2026-10-05", "2026-10-06"), ("CB", "virement"), ("60,00", "60,50"), ("x", "X"), ("✓", "✓")]
)
def test_the_day_amount_or_way_of_a_payment_says_that_an_order_is_paid(one: str, other: str, check: Any) -> None:
    [source] = check(("ventes.csv", ORDERS.format(header="Payé", yes=one, no=other)))
    assert (source.sum("revenue_net"), source.left_out) == (120.5, {})


PARTS = "Date;Commande;Client;Montant;Payé\n2026-10-01;1;c-1;{one};{paid}\n2026-10-02;2;c-2;100,00;{part}\n"


@pytest.mark.parametrize("part", ["40,00", "40,00 €", "40", "120,00"])
def test_an_order_paid_with_another_amount_is_asked_about_until_it_is_said(part: str, check: Any) -> None:
    text = PARTS.format(one="100,00", paid="100,00", part=part)
    [source] = check(("ventes.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["line"], source["error"]["column"]) == ("column_open", 3, 5)
    assert "--map sales.amount=Payé or --map sales.amount=Montant" in source["error"]["fix"]
    [source] = check(("ventes.csv", text), options=("--map", "sales.amount=Payé"))
    assert source.sum("revenue_net") == 100 + float(part.split(",")[0])
    [source] = check(("ventes.csv", text), options=("--map", "sales.amount=Montant"))
    assert source.sum("revenue_net") == 200


@pytest.mark.parametrize(("one", "paid"), [("100", "100,00 €"), ("1000,00", "1.000,00"), ("100,00", "2026-10-05")])
def test_an_order_paid_whole_is_counted_however_it_is_written(one: str, paid: str, check: Any) -> None:
    [source] = check(("ventes.csv", PARTS.format(one=one, paid=paid, part="100,00")))
    assert source.sum("revenue_net") == float(one.replace(",", ".")) + 100


def test_what_was_charged_for_several_pieces_is_held_against_what_was_paid(check: Any) -> None:
    text = "Date,Order,Quantity,Unit price,Paid\n2026-10-01,1,2,50.00,100.00\n2026-10-02,2,2,50.00,{}\n"
    [source] = check(("sales.csv", text.format("100.00")))
    assert source.sum("revenue_net") == 200
    [source] = check(("sales.csv", text.format("50.00")), code=3)
    assert "--map sales.unit_price=Unit price" in source["error"]["fix"]
    [source] = check(("sales.csv", text.format("50.00")), options=("--map", "sales.unit_price=Unit price"))
    assert source.sum("revenue_net") == 200


@pytest.mark.parametrize("nothing", ["", "0,00", "0,00 €", "0"])
def test_beside_them_a_blank_or_zero_is_asked_about(nothing: str, check: Any) -> None:
    [source] = check(("ventes.csv", ORDERS.format(header="Payé", yes="60,00", no=nothing)), code=3)
    assert source["error"]["code"] == "unknown_status"


@pytest.mark.parametrize("name", ["All", "Tous", "todos", "Alle", "Total"])
@pytest.mark.parametrize("column", ["age", "gender", "device", "network"])
def test_a_row_for_all_beside_its_slices_is_refused(name: str, column: str, check: Any) -> None:
    [source] = check(("spend.csv", AGES.format(slice=column, one="a", two="b", all=name)), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", 4)


@pytest.mark.parametrize(("fate", "cost", "left_out"), [("used", 60, {}), ("totals_row", 30, {"totals_row": 1})])
@pytest.mark.parametrize(("column", "name"), [("keyword", "all"), ("country", "Todo"), ("campaign", "Total")])
def test_kpi_yml_says_whether_such_a_row_counts(
    column: str, name: str, fate: str, cost: int, left_out: dict[str, int], tmp_path: Path, kpi: Any
) -> None:
    text = AGES.format(slice=column, one="a", two="b", all=name).replace("campaign,campaign", "ad,campaign")
    (tmp_path / "spend.csv").write_text(text)
    (tmp_path / "kpi.yml").write_text("sources: [spend.csv]\n")
    code, _, said = kpi("check")
    assert (code, f"statuses: {{{name}: used}}" in said) == (3, True)
    (tmp_path / "kpi.yml").write_text(f"sources: [{{files: spend.csv, statuses: {{{name}: {fate}}}}}]\n")
    code, printed, _ = kpi("check", "--json")
    [source] = json.loads(printed)["sources"]
    assert (code, source["sums"][0]["cost"], source["rows"]["left_out"]) == (0, cost, left_out)


def test_a_platform_is_the_sum_of_campaigns_that_are_sums_themselves(tmp_path: Path, kpi: Any) -> None:
    rows = ["Google,,,100,10", "Google,Brand,,60,6", "Google,Brand,A,31,3", "Google,Brand,B,29,3"]
    rows += ["Google,Generic,,40,4", "Google,Generic,C,23,2", "Google,Generic,D,17,2"]
    (tmp_path / "spend.csv").write_text("\n".join(["Platform,Campaign,Ad,Cost,Clicks", *rows]))
    sums = "Brand: subtotal_row, Generic: subtotal_row"
    (tmp_path / "kpi.yml").write_text(f"sources: [{{files: spend.csv, statuses: {{{sums}}}}}]\n")
    code, _, said = kpi("check")
    assert (code, "spend.csv:2:1: “Google” stands on a row" in said) == (3, True)
    (tmp_path / "kpi.yml").write_text(f"sources: [{{files: spend.csv, statuses: {{{sums}, Google: subtotal_row}}}}]\n")
    code, printed, _ = kpi("check", "--json")
    assert (code, '"cost": 100' in printed) == (0, True)


def test_rows_that_are_all_for_all_ages_are_read(check: Any) -> None:
    [source] = check(("spend.csv", AGES.format(slice="age", one="All", two="All", all="All")))
    assert source.sum("cost") == 60


def test_an_all_beside_blanks_is_no_sum_of_slices(check: Any) -> None:
    [source] = check(("spend.csv", AGES.format(slice="age", one="", two="All", all="All")))
    assert source.sum("cost") == 60


def test_a_blank_beside_paid_and_unpaid_is_asked_about_with_the_line_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ventes.csv").write_text(ORDERS.format(header="Payé", yes="oui", no=""))
    Path("kpi.yml").write_text("sources: [ventes.csv]\n")
    assert main(["check"]) == 3
    assert 'statuses: {"": used}' in capsys.readouterr().err
    Path("kpi.yml").write_text('sources:\n  - files: ventes.csv\n    statuses: {"": pending}\n')
    assert main(["check", "--json"]) == 0
    [source] = json.loads(capsys.readouterr().out)["sources"]
    assert source["rows"]["left_out"] == {"pending": 1}


def test_amounts_of_large_files_are_held_against_what_was_paid_row_by_row(
    tmp_path: Path, kpi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The 300 orders of a day were charged together what each was paid with."""
    for module in ("large", "reading"):
        monkeypatch.setattr(f"kpi_cli.exports.{module}.ROWS", 1000)
    (tmp_path / "spend.csv").write_text("date,campaign,cost\n2026-10-01,A,10.00\n")
    for paid, code in (("12000.00", 3), ("40.00", 0)):
        rows = "".join(f"2026-10-{day:02},Photo,40.00,{paid}\n" * 300 for day in range(1, 21))
        (tmp_path / "sales.csv").write_text(f"date,product,amount,paid\n{rows}")
        assert kpi("roi", "sales.csv", "spend.csv", "--currency", "EUR")[0] == code
