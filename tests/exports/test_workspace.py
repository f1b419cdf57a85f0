"""What a run keeps on disk is private, and gone when the run is, however it ends."""

from __future__ import annotations

import gc
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_cli.commands import app
from kpi_cli.exports import engine, firsts, reading
from kpi_cli.exports.tables import Store
from kpi_cli.exports.workspace import open_folder

# A run that has put a table on disk, and is then struck by a signal, in the middle of a query or between two.
RUN = """
import os, signal, sys, threading
from kpi_cli.__main__ import entry
from kpi_cli.commands import app
from kpi_cli.exports import engine
from kpi_cli.exports.tables import Store

engine.USUAL = "40MB"
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever the tests themselves were told to ignore
signal.signal(signal.SIGINT, signal.default_int_handler)
number, querying = int(sys.argv[1]), sys.argv[2] == "querying"

def run(arguments):
    store = Store()
    store.rows("CREATE TABLE visits AS SELECT range AS n, hash(range) AS h FROM range(5000000)")
    print(sum(len(os.listdir(os.path.join(os.environ["TMPDIR"], f))) for f in os.listdir(os.environ["TMPDIR"])))
    sys.stdout.flush()
    if querying:
        threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
        while True:
            store.rows("SELECT sum(a.n * b.n) FROM visits a JOIN visits b ON a.h % 1000 = b.n % 1000 WHERE b.n < 9000")
    os.kill(os.getpid(), number)

app.run = run
entry()
"""


def strike(folder: Path, number: int, when: str = "between") -> tuple[int, int]:
    """The exit code of a run that a signal ends, and how many files it had on disk."""
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(int(number)), when],
        env={"TMPDIR": str(folder), "PYTHONPATH": str(Path(app.__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return ran.returncode, int(ran.stdout.split()[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("when", ["between", "querying"])
def test_a_run_that_is_ended_leaves_nothing_on_disk(tmp_path: Path, number: int, when: str) -> None:
    code, files = strike(tmp_path, number, when)
    assert (code, files > 0, list(tmp_path.iterdir())) == (-number, True, [])


def test_a_query_that_is_interrupted_is_an_interrupted_run(tmp_path: Path) -> None:
    code, files = strike(tmp_path, signal.SIGINT, "querying")
    assert (code, files > 0, list(tmp_path.iterdir())) == (130, True, [])


IMPORTS = """
import os, signal, sys
from kpi_cli.__main__ import entry

class Struck:
    def find_spec(self, name, path=None, target=None):
        if name == struck:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Struck())
struck = sys.argv.pop()
sys.argv += ["check", "sales.csv", "--no-config"]
entry()
"""


@pytest.mark.parametrize("module", ["typer", "_duckdb", "kpi_cli.exports.rows", "kpi_cli.render.checked"])
def test_an_interruption_while_something_is_imported_is_no_traceback(module: str, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("date,order_id,amount\n2026-01-05,1,5.00\n")
    (tmp_path / "work").mkdir()
    environment = {"TMPDIR": str(tmp_path / "work"), "PYTHONPATH": str(Path(app.__file__).parents[2])}
    line = [sys.executable, "-c", IMPORTS, module]
    ran = subprocess.run(line, env=environment, cwd=tmp_path, capture_output=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr, list((tmp_path / "work").iterdir())) == (130, b"", b"", [])


def test_tables_that_fit_neither_memory_nor_disk_are_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crowded(arguments: object) -> int:
        engine.connect().execute("SET memory_limit = '10MB'").execute("CREATE TABLE t AS FROM range(9000000)")
        return 0

    monkeypatch.setattr(app, "run", crowded)
    assert app.main([]) == 1
    assert capsys.readouterr().err == (
        "kpi: error: the tables do not fit into the memory they may take; give --memory more\n"
    )


def test_a_database_that_cannot_be_opened_says_why_and_nothing_stays_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def too_small(opening: engine.Opening) -> None:
        opening._error = engine.library().OutOfMemoryException()

    sales = tmp_path / "sales.csv"
    sales.write_text("date,order_id,amount\n2026-01-05,1,5.00\n")
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(engine.Opening, "run", too_small)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "work"))
    assert app.main(["check", str(sales), "--no-config"]) == 1
    found = capsys.readouterr().err
    gc.collect()  # a store is kept as long as the error that ended it
    assert (found, list((tmp_path / "work").iterdir())) == (
        "kpi: error: the tables do not fit into the memory they may take; give --memory more\n",
        [],
    )


@pytest.fixture(scope="module")
def many_sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More sales than a small memory holds, each of a customer of their own."""
    path = tmp_path_factory.mktemp("sales") / "sales.csv"
    rows = (f"2026-01-{1 + n % 28:02},{n},learner{n:012}@example.com,Email,5.00\n" for n in range(400_000))
    path.write_text("date,order_id,email,channel,amount\n" + "".join(rows))
    return path


@pytest.mark.parametrize(
    ("memory", "disk", "said"),
    [
        ("20MB", "1GB", "the tables do not fit into the memory they may take; give --memory more"),
        ("60MB", "1MB", "there is no room left for what waits on disk; free space in TMPDIR"),
    ],
)
@pytest.mark.parametrize("large_from", [1000, 10**9])
def test_a_limit_too_small_or_a_disk_too_full_is_said_and_nothing_stays_behind(
    memory: str,
    disk: str,
    said: str,
    large_from: int,
    many_sales: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def small_disk(opening: engine.Opening) -> object:
        con = wait(opening)
        con.execute(f"SET max_temp_directory_size = '{disk}'")
        return con

    wait = engine.Opening.wait
    monkeypatch.setattr(engine.Opening, "wait", small_disk)
    monkeypatch.setattr(firsts, "ROWS", large_from)  # first orders alone, or every row
    for module in (firsts, reading):  # every thread needs memory of its own
        monkeypatch.setattr(module, "all_threads", lambda con: None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    answer = tmp_path / "answer.json"
    asked = ["channels", str(many_sales), "--no-config", "--currency", "EUR", "--memory", memory, "-o", str(answer)]
    assert app.main(asked) == 1
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", f"kpi: error: {said}\n")
    gc.collect()  # a store is kept as long as the error that ended it
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strike(tmp_path, signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mine = open_folder()
    also = open_folder()  # the sweep of this one spares the first, which is at work
    assert sorted(tmp_path.iterdir()) == sorted([mine, also])
    assert left not in (mine, also)


def test_a_store_keeps_what_is_too_much_for_memory_in_a_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(engine, "USUAL", "40MB")
    monkeypatch.chdir(tmp_path)
    store = Store()
    store.rows("CREATE TABLE visits AS SELECT range AS n, hash(range) AS h FROM range(5000000)")
    (folder,) = tmp_path.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir())
    assert store.rows("SELECT count(*), sum(n) FROM visits") == [(5_000_000, sum(range(5_000_000)))]
    del store
    assert list(tmp_path.iterdir()) == []
