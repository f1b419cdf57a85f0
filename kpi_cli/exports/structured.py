"""Workbooks, YAML, JSON and pandas frames → tables of text cells, so that one way of reading serves all.

Typed cells become text that says exactly what they hold: numbers with a dot, days as ISO dates.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from itertools import permutations, zip_longest
from typing import Any

from msgspec import Struct

from kpi_cli.errors import InputError
from kpi_cli.exports.dialect import Record, decode
from kpi_cli.exports.engine import connect
from kpi_cli.exports.files import JSON, Download
from kpi_cli.exports.misspelt import one_slip
from kpi_cli.exports.recognising import is_known
from kpi_cli.exports.roles import ROLES
from kpi_cli.exports.strict_yaml import Mapping, Node, Scalar, Sequence, load
from kpi_cli.exports.values import BadValue, number
from kpi_cli.result import Note
from kpi_cli.safe import quoted
from kpi_cli.texts import note


class Table(Struct):
    """One table: its rows as text, the header among them."""

    name: str
    rows: list[Record]
    sha256: str | None
    role: str | None = None
    typed: bool = True
    places: dict[tuple[int, int], tuple[int, int]] | None = None  # record line, column → line, column of the value
    texts: tuple[tuple[int, int], ...] = ()  # record line, column of numbers that are kept as text, with a mark
    beside: str | None = None  # another of its workbook
    hidden: bool = False  # a worksheet that a reader does not see, and that nobody named
    notes: tuple[Note, ...] = ()


def tables_of(download: Download) -> list[Table]:
    """The tables of a structured file.

    Raises:
        InputError: it is damaged, empty, or not shaped as a list of records.
    """
    if download.suffix in JSON | {".yaml", ".yml"}:
        return _documents(download)
    sha256 = hashlib.sha256(download.path.read_bytes()).hexdigest()
    if download.path.stat().st_size == 0:
        raise InputError("empty_file", "the file is empty", "export it again", download.name)
    return _workbook(download, sha256)


def _workbook(download: Download, sha256: str) -> list[Table]:
    import python_calamine

    from kpi_cli.exports.layout import Layout, layouts
    from kpi_cli.exports.percent import percent_cells

    try:
        book = python_calamine.CalamineWorkbook.from_path(str(download.path))
        names = _wanted_sheets(download, book.sheet_names)
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in names]
        visible = python_calamine.SheetVisibleEnum.Visible
        hidden = {sheet.name for sheet in book.sheets_metadata if sheet.visible != visible} - {download.worksheet}
        shown = layouts(download.path)
        merged = {name: _fill_merged(rows, shown.get(name, Layout()).merged) for name, rows in sheets}
        _show_percentages(sheets, percent_cells(download.path))
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise InputError("bad_workbook", "the workbook cannot be opened", "save it as CSV", download.name) from error
    filled = [(name, rows) for name, rows in sheets if any(any(c not in ("", None) for c in r) for r in rows)]
    if not filled and not download.without:
        raise InputError("empty_file", "the workbook is empty", "export it again", download.name)
    several = len(filled) > 1 or bool(download.without)
    tables = [
        Table(
            f"{download.name}/{name}" if several else download.name,
            [
                Record(i, [cell_text(c) for c in row])
                for i, row in enumerate(rows, 1)
                if any(c not in ("", None) for c in row)
            ],
            sha256,
            texts=_numbers_in_text(rows, 1),
            hidden=name in hidden,
        )
        for name, rows in filled
    ]
    for table, (name, _) in zip(tables, filled, strict=True):
        table.notes = tuple(_shown_otherwise(table, shown.get(name, Layout()).hidden, merged[name]))
    for table, other in zip(tables, tables[1:] + tables[:1], strict=True):
        table.beside = other.name if other is not table else None
    return tables


def _fill_merged(rows: list[list[Any]], merged: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> set[int]:
    """Write a name or a day that is merged down over rows on each of them; the rows where that was done.

    A number stays once, for it would be added.

    >>> rows = [["Google", 100], [None, 50], [None, None]]
    >>> _fill_merged(rows, [((0, 0), (2, 0)), ((0, 1), (1, 1))]), rows
    ({1}, [['Google', 100], ['Google', 50], [None, None]])
    """
    found = set()
    for (first, column), (last, _) in merged:
        value = rows[first][column] if first < len(rows) and column < len(rows[first]) else None
        is_name = isinstance(value, str) and value.strip() and not _is_number(value)
        if not (is_name or isinstance(value, dt.date)):
            continue
        for at in range(first + 1, min(last + 1, len(rows))):
            if any(cell not in ("", None) for cell in rows[at]):
                rows[at][column] = value
                found.add(at)
    return found


def _shown_otherwise(table: Table, hidden: Collection[int], filled: Collection[int]) -> Iterator[Note]:
    """Notes on rows that a reader does not see, and on those that show a cell of the row above them."""
    unseen = [row.line for row in table.rows if row.line - 1 in hidden]
    if unseen:
        yield note("hidden_rows", file=table.name, line=unseen[0], count=len(unseen))
    if filled:
        yield note("merged_cells", file=table.name, line=min(filled) + 1, count=len(filled))


def _wanted_sheets(download: Download, names: Iterable[str]) -> list[str]:
    """The worksheets of a workbook that are read: the one that is asked for, else all that are not read by name."""
    if download.worksheet is None:
        return [name for name in names if name not in download.without]
    if download.worksheet not in names:
        known = ", ".join(quoted(name) for name in names)
        raise InputError("no_such_file", "the workbook has no such worksheet", f"it has {known}", download.name)
    return [download.worksheet]


def _show_percentages(sheets: Iterable[tuple[str, list[list[Any]]]], shown: dict[str, set[tuple[int, int]]]) -> None:
    """Make texts of the numbers that show a percentage, as a reader sees them: 0.2 may be 20%, or 20 cents.

    >>> rows = [["TVA"], [0.0523], [1.0], ["–"]]
    >>> _show_percentages([("Feuil1", rows)], {"Feuil1": {(1, 0), (2, 0), (3, 0), (9, 0)}})
    >>> rows
    [['TVA'], ['5.23%'], ['100%'], ['–']]
    """
    for name, rows in sheets:
        for i, k in shown.get(name, ()):
            value = rows[i][k] if i < len(rows) and k < len(rows[i]) else None
            if isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0:
                rows[i][k] = f"{Decimal(cell_text(value)).scaleb(2):f}%"


def _numbers_in_text(rows: Iterable[Iterable[Any]], first: int) -> tuple[tuple[int, int], ...]:
    """Where numbers stand among typed cells that are kept as text, with a point or a comma.

    >>> _numbers_in_text([["1.234", 1.234, "12", "v1.234"], ["1 234,50 €"]], 1)
    ((1, 0), (2, 0))
    """
    cells = ((i, k, c) for i, row in enumerate(rows, first) for k, c in enumerate(row) if isinstance(c, str))
    return tuple((i, k) for i, k, c in cells if ("." in c or "," in c) and _is_number(c))


def _is_number(cell: str) -> bool:
    try:
        number(cell)
    except BadValue:
        return False
    return True


def cell_text(value: Any) -> str:
    """A typed cell as text that loses nothing.

    >>> cell_text(149.9), cell_text(1e15), cell_text(dt.datetime(2026, 10, 5, 9, 30)), cell_text(True), cell_text(None)
    ('149.9', '1000000000000000', '2026-10-05 09:30:00', 'TRUE', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{Decimal(repr(float(value))):f}".removesuffix(".0") if value - value == 0 else str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def frame_table(frame: Any, role: str | None, number: int) -> Table:
    """A pandas frame as a table, read through DuckDB: missing values are blank cells, numbers stay exact.

    Moments that know their zone keep the day and hour they show there.

    Raises:
        InputError: no frame, one without columns, or one with two columns of one name.
    """
    name = f"frame {number}"
    frame = _whole_frame(frame, name)
    plain = frame.copy(deep=False)
    for column in [c for c in frame if _is_odd(frame[c].dtype)]:
        plain[column] = _texts(frame[column])
    with connect() as con:
        con.register("frame", plain)
        found = con.execute("SELECT * FROM frame")
        header = [column[0] for column in found.description or ()]
        rows = [Record(i, [cell_text(c) for c in row]) for i, row in enumerate(found.fetchall(), 1)]
    texts = [frame[c] if frame[c].dtype.kind in {"O", "U"} else () for c in frame]
    return Table(name, [Record(0, header), *rows], None, role, texts=_numbers_in_text(zip_longest(*texts), 1))


def _whole_frame(frame: Any, name: str) -> Any:
    """The frame, if it is one whose columns can be told apart; other libraries' frames as pandas'."""
    if not hasattr(frame, "assign") and hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()
    if not hasattr(frame, "assign"):
        said = f"{type(frame).__name__} is no data frame"
        raise InputError("no_records", said, "give a path or a pandas frame", name)
    if not len(frame.columns):
        raise InputError("empty_file", "the frame has no columns", "look at what made it", name)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        said = f"the column {quoted(str(twice[0]))} stands twice"
        raise InputError("duplicate_header", said, "rename one of them", name)
    return frame


def _is_odd(dtype: Any) -> bool:
    """Whether DuckDB would not read a column, show another day, or take its first cells for the type of all."""
    named = type(dtype).__name__ in {"ArrowDtype", "PeriodDtype"}
    return named or dtype.kind in {"O", "c"} or bool(getattr(dtype, "tz", None)) or _is_short(dtype)


def _is_short(dtype: Any) -> bool:
    """Whether a column holds numbers of half the digits, or fewer, that others do."""
    return bool(dtype.kind == "f" and dtype.itemsize < 8)


def _texts(cells: Any) -> Any:
    """The cells as texts: of a moment the day and hour that it shows, blank where a value is missing."""
    if getattr(getattr(cells.dtype, "pyarrow_dtype", cells.dtype), "tz", None):
        cells = cells.dt.tz_localize(None)
    if _is_short(cells.dtype):  # 100.1, and not 100.0999985, which is the same in as many digits
        short = cells.to_numpy(f"float{8 * cells.dtype.itemsize}", na_value=float("nan"))
        cells = cells.astype(object).where(cells.isna(), [Decimal(str(cell)) for cell in short])
    return cells.astype(object).where(cells.notna(), None).map(cell_text)


def _documents(download: Download) -> list[Table]:
    text = decode(download.name, download.path, download.options.encoding)
    with text.open() as reader:
        content = reader.read()
    if download.suffix in JSON:
        from kpi_cli.exports.strict_json import load_json

        tree = load_json(content, download.name)
    else:
        tree = load(content, download.name)
    return document_tables(tree, download.name, text.survey.sha256)


def document_tables(tree: Node, name: str, sha256: str | None) -> list[Table]:
    """A list of records, or lists of them under the names of roles, as tables.

    Raises:
        InputError: anything else, with its place.
    """
    if isinstance(tree, Sequence):
        return [_table(tree, name, sha256, None)]
    if isinstance(tree, Scalar):
        if tree.null:
            raise InputError("empty_file", "the file is empty", "write a list of records", name)
        raise InputError(
            "no_records", "a list of records is due", "see “kpi check --help”", name, tree.line, tree.column
        )
    unknown = [key for key in tree.items if key not in ROLES]
    if unknown:
        raise _unknown_role(tree, unknown[0], name)
    return [_table(node, name, sha256, role) for role, node in tree.items.items()]


def _unknown_role(tree: Mapping, key: str, name: str) -> InputError:
    from difflib import get_close_matches

    close = get_close_matches(key, ROLES, 1)
    place = tree.keys[key]
    fix = f"did you mean “{close[0]}”?" if close else f"use one of {', '.join(ROLES)}"
    return InputError("unknown_key", f"{quoted(key)} is no kind of data", fix, name, place.line, place.column)


def _table(node: Node, name: str, sha256: str | None, role: str | None) -> Table:
    if not isinstance(node, Sequence):
        raise InputError("no_records", "a list of records is due", "start each with “-”", name, node.line, node.column)
    columns: dict[str, int] = {}
    for item in node.items:
        if not isinstance(item, Mapping):
            raise InputError(
                "no_record", "a record of names and values is due", "write “name: value”", name, item.line, item.column
            )
        for key in item.items:
            columns.setdefault(key, len(columns))
    _one_spelling(node, columns, name)
    header = Record(node.line, list(columns))
    rows = [_record(item, columns, name) for item in node.items]
    places = {(item.line, columns[key]): (value.line, value.column) for item, key, value in _values(node)}
    open_ = ((item.line, columns[key]) for item, key, value in _values(node) if _may_be_grouped(value))
    texts = tuple(dict.fromkeys(open_))
    return Table(name, [header, *rows], sha256, role, places=places, texts=texts)


def _values(node: Sequence) -> Iterator[tuple[Mapping, str, Node]]:
    """Every value of a list of records, with its record and its name."""
    return ((item, key, value) for item in node.items if isinstance(item, Mapping) for key, value in item.items.items())


def _may_be_grouped(value: Node) -> bool:
    """Whether a number was typed as people type: anything in YAML, and what stands in quotes in JSON."""
    if not isinstance(value, Scalar) or value.typed:
        return False
    return ("." in value.text or "," in value.text) and _is_number(value.text)


def _one_spelling(node: Sequence, columns: dict[str, int], name: str) -> None:
    """A name that some records write one way and the others with a slip would split a column in two."""
    records = [item for item in node.items if isinstance(item, Mapping)]
    having = {key: {i for i, r in enumerate(records) if key in r.items} for key in columns}
    known = {key: is_known(key) for key in columns}
    for odd, usual in permutations(columns, 2):
        few, many = having[odd], having[usual]
        if known[odd] > known[usual]:
            continue  # the name that means something is not the slip
        instead = len(few) == 1 and len(few | many) == len(records) > 2
        seldom = len(few) <= len(many) or known[usual] > known[odd]
        if seldom and not few & many and (instead or one_slip(odd.casefold(), usual.casefold())):
            place = next(r.keys[odd] for r in records if odd in r.items)
            said = f"{quoted(odd)} stands where other records have {quoted(usual)}"
            raise InputError("unknown_key", said, f"did you mean “{usual}”?", name, place.line, place.column)


def _record(item: Node, columns: dict[str, int], name: str) -> Record:
    assert isinstance(item, Mapping)
    cells = [""] * len(columns)
    for key, value in item.items.items():
        if not isinstance(value, Scalar):
            raise InputError(
                "nested", f"{quoted(key)} holds a list", "one value is due", name, value.line, value.column
            )
        cells[columns[key]] = "" if value.null else value.text
    return Record(item.line, cells)
