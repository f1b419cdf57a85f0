"""Files → Store: every download opened, understood, read into its role's table, and accounted for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.errors import InputError, KpiError
from kpi_cli.exports.accounting import account, tell_of
from kpi_cli.exports.bulk import attempt, load, plans
from kpi_cli.exports.composing import composer
from kpi_cli.exports.engine import all_threads
from kpi_cli.exports.files import JSON, LAKE, WORKBOOKS, Asked, Download, downloads
from kpi_cli.exports.firsts import load_firsts
from kpi_cli.exports.judging import may_be_flags
from kpi_cli.exports.large import ROWS, fold, unusual
from kpi_cli.exports.named import hold_to_names
from kpi_cli.exports.options import Enough, ReadOptions
from kpi_cli.exports.outlines import ask_of_outlines
from kpi_cli.exports.overlap import settle_overlaps
from kpi_cli.exports.own import find_own
from kpi_cli.exports.pairs import keep_other_currency
from kpi_cli.exports.parts import refuse_parts
from kpi_cli.exports.prose import NoTable
from kpi_cli.exports.roles import ROLES
from kpi_cli.exports.rows import Columns, Ledger, Reader, tell
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.signs import refuse_negative
from kpi_cli.exports.structure import settle
from kpi_cli.exports.structured import Table, tables_of
from kpi_cli.exports.subtotals import set_aside_levels, set_aside_subtotals, tell_of_blocks
from kpi_cli.exports.sums import load_sums
from kpi_cli.exports.surveying import digest
from kpi_cli.exports.tables import Source, Store
from kpi_cli.exports.understanding import parquet_sheet, relation_sheet, structured_sheet, text_sheet
from kpi_cli.exports.unread import needs_rows, refuse_rates, refuse_remarks, refuse_repeated_shipping, refuse_unread
from kpi_cli.exports.workspace import workspace
from kpi_cli.texts import note
from kpi_cli.warehouse.addresses import is_address

_MANY = 200_000  # rows, from which on they are worth sharing among processors
_STRUCTURED = WORKBOOKS | JSON | {".yaml", ".yml"}


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
        taken += [_recognise(_new(store, t.name), partial(structured_sheet, t, options)) for t in inline]
        hold_to_names([source for source, _ in taken])
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
        _refuse_nameless_rates(source.sheet)
        keep_other_currency(source.sheet)
    except KpiError as error:
        source.error = error
    return source, sheet


def _refuse_nameless_rates(sheet: Sheet) -> None:
    """Exchange rates are of the currencies of their column, or of the one that their entry in kpi.yml names."""
    if sheet.role == "rates" and not sheet.has("currency") and sheet.options.currency is None:
        said = "the rates do not say of which currency they are"
        fix = "add a column “currency”, or name it with --map rates.currency=HEADER"
        raise sheet.error("columns_unknown", said, fix, sheet.header.line)


def _after(store: Store, options: ReadOptions) -> None:
    if sum(source.ledger.read for source in store.sources) > _MANY:
        all_threads(store.con)
    for error in settle_overlaps(store, options):
        source = next((s for s in store.sources if s.file == error.file and s.error is None), None)
        if source:
            source.error = error
    account(store)
    for source in store.sources:
        if source.sheet and source.error is None:
            tell_of(store, source, options)


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
        yield _new(store, download.name), lambda: parquet_sheet(download, engines)
        return
    if download.suffix in _STRUCTURED:
        try:
            tables = tables_of(download)
        except KpiError as error:
            _new(store, download.name).error = error
            return
        for table in tables:
            part_of = None if table.name == download.name else download.name  # one of several worksheets
            source = _new(store, table.name, part_of)
            source.extra_notes += table.notes
            if table.hidden:
                source.extra_notes.append(note("hidden_worksheet", file=table.name))
            else:
                yield source, partial(structured_sheet, table, download.options)
        return
    yield _new(store, download.name, download.part_of), lambda: text_sheet(download)


def _relation(store: Store, asked: Asked, engines: ExitStack) -> Taken:
    """A table or query of a database; its engine stays open as long as `engines` does."""
    from kpi_cli.warehouse.addresses import parse_address

    address = parse_address(asked.pattern, asked.table, asked.query)
    return _new(store, address.name), lambda: relation_sheet(address, asked.options, engines)


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
                source.sheet.sha256 = digest(source.sheet.text.path)
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
    ask_of_outlines(source.sheet)
    set_aside_levels(source.sheet)
    tell_of_blocks(source.sheet)
    refuse_negative(source.sheet)
    refuse_unread(source.sheet)
    refuse_remarks(source.sheet)
    refuse_rates(source.sheet)
    refuse_parts(source.sheet)
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


def _unchanged(download: Download, store: Store) -> None:
    """A file that changes while it is read is refused: its figures would be of no moment."""
    sheets = [s for s in store.sources if s.file == download.name and s.sheet and s.error is None]
    for source in sheets:
        stat = download.path.stat()
        if source.sheet and source.sheet.stamp not in {None, (stat.st_size, stat.st_mtime_ns)}:
            source.error = InputError(
                "changed_while_read", "the file changed while it was read", "run again", download.name
            )
