"""Outlines in one column, as compact pivot tables have them: what stands over its own rows is no row of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

OUTLINE = ["Google,300,30", "Brand,100,10", "Generic,200,20", "Meta,90,9", "Cold,50,4", "Warm,40,5"]


def table(rows: list[str], header: str = "Campaign,Cost,Clicks") -> tuple[str, str]:
    """A hand-made table of spend."""
    return "spend.csv", "\n".join([header, *rows])


@pytest.mark.parametrize(
    "rows",
    [
        OUTLINE,
        [*OUTLINE[1:3], OUTLINE[0], *OUTLINE[4:], OUTLINE[3]],
        [*OUTLINE, "Paused,0,0"],
        [*OUTLINE, "Other,15,1", "Total,405,40"],
        ["Google,312.47,30", "Brand,112.40,10", "Generic,200.07,20", "Other,15,1", "Press,7,1"],
        ["Google,300,", "  Brand,100,10", "  Generic,200,20", "Other,15,1", "Press,7,1"],
        ["Google,300,", "- Brand,100,10", "- Generic,200,20", "Meta,15,1"],
    ],
    ids=["above", "below", "nothing spent", "one alone", "one block to the cent", "set in", "with dashes"],
)
def test_a_row_that_is_the_sum_of_its_neighbours_is_asked_about(rows: list[str], check: Any) -> None:
    [source] = check(table(rows), code=3)
    [head] = [line for line, row in enumerate(rows, 2) if row.startswith("Google")]
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", head)


def test_a_compact_pivot_is_asked_about_without_other_numbers(check: Any) -> None:
    [source] = check(table([row.rpartition(",")[0] for row in OUTLINE], "Campaign,Cost"), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("total_or_name", 2)


def test_kpi_yml_says_what_the_rows_of_an_outline_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spend.csv").write_text(table(OUTLINE)[1])
    for said, cost in (("used", 780), ("subtotal_row", 390)):
        statuses = f"{{Google: {said}, Meta: {said}}}"
        (tmp_path / "kpi.yml").write_text(f"sources:\n  - files: spend.csv\n    statuses: {statuses}\n")
        assert main(["check", "--config", str(tmp_path / "kpi.yml"), "--json"]) == 0
        [source] = json.loads(capsys.readouterr().out)["sources"]
        assert source["sums"][0]["cost"] == cost


@pytest.mark.parametrize(
    ("header", "rows", "cost"),
    [
        ("Campaign,Cost", ["A,500", "B,300", "C,200", "D,90", "E,50", "F,40"], 1180),
        ("Campaign,Cost", ["A,300", "B,100", "C,200", "D,70"], 670),
        ("Campaign,Cost", ["A,100", "B,100", "C,50", "D,50"], 300),
        (
            "Month,Category,Cost",
            [f"2026-{m},{c}" for m in (10, 11) for c in ("media,300", "people,200", "tools,100")],
            1200,
        ),
        ("Date,Campaign,Cost", ["2026-10-01,A,300", "2026-10-02,B,100", "2026-10-03,C,200", "2026-10-04,D,20"], 620),
    ],
    ids=["sorted by amount", "one round sum", "equal neighbours", "each month", "of days"],
)
def test_rows_that_add_up_by_chance_count(header: str, rows: list[str], cost: int, check: Any) -> None:
    [source] = check(table(rows, header))
    assert (source.sum("cost"), source["rows"]["used"]) == (cost, len(rows))


@pytest.mark.parametrize(
    "rows",
    [
        ["Google,Google,300", "Google,Brand,100", "Google,Generic,200", "Meta,Cold,50"],
        ["Google,Brand,100", "Google,Generic,200", "Google,google,300", "Meta,Cold,50"],
        ["Google,,300", "Google,Google,100", "Google,Generic,200", "Meta,Cold,50"],
    ],
)
def test_a_platform_named_again_as_its_own_campaign_may_be_its_total(rows: list[str], check: Any) -> None:
    [source] = check(table(rows, "Platform,Campaign,Cost"), code=3)
    assert source["error"]["code"] == "total_or_name"


def test_a_platform_named_again_that_is_no_sum_is_a_row(check: Any) -> None:
    rows = ["Email,Email,300", "Google,Brand,100", "Google,Google,120", "Google,Generic,30", "Meta,Meta,50"]
    [source] = check(table(rows, "Platform,Campaign,Cost"))
    assert source["sums"][0]["cost"] == 600
