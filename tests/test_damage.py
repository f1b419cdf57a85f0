"""Small clean files damaged in the ways that files are: no copy gives a wrong figure without a word.

A copy ends as exact, as said (a note, a left-out row, another role), or as refused at its place. KPI_COPIES=9
makes nine copies of every kind of damage instead of one; KPI_SEED another set of them.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import os
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent / "fuzz"))
from damage import Copy, copies
from specimens import SPECIMENS, Specimen, Sums

EACH, SEED = int(os.environ.get("KPI_COPIES", "1")), int(os.environ.get("KPI_SEED", "1"))
# Notes that say why a figure is not what it was; the others are about its reading.
TELLING = {
    "control_total_differs",
    "currency_unstated",
    "duplicates_kept",
    "negative_style",
    "no_data",
    "no_final_newline",
    "order_lines_summed",
    "refund_without_sale",
    "refunds_held",
    "unknown_cells",
    "unnamed_column",
}
WHOLE_FILE = {"empty_file", "columns_unknown", "no_header"}  # refusals that may name no line
A_BILLIONTH = Decimal("0.00002")  # what rounding the tax of single rows may leave


class Run(NamedTuple):
    """What one command gave."""

    code: int
    out: str
    err: str


class Outcome(NamedTuple):
    """How the reading of a copy ended, and what there is to show for it."""

    kind: str  # exact, said, refused; else what must never happen
    shown: object = None


class Reader:
    """Runs `kpi check --json` in this process, again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clean: dict[str, dict[str, Any]] = {}

    def run(self, *words: str) -> Run:
        """One command line, with what it writes."""
        from kpi_cli.commands.app import main

        kept = sys.stdout, sys.stderr
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in kept)
        sys.stdout, sys.stderr = out, err
        try:
            code = main([*words, "--no-config"])
        finally:
            sys.stdout, sys.stderr = kept
        out.flush(), err.flush()  # type: ignore[func-returns-value]
        return Run(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))  # type: ignore[attr-defined]

    def check(self, name: str, data: bytes) -> tuple[Run, list[dict[str, Any]]]:
        """What `kpi check` says of a file."""
        path = self.folder / name
        path.write_bytes(data)
        ran = self.run("check", str(path), "--json")
        sources = json.loads(ran.out, parse_float=Decimal)["sources"] if ran.code in {0, 3} else []
        return ran, sources

    def undamaged(self, specimen: Specimen) -> dict[str, Any]:
        """What `kpi check` says of a clean file, read once."""
        if specimen.name not in self.clean:
            self.clean[specimen.name] = self.check(specimen.name, specimen.data)[1][0]
        return self.clean[specimen.name]

    def outcome(self, copy: Copy) -> Outcome:
        """How a damaged copy ends."""
        clean = self.undamaged(copy.specimen)
        ran, sources = self.check(copy.specimen.name, copy.data)
        if ran.code == 3:
            error = sources[0]["error"]
            placed = error["line"] or error["code"] in WHOLE_FILE
            return Outcome("refused" if placed and error["text"] and error["fix"] else "refused nowhere", error)
        if ran.code or len(sources) != 1:
            return Outcome("failed", ran)
        source = sources[0]
        if any(agree(stated(source), wanted, set(source["columns"])) for wanted in copy.accepted):
            return Outcome("exact")
        told = TELLING & ({n["code"] for n in source["notes"]} - {n["code"] for n in clean["notes"]})
        left, before = source["rows"]["left_out"], clean["rows"]["left_out"]
        more = any(count > before.get(reason, 0) for reason, count in left.items())
        said = told or more or source["role"] != clean["role"]
        return Outcome("said" if said else "silently wrong", [source["sums"], source["period"], copy.accepted])


def stated(source: dict[str, Any]) -> Sums:
    """The sums and the days that a source of `kpi check` states."""
    found = {
        (entry["currency"] or "", name): Decimal(value)
        for entry in source["sums"]
        for name, value in entry.items()
        if name != "currency" and value is not None
    }
    days = source["period"] or {}
    return found | {("days", end): Decimal(dt.date.fromisoformat(day).toordinal()) for end, day in days.items()}


def agree(found: Sums, wanted: Sums, columns: set[str]) -> bool:
    """Whether no figure differs; one that is not given at all, for want of its column, misleads nobody.

    The currency of a file that states none may come from the symbols in its cells.
    """
    currencies = [{c for c, _ in sums if c != "days"} for sums in (found, wanted)]
    if currencies[1] == {""} and len(currencies[0]) == 1:
        found = {("days" if c == "days" else "", name): value for (c, name), value in found.items()}
    extra = any(value for key, value in found.items() if key not in wanted and key[0] != "days")
    missing = {name for c, name in wanted.keys() - found.keys() if c != "days" and wanted[c, name]}
    absent = missing - {"cost", "revenue_gross", "revenue_net", "tax", "refunds", "orders", "customers"} - columns
    return (
        bool(found)
        and not extra
        and missing == absent
        and all(abs(found[key] - value) < A_BILLIONTH for key, value in wanted.items() if key in found)
    )


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader with one database and one set of commands for all runs: opening them costs more than a small file."""
    import duckdb

    from kpi_cli.commands import app

    connect, build = duckdb.connect, app.build
    shared, commands = connect(), build()

    def connected(*_: object, **__: object) -> duckdb.DuckDBPyConnection:
        for (name,) in shared.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            shared.execute(f'DROP TABLE "{name}"')
        return shared

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connected)
        patch.setattr(app, "build", lambda *_: commands)
        patch.delenv("KPI_DEBUG", raising=False)
        yield Reader(tmp_path_factory.mktemp("damage"))
    shared.close()


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_a_clean_file_gives_what_it_adds_up_to(specimen: Specimen, reader: Reader) -> None:
    source = reader.undamaged(specimen)
    assert agree(stated(source), specimen.truth(), set(source["columns"]))


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_no_damaged_copy_is_wrong_without_a_word(specimen: Specimen, reader: Reader) -> None:
    counted: Counter[str] = Counter()
    never = []
    for copy in copies(specimen, SEED, EACH):
        kind, shown = reader.outcome(copy)
        counted[kind] += 1
        if kind not in {"exact", "said", "refused"}:
            never.append(f"{kind}: {copy.kind} {copy.number}: {shown}")
    assert never == []
    assert counted["refused"] > counted["said"], "most damage that changes a figure is refused, not noted"


def test_the_same_seed_damages_alike() -> None:
    one, other = ([copy.data for copy in copies(SPECIMENS[0], SEED, 1)] for _ in range(2))
    assert one == other
    assert len(one) > 100


# ------------------------------------------------------------------------------- things that are no file

HEAD = "date,order_id,email,amount,currency"
ROWS = "2026-10-01,A-1,learner01@example.com,10.00,EUR\n2026-10-13,A-2,learner02@example.com,20.00,EUR\n"
WIDE = HEAD + "".join(f",c{n}" for n in range(20_000)) + "\n" + ROWS.replace("\n", "," * 20_000 + "\n")
LONG = f"{HEAD},note\n" + ROWS.replace("\n", "," + "x" * 200_000 + "\n")


def zipped(**members: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


REFUSED: dict[str, tuple[str, bytes | str, str]] = {
    "an archive that holds no export": ("a.zip", zipped(**{"inner.zip": zipped()}), "empty_file"),
    "an archive of nothing": ("a.zip", zipped(), "empty_file"),
    "a path that leaves its archive": ("a.zip", zipped(**{"../../a.csv": HEAD}), "unsafe_path"),
    "a bomb in gzip": ("a.csv.gz", gzip.compress(bytes(70 << 20)), "archive_bomb"),
    "ten million quotes": ("a.csv", f"{HEAD}\n{ROWS}" + '"' * 10_000_000, "wrong_field_count"),
    "an odd number of quotes": ("a.csv", f'{HEAD}\n{ROWS}"' + "," * 1000, "unclosed_quote"),
    "a number of 5,000 digits": ("a.csv", f"{HEAD}\n{ROWS}2026-10-14,A-3,,{'9' * 5000},EUR\n", "bad_number"),
    "lists in lists in YAML": ("a.yaml", "- " * 3000 + "a\n", "too_deep"),
    "brackets in brackets in YAML": ("a.yaml", "[" * 100_000, "too_deep"),
    "brackets in brackets in JSON": ("a.json", "[" * 100_000, "too_deep"),
    "a bomb in YAML": ("a.yaml", "a: &a [x]\nb: &b [*a, *a]\n", "yaml_alias"),
    "a vast power of ten": ("a.json", '[{"date":"2026-10-01","order_id":"A","amount":1e999999999}]', "bad_number"),
    "thirty megabytes of blanks": ("a.csv", " " * 30_000_000, "empty_file"),
    "a header below its rows": ("a.csv", f"{ROWS}{HEAD}\n{ROWS}", "no_header"),
    "another file above": ("a.csv", f"a,b,c,d,e,f\n1,2,3,4,5,6\n1,2,3,4,5,6\n{HEAD}\n{ROWS}", "no_header"),
    "a foreign symbol": ("a.csv", f"{HEAD}\n{ROWS}2026-10-14,A-3,,$9.00,EUR\n", "two_currencies"),
    "a slip in a header": ("a.csv", f"{HEAD},reufnded\n" + ROWS.replace("EUR", "EUR,5.00"), "columns_unknown"),
    "a slip in one record": (
        "a.json",
        json.dumps(
            [{"date": "2026-10-01", "order_id": n, "amount": 9, "email"[: 5 - (n == 2)]: "c"} for n in range(4)]
        ),
        "unknown_key",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_for_certain_is_refused(case: tuple[str, bytes | str, str], reader: Reader) -> None:
    name, data, code = case
    ran, sources = reader.check(name, data.encode() if isinstance(data, str) else data)
    assert (ran.code, sources[0]["error"]["code"]) == (3, code)


@pytest.mark.parametrize("text", [WIDE, LONG], ids=["20,000 columns", "fields of 200 kB"])
def test_the_very_wide_and_the_very_long_are_read(text: str, reader: Reader) -> None:
    ran, sources = reader.check("a.csv", text.encode())
    assert ran.code == 0
    assert sources[0]["sums"][0]["revenue_gross"] == 30


def test_a_campaign_of_200_kb_is_written_by_every_format(reader: Reader) -> None:
    path = reader.folder / "long.csv"
    path.write_text(f"date,campaign,cost,currency\n2026-10-01,{'x' * 200_000},5.00,EUR\n")
    for form in ("table", "json", "csv", "markdown", "html"):
        ran = reader.run("roi", str(path), "--sales", str(_sales(reader)), "--by", "campaign", "-f", form)
        assert (form, ran.code) == (form, 0)


def _sales(reader: Reader) -> Path:
    path = reader.folder / "sales.csv"
    path.write_text(f"{HEAD}\n{ROWS}")
    return path


def test_a_pipe_that_nobody_writes_to_is_refused(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kpi_cli.exports.files._PATIENCE", 0)
    pipe = reader.folder / "pipe.csv"
    os.mkfifo(pipe)
    ran = reader.run("check", str(pipe))
    assert ran.code == 3
    assert "nothing comes out of this pipe" in ran.err


def test_a_pipe_that_is_written_to_is_read_once(reader: Reader) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{HEAD}\n{ROWS}".encode())
    os.close(writing)
    ran = reader.run("check", f"/dev/fd/{reading}", "--json")
    os.close(reading)
    assert json.loads(ran.out)["sources"][0]["rows"]["used"] == 2


@pytest.mark.parametrize("name", ["/dev/null", "/dev/zero", "", "x" * 5000])
def test_what_is_no_file_is_refused_at_once(name: str, reader: Reader) -> None:
    ran = reader.run("roi", name)
    assert ran.code == 3
    assert "internal" not in ran.err


@pytest.mark.parametrize("closed", [True, False])
def test_nothing_on_stdin_is_refused(closed: bool, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None if closed else io.TextIOWrapper(io.BytesIO()))
    ran = reader.run("check", "-")
    assert ran.code == 3
    assert "-: " in ran.err


@pytest.mark.parametrize("name", ["new\nline.csv", "\x1b[31mred.csv", "😀.csv", "[x].csv", "*.csv", "-.csv"])
def test_odd_names_are_read_and_shown_escaped(name: str, reader: Reader) -> None:
    ran, sources = reader.check(name, f"{HEAD}\n{ROWS}".encode())
    assert ran.code == 0
    assert sources[0]["file"].isprintable()


def test_a_file_that_changes_while_it_is_read_is_refused(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    from kpi_cli.exports.rows import Reader as RowReader

    path, blocks = _sales(reader), RowReader.blocks

    def growing(self: RowReader, *given: Any) -> Iterator[Any]:
        with path.open("a") as file:
            file.write("2026-10-15,A-9,,99.00,EUR\n")
        yield from blocks(self, *given)

    monkeypatch.setattr(RowReader, "blocks", growing)
    ran = reader.run("check", str(path))
    assert ran.code == 3
    assert "changed while it was read" in ran.err


# ------------------------------------------------------------------------------------ nobody's address

COLUMNS = (
    "date",
    "order_id",
    "email",
    "product",
    "amount",
    "currency",
    "channel",
    "utm_source",
    "utm_campaign",
    "status",
)
PLAIN = ("2026-10-02", "A-2", "learner02@example.com", "Course", "9.00", "EUR", "Email", "news", "autumn", "paid")
ASKED = (("check",), ("roi", "--by", "channel,campaign"), ("channels",), ("ltv",))


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown", "html"])
@pytest.mark.parametrize("column", [*COLUMNS, "header", "further", "above"])
def test_no_address_is_shown_wherever_it_stands(column: str, form: str, reader: Reader) -> None:
    canary = f"canary-{column}@example.com"
    odd = [canary if name == column else cell for name, cell in zip(COLUMNS, PLAIN, strict=True)]
    header = [*COLUMNS, canary] if column == "header" else list(COLUMNS)
    rows = [header, [*PLAIN, *([""] if column == "header" else [])], [c.replace("A-2", "A-3") for c in odd]]
    rows[-1] += [canary] if column in {"further", "header"} else []
    text = "\n".join(",".join(row) for row in rows) + "\n"
    path = reader.folder / "canary.csv"
    path.write_text(f"Report of {canary}\n{text}" if column == "above" else text)
    spend = reader.folder / "canary_spend.csv"
    spend.write_text(f"date,campaign,cost,currency\n2026-10-02,{canary},5.00,EUR\n")
    for words in ASKED:
        ran = reader.run(*words, str(path), str(spend), "-f", form)
        assert ran.code in {0, 3, 5}
        assert "canary-" not in ran.out + ran.err.replace(str(path), "").replace(str(spend), "")
