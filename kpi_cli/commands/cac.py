"""`kpi cac`: what a customer costs, from files or from figures."""

from __future__ import annotations

from typing import Annotated

import typer
from msgspec.structs import replace

from kpi_cli.commands.options import Common, KpiCommand, amount_of, asked, by_hand, count_of, shared
from kpi_cli.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("cac", cls=KpiCommand)(cac)


@shared
def cac(
    files: Annotated[list[str] | None, typer.Argument(help="Exports; kpi.yml's sources when none is given.")] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="The CAC not to be exceeded.", show_default=False)
    ] = None,
    cost: Annotated[
        str | None, typer.Option("--cost", help="Calculator: cost of a period.", show_default=False)
    ] = None,
    customers: Annotated[
        str | None,
        typer.Option("--customers", help="Calculator: customers won in it; --leads too.", show_default=False),
    ] = None,
    *,
    common: Common,
) -> int:
    """What a new customer costs, and a lead: media cost, and all cost.

    kpi cac exports/*.csv costs.yaml --by channel --month 2026-10
    """
    from kpi_cli.ask import without
    from kpi_cli.commands.answering import deliver
    from kpi_cli.questions.cac import cac as question
    from kpi_cli.questions.cac import calculate

    limit = amount_of(target, "--target")
    if cost is None and customers is None:
        return deliver(question(asked(files, common), limit), common)
    spent, won = amount_of(cost, "--cost"), count_of(customers, "--customers")
    if spent is None or won is None:
        missing = "--cost" if spent is None else "--customers"
        raise UsageError("figure_missing", f"{missing} is missing", "a calculator needs --cost and --customers")
    ask = by_hand(files, replace(common, leads=None))
    without(ask, ("--margin",), "what a customer costs is no revenue")
    counted = " and ".join(common.leads or ())  # a count here, a file elsewhere
    leads = amount_of(counted, "--leads") if counted else None
    result = calculate(spent, won, leads, limit)
    result.currency = ask.reading.currency
    return deliver(result, common)
