"""A bar on the terminal while DuckDB works for long: drawn from beside, gone before anything else is written.

begin()    watch from now on, where stderr is a terminal that can be drawn on
end()      stop, and wipe what is drawn
wipe()     wipe what is drawn, for the process ends here
"""

from __future__ import annotations

import os
import sys
import threading
import time

PATIENCE = 2.0  # seconds: what is over by then draws nothing
_EVERY = 0.2
_WIDTH = 30
_WIPE = "\r\x1b[K"


class _Bar(threading.Thread):
    """Draws how far the query under way has come, and for how long the answer has been waited for."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()

    def run(self) -> None:
        from kpi_cli.exports.engine import progress

        began, is_drawn = time.monotonic(), False
        while not self.over.wait(_EVERY):
            seconds = time.monotonic() - began
            if seconds >= PATIENCE:
                sys.stderr.write(_WIPE + drawn(progress(), int(seconds)))
                sys.stderr.flush()
                is_drawn = True
        if is_drawn:
            sys.stderr.write(_WIPE)
            sys.stderr.flush()


def drawn(percent: float, seconds: int) -> str:
    """The bar as it stands; empty while nobody knows how far the work has come.

    >>> drawn(50.4, 65)
    '[###############...............]  50 %  1:05'
    """
    done = min(max(percent, 0.0), 100.0)
    full = int(done * _WIDTH / 100)
    known = f"{done:3.0f} %" if percent >= 0 else " … %"
    return f"[{'#' * full}{'.' * (_WIDTH - full)}] {known}  {seconds // 60}:{seconds % 60:02}"


_watching: list[_Bar] = []


def begin() -> None:
    """Watch from now on; nothing where stderr is a pipe, a file, or a terminal that cannot be drawn on."""
    if sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb" or _watching:
        return
    from kpi_cli.exports import engine

    engine.WATCHED.set(True)
    _watching.append(_Bar())
    _watching[0].start()


def end() -> None:
    """Stop, and wipe what is drawn."""
    while _watching:
        bar = _watching.pop()
        bar.over.set()
        bar.join()


def wipe() -> None:
    """Wipe what is drawn, past everything that may be in the middle of writing."""
    if _watching:
        os.write(2, _WIPE.encode())
