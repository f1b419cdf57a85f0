import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from babel.numbers import format_currency, format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli import locales
from kpi_cli.render import numbers

MONEY = st.decimals("-999999999999", "999999999999", places=6)
LANGUAGES = st.sampled_from(["en", "fr"])


@settings(max_examples=100)
@given(MONEY, LANGUAGES)
def test_a_figure_reads_as_babel_writes_it(value: Decimal, lang: str) -> None:
    cents = round(value, 2) + 0  # no minus before a zero
    assert numbers.number(value, 2, lang) == format_decimal(cents, "#,##0.00", locale=lang)


@settings(max_examples=100)
@given(MONEY, LANGUAGES, st.sampled_from(["EUR", "USD", "JPY"]))
def test_an_amount_reads_as_babel_writes_it(value: Decimal, lang: str, currency: str) -> None:
    if abs(value) < 1:
        value += 2
    assert numbers.amount(value, currency, lang) == format_currency(value, currency, locale=lang)


@settings(max_examples=100)
@given(MONEY, st.integers(0, 6))
def test_a_figure_is_the_exact_value_rounded_half_even_once(value: Decimal, places: int) -> None:
    shown = Fraction(numbers.number(value, places, "en").replace(",", ""))
    assert shown == round(Fraction(value), places)


@pytest.mark.parametrize(
    ("unit", "values", "decimals"),
    [
        ("money", ["9999.99"], 2),
        ("money", ["10000"], 0),
        ("money", ["-25000", "3.50"], 0),
        ("money", ["0.042"], 4),
        ("money", ["0"], 2),
        ("rate", ["0.428571"], 2),
        ("rate", ["1", "0.008"], 2),
        ("rate", ["1.5"], 1),
        ("multiple", ["1.4285"], 2),
        ("count", ["3", "4"], 0),
        ("count", ["100", "2.25"], 2),
        ("months", ["6.25"], 1),
    ],
)
def test_a_column_has_one_number_of_decimals(unit: str, values: list[str], decimals: int) -> None:
    assert numbers.places(unit, map(Decimal, values)) == decimals  # type: ignore[arg-type]


def test_yen_has_no_decimals_and_dinar_has_three() -> None:
    assert numbers.amount(1234, "JPY", "en") == "¥1,234"
    assert numbers.places("money", [5], "KWD") == 3


def test_a_currency_written_in_letters_stands_apart_from_its_figure() -> None:
    assert numbers.amount(Decimal("-1234.5"), "CHF", "en") == "-CHF\u00a01,234.50"


def test_french_money_percent_and_multiples() -> None:
    assert numbers.amount(Decimal("1234.56"), "EUR", "fr") == "1\u202f234,56\u00a0€"
    assert numbers.figure(Decimal("0.428571"), "rate", 2, "fr") == "42,86\u00a0%"
    assert numbers.figure(Decimal("1.4285"), "multiple", 2, "fr") == "1,43×"


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf"), Decimal("NaN")])
def test_what_is_no_number_is_a_dash(nothing: float | Decimal | None) -> None:
    assert numbers.figure(nothing, "money", 2, "en") == "–"
    assert numbers.amount(nothing, "EUR", "en") == "–"
    assert numbers.change(nothing, 1, "count", "en") == "–"


def test_a_change_from_nothing_is_a_dash_and_from_a_loss_has_the_sign_of_the_move() -> None:
    assert numbers.change(5, 0, "money", "en") == "–"
    assert numbers.change(50, -50, "money", "en") == "+200.0%"


def test_no_change_has_no_sign_and_so_is_neither_good_nor_bad_news() -> None:
    assert numbers.change(1, 1, "money", "en") == "0.0%"
    assert numbers.change(Decimal("0.28001"), Decimal("0.28"), "rate", "en") == "0.0\xa0pt"


@pytest.mark.parametrize(
    ("start", "end", "english", "french"),
    [
        ("2026-10-01", "2026-10-31", "October 2026", "octobre 2026"),
        ("2024-02-01", "2024-02-29", "February 2024", "février 2024"),
        ("2026-01-01", "2026-12-31", "2026", "2026"),
        ("2026-10-05", "2026-10-11", "Oct 5\u2009–\u200911, 2026", "5–11 oct. 2026"),
        ("2026-10-05", "2026-10-05", "Oct 5, 2026", "5 oct. 2026"),
    ],
)
def test_a_period_is_named_as_a_reader_names_it(start: str, end: str, english: str, french: str) -> None:
    days = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    assert (locales.span(*days, "en"), locales.span(*days, "fr")) == (english, french)
