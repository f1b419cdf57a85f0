"""What each role's table holds: the kind of every canonical column, and which sums `check` prints.

A canonical column that is named nowhere here is a dimension: text, kept as written.
"""

from __future__ import annotations

from msgspec import Struct

ROLES = (
    "spend",
    "sales",
    "costs",
    "traffic",
    "leads",
    "search",
    "mail",
    "social",
    "progress",
    "events",
    "touches",
    "rates",
)

MONEY = frozenset(
    {"cost", "amount", "revenue", "refunded", "tax", "shipping", "fee", "claimed_revenue", "value"}
    | {"amount_net", "price", "unit_price", "discounts", "discount_off"}
)
WHOLE = frozenset(
    {"impressions", "clicks", "reach", "engagements", "visits", "visitors", "pageviews", "followers", "clicks_all"}
    | {"results", "event_count", "engaged_visits"}
    | {"delivered", "recipients", "opened", "clicked", "unsubscribed", "orders", "enrolled", "started", "completed"}
)
NUMBER = frozenset(
    {"conversions", "leads", "key_events", "non_conversions", "avg_time", "position", "rate", "quantity"}
)
DAYS = frozenset({"date", "start", "end", "month", "week", "enrolled_at", "started_at", "completed_at", "time"})
IDENTITY = frozenset({"order_id", "customer_id", "email", "lead_id", "user", "reference", "name"})
# What the channel of a row is told by, and the currency, which every row's money is in.
CHANNEL = frozenset(
    {"channel", "source", "medium", "campaign", "campaign_id", "platform", "network", "campaign_type", "strategy"}
    | {"utm_source", "utm_medium", "utm_campaign", "attribution", "currency"}
)
# Blank in these means “none”, not “unknown”.
NONE_WHEN_BLANK = frozenset(
    {"quantity", "refunded", "tax", "shipping", "fee", "claimed_revenue", "value", "non_conversions", "discounts"}
    | {"discount_off"}
)


class Role(Struct, frozen=True):
    """A role's table: the numeric columns it stores, and those that add up in `check`."""

    numeric: tuple[str, ...]
    sums: tuple[str, ...]
    key_money: str | None = None  # the money without which a row says nothing


TABLES = {
    "spend": Role(
        ("cost", "claimed_revenue", "impressions", "reach", "engagements", "clicks", "conversions", "leads"),
        ("cost", "impressions", "clicks", "conversions", "leads"),
        "cost",
    ),
    "sales": Role(
        ("charged", "refunds", "tax_charged", "tax_kept"),
        ("revenue_gross", "tax", "refunds", "revenue_net", "orders", "customers"),
        "amount",
    ),
    "costs": Role(("cost",), ("cost",), "cost"),
    "traffic": Role(
        ("visits", "visitors", "pageviews", "event_count", "key_events", "leads", "avg_time"),
        ("visits", "key_events", "leads"),
    ),
    "leads": Role(("leads",), ("leads",)),
    "search": Role(("impressions", "clicks", "position"), ("impressions", "clicks")),
    "mail": Role(
        ("recipients", "delivered", "opened", "clicked", "unsubscribed", "orders", "revenue"),
        ("delivered", "opened", "clicked"),
    ),
    "social": Role(
        ("impressions", "reach", "engagements", "clicks", "followers"), ("impressions", "engagements", "clicks")
    ),
    "progress": Role(("enrolled", "started", "completed"), ("enrolled", "started", "completed")),
    "events": Role((), ()),
    "touches": Role(("conversions", "non_conversions", "value"), ("conversions", "value")),
    "rates": Role(("rate",), ()),
}
MONEY_TYPE = "DECIMAL(18,6)"


def kind(column: str) -> str:
    """How a canonical column is read: money, whole, number, day, or text."""
    if column.startswith("own_"):  # a column that kpi.yml names: to be summed, or its cells to be counted
        return "number" if column.startswith("own_sum_") else "mark"
    for name, members in (("money", MONEY), ("whole", WHOLE), ("number", NUMBER), ("day", DAYS)):
        if column in members:
            return name
    return "text"
