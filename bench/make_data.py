"""Sales and spend of a made-up school, as many rows as wanted: the same rows for the same seed, always.

    python bench/make_data.py FOLDER ROWS [SEED]      writes FOLDER/sales_ROWS.csv and FOLDER/spend.csv

Three years of sales of ten channels, refunds in one row of fifty; the spend of the paid channels by day. A log of
events of people, ten each; touches of people before they buy or do not, three or four each. And buyers who come
and go as BG/NBD has them, about four orders each in a year and a half.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np

FIRST, DAYS = "2024-01-01", 1096
PAID = ("Paid Search", "Paid Social", "Display")
CHANNELS = (*PAID, "Organic Search", "Organic Social", "Email", "Direct", "Referral", "Affiliates", "Audio")
PRIME, MODULUS = 48271, 2147483647  # the multiplicative generator of Park and Miller (1993)


def draw(row: str, place: int, seed: int) -> str:
    """SQL for a whole number of 0 to MODULUS − 1 that hangs on the row, the place and the seed alone."""
    first = f"(({row} * {PRIME} + {place} * 7919 + {seed} * 104729) % {MODULUS})"
    return f"(({first} * {PRIME} % {MODULUS}) * {PRIME} % {MODULUS})"


def sales_sql(rows: int, seed: int) -> str:
    """The sales as a query; days in no order, as a busy shop's export by id has them."""
    listed = ", ".join(f"'{c}'" for c in CHANNELS)
    amount = f"CAST((900 + {draw('i', 2, seed)} % 49000) / 100.0 AS DECIMAL(9,2))"
    return f"""
        SELECT strftime(DATE '{FIRST}' + CAST({draw("i", 1, seed)} % {DAYS} AS INTEGER), '%Y-%m-%d') AS date,
               100000000 + i AS order_id,
               [{listed}][1 + {draw("i", 3, seed)} % {len(CHANNELS)}] AS channel,
               {amount} AS amount,
               CASE WHEN {draw("i", 4, seed)} % 50 = 0 THEN CAST({amount} AS VARCHAR) ELSE '0' END AS refunded
        FROM range({rows}) AS t(i)"""


def named_sql(rows: int, seed: int) -> str:
    """Those sales with their customers, 26 of them for every 100 sales, in no order."""
    who = f"{draw('(order_id - 100000000)', 15, seed)} % {rows * 26 // 100}"
    return f"""
        SELECT date, order_id, 'c-' || lpad(({who})::VARCHAR, 8, '0') AS customer_id, channel, amount, refunded
        FROM ({sales_sql(rows, seed)})"""


def spend_sql(seed: int) -> str:
    """The spend of the paid channels, a row a day and channel."""
    listed = ", ".join(f"'{c}'" for c in PAID)
    return f"""
        SELECT strftime(DATE '{FIRST}' + CAST(i AS INTEGER), '%Y-%m-%d') AS date, channel,
               CAST((20000 + {draw("i * 3 + length(channel)", 5, seed)} % 30000) / 100.0 AS DECIMAL(9,2)) AS cost
        FROM range({DAYS}) AS t(i), unnest([{listed}]) AS c(channel) ORDER BY ALL"""


def make(folder: Path, rows: int, seed: int = 20261) -> tuple[Path, Path]:
    """Write both files, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    sales, spend = folder / f"sales_{rows}.csv", folder / "spend.csv"
    for path, sql in ((sales, sales_sql(rows, seed)), (spend, spend_sql(seed))):
        if not path.exists():
            duckdb.sql(f"COPY ({sql}) TO '{path}' (HEADER, DELIMITER ',')")
    return sales, spend


EVENTS = ("view", "view", "view", "lead", "cart", "buy", "open", "close")


def events_sql(rows: int, seed: int) -> str:
    """Half a year of events, those of a person in no order."""
    listed = ", ".join(f"'{name}'" for name in EVENTS)
    second = f"CAST({draw('i', 8, seed)} % (180 * 86400) AS BIGINT)"
    return f"""
        SELECT 'u-' || {draw("i", 6, seed)} % {max(rows // 10, 1)} AS "user",
               [{listed}][1 + {draw("i", 7, seed)} % {len(EVENTS)}] AS event,
               strftime(TIMESTAMP '{FIRST}' + to_seconds({second}), '%Y-%m-%d %H:%M:%S') AS time
        FROM range({rows}) AS t(i)"""


def touches_sql(people: int, seed: int) -> str:
    """One to six touches of each person, days apart, over twenty channels; one in four converts at the last one."""
    day = f"CAST({draw('i', 10, seed)} % 80 + k AS INTEGER)"
    second = f"CAST({draw('i * 7 + k', 11, seed)} % 86400 AS BIGINT)"
    converts = f"k = touches - 1 AND {draw('i', 13, seed)} % 4 = 0"
    return f"""
        SELECT 'u-' || i AS "user",
               strftime(DATE '{FIRST}' + {day} + to_seconds({second}), '%Y-%m-%d %H:%M:%S') AS time,
               'Channel ' || (1 + {draw("i * 7 + k", 12, seed)} % 20) AS channel,
               CASE WHEN {converts} THEN 1 ELSE 0 END AS conversion,
               CASE WHEN {converts} THEN 9 + i % 90 ELSE 0 END AS value
        FROM (SELECT i, 1 + {draw("i", 9, seed)} % 6 AS touches FROM range({people}) AS t(i)), range(6) AS u(k)
        WHERE k < touches ORDER BY {draw("i * 7 + k", 14, seed)}, i, k"""


def paths_sql(people: int, seed: int) -> str:
    """The paths of those people, each written out in a row of its own."""
    channels = f"'Channel ' || (1 + {draw('i * 7 + k', 12, seed)} % 20)"
    return f"""
        SELECT string_agg({channels}, ' > ' ORDER BY k) AS path,
               CASE WHEN {draw("i", 13, seed)} % 4 = 0 THEN 1 ELSE 0 END AS conversions,
               CASE WHEN {draw("i", 13, seed)} % 4 = 0 THEN 0 ELSE 1 END AS non_conversions
        FROM (SELECT i, 1 + {draw("i", 9, seed)} % 6 AS touches FROM range({people}) AS t(i)), range(6) AS u(k)
        WHERE k < touches GROUP BY i ORDER BY i"""


def make_one(folder: Path, name: str, rows: int, seed: int = 20261) -> Path:
    """Write a file of events, touches or paths, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}_{rows}.csv"
    if not path.exists():
        sql = {"events": events_sql, "named": named_sql, "touches": touches_sql, "paths": paths_sql}[name](rows, seed)
        duckdb.sql(f"COPY ({sql}) TO '{path}' (HEADER, DELIMITER ',')")
    return path


BUYER = {"r": 0.9, "alpha": 7.3, "a": 0.8, "b": 2.4, "p": 6.25, "q": 3.74, "v": 15.44}
_BLOCK = 250_000


def buyers(folder: Path, customers: int, seed: int = 20261) -> Path:
    """Write the orders of so many simulated customers, by day, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"buyers_{customers}.csv"
    if path.exists():
        return path
    con, chance = duckdb.connect(), np.random.default_rng(seed)
    con.execute("CREATE TABLE orders (who BIGINT, day INTEGER, cents BIGINT)")
    for first in range(0, customers, _BLOCK):
        for part in purchases(chance, min(_BLOCK, customers - first)):
            con.register("part", part)
            con.execute("INSERT INTO orders SELECT who + $1, day, cents FROM part", [first])
    con.execute(
        f"""COPY (SELECT strftime(DATE '{FIRST}' + day, '%Y-%m-%d') AS date,
                         100000000 + row_number() OVER () AS order_id,
                         'c-' || lpad(who::VARCHAR, 7, '0') AS customer_id,
                         CAST(cents / 100 AS DECIMAL(9,2)) AS amount
                  FROM (FROM orders ORDER BY day, who, cents))
            TO '{path}' (HEADER, DELIMITER ',')"""
    )
    return path


def purchases(chance: np.random.Generator, customers: int, days: int = 546) -> Iterator[dict[str, np.ndarray]]:
    """The purchases of customers won in the first 336 days: every one's first, then the second, and so on."""
    rate = chance.gamma(BUYER["r"], 1 / BUYER["alpha"], customers) / 7
    leaves = chance.beta(BUYER["a"], BUYER["b"], customers)
    spends = chance.gamma(BUYER["q"], 1 / BUYER["v"], customers)
    who, when = np.arange(customers), chance.integers(0, 336, customers).astype(float)
    stays = np.ones(customers, bool)
    while len(who):
        cents = np.maximum(chance.gamma(BUYER["p"], 1 / spends[who]), 0.01) * 100
        yield {"who": who, "day": when.astype(np.int32), "cents": np.minimum(cents, 1e8).astype(np.int64)}
        who, when = who[stays], when[stays]
        when = when + chance.exponential(1 / rate[who])
        who, when = who[when < days], when[when < days]
        stays = chance.random(len(who)) >= leaves[who]


if __name__ == "__main__":
    print(*make(Path(sys.argv[1]), int(sys.argv[2]), *map(int, sys.argv[3:])))
