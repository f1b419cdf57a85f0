"""Downloads that hold the same rows with other columns beside: counted once, or refused, never added."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

PLAIN = "date,campaign,cost\n2026-10-01,A,10.50\n2026-10-31,B,20.00\n"
FINER = {
    "channel": "date,channel,campaign,cost\n2026-10-01,Email,A,10.50\n2026-10-31,Email,B,20.00\n",
    "platform": "date,campaign,platform,cost\n2026-10-01,A,Google Ads,10.50\n2026-10-31,B,Google Ads,20.00\n",
    "clicks": "date,campaign,clicks,cost\n2026-10-01,A,5,10.50\n2026-10-31,B,7,20.00\n",
    "country": "date,campaign,country,cost\n2026-10-01,A,FR,4.25\n2026-10-01,A,DE,6.25\n2026-10-31,B,FR,20.00\n",
}


def _answer(folder: Path, texts: dict[str, str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    for name, text in texts.items():
        (folder / name).write_text(text)
    code = main(["check", *(str(folder / name) for name in texts), "--no-config", "--currency", "EUR", "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out, parse_float=Decimal) if said.out else {}, said.err


def _refused_in_any_order(folder: Path, texts: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    for order in permutations(texts):
        code, _, found = _answer(folder, {name: texts[name] for name in order}, capsys)
        assert code == 3
        assert said in found


def _cost(answer: dict[str, Any]) -> Decimal:
    return sum((Decimal(s["cost"]) for source in answer["sources"] for s in source["sums"]), Decimal())


@pytest.mark.parametrize("column", FINER)
def test_the_same_spend_with_one_column_more_counts_once_in_any_order(
    column: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"plain.csv": PLAIN, "finer.csv": FINER[column]}
    for order in permutations(texts):
        code, answer, _ = _answer(tmp_path, {name: texts[name] for name in order}, capsys)
        left = {Path(s["file"]).name: s["rows"]["left_out"] for s in answer["sources"]}
        assert (code, _cost(answer)) == (0, Decimal("30.50"))
        assert left == {"plain.csv": {"seen_in_other_file": 2}, "finer.csv": {}}


def test_several_rows_of_a_campaign_and_day_are_the_same_in_two_downloads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "date,campaign,cost\n2026-10-01,A,10.50\n2026-10-01,A,3.00\n"
    code, answer, _ = _answer(tmp_path, {"one.csv": lines, "two.csv": lines + "2026-10-02,A,4.00\n"}, capsys)
    assert (code, _cost(answer)) == (0, Decimal("17.50"))


@pytest.mark.parametrize(
    ("one", "two", "said"),
    [
        (
            "date,campaign,platform,cost\n2026-10-01,A,Google Ads,10.50\n",
            "date,campaign,cost,leads\n2026-10-01,A,10.50,7\n",
            "each says what the other does not",
        ),
        (
            "date,cost\n2026-10-01,30.50\n2026-10-02,4.25\n",
            "date,campaign,cost\n2026-10-01,A,10.50\n2026-10-01,B,20.00\n2026-10-02,A,4.25\n",
            "slice the same spend in two ways",
        ),
        (
            PLAIN,
            FINER["channel"].replace("10.50", "11.50"),
            "state different figures for the same day and campaign",
        ),
        (
            PLAIN,
            "start,end,platform,campaign,cost\n2026-10-01,2026-10-07,Google Ads,A,10.50\n",
            "cover the same campaign with overlapping periods",
        ),
    ],
    ids=["columns of their own", "by campaign", "other figures", "weeks of the days"],
)
def test_files_that_contradict_or_slice_each_other_are_refused_in_any_order(
    one: str, two: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _refused_in_any_order(tmp_path, {"one.csv": one, "two.csv": two}, said, capsys)


def test_a_file_that_is_the_sum_of_two_others_is_refused_in_any_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {
        "all.csv": "date,cost\n2026-10-01,30.50\n2026-10-02,4.25\n2026-10-03,1.00\n",
        "one.csv": "date,campaign,cost\n2026-10-01,A,10.50\n2026-10-02,A,4.25\n",
        "two.csv": "date,campaign,cost\n2026-10-01,B,20.00\n2026-10-03,B,1.00\n",
    }
    _refused_in_any_order(tmp_path, texts, "slice the same spend in two ways", capsys)


def test_files_of_different_things_without_a_name_in_common_are_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"ads.csv": "date,cost\n2026-10-01,30.50\n", "mail.csv": "date,channel,cost\n2026-10-01,Email,5.00\n"}
    code, answer, _ = _answer(tmp_path, texts, capsys)
    assert (code, _cost(answer)) == (0, Decimal("35.50"))


def test_order_numbers_that_begin_anew_each_day_are_refused_where_other_people_bought(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sale = "date,order_id,email,amount\n2026-09-0{0},1,learner{0}@example.com,100.50\n"
    code, _, said = _answer(tmp_path, {"one.csv": sale.format(5), "two.csv": sale.format(6)}, capsys)
    assert code == 3
    assert "with the same number" in said


@pytest.mark.parametrize(("day", "code"), [("2026-09-05", 0), ("2026-09-06", 0), ("2026-10-05", 3), ("2025-09-05", 3)])
def test_order_numbers_that_begin_anew_are_refused_but_for_what_a_zone_makes_of_a_day(
    day: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sale = "date,order_id,email,amount\n{},1,learner1@example.com,100.50\n"
    texts = {"one.csv": sale.format("2026-09-05"), "two.csv": sale.format(day)}
    found, _, said = _answer(tmp_path, texts, capsys)
    assert found == code
    assert ("with the same number" in said) == (code == 3)


STRIPE = {
    "payments.csv": (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Status\nch_1,{} 10:00:00,10.50,0.00,eur,Paid\n"
    ),
    "no_ids.csv": "Created date (UTC),Amount,Amount Refunded,Currency,Status\n{} 10:00:00,10.50,0.00,eur,Paid\n",
    "balance.csv": (
        "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC)\n"
        "txn_1,charge,ch_1,10.50,0.20,10.30,eur,{} 10:00,2026-10-08 00:00\n"
    ),
}


@pytest.mark.parametrize("pair", [*permutations(STRIPE, 2)], ids=" ".join)
def test_two_tables_of_one_platform_do_not_book_the_same_charge_twice(
    pair: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, said = _answer(tmp_path, {name: STRIPE[name].format("2026-10-01") for name in pair}, capsys)
    assert code == 3
    assert "may hold the same sales" in said


def test_two_tables_of_one_platform_with_other_days_are_joined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = {"payments.csv": "2026-10-01", "no_ids.csv": "2026-09-01", "balance.csv": "2026-08-01"}
    code, answer, _ = _answer(tmp_path, {name: STRIPE[name].format(day) for name, day in days.items()}, capsys)
    assert (code, [source["rows"]["used"] for source in answer["sources"]]) == (0, [1, 1, 1])


BY_HAND = "date,email,amount\n2026-10-01,Learner1@example.com,10.50\n2026-10-02,learner2@example.com,20.00\n{}"
PLATFORM = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer Email\n"
    "ch_1,2026-10-01 23:30:00,10.50,0.00,eur,Paid,learner1@example.com\n"
    "ch_2,2026-10-01 22:30:00,20.00,0.00,eur,Paid,learner2@example.com\n"
    "ch_3,2026-10-05 22:30:00,20.00,0.00,eur,Paid,learner3@example.com\n"
)


@pytest.mark.parametrize("more", ["", "2026-10-03,learner9@example.com,5.00\n"], ids=["all of it", "most of it"])
def test_a_list_kept_by_hand_beside_the_platforms_own_file_is_refused_in_any_order(
    more: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"hand.csv": BY_HAND.format(more), "stripe.csv": PLATFORM}
    _refused_in_any_order(tmp_path, texts, "most of these sales stand in", capsys)


def test_sales_elsewhere_to_one_of_the_same_people_are_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transfers = "date,email,amount\n2026-10-01,learner1@example.com,10.50\n2026-10-02,learner4@example.com,7.00\n"
    texts = {"transfers.csv": transfers, "stripe.csv": PLATFORM}
    code, answer, _ = _answer(tmp_path, texts, capsys)
    charged = [Decimal(sums["revenue_gross"]) for source in answer["sources"] for sums in source["sums"]]
    assert (code, sum(charged)) == (0, Decimal("68.00"))


def test_spend_kept_by_hand_beside_the_platforms_own_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    google = "Campaign report\nOctober 1, 2026 - October 2, 2026\nCampaign,Day,Currency code,Cost,Clicks,Impr.\n"
    google += "Brand,2026-10-01,EUR,10.50,5,50\nBrand,2026-10-02,EUR,4.25,5,50\n"
    texts = {"google.csv": google, "hand.csv": "date,campaign,cost,currency\n2026-10-01,brand,10.50,EUR\n"}
    _refused_in_any_order(tmp_path, texts, "most of this spend stands in", capsys)


CONFLICT = "Date,Order,Customer,Channel,Amount\n2026-10-01,1,c-1,{channel},10.00\n2026-10-02,2,c-2,{channel},{amount}\n"


def test_a_file_refused_for_an_order_takes_nothing_from_the_others(check: Any) -> None:
    # The refused files say more of each order, for which their rows would be kept and the others left out.
    good, *refused = check(
        ("a.csv", CONFLICT.format(channel="", amount="10.00")),
        ("b.csv", CONFLICT.format(channel="Email", amount="11.00")),
        ("c.csv", CONFLICT.format(channel="Email", amount="12.00")),
        code=3,
    )
    assert good["rows"] == {"read": 2, "used": 2, "left_out": {}}
    assert (good.sum("revenue_net"), good.sum("orders")) == (20, 2)
    assert [source["error"]["code"] for source in refused] == ["order_conflict"] * 2
