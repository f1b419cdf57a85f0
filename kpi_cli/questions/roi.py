"""Return on investment: what came back for what was spent.

files → books → measures (sums by group) → metrics (ratios of those sums) → Result.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from kpi_cli import measures, metrics
from kpi_cli.ask import Ask
from kpi_cli.assigning import UNATTRIBUTED
from kpi_cli.books import Books, open_books
from kpi_cli.measures import Key, Measures, Table
from kpi_cli.period import Window, previous
from kpi_cli.questions.laying_out import Answer, Figure, figure_columns, lay_out
from kpi_cli.result import Result
from kpi_cli.texts import note

USES = ("spend", "sales", "costs")
NEEDS = (("sales",), ("spend", "costs"))
ZERO = Decimal(0)

FIGURES = (
    Figure("revenue", "money", "higher"),
    Figure("media_cost", "money", "lower"),
    Figure("cost", "money", "lower"),
    Figure("profit", "money", "higher"),
    Figure("roi", "rate", "higher"),
    Figure("roas", "multiple", "higher"),
)
MER = Figure("mer", "multiple", "higher", total_only=True)


def roi(ask: Ask) -> Result:
    """Revenue, cost, profit, ROI and ROAS by the dimensions asked for.

    Raises:
        UsageError: a dimension no file has.
        InputError: what cannot be read or added for certain.
        NoDataError: no sales, no cost, or none in the period.
    """
    books = open_books(ask, USES, NEEDS)
    measures.check_dimensions(books, USES)
    answer = _answer(books, books.window)
    before = None
    if ask.period.compare and books.window:
        earlier = previous(books.window, ask.period.compare, _through(books))
        before = (earlier, _answer(books, earlier))
    _tell(books, answer)
    columns = figure_columns((*FIGURES, MER), ask.profit_share)
    return lay_out("roi", books, columns, answer, before)


def calculate(revenue: Decimal, cost: Decimal, margin: Decimal | None) -> Result:
    """ROI of two figures given by hand."""
    total, reasons = _figures({"revenue": revenue, "media_cost": cost, "cost": cost}, margin)
    total["mer"] = total["roas"]
    nulls = {None: reasons}
    columns = figure_columns((*FIGURES, MER), margin)
    return lay_out("roi", None, columns, Answer({}, total, nulls), None)


def _through(books: Books) -> dt.date | None:
    """The last day that the sales cover, where they end inside the window."""
    ends = [s.period[1] for s in books.store.of_role("sales") if s.period]
    return max(ends) if ends and books.window and max(ends) < books.window.end else None


def _answer(books: Books, window: Window | None) -> Answer:
    """Every group's figures and the total's, for one window."""
    revenue, media, other = (
        measures.sales(books, window),
        measures.spend(books, window),
        measures.costs(books, window),
    )
    groups = _joined(revenue, media, other)
    if not books.ask.dimensions:
        groups = {(): groups.get((), {})}
    attributable = _attributable(books, window)
    answer = Answer({}, {}, {})
    for key, sums in sorted(groups.items()):
        row, reasons = _row(books, sums, attributable)
        answer.rows[key] = row
        answer.reasons[key] = reasons
    answer.total, answer.reasons[None] = _total(books, groups, attributable)
    if not books.ask.dimensions:
        answer.rows.clear()
        answer.reasons = {None: answer.reasons[None]}
    return answer


def _joined(*tables: Table) -> dict[Key, Measures]:
    """Groups of all tables; a sum that a table does not have for a group is nothing."""
    groups: dict[Key, Measures] = {}
    for table in tables:
        for key, sums in table.items():
            groups.setdefault(key, {}).update({n: v for n, v in sums.items() if v is not None})
    return groups


def _row(books: Books, sums: Measures, attributable: bool) -> tuple[Measures, dict[str, str]]:
    media = sums.get("media_cost", ZERO)
    cost = media + sums.get("other_cost", ZERO)  # type: ignore[operator]  # sums of money are never None here
    given: Measures = {"revenue": sums.get("revenue", ZERO), "media_cost": media, "cost": cost}
    if not attributable and cost:
        return _unattributed(given)
    return _figures(given, books.ask.profit_share)


def _unattributed(given: Measures) -> tuple[Measures, dict[str, str]]:
    """A row with cost when no sale says where it came from: its revenue is not known."""
    names = ("revenue", "profit", "roi", "roas")
    return given | dict.fromkeys(names), dict.fromkeys(names, "sales_without_source")


def _figures(given: Measures, margin: Decimal | None) -> tuple[Measures, dict[str, str]]:
    """The metrics of one row of sums, and the reasons of those that are null."""
    values = dict(given)
    reasons = {}
    for name in ("profit", "roi", "roas"):
        value, reason = metrics.evaluate(name, {**given, "margin": margin})
        values[name] = value  # type: ignore[assignment]  # these metrics give numbers
        if reason:
            reasons[name] = reason
    return values, reasons


def _total(books: Books, groups: dict[Key, Measures], attributable: bool) -> tuple[Measures, dict[str, str]]:
    def whole(name: str) -> Decimal:
        return sum((Decimal(sums.get(name) or 0) for sums in groups.values()), ZERO)

    media = whole("media_cost")
    given: Measures = {"revenue": whole("revenue"), "media_cost": media, "cost": media + whole("other_cost")}
    total, reasons = _figures(given, books.ask.profit_share)
    total["mer"], reason = metrics.evaluate("mer", given)  # type: ignore[assignment]
    if reason:
        reasons["mer"] = reason
    if media and not attributable:
        total["roas"], reasons["roas"] = None, "sales_without_source"
    elif media:
        paid = {**given, "revenue": _revenue_of_paid_channels(books)}
        total["roas"] = metrics.evaluate("roas", paid)[0]  # type: ignore[assignment]
    return total, reasons


def _revenue_of_paid_channels(books: Books) -> Decimal:
    """Revenue of the channels that have media cost, in the window the buckets hold."""
    if not books.has("spend"):
        return ZERO
    revenue = "charged - tax_charged" if books.ask.reading.gross else "charged - refunds - tax_kept"
    found = books.store.rows(
        f"""SELECT sum({revenue}) FROM sales t JOIN buckets b
              ON b."start" IS NULL OR (t."start" <= b."end" AND t."end" >= b."start")
            WHERE t.fate IS NULL AND t.by_channel IN (
              SELECT s.by_channel FROM spend s JOIN buckets b
                ON b."start" IS NULL OR (s."start" <= b."end" AND s."end" >= b."start")
              WHERE s.fate IS NULL AND s.cost <> 0)"""
    )
    return Decimal(found[0][0] or 0)


def _attributable(books: Books, window: Window | None) -> bool:
    """Whether any sale in the window says where it came from."""
    found = books.store.rows(
        f"""SELECT 1 FROM sales t JOIN buckets b
              ON b."start" IS NULL OR (t."start" <= b."end" AND t."end" >= b."start")
            WHERE t.fate IS NULL AND is_order AND by_channel <> '{UNATTRIBUTED}' LIMIT 1"""
    )
    return bool(found)


def _tell(books: Books, answer: Answer) -> None:
    """Notes on what the figures rest on."""
    if not _attributable(books, books.window):
        books.notes.append(note("sales_without_source"))
        return
    lost = books.store.rows(
        f"""SELECT sum(charged - refunds - tax_kept) FILTER (by_channel = '{UNATTRIBUTED}'),
                   sum(charged - refunds - tax_kept) FROM sales t JOIN buckets b
              ON b."start" IS NULL OR (t."start" <= b."end" AND t."end" >= b."start") WHERE t.fate IS NULL"""
    )[0]
    if lost[0]:
        share = f"{100 * lost[0] / lost[1]:.1f} %" if lost[1] else "–"
        amount = f"{lost[0]:.2f} {books.currency or ''}".strip()
        books.notes.append(note("unattributed_revenue", amount=amount, share=share))
