"""Rows that bear a day and are called a total: asked about in files of any size, whichever cell says so."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import kpi_cli
from kpi_cli.errors import KpiError
from kpi_cli.exports import bulk, firsts, large, reading, structure, sums, surveying
from kpi_cli.exports.called import BEGINNINGS, callings
from kpi_cli.exports.files import Asked, downloads
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.recognising import GENERIC, catalogue
from kpi_cli.exports.structure import calls_a_total
from kpi_cli.exports.understanding import text_sheet
from kpi_cli.safe import folded

_GENERIC = next(fmt for fmt in catalogue() if fmt.name == GENERIC)
PATTERNS = [rule["match"] for rule in _GENERIC.get("totals", ())]
ALL = _GENERIC.get("whole", {})["words"]
COLUMNS = ["date", "order_id", "customer_id", "channel", "product", "country", "colour", "amount"]
ROW = {"amount": "5.25", "channel": "Email", "product": "Course A", "country": "FR", "colour": "blue"}


def sales(place: str, word: str, ids: str = "{}", order: list[str] = COLUMNS) -> str:
    """A hundred sales, and one more that a word may call a total."""
    rows = [
        {**ROW, "date": f"2026-01-{1 + i % 28:02}", "order_id": ids.format(i), "customer_id": f"c-{i % 9}"}
        for i in range(1, 101)
    ]
    last = dict.fromkeys(COLUMNS, "") | {"date": "2026-01-31", "order_id": ids.format(900), "amount": "525.00"}
    lines = [order, *([row[c] for c in order] for row in [*rows, {**last, place: word}])]
    return "\n".join(map(",".join, lines)) + "\n"


def spend_beside(file: str) -> str:
    path = Path(file).with_name("spend.csv")
    path.write_text("date,channel,cost\n2026-01-01,Email,10.00\n")
    return str(path)


QUESTIONS: dict[str, Callable[..., Any]] = {
    "rows": lambda file: kpi_cli.check([file]),
    "sums": lambda file: kpi_cli.roi(file, spend_beside(file), by="month,channel"),
    "sums, letters counted": lambda file: kpi_cli.roi(file, spend_beside(file), by="month,channel"),
    "records": lambda file: kpi_cli.roi(file, spend_beside(file), by="month,channel"),
    "firsts": lambda file: kpi_cli.channels(file),
}
_LARGE = {
    "rows": [bulk],
    "sums": [bulk, sums],
    "sums, letters counted": [bulk, sums],
    "records": [large],
    "firsts": [bulk, firsts],
}  # what reads files of more lines


@contextmanager
def large_from(rows: int, question: str) -> Iterator[list[str]]:
    """Files of more rows than these are large; which ways of reading them succeed."""
    taken: list[str] = []

    def noted(way: str, loads: Callable[..., Any]) -> Callable[..., Any]:
        def load(*asked: Any) -> Any:
            found = loads(*asked)
            if found not in (None, False):
                taken.append(way)
            return found

        return load

    with pytest.MonkeyPatch.context() as patch:
        for module in (bulk, sums, firsts, large):
            patch.setattr(module, "ROWS", rows if module in _LARGE[question] else 10**9)
        for way, name in {"rows": "load", "sums": "load_sums", "records": "fold", "firsts": "load_firsts"}.items():
            patch.setattr(reading, name, noted(way, getattr(reading, name)))
        if "counted" in question:
            patch.setattr(surveying, "_WORTH_NUMPY", 1)
        yield taken


def said(path: Path, question: str, rows: int) -> tuple[Any, bool]:
    """The figures of an answer, or what it is refused with; and whether the file was read as a large one."""
    with large_from(rows, question) as taken:
        try:
            found = QUESTIONS[question](str(path)).to_dict()
        except KpiError as error:
            return error.to_dict(), bool(taken)
    shown = found.get("rows") or [(source["rows"], source["error"]) for source in found["sources"]]
    return shown, question.partition(",")[0] in taken


def told_alike(path: Path, text: str, question: str) -> tuple[Any, bool]:
    """What is told of a large file, and whether it was read as one, having shown that it is that of a small one."""
    path.write_text(text)
    (small, _), (big, is_large) = (said(path, question, rows) for rows in (10**9, -1))
    assert big == small
    return big, is_large


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("place", ["order_id", "customer_id", "channel", "product", "country", "colour"])
@pytest.mark.parametrize("word", ["Total", "TOTAUX", "Grand–total:", "Ｔotal", "All"])
@pytest.mark.parametrize("ids", ["{}", "o-{}"])
def test_a_row_with_a_day_that_is_called_a_total_is_asked_about(ids, word, place, question, tmp_path):
    found, is_large = told_alike(tmp_path / "sales.csv", sales(place, word, ids), question)
    is_doubtful = word != "All" or place in {"channel", "country"}
    assert ("total_or_name" in str(found)) == is_doubtful
    assert is_large or is_doubtful


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("first", ["order_id", "customer_id", "channel", "product", "colour"])
@pytest.mark.parametrize("place", ["order_id", "channel", "colour"])
def test_whichever_column_stands_first(place, first, question, tmp_path):
    order = sorted(COLUMNS, key=lambda column: column != first)
    found, _ = told_alike(tmp_path / "sales.csv", sales(place, "Total", order=order), question)
    assert "total_or_name" in str(found) or "totals_row" in str(found)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("place", ["order_id", "customer_id", "product", "country", "colour"])
def test_a_channel_that_is_written_like_a_name_of_the_sql_hides_no_total(place, question, tmp_path):
    text = sales(place, "Total").replace("Email", f"c{COLUMNS.index(place)}-a")
    found, _ = told_alike(tmp_path / "sales.csv", text, question)
    assert "total_or_name" in str(found)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("place", ["order_id", "customer_id", "channel", "product", "country", "colour"])
@pytest.mark.parametrize("name", ["tot-1", "Total Body", "Allemagne", "Sommeil", "Été", "", "Summe 3", "👩‍💻 Total"])
def test_what_merely_begins_like_a_total_is_a_name(name, place, question, tmp_path):
    found, is_large = told_alike(tmp_path / "sales.csv", sales(place, name), question)
    assert "total_or_name" not in str(found)
    assert is_large or (name, place, question) == ("", "order_id", "firsts")  # whose order would have to be told apart


@pytest.mark.parametrize(
    ("odd", "ways"),
    [
        (None, ["counted"]),
        ("2026-01-31,900,Été,5.25", ["counted"]),
        ("2026-01-31,Total,Email,525.00", ["counted", "looked at", "looked at"]),
        ("2026-01-31,90-B,Email,5.25", ["counted", "looked at"]),
        ("2026-01-31,900,Email,5.2e1", ["counted", "looked at"]),
    ],
)
def test_where_all_letters_are_the_channels_no_other_cell_is_looked_at(odd, ways, tmp_path, monkeypatch):
    """What is counted has to come out: else every id is looked at, as it is where the first ones have letters."""
    taken = []
    loaded = sums._loaded

    def noted(store, source, query):
        taken.append("counted" if query.counted else "looked at")
        return loaded(store, source, query)

    monkeypatch.setattr(sums, "_loaded", noted)
    rows = [f"2026-01-{1 + i % 28:02},{i},{'Email' if i % 3 else 'Réseaux sociaux'},5.25" for i in range(100)]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["date,order_id,channel,amount", *rows, *[odd] * bool(odd), ""]))
    (small, _), (big, _) = (said(path, "sums, letters counted", rows) for rows in (10**9, -1))
    assert big == small
    assert taken == ways


# ------------------------------------------------------------------------------------------ the SQL


class Columns:
    """The columns of a file of sales, and what is made of their cells."""

    def __init__(self, folder: Path) -> None:
        path = folder / "sales.csv"
        path.write_text(sales("colour", "blue"))
        [download] = downloads([Asked(str(path), ReadOptions())], folder)
        assert not isinstance(download, KpiError)
        self.sheet = text_sheet(download)

    def is_total(self, column: str, cell: str) -> bool:
        """What structure.py says."""
        return calls_a_total(self.sheet, self.sheet.header.names.index(column), cell)

    def passed(self, column: str, cells: list[str]) -> list[str]:
        """The cells in which SQL finds no total."""
        assert self.sheet.text is not None
        index = self.sheet.header.names.index(column)
        sql = callings(self.sheet, self.sheet.text)[index].check
        asked = f"SELECT c{index} FROM (SELECT unnest($1::VARCHAR[]) AS c{index}) WHERE {sql}"
        return [cell for (cell,) in duckdb.execute(asked, [cells]).fetchall()]


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Columns:
    return Columns(tmp_path_factory.mktemp("called"))


_words = st.one_of(*(st.from_regex(pattern, fullmatch=True) for pattern in PATTERNS))
_WAYS: list[Callable[[str], str]] = [
    str.upper,
    str.title,
    lambda word: unicodedata.normalize("NFD", word),
    lambda word: word.replace(" ", "\u00a0 \u3000"),
    lambda word: word.replace(" ", "  "),
    lambda word: word.replace("-", "–"),
    lambda word: word.replace("a", "\u200ba"),
    lambda word: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word),
    lambda word: "".join(chr(ord(c) - 97 + 0x1D5EE) if "a" <= c <= "z" else c for c in word),
    lambda word: word.replace("s", "ſ").replace("o", "º").replace("a", "ª"),
    lambda word: f"\t\u2009{word}\u200b ",
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=_words, ways=st.lists(st.sampled_from(_WAYS), max_size=3))
def test_whatever_means_a_total_is_found(columns, word, ways):
    """As structure.py takes it, in every column: written large, apart, with odd blanks, letters and dashes."""
    cell = word
    for way in ways:
        cell = way(cell)
    assume("\n" not in cell and columns.is_total("colour", cell))
    assert [columns.passed(column, [cell]) for column in ("order_id", "channel", "colour")] == [[], [], []]


@pytest.mark.parametrize("column", ["channel", "country"])
def test_whatever_means_all_slices_is_found_where_slices_stand(columns, column):
    cells = [cell for word in ALL for way in (str, *_WAYS) if columns.is_total(column, cell := way(word))]
    assert len(cells) > 5 * len(ALL)
    assert columns.passed(column, cells) == []
    assert columns.passed("colour", ALL) == ALL


@settings(max_examples=300, deadline=None)
@given(word=_words)
def test_every_word_for_a_total_begins_in_one_of_the_known_ways(word):
    assert folded(word)[:3] in BEGINNINGS


def test_whatever_sign_folding_makes_one_of_a_total_is_found(columns):
    """Every code point that stands for a part of one of these, or for nothing, in every place."""
    words = ["total", "grand-total", "total général :", "total (12)", "total 2026", "gesamtergebnis", "complessivo"]
    spoken = {*"".join(words)}
    signs = [chr(code) for code in range(128, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    plain = {sign: folded(f"-{sign}-")[1:-1] for sign in signs}
    alike = {sign: read for sign, read in plain.items() if sign not in spoken and {*read} <= spoken}
    assert len(alike) > 500
    cells = {
        word[:at] + sign + word[at + len(read) :]
        for sign, read in alike.items()
        for word in words
        for at in range(len(word) + 1)
        if word.startswith(read, at)
    }
    called = [cell for cell in cells if columns.is_total("colour", cell)]
    assert len(called) > 2000
    assert columns.passed("colour", called) == []


_NAMES = ["Email", "c-7", "Sommeil", "Total Body", "Toto", "Allemagne", "Nº 12", "1ª", "™", "👩‍💻 Total", "", "été"]


def test_ordinary_names_are_told_from_totals(columns):
    assert columns.passed("colour", _NAMES) == _NAMES


# --------------------------------------------------------------------------------------- row by row


@pytest.mark.parametrize("first", [False, True])
def test_a_row_for_all_slices_is_refused_wherever_the_others_stand(first, tmp_path, monkeypatch):
    """Rows are looked at by batches: one of them may hold nothing else."""
    monkeypatch.setattr(structure, "BATCH", 5)
    rows = [f"2026-01-01,5.00,Email,{i}" for i in range(10)]
    rows.insert(0 if first else 10, "2026-01-31,50.00,All,10")
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["date,amount,channel,order_id", *(rows if first else rows[:11]), ""]))
    with pytest.raises(KpiError) as error:
        kpi_cli.roi(str(path), spend_beside(str(path)))
    assert (error.value.code, error.value.line) == ("total_or_name", 2 if first else 12)


def test_a_column_in_which_all_rows_are_for_all_slices_tells_of_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(structure, "BATCH", 5)
    path = tmp_path / "sales.csv"
    path.write_text("date,amount,channel,order_id\n" + "".join(f"2026-01-01,50.00,All,{i}\n" for i in range(12)))
    assert kpi_cli.roi(str(path), spend_beside(str(path))).to_dict()["total"]["revenue"] == 600


def test_two_names_for_all_slices_are_doubtful_too(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("date,amount,channel,order_id\n2026-01-01,50.00,All,1\n2026-01-01,50.00,Tous canaux,2\n")
    with pytest.raises(KpiError, match="All"):
        kpi_cli.roi(str(path), spend_beside(str(path)))
