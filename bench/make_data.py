"""Sales and spend of a made-up school, as many rows as wanted: the same rows for the same seed, always.

    python bench/make_data.py FOLDER ROWS [SEED]      writes FOLDER/sales_ROWS.csv and FOLDER/spend.csv

Three years of sales of ten channels, refunds in one row of fifty; the spend of the paid channels by day. And
buyers who come and go as BG/NBD has them, about four orders each in a year and a half.
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
