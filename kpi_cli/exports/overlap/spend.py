"""Spend that two files hold: the same rows in overlapping downloads, or the same spend sliced in two ways."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations

from kpi_cli.errors import InputError
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.overlap.repeats import mostly_in
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.roles import TABLES, kind
from kpi_cli.exports.tables import Source, Store
from kpi_cli.texts import note

_SLICES = (
    "age",
    "gender",
    "placement",
    "publisher",
    "device",
    "network",
    "keyword",
    "search_term",
    "demographic",
    "region",
    "product",
)
_PARTIAL = {"age", "gender", "placement", "publisher", "device", "keyword", "search_term", "demographic"}
_LEVELS = ("ad_group", "adset", "ad")
_FIGURES = ("cost", "impressions", "clicks")
_TELL_NOTHING = {"status", "campaign_status", "format_channel", "currency"}
_EXACT = 'a."start" = b."start" AND a."end" = b."end"'
_CROSSING = 'a."start" <= b."end" AND b."start" <= a."end"'


def settle_spend(store: Store, options: ReadOptions) -> list[InputError]:
    """Mark rows of spend that another file holds; the errors where files contradict or slice each other."""
    sources = store.of_role("spend")
    for source in sources:
        sliced = _grain(source) & _PARTIAL
        if sliced:
            source.extra_notes.append(note("reslice", file=source.file, slices=", ".join(sorted(sliced))))
    if options.separate_accounts:
        return []
    errors: list[InputError] = []
    # Of rows that two files hold, those of the file that says more are kept.
    for one, other in combinations(sorted(sources, key=lambda s: -len(_known(s))), 2):
        if one.format == other.format and not (_apart(one) or _apart(other)):
            found = _compare(store, one, other)
            if found:
                errors.append(found)
    return errors or _parts_of_a_whole(store, sources) or _kept_by_hand(store, sources)


def _kept_by_hand(store: Store, sources: Sequence[Source]) -> list[InputError]:
    """A hand-made list of what a platform's own file holds too: most rows of one, by campaign, day and cost."""
    alike = f"lower(trim(b.campaign)) = lower(trim(a.campaign)) AND b.cost = a.cost AND {_EXACT}"
    listed = [source for source in sources if "campaign" in _known(source) and not _apart(source)]
    for one, other in permutations(listed, 2):
        if one.format == other.format or GENERIC not in {one.format, other.format}:
            continue
        for line in mostly_in(store, one, other, "a.campaign IS NOT NULL AND a.cost > 0", alike):
            said = f"most of this spend stands in {other.file}, too"
            fix = "give one of them, or say --accounts separate if they are two accounts"
            return [InputError("reslice", said, fix, one.file, line)]
    return []


def _parts_of_a_whole(store: Store, sources: Sequence[Source]) -> list[InputError]:
    """A file whose days cost what several others say together, each a part of it, is their sum."""
    kinds: dict[tuple[str | None, frozenset[str]], list[Source]] = {}
    for source in sources:
        if not _apart(source):
            kinds.setdefault((source.format, frozenset(_names(source))), []).append(source)
    for ((one, names), parts), ((other, its_names), wholes) in permutations(kinds.items(), 2):
        for whole in wholes if one == other and not names & its_names and len(parts) > 1 else ():
            if found := _same_days(store, parts, whole, stated=False):
                return [found]
    return []


def _apart(source: Source) -> bool:
    """Whether the user says of a file that its rows are of an account of their own."""
    return source.sheet is not None and source.sheet.options.separate_accounts


def _grain(source: Source) -> set[str]:
    columns = source.sheet.columns if source.sheet else {}
    return {c for c in (*_SLICES, *_LEVELS) if c in columns}


def _compare(store: Store, one: Source, other: Source) -> InputError | None:
    """Two files of one format: rows of one account that overlap are the same rows, or there is no telling."""
    account = next((c for c in ("account_id", "account") if _both(one, other, c)), None)
    if account is None and _both(one, other, "campaign_id"):
        account = "campaign_id"
    same_account = f'a."{account}" = b."{account}"' if account else "true"
    overlap = f"""a.file = {one.number} AND b.file = {other.number} AND a.fate IS NULL AND b.fate IS NULL
        AND {same_account} AND {_CROSSING}"""
    stated = account is not None
    if _grain(one) != _grain(other):
        again = store.rows(f"SELECT min(b.line) FROM spend a, spend b WHERE {overlap}")[0][0]
        return _twice(one.file, other, again, stated, "slice the same spend in two ways") if again else None
    shared = _names(one) & _names(other) & store.columns["spend"].keys()
    if not shared and _names(one) != _names(other):
        return _same_days(store, [one], other, stated=stated)
    return _same_rows(store, one, other, shared, stated)


def _same_days(store: Store, parts: Sequence[Source], other: Source, *, stated: bool) -> InputError | None:
    """Files without a name in common are of different things, unless each day of both sides cost the same."""
    first, second = (_summed(sources, [], ["cost"]) for sources in (parts, [other]))
    agree, differ, line = store.rows(
        f"""SELECT count(*) FILTER (a.cost = b.cost AND a.cost <> 0), count(*) FILTER (a.cost <> b.cost), min(b.line)
            FROM {first} a JOIN {second} b ON {_EXACT} AND {_alike([])}"""
    )[0]
    files = " and ".join(part.file for part in parts)
    return _twice(files, other, line, stated, "slice the same spend in two ways") if agree and not differ else None


def _same_rows(store: Store, one: Source, other: Source, names: set[str], stated: bool) -> InputError | None:
    """Rows of two files that are of one day and name: the same rows, or there is no telling."""
    figures = [c for c in _FIGURES if c == "cost" or _both(one, other, c)]
    first, second = (_summed([source], sorted(names), figures) for source in (one, other))
    alike = _alike(sorted(names))
    same = " AND ".join(f"a.{c} IS NOT DISTINCT FROM b.{c}" for c in figures)
    numbers = {*TABLES["spend"].numeric}
    more = (_names(other) | (_known(other) & numbers)) - (_names(one) | _known(one))
    for condition, said in (
        (f"{_EXACT} AND NOT ({same})", "state different figures for the same day and campaign"),
        (f"NOT ({_EXACT}) AND {_CROSSING}", "cover the same campaign with overlapping periods"),
        (_EXACT if more else "false", "hold the same spend, and each says what the other does not"),
    ):
        sql = f"SELECT min(b.line) FROM {first} a, {second} b WHERE {alike} AND {condition}"
        if again := store.rows(sql)[0][0]:
            return _twice(one.file, other, again, stated, said)
    store.con.execute(
        f"""UPDATE spend b SET fate = 'seen_in_other_file' FROM {first} a
            WHERE b.file = {other.number} AND b.fate IS NULL AND {_EXACT} AND {alike}"""
    )
    return None


def _summed(sources: Sequence[Source], names: Sequence[str], figures: Sequence[str]) -> str:
    """SQL of some files' figures by day, name and currency, with the first line of each."""
    listed = ", ".join(f'"{c}"' for c in ("start", "end", "currency", *names))
    sums = ", ".join(f"sum({c}) AS {c}" for c in figures)
    files = ", ".join(str(source.number) for source in sources)
    rows = f"FROM spend WHERE file IN ({files}) AND fate IS NULL"
    return f"(SELECT {listed}, {sums}, min(line) AS line {rows} GROUP BY {listed})"


def _alike(names: Sequence[str]) -> str:
    return " AND ".join(f'a."{c}" IS NOT DISTINCT FROM b."{c}"' for c in ("currency", *names))


def _names(source: Source) -> set[str]:
    """The columns of a file that tell one spend from another."""
    return {c for c in _known(source) if kind(c) == "text" and c not in _TELL_NOTHING}


def _both(one: Source, other: Source, column: str) -> bool:
    return column in _known(one) and column in _known(other)


def _known(source: Source) -> set[str]:
    if source.sheet is None:
        return set()
    return set(source.sheet.columns) | ({"account"} if source.sheet.account else set())


def _twice(one: str, other: Source, line: int, stated: bool, said: str) -> InputError:
    fix = "give only one of them" if stated else "give only one, or say --accounts separate if they are two accounts"
    return InputError("reslice", f"{one} and this file {said}", fix, other.file, line)
