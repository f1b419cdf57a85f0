"""Currencies: money in others than the reporting currency, at the rate in force on each row's first day.

Cost and revenue follow one rule, so that both sides of a ratio are converted alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from kpi_cli.books import Books
from kpi_cli.errors import InputError
from kpi_cli.exports.engine import library
from kpi_cli.safe import quoted
from kpi_cli.texts import day_text, note, number_text

MONEY_OF = {
    "spend": ("cost", "claimed_revenue"),
    "sales": ("charged", "refunds", "tax_charged", "tax_kept"),
    "costs": ("cost",),
    "touches": ("value",),
    "mail": ("revenue",),
}
_RATES = """
    CREATE OR REPLACE TEMP TABLE exchange AS
    SELECT * FROM (SELECT unnest($1::VARCHAR[]) AS currency, unnest($2::VARCHAR[])::DATE AS begins,
                          unnest($3::VARCHAR[])::DECIMAL(18,6) AS rate)
"""


def convert(books: Books) -> None:
    """Turn all money into the reporting currency, where rates are given; a note says which were used.

    Raises:
        InputError: a row on whose day no rate is in force, or rates without a reporting currency.
    """
    if not _fill_rates(books):
        return
    reporting = books.ask.config.currency or books.ask.reading.currency
    if reporting is None and len(_currencies(books)) < 2:
        return
    if reporting is None:
        fix = "add currency: EUR to kpi.yml, or --currency EUR"
        raise InputError("no_reporting_currency", "rates are given, but not into which currency", fix)
    asked = books.ask.reading.currency or reporting
    if asked != reporting:
        said = f"--currency says {asked}, the rates of kpi.yml turn money into {reporting}"
        raise InputError("currency_contradicted", said, "leave --currency out", books.ask.config.file)
    _refuse_other_pairs(books, reporting)
    for role in MONEY_OF:
        if books.has(role):
            _refuse_missing(books, role, reporting)
            _convert_role(books, role, reporting)
    for currency, rates in sorted(books.store.converted.items()):
        said = "; ".join(
            f"{day_text(day)}: 1 {currency} = {number_text(rate)} {reporting}" for day, rate in sorted(rates)
        )
        books.notes.append(note("converted", currency=currency, rates=said))


def _fill_rates(books: Books) -> bool:
    """The table `exchange` of all rates, of kpi.yml and of files; whether there are any."""
    rates = [(rate.currency, rate.date.isoformat(), f"{rate.rate:f}") for rate in books.ask.config.rates.records]
    if books.has("rates"):
        found = books.store.rows('SELECT upper(currency), "start", rate FROM rates WHERE fate IS NULL ORDER BY ALL')
        rates += [(currency, day.isoformat(), f"{rate:f}") for currency, day, rate in found]
    if rates:
        books.store.con.execute(_RATES, [list(column) for column in zip(*rates, strict=True)])
        _refuse_two_rates(books)
    return bool(rates)


def _refuse_two_rates(books: Books) -> None:
    twice = books.store.rows(
        """SELECT currency, begins, min(rate), max(rate) FROM exchange
           GROUP BY ALL HAVING count(DISTINCT rate) > 1 ORDER BY ALL LIMIT 1"""
    )
    if twice:
        currency, day, low, high = twice[0]
        said = f"{currency} has two rates from {day}: {low.normalize():f} and {high.normalize():f}"
        raise InputError("rates_differ", said, "keep one of them", books.ask.config.file)


def _refuse_other_pairs(books: Books, reporting: str) -> None:
    """Raise for the first rate into another currency than the reporting one, or of one of another."""
    for column in ("into", "base"):
        if not books.has("rates") or not books.column("rates", column):
            continue
        meant = "$1" if column == "into" else "upper(currency)"
        found = books.store.rows(
            f"""SELECT file, line, upper(currency), upper(trim("{column}")) FROM rates
                WHERE fate IS NULL AND upper(currency) <> $1 AND upper(trim("{column}")) <> {meant}
                ORDER BY file, line LIMIT 1""",
            [reporting],
        )
        if found:
            number, line, currency, other = found[0]
            source = next(source for source in books.store.sources if source.number == number)
            header = source.sheet.header.names[source.sheet.columns[column]] if source.sheet else column
            one, worth = (currency, other) if column == "into" else (other, currency)
            meant = f"what 1 {currency} is in {reporting}"
            said = f"by its column {quoted(header)} this rate is what 1 {one} is in {worth}, not {meant}"
            fix = f"keep the rates that are {meant}, and leave {quoted(header)} out"
            raise InputError("currency_contradicted", said, fix, source.file, line)


def _currencies(books: Books) -> set[str]:
    """The currencies that the money of the files is stated in."""
    sql = "SELECT DISTINCT currency FROM {} WHERE fate IS NULL AND currency IS NOT NULL"
    return {row[0] for role in MONEY_OF if books.has(role) for row in books.store.rows(sql.format(role))}


_IN_FORCE = """
    (SELECT arg_max(e.rate, e.begins) FROM exchange e WHERE e.currency = t.currency AND e.begins <= t."start")
"""
_BEGAN = '(SELECT max(e.begins) FROM exchange e WHERE e.currency = t.currency AND e.begins <= t."start")'


def _refuse_missing(books: Books, role: str, reporting: str) -> None:
    """Raise for the first row in another currency on whose day no rate is in force."""
    found = books.store.rows(
        f"""SELECT t.file, t.line, t.currency, t."start" FROM {role} t
            WHERE t.fate IS NULL AND t.currency <> $1 AND {_IN_FORCE} IS NULL
            ORDER BY t.file, t.line LIMIT 1""",
        [reporting],
    )
    if found:
        number, line, currency, day = found[0]
        file = next(source.file for source in books.store.sources if source.number == number)
        when = f"on {day}" if isinstance(day, dt.date) else "for rows without a date"
        missing = f"{{date: {day or '…'}, currency: {currency}, rate: …}}"
        fix = f"add one under rates: in kpi.yml, from that day or before: {missing}"
        raise InputError("no_rate", f"there is no rate for {currency} {when}", fix, file, line)


def _convert_role(books: Books, role: str, reporting: str) -> None:
    """Convert the rows in other currencies, and remember the rates that were used."""
    store = books.store
    used = store.rows(
        f"""SELECT DISTINCT t.currency, {_BEGAN}, {_IN_FORCE} FROM {role} t
            WHERE t.fate IS NULL AND t.currency <> $1 ORDER BY ALL""",
        [reporting],
    )
    for currency, day, rate in used:
        store.converted.setdefault(currency, set()).add((day, rate))
    if used:
        wide = 'round(CAST("{0}" AS DECIMAL(38,6)) * {1}, 6)'
        sets = ", ".join(f'"{name}" = {wide.format(name, _IN_FORCE)}' for name in _money(books, role))
        sql = f"UPDATE {store.table(role)} t SET {sets}, currency = $1 WHERE t.fate IS NULL AND t.currency <> $1"
        _execute(books, sql, reporting)


def _execute(books: Books, sql: str, reporting: str) -> None:
    try:
        books.store.con.execute(sql, [reporting])
    except (library().ConversionException, library().OutOfRangeException):
        said = f"an amount is beyond ±999 999 999 999 {reporting} at these rates"
        raise InputError("amount_beyond", said, "check the rates", books.ask.config.file) from None


def _money(books: Books, role: str) -> Sequence[str]:
    """The columns of a role that hold money, own measures of money among them."""
    own = [
        f"own_sum_{m.name}"
        for m in books.ask.config.measures
        if m.role == role and m.unit == "money" and m.how == "sum"
    ]
    return [name for name in (*MONEY_OF[role], *own) if books.column(role, name)]
