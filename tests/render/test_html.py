"""A page needs nothing but itself, is read by people and machines alike, and lets nothing from a file act."""

from __future__ import annotations

import re
import runpy
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main
from kpi_cli.render.html import write_html
from kpi_cli.render.markup import Markup, tag
from kpi_cli.render.page import Page
from kpi_cli.result import CheckResult, Note, Result

ROOT = Path(__file__).resolve().parents[2]
PICTURE: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "picture.py"))
VOID = {"meta", "br", "hr"}
PAGE = Page(file=True)


class Reader(HTMLParser):
    """The elements of a page with their attributes and text; the nesting must be sound."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the sample school."""
    page = tmp_path_factory.mktemp("report") / "page.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT / "sample_data")
        assert main(["report", "--month", "2026-10", "-o", str(page)]) == 0
    return page


@pytest.fixture(scope="module")
def text(sample: Path) -> str:
    return sample.read_text("utf-8")


def test_a_page_asks_for_nothing_and_runs_nothing(text: str) -> None:
    page = Reader(text)
    named = {name for name, _ in page.found}
    assert (
        named & {"script", "link", "img", "iframe", "object", "base", "form", "a", "use", "image", "foreignobject"}
        == set()
    )
    attributes = {name for _, given in page.found for name in given}
    assert not [name for name in attributes if name.startswith("on") or name in {"src", "href", "style", "xlink:href"}]
    assert "url(" not in text
    assert "@import" not in text


def test_the_policy_lets_in_the_one_style_by_its_hash_and_nothing_else(text: str) -> None:
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(styles[0].encode()).digest()).decode()
    policy = next(m for m in Reader(text).all("meta") if m.get("http-equiv") == "Content-Security-Policy")["content"]
    assert len(styles) == 1
    assert policy is not None
    assert policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]


def test_headings_go_down_one_level_at_a_time_from_a_single_first(text: str) -> None:
    levels = [int(name[1]) for name, _ in Reader(text).found if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_headed_columns_and_headed_rows(text: str) -> None:
    tables = re.findall(r"<table>(.*?)</table>", text, re.DOTALL)
    assert len(tables) >= 8
    for table in tables:
        assert re.match(r"<caption[^>]*>[^<]+</caption>", table)
        heads = re.search(r"<thead><tr>(.*?)</tr></thead>", table)
        columns = len(re.findall('scope="col"', heads[1])) if heads else None
        for row in re.findall(r"<tr>(.*?)</tr>", table.split("</thead>")[-1]):
            assert row.startswith('<th scope="row">')
            assert columns in (None, len(re.findall("<t[hd]", row)))


def test_every_chart_says_in_words_what_it_shows(text: str) -> None:
    charts = Reader(text).all("svg")
    assert len(charts) == 5
    for chart in charts:
        assert chart["role"] == "img"
        assert len(re.findall(r"\d", chart["aria-label"] or "")) > 8, "figures, not a title"


def test_a_page_is_in_the_language_asked_for(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "sample_data")
    assert main(["report", "--month", "2026-10", "--lang", "fr", "-o", str(tmp_path / "fr.html")]) == 0
    french = (tmp_path / "fr.html").read_text("utf-8")
    assert '<html lang="fr">' in french
    for said in ("octobre 2026", "13\u202f012\u00a0€", "Ce qui a le plus changé", "janv. 2026", "10\u202f000"):
        assert said in french
    assert '<html lang="en">' in sample.read_text("utf-8")


def test_what_comes_from_a_file_is_text_and_nothing_more(by_channel: Result) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)> \x1b]8;;http://x\x07 learner17@example.com'
    by_channel.rows[0]["channel"] = evil
    by_channel.notes.append(Note("unused_file", evil, evil))
    by_channel.sources = []
    page = write_html(by_channel, PAGE).decode()
    read = Reader(page)
    assert not {"script", "img"} & {name for name, _ in read.found}
    assert "\x1b" not in page
    assert "learner17" not in page
    assert any(data.startswith("<script>alert(1)</script>") for _, data in read.texts)


def test_an_attribute_and_a_child_are_escaped_unless_they_are_markup() -> None:
    assert tag("td", 'a "b" <i>', class_='x" y="') == '<td class="x&quot; y=&quot;">a &quot;b&quot; &lt;i&gt;</td>'
    assert tag("p", Markup("<b>x</b>"), ["<", None]) == "<p><b>x</b>&lt;</p>"


def test_every_question_has_a_page(
    by_channel: Result, compared: Result, calculator: Result, checked: CheckResult
) -> None:
    for answer in (by_channel, compared, calculator, checked):
        page = Reader(write_html(answer, PAGE).decode())
        assert len(page.all("h1")) == 1


def test_a_chart_is_drawn_alike_whatever_was_drawn_before(text: str, sample: Path) -> None:
    again = sample.with_name("again.html")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT / "sample_data")
        assert main(["report", "--month", "2026-10", "-o", str(again)]) == 0
    assert again.read_text("utf-8") == text


# ------------------------------------------------------------------------------------- a real browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = PICTURE["chromium"]()
    if program is None:
        pytest.skip("Chromium is not installed")
    with PICTURE["browser"](program) as page:
        yield page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_page_fits_its_width_and_the_console_stays_silent(
    browser: Any, sample: Path, width: int, scheme: str
) -> None:
    browser.console.clear()
    browser.open(sample, width, scheme)
    assert browser.value("document.documentElement.scrollWidth") <= width
    outside = "[...document.querySelectorAll('h1,h2,p,li,dt,dd,figure,svg,.scroll')]" + (
        f".filter(e => e.getBoundingClientRect().right > {width} + 0.5).map(e => e.textContent.slice(0, 40))"
    )
    assert browser.value(outside) == []
    assert browser.console == []


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two CSS colours. Source: WCAG 2.2, relative luminance."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_page_in_light_and_dark(browser: Any, sample: Path, scheme: str) -> None:
    browser.open(sample, 1280, scheme)
    paper = browser.value("getComputedStyle(document.body).backgroundColor")
    for selector, side in (
        ("body", "color"),
        ("dt", "color"),
        ("dd.good", "color"),
        ("dd.bad", "color"),
        ("svg text", "fill"),
    ):
        ink = browser.value(f"getComputedStyle(document.querySelector('{selector}')).{side}")
        assert contrast(ink, paper) >= 4.5, (selector, ink, paper)
    assert (contrast("rgb(0,0,0)", paper) > 10) == (scheme == "light")


def test_a_printed_page_is_dark_on_white_and_cuts_no_table(browser: Any, sample: Path) -> None:
    browser.open(sample, 700, "dark", media="print")
    assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.value("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"
    browser.open(sample, 360)


def test_a_table_wider_than_a_phone_scrolls_by_itself_and_by_keyboard(browser: Any, sample: Path) -> None:
    browser.open(sample, 360)
    wide = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
    assert browser.value(f"{wide}.length") > 0
    assert browser.value(f"{wide}.every(e => e.tabIndex === 0 && e.getAttribute('aria-labelledby'))")
