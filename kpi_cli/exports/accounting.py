"""The account of every source: its sums by currency, the days it covers, its own totals checked, and what is told."""

from __future__ import annotations

from typing import Any

from kpi_cli.exports.bulk import ROWS
from kpi_cli.exports.charges import price_rule, states_net
from kpi_cli.exports.control import control_sums
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.plain import first_rows
from kpi_cli.exports.roles import TABLES, kind
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.tables import Source, Store, span_sql
from kpi_cli.exports.values import BadValue, moment
from kpi_cli.texts import label, note

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


def tell_of(store: Store, source: Source, options: ReadOptions) -> None:
    """Notes that hold for the whole source once its rows are known."""
    sheet = source.sheet
    assert sheet is not None
    currencies = {entry["currency"] for entry in source.sums}
    if sheet.role in {"spend", "sales", "costs"} and None in currencies:
        source.extra_notes.append(note("currency_unstated", file=source.file))
    if sheet.role == "sales":
        untaxed = "none" in {sheet.header.format.get("tax"), price_rule(sheet).get("tax")}
        taxed = (sheet.has("tax") and sheet.taxed) or states_net(sheet) or options.vat or untaxed
        if not taxed and source.sums:
            source.extra_notes.append(note("tax_included", file=source.file))
        _status_notes(source)
        _refund_notes(store, source)
    if sheet.role == "leads":
        _status_notes(source)
    if source.grain == "range" and sheet.role in {"spend", "traffic", "leads"}:
        source.extra_notes.append(note("range_grain", file=source.file))
    _zone_note(source, sheet)
    limit = sheet.header.format.get("truncated_at")
    if limit and source.ledger.read >= limit and not sheet.has("date"):
        source.extra_notes.append(note("truncated_source", file=source.file, limit=limit))


def _zone_note(source: Source, sheet: Sheet) -> None:
    """Times of one zone count on the days of that zone: another one, that the user says, changes nothing."""
    tz, order = sheet.options.tz, sheet.date_order or "ymd"
    cells = [cell for _, _, cell in sheet.days.offsets.values()]
    if tz and not cells and sheet.text and source.ledger.read > ROWS:  # where zones differ, they are collected
        columns = [index for column, index in sheet.columns.items() if kind(column) == "day"]
        cells = [row[index] for row in first_rows(sheet.text, sheet)[:1] for index in columns if len(row[index]) > _DAY]
    try:
        is_elsewhere = any(moment(cell, order, tz) != moment(cell, order) for cell in cells)
    except BadValue:
        return
    if is_elsewhere and not sheet.days.has_zones:
        source.extra_notes.append(note("zone_as_written", file=source.file, tz=tz))


_DAY = len("2026-01-31")
_BY_STATUS = (
    *("failed", "denied", "test", "voided", "cancelled", "pending", "authorized", "hold", "free"),
    *("spam", "duplicate", "disqualified"),
)


def _status_notes(source: Source) -> None:
    left = {reason: source.ledger.left_out[reason] for reason in _BY_STATUS if source.ledger.left_out[reason]}
    if left:
        said = ", ".join(f"{count} {label(reason, 'fates')}" for reason, count in left.items())
        source.extra_notes.append(note("status_left_out", file=source.file, rows=said))


def _refund_notes(store: Store, source: Source) -> None:
    """Refunded orders stay in the counts; those whose status alone says so went back whole; others may be unknown."""
    stated_in = source.sheet.header.format.get("refunds_only_in") if source.sheet else None
    if stated_in and source.sheet and not source.sheet.has(stated_in) and source.sums:
        source.extra_notes.append(note("refunds_unstated", file=source.file))
    if not any(entry["refunds"] for entry in source.sums):
        return
    source.extra_notes.append(note("refunded_orders_counted", file=source.file))
    if source.sheet and not source.sheet.has("refunded"):
        rows = "file = $1 AND fate IS NULL AND is_order AND refunds > 0"
        ((count, line),) = store.rows(f'SELECT sum("rows"), min(line) FROM sales WHERE {rows}', [source.number])
        if count:
            told = note("refunded_in_full", file=source.file, line=line or None, count=int(count))
            source.extra_notes.append(told)
