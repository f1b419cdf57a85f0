"""Which platform's download is this, and which column is what: the format files, looked up.

catalogue()          every format file, parsed once
recognise(lines)     the header row, its delimiter, its format and the canonical name of each column
read_header(cells)   the same for one row that may be the header
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache, partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct, field

from kpi_cli.errors import InputError, did_you_mean
from kpi_cli.exports.dialect import DELIMITERS, split
from kpi_cli.exports.misspelt import MANY, counts, slips
from kpi_cli.exports.prose import NoTable, aligned, sets_figures
from kpi_cli.exports.roles import kind
from kpi_cli.exports.values import names_month
from kpi_cli.exports.vocabulary import vocabulary
from kpi_cli.packaged import checksum, compiled, parsed
from kpi_cli.safe import folded, plainest, quoted

GENERIC = "generic"
FORMATS = Path(__file__).parent / "formats.json"
_SCAN = 30
_PADDING = '",; \t'  # what quoting and saving again put around a line of text alone
# A currency or zone at a header's end, in brackets or behind “in”; “in all” is no currency.
_METADATA = re.compile(r"^(.*\S)\s*(?:\((?:(?:in|en) )?([^()]*)\)|\s(?:in|en) ((?!all$)\S+))$")
_CURRENCY = re.compile(r"^(.*[^\s_(])[\s_]+([^\W\d_]{3}|euros?|[^\w\s()]{1,3})$")
_CONVERTED = 10_000  # added to the rank of “Amount EUR”, which beside “Amount” and “Currency” is another reading of it
_CAMEL = re.compile("(?<=[a-z])(?=[A-Z])")


Alias = Sequence[Any]  # canonical column, language, rank among the headers of that column
Named = tuple[str, str, str]  # role (kpi.yml: *), canonical column, and the header that `--map` or kpi.yml gives it


class Format(Struct, frozen=True):
    """One platform download in one role: how it is recognised and read. `spec` is the rest of its file."""

    name: str
    role: str
    spec: Mapping[str, Any]
    aliases: Mapping[str, Alias]

    def get(self, key: str, default: Any = None) -> Any:
        """A setting of the format file."""
        return self.spec.get(key, default)


class Header(Struct):
    """A header row understood: where each canonical column stands and in which language it is written."""

    format: Format
    line: int
    delimiter: str | None
    names: list[str]
    columns: dict[str, int]
    language: str = "en"
    preamble: list[str] = field(default_factory=list)
    metadata: dict[int, str] = field(default_factory=dict)
    score: tuple[int, int, int] = (0, 0, 0)
    label: str = "label"  # the column that a table's only heading, “name” or “label”, stands for
    rivals: dict[str, int] = field(default_factory=dict)  # canonical column → another header that means it too
    apart: frozenset[int] = frozenset()  # columns behind an empty one that are no part of the table
    companion: bool = False  # a list of settings that comes with the download, and no data


class Place(Struct, frozen=True):
    """Where a row that may be the header stands: its file and line, the lines above and the rows below it."""

    name: str
    line: int = 1
    delimiter: str | None = None
    above: Sequence[str] = ()
    below: Sequence[Sequence[str]] = ()


@cache
def catalogue() -> tuple[Format, ...]:
    """Every format, the platforms' first, the generic roles last."""
    files, stored = format_files(), compiled(FORMATS)
    if stored.get("checksum") != checksum(files):
        return shapes_of(files)
    return tuple(Format(**shape) for shape in stored["shapes"])


def format_files() -> list[bytes]:
    """The format files as they are written, in the order of their names."""
    return [path.read_bytes() for path in sorted((FORMATS.parent / "formats").glob("*.yaml"))]


def shapes_of(files: Iterable[bytes]) -> tuple[Format, ...]:
    """What format files say: a shape for each role of each platform, then for each role of generic files."""
    found: list[Format] = []
    generic: list[Format] = []
    for spec in map(parsed, files):
        if "roles" in spec:
            shared = {key: value for key, value in spec.items() if key != "roles"}
            generic += [_format(spec["format"], role, shared | part) for role, part in spec["roles"].items()]
        else:
            shapes = [spec, *({"format": spec["format"], **further} for further in spec.get("also", ()))]
            found += [_format(shape["format"], shape["role"], shape) for shape in shapes]
    return (*found, *generic)


def _format(name: str, role: str, spec: Mapping[str, Any]) -> Format:
    aliases: dict[str, Alias] = {}
    for canonical in spec["columns"]:
        if name == GENERIC:
            aliases[canonical.replace("_", " ")] = (canonical, "en", -1)
    for canonical, languages in spec["columns"].items():
        for language, headers in languages.items():
            for rank, header in enumerate(listed(headers)):
                key = plainest(header) if name == GENERIC else folded(header)
                aliases.setdefault(key, (canonical, language, rank))
    return Format(name, role, spec, aliases)


def listed(value: str | list[str]) -> list[str]:
    """One text or several, as a list."""
    return [value] if isinstance(value, str) else value


@cache
def _every_alias() -> frozenset[str]:
    settings = [row for fmt in catalogue() for row in fmt.get("recognise", {}).get("companions", ())]
    return frozenset(map(folded, chain(*settings))).union(*(fmt.aliases for fmt in catalogue()))


def recognise(name: str, lines: Sequence[str], mapped: Iterable[Named] = (), wanted: Wanted | None = None) -> Header:
    """The header row among a file's first lines, and what it says.

    Args:
        name: the file, for errors.
        lines: its first lines, without their ends.
        mapped: (role, canonical column, header) as `--map` gives them.
        wanted: role and format as far as the user says them.

    Raises:
        InputError: no header row, or one that two roles could own.
    """
    mapped = tuple(mapped)
    headers = {folded(header) for _, _, header in mapped}
    rows = _candidate_rows(lines, headers)
    for number, delimiter, cells in rows:
        below = [split(line, delimiter) for line in lines[number:] if line.strip()]
        found = read_header(cells, Place(name, number, delimiter, lines[: number - 1], below), mapped, wanted)
        if found:
            _nothing_above(found, name, lines)
            return found
    raise _no_header(lines, rows, Place(name), Wish(wanted or Wanted(), mapped))


def _nothing_above(header: Header, name: str, lines: Sequence[str]) -> None:
    """A title or a range may stand above the header; rows of the table may not, for they would be lost."""
    if header.format.get("tables") == "many":
        return
    width = len(header.names)
    seen = {width} if width > 2 else set()
    for number, line in enumerate(lines[: header.line - 1], 1):
        rows = [cells for d in DELIMITERS if 2 * sum(map(bool, cells := split(line, d))) >= len(cells)]
        filled = {len(cells) for cells in rows if len(cells) == width or len(cells) > 4}
        if any(c.isdigit() for c in line):
            if filled & seen:
                said = f"a row above the header, which is line {header.line}"
                raise InputError("no_header", said, "put the header first", name, number)
            seen |= filled


class Wanted(Struct, frozen=True):
    """The role and format the user names for a file."""

    role: str | None = None
    format: str | None = None


class Wish(Struct, frozen=True):
    """All that the user says of a table: its role and format, and (role, canonical column, header) of `--map`."""

    wanted: Wanted
    mapped: tuple[Named, ...] = ()


def _candidate_rows(lines: Sequence[str], extra: set[str]) -> list[tuple[int, str, list[str]]]:
    """Lines that hold known column names, most of them first; of equals the earlier line."""
    scored = []
    for number, line in enumerate(lines[:_SCAN], 1):
        best = (0, ",", [""])
        for delimiter in DELIMITERS:
            if delimiter in line:
                cells = split(line, delimiter)
                hits = sum(1 for c in cells if is_known(c) or (extra and folded(c) in extra))
                if hits > best[0]:
                    best = (hits, delimiter, cells)
        if best[0]:
            scored.append((-best[0], number, best[1], best[2]))
    return [(number, delimiter, cells) for _, number, delimiter, cells in sorted(scored)[:3]]


@lru_cache(maxsize=1 << 16)
def _keys(header: str) -> tuple[str, str]:
    """A header as compared: whole, and without the currency or zone at its end."""
    whole = folded(header)
    return whole, _parted(whole)[0]


def _parted(whole: str) -> tuple[str, str]:
    """A header's name, and the currency or zone in brackets at its end, or a currency alone.

    >>> [_parted(header) for header in ("amount (usd)", "kosten chf", "cost_eur", "spend €", "clicks all")]
    [('amount', 'usd'), ('kosten', 'chf'), ('cost', 'eur'), ('spend', '€'), ('clicks all', '')]
    """
    match = _METADATA.match(whole)
    if match and _is_metadata(match[2] or match[3]):
        return match[1], match[2] or match[3]
    match = _CURRENCY.match(whole)
    return (match[1], match[2]) if match and vocabulary().ends_header(match[2]) else (whole, "")


def _metadata(whole: str) -> str:
    """The currency or zone at a header's end; the euro of k€ and m€ too."""
    said = _parted(whole)[1]
    return said[1:].strip() if said[:1] in {"k", "m"} and plainest(said) in vocabulary().scales else said


@lru_cache(maxsize=1 << 16)
def is_known(cell: str) -> bool:
    """Whether a cell is the name of a column in any format."""
    aliases, (whole, bare) = _every_alias(), _keys(cell)
    return whole in aliases or bare in aliases or plainest(whole) in aliases or plainest(bare) in aliases


def column_of(fmt: Format, header: str) -> Alias | None:
    """The canonical column a header names in a format; hand-made headers may drop accents or use underscores."""
    whole, bare = _keys(header)
    if fmt.name == GENERIC:
        whole, bare = plainest(whole), vocabulary().unscaled(plainest(bare).rpartition(".")[2])
        parted = plainest(_CAMEL.sub(" ", header))  # InvoiceDate
        found = fmt.aliases.get(bare) or fmt.aliases.get(parted)
        is_worth = found and kind(found[0]) in {"whole", "number"} and _is_currency(_metadata(folded(header)))
        return fmt.aliases.get(whole) or (None if is_worth else found)  # “Conversions EUR” is what those are worth
    return fmt.aliases.get(whole) or fmt.aliases.get(bare)


def _is_currency(text: str) -> bool:
    return vocabulary().currency_of(text) is not None or text in vocabulary().ambiguous


def _is_metadata(text: str) -> bool:
    bare = text.strip()
    words = vocabulary()
    named = bare.upper() in words.currencies or bare in words.ambiguous or bare in words.symbols
    return named or bare in _ZONES or plainest(bare) in words.scales


_ZONES = {"utc", "gmt", "local"}


def read_header(
    cells: Sequence[str],
    place: Place,
    mapped: tuple[Named, ...] = (),
    wanted: Wanted | None = None,
) -> Header | None:
    """What a header row is, of all formats that accept it the one that knows it best; None when none does."""
    wanted = wanted or Wanted()
    found: list[Header] = []
    for fmt in catalogue():
        if (wanted.format and fmt.name != wanted.format) or (wanted.role and fmt.role != wanted.role):
            continue
        header = _as_format(_told(fmt) if wanted.role else fmt, cells, mapped)
        if header:
            _accept(header, place, told=wanted.role is not None)
            header.line, header.delimiter, header.preamble = place.line, place.delimiter, list(place.above)
            if header.score[0]:
                found.append(header)
    if not found:
        return _companion(cells, place, wanted)
    found.sort(key=lambda h: h.score, reverse=True)
    _well_spelt(cells, place, wanted, found)
    if refusal := _rejected(found[0], place):
        raise refusal
    best, rivals = found[0], [h for h in found[1:] if h.format.name == GENERIC and h.score == found[0].score]
    if best.format.name == GENERIC and rivals:
        raise _two_roles(place.name, place.line, [best, *rivals])
    best.language = _language(best)
    _name_label(best, place.name)
    return best


def _well_spelt(cells: Sequence[str], place: Place, wanted: Wanted, found: Sequence[Header]) -> None:
    """Refuse a header that one slip keeps from a column that counts, or from what the file really is."""
    best, known = found[0], _every_alias()
    spelt = {True: [_keys(plainest(cell))[1] for cell in cells], False: [_keys(cell)[1] for cell in cells]}
    strange = sum(plain not in known and bare not in known for plain, bare in zip(*spelt.values(), strict=True))
    if not 0 < strange <= MANY:
        return
    accepted = {(h.format.name, h.format.role) for h in found}
    for fmt in (best.format, *catalogue()):
        mine = fmt is best.format
        if not mine and (
            best.format.name != GENERIC
            or (fmt.name, fmt.role) in accepted
            or wanted.format not in {None, fmt.name}
            or wanted.role not in {None, fmt.role}
        ):
            continue
        have = best.columns if mine else (_as_format(fmt, cells, ()) or best).columns
        missing = [(h, c) for h, (c, *_) in fmt.aliases.items() if c not in have and (not mine or counts(c, fmt.spec))]
        meant = [*missing, *((f"{h} (utc)", c) for h, c in missing if kind(c) == "day")]
        slipped = slips(spelt[fmt.name == GENERIC], known, meant)
        if slipped and (mine or _would_be(fmt, cells, place, slipped) > best.score):
            index, (header, _) = next(iter(slipped.items()))
            said = f"the column {quoted(cells[index].strip())} is not known"
            raise InputError("columns_unknown", said, f"did you mean “{header}”?", place.name, place.line, index + 1)


def _would_be(
    fmt: Format, cells: Sequence[str], place: Place, slipped: Mapping[int, tuple[str, str]]
) -> tuple[int, ...]:
    """How well a header would fit a format without its slips."""
    header = _as_format(fmt, [slipped[i][0] if i in slipped else cell for i, cell in enumerate(cells)], ())
    if header is None:
        return (0, 0, 0)
    _accept(header, place, told=False)
    return header.score


def _companion(cells: Sequence[str], place: Place, wanted: Wanted) -> Header | None:
    """A list of settings that a platform packs with its tables, such as Search Console's filters."""
    row = [folded(cell) for cell in cells]
    for fmt in catalogue():
        fits = wanted.format in {None, fmt.name} and wanted.role in {None, fmt.role}
        if fits and row in fmt.get("recognise", {}).get("companions", ()):
            return Header(fmt, place.line, place.delimiter, list(cells), {}, companion=True)
    return None


def _name_label(header: Header, name: str) -> None:
    """What a column headed only “name” or “label” holds, as far as the file's own name says it."""
    known: Mapping[str, str] = header.format.get("label_from_file", {})
    words = f" {_words(PurePosixPath(name).stem)} "
    said = max((key for key in known if f" {_words(key)} " in words), key=len, default=None)
    if said and "label" in header.columns and known[said] not in header.columns:
        header.label = known[said]
        header.columns[header.label] = header.columns.pop("label")


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", plainest(text)))


def _rejected(best: Header, place: Place) -> InputError | None:
    """The refusal of a thing that some platform's format file names: by a column of its own, or by its rows' ids.

    A table that another platform knows as its own is no such thing.
    """
    present = {folded(cell) for cell in best.names}
    for fmt in catalogue():
        if best.format.name not in {GENERIC, fmt.name}:
            continue
        for word, meaning in fmt.get("recognise", {}).get("reject", {}).items():
            if folded(word) in present:
                return _no_report(fmt, meaning, place)
        for rule in fmt.get("recognise", {}).get("reject_ids", ()) if best.format.role in _MONEYED else ():
            if _have_ids(rule, best, place.below):
                return _no_report(fmt, rule["is"], place)
    return None


def _have_ids(rule: Mapping[str, Any], best: Header, below: Sequence[Sequence[str]]) -> bool:
    """Whether the ids of every row begin as a rule says; of rows that are broken over lines, whether any does."""
    header = [plainest(cell).strip() for cell in best.names]
    whole = [row for row in below if len(row) == len(header)]
    if "not_beside" in rule and any(re.search(rule["not_beside"], cell) for cell in header):
        return False
    if not any(re.search(rule.get("beside", ""), cell) for cell in header) or {*rule.get("without", ())} & {
        *best.columns
    }:
        return False
    for index in (i for i, cell in enumerate(header) if re.search(rule["headed"], cell)):
        found = [bool(re.match(rule["ids"], row[index].strip())) for row in whole or below if len(row) > index]
        if any(found) and (all(found) or not whole):
            return True
    return False


_MONEYED = {"spend", "sales", "costs"}  # roles that a list of amounts could be taken for


def _no_report(fmt: Format, meaning: str, place: Place) -> InputError:
    fix = fmt.spec["recognise"].get("instead", "export a report")
    return InputError("not_a_report", f"this is {meaning}", fix, place.name, place.line)


def _told(fmt: Format) -> Format:
    """A generic role that the user names takes headers which alone would not say what they are."""
    extra = {
        plainest(header): (canonical, "en", 99)
        for canonical, headers in fmt.get("when_told", {}).items()
        for header in headers
    }
    return Format(fmt.name, fmt.role, fmt.spec, extra | dict(fmt.aliases)) if extra else fmt


def _as_format(fmt: Format, cells: Sequence[str], mapped: tuple[Named, ...]) -> Header | None:
    """The canonical columns of a header row if it were of that format."""
    said = {folded(header): column for role, column, header in mapped if role in {fmt.role, "*"}}
    taken: dict[str, tuple[int, int]] = {}  # the rank of its header, and where it stands
    metadata: dict[int, str] = {}
    rivals: dict[str, int] = {}
    for index, cell in enumerate(cells):
        whole, bare = _keys(cell)
        hit = (said[whole], "", -2) if whole in said else column_of(fmt, cell)
        if not hit or (hit[0] in said.values() and whole not in said):
            continue
        canonical, _, rank = hit
        if bare != whole:
            metadata[index] = _metadata(whole)
        if bare != whole and (not _METADATA.match(whole) or _is_converted(whole, cells)):
            rank += _CONVERTED
        better, other = sorted([(rank, index), taken.get(canonical, (rank, index))])
        taken[canonical] = better
        if other != better and other[0] - better[0] < _CONVERTED // 2:
            rivals[canonical] = other[1]
    if not taken:
        return None
    columns = {canonical: index for canonical, (_, index) in taken.items()}
    return Header(fmt, 1, None, list(cells), columns, metadata=metadata, rivals=rivals)


def _is_converted(whole: str, cells: Sequence[str]) -> bool:
    """Whether “Total (USD)” stands beside “Total” and the currency that this one is in.

    >>> _is_converted("total (usd)", ["Currency", "Total", "Total (USD)"]), _is_converted("total (usd)", ["Total"])
    (True, False)
    """
    bare, said = _parted(whole)
    return _is_currency(said) and {bare, "currency"} <= {folded(cell) for cell in cells}


def _language(header: Header) -> str:
    """The language most of the recognised headers are written in; of equals the first the format lists."""
    votes: dict[str, int] = {}
    for canonical, index in header.columns.items():
        keys = {*_keys(header.names[index]), *map(plainest, _keys(header.names[index]))}
        for language, headers in header.format.spec["columns"].get(canonical, {}).items():
            if keys & {fold(h) for h in listed(headers) for fold in (folded, plainest)}:
                votes[language] = votes.get(language, 0) + 1
    return max(votes, key=lambda language: votes[language]) if votes else "en"


def _accept(header: Header, place: Place, *, told: bool) -> None:
    """Score a header: the title above it first, then a platform before the generic roles, then its matches."""
    fmt, spec = header.format, header.format.get("recognise", {})
    present = {_keys(name)[0] for name in header.names} | {_keys(name)[1] for name in header.names}
    rejected = spec.get("reject", {}).keys() | set(spec.get("never", ()))
    if present & {folded(word) for word in rejected}:
        return
    if fmt.name == GENERIC:
        header.score = _generic_score(header, told)
        return
    if spec.get("blank_header") == "first" and not header.names[0].strip():
        header.columns.setdefault("name", 0)
    if not all(column in header.columns for column in spec.get("all", ())):
        return
    titled = is_titled(header, place.above)
    named = "file" in spec and re.search(spec["file"], folded(PurePosixPath(place.name).name)) is not None
    marked = all(any(_marked(header, mark, present, place) for mark in group) for group in spec.get("any", ()))
    if marked or named or titled:
        header.score = (3 if titled else 2, len(header.columns), 0)


def is_titled(header: Header, above: Sequence[str] | None = None) -> bool:
    """Whether a line above the header, or one of those given, is the title of the platform's report."""
    titles = header.format.get("recognise", {}).get("title", ())
    lines = [folded(line.strip(_PADDING)) for line in (header.preamble if above is None else above)]
    return any(re.search(title, line) for title in titles for line in lines)


def _marked(header: Header, mark: str, present: set[str], place: Place) -> bool:
    """Whether a mark of a format is there: a column of its own, a header's literal text, or a first one left blank."""
    if mark:
        return mark in header.columns if mark in header.format.spec["columns"] else folded(mark) in present
    patterns = [re.compile(pattern) for pattern in header.format.spec["recognise"].get("cells", ())]
    cells = [folded(cell) for row in place.below for cell in row]
    alike = not cells or any(pattern.search(cell) for pattern in patterns for cell in cells)
    return not header.names[0].strip() and alike


def _generic_score(header: Header, told: bool) -> tuple[int, int, int]:
    """How well a hand-made header fits a role; one that the user names needs less, usually its first group only."""
    spec, columns = header.format.spec, header.columns
    if _lacks(header.format, columns, told=told):
        return (0, 0, 0)
    if not told and _is_another(header):
        return (0, 0, 0)
    marks = sum(1 for mark in spec.get("marks", ()) if mark in columns)
    return (1, marks, len(columns))


def _is_another(header: Header) -> bool:
    """Whether a header has a column that no file of the role has, such as the telephones of a list of people."""
    spec = header.format.spec
    is_open, headed = header.columns.keys().isdisjoint(spec.get("sure", ())), partial(_is_headed, cells=header.names)
    if is_open and headed(spec.get("unless_headed")):
        return True
    if is_open and headed(spec.get("kinds_headed")) and not headed(spec.get("ads_headed")):
        return True
    if "refunded" not in header.columns and _is_headed(spec.get("refunds_headed"), header.names):
        return True
    if {*header.columns}.isdisjoint(_MARKETED) and headed(spec.get("ledger_headed")):
        return True
    if {*header.columns}.isdisjoint(_BUYERS) and headed(spec.get("bills_headed")):
        return True
    return not {*header.columns, *_meant_elsewhere(header)}.isdisjoint(spec.get("unless", ()))


_BUYERS = {"customer_id", "email"}
_MARKETED = {"platform", "channel", "campaign", "source", "impressions", "clicks"}


def _is_headed(pattern: str | None, cells: Iterable[str]) -> bool:
    return pattern is not None and any(re.search(pattern, _keys(plainest(cell).strip())[1]) for cell in cells)


def _meant_elsewhere(header: Header) -> set[str]:
    """What the headers that this role does not know mean in the other roles."""
    strange = [cell for cell in header.names if not column_of(header.format, cell)]
    hits = (column_of(fmt, cell) for fmt in catalogue() if fmt.name == GENERIC for cell in strange)
    return {hit[0] for hit in hits if hit}


def _two_roles(name: str, line: int, rivals: Sequence[Header]) -> InputError:
    roles = [rival.format.role for rival in rivals]
    options = " or ".join(f"--{role}" for role in roles)
    return InputError("role_open", f"this could be {' or '.join(roles)}", f"say which with {options}", name, line)


def _no_header(
    lines: Sequence[str], rows: Sequence[tuple[int, str, list[str]]], place: Place, wish: Wish
) -> InputError:
    for fmt in catalogue():
        for word, meaning in fmt.get("recognise", {}).get("reject", {}).items():
            for number, text in enumerate(lines[:_SCAN], 1):
                if any(folded(word) in {folded(c) for c in split(text, d)} for d in DELIMITERS):
                    return _no_report(fmt, meaning, Place(place.name, number))
    is_prose = PurePosixPath(place.name).suffix.lower() == ".txt" and not sets_figures(aligned(lines))
    if rows:
        line, _, cells = rows[0]
        return unknown_table(cells, Place(place.name, line), wish, is_prose=is_prose)
    return (NoTable if is_prose else InputError)(
        "no_header",
        "no header row with known column names in the first 30 lines",
        "add one, or name columns with --map ROLE.COLUMN=HEADER",
        place.name,
        1,
    )


def unknown_table(cells: Sequence[str], place: Place, wish: Wish, *, is_prose: bool) -> InputError:
    """What to say of a header that makes no kind of file, and what settles it."""
    is_prose = is_prose and sum(map(is_known, cells)) < 2  # names and addresses alone may be a list of leads
    if not is_prose and (named := _lost(cells, place, wish)):
        return no_such_column(cells, place, named)
    if len(months := [cell for cell in cells if names_month(cell)]) > 1:
        said = f"{quoted(months[0].strip())} and {quoted(months[1].strip())} are columns of their own"
        fix = "put the month in one column and the amount in another, with a row for each month"
        raise InputError("columns_unknown", said, fix, place.name, place.line)
    sales = next(f for f in catalogue() if f.name == GENERIC and f.role == "sales")
    if not wish.wanted.role and _is_headed(sales.spec.get("refunds_headed"), cells):
        fix = "add what went back to the list of orders, in a column Refunded; if its rows are orders, say --sales FILE"
        return InputError("not_a_report", "this is a list of refunds", fix, place.name, place.line)
    money = {"amount", "revenue", "amount_net", "price"}
    if not wish.wanted.role and _is_ledger(cells):
        fix = "put the sales and the costs into files of their own"
        raise InputError("not_a_report", "this is a ledger of income and expenses", fix, place.name, place.line)
    if not wish.wanted.role and _is_headed(sales.spec["bills_headed"], cells):
        said = "amounts beside suppliers could be costs, what ads cost, or sales"
        fix = "say which with --costs FILE, --spend FILE or --sales FILE"
        return InputError("role_open", said, fix, place.name, place.line)
    if not wish.wanted.role and any((column_of(sales, cell) or ("",))[0] in money for cell in cells):
        said = "an amount without an order, customer or product column could be spend, sales or costs"
        fix = "say which with --spend FILE, --sales FILE or --costs FILE"
        return InputError("role_open", said, fix, place.name, place.line)
    if not wish.wanted.role and (spent := _spent_by_someone(cells)):
        said = f"{quoted(spent)} could be what ads cost, or what each customer spent"
        fix = "say --spend FILE if ads cost it, --costs FILE if other things did; leave a list of customers out"
        return InputError("role_open", said, fix, place.name, place.line)
    seen = ", ".join(quoted(cell) for cell in cells[:6])
    said = f"the columns ({seen}) do not make a kind of file that is known"
    fix = _way_out(cells, wish)
    return (NoTable if is_prose else InputError)("columns_unknown", said, fix, place.name, place.line)


def _lost(cells: Sequence[str], place: Place, wish: Wish) -> Named | None:
    """A header that is named and not there: for this table in kpi.yml, or so that it is not known without it."""
    have = {folded(cell) for cell in cells}
    lost = [named for named in wish.mapped if folded(named[2]) not in have]
    if of_this := next((named for named in lost if named[0] == "*"), None):
        return of_this
    without = read_header(cells, place, (), wish.wanted) if lost else None
    return next((named for named in lost if without and named[0] == without.format.role), None)


def no_such_column(cells: Sequence[str], place: Place, named: Named) -> InputError:
    """What to say of a header that is named and not there."""
    _, column, header = named
    said = f"there is no column {quoted(header)} to be read as {column}"
    fix = did_you_mean(header, [cell.strip() for cell in cells if cell.strip()], "write it as the file's header does")
    return InputError("no_such_column", said, fix, place.name, place.line)


def _is_ledger(cells: Sequence[str]) -> bool:
    """Whether a header has both what came in and what went out."""
    formats = [f for f in catalogue() if f.name == GENERIC and "ledger_headed" in f.spec]
    spent = any((column_of(fmt, cell) or ("",))[0] == "cost" for fmt in formats for cell in cells)
    return spent and _is_headed(formats[0].spec["ledger_headed"], cells)


def _spent_by_someone(cells: Sequence[str]) -> str | None:
    """The header of a cost, unless an address beside it makes the file a list of people beyond doubt."""
    spend = next(f for f in catalogue() if f.name == GENERIC and f.role == "spend")
    header = _as_format(spend, cells, ())
    if header is None or "cost" not in header.columns or "email" in _meant_elsewhere(header):
        return None
    return cells[header.columns["cost"]].strip()


def _way_out(cells: Sequence[str], wish: Wish) -> str:
    """What would make a file of a header: its role, where that suffices, else the columns that it lacks."""
    if wish.wanted.format not in {None, GENERIC}:
        return "leave out its format, or export the file again"
    told, lacking = [], list[tuple[int, int, list[str]]]()
    for fmt in (f for f in catalogue() if f.name == GENERIC and wish.wanted.role in {None, f.role}):
        header = _as_format(_told(fmt), cells, wish.mapped)
        have = set(header.columns) if header else set()
        if wish.wanted.role is None and have & set(fmt.get("unless", ())):
            continue
        if "email" in have and "needs_when_told" in fmt.spec and not _lacks(fmt, have, told=True):
            told.append(fmt.role)
        missing = _lacks(fmt, have, told=wish.wanted.role is not None)
        lacking.append((len(missing), -len(have), [f"--map {fmt.role}.{column}=HEADER" for column in missing]))
    if told:
        return f"if its rows are {told[0]}, say --{told[0]} FILE"
    fewest, most, _ = min(lacking, key=lambda one: one[:2], default=(0, 0, []))
    ways = [" ".join(maps) for count, known, maps in lacking if maps and (count, known) == (fewest, most)]
    return f"name what is missing: {' or '.join(ways[:2])}" if ways else "name one with --map ROLE.COLUMN=HEADER"


def _lacks(fmt: Format, have: Collection[str], *, told: bool) -> list[str]:
    """A column of each list of which a role needs one and has none."""
    spec = fmt.spec
    needs = spec.get("needs_when_told", spec["needs"][:1]) if told else spec["needs"]
    return list(dict.fromkeys(group[0] for group in needs if not any(column in have for column in group)))
