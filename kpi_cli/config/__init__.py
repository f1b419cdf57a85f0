"""What kpi.yml says, as values: `Config`, and what it is made of.

loading.py    a kpi.yml → Config
nodes.py      a node of YAML → a value, or a mistake with its line and column
checking.py   what kpi.yml says beside what it cannot know: built-in names, rates, channels
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeVar

from msgspec import Struct, field

if TYPE_CHECKING:
    from kpi_cli.formula import Formula

T = TypeVar("T")
Strategy = Literal["inbound", "outbound", "shared", "unknown"]

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
    *("subscription_update", "unenrolled", "seen_in_other_file", "duplicate", "spam", "disqualified"),
)


class Placed(str):
    """A text of kpi.yml that knows where it stands."""

    __slots__ = ("column", "line")
    line: int
    column: int

    @classmethod
    def at(cls, text: str, line: int, column: int) -> Placed:
        """A text, and where it stands."""
        placed = cls(text)
        placed.line, placed.column = line, column
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
