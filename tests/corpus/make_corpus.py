# ruff: noqa: E501 - rows stand here as they stand in the files
"""Write the corpus: small files as platforms and people write them, and the figures they must give.

Run it with `python tests/corpus/make_corpus.py [FOLDER]`: it writes files/ and expect.json, the same bytes each time.
Figures are worked out by hand from the rows beside them, or summed here as Fractions; nothing is taken from kpi.
People and orders are invented.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import random
import sys
import zipfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import xlsxwriter

NBSP, NARROW, MINUS = "\u00a0", "\u202f", "\u2212"
BOM = "\ufeff"
DAY = dt.date(2026, 10, 1)


@dataclass
class Corpus:
    """Files by name, and the cases run over them."""

    files: dict[str, bytes] = field(default_factory=dict)
    cases: list[dict[str, Any]] = field(default_factory=list)

    def put(self, name: str, text: str | list[str], encoding: str = "utf-8", end: str = "\n") -> str:
        """Add a text file; lines are joined and closed by `end`."""
        whole = text if isinstance(text, str) else end.join(text) + end
        self.files[name] = whole.encode(encoding)
        return name

    def case(self, name: str, argv: list[str], why: str, exit: int | list[int] | None = 0, **asks: Any) -> None:
        """Add a case; `exit` None is not judged, a list is any of these."""
        self.cases.append({"name": name, "argv": [*argv, "--json"], "exit": exit, "why": why, **asks})

    def check(self, name: str, why: str, *options: str, exit: int | list[int] | None = 0, **asks: Any) -> None:
        """Add a case that checks the file of that name."""
        title = " ".join(["check", name, *options])
        self.case(title, ["check", name, *options], why, exit, **asks)


def six(value: Fraction | int) -> float | int:
    """A figure as JSON prints it: six decimals, half even."""
    rounded = round(Fraction(value) * 10**6)
    return rounded // 10**6 if rounded % 10**6 == 0 else rounded / 10**6


def source(**wants: Any) -> dict[str, Any]:
    """Wants about the one source of a check; a double underscore stands for a dot."""
    return {"sources.0." + key.replace("__", "."): value for key, value in wants.items()}


def control(label: str, column: str, what: str) -> str:
    return f"sources.0.control[label={label}&column={column}].{what}"


# ------------------------------------------------------------------------------------------ spend


GOOGLE_EN = (
    "Campaign status,Campaign,Budget,Budget name,Budget type,Status,Status reasons,Campaign type,"
    "Impr.,CTR,Currency code,Cost,Clicks,Conv. rate,Conversions,Avg. CPC,Cost / conv."
)


def google_en(total: str) -> list[str]:
    return [
        "Campaign report",
        '"March 27, 2026 - April 23, 2026"',
        GOOGLE_EN,
        'Enabled,"Brand | FR, exact",20.00, --,Daily,Eligible, --,Search,"9,392",6.83%,EUR,798.88,641,9.36%,60.00,1.25,13.31',
        'Enabled,PMax [all],15.00, --,Daily,Eligible, --,Performance Max,"31,193",0.72%,EUR,365.22,226,6.19%,14.00,1.62,26.09',
        f'Total: Campaigns, --, --, --, --, --, --, --,"40,585",2.14%,EUR,{total},867,8.54%,74.00,1.34,15.73',
        'Total: Account, --, --, --, --, --, --, --,"52,001",1.73%,EUR,1500.00,900,8.89%,80.00,1.67,18.75',
        'Total: Search, --, --, --, --, --, --, --,"9,392",6.83%,EUR,798.88,641,9.36%,60.00,1.25,13.31',
        'Total: Performance Max, --, --, --, --, --, --, --,"31,193",0.72%,EUR,365.22,226,6.19%,14.00,1.62,26.09',
    ]


def google(c: Corpus) -> None:
    name = c.put("google_en.csv", google_en("1164.09"))
    c.check(
        name,
        "formats Google Ads; contract §7 control: |stated − summed| ≤ half its last decimal × (rows + 1); account and network totals null",
        want=source(
            role="spend",
            format="google_ads",
            language="en",
            encoding="utf-8",
            delimiter=",",
            header_line=3,
            decimal=".",
            currency=["EUR"],
            period__start="2026-03-27",
            period__end="2026-04-23",
            grain="range",
            columns__cost="Cost",
            rows={"read": 6, "used": 2, "left_out": {"totals_row": 4}},
            sums=[{"currency": "EUR", "cost": 1164.10, "impressions": 40585, "clicks": 867, "conversions": 74}],
            error=None,
        )
        | {
            control("Total: Campaigns", "cost", "stated"): 1164.09,
            control("Total: Campaigns", "cost", "summed"): 1164.10,
            control("Total: Campaigns", "cost", "agrees"): True,
            control("Total: Campaigns", "cost", "line"): 6,
            control("Total: Campaigns", "clicks", "agrees"): True,
            control("Total: Account", "cost", "agrees"): None,
            control("Total: Search", "cost", "agrees"): None,
        },
        notes=["range_grain"],
        no_notes=["control_total_differs"],
    )
    name = c.put("google_total_off.csv", google_en("1164.12"))
    why = "contract §7: 1164.12 is 0.02 from 1164.10, over 0.005 × 3; only a total over the file's own rows raises"
    c.check(
        name,
        why,
        want={control("Total: Campaigns", "cost", "agrees"): False},
        notes=["control_total_differs"],
    )
    c.check(name, "contract §5: control_total_differs is exit 3 under --strict", "--strict", exit=3)
    google_days(c)
    google_empty(c)


def google_days(c: Corpus) -> None:
    name = c.put(
        "google_fr.csv",
        [
            "Rapport sur les campagnes",
            "1 sept. 2026 - 2 sept. 2026",
            "Jour;Campagne;Code de la devise;Coût;Impr.;Clics;Conversions",
            f"2026-09-01;Marque;EUR;798,88;9{NBSP}392;641;60,00",
            f"2026-09-02;Marque;EUR;365,22;31{NARROW}193;226;14,00",
            "Total : compte; --;EUR;1164,09;40585;867;74,00",
        ],
    )
    c.check(
        name,
        "contract §7, the example itself, and formats Google fr",
        want=source(
            format="google_ads",
            language="fr",
            delimiter=";",
            header_line=3,
            decimal=",",
            date_order="ymd",
            currency=["EUR"],
            period__start="2026-09-01",
            period__end="2026-09-02",
            grain="day",
            columns__cost="Coût",
            rows={"read": 3, "used": 2, "left_out": {"totals_row": 1}},
            sums=[{"currency": "EUR", "cost": 1164.10, "impressions": 40585, "clicks": 867, "conversions": 74}],
        )
        | {
            control("Total : compte", "cost", "agrees"): True,
            control("Total : compte", "cost", "line"): 6,
            control("Total : compte", "cost", "stated"): 1164.09,
        },
    )
    name = c.put(
        "google_de.csv",
        [
            "Kampagnenbericht",
            '"5. Mai 2026 - 15. Mai 2026"',
            "Tag,Kampagne,Währungscode,Kosten,Impr.,Klicks,Conversions",
            '2026-05-05,Marke,EUR,"1.683,00","2.546",120,"12,50"',
            '2026-05-06,Marke,EUR,"1654,43",0,0,0',
            'Gesamt: Konto, --,EUR,"3337,43","2.546",120,"12,50"',
        ],
    )
    c.check(
        name,
        "formats rule 6: grouped, ungrouped and bare 0 mix; 1.683,00 settles 2.546",
        want=source(
            format="google_ads",
            language="de",
            delimiter=",",
            decimal=",",
            period__start="2026-05-05",
            period__end="2026-05-15",
            grain="day",
            rows={"read": 3, "used": 2, "left_out": {"totals_row": 1}},
            sums=[{"currency": "EUR", "cost": 3337.43, "impressions": 2546, "clicks": 120, "conversions": 12.5}],
        ),
    )
    head = "Status da campanha,Campanha,Orçamento,Código da moeda,Impr.,CTR,Custo,Cliques,Taxa de conv.,Conversões,CPC méd.,Custo / conv."
    rows = [
        "Ativada|Marca|50,00|BRL|2.546|4,71%|1.683,00|120|10,42%|12,50|14,03|134,64",
        "Ativada|Genérica|80,00|BRL|12.000|2,50%|1654,43|300|2,33%|7,00|5,51|236,35",
        "Pausada|Teste|5,00|BRL|0|0|0|0|0|0|0|0",
        "Total: Conta| --| --|BRL|14.546|2,89%|3337,43|420|4,64%|19,50|7,95|171,15",
        "Total: Pesquisa| --| --|BRL|14.546|2,89%|3337,43|420|4,64%|19,50|7,95|171,15",
    ]
    name = c.put(
        "google_pt_utf16.csv",
        [
            BOM + "Relatório de campanha",
            "5 de maio de 2026 - 15 de maio de 2026",
            head.replace(",", "\t"),
            *(r.replace("|", "\t") for r in rows),
        ],
        "utf-16-le",
        "\r\n",
    )
    c.check(
        name,
        "formats rules 1 and 6: Excel .csv is UTF-16LE BOM TAB; pt totals mix 1.683,00 and 1654,43 and 0",
        want=source(
            format="google_ads",
            language="pt",
            delimiter="\t",
            header_line=3,
            decimal=",",
            currency=["BRL"],
            grain="range",
            period__start="2026-05-05",
            period__end="2026-05-15",
            rows={"read": 5, "used": 3, "left_out": {"totals_row": 2}},
            sums=[{"currency": "BRL", "cost": 3337.43, "impressions": 14546, "clicks": 420, "conversions": 19.5}],
        ),
    )
    name = c.put(
        "google_en_utf16.csv",
        [
            BOM + "Untitled report",
            "September 1, 2026 - September 3, 2026",
            "Day\tCampaign\tCampaign ID\tCurrency code\tCost\tImpr.\tClicks\tConversions",
            "Sep 1, 2026\tBrand\t0012\tGBP\t10.10\t1,000\t11\t1.00",
            "Sep 2, 2026\tBrand\t0012\tGBP\t20.20\t2,000\t22\t2.33",
            "Sep 2, 2026\tGeneric\t13\tGBP\t0.03\t5\t1\t0.00",
        ],
        "utf-16-le",
        "\r\n",
    )
    c.check(
        name,
        "contract §3: a file covers its stated range; formats Google: Day may be `Sep 2, 2026`",
        want=source(
            format="google_ads",
            currency=["GBP"],
            grain="day",
            period={"start": "2026-09-01", "end": "2026-09-03"},
            rows={"read": 3, "used": 3, "left_out": {}},
            sums=[{"currency": "GBP", "cost": 30.33, "impressions": 3005, "clicks": 34, "conversions": 3.33}],
        ),
    )


def google_empty(c: Corpus) -> None:
    name = c.put(
        "google_editor.csv",
        ["Row Type,Action,Campaign status,Campaign,Cost", "Campaign,Add,Enabled,Brand,12.50"],
    )
    c.check(name, "formats Google: reject Ads Editor bulk files", exit=3, errors=[{"file": name}])
    c.put("google_header_only.csv", google_en("0")[:3])
    c.check(
        "google_header_only.csv",
        "reliability: header only is note no_data",
        exit=None,
        want=source(format="google_ads", rows__read=0, rows__used=0),
        notes=["no_data"],
    )
    c.case(
        "roi with an empty spend file",
        ["roi", "google_header_only.csv", "sales_oct.csv"],
        "reliability: header only is exit 5 when that role has nothing else",
        5,
    )


def meta(c: Corpus) -> None:
    name = c.put(
        "meta_en.csv",
        [
            '"Reporting starts","Reporting ends","Campaign name","Campaign delivery",Results,"Result indicator",Reach,Impressions,"Cost per results","Amount spent (USD)",Ends',
            '2026-09-01,2026-09-30,"",,,,9000,40000,,1234.56,',
            '2026-09-01,2026-09-30,"Autumn | cold",active,31,actions:purchase,5000,25000,25.81,800.06,Ongoing',
            "2026-09-01,2026-09-30,Retargeting,inactive,,,4500,15000,,434.50,Ongoing",
        ],
    )
    c.check(
        name,
        "formats Meta: first data row is the grand total; currency only in the header; match Amount spent only",
        want=source(
            role="spend",
            format="meta_ads",
            language="en",
            header_line=1,
            decimal=".",
            currency=["USD"],
            grain="range",
            period={"start": "2026-09-01", "end": "2026-09-30"},
            rows={"read": 3, "used": 2, "left_out": {"totals_row": 1}},
            **{"sums.0.currency": "USD", "sums.0.cost": 1234.56, "sums.0.impressions": 40000},
        )
        | {"sources.0.control[column=cost].agrees": True, "sources.0.control[column=cost].line": 2},
        notes=["range_grain"],
    )
    name = c.put(
        "meta_fr_bom.csv",
        [
            BOM
            + '"Nom de la campagne",Jour,Couverture,Impressions,Répétition,"Clics sur un lien","Clics (tous)","Montant dépensé (EUR)",Achats,"Début des rapports","Fin des rapports"',
            '"",,3100,4500,1.45,90,130,60.90,6,2026-10-01,2026-10-31',
            "Prospection,2026-10-01,900,1000,1.11,20,30,13.94,1,2026-10-01,2026-10-31",
            "Prospection,2026-10-31,1200,2000,1.67,40,60,20.06,2,2026-10-01,2026-10-31",
            "Reciblage,2026-10-01,1300,1500,1.15,30,40,26.90,3,2026-10-01,2026-10-31",
        ],
    )
    c.check(
        name,
        "formats Meta fr: BOM, first-row total, dot decimals under French headers",
        want=source(
            format="meta_ads",
            language="fr",
            decimal=".",
            currency=["EUR"],
            grain="day",
            period={"start": "2026-10-01", "end": "2026-10-31"},
            rows={"read": 4, "used": 3, "left_out": {"totals_row": 1}},
            **{"sums.0.cost": 60.90, "sums.0.impressions": 4500},
        ),
    )
    meta_languages(c)
    meta_odd(c)


def meta_languages(c: Corpus) -> None:
    rows = (
        ["Frío", "2026-10-01", "1000", "12", "3", "1500.50"],
        ["Frío", "2026-10-02", "2000", "20", "4", "99.05"],
    )
    heads = {
        "es": (
            "Nombre de la campaña,Día,Impresiones,Clics en el enlace,Resultados,Importe gastado (MXN)",
            "MXN",
        ),
        "pt": ("Nome da campanha,Dia,Impressões,Cliques no link,Resultados,Valor usado (BRL)", "BRL"),
        "de": ("Kampagnenname,Tag,Impressionen,Link-Klicks,Ergebnisse,Ausgegebener Betrag (EUR)", "EUR"),
        "it": ("Nome della campagna,Giorno,Impressioni,Clic sul link,Risultati,Importo speso (EUR)", "EUR"),
    }
    for place, (language, (head, currency)) in enumerate(heads.items()):
        bom, total = place % 2 == 0, place < 2
        lines = [(BOM if bom else "") + head]
        lines += [",,3000,32,7,1599.55"] if total else []
        lines += [",".join(row) for row in rows]
        name = c.put(f"meta_{language}.csv", lines, end="\r\n" if bom else "\n")
        c.check(
            name,
            f"formats Meta {language}: header names, with and without BOM and first-row total",
            want=source(
                format="meta_ads",
                language=language,
                currency=[currency],
                grain="day",
                rows={"read": 2 + total, "used": 2, "left_out": {"totals_row": 1} if total else {}},
                **{"sums.0.cost": 1599.55, "sums.0.impressions": 3000, "sums.0.clicks": 32},
            ),
        )


def meta_odd(c: Corpus) -> None:
    head = '"Campaign name",Day,Reach,Impressions,"Amount spent (EUR)","Reporting starts","Reporting ends"'
    name = c.put("meta_no_data.csv", [BOM + head, '"No data available."'])
    c.check(
        name,
        "formats Meta: empty body is “No data available.”; rule 7: it is said",
        exit=None,
        want=source(format="meta_ads", rows={"read": 1, "used": 0, "left_out": {"no_data": 1}}),
        notes=["no_data"],
    )
    mangled = (
        "Nom de la campagne,Jour,Impressions,Montant dépensé (EUR)\nÉté,2026-10-02,10,13.94\nÉté,2026-10-03,10,1.06\n"
    )
    name = c.put("meta_mojibake.csv", mangled.encode().decode("cp1252"))
    c.check(
        name,
        "formats rule 1: double-encoded headers are repaired; reliability: repaired with a note",
        want=source(format="meta_ads", currency=["EUR"], **{"sums.0.cost": 15, "sums.0.impressions": 20}),
        notes=["mojibake_repaired"],
    )
    for slice_ in ("Age", "Placement"):
        c.put(
            f"meta_{slice_.lower()}.csv",
            [
                f'"Campaign name",{slice_},Reach,Impressions,"Amount spent (EUR)","Reporting starts","Reporting ends"',
                "Cold,A,100,1000,60.00,2026-10-01,2026-10-31",
                "Cold,B,100,1000,40.00,2026-10-01,2026-10-31",
            ],
        )
    c.check(
        "meta_age.csv",
        "formats rule 10: sum within one file",
        want=source(format="meta_ads", **{"sums.0.cost": 100}),
    )
    c.case(
        "roi over two slices of one spend",
        ["roi", "meta_age.csv", "meta_placement.csv", "sales_oct.csv", "--month", "2026-10"],
        "contract §3: re-slices of one spend are exit 3",
        3,
    )


def other_platforms(c: Corpus) -> None:
    linkedin = "Start Date (in UTC),Account Name,Currency,Campaign Group Name,Campaign ID,Campaign Name,Campaign Type,Total Spent,Impressions,Clicks,Conversions,Leads,Total Conversion Value"
    for name, end, rows in (
        (
            "linkedin_days.csv",
            "September 23, 2026",
            [
                "9/21/2026|School|USD|Group|501|Leaders|Sponsored Update|$174.03|4,100|31|2|1|$0.00",
                "9/22/2026|School|USD|Group|501|Leaders|Sponsored Update|$1,020.00|9,900|60|-|4|$0.00",
                "9/23/2026|School|USD|Group|502|Managers|Sponsored Update|$0.97|10|1|0|0|$0.00",
            ],
        ),
        (
            "linkedin_range.csv",
            "September 30, 2026",
            [
                "9/1/2026|School|USD|Group|501|Leaders|Sponsored Update|$174.03|4,100|31|2|1|$0.00",
                "9/1/2026|School|USD|Group|502|Managers|Sponsored Update|$1,020.97|9,910|61|0|4|$0.00",
            ],
        ),
    ):
        start = "September 21, 2026" if "days" in name else "September 1, 2026"
        lines = [
            BOM + "Campaign Performance Report (in UTC)",
            f"Report Start: {start}, 12:00 AM",
            f"Report End: {end}, 11:59 PM",
            "Date Generated: October 1, 2026, 9:00 AM",
            "",
            linkedin.replace(",", "\t"),
            *(row.replace("|", "\t") for row in rows),
        ]
        c.put(name, lines, "utf-16-le", "\r\n")
    same = {
        "role": "spend",
        "format": "linkedin_ads",
        "delimiter": "\t",
        "header_line": 6,
        "date_order": "mdy",
        "currency": ["USD"],
        "sums.0.cost": 1195,
        "sums.0.impressions": 14010,
        "sums.0.clicks": 92,
        "sums.0.conversions": 2,
        "sums.0.leads": 5,
    }
    c.check(
        "linkedin_days.csv",
        "formats LinkedIn: UTF-16LE TAB, preamble, header on line 6, mdy; rule 7: `-` is unknown",
        want=source(
            **same,
            grain="day",
            period={"start": "2026-09-21", "end": "2026-09-23"},
            rows__used=3,
            rows__read=3,
        ),
        notes=["unknown_cells"],
    )
    c.check(
        "linkedin_range.csv",
        "formats LinkedIn: a non-daily report stamps the range start on every row",
        want=source(**same, grain="range", period={"start": "2026-09-01", "end": "2026-09-30"}, rows__used=2),
        notes=["range_grain"],
    )
    microsoft(c)
    tiktok(c)


def microsoft(c: Corpus) -> None:
    name = c.put(
        "microsoft.csv",
        [
            '"Report Name: Campaign performance"',
            '"Report Time: 7/1/2026,7/2/2026"',
            "Time Zone: (GMT+01:00) Paris",
            '"Account: School"',
            "",
            "Gregorian date,Account name,Campaign name,Campaign ID,Ad group,Currency code,Impressions,Clicks,Spend,Conversions,Revenue",
            '7/1/2026,School,Brand,[138689064],Exact,EUR,"12,041",200,300.10,3,0.00',
            "7/2/2026,School,Brand,[138689064],Exact,EUR,10000,191,212.20,2,0.00",
            "Total,-,-,-,-,-,22041,391,512.30,5,0.00",
            '"@Rows: 2"',
            "©2026 Microsoft Corporation. All rights reserved.",
        ],
        "utf-8-sig",
        "\r\n",
    )
    c.check(
        name,
        "formats Microsoft: preamble, mdy, footer Total, @Rows, ©",
        want=source(
            role="spend",
            format="microsoft_ads",
            header_line=6,
            date_order="mdy",
            currency=["EUR"],
            grain="day",
            period={"start": "2026-07-01", "end": "2026-07-02"},
            rows={"read": 5, "used": 2, "left_out": {"totals_row": 1, "footer": 2}},
            sums=[{"currency": "EUR", "cost": 512.30, "impressions": 22041, "clicks": 391, "conversions": 5}],
        )
        | {control("Total", "cost", "agrees"): True},
    )


def tiktok(c: Corpus) -> None:
    name = c.put(
        "tiktok_old.csv",
        [
            "Campaign name,Ad Group Name,Ad Name,Date,Cost,CPC (Destination),CPM,Impression,Clicks (Destination),CTR (Destination),Conversions,CPA,Currency",
            "Hooks,Broad,Video 1,2026-10-01,12.50,0.25,2.50,5000,50,1.00,2,6.25,EUR",
            "Hooks,Broad,Video 2,2026-10-02,7.55,0.38,1.89,4000,20,0.50,0,0.00,EUR",
        ],
    )
    c.check(
        name,
        "formats TikTok, older header; rule 12: Cost is never CPC or CPA",
        want=source(
            role="spend",
            format="tiktok_ads",
            currency=["EUR"],
            grain="day",
            period={"start": "2026-10-01", "end": "2026-10-02"},
            **{
                "sums.0.cost": 20.05,
                "sums.0.impressions": 9000,
                "sums.0.clicks": 70,
                "sums.0.conversions": 2,
            },
        ),
    )
    name = c.put(
        "tiktok_new.csv",
        [
            "By Day,Campaign name,Ad group name,Ad name,Currency,Cost,CPC (destination),CPM,Impressions,Clicks (destination),CTR (destination),Complete payment,Total complete payment value",
            "2026-10-01,Hooks,Broad,Video 1,EUR,12.50,0.25,2.50,5000,50,1.00,<5,0",
            "2026-10-02,Hooks,Broad,Video 2,EUR,7.55,0.38,1.89,4000,20,0.50,6,300.00",
            "Total of 2 results,-,-,-,EUR,20.05,0.29,2.23,9000,70,0.78,8,300.00",
        ],
    )
    c.check(
        name,
        "formats TikTok, newer header: Total of N results row; rule 7: <5 is unknown, not 0",
        want=source(
            format="tiktok_ads",
            rows={"read": 3, "used": 2, "left_out": {"totals_row": 1}},
            **{"sums.0.cost": 20.05, "sums.0.impressions": 9000, "sums.0.clicks": 70},
        ),
        notes=["unknown_cells"],
    )


# ------------------------------------------------------------------------------------------ sales


STRIPE = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,"
    "Converted Currency,Description,Fee,Taxes On Fee,Mode,PaymentIntent ID,Status,Customer ID,Customer Email,"
    "Invoice ID,UTM Campaign,UTM Medium,UTM Source,course (metadata)"
)


def stripe_row(number: int, day: str, amount: str, refunded: str, status: str, mail: str, **other: str) -> str:
    currency, mode = other.get("currency", "eur"), other.get("mode", "Live")
    return (
        f"ch_{number:04},{day} 09:15:00,{amount},{refunded},{currency},TRUE,{amount},{refunded},{currency},Course A,"
        f"4.60,0.80,{mode},pi_{number:04},{status},cus_{number:04},{mail},,,,,course-a"
    )


def stripe(c: Corpus) -> None:
    name = c.put(
        "stripe_new.csv",
        [
            STRIPE,
            stripe_row(1, "2026-10-31", "290.00", "0.00", "Paid", "learner01@example.com"),
            stripe_row(2, "2026-10-20", "149.00", "50.00", "Paid", "learner02@example.com"),
            stripe_row(3, "2026-10-15", "149.00", "149.00", "Refunded", "learner03@example.com"),
            stripe_row(4, "2026-10-10", "290.00", "0.00", "Failed", "learner04@example.com"),
            stripe_row(5, "2026-10-05", "10.00", "0.00", "Paid", "learner05@example.com", mode="Test"),
            stripe_row(6, "2026-10-01", "149.00", "0.00", "Paid", " Learner01@Example.com "),
        ],
    )
    c.check(
        name,
        "formats Stripe: count Paid and Refunded, drop Failed and Test, Taxes On Fee is not sales tax; §4 customer",
        want=source(
            role="sales",
            format="stripe_payments",
            currency=["EUR"],
            grain="day",
            period={"start": "2026-10-01", "end": "2026-10-31"},
            rows={"read": 6, "used": 4, "left_out": {"failed": 1, "test": 1}},
            **{
                "sums.0.revenue_gross": 737,
                "sums.0.refunds": 199,
                "sums.0.revenue_net": 538,
                "sums.0.orders": 4,
                "sums.0.customers": 3,
            },
        ),
        notes=["tax_included"],
    )
    c.case(
        "roi --gross keeps refunds in",
        ["roi", "stripe_new.csv", "spend_oct.csv", "--month", "2026-10", "--gross"],
        "contract §4: --gross keeps refunds in",
        want={"total.revenue": 737, "total.cost": 7000},
    )
    c.case(
        "roi without --gross takes refunds off",
        ["roi", "stripe_new.csv", "spend_oct.csv", "--month", "2026-10"],
        "contract §4: charged, less refunds",
        want={"total.revenue": 538, "total.profit": -6462},
        notes=["tax_included"],
    )
    stripe_shapes(c)
    stripe_trouble(c)


def stripe_shapes(c: Corpus) -> None:
    name = c.put(
        "stripe_old.csv",
        [
            "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Fee,Converted Currency,Mode,Status,Statement Descriptor,Customer ID,Customer Description,Customer Email,Captured,Card ID,Invoice ID,Transfer",
            "ch_1,Course A,Payment complete.,2026-10-05 12:00,100.00,0.00,usd,100.00,0.00,3.20,usd,Live,Paid,SCHOOL,cus_1,,learner11@example.com,true,card_1,,tr_1",
            "ch_2,Course B,Payment complete.,2026-10-01 08:30,25.50,0.50,usd,25.50,0.50,1.04,usd,Live,Paid,SCHOOL,cus_2,,learner12@example.com,true,card_2,,tr_2",
        ],
    )
    c.check(
        name,
        "formats Stripe: older `Created (UTC)`; a partial refund keeps Paid",
        want=source(
            format="stripe_payments",
            currency=["USD"],
            period={"start": "2026-10-01", "end": "2026-10-05"},
            **{
                "sums.0.revenue_gross": 125.50,
                "sums.0.refunds": 0.50,
                "sums.0.revenue_net": 125,
                "sums.0.orders": 2,
            },
        ),
    )
    name = c.put(
        "stripe_resaved.csv",
        [
            "Created date (UTC);Amount;Amount Refunded;Currency;Captured;Converted Amount;Converted Amount Refunded;Converted Currency;Description;Fee;Mode;Status;Customer ID;Customer Email",
            "2026-10-09 10:00;1000.00;0.00;eur;TRUE;1000.00;0.00;eur;Course A;15.00;Live;Paid;cus_1;learner01@example.com",
            "2026-10-08 11:00;49.90;0.00;eur;TRUE;49.90;0.00;eur;Course B;1.00;Live;Paid;cus_2;learner02@example.com",
            "2026-10-07 12:00;49.90;0.00;eur;TRUE;49.90;0.00;eur;Course B;1.00;Live;Paid;cus_3;learner03@example.com",
        ],
        end="\r\n",
    )
    c.check(
        name,
        "formats Stripe: the default subset has no id, may be `;` CRLF with dot decimals; §4: rows where there is no order id",
        want=source(
            format="stripe_payments",
            delimiter=";",
            decimal=".",
            **{"sums.0.revenue_gross": 1099.80, "sums.0.orders": 3, "sums.0.customers": 3},
        ),
    )
    name = c.put(
        "stripe_refunded_no_column.csv",
        [
            "id,Created date (UTC),Amount,Currency,Captured,Description,Fee,Mode,PaymentIntent ID,Status,Customer ID,Customer Email",
            "ch_1,2026-10-05 12:00:00,80.00,eur,TRUE,Course A,1.50,Live,pi_1,Paid,cus_1,learner01@example.com",
            "ch_2,2026-10-06 12:00:00,60.00,eur,TRUE,Course A,1.50,Live,pi_2,Refunded,cus_2,learner02@example.com",
        ],
    )
    c.check(
        name,
        "formats Stripe: Refunded without an Amount Refunded column = refunded in full, with a note",
        want=source(
            format="stripe_payments",
            **{
                "sums.0.revenue_gross": 140,
                "sums.0.refunds": 60,
                "sums.0.revenue_net": 80,
                "sums.0.orders": 2,
            },
        ),
        some_note=True,
    )


def stripe_trouble(c: Corpus) -> None:
    mixed = [
        STRIPE,
        stripe_row(1, "2026-10-05", "100.00", "0.00", "Paid", "learner01@example.com"),
        stripe_row(2, "2026-10-06", "50.00", "0.00", "Paid", "learner02@example.com", currency="usd"),
        stripe_row(3, "2026-10-07", "7.00", "0.00", "Paid", "learner03@example.com", currency="usd"),
    ]
    name = c.put("stripe_mixed.csv", mixed)
    c.check(
        name,
        "contract §3: a currency column may mix; §7: sums, one entry per currency",
        want={
            "sources.0.sums[currency=EUR].revenue_gross": 100,
            "sources.0.sums[currency=USD].revenue_gross": 57,
            "sources.0.sums[currency=USD].orders": 2,
        },
    )
    c.case(
        "roi over two currencies",
        ["roi", name, "spend_oct.csv"],
        "contract §3: two currencies to be added without rates are exit 3",
        3,
    )
    name = c.put(
        "stripe_two_amounts.csv",
        [
            STRIPE,
            stripe_row(1, "2026-10-05", "100.00", "0.00", "Paid", "learner01@example.com"),
            stripe_row(1, "2026-10-05", "120.00", "0.00", "Paid", "learner01@example.com"),
        ],
    )
    c.check(name, "contract §3: two amounts for one id are exit 3", exit=3, errors=[{"file": name, "line": 3}])
    again = [
        STRIPE,
        stripe_row(6, "2026-10-01", "149.00", "0.00", "Paid", " Learner01@Example.com "),
        stripe_row(7, "2026-10-02", "11.00", "0.00", "Paid", "learner07@example.com"),
    ]
    c.put("stripe_overlap.csv", again)
    c.case(
        "check of two overlapping Stripe downloads",
        ["check", "stripe_new.csv", "stripe_overlap.csv"],
        "contract §3: across files of one format the same id counts once (seen_in_other_file)",
        want={
            "sources.0.rows.used": 4,
            "sources.1.rows": {"read": 2, "used": 1, "left_out": {"seen_in_other_file": 1}},
            "sources.1.sums.0.revenue_gross": 11,
        },
    )
    c.case(
        "roi over two overlapping Stripe downloads",
        ["roi", "stripe_overlap.csv", "stripe_new.csv", "spend_oct.csv", "--month", "2026-10"],
        "contract §3: the same id counts once",
        want={"total.revenue": 549},
    )
    again[1] = again[1].replace("149.00", "150.00")
    c.put("stripe_overlap_differs.csv", again)
    c.case(
        "roi over Stripe downloads that disagree",
        ["roi", "stripe_new.csv", "stripe_overlap_differs.csv", "spend_oct.csv"],
        "contract §3: one id with two amounts across files is exit 3",
        3,
    )


def shopify(c: Corpus) -> None:
    head = "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Cancelled at,Payment Method,Refunded Amount,Id,Tags,Source"

    def row(number: int, status: str, tax: str, total: str, refunded: str, offset: str = "+0200") -> str:
        when = f"2026-10-{number - 1000:02} 22:47:04 {offset}"
        return (
            f"#{number},learner{number}@example.com,{status},{when},unfulfilled,,no,EUR,{total},0.00,{tax},{total},,0.00,"
            f",{when},1,Course A,{total},,Card,{refunded},{number}99,,web"
        )

    more = ["#1001", *[""] * 14, "2026-10-01 22:47:04 +0200", "2", "Workbook", "10.00", *[""] * 6]
    name = c.put(
        "shopify.csv",
        [
            head,
            row(1031, "paid", "20.00", "120.00", "0.00", "+0100"),
            row(1006, "authorized", "0.00", "40.00", "0.00"),
            row(1005, "pending", "0.00", "50.00", "0.00"),
            row(1004, "voided", "0.00", "99.00", "0.00"),
            row(1003, "refunded", "6.00", "36.00", "36.00"),
            row(1002, "partially_refunded", "10.00", "60.00", "30.00"),
            row(1001, "paid", "4.00", "24.00", "0.00"),
            ",".join(more),
        ],
    )
    c.check(
        name,
        "formats Shopify; §4 Total − Taxes, refunds scaled alike; §7 tax = tax on what was kept (20 + 4 + 10 × ½); continuation rows are used",
        want=source(
            role="sales",
            format="shopify_orders",
            currency=["EUR"],
            rows={"read": 8, "used": 5, "left_out": {"authorized": 1, "pending": 1, "voided": 1}},
            period={"start": "2026-10-01", "end": "2026-10-31"},
            **{
                "sums.0.revenue_gross": 240,
                "sums.0.refunds": 66,
                "sums.0.tax": 29,
                "sums.0.revenue_net": 145,
                "sums.0.orders": 4,
                "sums.0.customers": 4,
            },
        ),
        no_notes=["tax_included"],
    )
    both = ["roi", "shopify.csv", "stripe_new.csv", "spend_oct.csv", "--month", "2026-10"]
    c.case(
        "roi over a storefront and its processor",
        both,
        "contract §3: a storefront and a processor with overlapping periods: exit 3",
        3,
        mentions=["--sales-from"],
    )
    for books, revenue in (("shopify_orders", 145), ("stripe_payments", 538)):
        c.case(
            f"roi --sales-from {books}",
            [*both, "--sales-from", books],
            "contract §3: --sales-from names what books",
            want={"total.revenue": revenue},
        )


def paypal(c: Corpus) -> None:
    def row(day: str, kind: str, status: str, currency: str, gross: str, ident: str, *rest: str) -> str:
        reference, impact = rest
        cells = (
            day,
            "10:00:00",
            "Europe/Paris",
            "A. Learner",
            kind,
            status,
            currency,
            gross,
            "0.00",
            gross,
            f"{ident.lower()}@example.com",
            "school@example.com",
            ident,
            "Course A",
            reference,
            impact,
        )
        return ",".join(f'"{cell}"' for cell in cells)

    name = c.put(
        "paypal.csv",
        [
            BOM
            + '"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address","To Email Address","Transaction ID","Item Title","Reference Txn ID","Balance Impact"',
            row("03/11/2026", "Payment Refund", "Completed", "EUR", "-40.00", "T3", "T1", "Debit"),
            row("22/10/2026", "Website Payment", "Denied", "EUR", "60.00", "T9", "", "Memo"),
            row(
                "21/10/2026",
                "Account Hold for Open Authorization",
                "Completed",
                "EUR",
                "-30.00",
                "T8",
                "",
                "Memo",
            ),
            row("20/10/2026", "General Withdrawal", "Completed", "EUR", "-500.00", "T7", "", "Debit"),
            row(
                "19/10/2026",
                "PreApproved Payment Bill User Payment",
                "Completed",
                "EUR",
                "-12.00",
                "T6",
                "",
                "Debit",
            ),
            row("18/10/2026", "General Currency Conversion", "Completed", "EUR", "-10.00", "T5", "T2", "Debit"),
            row("18/10/2026", "General Currency Conversion", "Completed", "USD", "11.00", "T4", "T2", "Credit"),
            row("18/10/2026", "Express Checkout Payment", "Completed", "EUR", "1,250.50", "T2", "", "Credit"),
            row("17/10/2026", "Website Payment", "Completed", "EUR", "100.00", "T1", "", "Credit"),
        ],
        end="\r\n",
    )
    c.check(
        name,
        "formats PayPal and rule 14; contract §7 names the reasons",
        want=source(
            role="sales",
            format="paypal",
            date_order="dmy",
            decimal=".",
            rows={
                "read": 9,
                "used": 3,
                "left_out": {
                    "denied": 1,
                    "hold": 1,
                    "withdrawal": 1,
                    "outgoing_payment": 1,
                    "currency_conversion": 2,
                },
            },
        )
        | {
            "sources.0.sums[currency=EUR].revenue_gross": 1350.50,
            "sources.0.sums[currency=EUR].refunds": 40,
            "sources.0.sums[currency=EUR].revenue_net": 1310.50,
            "sources.0.sums[currency=EUR].orders": 2,
        },
    )
    c.case(
        "a refund of November counts in its order's October",
        ["roi", name, "spend_oct.csv", "--month", "2026-10"],
        "contract §4: refunds are dated to their order",
        want={"total.revenue": 1310.50, "currency": "EUR"},
    )


def gumroad(c: Corpus) -> None:
    head = "Purchase ID,Item Name,Buyer Name,Purchase Email,Buyer Email,Do not contact?,Purchase Date,Purchase Time (UTC timezone),Subtotal ($),Taxes ($),Tax Type,Shipping ($),Sale Price ($),Fees ($),Net Total ($),Tip ($),Referrer,Refunded?,Partial Refund ($),Fully Refunded?,Disputed?,Dispute Won?,Variants,Discount Code,Recurring Charge?,UTM Source,UTM Medium,UTM Campaign"

    def row(number: int, price: str, refunded: int, partial: str, full: int, disputed: int) -> str:
        return (
            f"g-{number:03},'=Course A,A Learner,learner{number}@example.com,,0,2026-10-{number:02},10:00,{price},0.00,,0.00,"
            f"{price},1.00,{price},0.00,direct,{refunded},{partial},{full},{disputed},0,,,0,,,"
        )

    totals = [
        "Totals",
        *[""] * 7,
        "140.00",
        "0.00",
        "",
        "0.00",
        "140.00",
        "4.00",
        "140.00",
        "0.00",
        *[""] * 12,
    ]
    name = c.put(
        "gumroad.csv",
        [
            head,
            row(1, "50.00", 0, "0.00", 0, 0),
            row(2, "40.00", 1, "10.00", 0, 0),
            row(3, "30.00", 1, "0.00", 1, 0),
            row(4, "20.00", 0, "0.00", 0, 1),
            ",".join(totals),
        ],
    )
    sums = {
        "sums.0.revenue_gross": 140,
        "sums.0.refunds": 60,
        "sums.0.revenue_net": 80,
        "sums.0.orders": 4,
        "sums.0.customers": 4,
    }
    c.check(
        name,
        "formats Gumroad: flags 0/1, Totals row; §7 disputes count as refunds; rule 11: $ alone names no currency",
        want=source(
            role="sales",
            format="gumroad",
            rows={"read": 5, "used": 4, "left_out": {"totals_row": 1}},
            **sums,
            **{"sums.0.currency": None},
        ),
        notes=["currency_unstated"],
    )
    c.check(
        name,
        "contract §2: --currency settles what a file leaves open",
        "--currency",
        "USD",
        want=source(**sums, **{"sums.0.currency": "USD"}),
        no_notes=["currency_unstated"],
    )


# ---------------------------------------------------------------------------------------- generic


def grouped(cents: int, mark: str, decimal: str, lakh: bool = False) -> str:
    """1234567 cents as people write it: 12{mark}345{decimal}67."""
    whole, part = divmod(cents, 100)
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    step = 2 if lakh else 3
    while head:
        tail = head[-step:] + mark + tail
        head = head[:-step]
    return f"{tail}{decimal}{part:02}"


def numbers() -> list[tuple[dt.date, str, int, int, int]]:
    """Forty days of invented spend: day, campaign, cents, impressions, clicks."""
    pick = random.Random(20261001)
    rows = [
        (
            DAY + dt.timedelta(n % 31),
            f"Campaign {n % 4}",
            pick.randrange(1, 400_000_000),
            pick.randrange(9000),
            pick.randrange(900),
        )
        for n in range(40)
    ]
    return [(DAY, "Campaign 0", 123_456_789, 1000, 10), *rows]


def generic_spend(c: Corpus) -> None:
    rows = numbers()
    sums = {
        "sums.0.cost": six(sum((Fraction(cents, 100) for _, _, cents, _, _ in rows), Fraction())),
        "sums.0.impressions": sum(row[3] for row in rows),
        "sums.0.clicks": sum(row[4] for row in rows),
    }
    en, fr = (
        "date,platform,campaign,cost,impressions,clicks",
        "Date,Plateforme,Campagne,Coût,Impressions,Clics",
    )
    heads = {
        "en": en,
        "fr": fr,
        "de": "Datum,Plattform,Kampagne,Kosten,Impressionen,Klicks",
        "es": "Fecha,Plataforma,Campaña,Coste,Impresiones,Clics",
        "pt": "Data,Plataforma,Campanha,Custo,Impressões,Cliques",
        "it": "Data,Piattaforma,Campagna,Costo,Impressioni,Clic",
    }
    shapes = [
        # name, language, delimiter, grouping mark, decimal, date pattern
        ("plain.csv", "en", ",", "", ".", "%Y-%m-%d"),
        ("quoted.csv", "en", ",", ",", ".", "%Y-%m-%d"),
        ("tab.tsv", "en", "\t", ",", ".", "%m/%d/%Y"),
        ("pipe.csv", "en", "|", ",", ".", "%d %b %Y"),
        ("semicolon.csv", "fr", ";", " ", ",", "%d/%m/%Y"),
        ("nbsp.csv", "fr", ";", NBSP, ",", "%d/%m/%Y"),
        ("narrow.csv", "fr", ";", NARROW, ",", "%d/%m/%Y"),
        ("swiss.csv", "de", ";", "'", ".", "%d.%m.%Y"),
        ("swiss_curly.csv", "fr", ";", "’", ".", "%d.%m.%Y"),
        ("german.csv", "de", ";", ".", ",", "%d.%m.%Y"),
        ("spanish.csv", "es", ";", ".", ",", "%d/%m/%Y"),
        ("portuguese.csv", "pt", ";", ".", ",", "%d/%m/%Y"),
        ("italian.csv", "it", ";", ".", ",", "%d/%m/%Y"),
        ("indian.csv", "en", ",", "lakh", ".", "%d-%m-%Y"),
    ]
    for name, language, delimiter, mark, decimal, pattern in shapes:
        lines = [heads[language].replace(",", delimiter)]
        for day, campaign, cents, impressions, clicks in rows:
            lakh = mark == "lakh"
            cost = grouped(cents, "," if lakh else mark, decimal, lakh)
            cost = f'"{cost}"' if delimiter in cost else cost
            lines.append(
                delimiter.join([day.strftime(pattern), "ads", f'"{campaign}"', cost, str(impressions), str(clicks)])
            )
        file = c.put(f"spend_{name}", lines, end="\r\n" if delimiter == ";" else "\n")
        c.check(
            file,
            "contract §1 generic spend by header aliases; reliability Money: grouping by comma, NBSP, Swiss, Indian",
            want=source(
                role="spend",
                format="generic",
                delimiter=delimiter,
                header_line=1,
                decimal=decimal,
                grain="day",
                period={"start": "2026-10-01", "end": "2026-10-31"},
                rows__used=len(rows),
                **sums,
            ),
        )
    plain = c.files["spend_plain.csv"]
    generic_packed(c, plain, source(role="spend", format="generic", rows__used=len(rows), **sums))


def generic_packed(c: Corpus, plain: bytes, want: dict[str, Any]) -> None:
    c.files["spend_plain.csv.gz"] = gzip.compress(plain, mtime=0)
    c.check("spend_plain.csv.gz", "contract §1: FILES are .gz", want=want)
    c.files["both.zip"] = zipped(
        {
            "spend.csv": plain,
            "sales.csv": b"date,order_id,amount\n2026-10-01,A-1,12.10\n2026-10-31,A-2,0.90\n",
        }
    )
    c.check(
        "both.zip",
        "contract §1: FILES are .zip, each member a source",
        want={
            "sources[role=spend].sums.0.cost": want["sources.0.sums.0.cost"],
            "sources[role=sales].sums.0.revenue_gross": 13,
        },
    )
    sheet = io.BytesIO()
    book = xlsxwriter.Workbook(sheet, {"in_memory": True})
    book.set_properties({"created": dt.datetime(2026, 11, 1)})
    page, day = book.add_worksheet("Spend"), book.add_format({"num_format": "yyyy-mm-dd"})
    page.write_row(0, 0, ["date", "platform", "campaign", "cost", "impressions", "clicks"])
    for number, (when, campaign, cents, impressions, clicks) in enumerate(numbers(), 1):
        page.write_datetime(number, 0, dt.datetime.combine(when, dt.time()), day)
        page.write_row(number, 1, ["ads", campaign, cents / 100, impressions, clicks])
    book.close()
    c.files["spend.xlsx"] = sheet.getvalue()
    c.check(
        "spend.xlsx",
        "contract §1: FILES are .xlsx; a date cell is a date, not a serial to ask about",
        want=want | source(period={"start": "2026-10-01", "end": "2026-10-31"}),
    )
    c.files["season/spend.csv"] = plain
    c.put("season/sales.csv", ["date,order_id,amount,currency", "2026-10-01,A-1,5,EUR"])
    for given in ("season", "season/*.csv"):
        c.case(
            f"check {given}",
            ["check", given],
            "contract §1: FILES are globs and directories",
            want={
                "sources[role=spend].rows.used": 41,
                "sources[role=sales].sums.0.revenue_gross": 5,
                "sources[role=sales].sums.0.currency": "EUR",
            },
        )


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 1, 0, 0, 0)), data)
    return out.getvalue()


def generic_sales(c: Corpus) -> None:
    heads = {
        "fr": "Date;Numéro de commande;E-mail;Montant;Devise",
        "de": "Datum;Bestellnummer;E-Mail;Betrag;Währung",
        "es": "Fecha;Pedido;Correo electrónico;Importe;Moneda",
        "pt": "Data;Pedido;E-mail;Valor;Moeda",
        "it": "Data;Ordine;E-mail;Importo;Valuta",
    }
    for language, head in heads.items():
        name = c.put(
            f"sales_{language}.csv",
            [
                head,
                "31/10/2026;007;learner01@example.com;1.234,50;EUR",
                "01/10/2026;7;LEARNER01@example.com;0,60;EUR",
                "02/10/2026;8;learner02@example.com;14,90;EUR",
            ],
        )
        c.check(
            name,
            "contract §1: header aliases in en, fr, de, es, pt, it; reliability: leading zeros stay; §4 customer",
            want=source(
                role="sales",
                format="generic",
                currency=["EUR"],
                date_order="dmy",
                period={"start": "2026-10-01", "end": "2026-10-31"},
                **{"sums.0.revenue_gross": 1250, "sums.0.orders": 3, "sums.0.customers": 2},
            ),
        )
    name = c.put(
        "sales_lines.csv",
        [
            "\u00a0Date , ORDER ID,Email,Product,Amount,Refunded,Tax,Currency,Status",
            "2026-10-01,A-1,learner01@example.com,Course A,120.00,60.00,20.00,EUR,paid",
            "2026-10-01,A-1,learner01@example.com,Workbook,12.00,0.00,2.00,EUR,paid",
            "2026-10-02,A-2,learner02@example.com,Course A,120.00,0.00,20.00,EUR,failed",
            "2026-10-03,A-3,learner03@example.com,Course B,60.00,,10.00,EUR,paid",
        ],
    )
    c.check(
        name,
        "contract §3: rows sharing an order id are summed (order_lines_summed); §7 gross − refunds − tax = net; tax kept 20 × ½ + 2 + 10",
        want=source(
            role="sales",
            rows={"read": 4, "used": 3, "left_out": {"failed": 1}},
            **{
                "sums.0.revenue_gross": 192,
                "sums.0.refunds": 60,
                "sums.0.tax": 22,
                "sums.0.revenue_net": 110,
                "sums.0.orders": 2,
                "sums.0.customers": 2,
            },
        ),
        notes=["order_lines_summed"],
        no_notes=["tax_included"],
    )
    name = c.put(
        "sales_no_id.csv",
        [
            "date,product,amount,currency",
            "2026-10-01,Course A,49.90,EUR",
            "2026-10-01,Course A,49.90,EUR",
            "2026-10-02,Course B,0.10,EUR",
        ],
    )
    c.check(
        name,
        "contract §3: exact duplicate rows without an id are kept with a note; §4 customers null without a key",
        want=source(**{"sums.0.revenue_gross": 99.90, "sums.0.orders": 3, "sums.0.customers": None}, rows__used=3),
        notes=["duplicates_kept"],
    )
    c.check(
        name,
        "contract §3: --dedupe drops them",
        "--dedupe",
        want=source(rows={"read": 3, "used": 2, "left_out": {"duplicate": 1}}, **{"sums.0.revenue_gross": 50}),
        no_notes=["duplicates_kept"],
    )
    c.check(name, "contract §5: duplicates_kept is exit 3 under --strict", "--strict", exit=3)
    generic_text(c)
    generic_roles(c)


def generic_text(c: Corpus) -> None:
    c.put(
        "sales.yaml",
        [
            "- date: 2026-10-01",
            "  order_id: A-0001",
            "  email: learner01@example.com",
            "  channel: NO",
            "  amount: 12.10",
            "- date: 2026-10-02",
            "  order_id: A-0002",
            "  email: learner02@example.com",
            "  channel: ON",
            "  amount: 7",
        ],
    )
    want = source(
        role="sales",
        format="generic",
        rows__used=2,
        period={"start": "2026-10-01", "end": "2026-10-02"},
        **{"sums.0.revenue_gross": 19.10, "sums.0.orders": 2, "sums.0.customers": 2},
    )
    c.check(
        "sales.yaml",
        "contract §1: YAML, a list of such records; reliability: 12.10 keeps its cents",
        want=want,
    )
    c.case(
        "NO and ON are channels",
        ["roi", "sales.yaml", "spend_unstated.csv", "--by", "channel"],
        "reliability YAML: NO and ON stay text",
        want={"rows[channel=NO].revenue": 12.10, "rows[channel=ON].revenue": 7},
    )
    records = [
        {"date": "2026-10-01", "order_id": "A-0001", "email": "learner01@example.com", "amount": 12.10},
        {"date": "2026-10-02", "order_id": "A-0002", "email": "learner02@example.com", "amount": 7},
    ]
    c.put("sales.json", json.dumps(records, indent=1))
    c.check("sales.json", "contract §1: JSON, a list of such records", want=want)
    c.put(
        "three_roles.yaml",
        [
            "spend:",
            "  - {date: 2026-10-01, channel: Paid Search, cost: 10.05, currency: EUR}",
            "costs:",
            "  - month: 2026-10",
            "    category: people",
            "    cost: 1000.50",
            "    currency: EUR",
            "sales:",
            "  - {date: 2026-10-01, order_id: A-1, amount: 99.99, currency: EUR}",
        ],
    )
    c.check(
        "three_roles.yaml",
        "contract §1: lists under spend:, sales:, costs: (one source each)",
        want={
            "sources[role=spend].sums.0.cost": 10.05,
            "sources[role=costs].sums.0.cost": 1000.50,
            "sources[role=costs].period.end": "2026-10-31",
            "sources[role=sales].sums.0.revenue_gross": 99.99,
        },
    )


def generic_roles(c: Corpus) -> None:
    c.put("amount_only.csv", ["date,amount", "2026-10-01,10.00", "2026-10-31,5.50"])
    c.check(
        "amount_only.csv",
        "contract §1: an `amount` and no order, customer or product column is asked",
        exit=3,
        errors=[{"file": "amount_only.csv"}],
        mentions=["--spend", "--sales"],
    )
    c.case(
        "check --sales amount_only.csv",
        ["check", "--sales", "amount_only.csv"],
        "contract §1: --ROLE FILE says the role",
        want=source(role="sales", **{"sums.0.revenue_gross": 15.50}),
    )
    c.case(
        "check --spend amount_only.csv",
        ["check", "--spend", "amount_only.csv"],
        "contract §1: --ROLE FILE says the role",
        want=source(role="spend", **{"sums.0.cost": 15.50}),
    )
    c.put("odd_header.csv", ["date,order_id,zork", "2026-10-01,A-1,10.00", "2026-10-31,A-2,5.50"])
    c.check(
        "odd_header.csv",
        "contract §1: --map ROLE.COLUMN=HEADER names a column that was not recognised",
        "--map",
        "sales.amount=zork",
        want=source(role="sales", columns__amount="zork", **{"sums.0.revenue_gross": 15.50}),
    )
    c.put(
        "costs.csv",
        [
            "month,category,strategy,cost,currency",
            "2026-09,people,inbound,2000.00,EUR",
            "2026-10,tools,shared,99.90,EUR",
        ],
    )
    c.check(
        "costs.csv",
        "contract §1 costs; §3 costs by month",
        want=source(
            role="costs",
            format="generic",
            period={"start": "2026-09-01", "end": "2026-10-31"},
            **{"sums.0.cost": 2099.90, "sums.0.currency": "EUR"},
        ),
    )
    c.put(
        "names.csv",
        [
            "date,campaign,cost,currency",
            *(f"2026-10-01,{name},{2**n}.00,EUR" for n, name in enumerate(NAMES)),
            '2026-10-01,"Say ""hi"", | now; ok",512.00,EUR',
            "2026-10-01,,1024.00,EUR",
        ],
    )
    c.check(
        "names.csv",
        "reliability: every cell is text first, with no NA words; rule 2: names hold | , [ ]",
        want=source(role="spend", **{"sums.0.cost": 127 + 512 + 1024}, rows__used=9),
    )
    c.case(
        "roi by names that look like nothing",
        ["roi", "names.csv", "sales_oct.csv", "--by", "campaign", "--month", "2026-10"],
        "reliability: campaigns named NA, None, nan, NULL, TRUE, 001 are names; §4 (not set) for blank dimensions",
        want={f"rows[campaign={name}].cost": 2**n for n, name in enumerate(NAMES)}
        | {'rows[campaign=Say "hi", | now; ok].cost': 512, "rows[campaign=(not set)].cost": 1024},
    )


NAMES = ("NA", "None", "nan", "NULL", "TRUE", "001", "1")


# ---------------------------------------------------------------------------------------- reading


def spend_file(c: Corpus, name: str, *rows: str, head: str = "date,campaign,cost") -> str:
    """A hand-made spend file whose first row is sound, so that what follows stands on line 3 and on."""
    return c.put(name, [head, "2026-10-13,Brand,1000.25", *rows])


def money_first(c: Corpus, name: str, *cells: str) -> str:
    """Cost in the first column: its field number and its character place are both 1."""
    return c.put(
        name,
        ["cost,date,campaign", "1000.25,2026-10-13,Brand", *(f"{cell},2026-10-14,Brand" for cell in cells)],
    )


def refused_cells(c: Corpus) -> None:
    for name, cell in {
        "percent": "15%",
        "word": "abc",
        "nan": "NaN",
        "inf": "inf",
        "digits": "9" * 5000,
        "beyond": "1000000000000",
        "two_marks": "1.2.3",
    }.items():
        file = money_first(c, f"bad_money_{name}.csv", "5.00", cell)
        c.check(
            file,
            "reliability Money, refused: 15%, abc, NaN, inf, 5,000 digits, beyond ±999 999 999 999",
            exit=3,
            want={"sources.0.sums": [], "sources.0.rows": None},
            errors=[{"file": file, "line": 4, "column": 1}],
        )
    for name, cell in {"leap": "2023-02-29", "far": "2204-10-01", "month": "2026-13-01"}.items():
        file = spend_file(c, f"bad_date_{name}.csv", f"{cell},Brand,5.00")
        c.check(
            file,
            "reliability Dates: 2023-02-29, year 2204 refused",
            exit=3,
            errors=[{"file": file, "line": 3, "column": 1}],
        )
    file = spend_file(c, "short_row.csv", "2026-10-14,5.00")
    c.check(
        file,
        "reliability: short rows are refused with their line",
        exit=3,
        errors=[{"file": file, "line": 3}],
    )
    file = spend_file(c, "long_row.csv", "2026-10-14,Brand,10,50")
    c.check(
        file,
        "reliability: long rows are refused (an unquoted decimal comma shifts columns)",
        exit=3,
        errors=[{"file": file, "line": 3}],
    )
    file = c.put("long_rows_all.csv", ["date,campaign,cost", "2026-10-13,Brand,10,50", "2026-10-14,Brand,7,25"])
    c.check(
        file,
        "reliability: fields are counted against the header on every row",
        exit=3,
        errors=[{"file": file, "line": 2}],
    )
    file = c.put(
        "scientific_id.csv",
        ["date,order_id,amount", "2026-10-01,100001,10.00", "2026-10-02,1.23E+12,11.00"],
    )
    c.check(
        file,
        "reliability: an id in scientific notation is refused where it is the key",
        exit=3,
        errors=[{"file": file, "line": 3}],
    )
    c.case(
        "roi with a bad cell",
        ["roi", "bad_money_word.csv", "sales_oct.csv"],
        "contract §5: exit 3, stdout empty, file:line:column on stderr",
        3,
        errors=[{"file": "bad_money_word.csv", "line": 4, "column": 1}],
        mentions=["kpi: error:", "bad_money_word.csv:4:1"],
    )
    c.case(
        "check names both of two bad files and still shows the good one",
        ["check", "bad_date_leap.csv", "spend_oct.csv", "short_row.csv"],
        "contract §7: a refused file carries `error`, the others are complete, exit 3; §5 one line per bad file",
        3,
        want={
            "sources.0.error.line": 3,
            "sources.1.sums.0.cost": 7000,
            "sources.1.error": None,
            "sources.2.sums": [],
        },
        errors=[{"file": "bad_date_leap.csv", "line": 3}, {"file": "short_row.csv", "line": 3}],
    )


def refused_files(c: Corpus) -> None:
    good = b"date,campaign,cost\n2026-10-13,Brand,1000.25\n"
    bad: dict[str, tuple[bytes, int | None]] = {
        "empty.csv": (b"", None),
        "login.csv": (
            b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>Sign in, please</body></html>\n",
            None,
        ),
        "nul.csv": (good + b"2026-10-14,Br\0and,5.00\n", 3),
        "mixed_encodings.csv": (
            "date,campaign,cost\n2026-10-13,Été,1.25\n".encode() + b"2026-10-14,\xc9t\xe9,5.00\n",
            None,
        ),
        "unclosed.csv": (good + b'2026-10-14,"Brand,5.00\n', 3),
        "swallowed.csv": (
            good + b'2026-10-14,"Brand,5.00\n2026-10-15,Brand,6.00\n2026-10-16,Brand",7.00\n2026-10-17,Brand,8.00\n',
            3,
        ),
        "no_header.csv": (b"2026-10-13,Brand,1000.25\n2026-10-14,Brand,5.00\n", None),
        "two_costs.csv": (b"date,campaign,cost,cost\n2026-10-13,Brand,1000.25,3.00\n", 1),
        "xlsx_inside.csv": (c.files["spend.xlsx"], None),
        "truncated.csv.gz": (gzip.compress(good * 50, mtime=0)[:-12], None),
        "not_gzip.csv.gz": (good, None),
        "escaping.zip": (zipped({"../outside.csv": good}), None),
        "page.pdf.csv": (b"%PDF-1.7\n1 0 obj\n", None),
    }
    for name, (data, line) in bad.items():
        c.files[name] = data
        c.check(
            name,
            "reliability, exit 3: empty, HTML, xlsx bytes, NUL, mixed encodings, unclosed or swallowing quote, no header, duplicate of a needed header, truncated gzip, a zip path that leaves",
            exit=3,
            errors=[{"file": name} | ({"line": line} if line else {})] if not name.endswith(".zip") else [{}],
        )
    c.check("missing.csv", "contract §5: a file that is not there gives no figure", exit=[2, 3, 5])


def refused_text(c: Corpus) -> None:
    record = "- date: 2026-10-01\n  channel: Email\n  cost: {}\n"
    bad: dict[str, tuple[str, int | None]] = {
        "tag": ("- date: 2026-10-01\n  cost: !!python/object:os.system 5\n", 2),
        "alias": ("- &a\n  date: 2026-10-01\n  cost: 5\n- *a\n", None),
        "twice": ("- date: 2026-10-01\n  cost: 5\n  cost: 6\n", None),
        "two_documents": (record.format("5") + "---\n" + record.format("6"), None),
        "clock": (record.format("1:30"), 3),
        "octal": (record.format("012"), 3),
        "open": ("- date: [2026-10-01\n  cost: 5\n", None),
        "deep": ("- cost: " + "[" * 100 + "]" * 100 + "\n", None),
        "date": ("- date: 2026-02-30\n  cost: 5\n", 1),
    }
    for name, (text, line) in bad.items():
        file = c.put(f"bad_{name}.yaml", text)
        c.case(
            f"check --spend {file}",
            ["check", "--spend", file],
            "reliability YAML: no tags, no aliases, unique keys (line of the first), depth ≤ 64, one document; 1:30 and 012 refused",
            3,
            errors=[{"file": file} | ({"line": line} if line else {})],
            numbers=[2] if name == "twice" else [],
        )
    file = c.put("bad_nan.json", '[{"date": "2026-10-01", "channel": "Email", "cost": NaN}]\n')
    c.check(file, "reliability Money: NaN is refused", "--no-config", exit=3, errors=[{"file": file}])
    c.put("typo.yml", "margn: 0.6\n")
    c.case(
        "kpi.yml with a misspelt key",
        ["roi", "spend_oct.csv", "sales_oct.csv", "--config", "typo.yml"],
        "reliability YAML: unknown keys: did you mean",
        3,
        errors=[{"file": "typo.yml", "line": 1, "column": 1}],
        mentions=["margin"],
    )


def asked(c: Corpus) -> None:
    sales = "date,order_id,amount"
    file = c.put("ask_dates.csv", [sales, "01/02/2026,A-1,10.50", "03/04/2026,A-2,20.25"])
    c.check(
        file,
        "reliability Dates: dd/mm against mm/dd undecidable → asked",
        exit=3,
        errors=[{"file": file}],
        mentions=["--date-format"],
    )
    for order, start, end in (("dmy", "2026-02-01", "2026-04-03"), ("mdy", "2026-01-02", "2026-03-04")):
        c.check(
            file,
            "contract §2: --date-format settles what a file leaves open",
            "--date-format",
            order,
            want=source(period={"start": start, "end": end}, date_order=order, **{"sums.0.revenue_gross": 30.75}),
        )
    file = c.put(
        "contradictory_dates.csv",
        [sales, "13/05/2026,A-1,10.50", "01/05/2026,A-2,1.50", "05/14/2026,A-3,20.25"],
    )
    c.check(
        file,
        "reliability Dates: contradictory → refused naming both lines",
        exit=3,
        errors=[{"file": file}],
        numbers=[2, 4],
    )
    for name, cell in (("two_digit_year", "13/10/26"), ("serial", "46308")):
        file = c.put(f"ask_{name}.csv", [sales, f"{cell},A-1,10.50", f"{cell},A-2,20.25"])
        c.check(
            file,
            "reliability Dates: two-digit years and Excel serials asked",
            exit=3,
            errors=[{"file": file}],
            mentions=["--date-format"] if name == "serial" else [],
        )
    day = dt.date(1899, 12, 30) + dt.timedelta(46308)
    c.check(
        "ask_serial.csv",
        "contract §2: --date-format excel",
        "--date-format",
        "excel",
        want=source(period={"start": day.isoformat(), "end": day.isoformat()}),
    )
    for name, cells in (("dot", ("1.234", "2.500")), ("comma", ('"1,234"', '"2,500"'))):
        file = c.put(
            f"ask_decimal_{name}.csv",
            [sales, f"2026-10-01,A-1,{cells[0]}", f"2026-10-02,A-2,{cells[1]}"],
        )
        c.check(
            file,
            "reliability Money, asked: 1.234 everywhere (--decimal)",
            exit=3,
            errors=[{"file": file}],
            mentions=["--decimal"],
        )
        for mark in ".,":
            small = (mark == ".") == (name == "dot")
            c.check(
                file,
                "contract §2: --decimal settles what a file leaves open",
                "--decimal",
                mark,
                want=source(decimal=mark, **{"sums.0.revenue_gross": 3.734 if small else 3734}),
            )
    c.check(
        "spend_german.csv",
        "contract §2: an option that contradicts a settled file is exit 3",
        "--decimal",
        ".",
        exit=3,
        errors=[{"file": "spend_german.csv"}],
    )
    c.check(
        "sales_fr.csv",
        "contract §2: --date-format that contradicts a settled file is exit 3",
        "--date-format",
        "mdy",
        exit=3,
        errors=[{"file": "sales_fr.csv"}],
    )
    offsets(c, sales)


def offsets(c: Corpus, sales: str) -> None:
    file = c.put(
        "summer_winter.csv",
        [sales, "2026-10-01 23:30:00 +0200,A-1,10.50", "2026-10-30 00:15:00 +0100,A-2,20.25"],
    )
    c.check(
        file,
        "reliability Dates: the local date as written is the day; offsets one hour apart are one zone",
        want=source(period={"start": "2026-10-01", "end": "2026-10-30"}),
    )
    file = c.put("two_zones.csv", [sales, "2026-10-01 12:00:00 +0500,A-1,10.50", "2026-10-30 12:00:00 -0800,A-2,20.25"])
    c.check(
        file,
        "reliability Dates: other offsets are asked (--tz)",
        exit=3,
        errors=[{"file": file}],
        mentions=["--tz"],
    )
    c.check(file, "contract §2: --tz settles it", "--tz", "Europe/Paris", want=source(**{"sums.0.orders": 2}))


def repaired(c: Corpus) -> None:
    head, one, two = "date,campaign,cost,clicks", "2026-10-13,Été,1000.25,7", "2026-10-14,Brand,5.50,3"
    lines = [head, one, two]
    why = "reliability: repaired with a note: BOM, sep=, CR-only or mixed line ends, trailing delimiter, unnamed column, cp1252"
    want = source(role="spend", **{"sums.0.cost": 1005.75, "sums.0.clicks": 10})
    files: dict[str, tuple[bytes, list[str]]] = {
        "bom.csv": ((BOM + "\n".join(lines) + "\n").encode(), []),
        "sep.csv": (("sep=;\r\n" + "\r\n".join(lines).replace(",", ";") + "\r\n").encode(), []),
        "cr_only.csv": (("\r".join(lines) + "\r").encode(), []),
        "mixed_ends.csv": (f"{head}\r\n{one}\n{two}\r\n".encode(), []),
        "cp1252.csv": (("\n".join(lines) + "\n").encode("cp1252"), ["encoding_repaired"]),
        "no_final_newline.csv": ("\n".join(lines).encode(), ["no_final_newline"]),
        "trailing.csv": (("".join(f"{line},\n" for line in lines)).encode(), ["trailing_delimiter"]),
        "unnamed.csv": (f",{head}\n0,{one}\n1,{two}\n".encode(), ["unnamed_column"]),
        "duplicate_header.csv": (f"{head},memo,memo\n{one},a,b\n{two},c,d\n".encode(), []),
        "mojibake.csv": (("\n".join(lines) + "\n").encode().decode("cp1252").encode(), ["mojibake_repaired"]),
    }
    for name, (data, notes) in files.items():
        c.files[name] = data
        c.check(name, why, want=want, notes=notes, some_note=True)
    c.case(
        "cp1252 text is the text",
        ["roi", "cp1252.csv", "sales_unstated.csv", "--month", "2026-10", "--by", "campaign"],
        "formats rule 1: strict UTF-8, then cp1252",
        want={"rows[campaign=Été].cost": 1000.25},
    )
    c.put("blank_lines.csv", [head, "", one, "", "", two, ""])
    c.check("blank_lines.csv", "contract §7: blank lines are not records", want=want | source(rows__read=2))
    c.put("repeated_header.csv", [head, one, head, two])
    c.check(
        "repeated_header.csv",
        "reliability: repeated header; §7 left out as repeated_header",
        want=want | source(rows={"read": 3, "used": 2, "left_out": {"repeated_header": 1}}),
    )
    c.put("generic_total.csv", [head, one, two, "Total,,1005.75,10"])
    c.check(
        "generic_total.csv",
        "contract §7: only a total over the file's own rows (a generic Total) can raise",
        want=want
        | source(rows={"read": 3, "used": 2, "left_out": {"totals_row": 1}})
        | {control("Total", "cost", "agrees"): True},
    )
    c.put("generic_total_off.csv", [head, one, two, "Total,,1005.85,10"])
    c.check(
        "generic_total_off.csv",
        "reliability: a total that does not match is a loud note",
        want=want | {control("Total", "cost", "agrees"): False, control("Total", "clicks", "agrees"): True},
        notes=["control_total_differs"],
    )
    c.put("placeholders.csv", [head, one, two, "2026-10-15,Brand,0.00,--", "2026-10-16,Brand,0.00,—"])
    c.check(
        "placeholders.csv",
        "formats rule 7: placeholders are unknown, not 0; §7 counted in a note",
        want=want | source(rows__used=4),
        notes=["unknown_cells"],
    )
    c.put("unknown_money.csv", [head, one, two, "2026-10-15,Brand,--,0"])
    c.check("unknown_money.csv", "contract §7: an unknown cell is skipped", want=want, notes=["unknown_cells"])
    c.check("unknown_money.csv", "contract §7: unknown money is exit 3 under --strict", "--strict", exit=3)
    c.files["repaired_field.csv.gz"] = gzip.compress(f"{head},memo\n{one},{'x' * 200_000}\n{two},y\n".encode(), mtime=0)
    c.check("repaired_field.csv.gz", "reliability: 200 kB fields are fine", want=want)
    wide = [f"{head}{''.join(f',x{n}' for n in range(20_000))}", one + "," * 20_000, two + "," * 20_000]
    c.files["wide.csv.gz"] = gzip.compress(("\n".join(wide) + "\n").encode(), mtime=0)
    c.check("wide.csv.gz", "reliability: 20,000 columns are fine", want=want)
    money_styles(c)


def money_styles(c: Corpus) -> None:
    for name, cell in (("brackets", "(5.00)"), ("minus", f"{MINUS}5.00"), ("after", "5.00-")):
        file = money_first(c, f"negative_{name}.csv", cell)
        c.check(
            file,
            "reliability Money: (5.00), −5.00, 5.00-",
            want=source(**{"sums.0.cost": 995.25}),
            notes=["negative_style"],
        )
    file = money_first(c, "exponent.csv", "1E+3", "$10.10")
    c.check(
        file,
        "reliability Money: 1E+3 and $10.10; formats rule 11: $ alone names no currency",
        want=source(**{"sums.0.cost": 2010.35, "sums.0.currency": None}),
        notes=["currency_unstated"],
    )
    c.put("euro.csv", ["Date;Campagne;Coût", f"13/10/2026;Marque;1{NBSP}234,56 €", "14/10/2026;Marque;0,44 €"])
    c.check(
        "euro.csv",
        "formats rule 11: currency in the cell's symbol",
        want=source(currency=["EUR"], **{"sums.0.cost": 1235, "sums.0.currency": "EUR"}),
    )
    c.put("two_symbols.csv", ["date,campaign,cost", "2026-10-13,Brand,€1000.25", "2026-10-14,Brand,£5.00"])
    c.check(
        "two_symbols.csv",
        "contract §3: two currency symbols in a column without a currency column are refused",
        exit=3,
        errors=[{"file": "two_symbols.csv"}],
    )
    c.put(
        "header_currency.csv",
        ["date,campaign,cost (CHF)", "2026-10-13,Brand,1000.25", "2026-10-14,Brand,5.00"],
    )
    c.check(
        "header_currency.csv",
        "formats rule 11: currency in a header parenthesis",
        want=source(currency=["CHF"], **{"sums.0.cost": 1005.25}),
    )
    c.check(
        "header_currency.csv",
        "contract §2: --currency that contradicts a settled file is exit 3",
        "--currency",
        "EUR",
        exit=3,
        errors=[{"file": "header_currency.csv"}],
    )
    c.put("micros.csv", ["date,campaign,cost_micros", "2026-10-13,Brand,1250000", "2026-10-14,Brand,1"])
    c.check(
        "micros.csv",
        "formats rule 15: micros, known by the column name",
        want=source(role="spend", **{"sums.0.cost": 1.250001}),
        notes=["micros"],
    )


# -------------------------------------------------------------------------------------------- roi


def base_files(c: Corpus) -> None:
    c.put(
        "spend_oct.csv",
        [
            "date,platform,channel,campaign,cost,currency",
            "2026-10-01,google,Paid Search,Brand,4000.00,EUR",
            "2026-10-15,google,Paid Search,Generic,1000.00,EUR",
            "2026-10-31,meta,Paid Social,Cold,2000.00,EUR",
        ],
    )
    sales = [
        "date,order_id,email,amount,tax,currency,channel",
        "2026-10-01,A-1,learner01@example.com,6000.00,0.00,EUR,Paid Search",
        "2026-10-20,A-2,learner02@example.com,3000.00,0.00,EUR,Paid Social",
        "2026-10-31,A-3,learner03@example.com,1000.00,0.00,EUR,Email",
    ]
    c.put("sales_oct.csv", sales)
    c.put("sales_plain.csv", [line.rsplit(",", 1)[0] for line in sales])
    c.put("sales_usd.csv", [line.replace("EUR", "USD") for line in sales])
    c.put("sales_taxed.csv", [line.replace(",0.00,", ",").replace("tax,", "") for line in sales])
    c.put("sales_unstated.csv", ["date,order_id,amount", "2026-10-01,A-1,10.50", "2026-10-31,A-2,20.25"])
    c.put(
        "spend_unstated.csv",
        ["date,channel,cost", "2026-10-01,Paid Search,10.50", "2026-10-31,Paid Search,20.25"],
    )
    c.put(
        "costs_oct.yaml",
        [
            "costs:",
            "  - month: 2026-10",
            "    category: people",
            "    strategy: inbound",
            "    cost: 3100",
            "    currency: EUR",
            "  - month: 2026-10",
            "    category: tools",
            "    strategy: inbound",
            "    channel: Email",
            "    cost: 310",
            "    currency: EUR",
        ],
    )


BASE = ["roi", "spend_oct.csv", "sales_oct.csv", "--month", "2026-10"]
COSTS = [*BASE[:3], "costs_oct.yaml", *BASE[3:]]


def roi_plain(c: Corpus) -> None:
    total = {
        "question": "roi",
        "schema": 1,
        "currency": "EUR",
        "period.start": "2026-10-01",
        "period.end": "2026-10-31",
        "period.days": 31,
        "previous": None,
        "total.revenue": 10000,
        "total.media_cost": 7000,
        "total.cost": 7000,
        "total.profit": 3000,
        "total.roi": 0.428571,
        "total.roas": six(Fraction(9, 7)),
        "total.mer": six(Fraction(10, 7)),
    }
    c.case(
        "roi, the total",
        BASE,
        "contract §6 roi; total roas = revenue of the channels with media cost / media_cost",
        want=total | {"rows": [], "by": []},
    )
    c.case(
        "roi by channel",
        [*BASE, "--by", "channel"],
        "contract §6; metrics roi, roas; a ratio with no denominator is null with a reason",
        want=total
        | {
            "by": ["channel"],
            "rows[channel=Paid Search].revenue": 6000,
            "rows[channel=Paid Search].cost": 5000,
            "rows[channel=Paid Search].profit": 1000,
            "rows[channel=Paid Search].roi": 0.2,
            "rows[channel=Paid Search].roas": 1.2,
            "rows[channel=Paid Social].roi": 0.5,
            "rows[channel=Email].revenue": 1000,
            "rows[channel=Email].roi": None,
            "rows[channel=Email].roas": None,
        },
        nulls=[{"row": {"channel": "Email"}, "column": "roi", "reason": "no_cost"}],
    )
    c.case(
        "roi by strategy",
        [*BASE, "--by", "strategy"],
        "channels.md: Email inbound, Paid * outbound; inbound + outbound + unknown = total",
        want={
            "rows[strategy=outbound].revenue": 9000,
            "rows[strategy=outbound].cost": 7000,
            "rows[strategy=inbound].revenue": 1000,
            "total.revenue": 10000,
        },
    )
    c.case(
        "roi by campaign, cost",
        [*BASE, "--by", "campaign"],
        "contract §2 --by campaign; §4 (not set) for blank dimensions",
        want={
            "rows[campaign=Brand].cost": 4000,
            "rows[campaign=Generic].cost": 1000,
            "rows[campaign=Cold].cost": 2000,
            "total.cost": 7000,
        },
    )
    labels = {
        "day": "2026-10-01",
        "week": "2026-W40",
        "month": "2026-10",
        "quarter": "2026-Q4",
        "year": "2026",
    }
    for unit, label in labels.items():
        part = unit in ("day", "week")
        c.case(
            f"roi --every {unit}",
            [*BASE, "--every", unit],
            "contract §2: --every X puts X first in by; the labels",
            want={
                "by": [unit],
                f"rows[{unit}={label}].cost": 4000 if part else 7000,
                f"rows[{unit}={label}].revenue": 6000 if part else 10000,
            },
        )
    for options in (["--by", "month,channel"], ["--every", "month", "--by", "channel"]):
        c.case(
            "roi " + " ".join(options),
            [*BASE, *options],
            "contract §2: --by month,channel = --every month --by channel",
            want={"by": ["month", "channel"], "rows[month=2026-10&channel=Paid Social].roi": 0.5},
        )
    c.case(
        "the calculator",
        ["roi", "--revenue", "10000", "--cost", "7000"],
        "contract §1 calculators, §6 period null for a calculator",
        want={"total.roi": 0.428571, "total.profit": 3000, "period": None, "rows": [], "sources": []},
    )
    c.case(
        "the calculator with a margin",
        ["roi", "--revenue", "10000", "--cost", "7000", "--margin", "60%"],
        "metrics roi = (revenue × margin − cost) / cost; contract §2 rates 20% or 0.2",
        want={"total.roi": six(Fraction(-1, 7)), "total.profit": -1000},
    )
    c.case(
        "sort and top",
        [*BASE, "--by", "channel", "--sort", "-cost", "--top", "1"],
        "contract §2 --sort -COLUMN down, --top N",
        want={"rows.0.channel": "Paid Search", "total.cost": 7000},
    )


def roi_costs(c: Corpus) -> None:
    c.case(
        "costs without a channel stay (not allocated)",
        [*COSTS, "--by", "channel"],
        "contract §4: cost that names no channel stays in row (not allocated) and in the total",
        want={
            "rows[channel=(not allocated)].cost": 3100,
            "rows[channel=Email].cost": 310,
            "rows[channel=Email].roi": six(Fraction(690, 310)),
            "rows[channel=Paid Search].cost": 5000,
            "total.cost": 10410,
            "total.media_cost": 7000,
            "total.profit": -410,
            "total.roi": six(Fraction(-410, 10410)),
        },
    )
    c.case(
        "--allocate media",
        [*COSTS, "--by", "channel", "--allocate", "media"],
        "contract §4 and metrics: parts of an allocation sum exactly (largest remainder on the last millionth): 3100 × 5/7, 3100 × 2/7",
        want={
            "rows[channel=Paid Search].cost": 7214.285714,
            "rows[channel=Paid Social].cost": 2885.714286,
            "rows[channel=Email].cost": 310,
            "total.cost": 10410,
        },
    )
    c.case(
        "--allocate revenue",
        [*COSTS, "--by", "channel", "--allocate", "revenue"],
        "contract §4: --allocate KEY spreads it: 3100 by 6 : 3 : 1",
        want={
            "rows[channel=Paid Search].cost": 6860,
            "rows[channel=Paid Social].cost": 2930,
            "rows[channel=Email].cost": 620,
            "total.cost": 10410,
        },
    )
    c.case(
        "costs by strategy",
        [*COSTS, "--by", "strategy"],
        "contract §1: costs name a strategy; channels.md: paid channels are outbound",
        want={"rows[strategy=inbound].cost": 3410, "rows[strategy=outbound].cost": 7000, "total.cost": 10410},
    )
    c.case(
        "costs by month are spread by day",
        [*COSTS[:4], "--from", "2026-10-01", "--to", "2026-10-10"],
        "contract §3: costs by month are always spread by day: 3410 × 10/31",
        want={
            "total.cost": 5100,
            "total.media_cost": 4000,
            "total.revenue": 6000,
            "total.roi": six(Fraction(900, 5100)),
            "period.days": 10,
        },
    )
    c.case(
        "costs by month, every day",
        [*COSTS, "--every", "day"],
        "contract §3: costs by month are always spread by day",
        want={"rows[day=2026-10-02].cost": 110, "rows[day=2026-10-01].cost": 4110, "total.cost": 10410},
    )
    c.case(
        "--margin",
        [*BASE, "--margin", "0.6"],
        "metrics: roi = (revenue × margin − cost) / cost; roas keeps revenue",
        want={
            "total.revenue": 10000,
            "total.profit": -1000,
            "total.roi": six(Fraction(-1, 7)),
            "total.mer": six(Fraction(10, 7)),
        },
    )
    c.put("vat.yml", ["vat: 20%", "margin: 0.5"])
    c.case(
        "vat and margin from kpi.yml",
        ["roi", "spend_oct.csv", "sales_taxed.csv", "--month", "2026-10", "--config", "vat.yml"],
        "contract §4: where tax is in and not stated, kpi.yml vat: removes it: 10000 / 1.2; §1 its other settings stay beside FILES",
        want={
            "total.revenue": six(Fraction(10000 * 10, 12)),
            "total.roi": six((Fraction(10000 * 10, 24) - 7000) / 7000),
            "config.file": "vat.yml",
        },
        no_notes=["tax_included"],
    )
    c.case(
        "tax that is in and not stated",
        ["roi", "spend_oct.csv", "sales_taxed.csv", "--month", "2026-10"],
        "contract §4: note tax_included",
        want={"total.revenue": 10000},
        notes=["tax_included"],
    )


def roi_windows(c: Corpus) -> None:
    c.put(
        "spend_sep_oct.csv",
        [
            "date,channel,cost,currency",
            "2026-09-01,Paid Search,2500.00,EUR",
            "2026-09-30,Paid Search,500.00,EUR",
            "2026-10-01,Paid Search,4000.00,EUR",
            "2026-10-31,Paid Search,3000.00,EUR",
        ],
    )
    c.put(
        "sales_sep_oct.csv",
        [
            "date,order_id,amount,tax,currency,channel",
            "2026-09-01,A-1,4000.00,0,EUR,Paid Search",
            "2026-09-30,A-2,500.00,0,EUR,Paid Search",
            "2026-10-01,A-3,9000.00,0,EUR,Paid Search",
            "2026-10-31,A-4,1000.00,0,EUR,Paid Search",
        ],
    )
    both = ["roi", "spend_sep_oct.csv", "sales_sep_oct.csv"]
    c.case(
        "--compare previous",
        [*both, "--month", "2026-10", "--compare", "previous", "--by", "channel"],
        "contract §2: previous = the calendar unit before when the window is a whole month",
        want={
            "total.roi": 0.428571,
            "previous.period.start": "2026-09-01",
            "previous.period.end": "2026-09-30",
            "previous.total.revenue": 4500,
            "previous.total.roi": 0.5,
            "previous.rows[channel=Paid Search].cost": 3000,
        },
    )
    c.case(
        "no period option: the overlap",
        both,
        "contract §3: without a period option the window is the overlap",
        want={
            "period.start": "2026-09-01",
            "period.end": "2026-10-31",
            "total.revenue": 14500,
            "total.cost": 10000,
            "total.roi": 0.45,
        },
    )
    c.case(
        "--month cuts, with a note of what lies outside",
        [*both, "--month", "2026-09"],
        "contract §3: what lies outside is a note with its amount",
        want={"total.revenue": 4500, "total.cost": 3000, "total.roi": 0.5},
        notes=["outside_window"],
    )
    for options, start, end in (
        (["--last", "month", "--as-of", "2026-11-15"], "2026-10-01", "2026-10-31"),
        (["--last", "30d", "--as-of", "2026-10-31"], "2026-10-01", "2026-10-30"),
        (["--last", "quarter", "--as-of", "2026-10-05"], "2026-07-01", "2026-09-30"),
    ):
        c.case(
            "roi " + " ".join(options),
            [*both, *options],
            "contract §2: --last takes complete units before --as-of",
            want={"period.start": start, "period.end": end},
        )
    c.case(
        "a month without a row",
        [*both, "--month", "2027-03"],
        "contract §5: 5 when a needed role has no row in the period",
        5,
    )
    c.put(
        "spend_jan.csv",
        ["date,channel,cost,currency", "2026-01-01,Paid Search,5.00,EUR", "2026-01-09,Paid Search,5.00,EUR"],
    )
    c.case("no overlap", ["roi", "spend_jan.csv", "sales_oct.csv"], "contract §3: no overlap: exit 5", 5)
    c.case("no spend file", ["roi", "sales_oct.csv"], "contract §5: 5 when a needed role has no file", 5)
    roi_ranges(c)


def roi_ranges(c: Corpus) -> None:
    c.put(
        "meta_across.csv",
        [
            '"Reporting starts","Reporting ends","Campaign name","Campaign delivery",Reach,Impressions,"Amount spent (EUR)",Ends',
            "2026-09-15,2026-10-14,Cold,active,5000,25000,300.00,Ongoing",
        ],
    )
    both = ["roi", "meta_across.csv", "sales_sep_oct.csv"]
    c.case(
        "a range row across the window's edge",
        [*both, "--month", "2026-10"],
        "contract §3: a window edge inside a range row is exit 3 with its line",
        3,
        errors=[{"file": "meta_across.csv", "line": 2}],
        mentions=["--prorate"],
    )
    c.case(
        "an --every edge inside a range row",
        [*both, "--from", "2026-09-01", "--to", "2026-10-31", "--every", "month"],
        "contract §3: an --every edge inside it is exit 3 with its line",
        3,
        errors=[{"file": "meta_across.csv", "line": 2}],
    )
    c.case(
        "--prorate spreads a range row by day",
        [*both, "--month", "2026-10", "--prorate"],
        "contract §3: unless --prorate spreads it by day and says so: 300 × 14/30",
        want={"total.cost": 140, "total.revenue": 10000},
        notes=["prorated"],
    )
    c.case(
        "a range row wholly inside the window",
        [*both, "--from", "2026-09-01", "--to", "2026-10-31"],
        "contract §3: a range row wholly inside the window counts",
        want={"total.cost": 300, "total.revenue": 14500},
    )
    rows = {
        "a": ("October 1, 2026 - October 3, 2026", [(1, "10.00"), (2, "20.00"), (3, "30.00")]),
        "b": ("October 3, 2026 - October 5, 2026", [(3, "30.00"), (4, "40.00"), (5, "50.00")]),
        "c": ("October 3, 2026 - October 5, 2026", [(3, "31.00"), (4, "40.00"), (5, "50.00")]),
    }
    for name, (span, days) in rows.items():
        for ids in (True, False):
            head = "Day,Campaign,Campaign ID,Campaign type,Currency code,Cost,Impr.,Clicks,Conversions"
            lines = [f"2026-10-{day:02},Brand,222,Search,EUR,{cost},100,10,1.00" for day, cost in days]
            keep = (
                [head, *lines]
                if ids
                else [line.replace(",222", "").replace("Campaign ID,", "") for line in [head, *lines]]
            )
            c.put(f"google_{name}{'' if ids else '_no_id'}.csv", ["Campaign report", f'"{span}"', *keep])
    c.case(
        "overlapping downloads count once",
        [
            "roi",
            "google_a.csv",
            "google_b.csv",
            "sales_oct.csv",
            "--from",
            "2026-10-01",
            "--to",
            "2026-10-05",
        ],
        "contract §3: identical spend rows of overlapping downloads count once",
        want={"total.cost": 150, "total.media_cost": 150},
    )
    c.case(
        "overlapping downloads that differ",
        [
            "roi",
            "google_a.csv",
            "google_c.csv",
            "sales_oct.csv",
            "--from",
            "2026-10-01",
            "--to",
            "2026-10-05",
        ],
        "contract §3: differing ones are exit 3",
        3,
    )
    c.case(
        "overlapping downloads that differ and state no account",
        ["roi", "google_a_no_id.csv", "google_c_no_id.csv", "sales_oct.csv"],
        "contract §3: where files state none, the refusal names --accounts separate",
        3,
        mentions=["--accounts separate"],
    )


UTM = [
    # amount, source, medium, campaign, the channel it must land in
    (900, "google", "cpc", "autumn pmax", "Cross-network"),
    (100, "", "", " Autumn PMax", "Cross-network"),
    (80, "brevo", "email", "Autumn PMax", "Email"),
    (60, "google", "organic", "", "Organic Search"),
    (40, "", "", "", "(unattributed)"),
    (20, "flyer", "qr", "open-day", "Unassigned"),
    (30, "google", "cpc", "111", "Cross-network"),
    (300, "Google", "CPC", "brand", "Paid Search"),
    (70, "facebook", "paid_social", "new", "Paid Social"),
    (50, "partner.example", "referral", "", "Referral"),
]
GA4 = [
    ("(direct)", "(none)", "", "Direct"),
    ("google", "cpm", "", "Paid Search"),
    ("bing", "organic", "", "Organic Search"),
    ("facebook", "social", "", "Organic Social"),
    ("m.facebook.com", "referral", "", "Organic Social"),
    ("youtube", "cpc", "", "Paid Video"),
    ("somesite", "cpc", "", "Paid Other"),
    ("partner", "affiliates", "", "Unassigned"),
    ("partner", "affiliate", "", "Affiliates"),
    ("email", "referral", "", "Referral"),
    ("brevo", "e-mail", "", "Email"),
    ("somesite", "remarketing", "", "Unassigned"),
    ("somesite", "newsletter", "", "Unassigned"),
    ("somesite", "cpa", "", "Paid Other"),
    ("programmatic", "banner", "", "Display"),
    ("app", "web push", "", "Mobile Push"),
    ("sms", "text", "", "SMS"),
    ("station", "audio", "", "Audio"),
    ("google", "cpc", "masterclass shop", "Paid Shopping"),
    ("somesite", "referral", "workshop", "Referral"),
    ("somesite", "ai-assistant", "", "AI Assistant"),
    ("vimeo", "referral", "", "Organic Video"),
    ("somesite", "social-paid", "", "Unassigned"),
    ("google", "cpc", "all cross-network", "Cross-network"),
    ("somesite", "retargeting", "", "Paid Other"),
]


def utm_sales(c: Corpus, name: str, rows: list[tuple[int, str, str, str, str]]) -> str:
    head = "date,order_id,email,amount,tax,currency,utm_source,utm_medium,utm_campaign"
    return c.put(
        name,
        [
            head,
            *(
                f"2026-10-{n % 31 + 1:02},U-{n},learner{n}@example.com,{amount}.00,0.00,EUR,{source},{medium},{campaign}"
                for n, (amount, source, medium, campaign, _) in enumerate(rows)
            ),
        ],
    )


def revenue_of(rows: list[tuple[int, str, str, str, str]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for amount, *_, channel in rows:
        sums[channel] = sums.get(channel, 0) + amount
    return sums


def roi_channels(c: Corpus) -> None:
    c.put(
        "google_oct.csv",
        [
            "Campaign report",
            '"October 1, 2026 - October 31, 2026"',
            "Day,Campaign,Campaign ID,Campaign type,Currency code,Cost,Impr.,Clicks,Conversions",
            "2026-10-05,Autumn PMax,111,Performance Max,EUR,500.00,1000,50,5.00",
            "2026-10-06,Brand,222,Search,EUR,200.00,500,40,4.00",
            "Total: Campaigns, --, --, --,EUR,700.00,1500,90,9.00",
        ],
    )
    utm_sales(c, "sales_utm.csv", UTM)
    base = ["roi", "google_oct.csv", "sales_utm.csv", "--month", "2026-10"]
    c.case(
        "the channel of a sale",
        [*base, "--by", "channel"],
        "contract §4 Channel of a sale: a campaign equal to one in the spend files gives its channel, only if the sale's own source / medium is blank, Unassigned or paid; else GA4's",
        want={f"rows[channel={channel}].revenue": amount for channel, amount in revenue_of(UTM).items()}
        | {
            "rows[channel=Cross-network].roi": 1.06,
            "rows[channel=Cross-network].roas": 2.06,
            "rows[channel=Paid Search].roi": 0.5,
            "total.revenue": 1650,
            "total.roas": 1.9,
            "total.mer": six(Fraction(1650, 700)),
            "total.roi": six(Fraction(950, 700)),
        },
        notes=["unattributed_revenue"],
    )
    c.case(
        "the strategy of a sale",
        [*base, "--by", "strategy"],
        "channels.md: inbound, outbound, unknown; always inbound + outbound + unknown = total",
        want={
            "rows[strategy=outbound].revenue": 1400,
            "rows[strategy=inbound].revenue": 190,
            "rows[strategy=unknown].revenue": 60,
            "rows[strategy=outbound].cost": 700,
            "total.revenue": 1650,
        },
    )
    c.case(
        "cost by campaign of a platform file",
        [*base, "--by", "campaign"],
        "contract §2 --by campaign",
        want={"rows[campaign=Autumn PMax].cost": 500, "rows[campaign=Brand].cost": 200, "total.cost": 700},
    )
    c.put(
        "meta_same_campaign.csv",
        [
            '"Campaign name",Day,Reach,Impressions,"Amount spent (EUR)","Reporting starts","Reporting ends"',
            "Autumn PMax,2026-10-07,900,1000,300.00,2026-10-01,2026-10-31",
        ],
    )
    c.case(
        "one campaign name in two platforms",
        [
            "roi",
            "google_oct.csv",
            "meta_same_campaign.csv",
            "sales_utm.csv",
            "--month",
            "2026-10",
            "--by",
            "channel",
        ],
        "contract §4: exactly one platform has that campaign or the source names it (else note campaign_in_two_platforms)",
        want={
            "rows[channel=Cross-network].revenue": 930,
            "rows[channel=Unassigned].revenue": 120,
            "rows[channel=Paid Social].cost": 300,
            "total.revenue": 1650,
        },
        notes=["campaign_in_two_platforms"],
    )
    ga4 = [(2**n, *row) for n, row in enumerate(GA4)]
    utm_sales(c, "sales_ga4.csv", ga4)
    sums = revenue_of(ga4)
    c.case(
        "GA4's default channel group",
        ["roi", "spend_oct.csv", "sales_ga4.csv", "--month", "2026-10", "--by", "channel"],
        "channels.md: the first rule that matches wins, and its traps",
        want={f"rows[channel={channel}].revenue": amount for channel, amount in sums.items()}
        | {"total.revenue": 2 ** len(GA4) - 1},
        no_notes=["unattributed_revenue"],
    )
    c.case(
        "sales without a source",
        ["roi", "spend_oct.csv", "sales_plain.csv", "--month", "2026-10", "--by", "channel"],
        "contract §4: no sale carries a channel or utm: rows with cost have revenue, profit, roi, roas null, total roas null; mer and total roi stand",
        want={
            "rows[channel=Paid Search].cost": 5000,
            "rows[channel=Paid Search].revenue": None,
            "rows[channel=Paid Search].profit": None,
            "rows[channel=Paid Search].roi": None,
            "rows[channel=Paid Search].roas": None,
            "total.roas": None,
            "total.roi": 0.428571,
            "total.mer": six(Fraction(10, 7)),
        },
        nulls=[
            {"row": {"channel": "Paid Search"}, "column": "roi", "reason": "sales_without_source"},
            {"row": None, "column": "roas"},
        ],
    )
    c.put(
        "google_no_type.csv",
        [
            "Campaign report",
            '"October 1, 2026 - October 31, 2026"',
            "Day,Campaign,Currency code,Cost,Impr.,Clicks,Conversions",
            "2026-10-05,Brand,EUR,500.00,1000,50,5.00",
        ],
    )
    c.case(
        "Google Ads without type or network",
        ["roi", "google_no_type.csv", "sales_oct.csv", "--month", "2026-10", "--by", "channel"],
        "contract §4: Google Ads without type or network: Paid Search, with a note",
        want={"rows[channel=Paid Search].cost": 500, "rows[channel=Paid Search].revenue": 6000},
        notes=["channel_assumed"],
    )


def roi_rules(c: Corpus) -> None:
    for rule, by, code in (
        ("total.roi < 0.5", [], 4),
        ("total.roi < 0.1", [], 0),
        ("roi < 0.3", ["--by", "channel"], 4),
        ("roi < 0.1", ["--by", "channel"], 0),
        ("total.cost >= 7000", [], 4),
    ):
        c.case(
            f"--fail-if {rule} {' '.join(by)}".rstrip(),
            [*BASE, *by, "--fail-if", rule],
            "contract §5: 4 when true, output complete; tests every row and the total; rows without cost are passed over",
            code,
            want={"total.roi": 0.428571},
        )
    c.case(
        "a null trips --fail-if in a row that has cost",
        [
            "roi",
            "spend_oct.csv",
            "sales_plain.csv",
            "--month",
            "2026-10",
            "--by",
            "channel",
            "--fail-if",
            "roi < 0.1",
        ],
        "contract §5: a null trips it in the total and in a row that has cost",
        4,
    )
    unstated = ["roi", "spend_unstated.csv", "sales_unstated.csv", "--month", "2026-10"]
    c.case(
        "no currency anywhere",
        unstated,
        "contract §3: else null with note currency_unstated",
        want={"currency": None, "total.revenue": 30.75, "total.roi": 0},
        notes=["currency_unstated"],
    )
    c.case(
        "no currency anywhere, --strict",
        [*unstated, "--strict"],
        "contract §5: currency_unstated is exit 3 under --strict",
        3,
    )
    c.case(
        "no currency anywhere, --currency",
        [*unstated, "--currency", "EUR"],
        "contract §3: stated by the file, else --currency",
        want={"currency": "EUR", "total.cost": 30.75},
        no_notes=["currency_unstated"],
    )
    c.case(
        "stated and unstated currencies together",
        ["roi", "spend_oct.csv", "sales_unstated.csv", "--month", "2026-10"],
        "contract §3: stated and unstated together are exit 3",
        3,
    )
    c.case(
        "stated and unstated, settled by --currency",
        ["roi", "spend_oct.csv", "sales_unstated.csv", "--month", "2026-10", "--currency", "EUR"],
        "contract §2: --currency settles only what a file leaves open",
        want={"currency": "EUR", "total.revenue": 30.75},
    )
    c.case(
        "spend in EUR, sales in USD",
        ["roi", "spend_oct.csv", "sales_usd.csv", "--month", "2026-10"],
        "contract §3: two currencies to be added without rates are exit 3",
        3,
    )
    c.case(
        "--currency against the file",
        [*BASE, "--currency", "USD"],
        "contract §2: one that contradicts a settled file is exit 3",
        3,
    )
    c.put(
        "tiktok_short.csv",
        [
            "Campaign name,Ad Group Name,Ad Name,Date,Cost,CPC (Destination),CPM,Impression,Clicks (Destination),CTR (Destination),Conversions,CPA,Currency",
            "Hooks,Broad,Video 1,2026-10-01,12.50,0.25,2.50,5000,50,1.00,2,6.25,EUR",
            "Hooks,Broad,Video 2,2026-10-10,7.50,0.38,1.88,4000,20,0.50,1,7.50,EUR",
        ],
    )
    short = ["roi", "google_oct.csv", "tiktok_short.csv", "sales_oct.csv", "--month", "2026-10"]
    c.case(
        "a format that covers less than its role",
        short,
        "contract §3: one that covers less of the window than its role does is note incomplete_period",
        want={"total.cost": 720, "total.revenue": 10000},
        notes=["incomplete_period"],
    )
    c.case(
        "a partly covered period, --strict",
        [*short, "--strict"],
        "contract §5: several at once: 3 (tax_included, a trust note) comes before 5 (a partly covered period)",
        3,
    )
    c.put(
        "traffic.csv",
        ["date,source,medium,visits", "2026-10-01,google,organic,120", "2026-10-31,bing,organic,30"],
    )
    c.case(
        "a file the question does not use",
        [*BASE[:3], "traffic.csv", *BASE[3:]],
        "contract §1: files a question does not use are named in a note, never fatal",
        want={"total.roi": 0.428571},
        notes=["unused_file"],
    )
    for name, argv in {
        "figures together with files": [
            "roi",
            "spend_oct.csv",
            "sales_oct.csv",
            "--revenue",
            "1",
            "--cost",
            "1",
        ],
        "an option that is not there": [*BASE, "--mont", "2026-10"],
        "a month that is not there": [*BASE[:3], "--month", "2026-13"],
        "a column that is not there": [*BASE, "--sort", "zork"],
        "a rule that cannot be read": [*BASE, "--fail-if", "roi ~ 3"],
        "a window of a bare number": [*BASE[:3], "--last", "30"],
    }.items():
        c.case(name, argv, "contract §5: 2 usage; §1 figures together with FILES; §2 a bare number is refused", 2)


def build() -> Corpus:
    """The whole corpus, in order."""
    c = Corpus()
    for part in (
        google,
        meta,
        other_platforms,
        stripe,
        shopify,
        paypal,
        gumroad,
        generic_spend,
        generic_sales,
    ):
        part(c)
    for part in (refused_cells, refused_files, refused_text, asked, repaired, base_files):
        part(c)
    for part in (roi_plain, roi_costs, roi_windows, roi_channels, roi_rules):
        part(c)
    return c


def write(folder: Path) -> None:
    """Write files/ and expect.json into a folder."""
    corpus = build()
    for name, data in corpus.files.items():
        target = folder / "files" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    text = json.dumps(corpus.cases, ensure_ascii=False, indent=1)
    (folder / "expect.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
