"""The words that cells use: months, currencies and their symbols, from words.yaml."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from msgspec import Struct

from kpi_cli.packaged import package_data
from kpi_cli.safe import plainest


class Vocabulary(Struct, frozen=True):
    """Months by their folded names, currency symbols that name one currency, and those that name none."""

    months: dict[str, int]
    date_words: frozenset[str]
    symbols: dict[str, str]
    ambiguous: frozenset[str]
    currencies: frozenset[str]
    scales: dict[str, str]  # words of headers, each with the scale that it names
    words: frozenset[str]  # codes of currencies that are words, too
    other_headers: frozenset[str]  # usual ones that mean nothing here, and are a letter away from one that does

    def currency_of(self, symbol: str) -> str | None:
        """The currency a symbol or code names, if it names one."""
        if symbol in self.symbols:
            return self.symbols[symbol]
        code = symbol.upper()
        return code if code in self.currencies else None

    def scale_of(self, header: str) -> str | None:
        """What the amounts under a header are counted in, where it says that it is not the currency.

        >>> [vocabulary().scale_of(h) for h in ("costMicros", "Montant (centimes)", "CA (k€)", "Amount", "per cent")]
        ['micros', 'cents', 'thousands', None, None]
        """
        found = _scale_words().search(plainest(header))
        return self.scales[found[0]] if found else None

    def unscaled(self, header: str) -> str:
        """A plain header without the scale at its end."""
        found = _scale_words().search(header)
        return header[: found.start()].rstrip() if found and found.end() == len(header) and found.start() else header

    def ends_header(self, text: str) -> bool:
        """Whether what ends a folded header without brackets is surely a currency.

        >>> [vocabulary().ends_header(text) for text in ("eur", "€", "$", "all", "top", "kr")]
        [True, True, True, False, False, False]
        """
        if text.isalpha():
            return text not in self.words and (text.upper() in self.currencies or text in self.symbols)
        return text in self.symbols or text in self.ambiguous

    def may_stand_for(self, symbol: str, code: str) -> bool:
        """Whether a symbol may be of this currency: its own, or one of several that its currency shares.

        >>> [vocabulary().may_stand_for(s, c) for s, c in (("€", "EUR"), ("$", "USD"), ("$", "EUR"), ("£", "EUR"))]
        [True, True, False, False]
        """
        named = self.currency_of(symbol)
        has_its_own = any(len(own) == 1 and of == code for own, of in self.symbols.items())
        return named == code if named else not has_its_own


@cache
def _scale_words() -> re.Pattern[str]:
    words = sorted(vocabulary().scales, key=len, reverse=True)
    return re.compile(rf"(?:micros|(?<!per)(?<!per )cents|(?<!\w)(?<!per )(?:{'|'.join(map(re.escape, words))}))(?!\w)")


@cache
def vocabulary() -> Vocabulary:
    """The words, loaded once."""
    words: dict[str, Any] = package_data("exports/words.yaml")
    return Vocabulary(
        {plainest(name): int(month) for month, names in words["months"].items() for name in names},
        frozenset(plainest(word) for word in [*words["date_words"], *words["weekdays"]]),
        dict(words["symbols"]),
        frozenset(words["ambiguous_symbols"]),
        frozenset(words["currencies"]),
        {plainest(word): scale for scale, listed in words["scales"].items() for word in listed},
        frozenset(words["currency_words"]),
        frozenset(words["other_headers"]),
    )
