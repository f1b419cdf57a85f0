"""The JSON read at each start says what the YAML files say."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kpi_cli import packaged
from kpi_cli.exports import recognising
from kpi_cli.exports.compile import compiled_files


def test_compiled_files_are_up_to_date() -> None:
    stale = [path.name for path, text in compiled_files().items() if path.read_text("utf-8") != text]
    assert not stale, f"{', '.join(stale)}: run python -m kpi_cli.exports.compile"


def test_what_was_compiled_is_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = recognising.catalogue()
    monkeypatch.setattr(recognising, "compiled", lambda path: {})
    written = recognising.catalogue.__wrapped__()
    assert [(f.name, f.role, f.spec) for f in compiled] == [(f.name, f.role, f.spec) for f in written]
    assert [dict(f.aliases) for f in compiled] == [
        {header: list(alias) for header, alias in f.aliases.items()} for f in written
    ]


def test_a_file_that_was_edited_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "compiled", lambda path: {"texts.yaml": {"checksum": 1, "data": "stale"}})
    assert "notes" in packaged.package_data("texts.yaml")


def test_reading_an_export_parses_no_yaml() -> None:
    program = "from kpi_cli.exports.recognising import catalogue; catalogue(); import sys; print('yaml' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
