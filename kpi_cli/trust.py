"""Trust: what --strict refuses (contract §5): notes on trust, exit 3; then missing days, exit 5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kpi_cli.errors import InputError, KpiError, NoDataError, Refusals
from kpi_cli.result import Note

TRUST = frozenset(
    [
        "control_total_differs",
        "unknown_cells",
        "currency_unstated",
        "tax_included",
        "duplicates_kept",
        "new_customers_overstated",
        "truncated_source",
        "reslice",
        "channel_assumed",
        "mojibake_repaired",
    ]
)


def trust_errors(notes: Iterable[Note]) -> list[KpiError]:
    """Notes on trust as the refusals they are under --strict."""
    fix = "mend it, or leave --strict out"
    return [InputError(n.code, n.text, fix, n.file, n.line) for n in notes if n.code in TRUST and n.trust]


def insist(notes: Iterable[Note]) -> None:
    """Under --strict, notes on trust are refusals and a partly covered period is missing data.

    Raises:
        Refusals: one error for each note on trust.
        NoDataError: a file covers less of the period than its role does.
    """
    told = list(notes)
    if errors := trust_errors(told):
        raise Refusals(errors)
    for found in told:
        if found.code == "incomplete_period":
            raise NoDataError("incomplete_period", found.text, "wait for the missing days", found.file)


@contextmanager
def trust_first(notes: Iterable[Note], *, strict: bool) -> Iterator[None]:
    """Within it, missing data are told only where the notes so far hold nothing that --strict refuses.

    Raises:
        Refusals: one error for each note on trust.
    """
    try:
        yield
    except NoDataError:
        if strict and (errors := trust_errors(notes)):
            raise Refusals(errors) from None
        raise
