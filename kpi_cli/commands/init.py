"""`kpi init`: a first kpi.yml, from the files themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_cli.commands.options import Common, KpiCommand, asked, shared, without_output
from kpi_cli.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("init", cls=KpiCommand)(init)


@shared
def init(
    files: Annotated[list[str] | None, typer.Argument(help="The folder or files of exports.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the kpi.yml that is there.")] = False,
    *,
    common: Common,
) -> int:
    """A first kpi.yml, drafted from the files themselves.

    kpi init exports/
    """
    import sys

    from msgspec.structs import replace

    from kpi_cli.ask import OF_COST, ROWS, without
    from kpi_cli.commands import waiting
    from kpi_cli.questions.drafting import draft
    from kpi_cli.render.output import write_file, write_stdout
    from kpi_cli.safe import printable
    from kpi_cli.texts import note

    without_output(
        common, ("--fail-if", "--format", "--json", "--config"), "a draft of kpi.yml is made from files alone"
    )
    to_stdout = common.output == "-"
    target = Path(common.output or "kpi.yml")
    if target.exists() and not force and not to_stdout:
        text = f"{printable(str(target))} is there already"
        raise UsageError("file_exists", text, "add --force to replace it, or name another with -o")
    ask = asked(files, replace(common, no_config=True))
    without(ask, ROWS + OF_COST, "a draft of kpi.yml is made from whole files")
    found = draft(ask, Path() if to_stdout else target.parent)
    waiting.end()
    if to_stdout:
        write_stdout(found.text.encode())
        return 0
    write_file(target, found.text.encode())
    if not common.quiet:
        said = note("drafted", file=str(target), count=found.read, refused=found.refused)
        sys.stderr.write(f"kpi: {printable(str(target))}: {said.text}\n")
    return 0
