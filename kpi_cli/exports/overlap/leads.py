"""Leads that two files hold: the same person in two downloads, or as a contact and as the deal that came of it."""

from __future__ import annotations

from itertools import combinations

from kpi_cli.errors import InputError
from kpi_cli.exports.tables import Source, Store
from kpi_cli.texts import note


def settle_leads(store: Store) -> list[InputError]:
    """Mark leads that are counted already; the error where counts stand beside other counts of the same."""
    errors = _counted_twice(store)
    _deals_of_contacts(store)
    _same_leads(store)
    _tell_again(store)
    return errors


def _deals_of_contacts(store: Store) -> None:
    """A deal is what became of a lead: where one platform's contacts are given too, its deals count none."""
    lists: dict[str, list[Source]] = {}
    for source in store.of_role("leads"):
        lists.setdefault(str(source.format), []).append(source)
    for sources in lists.values():
        deals = [source for source in sources if _is_of_deals(source)]
        for source in deals if len(deals) < len(sources) else ():
            store.leave_out(source, "seen_in_other_file")
            source.extra_notes.append(note("deals_left_out", file=source.file))


def _is_of_deals(source: Source) -> bool:
    sheet = source.sheet
    return sheet is not None and any(sheet.has(column) for column in sheet.header.format.get("deal_columns", ()))


def _same_leads(store: Store) -> None:
    """One person, one lead: by the id within a platform, and over files by address and day; the earliest row stays."""
    store.ensure("leads", "lead_id", "customer")
    listed = [source for source in store.of_role("leads") if source.sheet and not source.sheet.has("leads")]
    store.con.execute("CREATE OR REPLACE TEMP TABLE lead_lists (file INTEGER, format VARCHAR)")
    if listed:
        rows = [(source.number, str(source.format)) for source in listed]
        store.con.executemany("INSERT INTO lead_lists VALUES (?, ?)", rows)
    for known, same, other in (
        ("lead_id IS NOT NULL", "format, lead_id", "true"),
        ("customer IS NOT NULL", 'customer, "start"', "again.file <> first"),
    ):
        store.con.execute(
            f"""UPDATE leads SET fate = CASE WHEN again.file = first THEN 'duplicate' ELSE 'seen_in_other_file' END
                FROM (SELECT file, line, first(file) OVER same AS first, row_number() OVER same AS nth
                      FROM leads JOIN lead_lists USING (file) WHERE fate IS NULL AND {known}
                      WINDOW same AS (PARTITION BY {same} ORDER BY "start", file, line)) AS again
                WHERE leads.file = again.file AND leads.line = again.line AND nth > 1 AND {other}"""
        )


def _tell_again(store: Store) -> None:
    """Who asks again is a lead again, for leads are events; how many did is told."""
    again = """SELECT file, line FROM leads WHERE fate IS NULL AND customer IS NOT NULL
               QUALIFY row_number() OVER (PARTITION BY customer ORDER BY "start", file, line) > 1"""
    for number, line, count in store.rows(f"SELECT file, min(line), count(*) FROM ({again}) GROUP BY file"):
        source = next(s for s in store.of_role("leads") if s.number == number)
        source.extra_notes.append(note("leads_again", file=source.file, line=line, count=count))


def _counted_twice(store: Store) -> list[InputError]:
    """Counts of leads beside other counts of the same, or beside a list of people: there is no telling them apart."""
    texts = [name for name, kind in store.columns["leads"].items() if kind == "VARCHAR" and name != "fate"]
    alike = " AND ".join(f'a."{name}" IS NOT DISTINCT FROM b."{name}"' for name in ("start", "end", *texts))
    same_days = 'a."start" <= b."end" AND b."start" <= a."end"'
    counts = {source.number: bool(source.sheet and source.sheet.has("leads")) for source in store.of_role("leads")}
    for one, other in combinations(store.of_role("leads"), 2):
        if not (counts[one.number] or counts[other.number]):
            continue
        both = counts[one.number] and counts[other.number]
        line = store.rows(
            f"""SELECT min(b.line) FROM leads a, leads b
                WHERE a.file = $1 AND b.file = $2 AND a.fate IS NULL AND b.fate IS NULL
                  AND {alike if both else same_days}""",
            [one.number, other.number],
        )[0][0]
        if line:
            text = f"{one.file} and this file count the same leads"
            return [InputError("leads_twice", text, "give one of them, or put both in one file", other.file, line)]
    return []
