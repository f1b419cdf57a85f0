"""Measures kpi against the peers that are installed, side by side: whole processes, in turn, on one machine.

    python bench/run.py [--rows 1000000,10000000] [--rounds 5] [--only start|roi|cac|funnel|attribution|ltv]
                           [--memory 1GB] [--events 20000000] [--people 1000000] [--customers 2357,5000000]

What is printed are ratios: the median over the rounds of kpi's time to the peer's in the same round, for seconds
say more of the machine and of what else it does. The ratio of processor time, of all threads together, is the
steadier one where the machine is busy. Beside them the peak memory of each process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from make_data import buyers, make, make_one
from peers import MOST, programs

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "build" / "bench"
PROGRAM = "from kpi_cli.__main__ import entry; entry()"

# The parts that `kpi roi` is made of and its files, with nothing found out, checked or added up.
BARE = """
import typer, duckdb, yaml, rich.table
from pathlib import Path
from rich.console import Console
con = duckdb.connect(config={'threads': '1'})
for name in ('kpi.yml', 'costs.yaml'):
    yaml.load(Path(name).read_text(), Loader=yaml.CSafeLoader)
for place, path in enumerate(sorted(Path('exports').glob('*.csv'))):
    con.execute(f"CREATE TABLE file_{place} AS FROM read_csv('{path}', auto_detect=false, header=false, delim=chr(1),"
                " columns={'line': 'VARCHAR'})")
table = rich.table.Table(*'abcdefgh')
for _ in range(9):
    table.add_row(*'12345678')
Console().print(table)
"""
FUNNEL = """
import duckdb
duckdb.sql('SET enable_progress_bar = false')
duckdb.sql('''
    CREATE TEMP TABLE log AS SELECT * FROM read_csv('{events}', auto_detect=false, header=true, delim=',',
      columns={{'user': 'VARCHAR', 'event': 'VARCHAR', 'time': 'TIMESTAMP'}})''')
print(duckdb.sql('''
    WITH s1 AS (SELECT "user", min(time) AS entered, min(time) AS reached FROM log WHERE event = 'view' GROUP BY ALL),
    {later}
    SELECT {counts}''').fetchall())
"""
LATER = """s{n} AS (SELECT s."user", s.entered, min(e.time) AS reached FROM s{before} s JOIN log e USING ("user")
      WHERE e.event = '{event}' AND e.time BETWEEN s.reached AND s.entered + INTERVAL 30 DAY GROUP BY ALL)"""
STEPS = ("view", "lead", "cart", "buy")


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took."""

    seconds: float
    processor: float  # seconds of all its threads
    megabytes: float


def run(argv: Sequence[str], folder: Path = ROOT) -> Run:
    """Run a process to its end."""
    elsewhere = os.environ.get("PYTHONPATH", "")  # where peers may be
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), elsewhere]))}
    start = time.perf_counter()
    with subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL, env=environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(argv)[:200]}\nended with {process.returncode}")
    seconds, unit = time.perf_counter() - start, 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def side_by_side(sides: Mapping[str, Callable[[], Run]], rounds: int) -> dict[str, list[Run]]:
    """Every side once a round, the order turned each time; one round before, to warm the disk's cache."""
    names = list(sides)
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for name in names:
        sides[name]()
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            runs[name].append(sides[name]())
    return runs


def tell(title: str, runs: Mapping[str, Sequence[Run]]) -> None:
    """The peak memory of each, and kpi's time and processor time over each peer's."""
    print(f"\n{title:50}   memory   kpi takes   processor")
    ours = runs["kpi"]
    for name, theirs in runs.items():
        pairs = list(zip(ours, theirs, strict=True))
        ratio = median(a.seconds / b.seconds for a, b in pairs)
        processor = median(a.processor / b.processor for a, b in pairs)
        said = "" if name == "kpi" else f"{ratio:9.2f} × {processor:9.2f} ×"
        print(f"  {name:48} {max(r.megabytes for r in theirs):5.0f} MB {said}".rstrip())


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def kpi(*arguments: str) -> list[str]:
    return [*python(PROGRAM), *arguments]


def starts(rounds: int) -> None:
    """What it takes to start: the small questions against the imports they cannot do without."""
    sample = ROOT / "sample_data"
    parts = "import typer, duckdb, yaml, rich.table"
    roi = kpi("roi", "--by", "channel", "--month", "2026-10")
    found = {
        "kpi": lambda: run(roi, sample),
        parts: lambda: run(python(parts)),
        "import pandas": lambda: run(python("import pandas")),
        "those imports, the files read, a table": lambda: run(python(BARE), sample),
    }
    tell("kpi roi on sample_data", side_by_side(found, rounds))
    found = {"kpi": lambda: run(kpi("--help")), "import typer": lambda: run(python("import typer"))}
    tell("kpi --help", side_by_side(found, rounds))


ASKED = {"roi": "month,channel", "cac": "channel"}


def large(question: str, sizes: Sequence[int], rounds: int, memory: str | None) -> None:
    """Many sales, validated and accounted for, against peers that add them up; and whether time grows as rows do."""
    own: dict[int, tuple[float, float]] = {}
    for rows in sizes:
        sales, spend = make(DATA, rows)
        sales = make_one(DATA, "named", rows) if question == "cac" else sales
        by = ["--by", ASKED[question], *(["--memory", memory] if memory else [])]
        asked = kpi(question, str(sales), str(spend), *by, "--no-config", "--currency", "EUR", "--json")
        beside = programs(question, sales, memory)
        argvs = {"kpi": asked} | {n: argv for n, argv in beside.items() if argv and rows <= MOST.get(n, rows)}
        runs = side_by_side({name: (lambda argv=argv: run(argv)) for name, argv in argvs.items()}, rounds)
        own[rows] = median(r.seconds for r in runs["kpi"]), median(r.processor for r in runs["kpi"])
        tell(f"kpi {question} --by {by[1]}: {rows:,} sales, {sales.stat().st_size >> 20} MB", runs)
        for name in (n for n in beside if n not in argvs):
            why = f"not asked of more than {MOST[name]:,} rows" if beside[name] else "not installed"
            print(f"  {name:48} {why}")
    if len(own) > 1:
        first, last = min(own), max(own)
        seconds, processor = (b / a for a, b in zip(own[first], own[last], strict=True))
        print(f"\n{last / first:.0f} times the rows: {seconds:.1f} times the time, {processor:.1f} of the processor's")


def funnel(rows: int, rounds: int) -> None:
    """Four steps of a log within 30 days, against the same in SQL written by hand."""
    events = make_one(DATA, "events", rows)
    asked = kpi("funnel", str(events), "--steps", ",".join(STEPS), "--within", "30d", "--no-config", "--json")
    later = ", ".join(LATER.format(n=n, before=n - 1, event=event) for n, event in enumerate(STEPS[1:], 2))
    counts = ", ".join(f"(SELECT count(*) FROM s{n})" for n in range(1, len(STEPS) + 1))
    by_hand = python(FUNNEL.format(events=events, later=later, counts=counts))
    sides = {"kpi": lambda: run(asked), "DuckDB SQL on typed columns": lambda: run(by_hand)}
    tell(f"kpi funnel: {rows:,} events, {events.stat().st_size >> 20} MB", side_by_side(sides, rounds))


def attribution(people: int) -> None:
    """What one run of the Markov model takes, for people's touches and for paths written out."""
    for name in ("touches", "paths"):
        file = make_one(DATA, name, people)
        asked = kpi("channels", str(file), "--model", "markov", "--no-config", "--currency", "EUR", "--json")
        found = run(asked)
        title = f"kpi channels --model markov: {people:,} paths ({name})"
        print(f"\n{title:60} {found.megabytes:5.0f} MB {found.seconds:7.1f} s {found.processor:7.1f} s processor")


def lifetime(sizes: Sequence[int], rounds: int) -> None:
    """Customers observed and predicted against the imports that a fit cannot do without; many of them, once."""
    parts = "import scipy.optimize, scipy.special"
    for customers in sizes:
        sales = buyers(DATA, customers)
        asked = kpi("ltv", str(sales), "--predict", "--no-config", "--currency", "EUR", "--json")
        title = f"kpi ltv --predict: {customers:,} customers"
        if customers < MANY:
            tell(title, side_by_side({"kpi": lambda argv=asked: run(argv), parts: lambda: run(python(parts))}, rounds))
            continue
        alone = run(asked)
        print(f"\n{title:50} {alone.megabytes:5.0f} MB {alone.seconds:8.1f} s {alone.processor:8.1f} s processor")


MANY = 100_000  # from so many customers on seconds, of one run, say more than a ratio to an import


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", default="1000001,10000000")
    parser.add_argument("--memory", help="what kpi and DuckDB may take")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--customers", default="2357,5000000")
    parser.add_argument("--only", choices=["start", "roi", "cac", "funnel", "attribution", "ltv"])
    asked = parser.parse_args()
    parts = {
        "start": lambda: starts(asked.rounds),
        "roi": lambda: large("roi", [int(n) for n in asked.rows.split(",")], asked.rounds, asked.memory),
        "cac": lambda: large("cac", [int(n) for n in asked.rows.split(",")], asked.rounds, asked.memory),
        "funnel": lambda: funnel(asked.events, asked.rounds),
        "attribution": lambda: attribution(asked.people),
        "ltv": lambda: lifetime([int(n) for n in asked.customers.split(",")], asked.rounds),
    }
    for name, part in parts.items():
        if asked.only in {None, name}:
            part()


if __name__ == "__main__":
    main()
