"""`kpi explain`: the formula, unit and source of every figure."""

from __future__ import annotations

from typing import Annotated

import typer

from kpi_cli.commands.options import Common, KpiCommand, asked, shared, without_output


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("explain", cls=KpiCommand)(explain)


@shared
def explain(
    metric: Annotated[str | None, typer.Argument(help="A measure or metric; all of them when none is given.")] = None,
    *,
    common: Common,
) -> int:
    """What a figure is: formula, unit, edge cases and source.

    kpi explain roi
    """
    from kpi_cli.ask import OF_COST, ROWS, without
    from kpi_cli.commands.answering import deliver
    from kpi_cli.questions.defining import define

    ask = asked(None, common)
    without_output(common, ("--fail-if",), "a definition has no figures")
    without(ask, ROWS + OF_COST, "a definition is the same for all files and days")
    return deliver(define(ask.config, metric), common)
