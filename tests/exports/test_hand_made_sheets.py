"""Files as people keep them and platforms without a format of their own give them, against sums done by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main


@pytest.mark.parametrize(
    "header",
    [
        "Date,Campaign,Sent,Opens,Unique Opens,Clicks,Unique Clicks",
        "Date,Campagne,Envoyés,Ouvertures,Ouvertures uniques,Clics,Clics uniques",
        "Datum,Kampagne,Gesendet,Öffnungen,Eindeutige Öffnungen,Klicks,Eindeutige Klicks",
        "Fecha,Campaña,Enviados,Aperturas,Aperturas únicas,Clics,Clics únicos",
        "Data,Campanha,Enviados,Aberturas,Aberturas únicas,Cliques,Cliques únicos",
        "Data,Campagna,Inviati,Aperture,Aperture uniche,Clic,Clic unici",
        "Sent Date,Campaign,Recipients,Total Opens,Unique Opens,Total Clicks,Unique Clicks",
        "Send Time,Campaign,Total Recipients,Opens,Unique Opens,Clicks,Unique Clicks",
    ],
)
def test_a_mailing_was_opened_by_persons_not_by_every_time_they_looked(header: str, check: Any) -> None:
    rows = "2026-10-03,October,1000,500,420,80,60\n2026-10-14,Launch,1100,600,495,90,77\n"
    [source] = check(("mails.csv", f"{header}\n{rows}"))
    assert (source.sum("opened"), source.sum("clicked")) == (420 + 495, 60 + 77)
    assert source["period"] == {"start": "2026-10-03", "end": "2026-10-14"}


@pytest.mark.parametrize(
    "header",
    [
        "Campaign,Campaign ID,Day,Impressions,CTR,Avg. CPC,Spend",
        "Campaign,Currency code,Date,Impressions,CTR,CPC,Spend",
        "Campaign Name,Account,Date,Impressions,CTR,CPC,Total Spent",
    ],
)
def test_a_sheet_headed_like_a_download_is_asked_which_comes_first_day_or_month(header: str, check: Any) -> None:
    rows = "O1,EUR,03/10/2026,1000,0.30%,0.20,60.00\nO1,EUR,04/10/2026,900,0.28%,0.20,50.00\n"
    [source] = check(("spend.csv", f"{header}\n{rows}"), code=3)
    assert (source["error"]["code"], source["error"]["column"]) == ("date_order_open", 3)
    [source] = check(("spend.csv", f"{header}\n{rows}"), options=("--date-format", "dmy"))
    assert (source.sum("cost"), source["period"]["start"]) == (110, "2026-10-03")


@pytest.mark.parametrize(
    "lines",
    [
        "Gregorian date,Campaign name,Currency code,Clicks,Spend",
        '"Report Name: Campaign"\n\nDate,Campaign name,Currency code,Clicks,Spend',
        "Start Date (in UTC),Campaign Name,Currency,Clicks,Total Spent",
    ],
)
def test_the_download_itself_has_the_order_of_its_platform(lines: str, check: Any) -> None:
    [source] = check(("spend.csv", f"{lines}\n10/3/2026,A,EUR,10,60.00\n"))
    assert source["period"] == {"start": "2026-10-03", "end": "2026-10-03"}


def test_native_ads_without_a_format_of_their_own_are_no_search_ads(check: Any) -> None:
    header = "Campaign,Campaign ID,Day,Impressions,Clicks,CTR,Avg. CPC,Spend,Conversions,CPA"
    [source] = check(("outbrain.csv", f"{header}\nO1,00aa,2026-10-03,1000,30,3.00%,2.00,60.00,3,20.00\n"))
    assert (source["format"], source.sum("cost")) == ("generic", 60)
    assert "channel_assumed" not in source.codes


SALES = """\
Date,Order ID,Email,Amount,{header}
2026-10-03,A1,a@example.com,100.00,{no}
2026-10-14,A2,b@example.com,60.00,{yes}
"""


@pytest.mark.parametrize(
    ("header", "no", "yes", "reason"),
    [
        ("Cancelled", "", "yes", "cancelled"),
        ("Canceled?", "false", "true", "cancelled"),
        ("Annulée", "non", "oui", "cancelled"),
        ("Storniert", "0", "1", "cancelled"),
        ("Cancelled at", "", "2026-10-15", "cancelled"),
        ("Date d'annulation", "-", "15/10/2026", "cancelled"),
        ("Test", "no", "yes", "test"),
        ("Test order", "", "true", "test"),
        ("Type", "payment", "Stripe fee", "fee"),
        ("Type", "Payment", "Withdrawal", "withdrawal"),
        ("Type", "Charge", "Authorization", "authorized"),
    ],
)
@pytest.mark.parametrize("count", [0, 6_000], ids=["few", "many"])
def test_a_row_that_a_column_calls_no_sale_is_left_out(
    header: str, no: str, yes: str, reason: str, count: int, check: Any
) -> None:
    rows = "".join(f"2026-10-{1 + i % 28:02},B{i},c{i}@example.com,1.50,{no}\n" for i in range(count))
    [source] = check(("sales.csv", SALES.format(header=header, no=no, yes=yes) + rows))
    assert (source.sum("revenue_net"), source.left_out) == (100 + 1.5 * count, {reason: 1})


@pytest.mark.parametrize(
    ("header", "day"),
    [("Refund date", "2026-10-15"), ("Remboursé le", "15/10/2026"), ("Refunded at", "2026-10-15T10:00:00Z")],
)
@pytest.mark.parametrize("blank", ["", "-", "0000-00-00"])
def test_the_day_of_a_refund_says_that_the_order_went_back(header: str, day: str, blank: str, check: Any) -> None:
    [source] = check(("sales.csv", SALES.format(header=header, no=blank, yes=day)))
    assert (source.sum("revenue_gross"), source.sum("refunds"), source.sum("orders")) == (160, 60, 2)
    assert "refunded_in_full" in source.codes


def test_beside_its_amount_the_day_of_a_refund_says_no_more(check: Any) -> None:
    text = SALES.format(header="Refunded,Refunded at", no=",", yes="20.00,2026-10-15")
    [source] = check(("sales.csv", text))
    assert (source.sum("refunds"), source.sum("revenue_net")) == (20, 140)


def test_the_progress_that_a_plugin_lists_says_who_started_and_who_finished(check: Any) -> None:
    text = (
        "user_id;name;email;course_id;course_title;course_started_on;course_completed;course_completed_on\n"
        "11;Ana;a1@example.com;5;Course A;2026-10-02;YES;2026-10-20\n"
        "12;Bob;b2@example.com;5;Course A;2026-10-04;NO;\n"
        "13;Cy;c3@example.com;5;Course A;;NO;\n"
    )
    [source] = check(("progress.csv", text))
    assert [source.sum(stage) for stage in ("enrolled", "started", "completed")] == [3, 2, 1]


def test_leads_of_a_form_have_their_day_and_their_campaign(check: Any) -> None:
    text = (
        "id,created_time,ad_id,campaign_id,campaign_name,form_id,platform,email\n"
        "l:1,2026-10-03T10:00:00+02:00,ag:1,c:1,Launch,f:1,fb,a1@example.com\n"
        "l:2,2026-10-14T10:00:00+02:00,ag:1,c:1,Launch,f:1,ig,a2@example.com\n"
    )
    [source] = check(("leads.csv", text))
    assert (source["role"], source.sum("leads"), source["columns"]["campaign"]) == ("leads", 2, "campaign_name")
    assert source["period"] == {"start": "2026-10-03", "end": "2026-10-14"}


def test_card_payments_of_a_terminal_are_sales_by_their_transaction(check: Any) -> None:
    text = (
        "Date;ID de transaction;Statut;Moyen de paiement;Description;Total;Frais;Versement\n"
        "03/10/2026 10:11;TX1;Réussi;Sans contact;Cours;50,00 €;0,88 €;49,12 €\n"
        "14/10/2026 10:11;TX2;Réussi;Sans contact;Cours;70,00 €;1,22 €;68,78 €\n"
        "15/10/2026 10:11;TX3;Échoué;Sans contact;Cours;70,00 €;0,00 €;0,00 €\n"
        "16/10/2026 10:11;TX4;Remboursé;Sans contact;Cours;20,00 €;0,00 €;0,00 €\n"
    )
    [source] = check(("ventes.csv", text))
    assert (source.sum("revenue_gross"), source.sum("refunds"), source.left_out) == (140, 20, {"failed": 1})
    assert source["sums"][0]["currency"] == "EUR"


BETWEEN = """\
Date,Campaign,Cost
2026-09-03,Brand,100.00
2026-09-14,Meta,50.00
{first}
,,
2026-10-03,Brand,110.00
2026-10-14,Total Reset,60.00
{second}
{last}
"""


@pytest.mark.parametrize(
    ("first", "second", "last"),
    [
        ("Total September,,150.00", "Total October,,170.00", "Grand total,,320.00"),
        ("Sous-total septembre,,150.00", "S/Total octobre,,170.00", "TOTAL GENERAL,,320.00"),
        ("Summe September,,150.00", "Summe Oktober,,170.00", "Gesamtsumme,,320.00"),
        (",Brand Total,150.00", ",Meta Total,170.00", ",Grand Total,320.00"),
        (",Brand Ergebnis,150.00", ",Meta Ergebnis,170.00", ",Gesamtergebnis,320.00"),
    ],
)
def test_sums_put_between_the_rows_are_left_out_and_the_last_is_held_against_them(
    first: str, second: str, last: str, check: Any
) -> None:
    [source] = check(("spend.csv", BETWEEN.format(first=first, second=second, last=last)))
    assert (source.sum("cost"), source.left_out) == (320, {"subtotal_row": 2, "totals_row": 1})
    assert [control["agrees"] for control in source["control"]] == [True]


def test_a_row_without_a_day_that_is_not_called_a_sum_is_refused(check: Any) -> None:
    text = BETWEEN.format(first=",Branded,150.00", second=",Meta Total,170.00", last="Total,,470.00")
    [source] = check(("spend.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("bad_date", 4)


def test_a_name_that_sounds_like_a_sum_is_a_row_where_no_days_are_told(check: Any) -> None:
    [source] = check(("spend.csv", "Campaign,Clicks,Cost\nBrand Total,3,10.00\nMeta,4,20.00\n"))
    assert source.sum("cost") == 30


@pytest.mark.parametrize(
    ("header", "first", "second", "start", "end"),
    [
        ("month", "Q3 2026", "Q4 2026", "2026-07-01", "2026-12-31"),
        ("period", "2026-Q1", "2026-Q2", "2026-01-01", "2026-06-30"),
        ("Mois", "T4 2025", "T1 2026", "2025-10-01", "2026-03-31"),
        ("week", "2026-W41", "2026-W42", "2026-10-05", "2026-10-18"),
        ("KW", "KW 53/2026", "KW 1/2027", "2026-12-28", "2027-01-10"),
        ("Semaine", "S1 2026", "S2 2026", "2025-12-29", "2026-01-11"),
    ],
)
def test_a_quarter_or_a_week_covers_its_days(
    header: str, first: str, second: str, start: str, end: str, check: Any
) -> None:
    [source] = check(("costs.csv", f"{header},category,cost\n{first},tools,300\n{second},people,360\n"))
    assert (source.sum("cost"), source["period"]) == (660, {"start": start, "end": end})


@pytest.mark.parametrize("header", ["Période", "Mois", "Date", "Period"])
def test_a_week_that_may_be_half_a_year_is_asked_about(header: str, check: Any) -> None:
    text = f"{header};Canal;Coût\nS3 2026;SEO;90\n{{}} 2026;SEO;600\n"
    [source] = check(("couts.csv", text.format("S2")), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("bad_date", 3)
    [source] = check(("couts.csv", text.format("S12")))
    assert source["period"] == {"start": "2026-01-12", "end": "2026-03-22"}


@pytest.mark.parametrize(
    "header",
    [
        "Channel;Jan 2026;Feb 2026",
        "Canal;janvier;févr.;Total",
        "Poste;T1 2026;T2 2026;Total",
        "Channel;2026-01;2026-02",
    ],
)
def test_a_column_for_each_month_is_no_kind_of_file_and_is_told_of(header: str, check: Any) -> None:
    row = ";".join(["SEO", *["100"] * header.count(";")])
    [source] = check(("couts.csv", f"{header}\n{row}\n"), code=3)
    assert source["error"]["code"] == "columns_unknown"
    assert source["error"]["fix"].endswith("with a row for each month")


@pytest.mark.parametrize("cell", ["oct-26", "Oct-26", "oct.-26", "Okt-26", "out-26", "ott-26"])
@pytest.mark.parametrize("header", ["Mois", "Month", "Date"])
def test_a_month_with_a_year_of_two_digits_is_asked_about_and_is_the_whole_month(
    cell: str, header: str, check: Any
) -> None:
    text = f"{header};Canal;Coût\n{cell};SEO;1 200,50 €\n"
    [source] = check(("couts.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["line"], source["error"]["column"]) == ("date_open", 2, 1)
    [source] = check(("couts.csv", text), options=("--date-format", "dmy"))
    assert (source.sum("cost"), source["period"]) == (1200.5, {"start": "2026-10-01", "end": "2026-10-31"})


@pytest.mark.parametrize("cell", ["26-oct", "2026-W54", "Q5 2026", "W41", "Q3", "total-26"])
def test_what_names_no_year_or_no_unit_is_no_date(cell: str, check: Any) -> None:
    [source] = check(("costs.csv", f"month,category,cost\n{cell},tools,300\n"), code=3)
    assert source["error"]["code"] == "bad_date"


@pytest.mark.parametrize(
    ("header", "cell", "cost", "code"),
    [
        *(("cost_cents", "1250", 12.5, "cents"), ("Cost (cents)", "1250", 12.5, "cents")),
        *(("costCents", "1250", 12.5, "cents"), ("Coût en centimes", "1250", 12.5, "cents")),
        *(("Kosten (Cent)", "1250", 12.5, "cents"), ("Spend (k€)", "1.25", 1250, "thousands")),
        *(("Spend ($K)", "1.25", 1250, "thousands"), ("Coût (M€)", "1.25", 1250000, "millions")),
        *(("Cost (K EUR)", "1.25", 1250, "thousands"), ("Coût (en milliers d'euros)", "1.25", 1250, "thousands")),
        *(("Kosten (Tsd. €)", "1.25", 1250, "thousands"), ("costMicros", "1250000", 1.25, "micros")),
    ],
)
@pytest.mark.parametrize("count", [1, 6_000])
def test_an_amount_is_counted_in_what_its_header_says(
    header: str, cell: str, cost: float, code: str, count: int, check: Any
) -> None:
    rows = f"2026-10-01,Brand,{cell}\n" * count
    [source] = check(("spend.csv", f"date,campaign,{header}\n{rows}"))
    assert (source["role"], source.sum("cost")) == ("spend", pytest.approx(count * cost))
    assert [note for note in source.codes if note == code] == [code]


@pytest.mark.parametrize("count", [1, 6_000])
def test_sales_in_cents_are_sales_in_cents_however_their_column_is_found(count: int, check: Any) -> None:
    rows = "".join(f"2026-10-01,o-{n},9950,50\n" for n in range(count))
    for header, options in (("amount_cents", ()), ("Sum of cents", ("--map", "sales.amount=Sum of cents"))):
        text = f"date,order id,{header},refunded (cents)\n{rows}"
        [source] = check(("sales.csv", text), options=options)
        assert (source.sum("revenue_gross"), source.sum("refunds")) == (99.5 * count, 0.5 * count)


def test_counts_in_thousands_are_counts_and_their_currency_is_told(check: Any) -> None:
    [source] = check(("spend.csv", "date,campaign,Impressions (thousands),Spend (k€)\n2026-10-01,Brand,1.2,1.25\n"))
    assert (source.sum("impressions"), source.sum("cost"), source["currency"]) == (1200, 1250, ["EUR"])


def test_parts_of_a_cent_contradict_a_header_that_says_cents(check: Any) -> None:
    [source] = check(("spend.csv", "date,campaign,cost_cents\n2026-10-01,Brand,12.50\n"), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("bad_number", 2)


def test_an_amount_whose_thousands_are_spaced_settles_the_comma(check: Any) -> None:
    text = 'date,order id,amount\n2026-10-01,1,"120,00"\n2026-10-01,2,"1 200,50"\n2026-10-01,3,"10,25"\n'
    [source] = check(("sales.csv", text))
    assert source.sum("revenue_net") == 1330.75


def test_payments_whose_ids_are_like_those_of_transfers_of_stripe_are_read(check: Any) -> None:
    text = "Date,Payment method,Currency,Amount,Status,ID\n2026-10-01,ideal,EUR,49.00,paid,tr_7Ab\n"
    [source] = check(("payments.csv", text))
    assert (source["role"], source.sum("revenue_net")) == ("sales", 49)


@pytest.mark.parametrize("spent", ["Dépense HT", "Ad spend", "Werbekosten", "Media cost"])
def test_what_an_agency_spent_for_a_client_is_no_sale(spent: str, check: Any) -> None:
    [source] = check(("agency.csv", f"Client;Campaign;{spent};Total HT\nSchool;Brand;1000.50;1150.50\n"))
    assert (source["role"], source.sum("cost")) == ("spend", 1000.5)


@pytest.mark.parametrize("header", ["Date,Order ID,Value date,Amount", "Date,Order ID,Agency fee,Amount"])
def test_orders_may_bear_columns_of_a_bank_or_an_agency(header: str, check: Any) -> None:
    [source] = check(("orders.csv", f"{header}\n2026-10-01,A-1,2026-10-02,90\n"))
    assert (source["role"], source.sum("revenue_net")) == ("sales", 90)


def test_spend_that_was_clicked_may_name_whom_to_call(check: Any) -> None:
    text = "Date,Campaign,Cost,Clicks,Phone number,Customer name\n2026-10-01,Brand,20,5,,School\n"
    [source] = check(("ads.csv", text))
    assert (source["role"], source.sum("cost")) == ("spend", 20)


def test_what_moved_on_a_bank_account_is_not_taken_for_sales(check: Any) -> None:
    head = "Type,Product,Started Date,Description,Amount,Fee,Currency,State,Balance"
    [source] = check(("account.csv", f"{head}\nTOPUP,Current,2026-10-01,A,100.00,0.00,EUR,COMPLETED,100.00\n"), code=3)
    assert source["error"]["code"] == "role_open"


def test_refunds_whose_words_come_late_are_refused_with_what_to_say_of_them(check: Any) -> None:
    rows = [f"2026-10-01,learner{i}@example.com,20,\n" for i in range(80)]
    text = "".join(["Date,Email,Amount,Refunded\n", *rows, "2026-10-02,b@example.com,30,true\n"])
    [source] = check(("sales.csv", text), code=3)
    assert "--map sales.refund_flag=Refunded" in source["error"]["fix"]
    [source] = check(("sales.csv", text), options=("--map", "sales.refund_flag=Refunded"))
    assert source.sum("revenue_net") == 1600


@pytest.mark.parametrize("label", ["Total {}", "{} Total", "Total {} :", "Sous-total {}"])
def test_the_subtotals_of_a_pivot_without_days_are_no_rows(label: str, check: Any) -> None:
    google, meta = label.format("Google"), label.format("Meta")
    parts = f"Google,Search,100\nGoogle,Brand,50\n{google},,150\nMeta,Social,70\n{meta},,70\n"
    [source] = check(("pivot.csv", f"Plateforme,Campagne,Dépenses\n{parts}Total général,,220\n"), options=SPENT)
    assert (source.sum("cost"), source.left_out) == (220, {"subtotal_row": 2, "totals_row": 1})


SPENT = ("--spend", "pivot.csv")


def test_a_campaign_that_is_called_like_a_sum_and_is_none_is_a_row(check: Any) -> None:
    rows = "Google,Search,100\nGoogle,Total Body,100\nMeta,Total Body,20\n"
    [source] = check(("pivot.csv", f"Platform,Campaign,Spend\n{rows}"), options=SPENT)
    assert (source.sum("cost"), source.left_out) == (220, {})


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("Campaign,Cost,Impressions\nA,10,100\nTotal Body,10,200\nB,3,5\n", 23),
        ("Date,Campaign,Cost\n2026-10-01,Brand total,10\n2026-10-02,Brand total,10\n2026-10-03,Brand total,20\n", 40),
        ("Platform,Campaign,Cost\nGoogle,A,10.004\nGoogle,B,20.003\nTotal Google,,30.01\nMeta,C,5\n", 35.007),
        ("Platform,Campaign,Cost,Currency\nGoogle Ads,A,9,EUR\nTotal Google,,9,EUR\nX,B,5,EUR\nTotal X,,5,EUR\n", 14),
        (
            "Platform,Account,Campaign,Cost\nMeta,b1,E,5\nMeta,b1,F,6\n,Total b1,,11\n"
            "Meta,b2,G,2\nMeta,b2,H,1\n,Total b2,,3\nTotal Meta,,,14\n",
            14,
        ),
    ],
)
def test_rows_that_are_called_sums_are_those_whose_every_number_adds_up(text: str, cost: float, check: Any) -> None:
    [source] = check(("pivot.csv", text), options=SPENT)
    assert source.sum("cost") == cost


def test_one_row_that_may_be_the_sum_of_the_one_above_or_a_campaign_is_asked_about(check: Any) -> None:
    [source] = check(("pivot.csv", "Campaign,Cost\nA,10\nTotal Body,10\nB,3\n"), code=3, options=SPENT)
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", 3)


def test_a_sum_of_the_month_that_bears_its_last_day_is_asked_about(tmp_path: Any, check: Any) -> None:
    text = "Date,Campagne,Dépenses\n2026-10-01,Search,100\n2026-10-02,Search,50\n2026-10-31,Total octobre,150\n"
    [source] = check(("spend.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", 4)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Mois,Canal,Type,Dépenses\n2026-10,Google Ads,Réel,480\n2026-10,Google Ads,Prévu,500\n", 3),
        ("Mois,Canal,Dépenses,Statut\n2026-10,Google Ads,480,Payé\n2026-11,Google Ads,500,Prévisionnel\n", 3),
        ("Campaign,Status,Spend\nSearch,Planned,100\n", 2),
        ("Campagne,Dépenses\nSearch,100\nSocial,50\nTotal HT,150\nTVA 20%,30\nTotal TTC,180\n", 5),
    ],
)
def test_what_was_planned_and_the_tax_on_other_rows_are_no_costs_unasked(text: str, line: int, check: Any) -> None:
    [source] = check(("pivot.csv", text), code=3, options=SPENT)
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", line)


def test_visits_of_all_channels_beside_each_are_not_added_to_them(check: Any) -> None:
    text = "Date,Canal,Sessions\n2026-10-01,Tous les canaux,150\n2026-10-01,SEO,100\n2026-10-01,Direct,50\n"
    [source] = check(("visits.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", 2)


def test_each_total_of_tables_under_one_another_agrees_with_its_own(check: Any) -> None:
    october = "Date,Campaign,Spend\n2026-10-01,A,100\n2026-10-02,A,50\nTotal,,{}\n"
    november = "Date,Campaign,Spend\n2026-11-01,A,10\nTotal,,10\n"
    [source] = check(("spend.csv", october.format(150) + november))
    assert [entry["agrees"] for entry in source["control"]] == [True, True]
    [source] = check(("spend.csv", october.format(140) + november))
    assert [entry["agrees"] for entry in source["control"]] == [False, True]


def test_what_a_campaign_spent_is_not_booked_on_its_first_day(check: Any) -> None:
    text = "Campagne;Date de début;Dépensé\nSearch;01/09/2026;480\nSocial;13/10/2026;100\n"
    [source] = check(("spend.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("blank_date", 2)
    [source] = check(("spend.csv", text), options=("--map", "spend.date=Date de début"))
    assert (source.sum("cost"), source["period"]["end"]) == (580, "2026-10-13")


def test_the_last_day_of_a_cost_is_filled_in_or_asked_for(check: Any) -> None:
    rows = "- {start: 2026-09-01, end: 2026-09-30, cost: 480}\n- {start: 2026-10-01, cost: 90}\n"
    [source] = check(("costs.yaml", rows), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("blank_date", 2)


@pytest.mark.parametrize(
    "header",
    [
        "Refund ID;Amount;Date;Order",
        "refund number;amount;refund date;order id",
        "N° remboursement;Montant;Date;Commande",
        "Numéro d'avoir;Montant;Date;Commande",
        "Rückerstattungs-ID;Betrag;Datum;Bestellnummer",
    ],
)
def test_what_went_back_is_no_sale(header: str, check: Any) -> None:
    [source] = check(("refunds.csv", f"{header}\nR-1;20,50;2026-10-02;1001\n"), code=3)
    assert source["error"]["code"] == "not_a_report"
    assert "in a column Refunded" in source["error"]["fix"]


def test_orders_may_name_the_refund_that_they_had(check: Any) -> None:
    [source] = check(("orders.csv", "Order ID,Date,Amount,Refund ID,Refunded\n1001,2026-10-02,50,R-1,20\n"))
    assert (source.sum("revenue_gross"), source.sum("refunds")) == (50, 20)


@pytest.mark.parametrize(
    ("text", "role", "name", "total"),
    [
        (
            "Datum;Bestelnummer;Klant;Bedrag;Valuta\n13-10-2026;1001;c-0001;1.250,50;EUR\n",
            "sales",
            "revenue_net",
            1250.5,
        ),
        ("Maand;Kanaal;Uitgaven;Klikken\n2026-10;Google Ads;100,50;20\n", "spend", "cost", 100.5),
        ("Maand;Categorie;Kosten\n2026-10;tools;100,50\n", "costs", "cost", 100.5),
        ("Datum;Kanaal;Bezoeken\n2026-10-01;SEO;100\n", "traffic", "visits", 100),
    ],
)
def test_dutch_sheets_are_read(text: str, role: str, name: str, total: float, check: Any) -> None:
    [source] = check(("blad.csv", text))
    assert (source["role"], source.sum(name)) == (role, total)


def test_an_event_is_of_when_it_took_place_not_of_when_it_was_kept(check: Any) -> None:
    text = "user,event,event_time,timestamp\nu1,view,2026-10-01 10:00:00,2026-10-03 10:00:00\n"
    [source] = check(("events.csv", text))
    assert source["period"] == {"start": "2026-10-01", "end": "2026-10-01"}


def test_a_status_of_a_course_that_is_not_known_is_told(check: Any) -> None:
    rows = "1@example.com,A,Terminé\n2@example.com,A,Fini pour de bon\n3@example.com,A,Non commencé\n4@example.com,A,\n"
    [source] = check(("cours.csv", f"Email,Cours,Statut\n{rows}"))
    [told] = [note for note in source["notes"] if note["code"] == "stages_unread"]
    assert (told["line"], source.sum("completed")) == (3, 1)
    assert "“Fini pour de bon” (1 row)" in told["text"]
    [known] = check(("cours.csv", f"Email,Cours,Statut\n{rows}".replace("Fini pour de bon", "En cours")))
    assert "stages_unread" not in known.codes


@pytest.mark.parametrize(
    ("header", "paid", "open_"),
    [("Unpaid", "no", "yes"), ("Impayé", "", "x"), ("Unbezahlt", "nein", "ja"), ("No pagado", "-", "sí")],
)
def test_an_order_that_is_called_unpaid_is_pending(header: str, paid: str, open_: str, check: Any) -> None:
    [source] = check(("sales.csv", SALES.format(header=header, no=paid, yes=open_)))
    assert (source.sum("revenue_net"), source.left_out) == (100, {"pending": 1})


def test_what_is_unpaid_of_an_order_is_asked_about(check: Any) -> None:
    [source] = check(("sales.csv", SALES.format(header="Unpaid", no="0.00", yes="60.00")), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("column_open", 3)


@pytest.mark.parametrize("said", ["late", "2026-10-30"])
def test_what_a_column_of_unpaid_orders_says_that_is_neither_yes_nor_no_is_asked_about(said: str, check: Any) -> None:
    [source] = check(("sales.csv", SALES.format(header="Unpaid", no="no", yes=said)), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("unknown_status", 3)


@pytest.mark.parametrize("header", ["Order type", "Type de commande", "Tipo de operación"])
def test_an_order_of_the_type_refund_is_no_sale(header: str, check: Any) -> None:
    [source] = check(("sales.csv", SALES.format(header=header, no="sale", yes="refund")))
    assert (source.sum("revenue_gross"), source.sum("refunds"), source.sum("orders")) == (100, 60, 1)


def test_the_total_of_an_order_beside_its_lines_names_the_column_of_the_lines(check: Any) -> None:
    header = "Order ID,Date,Email,Item,Line total,Order total"
    text = f"{header}\n1,2026-10-02,a@example.com,Book,70,120\n1,2026-10-02,a@example.com,Pen,50,120\n"
    [source] = check(("sales.csv", text), code=3)
    assert "--map sales.amount=Line total " in source["error"]["fix"]
    [source] = check(("sales.csv", text), options=("--map", "sales.amount=Line total"))
    assert source.sum("revenue_net") == 120


@pytest.mark.parametrize("header", ["Invoice total", "Grand total", "Montant facture"])
def test_the_total_of_an_invoice_is_an_amount(header: str, check: Any) -> None:
    [source] = check(("sales.csv", f"Invoice number,Date,Customer,{header}\n1,2026-10-14,c-0001,120.00\n"))
    assert source.sum("revenue_net") == 120


@pytest.mark.parametrize(
    "header", ["Month,Campaign,Spend,Actual spend,Clicks", "Mois,Campagne,Dépense,Coût réel,Clics"]
)
def test_what_was_really_spent_is_asked_about_beside_another_spend(header: str, check: Any) -> None:
    [source] = check(("spend.csv", f"{header}\n2026-10,A,100,90,5\n"), code=3)
    assert (source["error"]["code"], source["error"]["column"]) == ("column_open", 4)


@pytest.mark.parametrize(
    ("header", "row", "column"),
    [
        ("month,date,category,cost", "2026-10,2026-11-05,people,500", 1),
        ("month,start,end,category,cost", "2026-10,2026-11-01,2026-11-30,people,500", 2),
        ("month,start,end,category,cost", "2026-10,2026-08-01,2026-09-30,people,500", 3),
        ("week,month,campaign,cost,clicks", "2026-W41,2026-11,A,500,5", 2),
    ],
)
def test_a_row_of_two_times_is_asked_about(header: str, row: str, column: int, check: Any) -> None:
    [source] = check(("costs.csv", f"{header}\n{row}\n"), code=3)
    assert (source["error"]["code"], source["error"]["column"]) == ("date_contradiction", column)


@pytest.mark.parametrize("week", ["2026-10-04", "2026-10-10", "2026-W40", "2026-W41", "40", ""])
def test_a_week_that_begins_on_another_day_than_elsewhere_contradicts_no_day(week: str, check: Any) -> None:
    rows = f"2026-10-04,{week},Google,7\n2026-10-08,2026-10-05,Google,8\n"
    [source] = check(("spend.csv", f"date,week,platform,cost\n{rows}"))
    assert (source.sum("cost"), source["period"]["start"]) == (15, "2026-10-04")


def test_which_of_two_times_counts_can_be_said(check: Any) -> None:
    text = "month,date,category,cost\n2026-10,2026-11-05,people,500\n"
    [month] = check(("costs.csv", text), options=("--map", "costs.date=month"))
    [day] = check(("costs.csv", text), options=("--map", "costs.date=date"))
    assert month["period"] == {"start": "2026-10-01", "end": "2026-10-31"}
    assert day["period"] == {"start": "2026-11-05", "end": "2026-11-05"}


@pytest.mark.parametrize("week", ["2026-W41", "2026-W40", "2026-10-10", "2026-09-28", "Week 41"])
def test_a_week_that_begins_on_sunday_or_is_named_by_its_last_day_contradicts_no_day(week: str, check: Any) -> None:
    [source] = check(("spend.csv", f"date,week,campaign,cost,clicks\n2026-10-04,{week},A,500,5\n"))
    assert source["period"] == {"start": "2026-10-04", "end": "2026-10-04"}
    [source] = check(("spend.csv", "date,week,campaign,cost,clicks\n2026-10-04,2026-W45,A,500,5\n"), code=3)
    assert source["error"]["code"] == "date_contradiction"


def test_a_month_within_a_longer_time_contradicts_nothing(check: Any) -> None:
    header = "month,start,end,category,cost"
    [source] = check(("costs.csv", f"{header}\n2026-10,2026-01-01,2026-12-31,people,500\n2026-11,,,tools,50\n"))
    assert (source.sum("cost"), source["period"]["start"]) == (550, "2026-10-01")


OUTLINE = [
    "Platform,Campaign,Cost,Clicks,CTR",
    "Google Ads,,150,15,2%",
    "Google Ads,A,100,10,3%",
    "Google Ads,B,50,5,1%",
    "Meta,,20,2,1%",
]


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (OUTLINE, 2),
        ([OUTLINE[0], *OUTLINE[2:4], OUTLINE[1], OUTLINE[4]], 4),
        ([OUTLINE[0], "Google Ads,,150,15,2%", ",A,100,10,3%", ",B,50,5,1%", OUTLINE[4]], 2),
        ([OUTLINE[0], "Total Google,,150,15,2%", "Google,A,100,10,3%", "Google,B,50,5,1%", OUTLINE[4]], 2),
    ],
    ids=["above its rows", "below them", "with its name alone", "called a total"],
)
def test_a_row_of_an_outline_that_is_the_sum_of_its_rows_is_asked_about(
    lines: list[str], line: int, check: Any
) -> None:
    [source] = check(("spend.csv", "\n".join(lines)), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", line)


@pytest.mark.parametrize("word", ["n/a", "#N/A", "N.C.", "null", "…", "?", "Toutes", "all campaigns"])
@pytest.mark.parametrize("rate", ["3%", "n/a"], ids=["rates", "rates that are not known"])
def test_a_row_of_an_outline_may_say_that_it_is_of_no_campaign(word: str, rate: str, check: Any) -> None:
    lines = [line.replace(",,", f",{word},").replace("3%", rate) for line in OUTLINE]
    [source] = check(("spend.csv", "\n".join(lines)), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", 2)
    assert source["error"]["fix"].endswith("statuses: {Google Ads: used}")


def test_campaigns_of_no_name_that_are_no_sums_count(check: Any) -> None:
    [source] = check(("spend.csv", "Platform,Campaign,Cost\nGoogle,n/a,150\nGoogle,A,100\nGoogle,(not set),70\n"))
    assert (source.sum("cost"), source["rows"]["used"]) == (320, 3)


def test_what_an_outline_asks_about_is_named_by_its_name_and_not_by_its_day(check: Any) -> None:
    rows = ["Google,,2026-10-05,150", "Google,A,2026-10-05,100", "Google,B,2026-10-05,50"]
    [source] = check(("spend.csv", "\n".join(["Platform,Campaign,Date,Spend", *rows])), code=3)
    assert source["error"]["text"].startswith("“Google” stands on a row")
    assert source["error"]["fix"].endswith("statuses: {Google: used}")


def test_a_platform_on_the_first_row_of_its_block_alone_is_told_of(check: Any) -> None:
    rows = ["Google,A,2026-10-05,100", ",B,2026-10-05,50", "Meta,C,2026-10-05,10", ",D,2026-10-05,5"]
    [source] = check(("spend.csv", "\n".join(["Platform,Campaign,Date,Spend", *rows])))
    [told] = [note for note in source["notes"] if note["code"] == "blank_below_name"]
    assert (told["line"], told["text"].startswith("Platform is blank on 2 rows")) == (3, True)
    [source] = check(("spend.csv", "\n".join(["Platform,Campaign,Date,Spend", rows[0], ",,2026-10-05,50"])))
    assert "blank_below_name" not in source.codes


def test_a_cost_by_kind_and_what_it_is_made_of_are_asked_about(check: Any) -> None:
    text = "Poste;Détail;Coût\nPublicité;;300\n;Google;200\n;Meta;100\nOutils;;90\n;Brevo;50\n;Canva;40\n"
    [source] = check(("couts.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", 2)


def test_a_row_that_says_less_and_is_no_sum_counts(check: Any) -> None:
    rows = ["2026-10,people,,300,", "2026-10,tools,Email,200,", "2026-10,media,Social,100,card", "2026-11,people,,300,"]
    [source] = check(("costs.csv", "\n".join(["month,category,channel,cost,note", *rows])))
    assert (source.sum("cost"), source["rows"]["used"]) == (900, 4)
    [source] = check(("spend.csv", "\n".join([*OUTLINE[:2], *OUTLINE[3:]])))
    assert source.sum("cost") == 150 + 50 + 20


def test_a_remark_on_some_rows_makes_the_others_no_sums(check: Any) -> None:
    rows = "2026-10,people,300,\n2026-10,people,200,by card\n2026-10,people,100,in cash\n"
    [source] = check(("costs.csv", f"month,category,cost,remark\n{rows}"))
    assert source.sum("cost") == 600


def test_rows_of_small_numbers_that_are_mostly_no_sums_count(check: Any) -> None:
    days = [(2, 1, 1), (3, 1, 1), (1, 0, 2), (2, 0, 2), (4, 1, 2)]  # the first and the fourth are sums by chance
    rows = [
        f"2026-10-0{day},google,{name},{count}"
        for day, counts in enumerate(days, 1)
        for name, count in zip(("", "brand", "generic"), counts, strict=True)
    ]
    [source] = check(("leads.csv", "\n".join(["Date,Source,Campaign,Leads", *rows])))
    assert (source.sum("leads"), source["rows"]["used"]) == (23, 15)


@pytest.mark.parametrize(
    ("header", "code"),
    [("Kosten CHF", "CHF"), ("cost_eur", "EUR"), ("Spend €", "EUR"), ("Dépense euros", "EUR"), ("Cost USD", "USD")],
)
def test_the_currency_at_the_end_of_a_header_needs_no_brackets(header: str, code: str, check: Any) -> None:
    [source] = check(("spend.csv", f"Date,Platform,{header},Clicks\n2026-10-15,Google,100.50,5\n"))
    assert source["sums"] == [{"currency": code, "cost": 100.5, "clicks": 5}]


@pytest.mark.parametrize("header", ["Conversions EUR", "Leads (EUR)", "clicks_usd", "Conversions €"])
def test_what_conversions_are_worth_is_not_how_many_they_are(header: str, check: Any) -> None:
    [source] = check(("spend.csv", f"Date,Platform,Cost,{header}\n2026-10-15,Google,100.50,999\n"))
    assert [{**sums, "currency": None} for sums in source["sums"]] == [{"currency": None, "cost": 100.5}]


def test_an_amount_that_is_stated_in_another_currency_too_counts_in_its_own(check: Any) -> None:
    text = "Date,Order ID,Email,Amount,Currency,Amount EUR\n2026-10-02,1,learner1@example.com,120.00,USD,110.00\n"
    [source] = check(("sales.csv", text))
    assert (source.sum("revenue_net"), source["currency"]) == (120, ["USD"])
    [source] = check(("sales.csv", text.replace("Amount,Currency", "Amount USD,Note")), code=3)
    assert source["error"]["code"] == "column_open"


@pytest.mark.parametrize("header", ["Mois,Catégorie,Coût HT", "Month,Category,Total spend"])
def test_a_cost_of_some_kind_is_not_taken_for_what_ads_cost(header: str, check: Any) -> None:
    text = f"{header}\n2026-10,outils,100.50\n"
    [source] = check(("costs.csv", text), code=3)
    assert source["error"]["code"] == "role_open"
    [source] = check(("costs.csv", text), options=("--map", f"costs.cost={header.split(',')[2]}"))
    assert (source["role"], source.sum("cost")) == ("costs", 100.5)


@pytest.mark.parametrize("header", ["Date,Channel,Category,Ad spend", "Date,Canal,Catégorie,Dépenses média"])
def test_what_ads_of_some_kind_cost_is_spend(header: str, check: Any) -> None:
    [source] = check(("spend.csv", f"{header}\n2026-10-15,Paid Search,Brand,100.50\n"))
    assert (source["role"], source.sum("cost")) == ("spend", 100.5)


@pytest.mark.parametrize("header", ["Period,Platform,Spend", "Zeitraum,Plattform,Kosten", "Periodo,Plataforma,Gasto"])
def test_what_a_platform_cost_in_a_period_may_be_what_ads_cost(header: str, check: Any) -> None:
    text = f"{header}\n2026-10,Google,100\n2026-11,Google,50\n"
    [source] = check(("spend.csv", text), code=3)
    assert source["error"]["code"] == "role_open"
    [source] = check(("costs.csv", text.replace(header.split(",")[1], "Category")))
    assert (source["role"], source.sum("cost")) == ("costs", 150)


def test_two_periods_that_a_report_compares_stay_apart(check: Any) -> None:
    rows = 'Organic Search,"Oct 1, 2026 - Oct 31, 2026",200\nOrganic Search,"Sep 1, 2026 - Sep 30, 2026",150\n'
    above = "# Start date: 20261001\n# End date: 20261031\n"
    [source] = check(("ga4.csv", f"{above}Session primary channel group,Date range,Sessions\n{rows}"))
    assert (source["format"], source["period"]) == ("ga4", {"start": "2026-09-01", "end": "2026-10-31"})


def test_the_day_that_a_list_of_addresses_calls_added_is_the_leads(check: Any) -> None:
    rows = "1,learner1@example.com,01-10-2026 10:00:00\n2,learner2@example.com,15-10-2026 10:00:00\n"
    [source] = check(("contacts.csv", f"CONTACT ID,EMAIL,ADDED_TIME\n{rows}"))
    assert (source.sum("leads"), source["period"]["end"]) == (2, "2026-10-15")


def test_a_row_of_figures_alone_that_is_the_sum_of_the_others_is_no_row(check: Any) -> None:
    [source] = check(("spend.csv", "Campaign,Cost,Clicks\nA,100,10\nB,50.50,10\n,150.50,20\n"))
    assert (source.sum("cost"), source.left_out) == (150.5, {"subtotal_row": 1})
    [source] = check(("spend.csv", "Campaign,Cost,Clicks\nA,100,10\nB,50.50,10\n,150.50,21\n"))
    assert source["rows"]["used"] == 3


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Email Address,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LAST_CHANGED,LEID",
            "{},2,,{} 09:00:00,2026-11-05 09:00:00,1",
        ),
        ("Email,First name,Surname,Tags,Date registered", "{},A,B,,{} 10:00:00"),
        (
            "Invitee Email,Event Type Name,Start Date & Time,Event Created Date & Time",
            "{},Call,2026-11-20 10:00,{} 09:00",
        ),
        ("#,Email,Start Date (UTC),Submit Date (UTC),Network ID", "a1,{},2026-09-30 10:00:00,{} 10:05:00,n1"),
    ],
    ids=["mail list", "contacts", "bookings", "form"],
)
def test_people_are_leads_of_the_day_on_which_they_came(
    header: str, row: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row.format(f"learner{n}@example.com", f"2026-10-0{n}") for n in (2, 5)]
    (tmp_path / "people.csv").write_text("\n".join([header, *rows]))
    assert main(["check", "--leads", str(tmp_path / "people.csv"), "--no-config", "--json"]) == 0
    [source] = json.loads(capsys.readouterr().out)["sources"]
    assert (source["role"], source["sums"][0]["leads"]) == ("leads", 2)
    assert source["period"] == {"start": "2026-10-02", "end": "2026-10-05"}


def test_a_gross_amount_counts_beside_one_without_fees(check: Any) -> None:
    text = "Transaction ID,Date,Product Name,Email,Amount Gross,Amount Net\nT1,2026-10-02,A,a@example.com,90,85\n"
    [source] = check(("sales.csv", text))
    assert source.sum("revenue_gross") == 90


@pytest.mark.parametrize("word", ["ANNULÉ", "remboursé le 12", "Refunded", "Storniert", "cancelled – ill"])
def test_a_remark_that_an_order_went_back_is_asked_about(word: str, check: Any) -> None:
    header, first, last = (
        "Date,Customer,Course,Amount,Notes",
        "2026-10-01,c-0001,A,100,",
        "2026-10-03,c-0003,B,50,by card",
    )
    [source] = check(("sales.csv", "\n".join([header, first, f"2026-10-02,c-0002,B,50,{word}", last])), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("status_unread", 3)
    rows = [f"{header},Refunded", f"{first},0", f"2026-10-02,c-0002,B,50,{word},50", f"{last},0"]
    [source] = check(("sales.csv", "\n".join(rows)))
    assert (source.sum("revenue_gross"), source.sum("refunds")) == (200, 50)


def test_another_remark_is_no_question(check: Any) -> None:
    rows = "2026-10-02,c-0002,B,50,was refunded his taxi\n2026-10-03,c-0003,B,50,note: cancelled once before\n"
    [source] = check(("sales.csv", f"Date,Customer,Course,Amount,Notes\n{rows}"))
    assert source.sum("revenue_gross") == 100


@pytest.mark.parametrize("header", ["Recettes", "Income", "Einnahmen"])
def test_a_ledger_is_not_read_by_half(header: str, check: Any) -> None:
    for text in (
        f"Date,Label,{header},Expenses\n2026-10-01,Course,100,\n2026-10-02,Ads,,50\n",
        f"Month,Category,{header},Costs\n2026-10,all,100,50\n",
    ):
        [source] = check(("ledger.csv", text), code=3)
        assert source["error"]["code"] == "not_a_report"
    [source] = check(("channels.csv", f"Month,Channel,Expenses,{header}\n2026-10,Email,100,500\n"))
    assert source.sum("cost") == 100


def test_costs_kept_below_zero_are_refused_and_a_credit_among_others_counts(check: Any) -> None:
    [source] = check(("costs.csv", "month,category,cost\n2026-10,tools,-40\n2026-10,people,-900\n"), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("negative_costs", 2)
    [source] = check(("costs.csv", "month,category,cost\n2026-10,tools,-40\n2026-10,people,900\n"))
    assert source.sum("cost") == 860


def test_a_cost_with_tax_and_without_is_asked_about(check: Any) -> None:
    for header in ("Date,Campaign,Cost excl. VAT,Cost incl. VAT", "Date,Campagne,Coût HT,Coût TTC"):
        [source] = check(("spend.csv", f"{header}\n2026-10-01,A,100,120\n"), code=3)
        assert source["error"]["code"] == "column_open"


def test_of_the_days_of_an_order_that_of_the_order_counts(check: Any) -> None:
    rows = "2026-09-28,2026-10-02,c-0001,A,100\n2026-10-15,2026-10-16,c-0002,B,50\n"
    [source] = check(("ventes.csv", f"Date commande,Date paiement,Client,Produit,Montant\n{rows}"))
    assert source["period"] == {"start": "2026-09-28", "end": "2026-10-15"}
    [source] = check(("ventes.csv", f"Livraison,Date paiement,Client,Produit,Montant\n{rows}"))
    assert source["period"] == {"start": "2026-10-02", "end": "2026-10-16"}
