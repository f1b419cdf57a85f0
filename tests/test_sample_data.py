"""The sample data: made again it is the same, its totals are true, and its files tell one story."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kpi_cli.config.loading import load_config

FOLDER = Path(__file__).parents[1] / "sample_data"
EXPORTS = FOLDER / "exports"
SCRIPT = FOLDER / "make_sample_data.py"
MADE = ("ab_landing.csv", "costs.yaml", "print_shop.csv", *sorted(f"exports/{path.name}" for path in EXPORTS.iterdir()))
FIRST, LAST = "2025-09-01", "2026-10-31"
CENT = Decimal("0.01")

Record = dict[str, str]


def text(name: str) -> str:
    return (FOLDER / name).read_bytes().decode("utf-8")


def records(name: str) -> list[Record]:
    return list(csv.DictReader(io.StringIO(text(name).removeprefix("\ufeff"))))


def total(rows: Iterable[Record], column: str) -> Decimal:
    return sum((Decimal(row[column] or 0) for row in rows), Decimal(0))


def google() -> tuple[list[Record], list[Record]]:
    """Rows and totals rows of the Google Ads file, its figures in plain notation."""
    _title, _range, header, *lines = text("exports/google_ads.csv").splitlines()
    names = header.split(";")
    rows = [dict(zip(names, line.split(";"), strict=True)) for line in lines]
    for row in rows:
        for column in ("Coût", "Impr.", "Clics", "Conversions"):
            row[column] = row[column].replace("\u202f", "").replace(",", ".")
    return [row for row in rows if row["Campagne"] != " --"], [row for row in rows if row["Campagne"] == " --"]


def meta() -> tuple[list[Record], Record]:
    first, *rows = records("exports/meta_ads.csv")
    return rows, first


def paid() -> list[Record]:
    return [row for row in records("exports/stripe_payments.csv") if row["Status"] in {"Paid", "Refunded"}]


def kept(row: Record) -> Decimal:
    return Decimal(row["Amount"]) - Decimal(row["Amount Refunded"])


def booked(campaign: str, rows: list[Record]) -> list[Record]:
    return [row for row in rows if row["UTM Campaign"].casefold() == campaign.casefold()]


# --- making it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hash_seed", "zone"), [("0", "UTC"), ("4242", "Pacific/Kiritimati")])
def test_made_again_every_file_has_the_same_bytes(tmp_path: Path, hash_seed: str, zone: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone, "LC_ALL": "C", "PYTHONUTF8": "0"}
    subprocess.run([sys.executable, "-B", SCRIPT, tmp_path], check=True, env=environment)
    made = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert made == {name: (FOLDER / name).read_bytes() for name in MADE}


def test_the_folder_stays_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 1_200_000
    assert len(records("exports/stripe_payments.csv")) < 2_500


def test_nobody_in_it_is_real() -> None:
    addresses = {word.lower() for name in MADE for word in re.findall(r"[^\s,;\"]+@[^\s,;\"]+", text(name))}
    assert addresses
    assert all(re.fullmatch(r"learner\d+@example\.com", address) for address in addresses)


# --- totals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["Coût", "Impr.", "Clics", "Conversions"])
def test_google_totals_rows_are_the_sums_of_their_rows(column: str) -> None:
    rows, totals = google()
    stated = {row["Jour"].removeprefix("Total : "): Decimal(row[column]) for row in totals}
    assert stated.pop("campagnes") == stated.pop("compte") == total(rows, column)
    assert sum(stated.values()) == total(rows, column)
    for kind, figure in stated.items():
        assert figure == total((row for row in rows if row["Type de campagne"] == kind), column)


@pytest.mark.parametrize(
    "column",
    [
        "Impressions",
        "Clics sur un lien",
        "Clics (tous)",
        "Prospects",
        "Achats",
        "Valeur de conversion des achats",
        "Montant dépensé (EUR)",
    ],
)
def test_metas_first_row_is_the_sum_of_the_others(column: str) -> None:
    rows, first = meta()
    assert Decimal(first[column]) == total(rows, column)


def test_metas_total_reach_counts_people_once() -> None:
    rows, first = meta()
    assert max(int(row["Couverture"]) for row in rows) < int(first["Couverture"]) < total(rows, "Couverture")


def test_ga4s_grand_total_is_the_sum_of_its_rows_and_has_one_field_more() -> None:
    body = text("exports/ga4_traffic.csv").split("\n\n", 1)[1]
    header, first, *rows = csv.reader(io.StringIO(body))
    assert first[-1] == "Grand total"
    assert len(first) == len(header) + 1
    assert first[3:6] == [str(sum(int(row[n]) for row in rows)) for n in (3, 4, 5)]


# --- shapes ---------------------------------------------------------------------------------------


def test_google_counts_are_grouped_by_narrow_spaces_and_total_costs_are_not_grouped() -> None:
    lines = text("exports/google_ads.csv").splitlines()
    assert lines[1] == '"1 sept. 2025 - 31 oct. 2026"'
    assert re.fullmatch(
        r"Total : compte; --; --;EUR;\d{5},\d\d;(\d{1,3}\u202f)+\d{3};\d+\u202f\d{3};\d+,\d\d", lines[-4]
    )


def test_meta_begins_with_a_byte_order_mark_and_a_row_without_campaign_or_day() -> None:
    assert text("exports/meta_ads.csv").startswith("\ufeff")
    _rows, first = meta()
    assert (first["Nom de la campagne"], first["Jour"]) == ("", "")
    assert (first["Début des rapports"], first["Fin des rapports"]) == (FIRST, LAST)


def test_every_file_covers_the_fourteen_months() -> None:
    days = {
        "google": [row["Jour"] for row in google()[0]],
        "meta": [row["Jour"] for row in meta()[0]],
        "ga4": re.findall(r"(?m)^\d{8}", text("exports/ga4_traffic.csv")),
    }
    for name, found in days.items():
        edges = (FIRST, LAST) if name != "ga4" else (FIRST.replace("-", ""), LAST.replace("-", ""))
        assert (min(found), max(found)) == edges
        assert len(set(found)) == (date.fromisoformat(LAST) - date.fromisoformat(FIRST)).days + 1
    months = re.findall(r"month: (\d{4}-\d\d)", text("costs.yaml"))
    assert len(set(months)) == 14
    assert {row["Created date (UTC)"][:7] for row in paid()} == set(months)


# --- payments -------------------------------------------------------------------------------------


def test_payments_are_newest_first_with_an_id_each() -> None:
    rows = records("exports/stripe_payments.csv")
    moments = [row["Created date (UTC)"] for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_payment_is_the_same_day_in_utc_and_in_paris() -> None:
    hours = {row["Created date (UTC)"][11:13] for row in records("exports/stripe_payments.csv")}
    assert max(hours) < "22"


def test_status_tells_full_refunds_and_a_partial_one_stays_paid() -> None:
    rows = paid()
    full = [row for row in rows if row["Amount Refunded"] == row["Amount"]]
    partial = [row for row in rows if 0 < Decimal(row["Amount Refunded"]) < Decimal(row["Amount"])]
    assert full
    assert partial
    assert {row["Status"] for row in full} == {"Refunded"}
    assert [row for row in rows if row["Status"] == "Refunded"] == full
    refunds = [*full, *partial]
    assert all(row["Refunded date (UTC)"] > row["Created date (UTC)"][:10] for row in refunds)
    assert all((row["Refunded date (UTC)"] == "") == (row not in refunds) for row in rows)


def test_failed_payments_took_no_money() -> None:
    failed = [row for row in records("exports/stripe_payments.csv") if row["Status"] == "Failed"]
    assert len(failed) > 10
    assert {(row["Captured"], row["Fee"], row["Amount Refunded"]) for row in failed} == {("false", "0.00", "0.00")}


def test_revenue_grows_from_about_six_to_about_fifteen_thousand() -> None:
    months: Counter[str] = Counter()
    for row in paid():
        months[row["Created date (UTC)"][:7]] += int(kept(row))
    revenue = [months[month] for month in sorted(months)]
    assert 5_000 < revenue[0] < 7_000
    assert 14_000 < revenue[-1] < 17_000
    assert sum(revenue[-6:]) > 1.4 * sum(revenue[:6])


def test_some_customers_come_back_and_nobody_buys_a_course_twice() -> None:
    bought = Counter((row["Customer Email"].lower(), row["course (metadata)"]) for row in paid())
    people = Counter(email for email, _course in bought)
    assert max(bought.values()) == 1
    assert 0.1 < sum(count > 1 for count in people.values()) / len(people) < 0.4


def test_an_address_and_a_customer_id_are_one_person() -> None:
    pairs = {(row["Customer Email"].lower(), row["Customer ID"]) for row in records("exports/stripe_payments.csv")}
    assert len(pairs) == len({email for email, _id in pairs}) == len({number for _email, number in pairs})
    assert any(row["Customer Email"][0] == "L" for row in paid())


# --- one story ------------------------------------------------------------------------------------


def spend_by_campaign(since: str = FIRST) -> dict[str, Decimal]:
    figures: Counter[str] = Counter()
    for rows, name, cost in (
        (google()[0], "Campagne", "Coût"),
        (meta()[0], "Nom de la campagne", "Montant dépensé (EUR)"),
    ):
        for row in rows:
            if row["Jour"] >= since:
                figures[row[name]] += int(Decimal(row[cost]) / CENT)
    return {name: cents * CENT for name, cents in figures.items()}


def test_every_paid_link_names_a_campaign_of_the_spend_files() -> None:
    known = {name.casefold() for name in spend_by_campaign()}
    paid_links = {row["UTM Campaign"] for row in paid() if row["UTM Medium"] in {"cpc", "paid_social"}}
    assert {name.casefold() for name in paid_links} == known
    assert len(paid_links) > len(known), "some links differ in case"


def test_no_sale_precedes_the_first_day_of_its_campaign() -> None:
    begun: dict[str, str] = {}
    for row in google()[0]:
        begun.setdefault(row["Campagne"].casefold(), row["Jour"])
    for row in paid():
        assert row["Created date (UTC)"][:10] >= begun.get(row["UTM Campaign"].casefold(), FIRST)


def test_about_a_tenth_of_the_sales_lost_their_tags() -> None:
    rows = paid()
    untagged = [row for row in rows if not (row["UTM Source"] or row["UTM Medium"] or row["UTM Campaign"])]
    assert 0.05 < len(untagged) / len(rows) < 0.15


def return_on(campaign: str, since: str) -> Decimal:
    """Margin of 80 % on revenue without 20 % of VAT, against the campaign's spend."""
    rows = [row for row in booked(campaign, paid()) if row["Created date (UTC)"] >= since]
    margin = sum((kept(row) for row in rows), Decimal(0)) / Decimal("1.2") * Decimal("0.8")
    spend = spend_by_campaign(since)[campaign]
    return (margin - spend) / spend


@pytest.mark.parametrize("since", [FIRST, "2026-10-01"])
def test_brand_search_wins_and_youtube_loses(since: str) -> None:
    assert return_on("Recherche - Marque", since) > 2
    assert return_on("Recherche - Formation photo", since) > 0
    assert return_on("YouTube - Découverte", since) < Decimal("-0.5")


def test_google_claims_about_what_was_booked_and_meta_well_above() -> None:
    rows = paid()
    google_rows, _totals = google()
    google_booked = sum(len(booked(name, rows)) for name in {row["Campagne"] for row in google_rows})
    meta_rows, first = meta()
    meta_booked = sum(len(booked(name, rows)) for name in {row["Nom de la campagne"] for row in meta_rows})
    assert 0.9 < total(google_rows, "Conversions") / google_booked < 1.25
    assert 1.3 < Decimal(first["Achats"]) / meta_booked < 1.9


@pytest.mark.parametrize(
    ("rows", "claims", "clicks", "impressions"),
    [
        (lambda: google()[0], "Conversions", "Clics", "Impr."),
        (lambda: meta()[0], "Achats", "Clics sur un lien", "Impressions"),
    ],
)
def test_no_platform_claims_more_conversions_than_clicks(
    rows: Callable[[], list[Record]], claims: str, clicks: str, impressions: str
) -> None:
    assert all(Decimal(row[claims] or 0) <= Decimal(row[clicks]) <= Decimal(row[impressions]) for row in rows())


def test_every_kept_order_has_its_enrolment_and_no_other() -> None:
    orders = {
        (row["course (metadata)"], row["Customer Email"].lower(), row["Created date (UTC)"][:10])
        for row in paid()
        if row["Status"] == "Paid"
    }
    enrolments = records("exports/course_progress.csv")
    assert orders == {(row["course"], row["email"], row["enrolled_at"]) for row in enrolments}
    assert len(orders) == len(enrolments)


def test_progress_agrees_with_its_dates() -> None:
    for row in records("exports/course_progress.csv"):
        assert (row["started_at"] == "") == (row["progress"] == "0%")
        assert (row["completed_at"] != "") == (row["progress"] == "100%")
        dates = [row[column] for column in ("enrolled_at", "started_at", "completed_at") if row[column]]
        assert dates == sorted(dates)
        assert dates[-1] <= LAST


def test_the_landing_test_is_part_of_octobers_traffic_and_b_is_better_but_not_hugely() -> None:
    rows = records("ab_landing.csv")
    visits: Counter[str] = Counter()
    leads: Counter[str] = Counter()
    for row in rows:
        visits[row["variant"]] += int(row["visits"])
        leads[row["variant"]] += int(row["leads"])
    lines = [line.split(",") for line in text("exports/ga4_traffic.csv").splitlines() if line.startswith("202610")]
    assert sum(visits.values()) < sum(int(line[3]) for line in lines)
    assert sum(leads.values()) < sum(int(line[5]) for line in lines)
    rate = {arm: leads[arm] / visits[arm] for arm in visits}
    pooled = sum(leads.values()) / sum(visits.values())
    z = (rate["B"] - rate["A"]) / (pooled * (1 - pooled) * (1 / visits["A"] + 1 / visits["B"])) ** 0.5
    assert 1.96 < z < 3


def test_its_kpi_yml_is_understood_and_names_every_course() -> None:
    config = load_config(FOLDER / "kpi.yml")
    assert config.sources[0].files == ("exports/*.csv",)
    assert config.costs.files == ("costs.yaml",)
    titles = {(row["Description"], row["course (metadata)"]) for row in paid()}
    assert dict(titles) == config.products
