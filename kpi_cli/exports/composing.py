"""Role by role: which columns of a sheet make which columns of its table.

Most roles store their numbers as they stand; sales say what was charged, what went back and the tax in what
was kept; progress and leads count people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import PurePath

from kpi_cli.exports.charges import MILLIONTH, charges, flags_of
from kpi_cli.exports.orders import orders_counted
from kpi_cli.exports.roles import TABLES, kind
from kpi_cli.exports.rows import ZERO, Block, Columns, Reader, Texts, plain_text
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.stages import Stages
from kpi_cli.exports.values import BadValue, is_unknown, moment, unguarded
from kpi_cli.safe import folded, plainest, quoted

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
        columns = _common(reader, block) | charges(reader, block, flags, lines)
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
