"""A funnel for a reader: its stages as bars on a terminal, as rows elsewhere, and what is to be said of it.

Everything stands in the Result: rows, and in its extra the stages over all groups, the leak and the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from kpi_cli.render import numbers
from kpi_cli.render.page import Page
from kpi_cli.render.words import name, word
from kpi_cli.result import Result, Row, Value
from kpi_cli.safe import printable
from kpi_cli.texts import label

_SHOWN = ("count", "step_rate", "step_rate_low", "step_rate_high", "overall_rate", "lost", "share")
_COMPARED = ("count", "step_rate", "overall_rate", "lost")  # each has its change beside it
_FEW = 12  # groups that a sentence can list
_LEAST = 4  # cells of a bar below which it tells nothing


def is_funnel(result: Result) -> bool:
    """Whether a result holds stages."""
    return "stages" in result.extra


def unfolded(result: Result, lang: str) -> Result:
    """The funnel as a table shows it: the total a row a stage too, and no cell for what every first stage lacks."""
    rows = [_row(row, result) for row in result.rows + _whole(result, "stages", lang)]
    heads = [*result.by, "stage"]
    shown = {*heads, *(_SHOWN if not result.previous else _COMPARED)}
    columns = [column for column in result.columns if column.name in shown]
    before = result.previous.rows + _whole(result, "stages_before", lang) if result.previous else []
    previous = result.previous and replace(result.previous, rows=[_row(row, result) for row in before], total={})
    nulls = [null for null in result.nulls if null.reason != "first_stage" and null.row is not None]
    return replace(result, columns=columns, rows=rows, total={}, by=heads, previous=previous, nulls=nulls)


def _whole(result: Result, which: str, lang: str) -> list[Row]:
    """The stages over all groups as rows, where there are groups."""
    if not result.by:
        return []
    head = dict.fromkeys(result.by, "") | {result.by[0]: word("total", lang)}
    return [head | stage for stage in result.extra[which]]


def _row(row: Mapping[str, Value], result: Result) -> Row:
    shown = dict(row) | {"stage": stage(row["stage"], result)}
    if row["lost"] is None:
        shown["overall_rate"] = None
    return shown


def stage(value: Value, result: Result) -> str:
    """What a stage is called: ours in the reader's language, an event or a stage by hand as it is written."""
    ours = any(
        entry["stage"] == value and entry.get("role") not in (None, "events") for entry in result.extra["stages"]
    )
    return label(str(value)) if ours else str(value)


def said(result: Result, lang: str) -> list[str]:
    """What a funnel says in words: the biggest leak, time and engagement, and what the test shows."""
    extra = result.extra
    lines = []
    if extra.get("leak"):
        lines.append(_leak(extra["leak"], result, lang))
    if extra.get("engagement_rate"):
        found = extra["engagement_rate"]
        rate = numbers.figure(found["rate"], "rate", 2, lang)
        lines.append(word("engagement", lang, rate, stage(found["of"], result).lower()))
    if extra.get("seconds_on_page") is not None:
        lines.append(
            word("seconds", lang, numbers.figure(extra["seconds_on_page"], "count", 0, lang)) + _by_page(result)
        )
    test = extra.get("test")
    if test:
        lines += [each["text"] for each in test["comparisons"]] or [test["text"]]
        lines += [_takings(each, result, lang) for each in test.get("revenue_per_visitor", ())]
    return [printable(line) for line in lines]


def _by_page(result: Result) -> str:
    """Each group's time beside the mean of all, where there are few."""
    groups = result.extra["seconds_by_group"]
    if not 0 < len(groups) <= _FEW:
        return ""
    by = [dim for dim in result.by if dim in groups[0]]
    named = (" / ".join(name(each[dim], dim) for dim in by) + f" {each['seconds']:.0f}\u00a0s" for each in groups)
    return f" ({', '.join(named)})"


def _leak(leak: Mapping[str, Any], result: Result, lang: str) -> str:
    def count(value: Value) -> str:
        exact = numbers.exactly(value) or Decimal(0)
        return numbers.number(exact, 0 if exact >= 10 or exact == int(exact) else 1 if exact >= 1 else 2, lang)

    rate = numbers.figure(leak["step_rate"], "rate", _decimals(leak["step_rate"]), lang)
    text = word("leak", lang, stage(leak["from"], result), stage(leak["to"], result), rate, count(leak["lost"]))
    if leak["point_gain"] is None:
        return text
    gain = f"{count(leak['point_gain'])} {stage(leak['point_stage'], result).lower()}"
    if leak["point_revenue"] is not None:
        worth = f"{numbers.number(leak['point_revenue'], 0, lang)} {result.currency or ''}".rstrip()
        gain += word("worth", lang, worth)
    return text + word("point", lang, gain)


def _takings(each: Mapping[str, Any], result: Result, lang: str) -> str:
    here, before = (numbers.amount(Decimal(str(each[side])), result.currency, lang) for side in ("value", "control"))
    text = word("takings", lang, printable(each["variant"]), here, before)
    if each.get("p") is None:
        return text
    ends = (numbers.amount(Decimal(str(each[f"difference_{end}"])), result.currency, lang) for end in ("low", "high"))
    return text + word("by_chance", lang, *ends, numbers.number(Decimal(repr(each["p"])), 3, lang))


# ----------------------------------------------------------------------------------------------- bars


@dataclass(frozen=True, slots=True)
class _Line:
    """One stage of one group, ready to be drawn."""

    name: str
    share: float
    figures: list[str]


def drawn(result: Result, page: Page, width: int) -> Iterator[str]:
    """Each group's stages as bars that fit the width, the group's largest stage being the longest."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in result.rows:
        groups.setdefault(tuple(name(row[by], by) for by in result.by), []).append(row)
    if result.by and any(stage["count"] is not None for stage in result.extra["stages"]):
        groups[(word("total", page.lang),)] = result.extra["stages"]
    lines = {key: _lines(rows, result, page) for key, rows in groups.items()}
    every = [line for group in lines.values() for line in group]
    figures = _widths(every, width)
    names = min(max(len(line.name) for line in every), max(8, width - sum(figures) - 2 * len(figures)))
    bar = width - names - sum(figures) - 2 * (len(figures) + 1)
    for place, (key, group) in enumerate(lines.items()):
        if key:
            yield from [""] * (place > 0)
            yield " / ".join(key)
        for line in group:
            yield _drawn(line, (names, bar if bar >= _LEAST else 0), figures, page)


def _lines(rows: Sequence[Row], result: Result, page: Page) -> list[_Line]:
    counts = [float(row["count"] or 0) for row in rows]  # type: ignore[arg-type]
    top = max(counts) or 1.0
    lines = []
    for row, count in zip(rows, counts, strict=True):
        step = numbers.figure(row["step_rate"], "rate", _decimals(row["step_rate"]), page.lang)
        figures = [
            numbers.figure(row["count"], "count", numbers.places("count", [row["count"]]), page.lang),
            step if row["lost"] is not None else "",
        ]
        lines.append(_Line(printable(stage(row["stage"], result)), count / top, figures))
    return lines


def _decimals(rate: Value) -> int:
    exact = numbers.exactly(rate)
    return 1 if exact is None or exact >= Decimal("0.1") else 2


def _widths(lines: Sequence[_Line], width: int) -> list[int]:
    """How wide each figure is; the count alone where there is no room for more."""
    columns = [max(len(figure) for figure in column) for column in zip(*(line.figures for line in lines), strict=True)]
    return columns if sum(columns) + 2 * len(columns) + 8 <= width else columns[:1]


def _drawn(line: _Line, widths: tuple[int, int], figures: Sequence[int], page: Page) -> str:
    names, bar = widths
    shown = line.name if len(line.name) <= names else line.name[: names - 1] + "…"
    cells = [shown.ljust(names)]
    if bar:
        full = "#" if page.ascii else "█"
        cells.append((full * max(round(line.share * bar), line.share > 0)).ljust(bar))
    cells += [text.rjust(wide) for text, wide in zip(line.figures, figures, strict=False)]
    return page.signs("  ".join(cells)).rstrip()
