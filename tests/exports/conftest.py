"""What the tests of reading share: files written into an empty folder and looked at with `kpi check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import pytest

from kpi_cli.commands.app import main


class Source(dict[str, Any]):
    """A source as `kpi check --json` gives it."""

    @property
    def codes(self) -> set[str]:
        """The codes of its notes."""
        return {note["code"] for note in self["notes"]}

    @property
    def left_out(self) -> dict[str, int]:
        """How many of its rows were left out, by reason."""
        found: dict[str, int] = self["rows"]["left_out"]
        return found

    def sum(self, name: str) -> float | int | None:
        """A sum of a source that speaks one currency."""
        [sums] = self["sums"]
        found: float | int | None = sums[name]
        return found


class Check(Protocol):
    """Writes files (name, content), runs `kpi check` on them and gives its sources."""

    def __call__(
        self, *files: tuple[str, str | bytes], code: int = 0, options: tuple[str, ...] = ()
    ) -> list[Source]: ...


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    monkeypatch.chdir(tmp_path)

    def run(*files: tuple[str, str | bytes], code: int = 0, options: tuple[str, ...] = ()) -> list[Source]:
        for name, content in files:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        names = [name for name, _ in files]
        assert main(["check", *names, "--no-config", "--json", *options]) == code
        return [Source(found) for found in json.loads(capsys.readouterr().out)["sources"]]

    return run
