"""The bar on a terminal: only there, only when an answer takes long, and gone before anything else is written."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kpi_cli.commands import waiting
from kpi_cli.exports import engine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in the place of stderr, and whoever waits at it."""
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    waiting.begin()
    return shown


@pytest.fixture(autouse=True)
def _usual(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(waiting, "_EVERY", 0.001)
    engine.WATCHED.set(False)
    yield
    waiting.end()
    engine.WATCHED.set(False)


def test_a_long_wait_is_drawn_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    terminal = watched(monkeypatch)
    with engine.connect() as con:
        assert con.execute("SELECT current_setting('enable_progress_bar_print')").fetchone() == (False,)
        for _ in range(10_000):
            if "%" in terminal.getvalue():
                break
            time.sleep(0.001)
    waiting.end()
    assert "%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert not any(isinstance(thread, waiting._Bar) for thread in threading.enumerate())


def test_what_is_soon_over_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    waiting.end()
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("term", ["dumb", None])
def test_where_nothing_can_be_drawn_nobody_watches(term: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term) if term else monkeypatch.delenv("TERM")
    terminal = watched(monkeypatch)
    assert not engine.WATCHED.get()
    assert terminal.getvalue() == ""


def test_a_pipe_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    waiting.begin()
    assert not engine.WATCHED.get()


def test_a_query_tells_how_far_it_has_come() -> None:
    engine.WATCHED.set(True)
    told: list[float] = []
    with engine.connect() as con, ThreadPoolExecutor(1) as beside:
        counted = beside.submit(con.execute, "SELECT count(DISTINCT hash(i)) FROM range(3000000) r(i)")
        while not counted.done():
            told.append(engine.progress())
    assert max(told) > 0
    assert engine.progress() == -1
