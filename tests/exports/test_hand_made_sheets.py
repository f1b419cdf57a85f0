"""Files as people keep them and platforms without a format of their own give them, against sums done by hand."""

from __future__ import annotations

from typing import Any

import pytest


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
