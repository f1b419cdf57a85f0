"""`kpi roi`: return on investment, from files or from two figures."""

from __future__ import annotations

from typing import Annotated

import typer

from kpi_cli.commands.options import Common, KpiCommand, amount_of, asked, by_hand, figure, shared
from kpi_cli.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("roi", cls=KpiCommand)(roi)


@shared
def roi(
    files: Annotated[list[str] | None, typer.Argument(help="Exports; kpi.yml's sources when none is given.")] = None,
    revenue: Annotated[
        str | None, typer.Option("--revenue", help="Calculator: revenue of a period.", show_default=False)
    ] = None,
    cost: Annotated[
        str | None, typer.Option("--cost", help="Calculator: cost of the same period.", show_default=False)
    ] = None,
    training: Annotated[
        str | None,
        typer.Option("--training", help="Costs and gain of a training, in YAML.", metavar="FILE", show_default=False),
    ] = None,
    *,
    common: Common,
) -> int:
    """Return on investment: what came back for what was spent.

    kpi roi exports/*.csv --by channel --month 2026-10
    """
    from kpi_cli.commands.answering import deliver
    from kpi_cli.questions.roi import calculate
    from kpi_cli.questions.roi import roi as question

    if training is not None:
        from pathlib import Path

        from kpi_cli.questions.training import training_roi
        from kpi_cli.training import load_training

        if revenue is not None or cost is not None:
            raise UsageError("figures_and_files", "figures and files cannot be asked together", "leave one of them out")
        return deliver(training_roi(asked(files, common), load_training(Path(training))), common)
    if revenue is None and cost is None:
        return deliver(question(asked(files, common)), common)
    income, spent = figure(revenue, "--revenue"), amount_of(cost, "--cost")
    if income is None or spent is None:
        missing = "--revenue" if income is None else "--cost"
        raise UsageError("figure_missing", f"{missing} is missing", "a calculator needs --revenue and --cost")
    ask = by_hand(files, common)
    result = calculate(income, spent, ask.margin)
    result.currency = ask.reading.currency
    return deliver(result, common)
