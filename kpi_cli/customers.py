"""Customers: who was won when, what they did since, and how they stood on a day; SQL over the sales table.

    fill_buyers(books)       the tables `buyers`, a row a customer, and `purchases`, a row a customer and day
    observed(books, …)       sums and counts by group of what customers did in a window
    cohort_cells(books, …)   what each cohort did in each unit of time since it was won
    fill_histories(books, …) the table `histories`: repeat purchases, recency and age of each customer

Groups are those of a customer's first order (contract §4): its channel, its product, its month. A customer is
*won* by that order unless the row itself calls the customer a returning one.

Sales are read twice, to number the customers and to sum up their days. Every row of `purchases` knows the two
purchase days before it, so that what else is asked is a sum over its rows: a customer is counted at the first
row in a window, one who bought again at the second.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from kpi_cli import measures
from kpi_cli.assigning import NOT_SET
from kpi_cli.books import Books
from kpi_cli.exports.overlap.sales import fill_repeated
from kpi_cli.measures import Key, Measures, Table
from kpi_cli.period import UNITS, Every, Window, label, unit_around

Arrays = dict[str, Any]  # a numpy array a column


class Cell(NamedTuple):
    """What the customers of a group won in one unit of time did in another, `age` units later."""

    key: Key
    won: dt.date
    age: int
    active: int
    revenue: Decimal


def fill_buyers(books: Books) -> bool:
    """Fill the tables `buyers` and `purchases`; whether any sale says who bought.

    A row of `purchases` is a day on which a customer `bought`, or had a refund alone: how many orders, what they
    brought, and whether anything was `paid`. `before` and `earlier` are the purchase days before it.
    """
    store = books.store
    store.ensure("sales", "time", "order_id", "customer", "customer_type")
    if store.people:  # who are found where they are
        return bool(store.rows("SELECT 1 FROM sales WHERE fate IS NULL AND is_order AND customer IS NOT NULL LIMIT 1"))
    said = {"sales": store.bare("sales"), "revenue": measures.revenue_sql(books)}
    for sql in (_BUYERS.format(**said), _firsts(books), _ROWS.format(**said), _DAYS):
        store.con.execute(sql)  # one step each: a join and a grouping in one would hold both in memory
    store.con.execute("DROP TABLE numbered")
    store.con.execute(_PURCHASES)
    store.con.execute("DROP TABLE days")
    return names_buyers(books)


def names_buyers(books: Books) -> bool:
    """Whether any sale says who bought, once `buyers` is filled."""
    return bool(books.store.rows("SELECT 1 FROM buyers WHERE orders > 0 LIMIT 1"))


_BUYERS = """
    CREATE OR REPLACE TEMP TABLE buyers AS
    SELECT CAST(row_number() OVER () AS INTEGER) AS who, *, true AS won FROM (
      SELECT t.customer, min(t."start") FILTER (t.is_order) AS first_day, count(*) FILTER (t.is_order) AS orders
      FROM {sales} t WHERE t.fate IS NULL AND t.customer IS NOT NULL GROUP BY t.customer)
"""
_ROWS = """
    CREATE OR REPLACE TEMP TABLE numbered AS
    SELECT b.who, t."start" AS day, t.is_order, t.charged, {revenue} AS revenue
    FROM {sales} t JOIN buyers b USING (customer) WHERE t.fate IS NULL
"""
_DAYS = """
    CREATE OR REPLACE TEMP TABLE days AS
    SELECT who, day, CAST(count(*) FILTER (is_order) AS INTEGER) AS orders, sum(revenue) AS revenue,
           sum(if(is_order, charged, 0)) > 0 AS paid
    FROM numbered GROUP BY ALL
"""
_PURCHASES = """
    CREATE OR REPLACE TEMP TABLE purchases AS
    SELECT *, orders > 0 AS bought, lag(day) OVER same AS before, lag(day, 2) OVER same AS earlier
    FROM days WINDOW same AS (PARTITION BY who, orders > 0 ORDER BY day)
"""


def _firsts(books: Books) -> str:
    """SQL that gives `buyers` what their first order says: a `k` a named dimension, and whether it won them."""
    named = [measures.dimension_sql(books, "sales", name) for name in books.ask.dimensions if name not in UNITS]
    typed = books.store.rows("SELECT 1 FROM sales WHERE customer_type IS NOT NULL LIMIT 1")
    if not named and not typed:
        return "SELECT 1"
    said = ", ".join([*named, "coalesce(t.customer_type, 'new') <> 'returning'"])
    picks = "".join(f"first[{i}] AS k{i - 1}, " for i in range(1, len(named) + 1))
    return f"""
        CREATE OR REPLACE TEMP TABLE buyers AS
        SELECT b.* EXCLUDE (won), {picks} coalesce(first[{len(named) + 1}], false) AS won
        FROM buyers b LEFT JOIN (
          SELECT b.who, arg_min(ROW({said}), ROW({measures.first_sql(books)}, {said})) AS first
          FROM sales t JOIN buyers b USING (customer)
          WHERE t.fate IS NULL AND t.is_order AND t."start" IS NOT DISTINCT FROM b.first_day GROUP BY b.who) f
        USING (who)"""


def _buyers(dims: Sequence[str]) -> str:
    """The table of customers with the dimensions of their first order as `key0`, `key1`, …."""
    if not dims:
        return "buyers"
    named = iter(range(len(dims)))
    keys = [
        f"date_trunc('{name}', first_day)::DATE" if name in UNITS else f"coalesce(k{next(named)}, '{NOT_SET}')"
        for name in dims
    ]
    return f"(SELECT *, {', '.join(f'{sql} AS key{i}' for i, sql in enumerate(keys))} FROM buyers)"


def _rows(books: Books, sql: str) -> list[tuple[Any, ...]]:
    """The rows of SQL over `buyers` and `purchases`, in the words that all engines have: where the sales are."""
    people = books.store.people
    if people is None:
        return books.store.rows(sql)
    named = [measures.dimension_sql(books, "sales", name) for name in books.ask.dimensions if name not in UNITS]
    said = measures.said_of(books, people, named)
    return people.rows_of(sql, said, gross=books.ask.reading.gross)


def _key(dims: Sequence[str], row: Sequence[Any]) -> Key:
    """A group as answers name it: units of time by their label."""
    return tuple(label(part, dim) if dim in UNITS else part for dim, part in zip(dims, row, strict=False))


def _by(count: int) -> str:
    """Groups by the first columns, in their order; all rows together by none."""
    listed = ", ".join(str(i) for i in range(1, count + 1))
    return f"GROUP BY {listed} ORDER BY {listed}" if count else ""


def _keys(dims: Sequence[str]) -> str:
    return "".join(f"b.key{i}, " for i in range(len(dims)))


def _between(window: Window | None, day: str) -> str:
    return f"{day} BETWEEN DATE '{window.start}' AND DATE '{window.end}'" if window else "true"


def _once(window: Window | None) -> str:
    """Rows of `purchases` p, of those in the window, that are their customer's first purchase in it."""
    return f"p.bought AND ({_outside('p.before', window)})"


def _outside(day: str, window: Window | None) -> str:
    return f"{day} IS NULL" + (f" OR {day} < DATE '{window.start}'" if window else "")


# ------------------------------------------------------------------------------------------- observed


def unnamed(books: Books, window: Window | None) -> tuple[int, Decimal]:
    """Orders in the window that name no customer, and their revenue."""
    orders, revenue = books.store.rows(
        f"""SELECT {books.store.orders_sql}, coalesce(sum({measures.revenue_sql(books)}), 0) FROM sales t
            WHERE t.fate IS NULL AND t.customer IS NULL AND {_between(window, 't."start"')}"""
    )[0]
    return int(orders), Decimal(revenue)


def observed(books: Books, window: Window | None, dims: Sequence[str]) -> Table:
    """What the customers of each group did in the window; sums for all of them when `dims` is empty.

    customers, orders, revenue; repeat_orders; repeat_customers with two purchase days or more;
    days_between_purchases, their median; customer_days since the first purchase that fall in the window, of
    everyone won by its end: those who bought nothing in it could have.
    """
    width = len(dims)
    table: Table = {
        _key(dims, row): dict(zip(_DONE, row[width:], strict=True))
        for row in _rows(books, _did(window, dims))
        if row[width]
    }
    for key, again in _repeated(books, dims, _between(window, 't."start"')).items():
        if key in table:
            table[key]["orders"] = _whole(table[key], "orders") - again
    for sums in table.values():
        sums["repeat_orders"] = _whole(sums, "orders") - _whole(sums, "first_orders")
    return table


def _whole(sums: Measures, name: str) -> int:
    return int(sums.get(name) or 0)


_DONE = (
    *("customers", "orders", "revenue", "repeat_customers", "customer_days", "first_orders"),
    "days_between_purchases",
)


def _did(window: Window | None, dims: Sequence[str]) -> str:
    start, end, before = "b.first_day", "NULL::DATE", "NULL::DATE"
    if window:
        day_before = window.start - dt.timedelta(days=1)
        start, end, before = (f"DATE '{day}'" for day in (window.start, window.end, day_before))
    once, again = _once(window), f"p.bought AND NOT ({_outside('p.before', window)})"
    return f"""SELECT {_keys(dims)} count(*) FILTER (WHERE {once}) AS customers,
                      CAST(sum(p.orders) AS BIGINT) AS orders, sum(p.revenue) AS revenue,
                      count(*) FILTER (WHERE {again} AND ({_outside("p.earlier", window)})) AS repeat_customers,
                      CAST(sum(date_diff('day', greatest(b.first_day, {before}), {end})) FILTER (WHERE p.day IS NULL)
                        AS BIGINT) AS customer_days,
                      count(*) FILTER (WHERE {once} AND b.won AND b.first_day >= {start}) AS first_orders,
                      median(date_diff('day', p.before, p.day)) FILTER (WHERE {again}) AS days_between_purchases
               FROM (SELECT who, day, orders, revenue, bought, before, earlier FROM purchases
                     WHERE {_between(window, "day")}
                     UNION ALL
                     SELECT who, NULL, NULL, NULL, false, NULL, NULL FROM buyers WHERE first_day <= {end}) p
               JOIN {_buyers(dims)} b USING (who) {_by(len(dims))}"""


def _repeated(books: Books, dims: Sequence[str], chosen: str, same: str = "t.order_id") -> dict[Key, int]:
    """By how many an order that stands in several rows was counted too often, in the rows of sales t chosen."""
    if not fill_repeated(books.store):
        return {}
    rows = books.store.rows(
        f"""SELECT {_keys(dims)} count(*) - count(DISTINCT {same})
            FROM sales t JOIN {_buyers(dims)} b USING (customer)
            WHERE t.fate IS NULL AND t.is_order AND t.order_id IN (FROM repeated) AND {chosen}
            {_by(len(dims))}"""
    )
    return {_key(dims, row): row[-1] for row in rows}


# -------------------------------------------------------------------------------------------- cohorts


def observed_through(books: Books, unit: Every) -> dt.date | None:
    """The last day that can be called observed.

    A file covers its first to its last dated row. Only a period asked for says that it goes on: over a gap no
    longer than the sales' own longest, and not into another unit of time than that of their last day.
    """
    ends = [s.period[1] for s in books.store.of_role("sales") if s.period]
    if not ends or books.window is None:
        return None
    asked = books.ask.period.month or books.ask.period.last or books.ask.period.to
    if books.window.end <= max(ends) or not asked:
        return min(books.window.end, max(ends))
    gap = books.store.rows(
        """SELECT max(gap) FROM (SELECT "start" - lag("start") OVER (ORDER BY "start") AS gap
           FROM (SELECT DISTINCT "start" FROM sales WHERE fate IS NULL AND "start" IS NOT NULL))"""
    )[0][0]
    reach = min(max(ends) + dt.timedelta(days=gap or 0), unit_around(max(ends), unit).end)
    return min(books.window.end, reach)


def cohort_sizes(books: Books, window: Window, dims: Sequence[str], unit: str) -> dict[tuple[Key, dt.date], int]:
    """Customers won in the window, by group and by the unit of time they were won in."""
    rows = _rows(
        books,
        f"""SELECT {_keys(dims)} date_trunc('{unit}', b.first_day)::DATE AS won, count(*) AS n FROM {_buyers(dims)} b
            WHERE b.won AND {_between(window, "b.first_day")} {_by(len(dims) + 1)}""",
    )
    return {(_key(dims, row), row[-2]): row[-1] for row in rows}


def cohort_cells(books: Books, window: Window, dims: Sequence[str], unit: str) -> Iterator[Cell]:
    """What these customers did in the window, by units of time since they were won."""
    then, now, before = (f"date_trunc('{unit}', {day})" for day in ("b.first_day", "p.day", "p.before"))
    step, length = _STEPS[unit]
    for row in _rows(
        books,
        f"""SELECT {_keys(dims)} {then}::DATE AS won, date_diff('{step}', {then}, {now}) // {length} AS age,
                   count(*) FILTER (WHERE p.bought AND {before} IS DISTINCT FROM {now}) AS active,
                   sum(p.revenue) AS revenue
            FROM purchases p JOIN {_buyers(dims)} b USING (who)
            WHERE b.won AND {_between(window, "b.first_day")} AND {_between(window, "p.day")}
              AND p.day >= b.first_day
            {_by(len(dims) + 2)}""",
    ):
        won, age, active, revenue = row[-4:]
        yield Cell(_key(dims, row), won, int(age), active, revenue)


_STEPS = {
    "day": ("day", 1),
    "week": ("day", 7),
    "month": ("month", 1),
    "quarter": ("month", 3),
    "year": ("month", 12),
}


def bought_before(books: Books, window: Window) -> int:
    """Customers with an order in the window who were won before it, or elsewhere."""
    sql = f"""SELECT count(*) AS n FROM purchases p JOIN buyers b USING (who)
              WHERE {_once(window)} AND {_between(window, "p.day")}
                AND NOT (b.won AND {_between(window, "b.first_day")})"""
    return int(_rows(books, sql)[0][0])


# ------------------------------------------------------------------------------------------ histories


def fill_histories(books: Books, window: Window) -> int:
    """Fill the table `histories`: the customers won in the window, as they stood on its last day; how many.

    `x` counts repeat purchase days, `paid` those of them on which anything was charged, and `spent` is what
    these brought, less refunds; both are 0 where that is nothing or less. `recency` and `age` are days, `first`
    is what the first day brought.
    """
    sql = _HISTORIES.format(start=window.start, end=window.end)
    if books.store.people:
        books.store.histories = sql
    else:
        books.store.con.execute(f"CREATE OR REPLACE TEMP TABLE histories AS {sql}")
    return int(_of_histories(books, "SELECT count(*) AS n FROM histories")[0][0])


_HISTORIES = """
    SELECT s.who, s.last_day, s.first, s.x, date_diff('day', b.first_day, s.last_day) AS recency,
           date_diff('day', b.first_day, DATE '{end}') AS age,
           CASE WHEN s.spent > 0 THEN s.paid ELSE 0 END AS paid, greatest(s.spent, 0) AS spent
    FROM (SELECT who, max(day) AS last_day, count(*) - 1 AS x, sum(revenue) FILTER (WHERE before IS NULL) AS first,
                 count(*) FILTER (WHERE paid AND before IS NOT NULL) AS paid,
                 coalesce(sum(revenue) FILTER (WHERE paid AND before IS NOT NULL), 0) AS spent
          FROM purchases WHERE bought AND day <= DATE '{end}' GROUP BY who) s
    JOIN buyers b USING (who)
    WHERE b.won AND b.first_day >= DATE '{start}'
"""


def _of_histories(books: Books, sql: str) -> list[tuple[Any, ...]]:
    """The rows of SQL over `histories` besides."""
    return _rows(books, f", histories AS ({books.store.histories}) {sql}" if books.store.people else sql)


def _arrays(books: Books, sql: str, names: Sequence[str]) -> Arrays:
    """The columns of SQL over `histories` by their names."""
    if books.store.people is None:
        found: Arrays = books.store.con.execute(sql).fetchnumpy()
        return found
    import numpy as np

    rows = _of_histories(books, sql)
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    kinds = {"spent": float, "mean": float}
    return {n: np.array(column, dtype=kinds.get(n, int)) for n, column in zip(names, columns, strict=True)}


def histories(books: Books, dims: Sequence[str]) -> tuple[list[Key], Arrays]:
    """The groups there are, and the distinct histories: `n` customers each, who together spent `spent`.

    `segment` is the place of a history's group among the groups.
    """
    keys = ", ".join(f"key{i}" for i in range(len(dims)))
    joined = f"FROM histories h JOIN {_buyers(dims)} b USING (who)" if dims else "FROM histories h"
    groups = _of_histories(books, f"SELECT DISTINCT {keys} {joined} ORDER BY {keys}") if dims else [()]
    place = f"dense_rank() OVER (ORDER BY {keys}) - 1" if dims else "0"
    arrays = _arrays(
        books,
        f"""SELECT {place} AS segment, x, recency, age, paid, n, spent FROM (
              SELECT {_keys(dims)} h.x, h.recency, h.age, h.paid, count(*) AS n,
                     CAST(sum(h.spent) AS DOUBLE) AS spent
              {joined} {_by(len(dims) + 4).partition(" ORDER")[0]}) AS alike
            ORDER BY 1, 2, 3, 4, 5""",
        ("segment", "x", "recency", "age", "paid", "n", "spent"),
    )
    return [_key(dims, row) for row in groups], arrays


def repeat_values(books: Books) -> Arrays:
    """The distinct (paid repeat purchases, their mean value), `n` customers each."""
    return _arrays(
        books,
        f"""SELECT paid, CAST(spent AS DOUBLE) / greatest(paid, 1) AS mean, count(*) AS n
            FROM histories WHERE x > 0 {_by(2)}""",
        ("paid", "mean", "n"),
    )


def purchase_facts(books: Books, window: Window) -> tuple[int, int, int]:
    """Orders that share a day with another of their customer, orders of amount 0, and refunds taken off an order."""
    same_day = _of_histories(
        books,
        f"""SELECT coalesce(sum(p.orders) - count(*), 0) AS n FROM purchases p
            WHERE p.who IN (SELECT who FROM histories) AND p.bought AND p.day <= DATE '{window.end}'""",
    )[0][0]
    if books.store.people:
        free, refunded = _of_histories(
            books,
            f"""SELECT count(*) FILTER (WHERE charged = 0) AS free, count(*) FILTER (WHERE back > 0) AS refunded
                FROM kept WHERE who IN (SELECT who FROM histories) AND day <= DATE '{window.end}'""",
        )[0]
        return int(same_day), free, 0 if books.ask.reading.gross else refunded
    known = f"b.who IN (SELECT who FROM histories) AND t.\"start\" <= DATE '{window.end}'"
    lines = _repeated(books, (), known, '(b.who, t."start", t.order_id)').get((), 0)
    several = " OR t.order_id IN (FROM repeated)" if fill_repeated(books.store) else ""
    free = books.store.rows(
        f"""SELECT count(*) FROM (
              SELECT 1 FROM sales t JOIN buyers b USING (customer)
              WHERE t.fate IS NULL AND (t.charged = 0{several}) AND t.is_order AND {known}
              GROUP BY b.who, coalesce(t.order_id, t.file || ' ' || t.line) HAVING sum(t.charged) = 0)"""
    )[0][0]
    return int(same_day) - lines, free, 0 if books.ask.reading.gross else _refunds_of_orders(books, known)


def _refunds_of_orders(books: Books, known: str) -> int:
    """Refunds in the row of their order, and those in rows of their own whose order is there."""
    found = f"FROM sales t JOIN buyers b USING (customer) WHERE t.fate IS NULL AND t.refunds > 0 AND {known}"
    inside, apart = books.store.rows(f"SELECT count(*) FILTER (t.is_order), count(*) FILTER (NOT is_order) {found}")[0]
    if not apart:
        return int(inside)
    sold = """SELECT order_id FROM sales WHERE is_order AND fate IS NULL
              AND order_id IN (SELECT order_id FROM sales WHERE refunds > 0 AND NOT is_order)"""
    own = books.store.rows(f"SELECT count(*) {found} AND NOT t.is_order AND t.order_id IN ({sold})")[0][0]
    return int(inside + own)


def mean_first_value(books: Books) -> float:
    """What a first purchase day brought, on average."""
    total, count = _of_histories(books, "SELECT CAST(sum(first) AS DOUBLE) AS total, count(*) AS n FROM histories")[0]
    return float(total / count) if count else 0.0


def purchases_in(books: Books, window: Window) -> int:
    """Purchase days in a window of the customers in `histories`."""
    sql = f"""SELECT count(*) AS n FROM purchases p
              WHERE p.who IN (SELECT who FROM histories) AND p.bought AND {_between(window, "p.day")}"""
    return int(_of_histories(books, sql)[0][0])


def each_customer(books: Books, block: int) -> Iterator[list[tuple[Any, ...]]]:
    """The customers of `histories` in blocks: id, first and last day, x, recency, age, paid, spent."""
    if books.store.people:
        yield from _each_there(books, block)
        return
    answer = books.store.con.execute(
        """SELECT customer, b.first_day, h.last_day, x, recency, age, paid, CAST(spent AS DOUBLE)
           FROM histories h JOIN buyers b USING (who) ORDER BY b.first_day, customer"""
    )
    while rows := answer.fetchmany(block):
        yield rows


def _each_there(books: Books, block: int) -> Iterator[list[tuple[Any, ...]]]:
    rows = _of_histories(
        books,
        """SELECT h.who, b.first_day, h.last_day, h.x, h.recency, h.age, h.paid, CAST(h.spent AS DOUBLE) AS spent
           FROM histories h JOIN buyers b USING (who)""",
    )
    rows.sort(key=lambda row: (row[1], row[0]))
    for start in range(0, len(rows), block):
        yield rows[start : start + block]


def first_purchase(books: Books, window: Window) -> dt.date | None:
    """The first day on which a customer was won in the window."""
    sql = f"SELECT min(b.first_day) AS day FROM buyers b WHERE b.won AND {_between(window, 'b.first_day')}"
    found: dt.date | None = _rows(books, sql)[0][0]
    return found
