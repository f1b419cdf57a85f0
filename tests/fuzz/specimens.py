"""Small clean files of several platforms, and a careful second reading of each that shares no code with the program.

A Specimen knows how it is written and what its rows add up to. `careful` reads a damaged copy as a pedantic
person would: when every row, cell and header is still what it should be, it says what the file now states
(a digit typed into a price cannot be seen); when anything looks off it says nothing.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

Row = dict[str, str]
Sums = dict[tuple[str, str], Decimal]  # (currency, name of the sum) → value


class UnclearError(Exception):
    """A careful reader would put the file down and ask."""


@dataclass(frozen=True)
class Specimen:
    """A clean file: its cells, how they are written, and what they add up to."""

    name: str
    rows: list[list[str]]
    add_up: Callable[[list[Row]], Sums]
    delimiter: str = ","
    mark: str = "."
    encoding: str = "utf-8"
    quoted: bool = False
    preamble: tuple[str, ...] = ()
    totals: tuple[int, ...] = ()  # rows that add up the others
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)  # money, count, date, id, text → headers
    form: str = "table"

    @property
    def text(self) -> str:
        """The clean file's characters."""
        return self.write(self.rows)

    @property
    def data(self) -> bytes:
        """The clean file's bytes."""
        return self.text.encode(self.encoding)

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return self.rows[0]

    @property
    def body(self) -> list[int]:
        """Which rows are no header and no total."""
        return [i for i in range(1, len(self.rows)) if i not in self.totals]

    @cached_property
    def counted(self) -> list[int]:
        """Which rows change the sums when they are taken away."""
        truth, found = self.truth(), []
        for at in self.body:
            less = self.careful(self.write([row for i, row in enumerate(self.rows) if i != at]).encode(self.encoding))
            if less is None or any(less.get(name) != value for name, value in truth.items() if name[0]):
                found.append(at)
        return found

    def columns(self, *roles: str) -> list[int]:
        """Where the columns stand that hold money, counts, days, ids or text."""
        return [self.header.index(name) for role in roles for name in self.roles.get(role, ())]

    def write(self, rows: Sequence[Sequence[str]], *, newline: str = "\n") -> str:
        """Rows as this kind of file writes them."""
        if self.form != "table":
            return _WRITERS[self.form](rows)
        out = io.StringIO(newline="")
        style = csv.QUOTE_ALL if self.quoted else csv.QUOTE_MINIMAL
        csv.writer(out, delimiter=self.delimiter, lineterminator=newline, quoting=style).writerows(rows)
        return "".join(line + newline for line in self.preamble) + out.getvalue()

    def truth(self) -> Sums:
        """What the clean file adds up to."""
        found = self.careful(self.data)
        assert found is not None
        return found

    def careful(self, data: bytes) -> Sums | None:
        """What a damaged copy states when nothing about it looks off; None when something does."""
        try:
            text = data.decode(self.encoding)
            if "\0" in text or "\ufeff" in text.removeprefix("\ufeff"):
                return None
            if self.form != "table":
                return self.add_up(_READERS[self.form](text, self.header))
            return self.add_up(self._records(text))
        except (UnicodeError, UnclearError, ValueError):
            return None

    def _records(self, text: str) -> list[Row]:
        lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text.removeprefix("\ufeff"))
        above, below = lines[: len(self.preamble)], lines[len(self.preamble) :]
        if [line.rstrip("\r\n") for line in above] != list(self.preamble):
            raise UnclearError("the lines above the header")
        try:
            table = [r for r in csv.reader(below, delimiter=self.delimiter, strict=True) if r]
        except csv.Error as error:
            raise UnclearError("quotes") from error
        if not table or sorted(table[0]) != sorted(self.header):
            raise UnclearError("the header")
        header = table[0]
        totals = [self.rows[i] for i in self.totals]
        body = [r for r in table[1:] if r not in totals]
        if any(len(r) != len(self.header) or any(re.search("[\n\r]", c) for c in r) for r in body):
            raise UnclearError("a row")
        return [dict(zip(header, r, strict=True)) for r in body]


# ------------------------------------------------------------------------------------ careful cells


def money(cell: str, mark: str = ".") -> Decimal:
    """An amount that can be read one way only."""
    plain = cell.strip(" ")
    if not re.fullmatch(rf"[+-]?(\d+([{mark}]\d*)?|[{mark}]\d+)([eE][+-]?\d{{1,3}})?", plain, re.ASCII):
        raise UnclearError(cell)
    found = Decimal(plain.replace(mark, "."))
    if abs(found) >= 10**12:
        raise UnclearError(cell)
    return found


def grouped(cell: str) -> Decimal:
    """An amount or a count that may group its thousands with commas."""
    plain = cell.strip(" ")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", plain, re.ASCII):
        plain = plain.replace(",", "")
    return money(plain)


def none_or(cell: str) -> Decimal:
    """A refund or a tax, where nothing written means nothing."""
    return Decimal(0) if cell.strip() in {"", "-", "--", "—"} else money(cell)


def count(cell: str) -> Decimal:
    """A whole number."""
    found = grouped(cell)
    if found != found.to_integral_value() or found < 0:
        raise UnclearError(cell)
    return found


def day(cell: str, form: str = "%Y-%m-%d") -> str:
    """A day of the calendar, as ISO text."""
    found = dt.datetime.strptime(cell.strip(" "), form).date()
    if not 1990 <= found.year <= 2100:
        raise UnclearError(cell)
    return found.isoformat()


def word(cell: str, *known: str) -> str:
    """One of a few words."""
    if cell.strip().casefold() not in known:
        raise UnclearError(cell)
    return cell.strip().casefold()


def key(cell: str) -> str:
    """An id: there, and not rounded by a spreadsheet."""
    if not cell.strip() or re.search(r"\d[eE]\+\d", cell):
        raise UnclearError(cell)
    return cell.strip()


class Tally:
    """Sums of one file, by currency."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.sums: Sums = {}
        self.kept: dict[tuple[str, str], set[str]] = {}

    def on(self, iso_day: str) -> None:
        """A row's day, which may be the file's first or last; told as the number of the day."""
        number = Decimal(dt.date.fromisoformat(iso_day).toordinal())
        self.sums["days", "start"] = min(number, self.sums.get(("days", "start"), number))
        self.sums["days", "end"] = max(number, self.sums.get(("days", "end"), number))

    def add(self, currency: str, **amounts: Decimal) -> None:
        """Add a row's amounts."""
        for name in self.names:
            self.sums.setdefault((currency, name), Decimal(0))
        for name, amount in amounts.items():
            self.sums[currency, name] += amount

    def distinct(self, currency: str, name: str, value: str) -> None:
        """Count a value once."""
        known = self.kept.setdefault((currency, name), set())
        known.add(value)
        self.sums[currency, name] = Decimal(len(known))


_SALES = ("revenue_gross", "tax", "refunds", "revenue_net", "orders", "customers")


def _address(customer: str) -> str:
    return re.sub(r"[\s\u00ad\u200b\u202e\x00-\x1f]", "", customer.casefold())


def _sale(tally: Tally, currency: str, order: str, customer: str, *amounts: Decimal) -> None:
    charged, refunded, tax = amounts
    if charged < 0 or abs(refunded) > charged:
        raise UnclearError("more went back than came")
    kept = charged - abs(refunded)
    tax = (tax * kept / charged).quantize(Decimal("0.000001")) if refunded else tax
    tally.add(currency, revenue_gross=charged, tax=tax, refunds=abs(refunded), revenue_net=kept - tax)
    tally.distinct(currency, "orders", order)
    if customer:
        tally.distinct(currency, "customers", customer)


# ---------------------------------------------------------------------------------- the specimens

_PEOPLE = ("learner01@example.com", "learner02@example.com", "learner03@example.com", "learner04@example.com")


def _sales_rows() -> list[list[str]]:
    prices = ("149.00", "290.00", "49.90", "1290.00", "149.00", "290.50", "75.25", "149.00", "2490.00", "49.90")
    rows = [["date", "order_id", "email", "product", "amount", "refunded", "tax", "currency"]]
    for n, price in enumerate(prices):
        back = {3: "290.00", 6: "75.25"}.get(n, "0.00")
        tax = f"{Decimal(price) / 5:.2f}"
        product = ("Café, avancé", "Lumière")[n % 2]
        rows.append([f"2026-10-{3 * n + 1:02d}", f"A-{n + 1:04d}", _PEOPLE[n % 4], product, price, back, tax, "EUR"])
    return rows


def _sales(rows: list[Row]) -> Sums:
    tally = Tally(*_SALES)
    for row in rows:
        tally.on(day(row["date"]))
        amounts = (money(row["amount"]), none_or(row["refunded"]), none_or(row["tax"]))
        _sale(tally, word(row["currency"], "eur").upper(), key(row["order_id"]), _address(row["email"]), *amounts)
    return tally.sums


def _till_rows() -> list[list[str]]:
    rows = [["Date", "Order", "Customer", "Status", "Amount"]]
    for n, price in enumerate(("12.50", "8.00", "1140.00", "35.75", "8.00", "210.20", "12.50", "99.99")):
        status = "cancelled" if n == 4 else "paid"
        rows.append([f"2026-09-{2 * n + 1:02d}", f"{n + 501:07d}", f"c-{n % 5 + 1:04d}", status, price])
    return rows


def _till(rows: list[Row]) -> Sums:
    tally = Tally(*_SALES)
    for row in rows:
        when = day(row["Date"])
        if word(row["Status"], "paid", "cancelled", "") != "cancelled":
            tally.on(when)
            _sale(tally, "", key(row["Order"]), row["Customer"].strip(), money(row["Amount"]), Decimal(0), Decimal(0))
    return tally.sums


def _spend_rows() -> list[list[str]]:
    rows = [["Date", "Plateforme", "Campagne", "Coût", "Impressions", "Clics", "Devise"]]
    for n, cost in enumerate(("12,35", "8,10", "1250,00", "7,45", "33,20", "410,99", "5,05", "66,60", "2100,40")):
        name = ("Éveil; froid", "Reciblage")[n % 2]
        rows.append([f"{2 * n + 1:02d}/10/2026", "meta", name, cost, str(1000 + 37 * n), str(10 + n), "EUR"])
    return rows


def _spend(rows: list[Row]) -> Sums:
    tally = Tally("cost", "impressions", "clicks")
    for row in rows:
        tally.on(day(row["Date"], "%d/%m/%Y"))
        tally.add(
            word(row["Devise"], "eur").upper(),
            cost=money(row["Coût"], ","),
            impressions=count(row["Impressions"]),
            clicks=count(row["Clics"]),
        )
    return tally.sums


_STRIPE = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Currency,"
    "Description,Fee,Mode,Status,Customer ID,Customer Email,UTM Source"
)


def _stripe_rows() -> list[list[str]]:
    rows = [_STRIPE.split(",")]
    for n, price in enumerate(("290.00", "149.00", "149.00", "290.00", "10.00", "149.00", "1290.00", "49.00")):
        back = {1: "50.00", 2: "149.00"}.get(n, "0.00")
        status = {2: "Refunded", 3: "Failed"}.get(n, "Paid")
        mode = "Test" if n == 4 else "Live"
        captured = "false" if n == 7 else "true"
        when = f"2026-10-{30 - 3 * n:02d} 09:15:00"
        money_cells = [price, back, "eur", captured, price, "eur"]
        who = [f"cus_{n:04d}", _PEOPLE[n % 3], "google"]
        rows.append([f"ch_{n:04d}", when, *money_cells, "Café", "4.60", mode, status, *who])
    return rows


def _stripe(rows: list[Row]) -> Sums:
    tally = Tally(*_SALES)
    seen: dict[str, Decimal] = {}
    for row in rows:
        when = day(row["Created date (UTC)"], "%Y-%m-%d %H:%M:%S")
        charged, back = money(row["Amount"]), none_or(row["Amount Refunded"])
        status = word(row["Status"], "paid", "refunded", "failed")
        live = word(row["Mode"], "live", "test") == "live"
        captured = word(row["Captured"], "true", "false", "") != "false"
        currency, order = word(row["Currency"], "eur").upper(), key(row["id"])
        if not (status != "failed" and live and captured):
            continue
        if order in seen:
            if seen[order] != charged:
                raise UnclearError("two amounts")
            continue
        seen[order] = charged
        tally.on(when)
        back = charged if status == "refunded" and not back else back
        _sale(
            tally,
            currency,
            order,
            _address(row["Customer Email"]) or row["Customer ID"].strip(),
            charged,
            back,
            Decimal(0),
        )
    return tally.sums


def _google_rows() -> list[list[str]]:
    rows = [["Day", "Campaign", "Campaign type", "Currency code", "Cost", "Impr.", "Clicks", "Conversions"]]
    figures = (
        ("798.88", "9,392", "641", "60.00"),
        ("365.22", "31,193", "226", "14.00"),
        ("20.05", "720", "31", "2.33"),
    )
    for n, figure in enumerate(figures):
        rows.append([f"Sep {n + 1}, 2026", "Marque | été", "Search", "GBP", *figure])
    rows.append(["Total: Campaigns", " --", " --", "GBP", "1184.15", "41,305", "898", "76.33"])
    rows.append(["Total: Account", " --", " --", "GBP", "1500.00", "52,001", "900", "80.00"])
    return rows


def _google(rows: list[Row]) -> Sums:
    tally = Tally("cost", "impressions", "clicks", "conversions")
    for row in rows:
        day(row["Day"], "%b %d, %Y")
        tally.add(
            word(row["Currency code"], "gbp").upper(),
            cost=grouped(row["Cost"]),
            impressions=count(row["Impr."]),
            clicks=count(row["Clicks"]),
            conversions=grouped(row["Conversions"]),
        )
    return tally.sums


def _meta_rows() -> list[list[str]]:
    rows = [
        ["Campaign name", "Day", "Reach", "Impressions", "Link clicks", "Purchases", "Amount spent (USD)"],
        ["", "", "3100", "7500", "106", "7", "1060.90"],
    ]
    for n, figure in enumerate(
        (("1000", "20", "1", "13.94"), ("2000", "40", "2", "1020.06"), ("4500", "46", "4", "26.90"))
    ):
        rows.append([("Prospection", "Reciblage été")[n % 2], f"2026-10-{n + 1:02d}", "900", *figure])
    for row in rows[1:]:
        row += ["2026-10-01", "2026-10-03"]
    rows[0] += ["Reporting starts", "Reporting ends"]
    return rows


def _meta(rows: list[Row]) -> Sums:
    tally = Tally("cost", "impressions", "clicks", "conversions")
    for row in rows:
        tally.on(day(row["Day"]))
        tally.add(
            "USD",
            cost=money(row["Amount spent (USD)"]),
            impressions=count(row["Impressions"]),
            clicks=count(row["Link clicks"]),
            conversions=money(row["Purchases"]),
        )
    return tally.sums


_PAYPAL = (
    "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,Transaction ID,"
    "Item Title,Reference Txn ID,Balance Impact"
)
_PAYPAL_TYPES = {"website payment": 1, "express checkout payment": 1, "payment refund": -1, "general withdrawal": 0}


def _paypal_rows() -> list[list[str]]:
    rows = [_PAYPAL.split(",")]
    lines = (
        ("27/10/2026", "Payment Refund", "Completed", "-40.00", "T1", "Debit"),
        ("22/10/2026", "Website Payment", "Denied", "60.00", "", "Memo"),
        ("20/10/2026", "General Withdrawal", "Completed", "-500.00", "", "Debit"),
        ("18/10/2026", "Express Checkout Payment", "Completed", "1,250.50", "", "Credit"),
        ("17/10/2026", "Website Payment", "Completed", "100.00", "", "Credit"),
        ("15/10/2026", "Website Payment", "Completed", "149.00", "", "Credit"),
    )
    for n, (when, kind, status, gross, reference, impact) in enumerate(lines):
        cells = [kind, status, "EUR", gross, "0.00", gross, _PEOPLE[n % 4]]
        own = f"T{6 - n}" if n < 4 else ("T1", "T0")[n - 4]
        rows.append([when, "10:00:00", "Europe/Paris", "A. Élève", *cells, own, "Café", reference, impact])
    return rows


def _paypal(rows: list[Row]) -> Sums:
    tally = Tally(*_SALES)
    seen: set[str] = set()
    for row in rows:
        day(row["Date"], "%d/%m/%Y")
        gross = grouped(row["Gross"])
        sign = _PAYPAL_TYPES[word(row["Type"], *_PAYPAL_TYPES)]
        done = word(row["Status"], "completed", "denied") == "completed"
        impact, currency = word(row["Balance Impact"], "credit", "debit", "memo"), word(row["Currency"], "eur").upper()
        if impact == "memo" or not done or not sign:
            continue
        if gross * sign < 0 or (impact == "debit") != (sign < 0) or row["Transaction ID"] in seen:
            raise UnclearError("a sign")
        seen.add(key(row["Transaction ID"]))
        if sign > 0:
            _sale(
                tally,
                currency,
                row["Transaction ID"],
                _address(row["From Email Address"]),
                gross,
                Decimal(0),
                Decimal(0),
            )
        else:
            tally.add(currency, refunds=-gross, revenue_net=gross)
    return tally.sums


_SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Payment Method,Refunded Amount,Id,Source"
)


def _shopify_rows() -> list[list[str]]:
    rows = [_SHOPIFY.split(",")]
    lines = (
        ("1006", "paid", "1200.00", "200.00", "0.00"),
        ("1005", "voided", "99.00", "0.00", "0.00"),
        ("1004", "refunded", "36.00", "6.00", "36.00"),
        ("1003", "partially_refunded", "60.00", "10.00", "30.00"),
        ("1002", "paid", "24.00", "4.00", "0.00"),
        ("1001", "paid", "120.00", "20.00", "0.00"),
    )
    for n, (number, status, total, tax, back) in enumerate(lines):
        when = f"2026-10-{20 - 2 * n:02d} 22:47:04 +0200"
        front = [f"#{number}", _PEOPLE[n % 4], status, when, "unfulfilled", "EUR", total, "0.00", tax, total, when]
        rows.append([*front, "1", "Café, avancé", total, "Card", back, f"10{number}", "web"])
        if number == "1002":
            rows.append([f"#{number}", *[""] * 9, when, "2", "Cahier", "10.00", "", "", "", ""])
    return rows


def _shopify(rows: list[Row]) -> Sums:
    tally = Tally(*_SALES)
    seen: dict[str, Decimal] = {}
    for row in rows:
        day(row["Created at"][:19], "%Y-%m-%d %H:%M:%S")
        if not re.fullmatch(r" \+0[1-3]00", row["Created at"][19:]):
            raise UnclearError("a zone")
        order = key(row["Name"])
        if not row["Financial Status"] and not row["Total"] and not row["Email"] and order in seen:
            continue
        charged, back, tax = money(row["Total"]), none_or(row["Refunded Amount"]), none_or(row["Taxes"])
        status = word(row["Financial Status"], "paid", "voided", "refunded", "partially_refunded")
        currency = word(row["Currency"], "eur").upper()
        if order in seen:
            if seen[order] != charged:
                raise UnclearError("two amounts")
            continue
        seen[order] = charged
        if status == "voided":
            continue
        if status == "partially_refunded" and not back:
            raise UnclearError("a part, but not how much")
        back = charged if status == "refunded" and not back else back
        _sale(tally, currency, order, _address(row["Email"]), charged, back, tax)
    return tally.sums


def _records_rows() -> list[list[str]]:
    rows = [["date", "order_id", "email", "channel", "amount"]]
    for n, price in enumerate(("12.10", "7", "1290.00", "49.90", "149", "35.05")):
        rows.append([f"2026-10-{2 * n + 1:02d}", f"A-{n + 1:04d}", _PEOPLE[n % 4], ("NO", "Vidéo")[n % 2], price])
    return rows


def _record_sales(rows: list[Row]) -> Sums:
    tally = Tally(*_SALES)
    for row in rows:
        tally.on(day(row["date"]))
        if re.match(r"[+-]?0\d", row["amount"]):
            raise UnclearError("begins with 0")
        _sale(tally, "", key(row["order_id"]), _address(row["email"]), money(row["amount"]), Decimal(0), Decimal(0))
    return tally.sums


def _as_yaml(rows: Sequence[Sequence[str]]) -> str:
    names = rows[0]
    return "".join(
        ("- " if n == 0 else "  ") + f"{name}: {cell}\n"
        for row in rows[1:]
        for n, (name, cell) in enumerate(zip(names, row, strict=True))
    )


def _as_json(rows: Sequence[Sequence[str]]) -> str:
    records = [
        ", ".join(
            f'"{n}": {c if n == "amount" else json.dumps(c, ensure_ascii=False)}'
            for n, c in zip(rows[0], r, strict=True)
        )
        for r in rows[1:]
    ]
    return "[\n" + ",\n".join(f"  {{{r}}}" for r in records) + "\n]\n"


def _from_yaml(text: str, header: list[str]) -> list[Row]:
    rows: list[Row] = []
    for line in text.splitlines():
        match = re.fullmatch(r"(- |  )(\w+): (\w(?:(?!: | #|\t).)*?) *", line)
        if not match or (match[1] == "  " and not rows) or match[2] not in header:
            raise UnclearError(line)
        if match[1] == "- ":
            rows.append({})
        if match[2] in rows[-1]:
            raise UnclearError(line)
        rows[-1][match[2]] = match[3]
    return _whole(rows, header)


def _from_json(text: str, header: list[str]) -> list[Row]:
    def once(pairs: list[tuple[str, object]]) -> Row:
        if len(dict(pairs)) != len(pairs) or not all(isinstance(v, str) for _, v in pairs):
            raise UnclearError("a name twice")
        return {name: str(value) for name, value in pairs}

    rows = json.loads(text, object_pairs_hook=once, parse_float=str, parse_int=str)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnclearError("no list of records")
    return _whole(rows, header)


def _whole(rows: list[Row], header: list[str]) -> list[Row]:
    if any(row.keys() != set(header) for row in rows):
        raise UnclearError("a name is missing")
    return rows


_WRITERS = {"yaml": _as_yaml, "json": _as_json}
_READERS = {"yaml": _from_yaml, "json": _from_json}

SPECIMENS = (
    Specimen(
        "sales.csv",
        _sales_rows(),
        _sales,
        roles={
            "money": ("amount", "tax"),
            "date": ("date",),
            "id": ("order_id",),
            "text": ("product",),
            "currency": ("currency",),
        },
    ),
    Specimen(
        "till.csv",
        _till_rows(),
        _till,
        roles={"money": ("Amount",), "date": ("Date",), "id": ("Order",), "status": ("Status",)},
    ),
    Specimen(
        "depenses.csv",
        _spend_rows(),
        _spend,
        delimiter=";",
        mark=",",
        roles={
            "money": ("Coût",),
            "count": ("Impressions", "Clics"),
            "date": ("Date",),
            "text": ("Campagne",),
            "currency": ("Devise",),
        },
    ),
    Specimen(
        "stripe.csv",
        _stripe_rows(),
        _stripe,
        roles={
            "money": ("Amount", "Amount Refunded"),
            "date": ("Created date (UTC)",),
            "id": ("id",),
            "status": ("Status", "Mode", "Captured"),
            "decides": ("Status",),
            "currency": ("Currency",),
            "text": ("Description",),
        },
    ),
    Specimen(
        "google.csv",
        _google_rows(),
        _google,
        delimiter="\t",
        encoding="utf-16",
        preamble=("Campaign report", "September 1, 2026 - September 3, 2026"),
        totals=(4, 5),
        roles={
            "money": ("Cost",),
            "count": ("Impr.", "Clicks"),
            "date": ("Day",),
            "text": ("Campaign",),
            "currency": ("Currency code",),
        },
    ),
    Specimen(
        "meta.csv",
        _meta_rows(),
        _meta,
        encoding="utf-8-sig",
        totals=(1,),
        roles={
            "money": ("Amount spent (USD)",),
            "count": ("Impressions", "Link clicks"),
            "date": ("Day",),
            "text": ("Campaign name",),
        },
    ),
    Specimen(
        "paypal.csv",
        _paypal_rows(),
        _paypal,
        encoding="utf-8-sig",
        quoted=True,
        roles={
            "money": ("Gross",),
            "date": ("Date",),
            "id": ("Transaction ID",),
            "status": ("Type", "Status"),
            "decides": ("Type", "Status"),
            "currency": ("Currency",),
            "text": ("Item Title",),
        },
    ),
    Specimen(
        "shopify.csv",
        _shopify_rows(),
        _shopify,
        roles={
            "money": ("Total", "Taxes", "Refunded Amount"),
            "date": ("Created at",),
            "id": ("Name",),
            "status": ("Financial Status",),
            "decides": ("Financial Status",),
            "currency": ("Currency",),
            "text": ("Lineitem name",),
        },
    ),
    Specimen("sales.yaml", _records_rows(), _record_sales, form="yaml"),
    Specimen("sales.json", _records_rows(), _record_sales, form="json"),
)
