"""One small made-up download per platform, as formats.md shows it; its sums are worked out by hand."""

# ruff: noqa: E501 (a download's rows stand as the platform writes them)

from __future__ import annotations

from typing import Any, NamedTuple

import pytest


class Case(NamedTuple):
    """A download and what `check` must say of it: only what is stated here is compared."""

    file: str
    text: str
    sums: dict[str, Any]
    left_out: dict[str, int] = {}  # noqa: RUF012 (never changed)
    role: str = "spend"
    format: str | None = None
    encoding: str = "utf-8"
    told: dict[str, Any] = {}  # noqa: RUF012

    @property
    def bytes(self) -> bytes:
        """The file as it lies on disk; UTF-16 with its mark."""
        return self.text.encode("utf-16" if self.encoding == "utf-16le" else self.encoding)


def tabs(text: str) -> str:
    """A table written with ` | ` between its cells, as tab-separated text."""
    return text.replace(" | ", "\t")


CASES = {
    "google_ads": Case(
        "campaigns.csv",
        """Campaign report
"October 1, 2026 - October 31, 2026"
Campaign status,Campaign,Campaign type,Impr.,Currency code,Cost,Clicks,Conversions
Enabled,Lantern course,Search,"1,204",EUR,120.50,61,3.5
Enabled,Winter sale,Performance Max,796,EUR,79.50,39,1.5
Total: Campaigns, --, --,"2,000",EUR,200.00,100,5.0
Total: Account, --, --,"2,500",EUR,260.00,130,6.0
Total: Search, --, --,"1,204",EUR,120.50,61,3.5
""",
        {"currency": "EUR", "cost": 200, "impressions": 2000, "clicks": 100, "conversions": 5},
        {"totals_row": 3},
        told={"grain": "range", "period": {"start": "2026-10-01", "end": "2026-10-31"}, "header_line": 3},
    ),
    "meta_ads": Case(
        "meta.csv",
        """"Nom de la campagne",Jour,Couverture,Impressions,"Clics sur un lien","Montant dépensé (EUR)",Achats,"Début des rapports","Fin des rapports"
,,90,1500,40,"75.25",5,2026-10-01,2026-10-31
Photo,2026-10-01,60,1000,30,"50.00",4,2026-10-01,2026-10-31
Portrait,2026-10-02,30,500,10,"25.25",1,2026-10-01,2026-10-31
""",
        {"currency": "EUR", "cost": 75.25, "impressions": 1500, "clicks": 40, "conversions": 5},
        {"totals_row": 1},
        encoding="utf-8-sig",
        told={"language": "fr", "grain": "day"},
    ),
    "linkedin_ads": Case(
        "linkedin.csv",
        tabs("""Campaign Performance Report (in UTC)
Report Start: September 1, 2026, 12:00 AM
Report End: September 30, 2026, 11:59 PM
Date Generated: October 1, 2026, 9:00 AM

Start Date (in UTC) | Account Name | Currency | Campaign Group Name | Campaign ID | Campaign Name | Total Spent | Impressions | Clicks | Conversions | Leads
9/1/2026 | School | USD | Group A | 101 | Careers | $174.03 | 5000 | 51 | 2 | 4
9/1/2026 | School | USD | Group A | 102 | Teachers | $25.97 | 1000 | 9 | - | 1
"""),
        {"currency": "USD", "cost": 200, "impressions": 6000, "clicks": 60, "conversions": 2, "leads": 5},
        encoding="utf-16le",
        told={"grain": "range", "period": {"start": "2026-09-01", "end": "2026-09-30"}, "date_order": "mdy"},
    ),
    "microsoft_ads": Case(
        "bing.csv",
        """"Report Name: Campaign performance"
"Report Time: 10/1/2026 - 10/31/2026"
Time Zone: Brussels
"Account: School"

Gregorian date,Account name,Campaign name,Campaign ID,Campaign type,Currency code,Impressions,Clicks,Spend,Conversions,Revenue
10/1/2026,School,Brand,[138689064],Search,EUR,1200,60,30.25,2,200
10/13/2026,School,Audience,[138689065],Audience,EUR,800,12,9.75,0,0
Total,-,-,-,-,-,2000,72,40.00,2,200
"@Rows: 2"
©2026 Microsoft Corporation. All rights reserved.
""",
        {"currency": "EUR", "cost": 40, "impressions": 2000, "clicks": 72, "conversions": 2},
        {"totals_row": 1, "footer": 2},
        told={"date_order": "mdy", "grain": "day"},
    ),
    "tiktok_ads": Case(
        "tiktok.csv",
        """Campaign name,Ad Group Name,Ad Name,Date,Cost,CPC (Destination),CPM,Impression,Clicks (Destination),CTR (Destination),Conversions,CPA,Currency
Dance,Group,Ad 1,2026-10-01,20.10,0.5,2,10050,40,0.4,<5,,USD
Dance,Group,Ad 1,2026-10-02,29.90,0.5,2,9950,60,0.6,6,4.98,USD
Total of 2 results,-,-,-,50.00,0.5,2,20000,100,0.5,6,8.3,USD
""",
        {"currency": "USD", "cost": 50, "impressions": 20000, "clicks": 100, "conversions": 6},
        {"totals_row": 1},
    ),
    "amazon_ads": Case(
        "amazon.csv",
        """Start Date,End Date,Portfolio name,Currency,Campaign Name,Impressions,Clicks,Spend,7 Day Total Sales ,7 Day Total Orders (#)
2026-10-01,2026-10-31,Books,GBP,Handbook,9000,90,45.50,£200.00,4
2026-10-01,2026-10-31,Books,GBP,Workbook,1000,10,4.50,£25.00,1
""",
        {"currency": "GBP", "cost": 50, "impressions": 10000, "clicks": 100, "conversions": 5},
        told={"grain": "range"},
    ),
    "pinterest_ads": Case(
        "pinterest.csv",
        """Date,Campaign name,Spend in account currency,Impressions,Pin clicks,Outbound clicks,Total conversions
2026-10-01,Ideas,12.40,4000,80,44,2
2026-10-02,Ideas,7.60,1000,20,6,1
""",
        {"currency": None, "cost": 20, "impressions": 5000, "clicks": 50, "conversions": 3},
    ),
    "snapchat_ads": Case(
        "snap.csv",
        """Start Time,End Time,Campaign Name,Paid Impressions,Swipe Ups,Spend
2026-10-01T00:00:00.000+02:00,2026-10-02T00:00:00.000+02:00,Spot,3000,30,15.5
2026-10-02T00:00:00.000+02:00,2026-10-03T00:00:00.000+02:00,Spot,1000,10,4.5
""",
        {"cost": 20, "impressions": 4000, "clicks": 40},
        told={"grain": "day", "period": {"start": "2026-10-01", "end": "2026-10-02"}},
    ),
    "criteo_ads": Case(
        "criteo.csv",
        """CampaignName;Day;Displays;Clicks;AdvertiserCost;SalesClientAttribution;RevenueGeneratedClientAttribution;Currency
C1;2026-10-03;10000;30;60.50;2;200;EUR
C1;2026-10-04;9000;25;50.25;1;97;EUR
""",
        {"currency": "EUR", "cost": 110.75, "impressions": 19000, "clicks": 55, "conversions": 3},
    ),
    "reddit_ads": Case(
        "reddit-campaigns.csv",
        """Date,Campaign name,Ad group name,Spend,Impressions,Clicks
2026-10-01,Threads,A,"$120.50",10000,100
2026-10-02,Threads,A,"$90.00",5000,50
Total,,,"$210.50",15000,150
""",
        {"currency": None, "cost": 210.5, "impressions": 15000, "clicks": 150},
        {"totals_row": 1},
    ),
    "x_ads": Case(
        "x.csv",
        """Campaign,Time period,Spend,Impressions,Engagements,Clicks
Launch,2026-10-01 - 2026-10-31,80.00,20000,300,120
Replies,2026-10-01 - 2026-10-31,20.00,5000,90,30
""",
        {"cost": 100, "impressions": 25000, "clicks": 150},
        told={"grain": "range", "period": {"start": "2026-10-01", "end": "2026-10-31"}},
    ),
    "stripe_payments": Case(
        "unified_payments.csv",
        """id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Description,Fee,Mode,Status,Customer ID,Customer Email
ch_1,2026-10-01 08:00:00,100.00,0.00,eur,true,Course,3.00,Live,Paid,cus_1,learner1@example.com
ch_2,2026-10-02 08:00:00,50.00,20.00,eur,true,Course,1.50,Live,Paid,cus_2,learner2@example.com
ch_3,2026-10-03 08:00:00,70.00,0.00,eur,true,Course,0,Live,Failed,cus_3,learner3@example.com
ch_4,2026-10-04 08:00:00,10.00,0.00,eur,true,Course,0,Test,Paid,cus_4,learner4@example.com
""",
        {
            "currency": "EUR",
            "revenue_gross": 150,
            "refunds": 20,
            "tax": 0,
            "revenue_net": 130,
            "orders": 2,
            "customers": 2,
        },
        {"failed": 1, "test": 1},
        role="sales",
    ),
    "stripe_balance": Case(
        "balance.csv",
        """id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC)
txn_1,charge,ch_1,100.00,3.00,97.00,eur,2026-10-01 08:00,2026-10-03 00:00
txn_2,charge,ch_2,60.00,2.00,58.00,eur,2026-10-02 08:00,2026-10-04 00:00
txn_3,refund,re_1,-60.00,0,-60.00,eur,2026-10-05 08:00,2026-10-05 00:00
txn_4,refund_failure,rf_1,60.00,0,60.00,eur,2026-10-08 08:00,2026-10-08 00:00
txn_5,refund,re_2,-15.00,0,-15.00,eur,2026-10-09 08:00,2026-10-09 00:00
txn_6,payout,po_1,-90.00,0,-90.00,eur,2026-10-10 08:00,2026-10-10 00:00
txn_7,stripe_fee,fee_1,-1.00,0,-1.00,eur,2026-10-10 08:00,2026-10-10 00:00
""",
        {"currency": "EUR", "revenue_gross": 160, "refunds": 15, "revenue_net": 145, "orders": 2},
        {"payout": 1, "fee": 1},
        role="sales",
    ),
    "shopify_orders": Case(
        "orders_export.csv",
        """Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Created at,Lineitem quantity,Lineitem name,Lineitem price,Refunded Amount
#1001,learner1@example.com,paid,2026-04-05 22:47:04 +0500,fulfilled,EUR,100.00,5.00,20.00,125.00,,2026-04-05 22:47:04 +0500,1,Book,60.00,0.00
#1001,,,,,,,,,,,2026-04-05 22:47:04 +0500,1,Pen,40.00,
#1002,learner2@example.com,partially_refunded,2026-04-06 10:00:00 +0500,fulfilled,EUR,50.00,0.00,10.00,60.00,,2026-04-06 10:00:00 +0500,1,Book,50.00,30.00
#1003,learner3@example.com,voided,,,EUR,50.00,0.00,10.00,60.00,,2026-04-07 10:00:00 +0500,1,Book,50.00,0.00
""",
        # kept of #1002: 30 of 60, so half of its 10 tax
        {
            "currency": "EUR",
            "revenue_gross": 185,
            "refunds": 30,
            "tax": 25,
            "revenue_net": 130,
            "orders": 2,
            "customers": 2,
        },
        {"voided": 1},
        role="sales",
        told={"used": 3},
    ),
    "woocommerce_orders": Case(
        "wc-orders.csv",
        """Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales,Attribution
2026-10-01 10:00:00,501,€100.00,completed,A. Learner,new,1× Course,1,,100,Organic: Google
2026-10-02 10:00:00,502,€80.00,refunded,B. Learner,new,1× Course,1,,80,Direct
2026-10-04 10:00:00,502,-€80.00,refunded,B. Learner,new,1× Course,-1,,-80,Direct
2026-10-05 10:00:00,503,€40.00,pending,C. Learner,new,1× Course,1,,40,Direct
""",
        {"currency": "EUR", "revenue_gross": 180, "refunds": 80, "tax": 0, "revenue_net": 100, "orders": 2},
        {"pending": 1},
        role="sales",
    ),
    "paypal": Case(
        "Download.CSV",
        """"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address","Transaction ID","Item Title","Reference Txn ID","Balance Impact"
"13/10/2026","10:00:00","CET","A","Express Checkout Payment","Completed","EUR","100,00","-3,00","97,00","learner1@example.com","T1","Course","","Credit"
"14/10/2026","10:00:00","CET","A","Payment Refund","Completed","EUR","-40,00","0,00","-40,00","shop@example.com","T2","Course","T1","Debit"
"15/10/2026","10:00:00","CET","","General Withdrawal","Completed","EUR","-50,00","0,00","-50,00","","T3","","","Debit"
"16/10/2026","10:00:00","CET","S","Payment Refund","Completed","EUR","12,00","0,00","12,00","supplier@example.com","T4","Paper","","Credit"
""",
        {"currency": "EUR", "revenue_gross": 100, "refunds": 40, "revenue_net": 60, "orders": 1},
        {"withdrawal": 1, "outgoing_payment": 1},
        role="sales",
        encoding="utf-8-sig",
        told={"date_order": "dmy", "decimal": ","},
    ),
    "gumroad": Case(
        "gumroad.csv",
        """Purchase ID,Item Name,Purchase Email,Purchase Date,Subtotal ($),Taxes ($),Sale Price ($),Fees ($),Net Total ($),Refunded?,Partial Refund ($),Fully Refunded?,Disputed?,UTM Source
p1,'=Course,learner1@example.com,2026-10-01,10.00,2.00,12.00,1,11.00,0,0.00,0,0,news
p2,Course,learner2@example.com,2026-10-02,10.00,2.00,12.00,1,11.00,1,0.00,1,0,
p3,Course,learner3@example.com,2026-10-03,10.00,2.00,12.00,1,11.00,1,6.00,0,0,
p4,Course,learner4@example.com,2026-10-04,10.00,2.00,12.00,1,11.00,0,0.00,0,1,
Totals,,,,40.00,8.00,48.00,4,44.00,,6.00,,,
""",
        # refunds: p2 whole, half of p3, p4 was disputed: 12 + 6 + 12; tax kept: 2 of p1, 1 of p3
        {
            "currency": None,
            "revenue_gross": 48,
            "refunds": 30,
            "tax": 3,
            "revenue_net": 15,
            "orders": 4,
            "customers": 4,
        },
        {"totals_row": 1},
        role="sales",
    ),
    "hotmart": Case(
        "hotmart.csv",
        """Nome do Produto;Transação;Meio de Pagamento;Origem;Moeda;Preço do Produto;Moeda;Data de Venda;Data de Confirmação;Status;Nome;Email;Preço Total;Faturamento líquido;Moeda
Curso;HP1;Cartão;site;BRL;1.200,00;USD;05/10/2026 09:00:00;05/10/2026 09:01:00;Aprovado;Ana;learner1@example.com;1.234,50;1.000,00;USD
Curso;HP2;Cartão;site;BRL;1.200,00;USD;13/10/2026 09:00:00;13/10/2026 09:01:00;Reembolsado;Bia;learner2@example.com;765,50;600,00;USD
Curso;HP3;Boleto;site;BRL;1.200,00;USD;14/10/2026 09:00:00;;Cancelado;Caio;learner3@example.com;500,00;0,00;USD
""",
        {
            "currency": "BRL",
            "revenue_gross": 2000,
            "refunds": 765.5,
            "revenue_net": 1234.5,
            "orders": 2,
            "customers": 2,
        },
        {"cancelled": 1},
        role="sales",
        told={"decimal": ",", "date_order": "dmy", "language": "pt"},
    ),
    "kajabi": Case(
        "kajabi.csv",
        """ID,Type,Status,Amount,Currency,Offer,Customer Email,Created At,Original Transaction ID
1,charge,succeeded,100.00,USD,Course,learner1@example.com,2026-10-01,
2,subscription_charge,succeeded,30.00,USD,Club,learner2@example.com,2026-10-02,
3,refund,succeeded,100.00,USD,Course,learner1@example.com,2026-10-03,1
4,free_purchase,succeeded,0.00,USD,Taster,learner3@example.com,2026-10-03,
5,test,succeeded,9.00,USD,Course,learner4@example.com,2026-10-03,
6,charge,failed,30.00,USD,Club,learner2@example.com,2026-10-04,
7,subscription,succeeded,22.00,USD,Club,learner5@example.com,2026-10-05,
8,payment plan,succeeded,50.00,USD,Course,learner6@example.com,2026-10-06,
""",
        {"currency": "USD", "revenue_gross": 202, "refunds": 100, "revenue_net": 102, "orders": 4},
        {"free": 1, "test": 1, "failed": 1},
        role="sales",
    ),
    "teachable": Case(
        "teachable.csv",
        """sale_id,purchased_at,course_name,final_price,earnings_usd,currency,user_id,refunded_at,amount_refunded
s1,2026-10-01 10:00:00 UTC,Course,100.00,90.00,USD,u1,,
s2,2026-10-02 10:00:00 UTC,Course,60.00,50.00,USD,u2,2026-10-05,60.00
""",
        {"currency": "USD", "revenue_gross": 160, "refunds": 60, "revenue_net": 100, "orders": 2, "customers": 2},
        role="sales",
    ),
    "thinkific": Case(
        "thinkific.csv",
        """Transaction ID,Transaction Date,Student Email,Product Name,Amount,Currency,Transaction Status
t1,2026-10-01,learner1@example.com,Course,49.00,USD,failed
t2,2026-10-01,learner1@example.com,Course,49.00,USD,success
t3,2026-10-02,learner2@example.com,Course,51.00,USD,refunded
""",
        {"currency": "USD", "revenue_gross": 100, "refunds": 51, "revenue_net": 49, "orders": 2, "customers": 2},
        {"failed": 1},
        role="sales",
    ),
    "thinkific progress": Case(
        "progress.csv",
        """Student First Name,Student Last Name,Email,% Viewed,% Completed,Started At,Completed At
Ana,A,learner1@example.com,100%,100%,2026-10-01,2026-10-20
Ben,B,learner2@example.com,40%,35%,2026-10-02,
Cid,C,learner3@example.com,0%,0%,,
""",
        {"enrolled": 3, "started": 2, "completed": 1},
        role="progress",
        format="thinkific",
    ),
    "udemy": Case(
        "udemy.csv",
        """Transaction ID,Date,User Name,Course Name,Coupon Code,Revenue Channel,Price,Transaction Currency,Instructor Share
1,2026-10-01,A. Learner,Course,,Udemy Organic,20.00,USD,7.40
2,2026-10-02,B. Learner,Course,SAVE,Your Promotion,10.00,USD,9.70
3,2026-10-03,A. Learner,Course,,Udemy Organic,-20.00,USD,-7.40
""",
        {"currency": "USD", "revenue_gross": 17.1, "refunds": 7.4, "revenue_net": 9.7, "orders": 2},
        role="sales",
    ),
    "square_transactions": Case(
        "square.csv",
        """Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Fees,Transaction ID,Payment ID,Event Type,Customer ID
2026-10-01,10:00:00,Paris,$50.00,-$5.00,$45.00,$0.00,$1.00,q1,y1,Payment,c-0001
2026-10-02,10:00:00,Paris,$12.00,$0.00,$12.00,$0.00,$0.30,q2,y2,Payment,c-0002
2026-10-03,10:00:00,Paris,-$12.00,$0.00,-$12.00,$0.00,$0.00,q2,y3,Refund,c-0002
""",
        {"currency": None, "revenue_gross": 57, "refunds": 12, "revenue_net": 45, "orders": 2, "customers": 2},
        role="sales",
    ),
    "ga4": Case(
        "ga4.csv",
        """# ----------------------------------------
# Traffic acquisition
# Account: School
# Property: School site
# ----------------------------------------
# Start date: 20261001
# End date: 20261031
Session primary channel group (Default Channel Group),Sessions,Engaged sessions,Engagement rate,Event count,Key events,Total revenue
Organic Search,600,400,0.66,5000,30,0
Paid Search,400,200,0.5,3000,20,0
""",
        {"visits": 1000, "key_events": 50},
        role="traffic",
        told={"period": {"start": "2026-10-01", "end": "2026-10-31"}},
    ),
    "plausible": Case(
        "visitors.csv",
        """date,visitors,pageviews,visits,views_per_visit,bounce_rate,visit_duration
2026-10-01,80,300,100,3,40,65
2026-10-02,60,200,70,2.9,45,50
""",
        {"visits": 170},
        role="traffic",
    ),
    "matomo": Case(
        "Export _ Channel Type _ October 2026.csv",
        tabs("""label | nb_visits | nb_actions | nb_conversions | revenue
Direct Entry | 120 | 300 | 4 | 0
Search Engines | 380 | 900 | 16 | 0
"""),
        {"visits": 500, "key_events": 20},
        role="traffic",
        encoding="utf-16le",
    ),
    "search_console": Case(
        "Requêtes.csv",
        """Requêtes les plus fréquentes,Clics,Impressions,CTR,Position
cours photo,12,300,4%,3.2
apprendre la photo,8,200,4%,7.9
""",
        {"clicks": 20, "impressions": 500},
        role="search",
        told={"language": "fr"},
    ),
    "hubspot": Case(
        "contacts.csv",
        """Record ID,First Name,Email,Lifecycle Stage,Create Date,Original Source
1,Ana,learner1@example.com,lead,2026-10-01 09:00,Organic Search
2,Ben,learner2@example.com,customer,2026-10-02 09:00,Paid Social
""",
        {"leads": 2},
        role="leads",
    ),
    "mailchimp": Case(
        "campaigns.csv",
        """Title,Subject,List,Send Date,Total Recipients,Successful Deliveries,Unique Opens,Open Rate,Unique Clicks,Unsubscribes,Total Orders,Total Gross Sales,Total Revenue
October,News,Learners,2026-10-01,1000,980,400,40.8%,60,3,5,250,250
""",
        {"delivered": 980, "opened": 400, "clicked": 60},
        role="mail",
    ),
    "semrush": Case(
        "positions.csv",
        """Keyword,Position,Search Volume,Keyword Difficulty,CPC (GBP),URL,Traffic (%),Traffic Cost (%)
photo course,3,1000,40,1.20,https://example.com/,5,4
""",
        {"impressions": None, "clicks": None},
        role="search",
    ),
    "moodle": Case(
        "progress.csv",
        tabs(""" | Email address | Quiz 1 | Quiz 1 - date | Essay | Essay - date
Ana | learner1@example.com | Completed | 3 October 2026, 9:12 AM | Completed (achieved pass grade) | 5 October 2026, 10:00 AM
Ben | learner2@example.com | Completed | 4 October 2026, 8:00 AM | Not completed | -
Cid | learner3@example.com | Not completed | - | Not completed | -
"""),
        {"enrolled": 3, "started": 2, "completed": 1},
        role="progress",
        encoding="utf-16le",
    ),
    "open_edx": Case(
        "grade_report.csv",
        """Student ID,Email,Username,Grade,Homework 1,Homework (Avg),Cohort Name,Enrollment Track,Certificate Delivered,Enrollment Status
1,learner1@example.com,ana,1.0,1.0,1.0,Default,verified,Y,enrolled
2,learner2@example.com,ben,0.31,0.5,0.31,Default,audit,N,enrolled
3,learner3@example.com,cid,0.0,Not Attempted,0.0,Default,audit,N,enrolled
4,learner4@example.com,dia,0.0,Not Attempted,0.0,Default,audit,N,unenrolled
""",
        {"enrolled": 3, "started": 2, "completed": 1},
        {"unenrolled": 1},
        role="progress",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_download_is_known_and_its_sums_are_right(name: str, check: Any) -> None:
    case = CASES[name]
    [source] = check((case.file, case.bytes))
    assert (source["format"], source["role"], source["encoding"]) == (case.format or name, case.role, case.encoding)
    [sums] = source["sums"] or [{}]
    assert {key: sums.get(key) for key in case.sums} == case.sums
    assert source["rows"]["left_out"] == case.left_out
    assert source["rows"]["read"] == source["rows"]["used"] + sum(case.left_out.values())
    told = {**source, "used": source["rows"]["used"]}
    assert {key: told[key] for key in case.told} == case.told
    assert "control_total_differs" not in source.codes


def test_every_format_has_a_download_here() -> None:
    from kpi_cli.exports.recognising import GENERIC, catalogue

    assert {fmt.name for fmt in catalogue()} - {GENERIC} == {case.format or name for name, case in CASES.items()}
