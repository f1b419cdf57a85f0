"""A kpi.yml → `Config`: every value typed, every mistake told with its line and column, all of them at once."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from kpi_cli.config import (
    CATEGORIES,
    LANGUAGES,
    ROLES,
    STRATEGIES,
    UNITS,
    Benchmark,
    ChannelRule,
    Config,
    Cost,
    Goal,
    Listed,
    Measure,
    OwnMetric,
    Pattern,
    Placed,
    Rate,
    Report,
    Source,
    nodes,
)
from kpi_cli.config.nodes import Convert
from kpi_cli.errors import InputError, Refusals
from kpi_cli.exports import strict_yaml
from kpi_cli.exports.strict_yaml import Node, Scalar
from kpi_cli.safe import printable, quoted

if TYPE_CHECKING:
    from kpi_cli.formula import Formula

T = TypeVar("T")


def load_config(path: Path) -> Config:
    """Read a kpi.yml.

    Raises:
        Refusals: one error for each mistake, in the file's order.
        InputError: the file cannot be read, or is not YAML.
    """
    import hashlib

    file = str(path)
    content = nodes.content(path)
    tree = nodes.tree(content, file)
    if isinstance(tree, Scalar) and tree.null:
        tree = strict_yaml.Mapping(1, 1)
    try:
        values = nodes.fields(tree, {**_SETTINGS, "metrics": partial(_metrics, file)}, elsewhere=_OF_SOURCES)
        _check_own_names(values)
    except InputError as refused:
        raise Refusals(nodes.in_file(refused.parts(), file)) from None
    return Config(**values, folder=path.parent, file=file, sha256=hashlib.sha256(content).hexdigest())


def _address(node: Node) -> tuple[str, ...]:
    from kpi_cli.warehouse.addresses import is_address

    text = nodes.text(node)
    if not is_address(text):  # what looks almost like one may hold a password and is not shown
        raise nodes.mistake(node, "bad_address", "this is no address", "write it like postgres://host/database")
    return (text,)


_SOURCE: dict[str, Convert[Any]] = {
    "files": partial(nodes.each, nodes.placed),
    "from": _address,
    "table": nodes.text,
    "query": nodes.text,
    "columns": partial(nodes.dictionary, nodes.text),
    "role": nodes.word(*ROLES),
    "format": nodes.text,
    "decimal": nodes.word(".", ","),
    "date_format": nodes.word("dmy", "mdy", "ymd", "excel"),
    "encoding": nodes.encoding,
    "tz": nodes.zone,
    "currency": nodes.currency,
    "map": partial(nodes.dictionary, nodes.text),
    "statuses": partial(nodes.dictionary, nodes.fate),
    "accounts": nodes.word("separate"),
}


def _source(node: Node) -> Source:
    """A glob or an address, or `files:` or `from:` with how they are to be read."""
    if isinstance(node, Scalar):
        return Source((nodes.placed(node),))
    has_address = isinstance(node, strict_yaml.Mapping) and "from" in node.items
    values = nodes.fields(node, _SOURCE, ["from" if has_address else "files"], elsewhere=_OF_ALL)
    for one, other in (("from", "files"), ("table", "query"), ("map", "columns")):
        if one in values and other in values:
            raise nodes.mistake(node, "two_keys", f"“{one}” and “{other}” say the same", "keep one of them")
    if not has_address and (extra := values.keys() & {"table", "query"}):
        raise nodes.mistake(node, "missing_key", f"“{min(extra)}” is of a database", "add from: with its address")
    named = {"map": "columns", "from": "files"}
    return Source(**{named.get(name, name): value for name, value in values.items()})


def _listed(convert: Convert[T], node: Node) -> Listed[T]:
    """A file, records, or a list of both."""
    files: list[str] = []
    records: list[T] = []

    def sort(item: Node) -> None:
        if isinstance(item, Scalar):
            files.append(nodes.placed(item))
        else:
            records.append(convert(item))

    nodes.each(sort, node)
    return Listed(tuple(files), tuple(records))


_COST: dict[str, Convert[Any]] = {
    "month": nodes.month,
    "start": nodes.date,
    "end": nodes.date,
    "cost": nodes.money,
    "category": nodes.word(*CATEGORIES),
    "strategy": nodes.word(*STRATEGIES),
    "channel": nodes.text,
    "campaign": nodes.text,
    "currency": nodes.currency,
}


def _cost(node: Node) -> Cost:
    values = nodes.fields(node, _COST, ["cost"])
    days = [key for key in ("month", "start", "end") if key in values]
    if days not in (["month"], ["start", "end"]):
        raise nodes.mistake(node, "missing_key", "a cost needs its period", "write month:, or start: and end:")
    start, end = values["month"] if "month" in values else (values["start"], values["end"])
    if end < start:
        raise nodes.mistake(node, "bad_date", f"end {end} is before start {start}", "swap them")
    names = ("strategy", "channel", "campaign", "currency")
    rest = {name: values.get(name) for name in names}
    return Cost(start, end, values["cost"], values.get("category", "other"), **rest, line=node.line)


def _rate(node: Node) -> Rate:
    known = {"date": nodes.date, "currency": nodes.currency, "rate": nodes.positive}
    return Rate(**nodes.fields(node, known, known), line=node.line)


def _pattern(node: Node) -> Pattern:
    text = nodes.text(node)
    if not (len(text) > 2 and text.startswith("/") and text.endswith("/")):
        return Pattern(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what re finds doubtful is a mistake here
            return Pattern(text, re.compile(text[1:-1], re.IGNORECASE))
    except (re.error, Warning, RecursionError, OverflowError) as error:
        said = f"{nodes.seen(node)} is not a regular expression ({printable(str(error))})"
        raise nodes.mistake(node, "bad_pattern", said, "mend it, or leave the slashes out") from None


def _channel_rule(node: Node) -> ChannelRule:
    parts: dict[str, Convert[Any]] = dict.fromkeys(("source", "medium", "campaign"), partial(nodes.each, _pattern))
    values = nodes.fields(node, {"channel": nodes.text, **parts}, ["channel"])
    if len(values) == 1:
        fix = "add source:, medium: or campaign:"
        raise nodes.mistake(node, "missing_key", "this rule would match everything", fix)
    return ChannelRule(**(dict.fromkeys(parts, ()) | values), line=node.line)


def _goals(metric: str, channel: Scalar | None, key: Scalar, node: Node) -> tuple[Goal, ...]:
    """One value for always, or several, each with the day it begins; `key` is what names them."""
    named = channel.text if channel else None
    place = (key.line, key.column, (channel.line, channel.column) if channel else None)
    if isinstance(node, Scalar):
        return (Goal(metric, named, nodes.percent(node), None, *place, nodes.bare_at(node)),)

    def goal(item: Node) -> Goal:
        values = nodes.fields(item, {"from": nodes.begin, "value": nodes.percent}, ["value"])
        return Goal(
            metric, named, values["value"], values.get("from"), *place, nodes.bare_at(nodes.pairs(item).items["value"])
        )

    goals = nodes.each(goal, node)
    starts = [goal.start for goal in goals]
    if len(set(starts)) < len(starts):
        raise nodes.mistake(node, "duplicate_date", "two values begin on the same day", "give each its own from:")
    return goals


def _target(key: Scalar, node: Node) -> tuple[Goal, ...]:
    """metric: goals, or channel: {metric: goals}."""
    if isinstance(node, strict_yaml.Mapping) and not node.items.keys() & {"from", "value"}:
        nested = nodes.named(lambda metric, child: _goals(metric.text, key, metric, child), node)
        return tuple(goal for goals in nested for goal in goals)
    return _goals(key.text, None, key, node)


def _budget(key: Scalar, node: Node) -> tuple[Goal, ...]:
    """channel: goals, or total: goals."""
    return _goals("cost", None if key.text == "total" else key, key, node)


def _joined(convert: Callable[[Scalar, Node], tuple[Goal, ...]], node: Node) -> tuple[Goal, ...]:
    return tuple(goal for goals in nodes.named(convert, node) for goal in goals)


def _benchmark(node: Node) -> Benchmark:
    known = {
        "metric": nodes.placed,
        "value": nodes.percent,
        "sector": nodes.text,
        "year": nodes.year,
        "source": nodes.text,
    }
    values = nodes.fields(node, known, known)
    bare_at = nodes.bare_at(nodes.pairs(node).items["value"])
    return Benchmark(**values, line=values["metric"].line, column=values["metric"].column, bare_at=bare_at)


def _measure(key: Scalar, node: Node) -> Measure:
    known = {
        "sum": nodes.placed,
        "count": nodes.placed,
        "role": nodes.word(*ROLES),
        "unit": nodes.word(*UNITS),
        "label": nodes.label,
    }
    values = nodes.fields(node, known, ["role"])
    ways = [way for way in ("sum", "count") if way in values]
    if len(ways) != 1:
        raise nodes.mistake(
            node, "missing_key", "a measure is one sum or one count", "write sum: HEADER, or count: HEADER"
        )
    how: Literal["sum", "count"] = "sum" if "sum" in values else "count"
    unit, label = values.get("unit", "count"), values.get("label", {})
    header: Placed = values[how]
    at = header.line, header.column
    return Measure(nodes.name(key), how, header, values["role"], unit, label, key.line, key.column, at)


def _metric(file: str, key: Scalar, node: Node) -> OwnMetric:
    def formula(text: Node) -> Formula:
        from kpi_cli.formula import parse

        inside = isinstance(text, Scalar) and text.quoted
        return parse(nodes.text(text), file, text.line, text.column + inside)

    better = nodes.word("higher", "lower")
    known: dict[str, Convert[Any]] = {
        "formula": formula,
        "unit": nodes.word(*UNITS),
        "better": better,
        "label": nodes.label,
    }
    values = nodes.fields(node, known, ["formula", "unit"])
    return OwnMetric(nodes.name(key), **({"better": None, "label": {}} | values), line=key.line, column=key.column)


def _metrics(file: str, node: Node) -> tuple[OwnMetric, ...]:
    from kpi_cli.formula import check_cycles

    metrics = nodes.named(partial(_metric, file), node)
    check_cycles({metric.name: metric.formula for metric in metrics})
    return metrics


def _check_own_names(values: Mapping[str, Any]) -> None:
    """A name is a measure's or a metric's, not both."""
    gather = nodes.Gather()
    measures = {measure.name: measure.line for measure in values.get("measures", ())}
    for metric in values.get("metrics", ()):
        if metric.name in measures:
            said = f"{quoted(metric.name)} is a measure already, in line {measures[metric.name]}"
            gather.error(InputError("name_taken", said, "choose another name", None, metric.line, metric.column))
    gather.finish()


_SETTINGS: dict[str, Convert[Any]] = {
    "sources": partial(nodes.each, _source),
    "costs": partial(_listed, _cost),
    "margin": nodes.share,
    "vat": nodes.share,
    "currency": nodes.currency,
    "lang": nodes.word(*LANGUAGES),
    "tz": nodes.zone,
    "rates": partial(_listed, _rate),
    "channels": partial(nodes.each, _channel_rule),
    "strategies": partial(nodes.dictionary, nodes.word(*STRATEGIES)),
    "products": partial(nodes.dictionary, nodes.text),
    "lead_event": nodes.text,
    "targets": partial(_joined, _target),
    "budgets": partial(_joined, _budget),
    "benchmarks": partial(nodes.each, _benchmark),
    "measures": partial(nodes.named, _measure),
    "report": lambda node: Report(**nodes.fields(node, {"title": nodes.text, "lang": nodes.word(*LANGUAGES)})),
}

_OF_SOURCES = {name: f"it belongs to an entry of sources: {{files: …, {name}: …}}" for name in _SOURCE}
_OF_ALL = dict.fromkeys([*_SETTINGS, "metrics"], "it belongs at the left edge, beside sources:")
