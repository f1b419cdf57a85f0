"""Rows that repeat others of any file: tables that slice one whole, and rows without an id that stand twice."""

from __future__ import annotations

from msgspec.structs import replace

from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.roles import kind
from kpi_cli.exports.tables import Source, Store
from kpi_cli.texts import note


def slices_of_one(store: Store, role: str) -> None:
    """Of several tables of one platform those by day carry the totals; the others repeat them and are not added.

    A table of events repeats no visits: what it counts stands nowhere else.
    """
    formats: dict[str, list[tuple[Source, frozenset[str]]]] = {}
    for source in store.of_role(role):
        sheet = source.sheet
        if sheet and sheet.header.format.get("totals_from") and not (sheet.header.companion or sheet.has("event")):
            columns = frozenset(c for c in sheet.columns if kind(c) in {"text", "day"})
            formats.setdefault(str(source.format), []).append((source, columns))
    for tables in formats.values():
        days = {c for source, _ in tables if source.sheet for c in source.sheet.header.format.get("totals_from")}
        whole = next((columns for _, columns in tables if columns & days), tables[0][1])
        for source, columns in tables:
            if columns != whole:
                store.leave_out(source, "seen_in_other_file")
                told = note("reslice", file=source.file, slices=", ".join(sorted(columns)))
                source.extra_notes.append(replace(told, trust=not whole & days))  # the days hold the whole


def again_in_files(store: Store, role: str, options: ReadOptions) -> None:
    """Rows without an id that an earlier file holds too: kept with a note, or left out when the user says so."""
    numbers = {s.number: s for s in store.of_role(role) if not s.is_folded and s.sheet and not s.sheet.has("order_id")}
    if len(numbers) < 2:
        return
    same = ", ".join(f'"{c}"' for c in store.columns[role] if c not in {"file", "line", "fate"})
    again = f"""SELECT file, line FROM {role} WHERE fate IS NULL AND file IN ({", ".join(map(str, numbers))})
                QUALIFY file > min(file) OVER (PARTITION BY {same})"""
    for number, line, count in store.rows(f"SELECT file, min(line), count(*) FROM ({again}) GROUP BY file"):
        if not options.dedupe:
            source = numbers[number]
            source.extra_notes.append(note("duplicates_kept", file=source.file, line=line, count=count))
    if options.dedupe:
        store.con.execute(
            f"""UPDATE {role} SET fate = 'seen_in_other_file' FROM ({again}) AS again
                WHERE {role}.file = again.file AND {role}.line = again.line"""
        )


def repeated_rows(store: Store, role: str, options: ReadOptions) -> None:
    """Rows without an id that repeat another of any file: kept with a note, or left out when the user says so."""
    sources = store.of_role(role)
    if not options.dedupe and any(source.checks == "rows" for source in sources):
        return
    alike = ", ".join(f'"{c}"' for c in store.columns[role] if c not in {"file", "line", "fate"})
    if not store.rows(f"SELECT 1 FROM {role} WHERE fate IS NULL GROUP BY {alike} HAVING count(*) > 1 LIMIT 1"):
        return
    again = f"""FROM {role} WHERE fate IS NULL
                QUALIFY row_number() OVER (PARTITION BY {alike} ORDER BY file, line, rowid) > 1"""
    if options.dedupe:
        store.con.execute(f"UPDATE {role} SET fate = 'duplicate' WHERE rowid IN (SELECT rowid {again})")
        return
    for number, line, count in store.rows(
        f"SELECT file, min(line), count(*) FROM (SELECT file, line {again}) GROUP BY file ORDER BY file"
    ):
        source = next(source for source in sources if source.number == number)
        source.extra_notes.append(note("duplicates_kept", file=source.file, line=line, count=count))


def mostly_in(store: Store, source: Source, other: Source, counted: str, alike: str) -> list[int | None]:
    """The first line of a source whose rows stand in another one of its role, if most of them do; else none.

    Args:
        store: the tables.
        source: one source.
        other: another one of its role.
        counted: SQL of which rows `a` are looked for.
        alike: SQL of what makes `a` and a row `b` of the other one the same.
    """
    role, there = source.role, f"FROM {source.role} b WHERE b.file = {other.number} AND b.fate IS NULL AND {alike}"
    found = store.rows(
        f"""SELECT min(line) FILTER (is_there) FROM (
              SELECT line, EXISTS ({there}) AS is_there FROM {role} a
              WHERE a.file = {source.number} AND a.fate IS NULL AND {counted})
            HAVING 2 * count(*) FILTER (is_there) > count(*)"""
    )
    return [line for (line,) in found]
