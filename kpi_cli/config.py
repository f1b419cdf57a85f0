"""kpi.yml → `Config`: every value typed, every mistake told with its line and column, all of them at once.

Converters are plain functions, node → value; they raise `InputError`, and containers gather what their parts
raise. What this file cannot know (the headers of the exports, the built-in metrics) is checked where it is
known: see `check_names`.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, cast

from msgspec import Struct, field

from kpi_cli.errors import InputError, KpiError, Refusals, did_you_mean
from kpi_cli.exports import strict_yaml
from kpi_cli.exports.strict_yaml import Node, Scalar, Sequence
from kpi_cli.safe import printable, quoted

if TYPE_CHECKING:
    from kpi_cli.formula import Formula
    from kpi_cli.grouping import Grouping

T = TypeVar("T")
Convert = Callable[[Node], T]
Strategy = Literal["inbound", "outbound", "shared", "unknown"]

MAX_BYTES = 2**20
LANGUAGES = ("en", "fr")
STRATEGIES = ("inbound", "outbound", "shared", "unknown")
CATEGORIES = ("media", "people", "tools", "time", "other")
UNITS = ("money", "count", "rate", "multiple", "months", "days")
ROLES = (
    *("spend", "sales", "costs", "traffic", "leads", "search"),
    *("mail", "social", "progress", "events", "touches", "rates"),
)
USED_OR_LEFT_OUT = (
    *("used", "totals_row", "subtotal_row", "repeated_header", "footer", "other_table", "no_data"),
    *("outside_period", "failed", "denied", "test", "voided", "cancelled", "pending", "authorized", "hold"),
    *(
        "payout",
        "withdrawal",
        "deposit",
        "transfer",
        "outgoing_payment",
        "currency_conversion",
        "fee",
        "free",
    ),
    *("subscription_update", "unenrolled", "seen_in_other_file", "duplicate"),
)


# What kpi.yml says --------------------------------------------------------------------------------------


class Placed(str):
    """A text of kpi.yml that knows where it stands."""

    __slots__ = ("column", "line")
    line: int
    column: int

    @classmethod
    def of(cls, node: Node) -> Placed:
        """The text of a node."""
        placed = cls(_text(node))
        placed.line, placed.column = node.line, node.column
        return placed


class Source(NamedTuple):
    """Files to read and how; globs are relative to the folder of kpi.yml. None: the file settles it."""

    files: tuple[str, ...]  # or the address of a database, from `from:`
    role: str | None = None
    format: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    encoding: str | None = None
    tz: str | None = None
    currency: str | None = None
    columns: Mapping[str, str] = {}  # canonical column → header, from `map:`
    statuses: Mapping[str, str] = {}  # a status in the file → "used" or a reason of contract §7
    table: str | None = None  # of a database; or a query in its own SQL
    query: str | None = None
    accounts: str | None = None  # "separate": rows of these files are never the same account


class Cost(NamedTuple):
    """A cost written in kpi.yml itself: an amount for the days `start` to `end`, both included."""

    start: dt.date
    end: dt.date
    cost: Decimal
    category: str
    strategy: Strategy | None
    channel: str | None
    campaign: str | None
    currency: str | None
    line: int


class Rate(NamedTuple):
    """From this day on, one unit of `currency` is worth `rate` units of the reporting currency."""

    date: dt.date
    currency: str
    rate: Decimal
    line: int


class Listed(NamedTuple, Generic[T]):
    """Records written in kpi.yml itself, and the files that hold more."""

    files: tuple[str, ...] = ()
    records: tuple[T, ...] = ()


class Pattern(NamedTuple):
    """One word, or a regular expression between slashes; case and outer spaces do not count."""

    text: str
    regex: re.Pattern[str] | None = None

    def matches(self, value: str) -> bool:
        """Whether the whole value is the word, or the whole value matches the expression."""
        if self.regex is None:
            return value.strip().casefold() == self.text.strip().casefold()
        return self.regex.fullmatch(value.strip()) is not None


class ChannelRule(NamedTuple):
    """A visit or sale whose source, medium and campaign match what is given belongs to the channel."""

    channel: str
    source: tuple[Pattern, ...]
    medium: tuple[Pattern, ...]
    campaign: tuple[Pattern, ...]
    line: int

    def matches(self, source: str, medium: str, campaign: str) -> bool:
        """Whether every part that the rule gives matches one of its patterns.

        >>> rule = ChannelRule("Partners", (Pattern("blog.example"),), (), (), 3)
        >>> rule.matches("Blog.example", "referral", ""), rule.matches("other.example", "referral", "")
        (True, False)
        """
        pairs = ((self.source, source), (self.medium, medium), (self.campaign, campaign))
        return all(any(p.matches(value) for p in patterns) for patterns, value in pairs if patterns)


class Goal(NamedTuple):
    """A target, or a budget (metric "cost", an amount a month), in force from `start` on.

    `channel` None: for the total. `start` None: always.
    """

    metric: str
    channel: str | None
    value: Decimal
    start: dt.date | None
    line: int
    column: int | None = None  # of the metric's name
    channel_at: tuple[int, int] | None = None
    bare_at: tuple[int, int] | None = None  # where its value stands, if without a percent sign


class Benchmark(NamedTuple):
    """What others reach, as someone published it."""

    metric: str
    value: Decimal
    sector: str
    year: int
    source: str
    line: int
    column: int | None = None  # of the metric's name
    bare_at: tuple[int, int] | None = None  # where its value stands, if without a percent sign


class Measure(NamedTuple):
    """An own measure: the sum, or the count of filled cells, of one column of the files of a role."""

    name: str
    how: Literal["sum", "count"]
    header: str
    role: str
    unit: str
    label: Mapping[str, str]
    line: int
    column: int | None = None  # of its name
    header_at: tuple[int, int] | None = None


class OwnMetric(NamedTuple):
    """An own metric: a formula over measures and metrics."""

    name: str
    formula: Formula
    unit: str
    better: Literal["higher", "lower"] | None
    label: Mapping[str, str]
    line: int
    column: int | None = None  # of its name


class Report(NamedTuple):
    """How the report is headed."""

    title: str | None = None
    lang: str | None = None


class Config(Struct, frozen=True):
    """The settings of one kpi.yml; without one, what holds when nothing is said."""

    sources: tuple[Source, ...] = ()
    costs: Listed[Cost] = Listed()
    margin: Decimal | None = None
    vat: Decimal | None = None
    currency: str | None = None
    lang: str | None = None
    tz: str | None = None
    rates: Listed[Rate] = Listed()
    channels: tuple[ChannelRule, ...] = ()
    strategies: Mapping[str, Strategy] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    lead_event: str = "generate_lead"
    targets: tuple[Goal, ...] = ()
    budgets: tuple[Goal, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    measures: tuple[Measure, ...] = ()
    metrics: tuple[OwnMetric, ...] = ()
    report: Report = Report()
    folder: Path = Path()
    file: str | None = None
    sha256: str | None = None

    @classmethod
    def empty(cls) -> Config:
        """The settings when there is no kpi.yml."""
        return cls()

    @property
    def own(self) -> tuple[Measure | OwnMetric, ...]:
        """Own measures, then own metrics, in the file's order."""
        return (*self.measures, *self.metrics)


def in_force(goals: Iterable[Goal], metric: str, channel: str | None, day: dt.date) -> Goal | None:
    """The goal for a metric and channel (None: the total) that holds on a day: the latest that has begun.

    >>> first = Goal("cac", None, Decimal(120), None, 1)
    >>> second = Goal("cac", None, Decimal(110), dt.date(2026, 7, 1), 2)
    >>> in_force([first, second], "cac", None, dt.date(2026, 6, 30)).value
    Decimal('120')
    """
    begun = [g for g in goals if (g.metric, g.channel) == (metric, channel) and (g.start or day) <= day]
    return max(begun, key=lambda goal: goal.start or dt.date.min, default=None)


def load_config(path: Path) -> Config:
    """Read a kpi.yml.

    Raises:
        Refusals: one error for each mistake, in the file's order.
        InputError: the file cannot be read, or is not YAML.
    """
    import hashlib

    file = str(path)
    content = _bytes(path)
    tree = strict_yaml.load(_decoded(content, file), file)
    if isinstance(tree, Scalar) and tree.null:
        tree = strict_yaml.Mapping(1, 1)
    try:
        values = _fields(tree, {**_SETTINGS, "metrics": partial(_metrics, file)})
        _check_own_names(values)
    except InputError as refused:
        raise Refusals(_in_file(refused.parts(), file)) from None
    return Config(**values, folder=path.parent, file=file, sha256=hashlib.sha256(content).hexdigest())


def check_names(
    config: Config, builtin: Collection[str], open_to_own: Collection[str] = (), columns: Collection[str] = ()
) -> None:
    """Check the names in formulas, targets and benchmarks, once the built-in measures and metrics are known.

    Args:
        config: what was read.
        builtin: every built-in name.
        open_to_own: those of them that kpi.yml may define anew.
        columns: further names that answers use for dimensions and columns.

    Raises:
        Refusals: one error for each name that is unknown, or taken.
    """
    from kpi_cli.formula import check_names

    judged: list[Goal | Benchmark] = [*config.targets, *config.benchmarks]
    known = [*builtin, *(item.name for item in config.own)]
    gather = _Gather()
    for item in config.own:
        if item.name in builtin and item.name not in open_to_own:
            said = f"{quoted(item.name)} is a built-in measure or metric already"
            gather.error(InputError("name_taken", said, "choose another name", None, item.line, item.column))
        elif item.name in columns:
            said = f"{quoted(item.name)} is what kpi calls a column of its own"
            gather.error(InputError("name_taken", said, "choose another name", None, item.line, item.column))
    for metric in config.metrics:
        gather.attempt(partial(check_names, metric.formula), known)
    for goal in judged:
        if goal.metric not in known:
            said = f"{quoted(goal.metric)} is no metric"
            fix = did_you_mean(goal.metric, known)
            gather.error(InputError("unknown_name", said, fix, None, goal.line, goal.column))
    if gather.errors:
        raise Refusals(_in_file(gather.errors, config.file))


def check_rates(judged: Iterable[Goal | Benchmark], limits: Mapping[str, Decimal], file: str | None) -> None:
    """Check that a bare number is no percentage whose sign was forgotten.

    Args:
        judged: targets and benchmarks.
        limits: for each figure that is a rate, the number beyond which it may be meant as a percentage.
        file: the kpi.yml.

    Raises:
        Refusals: one error for each number that can be read two ways.
    """
    gather = _Gather()
    for one in judged:
        if one.bare_at and one.metric in limits and abs(one.value) > limits[one.metric]:
            said = f"{one.metric} “{one.value}” could be {one.value}% or {(one.value * 100).normalize():,f}%"
            gather.error(InputError("bad_rate", said, f"write it with its %, such as {one.value}%", None, *one.bare_at))
    if gather.errors:
        raise Refusals(_in_file(gather.errors, file))


def check_channels(goals: Iterable[Goal], grouping: Grouping, file: str | None) -> None:
    """Check the channels of targets, or of budgets: a misspelt one would never be held to anything.

    Raises:
        Refusals: one error for each channel that nobody knows and that is one slip from a known one, and for each
            that stands twice, spelled two ways.
    """
    gather, spelled = _Gather(), dict[str, str]()
    for channel, place in {goal.channel: goal.channel_at for goal in goals if goal.channel and goal.channel_at}.items():
        first = spelled.setdefault(grouping.canonical(str(channel)), str(channel))
        if meant := grouping.misspelt(str(channel)):
            said = f"{quoted(str(channel))} is no channel"
            fix = f"did you mean {quoted(meant)}? One of your own is named under strategies:"
            gather.error(InputError("unknown_name", said, fix, None, *place))
        elif first != channel:
            said = f"{quoted(str(channel))} is the channel {quoted(first)} again"
            gather.error(InputError("duplicate_key", said, "keep one of them", None, *place))
    if gather.errors:
        raise Refusals(_in_file(gather.errors, file))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        said = f"cannot be read ({error.strerror})"
        raise InputError("unreadable_file", said, "check the path and its permissions", str(path)) from None
    if len(content) > MAX_BYTES:
        fix = "name large lists as files: costs: costs.csv, rates: rates.csv"
        raise InputError("too_large", f"larger than {MAX_BYTES // 2**20} MiB", fix, str(path))
    return content


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        said = f"byte {content[error.start]:#04x} is not UTF-8"
        raise InputError("bad_encoding", said, "save the file as UTF-8", file, line, column) from None


def _in_file(errors: Iterable[KpiError], file: str | None) -> list[KpiError]:
    """The errors with their file, in its order."""
    ordered = sorted(errors, key=lambda error: (error.line or 0, error.column or 0))
    for error in ordered:
        error.file = file
    return ordered


# Gathering mistakes -------------------------------------------------------------------------------------


class _Gather:
    """Errors of the parts of a container, raised together when all parts were tried."""

    def __init__(self) -> None:
        self.errors: list[KpiError] = []

    def error(self, error: InputError) -> None:
        self.errors.extend(error.parts())

    def attempt(self, convert: Callable[[Any], T], value: Any) -> T | None:
        try:
            return convert(value)
        except InputError as error:
            self.error(error)
            return None

    def finish(self) -> None:
        if self.errors:
            raise Refusals(self.errors)


def _mistake(node: Node, code: str, text: str, fix: str = "") -> InputError:
    return InputError(code, text, fix, None, node.line, node.column)


def _seen(node: Node) -> str:
    if isinstance(node, Scalar):
        return "nothing" if node.null else quoted(node.text)
    return "a list" if isinstance(node, Sequence) else "keys and values"


def _pairs(node: Node) -> strict_yaml.Mapping:
    if not isinstance(node, strict_yaml.Mapping):
        raise _mistake(node, "wrong_type", f"{_seen(node)} where keys and values are due", "write key: value")
    return node


def _fields(node: Node, known: Mapping[str, Convert[Any]], required: Collection[str] = ()) -> dict[str, Any]:
    """The values of a record, converted; keys without a value count as not given."""
    pairs, gather, values = _pairs(node), _Gather(), {}
    for name, child in pairs.items.items():
        if name not in known:
            fix = _at_home(name, known) or did_you_mean(name, known)
            gather.error(_mistake(pairs.keys[name], "unknown_key", f"unknown key {quoted(name)}", fix))
        elif not (isinstance(child, Scalar) and child.null):
            values[name] = gather.attempt(known[name], child)
    for name in required:
        if name not in values:
            gather.error(_mistake(node, "missing_key", f"“{name}” is missing", f"add {name}: …"))
    gather.finish()
    return values


def _at_home(name: str, known: Collection[str]) -> str | None:
    """Where a key belongs that stands at the left edge and is of a source, or the other way round."""
    if "sources" in known and name in _SOURCE:
        return f"it belongs to an entry of sources: {{files: …, {name}: …}}"
    if "files" in known and name in _SETTINGS:
        return "it belongs at the left edge, beside sources:"
    return None


def _each(convert: Convert[T], node: Node) -> tuple[T, ...]:
    """The items of a list; one item may stand without its list."""
    gather = _Gather()
    items = [gather.attempt(convert, item) for item in (node.items if isinstance(node, Sequence) else [node])]
    gather.finish()
    return cast("tuple[T, ...]", tuple(items))


def _named(convert: Callable[[Scalar, Node], T], node: Node) -> tuple[T, ...]:
    """The entries of a mapping, each converted from its key and its value."""
    pairs, gather = _pairs(node), _Gather()
    items = [gather.attempt(partial(convert, pairs.keys[name]), child) for name, child in pairs.items.items()]
    gather.finish()
    return cast("tuple[T, ...]", tuple(items))


def _dict(convert: Convert[T], node: Node) -> dict[str, T]:
    return dict(_named(lambda key, child: (key.text, convert(child)), node))


# Single values ------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,12})?|[-+]?\.[0-9]{1,12}")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")
_NAME = re.compile(r"[^\W\d]\w*")


def _text(node: Node) -> str:
    if not isinstance(node, Scalar) or node.null or not node.text.strip():
        raise _mistake(node, "wrong_type", f"{_seen(node)} where a text is due", "write one value")
    return node.text


def _word(*known: str) -> Convert[str]:
    """A converter for one of a few words."""

    def convert(node: Node) -> str:
        word = _text(node)
        if word not in known:
            raise _mistake(node, "unknown_word", f"{_seen(node)} is not known here", did_you_mean(word, known))
        return word

    return convert


def _fate(node: Node) -> str:
    """What becomes of the rows of a status; a word is corrected only where it is a slip, for others may be contrary."""
    import difflib

    word = _text(node)
    if word in USED_OR_LEFT_OUT:
        return word
    near = difflib.get_close_matches(word.casefold(), USED_OR_LEFT_OUT, n=1, cutoff=0.81)
    fix = "write used for rows that count, else why they do not: failed, pending, cancelled, test, fee, payout, …"
    fix = f"did you mean {quoted(near[0])}?" if near else fix
    raise _mistake(node, "unknown_word", f"{_seen(node)} does not say what becomes of these rows", fix)


def _number(node: Node) -> Decimal:
    text = _text(node)
    if not _NUMBER.fullmatch(text):
        raise _mistake(node, "bad_number", f"{_seen(node)} is not a number", "write it like 1234.56")
    return Decimal(text)


def _percent(node: Node) -> Decimal:
    """A number, or a percentage as the fraction it is."""
    text = _text(node).rstrip()
    if not text.endswith("%"):
        return _number(node)
    number = Scalar(text[:-1].rstrip(), False, node.line, node.column)
    if not _NUMBER.fullmatch(number.text):
        raise _mistake(node, "bad_number", f"{_seen(node)} is not a percentage", "write it like 12.5%")
    return Decimal(number.text).scaleb(-2)


def _bare_at(node: Node) -> tuple[int, int] | None:
    """Where a number without a percent sign stands."""
    return None if _text(node).rstrip().endswith("%") else (node.line, node.column)


def _share(node: Node) -> Decimal:
    """A rate between 0 and 1."""
    share = _percent(node)
    if not 0 <= share <= 1:
        fix = "write a rate like 20% or 0.2"
        raise _mistake(node, "bad_rate", f"{_seen(node)} is not between 0 and 100%", fix)
    return share


def _positive(node: Node) -> Decimal:
    number = _number(node)
    if number <= 0:
        raise _mistake(node, "bad_number", f"{_seen(node)} is not above 0", "give more than 0")
    return number


def _money(node: Node) -> Decimal:
    number = _number(node)
    if number != round(number, 6):
        raise _mistake(node, "bad_number", f"{_seen(node)} has more than 6 decimals", "round it")
    return number


def _year(node: Node) -> int:
    text = _text(node)
    if not re.fullmatch(r"(19[7-9]|20[0-9])[0-9]", text):
        raise _mistake(node, "bad_date", f"{_seen(node)} is not a year", "write it like 2026")
    return int(text)


def _date_parts(node: Node, fix: str) -> tuple[dt.date, bool]:
    """A day, or the first day of a month, and whether it is a month."""
    match = _DATE.fullmatch(_text(node))
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3] or 1)) if match else None
    except ValueError:
        day = None
    if match is None or day is None or not 1970 <= day.year < 2100:
        raise _mistake(node, "bad_date", f"{_seen(node)} is not a date", fix)
    return day, match[3] is None


def _date(node: Node) -> dt.date:
    day, is_month = _date_parts(node, "write it like 2026-10-31")
    if is_month:
        raise _mistake(node, "bad_date", f"{_seen(node)} is a month, not a day", "write it like 2026-10-31")
    return day


def _begin(node: Node) -> dt.date:
    """A day, or a month for its first day."""
    return _date_parts(node, "write it like 2026-10-01 or 2026-10")[0]


def _month(node: Node) -> tuple[dt.date, dt.date]:
    """First and last day of a month."""
    start, is_month = _date_parts(node, "write a month like 2026-10")
    if not is_month:
        raise _mistake(node, "bad_date", f"{_seen(node)} is a day, not a month", "write start: and end: for days")
    return start, (start + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def _currency(node: Node) -> str:
    code = _text(node).upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise _mistake(node, "bad_currency", f"{_seen(node)} is not a currency code", "write it like EUR")
    return code


def _zone(node: Node) -> str:
    from zoneinfo import ZoneInfo, available_timezones

    name = _text(node)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        fix = did_you_mean(name, sorted(available_timezones()))
        raise _mistake(node, "bad_tz", f"{_seen(node)} is not a time zone", fix) from None
    return name


def _encoding(node: Node) -> str:
    name = _text(node)
    try:
        "".encode(name)  # also refuses what Python calls a codec but is no encoding of text
    except (LookupError, ValueError):
        fix = "write it like utf-8, cp1252 or utf-16"
        raise _mistake(node, "bad_encoding", f"{_seen(node)} is not an encoding", fix) from None
    return name


def _label(node: Node) -> dict[str, str]:
    """A label by language; a bare text serves every language."""
    if isinstance(node, Scalar):
        return dict.fromkeys(LANGUAGES, _text(node))
    return _fields(node, dict.fromkeys(LANGUAGES, _text))


def _name(key: Scalar) -> str:
    if not _NAME.fullmatch(key.text):
        fix = "use letters, digits and _, and begin with a letter"
        raise _mistake(key, "bad_name", f"{_seen(key)} cannot stand in a formula", fix)
    return key.text


# Records ------------------------------------------------------------------------------------------------


def _address(node: Node) -> tuple[str, ...]:
    from kpi_cli.warehouse.addresses import is_address

    text = _text(node)
    if not is_address(text):  # what looks almost like one may hold a password and is not shown
        raise _mistake(node, "bad_address", "this is no address", "write it like postgres://host/database")
    return (text,)


_SOURCE: dict[str, Convert[Any]] = {
    "files": partial(_each, Placed.of),
    "from": _address,
    "table": _text,
    "query": _text,
    "columns": partial(_dict, _text),
    "role": _word(*ROLES),
    "format": _text,
    "decimal": _word(".", ","),
    "date_format": _word("dmy", "mdy", "ymd", "excel"),
    "encoding": _encoding,
    "tz": _zone,
    "currency": _currency,
    "map": partial(_dict, _text),
    "statuses": partial(_dict, _fate),
    "accounts": _word("separate"),
}


def _source(node: Node) -> Source:
    """A glob or an address, or `files:` or `from:` with how they are to be read."""
    if isinstance(node, Scalar):
        return Source((Placed.of(node),))
    has_address = isinstance(node, strict_yaml.Mapping) and "from" in node.items
    values = _fields(node, _SOURCE, ["from" if has_address else "files"])
    for one, other in (("from", "files"), ("table", "query"), ("map", "columns")):
        if one in values and other in values:
            raise _mistake(node, "two_keys", f"“{one}” and “{other}” say the same", "keep one of them")
    if not has_address and (extra := values.keys() & {"table", "query"}):
        raise _mistake(node, "missing_key", f"“{min(extra)}” is of a database", "add from: with its address")
    named = {"map": "columns", "from": "files"}
    return Source(**{named.get(name, name): value for name, value in values.items()})


def _listed(convert: Convert[T], node: Node) -> Listed[T]:
    """A file, records, or a list of both."""
    files: list[str] = []
    records: list[T] = []

    def sort(item: Node) -> None:
        if isinstance(item, Scalar):
            files.append(Placed.of(item))
        else:
            records.append(convert(item))

    _each(sort, node)
    return Listed(tuple(files), tuple(records))


_COST: dict[str, Convert[Any]] = {
    "month": _month,
    "start": _date,
    "end": _date,
    "cost": _money,
    "category": _word(*CATEGORIES),
    "strategy": _word(*STRATEGIES),
    "channel": _text,
    "campaign": _text,
    "currency": _currency,
}


def _cost(node: Node) -> Cost:
    values = _fields(node, _COST, ["cost"])
    days = [key for key in ("month", "start", "end") if key in values]
    if days not in (["month"], ["start", "end"]):
        raise _mistake(node, "missing_key", "a cost needs its period", "write month:, or start: and end:")
    start, end = values["month"] if "month" in values else (values["start"], values["end"])
    if end < start:
        raise _mistake(node, "bad_date", f"end {end} is before start {start}", "swap them")
    names = ("strategy", "channel", "campaign", "currency")
    rest = {name: values.get(name) for name in names}
    return Cost(start, end, values["cost"], values.get("category", "other"), **rest, line=node.line)


def _rate(node: Node) -> Rate:
    known = {"date": _date, "currency": _currency, "rate": _positive}
    return Rate(**_fields(node, known, known), line=node.line)


def _pattern(node: Node) -> Pattern:
    text = _text(node)
    if not (len(text) > 2 and text.startswith("/") and text.endswith("/")):
        return Pattern(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what re finds doubtful is a mistake here
            return Pattern(text, re.compile(text[1:-1], re.IGNORECASE))
    except (re.error, Warning, RecursionError, OverflowError) as error:
        said = f"{_seen(node)} is not a regular expression ({printable(str(error))})"
        raise _mistake(node, "bad_pattern", said, "mend it, or leave the slashes out") from None


def _channel_rule(node: Node) -> ChannelRule:
    parts: dict[str, Convert[Any]] = dict.fromkeys(("source", "medium", "campaign"), partial(_each, _pattern))
    values = _fields(node, {"channel": _text, **parts}, ["channel"])
    if len(values) == 1:
        fix = "add source:, medium: or campaign:"
        raise _mistake(node, "missing_key", "this rule would match everything", fix)
    return ChannelRule(**(dict.fromkeys(parts, ()) | values), line=node.line)


def _goals(metric: str, channel: Scalar | None, key: Scalar, node: Node) -> tuple[Goal, ...]:
    """One value for always, or several, each with the day it begins; `key` is what names them."""
    named = channel.text if channel else None
    place = (key.line, key.column, (channel.line, channel.column) if channel else None)
    if isinstance(node, Scalar):
        return (Goal(metric, named, _percent(node), None, *place, _bare_at(node)),)

    def goal(item: Node) -> Goal:
        values = _fields(item, {"from": _begin, "value": _percent}, ["value"])
        return Goal(metric, named, values["value"], values.get("from"), *place, _bare_at(_pairs(item).items["value"]))

    goals = _each(goal, node)
    starts = [goal.start for goal in goals]
    if len(set(starts)) < len(starts):
        raise _mistake(node, "duplicate_date", "two values begin on the same day", "give each its own from:")
    return goals


def _target(key: Scalar, node: Node) -> tuple[Goal, ...]:
    """metric: goals, or channel: {metric: goals}."""
    if isinstance(node, strict_yaml.Mapping) and not node.items.keys() & {"from", "value"}:
        nested = _named(lambda metric, child: _goals(metric.text, key, metric, child), node)
        return tuple(goal for goals in nested for goal in goals)
    return _goals(key.text, None, key, node)


def _budget(key: Scalar, node: Node) -> tuple[Goal, ...]:
    """channel: goals, or total: goals."""
    return _goals("cost", None if key.text == "total" else key, key, node)


def _joined(convert: Callable[[Scalar, Node], tuple[Goal, ...]], node: Node) -> tuple[Goal, ...]:
    return tuple(goal for goals in _named(convert, node) for goal in goals)


def _benchmark(node: Node) -> Benchmark:
    known = {"metric": Placed.of, "value": _percent, "sector": _text, "year": _year, "source": _text}
    values = _fields(node, known, known)
    bare_at = _bare_at(_pairs(node).items["value"])
    return Benchmark(**values, line=values["metric"].line, column=values["metric"].column, bare_at=bare_at)


def _measure(key: Scalar, node: Node) -> Measure:
    known = {"sum": Placed.of, "count": Placed.of, "role": _word(*ROLES), "unit": _word(*UNITS), "label": _label}
    values = _fields(node, known, ["role"])
    ways = [way for way in ("sum", "count") if way in values]
    if len(ways) != 1:
        raise _mistake(node, "missing_key", "a measure is one sum or one count", "write sum: HEADER, or count: HEADER")
    how: Literal["sum", "count"] = "sum" if "sum" in values else "count"
    unit, label = values.get("unit", "count"), values.get("label", {})
    header: Placed = values[how]
    at = header.line, header.column
    return Measure(_name(key), how, header, values["role"], unit, label, key.line, key.column, at)


def _metric(file: str, key: Scalar, node: Node) -> OwnMetric:
    def formula(text: Node) -> Formula:
        from kpi_cli.formula import parse

        inside = isinstance(text, Scalar) and text.quoted
        return parse(_text(text), file, text.line, text.column + inside)

    better = _word("higher", "lower")
    known: dict[str, Convert[Any]] = {
        "formula": formula,
        "unit": _word(*UNITS),
        "better": better,
        "label": _label,
    }
    values = _fields(node, known, ["formula", "unit"])
    return OwnMetric(_name(key), **({"better": None, "label": {}} | values), line=key.line, column=key.column)


def _metrics(file: str, node: Node) -> tuple[OwnMetric, ...]:
    from kpi_cli.formula import check_cycles

    metrics = _named(partial(_metric, file), node)
    check_cycles({metric.name: metric.formula for metric in metrics})
    return metrics


def _check_own_names(values: Mapping[str, Any]) -> None:
    """A name is a measure's or a metric's, not both."""
    gather = _Gather()
    measures = {measure.name: measure.line for measure in values.get("measures", ())}
    for metric in values.get("metrics", ()):
        if metric.name in measures:
            said = f"{quoted(metric.name)} is a measure already, in line {measures[metric.name]}"
            gather.error(InputError("name_taken", said, "choose another name", None, metric.line, metric.column))
    gather.finish()


_SETTINGS: dict[str, Convert[Any]] = {
    "sources": partial(_each, _source),
    "costs": partial(_listed, _cost),
    "margin": _share,
    "vat": _share,
    "currency": _currency,
    "lang": _word(*LANGUAGES),
    "tz": _zone,
    "rates": partial(_listed, _rate),
    "channels": partial(_each, _channel_rule),
    "strategies": partial(_dict, _word(*STRATEGIES)),
    "products": partial(_dict, _text),
    "lead_event": _text,
    "targets": partial(_joined, _target),
    "budgets": partial(_joined, _budget),
    "benchmarks": partial(_each, _benchmark),
    "measures": partial(_named, _measure),
    "report": lambda node: Report(**_fields(node, {"title": _text, "lang": _word(*LANGUAGES)})),
}
