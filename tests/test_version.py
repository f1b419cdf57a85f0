"""The version stands in one place; the changelog agrees with it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from kpi_cli.commands.app import main
from kpi_cli.version import __version__

ROOT = Path(__file__).resolve().parent.parent


def test_the_changelog_opens_with_this_version() -> None:
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert first is not None
    assert first[1] == __version__


def test_the_program_tells_this_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"kpi {__version__}\n"


def test_the_distribution_takes_its_version_from_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "kpi_cli.version.__version__"}
