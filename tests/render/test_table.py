import io
import re
import sys
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_cli.render.markdown import write_markdown
from kpi_cli.render.page import Page
from kpi_cli.render.table import write_table
from kpi_cli.result import CheckResult, Column, Result, Row
from kpi_cli.texts import LANGUAGE

WIDTHS = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
SGR = re.compile(r"\x1b\[[0-9;]*m")
CLICKS = Column("clicks", "Clicks", "count", "higher")


def table(answer: Result | CheckResult, page: Page | None = None) -> str:
    return write_table(answer, page or Page()).decode()


def at(answer: Result | CheckResult, width: int) -> str:
    return table(answer, Page(width=width))


def rows_of(text: str) -> list[str]:
    """The lines between the rule under the headings and the foot."""
    return re.split(r"\n─+\n", text, maxsplit=1)[1].split("\n\n")[0].splitlines()


def named(*names: str) -> Result:
    rows: list[Row] = [{"campaign": name, "clicks": 1234567} for name in names]
    return Result("funnel", [CLICKS], rows, {"clicks": 1234567 * len(names)}, by=["campaign"])


def test_a_table_has_a_title_headings_rows_a_total_set_apart_and_a_foot(by_channel: Result) -> None:
    assert table(by_channel).splitlines() == [
        "ROI by channel · October 2026 · EUR",
        "",
        "Channel          Revenue  Media cost      Cost    Profit  Revenue ROI   ROAS",
        "─" * 76,
        "Paid Search     5,230.40    1,164.10  1,164.10  4,066.30       349.3%  4.49×",
        "Organic Search  3,110.00        0.00      0.00  3,110.00            –      –",
        "Paid Video        149.00      612.50    612.50   -463.50       -75.7%  0.24×",
        "─" * 76,
        "Total           8,489.40    1,776.60  1,776.60  6,712.80       377.8%  4.78×",
        "",
        "MER 4.78×",
        "– Revenue ROI, ROAS: no cost",
        "google_ads.csv:36: the total row agrees",
    ]


@WIDTHS
@given(width=st.integers(20, 170))
def test_a_table_fits_its_terminal_and_cuts_no_figure(compared: Result, width: int) -> None:
    figures = re.compile(r"[-+]?\d[^\s]*")
    text = at(compared, width)
    assert max(map(len, text.splitlines())) <= width
    assert set(figures.findall("\n".join(rows_of(text)))) <= set(figures.findall(table(compared)))


@WIDTHS
@given(width=st.integers(20, 120))
def test_a_check_fits_its_terminal_and_cuts_no_figure(checked: CheckResult, width: int) -> None:
    text = at(checked, width)
    assert max(map(len, text.splitlines())) <= width
    for figure in ("1,164.10", "40,585", "868"):
        assert figure in text


def test_columns_without_room_are_named_at_the_foot_and_the_answer_stays(by_channel: Result) -> None:
    narrow = at(by_channel, 40)
    assert "349.3%" in narrow
    assert "4,066.30" not in narrow
    assert "Not shown at this width: Media cost,\n  Cost, Profit\n" in narrow


def test_a_figure_wider_than_the_terminal_is_still_whole() -> None:
    result = named("Brand")
    result.rows[0]["clicks"] = 999_999_999_999_999
    assert "999,999,999,999,999" in at(result, 10)


def test_an_answer_without_figures_still_names_its_rows() -> None:
    result = Result("channels", [], [{"channel": "Direct"}], {}, by=["channel"])
    assert at(result, 80).splitlines() == ["Channels", "", "Channel", "───────", "Direct"]


def test_names_wrap_on_a_terminal_and_never_in_a_pipe() -> None:
    result = named("spring relaunch " * 20 + "x" * 300)
    assert max(map(len, at(result, 60).splitlines())) <= 60
    assert "spring relaunch " * 20 + "x" * 300 in table(result)


def test_where_two_names_a_row_leave_no_room_they_become_one_column(by_channel: Result) -> None:
    for row in by_channel.rows:
        row["month"] = "2026-10"
    by_channel.by = ["month", "channel"]
    narrow = at(by_channel, 22)
    assert max(map(len, narrow.splitlines())) <= 22
    assert re.search(r"Oct 2026 / +349\.3%\nPaid Search", narrow)


def test_sums_of_money_add_up_as_they_are_shown(by_channel: Result) -> None:
    by_channel.total["revenue"] = Decimal("11000.40")
    assert re.search(r"Paid Video +149 +612 +612 +-464 ", table(by_channel))


def test_without_a_grouping_each_figure_has_its_line_and_its_currency(calculator: Result) -> None:
    assert table(calculator).splitlines() == [
        "ROI · EUR",
        "",
        "Revenue      €10,000.00",
        "Media cost    €7,000.00",
        "Cost          €7,000.00",
        "Profit        €3,000.00",
        "Revenue ROI      42.86%",
        "ROAS              1.43×",
    ]


def test_a_comparison_shows_each_change_beside_its_figure(compared: Result) -> None:
    text = table(compared)
    assert re.search(r"Paid Search +5,230\.40 +\+4\.6% +1,164\.10 +-3\.0% ", text)
    assert re.search(r"Paid Video +149\.00 +0\.0% ", text)
    assert re.search(r"Organic Search +3,110\.00 +– ", text)
    assert "Δ is the change since September 2026 (rates in points)" in text


def test_a_comparison_without_a_grouping_shows_both_periods(compared: Result) -> None:
    compared.rows = []
    text = table(compared)
    assert re.search(r"^ +October 2026 +September 2026 +Δ$", text, re.MULTILINE)
    assert re.search(r"^Revenue +€8,489\.40 +€5,149\.00 +\+64\.9%$", text, re.MULTILINE)


@WIDTHS
@given(width=st.integers(20, 170))
def test_no_change_is_shown_without_its_figure(compared: Result, width: int) -> None:
    heading = next(line for line in at(compared, width).splitlines() if line.startswith("Channel"))
    assert "Δ  Δ" not in re.sub(r" +", "  ", heading)


def test_french_readers_get_french_words_figures_and_dates(compared: Result) -> None:
    LANGUAGE.set("fr")
    try:
        text = table(compared, Page(lang="fr"))
    finally:
        LANGUAGE.set("en")
    assert text.startswith("ROI par canal · octobre 2026 · EUR\n")
    assert "5\u202f230,40" in text
    assert "349,3\u00a0%" in text
    assert "– Revenue ROI, ROAS : aucun coût" in text
    assert "évolution depuis septembre 2026" in text


def test_hostile_names_are_shown_as_text() -> None:
    name = "[bold red]x[/] :smile: \x1b[31m \x1b]8;;http://e\x07 \x9b5m \u202e a\r\nb learner17@example.com"
    text = table(named(name))
    assert r"[bold red]x[/] :smile: \x1b[31m \x1b]8;;http://e\x07 \x9b5m \u202e a\x0d\x0ab ‹hidden›" in text
    assert not set(text) & set("\x1b\x07\x9b\u202e\r")


def test_colour_adds_nothing_but_colour(compared: Result) -> None:
    coloured = table(compared, Page(width=80, colour=True))
    assert SGR.search(coloured)
    stripped = [line.rstrip() for line in SGR.sub("", coloured).splitlines()]
    assert stripped == at(compared, 80).splitlines()


def test_wide_characters_keep_the_columns_aligned() -> None:
    lines = rows_of(table(named("東京キャンペーン", "Brand")))
    assert lines[0] == "東京キャンペーン  1,234,567"
    assert lines[1] == "Brand             1,234,567"


def test_a_page_of_ascii_gets_only_ascii_signs(compared: Result) -> None:
    text = table(compared, Page(width=120, ascii=True))
    assert text.isascii()
    assert "4.49x" in text


def test_a_check_reads_well_at_eighty_columns(checked: CheckResult) -> None:
    assert at(checked, 80).replace("\u00a0", " ").splitlines() == [
        "2 files · 1 refused",
        "",
        "google_ads.csv",
        "  Taken for  google_ads · spend · French · utf-8 · “;” · header on line 3",
        "  Columns    Jour → date, Coût → cost",
        "  Period     October 2026 · by day",
        "  Rows       34 read = 31 used + 3 left out (totals row ×3)",
        "  Sums       Cost 1,164.10 EUR · Impressions 40,585 · Clicks 867",
        "  Control    ✓ Total : compte, line 36 · Cost",
        "             ✗ Total : campagnes, line 37 · Clicks 868 stated, 867 summed",
        "             – Total : Réseau de Recherche, line 38 · a part or a whole account,",
        "             not the sum of these rows",
        "  Note       2 cells were skipped (line 12)",
        "",
        "sales.csv",
        "  Taken for  generic · sales",
        "  Error      line 17:3: “2023-02-29” is not a date; mend the cell",
    ]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("setting", "value", "colour"),
    [("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False), ("COLUMNS", "40", True)],
)
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, colour: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(setting, value)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert Page.on_stdout().colour is colour


def test_a_terminal_has_a_width_and_a_pipe_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "47")
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert Page.on_stdout().width == 47
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert Page.on_stdout().width is None


def test_an_encoding_other_than_utf_gets_ascii_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(terminal, "encoding", "iso8859-1", raising=False)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert Page.on_stdout().ascii


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "and 2 more, left out by --top; the total counts all"),
        ("fr", "et 2 de plus, au-delà de --top ; le total compte tout"),
    ],
)
def test_rows_that_top_leaves_out_are_counted_at_the_foot(lang: str, said: str) -> None:
    answer = named("A")
    answer.beyond = [{"campaign": name, "stage": stage, "clicks": 1} for name in "BC" for stage in ("Visits", "Orders")]
    for write in (write_table, write_markdown):
        assert said in write(answer, Page(lang=lang)).decode()
    assert "more" not in table(named("A"))
