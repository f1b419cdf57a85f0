"""Where customers come from: visits, leads, orders, people, cost and return of each channel, side by side.

files → books → measures (sums by group) → metrics (ratios of those sums) → Result.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from kpi_cli import measures, metrics
from kpi_cli.ask import OF_COST, ROWS, Ask, without
from kpi_cli.assigning import NOT_ALLOCATED, SOCIAL, UNATTRIBUTED, assign_networks, channel_of
from kpi_cli.books import Books
from kpi_cli.errors import UsageError
from kpi_cli.measures import Key, Measures
from kpi_cli.models.abtest import wilson
from kpi_cli.opening import open_books
from kpi_cli.period import Window
from kpi_cli.questions import roi as returns
from kpi_cli.questions.allocating import allocate
from kpi_cli.questions.cac import forget_leads, known_leads, named, tell_few, tell_first_purchases, tell_free
from kpi_cli.questions.explaining import PAID, explain
from kpi_cli.questions.figures import Answer, Figure
from kpi_cli.questions.laying_out import figure_columns, lay_out, on_books
from kpi_cli.result import Column, Result, Row
from kpi_cli.safe import quoted
from kpi_cli.texts import label, note

USES = ("traffic", "leads", "sales", "spend", "costs")
NEEDS = (("traffic", "leads", "sales", "spend"),)
FEW_ORDERS, FEW_VISITS = 10, 100
ZERO = Decimal(0)

FIGURES = (
    Figure("channel", "text"),
    Figure("strategy", "text"),
    Figure("visits", "count", "higher"),
    Figure("visit_share", "rate", "higher"),
    Figure("leads", "count", "higher"),
    Figure("lead_rate", "rate", "higher"),
    Figure("lead_rate_low", "rate", "higher"),
    Figure("lead_rate_high", "rate", "higher"),
    Figure("orders", "count", "higher"),
    Figure("new_customers", "count", "higher"),
    Figure("conversion_rate", "rate", "higher"),
    Figure("conversion_rate_low", "rate", "higher"),
    Figure("conversion_rate_high", "rate", "higher"),
    Figure("cost", "money", "lower"),
    Figure("revenue", "money", "higher"),
    Figure("cac", "money", "lower"),
    Figure("roi", "rate", "higher"),
    Figure("roas", "multiple", "higher"),
    Figure("claimed_conversions", "count"),
    Figure("overclaim", "multiple", "lower"),
    Figure("organic_share", "rate", "higher", total_only=True),
    Figure("social_share", "rate", "higher", total_only=True),
)
_OF_SALES = ("orders", "new_customers", "conversion_rate", "revenue", "cac", "roi", "roas", "overclaim")
Reasons = dict[str, str]


def channels(ask: Ask) -> Result:
    """One row per channel, or per what `ask.by` names; totals with organic and social share.

    Raises:
        UsageError: a dimension no file has.
        InputError: what cannot be read or added for certain.
        NoDataError: no visits, leads, sales or spend, or none in the period.
    """
    ask = _by_channel(ask)
    books = open_books(ask, USES, NEEDS, enough="firsts")
    if "network" in ask.dimensions:
        assign_networks(books)
    measures.check_dimensions(books, USES)
    tell_first_purchases(books)
    answer = _answer(books, books.window)
    before = None
    if earlier := returns.compared_with(books):
        before = (earlier, _answer(books, earlier))
    _tell(books, answer)
    figures = [figure for figure in FIGURES if figure.name not in ask.dimensions]
    result = lay_out("channels", books, figure_columns(figures, ask.profit_share), answer, before)
    if ask.explain:
        explain(result, ask.profit_share, answer.total)
    return result


def _by_channel(ask: Ask) -> Ask:
    """By channel where nothing but time is asked for."""
    return ask if any(name != ask.every for name in ask.by) else replace(ask, by=(*ask.by, "channel"))


def _answer(books: Books, window: Window | None) -> Answer:
    """Every group's figures and the total's, for one window."""
    groups = measures.joined(
        *(measure(books, window) for measure in _MEASURES),
        measures.sales(books, window) if books.has("sales") else {},
    )
    allocate(books, window, groups)
    attributable = books.has("sales") and measures.attributable(books, window)
    visits = sum((Decimal(sums.get("visits") or 0) for sums in groups.values()), ZERO)
    visits_known = measures.counts_visits(books)
    common: Measures = {
        "all_visits": visits if visits_known else None,
        "new_customers": 0 if measures.names_people(books) else None,
    }
    answer = Answer({}, {}, {})
    for key, (values, reasons) in returns.rows_of(books, window, groups, attributable).items():
        answer.rows[key], answer.reasons[key] = _row(books, values, reasons, common | groups[key])
        answer.rows[key]["strategy"] = _strategy(books, key)  # type: ignore[assignment]  # the one text
    whole = common | measures.whole(groups)
    values, reasons = returns.total_of(books, window, groups, attributable)
    if books.has("sales"):
        whole["orders"] = measures.orders(books, window)
    answer.total, answer.reasons[None] = _row(books, values, reasons, whole)
    answer.total["strategy"] = None
    forget_leads(answer)
    _shares(books, window, answer)
    return answer


_MEASURES = (
    measures.visits,
    measures.leads,
    measures.new_customers,
    measures.spend,
    measures.costs,
    measures.claims,
)


def _strategy(books: Books, key: Key) -> str | None:
    """Inbound or outbound, where a row is one channel or one strategy."""
    row = dict(zip(books.ask.dimensions, key, strict=True))
    if "strategy" in row or "channel" not in row:
        return row.get("strategy")
    return NOT_ALLOCATED if row["channel"] == NOT_ALLOCATED else books.grouping.strategy(row["channel"])


def _row(books: Books, returned: Measures, reasons: Reasons, sums: Measures) -> tuple[Measures, Reasons]:
    """One row: what came back for its cost, its counts, and the ratios of those."""
    reasons = {name: reason for name, reason in reasons.items() if name in ("revenue", "roi", "roas")}
    names = ("cost", "revenue", "roi", "roas", "media_cost", PAID)
    values: Measures = {name: returned[name] for name in names if name in returned}
    given: Measures = values | {
        "visits": None if sums["all_visits"] is None else Decimal(sums.get("visits") or 0),
        "all_visits": sums["all_visits"],
        "leads": known_leads(books, sums),
        "orders": int(sums.get("orders") or 0) if books.has("sales") else None,
        "new_customers": sums["new_customers"],
        "claimed_conversions": sums.get("claimed_conversions"),
        "clicks": sums.get("clicks"),
    }
    for name in ("lead_rate", "conversion_rate", "cac", "overclaim"):
        _evaluate(name, given, reasons)
    given["visit_share"] = metrics.ratio(given["visits"], given["all_visits"])
    for name, part in (("lead_rate", "leads"), ("conversion_rate", "orders")):
        given[f"{name}_low"], given[f"{name}_high"] = _interval(given[part], given["visits"])
    if given["claimed_conversions"] is not None and sums.get("claimed_purchases") != given["claimed_conversions"]:
        given["overclaim"], reasons["overclaim"] = None, "not_purchases"
    _explain_missing(books, given, reasons)
    return given, reasons


def _evaluate(name: str, given: Measures, reasons: Reasons) -> None:
    value, reason = metrics.evaluate(name, given)
    given[name] = value  # type: ignore[assignment]  # these metrics give numbers
    if reason:
        reasons[name] = reason


def _interval(part: Decimal | int | None, whole: Decimal | int | None) -> tuple[Decimal | None, Decimal | None]:
    """Wilson's interval of a rate; none where there is no proportion."""
    if part is None or not whole:
        return None, None
    found = wilson(float(part), float(whole))
    return (Decimal(repr(found[0])), Decimal(repr(found[1]))) if found else (None, None)


def _explain_missing(books: Books, given: Measures, reasons: Reasons) -> None:
    """Why whole columns are null: the role they come from has no file."""
    if given["visits"] is None:
        why = "visitors_only" if books.has("traffic") else "no_visits"
        reasons |= dict.fromkeys(("visits", "visit_share", "lead_rate", "conversion_rate"), why)
    elif given["visit_share"] is None:
        reasons["visit_share"] = "no_visits"
    if given["leads"] is None:
        reasons |= dict.fromkeys(("leads", "lead_rate"), "leads_unknown")
    if given["new_customers"] is None:
        reasons |= dict.fromkeys(("new_customers", "cac"), "no_customer_id")
    if not books.has("sales"):
        given |= dict.fromkeys(_OF_SALES)
        reasons |= dict.fromkeys(_OF_SALES, "no_sales")
    if not (books.has("spend") or books.has("costs")):
        given |= dict.fromkeys(("cost", "cac", "roi", "roas"))
        reasons |= dict.fromkeys(("cost", "cac", "roi", "roas"), "no_cost")
    if given["claimed_conversions"] is None:
        reasons["claimed_conversions"] = reasons["overclaim"] = "no_claimed_conversions"
    for rate in ("lead_rate", "conversion_rate"):
        if given[f"{rate}_low"] is None:
            reason = reasons.get(rate, "over_one")
            reasons |= {f"{rate}_low": reason, f"{rate}_high": reason}


def _shares(books: Books, window: Window | None, answer: Answer) -> None:
    """What share of all visits search brings unpaid, and social networks in any way, where visits name a channel."""
    by_channel = measures.visits_by_channel(books, window)
    named = not by_channel.keys() <= {UNATTRIBUTED}
    given: Measures = {
        "visits": answer.total["visits"],
        "organic_visits": by_channel.get("Organic Search", ZERO) if named else None,
        "social_visits": sum((by_channel.get(name, ZERO) for name in sorted(SOCIAL)), ZERO) if named else None,
    }
    answer.total |= given
    for name in ("organic_share", "social_share"):
        value, reason = metrics.evaluate(name, given)
        answer.total[name] = value  # type: ignore[assignment]
        if reason:
            answer.reasons[None][name] = reason


# -------------------------------------------------------------------------------------------------- notes


def _tell(books: Books, answer: Answer) -> None:
    """Notes on what the figures rest on."""
    if books.has("sales"):
        returns.tell_unattributed(books)
    _tell_over_one(books, answer)
    listed = sum(int(row["orders"] or 0) for row in answer.rows.values())
    if listed != (answer.total["orders"] or 0):
        books.notes.append(note("not_additive", column=label("orders")))
    tell_few(books, answer, {"orders": FEW_ORDERS, "visits": FEW_VISITS})
    tell_free(books, answer)
    returns.tell_below_zero(books, answer)


def _tell_over_one(books: Books, answer: Answer) -> None:
    """Rates above 1: more orders or leads than visits, or more claims than clicks."""
    rates = (("conversion_rate", "orders", "visits"), ("lead_rate", "leads", "visits"))
    for name, part, whole in (*rates, ("click_conversion_rate", "claimed_conversions", "clicks")):
        over = [named(key) for key, row in answer.rows.items() if _exceeds(row, part, whole)]
        if over:
            books.notes.append(note("rate_over_one", column=label(name), names=", ".join(over)))


def _exceeds(row: Mapping[str, Decimal | int | None], part: str, whole: str) -> bool:
    above, below = row[part], row[whole]
    return above is not None and bool(below) and above > below  # type: ignore[operator]  # bool(below) says so


# ------------------------------------------------------------------------------------------------ --why


def why(ask: Ask, visit: str) -> Result:
    """The channel of SOURCE/MEDIUM[/CAMPAIGN], and the rule that decided.

    Raises:
        UsageError: it is not of that form.
    """
    without(ask, ROWS + OF_COST, "a rule holds at any time")
    parts = [part.strip() for part in visit.split("/", 2)]
    if len(parts) < 2:
        fix = "write it like google/cpc or google/cpc/brand"
        raise UsageError("bad_visit", f"--why {quoted(visit)} is not SOURCE/MEDIUM[/CAMPAIGN]", fix)
    source, medium, campaign = (*parts, "")[:3]
    books = open_books(ask, ("spend",), ())
    channel, rule = channel_of(books, {"source": source, "medium": medium, "campaign": campaign})
    row: Row = {"visit": visit, "channel": channel, "strategy": books.grouping.strategy(channel), "rule": rule}
    result = Result("channels", [Column(name, label(name), "text") for name in row], [row], {}, by=["visit"])
    on_books(result, books)
    result.period = result.currency = None  # a rule holds at any time
    result.notes = [told for told in books.notes if told.file is None]
    return result
