"""`--fail-if`: conditions on figures, such as `cac > 120`, `roi < target`, `revenue change < -20%`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from kpi_cli.definitions import asked_beyond, figures
from kpi_cli.errors import UsageError, did_you_mean
from kpi_cli.reporting import Report
from kpi_cli.result import Result, Row
from kpi_cli.safe import quoted

_CONDITION = re.compile(
    r"\s*(?P<total>total\.)?(?P<name>[a-z_]\w*)(?P<change>\s+change)?\s*(?P<sign><=|>=|==|!=|<|>|=)\s*"
    r"(?P<limit>[+-]?\d+(?:\.\d+)?\s*%?|target|budget)\s*",
    re.IGNORECASE,
)
_GOALS = ("target", "budget")
_SIGNS = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


class Condition(Struct, frozen=True):
    """One condition, understood. `goal`: the limit is the row's own target or budget."""

    text: str
    name: str
    total_only: bool
    change: bool
    sign: str
    limit: Decimal | None
    goal: str | None = None

    def holds(self, value: object, limit: Decimal | None = None) -> bool:
        """Whether a figure trips the condition; `limit` is the row's goal, where that is what it is held against."""
        number = Decimal(str(value))
        return bool(_SIGNS[self.sign](number, self.limit if limit is None else limit))


def parse(text: str) -> Condition:
    """A condition as written.

    Raises:
        UsageError: it is none.

    >>> parse("roi < 20%").limit
    Decimal('0.2')
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError("bad_condition", f"--fail-if {quoted(text)} is no condition", "write it like 'cac > 120'")
    said, name = match["limit"].replace(" ", "").lower(), match["name"]
    if said in _GOALS:
        goal = "budget" if said == "budget" else f"{name}_target"
        return Condition(text, name, bool(match["total"]), bool(match["change"]), match["sign"], None, goal)
    limit = Decimal(said[:-1]) / 100 if said.endswith("%") else Decimal(said)
    return Condition(text, name, bool(match["total"]), bool(match["change"]), match["sign"], limit)


def named(conditions: Iterable[str]) -> list[str]:
    """The figures that conditions speak of."""
    return [parse(condition).name for condition in conditions]


def needs_earlier(conditions: Iterable[str]) -> bool:
    """Whether a condition speaks of a change, so that an earlier period is needed."""
    return any(parse(condition).change for condition in conditions)


def tripped(answer: Result | Report, conditions: Iterable[str]) -> list[str]:
    """What is true, one line each; a null trips in the total and in a row that has cost.

    Against `target` or `budget`, rows without one are passed over.

    Raises:
        UsageError: a condition that is none, or names no column of the answer.
    """
    found = []
    result = answer if isinstance(answer, Result) else answer.judged()
    for condition in map(parse, conditions):
        known = list(result.total)
        if condition.name not in known:
            raise UsageError(
                "unknown_column",
                f"--fail-if {quoted(condition.text)}: there is no column {quoted(condition.name)}",
                did_you_mean(condition.name, [*known, *figures()], "kpi explain lists the metrics"),
            )
        if condition.goal and not any(condition.goal in row for row in (*result.rows, *result.beyond, result.total)):
            text = (
                f"--fail-if {quoted(condition.text)}: kpi.yml has no {condition.text.split()[-1]} for it in this period"
            )
            raise UsageError("no_goal", text, "add one, or name a figure")
        _ask_percent(result, condition)
        found += _trips(result, condition)
    return found


def _ask_percent(result: Result, condition: Condition) -> None:
    """Refuse a bare number that may be a percentage: `conversion_rate < 2`, `revenue change < -20`."""
    limit = condition.limit or Decimal(0)
    is_rate = any(column.name == condition.name and column.unit == "rate" for column in result.columns)
    beyond = Decimal(10) if condition.change else asked_beyond(condition.name)
    if (condition.change or is_rate) and abs(limit) > beyond and not condition.text.rstrip().endswith("%"):
        said = f"--fail-if {quoted(condition.text)}: {limit} could be {limit}% or {(limit * 100).normalize():,f}%"
        raise UsageError("bad_rate", said, f"write it with its %, such as {limit}%")


def _trips(result: Result, condition: Condition) -> list[str]:
    rows: Sequence[Row] = () if condition.total_only else (*result.rows, *result.beyond)
    before = result.previous.beside((*result.by, "stage")) if result.previous else None
    found = []
    for row in rows:
        if condition.name not in row or not row.get("cost", 1):
            continue
        earlier = before(row) if before else None
        value = _value(condition, row, earlier)
        if value is None and "cost" not in row:  # a funnel's first stage has no step behind it
            continue
        if _is_true(condition, value, row):
            found.append(f"{condition.text}: {' / '.join(_key(result, row))} {_said(condition, value, row, earlier)}")
    earlier = result.previous.total if result.previous else None
    value = _value(condition, result.total, earlier)
    if _is_true(condition, value, result.total):
        found.append(f"{condition.text}: total {_said(condition, value, result.total, earlier)}")
    return found


def _is_true(condition: Condition, value: Decimal | None, row: Row) -> bool:
    """Whether a row trips a condition; one without the goal it would be held against does not."""
    if condition.goal is None:
        return value is None or condition.holds(value)
    goal = row.get(condition.goal)
    return goal is not None and (value is None or condition.holds(value, Decimal(str(goal))))


def _key(result: Result, row: Row) -> tuple[str, ...]:
    return tuple(str(row[d]) for d in (*result.by, "stage") if d in row)


def _value(condition: Condition, row: Row, before: Row | None) -> Decimal | None:
    now = row.get(condition.name)
    if not condition.change:
        return None if now is None else Decimal(str(now))
    earlier = before.get(condition.name) if before else None
    if now is not None and earlier == now:
        return Decimal(0)
    if now is None or not earlier:
        return None
    was = Decimal(str(earlier))
    return (Decimal(str(now)) - was) / abs(was)  # a loss that shrinks is a rise


def _said(condition: Condition, value: Decimal | None, row: Row, before: Row | None) -> str:
    if value is not None:
        return "is " + f"{value:.6f}".rstrip("0").rstrip(".")
    if not condition.change or row.get(condition.name) is None:
        return "is not known"
    known = before is not None and before.get(condition.name) is not None
    return "was 0 before, and no change is a share of 0" if known else "has no earlier figure to compare with"
