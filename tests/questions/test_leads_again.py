"""Leads are events: who asks again counts again, and the answer says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpi_cli.commands.app import main

SALES = "date,order_id,email,amount\n2026-10-01,1,learner9@example.com,10.00\n2026-10-31,2,learner8@example.com,10.00\n"
SPEND = "date,campaign,cost\n2026-10-01,a,10.00\n2026-10-31,a,10.00\n"
LEADS = """\
date,email,channel
2026-10-01,learner1@example.com,Paid Search
2026-10-09, LEARNER1@example.com,Paid Social
2026-10-31,learner2@example.com,Paid Social
"""


@pytest.mark.parametrize(("leads", "again"), [(LEADS, 1), (LEADS.replace("LEARNER1", "learner3"), 0)])
def test_a_person_who_is_a_lead_again_counts_again_and_is_told(
    leads: str, again: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("sales.csv", SALES), ("spend.csv", SPEND), ("leads.csv", leads)):
        Path(name).write_text(text)
    assert main(["cac", "sales.csv", "spend.csv", "--leads", "leads.csv", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["total"]["leads"] == 3
    said = [(found["file"], found["line"]) for found in answer["notes"] if found["code"] == "leads_again"]
    assert said == [("leads.csv", 3)] * again


def test_no_event_is_named_where_leads_are_a_column_of_the_visits_and_the_source_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    visits = "date,channel,visits,leads\n2026-10-01,Email,50,3\n2026-10-31,Email,50,4\n"
    for name, text in (("sales.csv", SALES), ("spend.csv", SPEND), ("traffic.csv", visits)):
        Path(name).write_text(text)
    assert main(["report", "sales.csv", "spend.csv", "traffic.csv", "--month", "2026-10", "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    said = [found["text"] for found in notes if found["code"] == "leads_source"]
    assert said == ["leads are counted from the visits file"]
