"""Which days an answer speaks of: windows, units of time, durations and rates as people write them.

Days are local dates, windows include both ends, weeks are ISO weeks and start on Monday.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, cast

from msgspec import Struct

from kpi_cli.errors import UsageError
from kpi_cli.safe import quoted

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Every = Literal["day", "week", "month", "quarter", "year"]

UNITS: tuple[Every, ...] = ("day", "week", "month", "quarter", "year")
_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
_DAYS_IN = {
    "day": Decimal(1),
    "week": Decimal(7),
    "month": Decimal("30.4375"),
    "quarter": Decimal("91.3125"),
    "year": Decimal("365.25"),
}
_SHORT = {"day": "d", "week": "w", "month": "mo", "quarter": "q", "year": "y"}
_SPELLED: dict[str, Every] = {s: u for u in UNITS for s in (_SHORT[u], u, f"{u}s")}

_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,12})?"
_DURATION = rf"({_NUMBER})\s*([a-z]*)"
_RATE = rf"([-−+]?{_NUMBER})\s*(%?)"
_PER = rf"([-−+]?{_NUMBER}\s*%?)\s*/\s*([a-z]+)"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MONTH = r"[0-9]{4}-[0-9]{2}"
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


class Window(Struct, frozen=True, order=True):
    """A run of days, both ends included.

    >>> october = Window(dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    >>> october.days, october.contains(dt.date(2026, 11, 1))
    (31, False)
    """

    start: dt.date
    end: dt.date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise UsageError(
                "reversed_period", f"the period ends on {self.end}, before {self.start}", "swap the two dates"
            )

    @property
    def days(self) -> int:
        """How many days the window holds."""
        return (self.end - self.start).days + 1

    def contains(self, day: dt.date) -> bool:
        """Whether the day lies in the window."""
        return self.start <= day <= self.end

    def overlap(self, other: Window) -> Window | None:
        """The days both windows share, None when there are none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start <= end else None


class PeriodOptions(Struct, frozen=True):
    """The period options as they were given: text of the command line, or dates from Python."""

    month: str | None = None
    last: str | None = None
    from_: str | dt.date | None = None
    to: str | dt.date | None = None
    every: str | None = None
    compare: str | None = None
    as_of: str | dt.date | None = None
    tz: str | None = None


def resolve(options: PeriodOptions) -> Window | None:
    """The window the options name; None when they name none.

    Raises:
        UsageError: a date that does not exist, a reversed period, options that contradict each other, an
            unknown unit, comparison or time zone.

    >>> resolve(PeriodOptions(last="month", as_of="2026-11-01"))
    Window(start=datetime.date(2026, 10, 1), end=datetime.date(2026, 10, 31))
    """
    _one_of(options.every, UNITS, "--every")
    _one_of(options.compare, ("previous", "year"), "--compare")
    today = as_of(options)
    ranged = options.from_ is not None or options.to is not None
    if (options.month is not None) + (options.last is not None) + ranged > 1:
        raise UsageError(
            "period_conflict",
            "the period is given twice",
            "keep one of --month, --last, or --from with --to",
        )
    if options.month is not None:
        return _month(options.month)
    if options.last is not None:
        return _last(options.last, today)
    return _range(options.from_, options.to) if ranged else None


def as_of(options: PeriodOptions) -> dt.date:
    """The day that counts as today: --as-of, else today in --tz, else today where the machine is.

    >>> as_of(PeriodOptions(as_of="2026-11-01"))
    datetime.date(2026, 11, 1)
    """
    zone = time_zone(options.tz) if options.tz is not None else None
    if options.as_of is not None:
        return _day(options.as_of, "--as-of")
    return dt.datetime.now(zone).date()


def time_zone(name: str) -> ZoneInfo:
    """The time zone of that name, such as Europe/Paris.

    Raises:
        UsageError: there is none.

    >>> time_zone("Europe/Paris").key
    'Europe/Paris'
    """
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the zone database
        raise UsageError(
            "unknown_time_zone", f"there is no time zone {quoted(name)}", "write it like Europe/Paris"
        ) from None


def shift(day: dt.date, count: int, unit: Every) -> dt.date:
    """The day `count` units later (earlier when negative); a month too short gives its last day.

    Raises:
        UsageError: the calendar does not reach that far.

    >>> shift(dt.date(2026, 3, 31), -1, "month"), shift(dt.date(2024, 2, 29), -1, "year")
    (datetime.date(2026, 2, 28), datetime.date(2023, 2, 28))
    """
    try:
        if unit in _MONTHS_IN:
            return _shift_months(day, count * _MONTHS_IN[unit])
        return day + dt.timedelta(days=count * int(_DAYS_IN[unit]))
    except (OverflowError, ValueError):
        raise UsageError("bad_date", f"{count} {unit}s from {day} is no date", "ask for a shorter time") from None


def start_of(day: dt.date, unit: Every) -> dt.date:
    """The first day of the unit the day lies in.

    >>> start_of(dt.date(2026, 10, 8), "week"), start_of(dt.date(2026, 12, 8), "quarter")
    (datetime.date(2026, 10, 5), datetime.date(2026, 10, 1))
    """
    if unit == "day":
        return day
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    months = _MONTHS_IN[unit]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def unit_around(day: dt.date, unit: Every) -> Window:
    """The whole unit the day lies in.

    >>> unit_around(dt.date(2024, 2, 8), "month").days
    29
    """
    start = start_of(day, unit)
    return Window(start, shift(start, 1, unit) - dt.timedelta(days=1))


def whole_unit(window: Window) -> Every | None:
    """The calendar unit the window is exactly one of, None when it is none; a single day is none.

    >>> whole_unit(Window(dt.date(2026, 10, 1), dt.date(2026, 12, 31)))
    'quarter'
    """
    return next((unit for unit in UNITS[1:] if unit_around(window.start, unit) == window), None)


def previous(window: Window, how: str, through: dt.date | None = None) -> Window:
    """The window to compare with.

    Args:
        window: the period asked for.
        how: "previous": the unit before when the window is a whole week, month, quarter or year, else as many
            days just before it; "year": the same dates a year earlier, a whole month against the whole month.
        through: the last day with data. When it cuts the window short, the same days are compared.

    Raises:
        UsageError: `how` is neither.

    >>> previous(unit_around(dt.date(2026, 10, 1), "month"), "previous", through=dt.date(2026, 10, 20))
    Window(start=datetime.date(2026, 9, 1), end=datetime.date(2026, 9, 20))
    """
    _one_of(how, ("previous", "year"), "--compare")
    end = min(window.end, through) if through and through >= window.start else window.end
    whole = whole_unit(window)
    step: Every | None = whole if how == "previous" else "year"
    if step is None:
        days = Window(window.start, end).days
        return Window(shift(window.start, -days, "day"), shift(window.start, -1, "day"))
    start = shift(window.start, -1, step)
    if whole in _MONTHS_IN and end == window.end:  # February against February, whatever their lengths
        return unit_around(start, whole)
    return Window(start, shift(end, -1, step))


def label(day: dt.date, every: str) -> str:
    """The name of the unit a day lies in, as rows carry it.

    >>> [label(dt.date(2026, 10, 5), unit) for unit in UNITS]
    ['2026-10-05', '2026-W41', '2026-10', '2026-Q4', '2026']
    """
    unit = _unit(every)
    if unit == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if unit == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[unit]]


def buckets(window: Window, every: str) -> list[tuple[str, Window]]:
    """The units of the window in order, each with its label and the days of it that lie inside.

    >>> [name for name, _ in buckets(Window(dt.date(2026, 9, 15), dt.date(2026, 11, 2)), "month")]
    ['2026-09', '2026-10', '2026-11']
    """
    unit = _unit(every)
    found = []
    day = window.start
    while day <= window.end:
        end = min(unit_around(day, unit).end, window.end)
        found.append((label(day, unit), Window(day, end)))
        day = end + dt.timedelta(days=1)
    return found


def counterparts(window: Window, earlier: Window, every: str) -> dict[str, str]:
    """Each unit of a window, and the one of an earlier window that it is compared with; "" where there is none.

    Units meet by their place, if the windows begin equally far into one; the days of two years by their date.

    >>> quarters = [unit_around(dt.date(2026, month, 1), "quarter") for month in (10, 7)]
    >>> counterparts(*quarters, "month")
    {'2026-10': '2026-07', '2026-11': '2026-08', '2026-12': '2026-09'}
    >>> leap = [Window(dt.date(year, 2, 28), dt.date(year, 3, 1)) for year in (2024, 2023)]
    >>> counterparts(*leap, "day")
    {'2024-02-28': '2023-02-28', '2024-02-29': '', '2024-03-01': '2023-03-01'}
    """
    unit = _unit(every)
    now, then = buckets(window, unit), buckets(earlier, unit)
    years = window.start.year - earlier.start.year
    if unit == "day" and years and f"{window.start:%m-%d}" == f"{earlier.start:%m-%d}":
        days = {name for name, _ in then}
        dates = {name: f"{int(name[:4]) - years:04}{name[4:]}" for name, _ in now}
        return {name: date if date in days else "" for name, date in dates.items()}
    alike = len({each.start - start_of(each.start, unit) for each in (window, earlier)}) == 1
    names = [name for name, _ in then] if alike else []
    return dict(zip_longest((name for name, _ in now), names[: len(now)], fillvalue=""))


def bucket_sql(every: str, column: str) -> str:
    """A DuckDB expression that labels the DATE expression `column` exactly as `label` does.

    >>> bucket_sql("week", "day")
    "strftime(day, '%G-W%V')"
    """
    unit = _unit(every)
    if unit == "quarter":
        return f"strftime({column}, '%Y') || '-Q' || quarter({column})"
    pattern = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}[unit]
    return f"strftime({column}, '{pattern}')"


class Duration(Struct, frozen=True):
    """A length of time in the unit it was given in; a month is a twelfth of 365.25 days.

    >>> str(Duration(Decimal(12), "month")), Duration(Decimal(1), "year").weeks == Decimal("365.25") / 7
    ('12mo', True)
    """

    count: Decimal
    unit: Every

    def __str__(self) -> str:
        return f"{self.count.normalize():f}{_SHORT[self.unit]}"

    @property
    def days(self) -> Decimal:
        """The length in days."""
        return self.count * _DAYS_IN[self.unit]

    @property
    def weeks(self) -> Decimal:
        """The length in weeks, the unit of the models: days / 7."""
        return self.to("week")

    @property
    def months(self) -> Decimal:
        """The length in months of 365.25 / 12 days."""
        return self.to("month")

    def to(self, unit: Every) -> Decimal:
        """The length in another unit."""
        return self.count if unit == self.unit else self.days / _DAYS_IN[unit]

    def before(self, day: dt.date) -> dt.date:
        """The day this long before, by the calendar: one month before 31 March is 28 February.

        Raises:
            UsageError: the count is not whole, or the calendar does not reach that far.
        """
        return shift(day, -self.whole(), self.unit)

    def after(self, day: dt.date) -> dt.date:
        """The day this long after, by the calendar; errors as in `before`."""
        return shift(day, self.whole(), self.unit)

    def whole(self) -> int:
        """The count, where only whole units make sense.

        Raises:
            UsageError: the count has a fraction.
        """
        if self.count != int(self.count):
            raise UsageError("bad_duration", f"{self} is not a whole number of {self.unit}s", "use days: 45d")
        return int(self.count)


def parse_duration(text: str, option: str = "duration") -> Duration:
    """A duration as `30d`, `13w`, `12mo` or `1y`; `option` is what the error calls it.

    Raises:
        UsageError: no unit, a bare `m`, an unknown unit, or 0.

    >>> parse_duration("13w").days
    Decimal('91')
    """
    match = re.fullmatch(_DURATION, text.strip().lower())
    if match is None:
        lengths = "30d, 13w, 12mo or 1y"
        fix = f"write month, quarter, year, {lengths}" if option == "--last" else f"write {lengths}"
        raise UsageError("bad_duration", f"{option} {quoted(text)} is no length of time", fix)
    count, unit = match.groups()
    if unit not in _SPELLED:
        readings = [f"{count}{short}" for short in ("d", "w", "mo", "y")]
        raise _unit_unclear(f"{option} {quoted(text)}", unit, readings)
    if Decimal(count) == 0:
        raise UsageError("bad_duration", f"{option} {quoted(text)} is no time at all", "give more than 0")
    return Duration(Decimal(count), _SPELLED[unit])


def parse_rate(text: str, option: str = "rate") -> Decimal:
    """A rate as `20%` or `0.2`, as a fraction.

    Raises:
        UsageError: not a number, or a bare number beyond 1 that could be a percentage.

    >>> parse_rate("12.5%"), parse_rate("0.2")
    (Decimal('0.125'), Decimal('0.2'))
    """
    match = re.fullmatch(_RATE, text.strip())
    if match is None:
        raise UsageError("bad_rate", f"{option} {quoted(text)} is no rate", "write 20% or 0.2")
    number, percent = Decimal(match[1].replace("−", "-")), match[2]
    if not percent and abs(number) > 1:
        raise UsageError(
            "bad_rate",
            f"{option} {quoted(text)} could be {number}% or {number * 100}%",
            f"write {number}% or {number / 100}",
        )
    return number.scaleb(-2) if percent else number


def parse_per(text: str, option: str = "rate") -> tuple[Decimal, Every]:
    """A figure per unit of time: `3/year`, `18.45/month`, `1%/month` (a fraction a month).

    Raises:
        UsageError: no unit, a bare `m`, or an unknown unit.

    >>> parse_per("3/year"), parse_per("1%/month")
    ((Decimal('3'), 'year'), (Decimal('0.01'), 'month'))
    """
    bare = text.strip().lower()
    match = re.fullmatch(_PER, bare)
    if match is None and re.fullmatch(_RATE, bare) is None:
        raise UsageError("bad_rate", f"{option} {quoted(text)} is no figure per time", "write 3/year or 3/month")
    figure, unit = match.groups() if match else (bare, "")
    if unit not in _SPELLED:
        raise _unit_unclear(f"{option} {quoted(text)}", unit, (f"{figure}/month", f"{figure}/year"))
    number = Decimal(figure.rstrip("% \t").replace("−", "-"))
    return number.scaleb(-2) if figure.endswith("%") else number, _SPELLED[unit]


def _unit_unclear(said: str, unit: str, readings: Sequence[str]) -> UsageError:
    if not unit:
        text = f"{said} has no unit: it could be {_listed(readings)}"
    elif unit == "m":
        text = f"{said} could mean months or minutes"
    else:
        text = f"{said} has an unknown unit"
    return UsageError("unclear_unit", text, f"write {_listed(readings)}")


def _unit(every: str) -> Every:
    _one_of(every, UNITS, "--every")
    return cast(Every, every)


def _one_of(given: str | None, allowed: Sequence[str], option: str) -> None:
    if given is not None and given not in allowed:
        raise UsageError("bad_choice", f"{option} {quoted(given)} is unknown", f"use {_listed(allowed)}")


def _listed(choices: Sequence[str]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"


def _day(given: str | dt.date, option: str) -> dt.date:
    if isinstance(given, dt.datetime):
        return given.date()
    if isinstance(given, dt.date):
        return given
    try:
        day = dt.date.fromisoformat(given) if re.fullmatch(_DAY, given) else None
    except ValueError:
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise UsageError("bad_date", f"{option} {quoted(given)} is not a date", "write it like 2026-10-31")
    return day


def _month(given: str) -> Window:
    try:
        first = dt.date.fromisoformat(f"{given}-01") if re.fullmatch(_MONTH, given) else None
    except ValueError:
        first = None
    if first is None:
        raise UsageError("bad_month", f"--month {quoted(given)} is not a month", "write it like 2026-10")
    return unit_around(_day(first, "--month"), "month")


def _last(given: str, today: dt.date) -> Window:
    """The complete units just before today: `month` is one calendar month, `30d` the 30 days before today."""
    text = given.strip().lower()
    length = Duration(Decimal(1), _unit(text)) if text in UNITS else parse_duration(given, "--last")
    end = start_of(today, length.unit)
    return Window(length.before(end), shift(end, -1, "day"))


def _range(start: str | dt.date | None, end: str | dt.date | None) -> Window:
    if start is None or end is None:
        given, lacking = ("--from", "--to") if end is None else ("--to", "--from")
        raise UsageError("half_period", f"{given} is given without {lacking}", f"add {lacking} with a date")
    return Window(_day(start, "--from"), _day(end, "--to"))


def _shift_months(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = dt.date(year, month + 1, 1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
