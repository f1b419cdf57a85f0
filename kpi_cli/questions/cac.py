"""What a customer costs: cost per lead, media and fully loaded acquisition cost, and when it is paid back.

files → books → measures (sums by group) → metrics (ratios of those sums) → Result.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from kpi_cli import measures, metrics
from kpi_cli.ask import Ask
from kpi_cli.books import Books, need_rows
from kpi_cli.errors import NoDataError
from kpi_cli.measures import Key, Measures
from kpi_cli.opening import open_books
from kpi_cli.period import Window
from kpi_cli.questions import aiming
from kpi_cli.questions.allocating import NAMELESS, allocate, is_shared
from kpi_cli.questions.explaining import explain
from kpi_cli.questions.figures import Answer, Figure
from kpi_cli.questions.laying_out import figure_columns, lay_out
from kpi_cli.questions.roi import compared_with, tell_below_zero
from kpi_cli.result import Result
from kpi_cli.texts import label, money_text, note, number_text
from kpi_cli.trust import trust_first

USES = ("spend", "sales", "costs", "leads", "traffic")
NEEDS = (("spend", "costs"),)
FEW = 10  # conversions under which a group cannot be ranked
LEAD_FIGURES = frozenset({"leads", "cpl", "lead_rate", "lead_rate_low", "lead_rate_high"})
ZERO = Decimal(0)
_DAYS_A_MONTH = Decimal("30.4375")

FIGURES = (
    Figure("cost", "money", "lower"),
    Figure("media_cost", "money", "lower"),
    Figure("leads", "count", "higher"),
    Figure("new_customers", "count", "higher"),
    Figure("cpl", "money", "lower"),
    Figure("cac_media", "money", "lower"),
    Figure("cac_loaded", "money", "lower"),
    Figure("cac", "money", "lower"),
    Figure("payback_months", "months", "lower"),
)
Reasons = dict[str, str]


def cac(ask: Ask, target: Decimal | None = None) -> Result:
    """Cost, leads, new customers and what each cost, by the dimensions asked for.

    Args:
        ask: files and options.
        target: the CAC not to be exceeded, currency units; else kpi.yml's.

    Raises:
        UsageError: a dimension no file has.
        InputError: what cannot be read or added for certain.
        NoDataError: no cost, nobody to share it by, or none in the period.
    """
    paid_back = ask.profit_share is not None  # by what people brought since
    books = open_books(ask, USES, NEEDS, enough="people" if paid_back else "firsts")
    measures.check_dimensions(books, USES)
    with trust_first(books.notes, strict=ask.reading.strict):
        _need_people(books)
    tell_first_purchases(books)
    answer = acquisition(books, books.window)
    before = None
    if earlier := compared_with(books):
        before = (earlier, acquisition(books, earlier))
    figures = (*FIGURES, *_mark_over_target(books, answer, target))
    if before:
        _distance_to_target(before[1], _limits(replace(books, window=before[0]), before[1], target))
    tell_few(books, answer, {"new_customers": FEW})
    tell_free(books, answer)
    tell_below_zero(books, answer)
    per_month = _per_month(books, answer.total)
    result = lay_out("cac", books, figure_columns(figures, ask.profit_share), answer, before)
    result.extra |= per_month
    if ask.explain:
        _explain(result, ask.profit_share)
    return result


def calculate(cost: Decimal, customers: Decimal, leads: Decimal | None = None, target: Decimal | None = None) -> Result:
    """CAC of figures given by hand; the cost is taken for all there is.

    Args:
        cost: currency units, ≥ 0.
        customers: a whole number, ≥ 0.
        leads: ≥ 0; an ad platform may claim a part of one.
        target: the CAC not to be exceeded, currency units.
    """
    given: Measures = {"cost": cost, "media_cost": cost, "new_customers": customers, "leads": leads}
    total, reasons = _figures(given, loaded=False)
    total["payback_months"], reasons["payback_months"] = None, "no_revenue"
    reasons["cac_loaded"] = "other_costs_not_given"
    if leads is None:
        reasons["leads"] = reasons["cpl"] = "leads_not_given"
    answer = Answer({}, total, {None: reasons})
    goal = _distance_to_target(answer, {None: target})
    result = lay_out("cac", None, figure_columns((*FIGURES, *goal), None), answer, None)
    _explain(result, None)
    return result


def _explain(result: Result, margin: Decimal | None) -> None:
    """The ratios of the total; payback is read off the months, not computed from a formula."""
    explain(result, margin)
    entries = result.extra["explain"]["metrics"]
    entries[:] = [entry for entry in entries if entry["metric"] != "payback_months"]


def acquisition(books: Books, window: Window | None) -> Answer:
    """What winning customers cost in one window and when it is paid back: every group's figures, and the total's."""
    groups = measures.joined(
        measures.spend(books, window),
        measures.costs(books, window),
        measures.leads(books, window),
        measures.new_customers(books, window),
    )
    allocate(books, window, groups)
    people = measures.names_people(books)
    earned = measures.earnings(books, window) if people and books.ask.profit_share is not None else {}
    answer = Answer({}, {}, {})
    if books.ask.dimensions:
        for key, sums in sorted(groups.items()):
            answer.rows[key], answer.reasons[key] = _row(books, sums, earned.get(key, []), people)
    answer.total, answer.reasons[None] = _row(books, measures.whole(groups), _together(earned), people)
    forget_leads(answer)
    return answer


def _need_people(books: Books) -> None:
    if books.has("sales"):
        need_rows(books, ("sales",))
    elif books.leads_from is None:
        raise NoDataError("no_file", "there is no file with sales or leads", "add one")


def _together(earned: Mapping[Key, list[Decimal]]) -> list[Decimal]:
    """What all groups brought by each month."""
    last = max(map(len, earned.values()), default=0)
    return [sum((sums[min(month, len(sums) - 1)] for sums in earned.values()), ZERO) for month in range(last)]


def _row(books: Books, sums: Measures, earned: list[Decimal], people: bool) -> tuple[Measures, Reasons]:
    media = Decimal(sums.get("media_cost") or 0)
    given: Measures = {
        "cost": media + Decimal(sums.get("other_cost") or 0),
        "media_cost": media,
        "leads": known_leads(books, sums),
        "new_customers": int(sums.get("new_customers") or 0) if people else None,
    }
    values, reasons = _figures(given, loaded=books.has("costs"))
    if values["leads"] is None:
        reasons["leads"] = reasons["cpl"] = "leads_unknown"
    if values["new_customers"] is None:
        missing = "no_customer_id" if books.has("sales") else "no_sales"
        reasons |= dict.fromkeys(("new_customers", "cac_media", "cac_loaded", "cac"), missing)
    values["payback_months"], reason = _payback(books, values, earned)
    return values, reasons | ({"payback_months": reason} if reason else {})


def known_leads(books: Books, sums: Measures) -> Decimal | None:
    """A group's leads: where the platforms' claims are all there is, other groups' are not known."""
    counted = sums.get("leads")
    if counted is None and books.leads_from in {None, "spend"}:
        return None
    return Decimal(counted or 0)


def forget_leads(answer: Answer) -> None:
    """Where no lead names its group, how many each named group has is not known: null, not 0."""
    if any(row["leads"] and NAMELESS.isdisjoint(key) for key, row in answer.rows.items()):
        return
    if not any(row["leads"] for row in answer.rows.values()):
        return
    for key, row in answer.rows.items():
        if row["leads"] == 0:
            for name in LEAD_FIGURES & row.keys():
                row[name], answer.reasons[key][name] = None, "leads_without_source"


def _figures(given: Measures, *, loaded: bool) -> tuple[Measures, Reasons]:
    """The metrics of one row of sums, and the reasons of those that are null."""
    values, reasons = dict(given), {}
    for name in ("cpl", "cac_media", "cac_loaded"):
        value, reason = metrics.evaluate(name, given)
        values[name] = value  # type: ignore[assignment]  # these metrics give numbers
        if reason:
            reasons[name] = reason
    if not loaded:
        values["cac_loaded"], reasons["cac_loaded"] = None, "no_costs_file"
    chosen = "cac_loaded" if loaded else "cac_media"
    values["cac"] = values[chosen]
    if chosen in reasons:
        reasons["cac"] = reasons[chosen]
    return values, reasons


def _payback(books: Books, values: Measures, earned: list[Decimal]) -> tuple[int | None, str | None]:
    """The first month by which the margin of the people won reaches what winning them cost; 0 is their first."""
    margin = books.ask.profit_share
    if values["cac"] is None:
        return None, "no_cac"
    if margin is None:
        return None, "no_margin"
    cost = Decimal(values["cac"]) * Decimal(values["new_customers"] or 0)
    month = next((k for k, revenue in enumerate(earned) if revenue * margin >= cost), None)
    return month, None if month is not None else "not_paid_back"


# ------------------------------------------------------------------------------------ targets and notes


def _mark_over_target(books: Books, answer: Answer, target: Decimal | None) -> list[Figure]:
    """Set each row's distance to its target and say who is over it; the figures it makes, if there is any target."""
    goal = _distance_to_target(answer, _limits(books, answer, target))
    rows = [*answer.rows.items(), (None, answer.total)]
    over = [named(key) for key, values in rows if (values["over_target"] or 0) > 0]
    if over:
        books.notes.append(note("over_target", names=", ".join(over)))
    return goal


def _limits(books: Books, answer: Answer, target: Decimal | None) -> dict[Key | None, Decimal | None]:
    """The CAC that each row is not to exceed: the one given, else its own of kpi.yml."""
    keys = [*answer.rows, None]
    return {key: aiming.target(books, "cac", key) if target is None else target for key in keys}


def _distance_to_target(answer: Answer, limits: Mapping[Key | None, Decimal | None]) -> list[Figure]:
    """Set each row's distance to its target, in currency units; the figures it makes, if there is any target."""
    aimed = set()
    for key, values in [*answer.rows.items(), (None, answer.total)]:
        limit = limits[key]
        reached, values["cac_target"] = values["cac"], limit
        if limit is None or reached is None:
            values["over_target"] = None
            answer.reasons[key]["over_target"] = "no_target" if limit is None else answer.reasons[key]["cac"]
            continue
        aimed.add(key)
        values["over_target"] = Decimal(reached) - limit
    only_total = aimed == {None}
    goal = (
        Figure("cac_target", "money", total_only=only_total),
        Figure("over_target", "money", "lower", total_only=only_total),
    )
    return [*goal] if aimed else []


def named(key: Key | None) -> str:
    """A group as a note names it."""
    return " / ".join(label(part, "special") for part in key or ("Total",))


def tell_first_purchases(books: Books) -> None:
    """Say where new customers may be overstated: sales that start in the window hide earlier purchases."""
    if books.window is None or not measures.names_people(books):
        return
    measures.fill_first_orders(books)
    starts = [s.period[0] for s in books.store.of_role("sales") if s.period]
    guessed = books.store.rows("SELECT 1 FROM first_orders WHERE customer_type IS NULL LIMIT 1")
    if starts and guessed and min(starts) >= books.window.start:
        books.notes.append(note("new_customers_overstated", start=min(starts)))
    nameless = books.store.rows(
        """SELECT CAST(sum(coalesce(orders, "rows")) AS BIGINT) FROM sales
           WHERE fate IS NULL AND is_order AND customer IS NULL AND customer_type IS NULL"""
    )[0][0]
    if nameless:
        books.notes.append(note("orders_without_customer", count=nameless))


def tell_few(books: Books, answer: Answer, least: Mapping[str, int]) -> None:
    """Name the groups that are too small to be ranked."""
    rows = {k: row for k, row in answer.rows.items() if NAMELESS.isdisjoint(k) and not is_shared(books, k)}
    few = [named(key) for key, row in rows.items() if any(_below(row.get(n), m) for n, m in least.items())]
    if few:
        books.notes.append(note("too_small_to_rank", names=", ".join(few)))


def _below(value: object, least: int) -> bool:
    return value is not None and Decimal(str(value)) < least


def tell_free(books: Books, answer: Answer) -> None:
    """A group that won customers at no stated cost has a CAC of 0, which says nothing; of leads alone, a CPL."""
    free = {key: row for key, row in answer.rows.items() if row["cost"] == 0}
    won = [key for key, row in free.items() if row["new_customers"]]
    known = [key for key, row in free.items() if row.get("cpl") == 0 and key not in won]
    for code, keys in (("customers_without_cost", won), ("leads_without_cost", known)):
        if keys:
            books.notes.append(note(code, names=", ".join(map(named, keys))))


def _per_month(books: Books, total: Measures) -> dict[str, Measures]:
    """Averages a month over a window of more than one."""
    window = books.window
    if window is None or window.days <= 31:
        return {}
    months = _months(window)
    per_month: Measures = {
        name: None if total[name] is None else Decimal(total[name] or 0) / months
        for name in ("cost", "leads", "new_customers")
    }
    cost = money_text(Decimal(per_month["cost"] or 0), books.currency)
    customers = shown(per_month["new_customers"])
    books.notes.append(note("per_month", months=shown(months), cost=cost, customers=customers))
    return {"per_month": {"months": months, **per_month}}


def shown(value: Decimal | int | None) -> str:
    """A figure in a note: two decimals at most."""
    return "–" if value is None else number_text(round(Decimal(value), 2))


def _months(window: Window) -> Decimal:
    """How many months a window is: calendar months when it is made of whole ones."""
    after = window.end + dt.timedelta(days=1)
    if window.start.day == after.day == 1:
        return Decimal(12 * (after.year - window.start.year) + after.month - window.start.month)
    return window.days / _DAYS_A_MONTH
