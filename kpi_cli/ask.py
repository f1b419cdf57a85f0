"""Ask: what a question is asked with, as one value: period, grouping, margin, policies."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from kpi_cli.config import Config
from kpi_cli.errors import UsageError
from kpi_cli.exports.options import ReadOptions
from kpi_cli.period import UNITS, PeriodOptions

if TYPE_CHECKING:
    from kpi_cli.exports.tables import Store

ALLOCATIONS = ("revenue", "media", "customers", "even")  # the keys that spread shared costs


class Files(Struct, frozen=True):
    """What is asked about: paths with the role said of them, and frames by role."""

    paths: tuple[tuple[str, str | None], ...] = ()  # path or pattern, role or None
    frames: tuple[tuple[Any, str | None], ...] = ()  # pandas frames, each with its role or None


class Ask(Struct, frozen=True):
    """The options that mean the same in every question (contract §2)."""

    files: Files = field(default_factory=Files)
    period: PeriodOptions = field(default_factory=PeriodOptions)
    by: tuple[str, ...] = ()
    sort: str | None = None
    top: int | None = None
    margin: Decimal | None = None
    prorate: bool = False
    allocate: str | None = None
    explain: bool = False
    reading: ReadOptions = field(default_factory=ReadOptions)
    config: Config = field(default_factory=Config)
    also: tuple[str, ...] = ()  # built-in figures that --sort and --fail-if name
    read: Store | None = None  # the files as they were read for several questions

    @property
    def every(self) -> str | None:
        """The unit of time that rows are grouped by: `--every`, or a unit among `--by`."""
        return self.period.every or next((dim for dim in self.by if dim in UNITS), None)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What rows are grouped by, the unit of time first."""
        every = self.every
        rest = tuple(dict.fromkeys(dim for dim in self.by if dim != every))
        return (every, *rest) if every else rest

    @property
    def profit_share(self) -> Decimal | None:
        """The margin: the option's, else kpi.yml's."""
        return self.margin if self.margin is not None else self.config.margin


ROWS = ("--month", "--last", "--from", "--to", "--every", "--compare", "--by", "--sort", "--top")
OF_COST = ("--margin", "--allocate", "--explain")


def without(ask: Ask, options: Sequence[str], why: str, code: str = "no_place") -> None:
    """Refuse those of the options of rows and figures that a question would pass over.

    Raises:
        UsageError: one is given.
    """
    given: dict[str, object] = {"--month": ask.period.month, "--last": ask.period.last, "--from": ask.period.from_}
    given |= {"--to": ask.period.to, "--every": ask.period.every, "--compare": ask.period.compare}
    given |= {"--by": ask.by, "--sort": ask.sort, "--top": ask.top}
    given |= {"--margin": ask.margin, "--allocate": ask.allocate, "--explain": ask.explain}
    option = next((name for name in options if given[name] not in (None, False, ())), None)
    if option:
        raise UsageError(code, f"{why}, so {option} has no place", "leave it out")
