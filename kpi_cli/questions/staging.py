"""Counts of stages into rows: rates with their intervals, the biggest leak, and notes on what to mind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from msgspec import Struct

from kpi_cli import metrics
from kpi_cli.following import Trail
from kpi_cli.measures import Key, Measures, Table
from kpi_cli.models.abtest import wilson
from kpi_cli.period import Window
from kpi_cli.questions.figures import Answer, Figure
from kpi_cli.result import Better, Column, Note, Null, Previous, Result, Row, Span, Unit, Value
from kpi_cli.texts import label, note

FEW_CONVERSIONS, FEW_PEOPLE = 10, 100

_UNITS: dict[str, Unit] = {
    "stage": "text",
    "count": "count",
    "step_rate": "rate",
    "overall_rate": "rate",
    "lost": "count",
    "step_rate_low": "rate",
    "step_rate_high": "rate",
    "overall_rate_low": "rate",
    "overall_rate_high": "rate",
}
_BETTER: dict[str, Better] = {
    "count": "higher",
    "step_rate": "higher",
    "overall_rate": "higher",
    "lost": "lower",
}


class Counts(Struct):
    """What one window holds: each stage's count by group and over all, and what following people found."""

    groups: Table
    whole: Measures
    trail: Trail | None = None


def filled(sums: Mapping[str, Any], names: Sequence[str]) -> Measures:
    """A count for each stage; none known is none there."""
    return {name: sums.get(name) or 0 for name in names}


def begun(sums: Mapping[str, Any], names: Sequence[str]) -> Measures:
    """A group's counts: nothing known before its first stage, and none where a later stage has no row.

    Visits from a search engine were never an impression of an ad: their funnel begins with the visit.
    """
    first = next((place for place, name in enumerate(names) if sums.get(name) is not None), 0)
    return {name: None if place < first else sums.get(name) or 0 for place, name in enumerate(names)}


def added(groups: Table, names: Sequence[str]) -> Measures:
    """Each stage's counts added up over groups."""
    return {name: sum((sums.get(name) or 0 for sums in groups.values()), 0) for name in names}


def _figures(count: Value, before: Value, first: Value) -> Row:
    """One stage's rates, fractions, with their Wilson intervals (95 %)."""
    step, overall = metrics.ratio(count, before), metrics.ratio(count, first)
    row: Row = {"count": count, "step_rate": step, "overall_rate": overall}
    row["lost"] = None if before is None else before - count  # type: ignore[operator,assignment]  # counts are numbers
    for name, whole in (("step_rate", before), ("overall_rate", first)):
        interval = None if before is None else wilson(float(count), float(whole))  # type: ignore[arg-type]
        row[f"{name}_low"], row[f"{name}_high"] = interval or (None, None)
    return row


def stage_rows(dims: Sequence[str], key: Key, names: Sequence[str], sums: Measures) -> list[Row]:
    """A group's row for each stage."""
    head: Row = dict(zip(dims, key, strict=True))
    own = _own(names, sums)
    pairs = zip(own, [None, *own], strict=False)
    return [
        head | {"stage": name} | _figures(sums[name], sums[before] if before else None, sums[own[0]])
        for name, before in pairs
    ]


def _own(names: Sequence[str], sums: Measures) -> list[str]:
    """The stages a group has."""
    return [name for name in names if sums[name] is not None]


def whole_funnel(names: Sequence[str], whole: Measures) -> Row:
    """The whole funnel as one step, from its first stage to its last; empty where the files hold no whole."""
    if not whole:
        return {"stage": names[-1]} | dict.fromkeys(name for name in _UNITS if name != "stage")
    first, last = whole[_own(names, whole)[0]], whole[names[-1]]
    return {"stage": names[-1]} | _figures(last, first, first)


def plain_stages(names: Sequence[str], whole: Measures) -> list[dict[str, Any]]:
    """The stages over all groups; empty where the files hold no whole."""
    if not whole:
        return [whole_funnel([name], whole) for name in names]
    return [dict(row) for row in stage_rows((), (), names, whole)]


def stage_columns() -> list[Column]:
    """The columns of a stage's row."""
    return [Column(name, label(name), unit, _BETTER.get(name)) for name, unit in _UNITS.items()]


def stage_figures() -> list[tuple[Figure, Column]]:
    """The same, as figures that others can stand beside."""
    return [(Figure(column.name, column.unit, column.better), column) for column in stage_columns()]


def stand_beside(
    answer: Result | Previous, dims: Sequence[str], columns: Sequence[tuple[Figure, Column]], figures: Answer
) -> None:
    """Put the figures that are no stage's into the total and, with groups, into the row of each one's last stage."""
    added = [column for _, column in columns if column.name not in _UNITS]
    names = [column.name for column in added]
    answer.total.update({name: figures.total.get(name) for name in names})
    last = answer.total["stage"]
    keys = [tuple(str(row[dim]) for dim in dims) if dims and row["stage"] == last else None for row in answer.rows]
    for row, key in zip(answer.rows, keys, strict=True):
        row |= {name: figures.rows[key].get(name) for name in names} if key else dict.fromkeys(names if dims else ())
    if isinstance(answer, Result):
        answer.columns += added
        nulls = [(None, None), *((place, key) for place, key in enumerate(keys) if key)]
        answer.nulls += [
            Null(place, name, reason)
            for place, key in nulls
            for name, reason in figures.reasons.get(key, {}).items()
            if name in names
        ]


def funnel_result(dims: Sequence[str], names: Sequence[str], counts: Counts, keys: Sequence[Key]) -> Result:
    """A row for each group and stage."""
    heads = [Column(d, label(d), "date" if d == "day" else "text") for d in dims]
    rows = [row for key in keys for row in stage_rows(dims, key, names, counts.groups[key])]
    nulls = [Null(i, name, reason) for i, row in enumerate(rows) for name, reason in _reasons(row).items()]
    total = whole_funnel(names, counts.whole)
    reasons = _reasons(total) if counts.whole else dict.fromkeys(_UNITS.keys() - {"stage"}, "no_table_by_day")
    nulls += [Null(None, name, reason) for name, reason in sorted(reasons.items())]
    return Result("funnel", [*heads, *stage_columns()], rows, total, by=list(dims), nulls=nulls)


def funnel_before(
    before: tuple[Window, Counts], dims: Sequence[str], names: Sequence[str], keys: Sequence[Key]
) -> Previous:
    """The earlier period's rows, in the order of the present ones."""
    window, counts = before
    order = [k for k in keys if k in counts.groups] + sorted(set(counts.groups) - set(keys))
    rows = [row for key in order for row in stage_rows(dims, key, names, counts.groups[key])]
    return Previous(Span(window.start, window.end, window.days), rows, whole_funnel(names, counts.whole))


def _reasons(row: Row) -> dict[str, str]:
    """Why figures of a row are empty."""
    empty = [name for name in _UNITS if row[name] is None]
    found = {}
    for name in empty:
        rate = name.removesuffix("_low").removesuffix("_high")
        if row[rate] is None and (row["lost"] is not None or name == "overall_rate"):
            found[name] = "empty_stage"
        else:
            found[name] = "first_stage" if row["lost"] is None else "more_than_before"
    return found


def share_of_whole(result: Result, whole: Measures) -> None:
    """Beside each count its share of the total that the days give."""
    result.columns.append(Column("share", label("share"), "rate"))
    for row in result.rows:
        row["share"] = metrics.ratio(row["count"], whole[str(row["stage"])])
    result.total["share"] = metrics.ratio(whole[str(result.total["stage"])], whole[str(result.total["stage"])])


_SAME_PEOPLE = ("orders", "customers")


def biggest_leak(names: Sequence[str], whole: Measures, revenue: Decimal | None) -> dict[str, Any] | None:
    """The step that the fewest take, and what one more point there would bring at the end of the funnel.

    One point of `n` people is n / 100 more at that step; of them as many go on as do now. Where a later stage is
    larger than the one before, other people have come in: only the steps after that lead on to the end, and those
    before it are looked at when none is left, without what they are worth. An order more than there are customers is
    a second one of somebody, and nobody lost.
    """
    number = {name: Decimal(whole.get(name) or 0) for name in names}
    joined = [place for place, (a, b) in enumerate(pairwise(names), 1) if number[b] > number[a]]
    steps = [step for step in pairwise(names) if number[step[1]] < number[step[0]] and step != _SAME_PEOPLE]
    leading_on = set(pairwise(names[max(joined, default=0) :])).intersection(steps)
    steps = [step for step in steps if step in leading_on] or steps
    steps = [(a, b) for a, b in steps if number[a] >= FEW_PEOPLE] or steps
    if not steps:
        return None
    here, there = min(steps, key=lambda step: number[step[1]] / number[step[0]])
    last = number[names[-1]]
    possible = leading_on and last and number[there] + number[here] / 100 <= number[here]
    gain = number[here] * last / 100 / number[there] if possible else None
    return {
        "from": here,
        "to": there,
        "step_rate": metrics.ratio(number[there], number[here]),
        "lost": number[here] - number[there],
        "point_stage": names[-1],
        "point_gain": gain,
        "point_revenue": None if revenue is None or gain is None else revenue * gain / last,
    }


def _enough(visitors: Value, conversions: Value) -> bool:
    return float(visitors or 0) >= FEW_PEOPLE and float(conversions or 0) >= FEW_CONVERSIONS  # type: ignore[arg-type]


def larger_later(names: Sequence[str], groups: Table, called: Callable[[str], str] = label) -> list[Note]:
    """The stages that count more than the one before, in any group; each as it is called."""
    found: dict[str, None] = {}
    for sums in groups.values():
        for before, here in pairwise(_own(names, sums)):
            if (sums[here] or 0) > (sums[before] or 0):
                found[f"{called(before)} → {called(here)}"] = None
    return [note("later_stage_larger", names=", ".join(found))] if found else []


def too_few(names: Sequence[str], groups: Table) -> list[Note]:
    """The groups whose rates say too little to be ranked."""
    few = [
        " / ".join(key)
        for key, sums in sorted(groups.items())
        if not _enough(sums[_own(names, sums)[0]], sums[names[-1]])
    ]
    return [note("too_small_to_rank", names=", ".join(few))] if few else []


def not_additive(names: Sequence[str], now: Counts) -> list[str]:
    """The stages whose groups share people, so that their counts do not add up."""
    sums = added(now.groups, names)
    return [name for name in names if name in {"orders", "customers"} and sums[name] != now.whole[name]]
