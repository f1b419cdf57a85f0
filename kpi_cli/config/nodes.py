"""Nodes of YAML → values. Converters are plain functions; they raise `InputError` with the node's line and column.

Containers gather what their parts raise, so that every mistake is told at once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from kpi_cli.config import LANGUAGES, USED_OR_LEFT_OUT, Placed
from kpi_cli.errors import InputError, KpiError, Refusals, did_you_mean
from kpi_cli.exports import strict_yaml
from kpi_cli.exports.strict_yaml import Node, Scalar, Sequence
from kpi_cli.safe import quoted

T = TypeVar("T")
Convert = Callable[[Node], T]


MAX_BYTES = 2**20


def content(path: Path) -> bytes:
    """The bytes of a file that is written by hand."""
    try:
        with path.open("rb") as stream:
            read = stream.read(MAX_BYTES + 1)
    except OSError as error:
        said = f"cannot be read ({error.strerror})"
        raise InputError("unreadable_file", said, "check the path and its permissions", str(path)) from None
    if len(read) > MAX_BYTES:
        fix = "name large lists as files: costs: costs.csv, rates: rates.csv"
        raise InputError("too_large", f"larger than {MAX_BYTES // 2**20} MiB", fix, str(path))
    return read


def tree(content: bytes, file: str) -> Node:
    """What is written in a YAML file."""
    return strict_yaml.load(_decoded(content, file), file)


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        said = f"byte {content[error.start]:#04x} is not UTF-8"
        raise InputError("bad_encoding", said, "save the file as UTF-8", file, line, column) from None


def in_file(errors: Iterable[KpiError], file: str | None) -> list[KpiError]:
    """The errors with their file, in its order."""
    ordered = sorted(errors, key=lambda error: (error.line or 0, error.column or 0))
    for error in ordered:
        error.file = file
    return ordered


class Gather:
    """Errors of the parts of a container, raised together when all parts were tried."""

    def __init__(self) -> None:
        self.errors: list[KpiError] = []

    def error(self, error: InputError) -> None:
        """Keep a mistake."""
        self.errors.extend(error.parts())

    def attempt(self, convert: Callable[[Any], T], value: Any) -> T | None:
        """Convert a part; a mistake in it is kept."""
        try:
            return convert(value)
        except InputError as error:
            self.error(error)
            return None

    def finish(self) -> None:
        """Raise what was kept."""
        if self.errors:
            raise Refusals(self.errors)


def mistake(node: Node, code: str, said: str, fix: str = "") -> InputError:
    """What is wrong with a node, where it stands."""
    return InputError(code, said, fix, None, node.line, node.column)


def seen(node: Node) -> str:
    """A node as a mistake names it."""
    if isinstance(node, Scalar):
        return "nothing" if node.null else quoted(node.text)
    return "a list" if isinstance(node, Sequence) else "keys and values"


def pairs(node: Node) -> strict_yaml.Mapping:
    """A mapping."""
    if not isinstance(node, strict_yaml.Mapping):
        raise mistake(node, "wrong_type", f"{seen(node)} where keys and values are due", "write key: value")
    return node


def fields(
    node: Node,
    known: Mapping[str, Convert[Any]],
    required: Collection[str] = (),
    elsewhere: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The values of a record, converted; keys without a value count as not given.

    Args:
        node: the record.
        known: how the value of each key is converted.
        required: those of them that must be there.
        elsewhere: keys of other records, with where they belong.
    """
    record, gather, values = pairs(node), Gather(), {}
    for name, child in record.items.items():
        if name not in known:
            fix = (elsewhere or {}).get(name) or did_you_mean(name, known)
            gather.error(mistake(record.keys[name], "unknown_key", f"unknown key {quoted(name)}", fix))
        elif not (isinstance(child, Scalar) and child.null):
            values[name] = gather.attempt(known[name], child)
    for name in required:
        if name not in values:
            gather.error(mistake(node, "missing_key", f"“{name}” is missing", f"add {name}: …"))
    gather.finish()
    return values


def each(convert: Convert[T], node: Node) -> tuple[T, ...]:
    """The items of a list; one item may stand without its list."""
    gather = Gather()
    items = [gather.attempt(convert, item) for item in (node.items if isinstance(node, Sequence) else [node])]
    gather.finish()
    return cast("tuple[T, ...]", tuple(items))


def named(convert: Callable[[Scalar, Node], T], node: Node) -> tuple[T, ...]:
    """The entries of a mapping, each converted from its key and its value."""
    record, gather = pairs(node), Gather()
    items = [gather.attempt(partial(convert, record.keys[name]), child) for name, child in record.items.items()]
    gather.finish()
    return cast("tuple[T, ...]", tuple(items))


def dictionary(convert: Convert[T], node: Node) -> dict[str, T]:
    """A mapping of names to values."""
    return dict(named(lambda key, child: (key.text, convert(child)), node))


# Single values ------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,12})?|[-+]?\.[0-9]{1,12}")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")
_NAME = re.compile(r"[^\W\d]\w*")


def text(node: Node) -> str:
    """A text that is not blank."""
    if not isinstance(node, Scalar) or node.null or not node.text.strip():
        raise mistake(node, "wrong_type", f"{seen(node)} where a text is due", "write one value")
    return node.text


def placed(node: Node) -> Placed:
    """A text that knows where it stands."""
    return Placed.at(text(node), node.line, node.column)


def word(*known: str) -> Convert[str]:
    """A converter for one of a few words."""

    def convert(node: Node) -> str:
        said = text(node)
        if said not in known:
            raise mistake(node, "unknown_word", f"{seen(node)} is not known here", did_you_mean(said, known))
        return said

    return convert


def fate(node: Node) -> str:
    """What becomes of the rows of a status; a word is corrected only where it is a slip, for others may be contrary."""
    import difflib

    said = text(node)
    if said in USED_OR_LEFT_OUT:
        return said
    near = difflib.get_close_matches(said.casefold(), USED_OR_LEFT_OUT, n=1, cutoff=0.81)
    fix = "write used for rows that count, else why they do not: failed, pending, cancelled, test, fee, payout, …"
    fix = f"did you mean {quoted(near[0])}?" if near else fix
    raise mistake(node, "unknown_word", f"{seen(node)} does not say what becomes of these rows", fix)


def number(node: Node) -> Decimal:
    """A number, written with a point."""
    written = text(node)
    if not _NUMBER.fullmatch(written):
        raise mistake(node, "bad_number", f"{seen(node)} is not a number", "write it like 1234.56")
    return Decimal(written)


def percent(node: Node) -> Decimal:
    """A number, or a percentage as the fraction it is."""
    written = text(node).rstrip()
    if not written.endswith("%"):
        return number(node)
    hundredths = written[:-1].rstrip()
    if not _NUMBER.fullmatch(hundredths):
        raise mistake(node, "bad_number", f"{seen(node)} is not a percentage", "write it like 12.5%")
    return Decimal(hundredths).scaleb(-2)


def bare_at(node: Node) -> tuple[int, int] | None:
    """Where a number without a percent sign stands."""
    return None if text(node).rstrip().endswith("%") else (node.line, node.column)


def share(node: Node) -> Decimal:
    """A rate between 0 and 1."""
    rate = percent(node)
    if not 0 <= rate <= 1:
        fix = "write a rate like 20% or 0.2"
        raise mistake(node, "bad_rate", f"{seen(node)} is not between 0 and 100%", fix)
    return rate


def positive(node: Node) -> Decimal:
    """A number above 0."""
    found = number(node)
    if found <= 0:
        raise mistake(node, "bad_number", f"{seen(node)} is not above 0", "give more than 0")
    return found


def money(node: Node) -> Decimal:
    """An amount, of 6 decimals at most."""
    found = number(node)
    if found != round(found, 6):
        raise mistake(node, "bad_number", f"{seen(node)} has more than 6 decimals", "round it")
    return found


def year(node: Node) -> int:
    """A year of four digits."""
    written = text(node)
    if not re.fullmatch(r"(19[7-9]|20[0-9])[0-9]", written):
        raise mistake(node, "bad_date", f"{seen(node)} is not a year", "write it like 2026")
    return int(written)


def date_parts(node: Node, fix: str) -> tuple[dt.date, bool]:
    """A day, or the first day of a month, and whether it is a month."""
    match = _DATE.fullmatch(text(node))
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3] or 1)) if match else None
    except ValueError:
        day = None
    if match is None or day is None or not 1970 <= day.year < 2100:
        raise mistake(node, "bad_date", f"{seen(node)} is not a date", fix)
    return day, match[3] is None


def date(node: Node) -> dt.date:
    """A day."""
    day, is_month = date_parts(node, "write it like 2026-10-31")
    if is_month:
        raise mistake(node, "bad_date", f"{seen(node)} is a month, not a day", "write it like 2026-10-31")
    return day


def begin(node: Node) -> dt.date:
    """A day, or a month for its first day."""
    return date_parts(node, "write it like 2026-10-01 or 2026-10")[0]


def month(node: Node) -> tuple[dt.date, dt.date]:
    """First and last day of a month."""
    start, is_month = date_parts(node, "write a month like 2026-10")
    if not is_month:
        raise mistake(node, "bad_date", f"{seen(node)} is a day, not a month", "write start: and end: for days")
    return start, (start + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def currency(node: Node) -> str:
    """The code of a currency, in capitals."""
    code = text(node).upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise mistake(node, "bad_currency", f"{seen(node)} is not a currency code", "write it like EUR")
    return code


def zone(node: Node) -> str:
    """The name of a time zone."""
    from zoneinfo import ZoneInfo, available_timezones

    named = text(node)
    try:
        ZoneInfo(named)
    except (KeyError, ValueError, OSError):
        fix = did_you_mean(named, sorted(available_timezones()), "write it like Europe/Paris")
        raise mistake(node, "bad_tz", f"{seen(node)} is not a time zone", fix) from None
    return named


def encoding(node: Node) -> str:
    """An encoding that Python reads."""
    named = text(node)
    try:
        "".encode(named)  # also refuses what Python calls a codec but is no encoding of text
    except (LookupError, ValueError):
        fix = "write it like utf-8, cp1252 or utf-16"
        raise mistake(node, "bad_encoding", f"{seen(node)} is not an encoding", fix) from None
    return named


def label(node: Node) -> dict[str, str]:
    """A label by language; a bare text serves every language."""
    if isinstance(node, Scalar):
        return dict.fromkeys(LANGUAGES, text(node))
    return fields(node, dict.fromkeys(LANGUAGES, text))


def name(key: Scalar) -> str:
    """A name that may stand in a formula."""
    if not _NAME.fullmatch(key.text):
        fix = "use letters, digits and _, and begin with a letter"
        raise mistake(key, "bad_name", f"{seen(key)} cannot stand in a formula", fix)
    return key.text
