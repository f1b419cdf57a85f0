"""A figure and a month are spelled one way a language, wherever they stand."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_cli import locales
from kpi_cli.packaged import package_data
from kpi_cli.render.sheet import note_lines
from kpi_cli.result import Note
from kpi_cli.texts import LANGUAGE, day_text, note, span_text

REPORTS = Path(__file__).resolve().parents[2] / "docs" / "report"
PERCENT = {"en": "", "fr": "\u00a0"}
PAGES = [("2026-10.html", "en"), ("2026-10.fr.html", "fr"), ("2026-10.md", "en")]


@pytest.fixture
def french() -> Iterator[None]:
    token = LANGUAGE.set("fr")
    yield
    LANGUAGE.reset(token)


@pytest.mark.parametrize(("file", "lang"), PAGES)
def test_every_percent_of_a_report_is_spelled_the_same(file: str, lang: str) -> None:
    text = re.sub(r"<style.*?</style>", "", (REPORTS / file).read_text("utf-8"), flags=re.DOTALL)
    found = re.findall(r"\d(\s*)%", html.unescape(re.sub(r"<[^>]+>", " | ", text)))
    assert len(found) > 50
    assert set(found) == {PERCENT[lang]}


@pytest.mark.parametrize(("file", "lang"), PAGES)
def test_no_month_of_a_report_is_written_in_digits_but_in_its_options(file: str, lang: str) -> None:
    text = (REPORTS / file).read_text("utf-8")
    assert set(re.findall(r".{8}\b20\d\d-\d\d\b", text)) <= {"--month 2026-10"}


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_our_own_words_spell_percent_as_figures_do(lang: str) -> None:
    texts = [entry[lang] for entry in package_data("texts.yaml")["notes"].values()]
    labels = [entry[lang] for kind in package_data("labels.yaml").values() for entry in kind.values()]
    found = re.findall(r"[\d}](\s*)%", "\n".join(map(str, texts + labels)))
    assert set(found) <= {PERCENT[lang]}


def test_a_row_of_time_is_named_as_a_reader_names_it() -> None:
    named = {lang: [locales.bucket(name, lang) for name in ("2026-05", "2026-Q2", "2026-05-01")] for lang in PERCENT}
    assert named == {"en": ["May 2026", "Q2 2026", "May 1, 2026"], "fr": ["mai 2026", "T2 2026", "1 mai 2026"]}
    assert [locales.bucket(name, "fr") for name in ("2026-W18", "2026", "Total", "2026-99")] == [
        *("2026-W18", "2026", "Total", "2026-99")
    ]


def test_notes_name_days_and_periods_in_the_readers_language(french: None) -> None:
    start, end = dt.date(2026, 10, 1), dt.date(2026, 10, 31)
    assert (day_text(start), span_text(start, end)) == ("1 oct. 2026", "octobre 2026")
    assert "1 oct. 2026" in note("new_customers_overstated", start=start).text


def test_what_is_true_of_several_files_is_said_once() -> None:
    notes = [Note("x", "not covered", "a.csv"), Note("y", "other"), Note("x", "not covered", "b.csv", 4)]
    assert note_lines(notes) == ["a.csv, b.csv:4: not covered", "other"]
