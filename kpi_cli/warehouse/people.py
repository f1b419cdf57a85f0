"""Large sales of a database, their customers found where they are: what comes over is counts and sums.

    people_there(sheet, by)    the sales in groups, and `People` to ask; None where rows are wanted
    People.buyers(…)           how many people ordered, by span of time and dimension
    People.won(…)              by the day and cells of a person's first order, how many there are and what they brought
    People.rows_of(…)          what customers.py asks of people and their days, answered where those are

The groups are those that sums are made of (relation.py). What the rules of the format say of a combination of cells
(a status, a channel) is decided once, here, and travels with the question. Only sales that can be read in one way go
this way: one price a row, ids that stand once and as they are read, refunds in the row of their order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from kpi_cli.errors import KpiError
from kpi_cli.exports.charges import BESIDE, flagged, flags_of, price_rule, ruled, vat_of
from kpi_cli.exports.composing import stored_dimensions
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.fates import Fate
from kpi_cli.exports.plain import NUMBER_LIKE
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.roles import IDENTITY, MONEY_TYPE, kind
from kpi_cli.exports.rows import Block, Reader, scale_of
from kpi_cli.exports.sheet import Sheet
from kpi_cli.warehouse.engines import SOURCE, Engine, identifier
from kpi_cli.warehouse.relation import COMBINATIONS, cell_sql, is_written, moment_sql, values_sql, wanted

if TYPE_CHECKING:
    from kpi_cli.period import Window

_ID = "^[!-&(-*,-Z^-~]([ -*,-~]*[!-*,-~])?$"  # nothing around it that reading would take away, and no 1.23E+12
_NUMBER = "^[0-9]{1,18}$"
_ADDRESS = "^[!-&(-~][!-~]*$"
_ROW_BY_ROW = {
    "customer_type",
    "orders",
    "reference",
    "strategy",
    "category",
    "source_medium",
    "attribution",
    "amount_formatted",
    "paid",
}
_FIRST_DAY, _LAST_DAY = "1990-01-01", "2100-12-31"  # between which a day is beyond doubt
_SETTLING = ("b0", "b1", "b2")  # the channel, campaign and platform of an order
# What went back of an order: what its row states, and of some surely that; all, where it states nothing; all.
_STATED, _PARTLY, _WHOLE_UNLESS_STATED, _WHOLE = "stated", "partly", "unstated", "whole"
# What a format has that looks at more than the cells of single rows.
_BEYOND_CELLS = {"totals", "subtotal", "attribution", "tables", "customer_types", "refunds_refer_by"}

Cells = tuple[str, ...]


class People(Struct, frozen=True):
    """Sales where they are: SQL over their rows, and what the rules say of each combination of their cells."""

    engine: Engine
    rows: int
    columns: dict[str, str]  # by the name they have in the table of sales, the texts that combinations are made of
    refunding: dict[Cells, str]  # by combination, what went back; those left out are not among them
    who: str
    day: str
    moment: str
    order: str
    money: dict[str, str]  # charged, refunded and tax, as far as there are columns of them
    vat: Decimal | None = None  # the rate of tax that every amount holds, where no column says it

    def won(self, said: Sequence[Cells], *, gross: bool) -> list[tuple[Any, ...]]:
        """People by their first order (measures.first_sql).

        Args:
            said: by combination, in the order of `refunding`, its channel, campaign and platform, which settle which
                of two orders is the first.
            gross: whether refunds stay in what people brought.

        Returns:
            Rows of the day and the combination (its place) of the first order; the months since; what was brought in
            that month; how many first orders there were, all of them in the month 0.

        Raises:
            InputError: the engine refuses it, or the table has changed since it was read.
        """
        month = "date_diff('month', date_trunc('month', since), date_trunc('month', \"day\")) AS age"
        first = ", ".join(
            f"max(CASE WHEN nth = 1 THEN {name} END) OVER (PARTITION BY who) AS {alias}"
            for name, alias in (('"day"', "since"), ("g", "first_g"))
        )
        return self._asked(
            f"""{self._numbered(said, gross=gross)}, placed AS (SELECT *, {first} FROM numbered)
                SELECT since, first_g, age, sum(revenue) AS revenue, sum(CASE WHEN nth = 1 THEN 1 ELSE 0 END) AS won
                FROM (SELECT since, first_g, {month}, revenue, nth FROM placed) AS months GROUP BY 1, 2, 3"""
        )

    def buyers(self, said: Sequence[Cells], spans: Sequence[Sequence[str | None]]) -> list[tuple[Any, ...]]:
        """How many people ordered, by span of time and by what their orders say.

        Args:
            said: as in `rows_of`.
            spans: first and last day of each, None for any.

        Returns:
            Rows of the place of the span, the dimensions, and the count.

        Raises:
            InputError: the engine refuses it, or the table has changed since it was read.
        """
        keys = self._keys(said)
        days = ", ".join(f"({i}, {_day(a, _FIRST_DAY)}, {_day(b, _LAST_DAY)})" for i, (a, b) in enumerate(spans))
        listed = ", ".join(str(i) for i in range(1, len(keys) + 2))
        return self._asked(
            f"""WITH {self._named(said, [*_SETTLING, *keys])}, sold AS ({self._sold_sql(keys)}),
                spans AS (SELECT * FROM (VALUES {days}) AS v(place, since, until))
                SELECT {", ".join(["place", *keys])}, count(DISTINCT who) AS n
                FROM sold JOIN spans ON "day" BETWEEN since AND until GROUP BY {listed}"""
        )

    def takings(self, said: Sequence[Cells], window: Window | None, *, gross: bool) -> list[tuple[Any, ...]]:
        """By the first dimension of their orders, what people brought, and the sum of the squares of that.

        An order that names nobody is a person's of its own.

        Raises:
            InputError: the engine refuses it, or the table has changed since it was read.
        """
        inside = f"WHERE \"day\" BETWEEN DATE '{window.start}' AND DATE '{window.end}'" if window else ""
        marks = self._keys(said)
        return self._asked(
            f"""WITH {self._named(said, [*_SETTLING, *marks])}, sold AS ({self._sold_sql(marks)}),
                {self._kept_sql(marks)},
                persons AS (SELECT k0, coalesce(who, 'order ' || order_id) AS person,
                              CAST(sum({_revenue(gross=gross)}) AS {MONEY_TYPE}) AS spent
                            FROM kept {inside} GROUP BY 1, 2)
                SELECT k0, sum(spent) AS total, sum(spent * spent) AS squares FROM persons GROUP BY 1"""
        )

    def rows_of(self, sql: str, said: Sequence[Cells], *, gross: bool) -> list[tuple[Any, ...]]:
        """The rows of SQL over `buyers`, a row a person, and `purchases`, a row a person and day (customers.py).

        Args:
            sql: in DuckDB's words, of those that other engines have too.
            said: as in `won`, and by combination the dimensions of the first order that `buyers` holds as k0, k1, ….
            gross: whether refunds stay in what people brought.

        Raises:
            InputError: the engine refuses it, or the table has changed since it was read.
        """
        keys = "".join(f", {key}" for key in self._keys(said))
        same = 'OVER (PARTITION BY who ORDER BY "day")'
        before = f'lag("day") {same} AS before, lag("day", 2) {same} AS earlier'
        return self._asked(
            f"""{self._numbered(said, gross=gross)},
                buyers AS (SELECT who, "day" AS first_day, TRUE AS won{keys} FROM numbered WHERE nth = 1),
                days AS (SELECT who, "day", count(*) AS orders, sum(revenue) AS revenue, sum(charged) > 0 AS paid
                         FROM numbered GROUP BY who, "day"),
                purchases AS (SELECT *, TRUE AS bought, {before} FROM days)
                {sql}"""
        )

    def leave_unsaid(self) -> bool:
        """Whether a part of some order went back, and its row does not say how much."""
        if _PARTLY not in self.refunding.values():
            return False
        named = self._named([()] * len(self.refunding), ())
        ((count,),) = self.engine.rows(
            f"WITH {named}, sold AS ({self._sold_sql(())}) SELECT count(*) AS n FROM sold WHERE back IS NULL"
        )
        return bool(count)

    def _keys(self, said: Sequence[Cells]) -> list[str]:
        """The names of the dimensions that combinations say."""
        return [f"k{i}" for i in range(len(next(iter(said), ())) - len(_SETTLING))]

    def _asked(self, sql: str) -> list[tuple[Any, ...]]:
        found = list(self.engine.rows(sql))
        self.engine.hold_to(self.rows)
        return found

    def _numbered(self, said: Sequence[Cells], *, gross: bool) -> str:
        """The orders of people as `numbered`: `nth` is their place among those of their person."""
        keys = self._keys(said)
        texts = ", ".join(f"{name}{self.engine.by_bytes}" for name in ("order_id", *_SETTLING))
        number = f"CASE WHEN regexp_matches(order_id, '{_NUMBER}') THEN CAST(order_id AS BIGINT) ELSE {10**18} END"
        order = f"PARTITION BY who ORDER BY sold_at, {number}, length(order_id), {texts}, charged"
        nth = f"row_number() OVER ({order}) AS nth"
        revenue = f"{_revenue(gross=gross)} AS revenue"
        listed = ", ".join(["who", '"day"', "g", "charged", revenue, nth, *keys])
        marks = [*_SETTLING, *keys]
        return f"""WITH {self._named(said, marks)}, sold AS ({self._sold_sql(marks)}), {self._kept_sql(marks)},
            numbered AS (SELECT {listed} FROM kept WHERE who IS NOT NULL)"""

    def _named(self, said: Sequence[Cells], marks: Sequence[str]) -> str:
        """The combinations of cells, as a part of a WITH clause."""
        names = [*(f"c{i}" for i, _ in enumerate(self.columns)), "g", "refunding", *marks]
        rows: list[tuple[str | int, ...]] = [
            (*cells, g, how, *told)
            for g, ((cells, how), told) in enumerate(zip(self.refunding.items(), said, strict=True))
        ]
        return f"named AS ({values_sql(names, rows)})"

    def _sold_sql(self, marks: Sequence[str]) -> str:
        """The orders that count: who, when, what was charged, went back, and was tax."""
        money = {name: f"CAST({sql} AS {MONEY_TYPE})" for name, sql in self.money.items()}
        refunded, tax = (f"coalesce({money[name]}, 0)" if name in money else "0" for name in ("refunded", "tax"))
        parts = {"who": self.who, '"day"': self.day, "sold_at": self.moment, "order_id": self.order}
        parts |= {"charged": money["charged"], "refunded": refunded, "tax": tax}
        parts |= {f"c{i}": sql for i, sql in enumerate(self.columns.values())}
        inner = f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in parts.items())} FROM {SOURCE}"
        alike = " AND ".join(f"e.c{i} = n.c{i}" for i, _ in enumerate(self.columns)) or "1 = 1"
        back = f"""CASE WHEN n.refunding = '{_WHOLE}' THEN e.charged
            WHEN n.refunding = '{_WHOLE_UNLESS_STATED}' AND e.refunded = 0 THEN e.charged
            WHEN n.refunding = '{_PARTLY}' AND e.refunded = 0 THEN NULL ELSE e.refunded END AS back"""
        picks = ", ".join(
            ["e.who", 'e."day"', "e.sold_at", "e.order_id", "e.charged", "e.tax", "n.g", back]
            + [f"n.{m}" for m in marks]
        )
        return f"SELECT {picks} FROM ({inner}) AS e JOIN named AS n ON {alike}"

    def _kept_sql(self, marks: Sequence[str]) -> str:
        """The tax in what was kept, rounded half even to the millionth, as every row's is."""
        if self.vat is not None:
            return self._with_vat_sql(self.vat, marks)
        listed = ", ".join(["who", '"day"', "sold_at", "order_id", "charged", "tax", "back", "g", *marks])
        if not {"refunded", "tax"} <= self.money.keys() and {*self.refunding.values()} == {_STATED}:
            return f"kept AS (SELECT {listed}, tax AS tax_kept FROM sold)"
        tax, kept, charged = (self._millionths(sql) for sql in ("tax", "(charged - back)", "charged"))
        divided = f"{tax} * {kept} AS product, CASE WHEN charged = 0 THEN 1 ELSE {charged} END AS divisor"
        scaled = f"CASE WHEN back = 0 OR charged = 0 THEN tax ELSE {_rounded('product', 'part', 'divisor')} END"
        return f"""cut AS (SELECT *, {divided} FROM sold),
            parted AS (SELECT *, product // divisor AS part FROM cut),
            kept AS (SELECT {listed}, {scaled} AS tax_kept FROM parted)"""

    def _with_vat_sql(self, vat: Decimal, marks: Sequence[str]) -> str:
        """The tax in every amount, in what was charged and in what was kept, rounded half even to the millionth."""
        listed = ", ".join(["who", '"day"', "sold_at", "order_id", "charged", "back", "g", *marks])
        whole, kept = self._millionths("charged"), self._millionths("(charged - back)")
        top, net = vat.as_integer_ratio()
        bottom = net + top
        taxes = ", ".join(
            f"{_rounded(product, part, str(bottom))} AS {name}"
            for name, product, part in (("tax", "in_all", "part_of_all"), ("tax_kept", "in_kept", "part_of_kept"))
        )
        return f"""cut AS (SELECT *, {whole} * {top} AS in_all, {kept} * {top} AS in_kept FROM sold),
            parted AS (SELECT *, in_all // {bottom} AS part_of_all, in_kept // {bottom} AS part_of_kept FROM cut),
            kept AS (SELECT {listed}, {taxes} FROM parted)"""

    def _millionths(self, money: str) -> str:
        return f"CAST({money} * 1000000 AS {self.engine.whole})"


def _rounded(product: str, part: str, divisor: str) -> str:
    """A quotient of millionths as money: its whole `part`, or the next one, whichever is nearer; halves to even."""
    rest = f"({product} - {part} * {divisor})"
    up = f"2 * {rest} > {divisor} OR (2 * {rest} = {divisor} AND {part} - 2 * ({part} // 2) = 1)"
    return f"CAST({part} + CASE WHEN {up} THEN 1 ELSE 0 END AS DECIMAL(18, 0)) * 0.000001"


def _revenue(*, gross: bool) -> str:
    return "charged - tax" if gross else "charged - back - tax_kept"


def _day(text: str | None, otherwise: str) -> str:
    return f"DATE '{text or otherwise}'"


# ------------------------------------------------------------------------------------------- reading


def people_there(sheet: Sheet, by: Collection[str]) -> tuple[Sheet, People] | None:
    """The sales in groups, and their people to be asked for where they are.

    Args:
        sheet: a relation whose header is understood, and no more.
        by: the dimensions that first orders may be grouped by.

    Returns:
        None where the table is not large, or holds anything that calls for its rows one by one.
    """
    relation = sheet.relation
    if relation is None or not _is_simple(sheet, by):
        return None
    people = _people(sheet, by)
    named = sheet.columns["email" if sheet.has("email") else "customer_id"]
    somebody = f"CASE WHEN {people.who} IS NULL THEN '' ELSE 'x' END"
    sums = relation.grouped(sheet, by, {named: somebody})
    refunding = _judged(sums, people) if sums else None
    if sums is None or refunding is None:
        return None
    try:
        ((count, orders, odd),) = relation.engine.rows(_oddities_sql(sheet, people))
        people = replace(people, rows=count, refunding=refunding)
        plain = count == orders and not (odd or people.leave_unsaid())
    except KpiError:
        return None  # the reading row by row tells of it
    return (sums, people) if plain else None


def _is_simple(sheet: Sheet, by: Collection[str]) -> bool:
    """Whether columns have the types of what they name, and no rule looks at more than single cells."""
    assert sheet.relation is not None
    kinds = {c: sheet.relation.columns[i][1] for c, i in sheet.columns.items()}
    days = {c for c in kinds if kind(c) == "day"}
    return (
        _is_judged_by_cells(sheet)
        and days == {"date"}
        and kinds["date"] in {"date", "moment", "instant"}
        and kinds.get("order_id") in {"text", "exact"}
        and any(c in kinds for c in ("email", "customer_id"))
        and kinds.get("email", "text") == "text"
        and kinds.get("customer_id", "text") in {"text", "exact"}
        and _is_priced(sheet, kinds)
        and all(kinds[c] in {"text", "bool"} for c in wanted(sheet, by))
        and not (_ROW_BY_ROW & kinds.keys() or IDENTITY & {*by} or sheet.options.converted or sheet.options.sales_from)
    )


def _is_judged_by_cells(sheet: Sheet) -> bool:
    """Whether the rules of the format look at texts of single rows, and at whether there is a price."""
    spec = sheet.header.format.spec
    if sheet.header.format.name == GENERIC:
        return True
    further = spec.get("continuation", ())  # lines of an order have no price, and are not plain
    priced = not further or "amount" in further
    return priced and not _BEYOND_CELLS & spec.keys() and all(kind(c) == "text" for c in ruled(sheet) - {"amount"})


def _is_priced(sheet: Sheet, kinds: Mapping[str, str]) -> bool:
    """Whether one exact column says what was charged, and others what went back and was tax."""
    try:
        rule = price_rule(sheet)
    except KpiError:
        return False
    exact = all(kinds.get(c, "exact") == "exact" for c in (rule["column"], "refunded", "tax"))
    plain = not any(scale_of(sheet, c) for c in (rule["column"], "refunded", "tax") if sheet.has(c))
    taxed_once = vat_of(sheet) is None or not sheet.has("tax")
    return exact and plain and taxed_once and not {"times", *BESIDE} & {*rule}


def _people(sheet: Sheet, by: Collection[str]) -> People:
    relation = sheet.relation
    assert relation is not None
    text = {c: f"CAST({identifier(relation.columns[i][0])} AS VARCHAR)" for c, i in sheet.columns.items()}
    ids = [f"lower(nullif({text['email']}, ''))"] if sheet.has("email") else []
    ids += [f"'{sheet.header.format.name}:' || nullif({text['customer_id']}, '')"] if sheet.has("customer_id") else []
    looked_at = wanted(sheet, by)
    columns = {name: _text_sql(sheet, c) for c, name in stored_dimensions(sheet).items() if c in looked_at}
    named = {"charged": price_rule(sheet)["column"], "refunded": "refunded", "tax": "tax"}
    money = {n: identifier(relation.columns[sheet.columns[c]][0]) for n, c in named.items() if sheet.has(c)}
    day, moment = (sql(sheet, sheet.columns["date"]) for sql in (cell_sql, moment_sql))
    who = f"coalesce({', '.join([*ids, 'NULL'])})"
    return People(relation.engine, 0, columns, {}, who, day, moment, text["order_id"], money, vat_of(sheet))


def _text_sql(sheet: Sheet, canonical: str) -> str:
    """A column of text or of yes and no, as its cells are written."""
    assert sheet.relation is not None
    name, found = sheet.relation.columns[sheet.columns[canonical]]
    cell = identifier(name)
    if found == "bool":
        return f"CASE WHEN {cell} THEN 'TRUE' WHEN NOT {cell} THEN 'FALSE' ELSE '' END"
    return f"coalesce(CAST({cell} AS VARCHAR), '')"


def _judged(sums: Sheet, people: People) -> dict[Cells, str] | None:
    """What the rules say went back, by combination of cells; None where a rule looks at more than those."""
    places = {name: sums.columns[c] for c, name in stored_dimensions(sums).items() if name in people.columns}
    money = sums.columns.get("currency")
    records: dict[Cells, Record] = {}
    for record in sums.records():
        records.setdefault(tuple(record.cells[places[name]] for name in people.columns), record)
    currencies = {record.cells[money] for record in sums.records()} if money is not None else set()
    if len(currencies) > 1 or len(records) > COMBINATIONS or not all(is_written(cells) for cells in records):
        return None
    try:
        return _by_rules(sums, records)
    except KpiError:
        return None  # a status that is not known: the reading row by row names its line


def _by_rules(sums: Sheet, records: Mapping[Cells, Record]) -> dict[Cells, str] | None:
    fate, marks, reader = Fate(sums), flags_of(sums), Reader(sums)
    kept = {cells: record for cells, record in records.items() if fate(record) is None}
    flags = {name: flagged(reader, Block([*kept.values()]), marks, name) for name in marks}
    if not kept or any(flags["refund_undone"] + flags["refund_rows"]):
        return None
    how = zip(kept, flags["disputed"], flags["partly_refunded"], flags["fully_refunded"], strict=True)
    return {
        cells: _WHOLE if lost else _PARTLY if part else _WHOLE_UNLESS_STATED if full else _STATED
        for cells, lost, part, full in how
    }


def _oddities_sql(sheet: Sheet, people: People) -> str:
    """How many rows there are, how many orders, and whether any row is not plain."""
    tests = " AND ".join(f"({test})" for test in _plain_tests(sheet, people))
    odd = f"max(CASE WHEN {tests} THEN 0 ELSE 1 END)"
    return f"SELECT count(*) AS n, count(DISTINCT {people.order}) AS orders, {odd} AS odd FROM {SOURCE}"


def _plain_tests(sheet: Sheet, people: People) -> Iterator[str]:
    """What must hold of a row's own cells, for its reading to be beyond doubt."""
    assert sheet.relation is not None
    yield f"regexp_matches({people.order}, '{_ID}')"
    yield f"(regexp_matches({people.order}, '{_NUMBER}') OR NOT regexp_matches({people.order}, '{NUMBER_LIKE}'))"
    yield f"{people.day} BETWEEN DATE '{_FIRST_DAY}' AND DATE '{_LAST_DAY}'"
    for column, pattern in (("email", _ADDRESS), ("customer_id", _ID)):
        if sheet.has(column):
            cell = f"CAST({identifier(sheet.relation.columns[sheet.columns[column]][0])} AS VARCHAR)"
            yield f"{cell} IS NULL OR {cell} = '' OR regexp_matches({cell}, '{pattern}')"
    charged = people.money["charged"]
    yield f"{charged} IS NOT NULL AND {charged} >= 0 AND CAST({charged} AS {MONEY_TYPE}) = {charged}"
    for name in ("refunded", "tax"):
        if money := people.money.get(name):
            limit = f" AND {money} <= {charged}" if name == "refunded" else ""
            yield f"{money} IS NULL OR ({money} >= 0 AND CAST({money} AS {MONEY_TYPE}) = {money}{limit})"
