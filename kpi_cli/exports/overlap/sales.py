"""Sales that two files hold: the same id in two downloads, or one shop in a storefront's and a processor's files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from kpi_cli.errors import InputError, UsageError, did_you_mean
from kpi_cli.exports.charges import price_rule, refund_unsaid
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.overlap.repeats import mostly_in
from kpi_cli.exports.recognising import GENERIC, catalogue
from kpi_cli.exports.roles import CHANNEL, TABLES
from kpi_cli.exports.tables import Source, Store
from kpi_cli.safe import folded, quoted
from kpi_cli.texts import money_text, note


def settle_sales(store: Store, options: ReadOptions) -> list[InputError]:
    """Mark sales that are booked already, and give refunds to their orders; the errors where files contradict."""
    errors = _booked_twice(store, options)
    _orders_apart(store)
    errors += _same_orders(store)
    errors += _order_lines(store)
    _date_refunds(store)
    _hold_refunds(store)
    return errors + _parts_unsaid(store)


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
                store.leave_out(source, "seen_in_other_file")
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
        if a <= d and c <= b and (found := _kept_by_hand(store, one, other)):
            return [found]
    return []


def _kept_by_hand(store: Store, one: Source, other: Source) -> InputError | None:
    """A hand-made list of what a platform's own file holds too: most people of one paid the same there those days."""
    if one.format == other.format or GENERIC not in {one.format, other.format}:
        return None
    store.ensure("sales", "customer")
    counted = "a.is_order AND a.customer IS NOT NULL AND a.charged > 0"
    alike = """b.is_order AND b.customer = a.customer AND b.charged = a.charged
               AND abs(date_diff('day', a."start", b."start")) <= 1"""  # a zone may lie between them
    for source, whole in ((one, other), (other, one)):
        for line in mostly_in(store, source, whole, counted, alike):
            fix = f"give one of them, or say which books with --sales-from {one.format} or --sales-from {other.format}"
            return InputError("sales_twice", f"most of these sales stand in {whole.file}, too", fix, source.file, line)
    return None


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


# What each id stands for in each file. A row of a refund that bears its order's id is not `sold`.
_PER_ORDER = """
    SELECT format, row_id, file, min(line) AS line, max(line) AS last, min("start") AS day, min(customer) AS buyer,
           sum(charged) - sum(CASE WHEN is_order THEN 0 ELSE refunds END) AS amount,
           count(*) FILTER (NOT is_line) AS n, min(charged) AS low, max(charged) AS high,
           any_value(single) AS single, max(refunds) AS refunds, is_order OR is_line AS sold
    FROM sales JOIN file_format USING (file) WHERE row_id IS NOT NULL AND fate IS NULL GROUP BY ALL"""


def _same_orders(store: Store) -> list[InputError]:
    """One id, one sale: repeated with the same amount it counts once, with another it is refused."""
    store.ensure("sales", "row_id", "order_id", "customer")
    files = {s.number: s for s in store.of_role("sales")}
    formats = {n: str(s.format) for n, s in files.items()}
    single = [n for n, s in files.items() if s.sheet and s.sheet.header.format.get("one_row_per_order")]
    store.con.execute(
        "CREATE OR REPLACE TEMP TABLE file_format (file INTEGER, format VARCHAR, single BOOLEAN, place INT)"
    )
    if formats:  # a file that changed while it was read leaves its table, and no source to speak for it
        by_name = sorted(files, key=lambda n: (files[n].file, n))
        rows = [(n, f, n in single, by_name.index(n)) for n, f in formats.items()]
        store.con.executemany("INSERT INTO file_format VALUES (?, ?, ?, ?)", rows)
    errors = _same_in_file(store, files, single)
    if len(set(formats.values())) < len(formats):
        errors += _other_amount(store, files) + _other_day(store, files)
        refused = {error.file for error in errors}
        for number in (n for n, source in files.items() if source.file in refused):
            store.con.execute("DELETE FROM sales WHERE file = $1", [number])  # so it takes nothing from the others
        _seen_in_other_file(store)
    return errors


def _same_in_file(store: Store, files: Mapping[int, Source], single: Sequence[int]) -> list[InputError]:
    """Of files that have one row for an order, the rows that repeat an id are left out."""
    if not (single and _any_repeated(store, single)):
        return []
    unlike = store.rows(
        f"""SELECT file, last, low, high FROM ({_PER_ORDER})
            WHERE single AND sold AND n > 1 AND low <> high ORDER BY file, line LIMIT 1"""
    )
    store.con.execute(
        """UPDATE sales SET fate = 'duplicate' FROM (
             SELECT file, line FROM sales JOIN file_format USING (file)
             WHERE single AND is_order AND row_id IS NOT NULL
             QUALIFY row_number() OVER (PARTITION BY file, row_id ORDER BY line) > 1) AS again
           WHERE sales.file = again.file AND sales.line = again.line"""
    )
    return [_two_amounts(files[number], line, low, high) for number, line, low, high in unlike]


def _other_amount(store: Store, files: Mapping[int, Source]) -> list[InputError]:
    """Of each file the first order that an earlier one has with another amount."""
    unlike = store.rows(
        f"""SELECT file, min(line), arg_min(amount, line), arg_min(first, line) FROM (
              SELECT *, first(amount) OVER (PARTITION BY format, row_id ORDER BY file) AS first
              FROM ({_PER_ORDER}) WHERE sold)
            WHERE amount <> first GROUP BY file ORDER BY file"""
    )
    return [_two_amounts(files[number], line, before, amount) for number, line, amount, before in unlike]


def _other_day(store: Store, files: Mapping[int, Source]) -> list[InputError]:
    """Of each file the first number that an earlier one has for an order of another day; zones may differ by one."""
    apart = store.rows(
        f"""SELECT file, min(line), arg_min(day, line), arg_min(first, line) FROM (
              SELECT *, first(day) OVER same AS first, abs(date_diff('day', first(day) OVER same, day)) AS days,
                     first(buyer) OVER same <> buyer AS is_another
              FROM ({_PER_ORDER}) WHERE sold AND day IS NOT NULL
              WINDOW same AS (PARTITION BY format, row_id ORDER BY file))
            WHERE days > 1 OR (days = 1 AND is_another) GROUP BY file ORDER BY file"""
    )
    fix = "keep the right one, or make the numbers of two orders differ"
    return [
        InputError(
            "order_conflict",
            f"an order stands here on {day} and elsewhere, with the same number, on {before}",
            fix,
            files[number].file,
            line,
        )
        for number, line, day, before in apart
    ]


def _seen_in_other_file(store: Store) -> None:
    """Of an order in several files that one is kept which tells most: of refunds, of its channel, of anything else."""
    texts = [name for name, kind in store.columns["sales"].items() if kind == "VARCHAR" and name != "fate"]
    told, channel = (
        " + ".join(["0", *(f'count("{name}")' for name in names)]) for names in (texts, CHANNEL.intersection(texts))
    )
    store.con.execute(
        f"""UPDATE sales SET fate = 'seen_in_other_file' FROM (
              SELECT row_id, file FROM ({_PER_ORDER}) JOIN file_format USING (file, format) JOIN (
                SELECT row_id, file, {channel} AS channel_told, {told} AS told
                FROM sales WHERE fate IS NULL GROUP BY ALL
              ) USING (row_id, file)
              WHERE sold
              QUALIFY row_number() OVER (
                PARTITION BY format, row_id ORDER BY refunds DESC, channel_told DESC, told DESC, place) > 1) AS again
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
    """Fill the table `repeated` with the ids of orders that stand in several rows, once; whether there are any."""
    if store.has_repeated is None:
        store.con.execute(
            """CREATE TEMP TABLE repeated AS SELECT order_id FROM sales
               WHERE is_order AND fate IS NULL AND order_id IS NOT NULL GROUP BY order_id HAVING count(*) > 1"""
        )
        store.has_repeated = bool(store.rows("SELECT 1 FROM repeated LIMIT 1"))
    return store.has_repeated


def _order_lines(store: Store) -> list[InputError]:
    """Generic files: rows that share an order id are its lines; the errors where the order's total is on each."""
    if not fill_repeated(store):
        return []
    errors: list[InputError] = []
    for number, line, orders in store.rows(
        """SELECT file, min(line), count(*) FROM (
             SELECT file, order_id, min(line) AS line FROM sales
             WHERE is_order AND fate IS NULL AND order_id IN (FROM repeated) GROUP BY ALL HAVING count(*) > 1)
           GROUP BY file ORDER BY file"""
    ):
        source = next(s for s in store.of_role("sales") if s.number == number)
        source.extra_notes.append(note("order_lines_summed", file=source.file, line=line, orders=orders))
        errors += _totals_repeated(store, source)
    return errors


def _totals_repeated(store: Store, source: Source) -> Iterator[InputError]:
    """An amount that is the order's by its header, and stands on each of its rows; the user may say that it adds up."""
    sheet = source.sheet
    rules = sheet.header.format.get("unread") if sheet else None
    if not sheet or not rules:
        return
    column = price_rule(sheet)["column"]
    header = sheet.header.names[sheet.columns[column]].strip()
    of_line = next((name.strip() for name in sheet.header.names if re.search(rules["of_line"], folded(name))), None)
    is_of_order = of_line or re.search(rules["of_order"], folded(header))
    if not is_of_order or any(named == column for _, named, _ in sheet.options.columns):
        return
    for (line,) in store.rows(
        """SELECT max(line) FROM sales WHERE file = $1 AND is_order AND fate IS NULL AND order_id IN (FROM repeated)
           GROUP BY order_id HAVING count(*) > 1 AND min(charged) = max(charged) AND max(charged) > 0
           ORDER BY 1 LIMIT 1""",
        [source.number],
    ):
        said = f"{quoted(header)} is one amount on all rows of an order: each row's, or the order's, written again"
        adds_up = f"--map sales.{column}={header} if they add up"
        if of_line:  # which says what each row brought, though maybe without shipping or a discount
            adds_up = f"--map sales.{column}={of_line} to add up its rows"
        fix = f"leave one row an order, or say {adds_up}"
        yield sheet.error("column_open", said, fix, line, column)


def _date_refunds(store: Store) -> None:
    """A refund in a row of its own belongs to the day, channel and customer of its order."""
    if not store.rows("SELECT 1 FROM sales WHERE NOT is_order LIMIT 1"):
        return
    skipped = {"file", "line", "rows", "fate", "order_id", "row_id", "currency", "is_order", "is_line", "orders"} | set(
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
