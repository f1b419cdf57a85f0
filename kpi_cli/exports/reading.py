"""Files → Store: every download opened, understood, read into its role's table, and accounted for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.errors import InputError, KpiError
from kpi_cli.exports.accounting import account
from kpi_cli.exports.bulk import attempt, load, plans
from kpi_cli.exports.composing import composer, price_rule
from kpi_cli.exports.dialect import Record, Text, decode, records
from kpi_cli.exports.engine import all_threads
from kpi_cli.exports.files import LAKE, WORKBOOKS, Asked, Download, downloads
from kpi_cli.exports.firsts import load_firsts
from kpi_cli.exports.judging import may_be_flags
from kpi_cli.exports.large import ROWS, fold, unusual
from kpi_cli.exports.options import Enough, ReadOptions
from kpi_cli.exports.overlap import settle_overlaps
from kpi_cli.exports.own import find_own
from kpi_cli.exports.prose import NoTable, sets_figures
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
from kpi_cli.exports.roles import ROLES, kind
from kpi_cli.exports.rows import Columns, Ledger, Reader, tell
from kpi_cli.exports.sections import OTHER_TABLE, choose
from kpi_cli.exports.sheet import Sheet, settle
from kpi_cli.exports.structured import Table, tables_of
from kpi_cli.exports.subtotals import set_aside_subtotals
from kpi_cli.exports.sums import load_sums
from kpi_cli.exports.tables import Source, Store
from kpi_cli.exports.unread import needs_rows, refuse_rates, refuse_repeated_shipping, refuse_unread
from kpi_cli.exports.workspace import workspace
from kpi_cli.result import Note
from kpi_cli.safe import quoted
from kpi_cli.texts import label, note
from kpi_cli.warehouse.addresses import is_address

_HEAD = 60
_MANY = 200_000  # rows, from which on they are worth sharing among processors
_STRUCTURED = WORKBOOKS | {".yaml", ".yml", ".json"}


def read(
    asked: Sequence[Asked],
    options: ReadOptions,
    inline: Iterable[Table] = (),
    roles: Collection[str] | Sought = ROLES,
    enough: Enough | None = None,
) -> Store:
    """Read files into typed tables.

    Args:
        asked: patterns and addresses of databases, each with what the user says about it.
        options: what holds for the run as a whole (strictness, which sales book).
        inline: tables that came with the configuration.
        roles: the roles whose rows are wanted, or what chooses them once all files are recognised; files of
            others are recognised, and no more.
        enough: what suffices of large sources; None where every row's own ids matter.

    Returns:
        A Store whose `sources` list every file; a file that cannot be read carries its error.
    """
    store = Store()
    with workspace() as folder, ExitStack() as engines:
        opened = list(downloads((one for one in asked if not is_address(one.pattern)), folder))
        distant = (_relation(store, one, engines) for one in asked if is_address(one.pattern))
        taken = [_recognise(*found) for found in chain(_opened(store, opened, engines), distant)]
        taken += [_recognise(_new(store, t.name), partial(_structured_sheet, t, options)) for t in inline]
        known = [source.sheet for source, _ in taken if source.sheet]
        wanted = roles(known) if callable(roles) else roles
        wants = Wants(options, wanted, None if options.own else enough)
        for source, sheet in taken:
            if source.error is None:
                _take(store, source, sheet, wants)
        for found in opened:
            if not isinstance(found, KpiError):
                _unchanged(found, store)
        _unfold(store, taken, wants)
        _after(store, options)
        _pass_over_prose(store)
        if store.log or store.people or store.touches:
            store.keep_open(engines.pop_all())
    return store


T = TypeVar("T")
Sought = Callable[[Sequence[Sheet]], Collection[str]]
Taken = tuple[Source, Callable[[], Sheet]]


def _opened(store: Store, opened: Iterable[Download | KpiError], engines: ExitStack) -> Iterator[Taken]:
    """Every table of the files, and how its header comes to be understood."""
    for found in opened:
        if isinstance(found, KpiError):
            store.sources.append(Source(found.file or "-", len(store.sources), error=found))
        else:
            yield from _sheets(store, found, engines)


def _recognise(source: Source, sheet: Callable[[], Sheet]) -> Taken:
    try:
        source.sheet = sheet()
    except KpiError as error:
        source.error = error
    return source, sheet


def _after(store: Store, options: ReadOptions) -> None:
    if sum(source.ledger.read for source in store.sources) > _MANY:
        all_threads(store.con)
    for error in settle_overlaps(store, options):
        source = next((s for s in store.sources if s.file == error.file and s.error is None), None)
        if source:
            source.error = error
    account(store)
    for source in store.sources:
        if source.error is None:
            _trust(store, source, options)


def _pass_over_prose(store: Store) -> None:
    """Free text that came with tables, and that nobody named, is left out with a note."""
    tables = {source.part_of for source in store.sources if not isinstance(source.error, NoTable)}
    for source in store.sources:
        if isinstance(source.error, NoTable) and source.part_of and source.part_of in tables:
            source.error = None
            source.extra_notes.append(note("free_text", file=source.file))


def _new(store: Store, name: str, part_of: str | None = None) -> Source:
    source = Source(name, len(store.sources), part_of=part_of)
    store.sources.append(source)
    return source


def _sheets(store: Store, download: Download, engines: ExitStack) -> Iterator[Taken]:
    """The tables of one download: one for text, one a list or worksheet for what is structured."""
    if download.suffix in {LAKE, ".parquet"}:
        yield _new(store, download.name), lambda: _parquet_sheet(download, engines)
        return
    if download.suffix in _STRUCTURED:
        try:
            tables = tables_of(download)
        except KpiError as error:
            _new(store, download.name).error = error
            return
        for table in tables:
            part_of = None if table.name == download.name else download.name  # one of several worksheets
            yield _new(store, table.name, part_of), partial(_structured_sheet, table, download.options)
        return
    yield _new(store, download.name, download.part_of), lambda: _text_sheet(download)


def _parquet_sheet(download: Download, engines: ExitStack) -> Sheet:
    """Parquet, one file or a folder of them: DuckDB answers from it where it is."""
    from kpi_cli.warehouse.engines import parquet
    from kpi_cli.warehouse.relation import Relation

    options, stat = download.options, download.path.stat()
    if download.suffix != LAKE and not stat.st_size:
        raise InputError("empty_file", "the file is empty", "export it again", download.name)
    engine = engines.enter_context(parquet(download, options.tz))
    relation = Relation(engine, engine.columns(), engines)
    sheet = relation.sheet(_structured_sheet, options)
    if download.suffix != LAKE:
        sheet.stamp = (stat.st_size, stat.st_mtime_ns)
        if options.strict or options.every_id or relation.count() <= ROWS:
            with download.path.open("rb") as file:
                sheet.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return sheet


def _relation(store: Store, asked: Asked, engines: ExitStack) -> tuple[Source, Callable[[], Sheet]]:
    """A table or query of a database; its engine stays open as long as `engines` does."""
    from kpi_cli.warehouse.addresses import parse_address

    address = parse_address(asked.pattern, asked.table, asked.query)

    def sheet() -> Sheet:
        from kpi_cli.warehouse.engines import is_tried, opened
        from kpi_cli.warehouse.relation import Relation

        engine = engines.enter_context(opened(address, asked.options.tz))
        found = Relation(engine, engine.columns(), engines).sheet(_structured_sheet, asked.options)
        if not is_tried(address):
            found.notes.append(note("engine_untested", file=address.name, engine=address.engine))
        return found

    return _new(store, address.name), sheet


class Wants(Struct, frozen=True):
    """What is wanted of the files of a run."""

    options: ReadOptions
    roles: Collection[str]
    enough: Enough | None = None

    @property
    def hashed(self) -> bool:
        """Whether the checks of large files that need time are wanted (contract §7)."""
        return self.options.strict or self.options.every_id


def _take(store: Store, source: Source, sheet: Callable[[], Sheet], wants: Wants) -> None:
    """Read one table; what is wrong with it stays with it, and the others are read all the same."""
    try:
        source.sheet = source.sheet or sheet()
        wanted = source.sheet.role in wants.roles
        if wanted and wants.enough and _as_enough(store, source, wants, wants.enough):
            return
        in_bulk = wanted and _in_bulk(store, source)
        if source.sheet.sha256 is None and source.sheet.text:
            if in_bulk and source.ledger.read > ROWS and not wants.hashed:
                source.checks = "rows"
            else:
                source.sheet.sha256 = source.sheet.text.digest()
        if wanted and not in_bulk:
            _keep(store, _load(store, source, wants.options))
    except KpiError as error:
        source.error = error
        store.rollback()


def _load(store: Store, source: Source, options: ReadOptions) -> Reader:
    """Read the rows of a source into its role's table, in a transaction that is left open."""
    assert source.sheet is not None
    find_own(source.sheet)
    settle(source.sheet)
    set_aside_subtotals(source.sheet)
    refuse_unread(source.sheet)
    refuse_rates(source.sheet)
    refuse_repeated_shipping(source.sheet)
    reader = Reader(source.sheet)
    source.ledger = reader.ledger
    store.begin()
    blocks = reader.blocks(composer(reader))
    store.insert(source, blocks if source.checks == "rows" else _deduped(source, blocks, options))
    return reader


def _keep(store: Store, reader: Reader) -> None:
    store.commit()
    if reader.sheet.role not in store.columns:
        store.ensure(reader.sheet.role)
    tell(reader)


def _as_enough(store: Store, source: Source, wants: Wants, enough: Enough) -> bool:
    """Read a large source as far as suffices; False where its rows are wanted.

    Where every id is to be looked at, only what looks at them where they are will do.
    """
    sheet = source.sheet
    assert sheet is not None
    if needs_rows(sheet):
        return False
    alone = sum(other.role == sheet.role for other in store.sources) == 1  # people of two are found row by row
    there = _THERE.get(sheet.role) if sheet.relation else None
    if there and (enough.what != "sums" or wants.hashed):
        return alone and there(store, source, sheet, enough.by)
    if wants.hashed:
        return False
    if enough.what == "sums" or sheet.relation:
        return load_sums(store, source, enough.by) or _folded(store, source, sheet, enough.by)
    return enough.what == "firsts" and alone and load_firsts(store, source, enough.by)


def _folded(store: Store, source: Source, sheet: Sheet, by: Collection[str]) -> bool:
    """Read a large plain file as sums; whatever is unusual in it is left to the reading row by row."""
    sums = sheet.relation.grouped(sheet, by) if sheet.relation else fold(sheet, by)
    return sums is not None and _summed(store, source, sheet, sums)


def _events_there(store: Store, source: Source, sheet: Sheet, by: Collection[str]) -> bool:
    """Read a large log of a database as counts, and leave its rows where they are."""
    from kpi_cli.warehouse.log import events_there

    store.log = _left(store, source, sheet, events_there(sheet, by))
    return store.log is not None


def _sales_there(store: Store, source: Source, sheet: Sheet, by: Collection[str]) -> bool:
    """Read large sales of a database as groups, and leave their customers where they are."""
    from kpi_cli.warehouse.people import people_there

    store.people = _left(store, source, sheet, people_there(sheet, {*by, "publisher"}))
    return store.people is not None


def _touches_there(store: Store, source: Source, sheet: Sheet, _: Collection[str]) -> bool:
    """Read large touches of a database as counts, and leave their rows where they are."""
    from kpi_cli.warehouse.touches import touches_there

    store.touches = _left(store, source, sheet, touches_there(sheet))
    return store.touches is not None


def _left(store: Store, source: Source, sheet: Sheet, found: tuple[Sheet, T] | None) -> T | None:
    """What is to be asked of rows that are left where they are, once their counts are read."""
    return found[1] if found and _summed(store, source, sheet, found[0]) else None


_THERE = {"sales": _sales_there, "events": _events_there, "touches": _touches_there}


def _summed(store: Store, source: Source, whole: Sheet, sums: Sheet) -> bool:
    """Read a source as records that stand for many rows; whether nothing was unusual in it."""
    source.sheet, source.checks = sums, "rows"
    try:
        reader = _load(store, source, sums.options)
        if not (_needs_rows(sums, reader.ledger) or may_be_flags(store, source.number, sums)):
            _keep(store, reader)
            source.is_folded = True
            return True
    except KpiError:
        pass  # the reading row by row finds it again, with its line
    store.rollback()
    source.sheet, source.checks, source.ledger = whole, "full", Ledger()
    return False


def _needs_rows(sheet: Sheet, ledger: Ledger) -> bool:
    """Whether sums met what must be seen row by row; a database has no lines that a note could name."""
    return bool(sheet.left_out or sheet.totals) if sheet.relation else unusual(sheet, ledger)


def _in_bulk(store: Store, source: Source) -> bool:
    """Have DuckDB read a plain file itself; whatever is unusual in it is left to the reading row by row."""
    assert source.sheet is not None
    find_own(source.sheet)
    if needs_rows(source.sheet):
        return False
    for found in plans(source.sheet):
        all_threads(store.con)
        with attempt(store):
            store.begin()
            source.ledger = load(store, source, found)
            store.commit()
            source.sheet = found.sheet
            return True
    return False


def _unfold(store: Store, taken: list[Taken], wants: Wants) -> None:
    """Sales that were read as sums are read again by row where another file may hold the same orders."""
    if not any(source.is_folded and source.role == "sales" for source, _ in taken):
        return
    spans = {f: (a, b) for f, a, b in store.rows('SELECT file, min("start"), max("end") FROM sales GROUP BY file')}
    dated = [(s, sheet, *spans[s.number]) for s, sheet in taken if s.number in spans and s.error is None]
    for source, sheet, first, last in dated:
        if source.is_folded and any(
            other is not source and other.format == source.format and a <= last and first <= b
            for other, _, a, b in dated
        ):
            store.con.execute("DELETE FROM sales WHERE file = $1", [source.number])
            source.checks, source.is_folded, source.sheet = "full", False, None
            _take(store, source, sheet, replace(wants, enough=None))


def _deduped(source: Source, blocks: Iterator[Columns], options: ReadOptions) -> Iterator[Columns]:
    """Rows without an id that stand twice: kept with a note, or left out when the user says so."""
    sheet = source.sheet
    assert sheet is not None
    if sheet.role not in _REPEATS_MATTER or sheet.has("order_id") or sheet.has("lead_id"):
        yield from blocks
        return
    seen: set[tuple[str | None, ...]] = set()
    again: list[str | None] = []
    for block in blocks:
        lines = block.pop("line")
        rows = list(zip(*block.values(), strict=True))
        repeated = []
        for row in rows:
            repeated.append(row in seen)
            seen.add(row)
        again += [line for line, twice in zip(lines, repeated, strict=True) if twice]
        block["line"] = lines
        if options.dedupe and any(repeated):
            block["fate"] = ["duplicate" if twice else None for twice in repeated]
        yield block
    if again and not options.dedupe:
        sheet.notes.append(note("duplicates_kept", file=sheet.name, line=int(again[0] or 0), count=len(again)))


_REPEATS_MATTER = {"spend", "sales", "traffic", "search", "mail", "social", "leads"}


def _trust(store: Store, source: Source, options: ReadOptions) -> None:
    """Notes that hold for the whole source once its rows are known."""
    sheet = source.sheet
    assert sheet is not None
    currencies = {entry["currency"] for entry in source.sums}
    if sheet.role in {"spend", "sales", "costs"} and None in currencies:
        source.extra_notes.append(note("currency_unstated", file=source.file))
    if sheet.role == "sales":
        untaxed = "none" in {sheet.header.format.get("tax"), price_rule(sheet).get("tax")}
        taxed = (sheet.has("tax") and sheet.taxed) or options.vat or untaxed
        if not taxed and source.sums:
            source.extra_notes.append(note("tax_included", file=source.file))
        _status_notes(source)
        _refund_notes(store, source)
    if sheet.role == "leads":
        _status_notes(source)
    if source.grain == "range" and sheet.role in {"spend", "traffic", "leads"}:
        source.extra_notes.append(note("range_grain", file=source.file))
    limit = sheet.header.format.get("truncated_at")
    if limit and source.ledger.read >= limit and not sheet.has("date"):
        source.extra_notes.append(note("truncated_source", file=source.file, limit=limit))


_BY_STATUS = (
    *("failed", "denied", "test", "voided", "cancelled", "pending", "authorized", "hold", "free"),
    *("spam", "duplicate", "disqualified"),
)


def _status_notes(source: Source) -> None:
    left = {reason: source.ledger.left_out[reason] for reason in _BY_STATUS if source.ledger.left_out[reason]}
    if left:
        said = ", ".join(f"{count} {label(reason, 'fates')}" for reason, count in left.items())
        source.extra_notes.append(note("status_left_out", file=source.file, rows=said))


def _refund_notes(store: Store, source: Source) -> None:
    """Refunded orders stay in the counts; those whose status alone says so went back whole; others may be unknown."""
    stated_in = source.sheet.header.format.get("refunds_only_in") if source.sheet else None
    if stated_in and source.sheet and not source.sheet.has(stated_in) and source.sums:
        source.extra_notes.append(note("refunds_unstated", file=source.file))
    if not any(entry["refunds"] for entry in source.sums):
        return
    source.extra_notes.append(note("refunded_orders_counted", file=source.file))
    if source.sheet and not source.sheet.has("refunded"):
        rows = "file = $1 AND fate IS NULL AND is_order AND refunds > 0"
        ((count, line),) = store.rows(f'SELECT sum("rows"), min(line) FROM sales WHERE {rows}', [source.number])
        if count:
            told = note("refunded_in_full", file=source.file, line=line or None, count=int(count))
            source.extra_notes.append(told)


def _unchanged(download: Download, store: Store) -> None:
    """A file that changes while it is read is refused: its figures would be of no moment."""
    sheets = [s for s in store.sources if s.file == download.name and s.sheet and s.error is None]
    for source in sheets:
        stat = download.path.stat()
        if source.sheet and source.sheet.stamp not in {None, (stat.st_size, stat.st_mtime_ns)}:
            source.error = InputError(
                "changed_while_read", "the file changed while it was read", "run again", download.name
            )


def _wanted(options: ReadOptions) -> Wanted:
    return Wanted(options.role, options.format)


def _text_sheet(download: Download) -> Sheet:
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


def _structured_sheet(table: Table, options: ReadOptions) -> Sheet:
    if options.role is None and table.role:
        options = replace(options, role=table.role)
    rows = table.rows
    for start in range(min(len(rows), 30)):
        above = [" ".join(r.cells).strip() for r in rows[:start]]
        below = [r.cells for r in rows[start + 1 : start + 31]]
        place = Place(table.name, rows[start].line, None, above, below)
        header = read_header(rows[start].cells, place, options.columns, _wanted(options))
        if header:
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
