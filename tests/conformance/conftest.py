"""Every engine with the same tables in it: files, frames, DuckDB, a Postgres of our own, a Spark of two workers."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_cli.errors import InputError
from kpi_cli.warehouse.addresses import parse_address
from kpi_cli.warehouse.engines import opened

sys.path.insert(0, str(Path(__file__).parent))
import shop_data as data

Roles = dict[str, Any]  # a role, and where its rows are
SECRET = "canary-" + secrets.token_hex(8)  # the password of the test's own server, which nothing may print
collect_ignore = ["shop_data.py", "questions.py"]


@pytest.fixture(scope="session")
def tables() -> Any:
    return data.tables()


@pytest.fixture(scope="session")
def files(tables: Any, tmp_path_factory: pytest.TempPathFactory) -> Roles:
    """Hand-made CSV files."""
    folder = tmp_path_factory.mktemp("files")
    return {t.role: str(data.write_csv(t, folder / f"{name}.csv")) for name, t in tables.items()}


@pytest.fixture(scope="session")
def shop(tables: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file with every table."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    with duckdb.connect(str(path)) as con:
        for name, table in tables.items():
            columns = ", ".join(f'"{column}" {kind}' for column, kind in table.columns.items())
            con.execute(f"CREATE TABLE {name} ({columns})")
            con.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(table.columns))})", table.rows)
    return path


@pytest.fixture(scope="session")
def in_duckdb(shop: Path, tables: Any) -> Roles:
    return {t.role: f"duckdb:///{shop}?table={name}" for name, t in tables.items()}


@pytest.fixture(scope="session")
def in_parquet(shop: Path, tables: Any, tmp_path_factory: pytest.TempPathFactory) -> Roles:
    folder = tmp_path_factory.mktemp("parquet")
    with duckdb.connect(str(shop), read_only=True) as con:
        for name in tables:
            con.execute(f"COPY {name} TO '{folder}/{name}.parquet'")
    return {t.role: str(folder / f"{name}.parquet") for name, t in tables.items()}


@pytest.fixture(scope="session")
def frames(tables: Any) -> Roles:
    """pandas frames; moments bear the zone of the shop."""
    import pandas as pd

    found = {}
    for table in tables.values():
        frame = pd.DataFrame(table.rows, columns=list(table.columns))
        for name, kind in table.columns.items():
            if kind == "TIMESTAMPTZ":
                frame[name] = pd.to_datetime(frame[name], utc=True).dt.tz_convert(data.ZONE)
            elif kind in {"BIGINT", "INTEGER"}:
                frame[name] = frame[name].astype("Int64")
        found[table.role] = frame
    return found


# ----------------------------------------------------------------------------------------- Postgres


def _binaries() -> Path | None:
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.get_exec_path())]
    return next((f for f in folders if all((f / name).exists() for name in ("initdb", "postgres", "pg_isready"))), None)


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@contextmanager
def _server(binaries: Path) -> Iterator[int]:
    """A Postgres on loopback, run by somebody who is not root; its port."""
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="kpi-postgres-"))
    (folder / "password").write_text(SECRET)
    shutil.chown(folder, user)
    shutil.chown(folder / "password", user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = {"cwd": folder, "user": user, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": None}
    made = [binaries / "initdb", "-D", folder / "data", "-U", "shop", "-A", "scram-sha-256", "-E", "UTF8"]
    if subprocess.run([*made, f"--pwfile={folder / 'password'}"], **said).returncode:  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip("Postgres cannot start on this machine: initdb failed")
    run = [binaries / "postgres", "-D", folder / "data", "-k", folder, "-p", str(port), "-h", "127.0.0.1"]
    with subprocess.Popen([*run, "-c", "fsync=off"], **said) as server:  # type: ignore[call-overload]
        try:
            ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
            for _ in range(300):
                if subprocess.run(ready, check=False).returncode == 0:
                    break
                time.sleep(0.1)
            yield port
        finally:
            server.terminate()
            server.wait(30)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server of our own, without a table."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("Postgres is not installed")
    if not (_has("ibis") and _has("psycopg")):
        pytest.skip("Ibis with Postgres is not installed: pip install 'kpi-cli[warehouse]'")
    if os.getuid() == 0 and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("Postgres does not run as root, and there is no user postgres")
    with _server(binaries) as port:
        yield f"postgres://shop:{SECRET}@127.0.0.1:{port}/postgres"


@pytest.fixture(scope="session")
def in_postgres(postgres: str, tables: Any) -> Roles:
    import psycopg

    with psycopg.connect(postgres) as con, con.cursor() as cursor:
        for name, table in tables.items():
            columns = ", ".join(f'"{column}" {kind}' for column, kind in table.columns.items())
            cursor.execute(f"CREATE TABLE {name} ({columns})")
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                for row in table.rows:
                    copy.write_row(row)
    return {t.role: f"{postgres}?table={name}" for name, t in tables.items()}


# -------------------------------------------------------------------------------------------- Spark


@pytest.fixture(scope="session")
def in_spark(in_parquet: Roles) -> Iterator[Roles]:
    """A Spark of two worker processes, each role a view of its Parquet."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    if not (_has("ibis") and _has("pyspark")):
        pytest.skip("PySpark with Ibis is not installed: pip install 'kpi-cli[spark]'")
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("a Spark for every worker is too many: python -m pytest tests/conformance")
    with ExitStack() as open_until:
        try:
            open_until.enter_context(opened(parse_address("spark://local-cluster[2,1,1024]"), None))
        except InputError as error:
            pytest.skip(f"Spark cannot start on this machine: {error}")
        from pyspark.sql import SparkSession

        session = SparkSession.getActiveSession()
        assert session is not None
        session.conf.set("spark.sql.shuffle.partitions", "2")
        yield {role: f"spark://?path={path}" for role, path in in_parquet.items()}
