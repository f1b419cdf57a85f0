"""`kpi report`: the answers of a period on one page."""

from __future__ import annotations

from typing import Annotated

import typer
from msgspec.structs import replace

from kpi_cli.commands.options import Common, KpiCommand, asked, shared


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("report", cls=KpiCommand)(report)


@shared
def report(
    files: Annotated[list[str] | None, typer.Argument(help="Exports; kpi.yml's sources when none is given.")] = None,
    *,
    common: Common,
) -> int:
    """All answers of a period on one page, with what changed and why.

    kpi report --last month -o reports/{month}.html
    """
    from kpi_cli.commands.answering import deliver
    from kpi_cli.commands.options import settle_language
    from kpi_cli.questions.report import report as question

    ask = asked(files, common)
    if not common.compare:  # a --fail-if of a change wants an earlier period, which a report has
        ask = replace(ask, period=replace(ask.period, compare=None))
    settle_language(common, ask.config.report.lang or ask.config.lang)
    return deliver(question(ask), common)
