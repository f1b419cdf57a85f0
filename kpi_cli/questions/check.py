"""Check: what each file was taken for, where every row went, and whether its own totals agree."""

from __future__ import annotations

from kpi_cli.ask import OF_COST, ROWS, Ask, without
from kpi_cli.errors import KpiError, UsageError
from kpi_cli.exports.reading import read
from kpi_cli.opening import asked_files, inline_tables
from kpi_cli.result import CheckResult
from kpi_cli.trust import trust_errors


def check(ask: Ask) -> tuple[CheckResult, list[KpiError]]:
    """Every file of the question as contract §7 lists it, and the errors of those that were refused.

    Raises:
        UsageError: no files, or an option that asks for a part of them.
    """
    from msgspec.structs import replace

    without(ask, ROWS + OF_COST, "files are checked whole")
    files = asked_files(ask)
    inline = inline_tables(ask)
    if not files and not inline:
        raise UsageError("no_files", "there is nothing to check", "name files: kpi check exports/*.csv")
    store = read(files, replace(ask.reading, every_id=True), inline)
    errors = [s.error for s in store.sources if s.error]
    notes = [n for s in store.sources for n in s.notes]
    if ask.reading.strict and not errors:
        errors = trust_errors(notes)
    return CheckResult([s.to_dict() for s in store.sources], notes), errors
