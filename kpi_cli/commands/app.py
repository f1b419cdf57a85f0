"""The program: its commands, `main`, and the one place where errors end.

Data goes to stdout; every error goes through `report` to stderr and becomes an exit code.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from kpi_cli.errors import KpiError, UsageError

# Each command's first line of help stands here too, so that `kpi --help` builds none of them.
SUMMARIES = {
    "roi": "Return on investment: what came back for what was spent.",
    "cac": "What a new customer costs, and a lead: media cost, and all cost.",
    "channels": "Where customers come from, and which touches are credited.",
    "ltv": "What a customer is worth: to date, predicted, or by a formula.",
    "funnel": "Where people are lost, and whether the new page is better.",
    "report": "All answers of a period on one page, with what changed and why.",
    "init": "A first kpi.yml, drafted from the files themselves.",
    "explain": "What a figure is: formula, unit, edge cases and source.",
    "check": "What each file was taken for, and where every row went.",
}
COMMANDS = tuple(SUMMARIES)


def _version(wanted: bool) -> None:
    if wanted:
        from kpi_cli.version import __version__

        print(f"kpi {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Marketing KPIs from the files the platforms let you download.

    kpi roi exports/*.csv --by channel --month 2026-10
    """


def build(wanted: Collection[str] = COMMANDS, listed: Collection[str] = COMMANDS) -> typer.Typer:
    """The program; of its listed commands those that are wanted are built, the others are names with a summary."""
    app = typer.Typer(
        name="kpi",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_root)
    for name in listed:
        if name in wanted:
            importlib.import_module(f"kpi_cli.commands.{name}").register(app)
        else:
            app.command(name, help=SUMMARIES[name])(_stub)
    return app


def _stub() -> None:
    """A command that this run does not need."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code is the contract's."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    wants_json = "--json" in arguments or "json" in _format_given(arguments)
    _standard_streams()
    try:
        code = run(arguments)
    except KpiError as error:
        return report(error, wants_json=wants_json)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _silence(sys.stdout)
        return 0
    except Exception as error:
        return _unforeseen(error, wants_json=wants_json)
    return code


def flush() -> int | None:
    """Write what waits to be written to stdout; the exit code, where that cannot be done."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError as error:
        return report(_unprinted(error))
    return None


def _unprinted(error: OSError) -> KpiError:
    """What is said when stdout does not take what is printed, in the words for an answer."""
    from kpi_cli.render.output import plain_error

    _silence(sys.stdout)
    return plain_error(Path("stdout"), error)


def _unforeseen(error: Exception, *, wants_json: bool) -> int:
    """The last net: a user never meets a traceback, nor a value that one could hold."""
    if isinstance(error, RuntimeError) and str(error) == "Query interrupted":  # DuckDB's KeyboardInterrupt
        return 130
    if no_room := _no_room(error):
        return report(no_room, wants_json=wants_json)
    if os.environ.get("KPI_DEBUG"):
        raise error
    text = f"an internal error ({type(error).__name__})"
    return report(KpiError("internal", text, "please report it; KPI_DEBUG=1 shows where"), wants_json=wants_json)


def _no_room(error: Exception) -> KpiError | None:
    """What is said when memory, disk or stdout takes no more, as an error that says what to do."""
    if isinstance(error, MemoryError):
        return KpiError("memory", "there is not enough memory", "give fewer files at once")
    if isinstance(error, OSError) and error.filename is None and "kpi_cli.exports.files" not in sys.modules:
        return _unprinted(error)  # nothing was read that could wait on disk: it is the help, or the version
    what = "disk" if isinstance(error, OSError) and error.errno == errno.ENOSPC else None
    if type(error).__module__.startswith(("duckdb", "_duckdb")):
        from kpi_cli.exports.engine import lacking

        what = lacking(error)
    if what == "memory":
        return KpiError("memory", "the tables do not fit into the memory they may take", "give --memory more")
    if what == "disk":
        return KpiError("disk_full", "there is no room left for what waits on disk", "free space in TMPDIR")
    return None


def run(arguments: Sequence[str]) -> int:
    """Parse and run; a mistake on the command line is a UsageError."""
    from typer import Abort, Exit
    from typer.exceptions import TyperException

    from kpi_cli.commands import waiting

    named = [argument for argument in arguments if argument in SUMMARIES]
    is_asked = bool(arguments) and arguments[0] in SUMMARIES
    listed = arguments[:1] if is_asked else COMMANDS  # which the program's own help lists
    command = typer.main.get_command(build(named, listed))
    try:
        code = command.main(args=list(arguments), prog_name="kpi", standalone_mode=False)
    except Exit as done:
        return int(done.exit_code)
    except Abort:
        return 130
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message())
            return 2
        raise _usage(error) from error
    finally:
        waiting.end()
    return int(code or 0)


def _usage(error: Any) -> UsageError:
    """A parser's complaint in our form, with what was probably meant."""
    from difflib import get_close_matches

    text = error.format_message().rstrip(".")
    said, _, meant = text.partition(" (Possible options: ")
    said, _, hint = said.partition(". Did you mean ")
    if meant:
        hint = get_close_matches(error.option_name, meant.rstrip(")").split(", "), 1, 0)[0]
    return UsageError(
        "usage", said[:1].lower() + said[1:], f"did you mean {hint.rstrip('?')}?" if hint else "see --help"
    )


def _format_given(arguments: Sequence[str]) -> set[str]:
    """The value of -f / --format, read before parsing so that a parser's error can be JSON too."""
    found = {a.partition("=")[2] for a in arguments if a.startswith("--format=")}
    return found | {b for a, b in pairwise(arguments) if a in {"-f", "--format"}}


def report(error: KpiError, *, wants_json: bool = False) -> int:
    """Write every error to stderr, one line each, and give the exit code: 2 before 3 before 5."""
    parts = error.parts()
    lines = [f"kpi: error: {part}" for part in parts]
    if wants_json:
        import json

        lines.append(json.dumps({"errors": [part.to_dict() for part in parts]}, ensure_ascii=False))
    _stderr("\n".join(lines) + "\n")
    order = {2: 0, 3: 1, 5: 2, 4: 3, 1: 4}
    return min((part.exit_code for part in parts), key=lambda code: order.get(code, 9))


def _stderr(text: str) -> None:
    try:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def _standard_streams() -> None:
    """UTF-8 whatever the locale says; characters that cannot be shown become escapes, never a crash."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _silence(stream: TextIO) -> None:
    from kpi_cli.render.output import silence

    silence(stream)
