"""The money of sales: what was charged, what went back, and the tax in what was kept.

price_rule(sheet)         which column says what was charged
flags_of(sheet)           the format's rules of refunds
charges(reader, block, …) the columns of money of the table of sales
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_HALF_EVEN, Decimal

from kpi_cli.errors import InputError
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.fates import conditions
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.rows import ZERO, Block, Columns, Reader
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.values import BadValue, amount, unguarded
from kpi_cli.safe import folded, quoted

MILLIONTH = Decimal("0.000001")

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


def charges(reader: Reader, block: Block, flags: Flags, lines: list[bool]) -> Columns:
    """What was charged, went back and was tax of each row; `lines` are further lines of an order, and bring nothing."""
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
    tax = _tax_between(reader, kept, charged) if states_net(sheet) else tax
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


def states_net(sheet: Sheet) -> bool:
    """Whether hand-made sales state the tax by two amounts alone, one with it and one without."""
    if sheet.header.format.name != GENERIC or not sheet.has("amount_net") or sheet.has("tax"):
        return False
    header = folded(sheet.header.names[sheet.columns["amount_net"]])
    is_said = any(named == "amount_net" for _, named, _ in sheet.options.columns)  # which may be a part of any kind
    is_of_tax = not is_said and not re.search(str(sheet.header.format.get("net_of_more")), header)
    return is_of_tax and price_rule(sheet).keys() == {"column"} and price_rule(sheet)["column"] != "amount_net"


def _tax_between(reader: Reader, block: Block, charged: Sequence[Decimal | None]) -> list[Decimal | None]:
    """What the amount with tax is more than the one without.

    Raises:
        InputError: it is less, or the one without is blank.
    """
    sheet, nets = reader.sheet, reader.numbers(block, "amount_net")
    for record, gross, net in zip(block.records, charged, nets, strict=True):
        if gross and (net is None or abs(net) > abs(gross) or net * gross < 0):
            whole, bare = (
                sheet.header.names[sheet.columns[c]].strip() for c in (price_rule(sheet)["column"], "amount_net")
            )
            said = f"{quoted(bare)} is {'blank' if net is None else 'no part of ' + quoted(whole)}"
            raise sheet.error("tax_open", said, "mend it, or leave the column out", record.line, "amount_net")
    return [g - n if g is not None and n is not None else None for g, n in zip(charged, nets, strict=True)]


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
        self.taxed = (self.sheet.has("tax") and self.sheet.taxed) or states_net(self.sheet)
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
