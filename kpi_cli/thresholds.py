"""`--fail-if`: conditions on figures, such as `cac > 120`, `total.roi < 20%`, `revenue change < -20%`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpi_cli.errors import UsageError
from kpi_cli.formula import did_you_mean
from kpi_cli.result import Result, Row
from kpi_cli.safe import quoted

_CONDITION = re.compile(
    r"\s*(?P<total>total\.)?(?P<name>[a-z_]\w*)(?P<change>\s+change)?\s*(?P<sign><=|>=|==|!=|<|>|=)\s*"
    r"(?P<limit>[+-]?\d+(?:\.\d+)?\s*%?)\s*",
    re.IGNORECASE,
)
_SIGNS = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, understood."""

    text: str
    name: str
    total_only: bool
    change: bool
    sign: str
    limit: Decimal

    def holds(self, value: object) -> bool:
        """Whether a figure trips the condition."""
        number = Decimal(str(value))
        return bool(_SIGNS[self.sign](number, self.limit))


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
    said = match["limit"].replace(" ", "")
    limit = Decimal(said[:-1]) / 100 if said.endswith("%") else Decimal(said)
    return Condition(text, match["name"], bool(match["total"]), bool(match["change"]), match["sign"], limit)


def tripped(result: Result, conditions: Iterable[str]) -> list[str]:
    """What is true, one line each; a null trips in the total and in a row that has cost.

    Raises:
        UsageError: a condition that is none, or names no column of the answer.
    """
    found = []
    for condition in map(parse, conditions):
        known = list(result.total)
        if condition.name not in known:
            raise UsageError(
                "unknown_column",
                f"--fail-if {quoted(condition.text)}: there is no column {quoted(condition.name)}",
                did_you_mean(condition.name, known),
            )
        found += _trips(result, condition)
    return found


def _trips(result: Result, condition: Condition) -> list[str]:
    rows: Sequence[Row] = () if condition.total_only else result.rows
    before = {_key(result, row): row for row in result.previous.rows} if result.previous else {}
    found = []
    for row in rows:
        if condition.name not in row or not row.get("cost", 1):
            continue
        value = _value(condition, row, before.get(_key(result, row)))
        if value is None and "cost" not in row:  # a funnel's first stage has no step behind it
            continue
        if value is None or condition.holds(value):
            found.append(f"{condition.text}: {' / '.join(_key(result, row))} is {_shown(value)}")
    value = _value(condition, result.total, result.previous.total if result.previous else None)
    if value is None or condition.holds(value):
        found.append(f"{condition.text}: total is {_shown(value)}")
    return found


def _key(result: Result, row: Row) -> tuple[str, ...]:
    return tuple(str(row[d]) for d in (*result.by, "stage") if d in row)


def _value(condition: Condition, row: Row, before: Row | None) -> Decimal | None:
    now = row.get(condition.name)
    if not condition.change:
        return None if now is None else Decimal(str(now))
    earlier = before.get(condition.name) if before else None
    if now is None or not earlier:
        return None
    return Decimal(str(now)) / Decimal(str(earlier)) - 1


def _shown(value: Decimal | None) -> str:
    return "not known" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")
