from collections.abc import Iterator

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from kpi_cli.render.markdown import escaped, write_markdown
from kpi_cli.render.page import Page
from kpi_cli.result import CheckResult, Column, Note, Result
from kpi_cli.safe import printable

TEXT = st.text(st.sampled_from("ab1 \\|`*_[]()<>&#!~$:/.+-=\n\té") | st.characters(codec="utf-8"), max_size=30)


def parsed(text: str) -> list[Token]:
    return MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)


def plain(token: Token) -> str:
    kinds = {child.type for child in token.children or []}
    assert kinds <= {"text", "text_special"} or token.content.startswith("**")
    return "".join(child.content for child in token.children or [])


def insides(tokens: list[Token], opening: str) -> Iterator[str]:
    for place, token in enumerate(tokens):
        if token.type == opening:
            inside = next(token for token in tokens[place:] if token.type == "inline")
            yield plain(inside).strip()


@settings(max_examples=100)
@given(TEXT)
@example("a|b")
@example("[x](javascript:y) <img src=x onerror=y> **b** `c` https://example.com &amp;")
def test_a_cell_shows_its_text_and_nothing_else(name: str) -> None:
    result = Result("roi", [Column("n", "N", "count")], [{"campaign": name, "n": 1}], {"n": 1}, by=["campaign"])
    tokens = parsed(write_markdown(result, Page()).decode())
    assert list(insides(tokens, "td_open"))[:2] == [printable(name).strip(), "1"]


@settings(max_examples=100)
@given(TEXT)
@example("1. one")
@example("- dash")
@example("=== rule")
def test_a_note_is_one_item_of_plain_text(text: str) -> None:
    result = Result("roi", [Column("n", "N", "count")], [], {"n": 1}, notes=[Note("no_data", text)])
    tokens = parsed(write_markdown(result, Page()).decode())
    assert sum(token.type == "list_item_open" for token in tokens) == 1
    if printable(text).strip():
        assert list(insides(tokens, "list_item_open")) == [printable(text).strip()]


def test_links_are_not_made_of_bare_addresses() -> None:
    assert escaped("https://example.com www.example.com") == "https&#58;//example.com www&#46;example.com"


def test_names_stand_left_figures_right_and_the_total_is_bold(by_channel: Result) -> None:
    assert write_markdown(by_channel, Page()).decode() == (
        "## ROI by channel · October 2026 · EUR\n"
        "\n"
        "| Channel | Revenue | Media cost | Cost | Profit | Revenue ROI | ROAS |\n"
        "| :--- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| Paid Search | 5,230.40 | 1,164.10 | 1,164.10 | 4,066.30 | 349.3% | 4.49× |\n"
        "| Organic Search | 3,110.00 | 0.00 | 0.00 | 3,110.00 | – | – |\n"
        "| Paid Video | 149.00 | 612.50 | 612.50 | -463.50 | -75.7% | 0.24× |\n"
        "| **Total** | **8,489.40** | **1,776.60** | **1,776.60** | **6,712.80** | **377.8%** | **4.78×** |\n"
        "\n"
        "- MER 4.78×\n"
        "- – Revenue ROI, ROAS: no cost\n"
        "- google_ads.csv:36: the total row agrees\n"
    )


def test_a_change_names_the_figure_it_is_of(compared: Result) -> None:
    assert "| Revenue | Δ Revenue |" in write_markdown(compared, Page()).decode()


def test_a_check_has_a_heading_a_file(checked: CheckResult) -> None:
    tokens = parsed(write_markdown(checked, Page()).decode())
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == ["2 files\u00a0· 1 refused", "google_ads.csv", "sales.csv"]
