"""What the program says: sentences agree with their numbers, in both languages."""

from __future__ import annotations

import string
from collections.abc import Iterator
from decimal import Decimal

import pytest

from kpi_cli.packaged import package_data
from kpi_cli.texts import LANGUAGE, money_text, note, number_text, share_text


@pytest.fixture
def french() -> Iterator[None]:
    token = LANGUAGE.set("fr")
    yield
    LANGUAGE.reset(token)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 row outside the period was left out (5 EUR)"),
        (2, "2 rows outside the period were left out (5 EUR)"),
        (1200, "1,200 rows outside the period were left out (5 EUR)"),
    ],
)
def test_a_note_agrees_with_its_count(count: int, said: str) -> None:
    assert note("outside_window", count=count, amount="5 EUR").text == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (Decimal("1.5"), "1,5 conversion avant tout contact n’est attribuée à aucun canal"),
        (Decimal(2), "2 conversions avant tout contact ne sont attribuées à aucun canal"),
    ],
)
def test_in_french_anything_under_two_is_singular(french: None, count: Decimal, said: str) -> None:
    assert note("conversions_without_touch", count=count).text == said


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_note_with_a_count_says_one_and_many_apart(language: str) -> None:
    notes = package_data("texts.yaml")["notes"]
    for code, texts in notes.items():
        for _, name, words, _ in string.Formatter().parse(texts[language]):
            if name in {"count", "orders"}:
                assert words, code
                one, bar, many = words.partition("|")
                assert bar, code
                assert one, code
                assert many, code


def test_numbers_in_sentences_are_written_as_the_reader_does(french: None) -> None:
    assert number_text(Decimal("1061.500000")) == "1\u202f061,5"
    assert money_text(Decimal("1061.666"), "EUR") == "1\u202f061,67\u00a0€"
    assert share_text(Decimal("0.0816")) == "8,2\u00a0%"
