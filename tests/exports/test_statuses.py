"""What kpi.yml says of a status or type stands in place of the rules that look at that cell, and of no other rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

HEADER = (
    "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,Transaction ID,"
    "Item Title,Reference Txn ID,Balance Impact"
)
ROW = (
    '10/{day}/2026,10:00:00,Europe/Paris,,{type},{status},EUR,"{gross}",0.00,"{gross}",learner{day}@example.com,'
    "me@example.com,T{day},Course,,Credit"
)


def _read(folder: Path, rows: list[tuple[str, str, str]], statuses: str, capsys: pytest.CaptureFixture[str]) -> Any:
    lines = [
        ROW.format(day=day, type=kind, status=status, gross=gross) for day, (kind, status, gross) in enumerate(rows, 13)
    ]
    (folder / "paypal.csv").write_text("\n".join([HEADER, *lines, ""]))
    said = f"    statuses: {{{statuses}}}\n" if statuses else ""
    (folder / "kpi.yml").write_text(f"sources:\n  - files: paypal.csv\n{said}")
    code = main(["check", "--config", str(folder / "kpi.yml"), "--json"])
    out = capsys.readouterr()
    return (code, json.loads(out.out)["sources"][0]) if code == 0 else (code, out.err)


def test_an_unknown_type_counts_when_kpi_yml_says_so_and_the_message_names_the_line_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("Raffle Ticket", "Completed", "100.50"), ("Website Payment", "Completed", "50.25")]
    code, said = _read(tmp_path, rows, "", capsys)
    assert code == 3
    line = said[said.index("statuses: {") + len("statuses: {") :].split("}")[0]
    assert line == "Raffle Ticket: used"
    code, source = _read(tmp_path, rows, line, capsys)
    assert (code, source["rows"]["used"], source["sums"][0]["revenue_gross"]) == (0, 2, 150.75)


def test_an_unknown_type_is_left_out_for_the_reason_that_kpi_yml_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("Raffle Ticket", "Completed", "100.50"), ("Website Payment", "Completed", "50.25")]
    code, source = _read(tmp_path, rows, "Raffle Ticket: deposit", capsys)
    assert (code, source["rows"]["left_out"]) == (0, {"deposit": 1})


def test_a_status_that_counts_does_not_make_sales_of_other_types(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("Website Payment", "Completed", "50.25"), ("General Currency Conversion", "Completed", "900.00")]
    _, plain = _read(tmp_path, rows, "", capsys)
    code, source = _read(tmp_path, rows, "Completed: used", capsys)
    assert (code, source["rows"]) == (0, plain["rows"])
    assert source["rows"]["left_out"] == {"currency_conversion": 1}


def test_a_status_that_the_format_leaves_out_counts_when_kpi_yml_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("Website Payment", "Completed", "50.25"), ("Website Payment", "Pending", "10.50")]
    assert _read(tmp_path, rows, "", capsys)[1]["rows"]["left_out"] == {"pending": 1}
    assert _read(tmp_path, rows, "Pending: used", capsys)[1]["rows"]["left_out"] == {}


LEADS = {
    "generic": "id,email,created at,status,source\n",
    "hubspot": "Record ID,Email,Create Date,Lead Status,Original Source\n",
}


@pytest.mark.parametrize("format", LEADS)
@pytest.mark.parametrize(
    ("word", "reason"),
    [
        *(("Spam", "spam"), ("Junk Lead", "spam"), ("Duplicate", "duplicate"), ("Closed - Duplicate", "duplicate")),
        *(
            ("Doublon", "duplicate"),
            ("Disqualified", "disqualified"),
            ("Disqualifié", "disqualified"),
            ("Test", "test"),
        ),
    ],
)
def test_leads_that_are_none_are_left_out_by_status_and_told(
    format: str, word: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{n},p{n}@example.com,2026-10-0{n},{word if n > 2 else 'Unqualified'},direct\n" for n in range(1, 6)]
    (tmp_path / "leads.csv").write_text(LEADS[format] + "".join(rows))
    assert main(["check", str(tmp_path / "leads.csv"), "--json"]) == 0
    [source] = json.loads(capsys.readouterr().out)["sources"]
    assert (source["format"], source["sums"][0]["leads"]) == (format, 2)
    assert source["rows"]["left_out"] == {reason: 3}
    assert [note["text"] for note in source["notes"]] == [f"left out by status: 3 {reason}"]


def test_a_disqualified_lead_counts_when_kpi_yml_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "leads.csv").write_text(LEADS["generic"] + "1,a@example.com,2026-10-01,Disqualified,direct\n")
    (tmp_path / "kpi.yml").write_text("sources:\n  - files: leads.csv\n    statuses: {Disqualified: used}\n")
    assert main(["check", "--config", str(tmp_path / "kpi.yml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"][0]["sums"][0]["leads"] == 1


SIGNED = "date,order id,type,amount\n2026-10-01,1,sale,90\n2026-10-02,2,{},-20\n"


@pytest.mark.parametrize(("word", "is_told"), [("adjustment", True), ("sale", False), ("Rückerstattung", False)])
def test_a_row_below_zero_of_an_unknown_type_is_told_with_what_to_say_of_it(
    word: str, is_told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sales.csv").write_text(SIGNED.format(word))
    assert main(["check", str(tmp_path / "sales.csv"), "--json"]) == 0
    [source] = json.loads(capsys.readouterr().out)["sources"]
    told = [note for note in source["notes"] if note["code"] == "refunds_by_sign"]
    assert source["sums"][0]["refunds"] == 20
    assert [(note["line"], "statuses: {adjustment: fee}" in note["text"]) for note in told] == [(3, True)] * is_told


def test_a_row_below_zero_is_what_kpi_yml_says_of_its_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sales.csv").write_text(SIGNED.format("Adjustment"))
    (tmp_path / "kpi.yml").write_text("sources:\n  - files: sales.csv\n    statuses: {adjustment: fee}\n")
    assert main(["check", "--config", str(tmp_path / "kpi.yml"), "--json"]) == 0
    [source] = json.loads(capsys.readouterr().out)["sources"]
    assert (source["rows"]["left_out"], source["sums"][0]["revenue_net"]) == ({"fee": 1}, 90)


def test_the_test_lead_of_a_lead_form_is_no_lead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "1,a@example.com,2026-10-01,new,fb\n2,<test lead: dummy data for email>,2026-10-02,new,fb\n"
    (tmp_path / "leads.csv").write_text(LEADS["generic"] + rows)
    assert main(["check", str(tmp_path / "leads.csv"), "--json"]) == 0
    [source] = json.loads(capsys.readouterr().out)["sources"]
    assert (source["sums"][0]["leads"], source["rows"]["left_out"]) == (1, {"test": 1})


def test_leads_of_other_crms_keep_their_days_and_lose_their_footer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Record Id,Lead Owner,Email,Lead Source,Lead Status,Created Time\n1,Me,a@example.com,Web,Open,2026-10-05\n"
    text += '"Grand Totals (1 records)"\n"Confidential Information - Do Not Distribute"\n'
    (tmp_path / "leads.csv").write_text(text)
    assert main(["check", str(tmp_path / "leads.csv"), "--json"]) == 0
    [source] = json.loads(capsys.readouterr().out)["sources"]
    assert (source["sums"][0]["leads"], source["period"]["start"]) == (1, "2026-10-05")
    assert source["rows"]["left_out"] == {"totals_row": 1, "footer": 1}


FRENCH_PAYPAL = (
    "Date,Heure,Fuseau horaire,Nom,Type,État,Devise,Avant commission,Commission,Net,De l'adresse email,"
    "Numéro de transaction,Numéro de la transaction de référence\n"
    '01/10/2026,10:00:00,CEST,A,Paiement sur site marchand,Terminé,EUR,"100,00","0,00","100,00",a@example.com,T1,\n'
    '13/10/2026,10:00:00,CEST,A,{},Terminé,EUR,"-40,00","0,00","-40,00",s@example.com,T2,T1\n'
)


@pytest.mark.parametrize("said", ["Remboursement du paiement", "Remboursement de paiement", "Remboursement partiel"])
def test_paypals_refunds_are_known_in_french(said: str, check: Any) -> None:
    [source] = check(("paypal.csv", FRENCH_PAYPAL.format(said)))
    assert (source["format"], source.sum("revenue_gross"), source.sum("refunds")) == ("paypal", 100, 40)


def test_a_type_below_zero_that_kpi_yml_says_counts_is_a_refund(tmp_path: Path, check: Any, capsys: Any) -> None:
    [source] = check(("paypal.csv", FRENCH_PAYPAL.format("Geste commercial")), code=3)
    assert "statuses: {Geste commercial: used}" in source["error"]["fix"]
    (tmp_path / "kpi.yml").write_text("sources: [{files: paypal.csv, statuses: {Geste commercial: used}}]\n")
    code = main(["check", "--config", str(tmp_path / "kpi.yml"), "--json"])
    [read] = json.loads(capsys.readouterr().out)["sources"]
    assert (code, read["sums"][0]["refunds"]) == (0, 40)
