"""The account of every source: its sums by currency, the days it covers, and its own totals checked."""

from __future__ import annotations

from typing import Any

from kpi_cli.exports.control import control_sums
from kpi_cli.exports.roles import TABLES
from kpi_cli.exports.tables import Source, Store, span_sql

_SALES_SUMS = """
    sum(charged) AS revenue_gross, sum(tax_kept) AS tax, sum(refunds) AS refunds,
    sum(charged) - sum(refunds) - sum(tax_kept) AS revenue_net,
"""
_CUSTOMERS = """
    CASE WHEN count(customer) > 0 THEN count(DISTINCT customer) FILTER (is_order) END AS customers
"""
_UNCOUNTED = """
    CAST(sum(coalesce(orders, "rows")) FILTER (is_order AND order_id IS NULL) AS BIGINT) AS orders,
    CAST(NULL AS BIGINT) AS customers
"""


def account(store: Store) -> None:
    """Fill every source's sums, fates, period, grain and control sums from the tables."""
    for role in store.columns:
        sources = {s.number: s for s in store.of_role(role)}
        if role == "sales":
            store.ensure(role, "order_id", "customer")
        _count(store, role, sources)
        for source in sources.values():
            _control(source)


def _count(store: Store, role: str, sources: dict[int, Source]) -> None:
    """What became of each source's rows after they were read, what those that count add up to, and their days."""
    names = TABLES[role].sums
    is_counted = any(s.checks == "full" for s in sources.values())
    counted = f"{store.orders_sql} AS orders, {_CUSTOMERS}" if is_counted else _UNCOUNTED
    picks = _SALES_SUMS + counted if role == "sales" else ", ".join(f"sum({n}) AS {n}" for n in names)
    currency_sql, keys = ("currency", "1, 2, 3") if names else ("NULL", "1, 2")  # a log of events may have none
    for number, fate, currency, count, first, last, ranged, *values in store.rows(
        f"""SELECT file, fate, {currency_sql}, CAST(sum("rows") AS BIGINT), {span_sql(role)}{", " * bool(names)}{picks}
            FROM {role} GROUP BY {keys} ORDER BY {keys}"""
    ):
        if number not in sources:  # refused after it was read
            continue
        source = sources[number]
        if fate:
            source.fates[fate] = source.fates.get(fate, 0) + count
        elif names:
            _sum(source, currency, dict(zip(names, values, strict=True)))
        if first:
            known = source.period or (first, first)
            source.period = (min(known[0], first), max(known[1], last or first))
            source.grain = "range" if ranged or source.grain == "range" else "day"
    for source in sources.values():
        sheet = source.sheet
        if sheet and sheet.first_day and sheet.last_day:
            first, last = source.period or (sheet.first_day, sheet.last_day)
            source.period = (min(first, sheet.first_day), max(last, sheet.last_day))


def _sum(source: Source, currency: str | None, values: dict[str, Any]) -> None:
    """Add the sums of a source's rows in one currency."""
    sums = {n: v for n, v in values.items() if v is not None or source.shows(n)}
    if source.checks == "rows" and source.sheet and source.sheet.has("order_id"):
        sums["orders"] = None  # to count them, their ids would have to be known
    if source.is_folded and source.role == "sales":
        sums["customers"] = None  # likewise
    if all(v is None or v == 0 for v in sums.values()) and currency is None and source.sums:
        return
    source.sums.append({"currency": currency, **sums})
    if currency:
        source.currencies.append(currency)


def _control(source: Source) -> None:
    """Each total stated in the file beside the sum of its rows."""
    if source.sheet and source.sheet.totals:
        source.control, notes = control_sums(source)
        source.extra_notes += notes
