"""`kpi check`: what each file was taken for, every row accounted for."""

from __future__ import annotations

from typing import Annotated

import typer

from kpi_cli.commands.options import Common, KpiCommand, asked, shared, without_output


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("check", cls=KpiCommand)(check)


@shared
def check(
    files: Annotated[list[str] | None, typer.Argument(help="Exports; kpi.yml's sources when none is given.")] = None,
    *,
    common: Common,
) -> int:
    """What each file was taken for, and where every row went.

    kpi check exports/*.csv
    """
    from kpi_cli.commands.answering import deliver
    from kpi_cli.commands.app import report
    from kpi_cli.errors import Refusals
    from kpi_cli.questions.check import check as question

    without_output(common, ("--fail-if",), "files are checked for what they are and have no figures")
    result, errors = question(asked(files, common))
    code = deliver(result, common)
    if errors:
        return report(Refusals(errors), wants_json=common.json or common.format == "json")
    return code
