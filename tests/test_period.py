"""Windows, comparisons, units of time, durations: calendar cases worked by hand, DuckDB as second opinion."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli.errors import UsageError
from kpi_cli.period import (
    UNITS,
    Duration,
    Every,
    PeriodOptions,
    Window,
    as_of,
    bucket_sql,
    buckets,
    label,
    parse_duration,
    parse_per,
    parse_rate,
    previous,
    resolve,
    shift,
    start_of,
    time_zone,
    unit_around,
    whole_unit,
)

DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2150, 12, 31))


def window(text: str) -> Window:
    start, end = text.split("..")
    return Window(dt.date.fromisoformat(start), dt.date.fromisoformat(end))


# Windows


def test_a_window_holds_both_its_ends() -> None:
    october = window("2026-10-01..2026-10-31")
    assert october.days == 31
    assert october.contains(dt.date(2026, 10, 1))
    assert october.contains(dt.date(2026, 10, 31))
    assert not october.contains(dt.date(2026, 9, 30))


def test_windows_overlap_where_they_share_days() -> None:
    october = window("2026-10-01..2026-10-31")
    assert october.overlap(window("2026-10-31..2026-11-30")) == window("2026-10-31..2026-10-31")
    assert october.overlap(window("2026-11-01..2026-11-30")) is None


# The options


def test_no_period_option_is_no_window() -> None:
    assert resolve(PeriodOptions(every="month", compare="year")) is None


def test_a_month_is_all_its_days() -> None:
    assert resolve(PeriodOptions(month="2024-02")) == window("2024-02-01..2024-02-29")


def test_from_and_to_are_both_included() -> None:
    want = window("2026-10-05..2026-10-06")
    assert resolve(PeriodOptions(from_="2026-10-05", to="2026-10-06")) == want
    assert resolve(PeriodOptions(from_=dt.date(2026, 10, 5), to=dt.datetime(2026, 10, 6, 9))) == want


@pytest.mark.parametrize(
    ("last", "today", "want"),
    [
        ("month", "2026-11-01", "2026-10-01..2026-10-31"),
        ("month", "2026-10-31", "2026-09-01..2026-09-30"),
        ("month", "2026-01-15", "2025-12-01..2025-12-31"),
        ("quarter", "2026-11-01", "2026-07-01..2026-09-30"),
        ("quarter", "2026-02-28", "2025-10-01..2025-12-31"),
        ("year", "2026-11-01", "2025-01-01..2025-12-31"),
        ("week", "2026-11-01", "2026-10-19..2026-10-25"),
        ("week", "2026-11-02", "2026-10-26..2026-11-01"),
        ("day", "2026-11-01", "2026-10-31..2026-10-31"),
        ("30d", "2026-11-01", "2026-10-02..2026-10-31"),
        ("12mo", "2026-11-15", "2025-11-01..2026-10-31"),
        ("13w", "2026-11-01", "2026-07-27..2026-10-25"),
        ("Month", "2026-11-01", "2026-10-01..2026-10-31"),
    ],
)
def test_last_takes_complete_units_before_today(last: str, today: str, want: str) -> None:
    assert resolve(PeriodOptions(last=last, as_of=today)) == window(want)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (PeriodOptions(from_="2026-02-30", to="2026-03-01"), "bad_date"),
        (PeriodOptions(from_="2026-10-01", to="01/11/2026"), "bad_date"),
        (PeriodOptions(from_="20261001", to="2026-10-02"), "bad_date"),
        (PeriodOptions(from_="2026-10-01", to="2204-10-02"), "bad_date"),
        (PeriodOptions(from_="2026-10-02", to="2026-10-01"), "reversed_period"),
        (PeriodOptions(from_="2026-10-02"), "half_period"),
        (PeriodOptions(to="2026-10-02"), "half_period"),
        (PeriodOptions(month="2026-13"), "bad_month"),
        (PeriodOptions(month="2026-1"), "bad_month"),
        (PeriodOptions(month="October"), "bad_month"),
        (PeriodOptions(month="٢٠٢٦-١٠"), "bad_month"),
        (PeriodOptions(month="2026-10", last="month"), "period_conflict"),
        (PeriodOptions(month="2026-10", to="2026-10-02"), "period_conflict"),
        (PeriodOptions(last="month", from_="2026-10-02", to="2026-10-03"), "period_conflict"),
        (PeriodOptions(last="fortnight"), "bad_duration"),
        (PeriodOptions(last="30"), "unclear_unit"),
        (PeriodOptions(last="3m"), "unclear_unit"),
        (PeriodOptions(last="1.5mo"), "bad_duration"),
        (PeriodOptions(last="999999999999d"), "bad_date"),
        (PeriodOptions(last="9999y"), "bad_date"),
        (PeriodOptions(every="fortnight"), "bad_choice"),
        (PeriodOptions(compare="before"), "bad_choice"),
        (PeriodOptions(as_of="tomorrow"), "bad_date"),
        (PeriodOptions(tz="Europe/Pariss"), "unknown_time_zone"),
        (PeriodOptions(tz="../etc"), "unknown_time_zone"),
        (PeriodOptions(tz="Europe"), "unknown_time_zone"),
        (PeriodOptions(tz=""), "unknown_time_zone"),
    ],
)
def test_a_period_that_cannot_be_meant_is_refused_with_a_way_out(options: PeriodOptions, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        resolve(options)
    assert refused.value.code == code
    assert refused.value.fix
    assert refused.value.exit_code == 2


def test_the_message_of_a_bad_date_names_the_option_and_shows_how() -> None:
    with pytest.raises(UsageError) as refused:
        resolve(PeriodOptions(from_="2026-02-30", to="2026-03-01"))
    assert str(refused.value) == "--from “2026-02-30” is not a date; write it like 2026-10-31"


def test_today_is_the_day_in_the_time_zone_given() -> None:
    # UTC+14 and UTC−11 are 25 hours apart: never the same day
    assert as_of(PeriodOptions(tz="Pacific/Kiritimati")) > as_of(PeriodOptions(tz="Pacific/Niue"))
    assert as_of(PeriodOptions(as_of="2026-10-31", tz="Pacific/Niue")) == dt.date(2026, 10, 31)
    assert time_zone("Europe/Paris").utcoffset(dt.datetime(2026, 7, 1)) == dt.timedelta(hours=2)


# Comparisons


@pytest.mark.parametrize(
    ("asked", "how", "through", "want"),
    [
        ("2026-10-01..2026-10-31", "previous", None, "2026-09-01..2026-09-30"),
        ("2026-10-01..2026-10-31", "previous", "2026-10-31", "2026-09-01..2026-09-30"),
        ("2026-10-01..2026-10-31", "previous", "2026-10-20", "2026-09-01..2026-09-20"),
        ("2026-03-01..2026-03-31", "previous", "2026-03-30", "2026-02-01..2026-02-28"),
        ("2026-10-01..2026-12-31", "previous", None, "2026-07-01..2026-09-30"),
        ("2026-04-01..2026-06-30", "previous", "2026-05-15", "2026-01-01..2026-02-15"),
        ("2026-01-01..2026-12-31", "previous", None, "2025-01-01..2025-12-31"),
        ("2026-01-01..2026-12-31", "previous", "2026-10-31", "2025-01-01..2025-10-31"),
        ("2026-10-05..2026-10-11", "previous", None, "2026-09-28..2026-10-04"),
        ("2026-10-05..2026-10-11", "previous", "2026-10-07", "2026-09-28..2026-09-30"),
        ("2026-10-06..2026-10-12", "previous", None, "2026-09-29..2026-10-05"),
        ("2026-10-11..2026-10-20", "previous", None, "2026-10-01..2026-10-10"),
        ("2026-10-11..2026-10-20", "previous", "2026-10-15", "2026-10-06..2026-10-10"),
        ("2026-10-31..2026-10-31", "previous", None, "2026-10-30..2026-10-30"),
        ("2026-10-01..2026-10-31", "year", None, "2025-10-01..2025-10-31"),
        ("2026-10-01..2026-10-31", "year", "2026-10-20", "2025-10-01..2025-10-20"),
        ("2025-02-01..2025-02-28", "year", None, "2024-02-01..2024-02-29"),
        ("2024-02-01..2024-02-29", "year", None, "2023-02-01..2023-02-28"),
        ("2024-02-10..2024-02-29", "year", None, "2023-02-10..2023-02-28"),
        ("2024-02-29..2024-02-29", "year", None, "2023-02-28..2023-02-28"),
        ("2026-10-05..2026-10-11", "year", None, "2025-10-05..2025-10-11"),
        ("2026-10-01..2026-10-31", "previous", "2026-09-15", "2026-09-01..2026-09-30"),
    ],
)
def test_the_window_compared_with(asked: str, how: str, through: str | None, want: str) -> None:
    day = None if through is None else dt.date.fromisoformat(through)
    assert previous(window(asked), how, day) == window(want)


@given(DAYS, st.integers(0, 500))
@settings(max_examples=100)
def test_previous_ends_the_day_before_and_is_as_long_unless_both_are_whole_units(start: dt.date, days: int) -> None:
    asked = Window(start, start + dt.timedelta(days=days))
    before = previous(asked, "previous")
    assert before.end == start - dt.timedelta(days=1)
    assert before.days == asked.days or whole_unit(before) == whole_unit(asked) is not None


def test_an_unknown_comparison_is_refused() -> None:
    with pytest.raises(UsageError, match="previous or year"):
        previous(window("2026-10-01..2026-10-31"), "last year")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("2026-02-01..2026-02-28", "month"),
        ("2024-02-01..2024-02-28", None),
        ("2026-01-01..2026-12-31", "year"),
        ("2026-07-01..2026-09-30", "quarter"),
        ("2026-06-01..2026-08-31", None),
        ("2026-10-05..2026-10-11", "week"),
        ("2026-10-05..2026-10-05", None),
    ],
)
def test_a_window_knows_the_unit_it_is(text: str, unit: str | None) -> None:
    assert whole_unit(window(text)) == unit


# Units of time


@pytest.mark.parametrize(
    ("day", "labels"),
    [
        ("2026-10-05", ["2026-10-05", "2026-W41", "2026-10", "2026-Q4", "2026"]),
        ("2021-01-03", ["2021-01-03", "2020-W53", "2021-01", "2021-Q1", "2021"]),
        ("2024-12-30", ["2024-12-30", "2025-W01", "2024-12", "2024-Q4", "2024"]),
        ("2026-09-30", ["2026-09-30", "2026-W40", "2026-09", "2026-Q3", "2026"]),
    ],
)
def test_labels_of_a_day(day: str, labels: list[str]) -> None:
    assert [label(dt.date.fromisoformat(day), unit) for unit in UNITS] == labels


@pytest.mark.parametrize("every", UNITS)
def test_duckdb_and_python_label_forty_years_of_days_alike(every: Every) -> None:
    days = "SELECT unnest(generate_series(DATE '1999-12-20', DATE '2040-01-10', INTERVAL 1 DAY))::DATE AS d"
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT d, {bucket_sql(every, 'd')} FROM ({days})").fetchall()
    assert len(rows) > 14_000
    assert [found for _, found in rows] == [label(day, every) for day, _ in rows]


def test_buckets_are_clipped_to_the_window() -> None:
    assert buckets(window("2026-09-15..2026-11-02"), "month") == [
        ("2026-09", window("2026-09-15..2026-09-30")),
        ("2026-10", window("2026-10-01..2026-10-31")),
        ("2026-11", window("2026-11-01..2026-11-02")),
    ]


@given(DAYS, st.integers(0, 800), st.sampled_from(UNITS))
@settings(max_examples=60)
def test_buckets_cover_every_day_once_under_its_own_label(start: dt.date, days: int, every: Every) -> None:
    found = buckets(Window(start, start + dt.timedelta(days=days)), every)
    covered = [(part.start + dt.timedelta(days=i), name) for name, part in found for i in range(part.days)]
    all_days = [start + dt.timedelta(days=i) for i in range(days + 1)]
    assert covered == [(day, label(day, every)) for day in all_days]
    assert len({name for name, _ in found}) == len(found)


@given(DAYS, st.sampled_from(UNITS), st.integers(-50, 50))
@settings(max_examples=100)
def test_shifting_the_start_of_a_unit_gives_the_start_of_another(day: dt.date, every: Every, count: int) -> None:
    start = start_of(day, every)
    there = shift(start, count, every)
    assert start_of(there, every) == there
    assert shift(there, -count, every) == start
    assert unit_around(day, every).contains(day)


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(UsageError, match="day, week, month, quarter or year"):
        label(dt.date(2026, 10, 5), "fortnight")
    with pytest.raises(UsageError, match="day, week, month, quarter or year"):
        bucket_sql("fortnight", "d")


# Durations, rates, figures per time


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [
        ("30d", "30", "day"),
        ("13w", "13", "week"),
        ("12mo", "12", "month"),
        ("1y", "1", "year"),
        (" 12 Months ", "12", "month"),
        ("1.5y", "1.5", "year"),
    ],
)
def test_a_duration_is_a_count_and_a_unit(text: str, count: str, unit: Every) -> None:
    assert parse_duration(text) == Duration(Decimal(count), unit)


def test_durations_convert_by_365_25_days_a_year() -> None:
    assert parse_duration("91d").weeks == 13
    assert parse_duration("12mo").days == Decimal("365.25")
    assert parse_duration("12mo").to("year") == 1
    assert parse_duration("1y").months == 12
    assert parse_duration("39w").weeks == 39
    assert str(parse_duration("10w")) == "10w"


def test_the_cdnow_holdout_of_39_weeks_starts_in_october_1997() -> None:
    last = dt.date(1998, 6, 30)
    assert parse_duration("39w").before(shift(last, 1, "day")) == dt.date(1997, 10, 1)


def test_a_month_before_the_31st_is_the_last_day_of_a_short_month() -> None:
    assert parse_duration("1mo").before(dt.date(2026, 3, 31)) == dt.date(2026, 2, 28)
    assert parse_duration("1y").after(dt.date(2024, 2, 29)) == dt.date(2025, 2, 28)


@pytest.mark.parametrize("text", ["12", "12m", "0d", "-3d", "1e3d", "d", "", "1,5y", "12 moons", "٣d", "9" * 5000])
def test_a_duration_without_a_clear_unit_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_duration(text, "--horizon")
    assert "--horizon" in refused.value.text
    assert refused.value.fix


def test_a_bare_number_and_a_bare_m_are_refused_with_their_readings() -> None:
    with pytest.raises(UsageError) as bare:
        parse_duration("12", "--retention")
    assert str(bare.value) == (
        "--retention “12” has no unit: it could be 12d, 12w, 12mo or 12y; write 12d, 12w, 12mo or 12y"
    )
    with pytest.raises(UsageError) as minutes:
        parse_duration("12m", "--retention")
    assert str(minutes.value) == ("--retention “12m” could mean months or minutes; write 12d, 12w, 12mo or 12y")
    with pytest.raises(UsageError, match="it could be 3/month or 3/year"):
        parse_per("3", "--purchases")


@pytest.mark.parametrize(
    ("text", "want"),
    [("20%", "0.2"), ("0.2", "0.2"), ("20 %", "0.2"), ("0.5%", "0.005"), ("1", "1"), ("−5%", "-0.05")],
)
def test_a_rate_is_a_fraction(text: str, want: str) -> None:
    assert parse_rate(text) == Decimal(want)


@pytest.mark.parametrize("text", ["20", "1.01", "0,2", "a fifth", "", "nan", "inf", "%", "20%%"])
def test_a_rate_that_could_be_something_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_rate(text)
    assert refused.value.code == "bad_rate"
    assert refused.value.fix


def test_a_bare_20_could_be_two_rates() -> None:
    with pytest.raises(UsageError, match=r"could be 20% or 2000%; write 20% or 0\.2"):
        parse_rate("20")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("3/year", (Decimal(3), "year")),
        ("3 / month", (Decimal(3), "month")),
        ("18.45/mo", (Decimal("18.45"), "month")),
        ("1%/month", (Decimal("0.01"), "month")),
        ("2/week", (Decimal(2), "week")),
    ],
)
def test_a_figure_per_time(text: str, want: tuple[Decimal, str]) -> None:
    assert parse_per(text) == want


@pytest.mark.parametrize("text", ["3", "3/m", "3/", "/year", "3/fortnight", "three/year", "3/year/2"])
def test_a_figure_without_a_clear_unit_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_per(text)
