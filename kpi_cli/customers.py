"""Customers: who was won when, what they did since, and how they stood on a day; SQL over the sales table.

    fill_buyers(books)       the table `buyers`: a row a customer, with first day and first order's dimensions
    observed(books, …)       sums and counts by group of what customers did in a window
    cohort_cells(books, …)   what each cohort did in each unit of time since it was won
    fill_histories(books, …) the table `histories`: repeat purchases, recency and age of each customer

Groups are those of a customer's first order (contract §4): its channel, its product, its month. A customer is
*won* by that order unless the row itself calls the customer a returning one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from kpi_cli import measures
from kpi_cli.assigning import NOT_SET
from kpi_cli.books import Books
from kpi_cli.measures import Key, Measures, Table
from kpi_cli.period import UNITS, Every, Window, bucket_sql, unit_around

Arrays = dict[str, Any]  # a numpy array a column

# Which of several orders on the first day is the first: the one that measures.first_orders takes too.
_FIRST = 't."start", t.order_id, t.by_channel, t.by_campaign, t.by_platform, t.charged'


class Cell(NamedTuple):
    """What the customers of a group won in one unit of time did in another, `age` units later."""

    key: Key
    won: dt.date
    age: int
    active: int
    revenue: Decimal


def fill_buyers(books: Books) -> bool:
    """Fill the table `buyers`; whether any sale says who bought."""
    store = books.store
    store.ensure("sales", "order_id", "customer", "customer_type")
    named = [name for name in books.ask.dimensions if name not in UNITS]
    groups = [_of_first(measures.dimension_sql(books, "sales", name)) for name in named]
    picks = "".join(f"{sql} AS k{i}, " for i, sql in enumerate(groups))
    typed = store.rows("SELECT 1 FROM sales WHERE customer_type IS NOT NULL LIMIT 1")
    won = _of_first("coalesce(t.customer_type, 'new')") + " <> 'returning'" if typed else "true"
    store.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE buyers AS
            SELECT t.customer, {picks} {won} AS won, min(t."start") FILTER (t.is_order) AS first_day
            FROM sales t WHERE t.fate IS NULL AND t.customer IS NOT NULL
            GROUP BY t.customer HAVING bool_or(t.is_order)"""
    )
    return bool(store.rows("SELECT 1 FROM buyers LIMIT 1"))


def _of_first(expression: str) -> str:
    return f"arg_min({expression}, ROW({_FIRST}, {expression})) FILTER (t.is_order)"


def _keys(dims: Sequence[str]) -> list[str]:
    """The dimensions of a customer's first order as SQL over `buyers` b; those not of time stand in order."""
    named = iter(range(len(dims)))
    return [
        bucket_sql(name, "b.first_day") if name in UNITS else f"coalesce(b.k{next(named)}, '{NOT_SET}')"
        for name in dims
    ]


def _selected(dims: Sequence[str]) -> str:
    return "".join(f"{sql} AS key{i}, " for i, sql in enumerate(_keys(dims)))


def _between(window: Window | None, day: str = 't."start"') -> str:
    return f"{day} BETWEEN DATE '{window.start}' AND DATE '{window.end}'" if window else "true"


# ------------------------------------------------------------------------------------------- observed


def unnamed(books: Books, window: Window | None) -> tuple[int, Decimal]:
    """Orders in the window that name no customer, and their revenue."""
    orders, revenue = books.store.rows(
        f"""SELECT {measures.ORDERS}, coalesce(sum({measures.revenue_sql(books)}), 0) FROM sales t
            WHERE t.fate IS NULL AND t.customer IS NULL AND {_between(window)}"""
    )[0]
    return int(orders), Decimal(revenue)


def observed(books: Books, window: Window | None, dims: Sequence[str]) -> Table:
    """What the customers of each group did in the window; sums for all of them when `dims` is empty.

    customers, orders, revenue; repeat_orders, and customer_days from the first purchase, or the first day of
    the window, to its last; repeat_customers with two purchase days or more; days_between_purchases, their median.
    """
    width = len(dims)
    table: Table = {}
    for sql in (_sums(books, window, dims), _people(window, dims), _gaps(window, dims)):
        answer = books.store.con.execute(sql)
        names = [column[0] for column in answer.description or ()][width:]
        for row in answer.fetchall():
            table.setdefault(tuple(row[:width]), {}).update(zip(names, row[width:], strict=True))
    known = {key: sums for key, sums in table.items() if sums.get("customers")}
    for sums in known.values():
        sums["repeat_orders"] = _whole(sums, "orders") - _whole(sums, "first_orders")
    return known


def _whole(sums: Measures, name: str) -> int:
    return int(sums.get(name) or 0)


def _sums(books: Books, window: Window | None, dims: Sequence[str]) -> str:
    return f"""SELECT {_selected(dims)} count(DISTINCT t.customer) FILTER (t.is_order) AS customers,
                      {measures.ORDERS} AS orders, sum({measures.revenue_sql(books)}) AS revenue
               FROM sales t LEFT JOIN buyers b USING (customer)
               WHERE t.fate IS NULL AND t.customer IS NOT NULL AND {_between(window)} {_grouped(dims)}"""


def _people(window: Window | None, dims: Sequence[str]) -> str:
    start, end = "b.first_day", "NULL::DATE"
    if window:
        start, end = f"DATE '{window.start}'", f"DATE '{window.end}'"
    return f"""WITH people AS (
                 SELECT customer, count(DISTINCT "start") AS days FROM sales t
                 WHERE t.fate IS NULL AND t.is_order AND t.customer IS NOT NULL AND {_between(window)}
                 GROUP BY customer)
               SELECT {_selected(dims)} count(*) FILTER (people.days > 1) AS repeat_customers,
                      CAST(sum({end} - greatest(b.first_day, {start})) AS BIGINT) AS customer_days,
                      count(*) FILTER (b.won AND b.first_day >= {start}) AS first_orders
               FROM people JOIN buyers b USING (customer) {_grouped(dims)}"""


def _gaps(window: Window | None, dims: Sequence[str]) -> str:
    return f"""WITH days AS (
                 SELECT DISTINCT customer, "start" AS day FROM sales t
                 WHERE t.fate IS NULL AND t.is_order AND t.customer IS NOT NULL AND {_between(window)}),
               gaps AS (
                 SELECT customer, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM days)
               SELECT {_selected(dims)} median(gap) AS days_between_purchases
               FROM gaps JOIN buyers b USING (customer) WHERE gap IS NOT NULL {_grouped(dims)}"""


def _grouped(dims: Sequence[str]) -> str:
    keys = ", ".join(f"key{i}" for i in range(len(dims)))
    return f"GROUP BY {keys} ORDER BY {keys}" if dims else ""


# -------------------------------------------------------------------------------------------- cohorts


def observed_through(books: Books, unit: Every) -> dt.date | None:
    """The last day that can be called observed: sales reach over a gap no longer than their own longest,
    but not into another unit of time than that of their last day."""
    ends = [s.period[1] for s in books.store.of_role("sales") if s.period]
    if not ends or books.window is None:
        return None
    if books.window.end < max(ends):
        return books.window.end
    gap = books.store.rows(
        """SELECT max(gap) FROM (SELECT "start" - lag("start") OVER (ORDER BY "start") AS gap
           FROM (SELECT DISTINCT "start" FROM sales WHERE fate IS NULL AND "start" IS NOT NULL))"""
    )[0][0]
    reach = min(max(ends) + dt.timedelta(days=gap or 0), unit_around(max(ends), unit).end)
    period = books.ask.period
    asked = period.month or period.last or period.to
    return min(books.window.end, reach) if asked else reach


def cohort_sizes(books: Books, window: Window, dims: Sequence[str], unit: str) -> dict[tuple[Key, dt.date], int]:
    """Customers won in the window, by group and by the unit of time they were won in."""
    rows = books.store.rows(
        f"""SELECT {_selected(dims)} date_trunc('{unit}', b.first_day)::DATE AS won, count(*) FROM buyers b
            WHERE b.won AND {_between(window, "b.first_day")} GROUP BY ALL ORDER BY ALL"""
    )
    return {(tuple(row[:-2]), row[-2]): row[-1] for row in rows}


def cohort_cells(books: Books, window: Window, dims: Sequence[str], unit: str) -> Iterator[Cell]:
    """What these customers did in the window, by units of time since they were won."""
    then, now = f"date_trunc('{unit}', b.first_day)", f"date_trunc('{unit}', t.\"start\")"
    step, length = _STEPS[unit]
    for row in books.store.rows(
        f"""SELECT {_selected(dims)} {then}::DATE AS won,
                   date_diff('{step}', {then}, {now}) // {length} AS age,
                   count(DISTINCT t.customer) FILTER (t.is_order) AS active,
                   sum({measures.revenue_sql(books)}) AS revenue
            FROM sales t JOIN buyers b USING (customer)
            WHERE t.fate IS NULL AND b.won AND {_between(window, "b.first_day")} AND {_between(window)}
              AND t."start" >= b.first_day
            GROUP BY ALL ORDER BY ALL"""
    ):
        yield Cell(tuple(row[:-4]), *row[-4:])


_STEPS = {
    "day": ("day", 1),
    "week": ("day", 7),
    "month": ("month", 1),
    "quarter": ("month", 3),
    "year": ("month", 12),
}


def bought_before(books: Books, window: Window) -> int:
    """Customers with an order in the window who were won before it, or elsewhere."""
    return int(
        books.store.rows(
            f"""SELECT count(DISTINCT t.customer) FROM sales t JOIN buyers b USING (customer)
                WHERE t.fate IS NULL AND t.is_order AND {_between(window)}
                  AND NOT (b.won AND {_between(window, "b.first_day")})"""
        )[0][0]
    )


# ------------------------------------------------------------------------------------------ histories


def fill_histories(books: Books, window: Window) -> int:
    """Fill the table `histories`: the customers won in the window, as they stood on its last day; how many.

    `x` counts repeat purchase days, `paid` those of them on which anything was charged, and `spent` is what
    these brought, less refunds; both are 0 where that is nothing or less. `recency` and `age` are days, `first`
    is what the first day brought.
    """
    con = books.store.con
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE histories AS
            WITH days AS (
              SELECT t.customer, t."start" AS day, sum({measures.revenue_sql(books)}) AS revenue,
                     coalesce(sum(t.charged) FILTER (t.is_order), 0) > 0 AS paid
              FROM sales t
              WHERE t.fate IS NULL AND t.customer IS NOT NULL AND t."start" <= DATE '{window.end}'
              GROUP BY t.customer, t."start" HAVING bool_or(t.is_order)),
            sums AS (
              SELECT customer, min(day) AS first_day, max(day) AS last_day, count(*) - 1 AS x,
                     arg_min(revenue, day) AS first, if(arg_min(paid, day), 1, 0) AS first_paid,
                     count(*) FILTER (paid) AS paid, coalesce(sum(revenue) FILTER (paid), 0) AS revenue
              FROM days GROUP BY customer),
            repeats AS (SELECT *, revenue - first * first_paid AS brought FROM sums)
            SELECT r.customer, r.first_day, r.last_day, r.first, r.x, r.last_day - r.first_day AS recency,
                   DATE '{window.end}' - r.first_day AS age,
                   if(brought > 0, paid - first_paid, 0) AS paid, if(brought > 0, brought, 0) AS spent
            FROM repeats r JOIN buyers b USING (customer)
            WHERE b.won AND r.first_day >= DATE '{window.start}'"""
    )
    return int(con.execute("SELECT count(*) FROM histories").fetchall()[0][0])


def histories(books: Books, dims: Sequence[str]) -> tuple[list[Key], Arrays]:
    """The groups there are, and the distinct histories: `n` customers each, who together spent `spent`.

    `segment` is the place of a history's group among the groups.
    """
    keys = ", ".join(f"key{i}" for i in range(len(dims)))
    joined = "FROM histories h JOIN buyers b USING (customer)"
    groups = books.store.rows(f"SELECT DISTINCT {_selected(dims)} 0 {joined} ORDER BY ALL")
    place = f"dense_rank() OVER (ORDER BY {keys}) - 1" if dims else "0"
    arrays = books.store.con.execute(
        f"""SELECT {place} AS segment, x, recency, age, paid, n, spent FROM (
              SELECT {_selected(dims)} h.x, h.recency, h.age, h.paid, count(*) AS n,
                     CAST(sum(h.spent) AS DOUBLE) AS spent
              {joined} GROUP BY ALL)
            ORDER BY ALL"""
    ).fetchnumpy()
    return [tuple(row[:-1]) for row in groups], arrays


def repeat_values(books: Books) -> Arrays:
    """The distinct (paid repeat purchases, their mean value), `n` customers each."""
    return books.store.con.execute(
        """SELECT paid, CAST(spent AS DOUBLE) / greatest(paid, 1) AS mean, count(*) AS n
           FROM histories WHERE x > 0 GROUP BY ALL ORDER BY ALL"""
    ).fetchnumpy()


def purchase_facts(books: Books, window: Window) -> tuple[int, int, int]:
    """Orders that share a day with another of their customer, orders of amount 0, and refunds."""
    orders, free, refunded = books.store.rows(
        f"""SELECT {measures.ORDERS}, count(*) FILTER (t.is_order AND t.charged = 0),
                   count(*) FILTER (t.refunds > 0)
            FROM sales t JOIN histories h USING (customer)
            WHERE t.fate IS NULL AND t."start" <= DATE '{window.end}'"""
    )[0]
    days = books.store.rows("SELECT coalesce(sum(x + 1), 0) FROM histories")[0][0]
    return int(orders - days), free, refunded


def mean_first_value(books: Books) -> float:
    """What a first purchase day brought, on average."""
    return float(books.store.rows("SELECT coalesce(avg(CAST(first AS DOUBLE)), 0) FROM histories")[0][0])


def purchases_in(books: Books, window: Window) -> int:
    """Purchase days in a window of the customers in `histories`."""
    return int(
        books.store.rows(
            f"""SELECT count(*) FROM (
                  SELECT DISTINCT t.customer, t."start" FROM sales t JOIN histories h USING (customer)
                  WHERE t.fate IS NULL AND t.is_order AND {_between(window)})"""
        )[0][0]
    )


def each_customer(books: Books, block: int) -> Iterator[list[tuple[Any, ...]]]:
    """The customers of `histories` in blocks: id, first and last day, x, recency, age, paid, spent."""
    answer = books.store.con.execute(
        """SELECT customer, first_day, last_day, x, recency, age, paid, CAST(spent AS DOUBLE)
           FROM histories ORDER BY first_day, customer"""
    )
    while rows := answer.fetchmany(block):
        yield rows


def first_purchase(books: Books, window: Window) -> dt.date | None:
    """The first day on which a customer was won in the window."""
    sql = f"SELECT min(b.first_day) FROM buyers b WHERE b.won AND {_between(window, 'b.first_day')}"
    found: dt.date | None = books.store.rows(sql)[0][0]
    return found
