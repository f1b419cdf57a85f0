"""A training's costs and gain as a YAML file says them, for `kpi roi --training FILE`.

training: Selling online        # its name; optional
currency: EUR
direct: {material: 1200, platform: 800}
participants: 12
hours: 14                       # of each participant
hourly_cost: 35.50
gain: 9000                      # stated; or measured on sales, `before` and `after` being
sales: {before: 2026-06, after: 2026-09, margin: 60%}    # months, {from:, to:} or amounts
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from kpi_cli.config import nodes  # the typed reading of kpi.yml, its messages and its places, serve this file too
from kpi_cli.config.nodes import Convert
from kpi_cli.errors import InputError, Refusals
from kpi_cli.exports import strict_yaml
from kpi_cli.exports.strict_yaml import Node, Scalar
from kpi_cli.period import Window

_NUMBER_OF = ("participants", "hours", "hourly_cost")


class Measured(NamedTuple):
    """Sales before and after a training: amounts, or the days whose sales are taken from the files."""

    before: Decimal | Window
    after: Decimal | Window
    margin: Decimal | None


class Training(NamedTuple):
    """What a training cost and brought; money in `currency`, hours for each participant."""

    file: str
    name: str | None
    currency: str | None
    direct: Mapping[str, Decimal]
    participants: Decimal
    hours: Decimal
    hourly_cost: Decimal
    gain: Decimal | None
    sales: Measured | None


def load_training(path: Path) -> Training:
    """Read a training's file.

    Raises:
        Refusals: one error for each mistake, with its line and column.
        InputError: the file cannot be read, is not YAML, or gives not exactly one of gain and sales.
    """
    file = str(path)
    tree = nodes.tree(nodes.content(path), file)
    try:
        values = nodes.fields(tree, _KNOWN, ["direct"])
        if ("gain" in values) == ("sales" in values):
            raise nodes.mistake(tree, "gain_unclear", "the gain is stated or measured", "give one of gain: and sales:")
    except InputError as refused:
        raise Refusals(nodes.in_file(refused.parts(), file)) from None
    nothing: dict[str, Any] = {"training": None, "currency": None, "gain": None, "sales": None}
    found = nothing | dict.fromkeys(_NUMBER_OF, Decimal(0)) | values
    return Training(file, found.pop("training"), **found)


def _not_negative(node: Node) -> Decimal:
    amount = nodes.money(node)
    if amount < 0:
        raise nodes.mistake(node, "bad_number", f"{nodes.seen(node)} is below 0", "give 0 or more")
    return amount


def _amount_or_days(node: Node) -> Decimal | Window:
    """An amount, a month such as 2026-06, or {from: …, to: …}."""
    if isinstance(node, strict_yaml.Mapping):
        days = nodes.fields(node, {"from": nodes.date, "to": nodes.date}, ["from", "to"])
        if days["to"] < days["from"]:
            raise nodes.mistake(node, "reversed_period", "the period ends before it begins", "swap the two dates")
        return Window(days["from"], days["to"])
    if isinstance(node, Scalar) and node.text.count("-") == 1 and not node.text.startswith("-"):
        first = nodes.begin(node)
        return Window(first, first.replace(day=monthrange(first.year, first.month)[1]))
    return nodes.money(node)


def _measured(node: Node) -> Measured:
    known: dict[str, Convert[Any]] = {"before": _amount_or_days, "after": _amount_or_days, "margin": nodes.share}
    values = nodes.fields(node, known, ["before", "after"])
    if isinstance(values["before"], Window) != isinstance(values["after"], Window):
        said = "one of before and after is an amount, the other a period"
        raise nodes.mistake(node, "wrong_type", said, "give two of a kind")
    return Measured(values["before"], values["after"], values.get("margin"))


_KNOWN: dict[str, Convert[Any]] = {
    "training": nodes.text,
    "currency": nodes.currency,
    "direct": partial(nodes.dictionary, _not_negative),
    **dict.fromkeys(_NUMBER_OF, _not_negative),
    "gain": nodes.money,
    "sales": _measured,
}
