"""`kpi channels`: one row a channel, shares, over-claim, networks, strategies, and why a visit is what it is."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

Ask = Callable[..., dict[str, Any]]

TRAFFIC = """date,source,medium,campaign,visits,leads
2026-10-01,google,organic,,500,20
2026-10-02,google,cpc,brand,300,30
2026-10-03,instagram,social,,150,2
2026-10-03,facebook,paid_social,spring,50,1
"""
SPEND = """Campaign name,Day,Purchases,Leads,Link clicks,Amount spent (EUR),Reporting starts,Reporting ends
spring,2026-10-03,9,4,40,200.00,2026-10-03,2026-10-03
"""
GOOGLE = """Campaign report
"October 1, 2026 - October 31, 2026"
Day,Campaign,Campaign type,Currency code,Cost,Impr.,Clicks,Conversions
2026-10-02,brand,Search,EUR,300.00,4000,250,12.00
"""
SALES = """date,order_id,customer_id,amount,tax,currency,utm_source,utm_medium,utm_campaign
2026-10-02,o1,c-0001,240,40,EUR,google,cpc,brand
2026-10-03,o2,c-0002,100,0,EUR,facebook,paid_social,spring
2026-10-04,o3,c-0003,100,0,EUR,facebook,paid_social,spring
2026-10-05,o4,c-0001,60,0,EUR,google,organic,
2026-10-06,o5,c-0004,40,0,EUR,,,
"""
FILES = {"traffic": TRAFFIC, "meta": SPEND, "google": GOOGLE, "sales": SALES}
OCTOBER = ("--month", "2026-10")


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Write the files given by name, run `kpi channels` on them, give its JSON."""
    monkeypatch.chdir(tmp_path)

    def run(*options: str, **files: str) -> dict[str, Any]:
        for name, text in files.items():
            Path(f"{name}.csv").write_text(text, "utf-8")
        code = main(["channels", *(f"{name}.csv" for name in files), *options, "--json"])
        out, err = capsys.readouterr()
        assert code == 0, err
        answer: dict[str, Any] = json.loads(out)
        return answer

    return run


def by(answer: dict[str, Any], name: str = "channel") -> dict[str, dict[str, Any]]:
    return {row[name]: row for row in answer["rows"]}


def reason(answer: dict[str, Any], channel: str, column: str) -> str | None:
    places = {row["channel"]: at for at, row in enumerate(answer["rows"])}
    return next((n["reason"] for n in answer["nulls"] if (n["row"], n["column"]) == (places[channel], column)), None)


def text(answer: dict[str, Any], code: str) -> str:
    return str(next(note["text"] for note in answer["notes"] if note["code"] == code))


# ------------------------------------------------------------------------------------ rows and totals


def test_a_channels_row_joins_visits_leads_orders_people_cost_and_return(ask: Ask) -> None:
    row = by(ask(*OCTOBER, **FILES))["Paid Search"]
    wanted = {
        "strategy": "outbound",
        "visits": 300,
        "visit_share": 0.3,
        "leads": 30,
        "lead_rate": 0.1,
        "orders": 1,
        "new_customers": 1,
        "conversion_rate": 0.003333,
        "cost": 300,
        "revenue": 200,
        "cac": 300,
        "roi": -0.333333,
        "roas": 0.666667,
        "claimed_conversions": 12,
    }
    assert {name: row[name] for name in wanted} == wanted


def test_a_rate_stands_with_its_wilson_interval(ask: Ask) -> None:
    row = by(ask(*OCTOBER, **FILES))["Paid Search"]
    # Wilson 1927 for 30 of 300, by the textbook form of the score interval, z = 1.959964
    z, n, p = 1.959964, 300, 0.1
    centre, half = p + z * z / (2 * n), z * ((p * (1 - p) + z * z / (4 * n)) / n) ** 0.5
    low, high = ((centre + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    assert (row["lead_rate_low"], row["lead_rate_high"]) == pytest.approx((low, high), abs=1e-6)
    assert row["conversion_rate_low"] < row["conversion_rate"] < row["conversion_rate_high"]


def test_totals_have_organic_share_and_social_share(ask: Ask) -> None:
    total = ask(*OCTOBER, **FILES)["total"]
    # 500 of 1000 visits are Organic Search, 150 Organic Social and 50 Paid Social
    assert (total["organic_share"], total["social_share"]) == (0.5, 0.2)
    assert total["visits"] == 1000
    assert total["visit_share"] == 1


def test_shares_of_the_total_do_not_depend_on_what_rows_are_grouped_by(ask: Ask) -> None:
    for dimension in ("strategy", "month", "campaign"):
        total = ask(*OCTOBER, "--by", dimension, **FILES)["total"]
        assert (total["organic_share"], total["social_share"]) == (0.5, 0.2)


@pytest.mark.parametrize("column", ["visits", "leads", "orders", "new_customers", "cost", "revenue"])
@pytest.mark.parametrize("dimension", ["channel", "strategy", "network", "campaign", "month"])
def test_sums_and_people_add_up_to_the_total_whatever_the_grouping(ask: Ask, column: str, dimension: str) -> None:
    answer = ask(*OCTOBER, "--by", dimension, **FILES)
    assert sum(Decimal(str(row[column] or 0)) for row in answer["rows"]) == Decimal(str(answer["total"][column]))


def test_inbound_outbound_and_unknown_are_the_total(ask: Ask) -> None:
    answer = ask(*OCTOBER, "--by", "strategy", **FILES)
    assert set(by(answer, "strategy")) == {"inbound", "outbound", "unknown"}
    revenue = {name: row["revenue"] for name, row in by(answer, "strategy").items()}
    assert revenue == {"inbound": 60, "outbound": 400, "unknown": 40}


def test_a_channel_in_one_file_only_has_a_row(ask: Ask) -> None:
    rows = by(ask(*OCTOBER, **FILES))
    assert (rows["Organic Social"]["visits"], rows["Organic Social"]["orders"]) == (150, 0)
    assert (rows["(unattributed)"]["visits"], rows["(unattributed)"]["orders"]) == (0, 1)


def test_every_key_of_the_contract_is_there_whatever_files_are_missing(ask: Ask) -> None:
    shown = ["channel", "strategy", "visits", "visit_share", "leads", "lead_rate", "orders", "new_customers"]
    ratios = ["conversion_rate", "cost", "revenue", "cac", "roi", "roas", "claimed_conversions", "overclaim"]
    for given in ({"traffic": TRAFFIC}, {"sales": SALES}, {"meta": SPEND}, {"traffic": TRAFFIC, "meta": SPEND}):
        answer = ask(*OCTOBER, **given)
        assert all({*shown, *ratios} <= set(row) for row in answer["rows"])
        assert {"organic_share", "social_share"} <= set(answer["total"])


# --------------------------------------------------------------------------------- claims, notes, trust


def test_claimed_purchases_stand_beside_booked_orders_and_are_not_added(ask: Ask) -> None:
    row = by(ask(*OCTOBER, **FILES))["Paid Social"]
    assert (row["claimed_conversions"], row["orders"], row["overclaim"]) == (9, 2, 4.5)


def test_conversions_that_are_no_purchases_give_no_overclaim(ask: Ask) -> None:
    answer = ask(*OCTOBER, **FILES)
    assert by(answer)["Paid Search"]["claimed_conversions"] == 12
    assert by(answer)["Paid Search"]["overclaim"] is None
    assert reason(answer, "Paid Search", "overclaim") == "not_purchases"
    assert answer["total"]["overclaim"] is None


def test_more_claims_than_clicks_and_more_orders_than_visits_are_remarked_on(ask: Ask) -> None:
    spend = SPEND.replace(",9,4,40,", ",9,4,5,")
    traffic = TRAFFIC.replace("facebook,paid_social,spring,50,1", "facebook,paid_social,spring,1,0")
    notes = ask(*OCTOBER, traffic=traffic, meta=spend, sales=SALES)["notes"]
    over = [note["text"] for note in notes if note["code"] == "rate_over_one"]
    assert over == ["Conv. rate is above 100% in Paid Social", "Conv. per click is above 100% in Paid Social"]


def test_groups_too_small_to_rank_are_named(ask: Ask) -> None:
    said = text(ask(*OCTOBER, **FILES), "too_small_to_rank")
    assert said == "Organic Search, Organic Social, Paid Search, Paid Social: too few to rank"


def test_sales_without_any_source_leave_the_revenue_of_rows_with_cost_unknown(ask: Ask) -> None:
    sales = "date,order_id,customer_id,amount,currency\n2026-10-03,o1,c-0001,100,EUR\n"
    answer = ask(*OCTOBER, meta=SPEND, sales=sales)
    assert by(answer)["Paid Social"]["revenue"] is None
    assert reason(answer, "Paid Social", "revenue") == "sales_without_source"
    assert answer["total"]["revenue"] == 100


def test_an_order_whose_lines_stand_in_two_rows_counts_once_in_the_total(ask: Ask) -> None:
    sales = """date,order_id,customer_id,product,amount,currency
2026-10-03,o1,c-0001,portrait,100,EUR
2026-10-03,o1,c-0001,lumiere,50,EUR
"""
    answer = ask(*OCTOBER, "--by", "product", sales=sales)
    assert [row["orders"] for row in answer["rows"]] == [1, 1]
    assert answer["total"]["orders"] == 1
    assert "not_additive" in {note["code"] for note in answer["notes"]}


# ------------------------------------------------------------------------------------- several visits files


def test_a_slice_without_channels_gives_way_to_the_file_that_has_them(ask: Ask) -> None:
    pages = "date,landing_page,visits\n2026-10-01,/,700\n2026-10-03,/lumiere,300\n"
    answer = ask(*OCTOBER, traffic=TRAFFIC, pages=pages)
    assert answer["total"]["visits"] == 1000
    assert "unused_file" in {note["code"] for note in answer["notes"]}


def test_two_files_that_count_the_same_visits_are_refused(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask(*OCTOBER, traffic=TRAFFIC)
    Path("again.csv").write_text(TRAFFIC.replace("500,20", "480,19"), "utf-8")
    assert main(["channels", "traffic.csv", "again.csv", "--json"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "traffic.csv and this file count the same visits" in err


def test_visits_of_other_days_are_joined(ask: Ask) -> None:
    later = "date,source,medium,campaign,visits,leads\n2026-10-20,google,organic,,100,1\n"
    assert ask(*OCTOBER, traffic=TRAFFIC, later=later)["total"]["visits"] == 1100


def test_rows_that_count_one_event_give_leads_and_no_visits(ask: Ask) -> None:
    # GA4 with an event name repeats the sessions in every event's row.
    events = """Date,Session source / medium,Event name,Sessions,Event count
20261001,google / organic,session_start,500,510
20261001,google / organic,generate_lead,22,25
"""
    answer = ask(*OCTOBER, traffic=TRAFFIC.replace(",leads", ",key events"), events=events)
    assert answer["total"]["visits"] == 1000
    assert by(answer)["Organic Search"]["leads"] == 25
    assert text(answer, "leads_source").endswith("(generate_lead)")


def test_source_and_medium_in_one_column_are_understood(ask: Ask) -> None:
    traffic = "date,Source / medium,visits\n2026-10-01,google / organic,500\n2026-10-01,facebook / cpc,50\n"
    assert {name: row["visits"] for name, row in by(ask(traffic=traffic)).items()} == {
        "Organic Search": 500,
        "Paid Social": 50,
    }


# --------------------------------------------------------------------------------------- networks, why


def test_by_network_gives_each_social_network_its_visits_leads_and_customers(ask: Ask) -> None:
    rows = by(ask(*OCTOBER, "--by", "network", **FILES), "network")
    assert set(rows) == {"Facebook", "Instagram", "Meta", "(not social)", "(unattributed)"}
    assert (rows["Facebook"]["visit_share"], rows["Facebook"]["new_customers"]) == (0.05, 2)
    assert (rows["Instagram"]["visit_share"], rows["Instagram"]["leads"]) == (0.15, 2)
    assert rows["Meta"]["cost"] == 200  # an export without placements does not say which of its networks


@pytest.mark.parametrize(
    ("visit", "channel", "strategy"),
    [  # the traps of channels.md
        ("google/cpm", "Paid Search", "outbound"),
        ("facebook/social-paid", "Organic Social", "inbound"),
        ("partner/remarketing", "Unassigned", "unknown"),
        ("partner/sponsored", "Unassigned", "unknown"),
        ("partner/unpaid", "Unassigned", "unknown"),
        ("partner/cpa", "Paid Other", "outbound"),
        ("partner/dcpm", "Paid Other", "outbound"),
        ("partner/qr/masterclass shop", "Organic Shopping", "inbound"),
        ("partner/qr/workshop", "Unassigned", "unknown"),
        ("partner/qr/boutique", "Unassigned", "unknown"),
        ("brevo/newsletter", "Unassigned", "unknown"),
        ("email/referral", "Referral", "inbound"),
    ],
)
def test_why_names_the_channel_and_the_strategy(ask: Ask, visit: str, channel: str, strategy: str) -> None:
    row = ask("--why", visit, "--no-config")["rows"][0]
    assert (row["channel"], row["strategy"]) == (channel, strategy)


def test_why_shows_the_rule_that_decided(ask: Ask) -> None:
    row = ask("--why", "google/cpc/brand", "--no-config")["rows"][0]
    assert row["rule"].startswith("GA4 rule 4: Paid Search: source in SEARCH")


def test_why_shows_a_campaign_of_the_spend_files_before_the_rules(ask: Ask) -> None:
    pmax = GOOGLE.replace("brand,Search", "brand,Performance Max")
    row = ask("--why", "google/cpc/Brand", google=pmax)["rows"][0]
    assert row["channel"] == "Cross-network"
    assert row["rule"] == "campaign brand in the spend of google_ads"


def test_an_email_that_reuses_a_campaigns_name_stays_email(ask: Ask) -> None:
    assert ask("--why", "brevo/email/brand", google=GOOGLE)["rows"][0]["channel"] == "Email"


def test_own_rules_come_before_ga4s(ask: Ask) -> None:
    Path("kpi.yml").write_text("channels:\n  - {channel: Email, source: brevo, medium: newsletter}\n")
    row = ask("--why", "brevo/newsletter")["rows"][0]
    assert (row["channel"], row["rule"]) == ("Email", "kpi.yml line 2")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--why", "google"], 2, "is not SOURCE/MEDIUM[/CAMPAIGN]"),
        (["--why", "google/cpc", "--model", "last"], 2, "two questions"),
        (["sales.csv", "--by", "flavour"], 2, "no file has the dimension"),
        (["sales.csv", "--month", "2027-01"], 5, "2027-01"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(
    ask: Ask, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    ask(*OCTOBER, sales=SALES)
    assert main(["channels", *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_a_previous_period_stands_beside(ask: Ask) -> None:
    before = "date,source,medium,campaign,visits,leads\n2026-09-02,google,organic,,400,1\n"
    answer = ask(*OCTOBER, "--compare", "previous", traffic=TRAFFIC, before=before)
    assert answer["previous"]["total"]["visits"] == 400
    assert answer["previous"]["total"]["organic_share"] == 1


def test_where_nothing_was_sold_a_channel_sold_nothing(ask: Ask) -> None:
    """Nobody has kept silent about where sales came from: there are none, and 0 is known."""
    answer = ask(
        "--from",
        "2026-10-07",
        "--to",
        "2026-10-07",
        **FILES
        | {
            "traffic": TRAFFIC + "2026-10-07,google,cpc,brand,90,3\n",
            "google": GOOGLE + "2026-10-07,brand,Search,EUR,30.00,400,25,1.00\n",
        },
    )
    row, total = by(answer)["Paid Search"], answer["total"]
    assert (row["revenue"], row["roi"], row["roas"], total["revenue"], total["roas"]) == (0, -1, 0, 0, 0)
    assert "sales_without_source" not in {note["code"] for note in answer["notes"]}


# ------------------------------------------------------------------- tables that count visitors, not visits


def plausible(*tables: str) -> Path:
    rows = {
        "visitors": "date,visitors,pageviews,visits,views_per_visit,bounce_rate,visit_duration\n"
        "2026-10-01,100,200,120,1.7,50,60\n2026-10-02,110,220,130,1.7,50,60\n",
        "sources": "name,visitors,bounce_rate,visit_duration\nGoogle,120,50,60\nFacebook,30,50,60\n",
        "conversions": "name,unique_conversions,total_conversions\ngenerate_lead,12,14\n",
    }
    path = Path("Plausible export 2026-10-01 to 2026-10-02.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for name in tables:
            archive.writestr(f"{name}.csv", rows[name])
    return path


def test_an_archive_of_plausible_counts_visits_by_day_and_leads_by_its_goals(ask: Ask) -> None:
    answer = ask(str(plausible("visitors", "sources", "conversions")))
    assert (answer["total"]["visits"], answer["total"]["leads"]) == (250, 14)
    sources = next(source for source in answer["sources"] if source["file"].endswith("sources.csv"))
    assert sources["rows"] == {"read": 2, "used": 0, "left_out": {"seen_in_other_file": 2}}


def test_where_visits_name_no_channel_the_organic_share_is_not_known(ask: Ask) -> None:
    answer = ask(str(plausible("visitors")))
    assert answer["total"]["organic_share"] is None
    assert {n["reason"] for n in answer["nulls"] if n["column"] == "organic_share"} == {"no_organic_visits"}


def test_a_table_of_visitors_gives_no_visits(ask: Ask) -> None:
    answer = ask(str(plausible("sources")))
    assert {row["visits"] for row in [*answer["rows"], answer["total"]]} == {None}
    assert {n["reason"] for n in answer["nulls"] if n["column"] == "visits"} == {"visitors_only"}
