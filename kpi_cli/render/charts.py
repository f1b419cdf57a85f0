"""Charts as Vega-Lite specifications; vl-convert makes static SVG of them, which html.py dresses with CSS.

Sizes are fixed and nothing is measured, so that the same figures give the same bytes whatever fonts there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from kpi_cli import locales
from kpi_cli.render import numbers
from kpi_cli.render.telling import figure, said
from kpi_cli.render.words import name
from kpi_cli.reporting import Report
from kpi_cli.result import Column, Result, Row
from kpi_cli.safe import printable

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
VERSION = "5.20"
_WIDTH, _HEIGHT = 300, 120
_PADDING = {"left": 48, "right": 12, "top": 10, "bottom": 24}
_LINES = (("revenue", "cost"), ("roi",), ("cac",))
_BARS = ("new_customers",)
_MOST_BARS = 8
FONT = "system-ui, sans-serif"


class Chart(Struct, frozen=True):
    """A chart: its title, what it shows in words, its key, and its specification."""

    title: str
    alt: str
    spec: dict[str, Any]
    legend: tuple[str, ...] = ()


def trends(report: Report, lang: str) -> list[Chart]:
    """The figures that are worth following, month by month."""
    found = []
    trend = report.part("trend")
    if trend:
        columns = {column.name: column for column in trend.columns}
        for names in (*_LINES, _BARS):
            known = [columns[n] for n in names if n in columns and _points(trend, n)]
            if known:
                found.append(_by_month(trend, known, report, lang))
    return found


def _points(trend: Result, column: str) -> list[tuple[str, Decimal]]:
    pairs = [(str(row["month"]), numbers.exactly(row.get(column))) for row in trend.rows]
    return [(month, value) for month, value in pairs if value is not None]


def _by_month(trend: Result, columns: Sequence[Column], report: Report, lang: str) -> Chart:
    """One or two figures month by month; a target as a dashed line."""
    first = columns[0]
    target = next((h.target for h in report.headlines if h.column.name == first.name and len(columns) == 1), None)
    values = [
        {"month": _short(month, lang), "at": month, "value": float(value), "of": column.name}
        for column in columns
        for month, value in _points(trend, column.name)
    ]
    months = list(dict.fromkeys(_short(str(row["month"]), lang) for row in trend.rows))
    kind = "bar" if first.name in _BARS else "line"
    x: dict[str, Any] = {
        "field": "month",
        "type": "ordinal",
        "sort": months,
        "title": None,
        "scale": {"domain": months},
    }
    x["axis"] = {
        "labelAngle": 0,
        "values": _every_other(months),
        "ticks": False,
        "domain": True,
        "grid": False,
        "labelPadding": 6,
    }
    layers = []
    for place, column in enumerate(columns):
        mark: dict[str, Any] = (
            {"type": kind, "strokeWidth": 2} if kind == "line" else {"type": "bar", "width": {"band": 0.6}}
        )
        layer = {
            "name": f"series{place + 1}",
            "mark": mark,
            "transform": [{"filter": {"field": "of", "equal": column.name}}],
        }
        layers.append(layer | {"encoding": {"x": x, "y": _axis("value", first, lang)}})
    if target is not None:
        layers.append(_rule(target))
    title = " · ".join(printable(column.label) for column in columns)
    alt = "; ".join(_told(trend, column, report, lang) for column in columns)
    alt += said("chart_target", lang, _figure(target, first, report, lang)) if target is not None else ""
    legend = tuple(printable(column.label) for column in columns) if len(columns) > 1 else ()
    return Chart(title, alt, _spec(values, layers, _HEIGHT, lang), legend)


def _rule(target: Any) -> dict[str, Any]:
    values = [{"value": float(target)}]
    y = {"field": "value", "type": "quantitative"}
    return {
        "name": "target",
        "data": {"values": values},
        "mark": {"type": "rule", "strokeDash": [4, 3]},
        "encoding": {"y": y},
    }


def _axis(field: str, column: Column, lang: str) -> dict[str, Any]:
    shape = "~%" if column.unit == "rate" else ",~f"
    axis = {"tickCount": 3, "format": shape, "domain": False, "ticks": False, "grid": True, "labelPadding": 6}
    return {"field": field, "type": "quantitative", "title": None, "axis": axis}


def by_channel(channels: Result, report: Report, lang: str) -> Chart:
    """Revenue beside cost, a pair of bars a channel, the largest first."""
    rows = sorted(channels.rows, key=lambda row: -_largest(row))[:_MOST_BARS]
    columns = [column for column in channels.columns if column.name in ("revenue", "cost")]
    names = [_cut(name(row["channel"], "channel")) for row in rows]
    values = [
        {"channel": called, "value": float(numbers.exactly(row.get(column.name)) or 0), "of": column.name}
        for called, row in zip(names, rows, strict=True)
        for column in columns
    ]
    y = {
        "field": "channel",
        "type": "ordinal",
        "sort": names,
        "title": None,
        "scale": {"domain": names, "paddingInner": 0.35},
    }
    y["axis"] = {"domain": False, "ticks": False, "grid": False, "labelPadding": 6, "labelLimit": 120}
    layers = []
    for place, column in enumerate(columns):
        mark = {"type": "bar", "height": {"band": 0.45}, "yOffset": -5 if place == 0 else 5}
        x = _axis("value", column, lang)
        layer = {
            "name": f"series{place + 1}",
            "mark": mark,
            "transform": [{"filter": {"field": "of", "equal": column.name}}],
        }
        layers.append(layer | {"encoding": {"y": y, "x": x}})
    pairs = (
        f"{name(r['channel'], 'channel')} {' / '.join(_figure(r.get(c.name), c, report, lang) for c in columns)}"
        for r in rows
    )
    title = " · ".join(printable(column.label) for column in columns)
    alt = said("bars", lang, title, "; ".join(pairs))
    spec = _spec(values, layers, 24 * len(rows), lang) | {"padding": _PADDING | {"left": 120}, "width": 224}
    return Chart(title, alt, spec, tuple(printable(column.label) for column in columns))


def _largest(row: Row) -> Decimal:
    return max((numbers.exactly(row.get(n)) or Decimal(0) for n in ("revenue", "cost")), default=Decimal(0))


def _cut(text: str) -> str:
    return text if len(text) <= 18 else text[:17] + "…"


def _spec(values: list[dict[str, Any]], layers: list[dict[str, Any]], height: int, lang: str) -> dict[str, Any]:
    text = {"labelFont": FONT, "labelFontSize": 11}
    return {
        "$schema": _SCHEMA,
        "width": _WIDTH,
        "height": height,
        "autosize": "none",
        "padding": _PADDING,
        "background": None,
        "data": {"values": values},
        "layer": layers,
        "config": {"aria": False, "view": {"stroke": None}, "axis": text},
    }


def _told(trend: Result, column: Column, report: Report, lang: str) -> str:
    """A trend in words: where it starts and ends, its lowest and its highest."""
    points = _points(trend, column.name)
    low, high = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])
    span = f"{_long(points[0][0], lang)} – {_long(points[-1][0], lang)}"
    shown = [_figure(value, column, report, lang) for _, value in (points[0], points[-1], low, high)]
    parts = (
        printable(column.label),
        span,
        shown[0],
        shown[1],
        shown[2],
        _long(low[0], lang),
        shown[3],
        _long(high[0], lang),
    )
    return said("chart", lang, *parts)


def _figure(value: Any, column: Column, report: Report, lang: str) -> str:
    return figure(value, column, report.currency, lang)


def _every_other(months: Sequence[str]) -> list[str]:
    """As many labels as have room."""
    step = max(1, -(-len(months) // 6))
    return list(months[::-1][::step])[::-1]


def _short(month: str, lang: str) -> str:
    """`2026-10` as the axis shows it: short, and January by its year."""
    day = dt.date.fromisoformat(f"{month}-01")
    return locales.date(day, "MMM", lang) if day.month != 1 else str(day.year)


def _long(month: str, lang: str) -> str:
    return locales.date(dt.date.fromisoformat(f"{month}-01"), "MMMM y", lang)


def locale(lang: str) -> dict[str, Any]:
    """How d3 writes numbers on the axes: as numbers.py does."""
    marks = locales.number(Decimal("1000.5"), 1, lang)
    percent = numbers.figure(Decimal("0.5"), "rate", 0, lang).removeprefix("50")
    return {"decimal": marks[-2], "thousands": marks[1], "grouping": [3], "currency": ["", ""], "percent": percent}


def drawn(specs: Sequence[dict[str, Any]], lang: str) -> Iterator[str]:
    """Each specification as SVG."""
    import vl_convert

    for spec in specs:
        yield str(
            vl_convert.vegalite_to_svg(spec, vl_version=VERSION, allowed_base_urls=[], format_locale=locale(lang))
        )
