"""Figures beside a question's own: measures and metrics of kpi.yml, and built-in ones that are asked for by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from kpi_cli import measures, metrics
from kpi_cli.definitions import MEASURES, ROLES_OF, measures_needed, names_needed, own_columns, own_label
from kpi_cli.errors import InputError
from kpi_cli.exports.own import OwnColumn
from kpi_cli.metrics import METRICS
from kpi_cli.period import Window
from kpi_cli.questions.figures import Answer, Figure, of_all_channels
from kpi_cli.result import Column
from kpi_cli.safe import quoted
from kpi_cli.texts import label, note

if TYPE_CHECKING:
    from kpi_cli.ask import Ask
    from kpi_cli.books import Books
    from kpi_cli.config import Measure, OwnMetric
    from kpi_cli.measures import Key, Measures, Table

_FROM_SPEND = ("impressions", "reach", "engagements", "clicks", "conversions")
Found = tuple[Any, str | None]  # a figure, or None and why there is none


def with_own(
    books: Books, columns: Sequence[tuple[Figure, Column]], answers: Iterable[tuple[Window | None, Answer]]
) -> list[tuple[Figure, Column]]:
    """The columns, then those of kpi.yml and those asked for by name; each answer is filled in.

    Raises:
        InputError: an own measure's column is in no file of its role.
    """
    shown = {column.name for _, column in columns}
    added = [pair for pair in own_figures(books.ask) if pair[1].name not in shown]
    if not added:
        return list(columns)
    for summed in _columns_summed(books):
        _tell_missing(books, *summed)
    for window, answer in answers:
        _fill(books, window, answer, [column.name for _, column in added])
    return [*columns, *added]


def own_figures(ask: Ask) -> list[tuple[Figure, Column]]:
    """The figures of kpi.yml, then the built-in ones asked for by name."""
    columns = []
    for item in ask.config.own:
        better = getattr(item, "better", None)
        columns.append(Column(item.name, own_label(item.name, item.label), item.unit, better))  # type: ignore[arg-type]  # one of UNITS
    taken = {column.name for column in columns}
    for name in ask.also:
        unit, better = MEASURES[name] if name in MEASURES else (METRICS[name].unit, METRICS[name].better)
        if name not in taken:
            columns.append(Column(name, label(name), unit, better))
    return [(Figure(column.name, column.unit, column.better), column) for column in columns]


def _columns_summed(books: Books) -> list[tuple[str, str, Measure | None]]:
    """The columns that are added up, with their role, and the own measure that names them."""
    config = books.ask.config
    wanted = measures_needed(config, books.ask.also)
    summed: list[tuple[str, str, Measure | None]] = [("spend", name, None) for name in _FROM_SPEND if name in wanted]
    own = zip(own_columns(config), config.measures, strict=True)
    return summed + [(column.role, column.column, measure) for column, measure in own]


def _tell_missing(books: Books, role: str, column: str, measure: Measure | None) -> None:
    """Name the files of a role that lack a column which others have; refuse an own one that none has."""
    sources = [source for source in books.store.of_role(role) if source.sheet]
    lacking = [source.file for source in sources if source.sheet and not source.sheet.has(column)]
    if measure and sources and len(lacking) == len(sources):
        said = f"no file of {role} has the column {quoted(measure.header)}"
        line, column_ = measure.header_at or (measure.line, measure.column)
        fix = "write it as the file's header does"
        raise InputError("no_such_column", said, fix, books.ask.config.file, line, column_)
    if lacking and len(lacking) < len(sources):
        named = own_label(measure.name, measure.label) if measure else label(column)
        books.notes.append(note("measure_in_part", measure=named, files=", ".join(lacking)))


def _fill(books: Books, window: Window | None, answer: Answer, names: Sequence[str]) -> None:
    """Every row's figures and the total's, for one window; the total's are counted, not added."""
    rows = _sums(books, window) if books.ask.dimensions else {}
    lost = _without_source(books, window) if rows else frozenset()
    nothing = _nothing(books)
    for key, row in answer.rows.items():
        reasons = answer.reasons.setdefault(key, {})
        unknown = {"revenue": "sales_without_source"} if key in lost else {}
        known = _Known(books, nothing | rows.get(key, {}), row, unknown | reasons)
        _complete(row, reasons, known, names)
    reasons = answer.reasons.setdefault(None, {})
    known = _Known(books, nothing | _whole(books, window), answer.total, {**reasons})
    _complete(answer.total, reasons, known, names)


def _complete(row: Measures, reasons: dict[str, str], known: _Known, names: Sequence[str]) -> None:
    for name in names:
        row[name], reason = known.value(name)
        if reason:
            reasons[name] = reason


# ----------------------------------------------------------------------------------------------- sums


def _whole(books: Books, window: Window | None) -> Measures:
    """The sums over all rows; the total's ROAS is that of the channels that have media cost (contract §6)."""
    alone = measures.ungrouped(books)
    sums = _sums(alone, window).get((), {})
    if "roas" in names_needed(books.ask.config, books.ask.also) and sums.get("media_cost"):
        paid = measures.revenue_of_paid_channels(alone, window).get((), Decimal(0))
        known = measures.attributable(books, window)
        sums["roas"] = metrics.ratio(paid, sums["media_cost"]) if known else None
    return sums


def _sums(books: Books, window: Window | None) -> Table:
    """The measures that the figures come down to, by group."""
    wanted = measures_needed(books.ask.config, books.ask.also)
    tables = [_counted(table(books, window)) for name, table in _TABLES.items() if name in wanted]
    tables += [_own_sum(books, window, own) for own in own_columns(books.ask.config)]
    if spent := [name for name in _FROM_SPEND if name in wanted]:
        measures.no_edge_inside(books, window)
        picks = ", ".join(f"{_KNOWN_SUM.format(measures.cut(name))} AS {name}" for name in spent)
        tables.append(measures.by_group(books, "spend", window, picks))
    found: Table = {}
    for table in tables:
        for key, sums in table.items():
            found.setdefault(key, {}).update(sums)
    return found


# Without a row there is none of it; rows whose cells are all empty do not say how much there was.
_KNOWN_SUM = "CASE WHEN count(*) = 0 THEN 0 ELSE sum({}) END"


def _counted(table: Table) -> Table:
    """A table without the sums over no row."""
    return {key: {name: value for name, value in sums.items() if value is not None} for key, sums in table.items()}


def _own_sum(books: Books, window: Window | None, own: OwnColumn) -> Table:
    if not books.has(own.role):
        return {}
    if own.role != "costs":  # which are by month, and always spread by day
        measures.no_edge_inside(books, window, own.role)
    books.store.ensure(own.role, own.column)
    how = "coalesce(sum({}), 0)" if own.how == "count" else _KNOWN_SUM
    once = measures.counted_once(books, own.column) if own.role == "traffic" else "true"
    cut = measures.cut(f'"{own.column}"')
    picks = how.format(f"CASE WHEN {once} THEN {cut} END")
    return measures.by_group(books, own.role, window, f"{picks} AS {own.column}")


def _cost(books: Books, window: Window | None) -> Table:
    found: Table = {}
    for table in (measures.spend(books, window), measures.costs(books, window)):
        for key, sums in table.items():
            added = sum((Decimal(value) for value in sums.values() if value is not None), Decimal(0))
            found[key] = {"cost": Decimal(found.get(key, {}).get("cost") or 0) + added}
    return found


_TABLES: dict[str, Callable[[Books, Window | None], Table]] = {
    "revenue": measures.sales,
    "orders": measures.sales,
    "customers": measures.customers,
    "new_customers": measures.new_customers,
    "media_cost": measures.spend,
    "cost": _cost,
    "visits": measures.visits,
    "key_events": measures.key_events,
    "leads": measures.leads,
}


def _without_source(books: Books, window: Window | None) -> frozenset[Key]:
    """The groups with cost whose revenue is not known, since no sale says where it came from."""
    if not books.has("sales") or of_all_channels(books) or measures.attributable(books, window):
        return frozenset()
    return frozenset(key for key, sums in _cost(books, window).items() if sums["cost"])


def _nothing(books: Books) -> Measures:
    """No row is none of it, where there are files that could have had one; not known where there are not."""
    names = {name for name in MEASURES if any(books.has(role) for role in ROLES_OF[name])}
    names |= {own.column for own in own_columns(books.ask.config) if books.has(own.role)}
    sheets = [source.sheet for source in books.store.of_role("spend") if source.sheet]
    names -= {name for name in _FROM_SPEND if not any(sheet.has(name) for sheet in sheets)}
    if not (books.has("sales") and measures.names_people(books)):
        names -= {"customers", "new_customers"}
    if books.leads_from is None:
        names -= {"leads"}
    return dict.fromkeys(names, 0)


# -------------------------------------------------------------------------------------------- figures


class _Known(Struct):
    """What is known of a row: its figures and why some are null, its sums, and what follows from them."""

    books: Books
    sums: Mapping[str, Any]
    row: Mapping[str, Any]
    reasons: Mapping[str, str]

    def value(self, name: str) -> Found:
        """A figure, or why there is none."""
        config = self.books.ask.config
        mine = next((metric for metric in config.metrics if metric.name == name), None)
        if mine:
            return self._computed(mine)
        own = next((own.column for own in own_columns(config) if own.name == name), None)
        if own or name in self.reasons:
            return self._given(self.sums.get(own) if own else None, name)
        found = self.row.get(name)
        if found is None and name in METRICS and name not in self.sums:
            return self._built_in(name)
        return self._given(self.sums.get(name) if found is None else found, name)

    def _given(self, value: Any, name: str) -> Found:
        return value, None if value is not None else self.reasons.get(name, f"no_{name}")

    def _computed(self, mine: OwnMetric) -> Found:
        parts = {name: self.value(name) for name in mine.formula.names}
        missing = next((reason for value, reason in parts.values() if value is None), None)
        if missing:
            return None, missing
        return mine.formula.evaluate({name: value for name, (value, _) in parts.items()})

    def _built_in(self, name: str) -> Found:
        metric = METRICS[name]
        parts = {part: self.value(part) for part in metric.inputs if part not in metric.defaults}
        missing = next((reason for value, reason in parts.values() if value is None), None)
        if missing:
            return None, missing
        margin = {"margin": self.books.ask.profit_share}
        return metrics.evaluate(name, {part: value for part, (value, _) in parts.items()} | margin)
