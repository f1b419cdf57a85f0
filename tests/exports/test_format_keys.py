"""What the keys of a format file promise, beyond the plain columns: one promise a test."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main
from kpi_cli.exports.recognising import Place, catalogue, read_header


def header(text: str, name: str = "sheet.csv", *below: str) -> tuple[str, str] | None:
    """The format and role that a header row is taken for."""
    found = read_header(text.split(","), Place(name, 1, ",", (), [row.split(",") for row in below]))
    return (found.format.name, found.format.role) if found else None


class TestRecognising:
    def test_a_hand_made_progress_sheet_is_no_moodle_report(self) -> None:
        assert header("course,email,enrolled_at,started_at,completed_at,progress") == ("generic", "progress")
        assert header("Email,Course,Completion date") == ("generic", "progress")

    def test_a_blank_first_header_is_moodle_only_over_cells_of_its_own(self) -> None:
        titles = ",Email address,Quiz 1,"
        assert header(titles, "p.csv", "Ana,learner1@example.com,Completed,") == ("moodle", "progress")
        assert header(titles, "p.csv", "0,learner1@example.com,12,") is None

    def test_a_file_name_can_say_the_platform(self) -> None:
        titles = "Date,Campaign name,Spend,Impressions,Clicks"
        assert header(titles, "reddit_october.csv") == ("reddit_ads", "spend")
        assert header(titles, "october.csv") == ("generic", "spend")

    def test_cost_beside_visits_is_not_taken_for_traffic(self) -> None:
        assert header("date,source,visits") == ("generic", "traffic")
        assert header("date,source,visits,cost") != ("generic", "traffic")

    def test_one_format_name_can_have_tables_of_two_roles(self) -> None:
        assert {fmt.role for fmt in catalogue() if fmt.name == "thinkific"} == {"sales", "progress"}


SNAPSHOT = """# ----------------------------------------
# Reports snapshot
# Account: School
# Property: School site
# ----------------------------------------
# Start date: 20261001
# End date: 20261031
Nth day,Active users
0000,40
0001,60

# Start date: 20261001
# End date: 20261031
Session primary channel group (Default Channel Group),Sessions
Direct,300
Organic Search,700
Email,100

# Start date: 20261001
# End date: 20261031
Page title and screen class,Views
Home,900
"""


class TestSeveralTablesInOneFile:
    def test_the_first_with_visits_is_read_and_the_others_are_counted(self, check: Any) -> None:
        [source] = check(("snapshot.csv", SNAPSHOT))
        assert (source["header_line"], source.sum("visits")) == (14, 1100)
        assert source["rows"] == {"read": 6, "used": 3, "left_out": {"other_table": 3}}
        assert source["period"] == {"start": "2026-10-01", "end": "2026-10-31"}

    def test_a_blank_line_between_rows_begins_no_table(self, check: Any) -> None:
        text = "label,nb_visits,nb_actions\nDirect Entry,10,20\n\nWebsites,5,9\n"
        [source] = check(("visits.csv", text))
        assert (source.sum("visits"), source.left_out) == (15, {})

    def test_a_new_header_below_a_blank_line_begins_one(self, check: Any) -> None:
        text = "label,nb_visits,nb_actions\nDirect Entry,10,20\n\nlabel,nb_hits,nb_visits\n/home,50,9\n"
        [source] = check(("visits.csv", text))
        assert (source.sum("visits"), source.left_out) == (10, {"other_table": 1})


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return packed.getvalue()


class TestSearchConsole:
    CHART = "Date,Clicks,Impressions,CTR,Position\n2026-10-01,30,900,3%,5\n2026-10-02,20,600,3%,5\n"
    QUERIES = "Top queries,Clicks,Impressions,CTR,Position\nphoto course,25,500,5%,3\n"

    def test_totals_come_from_the_days_and_are_not_added_to_the_slices(self, check: Any) -> None:
        packed = zipped(Queries=self.QUERIES, Chart=self.CHART, Filters="Filter,Value\nSearch type,Web\n")
        queries, chart, filters = check(("download.zip", packed))
        assert (chart.sum("clicks"), chart.sum("impressions"), chart.left_out) == (50, 1500, {})
        assert (queries["sums"], queries.left_out) == ([], {"seen_in_other_file": 1})
        assert "reslice" in queries.codes
        assert (filters["role"], filters.left_out, filters["sums"]) == ("search", {"other_table": 1}, [])

    def test_two_months_of_one_table_are_added(self, check: Any) -> None:
        september = self.CHART.replace("2026-10", "2026-09")
        one, other = check(("october.csv", self.CHART), ("september.csv", september))
        assert (one.sum("clicks"), other.sum("clicks")) == (50, 50)

    def test_a_table_as_long_as_the_platform_allows_may_be_cut(self, check: Any) -> None:
        rows = "".join(f"query {n},1,10,10%,4\n" for n in range(1000))
        [full] = check(("q.csv", self.QUERIES.splitlines()[0] + "\n" + rows))
        [short] = check(("q.csv", self.QUERIES))
        assert "truncated_source" in full.codes
        assert "truncated_source" not in short.codes


class TestStages:
    def test_a_status_alone_says_how_far_a_learner_came(self, check: Any) -> None:
        text = "course,email,status\nPhoto,learner1@example.com,Completed\nPhoto,learner2@example.com,In progress\n"
        [source] = check(("p.csv", text + "Photo,learner3@example.com,Not started\n"))
        assert [source.sum(stage) for stage in ("enrolled", "started", "completed")] == [3, 2, 1]

    def test_a_certificate_or_a_full_grade_completes_a_course(self, check: Any) -> None:
        titles = "Student ID,Email,Username,Grade,Quiz,Cohort Name,Certificate Delivered,Enrollment Status\n"
        text = titles + "1,learner1@example.com,a,0.7,0.9,,Y,enrolled\n2,learner2@example.com,b,1.0,1.0,,N,enrolled\n"
        text += "3,learner3@example.com,c,0.0,0.2,,N,enrolled\n4,learner4@example.com,d,0.0,Not Attempted,,N,enrolled\n"
        [source] = check(("grades.csv", text))
        assert [source.sum(stage) for stage in ("enrolled", "started", "completed")] == [4, 3, 2]


class TestNamesOfFiles:
    def test_what_a_column_headed_name_holds_is_said_by_the_file(self, check: Any) -> None:
        text = "name,visitors,visits,bounce_rate,visit_duration\nGoogle,60,70,40,30\n"
        [source] = check(("Plausible export 2026-10-01 to 2026-10-31/sources.csv", text))
        assert (source["columns"]["source"], "label" in source["columns"]) == ("name", False)
        assert source["period"] == {"start": "2026-10-01", "end": "2026-10-31"}

    def test_a_name_that_says_nothing_leaves_it_a_label(self, check: Any) -> None:
        text = "name,visitors,visits,bounce_rate,visit_duration\nGoogle,60,70,40,30\n"
        [source] = check(("october.csv", text))
        assert source["columns"]["label"] == "name"


def rows_of(text: str, name: str, columns: str) -> list[tuple[Any, ...]]:
    """Some columns of the typed table that one file gives."""
    import tempfile
    from pathlib import Path

    from kpi_cli.exports.files import Asked
    from kpi_cli.exports.options import ReadOptions
    from kpi_cli.exports.reading import read

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        store = read([Asked(str(path), ReadOptions())], ReadOptions())
    [source] = store.sources
    assert source.error is None, source.error
    return store.rows(f"SELECT {columns} FROM {source.role} ORDER BY line")


class TestChannels:
    def test_hubspot_names_the_channel_of_a_lead_in_its_own_words(self) -> None:
        text = "Record ID,Email,Create Date,Original Source\n1,learner1@example.com,2026-10-01,ORGANIC_SEARCH\n"
        text += "2,learner2@example.com,2026-10-01,Referrals\n3,learner3@example.com,2026-10-01,Carrier pigeon\n"
        assert rows_of(text, "contacts.csv", "channel") == [("Organic Search",), ("Referral",), (None,)]

    def test_matomo_names_the_channel_of_visits(self) -> None:
        text = "label,nb_visits,nb_actions\nDirect Entry,10,20\nSearch Engines,5,9\nCampaigns,2,3\n"
        found = rows_of(text, "Channel Type.csv", "channel")
        assert found == [("Direct",), ("Organic Search",), ("Campaigns",)]

    def test_woocommerce_says_source_and_medium_in_one_cell(self) -> None:
        titles = "Date,Order #,N. Revenue (formatted),Status,Customer,Product(s),Items sold,Net Sales,Attribution\n"
        text = titles + "".join(
            f"2026-10-01,{n},€10.00,completed,A,Course,1,10,{said}\n"
            for n, said in enumerate(["Organic: Google", "Referral: example.com", "Source: news", "Direct", "Unknown"])
        )
        assert rows_of(text, "orders.csv", "source, medium, currency") == [
            ("google", "organic", "EUR"),
            ("example.com", "referral", "EUR"),
            ("news", None, "EUR"),
            ("(direct)", "(none)", "EUR"),
            (None, None, "EUR"),
        ]


LINKEDIN = """Campaign Performance Report
Report Start: {start}
Report End: {end}

Start Date,Campaign Group Name,Campaign Name,Total Spent,Impressions
"""


class TestDays:
    def linkedin(self, start: str, end: str, *days: str) -> list[tuple[str, str]]:
        """First and last day of each row of a LinkedIn report whose rows bear these days."""
        text = LINKEDIN.format(start=start, end=end) + "".join(f"{d},G,C,10.00,100\n" for d in days)
        found = rows_of(text, "linkedin.csv", '"start", "end"')
        return [(first.isoformat(), last.isoformat()) for first, last in found]

    def test_rows_that_all_bear_the_first_day_cover_the_range(self) -> None:
        found = self.linkedin("9/1/2026", "9/30/2026", "9/1/2026", "9/1/2026")
        assert found == [("2026-09-01", "2026-09-30")] * 2

    def test_rows_that_bear_the_first_of_their_months_cover_months(self) -> None:
        found = self.linkedin("9/15/2026", "10/20/2026", "9/15/2026", "10/1/2026")
        assert found == [("2026-09-15", "2026-09-30"), ("2026-10-01", "2026-10-20")]

    def test_rows_of_single_days_stay_days(self) -> None:
        found = self.linkedin("9/1/2026", "9/30/2026", "9/1/2026", "9/2/2026")
        assert found == [("2026-09-01", "2026-09-01"), ("2026-09-02", "2026-09-02")]

    def test_an_end_at_midnight_is_the_day_before_where_the_platform_means_so(self) -> None:
        text = "Start Time,End Time,Campaign Name,Paid Impressions,Swipe Ups,Spend\n"
        text += "2026-10-01 00:00:00,2026-11-01 00:00:00,Spot,10,1,5\n2026-10-01,2026-10-31,Spot two,10,1,5\n"
        found = rows_of(text, "snap.csv", 'CAST("start" AS VARCHAR), CAST("end" AS VARCHAR)')
        assert found == [("2026-10-01", "2026-10-31")] * 2

    @pytest.mark.parametrize(
        "period", ["10/1/2026 - 10/31/2026", "Oct 1, 2026 – Oct 31, 2026", "2026-10-01 to 2026-10-31"]
    )
    def test_a_period_in_one_cell_has_two_days(self, period: str) -> None:
        text = f'Campaign,Time period,Spend,Impressions,Engagements,Clicks\nLaunch,"{period}",80,200,30,12\n'
        found = rows_of(text, "x.csv", 'CAST("start" AS VARCHAR), CAST("end" AS VARCHAR)')
        assert found == [("2026-10-01", "2026-10-31")]

    def test_a_period_that_ends_before_it_starts_is_refused(self, check: Any) -> None:
        text = (
            "Campaign,Time period,Spend,Impressions,Engagements,Clicks\nLaunch,2026-10-31 - 2026-10-01,80,200,30,12\n"
        )
        [source] = check(("x.csv", text), code=3)
        assert (source["error"]["code"], source["error"]["line"], source["error"]["column"]) == ("bad_date", 2, 2)


class TestMoney:
    SALES = "date,order_id,customer_id,{}\n2026-10-01,o1,c-0001,{}\n"

    def test_a_price_beside_a_quantity_is_asked_for(self, check: Any) -> None:
        [source] = check(("s.csv", self.SALES.format("price,quantity", "10,3")), code=3)
        error = source["error"]
        assert (error["code"], error["line"], error["column"]) == ("price_open", 1, 4)
        assert "sales.unit_price" in error["fix"]

    @pytest.mark.parametrize(("column", "charged"), [("unit_price", 30), ("amount", 10)])
    def test_the_answer_settles_what_a_price_is(self, check: Any, column: str, charged: int) -> None:
        text = self.SALES.format("price,quantity", "10,3")
        [source] = check(("s.csv", text), options=("--map", f"sales.{column}=price"))
        assert source.sum("revenue_gross") == charged

    def test_a_price_alone_and_a_unit_price_times_its_quantity_are_amounts(self, check: Any) -> None:
        [alone] = check(("s.csv", self.SALES.format("price", "10")))
        [times] = check(("s.csv", self.SALES.format("unit price,quantity", "2.50,4")))
        assert (alone.sum("revenue_gross"), times.sum("revenue_gross")) == (10, 10)

    def test_an_amount_without_tax_is_read_as_money_and_needs_no_tax_note(self, check: Any) -> None:
        [source] = check(("s.csv", self.SALES.format("Montant HT", "1234.50")))
        assert source.sum("revenue_net") == 1234.5
        assert "tax_included" not in source.codes

    def test_a_tax_column_of_zeros_states_no_tax(self, check: Any) -> None:
        [zeros] = check(("s.csv", self.SALES.format("amount,tax", "120,0.00")))
        [stated] = check(("s.csv", self.SALES.format("amount,tax", "120,20.00")))
        assert "tax_included" in zeros.codes
        assert "tax_included" not in stated.codes

    def test_a_shop_that_marks_an_order_and_lists_its_refund_gave_the_money_back_once(self, check: Any) -> None:
        titles = "Date,Order #,N. Revenue (formatted),Status,Customer,Product(s),Items sold,Net Sales\n"
        text = titles + "2026-10-01,7,€80.00,refunded,A,Course,1,80\n2026-10-04,7,-€80.00,refunded,A,Course,-1,-80\n"
        [source] = check(("orders.csv", text))
        assert (source.sum("revenue_gross"), source.sum("refunds"), source.sum("orders")) == (80, 80, 1)
        assert "refunds_held" in source.codes

    def test_two_partial_refunds_of_one_order_both_count(self, check: Any) -> None:
        titles = "Date,Order #,N. Revenue (formatted),Status,Customer,Product(s),Items sold,Net Sales\n"
        text = titles + "2026-10-01,7,€80.00,completed,A,Course,1,80\n"
        text += "2026-10-04,7,-€20.00,completed,A,Course,0,-20\n2026-10-05,7,-€30.00,completed,A,Course,0,-30\n"
        [source] = check(("orders.csv", text))
        assert (source.sum("refunds"), source.sum("revenue_net")) == (50, 30)
        assert "refunds_held" not in source.codes

    def test_a_refund_in_overlapping_downloads_counts_once(self, check: Any) -> None:
        titles = "Date,Order #,N. Revenue (formatted),Status,Customer,Product(s),Items sold,Net Sales\n"
        order, refund = (
            "2026-10-01,7,€80.00,completed,A,Course,1,80\n",
            "2026-10-04,7,-€20.00,completed,A,Course,0,-20\n",
        )
        later = "2026-10-09,7,-€20.00,completed,A,Course,0,-20\n"
        first, second = check(("a.csv", titles + order + refund), ("b.csv", titles + refund + later))
        assert (first.sum("refunds"), second.sum("refunds")) == (20, 20)
        assert second.left_out == {"seen_in_other_file": 1}

    PART = "date,order_id,amount,status\n2026-10-01,o1,10,partially refunded\n2026-10-02,o2,10,paid\n"

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("made_by_hand.csv", PART),
            (
                "stripe.csv",
                "Created (UTC);Amount;Currency;Status;Captured;Converted Amount\n"
                "2026-10-01 10:00:00;10.00;eur;Partial refund;true;10.00\n",
            ),
            (
                "shopify.csv",
                "Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Created at,"
                "Lineitem quantity,Lineitem name,Lineitem price\n"
                "#1,learner1@example.com,partially_refunded,2026-10-01 10:00:00 +0200,EUR,10,0,2,12,"
                "2026-10-01 10:00:00 +0200,1,Course,10\n",
            ),
        ],
    )
    def test_a_refund_of_a_part_that_nothing_states_is_not_taken_for_none(
        self, check: Any, name: str, text: str
    ) -> None:
        [source] = check((name, text), code=3)
        assert (source["error"]["code"], source["error"]["line"]) == ("refund_over_charge", 2)

    def test_a_refund_of_a_part_may_stand_in_its_own_row_or_column(self, check: Any) -> None:
        [rows] = check(("rows.csv", self.PART + "2026-10-03,o1,-4,paid\n"))
        [column] = check(
            ("column.csv", "date,order_id,amount,status,refunded\n2026-10-01,o1,20,partially refunded,4\n")
        )
        assert (rows.sum("refunds"), rows.sum("revenue_net")) == (4, 16)
        assert (column.sum("refunds"), column.sum("revenue_net")) == (4, 16)

    def test_a_status_alone_refunds_in_full_and_says_so(self, check: Any) -> None:
        head = "date,order_id,amount,currency,status{}\n2026-10-01,o1,10,EUR,paid{}\n2026-10-02,o2,9,USD,refunded{}\n"
        [alone] = check(("s.csv", head.format("", "", "")))
        assert [sums["refunds"] for sums in alone["sums"]] == [0, 9]
        assert {"refunded_in_full", "refunded_orders_counted"} <= alone.codes
        [stated] = check(("s.csv", head.format(",refunded", ",", ",9")))
        assert "refunded_in_full" not in stated.codes

    PAYPAL = (
        '"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address",'
        '"Transaction ID","Reference Txn ID","Balance Impact"\n'
        '"13/10/2026","10:00:00","CET","A","Website Payment","{}","EUR","100.00","0.00","100.00","a@example.com",'
        '"T1","","Credit"\n'
    )
    BACK = (
        '"15/10/2026","10:00:00","CET","A","Payment Refund","Completed","EUR","-30.00","0.00","-30.00","s@example.com",'
        '"T2","T1","Debit"\n'
    )

    def test_a_refund_that_paypal_states_on_the_sale_counts_though_its_row_is_in_another_month(
        self, check: Any
    ) -> None:
        [whole] = check(("a.csv", self.PAYPAL.format("Refunded")))
        assert (whole.sum("refunds"), whole.sum("orders")) == (100, 1)
        assert "refunded_in_full" in whole.codes
        [part] = check(("b.csv", self.PAYPAL.format("Partially Refunded")), code=3)
        assert "give the file that holds the refund" in part["error"]["fix"]

    def test_a_refund_of_paypal_is_tied_to_its_sale_and_counts_once(self, check: Any) -> None:
        part = self.PAYPAL.format("Partially Refunded")
        [together] = check(("a.csv", part + self.BACK))
        sale, refund = check(("b.csv", part), ("c.csv", part.splitlines(keepends=True)[0] + self.BACK))
        assert together.sum("refunds") == sale.sum("refunds") + refund.sum("refunds") == 30
        [whole] = check(("d.csv", self.PAYPAL.format("Refunded") + self.BACK.replace("30.00", "100.00")))
        assert whole.sum("refunds") == 100

    def test_the_tax_of_a_held_refund_is_held_with_it(self, check: Any) -> None:
        text = "date,order_id,customer_id,amount,tax,status\n2026-10-01,o1,c-0001,120,20,refunded\n"
        text += "2026-10-02,o1,c-0001,-90,-15,refunded\n"
        [source] = check(("s.csv", text))
        assert (source.sum("refunds"), source.sum("tax"), source.sum("revenue_net")) == (120, 0, 0)

    def test_a_refund_that_failed_is_money_kept(self, check: Any) -> None:
        titles = "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC)\n"
        text = (
            titles + "t1,charge,ch_1,100.00,0,100.00,eur,2026-10-01\nt2,refund,re_1,-100.00,0,-100.00,eur,2026-10-02\n"
        )
        [source] = check(("b.csv", text + "t3,refund_failure,re_2,100.00,0,100.00,eur,2026-10-03\n"))
        assert (source.sum("refunds"), source.sum("revenue_net")) == (0, 100)

    def test_a_dispute_without_its_outcome_column_counts_as_lost(self, check: Any) -> None:
        titles = "Purchase ID,Item Name,Purchase Email,Purchase Date,Sale Price ($),Fees ($),Disputed?{}\n"
        row = "p1,Course,learner1@example.com,2026-10-01,12.00,1,1{}\n"
        [absent] = check(("g.csv", titles.format("") + row.format("")))
        [won] = check(("g.csv", titles.format(",Dispute Won?") + row.format(",1")))
        assert (absent.sum("refunds"), won.sum("refunds")) == (12, 0)


class TestControlTotals:
    def test_a_hand_made_total_over_rows_that_are_left_out_agrees(self, check: Any) -> None:
        text = (
            "date,order_id,customer_id,amount,status\n2026-10-01,o1,c-0001,100,paid\n2026-10-02,o2,c-0002,50,failed\n"
        )
        [source] = check(("s.csv", text + "Total,,,150,\n"))
        [control] = source["control"]
        assert (control["agrees"], control["stated"], control["summed"]) == (True, 150, 150)
        assert source.sum("revenue_gross") == 100

    def test_a_total_of_nothing_in_the_file_differs(self, check: Any) -> None:
        text = (
            "date,order_id,customer_id,amount,status\n2026-10-01,o1,c-0001,100,paid\n2026-10-02,o2,c-0002,50,failed\n"
        )
        [source] = check(("s.csv", text + "Total,,,170,\n"))
        assert [entry["agrees"] for entry in source["control"]] == [False]
        assert "control_total_differs" in source.codes

    def test_subtotals_by_hand_are_no_rows(self, check: Any) -> None:
        text = "date,channel,campaign,cost\n2026-10-01,Email,A,100\nSubtotal Email,,,100\n2026-10-02,SMS,B,50\n"
        [source] = check(("spend.csv", text + "Total,,,150\n"))
        assert (source.sum("cost"), source.left_out) == (150, {"subtotal_row": 1, "totals_row": 1})


class TestWords:
    def test_categories_and_strategies_are_put_in_five_and_three_words(self) -> None:
        text = (
            "month,category,strategy,cost\n2026-10,Salaires,Entrant,100\n2026-10,Software,push,50\n2026-10,Gifts,,20\n"
        )
        assert rows_of(text, "costs.csv", "category, strategy") == [
            ("people", "inbound"),
            ("tools", "outbound"),
            ("Gifts", None),
        ]

    def test_yes_and_no_tell_the_touch_that_converted(self) -> None:
        text = "user,time,channel,conversion\nu1,2026-10-01 10:00,Email,non\nu1,2026-10-02 10:00,Direct,oui\n"
        assert rows_of(text, "touches.csv", "conversion, CAST(conversions AS INTEGER)") == [("0", 0), ("1", 1)]

    def test_a_conversion_that_is_neither_yes_nor_no_is_refused(self, check: Any) -> None:
        text = "user,time,channel,conversion\nu1,2026-10-01 10:00,Email,perhaps\n"
        [source] = check(("touches.csv", text), code=3)
        assert (source["error"]["line"], source["error"]["column"]) == (2, 4)


def test_the_account_above_the_header_is_the_account_of_the_rows() -> None:
    above = 'Time Zone: Brussels\n"Account: School"\n\n'
    text = above + "Gregorian date,Campaign name,Currency code,Impressions,Clicks,Spend\n"
    assert rows_of(text + "10/13/2026,Brand,EUR,10,1,5.00\n", "bing.csv", "account") == [("School",)]


@pytest.mark.parametrize(("name", "purchases"), [("meta_ads", True), ("google_ads", False)])
def test_only_some_platforms_claim_purchases(name: str, purchases: bool) -> None:
    from kpi_cli.exports.options import ReadOptions
    from kpi_cli.exports.recognising import Header
    from kpi_cli.exports.sheet import Sheet
    from kpi_cli.exports.tables import Source

    fmt = next(fmt for fmt in catalogue() if fmt.name == name)
    sheet = Sheet("a.csv", Header(fmt, 1, ",", [], {}, "en"), ReadOptions(), "utf-8", None, lambda: iter(()))
    assert Source("a.csv", 0, sheet).claims_purchases is purchases


@pytest.mark.parametrize("written", ["7/1/2026 - 7/13/2026", "7/1/2026,7/13/2026"])
def test_the_range_that_microsoft_states_is_covered(check: Any, written: str) -> None:
    head = f'"Report Name: Campaigns"\n"Report Time: {written}"\n"Time Zone: GMT"\n\n'
    row = '"Acme","Brand","USD","100","3","12.50"\n'
    titles = '"Account name","Campaign name","Currency code","Impressions","Clicks","Spend"\n'
    [daily] = check(("a.csv", head + '"Gregorian date",' + titles + '"7/2/2026",' + row))
    [whole] = check(("b.csv", head + titles + row))
    assert [s["period"]["end"] for s in (daily, whole)] == ["2026-07-13"] * 2
    assert (daily["grain"], whole["grain"]) == ("day", "range")


def test_a_time_zone_that_is_none_is_a_usage_error_of_check_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.csv").write_text("date,order_id,amount\n2026-10-01T10:00:00+02:00,o1,5\n")
    assert main(["check", str(tmp_path / "s.csv"), "--no-config", "--tz", "Mars/Olympus"]) == 2
    assert "no time zone" in capsys.readouterr().err


def test_a_failed_charge_of_teachable_is_no_sale_whatever_its_status_is_called(check: Any) -> None:
    head = "id,purchased_at,course_name,user_id,final_price,currency,charge_status"
    rows = "s1,2026-10-01,Course,u1,90.00,USD,completed\ns2,2026-10-02,Course,u2,60.00,USD,failed\n"
    [source] = check(("sales.csv", f"{head}\n{rows}"))
    assert (source["format"], source.sum("revenue_net")) == ("teachable", 90)


GROUPED = """Start Date,Account Name,Currency,Campaign Group Name,Campaign ID,Campaign Name,Total Spent,Impressions
10/1/2026,School,EUR,Autumn,1,Leaders,40.00,400
10/1/2026,School,EUR,Autumn,2,Teachers,60.00,600
10/1/2026,School,EUR,Winter,3,Pupils,5.00,50
"""


class TestLevels:
    def test_the_row_of_a_group_is_not_added_to_its_campaigns(self, check: Any) -> None:
        groups = "10/1/2026,School,EUR,Autumn,,,100.00,1000\n10/1/2026,School,EUR,Winter,-,-,5.00,50\n"
        [source] = check(("linkedin.csv", GROUPED + groups))
        assert (source.sum("cost"), source.left_out) == (105, {"subtotal_row": 2})

    def test_the_row_of_a_group_that_is_no_sum_is_asked_about(self, check: Any) -> None:
        [source] = check(("linkedin.csv", GROUPED + "10/1/2026,School,EUR,Autumn,,,90.00,1000\n"), code=3)
        assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", 5)

    def test_a_group_without_rows_of_campaigns_counts(self, check: Any) -> None:
        [source] = check(("linkedin.csv", GROUPED + "10/1/2026,School,EUR,Spring,,,7.00,70\n"))
        assert (source.sum("cost"), source.left_out) == (112, {})


class TestDemographics:
    def test_who_saw_the_ads_is_a_slice_of_what_they_cost(self, check: Any) -> None:
        text = GROUPED.replace("Campaign ID", "Job Function Segment").replace("Autumn,1", "Autumn,Education")
        [source] = check(("linkedin.csv", text))
        assert "reslice" in source.codes

    def test_it_is_not_added_to_the_campaigns(self, check: Any) -> None:
        text = GROUPED.replace("Campaign ID", "Job Function Segment")
        sources = check(("campaigns.csv", GROUPED), ("functions.csv", text), code=3)
        assert "reslice" in {source["error"]["code"] for source in sources if source["error"]}


class TestPlatformsWithoutAFormat:
    def test_an_amount_in_another_currency_stands_beside_the_one_that_counts(self, check: Any) -> None:
        text = (
            "Order ID,Date,Customer email,Currency,Total (USD),Total,Tax (USD),Tax\n"
            "1,2026-10-01,a@example.com,EUR,129.60,120.00,21.60,20.00\n"
        )
        [source] = check(("orders.csv", text))
        assert (source["sums"][0]["currency"], source.sum("revenue_gross"), source.sum("tax")) == ("EUR", 120, 20)

    def test_amounts_of_two_currencies_are_asked_about_where_no_column_tells_them(self, check: Any) -> None:
        text = "Order ID,Date,Customer email,Total (USD),Total\n1,2026-10-01,a@example.com,129.60,120.00\n"
        [source] = check(("orders.csv", text), code=3)
        assert source["error"]["code"] == "column_open"

    def test_the_tax_of_a_course_platform_is_not_lost_to_another_s_report(self, check: Any) -> None:
        text = (
            "Order ID,Date,Email,Product,Amount,Tax,Currency,Status,Affiliate\n"
            "1,2026-10-15,a@example.com,A,120.00,20.00,EUR,Paid,\n"
        )
        [source] = check(("orders.csv", text))
        assert (source.sum("tax"), source.sum("revenue_net")) == (20, 100)

    def test_who_does_not_attend_did_not_buy(self, check: Any) -> None:
        text = (
            "Order #,Order Date,Email,Total Paid,Attendee Status\n"
            "1,2026-10-01,a@example.com,50.00,Attending\n2,2026-10-01,b@example.com,50.00,Not Attending\n"
        )
        [asked] = check(("attendees.csv", text), code=3)
        assert asked["error"]["code"] == "status_unread"
        [source] = check(("attendees.csv", text), options=("--map", "sales.status=Attendee Status"))
        assert (source.sum("revenue_net"), source.left_out) == (50, {"cancelled": 1})

    def test_the_currency_and_day_of_an_order_are_found(self, check: Any) -> None:
        text = "order_id,date_created,billing_email,order_total,order_currency\n1,2026-10-01,a@example.com,120.00,EUR\n"
        [source] = check(("orders.csv", text))
        assert (source["sums"][0]["currency"], source["period"]["start"]) == ("EUR", "2026-10-01")

    @pytest.mark.parametrize("time", ["00:02:05", "2 min 5s", "125"])
    def test_the_time_on_a_site_may_be_written_as_a_clock(self, time: str, check: Any) -> None:
        text = f"Date,Label,Visits,Actions,Avg. time on website\n2026-10-01,Search Engines,10,30,{time}\n"
        [source] = check(("matomo.csv", text))
        assert (source["format"], source.sum("visits")) == ("matomo", 10)

    def test_orders_of_a_shop_s_own_tests_are_no_sales(self, check: Any) -> None:
        head = "Name,Email,Financial Status,Currency,Total,Created at,Lineitem name,Payment Method\n"
        rows = (
            "#2,a@example.com,paid,EUR,80.00,2026-10-02 10:00:00 +0200,A,(for testing) Bogus Gateway\n"
            "#2,a@example.com,,,,2026-10-02 10:00:00 +0200,B,\n"
            "#1,b@example.com,paid,EUR,50.00,2026-10-01 10:00:00 +0200,A,Shopify Payments\n"
        )
        [source] = check(("orders.csv", head + rows))
        assert (source.sum("revenue_net"), source.sum("orders"), source.left_out["test"]) == (50, 1, 1)
