"""An engine behind an address: its columns and their kinds, and the rows of a query that runs there.

    with opened(address, tz) as engine:
        engine.columns()        names and kinds of the table or query
        engine.rows(sql)        rows of DuckDB-dialect SQL over `SOURCE`, run where the data is

DuckDB is opened by itself, everything else through Ibis. Nothing is ever written: DuckDB is attached read-only,
Postgres is told that the transaction only reads.
"""

from __future__ import annotations

import glob
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from kpi_cli.errors import InputError, KpiError
from kpi_cli.exports.engine import all_threads, connect, library
from kpi_cli.exports.files import Download, lake_parts
from kpi_cli.exports.judging import literal
from kpi_cli.exports.workspace import workspace
from kpi_cli.safe import printable, quoted
from kpi_cli.warehouse.addresses import OPEN, TRIED, Address, parts_of

SOURCE = "kpi_source"  # what SQL calls the table or query of an address
_BATCH = 10_000
_SHOWN = 200  # characters of what a driver says
# Name and kind: text, exact, float, single, date, moment, instant, bool, bytes or other.
Column = tuple[str, str]
Rows = Iterator[tuple[Any, ...]]


class Engine(ABC):
    """A connection to the engine of one address."""

    dialect: Any = "duckdb"  # as sqlglot knows it
    in_order = False  # rows have an order of their own, and so have lines
    is_local = False  # files on this machine, which any question can count together
    is_steady = False  # two queries see the same rows, whoever writes meanwhile
    whole = "DECIMAL(38, 0)"  # a type of whole numbers that holds the product of two amounts in millionths
    by_bytes = ""  # what makes texts stand in the order of their bytes, as they do elsewhere

    def __init__(self, address: Address) -> None:
        self.address = address

    @abstractmethod
    def columns(self) -> list[Column]:
        """The columns of the table or query, in order, each with its kind."""

    @abstractmethod
    def _run(self, native: str) -> Rows:
        """The rows of a query in the engine's own SQL."""

    def rows(self, sql: str) -> Rows:
        """The rows of DuckDB-dialect SQL over `SOURCE`.

        Raises:
            InputError: the engine refuses it; credentials are masked.
        """
        with self._refusing():
            yield from self._run(self._native(sql))

    def hold_to(self, count: int) -> None:
        """See that a table which others may write to still has as many rows.

        Raises:
            InputError: it has not.
        """
        if self.is_steady:
            return
        ((found,),) = self.rows(f"SELECT count(*) AS n FROM {SOURCE}")
        if found != count:
            raise InputError("changed_while_read", "the table changed while it was read", "run again", self.name)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except KpiError:
            raise
        except library().OutOfMemoryException:  # no fault of the source
            raise
        except Exception as error:  # each driver has its own tree of errors
            self.refuse(error)

    @property
    def name(self) -> str:
        """What people read; never a credential."""
        return self.address.name

    def refuse(self, error: Exception) -> NoReturn:
        """Raise what a driver said, as far as it can be told."""
        fix = "check the address, the table or query, and the rights"
        said = masked(str(error), self.address)
        raise InputError("engine_error", f"{type(error).__name__}: {said}", fix, self.name) from None

    def _native(self, sql: str) -> str:
        """The SQL in the engine's dialect, the table or query in its place."""
        import sqlglot

        native = str(sqlglot.transpile(sql, read="duckdb", write=self.dialect)[0])
        return native.replace(f"FROM {SOURCE}", f"FROM {self._relation()} AS {SOURCE}")

    def _relation(self) -> str:
        """The table or query as it stands in a FROM clause."""
        if self.address.query:
            return f"({self.address.query.strip().rstrip(';')}\n)"  # on a line of its own: a comment may come last
        if self.address.table is None:
            raise InputError(
                "no_table", "the address names no table", "add ?table=NAME, or query: in kpi.yml", self.address.name
            )
        from sqlglot import exp

        return str(exp.to_table(self.address.table, dialect=self.dialect).sql(dialect=self.dialect, identify=True))


def identifier(name: str) -> str:
    """The name of a column as SQL.

    >>> identifier("Total paid")
    '"Total paid"'
    """
    return '"' + name.replace('"', '""') + '"'


def masked(text: str, address: Address) -> str:
    """What a driver says, on one line, without the credentials of the address."""
    from urllib.parse import unquote, unquote_plus

    inside = address.url.partition("://")[2].rpartition("@")[0]
    password = inside.partition(":")[2]
    spoken = [unquote(password), unquote(inside)]  # as drivers write them
    said = (part.partition("=") for part in address.url.partition("?")[2].split("&"))
    settings = [value for key, _, value in said if key not in OPEN]
    for secret in (address.url, inside, password, *spoken, *settings, *map(unquote_plus, settings)):
        if secret:
            text = text.replace(secret, "***")
    line = next((part.strip() for part in text.splitlines() if part.strip()), "no reason given")
    return printable(line[:_SHOWN])


@contextmanager
def opened(address: Address, tz: str | None) -> Iterator[Engine]:
    """The engine of an address; moments are read as the local time of `tz`.

    Raises:
        InputError: what it needs is not installed, or it cannot be reached.
    """
    kinds: dict[str, Any] = {"duckdb": _duckdb, "postgres": _postgres, "spark": _spark}
    with kinds.get(address.engine, _other)(address, tz) as engine:
        yield engine


# ------------------------------------------------------------------------------------------- DuckDB

_EXACT = ("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINY", "USMALL", "UINT", "UBIG", "UHUGE")
_DUCKDB = {"VARCHAR": "text", "DATE": "date", "BOOLEAN": "bool", "DOUBLE": "float", "FLOAT": "single", "BLOB": "bytes"}


def _duckdb_kind(name: str) -> str:
    """The kind of a type as DuckDB writes it.

    >>> [_duckdb_kind(t) for t in ("DECIMAL(18,2)", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "ENUM('a')", "BLOB")]
    ['exact', 'instant', 'moment', 'text', 'bytes']
    """
    if name.endswith("]"):
        return "other"
    if name.startswith(_EXACT):
        return "exact"
    if name.startswith("TIMESTAMP"):
        return "instant" if name.endswith("ZONE") else "moment"
    return "text" if name.startswith(("ENUM", "UUID")) else _DUCKDB.get(name, "other")


class _DuckDB(Engine):
    schema = "source"
    is_steady = True  # no one writes to a file that is open
    whole = "HUGEINT"

    def __init__(self, address: Address, con: Any, tz: str) -> None:
        super().__init__(address)
        self.con, self.tz = con, tz

    def columns(self) -> list[Column]:
        # A query by itself keeps a name that stands twice; around one, DuckDB would give the second another name.
        query = super()._relation() if self.address.query else f"SELECT * FROM {SOURCE}"
        return [(name, _duckdb_kind(kind)) for name, kind, *_ in self.rows(f"DESCRIBE {query}")]

    def _native(self, sql: str) -> str:
        return sql.replace(f"FROM {SOURCE}", f"FROM {self._relation()} AS {SOURCE}")

    def _relation(self) -> str:
        if self.address.query or self.address.table is None:
            return super()._relation()
        return ".".join(map(identifier, parts_of(self.address.table)))

    def _run(self, native: str) -> Rows:
        cursor = self.con.cursor().execute(f"USE {self.schema}").execute(f"SET TimeZone = '{self.tz}'").execute(native)
        while rows := cursor.fetchmany(_BATCH):
            yield from rows


@contextmanager
def _duckdb(address: Address, tz: str | None) -> Iterator[Engine]:
    path = duckdb_file(address)
    if not path.is_file():
        raise InputError("no_such_file", "there is no such database", "check the name", file=address.name)
    with workspace() as folder, connect(folder) as con:
        all_threads(con)
        engine = _DuckDB(address, con, tz or "UTC")
        try:
            con.execute("ATTACH '" + str(path).replace("'", "''") + "' AS source (READ_ONLY)")
        except library().Error as error:
            engine.refuse(error)
        yield engine


class _Parquet(_DuckDB):
    """Parquet on disk, one file or a folder of many, as DuckDB reads it."""

    schema = "main"
    in_order = is_local = True
    is_steady = False

    def __init__(self, download: Download, con: Any, tz: str) -> None:
        super().__init__(Address("parquet", "parquet", download.name), con, tz)
        self.path = download.path

    @property
    def name(self) -> str:
        return self.address.place

    def refuse(self, error: Exception) -> NoReturn:
        parts = self._paths()
        damaged = next((part for part in parts if not self._opens(part)), self.path)
        name = self.name if damaged == self.path else printable(str(damaged))
        if damaged.is_file() and not damaged.stat().st_size:
            raise InputError("empty_file", "the file is empty", "export it again", name) from error
        if other := next((part for part in parts if self._keys(part) != self._keys(parts[0])), None):
            said = f"its folders name other columns than those of {quoted(str(parts[0]))}"
            fix = "keep all parts of the table below folders of the same columns"
            raise InputError("bad_parquet", said, fix, printable(str(other))) from error
        raise InputError("bad_parquet", "the Parquet file cannot be opened", "write it again", name) from error

    def _paths(self) -> list[Path]:
        return lake_parts(self.path) if self.path.is_dir() else [self.path]

    def _opens(self, path: Path) -> bool:
        try:
            self.con.cursor().execute(f"DESCRIBE SELECT * FROM read_parquet({literal(glob.escape(str(path)))})")
        except library().Error:
            return False
        return True

    def _keys(self, part: Path) -> list[str]:
        """The columns that the folders of a part name, as `month=2026-10` does."""
        folders = part.relative_to(self.path).parent.parts
        return [folder.partition("=")[0] for folder in folders if "=" in folder]

    def _relation(self) -> str:
        listed = ", ".join(literal(glob.escape(str(path))) for path in self._paths())
        parted = "hive_partitioning = true, hive_types_autocast = false, union_by_name = true, binary_as_string = true"
        return f"read_parquet([{listed}], {parted})"


@contextmanager
def parquet(download: Download, tz: str | None) -> Iterator[Engine]:
    """A Parquet file, or a folder of them, as a relation."""
    with workspace() as folder, connect(folder) as con:
        all_threads(con)
        yield _Parquet(download, con, tz or "UTC")


def duckdb_file(address: Address) -> Path:
    """The file of `duckdb:///file.db`; with a fourth slash, or where there is no such file here, from the root."""
    place = address.place
    near = Path(place.removeprefix("/"))
    return near if near.is_file() or not place.startswith("/") else Path(place)


# ---------------------------------------------------------------------------------- Ibis: what all share


def _ibis(address: Address, extra: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what drivers say of each other's versions is not for our users
            import ibis
    except ImportError:
        raise _missing(address, extra) from None
    return ibis


def _missing(address: Address, extra: str) -> InputError:
    fix = f"pip install 'kpi-cli[{extra}]'"
    return InputError("engine_missing", f"what {address.engine} needs is not installed", fix, address.name)


# ----------------------------------------------------------------------------------------- Postgres

_POSTGRES = {
    **dict.fromkeys((20, 21, 23, 1700), "exact"),
    **dict.fromkeys((25, 1042, 1043, 2950, 19), "text"),
    **{16: "bool", 701: "float", 700: "single", 1082: "date", 1114: "moment", 1184: "instant", 17: "bytes"},
}
_READ_ONLY = "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"
_PLAINLY = "-c DateStyle=ISO -c extra_float_digits=1"  # whatever the server, the database or the user has set
_PATIENCE = 15  # seconds for a server to answer, unless something else is said


class _Postgres(Engine):
    dialect = "postgres"
    is_steady = True  # one transaction, repeatable read
    by_bytes = ' COLLATE "C"'

    def __init__(self, address: Address, con: Any) -> None:
        super().__init__(address)
        self.con = con

    def columns(self) -> list[Column]:
        with self._refusing(), self.con.con.cursor() as cursor:
            cursor.execute(self._native(f"SELECT * FROM {SOURCE} LIMIT 0"))
            return [(c.name, _POSTGRES.get(c.type_code, "other")) for c in cursor.description]

    def _run(self, native: str) -> Rows:
        try:
            with self.con.con.cursor(name="kpi") as cursor:
                cursor.itersize = _BATCH
                cursor.execute(native)
                yield from cursor
        except Exception:
            self.con.con.rollback()  # the next query begins anew
            self.con.con.execute(self.zone)
            raise

    zone = "SET TIME ZONE 'UTC'"


@contextmanager
def _postgres(address: Address, tz: str | None) -> Iterator[Engine]:
    ibis = _ibis(address, "warehouse")
    try:
        import psycopg

        # The driver reads the address: Ibis heeds no port and host of the environment, nor a user's encoded signs.
        con = ibis.postgres.from_connection(psycopg.connect(address.url, **_postgres_settings(address)))
    except (ImportError, ModuleNotFoundError):
        raise _missing(address, "warehouse") from None
    except Exception as error:
        Engine.refuse(_Postgres(address, None), error)
    engine = _Postgres(address, con)
    try:
        _read_endless_days(con.con)
        engine.zone = f"SET TIME ZONE '{tz or 'UTC'}'"
        con.con.execute(engine.zone)
        yield engine
    finally:
        con.con.close()


def _read_endless_days(con: Any) -> None:
    """Days that Python has none for, such as infinity, come over as texts: the reader names where they stand."""
    from psycopg import DataError
    from psycopg.types import datetime as driver

    def texts_of(known: Any) -> Any:
        class Loader(known):  # type: ignore[misc]
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except DataError:
                    return bytes(data).decode()

        return Loader

    for kind, known in (("date", driver.DateLoader), ("timestamp", driver.TimestampLoader)):
        con.adapters.register_loader(kind, texts_of(known))


def _postgres_settings(address: Address) -> dict[str, Any]:
    """What is set besides the address: the options of the address or the environment hold, and ours after them."""
    from urllib.parse import parse_qs

    said = parse_qs(address.url.partition("?")[2])
    theirs = said.get("options", [os.environ.get("PGOPTIONS", "")])[-1]
    found = {"options": f"{theirs} {_PLAINLY} {_READ_ONLY}".strip(), "client_encoding": "UTF8"}
    waits = "connect_timeout" in said or "PGCONNECT_TIMEOUT" in os.environ
    return found if waits else {**found, "connect_timeout": _PATIENCE}


# -------------------------------------------------------------------------------------------- Spark

_SPARK = {
    **dict.fromkeys(("byte", "short", "integer", "long", "decimal"), "exact"),
    **{"string": "text", "varchar": "text", "char": "text", "boolean": "bool", "double": "float", "float": "single"},
    **{"date": "date", "timestamp_ntz": "moment", "timestamp": "instant", "binary": "bytes"},
}


class _Spark(Engine):
    dialect = "spark"

    def __init__(self, address: Address, con: Any) -> None:
        super().__init__(address)
        self.con = con

    def columns(self) -> list[Column]:
        with self._refusing():
            frame = self.con.raw_sql(self._native(f"SELECT * FROM {SOURCE}"))
            return [(f.name, _SPARK.get(f.dataType.typeName(), "other")) for f in frame.schema.fields]

    def _relation(self) -> str:
        return f"parquet.`{self.address.path}`" if self.address.path else super()._relation()

    def _run(self, native: str) -> Rows:
        yield from map(tuple, self.con.raw_sql(native).toLocalIterator())


@contextmanager
def _spark(address: Address, tz: str | None) -> Iterator[Engine]:
    ibis = _ibis(address, "spark")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise _missing(address, "spark") from None
        active = SparkSession.getActiveSession()
        kept = Path("spark-warehouse").exists()
        try:
            session = active or _started(address)
            con = ibis.pyspark.connect(session)
        except Exception as error:
            Engine.refuse(_Spark(address, None), error)
        before = session.conf.get("spark.sql.session.timeZone")
        session.conf.set("spark.sql.session.timeZone", tz or "UTC")
        try:
            yield _Spark(address, con)
        finally:
            if active:
                session.conf.set("spark.sql.session.timeZone", before)
            else:
                session.stop()
                with suppress(OSError):  # Spark makes it wherever it is started, and puts nothing in
                    if not kept:
                        Path("spark-warehouse").rmdir()


def _started(address: Address) -> Any:
    """A session on the master that the address names; without one, Spark's own configuration decides."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("kpi").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    place = address.place.strip("/")
    if place:
        builder = builder.master(place if place.startswith("local") else f"spark://{place}")
    if place.startswith("local"):
        builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    with _stderr_closed():
        return builder.getOrCreate()


@contextmanager
def _stderr_closed() -> Iterator[None]:
    """Java takes over the stderr it is started with, and Spark logs there: it is given none."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


# ----------------------------------------------------------------------------------- any other of Ibis


class _Other(Engine):
    def __init__(self, address: Address, con: Any) -> None:
        super().__init__(address)
        self.con = con
        self.dialect = con.dialect

    def columns(self) -> list[Column]:
        with self._refusing():
            schema = self.con.sql(f"SELECT * FROM {self._relation()} AS {SOURCE}").schema()
            return [(name, _ibis_kind(kind)) for name, kind in schema.items()]

    def _run(self, native: str) -> Rows:
        for batch in self.con.sql(native).to_pyarrow_batches():
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _ibis_kind(kind: Any) -> str:
    if kind.is_timestamp():
        return "instant" if kind.timezone else "moment"
    tests = {"text": "is_string", "bool": "is_boolean", "date": "is_date", "exact": "is_integer", "float": "is_float64"}
    tests |= {"single": "is_float32", "bytes": "is_binary"}
    found = next((name for name, test in tests.items() if getattr(kind, test)()), "other")
    return "exact" if kind.is_decimal() else found


@contextmanager
def _other(address: Address, tz: str | None) -> Iterator[Engine]:
    ibis = _ibis(address, "warehouse")
    try:
        con = ibis.connect(address.url)
    except (ImportError, ModuleNotFoundError):
        fix = f"pip install 'ibis-framework[{address.engine}]'"
        said = f"what {address.engine} needs is not installed"
        raise InputError("engine_missing", said, fix, address.name) from None
    except Exception as error:
        Engine.refuse(_Unreached(address), error)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield _Other(address, con)
    finally:
        with suppress(Exception):  # the answer is there; a connection that does not close cleanly changes nothing
            con.disconnect()


class _Unreached(Engine):
    def columns(self) -> list[Column]:
        return []

    def _run(self, native: str) -> Rows:
        yield from ()


def is_tried(address: Address) -> bool:
    """Whether the engine of an address is among those that the tests run."""
    return address.engine in TRIED
