"""Channels on rows: decided anew for each question, and written where they are others than before."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from kpi_cli.ask import Ask, Files
from kpi_cli.config import ChannelRule, Config, Pattern
from kpi_cli.exports.options import ReadOptions
from kpi_cli.opening import open_books, read_whole

SALES = "date,order_id,source,medium,amount\n2026-01-01,o-1,flyer,qr,10.50\n2026-01-02,o-2,google,cpc,20.50\n"


def test_a_further_question_with_other_channel_rules_finds_them_on_the_rows(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(SALES)
    files = Files(paths=((str(tmp_path / "sales.csv"), "sales"),))
    whole = read_whole(Ask(files=files, reading=ReadOptions(currency="EUR")))
    rule = ChannelRule("Flyers", (Pattern("flyer"),), (), (), 1)
    flyers = replace(whole, config=Config(channels=(rule,)))
    found = [_channels(ask) for ask in (whole, whole, flyers, whole)]
    usual = ["Unassigned", "Paid Search"]
    assert found == [usual, usual, ["Flyers", "Paid Search"], usual]


def _channels(ask: Ask) -> list[str]:
    store = open_books(ask, ("sales",), [("sales",)]).store
    return [channel for (channel,) in store.rows("SELECT by_channel FROM sales ORDER BY line")]
