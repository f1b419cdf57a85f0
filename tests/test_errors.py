"""Every error kind has a fixture and a golden message: tests/errors/expected.console, run in that folder.

A part of that file is `# code`, the command, and what it prints; `make docs` rewrites it.
"""

from __future__ import annotations

import ast
import gzip
import os
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands import app
from kpi_cli.commands.app import main, report
from kpi_cli.errors import KpiError

ROOT = Path(__file__).resolve().parent.parent
DOCS: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "generate.py"))
MESSAGES = DOCS["messages"](DOCS["EXPECTED"].read_text("utf-8"))
TREE = {"KpiError", "InputError", "UsageError", "NoDataError"}
HELPERS = {"error", "_mistake", "_refuse"}

# Kinds that no small file can show, and where they are tested instead.
ELSEWHERE = {
    "archive_bomb": "below",
    "bad_change": "tests/models/test_abtest.py",
    "bad_discount": "tests/test_metrics.py",
    "bad_half_life": "tests/models/test_attribution.py",
    "bad_retention_gain": "tests/test_metrics.py",
    "bad_retention_rate": "tests/test_metrics.py",
    "bad_split": "tests/models/test_abtest.py",
    "cell_too_long": "16 MB",
    "binary_column": "tests/warehouse/test_sources.py",
    "changed_while_read": "a race",
    "disk_full": "tests/render/test_output.py",
    "engine_error": "tests/warehouse/test_sources.py",
    "engine_missing": "tests/warehouse/test_sources.py",
    "empty_path": "tests/models/test_attribution.py",
    "imprecise_column": "tests/warehouse/test_sources.py",
    "internal": "a mistake of ours",
    "memory": "a machine at its end",
    "name_taken": "tests/test_config.py",
    "no_table": "tests/warehouse/test_sources.py",
    "repeated_variant": "tests/models/test_abtest.py",
    "stdout_closed": "tests/render/test_output.py",
    "table_log": "tests/warehouse/test_folders.py",
    "too_large": "tests/test_strict_yaml.py",
    "two_engines": "tests/warehouse/test_sources.py",
    "two_keys": "tests/warehouse/test_sources.py",
    "unbalanced_transitions": "tests/models/test_attribution.py",
    "unknown_metric": "tests/test_metrics.py",
    "unknown_name": "tests/test_formula.py",
    "unreadable": "permissions",
    "write_failed": "tests/render/test_output.py",
    "zone_open": "tests/warehouse/test_sources.py",
}


@pytest.fixture
def in_errors() -> Iterator[None]:
    with DOCS["repository"]():
        os.chdir("tests/errors")
        yield


def codes_in_the_program() -> set[str]:
    """The code of every error that the program can raise: the first text like `bad_date` in the call."""
    found = set()
    for path in (ROOT / "kpi_cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name_of(node.func) in TREE | HELPERS:
                texts = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
                found |= {t for t in texts[:1] if isinstance(t, str) and re.fullmatch("[a-z]+(_[a-z]+)*", t)}
    return found


def name_of(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


@pytest.mark.usefixtures("in_errors")
@pytest.mark.parametrize("message", MESSAGES, ids=[f"{m.code}-{n}" for n, m in enumerate(MESSAGES)])
def test_an_error_says_what_is_wrong_where_and_what_to_do(
    message: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[KpiError] = []

    def heard(error: KpiError, **how: bool) -> int:
        raised.extend(error.parts())
        return report(error, **how)

    monkeypatch.setattr(app, "report", heard)
    code = app.main(DOCS["words"](message.command))
    out, err = capsys.readouterr()
    assert f"{err}[exit {code}]\n" == message.said, "if the wording was meant to change: make docs"
    assert out == "", "a refused question prints no figure"
    assert message.code in {error.code for error in raised}
    assert all(error.text and error.fix for error in raised)


def test_every_error_kind_has_its_message() -> None:
    shown = {message.code for message in MESSAGES}
    assert codes_in_the_program() - shown - ELSEWHERE.keys() == set()
    assert shown & ELSEWHERE.keys() == set()


def test_every_fixture_is_used() -> None:
    said = " ".join(message.command for message in MESSAGES)
    kept = {path.name for path in DOCS["ERRORS"].iterdir() if not path.name.startswith(".")}
    assert {name for name in kept - {"expected.console"} if name not in said} == set()


def test_a_gzip_bomb_is_refused_while_it_unpacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(bytes(65 << 20), 9))
    assert main(["roi", str(bomb)]) == 3
    assert "unpacks to more than 200 times its size" in capsys.readouterr().err
