"""Cells as people and platforms write them mean one amount and one day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli.exports.values import (
    BadValue,
    Days,
    Marks,
    amount,
    day,
    evidence,
    halves,
    is_unknown,
    moment,
    month_start,
    number,
)

GROUPS = {".": [",", " ", "\u00a0", "\u202f", "'", "’", ""], ",": [".", " ", "\u00a0", "\u202f", "'", "’", ""]}
SIGNS = [("", ""), ("-", ""), ("−", ""), ("(", ")"), ("", "-"), ("+", "")]
SYMBOLS = [("", ""), ("€", ""), ("€ ", ""), ("", " €"), ("", "\u00a0€"), ("US$", ""), ("", " EUR"), ("USD ", "")]


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str, Fraction]:
    """An amount as it may be written, its decimal mark, and its value."""
    mark = draw(st.sampled_from(".,"))
    group = draw(st.sampled_from(GROUPS[mark]))
    whole, decimals = draw(st.integers(0, 10**9)), draw(st.text("0123456789", max_size=6))
    digits = f"{whole:,}".replace(",", group)
    before, after = draw(st.sampled_from(SYMBOLS))
    opening, closing = draw(st.sampled_from(SIGNS))
    text = f"{opening}{before}{digits}{mark + decimals if decimals else ''}{after}{closing}"
    value = Fraction(whole) + (Fraction(int(decimals), 10 ** len(decimals)) if decimals else 0)
    return text, mark, -value if opening in {"-", "−", "("} or closing == "-" else value


class TestMoney:
    @pytest.mark.parametrize("cell", ["10.-", "10.–", "10,-", "CHF 1'000.-"])
    def test_a_price_without_its_cents_is_no_debt(self, cell: str) -> None:
        with pytest.raises(BadValue, match="whole price"):
            number(cell)

    @settings(max_examples=100, deadline=None)
    @given(spelled())
    def test_an_amount_has_the_value_of_its_digits(self, case: tuple[str, str, Fraction]) -> None:
        text, mark, value = case
        assert Fraction(amount(text, mark)) == value

    @settings(max_examples=100, deadline=None)
    @given(spelled())
    def test_a_cell_never_proves_the_wrong_mark(self, case: tuple[str, str, Fraction]) -> None:
        text, mark, _ = case
        assert evidence(number(text).core, whole=False)[0] in {None, mark}

    @settings(max_examples=100, deadline=None)
    @given(spelled())
    def test_under_the_other_mark_it_is_the_same_or_refused_unless_nothing_settles_it(
        self, case: tuple[str, str, Fraction]
    ) -> None:
        text, mark, value = case
        try:
            other = Fraction(amount(text, "," if mark == "." else "."))
        except BadValue:
            return
        assert other == value or evidence(number(text).core, whole=False) == (None, True)

    @pytest.mark.parametrize(
        "text",
        ["", "n/a", "1,23,4.00", "1.2.3", "12%", "--5", "(5", "5)", "-5-", "1,,000", "EUR", "5 apples", "1e13", "٣٫٥x"],
    )
    def test_what_is_no_amount_is_refused(self, text: str) -> None:
        with pytest.raises(BadValue):
            amount(text, ".")

    @pytest.mark.parametrize(
        ("text", "value"),
        [("12,34,567.00", "1234567"), ("5.00-", "-5"), ("1.5E3", "1500"), (".5", "0.5"), ("1 234.5", "1234.5")],
    )
    def test_rarer_spellings_are_read(self, text: str, value: str) -> None:
        assert amount(text, ".") == Decimal(value)

    def test_more_than_six_decimals_are_rounded_halves_up(self) -> None:
        texts = ("0.0000005", "0.0000015", "-0.0000025", "0.00000049", "1.0000014999", "5e-7")
        rounded = ("0.000001", "0.000002", "-0.000003", "0", "1.000001", "0.000001")
        assert [amount(t, ".") for t in texts] == [*map(Decimal, rounded)]

    @pytest.mark.parametrize("text", ["0.0000005", "-1.2345675", "0.00000049999", "12.3456785", "15e-7", "1.5e-6"])
    def test_duckdb_rounds_more_than_six_decimals_alike(self, text: str) -> None:
        [(found,)] = duckdb.execute("SELECT CAST(CAST(? AS VARCHAR) AS DECIMAL(18,6))", [text]).fetchall()
        assert found == amount(text, ".")

    def test_an_amount_beyond_twelve_digits_is_refused(self) -> None:
        assert amount("999999999999.999999", ".") == Decimal("999999999999.999999")
        for beyond in ("1000000000000", "999999999999.9999995"):
            with pytest.raises(BadValue, match="beyond"):
                amount(beyond, ".")

    @pytest.mark.parametrize("text", [" --", "—", "-", "", "< 10%", "> 90%", "<5", "No data available."])
    def test_placeholders_are_unknown(self, text: str) -> None:
        assert is_unknown(text)

    @pytest.mark.parametrize("text", ["0", "0.00", "-1", "x"])
    def test_zero_is_known(self, text: str) -> None:
        assert not is_unknown(text)

    def test_a_whole_number_with_one_mark_is_grouped(self) -> None:
        assert evidence("31,193", whole=True) == (".", False)
        assert evidence("31,193", whole=False) == (None, True)

    def test_a_file_keeps_the_first_proof_and_the_first_open_cell(self) -> None:
        marks = Marks()
        for line, cell in enumerate(["1.234", "x", "12.5", "13.5", "7"], 2):
            marks.look(cell, (line, 3), whole=False)
        assert (marks.proof, marks.open_cell) == ({".": (4, 3, "12.5")}, (2, 3, "1.234"))


DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31))
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}


def spellings(found: dt.date) -> list[tuple[str, str]]:
    """A day as files write it, with the order that settles it."""
    y, m, d = found.year, found.month, found.day
    plain = [(f"{y}-{m:02}-{d:02}", "mdy"), (f"{y}/{m}/{d}", "dmy"), (f"{y}{m:02}{d:02}", "ymd")]
    short = [(f"{d:02}{s}{m:02}{s}{y}", "dmy") for s in "/-."] + [(f"{m}/{d}/{y}", "mdy")]
    timed = [
        (f"{y}-{m:02}-{d:02}T23:59:59Z", "ymd"),
        (f"{m}/{d}/{y}, 11:59 PM", "mdy"),
        (f"{y}-{m:02}-{d:02} 09:47 PM", "ymd"),  # as long as one with its seconds
        (f"{y}-{m:02}-{d:02}|13", "ymd"),
    ]
    names = {language: listed.split()[m - 1] for language, listed in MONTHS.items()}
    worded = [(f"{d} {name} {y}", "ymd") for name in names.values()]
    worded += [(f"{names['en']} {d}, {y}", "ymd"), (f"{names['en'][:3]} {d}, {y}, 9:12 AM", "ymd")]
    worded += [(f"{d} de {names['pt']} de {y}", "ymd"), (f"{d}. {names['de']} {y}", "ymd")]
    return plain + short + timed + worded


class TestDays:
    @settings(max_examples=60, deadline=None)
    @given(DAYS)
    def test_every_spelling_of_a_day_is_that_day(self, found: dt.date) -> None:
        assert [(text, day(text, order)) for text, order in spellings(found)] == [
            (text, found) for text, _ in spellings(found)
        ]

    @settings(max_examples=60, deadline=None)
    @given(st.lists(DAYS, min_size=1, max_size=20), st.sampled_from(["dmy", "mdy"]))
    def test_a_column_never_proves_the_wrong_order(self, days: list[dt.date], order: str) -> None:
        seen = Days()
        for line, found in enumerate(days, 2):
            seen.look(found.strftime("%d/%m/%Y" if order == "dmy" else "%m/%d/%Y"), (line, 0))
        proven = any(found.day > 12 for found in days)
        assert set(seen.proof) == ({order} if proven else set())

    @pytest.mark.parametrize(
        "text", ["2026-02-30", "31/04/2026", "13/13/2026", "0001-01-01", "2026-10", "today", "5 oct"]
    )
    def test_what_is_no_day_of_the_calendar_is_refused(self, text: str) -> None:
        with pytest.raises(BadValue):
            day(text, "dmy")

    def test_a_bare_number_is_a_day_only_for_excel(self) -> None:
        assert day("45000", "excel") == dt.date(2023, 3, 15)
        with pytest.raises(BadValue):
            day("45000", "dmy")

    def test_a_zone_moves_the_day_only_when_one_is_asked_for(self) -> None:
        late = "2026-10-05 23:30:00 -0800"
        assert (day(late, "ymd"), day(late, "ymd", "Europe/Paris")) == (dt.date(2026, 10, 5), dt.date(2026, 10, 6))
        assert moment(late, "ymd", "Europe/Paris") == dt.datetime(2026, 10, 6, 9, 30)

    def test_zones_of_a_column_are_remembered(self) -> None:
        seen = Days()
        for line, zone in enumerate(["+0500", "PST", "Z", "NOZONE"], 2):
            seen.look(f"2026-10-05 10:00:00 {zone}", (line, 0))
        assert set(seen.offsets) == {300, -480, 0}

    @pytest.mark.parametrize("text", ["2026-10", "10/2026", "octobre 2026", "Oct. 2026", "outubro de 2026"])
    def test_a_month_is_known_in_words_and_numbers(self, text: str) -> None:
        assert month_start(text) == dt.date(2026, 10, 1)

    def test_a_period_has_two_halves_and_a_day_none(self) -> None:
        assert halves("10/1/2026 - 10/31/2026") == ("10/1/2026", "10/31/2026")
        assert [halves(text) for text in ("2026-10-01", "Oct 1, 2026", "5-10-2026")] == [None] * 3

    def test_both_halves_of_a_period_prove_the_order(self) -> None:
        seen = Days()
        seen.look("10/1/2026 - 10/31/2026", (2, 0))
        assert set(seen.proof) == {"mdy"}
