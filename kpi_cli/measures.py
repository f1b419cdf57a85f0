"""Measures: sums and distinct counts by group, as SQL over the typed tables.

A row that covers several days is cut at the edges of a bucket exactly: its share is the difference of two
rounded running sums, so the parts always add up to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from kpi_cli.assigning import NOT_ALLOCATED, NOT_SET, UNATTRIBUTED
from kpi_cli.books import Books, ChannelSales, fill_buckets
from kpi_cli.errors import InputError, UsageError, did_you_mean
from kpi_cli.exports.roles import IDENTITY, MONEY_TYPE
from kpi_cli.period import UNITS, Window
from kpi_cli.safe import quoted
from kpi_cli.texts import note

if TYPE_CHECKING:
    from kpi_cli.warehouse.people import People

Key = tuple[str, ...]
Measures = dict[str, Decimal | int | None]
Table = dict[Key, Measures]

_FIRST = """coalesce("time", "start"), TRY_CAST(order_id AS BIGINT), length(order_id), order_id,
    by_channel, by_campaign, by_platform, -charged"""
_HIDDEN = IDENTITY | frozenset(
    (
        *("file", "line", "fate", "start", "end", "currency", "customer", "order_id", "row_id", "is_order"),
        *("is_line", "charged", "refunds", "tax_charged", "tax_kept", "format_channel", "by_channel"),
        *("by_strategy", "by_platform", "by_campaign", "by_network", "reference", "customer_type"),
    )
)


def dimensions(books: Books, roles: Sequence[str]) -> set[str]:
    """Every dimension that the files of these roles have."""
    found = {"channel", "strategy", "platform", "campaign", *UNITS}
    for role in roles:
        columns = books.store.columns.get(role, {})
        found |= {n for n, kind in columns.items() if kind.startswith(("VARCHAR", "ENUM")) and n not in _HIDDEN}
        found |= {name.removeprefix("by_") for name in columns if name.startswith("by_")}
    return found


def check_dimensions(books: Books, roles: Sequence[str]) -> None:
    """Raise UsageError for a dimension that no file has, and for two units of time."""
    units = [name for name in books.ask.dimensions if name in UNITS]
    if len(units) > 1:
        said = f"{quoted(units[0])} and {quoted(units[1])} are two units of time, and a row has one"
        raise UsageError("two_units", said, "keep one of them")
    known = dimensions(books, roles)
    for name in books.ask.dimensions:
        if name not in known:
            raise UsageError(
                "unknown_dimension",
                f"no file has the dimension {quoted(name)}",
                did_you_mean(name, known, f"choose from {', '.join(sorted(known))}"),
            )


def sales(books: Books, window: Window | None) -> Table:
    """Revenue of each group: charged, less refunds, less tax; with --gross the refunds stay in."""
    return by_group(books, "sales", window, f"sum({revenue_sql(books)}) AS revenue, {books.store.orders_sql} AS orders")


def orders(books: Books, window: Window | None) -> int:
    """All orders of the window, counted, since one with lines in two groups stands in both."""
    fill_buckets(books, window)
    return int(books.store.rows(f"SELECT {books.store.orders_sql} FROM sales t {IN_WINDOW} WHERE t.fate IS NULL")[0][0])


IN_WINDOW = 'JOIN buckets b ON b."start" IS NULL OR (t."start" <= b."end" AND t."end" >= b."start")'


def revenue_sql(books: Books) -> str:
    """A sales row's revenue as SQL; with --gross the refunds stay in."""
    return "charged - tax_charged" if books.ask.reading.gross else "charged - refunds - tax_kept"


def spend(books: Books, window: Window | None) -> Table:
    """Media cost of each group."""
    part = cut("cost") if no_edge_inside(books, window) else "t.cost"
    return by_group(books, "spend", window, f"sum({part}) AS media_cost")


def costs(books: Books, window: Window | None) -> Table:
    """Other costs of each group: people, tools, time; always spread by day."""
    return by_group(books, "costs", window, f"sum({cut('cost')}) AS other_cost")


def cost_by_day(books: Books, window: Window) -> Decimal:
    """All cost of some days, every row of it spread by day: what a note tells."""
    spent = by_group(books, "spend", window, f"sum({cut('cost')}) AS media_cost")
    sums = whole(joined(spent, costs(books, window)))
    return sum((Decimal(value or 0) for value in sums.values()), Decimal(0))


def visits(books: Books, window: Window | None) -> Table:
    """Visits of each group; rows that count one event repeat them and are passed over."""
    if not books.has("traffic"):
        return {}
    no_edge_inside(books, window, "traffic")
    books.store.ensure("traffic", "event")
    counted = f"t.event IS NULL AND {counted_once(books, 'visits')}"
    return by_group(books, "traffic", window, f"sum({cut('visits')}) FILTER ({counted}) AS visits")


def counts_visits(books: Books) -> bool:
    """Whether any file counts visits; a platform's table of sources may count visitors alone."""
    if not books.has("traffic"):
        return False
    books.store.ensure("traffic", "event")
    return bool(books.store.rows("SELECT 1 FROM traffic WHERE visits IS NOT NULL AND event IS NULL LIMIT 1"))


def key_events(books: Books, window: Window | None) -> Table:
    """Key events of each group; rows that count one event each are added where no others know them."""
    no_edge_inside(books, window, "traffic")
    books.store.ensure("traffic", "event")
    plain = books.store.rows("SELECT 1 FROM traffic WHERE fate IS NULL AND event IS NULL AND key_events > 0 LIMIT 1")
    once = f"t.event IS NULL AND {counted_once(books, 'key_events')}" if plain else "true"
    return by_group(books, "traffic", window, f"sum({cut('key_events')}) FILTER ({once}) AS key_events")


def set_aside(books: Books, column: str) -> Sequence[int]:
    """The visits files that give way to another where a column is counted.

    Raises:
        InputError: two files count the same, and neither gives way.
    """
    slices = books.other_slices.get(column, ())
    if isinstance(slices, InputError):
        raise slices
    return slices


def counted_once(books: Books, column: str) -> str:
    """As SQL, the rows of the visits files that count a column and do not give way; a note names those that do."""
    slices = set_aside(books, column)
    for source in books.store.of_role("traffic"):
        unused = note("unused_file", file=source.file, role="traffic")
        if source.number in slices and unused not in books.notes:
            books.notes.append(unused)
    return f"t.file NOT IN ({', '.join(map(str, slices))})" if slices else "true"


def visits_by_channel(books: Books, window: Window | None) -> dict[str, Decimal]:
    """Visits of each channel, whatever the rows are grouped by."""
    if not books.has("traffic"):
        return {}
    fill_buckets(books, window)
    return dict(
        books.store.rows(
            f"""SELECT t.by_channel, CAST(sum({cut("visits")}) AS DECIMAL(18,6)) FROM traffic t {IN_WINDOW}
                WHERE t.fate IS NULL AND t.event IS NULL AND t.visits IS NOT NULL
                  AND {counted_once(books, "visits")}
                GROUP BY ALL ORDER BY ALL"""
        )
    )


def joined(*tables: Table) -> dict[Key, Measures]:
    """Groups of all tables; a sum that a table does not have for a group is nothing."""
    groups: dict[Key, Measures] = {}
    for table in tables:
        for key, sums in table.items():
            groups.setdefault(key, {}).update({n: v for n, v in sums.items() if v is not None})
    return groups


def whole(groups: Mapping[Key, Measures]) -> Measures:
    """The sums over all groups, of what each stands in one group only."""
    names = {name for sums in groups.values() for name, value in sums.items() if value is not None}
    return {name: sum((Decimal(sums.get(name) or 0) for sums in groups.values()), Decimal(0)) for name in names}


def leads(books: Books, window: Window | None) -> Table:
    """Leads of each group, from the one source that `books.leads_from` names."""
    role = books.leads_from
    if role is None:
        return {}
    no_edge_inside(books, window, role)
    counted = f"sum({cut('leads')})"
    if role == "traffic":
        event = books.ask.config.lead_event.replace("'", "''").casefold()
        books.store.ensure("traffic", "event")
        counted = f"""sum(CASE WHEN NOT ({counted_once(books, "leads")}) THEN NULL
            WHEN t.event IS NULL THEN {cut("leads")}
            WHEN lower(trim(t.event)) = '{event}' THEN coalesce({cut("event_count")}, {cut("key_events")}) END)"""
    return by_group(books, role, window, f"{counted} AS leads")


def claims(books: Books, window: Window | None) -> Table:
    """Conversions the ad platforms claim, and how many of them are purchases."""
    no_edge_inside(books, window)
    files = [
        str(s.number)
        for s in books.store.of_role("spend")
        if s.sheet and s.sheet.header.format.get("conversions_are") == "purchases"
    ]
    claimed = cut("conversions")
    return by_group(
        books,
        "spend",
        window,
        f"""sum({cut("clicks")}) AS clicks, sum({claimed}) AS claimed_conversions,
            sum({claimed}) FILTER (t.file IN ({", ".join(files) or "-1"})) AS claimed_purchases""",
    )


def customers(books: Books, window: Window | None) -> Table:
    """People who ordered, counted in each group: one who did in two stands in both."""
    people = books.store.people
    if people is None:
        books.store.ensure("sales", "customer")
        return by_group(books, "sales", window, "count(DISTINCT t.customer) FILTER (t.is_order) AS customers")
    fill_buckets(books, window)
    dims = books.ask.dimensions
    said = said_of(books, people, [dimension_sql(books, "sales", name) for name in dims if name not in UNITS])
    labels = [label for label, *_ in books.store.buckets]
    found: Table = {}
    for place, *own, count in people.buyers(said, [days for _, *days in books.store.buckets]):
        texts = iter(own)
        key = tuple((labels[place] or "") if name in UNITS else next(texts) for name in dims)
        found[key] = {"customers": int(count)}
    return dict(sorted(found.items())) or ({} if dims else {(): {"customers": 0}})


def new_customers(books: Books, window: Window | None) -> Table:
    """People who became customers, each in the group of their first order; nothing where sales name nobody."""
    if not names_people(books):
        return {}
    fill_first_orders(books)
    return by_group(books, "sales", window, 'CAST(sum(t."rows") AS BIGINT) AS new_customers', "first_orders")


def names_people(books: Books) -> bool:
    """Whether any sale says who bought, or that it won a customer."""
    if not books.has("sales"):
        return False
    books.store.ensure("sales", "order_id", "customer", "customer_type")
    known = "customer IS NOT NULL OR customer_type IS NOT NULL"
    return bool(books.store.rows(f"SELECT 1 FROM sales WHERE fate IS NULL AND is_order AND ({known}) LIMIT 1"))


def first_sql(books: Books) -> str:
    """Which of a person's orders is the first: by the hours of their day where the file states them, else by ids.

    Of ids that are numbers the least stands first; of others the shortest, then the lesser text. Of one order's lines
    it is the dearest, and of those the one of the lesser texts. The order of the rows does not matter.
    """
    texts = sorted(n for n, kind in books.store.columns["sales"].items() if kind == "VARCHAR" and n not in _HIDDEN)
    return ", ".join([_FIRST, *(f'"{name}"' for name in texts)])


def fill_first_orders(books: Books) -> None:
    """Fill the table `first_orders`: a row for every person won, in any window, or for as many as its `rows` says.

    A row's own new / returning column decides, else the first purchase in all sales given (first_sql). Once: the sales
    of a question do not change.
    """
    if books.has_firsts:
        return
    books.has_firsts = True
    if books.store.people:
        _fill_first_orders_there(books, books.store.people)
        return
    if books.store.has_won:
        books.store.con.execute(_FIRST_ORDERS_WON)
        return
    books.store.ensure("sales", "time")
    first = first_sql(books)
    books.store.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE first_orders AS
           WITH days AS (
             SELECT customer, min("start") AS first_day FROM {books.store.bare("sales")}
             WHERE fate IS NULL AND is_order GROUP BY customer),
           ordered AS (
             SELECT s.*, coalesce(customer, 'order ' || order_id, 'row ' || file || ' ' || line) AS person,
                    row_number() OVER (PARTITION BY customer ORDER BY {first}) AS nth
             FROM sales s LEFT JOIN days d USING (customer)
             WHERE fate IS NULL AND is_order
               AND (customer_type = 'new' OR s."start" IS NOT DISTINCT FROM d.first_day))
           SELECT * EXCLUDE (person, nth) FROM ordered
           WHERE customer_type = 'new' OR (customer_type IS NULL AND customer IS NOT NULL AND nth = 1)
           QUALIFY row_number() OVER (PARTITION BY person ORDER BY {first}) = 1"""
    )


# Of sales in groups: a row for all people of one day and combination.
_FIRST_ORDERS_WON = """
    CREATE OR REPLACE TEMP TABLE first_orders AS
    SELECT DISTINCT ON (s."start", s.combination) s.* REPLACE (w.customers AS "rows")
    FROM sales s JOIN won w USING ("start", combination) WHERE s.fate IS NULL
"""


def _fill_first_orders_there(books: Books, people: People) -> None:
    """The same of sales that are where they are: `first_orders` holds a row for all people of one day and combination.

    Fills `earned` too: what they brought in each month since; of the questions of a report, the first does.
    """
    store = books.store
    if "earned" in store.columns:
        return
    kept = [n for n, kind in store.columns["sales"].items() if kind == "VARCHAR" and n not in IDENTITY | {"fate"}]
    kept = [name for name in kept if name not in {"row_id", "customer", "customer_type", "currency"}]
    said = said_of(books, people, [f't."{name}"' for name in kept])
    rows = people.won([row[:3] for row in said], gross=books.ask.reading.gross)
    days, places, months, revenue, won = ([row[i] for row in rows] for i in range(5))
    lists = [
        [str(day) for day in days],
        *([said[place][3 + i] for place in places] for i, _ in enumerate(kept)),
        *([str(cell) for cell in column] for column in (months, revenue, won)),
    ]
    names = ["start", *kept, "month", "earned", "rows"]
    types = ["DATE", *["VARCHAR"] * len(kept), "BIGINT", MONEY_TYPE, "BIGINT"]
    columns = ", ".join(f'unnest(${i}::{t}[]) AS "{n}"' for i, (n, t) in enumerate(zip(names, types, strict=True), 1))
    store.con.execute(
        f'CREATE OR REPLACE TEMP TABLE earned AS SELECT *, "start" AS "end" FROM (SELECT {columns})', lists
    )
    store.columns["earned"] = dict(zip(names, types, strict=True))
    store.con.execute(
        """CREATE OR REPLACE TEMP TABLE first_orders AS
           SELECT *, NULL::VARCHAR AS fate, NULL::VARCHAR AS customer_type FROM earned WHERE "rows" > 0"""
    )


def said_of(books: Books, people: People, picks: Sequence[str]) -> list[tuple[Any, ...]]:
    """What each combination of cells of sales says: what settles which of two orders is the first, then the `picks`."""
    texts = [f"coalesce(t.\"{name}\", '')" for name in people.columns]
    listed = ", ".join([*texts, "t.by_channel", "t.by_campaign", "t.by_platform", *picks])
    rows = books.store.rows(f"SELECT DISTINCT {listed} FROM sales t WHERE t.fate IS NULL")
    found = {row[: len(texts)]: row[len(texts) :] for row in rows}
    return [found[cells] for cells in people.refunding]


def earnings(books: Books, window: Window | None) -> dict[Key, list[Decimal]]:
    """Revenue of the people won in the window, by group and calendar month since their first order, summed up.

    All sales given count, those after the window too: element k is what they had brought by month k. The table
    `first_orders` is filled already.
    """
    fill_buckets(books, window)
    dims = [dimension_sql(books, "sales", name) for name in books.ask.dimensions]
    keys = "".join(f"{sql} AS k{i}, " for i, sql in enumerate(dims))
    earned = f"""SELECT {keys} date_diff('month', t."start", s."start") AS month, sum(s.earned)
        FROM first_orders t {IN_WINDOW}
        JOIN (SELECT customer AS buyer, "start", {revenue_sql(books)} AS earned FROM sales WHERE fate IS NULL) s
          ON s.buyer = t.customer AND s."start" >= t."start" """
    if books.store.people:
        earned = f"SELECT {keys} t.month, sum(t.earned) FROM earned t {IN_WINDOW}"
    found: dict[Key, list[Decimal]] = {}
    for *key, month, revenue in books.store.rows(f"{earned} GROUP BY ALL ORDER BY ALL"):
        sums = found.setdefault(tuple(key), [])
        so_far = sums[-1] if sums else Decimal(0)
        sums += [so_far] * (month - len(sums)) + [so_far + revenue]
    return found


def attributable(books: Books, window: Window | None) -> bool:
    """Whether any sale in the window says where it came from; where nothing was sold, nothing is left to say."""
    found = _sales_by_channel(books, window)
    return not found or any(s.has_orders for s in found if s.channel != UNATTRIBUTED)


def unattributed_revenue(books: Books, window: Window | None) -> tuple[Decimal, Decimal]:
    """Revenue of the sales that say nothing of where they came from, and all revenue."""
    found = _sales_by_channel(books, window)
    lost = sum((s.revenue for s in found if s.channel == UNATTRIBUTED), Decimal(0))
    return lost, sum((s.revenue for s in found), Decimal(0))


def revenue_of_paid_channels(books: Books, window: Window | None) -> dict[Key, Decimal]:
    """By group, the revenue of the channels that have media cost in it; the groups are of all channels."""
    if not (books.has("spend") and books.has("sales")):
        return {}
    if any(name not in UNITS for name in books.ask.dimensions):
        return _revenue_of_paid_channels(by_channel_too(books), window)
    fill_buckets(books, window)
    sql = f"SELECT DISTINCT b.label, t.by_channel FROM spend t {IN_WINDOW} WHERE t.fate IS NULL AND t.cost <> 0"
    paid = set(books.store.rows(sql))
    found: dict[Key, Decimal] = {}
    for sold in _sales_by_channel(books, window):
        if (sold.unit, sold.channel) in paid:
            key = tuple(sold.unit or "" for _ in books.ask.dimensions)
            found[key] = found.get(key, Decimal(0)) + sold.revenue
    return found


def _revenue_of_paid_channels(books: Books, window: Window | None) -> dict[Key, Decimal]:
    """The same of books that ask for the channel last."""
    paid = {key for key, sums in spend(books, window).items() if sums["media_cost"]}
    found: dict[Key, Decimal] = {}
    for key, sums in sales(books, window).items():
        if key in paid:
            found[key[:-1]] = found.get(key[:-1], Decimal(0)) + Decimal(sums["revenue"] or 0)
    return found


def by_channel_too(books: Books) -> Books:
    """The same books, asked for the channel of each group besides."""
    return replace(books, ask=replace(books.ask, by=(*books.ask.by, "channel")))


def _sales_by_channel(books: Books, window: Window | None) -> list[ChannelSales]:
    """What each channel sold in each unit of time, whatever else is asked for; asked of the sales once."""
    asked = (window, books.ask.every)
    if asked not in books.sales_by_channel:
        fill_buckets(books, window)
        rows = books.store.rows(
            f"""SELECT b.label, t.by_channel, coalesce(sum({revenue_sql(books)}), 0), bool_or(is_order)
                FROM sales t {IN_WINDOW} WHERE t.fate IS NULL GROUP BY ALL ORDER BY ALL"""
        )
        books.sales_by_channel[asked] = [ChannelSales(*row) for row in rows]
    return books.sales_by_channel[asked]


def ungrouped(books: Books) -> Books:
    """The same books, asked for no groups: the way to count what cannot be added up."""
    return replace(books, ask=replace(books.ask, by=(), period=replace(books.ask.period, every=None)))


def by_group(books: Books, role: str, window: Window | None, sums: str, table: str | None = None) -> Table:
    """One role's sums by the dimensions asked for; the empty key holds the sum when nothing is asked."""
    if not books.has(role):
        return {}
    fill_buckets(books, window)
    dims = [dimension_sql(books, role, name) for name in books.ask.dimensions]
    keys = ", ".join(f"{sql} AS k{i}" for i, sql in enumerate(dims))
    overlap = 't."start" <= b."end" AND t."end" >= b."start"' if window else "true"
    rows = books.store.rows(
        f"""SELECT {keys + "," if keys else ""} {sums} FROM {table or role} t JOIN buckets b ON {overlap}
            WHERE t.fate IS NULL {"GROUP BY ALL ORDER BY ALL" if keys else ""}"""
    )
    names = [part.rpartition(" AS ")[2].strip() for part in _split(sums)]
    width = len(dims)
    return {tuple(row[:width]): dict(zip(names, row[width:], strict=True)) for row in rows}


def _split(sums: str) -> list[str]:
    """The select list, one expression each; commas inside brackets do not count."""
    parts, depth, start = [], 0, 0
    for i, sign in enumerate(sums):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append(sums[start:i])
            start = i + 1
    return [*parts, sums[start:]]


def dimension_sql(books: Books, role: str, name: str) -> str:
    """A dimension of a role as SQL; rows that cannot have it stand in a row of their own."""
    if name in UNITS:
        return "coalesce(b.label, '')"
    blank = NOT_ALLOCATED if role in {"spend", "costs"} and not books.column(role, name) else NOT_SET
    blank = NOT_ALLOCATED if role == "costs" else blank
    if books.column(role, f"by_{name}"):
        return f"t.by_{name}"
    if not books.column(role, name):
        return f"'{blank}'"
    return f"coalesce(t.\"{name}\", '{blank}')"


def cut(column: str) -> str:
    """The part of a row's money that falls into the bucket: exact, and all parts add up."""
    days = '(date_diff(\'day\', t."start", t."end") + 1)'
    millionths = f"CAST(CAST(t.{column} AS DECIMAL(38,6)) * 1000000 AS HUGEINT)"

    def running(edge: str) -> str:
        upto = f"date_diff('day', t.\"start\", {edge})"
        rounded = f"(2 * {millionths} * {upto} + sign({millionths}) * {days}) // (2 * {days})"  # in whole numbers
        return f"CAST(CAST({rounded} AS DECIMAL(38,0)) * 0.000001 AS DECIMAL(18,6))"

    inside = 'b."start" IS NULL OR t."start" IS NULL OR (t."start" >= b."start" AND t."end" <= b."end")'
    first = 'greatest(t."start", b."start")'
    after = 'least(t."end", b."end") + 1'
    return f"CASE WHEN {inside} THEN t.{column} ELSE {running(after)} - {running(first)} END"


def no_edge_inside(books: Books, window: Window | None, role: str = "spend", table: str | None = None) -> bool:
    """A row that crosses an edge of the window or of a bucket is refused unless --prorate spreads it; is there one?"""
    if not books.has(role) or window is None:
        return False
    if table is None and all(source.grain != "range" for source in books.store.of_role(role)):
        return False  # a day cannot cross an edge
    fill_buckets(books, window)
    crossing = books.store.rows(
        f"""SELECT count(DISTINCT (t.file, t.line)), min((t.file, t.line)) FROM {table or role} t JOIN buckets b
           ON t."start" <= b."end" AND t."end" >= b."start"
           WHERE t.fate IS NULL AND NOT (t."start" >= b."start" AND t."end" <= b."end")"""
    )[0]
    if not crossing[0]:
        return False
    if not books.ask.prorate:
        number, line = crossing[1].values() if isinstance(crossing[1], dict) else crossing[1]
        file = next(s.file for s in books.store.sources if s.number == number)
        raise InputError(
            "range_crosses_edge",
            "this row covers days on both sides of an edge of the period",
            "ask for the row's own period, export by day, or spread it with --prorate",
            file,
            line,
        )
    if not any(n.code == "prorated" for n in books.notes):
        books.notes.append(note("prorated", count=crossing[0]))
    return True
