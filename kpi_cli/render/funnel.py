"""A funnel for a reader: its stages as bars on a terminal, as rows elsewhere, and what is to be said of it.

Everything stands in the Result: rows, and in its extra the stages over all groups, the leak and the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli import locales
from kpi_cli.render import numbers
from kpi_cli.render.page import Page
from kpi_cli.render.words import name, word
from kpi_cli.result import Column, Result, Row, Value
from kpi_cli.safe import printable
from kpi_cli.texts import label

_SHOWN = ("count", "step_rate", "step_rate_low", "step_rate_high", "overall_rate", "lost", "share")
_COMPARED = ("count", "step_rate", "overall_rate", "lost")  # each has its change beside it
STAGE = ("stage", *_COMPARED, "step_rate_low", "step_rate_high", "overall_rate_low", "overall_rate_high", "share")
_FEW = 12  # groups that a sentence can list
_BESIDE = ("count", "step_rate", "overall_rate", "lost", "share", "step_rate_low")  # the last stands for its interval
_BAR = 20  # cells of a bar that figures beyond the first two must leave
_LEAST = 4  # cells of a bar below which it tells nothing


def is_funnel(result: Result) -> bool:
    """Whether a result holds stages."""
    return "stages" in result.extra


def unfolded(result: Result, lang: str) -> Result:
    """The funnel as a table shows it: the total a row a stage too, and no cell for what every first stage lacks."""
    rows = [_row(row, result) for row in result.rows + _whole(result, "stages", lang)]
    heads = [*result.by, "stage"]
    own = [column for column in result.columns if column.name not in {*result.by, *STAGE}]
    shown = {*heads, *(_SHOWN if not result.previous else _COMPARED), *(column.name for column in own)}
    columns = [column for column in result.columns if column.name in shown]
    before = result.previous.rows + _whole(result, "stages_before", lang) if result.previous else []
    previous = result.previous and replace(result.previous, rows=[_row(row, result) for row in before], total={})
    nulls = [null for null in result.nulls if null.reason != "first_stage" and null.row is not None]
    beside = [(column, result.total[column.name]) for column in own if column.name in result.total]
    extra = result.extra | {"beside": beside}
    return replace(result, columns=columns, rows=rows, total={}, by=heads, previous=previous, nulls=nulls, extra=extra)


def _whole(result: Result, which: str, lang: str) -> list[Row]:
    """The stages over all groups as rows, where there are groups."""
    if not result.by:
        return []
    head = dict.fromkeys(result.by, "") | {result.by[0]: word("total", lang)}
    return [head | stage for stage in result.extra[which]]


def _row(row: Mapping[str, Value], result: Result) -> Row:
    return dict(row) | {"stage": stage(row["stage"], result)}


def stage(value: Value, result: Result) -> str:
    """What a stage is called: ours in the reader's language, an event or a stage by hand as it is written."""
    unnamed = (None, "events") if result.extra.get("test") is None else ("events",)
    ours = any(entry["stage"] == value and entry.get("role") not in unnamed for entry in result.extra["stages"])
    return label(str(value)) if ours else str(value)


def said(result: Result, lang: str) -> list[str]:
    """What a funnel says in words: the biggest leak, time and engagement, and what the test shows."""
    extra = result.extra
    lines = [f"{column.label} {_alone(value, column, result, lang)}" for column, value in extra.get("beside", ())]
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


def _alone(value: Value, column: Column, result: Result, lang: str) -> str:
    if column.unit == "money":
        return numbers.amount(value, result.currency, lang)
    return numbers.figure(value, column.unit, numbers.places(column.unit, [value]), lang)


def _leak(leak: Mapping[str, Any], result: Result, lang: str) -> str:
    def count(value: Value) -> str:
        exact = numbers.exactly(value) or Decimal(0)
        whole = exact >= 10 or exact == int(exact) or (exact > 1 and round(exact, 1) == int(exact))
        return locales.number(exact, 0 if whole else 1 if exact >= 1 else 2, lang)

    rate = numbers.figure(leak["step_rate"], "rate", _decimals(leak["step_rate"]), lang)
    key, ends = "leak_of_one" if leak["lost"] == 1 else "leak", (stage(leak[end], result) for end in ("from", "to"))
    text = word(key, lang, *ends, rate, count(leak["lost"]))
    if leak["point_gain"] is None:
        return text
    gain = f"{count(leak['point_gain'])} {stage(leak['point_stage'], result).lower()}"
    if leak["point_revenue"] is not None:
        gain += word("worth", lang, locales.money(leak["point_revenue"], 0, result.currency, lang))
    return text + word("point", lang, gain)


def _takings(each: Mapping[str, Any], result: Result, lang: str) -> str:
    here, before = (numbers.amount(Decimal(str(each[side])), result.currency, lang) for side in ("value", "control"))
    text = word("takings", lang, printable(each["variant"]), here, before)
    if each.get("p") is None:
        return text
    ends = (numbers.amount(Decimal(str(each[f"difference_{end}"])), result.currency, lang) for end in ("low", "high"))
    return text + word("by_chance", lang, *ends, locales.number(Decimal(repr(each["p"])), 3, lang))


# ----------------------------------------------------------------------------------------------- bars


class _Line(Struct, frozen=True):
    """One stage of one group, ready to be drawn."""

    name: str
    share: float
    figures: dict[str, str]


class _Beside(Struct, frozen=True):
    """The figures that stand beside the bars and how wide each is; headed where there are more than two."""

    widths: dict[str, int]
    headed: bool

    @property
    def room(self) -> int:
        """The cells that the figures take, with the gap before each."""
        return sum(self.widths.values()) + 2 * len(self.widths)


def drawn(result: Result, page: Page, width: int) -> Iterator[str]:
    """Each group's stages as bars that fit the width, the group's largest stage being the longest."""
    groups = _groups(result, page)
    beside = _beside(groups, page, width)
    longest = max(len(line.name) for group in groups.values() for line in group)
    names = min(longest, max(8, width - beside.room))
    bar = width - names - beside.room - 2
    bar = bar if bar >= _LEAST else 0
    if beside.headed:
        heads = [_heading(figure, page.lang).rjust(wide) for figure, wide in beside.widths.items()]
        yield page.signs("  ".join([" " * (names + 2 + bar), *heads]))
    for place, (key, group) in enumerate(groups.items()):
        if key:
            yield from [""] * (place > 0)
            yield " / ".join(key)
        for line in group:
            yield _drawn(line, (names, bar), beside.widths, page)


def figures_beside(result: Result, page: Page, width: int) -> set[str]:
    """The figures that the bars of this width have room for."""
    shown = set(_beside(_groups(result, page), page, width).widths)
    return shown | ({"step_rate_high"} if "step_rate_low" in shown else set())


def _groups(result: Result, page: Page) -> dict[tuple[str, ...], list[_Line]]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in result.rows:
        groups.setdefault(tuple(name(row[by], by) for by in result.by), []).append(row)
    if result.by and any(stage["count"] is not None for stage in result.extra["stages"]):
        groups[(word("total", page.lang),)] = result.extra["stages"]
    return {key: _lines(rows, result, page) for key, rows in groups.items()}


def _lines(rows: Sequence[Row], result: Result, page: Page) -> list[_Line]:
    counts = [float(row["count"] or 0) for row in rows]  # type: ignore[arg-type]
    top = max(counts) or 1.0
    return [
        _Line(printable(stage(row["stage"], result)), count / top, _figures(row, page.lang))
        for row, count in zip(rows, counts, strict=True)
    ]


def _figures(row: Row, lang: str) -> dict[str, str]:
    """A stage's figures as they are printed; what a first stage cannot have is empty."""
    counts = {
        each: numbers.figure(row[each], "count", numbers.places("count", [row[each]]), lang)
        for each in ("count", "lost")
        if each == "count" or row["lost"] is not None
    }
    found = dict.fromkeys(_BESIDE, "") | counts
    for rate in ("step_rate", "overall_rate", "share"):
        if row.get(rate) is not None:
            found[rate] = numbers.figure(row[rate], "rate", _decimals(row[rate]), lang)
    if row["lost"] is not None and row["step_rate"] is None:
        found["step_rate"] = numbers.DASH
    if row["step_rate_low"] is not None:
        ends = [numbers.exactly(row[f"step_rate_{end}"]) or Decimal(0) for end in ("low", "high")]
        low, high = (locales.number(100 * end, _decimals(ends[0]), lang) for end in ends)
        found["step_rate_low"] = word("between", lang, low, high)
    return found


def _heading(figure: str, lang: str) -> str:
    return word("interval", lang) if figure == "step_rate_low" else label(figure)


def _decimals(rate: Value) -> int:
    exact = numbers.exactly(rate)
    return 1 if exact is None or exact >= Decimal("0.1") else 2


def _beside(groups: Mapping[tuple[str, ...], list[_Line]], page: Page, width: int) -> _Beside:
    """As many figures as leave a bar its room, the most telling first; the count alone where that is too much."""
    lines = [line for group in groups.values() for line in group]
    cells = {figure: max(len(line.figures[figure]) for line in lines) for figure in _BESIDE}
    known = [figure for figure in _BESIDE if cells[figure]]
    names = max(len(line.name) for line in lines)
    for count in range(len(known), 2, -1):
        headed = _Beside({each: max(cells[each], len(_heading(each, page.lang))) for each in known[:count]}, True)
        if names + 2 + _BAR + headed.room <= width:
            return headed
    for count in (2, 1):
        plain = _Beside({each: cells[each] for each in known[:count]}, False)
        if plain.room + 8 <= width:
            break
    return plain


def _drawn(line: _Line, room: tuple[int, int], figures: Mapping[str, int], page: Page) -> str:
    names, bar = room
    shown = line.name if len(line.name) <= names else line.name[: names - 1] + "…"
    cells = [shown.ljust(names)]
    if bar:
        cells.append(_bar(line.share, bar, page).ljust(bar))
    cells += [line.figures[figure].rjust(wide) for figure, wide in figures.items()]
    return page.signs("  ".join(cells)).rstrip()


def _bar(share: float, bar: int, page: Page) -> str:
    """A bar to the half cell, and half a cell for whatever is there; whole cells where only ASCII is shown."""
    if page.ascii:
        return "#" * max(round(share * bar), share > 0)
    halves = max(round(2 * share * bar), share > 0)
    return "█" * (halves // 2) + "▌" * (halves % 2)
