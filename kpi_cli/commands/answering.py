"""How every command ends: the answer is written, notes are told, thresholds decide the exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kpi_cli.commands import waiting
from kpi_cli.commands.options import Common
from kpi_cli.render import Options, format_of, notes_text, write, writer_of
from kpi_cli.result import CheckResult

if TYPE_CHECKING:
    from kpi_cli.render import Answer


def deliver(answer: Answer, common: Common) -> int:
    """Write an answer and give the exit code: 4 when a --fail-if is true.

    Raises:
        UsageError: a condition or a format that is not known.
    """
    waiting.end()
    conditions = _tripped(answer, common.fail_if or ())
    if common.format:
        writer_of(common.format)  # a format that is none is a mistake beside --json too
    options = Options("json" if common.json else common.format, common.output)
    write(answer, options)
    if format_of(options) == "csv" and not common.quiet and not common.output:
        sys.stderr.write(notes_text(answer))
    for condition in conditions:
        sys.stderr.write(f"kpi: fail-if: {condition}\n")
    return 4 if conditions else 0


def _tripped(answer: Answer, conditions: Sequence[str]) -> list[str]:
    if not conditions or isinstance(answer, CheckResult):
        return []
    from kpi_cli.thresholds import tripped

    return tripped(answer, conditions)
