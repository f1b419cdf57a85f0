"""Role by role: which columns of a sheet make which columns of its table.

Most roles store their numbers as they stand; sales say what was charged, what went back and the tax in what
was kept; progress and leads count people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import PurePath

from kpi_cli.errors import InputError
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.fates import conditions
from kpi_cli.exports.orders import orders_counted
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.roles import TABLES, kind
from kpi_cli.exports.rows import ZERO, Block, Columns, Reader, Texts, plain_text
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.stages import Stages
from kpi_cli.exports.values import BadValue, amount, is_unknown, moment, unguarded
from kpi_cli.safe import folded, plainest, quoted

MILLIONTH = Decimal("0.000001")
_NEVER_STORED = {"name", "currency", "time", "timezone", "email", "customer_id", "customer_type"}
Composer = Callable[[Block], Columns]


def composer(reader: Reader) -> Composer:
    """What turns a block of rows into the columns of the table."""
    return _COMPOSERS.get(reader.sheet.role, _plain)(reader)


def _common(reader: Reader, block: Block) -> Columns:
    """What every role's rows have: days, currency, and their dimensions."""
    sheet = reader.sheet
    starts, ends = reader.spans.of(block)
    columns = {name: reader.texts(block, c) for c, name in stored_dimensions(sheet).items()}
    if sheet.account and not sheet.has("account"):
        columns["account"] = [sheet.account] * len(block.records)
    for column, key in _WORDED.items():
        if column in columns and (words := _words(sheet, key)):
            columns[column] = [words.get(plainest(c), c) if c else None for c in columns[column]]
    if "source_medium" in columns and not columns.keys() & {"source", "medium"}:
        columns |= _parted(columns["source_medium"])
    return columns | {"start": starts, "end": ends, "currency": reader.currency.of(block, reader)}


def stored_dimensions(sheet: Sheet) -> dict[str, str]:
    """The columns of text that every role's table keeps, each with its name there."""
    return {c: _RENAMED.get(c, c) for c in sheet.columns if kind(c) == "text" and c not in _NEVER_STORED}


def _parted(pairs: Texts) -> Columns:
    """`google / organic` as its source and its medium."""
    parts = [(pair or "").partition(" / " if " / " in (pair or "") else "/") for pair in pairs]
    return {
        "source": [source.strip() or None for source, _, _ in parts],
        "medium": [medium.strip() or None for _, _, medium in parts],
    }


_WORDED = {"category": "cost_categories", "strategy": "strategies"}


def _words(sheet: Sheet, key: str) -> dict[str, str]:
    """The words a format lists under the names of what they mean, the other way round."""
    listed: dict[str, list[str]] = sheet.header.format.get(key, {})
    return {plainest(word): meaning for meaning, words in listed.items() for word in words}


_RENAMED = {"utm_source": "source", "utm_medium": "medium", "utm_campaign": "campaign"}


def _plain(reader: Reader) -> Composer:
    """Rows whose numbers are stored as they stand; a channel that the platform has its own words for is named."""
    sheet = reader.sheet
    numeric = [c for c in TABLES[sheet.role].numeric if sheet.has(c)]
    named = sheet.role != "spend" and sheet.header.format.get("channel")

    def compose(block: Block) -> Columns:
        columns = _common(reader, block)
        if named:
            channels = _platform_channel(reader, columns, len(block.records))
            own = columns.get("channel", channels)
            columns["channel"] = [c or o for c, o in zip(channels, own, strict=True)]
        for column in numeric:
            columns[column] = reader.number_texts(block, column)
        return columns

    return compose


# -------------------------------------------------------------------------------------------- spend


def _spend(reader: Reader) -> Composer:
    """Spend: its clicks, its platform, and the channel that the platform's own columns name."""
    sheet = reader.sheet
    plain = _plain(reader)
    platform = sheet.header.format.get("platform") if not sheet.has("platform") else None

    def compose(block: Block) -> Columns:
        columns = plain(block)
        if sheet.has("clicks_all") and not sheet.has("clicks"):
            columns["clicks"] = reader.number_texts(block, "clicks_all")
        if platform:
            columns["platform"] = [str(platform)] * len(block.records)
        columns["format_channel"] = _platform_channel(reader, columns, len(block.records))
        return columns

    return compose


def _platform_channel(reader: Reader, columns: Columns, count: int) -> Texts:
    """Campaign type, else network, else the platform's default, which may be an assumption."""
    rules = reader.sheet.header.format.get("channel", {})
    found: Texts = [None] * count
    for step in rules.get("from", ()):
        for column, known in step.items():
            channels = {folded(value): str(channel) for value, channel in known.items()}
            cells = columns.get(reader.sheet.header.label if column == "label" else column, [None] * count)
            named = {cell: channels.get(folded(cell or "")) for cell in set(cells)}
            found = [f or named[c] for f, c in zip(found, cells, strict=True)]
    if rules.get("assumed"):
        reader.ledger.assumed += found.count(None)
    default = rules.get("default")
    return [f or (str(default) if default else None) for f in found]


# -------------------------------------------------------------------------------------------- sales


BESIDE = ("plus", "less")  # what a rule of the price adds, and what it takes off


def price_rule(sheet: Sheet) -> dict[str, str]:
    """Which column says what was charged: the first of the format's list that the file has.

    What is to be added to it (`plus`) or taken off (`less`) is named only where the file has that too.

    Raises:
        InputError: there is only a price that may be for one piece or for all.
    """
    usual = [{"column": "amount"}, {"column": "revenue"}]
    rules: list[dict[str, str]] = sheet.header.format.get("amount_from", usual)
    for rule in rules:
        has_all = sheet.has(rule["column"]) and sheet.has(rule.get("times", rule["column"]))
        if has_all and not sheet.has(rule.get("unless", "")):
            return {part: said for part, said in rule.items() if part not in BESIDE or sheet.has(said)}
    column = next((c for c in ("price", "unit_price") if sheet.has(c)), "amount")
    header = sheet.header.names[sheet.columns[column]].strip()
    raise sheet.error(
        "price_open",
        f"{quoted(header)} can be the price of one piece or of all",
        f"say which with --map sales.amount={header}, or sales.unit_price={header} beside a quantity",
        sheet.header.line,
        column,
    )


def _sales(reader: Reader) -> Composer:
    """Sales: what was charged, what went back, the tax in what was kept, and who bought."""
    sheet, fmt = reader.sheet, reader.sheet.header.format
    flags = flags_of(sheet)
    continuation = [sheet.columns[c] for c in fmt.get("continuation", ()) if sheet.has(c)]
    begun = _orders_begun(sheet, continuation)

    def compose(block: Block) -> Columns:
        lines = [bool(continuation) and not any(r.cells[i].strip() for i in continuation) for r in block.records]
        for record, further in zip(block.records, lines, strict=True):
            if further and record.cells[sheet.columns["order_id"]] not in begun:
                said = "a further line of an order whose first line is missing"
                raise sheet.error("order_conflict", said, "export the whole order", record.line, "order_id")
        columns = _common(reader, block) | _money(reader, block, flags, lines)
        columns["is_line"] = [str(line).lower() for line in lines]
        columns["time"] = reader.spans.moments(block, columns["start"])
        columns["customer"] = _customers(reader, block)
        columns["customer_type"] = customer_types(reader, block)
        if sheet.has("orders") and not sheet.has("order_id"):
            columns["orders"] = orders_counted(reader, block, columns["charged"])
        columns |= _attributed(reader, block, columns)
        own = columns.get("order_id", [None] * len(lines))
        columns["row_id"] = list(own)
        if sheet.has("reference"):
            orders = zip(own, columns["reference"], columns["is_order"], strict=True)
            columns["order_id"] = [o if is_order == "true" else ref or o for o, ref, is_order in orders]
        return columns

    return compose


def _orders_begun(sheet: Sheet, continuation: list[int]) -> set[str]:
    """The ids of orders whose first line is there, in formats that write an order over several lines."""
    if not continuation:
        return set()
    index = sheet.columns["order_id"]
    rows = (r for r in sheet.records() if r.line not in sheet.left_out)
    return {r.cells[index] for r in rows if any(r.cells[i].strip() for i in continuation)}


def _attributed(reader: Reader, block: Block, columns: Columns) -> Columns:
    """Source and medium that a shop says in one cell, as `Organic: Google`, where the row has no other."""
    rules: list[dict[str, str]] = reader.sheet.header.format.get("attribution", ())
    if not rules or not reader.sheet.has("attribution"):
        return {}

    def read(cell: str) -> dict[str, str]:
        for rule in rules:
            if match := re.search(rule["match"], folded(cell)):
                return rule | match.groupdict()
        return {}

    said, nothing = reader.each(block, "attribution", read), [None] * len(block.records)
    return {
        name: [own or words.get(name) for own, words in zip(columns.get(name, nothing), said, strict=True)]
        for name in ("source", "medium")
    }


_MARKS = ("refund_undone", "refund_rows", "fully_refunded", "disputed", "partly_refunded")
Flags = dict[str, list[tuple[dict[str, object], Callable[[Mapping[str, str]], bool]]]]


def flags_of(sheet: Sheet) -> Flags:
    """The format's rules that mark a row as a refund, or as refunded, as far as the sheet has their columns."""
    rules, refers = sheet.header.format.get, sheet.header.format.get("refunds_refer_by")
    # Without that column, nothing ties the refund that a status tells of to the row that is the refund.
    untied = {"fully_refunded", "partly_refunded"} if refers and not sheet.has(refers) else set()
    return {
        name: [(rule, conditions(rule)) for rule in rules(name, ()) if any(sheet.has(c) for c in rule)]
        for name in _MARKS
        if name not in untied
    } | {name: [] for name in untied}


def ruled(sheet: Sheet) -> set[str]:
    """The columns that a rule of the sheet's format looks at, whether the sheet has them or not."""
    fmt = sheet.header.format
    rules = [rule for name in ("left_out", *_MARKS) for rule in fmt.get(name, ())]
    blanks = [c for rule in fmt.get("totals", ()) for c in rule.get("blank", ())]
    looked_at = {c for rule in rules for c in rule} | {*blanks, *fmt.get("subtotal", {}).get("blank", ())}
    return looked_at | {*fmt.get("used", ()), *fmt.get("continuation", ())}


def flagged(reader: Reader, block: Block, flags: Flags, name: str) -> list[bool]:
    """Which rows one of the format's rules speaks of."""
    found = [False] * len(block.records)
    for rule, test in flags[name]:
        cells = {c: reader.folded(block, c) for c in rule if reader.sheet.has(c)}
        rows = list(zip(*cells.values(), strict=True))
        spoken_of = {row for row in set(rows) if test(dict(zip(cells, row, strict=True)))}
        found = [f or row in spoken_of for f, row in zip(found, rows, strict=True)]
    return found


def _money(reader: Reader, block: Block, flags: Flags, lines: list[bool]) -> Columns:
    sheet, count = reader.sheet, len(block.records)
    price = price_rule(sheet)
    kept = Block([r for r, line in zip(block.records, lines, strict=True) if not line])
    charged = reader.numbers(kept, price["column"])
    if "times" in price:
        pieces = reader.numbers(kept, price["times"])
        charged = [c if c is None or n is None else c * n for c, n in zip(charged, pieces, strict=True)]
    if "plus" in price:
        added = [a or ZERO for a in reader.numbers(kept, price["plus"])]
        if price["plus"] == "tax":  # some programs write that of a refund with a sign, some without
            added = [-abs(a) if c is not None and c < 0 else a for c, a in zip(charged, added, strict=True)]
        charged = [c if c is None else c + a for c, a in zip(charged, added, strict=True)]
    if "less" in price:  # some write a discount with a sign, some without; that of a refund lessens the refund
        off = [abs(o or ZERO) for o in reader.numbers(kept, price["less"])]
        charged = [c if c is None else c - o if c > 0 else c + o for c, o in zip(charged, off, strict=True)]
    _paid_whole(sheet, kept, charged)
    nothing: list[Decimal | None] = [None] * len(kept.records)
    refunded = reader.numbers(kept, "refunded") if sheet.has("refunded") else nothing
    tax = reader.numbers(kept, "tax") if sheet.has("tax") else nothing
    marks = [flagged(reader, kept, flags, name) for name in _MARKS]
    sums = _Sums(reader)
    rows = iter(
        [
            _taken(record.times, sums.of(record, c, (r, t), *flagged))
            for record, c, r, t, *flagged in zip(kept.records, charged, refunded, tax, *marks, strict=True)
        ]
    )
    every = [_LINE if line else next(rows) for line in lines]
    names = ("charged", "refunds", "tax_charged", "tax_kept", "is_order", "fate")
    return {name: [every[i][k] for i in range(count)] for k, name in enumerate(names)}


def _paid_whole(sheet: Sheet, block: Block, charged: Sequence[Decimal | None]) -> None:
    """Refuse a row that was paid with another amount than was charged, unless it is said which counts.

    Part of it may be still due, or tax be on top of it.
    """
    usual = price_rule(sheet)["column"]
    if sheet.pays_by_word or any(column in {"paid", usual} for _, column, _ in sheet.options.columns):
        return
    for record, money in zip(block.records, charged, strict=True):
        if money is not None and _is_other(unguarded(record.cells[sheet.columns["paid"]]), money):
            paid, price = (sheet.header.names[sheet.columns[column]].strip() for column in ("paid", usual))
            said = f"{quoted(paid)} says another amount than was charged"
            fix = f"say which counts with --map sales.amount={paid} or --map sales.{usual}={price}"
            raise sheet.error("column_open", said, fix, record.line, "paid")


def _is_other(cell: str, money: Decimal) -> bool:
    """Whether a cell is an amount, and another one however it is read; the day or way of a payment is none."""
    read = []
    for mark in (".", ","):
        with suppress(BadValue):
            read.append(amount(cell, mark))
    return bool(read) and money not in read


_LINE: tuple[str | None, ...] = ("0", "0", "0", "0", "false", None)


def _taken(times: int, money: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """The money of a row that stands for several just like it."""
    if times == 1:
        return money
    return (*(m and f"{Decimal(m) * times:f}" for m in money[:4]), *money[4:])


def vat_of(sheet: Sheet) -> Decimal | None:
    """The user's rate of value added tax, where what was charged holds it."""
    untaxed = "none" in {sheet.header.format.get("tax"), price_rule(sheet).get("tax")}
    return Decimal(sheet.options.vat) if sheet.options.vat and not untaxed else None


def refund_unsaid(sheet: Sheet, line: int) -> InputError:
    """A sale of which part went back, and nothing says how much."""
    said, has = "part of this sale was refunded, but nothing says how much", sheet.has("refunded")
    apart = "; or give the file that holds the refund" if "refund_rows" in sheet.header.format.spec else ""
    fix = "fill in the refund" if has else "export the column of refunds too, or add one headed refunded"
    return sheet.error("refund_over_charge", said, fix + apart, line, "refunded" if has else "status")


class _Sums:
    """The money of one sale row, as texts: charged, refunds, tax charged, tax kept, is it an order, its fate."""

    def __init__(self, reader: Reader) -> None:
        self.sheet = reader.sheet
        fmt = self.sheet.header.format
        self.taxed = self.sheet.has("tax") and self.sheet.taxed
        self.on_top = price_rule(self.sheet).get("plus") == "tax"
        self.vat = vat_of(self.sheet)
        self.signed = fmt.get("sign") == "signed" or fmt.name == GENERIC
        self.apart = self.signed or "refund_rows" in fmt.spec  # refunds may be rows of their own
        self.full_column = self.sheet.has("refunded")
        self.not_ours: str | None = fmt.get("positive_refund")
        self.used = {folded(word) for word, fate in self.sheet.options.statuses if fate == "used"}
        self.sale_types, self.ledger = {*map(folded, fmt.get("sale_types", ()))}, reader.ledger

    def of(
        self, record: Record, charged: Decimal | None, parts: tuple[Decimal | None, Decimal | None], *flags: bool
    ) -> tuple[str | None, ...]:
        """Raises InputError when more was refunded than charged."""
        is_undone, is_refund, is_full, is_disputed, is_partly = flags
        refunded, tax = abs(parts[0] or ZERO), parts[1] or ZERO
        if charged is None:
            return (None, "0", None, None, "true", None)
        is_refund |= charged < 0 and self._is_used(record)
        if is_undone or is_refund or (charged < 0 and self.signed):
            return self._of_refund(record, charged, tax, undone=is_undone, stated=is_refund)
        if charged < 0:
            return ("0", "0", "0", "0", "false", "outgoing_payment")
        if is_partly and not (refunded or is_disputed):
            if not self.apart:
                raise refund_unsaid(self.sheet, record.line)
            self.sheet.part_back.append(record.line)  # another row may say it
        elif (is_full and not refunded) or is_disputed:
            refunded = charged
        if refunded > charged:
            raise self.sheet.error(
                "refund_over_charge",
                f"more was refunded ({refunded}) than was charged ({charged})",
                "check the row",
                record.line,
                "refunded" if self.full_column else None,
            )
        kept = charged - refunded
        if refunded and kept and self.on_top and tax:
            said = "a refund beside an amount without tax may be with or without it"
            fix = "state amounts with tax, or give the refund a row of its own, with a negative amount"
            raise self.sheet.error("refund_tax_open", said, fix, record.line, "refunded")
        if self.taxed:
            tax_kept = (tax * kept / charged).quantize(MILLIONTH, ROUND_HALF_EVEN) if refunded else tax
        else:
            tax = self._vat_in(charged) if record.vat is None else record.vat
            tax_kept = self._vat_in(kept) if refunded else tax
        return (f"{charged:f}", f"{refunded:f}", f"{tax:f}", f"{tax_kept:f}", "true", None)

    def _is_used(self, record: Record) -> bool:
        """Whether the user says of a type that its rows count: below zero, they are refunds."""
        return self.sheet.has("type") and folded(record.cells[self.sheet.columns["type"]]) in self.used

    def _by_sign(self, record: Record) -> None:
        """Note a row below zero whose type is neither a sale's nor a refund's: it may be something else."""
        said = record.cells[self.sheet.columns["type"]].strip() if self.sheet.has("type") else ""
        if said and self.sale_types and folded(said) not in self.sale_types:
            self.ledger.refunds_by_sign[said] += record.rows
            self.ledger.first_by_sign = self.ledger.first_by_sign or record.line

    def _of_refund(
        self, record: Record, charged: Decimal, tax: Decimal, *, undone: bool, stated: bool
    ) -> tuple[str | None, ...]:
        """A row of its own for money that went back, or that came again because the refund failed."""
        if not (undone or stated):
            self._by_sign(record)
        if stated and not undone and charged > 0 and self.not_ours:
            return ("0", "0", "0", "0", "false", self.not_ours)
        back = abs(charged)
        gone = abs(tax) if self.taxed else self._vat_in(back)
        if undone:
            back, gone = -back, -gone
        return ("0", f"{back:f}", "0", f"{-gone:f}", "false", None)

    def _vat_in(self, money: Decimal) -> Decimal:
        if self.vat is None:
            return ZERO
        return (money * self.vat / (1 + self.vat)).quantize(MILLIONTH, ROUND_HALF_EVEN)


def _customers(reader: Reader, block: Block) -> Texts:
    """Who bought: the trimmed, casefolded e-mail address, else the id within the platform."""
    sheet, count = reader.sheet, len(block.records)
    nobody: Texts = [None] * count
    emails = reader.texts(block, "email") if sheet.has("email") else nobody
    ids = reader.texts(block, "customer_id") if sheet.has("customer_id") else nobody
    source = sheet.header.format.name
    return [_address(e) if e else (f"{source}:{i}" if i else None) for e, i in zip(emails, ids, strict=True)]


def _address(email: str) -> str:
    """An address as it is compared: casefolded, without the spaces and invisible characters that pasting brings.

    >>> _address("Learner01@\u200bExample.com\u00a0")
    'learner01@example.com'
    """
    if email.isascii() and email.isprintable() and " " not in email:
        return email.lower()
    return "".join(c for c in email.casefold() if c.isprintable() and not c.isspace())


def customer_types(reader: Reader, block: Block) -> Texts:
    """new or returning, as far as the row's own column says so."""
    sheet = reader.sheet
    if not sheet.has("customer_type"):
        return [None] * len(block.records)
    words = {
        folded(word): name for name, listed in sheet.header.format.get("customer_types", {}).items() for word in listed
    }
    return [words.get(cell) for cell in reader.folded(block, "customer_type")]


# ----------------------------------------------------------------------------------- events, touches


def _events(reader: Reader) -> Composer:
    """Events and touches: beside their day the very moment, which says what came before what."""
    sheet, plain = reader.sheet, _plain(reader)
    words = flag_words(sheet)

    def compose(block: Block) -> Columns:
        columns = plain(block) | {"time": [None] * len(block.records)}
        if sheet.role == "events":
            columns["user"] = [_address(who) if who and "@" in who else who for who in columns["user"]]
        order, tz = sheet.date_order or "ymd", reader.tz
        if sheet.has("time"):
            found = reader.each(block, "time", lambda c: None if is_unknown(c) else moment(unguarded(c), order, tz))
            columns["time"] = [m.isoformat(" ") if m else None for m in found]
            columns["start"] = columns["end"] = [m.date().isoformat() if m else None for m in found]
        if sheet.role == "touches" and sheet.has("conversion"):
            flags = reader.each(block, "conversion", lambda cell: flag(cell, words))
            columns["conversion"] = [*flags]
            if not sheet.has("conversions"):
                said = zip(flags, block.records, strict=True)
                columns["conversions"] = [str(int(yes) * record.rows) for yes, record in said]
        return columns

    return compose


def flag(cell: str, words: Mapping[str, str]) -> str:
    """Whether a cell says yes: 1 or 0.

    Raises:
        BadValue: it says neither yes nor no.
    """
    said = "no" if is_unknown(cell) else words.get(plainest(cell))
    if said is None:
        raise BadValue("neither yes nor no")
    return "0" if said == "no" else "1"


def flag_words(sheet: Sheet) -> dict[str, str]:
    """Words that say yes or no, each with which of the two."""
    return _words(sheet, "flag_words")


# ---------------------------------------------------------------------------------- people counted


def _leads(reader: Reader) -> Composer:
    """Leads: one a row where the file does not count them."""
    sheet = reader.sheet
    plain = _plain(reader)

    def compose(block: Block) -> Columns:
        columns = plain(block)
        if not sheet.has("leads"):
            columns["leads"] = ["1"] * len(block.records)
        columns["customer"] = _customers(reader, block)
        return columns

    return compose


def _progress(reader: Reader) -> Composer:
    """Course progress: enrolled is the row; started and completed by share, by date or as the format says."""
    sheet = reader.sheet
    stages = Stages(sheet)
    told = next((c for c in ("progress_fraction", "progress") if sheet.has(c)), None)
    percent = _hundredfold if told == "progress_fraction" else _percent
    if told == "progress":
        _settle_progress(sheet)

    def compose(block: Block) -> Columns:
        columns = _common(reader, block)
        count = len(block.records)
        share = reader.each(block, told, percent) if told else [stages.share(record) for record in block.records]
        dated = {
            c: reader.days(block, c) if sheet.has(c) and c not in stages.filled else [None] * count
            for c in ("started_at", "completed_at")
        }
        rows = list(zip(block.records, share, dated["started_at"], dated["completed_at"], strict=True))
        started = [bool(d) or (s or ZERO) > 0 or stages.reached("started", r) for r, s, d, _ in rows]
        done = [bool(d) or (s or ZERO) >= 100 or stages.reached("completed", r) for r, s, _, d in rows]
        for (record, *_), begun, over in zip(rows, started, done, strict=True):
            if not (begun or over) and (word := stages.unread(record)):
                reader.ledger.stages_unread[word] += record.rows
                reader.ledger.first_stage_unread = reader.ledger.first_stage_unread or record.line
        columns["enrolled"] = ["1"] * count
        columns["started"] = [str(int(s or d)) for s, d in zip(started, done, strict=True)]
        columns["completed"] = [str(int(d)) for d in done]
        columns["share"] = [None if s is None else plain_text(s.quantize(MILLIONTH)) for s in share]
        if not sheet.has("course"):
            columns["course"] = [PurePath(sheet.name).name.partition(".csv")[0]] * count
        columns["customer"] = _customers(reader, block)
        if sheet.has("enrolled_at") and columns["start"].count(None) == count:
            enrolled = reader.days(block, "enrolled_at")
            columns["start"] = columns["end"] = [d.isoformat() if d else None for d in enrolled]
        return columns

    return compose


def _settle_progress(sheet: Sheet) -> None:
    """Refuse progress that is nowhere above 1 and never called percent: all of a course, or a hundredth of it?"""
    index = sheet.columns["progress"]
    header = sheet.header.names[index].strip()
    if re.search("%|percent|prozent|pour ?cent|porc|perc", folded(header)):
        return
    above = None
    for record in sheet.records():
        cell = record.cells[index] if record.line not in sheet.left_out and index < len(record.cells) else ""
        found = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*(%?)\s*", cell)
        if found and (found[2] or Decimal(found[1].replace(",", ".")) > 1):
            return
        if found and above is None and Decimal(found[1].replace(",", ".")):
            above = record.line
    if above is not None:
        fix = f"say which with --map progress.progress_fraction={header}, or write 50% for the half"
        said = f"{quoted(header)} is nowhere above 1, which can be all of a course or a hundredth of it"
        raise sheet.error("progress_open", said, fix, above, "progress")


def _hundredfold(cell: str) -> Decimal | None:
    """Progress written as a fraction, in percent; what is written with its sign is no fraction."""
    share = _percent(cell)
    if "%" in cell:
        return share
    if share is not None and share > 1:
        raise BadValue("not a fraction of 0 to 1")
    return None if share is None else 100 * share


def _percent(cell: str) -> Decimal | None:
    """Progress in percent."""
    if is_unknown(cell):
        return None
    match = re.fullmatch(r"\s*(\d{1,3}(?:[.,]\d+)?)\s*%?\s*", cell)
    if match is None or Decimal(match[1].replace(",", ".")) > 100:
        raise BadValue("not a share of 0 to 100%")
    return Decimal(match[1].replace(",", "."))


_COMPOSERS: dict[str, Callable[[Reader], Composer]] = {
    "events": _events,
    "touches": _events,
    "spend": _spend,
    "sales": _sales,
    "leads": _leads,
    "progress": _progress,
}
