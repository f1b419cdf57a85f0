"""What several files say twice: counted once, or refused, never added (contract §3).

sales    the same id in two downloads; one shop in a storefront's and a processor's files
spend    the same rows in overlapping downloads; the same spend sliced in two ways
leads    the same person in two downloads, or as a contact and as the deal that came of it
search   the tables of one download, each of which slices the same clicks; likewise traffic
costs    rows that repeat another, in the same file or in another one: kept and said, or left out; likewise touches
"""

from __future__ import annotations

from kpi_cli.errors import InputError
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.overlap.leads import settle_leads
from kpi_cli.exports.overlap.repeats import again_in_files, repeated_rows, slices_of_one
from kpi_cli.exports.overlap.sales import settle_sales
from kpi_cli.exports.overlap.spend import settle_spend
from kpi_cli.exports.tables import Store


def settle_overlaps(store: Store, options: ReadOptions) -> list[InputError]:
    """Mark rows that another file already holds; the errors where files contradict each other."""
    errors: list[InputError] = []
    given = store.columns.keys()
    if "sales" in given:
        errors += settle_sales(store, options)
    if "leads" in given:
        errors += settle_leads(store)
    for role in ("search", "traffic"):
        if role in given:
            slices_of_one(store, role)
    if "spend" in given:
        errors += settle_spend(store, options)
    for role in ("sales", "mail", "social"):
        if role in given:
            again_in_files(store, role, options)
    for role in ("costs", "touches"):
        if role in given:
            repeated_rows(store, role, options)
    return errors
