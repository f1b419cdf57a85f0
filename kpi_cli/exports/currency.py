"""The currency of a sheet's rows, and what contradicts it: another in a header, a cell or an option."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.values import BadValue, is_unknown, number, unguarded
from kpi_cli.exports.vocabulary import vocabulary
from kpi_cli.safe import quoted

if TYPE_CHECKING:
    from kpi_cli.exports.rows import Block, Reader, Texts

_PRICES = ("cost", "amount", "revenue", "amount_net", "price", "unit_price")
_SYMBOLLED = (*_PRICES, "amount_formatted")
_SAME_CURRENCY = (*_SYMBOLLED, "refunded", "tax", "shipping")


class Currency:
    """The currency of each row: its column's, else the header's or preamble's, else a symbol's, else the user's."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.fixed = _stated_currency(sheet)
        self.asked = sheet.options.currency.upper() if sheet.options.currency else None
        self.default = self.asked or sheet.options.default_currency
        self.seen: dict[str, str] = {}
        self.headed = _headed(sheet)
        if self.fixed and not sheet.has("currency"):
            self._agree(self.fixed, sheet.header.line, None)

    def of(self, block: Block, reader: Reader) -> Texts:
        """The currency of each row of a block.

        Raises:
            InputError: a money cell, or the header of one, whose symbol is of another currency.
        """
        codes = self._codes(block, reader)
        if any(codes):
            self._no_foreign_symbol(block, codes)
            self._no_foreign_header(block, codes)
        return codes

    def _no_foreign_header(self, block: Block, codes: Texts) -> None:
        for index, symbol in self.headed.items():
            other = next((c for c in dict.fromkeys(codes) if c and not vocabulary().may_stand_for(symbol, c)), None)
            if other:
                of_row = self.sheet.has("currency")
                line = block.records[codes.index(other)].line if of_row else self.sheet.header.line
                header = quoted(self.sheet.header.names[index].strip())
                text = f"{header} {'in a row of' if of_row else 'beside a column in'} {other}"
                raise self.sheet.error("two_currencies", text, "mend the header or the row", line, index)

    def _no_foreign_symbol(self, block: Block, codes: Texts) -> None:
        for column in _SAME_CURRENCY:
            if not self.sheet.has(column):
                continue
            index = self.sheet.columns[column]
            symbols = {cell: symbol for cell in dict.fromkeys(block.cells(index)) if (symbol := _symbol(cell))}
            for record, code in zip(block.records, codes, strict=True) if symbols else ():
                symbol = symbols.get(record.cells[index])
                if symbol and code and not vocabulary().may_stand_for(symbol, code):
                    text = f"{self.sheet.shown(record.cells[index], column)} in a row of {code}"
                    raise self.sheet.error("two_currencies", text, "mend the row", record.line, index)

    def _codes(self, block: Block, reader: Reader) -> Texts:
        if self.sheet.has("currency"):
            codes = reader.each(block, "currency", _code)
            for code, record in zip(codes, block.records, strict=True):
                if code and self.asked and code != self.asked:
                    self._agree(code, record.line, self.sheet.columns["currency"])
            return [code or self.fixed or self.default for code in codes]
        found = self.fixed or self._by_symbol(block) or self.default
        return [found] * len(block.records)

    def _agree(self, found: str, line: int, index: int | None) -> None:
        if self.asked and self.asked != found and not self.sheet.options.converted:
            text = f"--currency says {self.asked}, the file says {found}"
            raise self.sheet.error("currency_contradicted", text, "leave --currency out", line, index)

    def _by_symbol(self, block: Block) -> str | None:
        words = vocabulary()
        for column in _SYMBOLLED:
            if not self.sheet.has(column):
                continue
            index = self.sheet.columns[column]
            for cell in dict.fromkeys(block.cells(index)):
                symbol = _symbol(cell)
                code = words.currency_of(symbol) if symbol else None
                if symbol is None or (code or symbol) in self.seen:
                    continue
                self.seen[code or symbol] = symbol
                line = block.line_of(index, cell)
                if len(self.seen) > 1:
                    text = f"two currencies ({', '.join(self.seen.values())}) in a column that names none"
                    raise self.sheet.error("two_currencies", text, "add a currency column", line, index)
                if code:
                    self._agree(code, line, index)
        return next((words.currency_of(symbol) for symbol in self.seen.values()), None)


def _symbol(cell: str) -> str | None:
    if not cell.strip("0123456789.,-+ '\u00a0\u202f"):
        return None
    try:
        return number(unguarded(cell)).symbol
    except BadValue:
        return None


def _code(cell: str) -> str | None:
    if is_unknown(cell):
        return None
    found = vocabulary().currency_of(cell.strip())
    if found is None:
        raise BadValue("no currency; use a code such as EUR")
    return found


def _headed(sheet: Sheet) -> dict[int, str]:
    """The currency or symbol in the brackets of each money header that has one."""
    words = vocabulary()
    said = {i: sheet.header.metadata.get(i, "").strip() for c in _SAME_CURRENCY if (i := sheet.columns.get(c, -1)) >= 0}
    return {index: symbol for index, symbol in said.items() if words.currency_of(symbol) or symbol in words.ambiguous}


def _stated_currency(sheet: Sheet) -> str | None:
    """The currency in a money header's brackets, in the preamble, or fixed by the platform."""
    words, fmt = vocabulary(), sheet.header.format
    for column in _PRICES:
        index = sheet.columns.get(column)
        if index is not None and (found := words.currency_of(sheet.header.metadata.get(index, "").strip())):
            return found
    rule = fmt.get("preamble", {}).get("currency")
    for line in sheet.header.preamble if rule else ():
        match = re.search(str(rule), line)
        if match and (found := words.currency_of(match[1].strip())):
            return found
    return str(fmt.get("currency")) if fmt.get("currency") else None
