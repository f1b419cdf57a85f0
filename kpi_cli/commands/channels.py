"""`kpi channels`: where customers come from, and which touches are credited with them."""

from __future__ import annotations

from typing import Annotated

import typer

from kpi_cli.commands.options import Common, KpiCommand, asked, shared
from kpi_cli.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("channels", cls=KpiCommand)(channels)


@shared
def channels(
    files: Annotated[list[str] | None, typer.Argument(help="Exports; kpi.yml's sources when none is given.")] = None,
    why: Annotated[
        str | None,
        typer.Option(
            "--why", help="Which rule decides its channel.", metavar="SOURCE/MEDIUM[/CAMPAIGN]", show_default=False
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Credit touches: first, last, last-non-direct, linear, position, time-decay, markov, shapley or all.",
            show_default=False,
        ),
    ] = None,
    half_life: Annotated[
        str | None,
        typer.Option("--half-life", help="Of time-decay: a touch that much older weighs half; 7d.", show_default=False),
    ] = None,
    *,
    common: Common,
) -> int:
    """Where customers come from, and which touches are credited.

    kpi channels exports/*.csv costs.yaml --month 2026-10
    """
    from kpi_cli.commands.answering import deliver
    from kpi_cli.period import parse_duration
    from kpi_cli.questions import channels as questions

    ask = asked(files, common)
    if why is not None and model is not None:
        raise UsageError("two_questions", "--why and --model are two questions", "ask one of them")
    if half_life is not None and (model or "").casefold().replace("_", "-") not in {"time-decay", "all"}:
        raise UsageError("no_time_decay", "--half-life is of time-decay", "add --model time-decay, or leave it out")
    if why is not None:
        return deliver(questions.why(ask, why), common)
    if model is not None:
        from kpi_cli.questions.attribution import attribution

        days = float(parse_duration(half_life or "7d", "--half-life").days)
        return deliver(attribution(ask, model, days), common)
    return deliver(questions.channels(ask), common)
