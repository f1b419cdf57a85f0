"""Whatever its role, a row outside the period is left out with its reason and told of with what it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

SALES = """\
date,order_id,email,channel,amount,currency
2026-10-01,1001,learner1@example.com,Paid Search,300.00,EUR
2026-10-31,1002,learner2@example.com,Email,100.00,EUR
"""
SPEND = "date,channel,campaign,cost,currency\n2026-10-01,Paid Search,a,10.00,EUR\n2026-10-31,Paid Search,a,10.00,EUR\n"
TRAFFIC = """\
date,source,medium,channel,visits,leads
2026-09-01,google,cpc,Paid Search,100,10
2026-10-01,google,cpc,Paid Search,7,1
2026-10-31,facebook,paid,Paid Social,200,5
2026-11-30,facebook,paid,Paid Social,31,4
"""
LEADS = """\
lead_id,date,email,channel
L1,2026-10-01,learner1@example.com,Paid Search
L2,2026-10-31,learner2@example.com,Paid Search
L3,2026-11-02,learner3@example.com,Paid Search
"""
PROGRESS = """\
email,course,progress,enrolled_at
learner1@example.com,SEO,100%,2026-10-05
learner2@example.com,SEO,20%,2026-09-05
"""


@pytest.mark.parametrize(
    ("question", "name", "text", "read", "outside", "amount"),
    [
        ("channels", "traffic.csv", TRAFFIC, 4, 2, "Visits 131"),
        ("cac", "leads.csv", LEADS, 3, 1, "Leads 1"),
        ("funnel", "progress.csv", PROGRESS, 2, 1, "Enrolled 1"),
    ],
)
def test_rows_outside_the_period_are_left_out_with_a_reason_whatever_their_role(
    question: str,
    name: str,
    text: str,
    read: int,
    outside: int,
    amount: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {name: text} if question == "funnel" else {name: text, "sales.csv": SALES, "spend.csv": SPEND}
    for file, content in files.items():
        Path(file).write_text(content)
    assert main([question, *files, "--month", "2026-10", "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    [rows] = [source["rows"] for source in answer["sources"] if source["file"] == name]
    assert rows == {"read": read, "used": read - outside, "left_out": {"outside_period": outside}}
    [said] = [found["text"] for found in answer["notes"] if found["code"] == "outside_window"]
    assert amount in said
