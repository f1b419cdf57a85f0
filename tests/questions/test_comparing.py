"""`--compare` and conditions on a change: what stands beside a row is its own earlier figure, in every output."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from kpi_cli.commands.app import main
from kpi_cli.period import Window, counterparts

YEARS = {"2024": ("100", "40"), "2025": ("150", "50"), "2026": ("300", "60")}  # revenue, cost
SPEND = "date,channel,cost,currency\n" + "".join(
    f"{year}-{day},Paid Search,{cost},EUR\n" for year, (_, cost) in YEARS.items() for day in ("01-01", "12-31")
)
SALES = "date,order_id,customer_id,amount,tax,currency,channel\n" + "".join(
    f"{year}-{day},{year}{day},c-0001,{revenue},0,EUR,Paid Search\n"
    for year, (revenue, _) in YEARS.items()
    for day in ("01-01", "12-31")
)
CONFIG = """\
sources: [spend.csv, sales.csv]
targets:
  cac: [{from: 2024-01, value: 80}, {from: 2026-01, value: 75}]
  roi: 50%
budgets: {total: 10}
"""
TWO_YEARS = ("--from", "2025-01-01", "--to", "2026-12-31")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("spend.csv", SPEND), ("sales.csv", SALES), ("kpi.yml", CONFIG)):
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> str:
    assert main([*argv]) == code
    return capsys.readouterr().out


def rows_of(capsys: pytest.CaptureFixture[str], *argv: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(printed(capsys, *argv, "-f", "csv", "-q"))))


def test_a_year_is_compared_with_the_year_before_it_and_never_with_itself(capsys: pytest.CaptureFixture[str]) -> None:
    table = printed(capsys, "roi", *TWO_YEARS, "--every", "year", "--compare", "year", "-q")
    rows = [line.split() for line in table.splitlines() if line.startswith(("2025", "2026"))]
    assert [row[:3] for row in rows] == [["2025", "300.00", "+50.0%"], ["2026", "600.00", "+100.0%"]]


@pytest.mark.parametrize("question", ["roi", "funnel"])
def test_a_csv_has_the_figures_of_the_period_compared_with(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of(capsys, question, *TWO_YEARS, "--every", "year", "--compare", "year")
    if question == "roi":
        assert [(row["revenue"], row["revenue_previous"]) for row in rows] == [("300", "200"), ("600", "300")]
        assert {row["year"] for row in rows} == {"2025", "2026"}
    else:
        assert {row["count_previous"] for row in rows if row["stage"] == "orders"} == {"2"}


def test_a_csv_without_a_grouping_has_the_earlier_total(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = rows_of(capsys, "roi", "--from", "2026-01-01", "--to", "2026-12-31", "--compare", "previous")
    assert (row["cost"], row["cost_previous"]) == ("120", "100")


def test_a_workbook_has_the_figures_of_the_period_compared_with(capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, "roi", *TWO_YEARS, "--every", "year", "--compare", "year", "-q", "-o", "roi.xlsx")
    head, *rows = CalamineWorkbook.from_path("roi.xlsx").get_sheet_by_name("roi").to_python()
    now = head.index("Revenue")
    then = next(place for place, heading in enumerate(head) if str(heading).startswith("Revenue, Jan"))
    assert str(head[then]).endswith("2025")
    assert [(row[0], row[now], row[then]) for row in rows] == [
        ("2025", 300, 200),
        ("2026", 600, 300),
        ("Total", 900, 500),
    ]


def test_a_condition_on_a_change_holds_a_year_against_the_year_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["roi", *TWO_YEARS, "--every", "year", "--compare", "year", "-f", "csv", "-q"]
    assert main([*argv, "--fail-if", "revenue change > 60%"]) == 4
    assert capsys.readouterr().err.splitlines() == [
        "kpi: fail-if: revenue change > 60%: 2026 is 1",
        "kpi: fail-if: revenue change > 60%: total is 0.8",
    ]


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        ("2025-01-01,1,0,0,EUR,Email\n", "was 0 before, and no change is a share of 0"),
        ("2025-01-01,1,50,0,EUR,Email\n", "is -0.6"),
    ],
)
def test_a_change_since_a_figure_of_0_trips_and_says_so(
    earlier: str, said: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "sales.csv").write_text(
        f"date,order_id,amount,tax,currency,channel\n{earlier}2026-12-31,2,20,0,EUR,Email\n"
    )
    argv = [
        "roi",
        "--from",
        "2026-01-01",
        "--to",
        "2026-12-31",
        "--fail-if",
        "revenue change < -20%",
        "-q",
        "-f",
        "csv",
    ]
    assert main(argv) == 4
    assert capsys.readouterr().err == f"kpi: fail-if: revenue change < -20%: total {said}\n"


@pytest.mark.parametrize(("condition", "code"), [("profit change < -50%", 4), ("profit change > 50%", 0)])
def test_a_loss_that_doubles_has_fallen(
    condition: str, code: int, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # 2026: 20 - 120 = -100; 2025: 50 - 100 = -50. The change is -50 / 50.
    sales = "date,order_id,amount,tax,currency,channel\n2025-01-01,1,50,0,EUR,Email\n2026-12-31,2,20,0,EUR,Email\n"
    (shop / "sales.csv").write_text(sales, "utf-8")
    printed(capsys, "roi", "--from", "2026-01-01", "--to", "2026-12-31", "--fail-if", condition, "-q", code=code)


def test_targets_and_budgets_of_the_earlier_period_stand_beside_those_in_force(
    capsys: pytest.CaptureFixture[str],
) -> None:
    year = ("--from", "2026-01-01", "--to", "2026-12-31", "--compare", "year", "--json")
    before: dict[str, Any] = json.loads(printed(capsys, "roi", *year))["previous"]["total"]
    assert (before["budget"], before["roi_target"]) == (120, 0.5)
    before = json.loads(printed(capsys, "cac", *year))["previous"]["total"]
    assert before["cac_target"] == 80


def test_the_cost_of_a_year_is_not_held_against_the_budget_of_its_last_months(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two months of budget beside twelve of cost would always be overspent."""
    (shop / "kpi.yml").write_text(CONFIG.replace("{total: 10}", "{total: [{from: 2026-11, value: 10}]}"))
    asked = ("roi", "--from", "2026-01-01", "--to", "2026-12-31", "--every", "month", "--json")
    found = json.loads(printed(capsys, *asked))
    assert found["total"]["budget"] is None
    assert {row["month"]: row["budget"] for row in found["rows"]} == {"2026-01": None, "2026-12": 10}


def test_customers_won_before_the_period_have_no_target_and_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "ltv", "--month", "2026-12", "--every", "year", "--json"))
    assert [(row["year"], row["customers"]) for row in found["rows"] if row["customers"]] == [("2024", 1)]
    assert found["total"]["cac_target"] == 75


@pytest.mark.parametrize(
    ("now", "then", "every", "want"),
    [
        ("2026-09-01 2026-10-31", "2025-09-01 2025-10-31", "month", {"2026-09": "2025-09", "2026-10": "2025-10"}),
        ("2024-02-15 2024-03-31", "2023-02-15 2023-03-31", "month", {"2024-02": "2023-02", "2024-03": "2023-03"}),
        ("2026-10-05 2026-10-18", "2026-09-21 2026-10-04", "week", {"2026-W41": "2026-W39", "2026-W42": "2026-W40"}),
        ("2026-09-01 2026-09-13", "2025-09-01 2025-09-13", "week", {"2026-W36": "", "2026-W37": ""}),
        ("2026-09-15 2026-10-31", "2026-07-30 2026-09-14", "month", {"2026-09": "", "2026-10": ""}),
        ("2026-09-29 2026-10-02", "2026-09-25 2026-09-26", "day", ["2026-09-25", "2026-09-26", "", ""]),
    ],
)
def test_units_meet_by_their_place_where_the_windows_begin_alike(
    now: str, then: str, every: str, want: dict[str, str] | list[str]
) -> None:
    here, there = (Window(*map(dt.date.fromisoformat, text.split())) for text in (now, then))
    found = counterparts(here, there, every)
    assert (list(found.values()) if isinstance(want, list) else found) == want


@pytest.mark.parametrize(
    ("spent_to", "sold_on", "want"),
    [
        ("2026-10-31", "2026-10-24", "2026-09-30"),  # nobody bought in the last week: no longer than it has been before
        ("2026-10-20", "2026-10-15", "2026-09-20"),  # the month is not over
        ("2026-10-31", "2026-10-05", "2026-09-05"),  # longer than ever: the sales stop
    ],
)
def test_a_month_is_compared_with_the_whole_one_before_unless_the_data_stop(
    spent_to: str, sold_on: str, want: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [dt.date(2026, 9, 1) + dt.timedelta(days=n) for n in range(61)]
    spend = "".join(f"{day},Email,10,EUR\n" for day in days if day.isoformat() <= spent_to)
    (shop / "spend.csv").write_text(f"date,channel,cost,currency\n{spend}", "utf-8")
    sold = ("2026-09-01", "2026-09-18", "2026-10-02", sold_on)  # 17 days apart at most
    sales = "".join(f"{day},{n},50,0,EUR,Email\n" for n, day in enumerate(sold))
    (shop / "sales.csv").write_text(f"date,order_id,amount,tax,currency,channel\n{sales}", "utf-8")
    found = json.loads(printed(capsys, "roi", "--month", "2026-10", "--compare", "previous", "--json"))
    assert found["previous"]["period"]["end"] == want


@pytest.mark.parametrize("question", ["roi", "cac", "channels", "ltv"])
@pytest.mark.parametrize(("spent_to", "amount"), [(31, "€143.00"), (20, "€33.00")])  # 3 a day of the costs by month
def test_cost_after_the_data_end_is_told_to_have_nothing_beside_it(
    question: str, spent_to: int, amount: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sales stop on the 20th and are compared so far; the cost of the whole month would seem to have risen."""
    days = [f"2026-09-{n:02}" for n in range(1, 31)] + [f"2026-10-{n:02}" for n in range(1, 32)]
    spend = "".join(f"{day},Email,10,EUR\n" for day in days[: 30 + spent_to])
    (shop / "spend.csv").write_text(f"date,channel,cost,currency\n{spend}", "utf-8")
    sales = "".join(f"{day},{n},c-{n:04},50,0,EUR,Email\n" for n, day in enumerate(days[:50]))
    (shop / "sales.csv").write_text(f"date,order_id,customer_id,amount,tax,currency,channel\n{sales}", "utf-8")
    costs = "month,category,cost,currency\n2026-09,tools,90,EUR\n2026-10,tools,93,EUR\n"
    (shop / "costs.csv").write_text(costs, "utf-8")
    files = ("spend.csv", "sales.csv", "costs.csv", "--no-config")
    found = json.loads(printed(capsys, question, *files, "--month", "2026-10", "--compare", "previous", "--json"))
    assert found["previous"]["period"]["end"] == "2026-09-20"
    (told,) = (note["text"] for note in found["notes"] if note["code"] == "cost_past_data")
    assert told.startswith(f"compared up to Oct 20, 2026, where the data end: {amount} of cost after that day")
    whole = json.loads(printed(capsys, question, *files, "--month", "2026-09", "--compare", "previous", "--json"))
    assert "cost_past_data" not in [note["code"] for note in whole["notes"]]


def test_a_cohort_is_compared_with_itself_a_period_ago(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bought = (("09-05", "c-0001", 40), ("10-05", "c-0001", 30), ("10-06", "c-0002", 20))
    lines = [f"2026-{day},{i},{who},{amount},0,EUR\n" for i, (day, who, amount) in enumerate(bought)]
    sales = tmp_path / "shop.csv"
    sales.write_text("".join(["date,order_id,customer_id,amount,tax,currency\n", *lines]))
    asked = ("--no-config", "--month", "2026-10", "--every", "month", "--compare", "previous")
    rows = rows_of(capsys, "ltv", str(sales), *asked)
    assert {row["month"]: (row["aov"], row["aov_previous"]) for row in rows} == {
        "2026-09": ("30", "40"),
        "2026-10": ("20", ""),
    }


@pytest.mark.parametrize("question", ["roi", "funnel"])
@pytest.mark.parametrize(("every", "is_told"), [("week", True), ("month", False)])
def test_rows_of_time_that_have_no_earlier_one_are_told(
    question: str, every: str, is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--from", "2026-01-01", "--to", "2026-12-31", "--every", every, "--compare", "previous", "--json")
    notes = json.loads(printed(capsys, question, *asked))["notes"]
    assert ("units_apart" in {note["code"] for note in notes}) == is_told
