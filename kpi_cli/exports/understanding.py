"""A download, or a table of a database → Sheet: its header found and understood, its records within reach.

text_sheet(download)        CSV and the like
structured_sheet(table, …)  a worksheet, a list of YAML or JSON, a data frame
parquet_sheet(download, …)  Parquet, one file or a folder
relation_sheet(address, …)  a table or query of a database
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kpi_cli.errors import InputError
from kpi_cli.exports.beside import part_beside
from kpi_cli.exports.cells import BARE
from kpi_cli.exports.dialect import Record, Text, decode, records
from kpi_cli.exports.files import LAKE, Download, lake_parts
from kpi_cli.exports.large import ROWS
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.prose import sets_figures
from kpi_cli.exports.recognising import (
    GENERIC,
    Header,
    Place,
    Wanted,
    Wish,
    is_known,
    read_header,
    recognise,
    unknown_table,
)
from kpi_cli.exports.roles import IDENTITY, kind
from kpi_cli.exports.sections import OTHER_TABLE, choose
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structured import Table
from kpi_cli.result import Note
from kpi_cli.safe import folded, quoted
from kpi_cli.texts import note

if TYPE_CHECKING:
    from kpi_cli.warehouse.addresses import Address

_HEAD = 60


def text_sheet(download: Download) -> Sheet:
    """A file of text, whose delimiter, preamble and header are found out.

    Raises:
        InputError: no text, or no table that is known.
    """
    text = decode(download.name, download.path, download.options.encoding, hashed=False)
    lines = text.head(_HEAD)
    notes: list[Note] = list(text.notes)
    skip = 0
    if lines and lines[0].lower().startswith("sep="):
        notes.append(note("sep_line", file=download.name, line=1))
        skip = 1
    header = recognise(
        download.name, [*[""] * skip, *lines[skip:]], download.options.columns, _wanted(download.options)
    )
    if header.line - 1 < skip:
        header.line = skip + 1
    first, left_out = header.line, dict[int, str]()
    if header.format.get("tables") == "many" and text.content is not None:
        place = Place(download.name)
        chosen = choose(text.lines(), header, place, download.options.columns, _wanted(download.options))
        if chosen:
            header, first, left_out = chosen.header, chosen.first, chosen.left_out
    above, below = ([*csv.reader(part, delimiter=header.delimiter or ",")] for part in (lines[:first], lines[first:]))
    part_beside(header, above[:-1], below, download.name, download.options)
    _tell_refunds(header, below, download.options)
    _needed_once(download.name, header)
    found = _record_source(text, header.delimiter or ",", first)
    if header.companion:
        left_out = {record.line: OTHER_TABLE for record in found()}
    return Sheet(
        download.name,
        header,
        download.options,
        text.encoding,
        text.survey.sha256,
        found,
        header.delimiter,
        text,
        notes,
        stamp=text.survey.stamp,
        left_out=left_out,
    )


def _record_source(text: Text, delimiter: str, skip: int) -> Callable[[], Iterator[Record]]:
    """Records below the header; kept in memory when the file is small, read again when it is not."""
    if text.content is None:
        return lambda: records(text, delimiter, skip)
    kept: list[Record] = []

    def small() -> Iterator[Record]:
        if not kept:
            kept.extend(records(text, delimiter, skip))
        return iter(kept)

    return small


def _tell_refunds(header: Header, rows: Sequence[Sequence[str]], options: ReadOptions) -> None:
    """Refunds of “true” and “false” say whether an order went back; of how much, another column may tell."""
    columns, rivals = header.columns, header.rivals
    said = any(column in {"refunded", "refund_flag"} for _, column, _ in options.columns)
    if header.format.name != GENERIC or header.format.role != "sales" or said or "refund_flag" in columns:
        return
    places = [where["refunded"] for where in (columns, rivals) if "refunded" in where]
    words = {word for listed in header.format.get("flag_words").values() for word in listed} - BARE
    cells = [{folded(row[i]) for row in rows if i < len(row)} - {""} for i in places]
    flags = [place for place, found in zip(places, cells, strict=True) if found and found <= words]
    if len(flags) == 1:
        del columns["refunded"]
        columns["refund_flag"] = flags[0]
        if rivals.pop("refunded", None) is not None:
            columns["refunded"] = next(place for place in places if place != flags[0])


def _needed_once(name: str, header: Header) -> None:
    """A money, date or id column that stands twice cannot be told apart, unless the format settles which."""
    settled = header.format.get("duplicates", ())
    names = [h.strip().casefold() for h in header.names]
    for canonical, index in header.columns.items():
        if names[index] and names.count(names[index]) > 1 and canonical not in settled:
            second = names.index(names[index], index + 1) if names[index] in names[index + 1 :] else index
            raise InputError(
                "duplicate_header",
                f"the column “{header.names[index].strip()}” stands twice",
                "rename or remove one of them",
                name,
                header.line,
                second + 1,
            )
    if header.format.name == GENERIC:
        _meant_once(name, header)


def _meant_once(name: str, header: Header) -> None:
    """Two headers of a table made by hand that can both be its cost, its amount or its status are asked about."""
    for canonical, index in header.rivals.items():
        if kind(canonical) == "money" or canonical in header.format.get("used", ()):
            places = sorted([header.columns[canonical], index])
            first, second = (header.names[place].strip() for place in places)
            raise InputError(
                "column_open",
                f"{quoted(first)} and {quoted(second)} can both be the {canonical.replace('_', ' ')}",
                f"say which with --map {header.format.role}.{canonical}=HEADER",
                name,
                header.line,
                places[1] + 1,
            )


def structured_sheet(table: Table, options: ReadOptions) -> Sheet:
    """A table whose cells are told apart already; its header stands in one of the first rows.

    Raises:
        InputError: no row, or none that is the header of a table that is known.
    """
    if options.role is None and table.role:
        options = replace(options, role=table.role)
    rows = table.rows
    for start in range(min(len(rows), 30)):
        above = [" ".join(r.cells).strip() for r in rows[:start]]
        below = [r.cells for r in rows[start + 1 : start + 31]]
        place = Place(table.name, rows[start].line, None, above, below)
        header = read_header(rows[start].cells, place, options.columns, _wanted(options))
        if header:
            part_beside(header, [r.cells for r in rows[:start]], below, table.name, options)
            _tell_refunds(header, below, options)
            _needed_once(table.name, header)
            body = [r for r in rows[start + 1 :] if any(c.strip() for c in r.cells)]
            width = len(header.names)
            padded = [Record(r.line, r.cells + [""] * (width - len(r.cells))) for r in body]
            return Sheet(
                table.name,
                header,
                options,
                "utf-8",
                table.sha256,
                padded.__iter__,
                None,
                typed=table.typed,
                texts=table.texts,
                places=table.places,
                left_out={r.line: OTHER_TABLE for r in padded} if header.companion else {},
            )
    if not rows:
        raise InputError("empty_file", "the table is empty", "export it again", table.name)
    known = max(rows[:30], key=lambda row: sum(map(is_known, row.cells)))
    is_prose = not sets_figures(row.cells for row in rows)
    wish = Wish(_wanted(options), options.columns)
    error = unknown_table(known.cells, Place(table.name, known.line), wish, is_prose=is_prose)
    if table.beside:
        error.fix += f"; or name the worksheets that count, such as {quoted(table.beside)}"
    raise error


def parquet_sheet(download: Download, engines: ExitStack) -> Sheet:
    """Parquet, one file or a folder of them: DuckDB answers from it where it is."""
    from kpi_cli.warehouse.engines import parquet
    from kpi_cli.warehouse.relation import Relation

    options, stat = download.options, download.path.stat()
    if download.suffix != LAKE and not stat.st_size:
        raise InputError("empty_file", "the file is empty", "export it again", download.name)
    engine = engines.enter_context(parquet(download, options.tz))
    relation = Relation(engine, engine.columns(), engines)
    sheet = relation.sheet(structured_sheet, options)
    _refuse_folders_as_ids(sheet, download)
    if download.suffix != LAKE:
        sheet.stamp = (stat.st_size, stat.st_mtime_ns)
        if options.strict or options.every_id or relation.count() <= ROWS:
            with download.path.open("rb") as file:
                sheet.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return sheet


def _refuse_folders_as_ids(sheet: Sheet, download: Download) -> None:
    """Ask what `client=acme` in the name of a folder is: who bought, or whose data stand in it."""
    parts = lake_parts(download.path) if download.suffix == LAKE else [download.path]
    folders = {name.partition("=")[0] for path in parts for name in path.parts[:-1] if "=" in name}
    settled = {column for _, column, _ in sheet.options.columns}
    for column in sorted(IDENTITY.intersection(sheet.columns) - settled):
        header = sheet.header.names[sheet.columns[column]]
        if header in folders:
            said = f"{quoted(header)} is in the names of folders, and could be the {column} or anything else"
            ways = " or ".join(f"--map {sheet.role}.{name}={header}" for name in (column, "part"))
            raise InputError("column_open", said, f"say which with {ways}", sheet.name)


def relation_sheet(address: Address, options: ReadOptions, engines: ExitStack) -> Sheet:
    """A table or query of a database, which answers from where it is."""
    from kpi_cli.warehouse.engines import is_tried, opened
    from kpi_cli.warehouse.relation import Relation

    engine = engines.enter_context(opened(address, options.tz))
    found = Relation(engine, engine.columns(), engines).sheet(structured_sheet, options)
    if not is_tried(address):
        found.notes.append(note("engine_untested", file=address.name, engine=address.engine))
    return found


def _wanted(options: ReadOptions) -> Wanted:
    return Wanted(options.role, options.format)
