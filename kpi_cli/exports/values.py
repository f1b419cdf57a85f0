"""Text → money, counts and days: what one cell means, and what a whole column settles.

A mark or a date order is never decided by one cell: `Marks` and `Days` look at every cell of a file first,
then read it, and say where two cells contradict each other.
"""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from msgspec import Struct, field

from kpi_cli.exports.vocabulary import vocabulary
from kpi_cli.safe import plainest

LIMIT = Decimal(10) ** 12
_MILLIONTH = Decimal("0.000001")
_SPACES = dict.fromkeys(map(ord, " \t\u00a0\u202f\u2009\u2007\u2008\u205f\u3000"), " ")
_MINUS = str.maketrans({"−": "-", "–": "-", "﹣": "-", "－": "-", "’": "'", "ʼ": "'", "＇": "'"})
_PLACEHOLDERS = {"", "-", "--", "—", "–", "no data available.", "no data available"}
_BOUND = r"[<>≤≥]\s?\d[\d.,]*\s?%?"
_GROUPED = re.compile("[1-9][0-9]{0,2}[ \u00a0\u202f][0-9]{3}")
_GUARDED = re.compile(r"'[=+\-@\t\r\n]")
_CODE = re.compile(r"[A-Za-z]{3}")
_NUMBER = re.compile(
    r"(?P<open>\()?(?P<sign>[+-])?(?P<before>[^\d\s.,()+-]{1,4}(?:\s?[^\d\s.,()+-]{1,3})?)?\s?(?P<sign2>[+-])?\s?"
    r"(?P<core>\d[\d.,' ]*|[.,]\d+)(?P<power>[eE][+-]?\d{1,3})?"
    r"\s?(?P<after>[^\d\s.,()+-]{1,5})?(?P<sign3>-)?(?P<close>\))?",
    re.ASCII,  # digits of another script are a slip of the keyboard more often than a number
)

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):([0-5]\d)", re.ASCII)
_SPAN = re.compile(r"(?:(\d{1,4}) ?(?:h|hours?))? ?(?:(\d{1,2}) ?min)? ?(?:(\d{1,2}) ?s)?", re.ASCII)


class BadValue(ValueError):  # noqa: N818 (reads as what it is: a bad value)
    """A cell that is not what its column needs; the message completes “… is ”."""


class Number(Struct, frozen=True):
    """A number as written: sign and digits with their marks, before anyone decides what a mark means."""

    negative: bool
    core: str
    power: int | None  # of ten, in scientific notation
    symbol: str | None
    style: str | None  # how a negative was written, when not by a leading minus


@lru_cache(maxsize=1 << 16)
def is_unknown(cell: str) -> bool:
    """Whether a cell of a number column says that the value is not known.

    >>> [is_unknown(c) for c in (" --", "< 10%", "<5", "0", "n")]
    [True, True, True, False, False]
    """
    first = cell[:1]
    if first.isalnum() and first not in "nN":  # most cells
        return False
    text = cell.translate(_SPACES).strip()
    return text.lower() in _PLACEHOLDERS or (text[0] in "<>≤≥" and re.fullmatch(_BOUND, text) is not None)


def unguarded(cell: str) -> str:
    """A cell without the one quote that guards it against spreadsheets.

    >>> unguarded("'=SUM"), unguarded("'twas")
    ('=SUM', "'twas")
    """
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell


@lru_cache(maxsize=1 << 16)
def number(cell: str) -> Number:
    """The parts of a written number.

    Raises:
        BadValue: it is none, or a percentage, or too long.

    >>> number("(1 234,56 €)")
    Number(negative=True, core='1 234,56', power=None, symbol='€', style='brackets')
    """
    text = cell.translate(_SPACES).translate(_MINUS).strip()
    if len(text) > 64:
        raise BadValue("far too long for an amount")
    if text.endswith("%"):
        raise BadValue("a percentage where an amount or a count is due")
    match = _NUMBER.fullmatch(text)
    if match is None or bool(match["open"]) != bool(match["close"]):
        raise BadValue("not a number")
    symbol = _symbol(match["before"], match["after"])
    signs = [s for s in (match["sign"], match["sign2"], match["sign3"]) if s]
    if len(signs) + bool(match["open"]) > 1:
        raise BadValue("not a number")
    if match["sign3"] and match["core"].rstrip()[-1] in ".,":  # “10.-” is ten francs, and no debt of ten
        raise BadValue("a whole price, or a negative amount: both are written like this")
    style = "brackets" if match["open"] else "trailing" if match["sign3"] else None
    if style is None and "−" in cell:
        style = "minus sign"
    core, power = match["core"].rstrip(" "), match["power"]
    negative = style in {"brackets", "trailing"} or signs == ["-"]
    return Number(negative, core, int(power[1:]) if power else None, symbol, style)


def _symbol(before: str | None, after: str | None) -> str | None:
    found = [s.strip() for s in (before, after) if s]
    if not found:
        return None
    words = vocabulary()
    for symbol in found:
        if symbol not in words.symbols and symbol not in words.ambiguous and not _CODE.fullmatch(symbol):
            raise BadValue("not a number")
        if _CODE.fullmatch(symbol) and symbol.upper() not in words.currencies:
            raise BadValue("not a number")
    if len(found) == 2 and {words.currency_of(s) for s in found} - {None} != {words.currency_of(found[0])}:
        return next((s for s in found if words.currency_of(s)), found[0])
    return found[0]


def in_seconds(cell: str) -> str:
    """How long something took, written as a clock or in words, in seconds; any other cell as it is.

    >>> [in_seconds(cell) for cell in ("00:02:05", "3:10", "1 min 40s", "2 hours 1 min", "65.2")]
    ['125', '190', '100', '7260', '65.2']
    """
    match = _CLOCK.fullmatch(cell.strip()) or _SPAN.fullmatch(cell.strip())
    if not match or not any(match.groups()):
        return cell
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return str((hours * 60 + minutes) * 60 + seconds)


def evidence(core: str, *, whole: bool) -> tuple[str | None, bool]:
    """The decimal mark that these digits prove, and whether a mark was there that proves nothing.

    `whole` says that the column holds whole numbers, where a single mark before three digits groups.

    >>> evidence("1.683,00", whole=False), evidence("1.234", whole=False), evidence("31,193", whole=True)
    ((',', False), (None, True), ('.', False))
    """
    dots, commas = core.count("."), core.count(",")
    if not dots and not commas:
        return None, False
    if dots and commas:
        last = max(core.rfind("."), core.rfind(","))
        return core[last], False
    mark, other = (".", ",") if dots else (",", ".")
    if dots + commas > 1:
        return other, False
    left, _, right = core.partition(mark)
    if " " in left or "'" in left or len(right) != 3 or len(left) > 3 or left in {"", "0"}:
        return mark, False
    return (other, False) if whole else (None, True)


@lru_cache(maxsize=1 << 16)
def amount(cell: str, mark: str) -> Decimal:
    """The value of a cell when `mark` is the decimal mark; exact to the millionth, to which halves are rounded up.

    Raises:
        BadValue: groups of the wrong length, two marks, or beyond ±999 999 999 999.

    >>> amount("1'234.50", "."), amount("12,34,567.00", "."), amount("5,00-", ",")
    (Decimal('1234.50'), Decimal('1234567.00'), Decimal('-5.00'))
    """
    left, found, right = cell.partition(mark)
    if left.isdigit() and cell.isascii() and len(cell) <= 12 and (not found or (right.isdigit() and len(right) <= 6)):
        return Decimal(f"{left}.{right}" if found else left)  # the plain case, without a regex
    if not found and _GROUPED.fullmatch(cell):
        return Decimal(cell[:-4] + cell[-3:])  # a count of thousands as much of Europe writes it
    parts = number(cell)
    left, found, right = parts.core.partition(mark)
    if found and not right.isdigit() and right:
        raise BadValue("a number with its marks in the wrong places")
    if parts.power is not None and not left.isdigit():
        raise BadValue("a number with its marks in the wrong places")
    digits = _ungrouped(left, "," if mark == "." else ".")
    value = Decimal(f"{digits or '0'}.{right or '0'}" if found else digits).scaleb(parts.power or 0)
    if -LIMIT < value < LIMIT and value.as_tuple().exponent < -6:  # type: ignore[operator]  # a finite number's is an int
        value = value.quantize(_MILLIONTH, ROUND_HALF_UP)  # as DuckDB reads them
    if not -LIMIT < value < LIMIT:
        raise BadValue("beyond ±999 999 999 999")
    return -value if parts.negative else value


def _ungrouped(text: str, group: str) -> str:
    if text.isdigit() or not text:
        return text
    marks = {c for c in text if not c.isdigit()}
    mark = next(iter(marks))
    if len(marks) > 1 or mark not in {group, " ", "'"}:
        raise BadValue("a number with its marks in the wrong places")
    head, *groups = text.split(mark)
    western = all(len(g) == 3 for g in groups) and 1 <= len(head) <= 3
    indian = len(groups[-1]) == 3 and all(len(g) == 2 for g in groups[:-1]) and 1 <= len(head) <= 2
    if head[0] == "0" or not (western or (indian and mark == ",")):  # 0.001 is no one
        raise BadValue("a number with its marks in the wrong places")
    return head + "".join(groups)


def has_company(core: str) -> bool:
    """Whether a number has more than one comma alone, which might group in a sheet separated by commas."""
    return core.count(",") != 1 or any(sign in core for sign in ". '")


class Marks(Struct):
    """What the cells of a file prove about its decimal mark; the place of the first proof of each."""

    proof: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    only_single_comma: bool = True
    open_cell: tuple[int, int, str] | None = None

    def look(self, cell: str, place: tuple[int, int], *, whole: bool) -> None:
        """Take one cell into account."""
        try:
            core = number(cell).core
        except BadValue:
            return
        mark, unsettled = evidence(core, whole=whole)
        if mark:
            self.proof.setdefault(mark, (*place, cell))
            if has_company(core):
                self.only_single_comma = False
        elif unsettled and self.open_cell is None:
            self.open_cell = (*place, cell)


# ---------------------------------------------------------------------------------------------- days

_OCLOCK = r"(?P<time>\d{1,2}[:h.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?)\s?(?P<half>[AaPp]\.?[Mm]\.?)?"
_TIME = f"(?:[T ,]+{_OCLOCK})?"
_ZONE = r"(?:\s?(?P<zone>Z|[A-Z]{2,5}|(?:UTC|GMT)?[+-]\d{1,2}:?(?:\d{2})?|[A-Z][A-Za-z]+/[A-Za-z_]+))?"
_ISO = re.compile(r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})" + _TIME + _ZONE, re.ASCII)
_HOURLY = re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\|(?P<hour>\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(?P<y>(?:19|20|21|22)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?P<hour>\d{2})?", re.ASCII)
_SHORT = re.compile(r"(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})" + _TIME + _ZONE, re.ASCII)
_MONTH = re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})", re.ASCII)
_SERIAL = re.compile(r"[2-7]\d{4}(?:\.\d+)?", re.ASCII)
_EPOCH = dt.date(1899, 12, 30)


class Written(Struct, frozen=True):
    """A date as written: `order` None when it can be read one way only, else its two small numbers."""

    year: int
    first: int
    second: int
    short: bool  # day and month in an order that the cell does not tell
    dotted: bool = False
    two_digit: bool = False
    zone: str | None = None
    clock: str | None = None


@lru_cache(maxsize=1 << 16)
def written(cell: str) -> Written | None:
    """The parts of a written date; None for an Excel serial, which only `--date-format excel` reads.

    Raises:
        BadValue: it is no date.

    >>> written("1 sept. 2026").first, written("ter., 5 de mai. de 2026").second, written("05/06/2026").short
    (9, 5, True)
    """
    text = cell.translate(_SPACES).strip()
    for pattern in (_ISO, _HOURLY, _COMPACT):
        if match := pattern.fullmatch(text):
            parts = match.groupdict()
            return Written(
                int(parts["y"]), int(parts["m"]), int(parts["d"]), False, zone=parts.get("zone"), clock=_clock(parts)
            )
    if match := _SHORT.fullmatch(text):
        parts = match.groupdict()
        return Written(
            int(parts["y"]),
            int(parts["a"]),
            int(parts["b"]),
            True,
            parts["sep"] == ".",
            len(parts["y"]) == 2,
            parts["zone"],
            _clock(parts),
        )
    if _SERIAL.fullmatch(text):
        return None
    return _worded(text)


def _clock(parts: dict[str, str | None]) -> str | None:
    time, half, hour = parts.get("time"), parts.get("half"), parts.get("hour")
    if not time:
        return f"{int(hour):02d}:00:00" if hour and int(hour) < 24 else None
    numbers = [int(n) for n in re.split(r"[:h.,]", time)[:3]]
    limit = 12 if half and half[0] in "aA" else 23  # 14:02 PM has one meaning
    if numbers[0] > limit or any(n > 59 for n in numbers[1:]):
        raise BadValue("not a time of day")
    if half:
        numbers[0] = numbers[0] % 12 + (12 if half[0] in "pP" else 0)
    return ":".join(f"{n:02d}" for n in [*numbers, 0][:3])


def _worded(text: str) -> Written:
    """A date with its month in words: `Sep 2, 2026`, `27 January 2026`, `lundi 5 oct. 2026 14:02`."""
    if any(c.isdigit() and c > "9" for c in text):
        raise BadValue("not a date")  # digits of another script
    plain = re.sub(r"\d{1,2}[:h]\d{2}(?:[:.]\d{2})?(?:\s?[ap]\.?m\.?)?", " ", plainest(text))
    words = re.findall(r"[^\W\d_]+(?:-feira)?|\d+", re.sub(r"(?<=\d)er\b", "", plain))
    weekday = {"mar", "set"} if len([w for w in words if w in vocabulary().months]) > 1 else set()
    months = [vocabulary().months[w] for w in words if w in vocabulary().months and w not in weekday]
    numbers = [w for w in words if w.isdigit()]
    years = [int(n) for n in numbers if len(n) == 4]
    days = [int(n) for n in numbers if len(n) <= 2]
    known = vocabulary().months.keys() | vocabulary().date_words
    strange = [w for w in words if not w.isdigit() and w not in known]
    if len(months) != 1 or len(years) != 1 or len(days) > 1 or strange or len(numbers) != len(years) + len(days):
        raise BadValue("not a date")
    return Written(years[0], months[0], days[0] if days else 1, False)


def is_iso(cell: str) -> bool:
    """Whether a cell is a plain ISO day, with or without a time of day: the case that needs no settling.

    >>> is_iso("2026-10-05"), is_iso("2026-10-05 22:47:04"), is_iso("05/10/2026"), is_iso("2026-10-05 09:47 PM")
    (True, True, False, False)
    """
    size = len(cell)
    return (
        size in {10, 16, 19}
        and cell[4] == "-" == cell[7]
        and cell[:4].isdigit()
        and (size == 10 or (cell[10] in " T" and cell[13] == ":" and cell[11:13].isdigit() and cell[14:16].isdigit()))
        and (size != 19 or cell[16] == ":")
    )


@lru_cache(maxsize=1 << 16)
def day(cell: str, order: str, tz: str | None = None) -> dt.date:
    """The day a cell names when `order` (ymd, dmy, mdy, excel) settles day and month.

    Raises:
        BadValue: it is no day of the calendar between 1990 and 2100.

    >>> day("13/10/2026", "dmy"), day("45000", "excel"), day("2026-04-05 22:47:04 +0500", "ymd")
    (datetime.date(2026, 10, 13), datetime.date(2023, 3, 15), datetime.date(2026, 4, 5))
    """
    if tz is None and is_iso(cell):
        try:
            plain = dt.datetime.fromisoformat(cell).date()
        except ValueError as error:
            raise BadValue("not a day of the calendar") from error
        if 1990 <= plain.year <= 2100:
            return plain
    parts = written(cell)
    if parts is None:
        if order != "excel":
            raise BadValue("a bare number where a date is due")
        return _EPOCH + dt.timedelta(days=int(float(cell)))
    month, number_of_day = parts.first, parts.second
    if parts.short and order == "dmy":
        month, number_of_day = number_of_day, month
    year = parts.year + 2000 if parts.two_digit else parts.year
    if not 1990 <= year <= 2100:
        raise BadValue("a date outside 1990 to 2100")
    try:
        found = dt.date(year, month, number_of_day)
    except ValueError as error:
        raise BadValue("not a day of the calendar") from error
    return _in_zone(found, parts, tz) if tz and parts.zone and parts.clock else found


_PLAIN_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}")
_FRACTION = re.compile(r":\d{2}[.,](\d{1,6})")
_SPOKEN_CLOCK = re.compile(r"(?P<time>\d{1,2}[:h]\d{2}(?:[:.]\d{2})?)\s?(?P<half>[AaPp]\.?[Mm]\.?)?", re.ASCII)
_LONE_CLOCK = re.compile(f"T?{_OCLOCK}{_ZONE}", re.ASCII)


@lru_cache(maxsize=1 << 16)
def moment(cell: str, order: str, tz: str | None = None) -> dt.datetime:
    """Day and time of day a cell names, local as written, or in `tz`; midnight where it names a day only.

    Raises:
        BadValue: as for `day`.

    >>> moment("2026-04-05 22:47:04.5 +0500", "ymd"), moment("5 oct. 2026 14h02", "dmy").hour
    (datetime.datetime(2026, 4, 5, 22, 47, 4, 500000), 14)
    """
    if _PLAIN_MOMENT.fullmatch(cell) and "1990" <= cell[:4] <= "2100":  # most logs, and long ones
        try:
            return dt.datetime.fromisoformat(cell)
        except ValueError:
            pass  # told below, as for every other cell
    found, parts = day(cell, order), written(cell)
    if parts is None:
        return dt.datetime.combine(found, dt.time()) + dt.timedelta(days=float(cell) % 1)
    clock = parts.clock or _spoken_clock(cell) or "00:00:00"
    local = dt.datetime.combine(found, dt.time.fromisoformat(clock + _fraction(cell)))
    shift = offset_minutes(parts.zone) if tz and parts.zone else None
    if tz is None or shift is None:
        return local
    return local.replace(tzinfo=dt.timezone(dt.timedelta(minutes=shift))).astimezone(_zone(tz)).replace(tzinfo=None)


def _spoken_clock(cell: str) -> str | None:
    found = _SPOKEN_CLOCK.search(" ".join(cell.split()))
    return _clock(found.groupdict()) if found else None


def _fraction(cell: str) -> str:
    """What a cell says of a second, as `.250000`."""
    found = _FRACTION.search(cell)
    return f".{found[1].ljust(6, '0')}" if found else ""


_DAY = len("2026-10-31")


def stated_moment(cell: str, order: str, tz: str | None = None) -> str | None:
    """The moment a cell names, as text; None where it names a day, its first moment, several days, or no such time.

    >>> stated_moment("5 oct. 2026 14h02", "dmy"), stated_moment("05/10/2026", "dmy"), stated_moment("45000.5", "excel")
    ('2026-10-05 14:02:00', None, '2023-03-15 12:00:00')
    """
    if is_iso(cell) and tz is None:
        return cell if cell[_DAY:].strip(" T:0") else None
    if len(cell) < _DAY and "." not in cell:
        return None
    with suppress(BadValue):  # several days are none
        parts = written(cell)
        if parts and not parts.clock and (unit(cell) or month_start(cell)):
            return None
        found = moment(cell, order, tz)
        return found.isoformat(" ") if found.time() != dt.time() else None
    return None


def clock_time(cell: str) -> str | None:
    """The time of day that a cell names, alone or behind a day; None where it names none.

    >>> clock_time("9:05"), clock_time("11:05:09.5 PM"), clock_time("14h02"), clock_time("evening")
    ('09:05:00', '23:05:09.500000', '14:02:00', None)
    """
    text = " ".join(cell.split())
    found = _LONE_CLOCK.fullmatch(text) or _ISO.fullmatch(text) or _SHORT.fullmatch(text)
    with suppress(BadValue):
        clock = _clock(found.groupdict()) if found else None
        return clock and clock + _fraction(text)
    return None


def _in_zone(found: dt.date, parts: Written, tz: str) -> dt.date:
    hours, minutes, seconds = map(int, (parts.clock or "0:0:0").split(":"))
    shift = offset_minutes(parts.zone or "Z")
    if shift is None:
        return found
    zone = dt.timezone(dt.timedelta(minutes=shift))
    moment = dt.datetime(found.year, found.month, found.day, hours, minutes, seconds, tzinfo=zone)
    return moment.astimezone(_zone(tz)).date()


def _zone(name: str) -> dt.tzinfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


_NAMED = {"Z": 0, "UTC": 0, "GMT": 0, "CET": 60, "CEST": 120, "PST": -480, "PDT": -420, "EST": -300, "EDT": -240}
_NAMED |= {"MST": -420, "MDT": -360, "CST": -360, "CDT": -300, "BST": 60, "WET": 0, "WEST": 60}


def offset_minutes(zone: str) -> int | None:
    """Minutes east of Greenwich; None for a name that says none.

    >>> offset_minutes("+0530"), offset_minutes("PST"), offset_minutes("Z")
    (330, -480, 0)
    """
    if zone in _NAMED:
        return _NAMED[zone]
    match = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", zone)
    if not match:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return -minutes if match[1] == "-" else minutes


@lru_cache(maxsize=1 << 16)
def month_start(cell: str) -> dt.date | None:
    """The first day of a month written as `2026-10`, `10/2026` or `octobre 2026`; None when it is none.

    >>> month_start("2026-10"), month_start("octobre 2026"), month_start("2026-10-05")
    (datetime.date(2026, 10, 1), datetime.date(2026, 10, 1), None)
    """
    text = cell.translate(_SPACES).strip()
    match = _MONTH.fullmatch(text) or re.fullmatch(r"(?P<m>\d{1,2})[-/](?P<y>\d{4})", text)
    if match:
        year, month = int(match["y"]), int(match["m"])
        return dt.date(year, month, 1) if 1 <= month <= 12 and 1990 <= year <= 2100 else None
    if re.fullmatch(r"[^\W\d_]+\.? (?:de )?\d{4}", text):
        try:
            parts = _worded(text)
        except BadValue:
            return None
        return dt.date(parts.year, parts.first, 1)
    return None


_QUARTER = re.compile(r"(?:(\d{4})[- ]?)?[qt]([1-4])(?:[-/ ](\d{4}))?", re.ASCII)
_WEEK = re.compile(r"(?:(\d{4})[- ]?)?(?:w|kw ?|s)(\d{1,2})(?:[-/ ](\d{4}))?", re.ASCII)
_SHORT_MONTH = re.compile(r"([^\W\d_]+)\.?[-–'](\d{2})")


@lru_cache(maxsize=1 << 16)
def unit(cell: str) -> tuple[dt.date, dt.date] | None:
    """The first and last day of a quarter or an ISO week; None for anything else.

    >>> unit("Q3 2026")
    (datetime.date(2026, 7, 1), datetime.date(2026, 9, 30))
    >>> unit("2026-W41") == unit("KW 41/2026"), unit("Q3"), unit("2026-W54")
    (True, None, None)
    """
    text = cell.translate(_SPACES).strip().casefold()
    match = _QUARTER.fullmatch(text) or _WEEK.fullmatch(text)
    if match is None or bool(match[1]) == bool(match[3]):
        return None
    year, number_of_unit = int(match[1] or match[3]), int(match[2])
    if match.re is _QUARTER:
        first = dt.date(year, 3 * number_of_unit - 2, 1)
        return first, dt.date(year + number_of_unit // 4, 3 * number_of_unit % 12 + 1, 1) - dt.timedelta(days=1)
    try:
        first = dt.date.fromisocalendar(year, number_of_unit, 1)
    except ValueError:
        return None
    return first, first + dt.timedelta(days=6)


def may_be_half(cell: str) -> bool:
    """Whether a cell may name half a year as well as a week.

    >>> may_be_half("S1 2026"), may_be_half("S3 2026")
    (True, False)
    """
    match = _WEEK.fullmatch(cell.translate(_SPACES).strip().casefold())
    return match is not None and match[2] in {"1", "2"} and "s" in cell.casefold()


def names_month(cell: str) -> bool:
    """Whether a cell, or a header, is the name of a month or a quarter, with its year or without.

    >>> [names_month(c) for c in ("Feb", "févr. 2026", "Q1", "2026-02", "feb-26", "Cost", "2026")]
    [True, True, True, True, True, False, False]
    """
    bare = plainest(cell).strip(" .")
    known = bare in vocabulary().months or _QUARTER.fullmatch(bare)
    return bool(known or month_start(cell) or short_month(cell.strip()))


@lru_cache(maxsize=1 << 16)
def short_month(cell: str) -> dt.date | None:
    """The first day of a month with a year of two digits, as spreadsheets write it, once that is settled.

    >>> short_month("oct-26"), short_month("26-oct"), short_month("oct-2026")
    (datetime.date(2026, 10, 1), None, None)
    """
    match = _SHORT_MONTH.fullmatch(plainest(cell))
    month = vocabulary().months.get(match[1]) if match else None
    return dt.date(2000 + int(match[2]), month, 1) if match and month else None


def halves(cell: str) -> tuple[str, str] | None:
    """The first and last day of a period written in one cell; None for a single day.

    >>> halves("Oct 1, 2026 – Oct 31, 2026"), halves("2026-10-01")
    (('Oct 1, 2026', 'Oct 31, 2026'), None)
    """
    first, mark, last = re.sub(r"\s+(?:[-–—]|to)\s+", _HALF, cell, count=1).partition(_HALF)
    return (first.strip(), last.strip()) if mark else None


_HALF = "\x1f"


_SUMMER_TIME = 60  # minutes


class Days(Struct):
    """What the dates of a file prove about their order, with the place of the first proof of each."""

    proof: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    open_cell: tuple[int, int, str] | None = None
    two_digit: tuple[int, int, str] | None = None
    serial: tuple[int, int, str] | None = None
    shorts: set[Written] = field(default_factory=set)
    offsets: dict[int, tuple[int, int, str]] = field(default_factory=dict)

    @property
    def has_zones(self) -> bool:
        """Whether times are of several zones; those an hour apart are of one, with its summer time."""
        return bool(self.offsets) and max(self.offsets) - min(self.offsets) > _SUMMER_TIME

    def look(self, cell: str, place: tuple[int, int]) -> None:
        """Take one cell into account; what is no date is left for the reading to refuse."""
        if short_month(cell):
            self.two_digit = self.two_digit or (*place, cell)
            return
        for half in halves(cell) or (cell,):
            try:
                self._take(half, written(half), place)
            except BadValue:
                continue

    def _take(self, cell: str, parts: Written | None, place: tuple[int, int]) -> None:
        if parts is None:
            self.serial = self.serial or (*place, cell)
            return
        if parts.zone and (shift := offset_minutes(parts.zone)) is not None:
            self.offsets.setdefault(shift, (*place, cell))
        if not parts.short:
            return
        if parts.two_digit:
            self.two_digit = self.two_digit or (*place, cell)
        if parts.first > 12 or parts.dotted:
            self.proof.setdefault("dmy", (*place, cell))
        elif parts.second > 12:
            self.proof.setdefault("mdy", (*place, cell))
        elif parts.first != parts.second:
            self.open_cell = self.open_cell or (*place, cell)
        if len(self.shorts) < 1000:
            self.shorts.add(parts)
