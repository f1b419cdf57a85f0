"""Definitions: every measure and metric there is, the house's own and those of a kpi.yml, by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.config import Config, Goal, check_channels, check_names, check_rates, load_config
from kpi_cli.exports.own import OwnColumn
from kpi_cli.grouping import Grouping
from kpi_cli.metrics import METRICS
from kpi_cli.packaged import package_data
from kpi_cli.result import Better, Unit
from kpi_cli.texts import LANGUAGE, label, sentence

MEASURES: dict[str, tuple[Unit, Better]] = {
    "revenue": ("money", "higher"),
    "media_cost": ("money", "lower"),
    "cost": ("money", "lower"),
    "orders": ("count", "higher"),
    "customers": ("count", "higher"),
    "new_customers": ("count", "higher"),
    "leads": ("count", "higher"),
    "visits": ("count", "higher"),
    "key_events": ("count", "higher"),
    "impressions": ("count", None),
    "reach": ("count", "higher"),
    "engagements": ("count", "higher"),
    "clicks": ("count", "higher"),
    "conversions": ("count", "higher"),
}

# The roles whose files each measure is made from.
ROLES_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("impressions", "reach", "engagements", "clicks", "conversions"), ("spend",)),
    **dict.fromkeys(("revenue", "orders", "customers", "new_customers"), ("sales",)),
    **dict.fromkeys(("visits", "key_events"), ("traffic",)),
    "media_cost": ("spend",),
    "cost": ("spend", "costs"),
    "leads": ("leads", "traffic", "spend"),
}


# Defined, but no question's own column: a kpi.yml may define them in its own way.
OPEN_TO_OWN = frozenset({"cpa", "cpc", "cpm", "ctr", "click_conversion_rate", "engagement_rate", "completion_rate"})


class Definition(Struct, frozen=True):
    """What a measure or metric is. `formula` is a sentence for a measure; `needs` are what a formula is made of."""

    name: str
    label: str
    unit: str
    better: Better
    formula: str
    needs: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    source: str = ""


def built_in() -> set[str]:
    """The names that formulas, targets and benchmarks may use without defining them."""
    return {*MEASURES, *METRICS}


def load_settings(path: Path) -> Config:
    """Read a kpi.yml, the names in its formulas, targets, budgets and benchmarks checked.

    Raises:
        Refusals: one error for each mistake.
        InputError: the file cannot be read, or is not YAML.
    """
    config = load_config(path)
    grouping = Grouping(config.channels, config.strategies)
    check_names(config, built_in(), OPEN_TO_OWN, _columns() - OPEN_TO_OWN)
    check_rates((*config.targets, *config.benchmarks), _rate_limits(config), config.file)
    for goals in (config.targets, config.budgets):
        check_channels(goals, grouping, config.file)
    return replace(
        config,
        targets=tuple(_canonical(goal, grouping) for goal in config.targets),
        budgets=tuple(_canonical(goal, grouping) for goal in config.budgets),
    )


_RETURNS = {"roi", "training_roi"}  # rates that are above 100% where all goes well


def _rate_limits(config: Config) -> dict[str, Decimal]:
    """For each rate, the bare number beyond which it may be meant as a percentage."""
    units = {name: metric.unit for name, metric in METRICS.items()} | {own.name: own.unit for own in config.metrics}
    return {name: asked_beyond(name) for name, unit in units.items() if unit == "rate"}


def asked_beyond(name: str) -> Decimal:
    """The bare number beyond which a rate may be meant as a percentage: a return may well be 3, no share can.

    >>> asked_beyond("roi"), asked_beyond("conversion_rate")
    (Decimal('10'), Decimal('1'))
    """
    return Decimal(1 if name in METRICS and name not in _RETURNS else 10)


def _columns() -> frozenset[str]:
    """The names of dimensions and of all columns that answers have."""
    return frozenset(package_data("labels.yaml")["metrics"])


def _canonical(goal: Goal, grouping: Grouping) -> Goal:
    return goal if goal.channel is None else goal._replace(channel=grouping.canonical(goal.channel))


def definitions(config: Config) -> Iterator[Definition]:
    """Every measure, then every metric; those of kpi.yml close each of the two."""
    for name, (unit, better) in MEASURES.items():
        yield Definition(name, label(name), unit, better, label(name, "measures"))
    place = config.file or "kpi.yml"
    for own in config.measures:
        formula = f"{own.how}({own.role}.{own.header})"
        yield Definition(
            own.name, own_label(own.name, own.label), own.unit, None, formula, (), (), f"{place}:{own.line}"
        )
    anew = {item.name for item in config.own}
    for metric in METRICS.values():
        if metric.name in anew:
            continue
        needs = tuple(f"{i} = {metric.defaults[i]}" if i in metric.defaults else i for i in metric.inputs)
        yield Definition(
            metric.name,
            label(metric.name),
            metric.unit,
            metric.better,
            metric.formula,
            needs,
            tuple(map(sentence, metric.edges)),
            sentence(metric.source),
        )
    for mine in config.metrics:
        needs = tuple(mine.formula.names)
        edges = tuple(sentence("{} 0: null").format(name) for name in _divisors(mine.formula.text, needs))
        text, source = mine.formula.text, f"{place}:{mine.line}"
        yield Definition(
            mine.name, own_label(mine.name, mine.label), mine.unit, mine.better, text, needs, edges, source
        )


def own_label(name: str, labels: object) -> str:
    """What a measure or metric of kpi.yml is called in the language of the run."""
    known = labels if isinstance(labels, dict) else {}
    return str(known.get(LANGUAGE.get()) or label(name))


def _divisors(formula: str, names: tuple[str, ...]) -> list[str]:
    """The names that directly follow a division sign."""
    import re

    divided = set(re.findall(r"[/÷]\s*([^\W\d]\w*)", formula))
    return [name for name in names if name in divided]


def own_columns(config: Config) -> tuple[OwnColumn, ...]:
    """The columns that the own measures of a kpi.yml are made from."""
    return tuple(OwnColumn(m.name, m.how, m.header, m.role) for m in config.measures)


def roles_of_own(config: Config, also: Collection[str] = ()) -> frozenset[str]:
    """The roles whose files own measures and metrics, and the figures `also` asked for, are made from."""
    own = {measure.role for measure in config.measures}
    return frozenset(own.union(*(ROLES_OF[name] for name in measures_needed(config, also))))


def roles_counted(config: Config, also: Collection[str], leads_from: str | None) -> set[str]:
    """Of those roles, the ones whose rows are counted: leads come from one of several."""
    needed = measures_needed(config, also)
    roles = {measure.role for measure in config.measures}.union(*(ROLES_OF[n] for n in needed if n != "leads"))
    return roles | ({leads_from} if leads_from and "leads" in needed else set())


def measures_needed(config: Config, also: Collection[str] = ()) -> set[str]:
    """The built-in measures that own metrics, and the figures `also` asked for, come down to."""
    return names_needed(config, also) & set(ROLES_OF)


def computable(name: str) -> bool:
    """Whether a built-in figure follows from measures alone, so that any question can give it.

    >>> computable("cpc"), computable("repeat_rate")
    (True, False)
    """
    return name in MEASURES or (
        name in METRICS and all(computable(i) for i in METRICS[name].inputs if i not in METRICS[name].defaults)
    )


def figures() -> list[str]:
    """The built-in figures that any question can give."""
    return sorted(name for name in built_in() if computable(name))


def asked_by_name(names: Iterable[str]) -> tuple[str, ...]:
    """Those of some names that are built-in figures any question can give."""
    return tuple(dict.fromkeys(name for name in names if computable(name)))


def names_needed(config: Config, also: Collection[str] = ()) -> set[str]:
    """The names that own metrics, and the figures `also` asked for, are computed from at any depth."""
    formulas = {metric.name: metric.formula for metric in config.metrics}
    waiting, seen = [*also, *(name for formula in formulas.values() for name in formula.names)], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += formulas[name].names if name in formulas else METRICS[name].inputs if name in METRICS else ()
    return seen
