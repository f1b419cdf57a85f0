"""Opening: a question's files become its books; what cannot be read or added for certain is refused.

open_books(ask, uses, needs)   `uses` are the roles the question draws on, `needs` those that must have rows
read_whole(ask)                reads the files once for several questions
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from kpi_cli.ask import Ask
from kpi_cli.assigning import assign
from kpi_cli.books import Books
from kpi_cli.config import Config, Placed
from kpi_cli.converting import convert
from kpi_cli.coverage import hold_to_window, settle_window
from kpi_cli.errors import InputError, KpiError, NoDataError, Refusals
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.files import Asked
from kpi_cli.exports.options import Enough, Sufficient
from kpi_cli.exports.reading import Sought, read
from kpi_cli.exports.structured import Table, frame_table
from kpi_cli.exports.tables import Store
from kpi_cli.grouping import Grouping
from kpi_cli.period import resolve
from kpi_cli.texts import label, note
from kpi_cli.trust import trust_first
from kpi_cli.visit_overlap import settle_visits

Choice = Callable[[Books], tuple[Sequence[str], Sequence[Sequence[str]]]]  # roles used, groups of roles needed


def open_books(
    ask: Ask,
    uses: Sequence[str] | Sought,
    needs: Sequence[Sequence[str]],
    choose: Choice | None = None,
    *,
    enough: Sufficient | None = None,
) -> Books:
    """Read the files of a question.

    Args:
        ask: files and options.
        uses: roles the question draws on, or what chooses them among the files as they are recognised (`choose`
            then says them); files of others are named in a note.
        needs: groups of roles of which one each must have a row.
        choose: given the files as read, says which roles are used and needed after all.
        enough: what suffices of large sources: sums of money, those and people's first orders, or those and all that
            people did; None where every row's own ids matter.

    Raises:
        UsageError: a period that cannot be understood.
        InputError: what cannot be read or added for certain.
        NoDataError: a needed role has no file, or no row in the period.
    """
    resolve(ask.period)  # a mistake in the options is told before any in the files
    own, sought = _own_roles(ask), uses
    roles = (lambda sheets: own.union(sought(sheets))) if callable(sought) else own.union(sought)
    if (enough == "firsts" and (ask.also or ask.config.own)) or (enough == "sums" and _counts_people(ask)):
        enough = "people"  # figures beside the question's own may count what it does not
    suffices = Enough(enough, frozenset(ask.dimensions)) if enough else None
    store = ask.read or read(asked_files(ask), ask.reading, inline_tables(ask), roles, suffices)
    _refuse(store)
    if enough != "sums":
        _one_engine(store)
    books = Books(store, ask, Grouping(ask.config.channels, ask.config.strategies))
    for source in store.sources:
        source.fates.pop("outside_period", None)  # what an earlier question said of its own period
        books.notes += source.notes
    with trust_first(books.notes, strict=ask.reading.strict):
        _make_ready(books, () if callable(uses) else uses, needs, choose)
    return books


def read_whole(ask: Ask, enough: Enough | None = None) -> Ask:
    """The same ask with its files read once for several questions, whatever role each of them uses.

    Args:
        ask: files and options.
        enough: what suffices of large sources for all of them; None where every row's own ids matter.
    """
    return replace(ask, read=read(asked_files(ask), ask.reading, inline_tables(ask), enough=enough))


def _make_ready(books: Books, uses: Sequence[str], needs: Sequence[Sequence[str]], choose: Choice | None) -> None:
    """Settle who counts leads, a channel on every row, one currency and the window."""
    own = _own_roles(books.ask)
    if choose:
        uses, needs = choose(books)
    uses = _settle_leads(books, uses, needs)
    if "leads" in own and "leads" not in uses:
        _settle_leads(books, tuple(own), ())
    for source in books.store.sources:
        if source.sheet and source.role not in own.union(uses):
            books.notes.append(note("unused_file", file=source.file, role=source.role or "?"))
    _needed(books, needs)
    books.uses = uses = (*uses, *_counted_beside(books, uses))
    assign(books)
    if "traffic" in uses:
        books.other_slices = settle_visits(books)
    convert(books)
    books.currency = _currency(books, uses)
    settle_window(books, uses)
    hold_to_window(books, needs)


def _counts_people(ask: Ask) -> bool:
    """Whether own figures, or those that are asked for by name, count people."""
    if not (ask.config.own or ask.also):
        return False
    from kpi_cli.definitions import measures_needed

    return not {"customers", "new_customers"}.isdisjoint(measures_needed(ask.config, ask.also))


def _own_roles(ask: Ask) -> frozenset[str]:
    """The roles that any question draws on: exchange rates, and what figures beside its own are made from."""
    if not (ask.config.own or ask.also):
        return frozenset({"rates"})
    from kpi_cli.definitions import roles_of_own

    return roles_of_own(ask.config, ask.also) | {"rates"}


def _counted_beside(books: Books, uses: Sequence[str]) -> list[str]:
    """The roles that only figures beside a question's own draw on: their days and money count like any other's."""
    ask = books.ask
    if not (ask.config.own or ask.also):
        return []
    from kpi_cli.definitions import roles_counted

    roles = roles_counted(ask.config, ask.also, books.leads_from)
    return sorted(role for role in roles.difference(uses) if books.has(role))


def asked_files(ask: Ask) -> list[Asked]:
    """The files of a question: the command line's, else kpi.yml's, each with what is said of it."""
    listed_rates = bool(ask.config.rates.files or ask.config.rates.records)
    reading = replace(ask.reading, converted=listed_rates or any(role == "rates" for _, role in ask.files.paths))
    rate_reading = replace(reading, role="rates", currency=None)  # what they turn money into is not what they are of
    said = [
        Asked(path, rate_reading if role == "rates" else replace(reading, role=role)) for path, role in ask.files.paths
    ]
    listed = [
        Asked(pattern, rate_reading, place=place) for pattern, place in _files_of(ask.config, ask.config.rates.files)
    ]
    if said or ask.files.frames:
        return said + listed
    found = []
    for source in ask.config.sources:
        options = replace(
            reading,
            role=source.role,
            format=source.format,
            decimal=source.decimal or reading.decimal,
            date_format=source.date_format or reading.date_format,
            encoding=source.encoding or reading.encoding,
            tz=source.tz or reading.tz,
            currency=source.currency or (None if source.role == "rates" else reading.currency),
            separate_accounts=source.accounts == "separate" or reading.separate_accounts,
            columns=tuple(("*", column, header) for column, header in source.columns.items()),
            statuses=tuple(source.statuses.items()),
        )
        named = _files_of(ask.config, source.files)
        found += [Asked(pattern, options, source.table, source.query, place) for pattern, place in named]
    costs = _files_of(ask.config, ask.config.costs.files)
    return [*found, *(Asked(pattern, replace(reading, role="costs"), place=place) for pattern, place in costs), *listed]


def _files_of(config: Config, names: Iterable[str]) -> Iterator[tuple[str, tuple[str, int, int] | None]]:
    """Patterns from the folder of kpi.yml on, and where it names each."""
    for name in names:
        place = (config.file, name.line, name.column) if config.file and isinstance(name, Placed) else None
        yield _from_folder(config, name), place


def _from_folder(config: Config, name: str) -> str:
    """A pattern from the folder of kpi.yml on; so the file of a DuckDB, while other addresses stand for themselves."""
    engine, parted, place = name.partition("://")
    if not parted:
        return str(config.folder / name)
    local = engine.lower() == "duckdb" and not place.startswith("//")
    return f"{engine}:///{config.folder / place.lstrip('/')}" if local else name


def inline_tables(ask: Ask) -> list[Table]:
    """What is asked about without a file: pandas frames, and the costs written in kpi.yml itself."""
    tables = [frame_table(frame, role, number) for number, (frame, role) in enumerate(ask.files.frames, 1)]
    costs = ask.config.costs.records
    if costs and not (ask.files.paths or ask.files.frames):
        names = ("start", "end", "category", "strategy", "channel", "campaign", "cost", "currency")
        rows = [Record(c.line, ["" if getattr(c, n) is None else str(getattr(c, n)) for n in names]) for c in costs]
        tables.append(Table(ask.config.file or "kpi.yml", [Record(1, list(names)), *rows], ask.config.sha256, "costs"))
    return tables


def _refuse(store: Store) -> None:
    errors: list[KpiError] = [s.error for s in store.sources if s.error]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Refusals(errors)


_COUNTED_ONCE = ("sales", "leads", "progress", "events", "touches")  # roles whose people or orders are distinct


def _one_engine(store: Store) -> None:
    """Sums of two engines meet after grouping; people and orders that stand in both cannot be told apart."""
    for role in _COUNTED_ONCE:
        sources = store.of_role(role)
        other = next((s for s in sources if s.engine != sources[0].engine), None)
        if other:
            said = f"{sources[0].file} and this are on two engines: no customer or order of both can be counted once"
            raise InputError("two_engines", said, f"bring the {role} together on one of them", other.file)


def _needed(books: Books, needs: Sequence[Sequence[str]]) -> None:
    for group in needs:
        if not any(books.has(role) for role in group):
            raise NoDataError("no_file", f"there is no file with {' or '.join(group)}", "add one")


def _settle_leads(books: Books, uses: Sequence[str], needs: Sequence[Sequence[str]]) -> Sequence[str]:
    """Leads come from one source: a leads file, else the event of the visits file, else the platforms' claims.

    Returns:
        The roles still drawn upon: a visits file that was read for its leads only, and has none, is not.
    """
    if "leads" not in uses:
        return uses
    event = books.ask.config.lead_event
    for role in ("leads", "traffic", "spend"):
        if role in uses and books.has(role) and _counts_leads(books, role, event):
            books.leads_from = role
            break
    if books.leads_from:
        named = f" ({event})" if _has_event(books, books.leads_from, event) else ""
        books.notes.append(note("leads_source", source=label(books.leads_from, "lead_sources") + named))
    visits_wanted = any("traffic" in group for group in needs) or books.leads_from == "traffic"
    return [role for role in uses if role != "traffic" or visits_wanted]


def _counts_leads(books: Books, role: str, event: str) -> bool:
    stated = f"SELECT 1 FROM {role} WHERE fate IS NULL AND leads IS NOT NULL LIMIT 1"
    return bool(books.store.rows(stated)) or _has_event(books, role, event)


def _has_event(books: Books, role: str, event: str) -> bool:
    """Whether visits are beside events, and one of these is a lead; a column of leads names none."""
    if role != "traffic" or not books.column(role, "event"):
        return False
    named = "SELECT 1 FROM traffic WHERE fate IS NULL AND lower(trim(event)) = $1 LIMIT 1"
    return bool(books.store.rows(named, [event.casefold()]))


_MONEY_OF = {
    "spend": "cost <> 0",
    "sales": "charged <> 0 OR refunds <> 0",
    "costs": "cost <> 0",
    "touches": "value <> 0",
}


def _money_of(books: Books) -> dict[str, str]:
    """By role, what tells the rows that hold money, own measures of money among them."""
    found = dict(_MONEY_OF)
    for own in books.ask.config.measures:
        column = f"own_sum_{own.name}"
        if own.unit == "money" and books.column(own.role, column):
            found[own.role] = " OR ".join([*filter(None, [found.get(own.role)]), f'"{column}" <> 0'])
    return found


def _currency(books: Books, uses: Sequence[str]) -> str | None:
    """The one currency of all money that is to be added.

    Raises:
        InputError: two currencies, or one that is stated beside one that is not.
    """
    money = {role: some for role, some in _money_of(books).items() if role in uses and books.has(role)}
    tables = {books.store.bare(role): some for role, some in money.items()}
    every = " UNION ALL ".join(
        f"SELECT currency FROM {t} WHERE fate IS NULL AND ({some})" for t, some in tables.items()
    )
    found = books.store.rows(f"SELECT DISTINCT currency FROM ({every})") if money else []
    if len(found) <= 1:
        return found[0][0] if found else None
    seen: dict[str | None, tuple[str, int]] = {}
    files = {s.number: s.file for s in books.store.sources}
    for role, some in money.items():
        for currency, number, line in books.store.rows(
            f"""SELECT currency, min(file), arg_min(line, (file, line)) FROM {role}
                WHERE fate IS NULL AND ({some}) GROUP BY currency ORDER BY min(file), currency"""
        ):
            seen.setdefault(currency, (files[number], line))
    stated = sorted(c for c in seen if c)
    if len(stated) > 1:
        file, line = seen[stated[1]]
        raise InputError(
            "currencies_mixed",
            f"{' and '.join(stated)} cannot be added without rates",
            "ask for one currency at a time, or give rates in kpi.yml",
            file,
            line,
        )
    file, line = seen[None]
    raise InputError(
        "currency_unstated",
        f"no currency is stated here, and other files are in {stated[0]}",
        f"say --currency {stated[0]} if it is the same",
        file,
        line,
    )
