"""The same two questions about many sales, as each peer is asked them: whole programs, SALES standing for the file.

programs(question, sales, memory)   by peer its command line, or None where it is not installed
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

# Beyond so many rows a peer needs more memory than there is, or minutes.
MOST = {"pandas": 10_000_000, "Miller": 1_000_000}

_DUCKDB = """
import duckdb
duckdb.sql('SET enable_progress_bar = false')
LIMIT
sales = duckdb.read_csv('SALES', header=True, columns={COLUMNS}, auto_detect=False, delimiter=',')
print(duckdb.sql('''QUERY''').fetchall())
"""
_SPARK = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.master('local[*]').config('spark.ui.enabled', 'false').getOrCreate()
types = {COLUMNS}
schema = ', '.join(f'{name} {kind}' for name, kind in types.items()).replace('VARCHAR', 'STRING')
spark.read.csv('SALES', header=True, schema=schema).createOrReplaceTempView('sales')
print(spark.sql('''QUERY''').collect())
"""
_PANDAS = """
import pandas as pd
sales = pd.read_csv('SALES', parse_dates=['date'], dtype={'order_id': str, 'customer_id': str, 'channel': str})
QUERY
"""
_POLARS = """
import polars as pl
sales = pl.scan_csv('SALES', try_parse_dates=True, schema_overrides={'order_id': pl.String})
print(QUERY.collect(engine='streaming').rows())
"""
_COLUMNS = {
    "roi": "'date': 'DATE', 'order_id': 'VARCHAR', 'channel': 'VARCHAR', 'amount': 'DECIMAL(18,6)',"
    " 'refunded': 'DECIMAL(18,6)'",
    "cac": "'date': 'DATE', 'order_id': 'VARCHAR', 'customer_id': 'VARCHAR', 'channel': 'VARCHAR',"
    " 'amount': 'DECIMAL(18,6)', 'refunded': 'DECIMAL(18,6)'",
}
_SQL = {
    "roi": "SELECT date_trunc('month', date) AS month, channel, sum(amount) - sum(refunded) AS revenue"
    " FROM sales GROUP BY 1, 2",
    "cac": "SELECT channel, count(*) AS n FROM (SELECT customer_id, FIRST AS channel FROM sales GROUP BY customer_id)"
    " AS firsts GROUP BY channel",
}
_IN_PANDAS = {
    "roi": "sales['revenue'] = sales.amount - sales.refunded\n"
    "print(sales.groupby([sales.date.dt.to_period('M'), 'channel']).revenue.sum().to_dict())",
    "cac": "firsts = sales.sort_values(['date', 'order_id']).drop_duplicates('customer_id')\n"
    "print(firsts.groupby('channel').size().to_dict())",
}
_IN_POLARS = {
    "roi": "sales.group_by(pl.col('date').dt.truncate('1mo'), 'channel')"
    ".agg((pl.col('amount') - pl.col('refunded')).sum())",
    "cac": "sales.group_by('customer_id').agg(pl.col('channel').sort_by('date', 'order_id').first())"
    ".group_by('channel').len()",
}
_IN_MILLER = {
    "roi": 'put|$month = sub($date, "-..$", ""); $revenue = $amount - $refunded|then|stats1|-a|sum|-f|revenue'
    "|-g|month,channel",
    "cac": "sort|-f|date,order_id|then|head|-n|1|-g|customer_id|then|count|-g|channel",
}


def programs(question: str, sales: Path, memory: str | None) -> dict[str, list[str] | None]:
    """How each peer is asked the question `roi` or `cac`; `memory` is what DuckDB may take."""
    limit = f"duckdb.sql(\"SET memory_limit = '{memory}'; SET temp_directory = '{sales.parent / 'spilled'}'\")"
    duckdb = _SQL[question].replace("FIRST", "arg_min(channel, (date, order_id))")
    spark = _SQL[question].replace("FIRST", "min_by(channel, struct(date, order_id))")

    def python(module: str, code: str, query: str) -> list[str] | None:
        if importlib.util.find_spec(module) is None:
            return None
        code = code.replace("QUERY", query).replace("COLUMNS", _COLUMNS[question]).replace("SALES", str(sales))
        return [sys.executable, "-c", code.replace("LIMIT", limit if memory else "")]

    miller = shutil.which("mlr")
    return {
        "DuckDB SQL on typed columns": python("duckdb", _DUCKDB, duckdb),
        "pandas": python("pandas", _PANDAS, _IN_PANDAS[question]),
        "polars": python("polars", _POLARS, _IN_POLARS[question]),
        "Miller": [miller, "--icsv", "--ojson", *_IN_MILLER[question].split("|"), str(sales)] if miller else None,
        "Spark": python("pyspark", _SPARK, spark) if shutil.which("java") else None,
    }
