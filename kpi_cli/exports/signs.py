"""Costs that are kept below zero, as money that left: added as they stand, they would be a gain.

refuse_negative(sheet)
"""

from __future__ import annotations

from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.subtotals import value


def refuse_negative(sheet: Sheet) -> None:
    """Refuse hand-made costs none of which is above zero; one below zero among others is a credit.

    Raises:
        InputError: the costs are kept below zero.
    """
    if sheet.role not in {"spend", "costs"} or sheet.header.format.name != GENERIC or not sheet.has("cost"):
        return
    index, first = sheet.columns["cost"], None
    for record in sheet.records():
        if record.line in sheet.left_out:
            continue
        cost = value(sheet, record, index)
        if cost > 0:
            return
        if cost and first is None:
            first = record.line
    if first is not None:
        said = "every cost is below zero, and would count as money that came back"
        fix = "write what was spent without the minus, and a credit in the file of the costs it lessens"
        raise sheet.error("negative_costs", said, fix, first, index)
