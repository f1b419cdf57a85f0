"""Answers on their way out: one dict of writers, and one way to stdout or a file.

A writer turns an answer into bytes for a Page and touches nothing else; `write` chooses it, and delivers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from kpi_cli.errors import UsageError
from kpi_cli.exports.files import on_disk
from kpi_cli.render.output import folder_made, write_file, write_stdout
from kpi_cli.render.page import Page
from kpi_cli.result import CheckResult, Result
from kpi_cli.safe import printable

if TYPE_CHECKING:
    from kpi_cli.reporting import Report

    Answer = Result | CheckResult | Report
    Writer = Callable[[Answer, Page], bytes]


def _late(module: str, function: str) -> Writer:
    """A writer whose module is imported when it is used: a run writes in one format."""

    def write_late(answer: Answer, page: Page) -> bytes:
        written: bytes = getattr(import_module(f"kpi_cli.render.{module}"), function)(answer, page)
        return written

    return write_late


def _either(of_answer: Writer, of_report: Writer) -> Writer:
    """A writer that writes a report its own way."""

    def write_either(answer: Answer, page: Page) -> bytes:
        return (of_answer if isinstance(answer, Result | CheckResult) else of_report)(answer, page)

    return write_either


WRITERS: dict[str, Writer] = {
    "table": _either(_late("table", "write_table"), _late("report", "report_table")),
    "json": _late("json_", "write_json"),
    "csv": _either(_late("csv_", "write_csv"), _late("report", "report_csv")),
    "markdown": _either(_late("markdown", "write_markdown"), _late("report", "report_markdown")),
    "html": _late("html", "write_html"),
    "xlsx": _late("xlsx", "write_xlsx"),
}

_ENDINGS = {".html": "html", ".md": "markdown", ".json": "json", ".csv": "csv", ".xlsx": "xlsx"}


class Options(Struct, frozen=True):
    """How an answer is asked for: `-f`, `-o`, and whether it holds customer ids (a private file)."""

    format: str | None = None
    output: str | None = None
    private: bool = False


def write(answer: Answer, options: Options) -> None:
    """Render the answer and deliver it, to stdout or whole to a file; a report's own folder is made for it.

    Raises:
        UsageError: no such format, or `-o` names an input or has a gap nothing fills.
        InputError: the place cannot be written to.
        KpiError: stdout or the disk failed.
    """
    target = None if options.output in (None, "-") else target_of(str(options.output), answer)
    writer = writer_of(format_of(options))
    if target is None:
        write_stdout(writer(answer, Page.on_stdout()))
    else:
        with folder_made(target.parent) if answer.question == "report" else nullcontext():
            write_file(target, writer(answer, Page.in_file()), private=options.private)


def format_of(options: Options) -> str:
    """The format asked for, else what the ending of `-o` says, else a table.

    >>> format_of(Options(output="reports/2026-10.md")), format_of(Options())
    ('markdown', 'table')
    """
    if options.format:
        return options.format
    return _ENDINGS.get(Path(options.output or "").suffix.lower(), "table")


def writer_of(name: str) -> Writer:
    """The writer of that name."""
    if name not in WRITERS:
        raise UsageError("unknown_format", f"no format “{printable(name)}” here", f"choose from {', '.join(WRITERS)}")
    return WRITERS[name]


def target_of(output: str, answer: Answer) -> Path:
    """The file that an option names, `{month}` filled in from the answer's period; never one of the inputs."""
    if "{month}" in output:
        output = output.replace("{month}", _month(answer))
    target = Path(output)
    for source in answer.sources:
        with suppress(OSError, ValueError):
            if target.samefile(on_disk(source["file"])):
                raise UsageError("output_is_input", f"{printable(output)} is one of the inputs", "name another file")
    return target


def _month(answer: Answer) -> str:
    period = None if isinstance(answer, CheckResult) else answer.period
    if period is None or (period.start.year, period.start.month) != (period.end.year, period.end.month):
        raise UsageError(
            "no_single_month",
            "{month} in -o needs an answer about one month",
            "add --month, or write the name out",
        )
    return f"{period.start:%Y-%m}"


def notes_text(answer: Answer) -> str:
    """The notes as stderr shows them where the output has no place for them (CSV); empty without any."""
    from kpi_cli.render.sheet import note_line

    return "".join(f"kpi: note: {note_line(note)}\n" for note in answer.notes)
