"""An option that a question takes does something; one that it would pass over is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import kpi_cli
from kpi_cli.commands.app import main
from kpi_cli.errors import UsageError

SPEND = "date,channel,cost,currency\n2026-10-01,Email,10,EUR\n2026-10-31,Email,10,EUR\n"
SALES = (
    "date,order_id,customer_id,amount,tax,currency,channel\n"
    "2026-10-01,o-1,c-0001,50,0,EUR,Email\n2026-10-31,o-2,c-0001,50,0,EUR,Email\n"
)
TRAFFIC = "date,channel,visits\n2026-10-01,Email,500\n2026-10-31,Email,500\n"
TOUCHES = "user,time,channel,conversion\nu-1,2026-10-01 10:00,Email,0\nu-1,2026-10-02 10:00,Direct,1\n"
FILES = {"spend.csv": SPEND, "sales.csv": SALES, "traffic.csv": TRAFFIC}


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {**FILES, "touches.csv": TOUCHES}.items():
        Path(name).write_text(text)


@pytest.mark.parametrize(
    ("question", "refused"),
    [
        (("funnel", *FILES), ("--allocate even", "--margin 50%", "--explain")),
        (("funnel", "--stage", "visits=500", "--stage", "orders=5"), ("--margin 50%", "--explain", "--sort count")),
        (("report", *FILES), ("--top 3", "--explain", "--compare year", "--by channel")),
        (("explain", "roi"), ("--month 2026-10", "--by channel", "--explain", "--fail-if roi<0")),
        (("cac", "--cost", "100", "--customers", "4"), ("--margin 50%", "--sort cac", "--top 3")),
        (("roi", "--cost", "100", "--revenue", "400"), ("--sort roi", "--top 3")),
        (("check", *FILES), ("--margin 50%", "--month 2026-10", "--fail-if cost>1")),
        (("init", *FILES, "-o", "-"), ("--month 2026-10", "--by channel", "--top 3", "--fail-if cost>1", "--json")),
        (("channels", "--why", "google/cpc"), ("--month 2026-10", "--by channel", "--margin 50%")),
        (("channels", "touches.csv", "--model", "linear"), ("--margin 50%", "--allocate even", "--explain")),
        (("ltv", "sales.csv", "--cohorts"), ("--sort customers", "--top 3", "--compare year")),
    ],
)
def test_an_option_that_would_be_passed_over_is_refused(
    question: tuple[str, ...], refused: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*question, "--no-config"]) == 0
    for given in refused:
        assert main([*question, "--no-config", *given.split()]) == 2, given
        shown = capsys.readouterr()
        assert given.split()[0] in shown.err
        assert "leave it out" in shown.err


def test_a_funnel_takes_a_margin_where_its_own_figures_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["funnel", *FILES, "--no-config", "--margin", "50%", "--fail-if", "total.profit < 31"]) == 4  # 50 − 20
    assert main(["funnel", *FILES, "--no-config", "--margin", "70%", "--fail-if", "total.profit < 31"]) == 0
    assert "total is 30" in capsys.readouterr().err


def test_a_report_takes_a_margin_a_key_and_a_condition_on_a_change() -> None:
    options = ("--margin", "50%", "--allocate", "revenue", "--fail-if", "revenue change < -90%")
    assert main(["report", *FILES, "--no-config", "--month", "2026-10", *options]) in {0, 4}


def test_frames_and_paths_are_refused_the_same() -> None:
    with pytest.raises(UsageError, match="--allocate has no place"):
        kpi_cli.funnel(*FILES, allocate="even")
    with pytest.raises(UsageError, match="--top has no place"):
        kpi_cli.cohorts("sales.csv", top=3)
