"""The process that answers one command line: `kpi …`, and `python -m kpi_cli …`.

A signal ends it at once, and so does its answer: Python would first take apart, object by object, what the system
takes back anyway, and an import or a query that an exception breaks off ends in somebody else's last words. Only the
folders that it keeps on disk are removed by itself.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import NoReturn


def entry() -> None:
    """Run the command line of this process, and end it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy would have threads spin that have nothing to do
    gc.set_threshold(100_000)  # looking for cycles takes its time, and a run leaves hardly any
    _end_on_signals()
    from kpi_cli.commands.app import flush, main

    code = main()
    _end(flush() or code)


def _end(code: int) -> NoReturn:
    if _is_elsewhere():
        raise SystemExit(code)
    _tidy_up()
    os._exit(code)


def _is_elsewhere() -> bool:
    """Whether a database was asked, whose connections want to be closed, and its queries to be cancelled."""
    return "ibis" in sys.modules


def _tidy_up() -> None:
    workspace = sys.modules.get("kpi_cli.exports.workspace")  # no folder was made where it is not imported, or half
    getattr(workspace, "close_folders", int)()


def _end_on_signals() -> None:
    """SIGTERM and SIGHUP end the run as they always do, Ctrl-C with the exit code 130; its folders go first."""

    def end(number: int, _: object) -> None:
        if number == signal.SIGINT and _is_elsewhere():
            raise KeyboardInterrupt
        _tidy_up()
        if number == signal.SIGINT:
            getattr(sys.modules.get("kpi_cli.commands.waiting"), "wipe", int)()
            os._exit(130)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
    for number, handler in usual.items():
        if signal.getsignal(number) == handler:  # nohup has SIGHUP ignored, a shell its background's SIGINT
            signal.signal(number, end)


if __name__ == "__main__":
    entry()
