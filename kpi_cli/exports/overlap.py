"""What several files say twice: counted once, or refused, never added (contract §3).

sales    the same id in two downloads; one shop in a storefront's and a processor's files
spend    the same rows in overlapping downloads; the same spend sliced in two ways
leads    the same person in two downloads, or as a contact and as the deal that came of it
search   the tables of one download, each of which slices the same clicks; likewise traffic
costs    rows that repeat another, in the same file or in another one: kept and said, or left out; likewise touches
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from msgspec.structs import replace

from kpi_cli.errors import InputError, UsageError, did_you_mean
from kpi_cli.exports.composing import refund_unsaid
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.recognising import catalogue
from kpi_cli.exports.roles import TABLES, kind
from kpi_cli.exports.tables import Source, Store
from kpi_cli.safe import quoted
from kpi_cli.texts import money_text, note

_SLICES = (
    "age",
    "gender",
    "placement",
    "publisher",
    "device",
    "network",
    "keyword",
    "search_term",
    "region",
    "product",
)
_PARTIAL = {"age", "gender", "placement", "publisher", "device", "keyword", "search_term"}
_LEVELS = ("ad_group", "adset", "ad")
_FIGURES = ("cost", "impressions", "clicks")
_TELL_NOTHING = {"status", "campaign_status", "format_channel", "currency"}
_EXACT = 'a."start" = b."start" AND a."end" = b."end"'
_CROSSING = 'a."start" <= b."end" AND b."start" <= a."end"'


def settle_overlaps(store: Store, options: ReadOptions) -> list[InputError]:
    """Mark rows that another file already holds; the errors where files contradict each other."""
    errors: list[InputError] = []
    if "sales" in store.columns:
        errors += _booked_twice(store, options)
        _orders_apart(store)
        errors += _same_orders(store)
        _order_lines(store)
        _date_refunds(store)
        _hold_refunds(store)
        errors += _parts_unsaid(store)
    if "leads" in store.columns:
        errors += _counted_twice(store)
        _deals_of_contacts(store)
        _same_leads(store)
    for role in ("search", "traffic"):
        if role in store.columns:
            _slices_of_one(store, role)
    if "spend" in store.columns:
        errors += _same_spend(store, options)
    for role in ("sales", "mail", "social"):
        if role in store.columns:
            _again_in_files(store, role, options)
    for role in ("costs", "touches"):
        if role in store.columns:
            _repeated_rows(store, role, options)
    return errors


def _again_in_files(store: Store, role: str, options: ReadOptions) -> None:
    """Rows without an id that an earlier file holds too: kept with a note, or left out when the user says so."""
    numbers = {s.number: s for s in store.of_role(role) if not s.is_folded and s.sheet and not s.sheet.has("order_id")}
    if len(numbers) < 2:
        return
    same = ", ".join(f'"{c}"' for c in store.columns[role] if c not in {"file", "line", "fate"})
    again = f"""SELECT file, line FROM {role} WHERE fate IS NULL AND file IN ({", ".join(map(str, numbers))})
                QUALIFY file > min(file) OVER (PARTITION BY {same})"""
    for number, line, count in store.rows(f"SELECT file, min(line), count(*) FROM ({again}) GROUP BY file"):
        if not options.dedupe:
            source = numbers[number]
            source.extra_notes.append(note("duplicates_kept", file=source.file, line=line, count=count))
    if options.dedupe:
        store.con.execute(
            f"""UPDATE {role} SET fate = 'seen_in_other_file' FROM ({again}) AS again
                WHERE {role}.file = again.file AND {role}.line = again.line"""
        )


# -------------------------------------------------------------------------------------------- sales


def _known_formats(names: Iterable[str]) -> None:
    known = [found.name for found in catalogue() if found.role == "sales"]
    for name in names:
        if name not in known:
            fix = did_you_mean(name, known, f"known: {', '.join(dict.fromkeys(known))}")
            raise UsageError("bad_choice", f"--sales-from names no format: {quoted(name)}", fix)


def _booked_twice(store: Store, options: ReadOptions) -> list[InputError]:
    """A storefront and a processor with overlapping periods hold the same sales; so do two tables of one platform."""
    sources = store.of_role("sales")
    if options.sales_from:
        _known_formats(options.sales_from)
        for source in sources:
            if source.format not in options.sales_from:
                _leave_out(store, source, "seen_in_other_file")
                source.extra_notes.append(note("unused_file", file=source.file, role="sales"))
        return []
    if len(sources) < 2:
        return []
    spans = {
        number: (first, last)
        for number, first, last in store.rows(
            'SELECT file, min("start"), max("end") FROM sales WHERE "start" IS NOT NULL GROUP BY file'
        )
    }
    for one, other in combinations([s for s in sources if s.number in spans], 2):
        (a, b), (c, d) = spans[one.number], spans[other.number]
        if a <= d and c <= b and (fix := _same_shop(one, other)):
            shop, bank = sorted((one, other), key=lambda s: _kind(s) == "processor")
            said = f"{shop.file} and {bank.file} may hold the same sales"
            return [InputError("sales_twice", said, fix, bank.file, bank.sheet.header.line if bank.sheet else None)]
    return []


def _same_shop(one: Source, other: Source) -> str:
    """What to do about two files that may book the same sales; nothing where they cannot."""
    kinds, formats = {_kind(one), _kind(other)}, sorted({str(one.format), str(other.format)})
    if len(formats) == 1:
        have_ids = {bool(s.sheet and s.sheet.has("order_id")) for s in (one, other)}
        return "give one of them, or export both with their ids" if None not in kinds and len(have_ids) > 1 else ""
    if kinds == {"storefront", "processor"}:
        formats.sort(key=lambda name: name == (one if _kind(one) == "processor" else other).format)
    elif None in kinds or len({name.partition("_")[0] for name in formats}) > 1:
        return ""
    return f"say which books with --sales-from {' or --sales-from '.join(formats)}"


def _kind(source: Source) -> str | None:
    return source.sheet.header.format.get("kind") if source.sheet else None


def _leave_out(store: Store, source: Source, fate: str) -> None:
    store.con.execute(f"UPDATE {source.role} SET fate = $1 WHERE file = $2 AND fate IS NULL", [fate, source.number])


def _orders_apart(store: Store) -> None:
    """Two platforms may number their orders alike: such numbers then bear the name of their format."""
    formats: dict[str, list[str]] = {}
    for source in store.of_role("sales"):
        formats.setdefault(str(source.format), []).append(str(source.number))
    if len(formats) < 2:
        return
    store.ensure("sales", "order_id")
    for one, other in combinations(sorted(formats), 2):
        in_one, in_other = (f"file IN ({', '.join(formats[name])})" for name in (one, other))
        store.con.execute(
            f"""UPDATE sales SET order_id = $1 || ' ' || order_id WHERE {in_other} AND order_id IN (
                  SELECT order_id FROM sales WHERE {in_one})""",
            [other],
        )


def _same_orders(store: Store) -> list[InputError]:
    """One id, one sale: repeated with the same amount it counts once, with another it is refused."""
    store.ensure("sales", "row_id", "order_id", "customer")
    errors: list[InputError] = []
    files = {s.number: s for s in store.of_role("sales")}
    formats = {n: str(s.format) for n, s in files.items()}
    single = [n for n, s in files.items() if s.sheet and s.sheet.header.format.get("one_row_per_order")]
    store.con.execute("CREATE OR REPLACE TEMP TABLE file_format (file INTEGER, format VARCHAR, single BOOLEAN)")
    if formats:  # a file that changed while it was read leaves its table, and no source to speak for it
        rows = [(n, f, n in single) for n, f in formats.items()]
        store.con.executemany("INSERT INTO file_format VALUES (?, ?, ?)", rows)
    per_order = """
        SELECT format, row_id, file, min(line) AS line, max(line) AS last, min("start") AS day, min(customer) AS buyer,
               sum(charged) - sum(CASE WHEN is_order THEN 0 ELSE refunds END) AS amount,
               count(*) FILTER (NOT is_line) AS n, min(charged) AS low, max(charged) AS high,
               any_value(single) AS single, max(refunds) AS refunds, is_order OR is_line AS sold
        FROM sales JOIN file_format USING (file) WHERE row_id IS NOT NULL AND fate IS NULL GROUP BY ALL"""
    if single and _any_repeated(store, single):
        for number, line, low, high in store.rows(
            f"""SELECT file, last, low, high FROM ({per_order})
                WHERE single AND sold AND n > 1 AND low <> high ORDER BY file, line"""
        ):
            errors.append(_two_amounts(files[number], line, low, high))
            break
        store.con.execute(
            """UPDATE sales SET fate = 'duplicate' FROM (
                 SELECT file, line FROM sales JOIN file_format USING (file)
                 WHERE single AND is_order AND row_id IS NOT NULL
                 QUALIFY row_number() OVER (PARTITION BY file, row_id ORDER BY line) > 1) AS again
               WHERE sales.file = again.file AND sales.line = again.line"""
        )
    if len(set(formats.values())) == len(formats):
        return errors
    for number, line, amount, before in store.rows(
        f"""SELECT file, line, amount, first FROM (
              SELECT *, first(amount) OVER (PARTITION BY format, row_id ORDER BY file) AS first
              FROM ({per_order}) WHERE sold)
            WHERE amount <> first ORDER BY file, line LIMIT 1"""
    ):
        errors.append(_two_amounts(files[number], line, before, amount))
    for number, line, day, before in store.rows(
        f"""SELECT file, line, day, first FROM (
              SELECT *, first(day) OVER same AS first, abs(date_diff('day', first(day) OVER same, day)) AS days,
                     first(buyer) OVER same <> buyer AS is_another
              FROM ({per_order}) WHERE sold AND day IS NOT NULL
              WINDOW same AS (PARTITION BY format, row_id ORDER BY file))
            WHERE days > 1 OR (days = 1 AND is_another) ORDER BY file, line LIMIT 1"""  # zones may differ by a day
    ):
        said = f"an order stands here on {day} and elsewhere, with the same number, on {before}"
        fix = "keep the right one, or make the numbers of two orders differ"
        errors.append(InputError("order_conflict", said, fix, files[number].file, line))
    store.con.execute(
        f"""UPDATE sales SET fate = 'seen_in_other_file' FROM (
              SELECT row_id, file FROM ({per_order}) WHERE sold
              QUALIFY row_number() OVER (PARTITION BY format, row_id ORDER BY refunds DESC, file) > 1) AS again
            WHERE sales.fate IS NULL AND (is_order OR is_line)
              AND sales.row_id = again.row_id AND sales.file = again.file"""
    )
    # A refund that bears its order's number is the same refund only where day and amount are the same.
    store.con.execute(
        """UPDATE sales SET fate = 'seen_in_other_file' FROM (
             SELECT s.file, s.line FROM sales s JOIN file_format f USING (file)
             WHERE fate IS NULL AND NOT is_order AND NOT is_line AND row_id IS NOT NULL
             QUALIFY s.file > min(s.file) OVER (PARTITION BY format, row_id, refunds, "start")) AS again
           WHERE sales.file = again.file AND sales.line = again.line"""
    )
    return errors


def _any_repeated(store: Store, files: Sequence[int]) -> bool:
    """Whether an id stands in two orders of one of these files."""
    listed = ", ".join(map(str, files))
    return bool(
        store.rows(
            f"""SELECT 1 FROM sales WHERE file IN ({listed}) AND is_order AND row_id IS NOT NULL
                GROUP BY file, row_id HAVING count(*) > 1 LIMIT 1"""
        )
    )


def _two_amounts(source: Source, line: int, one: object, other: object) -> InputError:
    return InputError(
        "order_conflict",
        f"an order stands here with {other:.2f} and elsewhere with {one:.2f}",
        "keep the right one",
        source.file,
        line,
    )


def fill_repeated(store: Store) -> bool:
    """Fill the table `repeated` with the ids of orders that stand in several rows; whether there are any."""
    store.con.execute(
        """CREATE TEMP TABLE IF NOT EXISTS repeated AS SELECT order_id FROM sales
           WHERE is_order AND fate IS NULL AND order_id IS NOT NULL GROUP BY order_id HAVING count(*) > 1"""
    )
    return bool(store.rows("SELECT 1 FROM repeated LIMIT 1"))


def _order_lines(store: Store) -> None:
    """Generic files: rows that share an order id are its lines."""
    if not fill_repeated(store):
        return
    for number, line, orders in store.rows(
        """SELECT file, min(line), count(*) FROM (
             SELECT file, order_id, min(line) AS line FROM sales
             WHERE is_order AND fate IS NULL AND order_id IN (FROM repeated) GROUP BY ALL HAVING count(*) > 1)
           GROUP BY file ORDER BY file"""
    ):
        source = next(s for s in store.of_role("sales") if s.number == number)
        source.extra_notes.append(note("order_lines_summed", file=source.file, line=line, orders=orders))


def _date_refunds(store: Store) -> None:
    """A refund in a row of its own belongs to the day, channel and customer of its order."""
    if not store.rows("SELECT 1 FROM sales WHERE NOT is_order LIMIT 1"):
        return
    skipped = {"file", "line", "rows", "fate", "order_id", "row_id", "currency", "is_order", "is_line"} | set(
        TABLES["sales"].numeric
    )
    dimensions = [c for c in store.columns["sales"] if c not in skipped]
    firsts = ", ".join(f'arg_min("{c}", (file, line)) AS "{c}"' for c in dimensions)
    sets = ", ".join(f'"{c}" = coalesce(o."{c}", sales."{c}")' for c in dimensions)
    store.con.execute(
        f"""UPDATE sales SET {sets} FROM (
              SELECT order_id, {firsts} FROM sales WHERE is_order AND order_id IS NOT NULL GROUP BY order_id) AS o
            WHERE NOT sales.is_order AND sales.order_id = o.order_id"""
    )
    for source in store.of_role("sales"):
        lost = store.rows(
            """SELECT count(*), min(line), sum(refunds) FROM sales
               WHERE file = $1 AND fate IS NULL AND NOT is_order AND refunds > 0
                 AND (order_id IS NULL OR order_id NOT IN (
                   SELECT order_id FROM sales WHERE is_order AND order_id IS NOT NULL))""",
            [source.number],
        )[0]
        if lost[0]:
            source.extra_notes.append(
                note(
                    "refund_without_sale",
                    file=source.file,
                    line=lost[1],
                    count=lost[0],
                    amount=money_text(lost[2], None),
                )
            )


def _hold_refunds(store: Store) -> None:
    """An order marked as refunded whose refund is also a row of its own went back once.

    The refunds of an order are held to what it was charged; what its status implies gives way to its rows.
    """
    beyond = """SELECT 1 FROM sales WHERE fate IS NULL AND order_id IS NOT NULL GROUP BY order_id
                HAVING sum(refunds) > sum(charged) AND sum(charged) > 0 LIMIT 1"""
    if not store.rows(beyond):  # the rule, and found at a fraction of the cost
        return
    over = """
        SELECT file, line, least(refunds, greatest(back - total - coalesce(sum(refunds) OVER (
                 PARTITION BY format, order_id ORDER BY is_order DESC, file DESC, line DESC
                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0)) AS cut
        FROM (SELECT *, sum(charged) OVER same AS total, sum(refunds) OVER same AS back
              FROM sales JOIN file_format USING (file)
              WHERE fate IS NULL AND order_id IN (SELECT order_id FROM sales WHERE refunds > 0)
              WINDOW same AS (PARTITION BY format, order_id))
        WHERE total > 0 AND back > total AND refunds > 0"""
    held = store.rows(f"SELECT file, min(line), count(*) FROM ({over}) WHERE cut > 0 GROUP BY file ORDER BY file")
    if not held:
        return
    store.con.execute(
        f"""UPDATE sales SET refunds = refunds - cut, tax_kept = round(CASE
              WHEN is_order THEN tax_charged * (charged - refunds + cut)::DOUBLE / charged
              ELSE tax_kept * (refunds - cut)::DOUBLE / refunds END, 6)
            FROM ({over}) AS o WHERE sales.file = o.file AND sales.line = o.line AND cut > 0"""
    )
    for source in store.of_role("sales"):
        for _, line, count in (found for found in held if found[0] == source.number):
            source.extra_notes.append(note("refunds_held", file=source.file, line=line, count=count))


def _parts_unsaid(store: Store) -> list[InputError]:
    """An order of which part went back says how much in its row, in a further line of it, or in a row of the refund."""
    errors = []
    for source in store.of_role("sales"):
        lines = source.sheet.part_back if source.sheet else []
        if not lines:
            continue
        store.ensure("sales", "order_id")
        found = store.rows(
            """SELECT min(line) FROM sales WHERE file = $1 AND list_contains($2, line) AND fate IS NULL AND NOT EXISTS (
                 FROM sales AS back WHERE back.order_id = sales.order_id AND back.fate IS NULL AND back.refunds > 0)""",
            [source.number, lines],
        )
        if source.sheet and found[0][0] is not None:
            errors.append(refund_unsaid(source.sheet, found[0][0]))
    return errors


# -------------------------------------------------------------------------------------------- leads


def _deals_of_contacts(store: Store) -> None:
    """A deal is what became of a lead: where one platform's contacts are given too, its deals count none."""
    lists: dict[str, list[Source]] = {}
    for source in store.of_role("leads"):
        lists.setdefault(str(source.format), []).append(source)
    for sources in lists.values():
        deals = [source for source in sources if _is_of_deals(source)]
        for source in deals if len(deals) < len(sources) else ():
            _leave_out(store, source, "seen_in_other_file")
            source.extra_notes.append(note("deals_left_out", file=source.file))


def _is_of_deals(source: Source) -> bool:
    sheet = source.sheet
    return sheet is not None and any(sheet.has(column) for column in sheet.header.format.get("deal_columns", ()))


def _same_leads(store: Store) -> None:
    """One person, one lead: by the id within a platform, and over files by address and day; the earliest row stays."""
    store.ensure("leads", "lead_id", "customer")
    listed = [source for source in store.of_role("leads") if source.sheet and not source.sheet.has("leads")]
    store.con.execute("CREATE OR REPLACE TEMP TABLE lead_lists (file INTEGER, format VARCHAR)")
    if listed:
        rows = [(source.number, str(source.format)) for source in listed]
        store.con.executemany("INSERT INTO lead_lists VALUES (?, ?)", rows)
    for known, same, other in (
        ("lead_id IS NOT NULL", "format, lead_id", "true"),
        ("customer IS NOT NULL", 'customer, "start"', "again.file <> first"),
    ):
        store.con.execute(
            f"""UPDATE leads SET fate = CASE WHEN again.file = first THEN 'duplicate' ELSE 'seen_in_other_file' END
                FROM (SELECT file, line, first(file) OVER same AS first, row_number() OVER same AS nth
                      FROM leads JOIN lead_lists USING (file) WHERE fate IS NULL AND {known}
                      WINDOW same AS (PARTITION BY {same} ORDER BY "start", file, line)) AS again
                WHERE leads.file = again.file AND leads.line = again.line AND nth > 1 AND {other}"""
        )


def _counted_twice(store: Store) -> list[InputError]:
    """Counts of leads beside other counts of the same, or beside a list of people: there is no telling them apart."""
    texts = [name for name, kind in store.columns["leads"].items() if kind == "VARCHAR" and name != "fate"]
    alike = " AND ".join(f'a."{name}" IS NOT DISTINCT FROM b."{name}"' for name in ("start", "end", *texts))
    same_days = 'a."start" <= b."end" AND b."start" <= a."end"'
    counts = {source.number: bool(source.sheet and source.sheet.has("leads")) for source in store.of_role("leads")}
    for one, other in combinations(store.of_role("leads"), 2):
        if not (counts[one.number] or counts[other.number]):
            continue
        both = counts[one.number] and counts[other.number]
        line = store.rows(
            f"""SELECT min(b.line) FROM leads a, leads b
                WHERE a.file = $1 AND b.file = $2 AND a.fate IS NULL AND b.fate IS NULL
                  AND {alike if both else same_days}""",
            [one.number, other.number],
        )[0][0]
        if line:
            text = f"{one.file} and this file count the same leads"
            return [InputError("leads_twice", text, "give one of them, or put both in one file", other.file, line)]
    return []


# ---------------------------------------------------------------------------------- search, traffic


def _slices_of_one(store: Store, role: str) -> None:
    """Of several tables of one platform those by day carry the totals; the others repeat them and are not added.

    A table of events repeats no visits: what it counts stands nowhere else.
    """
    formats: dict[str, list[tuple[Source, frozenset[str]]]] = {}
    for source in store.of_role(role):
        sheet = source.sheet
        if sheet and sheet.header.format.get("totals_from") and not (sheet.header.companion or sheet.has("event")):
            columns = frozenset(c for c in sheet.columns if kind(c) in {"text", "day"})
            formats.setdefault(str(source.format), []).append((source, columns))
    for tables in formats.values():
        days = {c for source, _ in tables if source.sheet for c in source.sheet.header.format.get("totals_from")}
        whole = next((columns for _, columns in tables if columns & days), tables[0][1])
        for source, columns in tables:
            if columns != whole:
                _leave_out(store, source, "seen_in_other_file")
                told = note("reslice", file=source.file, slices=", ".join(sorted(columns)))
                source.extra_notes.append(replace(told, trust=not whole & days))  # the days hold the whole


# -------------------------------------------------------------------------------------------- spend


def _same_spend(store: Store, options: ReadOptions) -> list[InputError]:
    sources = store.of_role("spend")
    for source in sources:
        sliced = _grain(source) & _PARTIAL
        if sliced:
            source.extra_notes.append(note("reslice", file=source.file, slices=", ".join(sorted(sliced))))
    if options.separate_accounts:
        return []
    errors: list[InputError] = []
    # Of rows that two files hold, those of the file that says more are kept.
    for one, other in combinations(sorted(sources, key=lambda s: -len(_known(s))), 2):
        if one.format == other.format and not (_apart(one) or _apart(other)):
            found = _compare(store, one, other)
            if found:
                errors.append(found)
    return errors


def _apart(source: Source) -> bool:
    """Whether the user says of a file that its rows are of an account of their own."""
    return source.sheet is not None and source.sheet.options.separate_accounts


def _grain(source: Source) -> set[str]:
    columns = source.sheet.columns if source.sheet else {}
    return {c for c in (*_SLICES, *_LEVELS) if c in columns}


def _compare(store: Store, one: Source, other: Source) -> InputError | None:
    """Two files of one format: rows of one account that overlap are the same rows, or there is no telling."""
    account = next((c for c in ("account_id", "account") if _both(one, other, c)), None)
    if account is None and _both(one, other, "campaign_id"):
        account = "campaign_id"
    same_account = f'a."{account}" = b."{account}"' if account else "true"
    overlap = f"""a.file = {one.number} AND b.file = {other.number} AND a.fate IS NULL AND b.fate IS NULL
        AND {same_account} AND {_CROSSING}"""
    stated = account is not None
    if _grain(one) != _grain(other):
        again = store.rows(f"SELECT min(b.line) FROM spend a, spend b WHERE {overlap}")[0][0]
        return _twice(one, other, again, stated, "slice the same spend in two ways") if again else None
    shared = _names(one) & _names(other) & store.columns["spend"].keys()
    if not shared and _names(one) != _names(other):
        return _same_days(store, one, other, stated)
    return _same_rows(store, one, other, shared, stated)


def _same_days(store: Store, one: Source, other: Source, stated: bool) -> InputError | None:
    """Two files without a name in common are of different things, unless each day of both cost the same."""
    first, second = (_summed(source, [], ["cost"]) for source in (one, other))
    agree, differ, line = store.rows(
        f"""SELECT count(*) FILTER (a.cost = b.cost AND a.cost <> 0), count(*) FILTER (a.cost <> b.cost), min(b.line)
            FROM {first} a JOIN {second} b ON {_EXACT} AND {_alike([])}"""
    )[0]
    return _twice(one, other, line, stated, "slice the same spend in two ways") if agree and not differ else None


def _same_rows(store: Store, one: Source, other: Source, names: set[str], stated: bool) -> InputError | None:
    """Rows of two files that are of one day and name: the same rows, or there is no telling."""
    figures = [c for c in _FIGURES if c == "cost" or _both(one, other, c)]
    first, second = (_summed(source, sorted(names), figures) for source in (one, other))
    alike = _alike(sorted(names))
    same = " AND ".join(f"a.{c} IS NOT DISTINCT FROM b.{c}" for c in figures)
    numbers = {*TABLES["spend"].numeric}
    more = (_names(other) | (_known(other) & numbers)) - (_names(one) | _known(one))
    for condition, said in (
        (f"{_EXACT} AND NOT ({same})", "state different figures for the same day and campaign"),
        (f"NOT ({_EXACT}) AND {_CROSSING}", "cover the same campaign with overlapping periods"),
        (_EXACT if more else "false", "hold the same spend, and each says what the other does not"),
    ):
        sql = f"SELECT min(b.line) FROM {first} a, {second} b WHERE {alike} AND {condition}"
        if again := store.rows(sql)[0][0]:
            return _twice(one, other, again, stated, said)
    store.con.execute(
        f"""UPDATE spend b SET fate = 'seen_in_other_file' FROM {first} a
            WHERE b.file = {other.number} AND b.fate IS NULL AND {_EXACT} AND {alike}"""
    )
    return None


def _summed(source: Source, names: Sequence[str], figures: Sequence[str]) -> str:
    """SQL of a file's figures by day, name and currency, with the first line of each."""
    listed = ", ".join(f'"{c}"' for c in ("start", "end", "currency", *names))
    sums = ", ".join(f"sum({c}) AS {c}" for c in figures)
    rows = f"FROM spend WHERE file = {source.number} AND fate IS NULL"
    return f"(SELECT {listed}, {sums}, min(line) AS line {rows} GROUP BY {listed})"


def _alike(names: Sequence[str]) -> str:
    return " AND ".join(f'a."{c}" IS NOT DISTINCT FROM b."{c}"' for c in ("currency", *names))


def _names(source: Source) -> set[str]:
    """The columns of a file that tell one spend from another."""
    return {c for c in _known(source) if kind(c) == "text" and c not in _TELL_NOTHING}


def _both(one: Source, other: Source, column: str) -> bool:
    return column in _known(one) and column in _known(other)


def _known(source: Source) -> set[str]:
    if source.sheet is None:
        return set()
    return set(source.sheet.columns) | ({"account"} if source.sheet.account else set())


def _twice(one: Source, other: Source, line: int, stated: bool, said: str) -> InputError:
    fix = "give only one of them" if stated else "give only one, or say --accounts separate if they are two accounts"
    return InputError("reslice", f"{one.file} and this file {said}", fix, other.file, line)


# ----------------------------------------------------------------------------------- costs, touches


def _repeated_rows(store: Store, role: str, options: ReadOptions) -> None:
    """Rows without an id that repeat another of any file: kept with a note, or left out when the user says so."""
    sources = store.of_role(role)
    if not options.dedupe and any(source.checks == "rows" for source in sources):
        return
    alike = ", ".join(f'"{c}"' for c in store.columns[role] if c not in {"file", "line", "fate"})
    if not store.rows(f"SELECT 1 FROM {role} WHERE fate IS NULL GROUP BY {alike} HAVING count(*) > 1 LIMIT 1"):
        return
    again = f"""FROM {role} WHERE fate IS NULL
                QUALIFY row_number() OVER (PARTITION BY {alike} ORDER BY file, line, rowid) > 1"""
    if options.dedupe:
        store.con.execute(f"UPDATE {role} SET fate = 'duplicate' WHERE rowid IN (SELECT rowid {again})")
        return
    for number, line, count in store.rows(
        f"SELECT file, min(line), count(*) FROM (SELECT file, line {again}) GROUP BY file ORDER BY file"
    ):
        source = next(source for source in sources if source.number == number)
        source.extra_notes.append(note("duplicates_kept", file=source.file, line=line, count=count))
