"""`kpi cac`: worked figures, allocation, new customers, leads, targets, payback, refusals."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_cli.commands.app import main

Ask = Callable[..., dict[str, Any]]

SPEND = """date,platform,channel,campaign,cost,currency,leads
2026-09-05,Google Ads,Paid Search,brand,300,EUR,20
2026-10-05,Google Ads,Paid Search,brand,300,EUR,20
2026-10-06,Meta,Paid Social,spring,200,EUR,10
"""
SALES = """date,order_id,customer_id,amount,tax,channel,currency
2026-09-03,o1,c-0001,120,20,Paid Search,EUR
2026-09-10,o2,c-0002,50,0,Email,EUR
2026-10-02,o3,c-0001,100,0,Email,EUR
2026-10-07,o4,c-0003,80,0,Paid Social,EUR
2026-10-08,o5,c-0004,80,0,Paid Social,EUR
"""
COSTS = """month,category,strategy,channel,cost,currency
2026-09,people,inbound,,100,EUR
2026-10,tools,shared,,60.01,EUR
"""
AUTUMN = ("--from", "2026-09-01", "--to", "2026-10-31")


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Write the files given by name, run `kpi cac` on them, give its JSON."""
    monkeypatch.chdir(tmp_path)

    def run(*options: str, **files: str) -> dict[str, Any]:
        for name, text in files.items():
            Path(f"{name}.csv").write_text(text, "utf-8")
        code = main(["cac", *(f"{name}.csv" for name in files), *options, "--json"])
        out, err = capsys.readouterr()
        assert code == 0, err
        answer: dict[str, Any] = json.loads(out)
        return answer

    return run


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["cac", *arguments])
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


def by(answer: dict[str, Any], name: str = "channel") -> dict[str, dict[str, Any]]:
    return {row[name]: row for row in answer["rows"]}


def reason(answer: dict[str, Any], column: str, row: int | None = None) -> str | None:
    return next((n["reason"] for n in answer["nulls"] if (n["row"], n["column"]) == (row, column)), None)


def codes(answer: dict[str, Any]) -> set[str]:
    return {note["code"] for note in answer["notes"]}


def test_costs_that_two_files_hold_are_kept_and_said_and_dropped_when_asked(ask: Ask) -> None:
    files = {"spend": SPEND, "sales": SALES, "costs": COSTS}
    kept = ask(*AUTUMN, **files, copy=COSTS)
    assert kept["total"]["cost"] == 1120.02  # 800 of media, twice 160.01 of others
    said = [(note["file"], note["line"]) for note in kept["notes"] if note["code"] == "duplicates_kept"]
    assert said == [("copy.csv", 2)]
    assert ask(*AUTUMN, "--dedupe", **files, copy=COSTS)["total"] == ask(*AUTUMN, **files)["total"]


# ------------------------------------------------------------------------------------- worked figures


def test_inbound_5000_over_two_months_for_10_customers_is_500_each_and_2500_and_5_a_month(ask: Ask) -> None:
    # The worked example of metrics.md.
    sales = "date,order_id,customer_id,amount,currency,tax,channel\n"
    sales += "".join(f"2026-{9 + n % 2:02}-{n + 1:02},o{n},c-{n:04},90,EUR,0,Email\n" for n in range(10))
    costs = "month,category,strategy,cost,currency\n2026-09,people,inbound,2000,EUR\n2026-10,time,inbound,3000,EUR\n"
    answer = ask(*AUTUMN, sales=sales, costs=costs)
    assert answer["total"]["cost"] == 5000
    assert answer["total"]["new_customers"] == 10
    assert answer["total"]["cac"] == answer["total"]["cac_loaded"] == 500
    assert answer["per_month"] == {"months": 2, "cost": 2500, "leads": None, "new_customers": 5}


def test_media_and_loaded_cac_stand_side_by_side_and_cac_is_the_loaded_one(ask: Ask) -> None:
    total = ask(*AUTUMN, spend=SPEND, sales=SALES, costs=COSTS)["total"]
    # 800 of media and 160.01 of other costs for 4 people, 50 leads
    assert (total["cost"], total["media_cost"]) == (960.01, 800)
    assert (total["cac_media"], total["cac_loaded"], total["cac"]) == (200, 240.0025, 240.0025)
    assert total["cpl"] == 19.2002


def test_without_a_file_of_other_costs_cac_is_the_media_one(ask: Ask) -> None:
    answer = ask(*AUTUMN, spend=SPEND, sales=SALES)
    assert answer["total"]["cac"] == answer["total"]["cac_media"] == 200
    assert answer["total"]["cac_loaded"] is None
    assert reason(answer, "cac_loaded") == "no_costs_file"


def test_the_calculator_speaks_of_no_files(capsys: pytest.CaptureFixture[str]) -> None:
    for lang, word in (("en", "file"), ("fr", "fichier")):
        assert main(["cac", "--cost", "5000", "--customers", "10", "--lang", lang]) == 0
        assert word not in capsys.readouterr().out
    assert main(["cac", "--cost", "5000", "--customers", "10", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {reason(answer, name) for name in ("leads", "cpl")} == {"leads_not_given"}
    assert reason(answer, "cac_loaded") == "other_costs_not_given"


def test_the_calculator_divides_what_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cac", "--cost", "5000", "--customers", "10", "--leads", "100", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["total"]["cac"], answer["total"]["cpl"]) == (500, 50)
    assert answer["period"] is None
    assert answer["rows"] == []


def test_the_calculator_shows_the_cost_where_nobody_was_won(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cac", "--cost", "5000", "--customers", "0", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["total"]["cac"], answer["total"]["cost"]) == (None, 5000)
    assert reason(answer, "cac") == "no_new_customers"


def test_the_calculator_holds_its_cac_against_a_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cac", "--cost", "5000", "--customers", "10", "--target", "450", "--currency", "EUR", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["total"]["cac_target"], answer["total"]["over_target"]) == (450, 50)
    assert answer["currency"] == "EUR"


# --------------------------------------------------------------------------------------- new customers


def test_a_customer_belongs_to_the_channel_of_the_first_order(ask: Ask) -> None:
    rows = by(ask(*AUTUMN, "--by", "channel", spend=SPEND, sales=SALES))
    # c-0001 came by Paid Search in September and bought again by Email in October
    won = {name: row["new_customers"] for name, row in rows.items()}
    assert won == {"Paid Search": 1, "Email": 1, "Paid Social": 2}


def test_first_purchases_look_at_sales_before_the_window(ask: Ask) -> None:
    answer = ask("--month", "2026-10", spend=SPEND, sales=SALES)
    assert answer["total"]["new_customers"] == 2
    assert "new_customers_overstated" not in codes(answer)


def test_sales_that_start_in_the_window_overstate_new_customers_and_it_is_said(ask: Ask) -> None:
    assert "new_customers_overstated" in codes(ask(*AUTUMN, spend=SPEND, sales=SALES))


def test_overstated_new_customers_are_refused_under_strict(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask(spend=SPEND, sales=SALES.replace("2026-09-03", "2026-09-06"))
    code, err = refused(capsys, "spend.csv", "sales.csv", "--strict")
    assert code == 3
    assert "customers who bought before that count as new" in err


def test_the_rows_own_column_says_who_is_new(ask: Ask) -> None:
    sales = """date,order_id,customer_id,customer type,amount,currency
2026-10-05,o1,c-0001,returning,100,EUR
2026-10-06,o2,c-0002,new,100,EUR
2026-10-07,o3,c-0002,returning,100,EUR
2026-10-08,o4,c-0003,new,100,EUR
"""
    answer = ask("--month", "2026-10", spend=SPEND, sales=sales)
    assert answer["total"]["new_customers"] == 2
    assert "new_customers_overstated" not in codes(answer)


def test_sales_that_name_nobody_leave_customers_unknown(ask: Ask) -> None:
    sales = "date,order_id,amount,currency,product\n2026-10-05,o1,100,EUR,portrait\n"
    answer = ask("--month", "2026-10", spend=SPEND, sales=sales)
    assert answer["total"]["new_customers"] is None
    assert answer["total"]["cac"] is None
    assert reason(answer, "cac") == "no_customer_id"


def test_the_order_of_the_rows_does_not_matter(ask: Ask) -> None:
    head, *rows = SALES.splitlines()
    one = ask(*AUTUMN, "--by", "channel", spend=SPEND, sales=SALES)
    other = ask(*AUTUMN, "--by", "channel", spend=SPEND, sales="\n".join([head, *reversed(rows)]) + "\n")
    assert one["rows"] == other["rows"]


# ----------------------------------------------------------------------------------------------- leads


def test_leads_come_from_the_leads_file_before_the_platforms_and_are_never_added(ask: Ask) -> None:
    leads = "date,lead id,stage,channel\n" + "".join(f"2026-10-{n + 1:02},l{n},lead,Paid Search\n" for n in range(12))
    answer = ask("--month", "2026-10", "--by", "channel", spend=SPEND, sales=SALES, leads=leads)
    assert answer["total"]["leads"] == 12
    assert by(answer)["Paid Social"]["leads"] == 0
    said = next(note["text"] for note in answer["notes"] if note["code"] == "leads_source")
    assert said == "leads are counted from the leads file"


def test_leads_come_from_the_event_of_the_visits_file_before_the_platforms(ask: Ask) -> None:
    traffic = """date,channel,visits,leads
2026-10-01,Paid Search,300,7
2026-10-05,Email,100,1
"""
    answer = ask("--month", "2026-10", spend=SPEND, sales=SALES, traffic=traffic)
    assert answer["total"]["leads"] == 8


def test_a_channel_no_platform_counts_leads_for_has_unknown_leads_not_0(ask: Ask) -> None:
    answer = ask(*AUTUMN, "--by", "channel", "--sort", "channel", spend=SPEND, sales=SALES)
    assert by(answer)["Email"]["leads"] is None
    assert reason(answer, "leads", 0) == "leads_unknown"


# ------------------------------------------------------------------------------------------ allocation


def test_cost_that_names_no_channel_stays_not_allocated(ask: Ask) -> None:
    rows = by(ask(*AUTUMN, "--by", "channel", spend=SPEND, sales=SALES, costs=COSTS))
    assert rows["(not allocated)"]["cost"] == 160.01
    assert rows["Paid Search"]["cost"] == 600


@pytest.mark.parametrize(
    ("key", "weights"),
    [
        ("revenue", {"Paid Search": 100, "Email": 150, "Paid Social": 160}),
        ("media", {"Paid Search": 600, "Email": 0, "Paid Social": 200}),
        ("customers", {"Paid Search": 1, "Email": 1, "Paid Social": 2}),
        ("even", {"Paid Search": 1, "Email": 1, "Paid Social": 1}),
    ],
)
def test_allocation_spreads_by_its_key_and_the_parts_add_up(ask: Ask, key: str, weights: dict[str, int]) -> None:
    answer = ask(*AUTUMN, "--by", "channel", "--allocate", key, spend=SPEND, sales=SALES, costs=COSTS)
    rows = by(answer)
    assert "(not allocated)" not in rows
    for channel, weight in weights.items():
        share = Fraction("160.01") * weight / sum(weights.values())
        own = {"Paid Search": 600, "Email": 0, "Paid Social": 200}[channel]
        assert rows[channel]["cost"] == pytest.approx(float(own + share), abs=1e-6)
    assert sum(Decimal(str(row["cost"])) for row in rows.values()) == Decimal("960.01")
    assert "allocated" in codes(answer)


@pytest.mark.parametrize("key", ["revenue", "media", "customers", "even"])
def test_a_channel_bears_the_same_part_in_cac_and_in_roi(
    ask: Ask, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Email sold in October and won nobody.
    options = ("--month", "2026-10", "--by", "channel", "--allocate", key)
    costs = {row["channel"]: row["cost"] for row in ask(*options, spend=SPEND, sales=SALES, costs=COSTS)["rows"]}
    assert main(["roi", "spend.csv", "sales.csv", "costs.csv", *options, "--json"]) == 0
    of_roi = {row["channel"]: row["cost"] for row in json.loads(capsys.readouterr().out)["rows"]}
    assert {name: cost for name, cost in costs.items() if cost} == {name: cost for name, cost in of_roi.items() if cost}


def test_a_key_that_sums_to_0_leaves_the_cost_where_it_is(ask: Ask) -> None:
    sales = "date,order_id,customer_id,amount,currency\n2026-10-05,o1,c-0001,100,EUR\n"
    answer = ask(
        "--month", "2026-10", "--by", "channel", "--allocate", "revenue", spend=SPEND, sales=sales, costs=COSTS
    )
    assert by(answer)["(not allocated)"]["cost"] == 60.01
    assert "allocation_key_zero" in codes(answer)


def test_shared_costs_are_spread_within_their_month(ask: Ask) -> None:
    options = ("--by", "month,channel", "--allocate", "media")
    answer = ask(*AUTUMN, *options, spend=SPEND, sales=SALES, costs=COSTS)
    costs = {(row["month"], row["channel"]): row["cost"] for row in answer["rows"]}
    # September: all 100 to the only channel with media; October: 60.01 as 300 to 200
    assert costs["2026-09", "Paid Search"] == 400
    assert costs["2026-10", "Paid Search"] == 336.006
    assert costs["2026-10", "Paid Social"] == 224.004


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cents=st.integers(1, 10**9),
    revenues=st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
    key=st.sampled_from(["revenue", "even", "customers"]),
)
def test_whatever_is_allocated_the_rows_add_up_to_the_total(
    tmp_path_factory: pytest.TempPathFactory, cents: int, revenues: list[int], key: str
) -> None:
    from kpi_cli.ask import Ask as Question
    from kpi_cli.ask import Files
    from kpi_cli.period import PeriodOptions
    from kpi_cli.questions.cac import cac

    folder = tmp_path_factory.mktemp("allocation")
    sales = "date,order_id,customer_id,amount,channel,currency\n"
    sales += "".join(f"2026-10-05,o{n},c-{n:04},{r},Channel {n},EUR\n" for n, r in enumerate(revenues))
    (folder / "sales.csv").write_text(sales)
    amount = Decimal(cents) / 100
    (folder / "costs.csv").write_text(f"month,category,cost,currency\n2026-10,people,{amount},EUR\n")
    question = Question(
        Files(tuple((str(folder / name), None) for name in ("sales.csv", "costs.csv"))),
        PeriodOptions(month="2026-10"),
        ("channel",),
        allocate=key,
    )
    result = cac(question)
    assert sum((Decimal(str(row["cost"])) for row in result.rows), Decimal(0)) == amount == result.total["cost"]


# ------------------------------------------------------------------------------- targets, payback, time


def test_a_target_marks_who_is_over_it(ask: Ask) -> None:
    answer = ask(*AUTUMN, "--by", "channel", "--target", "120", spend=SPEND, sales=SALES)
    over = {name: row["over_target"] for name, row in by(answer).items()}
    assert over == {"Paid Search": 480, "Paid Social": -20, "Email": -120}
    assert answer["total"]["over_target"] == 80
    said = next(note["text"] for note in answer["notes"] if note["code"] == "over_target")
    assert said == "over the target: Paid Search, Total"


def test_fail_if_trips_on_a_channel_over_the_limit(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask(*AUTUMN, spend=SPEND, sales=SALES)
    arguments = ["spend.csv", "sales.csv", *AUTUMN, "--by", "channel", "--json"]
    assert main(["cac", *arguments, "--fail-if", "cac > 500"]) == 4
    assert "Paid Search" in capsys.readouterr().err
    assert main(["cac", *arguments, "--fail-if", "total.cac > 500"]) == 0


@pytest.mark.parametrize(("margin", "month"), [("100%", 0), ("50%", 1), ("25%", 2), ("10%", None)])
def test_payback_is_the_first_month_in_which_the_cohorts_margin_reaches_its_cac(
    ask: Ask, margin: str, month: int | None
) -> None:
    # One person for 100: 100 in the month of the first purchase, 200 by the next, 400 by the one after.
    spend = "date,platform,cost,currency\n2026-07-01,Meta,100,EUR\n"
    sales = """date,order_id,customer_id,amount,currency
2026-07-20,o1,c-0001,100,EUR
2026-08-02,o2,c-0001,100,EUR
2026-09-15,o3,c-0001,200,EUR
"""
    answer = ask("--month", "2026-07", "--margin", margin, spend=spend, sales=sales)
    assert answer["total"]["payback_months"] == month
    assert reason(answer, "payback_months") == (None if month is not None else "not_paid_back")


def test_payback_needs_a_margin(ask: Ask) -> None:
    answer = ask(*AUTUMN, spend=SPEND, sales=SALES)
    assert reason(answer, "payback_months") == "no_margin"


def test_rows_by_month_are_the_months_own_and_a_previous_period_stands_beside(ask: Ask) -> None:
    rows = by(ask(*AUTUMN, "--every", "month", spend=SPEND, sales=SALES), "month")
    assert (rows["2026-09"]["new_customers"], rows["2026-10"]["new_customers"]) == (2, 2)
    assert (rows["2026-09"]["cac"], rows["2026-10"]["cac"]) == (150, 250)
    compared = ask("--month", "2026-10", "--compare", "previous", spend=SPEND, sales=SALES)
    assert compared["previous"]["total"]["media_cost"] == 300


# ------------------------------------------------------------------------------ what is missing or wrong


def test_customers_without_cost_have_a_cac_of_0_that_is_remarked_on(ask: Ask) -> None:
    answer = ask(*AUTUMN, "--by", "channel", spend=SPEND, sales=SALES)
    assert by(answer)["Email"]["cac"] == 0
    said = next(note["text"] for note in answer["notes"] if note["code"] == "customers_without_cost")
    assert said.startswith("no cost is recorded for Email")


def test_cost_without_customers_has_no_cac_and_shows_the_cost(ask: Ask) -> None:
    answer = ask("--month", "2026-10", "--by", "channel", "--sort", "channel", spend=SPEND, sales=SALES)
    assert by(answer)["Paid Search"]["cost"] == 300
    assert by(answer)["Paid Search"]["cac"] is None
    assert reason(answer, "cac", 0) == "no_new_customers"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--cost", "500"], 2, "--customers is missing"),
        (["--cost", "500", "--customers", "-1"], 2, "--customers is below 0"),
        (["--cost", "-500", "--customers", "1"], 2, "--cost is below 0"),
        (["--cost", "500", "--customers", "2.5"], 2, "--customers “2.5” is no whole number"),
        (["--cost", "500", "--customers", "1", "--leads", "-1"], 2, "--leads is below 0"),
        (["--cost", "500", "--customers", "1", "--leads", "1", "--leads", "2"], 2, "--leads “1 and 2”"),
        (["--cost", "500", "--customers", "1", "--target", "-1"], 2, "--target is below 0"),
        (["--cost", "500", "--customers", "1", "--sales", "sales.csv"], 2, "figures and files"),
        (["--cost", "abc", "--customers", "1"], 2, "--cost “abc”"),
        (["spend.csv", "--cost", "500", "--customers", "1"], 2, "figures and files"),
        (["spend.csv", "--no-config", "--allocate", "clicks"], 2, "--allocate takes"),
        (["sales.csv", "--no-config"], 5, "there is no file with spend or costs"),
        (["costs.csv", "--no-config"], 5, "there is no file with sales or leads"),
        (["spend.csv", "sales.csv", "--month", "2027-01"], 5, "2027-01"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(
    ask: Ask, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    ask(*AUTUMN, spend=SPEND, sales=SALES, costs=COSTS)
    found, err = refused(capsys, *arguments)
    assert found == code
    assert said in err
    assert err.count("\n") == 1


CALCULATORS = [
    "roi --revenue 100 --cost 70",
    "cac --cost 100 --customers 7",
    "ltv --average-sale 150 --purchases 3/year --retention 12mo",
    "ltv --arpa 10/month --churn-rate 5%",
    "funnel --stage visits=10 --stage leads=2",
    "funnel --a 1/10 --b 2/10",
]


@pytest.mark.parametrize(
    ("calculator", "beside", "said"),
    [
        ("roi --revenue 100 --cost 70", "--spend spend.csv", "figures and files"),
        ("ltv --arpa 10/month --churn-rate 5%", "--sales sales.csv", "figures and files"),
        ("funnel --a 1/10 --b 2/10", "--events events.csv", "figures and files"),
        ("funnel --stage visits=10 --stage leads=2", "--traffic visits.csv", "figures and files"),
        ("roi --revenue 100 --cost 70", "--by channel", "--by asks something of files"),
        ("cac --cost 100 --customers 7", "--month 2026-10", "--month asks something of files"),
        ("ltv --arpa 10/month --churn-rate 5%", "--from 2026-10-01", "--from asks something of files"),
        ("funnel --a 1/10 --b 2/10", "--as-of 2026-10-01", "--as-of asks something of files"),
        *(
            (calculator, option, f"{option.split()[0]} asks something of files")
            for calculator in CALCULATORS
            for option in ("--decimal ,", "--date-format dmy", "--tz Europe/Paris", "--encoding cp1252", "--memory 1GB")
        ),
        ("roi --revenue 100", "--cost -70", "--cost is below 0"),
        ("ltv --churn-rate 5%", "--arpa -10/month", "--arpa is below 0"),
        ("funnel --stage visits=10", "--stage leads=-2", "“leads” is below 0"),
        ("funnel --a 1/10", "--b -2/10", "--b “-2/10”"),
    ],
)
def test_calculators_take_neither_files_nor_what_is_asked_of_files_nor_figures_below_0(
    capsys: pytest.CaptureFixture[str], calculator: str, beside: str, said: str
) -> None:
    assert main([*calculator.split(), *beside.split()]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_on_the_sample_school_new_customers_and_costs_are_those_of_its_files(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The same two figures by another way: plain csv reading of the Stripe export and the costs.
    sample = Path(__file__).parents[2] / "sample_data"
    assert main(["cac", "--config", str(sample / "kpi.yml"), "--month", "2026-10", "--json"]) == 0
    total = json.loads(capsys.readouterr().out)["total"]
    first: dict[str, dt.date] = {}
    with (sample / "exports" / "stripe_payments.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["Status"] in {"Paid", "Refunded"}:
                day = dt.date.fromisoformat(row["Created date (UTC)"][:10])
                who = row["Customer Email"].strip().casefold()
                first[who] = min(day, first.get(who, day))
    assert total["new_customers"] == sum(1 for day in first.values() if (day.year, day.month) == (2026, 10))
    costs = (sample / "costs.yaml").read_text("utf-8")
    october = [line for line in costs.splitlines() if "month: 2026-10" in line]
    other = sum(Decimal(line.partition("cost: ")[2].partition(",")[0]) for line in october)
    assert Decimal(str(total["cost"])) - Decimal(str(total["media_cost"])) == other


def test_csv_has_every_column_of_the_contract(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask(*AUTUMN, spend=SPEND, sales=SALES)
    assert main(["cac", "spend.csv", "sales.csv", *AUTUMN, "--by", "channel", "-f", "csv"]) == 0
    head = capsys.readouterr().out.splitlines()[0]
    assert head == "channel,cost,media_cost,leads,new_customers,cpl,cac_media,cac_loaded,cac,payback_months"


# ---------------------------------------------------------------------------------- leads over several files

CONTACTS = """Record ID,Email,Lifecycle Stage,Create Date,Original Source
101,learner1@example.com,Lead,2026-10-03 10:00,Organic Search
102,learner2@example.com,Customer,2026-10-05 11:00,Paid Social
103,learner3@example.com,Lead,2026-10-20 11:00,Email Marketing
"""
LATER = """Record ID,Email,Lifecycle Stage,Create Date,Original Source
103,learner3@example.com,Customer,2026-10-20 11:00,Email Marketing
104,learner4@example.com,Lead,2026-10-25 11:00,Email Marketing
"""
DEALS = """Record ID,Deal Name,Deal Stage,Close Date,Amount,Pipeline,Create Date
103,Course A,Closed Won,2026-10-30,900,Sales,2026-10-10 09:00
9002,Course B,Appointment,2026-11-15,500,Sales,2026-10-12 09:00
"""
OCTOBER = ("--month", "2026-10", "--by", "channel")


def test_a_contact_in_two_downloads_is_one_lead(ask: Ask) -> None:
    answer = ask(*OCTOBER, spend=SPEND, contacts=CONTACTS, later=LATER)
    assert answer["total"]["leads"] == 4
    assert by(answer)["Email"]["leads"] == 2
    rows = {source["file"]: source["rows"] for source in answer["sources"]}
    assert rows["later.csv"] == {"read": 2, "used": 1, "left_out": {"seen_in_other_file": 1}}


def test_an_id_that_stands_twice_in_one_download_is_one_lead(ask: Ask) -> None:
    answer = ask(*OCTOBER, spend=SPEND, contacts=CONTACTS + CONTACTS.splitlines()[1] + "\n")
    assert answer["total"]["leads"] == 3
    assert answer["sources"][-1]["rows"]["left_out"] == {"duplicate": 1}


def test_deals_are_not_counted_beside_the_contacts_they_come_of(ask: Ask) -> None:
    answer = ask(*OCTOBER, spend=SPEND, contacts=CONTACTS, deals=DEALS)
    assert answer["total"]["leads"] == 3
    assert "deals_left_out" in codes(answer)


def test_deals_alone_are_the_leads_there_are(ask: Ask) -> None:
    answer = ask(*OCTOBER, spend=SPEND, deals=DEALS)
    assert answer["total"]["leads"] == 2
    assert "deals_left_out" not in codes(answer)


def test_a_person_in_the_lists_of_two_systems_on_one_day_is_one_lead(ask: Ask) -> None:
    form = "date,lead id,stage,email,channel\n2026-10-03,f1,new,Learner1@Example.com ,Email\n"
    answer = ask(*OCTOBER, spend=SPEND, contacts=CONTACTS, form=form)
    assert answer["total"]["leads"] == 3


@pytest.mark.parametrize("other", ["date,channel,leads\n2026-10-03,Email,5\n", CONTACTS])
def test_counts_of_leads_beside_others_of_the_same_days_are_refused(
    ask: Ask, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    ask(*OCTOBER, spend=SPEND, counts="date,channel,leads\n2026-10-03,Email,4\n")
    Path("other.csv").write_text(other, "utf-8")
    code, err = refused(capsys, "spend.csv", "counts.csv", "other.csv", "--month", "2026-10")
    assert code == 3
    assert "counts.csv and this file count the same leads" in err


def test_counts_of_other_days_are_joined(ask: Ask) -> None:
    one = "date,channel,leads\n2026-10-03,Email,4\n"
    assert ask(*OCTOBER, spend=SPEND, one=one, two=one.replace("-03", "-04"))["total"]["leads"] == 8


def test_a_list_that_the_user_calls_leads_needs_no_more_than_an_address_and_a_day(ask: Ask) -> None:
    ask(*OCTOBER, spend=SPEND, sales=SALES)
    Path("list.csv").write_text("date,email\n2026-10-03,learner1@example.com\n2026-10-04,learner2@example.com\n")
    assert main(["cac", "spend.csv", "--leads", "list.csv", "--month", "2026-10", "--fail-if", "total.cpl > 249"]) == 4


def test_where_no_lead_names_its_channel_those_of_a_channel_are_not_known(ask: Ask) -> None:
    leads = "date,lead id,stage\n2026-10-03,l1,new\n2026-10-04,l2,new\n"
    answer = ask(*OCTOBER, "--sort", "channel", spend=SPEND, leads=leads)
    assert by(answer)["(unattributed)"]["leads"] == answer["total"]["leads"] == 2
    assert by(answer)["Paid Search"]["leads"] is None
    names = [row["channel"] for row in answer["rows"]]
    assert reason(answer, "cpl", names.index("Paid Search")) == "leads_without_source"


def test_leads_without_cost_have_a_cpl_of_0_that_is_remarked_on(ask: Ask) -> None:
    answer = ask(*OCTOBER, spend=SPEND, contacts=CONTACTS)
    assert by(answer)["Email"]["cpl"] == 0
    said = next(note["text"] for note in answer["notes"] if note["code"] == "leads_without_cost")
    assert said == "no cost is recorded for Email, Organic Search, so a CPL of 0 says nothing there"


def test_a_count_of_leads_below_zero_is_refused_with_its_cell(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask(*OCTOBER, spend=SPEND, sales=SALES)
    Path("leads.csv").write_text("date,channel,leads\n2026-10-03,Email,-4\n")
    assert refused(capsys, "spend.csv", "leads.csv") == (
        3,
        "kpi: error: leads.csv:2:3: leads “-4” is a count below zero; mend the cell\n",
    )


def test_a_cost_below_zero_is_remarked_on(ask: Ask) -> None:
    credited = SPEND + "2026-10-07,Meta,Paid Social,spring,-500,EUR,0\n"
    answer = ask(*OCTOBER, spend=credited, sales=SALES)
    said = next(note["text"] for note in answer["notes"] if note["code"] == "negative_cost")
    assert said.startswith("cost is below zero in Paid Social:")


def test_two_files_that_slice_one_spend_are_refused(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask(*OCTOBER, spend=SPEND, sales=SALES)
    for name in ("age", "device"):
        Path(f"{name}.csv").write_text(
            f"date,platform,campaign,{name},cost,currency\n2026-10-05,Meta,spring,x,200,EUR\n"
        )
    code, err = refused(capsys, "age.csv", "device.csv", "sales.csv")
    assert code == 3
    assert "age.csv and this file slice the same spend in two ways" in err


def test_ids_are_no_dimension(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask(*OCTOBER, spend=SPEND, contacts=CONTACTS)
    code, err = refused(capsys, "spend.csv", "contacts.csv", "--by", "lead_id")
    assert code == 2
    assert "no file has the dimension “lead_id”" in err
    assert "learner1" not in err


def test_a_format_that_is_none_is_refused_beside_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = refused(capsys, "--cost", "100", "--customers", "2", "-f", "pdf", "--json")
    assert code == 2
    assert "no format “pdf” here" in err
