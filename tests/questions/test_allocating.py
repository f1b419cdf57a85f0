"""`--allocate`: a channel bears the same in every question, and a strategy what its channels bear."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

Asking = Callable[..., dict[str, dict[str, Any]]]

FILES = {
    "spend.csv": "date,channel,cost,currency\n2026-10-01,Paid Search,300,EUR\n2026-10-31,Paid Social,100,EUR\n",
    "sales.csv": (
        "date,order_id,customer_id,amount,channel,currency\n"
        "2026-10-01,o-1,c-0001,500,Paid Search,EUR\n"
        "2026-10-02,o-2,c-0002,200,Email,EUR\n"
        "2026-10-03,o-3,c-0003,100,Organic Search,EUR\n"
        "2026-10-31,o-4,c-0004,900,,EUR\n"
    ),
    "traffic.csv": "date,channel,visits\n2026-10-01,Email,50\n2026-10-20,Referral,60\n2026-10-31,Organic Video,70\n",
    "costs.csv": "month,category,cost,currency\n2026-10,people,80,EUR\n",
}


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asking:
    """The rows of a question over the files, each by its first cell."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)

    def run(question: str, by: str, key: str) -> dict[str, dict[str, Any]]:
        assert main([question, *FILES, "--month", "2026-10", "--by", by, "--allocate", key, "--json"]) == 0
        return {row[by]: row for row in json.loads(capsys.readouterr().out)["rows"]}

    return run


@pytest.mark.parametrize("question", ["roi", "cac", "channels"])
def test_even_shares_are_the_same_in_every_question(ask: Asking, question: str) -> None:
    """A channel that was only visited bears nothing: what it cost would depend on the question."""
    cost = {name: row["cost"] for name, row in ask(question, "channel", "even").items() if row["cost"]}
    assert cost == {"Paid Search": 320, "Paid Social": 120, "Email": 20, "Organic Search": 20}


@pytest.mark.parametrize("question", ["roi", "cac", "channels"])
@pytest.mark.parametrize(
    ("key", "inbound", "outbound"),
    [("revenue", 30, 450), ("even", 40, 440), ("customers", 53.333333, 426.666667), ("media", 0, 480)],
)
def test_a_strategy_bears_what_its_channels_bear(
    ask: Asking, question: str, key: str, inbound: float, outbound: float
) -> None:
    """Sales that name no source bear nothing by channel; by strategy they are the row `unknown`."""
    rows = ask(question, "strategy", key)
    assert rows["unknown"]["cost"] == 0
    assert (rows["inbound"]["cost"], rows["outbound"]["cost"]) == (inbound, outbound)
