"""Own measures and metrics of kpi.yml, as columns of any answer, beside the built-in ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kpi_cli import measures, metrics
from kpi_cli.definitions import MEASURES, ROLES_OF, measures_needed, own_columns, own_label
from kpi_cli.errors import InputError
from kpi_cli.exports.own import OwnColumn
from kpi_cli.metrics import METRICS
from kpi_cli.period import Window
from kpi_cli.questions.laying_out import Answer, Figure
from kpi_cli.result import Column
from kpi_cli.safe import quoted

if TYPE_CHECKING:
    from kpi_cli.books import Books
    from kpi_cli.config import OwnMetric
    from kpi_cli.measures import Measures, Table

_FROM_SPEND = ("impressions", "reach", "engagements", "clicks", "conversions")


def check_columns(books: Books) -> None:
    """Each own measure has its column in some file of its role, if there are any.

    Raises:
        InputError: none has it.
    """
    for measure, own in zip(books.ask.config.measures, own_columns(books.ask.config), strict=True):
        sheets = [source.sheet for source in books.store.of_role(own.role) if source.sheet]
        if sheets and not any(sheet.has(own.column) for sheet in sheets):
            said = f"no file of {own.role} has the column {quoted(own.header)}"
            raise InputError(
                "no_such_column", said, "write it as the file's header does", books.ask.config.file, measure.line
            )


def with_own(
    books: Books, columns: Sequence[tuple[Figure, Column]], answers: Iterable[tuple[Window | None, Answer]]
) -> list[tuple[Figure, Column]]:
    """The columns, then those of kpi.yml; each answer is filled in."""
    config = books.ask.config
    if not (config.measures or config.metrics):
        return list(columns)
    check_columns(books)
    for window, answer in answers:
        _fill(books, window, answer)
    found = list(columns)
    for item in config.own:
        better = getattr(item, "better", None)
        column = Column(item.name, own_label(item.name, item.label), item.unit, better)  # type: ignore[arg-type]  # one of UNITS
        found.append((Figure(item.name, column.unit, better), column))
    return found


def _fill(books: Books, window: Window | None, answer: Answer) -> None:
    """Every row's own figures and the total's, for one window; the total's are counted, not added."""
    whole = replace(books.ask, by=(), period=replace(books.ask.period, every=None))
    by_group = _sums(books, window) if books.ask.dimensions else {}
    total = _sums(replace(books, ask=whole), window).get((), {})
    for key, row, sums in [*((k, r, by_group.get(k, {})) for k, r in answer.rows.items()), (None, answer.total, total)]:
        known = _Known(books, {**_nothing(books), **sums}, row)
        for name in [item.name for item in books.ask.config.own]:
            value, reason = known.value(name)
            row[name] = value
            if reason:
                answer.reasons.setdefault(key, {})[name] = reason


def _sums(books: Books, window: Window | None) -> Table:
    """The measures that own figures need, by group."""
    wanted = measures_needed(books.ask.config)
    tables = [table(books, window) for name, table in _TABLES.items() if name in wanted]
    tables += [_own_sum(books, window, own) for own in own_columns(books.ask.config)]
    if spent := [name for name in _FROM_SPEND if name in wanted]:
        measures.no_edge_inside(books, window)
        picks = ", ".join(f"sum({measures.cut(name)}) AS {name}" for name in spent)
        tables.append(measures.by_group(books, "spend", window, picks))
    found: Table = {}
    for table in tables:
        for key, sums in table.items():
            found.setdefault(key, {}).update({name: value for name, value in sums.items() if value is not None})
    return found


def _own_sum(books: Books, window: Window | None, own: OwnColumn) -> Table:
    if not books.has(own.role):
        return {}
    books.store.ensure(own.role, own.column)
    column = f'"{own.column}"'
    return measures.by_group(books, own.role, window, f"sum({measures.cut(column)}) AS {own.column}")


def _cost(books: Books, window: Window | None) -> Table:
    found: Table = {}
    for table in (measures.spend(books, window), measures.costs(books, window)):
        for key, sums in table.items():
            added = sum((Decimal(value) for value in sums.values() if value is not None), Decimal(0))
            found[key] = {"cost": Decimal(found.get(key, {}).get("cost") or 0) + added}
    return found


def _customers(books: Books, window: Window | None) -> Table:
    books.store.ensure("sales", "customer")
    picks = "count(DISTINCT customer) FILTER (is_order) AS customers"
    return measures.by_group(books, "sales", window, picks)


def _key_events(books: Books, window: Window | None) -> Table:
    return measures.by_group(books, "traffic", window, f"sum({measures.cut('key_events')}) AS key_events")


_TABLES: dict[str, Callable[[Books, Window | None], Table]] = {
    "revenue": measures.sales,
    "orders": measures.sales,
    "customers": _customers,
    "new_customers": measures.new_customers,
    "media_cost": measures.spend,
    "cost": _cost,
    "visits": measures.visits,
    "key_events": _key_events,
    "leads": measures.leads,
}


def _nothing(books: Books) -> Measures:
    """No row is none of it, where there are files that could have had one; not known where there are not."""
    names = {name for name in MEASURES if any(books.has(role) for role in ROLES_OF[name])}
    names |= {own.column for own in own_columns(books.ask.config) if books.has(own.role)}
    return dict.fromkeys(names, 0)


@dataclass(slots=True)
class _Known:
    """What is known of a row: its figures, its sums, and what follows from them."""

    books: Books
    sums: Mapping[str, Any]
    row: Mapping[str, Any]

    def value(self, name: str) -> tuple[Any, str | None]:
        """A figure, or why there is none."""
        config = self.books.ask.config
        mine = next((metric for metric in config.metrics if metric.name == name), None)
        if mine:
            return self._computed(mine)
        own = next((own for own in own_columns(config) if own.name == name), None)
        found = self.sums.get(own.column) if own else self.row.get(name, self.sums.get(name))
        if found is None and not own:
            found = self.sums.get(name)
        if found is None and name in METRICS:
            inputs = {part: self.value(part)[0] for part in METRICS[name].inputs if part != "margin"}
            return metrics.evaluate(name, inputs | {"margin": self.books.ask.profit_share})
        return found, None if found is not None else f"no_{name}"

    def _computed(self, mine: OwnMetric) -> tuple[Any, str | None]:
        parts = {name: self.value(name) for name in mine.formula.names}
        missing = next((reason for value, reason in parts.values() if value is None and reason), None)
        if missing:
            return None, missing
        return mine.formula.evaluate({name: value for name, (value, _) in parts.items()})
