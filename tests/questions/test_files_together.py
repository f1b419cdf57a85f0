"""Several files together: what two of them hold is counted once, and what one does not cover is no zero."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

SPEND = """\
date,channel,campaign,cost,currency
2026-10-01,Paid Search,brand,100.00,EUR
2026-10-31,Paid Social,reach,50.00,EUR
"""
SALES = """\
date,order_id,email,channel,amount,currency
2026-10-01,1001,learner1@example.com,Paid Search,300.00,EUR
2026-10-31,1002,learner2@example.com,Email,100.00,EUR
"""
UNSAID = SALES.replace("channel,", "").replace("Paid Search,", "").replace("Email,", "")
WOOCOMMERCE = """\
Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales,Attribution
2026-10-01 10:00:00,1001,50,completed,A,new,1× Course,1,,50,Organic: Google
2026-10-31 10:00:00,1003,60,completed,B,new,1× Course,1,,60,Organic: Google
"""
PAYPAL = """\
"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address","Transaction ID",\
"Reference Txn ID"
"13/10/2026","10:00:00","CET","A","Website Payment","Completed","EUR","100,00","0,00","100,00","a@example.com","T1",""
"31/10/2026","10:00:00","CET","A","Payment Refund","Completed","USD","-50,00","0,00","-50,00","a@example.com","T2","T0"
"""
GA4 = "# Start date: 20261001\n# End date: 20261031\n"
VISITS = GA4 + "Session primary channel group,Sessions,Key events\nOrganic Search,1000,10\nDirect,500,5\n"
PAGES = GA4 + "Landing page,Sessions,Key events\n/a,900,9\n/b,600,6\n"
LEADS = GA4 + "Session primary channel group,Event name,Event count\nDirect,generate_lead,15\n"
LEAD_PAGES = GA4 + "Landing page,Event name,Event count\n/a,generate_lead,9\n/b,generate_lead,6\n"
OWN = """\
sources: [spend.csv, sales.csv, visits.csv, pages.csv]
measures:
  sessions: {sum: Sessions, role: traffic, unit: count}
metrics:
  events: {formula: key_events + 0, unit: count}
  seen: {formula: visits + 0, unit: count}
  kept: {formula: revenue - 1.1 * cost, unit: money}
"""
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Write files, ask a question about them, and give its JSON answer, or the errors."""
    monkeypatch.chdir(tmp_path)

    def asked(question: str, files: dict[str, str], *options: str, code: int = 0) -> dict[str, Any]:
        for name, text in files.items():
            Path(name).write_text(text, "utf-8")
        given = [] if "kpi.yml" in files else [name for name in files if name.endswith(".csv")]
        assert main([*question.split(), *given, *options, "--json"]) == code
        told = capsys.readouterr()
        found: dict[str, Any] = json.loads(told.err.splitlines()[-1] if code == 3 else told.out, parse_float=Decimal)
        return found

    return asked


def codes(found: dict[str, Any]) -> list[str]:
    return [note["code"] for note in found["notes"]]


def test_two_platforms_that_number_their_orders_alike_have_two_orders(ask: Ask) -> None:
    files = {"sales.csv": SALES, "woo.csv": WOOCOMMERCE, "spend.csv": SPEND}
    found = ask("channels", files, "--currency", "EUR")
    assert found["total"]["orders"] == 4
    assert found["total"]["revenue"] == 510


def test_a_refund_in_another_currency_is_not_subtracted(ask: Ask) -> None:
    found = ask("roi", {"paypal.csv": PAYPAL, "spend.csv": SPEND}, "--month", "2026-10", code=3)
    assert found["errors"][0]["code"] == "currencies_mixed"
    assert found["errors"][0]["line"] == 3


def test_a_funnel_counts_visits_once_whatever_the_slices(ask: Ask) -> None:
    found = ask("funnel", {"visits.csv": VISITS, "pages.csv": PAGES, "sales.csv": SALES})
    counts = {row["stage"]: row["count"] for row in found["rows"]}
    assert (counts["visits"], counts["key_events"]) == (1500, 15)
    assert [(n["code"], n["file"]) for n in found["notes"] if n["code"] == "unused_file"] == [
        ("unused_file", "pages.csv")
    ]


def test_the_slice_that_knows_the_dimension_asked_for_is_counted(ask: Ask) -> None:
    found = ask("funnel", {"visits.csv": VISITS, "pages.csv": PAGES}, "--by", "landing_page")
    counts = {row["landing_page"]: row["count"] for row in found["rows"] if row["stage"] == "visits"}
    assert (counts["/a"], counts["/b"]) == (900, 600)
    assert "visits.csv" in [n["file"] for n in found["notes"] if n["code"] == "unused_file"]


@pytest.mark.parametrize("question", ["cac", "channels"])
def test_leads_that_two_slices_count_are_counted_once(ask: Ask, question: str) -> None:
    files = {"spend.csv": SPEND, "sales.csv": SALES, "leads.csv": LEADS, "lead_pages.csv": LEAD_PAGES}
    assert ask(question, files)["total"]["leads"] == 15


BY_CHANNEL = "date,channel,visits,leads\n2026-10-01,Email,600,60\n2026-10-02,Direct,400,40\n"
BY_VARIANT = "date,variant,visits,leads\n2026-10-01,A,500,45\n2026-10-02,B,500,55\n"


@pytest.mark.parametrize("order", list(permutations(("one.csv", "other.csv", "test.csv"))), ids="-".join)
def test_files_without_variants_give_way_to_the_one_that_has_them(ask: Ask, order: tuple[str, ...]) -> None:
    files = {"one.csv": BY_CHANNEL, "other.csv": BY_CHANNEL.replace("400,40", "410,41"), "test.csv": BY_VARIANT}
    found = ask("funnel", {name: files[name] for name in order}, "--by", "variant")
    counts = {(row["variant"], row["stage"]): row["count"] for row in found["rows"]}
    assert counts == {("A", "visits"): 500, ("A", "leads"): 45, ("B", "visits"): 500, ("B", "leads"): 55}
    unused = {n["file"] for n in found["notes"] if n["code"] == "unused_file"}
    assert unused == {"one.csv", "other.csv"}


def test_two_files_without_variants_are_refused_where_no_third_says_more_of_their_days(ask: Ask) -> None:
    later = BY_VARIANT.replace("2026-10", "2026-11")
    files = {"one.csv": BY_CHANNEL, "other.csv": BY_CHANNEL.replace("400,40", "410,41"), "test.csv": later}
    found = ask("funnel", files, "--by", "variant", code=3)
    assert [e["code"] for e in found["errors"]] == ["visits_twice"]


def test_own_figures_count_what_two_slices_hold_once(ask: Ask) -> None:
    files = {"spend.csv": SPEND, "sales.csv": SALES, "visits.csv": VISITS, "pages.csv": PAGES, "kpi.yml": OWN}
    for question in ("roi", "channels"):
        total = ask(question, files)["total"]
        assert (total["sessions"], total["seen"], total["events"]) == (1500, 1500, 15)


@pytest.mark.parametrize("question", ["roi", "cac", "channels"])
def test_an_own_metric_of_revenue_that_is_not_known_is_not_known(ask: Ask, question: str) -> None:
    config = "sources: [spend.csv, sales.csv]\n" + OWN[OWN.index("metrics") :].replace("visits", "orders")
    files = {"spend.csv": SPEND, "sales.csv": UNSAID, "kpi.yml": config.replace("key_events", "orders")}
    found = ask(question, files, "--by", "channel")
    kept = {row["channel"]: row["kept"] for row in found["rows"]}
    assert kept["Paid Search"] is kept["Paid Social"] is None
    reasons = {null["reason"] for null in found["nulls"] if null["column"] == "kept"}
    assert reasons == {"sales_without_source"}
    assert found["total"]["kept"] == 400 - 165


OWN_VISITS = "sources: [spend.csv, sales.csv, visits.csv]\nmetrics: {worth: {formula: revenue / visits, unit: money}}\n"


def test_files_that_only_own_metrics_use_tell_the_days_they_miss(ask: Ask) -> None:
    files = {"spend.csv": SPEND, "sales.csv": SALES, "visits.csv": "date,channel,visits\n2026-10-01,Email,10\n"}
    found = ask("roi", {**files, "kpi.yml": OWN_VISITS}, "--month", "2026-10")
    assert [n["file"] for n in found["notes"] if n["code"] == "incomplete_period"] == ["visits.csv"]


def test_files_that_only_own_metrics_use_need_dates(ask: Ask) -> None:
    files = {"spend.csv": SPEND, "sales.csv": SALES, "visits.csv": "channel,visits\nEmail,10\n"}
    found = ask("roi", {**files, "kpi.yml": OWN_VISITS}, code=3)
    assert [(e["code"], e["file"]) for e in found["errors"]] == [("undated", "visits.csv")]


@pytest.mark.parametrize("sales", [SALES, UNSAID])
def test_a_row_of_a_month_says_what_the_total_of_that_month_says(ask: Ask, sales: str) -> None:
    spend = SPEND + "2026-09-01,Email,news,10.00,EUR\n"
    channel = "Email," if sales is SALES else ""
    files = {"spend.csv": spend, "sales.csv": f"{sales}2026-09-30,9,learner9@example.com,{channel}70.00,EUR\n"}
    rows = ask("roi", files, "--every", "month", "--from", "2026-09-01", "--to", "2026-10-31")["rows"]
    assert [row["month"] for row in rows] == ["2026-09", "2026-10"]
    for row in rows:
        total = ask("roi", files, "--month", row["month"])["total"]
        assert {name: row[name] for name in row if name != "month"} == {
            name: total[name] for name in total if name != "mer"
        }


@pytest.mark.parametrize("question", ["roi", "channels"])
@pytest.mark.parametrize("said", [True, False])
def test_a_row_of_a_country_says_what_the_total_of_its_rows_says(ask: Ask, question: str, *, said: bool) -> None:
    # France: 370 of the 1,270 charged came through channels that were paid for there, for 300.
    spend = (
        "date,channel,country,cost,currency\n2026-10-02,Paid Search,FR,100,EUR\n2026-10-20,Paid Social,FR,200,EUR\n"
        "2026-10-12,Paid Search,DE,60,EUR\n2026-10-13,Display,DE,40,EUR\n"
    )
    sales = "date,order_id,email,amount,currency,channel,country\n" + "".join(
        f"2026-10-{day},{order},learner{order}@example.com,{amount},EUR,{channel if said else ''},{country}\n"
        for day, order, amount, channel, country in (
            ("21", 1, 270, "Paid Social", "FR"),
            ("22", 2, 120, "Organic Search", "DE"),
            ("23", 3, 900, "Organic Search", "FR"),
            ("24", 4, 100, "Paid Search", "FR"),
            ("25", 5, 30, "Display", "DE"),
        )
    )
    month = ("--month", "2026-10")
    rows = ask(question, {"spend.csv": spend, "sales.csv": sales}, *month, "--by", "country")["rows"]
    assert {row["country"]: row["roas"] for row in rows} == (
        {"FR": Decimal("1.233333"), "DE": Decimal("0.3")} if said else dict.fromkeys(("FR", "DE"))
    )
    for row in rows:
        ours = {
            name: "".join(
                line for line in text.splitlines(keepends=True) if f",{row['country']}" in line or "date" in line
            )
            for name, text in (("spend.csv", spend), ("sales.csv", sales))
        }
        total = ask(question, ours, *month)["total"]
        assert (row["revenue"], row["cost"], row["roi"], row["roas"]) == tuple(
            total[name] for name in ("revenue", "cost", "roi", "roas")
        )


@pytest.mark.parametrize("question", ["roi", "cac", "channels", "ltv"])
def test_a_period_that_no_file_covers_is_not_compared_with(ask: Ask, question: str) -> None:
    files = {"spend.csv": SPEND, "sales.csv": SALES}
    found = ask(question, files, "--month", "2026-10", "--compare", "year")
    assert found["previous"] is None
    assert "not_comparable" in codes(found)


def test_a_period_that_a_file_covers_in_part_is_compared_with_and_named(ask: Ask) -> None:
    spend = SPEND + "2026-09-21,Paid Search,brand,10.00,EUR\n"
    sales = SALES + "2026-09-01,900,learner9@example.com,Email,70.00,EUR\n"
    found = ask("roi", {"spend.csv": spend, "sales.csv": sales}, "--month", "2026-10", "--compare", "previous")
    assert found["previous"]["total"]["cost"] == 10
    assert found["previous"]["period"]["days_with_data"] == 10
    assert [n["file"] for n in found["notes"] if n["code"] == "partly_comparable"] == ["spend.csv"]


@pytest.mark.parametrize("cost", ["12345678901.123457", "-999999999998.999999", "0.000001", "100"])
def test_the_days_of_a_row_of_many_add_up_to_it_exactly(ask: Ask, cost: str) -> None:
    spend = f"start,end,channel,cost,currency\n2026-10-01,2026-10-31,Email,{cost},EUR\n"
    spend += "2026-09-01,2026-09-30,Email,1.00,EUR\n"
    days = ("--from", "2026-10-01", "--to", "2026-10-31", "--every", "day", "--prorate")
    found = ask("roi", {"spend.csv": spend, "sales.csv": SALES}, *days)
    parts = [Decimal(row["cost"]) for row in found["rows"]]
    assert len(parts) == 31
    assert sum(parts) == Decimal(cost) == found["total"]["cost"]


RATES = "sources: [spend.csv, sales.csv]\nrates: [{date: 2026-10-01, currency: USD, rate: 0.9}]\n"


def test_an_option_can_say_what_the_rates_turn_money_into(ask: Ask) -> None:
    files = {"spend.csv": SPEND.replace("100.00,EUR", "100.00,USD"), "sales.csv": SALES, "kpi.yml": RATES}
    assert ask("roi", files, code=3)["errors"][0]["code"] == "no_reporting_currency"
    found = ask("roi", files, "--currency", "EUR")
    assert (found["currency"], found["total"]["cost"]) == ("EUR", 140)
    files["kpi.yml"] = RATES + "currency: EUR\n"
    assert ask("roi", files, "--currency", "USD", code=3)["errors"][0]["code"] == "currency_contradicted"


def test_files_that_kpi_yml_calls_separate_accounts_are_added(ask: Ask) -> None:
    header = "Campaign name,Day,Impressions,Amount spent (EUR)\n"
    files = {"one.csv": f"{header}reach,2026-10-01,100,10\n", "two.csv": f"{header}reach,2026-10-01,200,20\n"}
    files |= {"sales.csv": SALES, "kpi.yml": "sources: [{files: [one.csv, two.csv]}, sales.csv]\n"}
    assert ask("roi", files, code=3)["errors"][0]["code"] == "reslice"
    files["kpi.yml"] = files["kpi.yml"].replace("two.csv]", "two.csv], accounts: separate")
    assert ask("roi", files, "--month", "2026-10")["total"]["cost"] == 30


@pytest.mark.parametrize(("question", "condition"), [("roi", "roi < -50%"), ("funnel", "overall_rate < 1%")])
def test_rows_that_top_does_not_show_are_held_to_conditions_all_the_same(
    ask: Ask, question: str, condition: str
) -> None:
    visits = "date,channel,visits\n2026-10-01,Paid Search,10\n2026-10-31,Paid Social,1000\n"
    sales = SALES + "2026-10-31,1003,learner3@example.com,Paid Social,1.00,EUR\n"
    files = (
        {"sales.csv": sales, "spend.csv": SPEND} if question == "roi" else {"sales.csv": sales, "visits.csv": visits}
    )
    options = ("--by", "channel", "--month", "2026-10", "--sort", "channel")
    assert ask(question, files, *options, "--top", "1", "--fail-if", condition, code=4)["rows"][0]["channel"] == "Email"


@pytest.mark.parametrize(
    ("written", "channel"),
    [
        ("google_ads", "Paid Search"),
        ("Google Ads", "Paid Search"),
        ("meta-ads", "Paid Social"),
        ("Microsoft Advertising", "Paid Search"),
        ("linkedin_ads", "Paid Social"),
    ],
)
def test_a_platform_gives_its_channel_however_it_is_written(ask: Ask, written: str, channel: str) -> None:
    spend = f"date,platform,campaign,cost,currency\n2026-10-01,{written},brand,100,EUR\n"
    answer = ask("roi", {"spend.csv": spend, "sales.csv": UNSAID}, "--by", "channel")
    assert {row["channel"]: row["cost"] for row in answer["rows"]}[channel] == 100


NAMELESS = "date,product,amount,currency\n2026-10-01,course,300,EUR\n2026-10-31,course,100,EUR\n"
TOOLS = "month,category,cost,currency\n2026-10,tools,31,EUR\n"


def test_rows_without_an_id_that_two_files_hold_are_told_of(ask: Ask) -> None:
    files = {"spend.csv": SPEND, "a.csv": NAMELESS, "b.csv": NAMELESS, "c.csv": TOOLS, "d.csv": TOOLS}
    kept = ask("roi", files)
    told = [(n["file"], n["line"]) for n in kept["notes"] if n["code"] == "duplicates_kept"]
    assert told == [("b.csv", 2), ("d.csv", 2)]
    assert (kept["total"]["revenue"], kept["total"]["cost"]) == (800, 212)
    once = ask("roi", files, "--dedupe")
    assert (once["total"]["revenue"], once["total"]["cost"]) == (400, 181)
    assert "duplicates_kept" not in codes(once)


def test_rows_repeated_in_another_file_are_refused_under_strict(ask: Ask) -> None:
    found = ask("roi", {"spend.csv": SPEND, "a.csv": NAMELESS, "b.csv": NAMELESS}, "--strict", code=3)
    assert ("duplicates_kept", "b.csv") in [(e["code"], e["file"]) for e in found["errors"]]


def test_rows_that_differ_in_anything_repeat_nothing(ask: Ask) -> None:
    files = {"spend.csv": SPEND, "a.csv": NAMELESS, "b.csv": NAMELESS.replace("course", "book")}
    found = ask("roi", files)
    assert found["total"]["revenue"] == 800
    assert "duplicates_kept" not in codes(found)


PLAIN_ORDERS = (
    "date,order_id,email,amount,currency\n2026-10-01,1,a@example.com,10.00,EUR\n2026-10-31,2,b@example.com,20.00,EUR\n"
)
WITH_CHANNEL = """\
date,order_id,email,amount,currency,channel
2026-10-01,1,a@example.com,10.00,EUR,Paid Search
2026-10-31,2,b@example.com,20.00,EUR,Email
"""
OTHER_CHANNEL = WITH_CHANNEL.replace("Email", "Referral")
WITH_PRODUCT = """\
date,order_id,email,amount,currency,product,country,discount_code
2026-10-01,1,a@example.com,10.00,EUR,Course,FR,X
2026-10-31,2,b@example.com,20.00,EUR,Book,FR,X
"""


@pytest.mark.parametrize("order", [*permutations(["plain", "channel", "other", "product"])], ids="-".join)
def test_of_sales_in_several_files_the_ones_that_name_their_channel_count_whatever_the_order_of_the_files(
    order: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = {"plain": PLAIN_ORDERS, "channel": WITH_CHANNEL, "other": OTHER_CHANNEL, "product": WITH_PRODUCT}
    for name in order:
        Path(f"{name}.csv").write_text(texts[name])
    Path("spend.csv").write_text(SPEND)
    assert main(["roi", "spend.csv", *(f"{name}.csv" for name in order), "--by", "channel", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    revenue = {row["channel"]: row["revenue"] for row in found["rows"] if row["revenue"]}
    assert (revenue, found["total"]["revenue"]) == ({"Paid Search": 10, "Email": 20}, 30)
